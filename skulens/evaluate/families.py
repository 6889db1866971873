"""Many systems at once: which pairs differ, ranks, tiers and letters, at 5 % for the whole family.

The first of a table is chosen by the same data that are tested: comparing all others with it is a
choice among all pairs. So all pairs are one family. Max T (Westfall and Young 1993, section 2.5):
where two systems are interchangeable, swapping what they did on a group is a coin toss; T is the
difference of a pair over the root of the sum of its squared group differences, which no swap
changes; and a pair differs where at most 5 % of the swaps give any pair a |T| as large as its own.

What is behind the first of a table is found in steps (Hansen, Lunde and Nason 2011; Romano and Wolf
2005): those behind it by more than the critical |T| of all pairs are set aside, then those by more
than that of the pairs of the rest, until nothing more is. One step alone would be as safe, and
blinder where most systems are far behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skulens.evaluate.compare import EQUAL
from skulens.evaluate.intervals import LEVEL

_BLOCK = 1024  # patterns handled at a time: their statistics stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Behind:
    """How all systems compare with one of them. Arrays are (systems,)."""

    first: int
    critical: np.ndarray
    """The |T| that a system must exceed to differ, at the step that decided it; NaN where it was
    not compared."""
    p: np.ndarray
    """Adjusted p-values: the share of swaps in which any pair of that step has as large a |T|. At
    most 5 % exactly where |T| exceeds `critical`."""


@dataclass(frozen=True)
class Family:
    """All pairs of systems, tested at once."""

    statistic: np.ndarray  # (systems, systems)
    """|T| of each pair; 0 where the two are equal on every group."""
    largest: np.ndarray = field(repr=False)  # (patterns, systems)
    """Largest |T| of each system with any other under every pattern, the one seen first."""
    reach: float
    """The largest |T| that any pair would have with all of its groups on one side. 0: no two
    systems differ on any group."""
    groups: int
    """Groups on which any two systems differ."""
    within: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    """Positions of some systems -> `largest` among these alone."""

    @cached_property
    def p(self) -> np.ndarray:
        """(systems, systems) adjusted p-values: the share of patterns in which any pair's |T| is as
        large as this one's."""
        p = _share_reached(self.largest.max(axis=1), self.statistic)
        np.fill_diagonal(p, 1.0)
        return p

    @cached_property
    def separated(self) -> np.ndarray:
        """(systems, systems) bool: pairs that differ, with 5 % for any error among all pairs."""
        return self.p <= LEVEL

    @cached_property
    def critical(self) -> float:
        """The |T| that a pair must exceed to be separated."""
        return float(_critical(self.largest.max(axis=1)))

    def behind(self, first: int, among: np.ndarray | None = None) -> Behind:
        """The systems `among` (default: all) compared with one of them, in steps."""
        left = np.arange(len(self.statistic)) if among is None else among
        limit, p = np.full((2, len(self.statistic)), np.nan)
        largest = self.largest.max(axis=1)
        while len(left) > 1:
            limit[left] = _critical(largest)
            p[left] = _share_reached(largest, self.statistic[first, left])
            kept = left[self.statistic[first, left] <= limit[left]]
            if len(kept) in (1, len(left)):
                break
            left, largest = kept, self.within(kept).max(axis=1)
        return Behind(first, limit, p)

    @cached_property
    def differs_from(self) -> np.ndarray:
        """(systems, systems) bool: the column differs from the row, with 5 % for any error among
        the comparisons of the row alone."""
        return self.statistic > _critical(self.largest)[:, None]

    @property
    def hopeless(self) -> bool:
        """Whether too few groups tell systems apart for any two to differ significantly, even with
        every group on one side."""
        return 0 < self.reach <= self.critical


def _critical(largest: np.ndarray) -> np.ndarray:
    """What at most 5 % of the patterns exceed: of (patterns,), or of each column."""
    may = int(LEVEL * len(largest) + EQUAL)
    return np.sort(largest, axis=0)[len(largest) - 1 - may] + EQUAL


