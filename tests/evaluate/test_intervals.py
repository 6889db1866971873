"""The bootstrap against a plain one, and whether its intervals cover the truth as they say."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from skulens.evaluate.intervals import (
    Grouped,
    Interval,
    Ratio,
    bootstrap,
    difference_intervals,
    intervals,
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


def test_same_as_resampling_rows_plainly():
    """Averages over the drawn groups' own rows, NaN left out, group by group."""
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(0, 6, 40))
    groups = np.unique(groups, return_inverse=True)[1]
    values = rng.random((40, 3))
    values[rng.random((40, 3)) < 0.2] = np.nan
    grouped = Grouped.of(values, groups)
    micro, macro = bootstrap(grouped.micro(), 50, seed=1), bootstrap(grouped.macro(), 50, seed=1)
    for row, weights in enumerate(
        np.concatenate(list(resample_weights(groups.max() + 1, 50, seed=1)))
    ):
        drawn = [
            values[groups == g] for g, times in enumerate(weights.astype(int)) for _ in range(times)
        ]
        for metric in range(3):
            columns = [c[~np.isnan(c)] for c in (d[:, metric] for d in drawn)]
            assert micro[row, metric] == pytest.approx(np.concatenate(columns).mean())
            assert macro[row, metric] == pytest.approx(
                np.mean([c.mean() for c in columns if len(c)])
            )


def summarise(values, groups, resamples=2000, seed=0):
    units = [str(i) for i in range(len(groups))]
    scores = Scores.of_means(units, [str(g) for g in groups], values)
    return summarise_scores(scores, resamples, seed)


def test_same_seed_same_interval():
    rng = np.random.default_rng(0)
    values, groups = {"hit_rate@1": rng.random(50)}, np.arange(50) // 2
    assert summarise(values, groups, 200, seed=1) == summarise(values, groups, 200, seed=1)
    assert summarise(values, groups, 200, seed=1) != summarise(values, groups, 200, seed=2)


def test_micro_weighs_queries_and_macro_groups():
    values = np.array([1, 1, 1, 0.0])
    found = summarise({"hit_rate@1": values}, np.array([0, 0, 0, 1]), 100)
    assert found["hit_rate@1"].value == 0.75 and found["macro_hit_rate@1"].value == 0.5
    assert found["hit_rate@1"].n == 4 and found["hit_rate@1"].groups == 2


def test_unanswered_queries_leave_the_mean():
    values = np.array([1, np.nan, 0, np.nan])
    found = summarise({"mrr": values}, np.array([0, 1, 2, 2]), 100)["mrr"]
    assert (found.value, found.n, found.groups) == (0.5, 2, 2)


def test_one_group_says_nothing_on_spread():
    found = summarise({"mrr": np.array([1, 0.0])}, np.array([0, 0]), 100)["mrr"]
    assert found.value == 0.5 and np.isnan(found.low) and np.isnan(found.high)
    assert found.as_dict() == {"value": 0.5, "low": None, "high": None, "n": 2, "groups": 1}


def test_no_queries():
    found = summarise({"mrr": np.zeros(0)}, np.zeros(0, np.int64), 100)["mrr"]
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
    for world in range(100):
        groups = np.repeat(np.arange(2 + world % 9), rng.integers(1, 9))
        values = rng.choice([0, 0.1, 0.9, 1], (len(groups), 3), p=rng.dirichlet(np.full(4, 0.3)))
        grouped = Grouped.of(values, groups)
        for found in intervals(grouped.micro().beside(grouped.macro()), 300, seed=world):
            assert 0 <= found.low <= found.value <= found.high <= 1
        for found in difference_intervals(
            Grouped.of(values * 2 - 1, groups).micro(), 300, seed=world
        ):
            assert -1 <= found.low <= found.value <= found.high <= 1


def test_where_every_query_succeeds_the_interval_has_a_width():
    for groups in (3, 10, 100):
        every = Grouped(np.full((groups, 1), 7.0), np.full((groups, 1), 7.0)).micro()
        [found] = intervals(every)
        assert found.value == found.high == 1
        assert 1 - 3 / groups < found.low < 1 - 0.4 / groups


