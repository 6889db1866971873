"""How far a mean could be off: the cluster bootstrap.

Fifty photos of one SKU are not fifty independent trials: an encoder that cannot tell the SKU
from its neighbour fails on all of them. So whole groups (SKUs) are drawn with replacement, and
every metric is averaged anew (Davison and Hinkley 1997, section 3.8; Field and Welsh 2007). A
resample is a row of counts, one per group, so that all resamples of all metrics are two matrix
products over per-group sums.
"""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
_WEIGHTS = 1 << 22  # entries of a matrix of counts held at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval. NaN where it is unknown: no query, or fewer than two groups."""

    value: float
    low: float
    high: float
    n: int
    """Queries that count: those with a relevant product."""
    groups: int
    """Units that were resampled."""

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
        means = np.divide(self.sums, self.counts, out=np.zeros_like(self.sums), where=self.counts > 0)
        return Ratio(means, present, self.counts)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Means as sums over groups of `top`, divided by sums over groups of `bottom`."""

    top: np.ndarray  # (groups, metrics)
    bottom: np.ndarray  # (groups, metrics)
    n: np.ndarray  # (groups, metrics) queries behind each

    def beside(self, other: "Ratio") -> "Ratio":
        """Both, side by side, so that they share their resamples."""
        pairs = zip((self.top, self.bottom, self.n), (other.top, other.bottom, other.n), strict=True)
        return Ratio(*(np.concatenate(pair, axis=1) for pair in pairs))

    def estimate(self, weights: np.ndarray) -> np.ndarray:
        """(resamples, metrics) means under weights (resamples, groups); NaN over nothing."""
        bottom = weights @ self.bottom
        return np.divide(weights @ self.top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)

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
        yield np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def bootstrap(ratio: Ratio, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Means of all metrics under each resample: (resamples, metrics).

    The same seed and number of groups give the same resamples, so differences of columns are paired.
    """
    if not len(ratio.top):
        return np.full((resamples, ratio.top.shape[1]), np.nan)
    return np.concatenate([ratio.estimate(w) for w in resample_weights(len(ratio.top), resamples, seed)])


def intervals(ratio: Ratio, resampled: np.ndarray) -> list[Interval]:
    """95 % percentile intervals of all metrics, from their resamples (resamples, metrics).

    Where every query succeeds (or fails) the interval has no width: resampling cannot show what
    was never seen. With g groups, "rule of three": the failure rate is then below about 3 / g.
    """
    n, groups = ratio.n.sum(axis=0), (ratio.n > 0).sum(axis=0)
    low, high = np.where(groups < 2, np.nan, _percentiles(resampled))
    rows = zip(ratio.value(), low, high, n, groups, strict=True)
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
