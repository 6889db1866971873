"""Swaps of whole groups between two systems that have denominators of their own.

Precision, for example, is a ratio of a system's own claims: top and bottom are swapped together.
With x and y the signed sums of the differences of top and bottom, and S and B the sums of both
tops and of both bottoms, the difference under a pattern is (S + x) / (B + y) - (S - x) / (B - y).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skulens.evaluate.compare import EQUAL
from skulens.evaluate.families import Family
from skulens.evaluate.intervals import mean_of_parts
from skulens.evaluate.scores import Measure

_CELLS = 1 << 18  # signed sums held at a time, twice: 4 MB


@dataclass(frozen=True)
class Swap:
    """Two measures whose groups are swapped."""

    a: Measure
    b: Measure

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Pooled top and bottom, (parts,) each."""
        return (self.a.top + self.b.top).sum(axis=0), (self.a.bottom + self.b.bottom).sum(axis=0)

    def differences(self, signs: np.ndarray, where: np.ndarray) -> np.ndarray:
        """(patterns,) value(A) - value(B) under each pattern of signs (patterns, groups).

        Args:
            where: (all groups,) bool: those that signs are of.
        """
        x = signs @ (self.a.top - self.b.top)[where]
        y = signs @ (self.a.bottom - self.b.bottom)[where]
        return difference_of_ratios(*self._sums, x, y)

    @cached_property
    def influences(self) -> np.ndarray:
        """(groups,) what each group adds to the difference."""
        top, bottom = self._sums
        known = bottom > 0
        pooled = np.divide(top, bottom, out=np.zeros_like(top), where=known)
        scale = np.divide(2.0, bottom, out=np.zeros_like(bottom), where=known)
        moved = (self.a.top - self.b.top) - pooled * (self.a.bottom - self.b.bottom)
        return (moved * scale).sum(axis=1) / max(known.sum(), 1)

    def spread(self) -> float:
        """Root of the sum of squares of the groups' influences; no swap changes it."""
        return float(np.sqrt(self.influences @ self.influences))


def difference_of_ratios(
    top: np.ndarray, bottom: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """(top + x) / (bottom + y) - (top - x) / (bottom - y), each a mean over parts, the last axis."""
    return mean_of_parts(_over(top + x, bottom + y)) - mean_of_parts(_over(top - x, bottom - y))


def _over(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom; NaN where the bottom is 0, that is, below EQUAL."""
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > EQUAL)


def family_of_swaps(
    measures: Sequence[Measure],
    differing: np.ndarray,
    make_signs: Callable[[], Iterable[np.ndarray]],
) -> Family:
    """The family of systems that have denominators of their own.

    Args:
        differing: (groups,) bool: groups on which any two systems differ.
        make_signs: gives blocks (patterns, differing groups), the pattern seen first, the same each
            time.
    """
    systems = len(measures)
    weight, reach = np.zeros((systems, systems)), 0.0
    for j, k in itertools.combinations(range(systems), 2):
        swap = Swap(measures[j], measures[k])
        if spread := swap.spread():
            weight[j, k] = weight[k, j] = 1 / spread
            reach = max(reach, float(np.abs(swap.influences).sum() / spread))

    def within(which: np.ndarray) -> np.ndarray:
        some, inner = [measures[i] for i in which], weight[np.ix_(which, which)]
        found = [_largest_of(moved, inner) for moved in _flip_pairs(some, differing, make_signs())]
        return np.concatenate(found)

    seen = np.zeros((systems, systems))
    first = next(_flip_pairs(measures, differing, make_signs()))
    for j, differences in enumerate(first[: systems - 1]):
        seen[j, j + 1 :] = seen[j + 1 :, j] = np.abs(differences[0]) * weight[j, j + 1 :]
    return Family(seen, within(np.arange(systems)), reach, int(differing.sum()), within)


def _largest_of(moved: Sequence[np.ndarray], weight: np.ndarray) -> np.ndarray:
    """(patterns, systems) largest weighted difference of each system from any other."""
    found = np.zeros((len(moved[0]), len(weight)))
    for j, differences in enumerate(moved):
        t = np.abs(differences) * weight[j, j + 1 :]
        np.maximum(found[:, j], t.max(axis=1, initial=0), out=found[:, j])
        np.maximum(found[:, j + 1 :], t, out=found[:, j + 1 :])
    return found


def _flip_pairs(
    measures: Sequence[Measure], differing: np.ndarray, signs: Iterable[np.ndarray]
) -> Iterator[list[np.ndarray]]:
    """For each block of patterns, system by system, its differences from all later ones (patterns,
    later ones); 0 where unknown."""
    tops, bottoms = (  # (differing groups, systems, parts)
        np.stack([getattr(m, side)[differing] for m in measures], axis=1)
        for side in ("top", "bottom")
    )
    pooled = [
        np.stack([getattr(m, side).sum(axis=0) for m in measures]) for side in ("top", "bottom")
    ]
    step = max(1, _CELLS // max(pooled[0].size, 1))
    for block in signs:
        for start in range(0, len(block), step):
            rows = block[start : start + step]
            sums = [np.tensordot(rows, side, 1) for side in (tops, bottoms)]
            yield [
                np.nan_to_num(
                    difference_of_ratios(
                        *(s[j] + s[j + 1 :] for s in pooled),
                        *(s[:, j, None] - s[:, j + 1 :] for s in sums),
                    )
                )
                for j in range(max(len(measures) - 1, 1))
            ]