def _share_reached(largest: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Share of the patterns (patterns,) that are as large as each of what was seen."""
    return 1 - np.searchsorted(np.sort(largest), seen - EQUAL) / len(largest)


def family_of_sums(flipped: np.ndarray, sums: np.ndarray) -> Family:
    """The family of systems whose differences are those of sums.

    Args:
        flipped: (patterns, systems) sums under every sign pattern, the one seen first.
        sums: (groups, systems).
    """
    spread = np.sqrt(_squared_differences(sums.T @ sums))
    weight = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    seen = np.abs(flipped[0][:, None] - flipped[0]) * weight
    one_sided = [np.abs(sums - own[:, None]).sum(axis=0) for own in sums.T]
    reach = float((np.array(one_sided) * weight).max(initial=0))

    def within(which: np.ndarray) -> np.ndarray:
        return _largest_of_pairs(flipped[:, which], weight[np.ix_(which, which)])

    groups = int((np.ptp(sums, axis=1) > EQUAL).sum()) if sums.size else 0
    return Family(seen, _largest_of_pairs(flipped, weight), reach, groups, within)


def _largest_of_pairs(flipped: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(patterns, systems) largest weighted difference of each system from any other."""
    largest = np.zeros(flipped.shape)
    for start in range(0, len(flipped), _BLOCK):
        block, found = flipped[start : start + _BLOCK], largest[start : start + _BLOCK]
        for j in range(flipped.shape[1] - 1):
            t = np.abs(block[:, j + 1 :] - block[:, j : j + 1]) * weight[j, j + 1 :]
            np.maximum(found[:, j], t.max(axis=1), out=found[:, j])
            np.maximum(found[:, j + 1 :], t, out=found[:, j + 1 :])
    return largest


def _squared_differences(products: np.ndarray) -> np.ndarray:
    """Sums of squares of all differences (systems, systems) from products: p_jj + p_kk - 2 p_jk."""
    own = np.diag(products)
    squares = own[:, None] + own - 2 * products
    return np.where(squares > 1e-12 * (own[:, None] + own), squares, 0.0)  # below: rounding


def invert_test(
    tops: np.ndarray, bottom: np.ndarray, critical: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of ratios sum(top) / sum(bottom), each (ratios,).

    An interval holds the ratios r for which |T| of top - r bottom, group by group, is at most
    `critical`: the solutions of a quadratic (Fieller 1954). Where ratios far off are not rejected
    it has one end or none; the others are infinite.

    Args:
        tops: (groups, ratios) differences of sums.
        bottom: (groups,) their common denominators.
        critical: (ratios,)
    """
    square, total = critical**2, tops.sum(axis=0)
    a = bottom.sum() ** 2 - square * (bottom @ bottom)
    b = bottom.sum() * total - square * (bottom @ tops)
    c = total**2 - square * (tops**2).sum(axis=0)  # above 0: r = 0 is rejected
    root = np.sqrt(np.maximum(b**2 - a * c, 0))
    low, high = np.full(len(total), -np.inf), np.full(len(total), np.inf)
    two = a > 0
    low[two], high[two] = ((b + s * root)[two] / a[two] for s in (-1, 1))
    for end, sign in ((low, 1), (high, -1)):
        one = ~two & (c > 0) & (sign * total > 0)
        end[one] = c[one] / (b + sign * root)[one]
    return low, high


def rank_sets(value: np.ndarray, differs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last rank (systems,) that are not ruled out (Mogstad, Romano, Shaikh and Wilhelm
    2024): 1 + systems surely above, and all less those surely below.

    Ranks of resamples would be narrower and hold the true rank less often than they say (Hall and
    Miller 2009).

    Args:
        value: (systems,) higher is better.
        differs: (systems, systems) bool: the column differs from the row.
    """
    above = differs & (value[None] > value[:, None])  # the column is above the row
    below = differs & (value[None] < value[:, None])
    return 1 + above.sum(axis=1), len(value) - below.sum(axis=1)


def assign_tiers(order: np.ndarray, family: Family) -> np.ndarray:
    """(systems,) the tier of each; see `Ranking.tier`.

    Args:
        order: positions of the systems, best first.
    """
    tier, left, number = np.zeros(len(order), int), order, 0
    while len(left):
        number += 1
        apart = family.behind(left[0], left).p[left] <= LEVEL
        tier[left[~apart]] = number
        left = left[apart]
    return tier


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
    """First rank of the 95 % set of this model alone, from 1: 1 + models surely above it, with 5 %
    for any error among its own comparisons."""
    rank_high: np.ndarray
    """Last rank of that set: models - models surely below."""
    rank_low_all: np.ndarray
    """First rank of sets that hold for all models at once in 95 %: from `separated` pairs."""
    rank_high_all: np.ndarray
    """Last rank of that set."""
    tier: np.ndarray
    """From 1: all that do not differ significantly from the first; of the rest, all that do not
    from the first of those; and so on (`Family.behind`)."""
    family: Family = field(repr=False)
    """The test of all pairs."""

    @property
    def separated(self) -> np.ndarray:
        """(models, models) bool: significantly different, with 5 % for any error in all pairs."""
        return self.family.separated

    @property
    def best(self) -> np.ndarray:
        """(models,) bool: not significantly different from the first. Holds all of the truly best
        ones, however many are equally good, 95 % of the time."""
        return self.tier == 1

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """Two models share a letter exactly when they are not `separated`; the first has "a"."""
        return letters(self.separated, self.order)


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
