"""Is A better than B: paired tests over groups. `families` tests many systems at once.

Two models answer the same photos, and photos of one SKU succeed or fail together, so what is
compared is one difference per SKU. Under the null hypothesis that A and B are interchangeable, the
sign of each SKU's difference is a coin toss (Fisher 1935, section 21; for retrieval, Smucker,
Allan and Carterette 2007): the p-value is the share of sign patterns that give a difference at
least as far from 0 as the one seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import (
    LEVEL,
    Grouped,
    difference_intervals,
)

PATTERNS = 10_000
"""Sign patterns tried where there are too many to try all."""
EXACT = 12
"""Up to this many groups, all 2^groups are tried."""
_CELLS = 1 << 22  # entries of a matrix of signs held at a time: 32 MB
EQUAL = 1e-9  # sums closer than this are equal: their terms were added in another order


@dataclass(frozen=True, slots=True)
class Difference:
    """mean(A) - mean(B), its 95 % interval, the p-value of the paired test. NaN where unknown."""

    value: float
    low: float
    high: float
    p: float
    n: int
    """Queries that both answer."""
    groups: int
    """Units whose signs were flipped: SKUs."""
    p_least: float = np.nan
    """The smallest p that so many groups and sign patterns can give."""
    patterns: int = 0
    """Sign patterns drawn at random; 0: all were tried."""


def compare(
    a: np.ndarray,
    b: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int = 0,
    macro: bool = False,
) -> Difference:
    """Paired difference of two runs on the same queries.

    The interval is `intervals.difference_intervals`, the p-value `sign_flip_test`. They answer
    nearly the same question and nearly always agree; with five groups or fewer p cannot be below
    0.06, whatever the interval says.

    Args:
        a, b: values per query, (queries,), in [0, 1]; NaN: no relevant product. Queries that
            either lacks are left out.
        groups: group number of each query, (queries,), from 0.
        macro: mean over groups of the mean within each, instead of the mean over queries.
    Raises:
        DataError: the three are not equally long, groups are not numbered, or values are outside
            [0, 1].
    """
    a, b, groups = np.asarray(a, float), np.asarray(b, float), np.asarray(groups)
    _check_pair(a, b, groups)
    grouped = Grouped.of((a - b)[:, None], groups.astype(np.int64))
    ratio = grouped.macro() if macro else grouped.micro()
    [found] = difference_intervals(ratio)
    p, least, drawn = np.nan, np.nan, 0
    if found.n:
        p = float(sign_flip_test(ratio.top, seed=seed)[0])
        drawn, least = smallest_p(int(ratio.top.any(axis=1).sum()))
    return Difference(found.value, found.low, found.high, p, found.n, found.groups, least, drawn)


def _check_pair(a: np.ndarray, b: np.ndarray, groups: np.ndarray) -> None:
    if not a.shape == b.shape == groups.shape or a.ndim != 1:
        raise DataError(
            "compare needs one value of each run and one group per query, "
            f"got {a.shape}, {b.shape} and {groups.shape}; "
            "give both runs the same queries in the same order"
        )
    if len(groups) and (groups.dtype.kind not in "iu" or groups.min() < 0):
        raise DataError(
            f"groups must be numbers from 0, got {groups[:3].tolist()}; "
            "scores.number_groups makes them"
        )
    both = np.r_[a, b]
    wrong = both[(both < 0) | (both > 1)]
    if len(wrong):
        raise DataError(
            f"expected values between 0 and 1 per query, got {wrong[0]:g}; "
            "divide percentages by 100"
        )


def sign_flip_test(differences: np.ndarray, patterns: int = PATTERNS, seed: int = 0) -> np.ndarray:
    """Two-sided p-values (comparisons,) of sums of per-group differences (groups, comparisons).

    The null hypothesis: a sum is 0. Exact for up to 12 groups that differ at all. Of more, the
    pattern seen and random ones are counted, so that p is (1 + as far) / (1 + patterns): it holds
    its level at any number of patterns (Phipson and Smyth 2010, eq. 2).
    """
    differences = differences[differences.any(axis=1)]
    return p_values(
        np.concatenate([s @ differences for s in sign_patterns(len(differences), patterns, seed)])
    )


def sign_patterns(groups: int, patterns: int = PATTERNS, seed: int = 0) -> Iterator[np.ndarray]:
    """Blocks (patterns, groups) of 1 and -1: all there are for up to 12 groups, else random ones.

    The first pattern is the one seen: all 1.

    Raises:
        DataError: fewer random ones than any p-value of 5 % takes.
    """
    if groups <= EXACT:
        yield 1.0 - 2 * (np.arange(1 << groups)[:, None] >> np.arange(groups) & 1)
        return
    if 1 / (1 + patterns) > LEVEL:
        raise DataError(
            f"with {patterns} sign patterns no p-value can reach {LEVEL:g}; give at least "
            f"{round(1 / LEVEL) - 1}, better {PATTERNS:,}"
        )
    yield np.ones((1, groups))
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // groups)
    for start in range(0, patterns, step):
        yield 1.0 - 2 * rng.integers(0, 2, (min(step, patterns - start), groups), np.int8)


def smallest_p(groups: int, patterns: int = PATTERNS) -> tuple[int, float]:
    """(random patterns drawn, smallest p) of a test of so many groups that differ.

    All are tried up to `EXACT` groups: with every group on one side only the pattern seen and its
    mirror image are as far from 0.
    """
    if groups <= EXACT:
        return 0, min(1.0, 2 / 2**groups)
    return patterns, 1 / (1 + patterns)


def patterns_for(comparisons: int, patterns: int = PATTERNS) -> int:
    """Enough sign patterns for Holm's correction over so many comparisons: at the strictest step,
    5 % / comparisons, at least ten of them lie beyond."""
    return max(patterns, round(10 * comparisons / LEVEL))


def p_values(sums: np.ndarray) -> np.ndarray:
    """(comparisons,) share of sign patterns at least as far from 0 as the first.

    Args:
        sums: (patterns, comparisons), the pattern seen first.
    """
    far = np.abs(sums)
    return (far >= far[0] - EQUAL).mean(axis=0)


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjusted p-values, in the order given (Holm 1979, step-down).

    Rejecting those up to a level keeps the chance of any false rejection in the family at that
    level or below, however the comparisons depend on one another.
    """
    raw = np.asarray(p, float)
    order = np.argsort(raw, kind="stable")
    adjusted = np.empty(len(raw))
    steps = raw[order] * np.arange(len(raw), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted
