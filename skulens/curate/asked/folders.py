"""A folder of queries in, the same with other queries out, and beside it how each was made."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.catalog.folder import write_catalog
from skulens.curate.queries.make import RECORD, REJECTS, TABLE, write_rows
from skulens.errors import DataError
from skulens.files import write_record, write_whole
from skulens.protocols import Catalog, Chat
from skulens.records import Product, Query, Reject


@dataclass(frozen=True)
class Queried:
    """A catalogue with all its queries, probe photos included.

    Attributes:
        splits: query id -> the splits that it is in.
    """

    catalog: Catalog
    products: Mapping[str, Product]
    queries: tuple[Query, ...]
    splits: Mapping[str, tuple[str, ...]]
    rejects: tuple[Reject, ...]

    def by_split(self, queries: Iterable[Query]) -> dict[str, list[Query]]:
        """Split -> the given queries that are in it; every split stays, empty or not."""
        found: dict[str, list[Query]] = {s: [] for s in self.catalog.info.splits}
        for query in queries:
            for split in self.splits[query.id]:
                found[split].append(query)
        return found


def read_queries(catalog: Catalog) -> Queried:
    """All products and queries of a catalogue.

    Raises:
        DataError: it has no query with conditions.
    """
    products = {p.id: p for p in catalog.products()}
    rejects = list(catalog.rejects)
    queries: dict[str, Query] = {}
    splits: dict[str, list[str]] = {}
    for split in catalog.info.splits:
        for query in catalog.queries(split):
            queries.setdefault(query.id, query)
            splits.setdefault(query.id, []).append(split)
        rejects += catalog.rejects
    if not any(q.conditions for q in queries.values()):
        raise DataError(
            f"{catalog.info.name} has no queries with conditions; make some with "
            "`skulens curate compose` or `curate expand`"
        )
    places = {name: tuple(found) for name, found in splits.items()}
    return Queried(catalog, products, tuple(queries.values()), places, tuple(rejects))


def write_queries(
    queried: Queried,
    queries: Sequence[Query],
    out: Path,
    table: tuple[str, Sequence[Mapping[str, Any]]],
    record: tuple[str, Mapping[str, Any]],
    rejects: Sequence[Reject],
) -> None:
    """Write products and queries, the manifest last.

    What the composition said of the queries kept comes along.

    Args:
        table: file name and rows of how each query was made.
        record: file name and content of the summary.
    """
    carry_composition(queried.catalog, {q.id for q in queries}, out)
    write_rows(out / table[0], [dict(row) for row in table[1]])
    write_record(out / record[0], record[1])
    write_rows(out / REJECTS, [asdict(r) for r in (*queried.rejects, *rejects)])
    splits = queried.by_split(queries)
    write_catalog(out, queried.products.values(), splits, pictures="refer")


def carry_composition(catalog: Catalog, kept: set[str], out: Path) -> None:
    """Copy composition.json, and the rows of composition.parquet of the queries kept."""
    root = getattr(catalog, "root", None)
    if root is None or not (Path(root) / TABLE).is_file():
        return
    if (Path(root) / RECORD).is_file():
        shutil.copyfile(Path(root) / RECORD, out / RECORD)
    rows = pq.read_table(Path(root) / TABLE)
    if "query_id" in rows.column_names:
        rows = rows.filter(pc.is_in(rows["query_id"], pa.array(sorted(kept), pa.string())))
    write_whole(out / TABLE, lambda file: pq.write_table(rows, file))


def made_by(chat: Chat | None) -> dict[str, str | None]:
    """Who answered, for a record."""
    info = chat.info if chat is not None else None
    return {
        "engine": info.name if info else None,
        "engine_identity": info.identity if info else None,
    }
