"""What a shopper gives -> a query of the house, and how to answer it.

make_request("red", "a.jpg", where="price < 30")
make_request(photo=[("a.jpg", 1), ("b.jpg", -0.5)])            # like a, away from b
make_request(like={"collar": "b.jpg", "colour": "sku:T-17"})   # the collar of b, the colour of T-17
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from skulens.encode.fusion import FUSIONS
from skulens.errors import DataError, unknown
from skulens.filters import filter_from_json, parse_filter
from skulens.records import Filter, Image, Query
from skulens.search.draft import (
    Draft,
    Given,
    GivenVector,
    Like,
    Weighted,
    is_number,
    likes,
    read_vector,
    weighted,
)
from skulens.search.modify import Boost, read_boosts

Facts = Literal["off", "explain", "prefer", "require"]
By = Literal["ranks", "scores"]

WAYS = {
    "fusion": FUSIONS,
    "by": get_args(By),
    "facts": get_args(Facts),
    "references": ("exclude", "keep"),
}
"""Option -> the values it takes."""
MOST_K = 1_000
MOST_REACH = 10_000
"""offset + k."""
MOST_EXCLUDED = 1_000
AMONG = 50


@dataclass(frozen=True)
class Request:
    """A query, and how to answer it.

    Raises:
        DataError: an option with a value that means nothing.
    """

    query: Query
    """`item` has every photo and text, the keys of conditions before their photos. A condition of
    relation "whole" weighs the part it points to, one of "same" or "different" says what of it
    counts."""
    k: int = 10
    offset: int = 0
    """Hits left out before the first: page n is offset n x k."""
    fusion: str = "avg"
    """Of the parts: "avg", "cat", or "seq" where the encoder can (`encode.fusion`)."""
    words: str | None = None
    """What the leg "words" looks for; None: all texts of the query."""
    keys: Mapping[int, int] = field(default_factory=dict)
    """Position of a part that is the key of a condition -> position of the condition."""
    named: frozenset[int] = frozenset()
    """Positions of conditions whose `product` the shopper has named, in place of a photo: the
    store's own vectors and fields stand for it."""
    given: Mapping[int, GivenVector] = field(default_factory=dict)
    """Position of a condition -> the vector that stands for its photo."""
    browse: bool = False
    """Whether nothing is searched for: the products that satisfy the filter are listed, in the order
    of `sort`, else of their ids."""
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Column -> (dim,) vector to search with, in place of one made of the parts."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Leg (a vector column, or "words") -> weight; 0 leaves it out."""
    by: By = "scores"
    """How legs are fused: by scores brought to 0..1, or by reciprocal ranks."""
    least: Mapping[str, float] = field(default_factory=dict)
    """Leg -> score that it has to give; a hit that any leg here gives enough is relevant. "": the
    only leg."""
    within: float = 0.0
    """Relevant is what has this share of the best hit's fused score; 0: everything."""
    sort: str = ""
    """Field of the order, "-FIELD" downwards; empty: by score. Only relevant hits are sorted: those
    that `least` and `within` leave, or the first `among`."""
    among: int = 0
    """Hits by score that are sorted, or shown at all; 0: AMONG where sorted without a cut-off, else
    no limit."""
    collapse: str = ""
    """Field whose equal values are variants of one product, "spu"; of them the best is shown."""
    boosts: tuple[Boost, ...] = ()
    facets: tuple[str, ...] = ()
    disjunctive: bool = False
    """Whether a facet counts as if the filter said nothing of that field: what could be chosen
    instead, or too."""
    counts: bool = False
    """Whether products are counted: those that satisfy the filter, and all."""
    without: bool = False
    """Whether an answer without hits says what would be found without one of its conditions."""
    facts: Facts = "explain"
    """What conditions do where attributes are known: nothing, explain a hit, bring hits that satisfy
    more of them to the front, or leave out those that do not satisfy all."""
    codes: bool = True
    """Whether bar codes in photos are read, and products that carry them come first."""
    exact: bool = False
    """Compare with every vector, whatever index there is."""
    exclude: tuple[str, ...] = ()
    """Ids that may not be found."""
    references: Literal["exclude", "keep"] = "exclude"
    """Whether products of the store that the query shows by their id may be found."""
    details: bool = True
    """Whether fields and explanations are wanted; without them a hit has its id, scores and ranks."""
    give_vectors: bool = False
    """Whether the answer has the vectors that were searched with."""

    def __post_init__(self):
        if self.k < 1 or self.offset < 0 or self.among < 0:
            raise DataError(
                f"expected k from 1, offset and among from 0, got k {self.k:,}, offset "
                f"{self.offset:,}, among {self.among:,}"
            )
        for name, known in WAYS.items():
            one_of(name, getattr(self, name), known)
        for leg, weight in self.weights.items():
            if not is_number(weight) or weight < 0:
                raise DataError(f"the weight of {leg!r} is a number from 0, got {weight!r}")
        for leg, score in self.least.items():
            if not is_number(score):
                raise DataError(f"the least score of {leg!r} is a number, got {score!r}")
        if not is_number(self.within) or not 0 <= self.within <= 1:
            raise DataError(f"within is a share from 0 to 1, got {self.within!r}")

    @property
    def reach(self) -> int:
        """Hits down to the end of the page."""
        return self.offset + self.k

    @property
    def photos(self) -> list[tuple[int, Image]]:
        """(position, picture) of each photo among the parts."""
        parts = enumerate(self.query.item.parts)
        return [(i, part) for i, part in parts if isinstance(part, Image)]

    @property
    def text(self) -> str:
        """What the leg "words" looks for."""
        if self.words is not None:
            return self.words
        return " ".join(part for part in self.query.item.parts if isinstance(part, str)).strip()

    @property
    def hidden(self) -> tuple[str, ...]:
        """Ids that may not be found."""
        shown = self.query.references if self.references == "exclude" else ()
        return tuple(dict.fromkeys((*self.exclude, *shown)))

    def weight_of(self, part: int) -> float:
        """Of a part: that of its condition."""
        if part in self.keys:
            return self.query.conditions[self.keys[part]].weight
        pointing = (c.weight for c in self.query.conditions if c.part == part)
        return next(pointing, 1.0)


