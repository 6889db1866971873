"""Intervals against their formulas written out, and whether they cover the truth as they say."""

import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from skulens.evaluate.intervals import (
    FEW,
    Grouped,
    Interval,
    Ratio,
    difference_intervals,
    intervals,
    mean_interval,
    resample_weights,
    student_t,
)
from skulens.evaluate.scores import Scores
from skulens.evaluate.scores import summarise as summarise_scores

ROOT = Path(__file__).resolve().parents[2]
HITS = (
    Path(os.environ.get("SKULENS_DATA", ROOT.parent / "shared/data"))
    / "openmpr/per_sku_hits.json.gz"
)


def test_each_resample_draws_as_many_groups():
    blocks = list(resample_weights(7, 100, seed=3))
    weights = np.concatenate(blocks)
    assert weights.shape == (100, 7) and (weights.sum(axis=1) == 7).all()
    assert abs(weights.mean(axis=0) - 1).max() < 0.4  # every group is drawn about once


def test_blocks_of_weights_join(monkeypatch):
    monkeypatch.setattr("skulens.evaluate.intervals._WEIGHTS", 30)
    assert [len(b) for b in resample_weights(7, 10)] == [4, 4, 2]


def some_groups(skus, metrics=3, seed=0):
    """Values (queries, metrics) of unequal groups, some of them unknown, and the groups."""
    rng = np.random.default_rng(seed)
    groups = np.r_[np.arange(skus), rng.integers(0, skus, 5 * skus)]
    values = np.round(rng.random((len(groups), metrics)), 1)
    values[rng.random(values.shape) < 0.2] = np.nan
    return values, groups


def rows_of(values, groups, macro):
    """(top, bottom) of each group with any known value of one metric."""
    found = []
    for g in sorted(set(groups.tolist())):
        known = values[(groups == g) & ~np.isnan(values)]
        if len(known):
            found.append((known.mean(), 1) if macro else (known.sum(), len(known)))
    return found


def with_pseudo(rows):
    half = sum(b for _, b in rows) / len(rows) / 2
    return [*rows, (0.0, half), (half, half)]


@pytest.mark.parametrize("macro", [False, True])
@pytest.mark.parametrize("skus", [FEW, 14, 60])
def test_closed_form_of_many_groups_is_the_formula_written_out(skus, macro):
    values, groups = some_groups(skus)
    grouped = Grouped.of(values, groups)
    found = intervals(grouped.macro() if macro else grouped.micro())
    for metric, interval in enumerate(found):
        seen = rows_of(values[:, metric], groups, macro)
        rows = with_pseudo(seen)
        assert interval.groups == len(seen) == len(rows) - 2 >= FEW
        p = sum(t for t, _ in rows) / sum(b for _, b in rows)
        squares = sum((t - p * b) ** 2 for t, b in rows) / sum(b for _, b in rows) ** 2
        error = np.sqrt(len(rows) / (len(rows) - 1) * squares)
        half = stats.t.ppf(0.975, len(seen) + 1) * error / (p * (1 - p))
        assert interval.value == pytest.approx(sum(t for t, _ in seen) / sum(b for _, b in seen))
        ends = expit(logit(p) - half), expit(logit(p) + half)
        assert (interval.low, interval.high) == pytest.approx(ends, rel=1e-5)


@pytest.mark.parametrize("macro", [False, True])
@pytest.mark.parametrize("skus", [2, 5, FEW - 1])
def test_few_groups_have_the_percentiles_of_drawing_them_plainly(skus, macro):
    values, groups = some_groups(skus)
    values[:, 0] = np.where(np.isnan(values[:, 0]), 0.5, values[:, 0])
    grouped = Grouped.of(values[:, :1], groups)
    [found] = intervals(grouped.macro() if macro else grouped.micro())
    rows = np.array(with_pseudo(rows_of(values[:, 0], groups, macro)))
    drawn = np.random.default_rng(5).integers(0, len(rows), (40_000, len(rows)))
    top, bottom = rows[drawn].sum(axis=1).T
    ends = np.quantile(top / bottom, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=0.012)


def summarise(values, groups):
    units = [str(i) for i in range(len(groups))]
    return summarise_scores(Scores.of_means(units, [str(g) for g in groups], values))


