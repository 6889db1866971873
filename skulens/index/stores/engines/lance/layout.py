"""Documents <-> rows of the table.

The key comes first. Columns of the table have plain names made from those of the schema, since a
field's own name ("extras.stock", "attributes.closure type") means something else to the engine.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from skulens.documents import Document, FieldColumn, Schema
from skulens.errors import StoreError
from skulens.index.stores.words import compose

KEY = "id"
WORDS, GRAMS = "words", "grams"
"""The full text, twice: LanceDB has one full-text index per column."""
OWN = {WORDS: pa.string(), "thumbnail": pa.binary(), "digest": pa.string()}
"""What every product has beside its vectors and fields."""
UNIQUE = {b"lance-schema:unenforced-primary-key": b"true"}
"""Without it LanceDB's concurrent upserts may write a new id twice."""
KINDS = {"text": pa.string(), "number": pa.float64(), "truth": pa.bool_()}


@dataclass(frozen=True)
class Layout:
    """The columns of a store and what they are called in the table."""

    schema: Schema
    vectors: Mapping[str, str]
    """Vector column -> column of the table."""
    fields: Mapping[str, str]
    """Field -> column of the table; "id" is the key."""

    def arrow(self) -> pa.Schema:
        """The table's columns, the key first."""
        columns = [pa.field(KEY, pa.string(), nullable=False, metadata=UNIQUE)]
        columns += [pa.field(name, kind) for name, kind in OWN.items()]
        columns.append(pa.field(GRAMS, pa.string()))
        return pa.schema([*columns, *self.columns()])

    def columns(self) -> list[pa.Field]:
        """Those of the schema."""
        made = [
            pa.field(name, type_of(column))
            for column in self.schema.fields
            if (name := self.fields[column.field]) != KEY
        ]
        for vector in self.schema.vectors:
            made.append(pa.field(self.vectors[vector.name], pa.list_(pa.float32(), vector.dim)))
        return made

    def rows_of(self, documents: Sequence[Document]) -> pa.Table:
        """(documents,) rows, in order.

        Raises:
            StoreError: a text that is no valid Unicode, or a value of another type; names the
                product.
        """
        made = [column_of(documents, lambda d: d.id, pa.string())]
        made += [column_of(documents, lambda d: compose(d.words)[0], OWN[WORDS])]
        made += [column_of(documents, lambda d: d.thumbnail, OWN["thumbnail"])]
        made += [column_of(documents, lambda d: d.digest, OWN["digest"]), made[1]]
        for column in self.schema.fields:
            if self.fields[column.field] != KEY:
                made.append(field_values(documents, column))
        for vector in self.schema.vectors:
            made.append(vector_values(documents, vector.name, vector.dim))
        return pa.Table.from_arrays(made, schema=self.arrow())


def make_layout(schema: Schema, taken: Iterable[str] = (), old: Layout | None = None) -> Layout:
    """The layout of a schema; columns that `old` has keep their names.

    Args:
        taken: names that mean something else in the table.
    """
    used = {KEY, GRAMS, *OWN, *taken}
    vectors = dict(old.vectors) if old else {}
    fields = dict(old.fields) if old else {}
    used |= {*vectors.values(), *fields.values()}
    for vector in schema.vectors:
        if vector.name not in vectors:
            vectors[vector.name] = plain_name("v_" + vector.name, used)
    for column in schema.fields:
        if column.field not in fields:
            name = KEY if column.field == "id" else plain_name("f_" + column.field, used)
            fields[column.field] = name
    return Layout(schema, vectors, fields)


def plain_name(name: str, used: set[str]) -> str:
    """A name of lower-case ASCII letters, digits and "_", not yet used; it is used then."""
    stem = re.sub(r"[^a-z0-9]+", "_", name.casefold())[:60]
    found, count = stem, 1
    while found in used:
        count += 1
        found = f"{stem}_{count}"
    used.add(found)
    return found


def type_of(column: FieldColumn) -> pa.DataType:
    kind = KINDS[column.kind]
    return pa.list_(kind) if column.many else kind


def field_values(documents: Sequence[Document], column: FieldColumn) -> pa.Array:
    return column_of(documents, lambda d: d.fields.get(column.field), type_of(column))


def column_of(documents: Sequence[Document], value_of: Any, kind: pa.DataType) -> pa.Array:
    try:
        return pa.array([value_of(d) for d in documents], kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        for document in documents:
            try:
                pa.array([value_of(document)], kind)
            except (pa.ArrowException, ValueError, TypeError, OverflowError) as e:
                shown = repr(value_of(document))[:80]
                raise StoreError(f"{document.id!r}: {shown} cannot be stored as {kind}: {e}") from e
        raise


def vector_values(documents: Sequence[Document], name: str, dim: int) -> pa.Array:
    """(documents,) lists of `dim` float32, null where a product lacks the vector."""
    values = np.zeros((len(documents), dim), np.float32)
    missing = np.ones(len(documents), bool)
    for row, document in enumerate(documents):
        if name in document.vectors:
            values[row] = document.vectors[name]
            missing[row] = False
    flat = pa.array(values.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, dim, mask=pa.array(missing))


def matrix_of(column: pa.ChunkedArray, dim: int) -> np.ndarray:
    """(rows, dim) float32 of a vector column; NaN rows where it is null."""
    found = np.full((len(column), dim), np.nan, np.float32)
    start = 0
    for chunk in column.chunks:
        rows = np.flatnonzero(chunk.is_valid().to_numpy(zero_copy_only=False))
        values = chunk.flatten().to_numpy(zero_copy_only=False)  # without the null ones
        found[start + rows] = values.reshape(-1, dim)
        start += len(chunk)
    return found
