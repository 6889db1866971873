"""The bootstrap against a plain one, and whether its intervals hold the truth as often as they say."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from skulens.evaluate.intervals import Grouped, Interval, bootstrap, intervals, resample_weights
from skulens.evaluate.summaries import summarise

ROOT = Path(__file__).resolve().parents[2]
HITS = Path(os.environ.get("SKULENS_DATA", ROOT.parent / "shared/data")) / "openmpr/per_sku_hits.json.gz"


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
    for row, weights in enumerate(np.concatenate(list(resample_weights(groups.max() + 1, 50, seed=1)))):
        drawn = [values[groups == g] for g, times in enumerate(weights.astype(int)) for _ in range(times)]
        for metric in range(3):
            columns = [c[~np.isnan(c)] for c in (d[:, metric] for d in drawn)]
            assert micro[row, metric] == pytest.approx(np.concatenate(columns).mean())
            assert macro[row, metric] == pytest.approx(np.mean([c.mean() for c in columns if len(c)]))


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
    assert found["gap"].value == pytest.approx(found["hit_rate@5"].value - found["hit_rate@1"].value)
    width = {name: i.high - i.low for name, i in found.items()}
    assert width["gap"] < 0.5 * min(width["hit_rate@1"], width["hit_rate@5"])


def clustered_world(rng, groups=80):
    """Hits of 10 to 100 photos of each SKU; every SKU has its own chance. Returns sums, counts."""
    photos = rng.integers(10, 101, groups)
    return rng.binomial(photos, rng.beta(1.2, 0.8, groups)), photos


def test_intervals_cover_the_truth():
    """200 worlds of 80 SKUs; the truth, over SKUs without end, is the mean of beta(1.2, 0.8): 0.6."""
    rng, covered, naive = np.random.default_rng(1), np.zeros(2), 0
    for world in range(200):
        hits, photos = clustered_world(rng)
        grouped = Grouped(hits[:, None].astype(float), photos[:, None].astype(float))
        ratio = grouped.micro().beside(grouped.macro())
        found = intervals(ratio, bootstrap(ratio, 1000, seed=world))
        covered += [i.low <= 0.6 <= i.high for i in found]
        rate = hits.sum() / photos.sum()
        naive += abs(rate - 0.6) <= 1.96 * np.sqrt(rate * (1 - rate) / photos.sum())
    assert (covered >= 180).all() and (covered <= 196).all(), covered  # 90 to 98 %
    assert naive < 100  # photos taken as independent: the interval is far too narrow


@pytest.mark.skipif(not HITS.exists(), reason="needs openmpr/per_sku_hits.json.gz; set SKULENS_DATA to the folder of it")
def test_published_results_are_known_to_within_three_points_or_so():
    """OpenMPR's best model: 77.0 %; by SKUs the 95 % interval is about +-3.5 points, by photos +-0.6."""
    data = json.loads(gzip.decompress(HITS.read_bytes()))
    photos = np.array(data["num_images"], float)
    at_1 = np.array([model["sku_hits"]["1"] for model in data["models"]], float).T  # (skus, models)
    ratio = Grouped(at_1, np.repeat(photos[:, None], at_1.shape[1], axis=1)).micro()
    assert list(ratio.value() * photos.sum()) == pytest.approx([m["total_hits"]["1"] for m in data["models"]])
    best = max(intervals(ratio, bootstrap(ratio)), key=lambda i: i.value)
    assert best.value == pytest.approx(0.770, abs=5e-4) and best.groups == 409 and best.n == 20565
    assert 0.03 < (best.high - best.low) / 2 < 0.04


def test_interval_is_a_value():
    assert Interval(0.5, 0.4, 0.6, 10, 5) == Interval(0.5, 0.4, 0.6, 10, 5)
