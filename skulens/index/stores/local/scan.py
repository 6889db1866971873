"""Vectors in memory, compared with all: a query costs one reading of them.

`index.exact` answers many queries at once and reads the norms of the gallery as it goes; here the
vectors stay, so that norms are known, and one query is one product of a matrix and a vector, of
one-byte copies where that pays (`coarse`). Selection is the same: of products whose errors are
bounded remain the few that can be among the k best, and these are scored in fixed point. So the
answer depends neither on a vector's place nor on what is read beside it, and equal vectors tie.
"""

from itertools import count

import numpy as np

from skulens.index.fixed_point import bound_rounding, fix, scores_of_all
from skulens.index.stores.local.coarse import GATHER, Coarse, make_coarse, norms

BLOCK = 4096
"""Rows that are scored at a time; up to so many are never read in one byte."""
WIDTH = 256
"""Scores of which the largest is looked at before the k best are sought: reading them is quick,
selecting from all is not."""
AFTER = 8
"""Scans in float32 before the one-byte copy, which takes as long as so many; a matrix that changes
sooner, or is read once, goes without."""


class Matrix:
    """Vectors of a column, one per row of a store.

    Args:
        vectors: (rows, dim) float32; a row with NaN has no vector and is never found. Kept, not
            copied.
        tie_rank: (rows,) integers, all different: of equal scores the row of smaller rank comes
            first. Default: the row of larger number.
    """

    def __init__(self, vectors: np.ndarray, tie_rank: np.ndarray | None = None):
        self.vectors = np.asarray(vectors, np.float32)
        size = len(self.vectors)
        self._tie_rank = np.arange(size, 0, -1) if tie_rank is None else np.asarray(tie_rank)
        self._sizes = norms(self.vectors)
        missing = ~np.isfinite(self._sizes)
        self._present = ~missing if missing.any() else None  # None: all
        self._largest = float(self._sizes[~missing].max(initial=0.0))
        self._coarse: Coarse | None = None
        self._scans = count()

    def __len__(self) -> int:
        """Rows, those without a vector too."""
        return len(self.vectors)

    @property
    def reads(self) -> str:
        """What a search reads first: "float32" or "int8"."""
        return "int8" if self._coarse else "float32"

    def search(
        self, vector: np.ndarray, k: int, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of highest inner product, best first.

        Args:
            vector: (dim,) float32 of length 1.
            mask: (rows,) bool: what may be found; None: all.
        Returns:
            rows (found,) int64 and scores (found,) float32; found is less than k where no more
            rows have a vector and satisfy the mask.
        """
        mask = self._allowed(mask)
        rows = None if mask is None else np.flatnonzero(mask)  # None: all
        coarse = self._copy() if len(self if rows is None else rows) > BLOCK else None
        if coarse is not None:
            near = contenders(*coarse.score(vector, rows), k)
            rows = near if rows is None else rows[near]
        error = bound_rounding(len(vector), np.linalg.norm(vector), self._largest)
        near = contenders(self._score(vector, rows), np.float32(error), k)
        return self._rank(vector, near if rows is None else rows[near], k)

    def _allowed(self, mask: np.ndarray | None) -> np.ndarray | None:
        """(rows,) bool: those of a mask that have a vector; None: all."""
        if self._present is None or mask is None:
            return self._present if mask is None else mask
        return mask & self._present

    def _copy(self) -> Coarse | None:
        """The one-byte copy, made after AFTER scans; in the meantime others read float32."""
        if next(self._scans) == AFTER:
            self._coarse = make_coarse(self.vectors, self._sizes)
        return self._coarse

    def _score(self, vector: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
        """(rows,) float32; few rows a block at a time, which stays in the processor's cache."""
        if rows is None:
            return self.vectors @ vector
        if GATHER * len(rows) > len(self):
            return (self.vectors @ vector)[rows]
        scores = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            np.matmul(self.vectors[rows[part]], vector, out=scores[part])
        return scores

    def _rank(self, vector: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k best of some rows, scored in fixed point."""
        asked, scores = fix(vector[None]), np.empty(len(rows), np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            scores[part] = scores_of_all(asked, fix(self.vectors[rows[part]]))[0]
        order = np.lexsort((self._tie_rank[rows], -scores))[:k]
        return rows[order], scores[order]


def contenders(scores: np.ndarray, errors: np.ndarray | np.float32, k: int) -> np.ndarray:
    """Places of all that may be among the k best where true scores are within `errors`."""
    if k >= len(scores):
        return np.arange(len(scores))
    low, high = scores - errors, scores + errors
    blocks = len(low) // WIDTH
    if blocks <= k:
        return np.flatnonzero(high >= least_of_best(low, k))
    # k blocks hold a score of at least this, so the k best of `low` are among what it leaves.
    tops = low[: blocks * WIDTH].reshape(blocks, WIDTH).max(axis=1)
    near = np.flatnonzero(high >= least_of_best(tops, k))
    return near[high[near] >= least_of_best(low[near], k)]


def least_of_best(scores: np.ndarray, k: int) -> np.floating:
    """The k-th largest, of at least k."""
    return np.partition(scores, len(scores) - k)[len(scores) - k]
