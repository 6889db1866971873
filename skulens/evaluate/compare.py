"""Is A better than B, and which models differ significantly: paired tests over groups.

Two models answer the same photos, and photos of one SKU succeed or fail together, so what is
compared is one difference per SKU. Under the null hypothesis that A and B are interchangeable, the
sign of each SKU's difference is a coin toss (Fisher 1935, section 21; for retrieval, Smucker,
Allan and Carterette 2007): the p-value is the share of sign patterns that give a difference at
least as far from 0 as the one seen.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import (
    LEVEL,
    RESAMPLES,
    Grouped,
    difference_intervals,
    margins,
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
    """Units that were resampled, and whose signs were flipped."""


def compare(
    a: np.ndarray,
    b: np.ndarray,
    groups: np.ndarray,
    *,
    resamples: int = RESAMPLES,
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
    [found] = difference_intervals(ratio, resamples, seed)
    p = float(sign_flip_test(ratio.top, seed=seed)[0]) if found.n else np.nan
    return Difference(found.value, found.low, found.high, p, found.n, found.groups)


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
    """
    if groups <= EXACT:
        yield 1.0 - 2 * (np.arange(1 << groups)[:, None] >> np.arange(groups) & 1)
        return
    yield np.ones((1, groups))
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // groups)
    for start in range(0, patterns, step):
        yield 1.0 - 2 * rng.integers(0, 2, (min(step, patterns - start), groups), np.int8)


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


@dataclass(frozen=True)
class Ranking:
    """Models ordered by their mean, with how far that order can be trusted.

    All arrays are (models,) in the order in which the models were given, except `order`.
    """

    order: np.ndarray
    """Positions of the models, best first; equal means in the order given."""
    value: np.ndarray
    low: np.ndarray
    """Ends of the 95 % interval of each mean."""
    high: np.ndarray
    rank_low: np.ndarray
    """First rank of the 95 % interval, from 1: 1 + models whose paired difference from this one
    lies above 0."""
    rank_high: np.ndarray
    """Last rank of the interval: models - models whose paired difference lies below 0."""
    tier: np.ndarray
    """From 1: all that do not differ significantly from the first; of the rest, all that do not
    from the first of those; and so on (sign flips, Holm over the comparisons with that first)."""
    separated: np.ndarray = field(repr=False)
    """(models, models) bool: significantly different, with 5 % for any error in all pairs."""

    @property
    def best(self) -> np.ndarray:
        """(models,) bool: not significantly different from the first; holds the truly best one 95 %
        of the time."""
        return self.tier == 1

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """Two models share a letter exactly when they are not `separated`; the first has "a"."""
        return letters(self.separated, self.order)


