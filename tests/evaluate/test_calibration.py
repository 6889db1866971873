"""Whether the bound of a calibrated precision holds as often as it says, and what is found."""

import re
from pathlib import Path

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.calibration import (
    BOUND_LEVEL,
    MOST_ATTEMPTS,
    Outcome,
    attempt_level,
    calibrate,
    choose,
    choose_threshold,
    evaluate_threshold,
    least_skus,
    precision_bound,
    relative_size,
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
    assert least_skus(0.95, 0.95) == 59 and least_skus(0.99, 0.95) == 299
    assert precision_bound(np.zeros(5), np.zeros(5))[0] == 0


def test_the_pseudo_observation_is_so_many_times_a_typical_sku():
    """SKUs of 1, 3 and 10 answers; with weights w, risk = size w0 / (size w0 + w . answered)."""
    answered = np.array([1.0] * 8 + [3.0] * 4 + [10.0])
    typical = (8 + 36 + 100) / 30
    weights = np.random.default_rng(5).exponential(size=(4000, 14))
    for times in (1.0, 2.5):
        own = times * typical
        risk = own * weights[:, -1] / (weights @ np.append(answered, own))
        found = precision_bound(answered, np.zeros(13), resamples=4000, seed=5, size=times)[0]
        assert found == pytest.approx(1 - np.quantile(risk, 0.95))
    assert relative_size(answered) == pytest.approx(10 / typical)
    assert relative_size(np.full(7, 12)) == 1


@pytest.mark.parametrize(("skus", "large"), [(80, 50), (300, 50), (300, 200)])
def test_bounds_hold_where_bad_skus_are_large(skus, large):
    """SKUs of 5 photos, 3 % always wrong with many: too high in at most 5 % of the shops that show
    one so large. With a pseudo-observation of a typical answer's size up to 10 % are."""
    bad, high, seen = 0.03, 0, 0
    truth = (1 - bad) * 5 / ((1 - bad) * 5 + bad * large)
    for seed in range(400):
        is_bad = np.random.default_rng(seed).random(skus) < bad
        answered = np.where(is_bad, large, 5.0)
        if is_bad.any():
            wrong, size = is_bad * answered, relative_size(answered)
            bound = precision_bound(answered, wrong, resamples=300, seed=seed, size=size)[0]
            seen, high = seen + 1, high + (bound > truth)
    assert high <= 0.07 * seen, (high, seen)  # 5 % and two standard errors


def test_levels_of_all_attempts_share_five_percent():
    shares = [1 - attempt_level(n) for n in range(1, MOST_ATTEMPTS + 1)]
    assert shares == sorted(shares, reverse=True) and shares[0] == pytest.approx(0.04)
    assert 0.0495 < sum(shares) <= 1 - BOUND_LEVEL
    for n in (0, MOST_ATTEMPTS + 1):
        with pytest.raises(DataError, match="measure new queries"):
            attempt_level(n)


def test_a_later_attempt_has_a_lower_bound():
    rng = np.random.default_rng(0)
    answers = answers_of(rng.random(600), rng.random(600) < 0.95, np.arange(600) // 3)
    first, third = (calibrate(answers, 0.8, "score", attempt=n) for n in (1, 3))
    assert first.held_out.level == 0.96 and third.held_out.level == pytest.approx(0.99848, abs=1e-5)
    assert third.held_out.at_least < first.held_out.at_least - 0.01
    assert third.threshold == first.threshold and third.attempt == 3


def test_a_strict_level_has_as_many_resamples_as_its_quantile_needs():
    answered, wrong = np.full(40, 3.0), np.zeros(40)
    few, many = (precision_bound(answered, wrong, 0.999, n)[0] for n in (10, 20_000))
    assert few == many == pytest.approx(0.001 ** (1 / 40), abs=0.02)


def test_attempts_until_one_is_confirmed_are_wrong_in_5_of_100_shops():
    """Six splits of shops with a precision of 0.8; SKUs are right or wrong as a whole."""
    groups, ever, uncorrected = np.repeat(np.arange(60), 4), 0, 0
    for shop in range(120):
        chance = np.random.default_rng(shop).random(60) < 0.8
        answers, high = answers_of(np.ones(240), chance[groups], groups), np.zeros(2, bool)
        for n in range(1, 7):
            _, held_out = split_groups(answers, 0.5, seed=n)
            high |= [
                evaluate_threshold(
                    held_out, "score", 0, level=level, resamples=200, seed=n
                ).at_least
                > 0.8
                for level in (attempt_level(n), BOUND_LEVEL)
            ]
        ever, uncorrected = ever + high[0], uncorrected + high[1]
    assert ever <= 6 and uncorrected >= 12, (ever, uncorrected)


def test_the_largest_sku_of_the_calibration_split_counts():
    """One SKU of 30 photos and 39 of one, all right; where it is not held out it still counts."""
    groups = np.concatenate([np.zeros(30, int), np.arange(1, 40)])
    answers = answers_of(np.ones(69), np.ones(69), groups)
    chosen = [choose(answers, 0.3, "score", resamples=100, seed=s) for s in range(30)]
    small = next(c for c in chosen if len(c.held_out) < 40)
    size = 30 / ((30**2 + 39) / 69)
    assert [c.size for c in chosen] == pytest.approx([size] * 30) and size > 2
    found = calibrate(answers, 0.3, "score", seed=chosen.index(small)).held_out
    alone = evaluate_threshold(small.held_out, "score", 0, level=found.level, size=size)
    assert found.at_least == pytest.approx(alone.at_least, abs=0.01)
    like_others = calibrate(
        answers, 0.3, "score", unseen="typical", seed=chosen.index(small)
    ).held_out
    assert like_others.at_least > found.at_least + 0.05


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
    assert (found.calibration.skus, found.held_out.skus) == (200, 600)


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
    here = np.random.default_rng(0).permutation(100) < 25
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


@pytest.mark.parametrize(("sizes", "target"), [("even", 0.9), ("uneven", 0.8)])
def test_bounds_hold_in_95_of_100_simulated_shops(sizes, target):
    """300 shops of 160 SKUs: the bound is above the truth in at most 5 %, and confirmed is true."""
    score, right, _ = simulate(np.random.default_rng(99), 60_000, sizes)
    order = np.argsort(-score)
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    falling = -score[order]
    broken = confirmed = wrongly = tested = 0
    for seed in range(300):
        s, r, groups = simulate(np.random.default_rng(seed), 160, sizes)
        found = calibrate(answers_of(s, r, groups), target, "score", resamples=300, seed=seed)
        if found.held_out is None or not found.held_out.skus_answered:
            continue
        truth = share[np.searchsorted(falling, -found.threshold, side="right") - 1]
        tested += 1
        broken += found.held_out.at_least > truth
        confirmed += found.outcome is Outcome.CONFIRMED
        wrongly += found.outcome is Outcome.CONFIRMED and truth < target
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
