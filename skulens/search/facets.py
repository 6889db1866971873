"""Counts beside an answer: of products, and of the values of fields.

A facet counts the products that satisfy the filter. Where it is disjunctive, the clauses of the
filter about its own field are left out, so that with `color in ("red")` the other colours are still
counted: what could be chosen instead, or too.
"""

from collections.abc import Sequence

from skulens.documents import Schema, Value
from skulens.filters import FilterError
from skulens.index.stores.where import find_column
from skulens.protocols import Store
from skulens.records import Filter


def count_products(store: Store, where: Filter | None) -> dict[str, int]:
    """ "matching": products that satisfy a filter, "total": all."""
    total = store.count()
    return {"matching": total if where is None else store.count(where), "total": total}


def count_facets(
    store: Store, fields: Sequence[str], where: Filter | None, disjunctive: bool = False
) -> dict[str, dict[Value, int]]:
    """Field -> value -> products, most frequent first.

    Raises:
        FilterError: a field that the store lacks.
    """
    own = {}
    if disjunctive and where is not None:
        own = {f: rest for f in fields if (rest := without_field(where, f, store.schema)) != where}
    shared = [f for f in fields if f not in own]
    found = dict(store.facets(shared, where)) if shared else {}
    for field, rest in own.items():
        found |= store.facets([field], rest)
    names = dict.fromkeys(find_column(field, store.schema).field for field in fields)
    return {name: dict(found[name]) for name in names}


def clauses_of(where: Filter | None) -> list[Filter]:
    """What has to hold together, "and" inside "and" too."""
    if where is None:
        return []
    return [c for f in where.of for c in clauses_of(f)] if where.op == "and" else [where]


def join_clauses(clauses: Sequence[Filter]) -> Filter | None:
    """The filter that holds where all do."""
    if len(clauses) < 2:
        return clauses[0] if clauses else None
    return Filter("and", of=tuple(clauses))


def without_field(where: Filter, field: str, schema: Schema) -> Filter | None:
    """The filter without its clauses about one field alone."""
    name = find_column(field, schema).field
    clauses = clauses_of(where)
    kept = [c for c in clauses if fields_of(c, schema) != {name}]
    return where if len(kept) == len(clauses) else join_clauses(kept)


def fields_of(where: Filter, schema: Schema) -> set[str]:
    """Fields that a filter names, as the schema spells them; those it lacks as they are written."""
    if where.of:
        return set().union(*(fields_of(inner, schema) for inner in where.of))
    try:
        return {find_column(where.field, schema).field}
    except FilterError:  # whoever applies the filter says so
        return {where.field}
