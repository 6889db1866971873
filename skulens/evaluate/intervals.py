"""How far a mean could be off: 95 % intervals over groups.

Fifty photos of one SKU are not fifty independent trials: an encoder that cannot tell the SKU
from its neighbour fails on all of them. So the unit is the whole group (SKU), and every metric is a
ratio of sums over groups, whose error is that of its linearisation (Cochran 1977, chapter 6).

A few SKUs cannot show the SKU that always fails and was not among them, so two pseudo-observations
are added to a mean of a metric in [0, 1]: groups half the size of a mean one, in one of which every
query succeeds and in the other every query fails. This is the prior of Jeffreys, half a success and
half a failure (Brown, Cai and DasGupta 2001, section 4.3), counted in SKUs. From ten groups on the
interval is Student's t on the logit of that mean. Below ten it is the percentiles of resamples of
whole groups (Davison and Hinkley 1997, section 3.8), which are narrower there.

The interval of a difference is Student's t times its linearised standard error, widened by two
fifths of a SKU that only A finds and two fifths of one that only B finds: SKUs on which both agree
say nothing of those. docs/log.md has the simulations that chose all this.

An interval depends on nothing but the sums of its groups: not on their order, nor on a seed.
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
PSEUDO_DIFFERENCE = 0.4
"""The same of a difference."""
FEW = 10
"""Groups from which on the interval of a mean has a closed form."""
DRAWS = 10_000
"""Resamples of fewer groups."""
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
    """Groups that count: SKUs with such a query."""

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
        """Both, side by side."""
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

    def influences(self) -> np.ndarray:
        """(groups, metrics) what each group adds to the error of a mean, to first order.

        (top - mean bottom) / sum of bottoms; their squares add up to the variance that resampling
        the groups would show. 0 where nothing is known.
        """
        total = self.bottom.sum(axis=0)
        residuals = self.top - np.nan_to_num(self.value()) * self.bottom
        return np.divide(residuals, total, out=np.zeros(residuals.shape), where=total > 0)


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


def intervals(ratio: Ratio) -> list[Interval]:
    """95 % intervals of means of metrics in [0, 1].

    They stay in [0, 1], hold the mean, and have a width where every query succeeds, too.
    """
    value, groups = ratio.value(), ratio.groups
    low, high = _logit_ends(ratio.with_pseudo_observations(), groups)
    for few in range(2, FEW):
        at = np.flatnonzero(groups == few)
        if len(at):
            low[at], high[at] = _percentile_ends(ratio, at, few)
    return _rows(ratio, np.fmin(low, value), np.fmax(high, value))


def _logit_ends(padded: Ratio, groups: np.ndarray) -> np.ndarray:
    """(2, metrics) logit p +- t s / (p (1 - p)), s the standard error of p, on the scale of p.

    Pseudo-observations count as groups: t has g + 1 degrees of freedom.

    Args:
        padded: with pseudo-observations, so that p is neither 0 nor 1.
        groups: (metrics,) without them.
    """
    p = padded.value()
    variance = (padded.influences() ** 2).sum(axis=0) * _correct(groups + 2)
    with np.errstate(divide="ignore", invalid="ignore"):  # no group at all
        half = student_t(groups + 1) * np.sqrt(variance) / (p * (1 - p))
        centre = np.log(p / (1 - p))
    return 1 / (1 + np.exp(-np.stack([centre - half, centre + half])))


def _percentile_ends(ratio: Ratio, at: np.ndarray, groups: int) -> np.ndarray:
    """(2, metrics) 2.5th and 97.5th percentile of resamples with pseudo-observations.

    Groups are sorted, so that their order does not decide which of them a resample draws.

    Args:
        at: metrics that are known from exactly so many groups.
    """
    top, bottom, n = (side[:, at] for side in (ratio.top, ratio.bottom, ratio.n))
    order = np.lexsort((top.round(9), bottom.round(9), n == 0), axis=0)[:groups]
    sides = (np.take_along_axis(side, order, axis=0) for side in (top, bottom, n))
    resampled = Ratio(*sides).with_pseudo_observations().estimate(_draws(groups + 2))
    return np.quantile(resampled, [LEVEL / 2, 1 - LEVEL / 2], axis=0)


@functools.cache
def _draws(rows: int) -> np.ndarray:
    """(DRAWS, rows) the one set of resamples of so many rows."""
    return np.concatenate(list(resample_weights(rows, DRAWS)))


def _correct(rows: np.ndarray) -> np.ndarray:
    """m / (m - 1): squares about a mean that was estimated from the same m rows are too small."""
    return rows / (rows - 1)


def difference_intervals(ratio: Ratio, *, bounded: bool = True) -> list[Interval]:
    """95 % intervals of means of differences: mean +- `margins`.

    Args:
        bounded: differences are in [-1, 1].
    """
    value = ratio.value()
    half = margins((ratio.influences() ** 2).sum(axis=0), ratio.groups, bounded=bounded)
    most = 1.0 if bounded else np.inf
    return _rows(ratio, np.maximum(value - half, -most), np.minimum(value + half, most))


def mean_interval(ratio: Ratio, *, bounded: bool = True) -> Interval:
    """95 % interval of the mean over all metrics of a ratio.

    Args:
        bounded: the metrics are in [0, 1]. A single one has the interval of `intervals`. Of
            several, each known from a few groups only, pseudo-observations of each would outweigh
            what was seen: the mean has `margins`, as a difference has, cut to [0, 1]. So has what
            is unbounded, uncut and without pseudo-observations, which mean nothing for it.
    """
    if bounded and ratio.top.shape[1] == 1:
        return intervals(ratio)[0]
    value = float(mean_of_parts(ratio.value()[None])[0])
    groups = int((ratio.n > 0).any(axis=1).sum())
    variance = (mean_influences(ratio) ** 2).sum()
    half = float(margins(variance, np.array(groups), bounded=bounded))
    low, high = value - half, value + half
    if bounded:
        low, high = np.clip((low, high), 0.0, 1.0)
    return Interval(value, float(low), float(high), int(ratio.n.sum()), groups)


def mean_influences(ratio: Ratio) -> np.ndarray:
    """(groups,) `Ratio.influences` on the mean over all metrics that are known."""
    known = (ratio.bottom.sum(axis=0) > 0).sum()
    return ratio.influences().sum(axis=1) / max(known, 1)


def mean_of_parts(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def margins(variances: np.ndarray, groups: np.ndarray, *, bounded: bool = True) -> np.ndarray:
    """Half widths of 95 % intervals of differences; NaN below two groups.

    Student's t times the standard error, to which the pseudo-observations at either end add theirs.
    They count as groups: t has g + 1 degrees of freedom with them, g - 1 without.

    Args:
        variances: sums over groups of squared influences on each difference.
        bounded: differences are in [-1, 1], so that pseudo-observations can be as far as that.
    """
    g, pseudo = np.maximum(groups, 2), PSEUDO_DIFFERENCE if bounded else 0.0
    half = student_t(g + 1 if bounded else g - 1) * np.sqrt(
        variances * _correct(g) + 2 * (pseudo / g) ** 2
    )
    return np.where(groups < 2, np.nan, half)


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
