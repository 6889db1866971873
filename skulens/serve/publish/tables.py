"""The products of a store as files that a browser reads at once: fields, vectors, titles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from skulens.documents import FieldColumn, VectorColumn
from skulens.index.stores.engines.memory import ARROW
from skulens.index.stores.fields import CLAIMS, PICTURES
from skulens.index.stores.local.field_values import hold_column
from skulens.protocols import Store
from skulens.serve.answering.writing import write_json

PAGE = 1_000
"""Products that are read from the store, and written into a file, at a time."""
ALIGN = 8
"""Bytes to which parts of a file are aligned, so that a browser reads them where they lie."""
LONG = 80
"""Letters of a mean value from which on a field with many different texts is left to the product's
own page: nobody filters by a description, and everybody would load it."""
MANY = 50
"""So many different texts are many."""
LEVELS = 127
HASHED = 13
"""Hexadecimal digits of a picture's hash that a float64 holds exactly."""


@dataclass
class Parts:
    """Arrays one after the other, and where each begins."""

    data: bytearray = field(default_factory=bytearray)

    def add(self, given: np.ndarray | bytes) -> dict[str, Any]:
        """Where the array lies: {"at", "count", "type"}; bytes have the type "json"."""
        self.data.extend(b"\0" * (-len(self.data) % ALIGN))
        at = len(self.data)
        if isinstance(given, bytes):
            self.data.extend(given)
            return {"at": at, "count": len(given), "type": "json"}
        self.data.extend(np.ascontiguousarray(given).tobytes())
        return {"at": at, "count": len(given), "type": given.dtype.name}


def pages_of(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids, PAGE at a time."""
    for start in range(0, len(ids), PAGE):
        yield ids[start : start + PAGE]


# ----- fields ---------------------------------------------------------------------------------


def write_columns(store: Store, ids: Sequence[str]) -> tuple[bytes, list[dict[str, Any]]]:
    """Every field but titles, as `HeldColumn`s one after the other.

    Returns:
        The bytes, and of each field {"field", "kind", "many", "values", "owners", "texts"}; a field
        with neither values nor texts is on the product's own page only. Rows are in the order of
        `ids`.
    """
    parts, records = Parts(), []
    columns = [c for c in store.schema.fields if c not in (PICTURES, CLAIMS)]
    held = read_fields(store, ids, [c for c in columns if c.field not in ("id", "title")])
    if store.schema.field(PICTURES.field) is not None:
        records.append(write_hashes(parts, store, ids))
    for column in columns:
        record: dict[str, Any] = {"field": column.field, "kind": column.kind, "many": column.many}
        if column.field == "id":
            record["texts"] = parts.add(write_json(list(ids)))
        elif column.field != "title" and not is_long(held[column.field]):
            found = hold_column(column.kind, held[column.field])
            record["values"] = parts.add(little(found.values))
            if found.owners is not None:
                record["owners"] = parts.add(little(found.owners))
            if found.texts is not None:
                record["texts"] = parts.add(write_json(found.texts.to_pylist()))
        records.append(record)
    return bytes(parts.data), records


def write_hashes(parts: Parts, store: Store, ids: Sequence[str]) -> dict[str, Any]:
    """The pictures of products, each by the number that its hash begins with: a photo that is one of
    them is known by it."""
    given = read_fields(store, ids, [PICTURES])[PICTURES.field]
    numbers = [
        None if row is None else [float(int(sha[:HASHED], 16)) for sha in row]
        for row in given.to_pylist()
    ]
    found = hold_column("number", pa.array(numbers, pa.list_(pa.float64())))
    record = {"field": PICTURES.field, "kind": "number", "many": True}
    owners = np.zeros(0, np.int32) if found.owners is None else found.owners
    return record | {"values": parts.add(little(found.values)), "owners": parts.add(little(owners))}


def read_fields(
    store: Store, ids: Sequence[str], columns: Sequence[FieldColumn]
) -> dict[str, pa.Array]:
    """Field -> its values, one row per id."""
    names = [c.field for c in columns]
    values: dict[str, list[Any]] = {name: [] for name in names}
    for page in pages_of(ids):
        for held in store.fetch(page, names):
            for name in names:
                values[name].append(held.get(name))
    kinds = {c.field: pa.list_(ARROW[c.kind]) if c.many else ARROW[c.kind] for c in columns}
    return {name: pa.array(given, kinds[name]) for name, given in values.items()}


def is_long(given: pa.Array) -> bool:
    """Whether the values are descriptions rather than something to filter by."""
    flat = given.flatten() if pa.types.is_list(given.type) else given
    if not pa.types.is_string(flat.type):
        return False
    texts = flat.unique().drop_null().to_pylist()
    return len(texts) > MANY and sum(map(len, texts)) > LONG * len(texts)


def little(values: np.ndarray) -> np.ndarray:
    """The values as browsers read them, lowest byte first."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False)


# ----- vectors --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Planes:
    """Vectors in two bytes a number: value = scale * (high + low / (2 * LEVELS))."""

    high: np.ndarray
    """(products, dim) int8: what a search reads of all."""
    low: np.ndarray
    """(products, dim) int8: what is left, read of those that may be among the first."""
    scales: np.ndarray
    """(products,) float32; 0: the product has no vector."""


def cut_planes(vectors: np.ndarray) -> Planes:
    """Planes of vectors, (products, dim) float32; NaN rows where a product has none.

    With numbers up to 0.3 the error of one is at most 5e-6, of a cosine some 3e-6.
    """
    there = np.isfinite(vectors).all(axis=1)
    exact = np.where(there[:, None], vectors, 0).astype(np.float64)
    scales = (np.abs(exact).max(axis=1, initial=0) / LEVELS).astype(np.float32)
    steps = np.where(scales > 0, scales, 1).astype(np.float64)[:, None]
    high = np.clip(np.rint(exact / steps), -LEVELS, LEVELS)
    low = np.clip(np.rint((exact / steps - high) * 2 * LEVELS), -LEVELS, LEVELS)
    return Planes(high.astype(np.int8), low.astype(np.int8), scales)


def read_planes(store: Store, column: VectorColumn, ids: Sequence[str]) -> Planes:
    """The planes of a column, rows in the order of `ids`."""
    parts = [cut_planes(store.vectors(column.name, page)) for page in pages_of(ids)]
    if not parts:
        return cut_planes(np.zeros((0, column.dim), np.float32))
    return Planes(
        np.concatenate([p.high for p in parts]),
        np.concatenate([p.low for p in parts]),
        np.concatenate([p.scales for p in parts]),
    )
