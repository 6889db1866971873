"""Statistics of a data set: their tables, and the folder that holds them.

stats.json        the numbers, and what was read
TABLE.parquet     each table of `TABLES`, and the same as TABLE.csv
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skulens.files import write_whole
from skulens.records import Reject, escape_surrogates

RECORD = "stats.json"
UNSAID = "not said"
"""Language, country, class or method of what has none."""
POOL = "pool"
"""In the table of keys: before sampling; every other origin is a method, or `ALL_METHODS`."""
ALL_METHODS = "all methods"
TABLES = {
    "products": "products by language, country and class, and how many have no picture",
    "queries": "queries by split, condition count, language, class and method",
    "keys": "attribute keys: in the pool (products that have one) and in conditions, by method",
    "values": "attribute values: products that have one, and conditions that ask for it",
    "modalities": "conditions by method, relation and where the value shows",
    "flows": "from references to answers; every reference weighs 1, split over its answers",
    "lengths": "distributions of lengths and of counts per product and per query",
    "problems": "what is missing or contradicts itself",
}
"""Table -> what it holds."""


def _schema(strings: str, counts: str, shares: str = "") -> pa.Schema:
    types = {pa.string(): strings, pa.int64(): counts, pa.float64(): shares}
    return pa.schema({name: kind for kind, names in types.items() for name in names.split()})


COLUMNS = {
    "products": _schema("language country class", "products without_picture"),
    "queries": pa.schema(
        {"split": pa.string(), "n_conditions": pa.int64()}
        | dict.fromkeys(("language", "class", "method"), pa.string())
        | {"queries": pa.int64()}
    ),
    "keys": _schema("origin key", "count", "share"),
    "values": _schema("key value", "products conditions"),
    "modalities": _schema("method relation modality", "conditions"),
    "flows": _schema("side reference answer", "", "references"),
    "lengths": _schema("what", "length count"),
    "problems": _schema("problem", "count"),
}
"""Table -> its columns."""


@dataclass(frozen=True)
class Stats:
    """A data set in numbers; `tables` has exactly the names of `TABLES`."""

    name: str
    splits: tuple[str, ...]
    numbers: Mapping[str, float]
    """Totals, means and extremes, by name."""
    tables: Mapping[str, pa.Table]
    rejects: tuple[Reject, ...] = ()
    """What the catalogue left out."""

    def record(self) -> dict:
        """A JSON object: all but the tables, of which it says the number of rows."""
        return {
            "data": self.name,
            "splits": list(self.splits),
            "numbers": dict(self.numbers),
            "rejects": len(self.rejects),
            "tables": {name: table.num_rows for name, table in self.tables.items()},
        }


def evenness(counts: Sequence[float]) -> float:
    """Entropy over its maximum, log of how many: 1 where all are equally frequent (Fig. 20).

    NaN for fewer than two.
    """
    p = np.asarray([n for n in counts if n > 0], float)
    if len(counts) < 2 or not len(p):
        return float("nan")
    p /= p.sum()
    return float(-(p * np.log(p)).sum() / np.log(len(counts)))


def make_table(name: str, rows: Iterable[tuple]) -> pa.Table:
    """The table of a name of `TABLES`; half characters in it become escapes."""
    schema = COLUMNS[name]
    columns = list(zip(*rows, strict=True)) or [() for _ in schema]
    clean = [
        [escape_surrogates(v) for v in c] if pa.types.is_string(f.type) else c
        for f, c in zip(schema, columns, strict=True)
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(clean, schema, strict=True)], schema)


def write_stats(stats: Stats, out: Path) -> list[Path]:
    """Write the record and all tables, each file whole or not at all; the files, in order."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(stats.record(), ensure_ascii=False, indent=1) + "\n"
    files = {RECORD: text.encode()}
    for name, table in stats.tables.items():
        files |= {f"{name}.parquet": parquet_of(table), f"{name}.csv": csv_of(table)}
    for name, data in files.items():
        write_whole(out / name, lambda file, data=data: file.write(data))  # type: ignore[misc]
    return [out / name for name in files]


def parquet_of(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def csv_of(table: pa.Table) -> bytes:
    """A table with a header, in UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return out.getvalue().encode()