def rank_intervals(
    value: np.ndarray, resampled: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """First and last rank (models,), from paired 95 % intervals of all differences.

    As `difference_intervals`, for all pairs from one covariance matrix. Ranks of the resamples
    themselves would be narrower and hold the true rank less often than they say (Hall and Miller
    2009; our simulation in docs/log.md).
    """
    resampled = resampled[~np.isnan(resampled).any(axis=1)]
    covariance = np.atleast_2d(np.cov(resampled, rowvar=False, bias=True))
    half = margins(_of_differences(covariance), np.array(groups))
    # (models, models): the column beats the row
    above = value[None] - value[:, None] > half + 1e-12
    return 1 + above.sum(axis=1), len(value) - above.sum(axis=0)


def _of_differences(products: np.ndarray) -> np.ndarray:
    """Variances of all differences (models, models) from covariances: v_jj + v_kk - 2 v_jk."""
    own = np.diag(products)
    variance = own[:, None] + own[None] - 2 * products
    return np.where(variance > 1e-12 * (own[:, None] + own[None]), variance, 0.0)  # below: rounding


def assign_tiers(order: np.ndarray, behind: Callable[[int, np.ndarray], np.ndarray]) -> np.ndarray:
    """(models,) the tier of each; see `Ranking.tier`.

    Args:
        order: positions of the models, best first.
        behind: (model, others) -> its difference from each other one under every pattern,
            (patterns, others); the first pattern is the one seen.
    """
    tier, left, number = np.zeros(len(order), int), order, 0
    while len(left):
        number += 1
        p = holm(p_values(behind(int(left[0]), left[1:])))
        alike = np.r_[True, p > LEVEL]
        tier[left[alike]] = number
        left = left[~alike]
    return tier


def separate_pairs(flipped: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """(models, models) bool: which pairs differ, at 5 % for any mistake in the family of all pairs.

    Single-step max T (Westfall and Young 1993, section 2.5): a pair differs where its |T| is
    reached by the largest |T| of all pairs in at most 5 % of the sign patterns. T is the difference
    of `sums` (groups, models), added up, over the root of its squares, which no sign pattern
    changes.

    Args:
        flipped: (patterns, models) sums under every sign pattern, the one seen first.
    """
    spread = np.sqrt(_of_differences(sums.T @ sums))
    spread[spread == 0] = np.inf  # the same everywhere
    largest = np.zeros(len(flipped))
    for start in range(0, len(flipped), 1024):  # stays in cache
        block = flipped[start : start + 1024]
        for j in range(block.shape[1] - 1):
            t = np.abs(block[:, j + 1 :] - block[:, j : j + 1]) / spread[j, j + 1 :]
            np.maximum(
                largest[start : start + 1024],
                t.max(axis=1),
                out=largest[start : start + 1024],
            )
    seen = np.abs(flipped[0][:, None] - flipped[0][None]) / spread
    return _reached(largest, seen)


def separate_any(
    models: int,
    difference: Callable[[int, int], np.ndarray],
    spread: Callable[[int, int], float],
) -> np.ndarray:
    """`separate_pairs` where the difference of a pair is not one of two sums.

    Args:
        difference: (j, k) -> (patterns,) their difference under every pattern, the one seen first.
        spread: (j, k) -> what makes differences of pairs comparable; no pattern changes it.
    """
    seen, largest = np.zeros((models, models)), np.zeros(1)
    for j in range(models):
        for k in range(j + 1, models):
            if not (scale := spread(j, k)):
                continue
            t = np.abs(np.nan_to_num(difference(j, k))) / scale
            seen[j, k] = seen[k, j] = t[0]
            largest = np.maximum(largest, t)
    return _reached(largest, seen)


def _reached(largest: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Which of the |T| seen are reached by the largest of a pattern at most 5 % of the time."""
    reached = len(largest) - np.searchsorted(np.sort(largest), seen - EQUAL)
    return reached / len(largest) <= LEVEL


def letters(separated: np.ndarray, order: np.ndarray) -> tuple[str, ...]:
    """Compact letter display (Piepho 2004): (models,) the letters of each.

    Every letter stands for a largest set of models of which no two are separated, so that two
    models share a letter exactly when they are not separated. Sets are lettered by their first
    members; past "z" letters are "aa", "ab", ... and stand apart by spaces.
    """
    alike = ~separated[np.ix_(order, order)]
    sets = sorted(sorted(s) for s in _largest_sets(alike))
    names = [_letter(i) for i in range(len(sets))]
    of_rank = [
        [name for name, s in zip(names, sets, strict=True) if rank in s]
        for rank in range(len(order))
    ]
    found = np.empty(len(order), object)
    found[order] = [("" if len(names) <= 26 else " ").join(own) for own in of_rank]
    return tuple(found)


def _largest_sets(alike: np.ndarray) -> list[set[int]]:
    """Maximal cliques of a graph (nodes, nodes) (Bron and Kerbosch 1973, with Tomita's pivot)."""
    near = [set(np.flatnonzero(row)) - {i} for i, row in enumerate(alike)]
    found: list[set[int]] = []
    open_sets: list[tuple[set[int], set[int], set[int]]] = [(set(), set(range(len(near))), set())]
    while open_sets:
        chosen, may, done = open_sets.pop()
        if not may and not done:
            found.append(chosen)
            continue
        pivot = max(may | done, key=lambda node: len(may & near[node]))
        for node in may - near[pivot]:
            open_sets.append((chosen | {node}, may & near[node], done & near[node]))
            may, done = may - {node}, done | {node}
    return found


def _letter(number: int) -> str:
    """0 -> a, 25 -> z, 26 -> aa."""
    first = _letter(number // 26 - 1) if number >= 26 else ""
    return first + chr(ord("a") + number % 26)
