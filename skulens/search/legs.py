"""A request -> its legs: each vector column that can read something of it, and words."""

from collections.abc import Mapping

from skulens.documents import Probe, Schema
from skulens.errors import DataError, unknown
from skulens.index.stores.words import grams, split
from skulens.records import Filter
from skulens.search.request import Request
from skulens.search.vectors import Asked

WORDS = "words"
DEPTHS = (100, 1_000, 10_000, 100_000)
"""Candidates of each leg, where several are fused or their order is changed. Steps, so that pages of
one search are cut from the same candidates."""


def check_legs(request: Request, schema: Schema) -> None:
    """Raise UnknownName where a request names a leg that the store lacks."""
    known = [c.name for c in schema.vectors] + [WORDS]
    named = [*request.weights, *filter(None, request.least), *request.vectors]
    for leg in named:
        if leg not in known or (leg == WORDS and leg in request.vectors):
            raise unknown("leg", leg, known, "skulens index info STORE")


def make_probes(
    request: Request, schema: Schema, asked: Mapping[str, Asked], where: Filter | None, depth: int
) -> dict[str, Probe]:
    """Leg -> what the store is asked.

    Raises:
        DataError: no column of the store can read anything of the request.
    """
    hidden = request.hidden
    found = {}
    for column in schema.vectors:
        if column.name in asked:
            found[column.name] = Probe(
                vector=asked[column.name].vector,
                column=column.name,
                maker=column.maker,
                where=where,
                k=depth,
                exclude=hidden,
                exact=request.exact,
            )
    if request.text and weight_of(request, WORDS) > 0:
        found[WORDS] = Probe(words=request.text, where=where, k=depth, exclude=hidden)
    if not found:
        raise DataError(nothing_reads(request, schema))
    return found


def weight_of(request: Request, leg: str) -> float:
    """The request's, else 1, which `benchmarks/hybrid.py` found best."""
    return request.weights.get(leg, 1.0)


def coverage(words: str, held: str) -> float:
    """How much of what was asked the full text of a product has: 0 to 1.

    The share of the distinct grams of `words`, so that a plural or a slip of the pen counts nearly
    whole; of its words, where they are shorter than a gram.
    """
    for cut in (grams, split):
        if asked := set(cut(words)):
            return len(asked & set(cut(held))) / len(asked)
    return 0.0


def depth_of(request: Request, legs: int) -> int:
    """Candidates that each leg is asked for."""
    ordered = request.boosts or request.sort or request.collapse or request.facts == "prefer"
    if legs == 1 and not ordered:
        return request.reach
    wanted = max(request.reach, request.among)
    return next((d for d in DEPTHS if d >= wanted), DEPTHS[-1])


def deeper(depth: int) -> int:
    """The next depth; the same where there is none."""
    return next((d for d in DEPTHS if d > depth), depth)


def nothing_reads(request: Request, schema: Schema) -> str:
    given = ["photos"] * bool(request.photos) + ["texts"] * bool(request.text)
    made = [
        f"{c.name} ({c.encoder or c.maker}) reads {' and '.join(c.modalities) or 'nothing'}"
        for c in schema.vectors
    ]
    off = [leg for leg, weight in request.weights.items() if weight == 0]
    without = f"; the weight of {', '.join(off)} is 0" if off else ""
    return (
        f"no leg of this store can search for {' and '.join(given) or 'this'}: "
        f"{'; '.join([*made, 'words reads text'])}{without}"
    )
