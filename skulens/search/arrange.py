"""Candidates of a search -> the order in which they are shown, in these steps:

1. cut off what is not relevant (`least`, `within`, `among`), by scores before any modifier;
2. apply score modifiers, and order by what comes out;
3. bring hits with more conditions satisfied to the front, where asked;
4. sort by a field, products without a value last, equal ones in the order they have;
5. bring exact matches of bar codes to the front;
6. put variants of one product behind the first of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skulens.documents import Hits, Schema
from skulens.errors import DataError
from skulens.index.stores.where import find_column, type_filter
from skulens.protocols import Store
from skulens.records import Filter
from skulens.search.modify import Boost, Boosted, fields_of, modify
from skulens.search.request import AMONG, Request


@dataclass(slots=True)
class Candidate:
    """A product on its way to a page."""

    id: str
    relevance: float
    """Fused score of the legs."""
    score: float
    """The same after modifiers."""
    boosts: tuple[Boosted, ...] = ()
    code: str = ""
    """14 digits of its bar code in a photo of the query."""
    others: list[str] = field(default_factory=list)
    """Variants behind it."""


# ----- relevance ------------------------------------------------------------------------------


def cut_off(
    candidates: Sequence[Candidate], request: Request, passes: Sequence[Mapping[str, Hits]]
) -> list[Candidate]:
    """Those that are relevant, in their order. A least score of a leg that was not searched says
    nothing.

    Args:
        passes: leg -> what it found, of each search that the candidates are from.
    Raises:
        DataError: a least score without the name of its leg, where there are several.
    """
    kept = list(candidates)
    if any(not leg or leg in found for leg in request.least for found in passes):
        enough = set().union(*(relevant_ids(request.least, found) for found in passes))
        kept = [c for c in kept if c.id in enough]
    if request.within and kept:
        best = max(c.relevance for c in kept)
        floor = best * request.within if best > 0 else best / request.within
        kept = [c for c in kept if c.relevance >= floor]
    most = request.among or (AMONG if sorts_blindly(request) else 0)
    return kept[:most] if most else kept


def sorts_blindly(request: Request) -> bool:
    """Whether a field decides the order and nothing says what is relevant."""
    limited = request.least or request.within or request.among
    return bool(request.sort) and not (request.browse or limited)


def relevant_ids(least: Mapping[str, float], found: Mapping[str, Hits]) -> set[str]:
    """Ids to which any of the legs named gives its least score."""
    kept: set[str] = set()
    for leg, score in least.items():
        if not leg and len(found) > 1:
            raise DataError(
                f"least {score:g}: of which leg? There are {', '.join(found)}; name it as "
                f"{{{next(iter(found))!r}: {score:g}}}"
            )
        hits = found.get(leg) if leg else next(iter(found.values()))
        if hits is not None:
            kept.update(
                i for i, s in zip(hits.ids, hits.scores.tolist(), strict=True) if s >= score
            )
    return kept


# ----- modifiers ------------------------------------------------------------------------------


def boost(
    candidates: Sequence[Candidate], boosts: Sequence[Boost], store: Store
) -> list[Candidate]:
    """Candidates with modified scores, in their order; of equal scores the larger id.

    Raises:
        FilterError: a field that the store lacks; DataError: one that holds no numbers.
    """
    ids = [c.id for c in candidates]
    names = fields_of(boosts, store.schema)
    filters = [b.where for b in boosts if b.where is not None]
    met = [satisfying(ids, where, store) for where in filters]
    held = store.fetch(ids, names) if names else [{}] * len(ids)
    for candidate, fields in zip(candidates, held, strict=True):
        holds = [candidate.id in some for some in met]
        candidate.score, candidate.boosts = modify(
            candidate.relevance, boosts, fields, names, holds
        )
    return sorted(candidates, key=lambda c: (c.score, c.id), reverse=True)


def satisfying(ids: Sequence[str], where: Filter, store: Store) -> set[str]:
    """Those products that satisfy a filter, as the engine reads it. Raises FilterError."""
    type_filter(where, store.schema)  # an error, where there are no candidates too
    if not ids:
        return set()
    those = Filter("in", "id", tuple(ids))
    return set(store.select(Filter("and", of=(where, those)), k=len(ids)))


# ----- order ----------------------------------------------------------------------------------


def sort_by(candidates: Sequence[Candidate], sort: str, store: Store) -> list[Candidate]:
    """In the order of a field, stable. Raises FilterError for one that the store lacks."""
    name, descending = read_sort(sort, store.schema)
    held = store.fetch([c.id for c in candidates], [name])
    keyed = [
        (first_of(fields.get(name), descending), c)
        for fields, c in zip(held, candidates, strict=True)
    ]
    have = [pair for pair in keyed if pair[0] is not None]
    have.sort(key=lambda pair: pair[0], reverse=descending)  # stable in both directions
    return [c for _, c in have] + [c for value, c in keyed if value is None]


def read_sort(sort: str, schema: Schema) -> tuple[str, bool]:
    """(field as the schema spells it, whether downwards). Raises FilterError."""
    descending = sort.startswith("-")
    return find_column(sort.removeprefix("-"), schema).field, descending


def first_of(value: Any, descending: bool) -> Any:
    """The value that a product is sorted by; None where it has none."""
    if isinstance(value, tuple | list):
        return (max if descending else min)(value, default=None)
    return value


def collapse(candidates: Sequence[Candidate], field_name: str, store: Store) -> list[Candidate]:
    """The first of each group of variants, in order; the others' ids are kept with it.

    Raises:
        FilterError: a field that the store lacks.
    """
    name = find_column(field_name, store.schema).field
    held = store.fetch([c.id for c in candidates], [name])
    shown: list[Candidate] = []
    first: dict[object, Candidate] = {}
    for candidate, fields in zip(candidates, held, strict=True):
        group = fields.get(name)
        leader = first.get(group) if group is not None else None
        if leader is not None:
            leader.others.append(candidate.id)
            continue
        shown.append(candidate)
        if group is not None:
            first[group] = candidate
    return shown
