"""How many SKUs, and photos of each, a significant difference of A and B takes.

A pilot gives the difference of every photo, d = delta + SKU effect + photo effect. A test of S SKUs
with n photos each estimates delta with a variance of (between + within / n) / S: more photos shrink
the second part only, and past some number another photo of the same SKU is worth nothing.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.compare import compare
from skulens.evaluate.intervals import student_t

FEWEST = 6
"""SKUs below which no p-value can be under 5 %: with five, all signs alike have p = 2 / 32."""
MOST = 10**9  # SKUs; a larger number is not worth printing


@dataclass(frozen=True, slots=True)
class SampleSize:
    """A test that finds the pilot's difference, at 5 % two-sided, with the power asked for.

    Numbers of SKUs are None where no number is enough: no difference, or one too small.
    """

    skus: int | None
    """At `photos_per_sku`."""
    skus_low: int | None
    """If the difference is the larger end of the pilot's 95 % interval."""
    skus_high: int | None
    """If it is the smaller end; None where the interval holds 0, so that the pilot cannot say."""
    skus_at_least: int | None
    """With an unlimited number of photos per SKU."""
    photos_per_sku: float
    difference: float
    between: float
    """Variance of the difference from SKU to SKU."""
    within: float
    """Variance of the difference from photo to photo of a SKU."""
    power: float

    def skus_for(self, photos_per_sku: float) -> int | None:
        """SKUs needed with this many photos of each."""
        return skus_needed(self.difference, self.between + self.within / photos_per_sku, self.power)

    def photos_for(self, skus: int) -> int | None:
        """Photos per SKU needed with this many SKUs; None where no number is enough."""
        if not self.difference or skus < FEWEST:
            return None
        wanted = skus * (self.difference / _distance(skus, self.power)) ** 2  # variance it may have
        if wanted > self.between:
            return max(1, math.ceil(self.within / (wanted - self.between)))
        return None

    def power_of(self, skus: int, photos_per_sku: float) -> float:
        """Chance that a test of this size finds the difference."""
        return power_of(self.difference, self.between + self.within / photos_per_sku, skus)


def estimate_sample_size(
    a: np.ndarray,
    b: np.ndarray,
    groups: np.ndarray,
    power: float = 0.8,
    *,
    photos_per_sku: float | None = None,
    difference: float | None = None,
    seed: int = 0,
) -> SampleSize:
    """The sample size that a difference takes, from a pilot: two runs on the same photos.

    Args:
        a, b: values per query, (queries,); NaN: no relevant product.
        groups: the SKU of each query, numbered from 0, (queries,).
        photos_per_sku: of the planned test; default: the pilot's mean.
        difference: the smallest worth finding; default: that of the pilot, which is noisy itself.
    Raises:
        DataError: fewer than two SKUs, or a power that is not between 0.05 and 1.
    """
    if not 0.05 < power < 1:
        raise DataError(f"power is a chance between 0.05 and 1, got {power}; 0.8 is usual")
    pilot = compare(a, b, groups, seed=seed)
    if pilot.groups < 2:
        raise DataError(
            f"a pilot of {pilot.groups} SKUs cannot say how SKUs differ; "
            "give it at least two, better twenty"
        )
    between, within = variance_components(np.asarray(a, float) - np.asarray(b, float), groups)
    n = photos_per_sku or pilot.n / pilot.groups
    value = pilot.value if difference is None else difference
    smallest, largest = abs(value), abs(value)
    if difference is None:
        smallest, largest = sorted((abs(pilot.low), abs(pilot.high)))
        if pilot.low <= 0 <= pilot.high:
            smallest = 0.0
    variance = between + within / n
    return SampleSize(
        skus=skus_needed(value, variance, power),
        skus_low=skus_needed(largest, variance, power),
        skus_high=skus_needed(smallest, variance, power),
        skus_at_least=skus_needed(value, between, power),
        photos_per_sku=n,
        difference=value,
        between=between,
        within=within,
        power=power,
    )


def variance_components(values: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Variances (between groups, within groups) of values (queries,), NaN left out.

    Analysis of variance for unequal groups (Searle, Casella and McCulloch 1992, section 3.6), not
    below 0. With one query in every group all variance counts as between.
    """
    known = ~np.isnan(values)
    values, groups = values[known], np.unique(np.asarray(groups)[known], return_inverse=True)[1]
    sizes = np.bincount(groups)
    means = np.bincount(groups, values) / sizes
    n, g = len(values), len(sizes)
    within = float(((values - means[groups]) ** 2).sum() / (n - g)) if n > g else 0.0
    mean_square = (sizes * (means - values.mean()) ** 2).sum() / (g - 1)
    size = (n - (sizes**2).sum() / n) / (g - 1)
    return max(0.0, float((mean_square - within) / size)), within


def skus_needed(difference: float, variance: float, power: float) -> int | None:
    """Smallest S, at least 6, with S >= (t + z)^2 variance / difference^2, t with S - 1 degrees of
    freedom; None where no number is enough."""
    if not difference:
        return None
    ratio = variance / difference**2
    if ratio * _distance(MOST, power) ** 2 > MOST:
        return None
    skus = FEWEST
    while skus < (least := math.ceil(ratio * _distance(skus, power) ** 2)):
        skus = max(skus + 1, math.ceil(ratio * _distance(least, power) ** 2))
    return skus


def power_of(difference: float, variance: float, skus: int) -> float:
    """Chance that a two-sided 5 % t-test of so many SKUs finds the difference.

    Phi(|difference| / error - t), error the standard error of the difference.
    """
    if skus < 2:
        return 0.0
    if not variance:
        return float(difference != 0)
    error = math.sqrt(variance / skus)
    return NormalDist().cdf(abs(difference) / error - float(student_t(np.array(skus - 1))))


def _distance(skus: int, power: float) -> float:
    """Standard errors that a difference must have from 0: t + z."""
    return float(student_t(np.array(skus - 1))) + NormalDist().inv_cdf(power)