def test_students_t_is_that_of_scipy():
    df = np.array([1, 2, 3, 4, 9, 30, 408, 1e5])
    assert student_t(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-5)
    assert student_t(df, 0.9) == pytest.approx(stats.t.ppf(0.9, df), rel=1e-5)
    assert np.isnan(student_t(np.array([0, -1]))).all()


def test_a_difference_has_the_interval_of_the_t_test():
    """One query per group: the bootstrap's error is the standard error of the mean."""
    values = np.random.default_rng(0).normal(0.05, 0.2, 30)
    [found] = difference_intervals(
        Grouped.of(values[:, None], np.arange(30)).micro(), resamples=40_000
    )
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)


def test_percentiles_are_those_of_scipy():
    values = np.random.default_rng(0).beta(0.5, 0.5, 40)
    resampled = bootstrap(Grouped.of(values[:, None], np.arange(40)).micro(), 20_000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    assert np.quantile(resampled, [0.025, 0.975]) == pytest.approx(
        list(theirs.confidence_interval), abs=0.005
    )
    assert resampled.std() == pytest.approx(theirs.standard_error, rel=0.03)


def worlds(rng, groups, mean, n, alike=0.65):
    """Hits and photos (groups, n worlds) of SKUs with 10 to 104 photos, each with its own chance.

    Chances are beta(mean * alike, (1 - mean) * alike): as far apart as between the published SKUs.
    """
    photos = rng.integers(10, 105, (groups, n))
    return rng.binomial(photos, rng.beta(mean * alike, (1 - mean) * alike, (groups, n))).astype(
        float
    ), photos.astype(float)


@pytest.mark.parametrize("groups", [5, 10, 20, 80])
@pytest.mark.parametrize("mean", [0.3, 0.6, 0.9])
def test_intervals_cover_the_truth(groups, mean):
    """500 worlds at once, one in each column; they share resamples, not data."""
    hits, photos = worlds(np.random.default_rng(groups), groups, mean, 500)
    for ratio in (Grouped(hits, photos).micro(), Grouped(hits, photos).macro()):
        covered = sum(i.low <= mean <= i.high for i in intervals(ratio, 1000))
        least, most = stats.binom.ppf([1e-4, 1 - 1e-4], 500, [0.93, 0.97])
        assert least <= covered <= most


def test_photos_are_not_independent():
    """The interval that takes them as such, and plain percentiles of few SKUs, are too narrow."""
    hits, photos = worlds(np.random.default_rng(1), 10, 0.6, 500)
    rate = hits.sum(axis=0) / photos.sum(axis=0)
    naive = np.abs(rate - 0.6) <= 1.96 * np.sqrt(rate * (1 - rate) / photos.sum(axis=0))
    low, high = np.quantile(bootstrap(Grouped(hits, photos).micro(), 1000), [0.025, 0.975], axis=0)
    assert naive.mean() < 0.35 and ((low <= 0.6) & (high >= 0.6)).mean() < 0.92


@pytest.mark.parametrize("groups", [5, 10, 20, 80])
@pytest.mark.parametrize("apart", [0, 0.1])
def test_difference_intervals_cover_the_truth(groups, apart):
    """B has the chance of A for six SKUs in ten, and another for the rest."""
    rng = np.random.default_rng(groups)
    photos = rng.integers(10, 105, (groups, 500))
    a, fresh = rng.beta(0.6, 0.4, photos.shape), rng.beta(0.6 - apart, 0.4 + apart, photos.shape)
    b = np.where(rng.random(photos.shape) < 0.6, a, fresh)
    sums = rng.binomial(photos, a) - rng.binomial(photos, b).astype(float)
    covered = sum(
        i.low <= 0.4 * apart <= i.high
        for i in difference_intervals(Ratio(sums, photos, photos), 1000)
    )
    least, most = stats.binom.ppf([1e-4, 1 - 1e-4], 500, [0.93, 0.98])
    assert least <= covered <= most


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


def test_interval_is_a_value():
    assert Interval(0.5, 0.4, 0.6, 10, 5) == Interval(0.5, 0.4, 0.6, 10, 5)
