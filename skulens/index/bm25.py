"""BM25 over the words of queries and products: the baseline that looks at no picture.

Words are what stands between spaces and punctuation, case-folded; Thai, written without spaces,
is cut into pairs of letters. Okapi BM25 as bm25s computes it (Lù 2024), k1 = 1.5, b = 0.75.
"""

import re
from collections.abc import Mapping, Sequence

import bm25s
import numpy as np

from skulens.records import Item, Query, Run, SystemInfo
from skulens.values.text import fold

WORD = re.compile(r"[\u0e00-\u0e7f]+|[^\W_]+(?:['.-][^\W_]+)*")
THAI = re.compile(r"[\u0e00-\u0e7f]")


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
            about={"k1": 1.5, "b": 0.75, "modalities": ["text"]},
        )

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query by their best item; those that share no word are left out.

        Equal scores: larger product id first, as in every Run.
        """
        documents = [split_words(text_of(item)) for item in gallery]
        known = {word for words in documents for word in words}
        index = bm25s.BM25(k1=1.5, b=0.75)
        if known:
            index.index(documents, show_progress=False)
        found: dict[str, Mapping[str, float]] = {}
        for query in queries:
            words = [w for w in split_words(text_of(query.item)) if w in known]
            scores = index.get_scores(words) if words else np.zeros(len(gallery), np.float32)
            found[query.id] = best_of(scores, gallery, k)
        return Run.of(found)


def best_of(scores: np.ndarray, gallery: Sequence[Item], k: int) -> dict[str, float]:
    """Product -> score of its best item, the k highest of those above 0; scores (items,)."""
    best: dict[str, float] = {}
    for i in np.flatnonzero(scores > 0):
        item = gallery[int(i)].id
        best[item] = max(best.get(item, 0.0), float(scores[i]))
    ranked = sorted(best.items(), key=lambda found: (found[1], found[0]), reverse=True)
    return dict(ranked[:k])


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