OPTIONS = tuple(
    f.name
    for f in fields(Request)
    if f.name not in ("query", "words", "keys", "named", "given", "browse")
)


def make_request(
    text: str | Sequence[str | tuple[str, float]] = (),
    photo: Given | Weighted | Sequence[Given | Weighted] = (),
    *,
    like: Like = (),
    where: str | Filter | Mapping[str, Any] | None = None,
    k: int = 10,
    **options: Any,
) -> Request:
    """A request from what was typed.

    Args:
        text: texts; (text, weight) counts more or less than a photo, below 0 away from it.
        photo: files, encoded pictures, "sku:ID" or vectors; with weights as texts.
        like: key -> photo, "the collar of b.jpg"; with a weight below 0, unlike it.
        where: a filter (`skulens.filters`), as text or JSON.
        k: hits wanted, 1 to MOST_K.
        options: the other fields of `Request`. `boosts` also as JSON, `least` also as one number,
            `facets` and `exclude` also as one text.
    Raises:
        DataError: nothing was given, too much, or an option that means nothing; FilterError:
            `where` is no filter; UnknownName: an option that there is not; names the nearest.

    With a filter, a field to sort by, facets or counts alone, products are listed
    (`Request.browse`).
    """
    draft = Draft()
    for given, weight in weighted(photo):
        draft.show(given, weight)
    for key, given, weight in likes(like):
        draft.show(given, weight, key)
    for words, weight in weighted(text):
        draft.say(words, weight)
    request = finish_request(draft, where, k, options)
    listed = request.query.where or request.sort or request.facets or request.counts
    if request.browse and not listed:
        raise DataError("nothing to search for; give a photo, a text or a filter")
    return request


def finish_request(
    draft: "Draft",
    where: str | Filter | Mapping[str, Any] | None,
    k: int,
    options: Mapping[str, Any],
) -> Request:
    """The request of a draft; an empty one lists products. Args and raises: see `make_request`."""
    check_names(options)
    if not isinstance(k, int) or not 1 <= k <= MOST_K:
        raise DataError(f"k is a whole number from 1 to {MOST_K:,}, got {k!r}")
    query = replace(draft.query(), where=read_filter(where))
    request = Request(
        query,
        k=k,
        words=" ".join(draft.words),
        keys=draft.keys,
        named=frozenset(draft.named),
        given=draft.vectors,
        browse=not (query.item.parts or query.conditions or options.get("vectors")),
        **read_options(options),
    )
    if request.reach > MOST_REACH:
        raise DataError(
            f"offset {request.offset:,} and k {k:,} reach beyond the first {MOST_REACH:,} hits; "
            "narrow the search by a filter"
        )
    return request


def check_names(options: Mapping[str, Any]) -> None:
    """Raise UnknownName for an unknown option."""
    for name in options:
        if name not in OPTIONS:
            known = ("text", "photo", "like", "where", *OPTIONS)
            raise unknown("option", name, known, "help(skulens.search.request.make_request)")


def read_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options in the types of `Request`."""
    found = dict(options)
    for name in ("facets", "exclude"):
        given = found.get(name, ())
        found[name] = (given,) if isinstance(given, str) else tuple(given)
    if len(found["exclude"]) > MOST_EXCLUDED:
        raise DataError(
            f"{len(found['exclude']):,} ids to exclude, at most {MOST_EXCLUDED:,}; use a filter"
        )
    found["boosts"] = read_boosts(found.get("boosts", ()))
    least = found.get("least", {})
    found["least"] = dict(least) if isinstance(least, Mapping) else {"": least}
    given = found.get("vectors") or {}
    found["vectors"] = {name: read_vector(name, v) for name, v in given.items()}
    return found


def read_filter(where: str | Filter | Mapping[str, Any] | None) -> Filter | None:
    if isinstance(where, str):
        return parse_filter(where) if where.strip() else None
    return filter_from_json(where) if isinstance(where, Mapping) else where


def one_of(name: str, given: object, known: Sequence[str]) -> None:
    """Raise DataError for another value of an option."""
    if given not in known:
        raise DataError(f"{name} is one of {', '.join(known)}, got {given!r}")