@pytest.mark.parametrize("skus", [3, 7, 9, 10, 40])
def test_neither_order_nor_absent_groups_nor_company_move_an_interval(skus):
    """One number has one interval: alone or beside others, on a board or in a slice."""
    values, groups = some_groups(skus, seed=skus)
    alone = [intervals(Grouped.of(column[:, None], groups).micro())[0] for column in values.T]
    shuffled = np.random.default_rng(0).permutation(skus)[groups] * 3  # two of three say nothing
    for numbers in (groups, shuffled):
        together = intervals(Grouped.of(values, numbers).micro())
        for found, expected in zip(together, alone, strict=True):
            ends = (expected.value, expected.low, expected.high)
            assert (found.value, found.low, found.high) == pytest.approx(ends, rel=1e-12)
            assert (found.n, found.groups) == (expected.n, expected.groups)


def test_micro_weighs_queries_and_macro_groups():
    values = np.array([1, 1, 1, 0.0])
    found = summarise({"hit_rate@1": values}, np.array([0, 0, 0, 1]))
    assert found["hit_rate@1"].value == 0.75 and found["macro_hit_rate@1"].value == 0.5
    assert found["hit_rate@1"].n == 4 and found["hit_rate@1"].groups == 2


def test_unanswered_queries_leave_the_mean():
    values = np.array([1, np.nan, 0, np.nan])
    found = summarise({"mrr": values}, np.array([0, 1, 2, 2]))["mrr"]
    assert (found.value, found.n, found.groups) == (0.5, 2, 2)


def test_one_group_says_nothing_on_spread():
    found = summarise({"mrr": np.array([1, 0.0])}, np.array([0, 0]))["mrr"]
    assert found.value == 0.5 and np.isnan(found.low) and np.isnan(found.high)
    assert found.as_dict() == {"value": 0.5, "low": None, "high": None, "n": 2, "groups": 1}


def test_no_queries():
    found = summarise({"mrr": np.zeros(0)}, np.zeros(0, np.int64))["mrr"]
    assert np.isnan([found.value, found.low, found.high]).all() and found.n == 0
    json.dumps(found.as_dict(), allow_nan=False)


def test_the_gap_is_paired():
    """hit@5 and hit@1 move together from SKU to SKU, so their difference varies less than apart."""
    rng = np.random.default_rng(0)
    easy = np.repeat(rng.random(60), 20)
    at_1 = (rng.random(1200) < easy * 0.9).astype(float)
    at_5 = np.maximum(at_1, rng.random(1200) < 0.1)
    groups = np.repeat(np.arange(60), 20)
    found = summarise({"hit_rate@1": at_1, "hit_rate@5": at_5, "gap": at_5 - at_1}, groups)
    assert found["gap"].value == pytest.approx(
        found["hit_rate@5"].value - found["hit_rate@1"].value
    )
    width = {name: i.high - i.low for name, i in found.items()}
    assert width["gap"] < 0.5 * min(width["hit_rate@1"], width["hit_rate@5"])


def test_pseudo_observations_by_hand():
    """Two SKUs of 4 and 8 queries: a half of their mean, 3, is added to each end."""
    ratio = (
        Grouped(np.array([[1.0], [8.0]]), np.array([[4.0], [8.0]]))
        .micro()
        .with_pseudo_observations()
    )
    assert ratio.top.ravel().tolist() == [1, 8, 0, 3] and ratio.bottom.ravel().tolist() == [
        4,
        8,
        3,
        3,
    ]
    absent = (
        Grouped(np.array([[1.0], [0.0]]), np.array([[4.0], [0.0]]))
        .micro()
        .with_pseudo_observations()
    )
    assert absent.bottom.ravel().tolist() == [4, 0, 2, 2]  # the group without queries has no size


def test_intervals_hold_their_value_and_stay_in_the_range():
    rng = np.random.default_rng(0)
    for world in range(200):
        groups = np.repeat(np.arange(2 + world % 14), rng.integers(1, 9))
        groups = np.r_[groups, np.zeros(world % 3 * 40, int)]  # one SKU with most of the photos
        values = rng.choice([0, 0.1, 0.9, 1], (len(groups), 3), p=rng.dirichlet(np.full(4, 0.3)))
        grouped = Grouped.of(values, groups)
        for found in intervals(grouped.micro().beside(grouped.macro())):
            assert 0 <= found.low <= found.value <= found.high <= 1
            assert found.low < found.high
        for found in difference_intervals(Grouped.of(values * 2 - 1, groups).micro()):
            assert -1 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("groups", [3, 9, 10, 20, 100])
