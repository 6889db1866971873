"""Several systems measured on the same groups: values, differences, ranks, and tests between them.

Under the null hypothesis that two systems are interchangeable, swapping all they did on a group
is a coin toss. Where all systems share their denominators (hit rates on the same photos) that is
a sign flip of the group's difference; where each has its own (precision: its own claims) top and
bottom are swapped together, and with R the pooled ratio the difference under a pattern is
2 (x - R y) B / (B^2 - y^2), x and y being the signed sums of the differences of top and bottom
and B the sum of both bottoms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.compare import (
    EQUAL,
    PATTERNS,
    Difference,
    Ranking,
    assign_tiers,
    p_values,
    rank_intervals,
    separate_any,
    separate_pairs,
    sign_flip_test,
    sign_patterns,
)
from skulens.evaluate.intervals import (
    Interval,
    Ratio,
    bootstrap,
    difference_intervals,
    intervals,
    margins,
    mean_of_parts,
)
from skulens.evaluate.metric import Metric
from skulens.evaluate.scores import Measure


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

    def intervals(self, resamples: int, seed: int) -> list[Interval]:
        """Of each system's value."""
        if self.shared and self.measures[0].metric.most is not None:
            return intervals(self.ratio, resamples, seed)
        return [m.interval(resamples, seed) for m in self.measures]

    def resample(self, resamples: int, seed: int) -> np.ndarray:
        """(resamples, systems) values, paired: the same groups are drawn for all."""
        if self.shared:
            return bootstrap(self.ratio, resamples, seed)
        return np.stack([m.resample(resamples, seed) for m in self.measures], axis=1)

    def steps(
        self, first: Sequence[int], second: Sequence[int], resamples: int, seed: int
    ) -> list[Interval]:
        """95 % intervals of value[first] - value[second], pair by pair."""
        if self.shared:
            ratio = self.ratio
            gaps = replace(
                ratio,
                top=ratio.top[:, first] - ratio.top[:, second],
                bottom=ratio.bottom[:, first],
                n=ratio.n[:, first],
            )
            return difference_intervals(gaps, resamples, seed)
        resampled, values = self.resample(resamples, seed), self.values()
        return [self._step(values, resampled, i, j) for i, j in zip(first, second, strict=True)]

    def _step(self, values: np.ndarray, resampled: np.ndarray, i: int, j: int) -> Interval:
        moved = resampled[:, i] - resampled[:, j]
        moved = moved[~np.isnan(moved)]
        both = [self.measures[i], self.measures[j]]
        groups = int((both[0].present | both[1].present).sum())
        value, half = float(values[i] - values[j]), np.nan
        if len(moved) and groups > 1:
            half = float(margins(moved.var(), np.array(groups)))
        ends = value - half, value + half
        if both[0].metric.most is not None:
            ends = max(ends[0], -1.0), min(ends[1], 1.0)
        return Interval(value, *ends, int(min(m.n.sum() for m in both)), groups)

    def differences(self, against: int, patterns: int = PATTERNS, seed: int = 0) -> np.ndarray:
        """(patterns, systems - 1) value[against] minus every other's, under swaps of whole groups.

        The first row is what was seen; rows differ from true differences by a constant factor
        where denominators are shared. Columns in the order of the systems, `against` left out.
        """
        others = [i for i in range(len(self.measures)) if i != against]
        signs = sign_patterns(len(self.measures[0].groups), patterns, seed)
        if self.shared:
            top = self.ratio.top
            gaps = top[:, against : against + 1] - top[:, others]
            return np.concatenate([s @ gaps for s in signs])
        swaps = [Swap(self.measures[against], self.measures[i]) for i in others]
        blocks = [np.stack([w.differences(s) for w in swaps], axis=1) for s in signs]
        return np.concatenate(blocks) if swaps else np.zeros((1, 0))


