"""How far a mean could be off: the cluster bootstrap.

Fifty photos of one SKU are not fifty independent trials: an encoder that cannot tell the SKU
from its neighbour fails on all of them. So whole groups (SKUs) are drawn with replacement, and
every metric is averaged anew (Davison and Hinkley 1997, section 3.8; Field and Welsh 2007). A
resample is a row of counts, one per group, so that all resamples of all metrics are two matrix
products over per-group sums.

Drawing again from a few SKUs cannot show the SKU that always fails and was not among them, so the
plain percentile interval is too narrow: with 5 SKUs it holds the truth 76 % of the time, not 95 %.
Means of metrics in [0, 1] are therefore resampled with two pseudo-observations added: groups half
the size of a mean one, in one of which every query succeeds and in the other every query fails.
This is the prior of Jeffreys, half a success and half a failure (Brown, Cai and DasGupta 2001,
section 4.3), counted in SKUs. The interval of a difference is Student's t times the bootstrap's
standard error, widened by a tenth of a SKU that only A finds and a tenth of one that only B finds:
SKUs on which both agree say nothing of those. docs/log.md has the simulations that chose both.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
LEVEL = 0.05
"""Chance to be wrong: intervals are 95 %, tests 5 %."""
PSEUDO_GROUP = 0.5
"""Size of each pseudo-observation of a mean, in mean groups."""
PSEUDO_DIFFERENCE = 0.1
"""The same of a difference."""
_WEIGHTS = 1 << 22  # entries of a matrix of counts held at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval; NaN where unknown: no query, or fewer than two groups."""

    value: float
    low: float
    high: float
    n: int
    """Queries that count: those with a relevant product."""
    groups: int
    """Units that were resampled."""

    @classmethod
    def from_dict(cls, stored: Mapping[str, float | int | None]) -> "Interval":
        """What `as_dict` made; None is NaN again."""
        value, low, high = (
            np.nan if (x := stored.get(k)) is None else x for k in ("value", "low", "high")
        )
        return cls(value, low, high, int(stored.get("n") or 0), int(stored.get("groups") or 0))

    @property
    def known(self) -> bool:
        """Whether there is an interval, not only a value."""
        return not np.isnan(self.low)

    def as_dict(self) -> dict[str, float | int | None]:
        """For JSON, which has no NaN: None instead."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        known = {name: None if np.isnan(x) else float(x) for name, x in ends.items()}
        return {**known, "n": self.n, "groups": self.groups}


@dataclass(frozen=True, slots=True)
class Grouped:
    """Per-query values added up by group; NaN values are left out of both."""

    sums: np.ndarray  # (groups, metrics)
    counts: np.ndarray  # (groups, metrics)

    @classmethod
    def of(cls, values: np.ndarray, groups: np.ndarray) -> "Grouped":
        """From values (queries, metrics) and the group number of each query, (queries,)."""
        shape = (int(groups.max(initial=-1)) + 1, values.shape[1])
        sums, counts = np.zeros(shape), np.zeros(shape)
        for i, column in enumerate(values.T):
            known = ~np.isnan(column)
            sums[:, i] = np.bincount(groups[known], column[known], minlength=shape[0])
            counts[:, i] = np.bincount(groups[known], minlength=shape[0])
        return cls(sums, counts)

    def take(self, metrics: list[int]) -> "Grouped":
        """Some of the metrics."""
        return Grouped(self.sums[:, metrics], self.counts[:, metrics])

    def micro(self) -> "Ratio":
        """Mean over queries."""
        return Ratio(self.sums, self.counts, self.counts)

    def macro(self) -> "Ratio":
        """Mean over groups of the mean within each; every SKU counts the same."""
        present = (self.counts > 0).astype(np.float64)
        means = np.divide(
            self.sums, self.counts, out=np.zeros_like(self.sums), where=self.counts > 0
        )
        return Ratio(means, present, self.counts)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Means as sums over groups of `top`, divided by sums over groups of `bottom`."""

    top: np.ndarray  # (groups, metrics)
    bottom: np.ndarray  # (groups, metrics)
    n: np.ndarray  # (groups, metrics) queries behind each

    def beside(self, other: "Ratio") -> "Ratio":
        """Both, side by side, so that they share their resamples."""
        pairs = zip(
            (self.top, self.bottom, self.n), (other.top, other.bottom, other.n), strict=True
        )
        return Ratio(*(np.concatenate(pair, axis=1) for pair in pairs))

    @property
    def groups(self) -> np.ndarray:
        """(metrics,) groups that hold any query."""
        return (self.n > 0).sum(axis=0)

    def with_pseudo_observations(self) -> "Ratio":
        """With a group of failures and one of successes, each PSEUDO_GROUP of a mean group."""
        present = np.maximum((self.bottom > 0).sum(axis=0), 1)
        half = PSEUDO_GROUP * self.bottom.sum(axis=0) / present  # (metrics,)
        top = np.stack([np.zeros_like(half), half])
        return Ratio(
            np.concatenate([self.top, top]), np.concatenate([self.bottom, [half, half]]), self.n
        )

    def estimate(self, weights: np.ndarray) -> np.ndarray:
        """(resamples, metrics) means under weights (resamples, groups); NaN over nothing."""
        bottom = weights @ self.bottom
        return np.divide(
            weights @ self.top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0
        )

    def value(self) -> np.ndarray:
        """(metrics,) the means themselves."""
        return self.estimate(np.ones((1, len(self.top))))[0]


