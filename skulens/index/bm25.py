"""BM25 over the words of queries and products: the baseline that looks at no picture.

Words are what stands between spaces and punctuation, case-folded; Thai, written without spaces,
is cut into pairs of letters. Okapi BM25 as bm25s computes it (Lù 2024), k1 = 1.5, b = 0.75.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import bm25s
import numpy as np

from skulens.records import Item, Query, Run, SystemInfo
from skulens.values.text import fold

WORD = re.compile(r"[\u0e00-\u0e7f]+|[^\W_]+(?:['.-][^\W_]+)*")
THAI = re.compile(r"[\u0e00-\u0e7f]")
K1, B = 1.5, 0.75


class Bm25:
    """Ranks products by the words that they share with a query; see `protocols.Retriever`."""

    name = "bm25"

    def __init__(self) -> None:
        self.info = SystemInfo(
            name="bm25",
            kind="retriever",
            identity=f"bm25/1 bm25s {bm25s.__version__}",
            family="words",
            licence="MIT",
            params=0,
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
    """BM25 scores of documents for weighted words.

    Args:
        documents: the words of each, in order.
    """

    def __init__(self, documents: Sequence[Sequence[str]]):
        self.size = len(documents)
        self.words = tuple(sorted({word for words in documents for word in words}))
        """Every word that occurs, each once."""
        self._known = frozenset(self.words)
        self._index = bm25s.BM25(k1=K1, b=B)
        if self.words:
            self._index.index([list(words) for words in documents], show_progress=False)

    def score(self, weights: Mapping[str, float]) -> np.ndarray:
        """Sum over words of weight x BM25 score: (documents,) float32; unknown words add nothing."""
        alike: dict[float, list[str]] = {}
        for word, weight in weights.items():
            if word in self._known:
                alike.setdefault(weight, []).append(word)
        total = np.zeros(self.size, np.float32)
        for weight, words in alike.items():
            total += np.float32(weight) * self._index.get_scores(words)
        return total


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


def best_places(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(places, scores) of the k highest scores above 0; of equal ones the later place first."""
    found = np.flatnonzero(scores > 0)
    if len(found) > k:  # sort only what can be among the first k
        least = np.partition(scores[found], -k)[-k]
        found = found[scores[found] >= least]
    found = found[np.lexsort((-found, -scores[found]))][:k]
    return found, scores[found]


def text_of(item: Item) -> str:
    """All texts of an item."""
    return " ".join(part for part in item.parts if isinstance(part, str))


def split_words(text: str) -> list[str]:
    """Words in order; overlapping pairs of letters of a Thai run."""
    words: list[str] = []
    for word in WORD.findall(fold(text)):
        if THAI.match(word) and len(word) > 2:
            words += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            words.append(word)
    return words
