"""SKUs and photos needed: closed forms, scipy's power of the t-test, and simulated tests."""

import numpy as np
import pytest
from scipy import stats

from skulens.errors import DataError
from skulens.evaluate.compare import sign_flip_test
from skulens.evaluate.sample_size import (
    estimate_sample_size,
    power_of,
    skus_needed,
    variance_components,
)


def world(rng, skus, photos, apart=0.1, between=0.2):
    """Hits of A and B by photo; a SKU's chances differ by about `apart`, more or less."""
    groups = np.repeat(np.arange(skus), photos)
    chance = rng.uniform(0.3, 0.6, skus)
    better = np.clip(chance + rng.normal(apart, between, skus), 0, 1)
    draw = rng.random((2, len(groups)))
    return (
        (draw[0] < better[groups]).astype(float),
        (draw[1] < chance[groups]).astype(float),
        groups,
    )


def test_variances_of_equal_groups_are_those_of_the_textbook():
    """Two-way: mean squares within and between, n = 3 (Searle et al. 1992, table 3.3)."""
    values = np.array([1, 2, 3, 5, 7, 9, 2, 2, 2.0])
    groups = np.repeat([0, 1, 2], 3)
    table = values.reshape(3, 3)
    within = table.var(axis=1, ddof=1).mean()
    between = table.mean(axis=1).var(ddof=1) - within / 3
    assert variance_components(values, groups) == pytest.approx((between, within))
    assert stats.f_oneway(*table).statistic == pytest.approx((3 * between + within) / within)


def test_variances_of_unequal_groups_by_hand():
    """Groups of 1, 2 and 3: mean squares 137/12 and 28/3; n0 = (6 - 14/6) / 2 = 11/6, not 2."""
    found = variance_components(np.array([1, 2, 4, 3, 5, 10.0]), np.array([0, 1, 1, 2, 2, 2]))
    assert found == pytest.approx(((137 / 12 - 28 / 3) / (11 / 6), 28 / 3))


def test_variances_are_found_again():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3000), rng.integers(1, 30, 3000))
    values = rng.normal(0, 0.3, 3000)[groups] + rng.normal(0, 0.7, len(groups))
    values[::7] = np.nan
    assert variance_components(values, groups) == pytest.approx((0.09, 0.49), rel=0.08)
    assert variance_components(np.array([1, 2, 4.0]), np.arange(3)) == (pytest.approx(7 / 3), 0.0)
    assert variance_components(np.array([0, 1, 0, 1.0]), np.array([0, 0, 1, 1]))[0] == 0.0


@pytest.mark.parametrize("ratio", [1, 3, 10, 30, 300])
def test_size_is_that_of_the_t_test(ratio):
    """Exact power from the non-central t; the formula is within two SKUs of the least enough."""

    def exact(skus):
        t, shift = stats.t.ppf(0.975, skus - 1), np.sqrt(skus / ratio)
        return stats.nct.sf(t, skus - 1, shift) + stats.nct.cdf(-t, skus - 1, shift)

    skus = skus_needed(1, ratio, 0.8)
    fewest = next(s for s in range(6, 10_000) if exact(s) >= 0.8)
    assert abs(skus - fewest) <= 2
    assert power_of(1, ratio, skus) == pytest.approx(exact(skus), abs=0.03)
    assert power_of(1, ratio, skus) >= 0.8 > power_of(1, ratio, skus - 1) or skus == 6


@pytest.mark.parametrize("photos", [3, 20])
def test_a_test_of_that_size_has_that_power(photos):
    """A large pilot, then 600 tests of the size it asks for; 80 % of them find the difference."""
    rng = np.random.default_rng(photos)
    asked = estimate_sample_size(*world(rng, 12_000, 10), photos_per_sku=photos)
    found = np.stack([sums_of(*world(rng, asked.skus, photos)) for _ in range(600)], axis=1)
    power = (stats.ttest_1samp(found, 0).pvalue <= 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.065)  # 4 binomial standard errors
    flips = (sign_flip_test(found, 1000) <= 0.05).mean()
    assert (
        power - 0.05 < flips <= power + 0.02
    )  # equal sums count as far: a little less with few photos
    assert asked.power_of(asked.skus, photos) == pytest.approx(0.8, abs=0.03)


def sums_of(a, b, groups):
    return np.bincount(groups, a - b)


def test_more_photos_help_less_and_less():
    asked = estimate_sample_size(*world(np.random.default_rng(1), 400, 10))
    sizes = [asked.skus_for(n) for n in (1, 2, 5, 20, 1000)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == pytest.approx(
        asked.skus_at_least, abs=1
    )
    assert asked.photos_per_sku == 10 and asked.skus == asked.skus_for(10)
    assert asked.skus_low < asked.skus < asked.skus_high
    for skus in (sizes[0], sizes[2]):
        photos = asked.photos_for(skus)
        assert asked.power_of(skus, photos) >= 0.8 and (
            photos == 1 or asked.power_of(skus, photos - 1) < 0.8
        )
    assert asked.photos_for(asked.skus_at_least - 1) is None and asked.photos_for(3) is None


def test_no_difference_needs_no_number():
    rng = np.random.default_rng(2)
    a, b, groups = world(rng, 50, 5, apart=0)
    assert estimate_sample_size(a, a, groups).skus is None
    unclear = estimate_sample_size(a, b, groups)
    assert unclear.skus_high is None and unclear.skus_low is not None
    assert (
        estimate_sample_size(a, b, groups, difference=0.05).skus_low
        == estimate_sample_size(a, b, groups, difference=0.05).skus_high
    )
    assert estimate_sample_size(a, b, groups, difference=1e-9).skus is None


def test_bad_pilots_are_named():
    with pytest.raises(DataError, match="pilot of 1 SKUs"):
        estimate_sample_size(np.ones(3), np.zeros(3), np.zeros(3, int))
    with pytest.raises(DataError, match="0.8 is usual"):
        estimate_sample_size(np.ones(3), np.zeros(3), np.arange(3), power=80)