def resample_weights(groups: int, resamples: int = RESAMPLES, seed: int = 0):
    """Yield blocks (resamples, groups) of how often each group is drawn; `groups` draws each."""
    rng = np.random.default_rng(seed)
    step = max(1, _WEIGHTS // max(groups, 1))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, groups, (rows, groups)) + np.arange(rows)[:, None] * groups
        yield (
            np.bincount(drawn.ravel(), minlength=rows * groups)
            .reshape(rows, groups)
            .astype(np.float64)
        )


def bootstrap(ratio: Ratio, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Means of all metrics under each resample: (resamples, metrics).

    The same seed and number of groups give the same resamples, so that differences of columns are
    paired.
    """
    if not len(ratio.top):
        return np.full((resamples, ratio.top.shape[1]), np.nan)
    return np.concatenate(
        [ratio.estimate(w) for w in resample_weights(len(ratio.top), resamples, seed)]
    )


def intervals(ratio: Ratio, resamples: int = RESAMPLES, seed: int = 0) -> list[Interval]:
    """95 % intervals of means of metrics in [0, 1].

    Percentiles of resamples with pseudo-observations: they stay in [0, 1] and have a width where
    every query succeeds, too.
    """
    low, high = _percentiles(bootstrap(ratio.with_pseudo_observations(), resamples, seed))
    return _rows(ratio, low, high)


def difference_intervals(ratio: Ratio, resamples: int = RESAMPLES, seed: int = 0) -> list[Interval]:
    """95 % intervals of means of differences, in [-1, 1]: mean +- `margins`."""
    value, resampled = ratio.value(), bootstrap(ratio, resamples, seed)
    known = ~np.isnan(resampled)  # a resample may hold no query of a metric
    n = np.maximum(known.sum(axis=0), 1)
    squares = np.where(known, resampled - np.where(known, resampled, 0).sum(axis=0) / n, 0) ** 2
    half = margins(squares.sum(axis=0) / n, ratio.groups)
    return _rows(ratio, np.maximum(value - half, -1), np.minimum(value + half, 1))


def mean_interval(ratio: Ratio, resamples: int, seed: int, *, bounded: bool = True) -> Interval:
    """95 % interval of the mean over all metrics of a ratio, averaged inside each resample.

    Metrics that a resample knows nothing of are left out of its mean.

    Args:
        bounded: the metrics are in [0, 1]. A single one has the percentiles of `intervals`, with
            pseudo-observations. Of several, each known from a few groups only, these would outweigh
            what was seen: the mean has Student's t times the bootstrap's standard error, as a
            difference has, cut to [0, 1]; so has what is unbounded, uncut.
    """
    value = float(mean_of_parts(ratio.value()[None])[0])
    groups = int((ratio.n > 0).any(axis=1).sum())
    if bounded and ratio.top.shape[1] == 1:
        return intervals(ratio, resamples, seed)[0]
    resampled = mean_of_parts(bootstrap(ratio, resamples, seed))
    resampled = resampled[~np.isnan(resampled)]
    low = high = np.nan
    if groups > 1 and len(resampled):
        half = float(margins(resampled.var(), np.array(groups)))
        low, high = value - half, value + half
    if bounded:
        low, high = np.clip((low, high), 0.0, 1.0)
    return Interval(value, float(low), float(high), int(ratio.n.sum()), groups)


def mean_of_parts(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def margins(variances: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Half widths of 95 % intervals of differences; NaN below two groups.

    Student's t with g - 1 degrees of freedom times the standard error: the bootstrap's, with its
    division by g undone, and that of a tenth of a SKU at either end.

    Args:
        variances: of the resamples of each difference.
    """
    g = np.maximum(groups, 2)
    return student_t(groups - 1) * np.sqrt(
        variances * g / (g - 1) + 2 * (PSEUDO_DIFFERENCE / g) ** 2
    )


def student_t(df: np.ndarray, p: float = 1 - LEVEL / 2) -> np.ndarray:
    """Quantile p of Student's t with each number of degrees of freedom; NaN below 1.

    With t = sqrt(df) tan(angle) the density of the angle is that of cos(angle)^(df - 1).
    """
    return np.array([_student_t(float(d), p) for d in np.atleast_1d(df)]).reshape(np.shape(df))


@functools.lru_cache(maxsize=1024)
def _student_t(df: float, p: float) -> float:
    if not df >= 1:
        return np.nan
    df = min(df, 1e6)  # the normal distribution, to 5 digits
    end = min(np.pi / 2, 12 / np.sqrt(df))
    angle = np.linspace(-end, end, 20_001)
    density = np.cos(angle) ** (df - 1)
    below = np.cumsum((density[1:] + density[:-1]) / 2)
    return float(np.sqrt(df) * np.tan(np.interp(p, np.r_[0, below] / below[-1], angle)))


def _rows(ratio: Ratio, low: np.ndarray, high: np.ndarray) -> list[Interval]:
    low, high = np.where(ratio.groups < 2, np.nan, (low, high))
    rows = zip(ratio.value(), low, high, ratio.n.sum(axis=0), ratio.groups, strict=True)
    return [Interval(float(v), float(a), float(b), int(m), int(g)) for v, a, b, m, g in rows]


def _percentiles(resampled: np.ndarray) -> np.ndarray:
    """(2, metrics): 2.5th and 97.5th percentile of each column, NaN left out."""
    if not np.isnan(resampled).any():
        return np.quantile(resampled, [0.025, 0.975], axis=0)
    found = np.full((2, resampled.shape[1]), np.nan)
    for i, column in enumerate(resampled.T):
        column = column[~np.isnan(column)]
        if len(column):
            found[:, i] = np.quantile(column, [0.025, 0.975])
    return found
