"""Risk against coverage: areas in closed form, bands, and what counts as an answer."""

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.intervals import resample_weights
from skulens.evaluate.ranking import hit_rate_at_k, judge
from skulens.evaluate.risk_coverage import (
    ConfidenceOrder,
    area_under,
    choose_confidence,
    first_answers,
    least_area,
    risk_coverage,
)
from skulens.records import Qrels, Run
from tests.evaluate.answers import answers_of, simulate


def areas(score, right, weights=None) -> tuple[float, float]:
    order = ConfidenceOrder.of(np.asarray(score, float), ~np.asarray(right, bool))
    totals = order.totals(
        np.ones((1, len(score))) if weights is None else np.asarray(weights, float)[None]
    )
    return float(area_under(*totals)[0]), float(least_area(*totals)[0])


@pytest.mark.parametrize("wrong", [0, 1, 25, 99, 100])
def test_area_of_a_perfect_order_is_the_closed_form(wrong):
    right, r = np.arange(100) < 100 - wrong, wrong / 100
    area, best = areas(-np.arange(100), right)
    assert area == pytest.approx(best, abs=1e-12)
    assert best == pytest.approx(r + (1 - r) * np.log(1 - r) if r < 1 else 1)


def test_area_of_a_confidence_that_says_nothing_is_the_risk():
    assert areas(np.zeros(40), np.arange(40) < 30)[0] == pytest.approx(0.25)


def test_area_of_the_worst_order():
    """All wrong ones first: 1 up to a coverage of r, then r / c."""
    r = 0.25
    assert areas(-np.arange(40), np.arange(40) >= 10)[0] == pytest.approx(r - r * np.log(r))


def test_area_is_the_sum_of_the_paper_but_for_one_in_n():
    rng = np.random.default_rng(0)
    score, right = rng.random(4000), rng.random(4000) < 0.7
    wrong = ~right[np.argsort(-score)]
    assert areas(score, right)[0] == pytest.approx(
        (wrong.cumsum() / np.arange(1, 4001)).mean(), abs=2e-3
    )


def test_weights_are_repetitions():
    rng = np.random.default_rng(0)
    score, right, times = rng.integers(0, 9, 60) / 10, rng.random(60) < 0.7, rng.integers(0, 4, 60)
    assert areas(score, right, times) == pytest.approx(
        areas(np.repeat(score, times), np.repeat(right, times))
    )


def test_curve_ends_at_the_risk_of_all_and_meets_the_counts():
    rng = np.random.default_rng(0)
    score, right = rng.permutation(200) / 200, rng.random(200) < 0.8
    curve = risk_coverage(answers_of(score, right, np.arange(200) // 4), "score", resamples=200)
    order = np.argsort(-score)
    assert curve.risk[-1] == pytest.approx(1 - right.mean()) and curve.risk[24] == pytest.approx(
        1 - right[order][:50].mean()
    )
    assert curve.threshold[24] == score[order][49] and curve.threshold[-1] == 0
    assert (curve.low <= curve.risk + 1e-12).all() and (curve.risk <= curve.high + 1e-12).all()
    assert curve.aurc.low < curve.aurc.value < curve.aurc.high and curve.aurc.groups == 50
    assert 0 < curve.excess.value < curve.aurc.value


def test_resampled_totals_are_those_of_drawn_skus():
    """Against drawing the SKUs plainly, the two pseudo-observations without size."""
    rng = np.random.default_rng(1)
    score, right, groups = (
        rng.random(60).round(1),
        rng.random(60) < 0.6,
        np.repeat(np.arange(6), 10),
    )
    [totals] = ConfidenceOrder.of(score, ~right).resample(groups, 20, 3, pseudo=0)
    [weights] = resample_weights(8, 20, seed=3)
    for area, w in zip(area_under(*totals), weights.astype(int), strict=True):
        drawn = np.concatenate([np.flatnonzero(groups == g) for g in range(6) for _ in range(w[g])])
        assert area == pytest.approx(areas(score[drawn], right[drawn])[0])


def test_joined_steps_change_nothing_to_speak_of(monkeypatch):
    rng = np.random.default_rng(1)
    score, groups = rng.random(900), np.arange(900) // 10
    answers = answers_of(score, rng.random(900) < score, groups)
    fine = risk_coverage(answers, "score", resamples=50)
    monkeypatch.setattr("skulens.evaluate.risk_coverage._STEPS", 300)
    joined = risk_coverage(answers, "score", resamples=50)
    assert (
        joined.areas == pytest.approx(fine.areas, abs=3e-3) and joined.aurc.value == fine.aurc.value
    )
    assert joined.high[4:] == pytest.approx(fine.high[4:], abs=0.02)


def test_pseudo_observations_are_as_large_as_those_answered_so_far():
    order = ConfidenceOrder.of(np.array([5, 4, 3, 2, 1.0]), np.zeros(5))
    assert order._mean_group(np.array([0, 0, 1, 1, 1])).tolist() == [1, 2, 2, 2, 2.5]


@pytest.mark.parametrize("skus", [20, 100])
def test_bands_hold_the_truth_where_few_answers_are_wrong(skus):
    """150 shops: the band at 5, 20, 60 and 100 % coverage holds the risk of a shop without end."""
    score, right, _ = simulate(np.random.default_rng(99), 60_000)
    order, at = np.argsort(-score), np.array([4, 19, 59, 99])
    truth = [1 - right[order[: int((i + 1) / 100 * len(order))]].mean() for i in at]
    held = np.zeros(len(at))
    for seed in range(150):
        s, r, groups = simulate(np.random.default_rng(seed), skus)
        curve = risk_coverage(answers_of(s, r, groups), "score", resamples=200, seed=seed)
        held += (curve.low[at] <= truth) & (truth <= curve.high[at])
    assert (held >= 0.89 * 150).all(), held


def test_one_sku_has_no_band():
    curve = risk_coverage(answers_of([3, 2, 1], [1, 1, 0], [0, 0, 0]), "score", resamples=10)
    assert np.isnan(curve.low).all() and np.isnan(curve.aurc.low)


def test_first_answers_ties_and_what_is_missing():
    run = Run.of(
        {
            "tie": {"a": 0.5, "b": 0.5},
            "sure": {"a": 0.9, "b": 0.2},
            "stray": {"a": 0.8, "b": 0.1},
            "alone": {"a": 0.3},
        }
    )
    qrels = Qrels(
        {
            "tie": {"b": 1},
            "sure": {"b": 1},
            "stray": {},
            "gone": {"a": 1},
            "alone": {"a": 2, "b": 0},
        },
        {"tie": "b", "sure": "b", "stray": "s", "gone": "a", "alone": "a"},
    )
    answers = first_answers(run, qrels, "leave out")
    assert answers.right.tolist() == [True, False, False, True] and answers.groups.tolist() == [
        0,
        0,
        1,
        1,
    ]
    assert answers.tied == 1 and answers.without_relevant == 1
    assert answers.score[:2] == pytest.approx([0.5, 0.9]) and answers.score[2] == -np.inf
    assert answers.margin[:2] == pytest.approx([0, 0.7]) and np.isnan(answers.margin[3])
    assert (
        answers.right.tolist()
        == hit_rate_at_k(judge(run, qrels), 1)[[0, 1, 3, 4]].astype(bool).tolist()
    )
    with pytest.raises(DataError, match="1 of 4 queries have no margin"):
        answers.confidence("margin")
    assert choose_confidence(answers) == "score"
    strict = first_answers(run, qrels)
    assert len(strict) == 5 and not strict.right[2]