def test_where_every_query_succeeds_or_fails_the_interval_has_a_width(groups):
    """Its other end is about that of Clopper and Pearson for as many SKUs: 1 - 0.025^(1 / g)."""
    every = Grouped(np.full((groups, 1), 7.0), np.full((groups, 1), 7.0)).micro()
    [found], [none] = intervals(every), intervals(replace(every, top=np.zeros((groups, 1))))
    assert found.value == found.high == 1 and none.value == none.low == 0
    exact = 1 - 0.025 ** (1 / groups)
    assert 0.45 * exact < none.high < 1.25 * exact
    if groups >= FEW:
        assert 1 - found.low == pytest.approx(none.high)


def test_students_t_is_that_of_scipy():
    df = np.array([1, 2, 3, 4, 9, 30, 408, 1e5])
    assert student_t(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-5)
    assert student_t(df, 0.9) == pytest.approx(stats.t.ppf(0.9, df), rel=1e-5)
    assert np.isnan(student_t(np.array([0, -1]))).all()


def test_a_difference_is_the_formula_written_out():
    """t(g + 1) sqrt(g / (g - 1) sum u^2 / B^2 + 2 (0.4 / g)^2); SKUs of 1, 2, 3 and 4 photos."""
    sums, photos = np.array([1.0, -1, 2, 3]), np.array([1.0, 2, 3, 4])
    [found] = difference_intervals(Ratio(*(x[:, None] for x in (sums, photos, photos))))
    squares = sum((t - 0.5 * b) ** 2 for t, b in zip(sums, photos, strict=True)) / 10**2
    half = 2.570582 * np.sqrt(4 / 3 * squares + 2 * 0.1**2)
    assert found.value == 0.5 and found.high == 1
    assert found.low == pytest.approx(0.5 - half, rel=1e-5)


def test_without_pseudo_observations_it_is_the_interval_of_the_t_test():
    """One query per group and no bounds, as for claims per item."""
    values = np.random.default_rng(0).normal(3, 2, 30)
    ratio = Grouped.of(values[:, None], np.arange(30)).micro()
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    for found in (
        *difference_intervals(ratio, bounded=False),
        mean_interval(ratio, bounded=False),
    ):
        assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-5)


def test_a_mean_over_parts_has_the_error_of_the_jackknife():
    """Three parts of unequal groups: leaving out each group in turn gives nearly the same error."""
    values, groups = some_groups(60, seed=3)
    part = Grouped.of(values, groups).micro()

    def mean(kept):
        return np.mean(part.top[kept].sum(axis=0) / part.bottom[kept].sum(axis=0))

    left_out = np.array([mean(np.arange(60) != g) for g in range(60)])
    jackknife = np.sqrt(59 / 60 * ((left_out - left_out.mean()) ** 2).sum())
    found = mean_interval(part)
    error = (found.high - found.value) / stats.t.ppf(0.975, 61)
    assert found.value == pytest.approx(mean(np.arange(60)))
    assert error**2 - 2 * (0.4 / 60) ** 2 == pytest.approx(jackknife**2, rel=0.05)


def test_resampling_has_the_error_of_scipys_bootstrap():
    values = np.random.default_rng(0).beta(0.5, 0.5, 40)
    ratio = Grouped.of(values[:, None], np.arange(40)).micro()
    resampled = np.concatenate([ratio.estimate(w) for w in resample_weights(40, 20_000)])
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    assert resampled.std() == pytest.approx(theirs.standard_error, rel=0.03)
    assert np.sqrt((ratio.influences() ** 2).sum()) == pytest.approx(resampled.std(), rel=0.03)


def photos_and_chances(rng, skus, mean, alike, worlds):
    """Photos, 10 to 104, and chances to be found, (skus, worlds) each.

    Chances are beta; 0.6 is the correlation in the published SKUs, at 1 a SKU is always or never
    found.
    """
    shape = skus, worlds
    photos = rng.integers(10, 105, shape)
    if alike == 1:
        return photos, (rng.random(shape) < mean).astype(float)
    size = 1 / alike - 1
    return photos, rng.beta(mean * size, (1 - mean) * size, shape)


def share_held(found, truth):
    return np.mean([i.low <= truth <= i.high for i in found])


def plain_percentiles(ratio, truth, resamples=400):
    resampled = np.concatenate(
        [ratio.estimate(w) for w in resample_weights(len(ratio.top), resamples)]
    )
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return np.mean((low <= truth) & (truth <= high))