@dataclass(frozen=True)
class Swap:
    """Two measures whose groups are swapped."""

    a: Measure
    b: Measure

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Pooled top and bottom, (parts,) each."""
        return (self.a.top + self.b.top).sum(axis=0), (self.a.bottom + self.b.bottom).sum(axis=0)

    def differences(self, signs: np.ndarray) -> np.ndarray:
        """(patterns,) value(A) - value(B) under each pattern of signs (patterns, groups)."""
        top, bottom = self._sums
        x, y = signs @ (self.a.top - self.b.top), signs @ (self.a.bottom - self.b.bottom)
        return mean_of_parts(_over(top + x, bottom + y)) - mean_of_parts(_over(top - x, bottom - y))

    def spread(self) -> float:
        """Root of the sum of squares of the groups' influences on the difference.

        No swap changes it.
        """
        top, bottom = self._sums
        known = bottom > 0
        pooled = np.divide(top, bottom, out=np.zeros_like(top), where=known)
        scale = np.divide(2.0, bottom, out=np.zeros_like(bottom), where=known)
        moved = (self.a.top - self.b.top) - pooled * (self.a.bottom - self.b.bottom)
        influence = (moved * scale).sum(axis=1) / max(known.sum(), 1)  # (groups,)
        return float(np.sqrt(influence @ influence))


def _over(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom; NaN where the bottom is 0, that is, below EQUAL."""
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > EQUAL)


def compare_measures(
    a: Measure, b: Measure, *, resamples: int, seed: int = 0, patterns: int = PATTERNS
) -> Difference:
    """Paired difference of two systems on the same groups, whatever the metric.

    The interval is that of `intervals.difference_intervals`, the p-value from swapping groups.

    Raises:
        DataError: other groups or metrics.
    """
    panel = Panel((a, b))
    [found] = panel.steps([0], [1], resamples, seed)
    if not found.groups:
        p = np.nan
    elif panel.shared:
        p = float(sign_flip_test(a.top - b.top, patterns, seed)[0])
    else:
        p = float(p_values(panel.differences(0, patterns, seed))[0])
    return Difference(found.value, found.low, found.high, p, found.n, found.groups)


def rank_measures(
    measures: Sequence[Measure], *, resamples: int = 10_000, seed: int = 0
) -> Ranking:
    """Rank systems by one metric, the lowest first where it should be low; see `compare.Ranking`.

    Raises:
        DataError: no system, or other groups or metrics.
    """
    if not measures:
        raise DataError("nothing to rank: give at least one system")
    panel = Panel(tuple(measures))
    found = panel.intervals(resamples, seed)
    value, low, high = np.array([(i.value, i.low, i.high) for i in found]).reshape(-1, 3).T
    sign = 1 if measures[0].metric.direction == "higher" else -1
    order = np.argsort(-sign * np.nan_to_num(value, nan=-np.inf * sign).round(12), kind="stable")
    ranks = rank_intervals(sign * value, panel.resample(resamples, seed), panel.present)
    test = _test_sums if panel.shared else _test_swaps
    tier, apart = test(panel, order, resamples, seed)
    return Ranking(order, value, low, high, *ranks, tier, apart)


def rank_models(
    hits: np.ndarray,
    photos: np.ndarray,
    *,
    resamples: int = 10_000,
    seed: int = 0,
    macro: bool = False,
) -> Ranking:
    """Rank models that answered the same photos.

    Args:
        hits: sums of a metric in [0, 1] over the photos of each SKU, (skus, models).
        photos: photos of each SKU, (skus,).
        resamples: of the bootstrap, and sign patterns.
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
    return rank_measures(measures, resamples=resamples, seed=seed)


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


def _test_sums(
    panel: Panel, order: np.ndarray, patterns: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tiers, and which pairs are separated, from sign flips of sums."""
    top = panel.ratio.top
    flipped = np.concatenate([s @ top for s in sign_patterns(len(top), patterns, seed)])
    tier = assign_tiers(order, lambda i, others: flipped[:, [i]] - flipped[:, others])
    return tier, separate_pairs(flipped, top)


def _test_swaps(
    panel: Panel, order: np.ndarray, patterns: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same from swaps of tops and bottoms."""
    signs = list(sign_patterns(len(panel.measures[0].groups), patterns, seed))

    def difference(i: int, j: int) -> np.ndarray:
        swap = Swap(panel.measures[i], panel.measures[j])
        return np.concatenate([swap.differences(s) for s in signs])

    def behind(i: int, others: np.ndarray) -> np.ndarray:
        return (
            np.stack([difference(i, int(j)) for j in others], axis=1)
            if len(others)
            else np.zeros((1, 0))
        )

    def spread(i: int, j: int) -> float:
        return Swap(panel.measures[i], panel.measures[j]).spread()

    return assign_tiers(order, behind), separate_any(len(panel.measures), difference, spread)
