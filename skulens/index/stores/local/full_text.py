"""Full text of the products of a store in memory: BM25 of their words and, for less, their grams."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from skulens.index.bm25 import WordIndex, best_places
from skulens.index.stores.words import ENOUGH, GRAM_WEIGHT, grams, missing_words, split

SPARE = 1000
"""Dropped texts that are kept until they outnumber those that are there."""


class FullText:
    """Texts of products, brought up to date by what changed since the last query.

    A row's score is BM25 of the words that it shares with the query, plus GRAM_WEIGHT x BM25 of the
    grams of those words that are not found (`words.missing_words`). Both depend on the texts that
    are there, not on those that were.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._words, self._grams = WordIndex(), WordIndex()
        self._held: dict[str, tuple[str, int]] = {}  # id -> text, place in the indexes
        self._rows = np.empty(0, np.int64)  # (rows,) place of each row
        self._texts: list[str] = []  # of each row

    def follow(self, texts: Mapping[str, str]) -> None:
        """Hold these texts, id by id, and no others; rows are in their order."""
        if self._words.size - len(self._held) > max(SPARE, len(texts)):
            self._clear()
        for gone in [i for i in self._held if i not in texts]:
            self._drop(gone)
        for i, text in texts.items():
            if i not in self._held or self._held[i][0] != text:
                self._put(i, text)
        self._texts = list(texts.values())
        self._rows = np.fromiter((self._held[i][1] for i in texts), np.int64, len(texts))

    def _put(self, product: str, text: str) -> None:
        if product in self._held:
            self._drop(product)
        self._held[product] = text, self._words.append(split(text))
        self._grams.append(grams(text))

    def _drop(self, product: str) -> None:
        _, place = self._held.pop(product)
        self._words.drop(place)
        self._grams.drop(place)

    def search(
        self,
        text: str,
        k: int,
        mask: np.ndarray | None = None,
        tie_rank: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of highest score, best first; those that share nothing are left out.

        Args:
            mask: (rows,) bool: what may be found; None: all.
            tie_rank: (rows,) integers: of equal scores the smaller first; None: the later row.
        Returns:
            rows (found,) int64 and scores (found,) float32.
        """
        scores = self._score(self._words, split(text), mask)
        rows, high = best_places(scores, max(k, ENOUGH), tie_rank)
        missing = missing_words(text, [self._texts[row] for row in rows[:ENOUGH]])
        if not missing:
            return rows[:k], high[:k]
        letters = [gram for word in missing for gram in grams(word)]
        scores += np.float32(GRAM_WEIGHT) * self._score(self._grams, letters, mask)
        return best_places(scores, k, tie_rank)

    def _score(self, index: WordIndex, asked: list[str], mask: np.ndarray | None) -> np.ndarray:
        """(rows,) float32; 0 where a row shares nothing with the query, or is not in the mask."""
        scores = index.score(Counter(asked))[self._rows]
        if mask is not None:
            scores[~mask] = 0
        return scores
