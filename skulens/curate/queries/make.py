"""A catalogue -> a folder with its products and composed queries, in the format skulens/1.

Beside the tables of `catalog.folder` stand

    composition.parquet   a row per query: query_id, proposal, method, log_importance, answers, target
    composition.json      recipe (profile, quotas, seed), digests of what went in, the funnel: proposals
                          by the step at which each stopped, and quotas that could not be filled
    rejects.parquet       what could not be used, with the reason
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.folder import write_catalog
from skulens.compose.pool import Pool, make_pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import Composed, Composition
from skulens.compose.run import compose
from skulens.compose.words import ask, name_of
from skulens.errors import StoreError
from skulens.files import write_whole
from skulens.protocols import Catalog
from skulens.records import Image, Product, Query, Reject

SPLIT = "composed"
"""What all composed queries of a folder are called until they are split."""
TABLE, RECORD, REJECTS = "composition.parquet", "composition.json", "rejects.parquet"


@dataclass(frozen=True)
class Made:
    """What a composition wrote."""

    folder: Path
    products: int
    queries: int
    funnel: Mapping[tuple[str, str], int]
    missing: Mapping[str, int]
    rejects: Sequence[Reject]


def compose_catalog(
    catalog: Catalog, quotas: Mapping[int, int], profile: Profile, out: Path, seed: int = 0
) -> Made:
    """Compose queries over a catalogue's products and write both to `out`.

    Args:
        quotas: conditions -> accepted queries.
    Raises:
        StoreError: `out` holds a catalogue already.
        DataError: the catalogue has no product.
    """
    if (out / "products.parquet").exists():
        raise StoreError(f"{out} holds a catalogue already; delete it or name another folder")
    products = {p.id: p for p in catalog.products()}
    rejects = list(catalog.rejects)
    pool, unusable = make_pool(products.values())
    rejects += unusable
    composition = compose(pool, quotas, profile, seed)
    photos = photos_of(catalog, products)
    queries = [ask(pool, c, products, photos) for c in composition.queries]
    write_catalog(out, products.values(), {SPLIT: queries}, pictures="refer")
    write_record(out, composition, {"profile": asdict(profile), "seed": seed, "quotas": quotas})
    write_rows(out / TABLE, rows_of(pool, composition.queries))
    write_rows(out / REJECTS, [asdict(r) for r in rejects])
    return Made(
        out, len(products), len(queries), composition.funnel, composition.missing, tuple(rejects)
    )


def photos_of(catalog: Catalog, products: Mapping[str, Product]) -> dict[str, Image]:
    """The picture that shows a product in a query: its first probe photo, else its first picture.

    A probe photo is a query of one picture whose only answer is the product.
    """
    found = {p.id: p.images[0] for p in products.values() if p.images}
    probed: set[str] = set()
    for query in probes_of(catalog):
        [answer], [photo] = query.answers, query.item.parts
        if answer in products and answer not in probed and isinstance(photo, Image):
            probed.add(answer)
            found[answer] = photo
    return found


def probes_of(catalog: Catalog) -> Iterator[Query]:
    for split in catalog.info.splits:
        for query in catalog.queries(split):
            if len(query.item.parts) == 1 and len(query.answers) == 1:
                yield query


def rows_of(pool: Pool, queries: Sequence[Composed]) -> list[dict]:
    return [
        {
            "query_id": name_of(c),
            "proposal": str(c.id),
            "method": c.method,
            "log_importance": c.log_importance,
            "answers": len(c.answers),
            "target": pool.ids[c.target] if c.target >= 0 else None,
        }
        for c in queries
    ]


def write_rows(path: Path, rows: list[dict]) -> None:
    """One Parquet file, complete or not there."""
    write_whole(path, lambda file: pq.write_table(pa.Table.from_pylist(rows), file))


def write_record(out: Path, composition: Composition, recipe: Mapping) -> None:
    funnel: dict[str, dict[str, int]] = {}
    for (method, step), count in composition.funnel.items():
        funnel.setdefault(method, {})[step] = count
    record = {**recipe, "funnel": funnel, "missing": dict(composition.missing)}
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    write_whole(out / RECORD, lambda file: file.write(text.encode()))
