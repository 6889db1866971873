"""The tables of a shop: their columns, and a writer that keeps what a killed run had finished."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.world.truth.vocabulary import LANGUAGES

TEXT_ROLES = tuple(
    role if language == "en" else f"{role}_{language}"
    for role in ("title", "caption", "description")
    for language in LANGUAGES
)
WORD, WORDS = pa.string(), pa.list_(pa.string())
BATCH = 4096
"""Rows read at once."""
POINTS = pa.list_(pa.float32(), 8)


def columns(**kinds: pa.DataType) -> pa.Schema:
    return pa.schema(list(kinds.items()))


SCHEMAS: dict[str, pa.Schema] = {
    "products": pa.schema(
        [
            *((name, WORD) for name in ("id", "image", "view", "split", *TEXT_ROLES, "spu")),
            ("category", WORDS),
            ("attributes", pa.list_(columns_ := pa.struct([("key", WORD), ("value", WORD)]))),
            *((name, WORD) for name in ("language", "country", "gtin", "fold")),
        ]
    ),
    "attributes": columns(
        id=WORD,
        spu=WORD,
        kind=WORD,
        fold=WORD,
        key=WORD,
        value=WORD,
        modality=WORD,
        rgb=pa.list_(pa.uint8(), 3),
    ),
    "siblings": columns(spu=WORD, kind=WORD, fold=WORD, skus=WORDS, varies=WORDS),
    "labels": columns(
        id=WORD,
        number=pa.int16(),
        kind=WORD,
        language=WORD,
        country=WORD,
        field=WORD,
        text=WORD,
        value=WORD,
        heading=WORD,
    ),
    "regions": columns(
        image=WORD,
        id=WORD,
        view=WORD,
        field=WORD,
        text=WORD,
        quad=POINTS,
        size_px=pa.float32(),
        legible=WORD,
        reason=WORD,
    ),
    "legibility": columns(
        id=WORD, number=pa.int16(), field=WORD, value=WORD, legible=WORD, images=WORDS
    ),
    "listings": pa.schema(
        [
            *((name, WORD) for name in ("id", "sku", "title", "description", "language")),
            ("category", WORDS),
            ("attributes", pa.list_(columns_)),
            ("image", WORDS),
            ("gtin", WORD),
        ]
    ),
    "noise": columns(
        id=WORD, sku=WORD, noise=WORD, field=WORD, true=WORD, shown=WORD, places=WORDS, other=WORD
    ),
}
"""Table -> its columns; docs/world.md says what they mean."""

Rows = dict[str, list[dict]]
"""Table -> rows."""


def empty() -> Rows:
    return {name: [] for name in SCHEMAS}


def digest(rows: Rows) -> str:
    """SHA-256 of rows, independent of how a file holds them."""
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def schemas(pictures: bool) -> dict[str, pa.Schema]:
    """The columns of each table; a shop without pictures has no columns for them."""
    if pictures:
        return SCHEMAS
    kept = pa.schema([f for f in SCHEMAS["products"] if f.name not in ("image", "view", "split")])
    return SCHEMAS | {"products": kept}


def arrow(rows: Rows, schemas: dict[str, pa.Schema]) -> dict[str, pa.Table]:
    return {name: pa.Table.from_pylist(found, schemas[name]) for name, found in rows.items()}


class Shards:
    """Tables written shard by shard under `folder`/parts and joined at the end.

    A shard appears whole or not at all: its note, written last, names the digest of its rows.
    """

    def __init__(self, folder: Path):
        self.folder, self.parts = folder, folder / "parts"
        self.parts.mkdir(exist_ok=True)

    def note(self, start: int, stop: int) -> dict | None:
        """What an earlier run wrote about the SKUs from `start` to `stop`;
        None where it did not finish them.
        """
        path = self.parts / f"{start:07d}-{stop:07d}.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    def write(self, start: int, stop: int, tables: list[dict[str, pa.Table]], note: dict) -> None:
        for name in SCHEMAS:
            pq.write_table(
                pa.concat_tables(t[name] for t in tables),
                self.file(name, start, stop),
                compression="zstd",
            )
        path = self.parts / f"{start:07d}-{stop:07d}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(note), "utf-8")
        part.replace(path)

    def file(self, name: str, start: int, stop: int) -> Path:
        return self.parts / f"{start:07d}-{stop:07d}-{name}.parquet"

    def join(self, spans: list[tuple[int, int]], schemas: dict[str, pa.Schema]) -> None:
        """One file per table in the shop, a row group per shard; then the shards go."""
        for name, schema in schemas.items():
            whole = self.folder / f"{name}.parquet"
            part = whole.with_suffix(".parquet.part")
            with pq.ParquetWriter(part, schema, compression="zstd") as out:
                for table in self.tables(name, spans):
                    out.write_table(table)
            part.replace(whole)
        for path in sorted(self.parts.iterdir()):
            path.unlink()
        self.parts.rmdir()

    def tables(self, name: str, spans: list[tuple[int, int]]) -> Iterator[pa.Table]:
        for start, stop in spans:
            table = pq.read_table(self.file(name, start, stop))
            if table.num_rows:
                yield table


class BySku:
    """The rows of a table SKU by SKU, streamed: tables hold their SKUs together and in order."""

    def __init__(self, path: Path, column: str = "id", columns: tuple[str, ...] = ()):
        self.path, self.column, self.columns = path, column, columns
        self.left = iter(self)
        self.ahead = next(self.left, None)

    def __iter__(self) -> Iterator[tuple[str, list[dict]]]:
        """(SKU, its rows), from the first."""
        with pq.ParquetFile(self.path) as file:
            kept = [c for c in self.columns if c in file.schema_arrow.names] or None
            batches = file.iter_batches(BATCH, columns=kept)
            rows = (row for batch in batches for row in batch.to_pylist())
            for sku, found in itertools.groupby(rows, key=lambda row: row[self.column]):
                yield sku, list(found)

    def take(self, sku: str) -> list[dict]:
        """The rows of a SKU, none where the table has none; SKUs must be asked for in order."""
        while self.ahead and self.ahead[0] < sku:
            self.ahead = next(self.left, None)
        return self.ahead[1] if self.ahead and self.ahead[0] == sku else []
