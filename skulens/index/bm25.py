"""BM25 over the words of queries and products: the baseline that looks at no picture.

Words are what stands between spaces and punctuation, case-folded; Thai, written without spaces,
is cut into pairs of letters. Okapi BM25 in Lucene's variant (Kamphuis et al., ECIR 2020), as bm25s
computes it (Lù 2024), k1 = 1.5, b = 0.75.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from skulens.index.stores.words import cut_by_letters
from skulens.records import Item, Query, Run, SystemInfo
from skulens.values.text import fold

K1, B = 1.5, 0.75


class Bm25:
    """Ranks products by the words that they share with a query; see `protocols.Retriever`."""

    name = "bm25"

    def __init__(self) -> None:
        self.info = SystemInfo(
            name="bm25",
            kind="retriever",
            identity="bm25/2",
            family="words",
            licence="Apache-2.0",
            params=0,
            trained_spus={},
            about={"k1": K1, "b": B, "modalities": ["text"]},
        )

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query by their best item; those that share no word are left out.

        Equal scores: larger product id first, as in every Run.
        """
        index = WordIndex([split_words(text_of(item)) for item in gallery])
        asked = {q.id: Counter(split_words(text_of(q.item))) for q in queries}
        return rank_scores(((q, index.score(words)) for q, words in asked.items()), gallery, k)


class WordIndex:
    """BM25 scores of documents for weighted words; documents come and go one by one.

    Scores are those of an index made anew of the documents that are there: how many hold a word
    is counted when it is asked for. bm25s, whose numbers these are to the last bit, has to read
    every document again for one that is new.

    Args:
        documents: the words of each, in order; their places are 0, 1, 2 ...
    """

    def __init__(self, documents: Iterable[Sequence[str]] = ()):
        self._postings: dict[str, _Postings] = {}
        self._lengths = array("d")  # of each place in words; NaN: dropped
        self._counted: _Lengths | None = None
        for words in documents:
            self.append(words)

    @property
    def size(self) -> int:
        """Places, those of dropped documents too."""
        return len(self._lengths)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that was ever there, each once, sorted."""
        return tuple(sorted(self._postings))

    def append(self, words: Sequence[str]) -> int:
        """Add a document; returns its place."""
        place = len(self._lengths)
        for word, count in Counter(words).items():
            held = self._postings.get(word)
            if held is None:
                held = self._postings[word] = _Postings()
            held.places.append(place)
            held.counts.append(count)
        self._lengths.append(len(words))
        self._counted = None
        return place

    def drop(self, place: int) -> None:
        """Forget a document; its place stays, and scores 0."""
        self._lengths[place] = math.nan
        self._counted = None

    def score(self, weights: Mapping[str, float]) -> np.ndarray:
        """Sum over words of weight x BM25 score: (size,) float32; unknown words add nothing."""
        alike: dict[float, list[str]] = {}
        for word, weight in weights.items():
            if word in self._postings:
                alike.setdefault(weight, []).append(word)
        total = np.zeros(self.size, np.float32)
        for weight, words in alike.items():
            scores = np.zeros(self.size, np.float32)
            for word in words:
                places, found = self._score_word(word)
                scores[places] += found
            total += np.float32(weight) * scores
        return total

    def _score_word(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """(places that hold it, their scores in float32)."""
        if self._counted is None:
            self._counted = _Lengths(np.array(self._lengths))
        held, documents = self._postings[word], self._counted.documents
        places, counts = np.array(held.places), np.array(held.counts, np.float32)
        norms = self._counted.norms[places]
        if documents < self.size:
            there = np.isfinite(norms)
            places, counts, norms = places[there], counts[there], norms[there]
        rarity = math.log(1 + (documents - len(places) + 0.5) / (len(places) + 0.5))
        return places, (np.float32(rarity) * (counts / (norms + counts))).astype(np.float32)


class _Lengths:
    """What BM25 takes from the lengths of documents, (size,) float64 with NaN where dropped."""

    __slots__ = ("documents", "norms")

    def __init__(self, lengths: np.ndarray):
        there = lengths[np.isfinite(lengths)]
        self.documents = len(there)
        mean = there.mean() if there.any() else 1.0
        self.norms = K1 * ((1 - B) + B * lengths / mean)
        """k1 (1 - b + b length / mean length)."""


class _Postings:
    """Where a word stands, and how often."""

    __slots__ = ("counts", "places")

    def __init__(self) -> None:
        self.places, self.counts = array("i"), array("i")


def rank_scores(scored: Iterable[tuple[str, np.ndarray]], gallery: Sequence[Item], k: int) -> Run:
    """The k products of each query whose best item has the highest scores, of those above 0.

    Args:
        scored: query id and scores of the gallery's items, (items,), query by query.
    """
    products = tuple(sorted({item.id for item in gallery}))
    place = {product: i for i, product in enumerate(products)}
    owners = np.fromiter((place[item.id] for item in gallery), np.int64, len(gallery))
    queries, lists = [], []
    for query, scores in scored:
        best = np.zeros(len(products), np.float32)
        np.maximum.at(best, owners, scores)
        queries.append(query)
        lists.append(best_places(best, k))
    shape = len(lists), max((len(found) for found, _ in lists), default=0)
    order, high = np.full(shape, -1, np.int32), np.full(shape, -np.inf, np.float32)
    for row, (found, scores) in enumerate(lists):
        order[row, : len(found)], high[row, : len(found)] = found, scores
    return Run(tuple(queries), products, order, high)


def best_places(
    scores: np.ndarray, k: int, tie_rank: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(places, scores) of the k highest scores above 0.

    Args:
        tie_rank: (scores,) integers: of equal scores the smaller first; None: the later place.
    """
    found = np.flatnonzero(scores > 0)
    if len(found) > k:  # sort only what can be among the first k
        least = np.partition(scores[found], -k)[-k]
        found = found[scores[found] >= least]
    ties = -found if tie_rank is None else tie_rank[found]
    found = found[np.lexsort((ties, -scores[found]))][:k]
    return found, scores[found]


def text_of(item: Item) -> str:
    """All texts of an item."""
    return " ".join(part for part in item.parts if isinstance(part, str))


def split_words(text: str) -> list[str]:
    """Words in order, case-folded; overlapping pairs of letters of a Thai run."""
    folded = fold(text)
    return [folded[start:end] for start, end in cut_by_letters(folded)]
