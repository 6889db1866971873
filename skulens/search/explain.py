"""Why a product was found: what each leg, part, word and condition says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from skulens.documents import Hits
from skulens.index.stores.fields import PICTURES
from skulens.index.stores.words import matched, split
from skulens.protocols import Store
from skulens.search.answers import LegScore, PartScore, Why
from skulens.search.arrange import Candidate
from skulens.search.conditions import Fact, texts_of
from skulens.search.fuse import Terms, shared_ranks
from skulens.search.legs import WORDS
from skulens.search.request import Request
from skulens.search.vectors import Asked

MOST_WORDS = 50
"""Words of a query that are looked for in the texts of hits, to show them."""


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One search over all legs."""

    found: Mapping[str, Hits]
    terms: Terms


class Explainer:
    """Explains the hits of one search; what it needs of the store is fetched once for all.

    Args:
        shown: the candidates of the page, in their order.
        hashes: position -> sha256 of each photo.
    """

    def __init__(
        self,
        store: Store,
        request: Request,
        asked: Mapping[str, Asked],
        passes: Sequence[Pass],
        facts: Sequence[Fact],
        shown: Sequence[Candidate],
        hashes: Mapping[int, str],
    ):
        self.facts, self.hashes = facts, hashes
        ids = [c.id for c in shown]
        self._legs: dict[str, dict[str, LegScore]] = {i: {} for i in ids}
        for one in reversed(passes):  # the first one's ranks are those among all
            for product, legs in legs_of(one.found, one.terms, ids).items():
                self._legs[product].update(legs)
        self._parts = parts_of(store, request, asked, self._legs, ids)
        self.needs: tuple[str, ...] = ()
        """Besides the fields of a hit, what `explain` wants of it."""
        self._asked = ""
        if WORDS in passes[0].found:
            self.needs = ("words",)
            self._asked = " ".join(list(dict.fromkeys(split(request.text)))[:MOST_WORDS])

    def explain(self, candidate: Candidate, fields: Mapping[str, Any]) -> Why:
        """Args: fields: of the product, and what `needs` says."""
        own = set(texts_of(fields.get(PICTURES.field))) if self.hashes else set()
        return Why(
            legs=self._legs[candidate.id],
            parts=tuple(self._parts.get(candidate.id, ())),
            facts=tuple(fact.check(fields) for fact in self.facts),
            code=candidate.code,
            shown=tuple(part for part, sha in self.hashes.items() if sha in own),
            boosts=candidate.boosts,
            relevance=candidate.relevance,
            find_words=partial(match, self._asked, fields.get("words", "")),
        )


def legs_of(
    found: Mapping[str, Hits], terms: Terms, ids: Sequence[str]
) -> dict[str, dict[str, LegScore]]:
    """Product -> leg -> what it says."""
    legs: dict[str, dict[str, LegScore]] = {i: {} for i in ids}
    for leg, hits in found.items():
        ranks, shares = shared_ranks(hits.scores).tolist(), terms[leg].tolist()
        said = zip(hits.ids, hits.scores.tolist(), ranks, shares, strict=True)
        for product, score, rank, share in said:
            if product in legs:
                legs[product][leg] = LegScore(score, rank, share)
    return legs


def parts_of(
    store: Store,
    request: Request,
    asked: Mapping[str, Asked],
    legs: Mapping[str, Mapping[str, LegScore]],
    ids: Sequence[str],
) -> dict[str, list[PartScore]]:
    """Product -> how well each part fits it; products that a column has no vector of are left out.

    Of a column that was asked one part alone, the leg has said it already.
    """
    found: dict[str, list[PartScore]] = {i: [] for i in ids}
    for column, one in asked.items():
        if one.each is None:
            continue
        if len(one.parts) == 1 and one.weights[0] > 0:
            cosines = {i: [legs[i][column].score] for i in ids if column in legs[i]}
        else:
            scores = store.vectors(column, ids) @ one.each.T  # (ids, parts)
            there = np.isfinite(scores).all(axis=1)
            cosines = {i: s.tolist() for i, s, ok in zip(ids, scores, there, strict=True) if ok}
        for product, values in cosines.items():
            for part, weight, score in zip(one.parts, one.weights, values, strict=True):
                found[product].append(PartScore(column, part, score, weight, key_of(request, part)))
    return found


def key_of(request: Request, part: int) -> str:
    """Key of the condition that a part belongs to, or that names the product it stands for."""
    conditions, size = request.query.conditions, len(request.query.item.parts)
    if part >= size:
        return conditions[part - size].key
    if part in request.keys:
        return conditions[request.keys[part]].key
    return next((c.key for c in conditions if c.part == part and c.relation != "whole"), "")


def match(wanted: str, text: str) -> tuple[str, ...]:
    """What the words of a query find in a text, as it stands there, each once."""
    if not (wanted and text):
        return ()
    found = {text[start:end].casefold(): text[start:end] for start, end in matched(wanted, text)}
    return tuple(found.values())
