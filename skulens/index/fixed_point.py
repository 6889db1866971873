"""Inner products that do not depend on the order of their additions.

A float32 matrix product may differ in its last bit between two equal vectors, because BLAS
computes the edge of a block with another kernel than its middle, and a machine with another
processor adds in another order. Ranks among near-equal products would then be an accident.

Here every vector is rounded once to integers, scaled so that its norm is between 0.7 and 1.4
times 2**26. By Cauchy and Schwarz every partial sum of a product of two such vectors stays below
2**53, up to where float64 counts exactly: whatever the order of additions, the block, the number
of threads or the BLAS, the sum is the same integer. So equal vectors get equal scores, everywhere.

On unit vectors of 512 dimensions the rounding moves scores by 6e-9 (root mean square), below the
error of the float32 product itself.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from skulens.errors import DataError

BITS = 26
_REACH = 1.4
"""A vector's integers have a norm of at most REACH * 2**BITS: (1.4 * 2**26)**2 < 2**53. Not 1,
so that unit vectors, the usual case, do not fall just above a power of two and lose a bit."""


RUN = 4
"""Pairs of one query, on average, from which on they are scored as one product of a matrix."""
_ROWS = 256  # vectors rounded at a time: they stay in the processor's cache
Norms = TypeVar("Norms", np.ndarray, np.floating)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Vectors as integers times a power of two: vector = integers * scales[:, None]."""

    integers: np.ndarray
    """(n, dim) int32; each row's norm is at most 1.4 * 2**26."""
    scales: np.ndarray
    """(n,) float64, powers of two."""

    def __getitem__(self, rows: slice) -> "Fixed":
        return Fixed(self.integers[rows], self.scales[rows])


def bound_rounding(dim: int, sizes: Norms, largest: float) -> Norms:
    """Bound on |float32 product - fixed-point score| of queries and vectors, in the shape of `sizes`.

    |fl(q.g) - q.g| <= dim * u / (1 - dim * u) * |q| |g| for any order of additions (Higham
    2002, eq. 3.5), u = 2**-24; the rest covers fixed-point rounding and the float32 score.

    Args:
        sizes: norms of the queries.
        largest: norm of the longest vector.
    """
    relative = (dim + 2 * np.sqrt(dim) + 8) * 2.0**-24 * 1.01
    return relative * sizes * largest + 1e-37  # last term: subnormal products


def fix(vectors: np.ndarray) -> Fixed:
    """Round vectors (n, dim) to fixed point. What a row becomes depends on that row alone.

    Raises:
        DataError: a vector holds NaN or infinity; names its row.
    """
    fixed = Fixed(np.empty(vectors.shape, np.int32), np.empty(len(vectors)))
    for start in range(0, len(vectors), _ROWS):
        part = slice(start, start + _ROWS)
        x = np.asarray(vectors[part], np.float64)  # (rows, dim)
        exponent = _exponents(x, start)
        fixed.integers[part] = np.rint(x * np.ldexp(1.0, BITS - exponent)[:, None])
        fixed.scales[part] = np.ldexp(1.0, exponent - BITS)
    return fixed


def _exponents(x: np.ndarray, first: int) -> np.ndarray:
    """(rows,) least whole e, or the next, with |row| < REACH * 2**e.

    The norm must be bounded without rounding errors of its own, or two equal vectors could get
    different exponents: so it is summed over integers small enough for the sum to be exact.
    """
    dim = x.shape[1]
    largest = np.maximum(x.max(axis=1, initial=0.0), -x.min(axis=1, initial=0.0))
    check_finite(largest, first)
    coarse = np.frexp(largest)[1]  # |x| < 2**coarse
    bits = (52 - int(np.ceil(np.log2(max(dim, 2))))) // 2
    small = np.rint(x * np.ldexp(1.0, bits - coarse)[:, None])
    bound = np.sqrt(np.einsum("nd,nd->n", small, small)) + np.sqrt(dim) / 2
    return np.frexp(bound / _REACH)[1] + coarse - bits


def scores_of_all(queries: Fixed, gallery: Fixed) -> np.ndarray:
    """Inner products (queries, gallery) float32; the exact sums, rounded once."""
    products = queries.integers.astype(np.float64) @ gallery.integers.astype(np.float64).T
    products *= queries.scales[:, None]
    products *= gallery.scales
    return products.astype(np.float32) + np.float32(0)  # -0 and 0 must tie


def scores_of_pairs(
    queries: Fixed, gallery: Fixed, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Inner products of queries[rows[i]] and gallery[columns[i]], (pairs,) float32.

    The same bits as `scores_of_all` at those places.
    """
    found = np.empty(len(rows), np.float32)
    edges = np.flatnonzero(np.diff(rows, prepend=-1, append=-1))  # runs of one query each
    if len(edges) - 1 > len(rows) // RUN:
        return _scores_of_few(queries, gallery, rows, columns)
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        row, mine = rows[start], columns[start:end]
        found[start:end] = (
            gallery.integers[mine].astype(np.float64)
            @ queries.integers[row].astype(np.float64)
            * queries.scales[row]
            * gallery.scales[mine]
        )
    return found + np.float32(0)


def _scores_of_few(
    queries: Fixed, gallery: Fixed, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """`scores_of_pairs` where hardly any two pairs in a row are of one query."""
    found = np.empty(len(rows), np.float32)
    step = max(1, (1 << 17) // max(queries.integers.shape[1], 1))  # 1 MB of float64 a side
    for start in range(0, len(rows), step):
        r, c = rows[start : start + step], columns[start : start + step]
        a, b = queries.integers[r].astype(np.float64), gallery.integers[c].astype(np.float64)
        found[start : start + step] = (
            np.einsum("nd,nd->n", a, b) * queries.scales[r] * gallery.scales[c]
        )
    return found + np.float32(0)


def check_finite(sizes: np.ndarray, first: int = 0) -> None:
    """Raise DataError naming the first vector whose size is NaN or infinite."""
    bad = np.flatnonzero(~np.isfinite(sizes))
    if len(bad):
        raise DataError(
            f"vector {first + bad[0]} holds NaN, infinity or values too large for float32 "
            f"({len(bad)} such of {len(sizes)}); encode it again or leave it out"
        )