@pytest.mark.parametrize(
    ("skus", "mean", "alike"),
    [(5, 0.3, 0.6), (9, 0.9, 0.6), (10, 0.9, 1), (20, 0.1, 1), (20, 0.9, 0.6), (80, 0.97, 1)],
)
def test_intervals_cover_the_truth_where_plain_percentiles_do_not(skus, mean, alike):
    """Many worlds at once, one in each column."""
    rng, worlds = np.random.default_rng(skus), 500 if skus < FEW else 1500
    photos, chance = photos_and_chances(rng, skus, mean, alike, worlds)
    grouped = Grouped(rng.binomial(photos, chance).astype(float), photos.astype(float))
    least, most = stats.binom.ppf([1e-4, 1 - 1e-4], worlds, [0.94, 0.985]) / worlds
    assert least <= share_held(intervals(grouped.micro()), mean) <= most
    assert least <= share_held(intervals(grouped.macro()), mean)
    assert plain_percentiles(grouped.micro(), mean) < least - 0.02


@pytest.mark.parametrize("mean", [0.1, 0.6, 0.97])
def test_intervals_of_many_skus_are_not_too_wide(mean):
    rng = np.random.default_rng(3)
    photos, chance = photos_and_chances(rng, 300, mean, 0.6, 1500)
    ratio = Grouped(rng.binomial(photos, chance).astype(float), photos.astype(float)).micro()
    held = share_held(intervals(ratio), mean)
    assert held == pytest.approx(0.95, abs=0.02)


def test_photos_are_not_independent():
    """The interval that takes them as such is far too narrow."""
    rng = np.random.default_rng(1)
    photos, chance = photos_and_chances(rng, 10, 0.6, 0.6, 500)
    rate = rng.binomial(photos, chance).sum(axis=0) / photos.sum(axis=0)
    naive = np.abs(rate - 0.6) <= 1.96 * np.sqrt(rate * (1 - rate) / photos.sum(axis=0))
    assert naive.mean() < 0.35


@pytest.mark.parametrize(
    ("skus", "mean", "alike", "shared"),
    [
        (5, 0.6, 0.6, 0.6),
        (10, 0.9, 0.6, 0.9),
        (20, 0.9, 1, 0.9),
        (20, 0.6, 0.6, 0.9),
        (80, 0.9, 1, 0.9),
    ],
)
def test_difference_intervals_cover_the_truth_where_plain_percentiles_do_not(
    skus, mean, alike, shared
):
    """B shares the chance of A for most SKUs, and is worse by 0.1 in the mean of the others."""
    rng = np.random.default_rng(skus)
    photos, a = photos_and_chances(rng, skus, mean, alike, 1500)
    fresh = photos_and_chances(rng, skus, mean - 0.1, alike, 1500)[1]
    b = np.where(rng.random(photos.shape) < shared, a, fresh)
    sums = rng.binomial(photos, a) - rng.binomial(photos, b).astype(float)
    ratio, truth = Ratio(sums, photos.astype(float), photos), (1 - shared) * 0.1
    least = stats.binom.ppf(1e-4, 1500, 0.94) / 1500
    assert least <= share_held(difference_intervals(ratio), truth)
    assert plain_percentiles(ratio, truth) < least - 0.01


@pytest.mark.skipif(
    not HITS.exists(),
    reason="needs openmpr/per_sku_hits.json.gz; set SKULENS_DATA to the folder of it",
)
def test_published_results_are_known_to_within_three_points_or_so():
    """OpenMPR's best model: 77.0 %; 95 % intervals of about +-3.5 points by SKU, +-0.6 by photo."""
    data = json.loads(gzip.decompress(HITS.read_bytes()))
    photos = np.array(data["num_images"], float)
    at_1 = np.array([model["sku_hits"]["1"] for model in data["models"]], float).T  # (skus, models)
    ratio = Grouped(at_1, np.repeat(photos[:, None], at_1.shape[1], axis=1)).micro()
    assert list(ratio.value() * photos.sum()) == pytest.approx(
        [m["total_hits"]["1"] for m in data["models"]]
    )
    best = max(intervals(ratio), key=lambda i: i.value)
    assert best.value == pytest.approx(0.770, abs=5e-4) and best.groups == 409 and best.n == 20565
    assert (best.low, best.high) == pytest.approx((0.734, 0.803), abs=0.002)


@pytest.mark.parametrize("low", [0.4, np.nan])
def test_an_interval_survives_json(low):
    interval = Interval(0.5, low, 0.6, 10, 5)
    again = Interval.from_dict(json.loads(json.dumps(interval.as_dict(), allow_nan=False)))
    assert repr(again) == repr(interval) and again.known == (low == 0.4)
