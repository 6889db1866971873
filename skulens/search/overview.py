"""What a shopper can choose from in a store: its fields, their values, and products that differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skulens.documents import FieldColumn, Value
from skulens.index.stores.fields import PICTURES, is_twin
from skulens.protocols import Store
from skulens.records import Filter

MOST_VALUES = 30
"""Values told of a field."""
LOOKED = 300
"""Values of a field that are looked at to see whether it is one to choose by."""
COVERED = 0.2
"""Share of its products that the values told have to cover, where there are more of them."""
LONGEST = 60
"""Characters of a value to choose; longer ones are prose."""
IDENTIFIERS = ("id", "title", "gtin", "spu", PICTURES.field)
POOL = 20
"""Products of a value among which different ones are looked for."""
WEIGHTS = {"category": 3.0, "spu": 3.0}
"""How much a new value of a field counts for variety; others 1."""


@dataclass(frozen=True)
class FieldOverview:
    """A field that some product has."""

    column: FieldColumn
    products: int
    """That have a value."""
    facet: bool
    """Whether its values are few enough to choose from."""
    values: Mapping[Value, int] = field(default_factory=dict)
    """Most frequent values -> products, where it is a facet."""
    least: float | None = None
    most: float | None = None
    """Of numbers."""


def describe_choices(store: Store) -> list[FieldOverview]:
    """Fields that a filter may name, by how many products have them."""
    found = []
    for column in store.schema.fields:
        if is_twin(column.field) or column == PICTURES:
            continue
        products = store.count(Filter("exists", column.field))
        if products:
            found.append(_describe(store, column, products))
    return sorted(found, key=lambda f: (-f.products, f.column.field))


def _describe(store: Store, column: FieldColumn, products: int) -> FieldOverview:
    values: Mapping[Value, int] = {}
    if column.field not in IDENTIFIERS:
        values = store.facets([column.field], most=LOOKED)[column.field]
    facet = can_choose(values, products)
    facet = facet and (column.kind != "number" or len(values) <= MOST_VALUES)
    told = dict(list(values.items())[:MOST_VALUES]) if facet else {}
    if column.kind != "number":
        return FieldOverview(column, products, facet, told)
    least, most = (find_end(store, column, down) for down in (False, True))
    return FieldOverview(column, products, facet, told, least, most)


def can_choose(values: Mapping[Value, int], products: int) -> bool:
    """Whether these values, most frequent first, part the products into groups."""
    if not values or max(len(str(v)) for v in list(values)[:MOST_VALUES]) > LONGEST:
        return False
    if len(values) <= MOST_VALUES:
        return len(values) <= max(products / 2, 2)
    told = sum(list(values.values())[:MOST_VALUES])
    return told >= COVERED * products and next(iter(values.values())) > 1


def find_end(store: Store, column: FieldColumn, largest: bool) -> float:
    """The least value of a number field, or the largest."""
    first = store.select(Filter("exists", column.field), 1, column.field, largest)
    value = store.fetch(first, [column.field])[0][column.field]
    return (max if largest else min)(value) if column.many else value


# ----- different products ---------------------------------------------------------------------


def pick_varied(
    store: Store, k: int, where: Filter | None = None, fields: Sequence[FieldOverview] = ()
) -> list[str]:
    """Ids of products that differ in category and attributes as much as they can; the same ones
    each time. Those with pictures come first.

    Args:
        fields: of `describe_choices`; the first facets are what products should differ in.
    """
    by = [f.column.field for f in fields if f.facet and f.column.kind == "text"]
    by.sort(key=lambda name: name != "category")
    pool = _gather(store, where, by[:1], k)
    names = dict.fromkeys([*by[:6], "spu", PICTURES.field])
    held = store.fetch(pool, [n for n in names if store.schema.field(n) is not None])
    left = dict(zip(pool, held, strict=True))
    seen: dict[tuple[str, Any], int] = {}
    picked: list[str] = []
    while left and len(picked) < k:
        best = max(left, key=lambda product: novelty(left[product], seen))
        for trait in traits_of(left.pop(best)):
            seen[trait] = seen.get(trait, 0) + 1
        picked.append(best)
    return picked


def _gather(store: Store, where: Filter | None, by: Sequence[str], k: int) -> list[str]:
    """Products of each frequent value of a field, and the first ones."""
    found: dict[str, None] = {}
    for name in by:
        for value in store.facets([name], where, most=MOST_VALUES)[name]:
            same = Filter("=", name, value)
            those = same if where is None else Filter("and", of=(where, same))
            found |= dict.fromkeys(store.select(those, POOL))
    return list(found | dict.fromkeys(store.select(where, max(4 * k, POOL))))


def novelty(fields: Mapping[str, Any], seen: Mapping[tuple[str, Any], int]) -> float:
    """How much of a product none of the others picked has; a picture counts more than all that."""
    new = sum(WEIGHTS.get(t[0], 1.0) / (1 + seen.get(t, 0)) for t in traits_of(fields))
    return new + (100.0 if fields.get(PICTURES.field) else 0.0)


def traits_of(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if name not in ("id", PICTURES.field):
            yield from ((name, v) for v in (value if isinstance(value, tuple | list) else (value,)))


# ----- variants -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """Another variant of the same product."""

    id: str
    fields: Mapping[str, Any]
    differs: Mapping[str, Any]
    """Field -> its value there, where it is another one or there is none (None)."""


def find_variants(
    store: Store, product: str, fields: Mapping[str, Any], most: int = 24
) -> list[Variant]:
    """Products with the same "spu", by id.

    Args:
        fields: of the product.
    """
    spu = fields.get("spu")
    if spu is None or store.schema.field("spu") is None:
        return []
    same = Filter("=", "spu", spu)
    ids = [i for i in store.select(same, most + 1) if i != product][:most]
    names = [c.field for c in store.schema.fields if not is_twin(c.field)]
    return [
        Variant(i, held, compare(fields, held))
        for i, held in zip(ids, store.fetch(ids, names), strict=True)
    ]


def compare(mine: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What another variant has otherwise; its id, title and pictures always differ."""
    names = dict.fromkeys([*mine, *other])
    return {
        name: other.get(name)
        for name in names
        if name not in IDENTIFIERS and not is_twin(name) and mine.get(name) != other.get(name)
    }
