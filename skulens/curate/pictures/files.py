"""A selection of pictures on disk.

pictures.parquet   a row per picture: product_id, number, path, sha256, width, height, a column per
                   score, failed (scores beyond their limit, "duplicate"), same_as (number of a
                   better picture of the product), like (another product with nearly this picture),
                   reason (why it cannot be read)
best.parquet       a row per product with a readable picture: product_id, number, path, passes
pictures.json      scores with their limits, and counts
rejects.jsonl      pictures that cannot be read, products without a picture that passes
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from skulens.catalog.folder import write_table
from skulens.curate.captions.files import write_lines
from skulens.curate.pictures.select import (
    Limits,
    Selection,
    bare_products,
    look_at_products,
    select,
)
from skulens.errors import DataError, StoreError
from skulens.files import write_record
from skulens.protocols import Catalog
from skulens.records import Product, Reject

TABLE, BEST, RECORD, REJECTS = "pictures.parquet", "best.parquet", "pictures.json", "rejects.jsonl"
TEXT = pa.string()
BEST_COLUMNS = pa.schema(
    {"product_id": TEXT, "number": pa.int32(), "path": TEXT, "passes": pa.bool_()}
)


def check_folder(out: Path) -> None:
    """Raise StoreError where a selection would be overwritten."""
    if (out / TABLE).exists():
        raise StoreError(f"{out} holds a selection already; name another folder")


def select_pictures(
    catalog: Catalog,
    products: Iterable[Product],
    limits: Limits,
    out: Path,
    rank_by: str = "",
) -> dict[str, Any]:
    """Score, judge and write; what pictures.json says.

    Args:
        products: of the catalogue.
    Raises:
        StoreError: as `check_folder`.
        DataError: no product has a picture.
    """
    check_folder(out)
    rejects: list[Reject] = []
    listed = bare_products(products, rejects)
    selection = select(list(look_at_products(listed, limits.scores)), limits, rank_by)
    if not selection.scored:
        raise DataError(f"no product of {catalog.info.name} has a picture; see `skulens audit`")
    rejects = [*catalog.rejects, *rejects, *selection.rejects]
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / TABLE, columns_of(limits), picture_rows(selection))
    write_table(out / BEST, BEST_COLUMNS, best_rows(selection))
    write_lines(out / REJECTS, (asdict(r) for r in rejects))
    record = describe(catalog, selection, limits, rank_by) | {"rejects": len(rejects)}
    write_record(out / RECORD, record)
    return record


def columns_of(limits: Limits) -> pa.Schema:
    return pa.schema(
        {
            "product_id": TEXT, "number": pa.int32(), "path": TEXT, "sha256": TEXT,
            "width": pa.int32(), "height": pa.int32(),
            **{score.name: pa.float64() for score in limits.scores},
            "failed": pa.list_(TEXT), "same_as": pa.int32(), "like": TEXT, "reason": TEXT,
        }
    )  # fmt: skip


def picture_rows(selection: Selection) -> Iterator[dict[str, Any]]:
    for position, one in enumerate(selection.scored):
        width, height = one.looked.size
        yield {
            "product_id": one.product, "number": one.number, "path": one.path,
            "sha256": one.looked.sha256, "width": width, "height": height, **one.values,
            "failed": list(selection.failed.get(position, ())),
            "same_as": selection.same_as.get(position), "like": selection.like.get(position),
            "reason": one.looked.reason,
        }  # fmt: skip


def best_rows(selection: Selection) -> Iterator[dict[str, Any]]:
    for product, position in selection.best.items():
        one = selection.scored[position]
        yield {"product_id": product, "number": one.number, "path": one.path,
               "passes": position not in selection.failed}  # fmt: skip


def describe(
    catalog: Catalog, selection: Selection, limits: Limits, rank_by: str
) -> dict[str, Any]:
    """What pictures.json says."""
    failures = Counter(name for names in selection.failed.values() for name in names)
    return {
        "format": "skulens-pictures/1",
        "data": catalog.info.name,
        "scores": [
            {"score": s.name, "higher_is_worse": s.higher_is_worse, "limit": limits.values[s.name],
             "failed": failures[s.name]}
            for s in limits.scores
        ],
        "rank_by": rank_by,
        "pictures": len(selection.scored),
        "unreadable": sum(not s.readable for s in selection.scored),
        "duplicates": len(selection.same_as),
        "like_another_product": len(selection.like),
        "failed": len(selection.failed),
        "products": len(selection.best),
        "products_that_pass": sum(p not in selection.failed for p in selection.best.values()),
    }  # fmt: skip
