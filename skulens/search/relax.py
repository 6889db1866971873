"""Nothing was found: without which condition would something be?

Of each clause of the filter, each condition that is required as a fact, and each least score, what is
found without it is counted; those that bring something are told. Where none does, the filter as a
whole is tried.
"""

from collections.abc import Iterator
from itertools import chain, islice

from skulens.filters import format_filter
from skulens.records import Filter
from skulens.search.answers import Relaxation
from skulens.search.conditions import Fact, required
from skulens.search.facets import clauses_of, join_clauses
from skulens.search.finding import Search, join

MOST = 8
"""Relaxations of an answer."""
MOST_TRIED = 24
"""Conditions that are tried; each is a count, or a search."""


def relax(search: Search) -> tuple[Relaxation, ...]:
    """What would bring hits, in the order of filter, facts and least scores."""
    if not search.store.count():
        return ()
    tried = islice(chain(each_clause(search), each_fact(search), each_least(search)), MOST_TRIED)
    told = [one for one in tried if one.products] or list(whole_filter(search))
    return tuple(told[:MOST])


def each_clause(search: Search) -> Iterator[Relaxation]:
    """Without one clause of the filter."""
    clauses, request = clauses_of(search.request.query.where), search.request
    needed = demanded(search)
    for n, clause in enumerate(clauses):
        rest = join_clauses([*clauses[:n], *clauses[n + 1 :]])
        products = search.count_found(join(rest, needed), request.least)
        yield Relaxation("filter", format_filter(clause), products, rest)


def each_fact(search: Search) -> Iterator[Relaxation]:
    """Without one condition that products have to satisfy."""
    request, where = search.request, search.request.query.where
    if request.facts != "require":
        return
    positions = [n for n, c in enumerate(request.query.conditions) if c.relation != "whole"]
    for n, (position, fact) in enumerate(zip(positions, search.facts, strict=True)):
        if fact.column and fact.wanted:
            others = required([*search.facts[:n], *search.facts[n + 1 :]], search.store)
            products = search.count_found(join(where, others), request.least)
            yield Relaxation("fact", describe(fact), products, where, position)


def each_least(search: Search) -> Iterator[Relaxation]:
    """Without one least score."""
    request = search.request
    for leg, score in request.least.items():
        others = {name: s for name, s in request.least.items() if name != leg}
        text = f"{leg or 'score'} >= {score:g}"
        products = search.count_found(search.where, others)
        yield Relaxation("least", text, products, request.query.where, leg=leg)


def whole_filter(search: Search) -> Iterator[Relaxation]:
    """Without the filter, where it has several clauses and each of them is too much."""
    where = search.request.query.where
    if len(clauses_of(where)) > 1 and where is not None:
        products = search.count_found(demanded(search), search.request.least)
        if products:
            yield Relaxation("filter", format_filter(where), products, None)


def demanded(search: Search) -> Filter | None:
    """What conditions require of a product."""
    return required(search.facts, search.store) if search.request.facts == "require" else None


def describe(fact: Fact) -> str:
    """ "collar: polo", "not collar: polo"."""
    return f"{'not ' if fact.relation == 'different' else ''}{fact.key}: {', '.join(fact.wanted)}"
