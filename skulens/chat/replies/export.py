"""The replies of a store as Arrow and Parquet, readable without skulens.

One row per key, in the order of the keys, so that two stores that hold the same replies give the
same rows. `value`, `schema`, `sampling` and `raw_usage` are JSON; `parts` are the user's turn,
pictures by their sha256 as sent. Texts that are no valid Unicode are written as `escape_surrogates`
does.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.chat.replies.rows import Stored
from skulens.errors import StoreError
from skulens.files import write_whole
from skulens.records import escape_surrogates

PART = pa.struct([("text", pa.string()), ("image", pa.string())])
TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")
SCHEMA = pa.schema(
    [
        *((n, pa.string()) for n in ("key", "item", "stage", "run", "model", "system", "template")),
        ("instructions", pa.string()),
        ("parts", pa.list_(PART)),
        *((n, pa.string()) for n in ("schema", "sampling")),
        *((n, pa.string()) for n in ("text", "value", "finish", "error", "reason")),
        *((n, pa.int64()) for n in TOKENS),
        ("raw_usage", pa.string()),
        ("latency_s", pa.float64()),
        ("attempts", pa.int64()),
        ("made", pa.timestamp("us", "UTC")),
    ]
)
SAME = (
    *("key", "item", "stage", "run", "model", "system", "template", "sampling", "text", "value"),
    *("finish", "error", "reason", "latency_s", "attempts"),
)
"""Columns that are those of the table."""


def to_batches(
    groups: Iterable[Sequence[Stored]],
    texts_of: Callable[[Iterable[str]], Mapping[str, str]],
) -> Iterator[pa.RecordBatch]:
    """Rows, a group at a time, with the texts that they share written out.

    Args:
        texts_of: sha256 of shared texts -> text by sha256.
    """
    for group in groups:
        texts = texts_of(s.row[name] for s in group for name in ("instructions", "schema"))
        yield pa.RecordBatch.from_pylist([plain_row(s, texts) for s in group], SCHEMA)


def plain_row(stored: Stored, texts: Mapping[str, str]) -> dict[str, Any]:
    """A row of the table with everything written out."""
    row = {name: stored.row[name] for name in SAME}
    row["instructions"] = texts.get(stored.row["instructions"])
    schema = texts.get(stored.row["schema"])
    row["schema"] = None if schema == "null" else schema
    row["parts"] = [
        {name: escape_surrogates(v) for name, v in part.items()}
        for part in json.loads(stored.row["parts"])
    ]
    row |= {name: stored.reply.usage.get(name, 0) for name in TOKENS}
    row["raw_usage"] = json.dumps(stored.reply.raw_usage)
    row["made"] = datetime.fromtimestamp(stored.row["made"], UTC)
    return {n: escape_surrogates(v) if isinstance(v, str) else v for n, v in row.items()}


def write_parquet(batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write the file whole or not at all; how many rows it has.

    Raises:
        StoreError: it cannot be written.
    """
    count = 0

    def write(file: BinaryIO) -> None:
        nonlocal count
        with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                count += batch.num_rows

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, write)
    except OSError as e:
        raise StoreError(f"{path} cannot be written: {e}; name another file, or free space") from e
    return count
