"""Risk against coverage in closed form, and whether a promised precision is kept as often as promised."""

import re
from pathlib import Path

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.calibration import (
    Answers,
    Steps,
    area_under,
    better,
    by_threshold,
    choose,
    first_answers,
    least_area,
    operate,
    precision_bound,
    promise,
    risk_coverage,
    skus_needed,
    split_groups,
)
from skulens.evaluate.intervals import resample_weights
from skulens.evaluate.ranking import hit_rate_at_k, judge
from skulens.records import Qrels, Run


def answers_of(score, right, groups=None, margin=None) -> Answers:
    score = np.asarray(score, float)
    groups = np.arange(len(score)) if groups is None else np.asarray(groups)
    return Answers(
        score,
        score if margin is None else np.asarray(margin, float),
        np.asarray(right, bool),
        groups,
        0,
    )


def areas(score, right, weights=None) -> tuple[float, float]:
    steps = Steps.of(np.asarray(score, float), ~np.asarray(right, bool))
    totals = steps.totals(
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
    """Against drawing the SKUs plainly, the two imaginary ones without size."""
    rng = np.random.default_rng(1)
    score, right, groups = (
        rng.random(60).round(1),
        rng.random(60) < 0.6,
        np.repeat(np.arange(6), 10),
    )
    [totals] = Steps.of(score, ~right).resampled(groups, 20, 3, imaginary=0)
    [weights] = resample_weights(8, 20, seed=3)
    for area, w in zip(area_under(*totals), weights.astype(int), strict=True):
        drawn = np.concatenate([np.flatnonzero(groups == g) for g in range(6) for _ in range(w[g])])
        assert area == pytest.approx(areas(score[drawn], right[drawn])[0])


def test_joined_steps_change_nothing_to_speak_of(monkeypatch):
    rng = np.random.default_rng(1)
    score, groups = rng.random(900), np.arange(900) // 10
    answers = answers_of(score, rng.random(900) < score, groups)
    fine = risk_coverage(answers, "score", resamples=50)
    monkeypatch.setattr("skulens.evaluate.calibration._STEPS", 300)
    joined = risk_coverage(answers, "score", resamples=50)
    assert (
        joined.areas == pytest.approx(fine.areas, abs=3e-3) and joined.aurc.value == fine.aurc.value
    )
    assert joined.high[4:] == pytest.approx(fine.high[4:], abs=0.02)


def test_imaginary_skus_are_as_large_as_those_answered_so_far():
    steps = Steps.of(np.array([5, 4, 3, 2, 1.0]), np.zeros(5))
    assert steps._mean_group(np.array([0, 0, 1, 1, 1])).tolist() == [1, 2, 2, 2, 2.5]


@pytest.mark.parametrize("skus", [20, 100])
def test_bands_hold_the_truth_where_few_answers_are_wrong(skus):
    """150 shops: the band at 5, 20, 60 and 100 % coverage holds the risk of a shop without end."""
    score, right, _ = world(np.random.default_rng(99), 60_000)
    order, at = np.argsort(-score), np.array([4, 19, 59, 99])
    truth = [1 - right[order[: int((i + 1) / 100 * len(order))]].mean() for i in at]
    held = np.zeros(len(at))
    for seed in range(150):
        s, r, groups = world(np.random.default_rng(seed), skus)
        curve = risk_coverage(answers_of(s, r, groups), "score", resamples=200, seed=seed)
        held += (curve.low[at] <= truth) & (truth <= curve.high[at])
    assert (held >= 0.89 * 150).all(), held


def test_one_sku_has_no_band():
    curve = risk_coverage(answers_of([3, 2, 1], [1, 1, 0], [0, 0, 0]), "score", resamples=10)
    assert np.isnan(curve.low).all() and np.isnan(curve.aurc.low)


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


def test_bound_without_a_mistake():
    answered = np.full(59, 7.0)
    assert precision_bound(answered, np.zeros(59), resamples=40_000)[0] == pytest.approx(
        0.95, abs=0.003
    )
    assert skus_needed(0.95) == 59 and skus_needed(0.99) == 299
    assert precision_bound(np.zeros(5), np.zeros(5))[0] == 0


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
    answers = first_answers(run, qrels)
    assert answers.right.tolist() == [True, False, False, True] and answers.groups.tolist() == [
        0,
        0,
        1,
        1,
    ]
    assert answers.tied == 1 and answers.unanswerable == 1
    assert answers.score[:2] == pytest.approx([0.5, 0.9]) and answers.score[2] == -np.inf
    assert answers.margin[:2] == pytest.approx([0, 0.7]) and np.isnan(answers.margin[3])
    assert (
        answers.right.tolist()
        == hit_rate_at_k(judge(run, qrels), 1)[[0, 1, 3, 4]].astype(bool).tolist()
    )
    with pytest.raises(DataError, match="1 of 4 queries have no margin"):
        answers.confidence("margin")
    assert better(answers) == "score"
    strict = first_answers(run, qrels, "wrong")
    assert len(strict) == 5 and not strict.right[2]


def test_what_was_never_found_is_never_answered():
    answers = answers_of([0.9, 0.8, -np.inf, -np.inf], [1, 1, 0, 0])
    threshold, reached = choose(answers, "score", 0.9, resamples=50)
    assert reached and np.isfinite(threshold)
    with pytest.raises(DataError, match="no query has a candidate"):
        choose(answers_of([-np.inf] * 4, [0] * 4), "score", 0.9)


def test_sums_by_threshold_are_counts():
    rng = np.random.default_rng(0)
    score, groups, right = rng.integers(0, 6, 50) / 5, rng.integers(0, 4, 50), rng.random(50) < 0.5
    levels = np.array([1.0, 0.6, 0.2])
    found = by_threshold(score, right, groups, levels)
    plain = [
        [(right & (groups == g) & (score >= level)).sum() for level in levels] for g in range(4)
    ]
    assert found.tolist() == plain


def test_no_sku_is_on_both_sides():
    groups = np.repeat(np.arange(20), 5)
    answers = answers_of(np.arange(100), np.arange(100) % 2, groups)
    one, other = split_groups(answers, 0.5, seed=3)
    assert len(one) + len(other) == 100 and set(one.score // 5).isdisjoint(other.score // 5)
    assert one.groups.max() == other.groups.max() == 9
    with pytest.raises(DataError, match="at least two each"):
        split_groups(answers_of([1, 2, 3], [1, 1, 1]))


def test_a_threshold_that_is_easy_to_show():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(800), 3)
    score = rng.random(2400)
    kept = promise(answers_of(score, score > 0.4, groups), 0.95, "score", resamples=400)
    assert (
        kept.verdict == "shown"
        and 0.35 < kept.threshold < 0.45
        and kept.tested.coverage.value == pytest.approx(0.6, abs=0.04)
    )
    assert (
        kept.tested.at_least >= 0.95
        and "is shown" in kept.said()
        and kept.as_dict()["tested"]["at_least"] == kept.tested.at_least
    )


@pytest.mark.parametrize(
    ("right", "verdict", "says"),
    [
        (lambda score: score > 0.3, "not shown", "299 answered SKUs without a mistake"),
        (lambda score: score < 0, "out of reach", "out of reach: the most precise threshold"),
    ],
)
def test_what_cannot_be_shown_or_reached_is_said(right, verdict, says):
    score = np.random.default_rng(0).random(120)
    kept = promise(answers_of(score, right(score), np.arange(120) // 3), 0.99, resamples=200)
    assert kept.verdict == verdict and says in kept.said()


def test_what_is_missed_on_other_skus_is_said():
    """Right on the choosing SKUs alone."""
    groups = np.arange(400) // 4
    here = np.random.default_rng(0).permutation(100) < 50
    kept = promise(
        answers_of(np.linspace(0, 1, 400), here[groups], groups), 0.9, "score", resamples=200
    )
    assert kept.verdict == "missed" and "is not kept" in kept.said()


@pytest.mark.parametrize("wanted", [0, 1, 1.2, 99])
def test_precision_must_be_one_that_can_be_shown(wanted):
    with pytest.raises(DataError, match="between 0 and 1"):
        promise(answers_of(np.arange(8), np.ones(8)), wanted)


def test_auto_takes_the_confidence_that_orders_better():
    rng = np.random.default_rng(0)
    right = rng.random(300) < 0.7
    answers = answers_of(
        rng.random(300), right, np.arange(300) // 3, margin=right + rng.random(300)
    )
    assert (
        better(answers) == "margin" and promise(answers, 0.9, resamples=100).confidence == "margin"
    )


def test_answering_nothing_has_no_precision():
    nothing = operate(answers_of([1, 2, 3, 4], [1, 1, 1, 1]), "score", 9, resamples=50)
    assert (
        np.isnan(nothing.precision.value) and nothing.at_least == 0 and nothing.skus_answered == 0
    )


def world(rng, skus, sizes="even", twins=0.01):
    """Photos of SKUs that a confidence tells apart, and a few SKUs that are taken for another with full confidence."""
    photos = (
        np.full(skus, 12)
        if sizes == "even"
        else np.clip(rng.lognormal(2, 0.8, skus).astype(int) + 1, 1, 80)
    )
    groups = np.repeat(np.arange(skus), photos)
    easy = rng.normal(0, 1, skus)[groups]
    score = easy + rng.normal(0, 1, len(groups))
    right = rng.random(len(groups)) < 1 / (1 + np.exp(-2.5 - 2.5 * score))
    twin = (rng.random(skus) < twins)[groups]
    return score, np.where(twin, rng.random(len(groups)) < 0.05, right), groups


@pytest.mark.parametrize("sizes", ["even", "uneven"])
def test_promises_are_kept_in_95_of_100_worlds(sizes):
    """300 shops of 160 SKUs: the bound lies above the truth in at most 5 % of them, and what is called shown is true."""
    score, right, _ = world(np.random.default_rng(99), 60_000, sizes)
    order = np.argsort(-score)
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    falling = -score[order]
    broken = shown = wrongly = tested = 0
    for seed in range(300):
        s, r, groups = world(np.random.default_rng(seed), 160, sizes)
        kept = promise(answers_of(s, r, groups), 0.9, "score", resamples=300, seed=seed)
        if kept.tested is None or not kept.tested.skus_answered:
            continue
        truth = share[np.searchsorted(falling, -kept.threshold, side="right") - 1]
        tested += 1
        broken += kept.tested.at_least > truth
        shown += kept.verdict == "shown"
        wrongly += kept.verdict == "shown" and truth < 0.9
    assert tested > 290 and shown > 80, (tested, shown)
    assert broken <= 0.05 * tested and wrongly <= 0.05 * shown, (broken, wrongly)


def test_the_bootstrap_alone_would_break_the_promise():
    """One SKU in 50 is always taken for another: drawing the 60 SKUs again promises too much in a third of the shops."""
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
