"""Whether the bound of a calibrated precision holds as often as it says, and what is found."""

import re
from pathlib import Path

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.calibration import (
    Outcome,
    calibrate,
    choose_threshold,
    evaluate_threshold,
    least_skus,
    precision_bound,
    split_groups,
    sum_by_threshold,
)
from skulens.evaluate.intervals import resample_weights
from skulens.evaluate.risk_coverage import choose_confidence
from tests.evaluate.answers import answers_of, simulate


@pytest.mark.parametrize(("skus", "failing"), [(10, 0), (10, 1), (40, 0), (40, 3), (200, 7)])
def test_bound_is_that_of_clopper_and_pearson_where_skus_are_right_or_wrong_as_a_whole(
    skus, failing
):
    stats = pytest.importorskip("scipy.stats")
    answered = np.full(skus, 12.0)
    bound = precision_bound(
        answered, np.where(np.arange(skus) < failing, 12.0, 0), resamples=40_000
    )[0]
    assert bound == pytest.approx(1 - stats.beta.ppf(0.95, failing + 1, skus - failing), abs=0.004)


def test_bound_without_an_error():
    answered = np.full(59, 7.0)
    assert precision_bound(answered, np.zeros(59), resamples=40_000)[0] == pytest.approx(
        0.95, abs=0.003
    )
    assert least_skus(0.95) == 59 and least_skus(0.99) == 299
    assert precision_bound(np.zeros(5), np.zeros(5))[0] == 0


def test_what_was_never_found_is_never_answered():
    answers = answers_of([0.9, 0.8, -np.inf, -np.inf], [1, 1, 0, 0])
    threshold, reached = choose_threshold(answers, "score", 0.9, resamples=50)
    assert reached and np.isfinite(threshold)
    with pytest.raises(DataError, match="no query has a candidate"):
        choose_threshold(answers_of([-np.inf] * 4, [0] * 4), "score", 0.9)


def test_sums_by_threshold_are_counts():
    rng = np.random.default_rng(0)
    score, groups, right = rng.integers(0, 6, 50) / 5, rng.integers(0, 4, 50), rng.random(50) < 0.5
    levels = np.array([1.0, 0.6, 0.2])
    found = sum_by_threshold(score, right, groups, levels)
    plain = [
        [(right & (groups == g) & (score >= level)).sum() for level in levels] for g in range(4)
    ]
    assert found.tolist() == plain


def test_no_sku_is_in_both_splits():
    groups = np.repeat(np.arange(20), 5)
    answers = answers_of(np.arange(100), np.arange(100) % 2, groups)
    one, other = split_groups(answers, 0.5, seed=3)
    assert len(one) + len(other) == 100 and set(one.score // 5).isdisjoint(other.score // 5)
    assert one.groups.max() == other.groups.max() == 9
    with pytest.raises(DataError, match="at least two SKUs each"):
        split_groups(answers_of([1, 2, 3], [1, 1, 1]))


def test_a_target_that_is_easy_to_confirm():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(800), 3)
    score = rng.random(2400)
    found = calibrate(answers_of(score, score > 0.4, groups), 0.95, "score", resamples=400)
    assert found.outcome is Outcome.CONFIRMED and found.held_out.at_least >= 0.95
    assert 0.35 < found.threshold < 0.45
    assert found.held_out.coverage.value == pytest.approx(0.6, abs=0.04)
    assert (found.calibration.skus, found.held_out.skus) == (400, 400)


