"""What every engine checks before it looks: documents, probes and columns that fit."""

import math
import re
from dataclasses import replace

import numpy as np

from skulens.documents import Document, FieldColumn, Probe, Schema
from skulens.errors import StoreError
from skulens.index.stores.fields import kind_of
from skulens.index.stores.where import type_filter
from skulens.records import Filter

MOST = 100_000
"""Hits of one search."""
SAME_LENGTH = 1e-6
"""What rounding to float32 makes of the length 1."""
LENGTH = 1e-3
"""What the length of a stored vector may differ from 1."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_ID = 500
"""Bytes of a product's id, which every engine takes."""


def check_probe(probe: Probe, schema: Schema) -> Filter | None:
    """The probe's filter, typed.

    Raises:
        StoreError: neither vector nor words or both, no such column, a vector of another maker or
            width, or with NaN or of length 0, k out of bounds.
        FilterError: see `type_filter`.
    """
    if isinstance(probe.k, bool) or not isinstance(probe.k, int) or not 1 <= probe.k <= MOST:
        raise StoreError(f"k must be a whole number from 1 to {MOST:,}, got {probe.k!r}")
    if (probe.vector is None) == (not probe.words):
        raise StoreError("a probe has either a vector or words; got both or neither")
    if probe.vector is not None:
        _check_vector(probe, schema)
    return None if probe.where is None else type_filter(probe.where, schema)


def _check_vector(probe: Probe, schema: Schema) -> None:
    column = schema.vector(probe.column)
    if column is None:
        known = ", ".join(c.name for c in schema.vectors) or "none"
        raise StoreError(f"the store has no vector column {probe.column!r}; there are {known}")
    if probe.maker != column.maker:
        raise StoreError(
            f"the column {column.name!r} holds vectors of another encoder: of "
            f"{column.encoder or column.maker!r} as it was when the store was built; open that one, "
            "or build a new store"
        )
    vector = np.asarray(probe.vector)
    if vector.shape != (column.dim,) or vector.dtype.kind not in "fiu":
        raise StoreError(
            f"{column.name} takes ({column.dim},) vectors of numbers, got {vector.shape} "
            f"{vector.dtype}"
        )
    if not 0 < np.linalg.norm(vector.astype(np.float64)) < math.inf:
        raise StoreError(
            "the query's vector has NaN, infinity or length 0; give another vector, photo or text"
        )


def id_problem(product: str) -> str:
    """Why a store cannot hold a product of this id; empty where it can."""
    if not product.strip():
        return "its id is empty"
    try:
        size = len(product.encode())
    except UnicodeEncodeError:
        return "its id is not valid Unicode"
    if size > MOST_ID:
        return f"its id has {size:,} bytes, expected at most {MOST_ID}"
    return "its id has control characters" if CONTROL.search(product) else ""


def check_document(document: Document, schema: Schema) -> None:
    """Raise StoreError for a document that does not fit the columns."""
    if problem := id_problem(document.id):
        raise StoreError(f"{document.id[:80]!a} cannot be stored: {problem}")
    for name, vector in document.vectors.items():
        column = schema.vector(name)
        if column is None or np.shape(vector) != (column.dim,):
            expected = f"expected ({column.dim},)" if column else "the store has no such column"
            raise StoreError(
                f"{document.id}: the vector {name!r} has shape {np.shape(vector)}; {expected}"
            )
        length = float(np.linalg.norm(vector))
        if not abs(length - 1) < LENGTH:
            raise StoreError(
                f"{document.id}: the vector {name!r} has length {length:g}, expected 1; normalise it, or "
                "leave it out where it has NaN"
            )
    columns = {c.field: c for c in schema.fields}
    for name, value in document.fields.items():
        _check_field(document.id, name, value, columns.get(name))


def _check_field(product: str, name: str, value: object, column: FieldColumn | None) -> None:
    if column is None:
        raise StoreError(f"{product}: the store has no field {name!r}; `widen` adds one")
    if isinstance(value, tuple) != column.many:
        expected = "a tuple of values" if column.many else "one value"
        raise StoreError(f"{product}: {name} takes {expected}, got {value!r:.80}")
    for one in value if isinstance(value, tuple) else (value,):
        if kind_of(one) != column.kind:
            raise StoreError(f"{product}: {name} holds {column.kind}s, got {one!r:.80}")


def merge_schemas(old: Schema, new: Schema) -> Schema:
    """The old columns and those new ones that are missing.

    Raises:
        StoreError: a column that both have, but of another type or maker.
    """
    for mine in new.vectors:
        have = old.vector(mine.name)
        if have and (have.maker, have.dim, have.made_from) != (
            mine.maker,
            mine.dim,
            mine.made_from,
        ):
            raise StoreError(
                f"the column {mine.name!r} was made by {have.encoder or have.maker!r} from "
                f"{have.made_from}, not by {mine.encoder or mine.maker!r} from {mine.made_from}; "
                "build a new store"
            )
    vectors = (*old.vectors, *(c for c in new.vectors if old.vector(c.name) is None))
    fields = (*old.fields, *(c for c in new.fields if old.field(c.field) is None))
    return replace(old, vectors=vectors, fields=fields, data=old.data or new.data)


def unit(vector: np.ndarray) -> np.ndarray:
    """(dim,) float32 of length 1; a vector that has it is left to the last bit as it is."""
    found = np.asarray(vector)
    length = float(np.linalg.norm(found.astype(np.float64)))
    if abs(length - 1) >= SAME_LENGTH:
        found = found.astype(np.float64) / length
    return found.astype(np.float32)
