"""Filters that keep a given share of a store's products, to measure search with.

The store's own fields come first: a value of a text field, or numbers up to one; such a filter goes
along with what the vectors show, as a shopper's does. Where none keeps about that share, a filter
names products drawn at random, or an interval of ids where those would be too many.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skulens.documents import Schema
from skulens.errors import StoreError
from skulens.filters.tree import FilterError
from skulens.index.stores.fields import is_twin
from skulens.protocols import Store
from skulens.records import Filter

NEAR = 1.5
"""A field's filter serves where it keeps the share wanted, this many times more or less."""
MOST_NAMED = 10_000
"""Ids that a filter names one by one."""
FACETS = 1000
"""Values of a field that are looked at, the most frequent ones."""
FIELDS = 30
"""Fields of a kind that are looked at."""
OWN = ("id", "title", "pictures")
"""Fields in which hardly two products are alike."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A filter and what it keeps."""

    where: Filter | None
    matching: int
    """Products; 0: no filter keeps such a share."""


def keep_share(
    store: Store,
    ids: Sequence[str],
    fields: Sequence[Mapping[str, Any]],
    share: float,
    rng: np.random.Generator,
) -> Kept:
    """A filter that keeps about a share of the products.

    Args:
        ids: of all products, sorted.
        fields: of a random sample of them.
    """
    wanted = share * len(ids)
    if wanted < 1:
        return Kept(None, 0)
    for candidates in (by_value(store), by_number(store, fields, share)):
        near = [c for c in candidates if wanted / NEAR <= c.matching <= wanted * NEAR]
        if near:
            return min(near, key=lambda c: abs(math.log(c.matching / wanted)))
    return by_id(store, ids, round(wanted), rng)


def names_of_kind(schema: Schema, *kinds: str) -> list[str]:
    held = (c.field for c in schema.fields if c.kind in kinds and not is_twin(c.field))
    return [name for name in held if name not in OWN][:FIELDS]


def by_value(store: Store) -> Iterator[Kept]:
    """Filters for one value of a text or truth field."""
    names = names_of_kind(store.schema, "text", "truth")
    for name, counts in store.facets(names, most=FACETS).items() if names else ():
        for value, count in counts.items():
            yield Kept(Filter("=", name, value), count)


def by_number(store: Store, fields: Sequence[Mapping[str, Any]], share: float) -> Iterator[Kept]:
    """Filters for the least numbers of a field."""
    for name in names_of_kind(store.schema, "number"):
        held = [v for f in fields if (v := f.get(name)) is not None]
        least = sorted(min(v) if isinstance(v, tuple) else v for v in held)
        place = round(share * len(fields)) - 1
        if 0 <= place < len(least):
            where = Filter("<=", name, least[place])
            yield Kept(where, store.count(where))


def by_id(store: Store, ids: Sequence[str], count: int, rng: np.random.Generator) -> Kept:
    """A filter for products drawn at random, whatever their fields."""
    if count <= MOST_NAMED:
        named = sorted(rng.choice(len(ids), count, replace=False).tolist())
        where = Filter("in", "id", tuple(ids[place] for place in named))
    else:
        start = int(rng.integers(0, len(ids) - count + 1))
        edges = Filter(">=", "id", ids[start]), Filter("<=", "id", ids[start + count - 1])
        where = Filter("and", of=edges)
    try:
        return Kept(where, store.count(where))
    except (FilterError, StoreError):  # an engine without ids among the fields, or their order
        return Kept(None, 0)
