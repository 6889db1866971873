"""Paired tests and rankings against scipy, closed forms and simulation."""

import numpy as np
import pytest
from scipy import stats

from skulens.errors import DataError
from skulens.evaluate.compare import compare, holm, rank_models, sign_flip_test


def test_exact_test_is_that_of_scipy():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.5, 1, (9, 3)).round(1)
    for column, p in zip(differences.T, sign_flip_test(differences), strict=True):
        theirs = stats.permutation_test((column, -column), lambda x, y, axis: np.sum(x - y, axis=axis), permutation_type="samples", n_resamples=np.inf, vectorized=True)
        assert p == pytest.approx(theirs.pvalue)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert list(holm([0.6, 0.7])) == [1, 1] and len(holm([])) == 0


def test_unanswered_queries_leave_the_pair():
    found = compare(np.array([1, 1, np.nan, 1]), np.array([0, 0, 0, np.nan]), np.array([0, 1, 2, 3]))
    assert (found.value, found.n, found.groups, found.p) == (1, 2, 2, 0.5)


def test_shapes_are_checked():
    with pytest.raises(DataError, match="same queries in the same order"):
        compare(np.zeros(3), np.zeros(4), np.zeros(3, int))
    with pytest.raises(DataError, match=r"got \(3, 2\) and \(2,\)"):
        rank_models(np.zeros((3, 2)), np.zeros(2))
