"""Several systems measured on the same groups: values, differences, ranks, and tests between them.

Under the null hypothesis that two systems are interchangeable, swapping all they did on a group
is a coin toss. Where all systems share their denominators (hit rates on the same photos) that is
a sign flip of the group's difference; where each has its own (precision: its own claims) see
`swaps`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.compare import (
    EQUAL,
    PATTERNS,
    Difference,
    p_values,
    sign_patterns,
    smallest_p,
)
from skulens.evaluate.families import (
    Behind,
    Family,
    Ranking,
    assign_tiers,
    family_of_sums,
    invert_test,
    rank_sets,
)
from skulens.evaluate.intervals import (
    LEVEL,
    PSEUDO_DIFFERENCE,
    Interval,
    Ratio,
    difference_intervals,
    intervals,
    margins,
    mean_influences,
)
from skulens.evaluate.metric import Metric
from skulens.evaluate.scores import Measure
from skulens.evaluate.swaps import Swap, family_of_swaps


@dataclass(frozen=True)
class Panel:
    """Measures of one metric, one per system, with the same groups in the same order."""

    measures: tuple[Measure, ...]

    def __post_init__(self):
        first = self.measures[0]
        for other in self.measures[1:]:
            if other.groups != first.groups or other.metric.plain != first.metric.plain:
                raise DataError(
                    "systems are compared on the same groups and metric, got "
                    f"{first.metric.name} on {len(first.groups)} groups "
                    f"and {other.metric.name} on {len(other.groups)}"
                )

    @cached_property
    def shared(self) -> bool:
        """Whether all systems have one part and the same denominators."""
        first = self.measures[0]
        return first.top.shape[1] == 1 and all(
            np.array_equal(m.bottom, first.bottom) for m in self.measures[1:]
        )

    @property
    def present(self) -> int:
        """Groups of which any system says anything."""
        return int(np.any([m.present for m in self.measures], axis=0).sum())

    @cached_property
    def ratio(self) -> Ratio:
        """The systems as metrics side by side; only where denominators are shared."""
        sides = ("top", "bottom", "n")
        return Ratio(
            *(np.concatenate([getattr(m, s) for m in self.measures], axis=1) for s in sides)
        )

    def values(self) -> np.ndarray:
        """(systems,)"""
        if self.shared:
            return self.ratio.value()
        return np.array([m.value() for m in self.measures])

    @property
    def metric(self) -> Metric:
        """Of all systems."""
        return self.measures[0].metric

    def intervals(self) -> list[Interval]:
        """Of each system's value."""
        if self.shared and self.metric.bounded:
            return intervals(self.ratio)
        return [m.interval() for m in self.measures]

    def influences(self) -> np.ndarray:
        """(groups, systems) what each group adds to the error of each value, to first order."""
        if self.shared:
            return self.ratio.influences()
        return np.stack([mean_influences(m.ratio) for m in self.measures], axis=1)

    def steps(self, first: Sequence[int], second: Sequence[int]) -> list[Interval]:
        """95 % intervals of value[first] - value[second], pair by pair."""
        if self.shared:
            ratio = self.ratio
            gaps = replace(
                ratio,
                top=ratio.top[:, first] - ratio.top[:, second],
                bottom=ratio.bottom[:, first],
                n=ratio.n[:, first],
            )
            return difference_intervals(gaps, bounded=self.metric.bounded)
        moved, values = self.influences(), self.values()
        return [self._step(values, moved, i, j) for i, j in zip(first, second, strict=True)]

    def _step(self, values: np.ndarray, moved: np.ndarray, i: int, j: int) -> Interval:
        both = [self.measures[i], self.measures[j]]
        groups = int((both[0].present | both[1].present).sum())
        value, bounded = float(values[i] - values[j]), self.metric.bounded
        variance = ((moved[:, i] - moved[:, j]) ** 2).sum()
        half = float(margins(variance, np.array(groups), bounded=bounded))
        low, high = value - half, value + half
        if bounded:
            low, high = np.clip((low, high), -1.0, 1.0)
        return Interval(value, float(low), float(high), int(min(m.n.sum() for m in both)), groups)

    @cached_property
    def differing(self) -> np.ndarray:
        """(groups,) bool: groups on which any two systems differ; the others say nothing in a
        test."""
        first = self.measures[0]
        gaps = [
            np.abs(getattr(m, side) - getattr(first, side)).max(axis=1)
            for m in self.measures
            for side in ("top", "bottom")
        ]
        return np.max(gaps, axis=0) > EQUAL

    def signs(self, patterns: int, seed: int) -> Iterator[np.ndarray]:
        """Blocks (patterns, differing groups) of swaps of whole groups, the one seen first."""
        return sign_patterns(int(self.differing.sum()), patterns, seed)

    def differences(self, against: int, patterns: int = PATTERNS, seed: int = 0) -> np.ndarray:
        """(patterns, systems - 1) value[against] minus every other's, under swaps of whole groups.

        The first row is what was seen; rows differ from true differences by a constant factor
        where denominators are shared. Columns in the order of the systems, `against` left out.
        """
        others = [i for i in range(len(self.measures)) if i != against]
        signs = self.signs(patterns, seed)
        if self.shared:
            top = self.ratio.top[self.differing]
            gaps = top[:, against : against + 1] - top[:, others]
            return np.concatenate([s @ gaps for s in signs])
        swaps = [Swap(self.measures[against], self.measures[i]) for i in others]
        blocks = [
            np.stack([w.differences(s, self.differing) for w in swaps], axis=1) for s in signs
        ]
        return np.concatenate(blocks) if swaps else np.zeros((1, 0))

    def family(self, patterns: int = PATTERNS, seed: int = 0) -> Family:
        """The test of all pairs at once."""
        if self.shared:
            top = self.ratio.top[self.differing]
            flipped = np.concatenate([s @ top for s in self.signs(patterns, seed)])
            return family_of_sums(flipped, top)
        return family_of_swaps(self.measures, self.differing, lambda: self.signs(patterns, seed))

    def steps_behind(self, behind: Behind, others: Sequence[int]) -> list[Interval]:
        """Intervals of value[first] - value[other] that hold for all of them at once in 95 %, and
        leave out 0 exactly where the other one differs significantly from the first.

        At the least as wide as what `PSEUDO_DIFFERENCE` of a group at either end gives, so that two
        systems that agree on every group have one too. NaN with fewer than two groups, and of
        metrics without bounds where so few groups rule out nothing.
        """
        first, which = behind.first, list(others)
        values, metric = self.values(), self.measures[first].metric
        critical = behind.critical[which]
        low, high = (self._invert if self.shared else self._studentise)(first, which, critical)
        least = critical * np.sqrt(2) * PSEUDO_DIFFERENCE / max(self.present, 1)
        limit = np.inf
        if metric.least is not None and metric.most is not None:
            limit = metric.most - metric.least
        found = []
        for i, a, b, margin in zip(which, low, high, least, strict=True):
            value, apart = float(values[first] - values[i]), behind.p[i] <= LEVEL
            a = a if apart and value > 0 else min(a, value - margin)
            b = b if apart and value < 0 else max(b, value + margin)
            ends = max(a, -limit), min(b, limit)
            if self.present < 2 or np.isinf(ends).any():
                ends = np.nan, np.nan
            n = int(min(self.measures[first].n.sum(), self.measures[i].n.sum()))
            found.append(Interval(value, float(ends[0]), float(ends[1]), n, self.present))
        return found

    def _invert(
        self, first: int, others: list[int], critical: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        top = self.ratio.top
        return invert_test(top[:, [first]] - top[:, others], self.ratio.bottom[:, first], critical)

    def _studentise(
        self, first: int, others: list[int], critical: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same where denominators differ: value +- t times the standard error around the mean,
        where t = T sqrt((g - 1) / (g - T^2)) belongs to the critical T of g groups."""
        swaps = [Swap(self.measures[first], self.measures[i]) for i in others]
        spread, values = np.array([w.spread() for w in swaps]), self.values()
        step = values[first] - values[others]
        seen = np.divide(np.abs(step), spread, out=np.zeros_like(spread), where=spread > 0)
        room = 1 - critical**2 / self.present  # at 0 no difference is too far off
        around = np.maximum(1 - seen**2 / self.present, 0) / np.maximum(room, EQUAL)
        half = critical * spread * np.sqrt(around)
        half[(room < EQUAL) & (seen <= critical)] = np.inf
        return step - half, step + half


def compare_measures(
    a: Measure, b: Measure, *, seed: int = 0, patterns: int = PATTERNS
) -> Difference:
    """Paired difference of two systems on the same groups, whatever the metric.

    The interval is that of `intervals.difference_intervals`, the p-value from swapping groups.

    Args:
        patterns: of swaps, where there are too many to try all.
    Raises:
        DataError: other groups or metrics, or too few patterns for any p-value to reach 5 %.
    """
    panel = Panel((a, b))
    [found] = panel.steps([0], [1])
    p, least, drawn = np.nan, np.nan, 0
    if found.groups:
        p = float(p_values(panel.differences(0, patterns, seed))[0])
        drawn, least = smallest_p(int(panel.differing.sum()), patterns)
    return Difference(found.value, found.low, found.high, p, found.n, found.groups, least, drawn)


def rank_measures(
    measures: Sequence[Measure],
    *,
    patterns: int = PATTERNS,
    seed: int = 0,
) -> Ranking:
    """Rank systems by one metric, the lowest first where it should be low; see `families.Ranking`.

    Args:
        patterns: of swaps, where there are too many to try all; they give all but the intervals of
            the values.
    Raises:
        DataError: no system, other groups or metrics, or too few patterns for any p-value to reach
            5 %.
    """
    if not measures:
        raise DataError("nothing to rank: give at least one system")
    panel = Panel(tuple(measures))
    found = panel.intervals()
    value, low, high = np.array([(i.value, i.low, i.high) for i in found]).reshape(-1, 3).T
    sign = 1 if measures[0].metric.direction == "higher" else -1
    order = np.argsort(-sign * np.nan_to_num(value, nan=-np.inf * sign).round(12), kind="stable")
    family = panel.family(patterns, seed)
    alone = rank_sets(sign * value, family.differs_from)
    at_once = rank_sets(sign * value, family.separated)
    tier = assign_tiers(order, family)
    return Ranking(order, value, low, high, *alone, *at_once, tier, family)


def rank_models(
    hits: np.ndarray,
    photos: np.ndarray,
    *,
    patterns: int = PATTERNS,
    seed: int = 0,
    macro: bool = False,
) -> Ranking:
    """Rank models that answered the same photos.

    Args:
        hits: sums of a metric in [0, 1] over the photos of each SKU, (skus, models).
        photos: photos of each SKU, (skus,).
        patterns: see `rank_measures`.
        macro: every SKU counts the same, instead of every photo.
    Raises:
        DataError: shapes that do not fit, unknown hits, or more hits than photos.
    """
    hits, photos = np.asarray(hits, float), np.asarray(photos, float)
    _check_hits(hits, photos)
    names, bottom = tuple(map(str, range(len(photos)))), photos[:, None]
    metric = Metric("hits", "hits of photos")
    measures = [Measure(names, column[:, None], bottom, bottom, metric) for column in hits.T]
    if macro:
        measures = [m.average_by_group() for m in measures]
    return rank_measures(measures, patterns=patterns, seed=seed)


def _check_hits(hits: np.ndarray, photos: np.ndarray) -> None:
    if hits.ndim != 2 or photos.shape != hits.shape[:1]:
        raise DataError(
            "rank_models needs hits (skus, models) and photos (skus,), "
            f"got {hits.shape} and {photos.shape}"
        )
    if len(photos) and not ((photos >= 0).all() and photos.sum() > 0):
        raise DataError(
            "photos must be counts from 0, and some SKU must have one; got "
            f"{photos.min():g} to {photos.max():g}"
        )
    unknown = np.flatnonzero(np.isnan(hits).any(axis=0))
    if len(unknown):
        raise DataError(
            f"models {unknown[:5].tolist()} have no hits for some SKUs; "
            "leave them out of the ranking, or rank all models on the SKUs that all have answered"
        )
    wrong = np.argwhere((hits < 0) | (hits > photos[:, None] + EQUAL))
    if len(wrong):
        sku, model = wrong[0]
        raise DataError(
            f"{hits[sku, model]:g} hits of {photos[sku]:g} photos (SKU {sku}, model {model}); "
            "expected hits between 0 and the number of photos"
        )