@pytest.mark.parametrize(
    ("is_right", "outcome"),
    [
        (lambda score: score > 0.3, Outcome.NOT_CONFIRMED),
        (lambda score: score < 0, Outcome.OUT_OF_REACH),
    ],
)
def test_what_cannot_be_confirmed_or_reached(is_right, outcome):
    score = np.random.default_rng(0).random(120)
    found = calibrate(answers_of(score, is_right(score), np.arange(120) // 3), 0.99, resamples=200)
    assert found.outcome is outcome
    assert (
        (found.held_out is None) == (found.threshold is None) == (outcome is Outcome.OUT_OF_REACH)
    )


def test_right_on_the_calibration_split_alone_is_missed():
    groups = np.arange(400) // 4
    here = np.random.default_rng(0).permutation(100) < 50
    answers = answers_of(np.linspace(0, 1, 400), here[groups], groups)
    found = calibrate(answers, 0.9, "score", resamples=200)
    assert found.outcome is Outcome.MISSED and found.calibration.precision.value == 1


@pytest.mark.parametrize("target", [0, 1, 1.2, 99])
def test_target_must_be_one_that_can_be_confirmed(target):
    with pytest.raises(DataError, match="between 0 and 1"):
        calibrate(answers_of(np.arange(8), np.ones(8)), target)


def test_auto_takes_the_confidence_that_orders_better():
    rng = np.random.default_rng(0)
    right = rng.random(300) < 0.7
    answers = answers_of(
        rng.random(300), right, np.arange(300) // 3, margin=right + rng.random(300)
    )
    assert (
        choose_confidence(answers) == "margin"
        and calibrate(answers, 0.9, resamples=100).confidence == "margin"
    )


def test_auto_takes_a_confidence_that_the_held_out_queries_have_too():
    """One query has a single candidate, so no margin; in half of the splits it is held out."""
    right = np.arange(40) % 4 > 0
    margin = np.where(np.arange(40) == 0, np.nan, right + 0.0)
    answers = answers_of(np.arange(40), right, np.arange(40) // 2, margin=margin)
    assert {calibrate(answers, 0.9, resamples=20, seed=s).confidence for s in range(6)} == {"score"}


def test_answering_nothing_has_no_precision():
    nothing = evaluate_threshold(answers_of([1, 2, 3, 4], [1, 1, 1, 1]), "score", 9, resamples=50)
    assert (
        np.isnan(nothing.precision.value) and nothing.at_least == 0 and nothing.skus_answered == 0
    )


@pytest.mark.parametrize("sizes", ["even", "uneven"])
def test_bounds_hold_in_95_of_100_simulated_shops(sizes):
    """300 shops of 160 SKUs: the bound is above the truth in at most 5 %, and confirmed is true."""
    score, right, _ = simulate(np.random.default_rng(99), 60_000, sizes)
    order = np.argsort(-score)
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    falling = -score[order]
    broken = confirmed = wrongly = tested = 0
    for seed in range(300):
        s, r, groups = simulate(np.random.default_rng(seed), 160, sizes)
        found = calibrate(answers_of(s, r, groups), 0.9, "score", resamples=300, seed=seed)
        if found.held_out is None or not found.held_out.skus_answered:
            continue
        truth = share[np.searchsorted(falling, -found.threshold, side="right") - 1]
        tested += 1
        broken += found.held_out.at_least > truth
        confirmed += found.outcome is Outcome.CONFIRMED
        wrongly += found.outcome is Outcome.CONFIRMED and truth < 0.9
    assert tested > 290 and confirmed > 80, (tested, confirmed)
    assert broken <= 0.05 * tested and wrongly <= 0.05 * confirmed, (broken, wrongly)


def test_the_bootstrap_alone_would_not_hold():
    """One SKU in 50 is always confused: resampling the SKUs is too high in a third of the shops."""
    rng, plain, ours = np.random.default_rng(0), 0, 0
    answered = np.full(60, 10.0)
    for seed in range(300):
        wrong = np.where(rng.random(60) < 0.02, 10.0, 0)
        weights = np.concatenate(list(resample_weights(60, 300, seed)))
        plain += 1 - np.quantile(weights @ wrong / (weights @ answered), 0.95) > 0.98
        ours += precision_bound(answered, wrong, resamples=300, seed=seed)[0] > 0.98
    assert plain > 75 and ours <= 15, (plain, ours)


def test_snippets_of_the_document_run():
    text = (Path(__file__).resolve().parents[2] / "docs/calibration.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert snippets
    for snippet in snippets:
        exec(snippet, {})
