"""Vectors as whole numbers of one byte: a quarter to read, with errors that are known.

A scan costs what it reads. So a copy of one byte per value is read, which leaves the few rows that
can be among the best, and only those are read in float32. Nothing is lost: with g the vector, G its
copy, q and Q the same of the query,

    |q.g - Q.G| <= |q| |g - G| + |q - Q| |G|

and |q|, |q - Q|, |g - G| and |G| <= |g| + |g - G| are known, those of rows since the copy was made.
"""

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

LEAST = 1 << 24
"""Values of a matrix from which on a copy is tried; below, float32 takes 2 ms or less. It is tried
with so many: fewer would stay in the processor's cache, where float32 is read as quickly."""
PAYS = 0.7
"""The copy is kept where reading a part of it takes less than this share of the float32 time."""
ROUNDED = 1 + 1e-4
"""Room for what float32 rounds in scores and errors; it needs a hundredth of it."""
PRODUCTS = 2.0**-21
"""What rounding adds to a score: of a whole number and two products in float32, relative to |q| |g|."""
GATHER = 6
"""Fewer than one in so many rows are gathered; of more, all are read and some dropped."""
_ROWS = 256  # converted at a time: they stay in the processor's cache


class Coarse:
    """One-byte copies of vectors, each row with its own scale.

    Args:
        vectors: (rows, dim) float32.
        sizes: (rows,) their norms; rows whose norm is not finite become 0.
    Raises:
        ImportError: simsimd is not installed; numpy has no fast product of such numbers.
    """

    def __init__(self, vectors: np.ndarray, sizes: np.ndarray):
        from simsimd import cdist

        self._multiply = cdist
        self._bytes = np.empty(vectors.shape, np.int8)
        self._scales, self._errors = np.empty((2, len(vectors)), np.float32)
        for start in range(0, len(vectors), _ROWS):
            part = slice(start, start + _ROWS)
            block = vectors[part]
            if not np.isfinite(sizes[part]).all():
                block = np.where(np.isfinite(sizes[part])[:, None], block, np.float32(0))
            self._bytes[part], self._scales[part], self._errors[part] = shrink(block)
        self._sizes = sizes + self._errors  # at least those of the copies

    def score(self, vector: np.ndarray, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """(scores, errors) float32 of all rows, or some: the true scores are within the errors."""
        asked, [scale], [error] = shrink(vector[None])
        size = np.linalg.norm(vector)
        of_errors = np.float32(size * ROUNDED)
        of_sizes = np.float32((error + size * PRODUCTS) * ROUNDED)
        some = slice(None) if rows is None else rows
        scores = self._multiply_some(asked, rows)
        scores *= self._scales[some]
        scores *= scale
        errors = self._errors[some] * of_errors
        errors += self._sizes[some] * of_sizes
        return scores, errors

    def _multiply_some(self, asked: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
        """(rows,) float32: products of the query's bytes and those of the rows."""
        few = rows is not None and GATHER * len(rows) < len(self._bytes)
        held = self._bytes[rows] if few else self._bytes
        products = np.empty((1, len(held)), np.float32)
        self._multiply(asked, held, metric="inner", out=products, out_dtype="f32")
        return products[0] if few or rows is None else products[0][rows]


def make_coarse(vectors: np.ndarray, sizes: np.ndarray) -> Coarse | None:
    """A copy of vectors, where they are many and it is faster to read."""
    if vectors.size < LEAST or find_spec("simsimd") is None:
        return None
    rows, one = -(-LEAST // vectors.shape[1]), np.ones(vectors.shape[1], np.float32)
    sample = vectors[:rows]
    tried = Coarse(sample, sizes[:rows])
    if best_s(lambda: tried.score(one, None)) > PAYS * best_s(lambda: sample @ one):
        return None
    return Coarse(vectors, sizes)


def best_s(work: Callable[[], object]) -> float:
    """Least wall seconds of a few calls."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def shrink(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors (n, dim) as bytes times a scale.

    Returns:
        bytes (n, dim) int8, scales (n,) and |vector - bytes * scale| (n,), both float32.
    """
    scales = np.maximum(vectors.max(axis=1), -vectors.min(axis=1)) / np.float32(127)
    scales[scales == 0] = 1
    whole = vectors / scales[:, None]
    np.rint(whole, out=whole)
    copies = whole.astype(np.int8)
    whole *= scales[:, None]
    np.subtract(vectors, whole, out=whole)
    return copies, scales, norms(whole)


def norms(vectors: np.ndarray) -> np.ndarray:
    """(n,) float32; NaN or infinite where a row holds such a number."""
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
