"""What a store holds, as values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skulens.documents import FieldColumn, Value, VectorColumn
from skulens.encode.memo import Memo
from skulens.errors import StoreError
from skulens.index.stores.fields import PICTURES, is_twin
from skulens.protocols import Store
from skulens.records import Filter
from skulens.search.indexing.columns import open_column

EXAMPLES = 3
"""Values shown of a field."""


@dataclass(frozen=True)
class FieldAbout:
    """A field and what it holds."""

    column: FieldColumn
    products: int
    """That have a value."""
    values: Mapping[Value, int]
    """Most frequent values of texts and truths -> products."""
    least: Value | None = None
    """Of numbers."""
    most: Value | None = None


@dataclass(frozen=True)
class StoreAbout:
    """A store."""

    products: int
    engine: Mapping[str, object]
    """What the engine says of itself."""
    data: str
    columns: tuple[VectorColumn, ...]
    closed: Mapping[str, str]
    """Column -> why its encoder cannot be opened here."""
    fields: tuple[FieldAbout, ...]
    snapshots: tuple[str, ...]


def describe_store(store: Store, memo: Memo | None = None) -> StoreAbout:
    """What a store holds; its encoders are opened to see whether they can be."""
    return StoreAbout(
        store.count(),
        store.info(),
        store.schema.data,
        store.schema.vectors,
        dict(closed_columns(store, memo)),
        tuple(describe_fields(store)),
        tuple(store.snapshots()),
    )


def closed_columns(store: Store, memo: Memo | None) -> Iterator[tuple[str, str]]:
    """(column, why) of each column whose encoder cannot be opened here."""
    for column in store.schema.vectors:
        try:
            open_column(column, memo=memo)
        except StoreError as e:
            yield column.name, str(e)


def describe_fields(store: Store) -> Iterator[FieldAbout]:
    """The fields that a filter may name and some product has, in the order of their names."""
    for column in store.schema.fields:
        if is_twin(column.field) or column == PICTURES:
            continue
        there = Filter("exists", column.field)
        products = store.count(there)
        if not products:
            continue
        if column.kind == "number":
            ends = [_end(store, column, there, descending) for descending in (False, True)]
            yield FieldAbout(column, products, {}, *ends)
        else:
            values = store.facets([column.field], most=EXAMPLES)[column.field]
            yield FieldAbout(column, products, values)


def _end(store: Store, column: FieldColumn, there: Filter, descending: bool) -> Value:
    """The least value of a number field, or the largest."""
    first = store.select(there, 1, column.field, descending)
    value = store.fetch(first, [column.field])[0][column.field]
    return (max if descending else min)(value) if column.many else value
