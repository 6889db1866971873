"""Paired tests against scipy, closed forms, the published results and simulation."""

import itertools

import numpy as np
import pytest
from scipy import stats

from skulens.errors import DataError
from skulens.evaluate.compare import (
    compare,
    holm,
    patterns_for,
    sign_flip_test,
    sign_patterns,
    smallest_p,
)
from skulens.evaluate.intervals import Ratio, difference_intervals
from tests.evaluate.published import published_hits


def test_exact_test_is_that_of_scipy():
    differences = np.random.default_rng(0).normal(0.5, 1, (9, 3)).round(1)
    for column, p in zip(differences.T, sign_flip_test(differences), strict=True):
        theirs = stats.permutation_test(
            (column, -column),
            lambda x, y, axis: np.sum(x - y, axis=axis),
            permutation_type="samples",
            n_resamples=np.inf,
        )
        assert p == pytest.approx(theirs.pvalue)


def test_sampled_test_is_close_to_scipy_and_to_the_t_test():
    column = np.random.default_rng(0).normal(0.35, 1, 40)
    [p] = sign_flip_test(column[:, None], 20_000)
    theirs = stats.permutation_test(
        (column,), np.sum, permutation_type="samples", n_resamples=20_000, rng=1
    )
    assert p == pytest.approx(theirs.pvalue, abs=0.01)
    assert p == pytest.approx(stats.ttest_1samp(column, 0).pvalue, abs=0.01)


def test_closed_forms():
    """All g groups on one side: only the pattern seen and its mirror are as far."""
    for g in (1, 2, 5, 12):
        assert sign_flip_test(np.ones((g, 1))) == pytest.approx(2 / 2**g)
    assert sign_flip_test(np.ones((40, 1)), 999) == pytest.approx(1 / 1000)  # never p = 0
    mixed = np.r_[
        np.ones(9), -1, np.zeros(30)
    ]  # a sign test: 9 of 10, groups without difference aside
    assert sign_flip_test(mixed[:, None]) == pytest.approx(stats.binomtest(9, 10).pvalue)
    assert sign_flip_test(np.zeros((50, 2))).tolist() == [1, 1]


def test_patterns():
    [every] = sign_patterns(3)
    assert {tuple(row) for row in every} == set(itertools.product((1, -1), repeat=3)) and (
        every[0] == 1
    ).all()
    some = np.concatenate(list(sign_patterns(13, 200, seed=1)))
    assert some.shape == (201, 13) and (some[0] == 1).all() and set(some.ravel()) == {1, -1}


@pytest.mark.parametrize("groups", [8, 30])
def test_p_is_uniform_under_the_null(groups):
    """2,000 worlds; A and B have the same chance at each SKU; SKUs differ widely, in size too."""
    rng = np.random.default_rng(groups)
    photos = rng.integers(10, 105, (groups, 2000))
    a, b = rng.beta(0.4, 0.3, (2, groups, 2000))
    p = sign_flip_test((rng.binomial(photos, a) - rng.binomial(photos, b)).astype(float), 1000)
    for level in (0.01, 0.05, 0.2, 0.5):
        exact = level if groups > 12 else np.floor(level * 2 ** (groups - 1)) / 2 ** (groups - 1)
        least, most = stats.binom.ppf([1e-4, 1 - 1e-4], 2000, exact)
        assert least <= (p <= level).sum() <= most
    if groups > 12:
        assert stats.kstest(p, "uniform").pvalue > 0.001


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert list(holm([0.6, 0.7])) == [1, 1] and len(holm([])) == 0


def test_compare_micro_and_macro():
    a, b = np.array([1, 1, 1, 0.0]), np.array([0, 0, 0, 1.0])
    groups = np.array([0, 0, 0, 1])
    assert compare(a, b, groups).value == 0.5 and compare(a, b, groups, macro=True).value == 0
    assert compare(a, b, groups).p == 1  # with two groups nothing can be said
    assert compare(a, b, groups, seed=3) == compare(a, b, groups, seed=3)


def test_interval_and_test_agree():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 8)
    agree = 0
    for _ in range(60):
        easy = np.repeat(rng.beta(1, 1, 30), 8)
        shift = np.repeat(rng.normal(0.08, 0.2, 30), 8)
        found = compare(
            (rng.random(240) < easy + shift).astype(float),
            (rng.random(240) < easy).astype(float),
            groups,
        )
        agree += (found.p <= 0.05) == (found.low > 0 or found.high < 0)
    assert agree >= 56


def test_unanswered_queries_leave_the_pair():
    found = compare(
        np.array([1, 1, np.nan, 1]), np.array([0, 0, 0, np.nan]), np.array([0, 1, 2, 3])
    )
    assert (found.value, found.n, found.groups, found.p) == (1, 2, 2, 0.5)
    nothing = compare(np.full(3, np.nan), np.zeros(3), np.arange(3))
    assert (
        np.isnan([nothing.value, nothing.low, nothing.p]).all() and nothing.n == nothing.groups == 0
    )


def test_bad_input_is_named():
    with pytest.raises(DataError, match="same queries in the same order"):
        compare(np.zeros(3), np.zeros(4), np.zeros(3, int))
    with pytest.raises(DataError, match=r"numbers from 0, got \['cola'\]"):
        compare(np.ones(1), np.ones(1), np.array(["cola"]))
    with pytest.raises(DataError, match="got 77; divide percentages"):
        compare(np.array([77.0]), np.ones(1), np.zeros(1, int))


def test_so_few_patterns_that_nothing_can_be_rejected_are_refused():
    many = np.ones((40, 1))
    assert sign_flip_test(many, 19) == pytest.approx(1 / 20)
    with pytest.raises(DataError, match="18 sign patterns no p-value can reach 0.05; .* least 19"):
        sign_flip_test(many, 18)
    assert sign_flip_test(np.ones((5, 1)), 1) == pytest.approx(2 / 32), "all are tried anyway"


def test_the_smallest_p_is_that_of_groups_all_on_one_side():
    for groups in (1, 2, 6, 12, 13, 40):
        drawn, least = smallest_p(groups, 999)
        assert sign_flip_test(np.ones((groups, 1)), 999) == pytest.approx(least)
        assert drawn == (0 if groups <= 12 else 999)
    assert smallest_p(0) == (0, 1.0)
    same = np.repeat([1.0, 0.0], 20), np.zeros(40), np.arange(40)
    assert compare(*same).p_least == 1 / 10_001 and compare(*same).patterns == 10_000
    few = np.r_[np.ones(5), np.zeros(35)], np.zeros(40), np.arange(40)
    assert compare(*few).p_least == 2 / 32 and compare(*few).patterns == 0


@pytest.mark.parametrize("comparisons", [1, 49, 600])
def test_patterns_are_enough_for_holm(comparisons):
    enough = patterns_for(comparisons)
    assert enough >= 10_000 and comparisons * smallest_p(40, enough)[1] <= 0.05 / 9
    assert patterns_for(comparisons, 10**6) == 10**6


def test_most_published_neighbours_cannot_be_told_apart():
    """183 of 189 at 95 %, by interval and by test alike; Holm leaves two that can."""
    photos, hits = published_hits()
    order = np.argsort(-hits.sum(axis=0), kind="stable")
    steps = hits[:, order[:-1]] - hits[:, order[1:]]
    sizes = np.repeat(photos[:, None], 189, axis=1)
    apart = [i.low > 0 or i.high < 0 for i in difference_intervals(Ratio(steps, sizes, sizes))]
    p = sign_flip_test(steps)
    assert sum(apart) == 6 and ((p <= 0.05) == apart).all() and (holm(p) <= 0.05).sum() == 2
