"""Hit rates over the order of ties, against every order there is."""

import itertools

import numpy as np
import pytest

from skulens.papers.openmpr.ties import Ties


def every_order(ahead: int, alike: int, right: int, k: int) -> list[bool]:
    """Whether a right candidate is among the first k, for each order of the tied ones."""
    tied = [True] * right + [False] * (alike - right)
    return [any(order[: max(k - ahead, 0)]) for order in itertools.permutations(tied)]


CASES = [
    (ahead, alike, right)
    for ahead in (0, 1, 2, 4, 5, 9)
    for alike in range(1, 7)
    for right in range(1, min(alike, 3) + 1)
]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_bounds_and_expectation_are_those_of_all_orders(k):
    worst, expected, best = Ties(*(np.array(x) for x in zip(*CASES, strict=True))).hit_rates(k)
    for i, case in enumerate(CASES):
        found = every_order(*case, k)
        assert (worst[i], best[i]) == (min(found), max(found)), case
        assert expected[i] == pytest.approx(np.mean(found), abs=1e-12), case


def test_a_tie_of_all_captions_is_chance_and_nothing_else():
    ties = Ties(np.zeros(3, int), np.full(3, 81), np.ones(3, int))
    for k in (1, 3, 5):
        worst, expected, best = ties.hit_rates(k)
        assert (worst.tolist(), best.tolist()) == ([0] * 3, [1] * 3)
        assert expected == pytest.approx(k / 81)
    assert ties.tied.all()


def test_without_ties_the_three_are_one_and_an_absent_product_is_never_found():
    ties = Ties(np.array([0, 2, 4, 7, 81]), np.array([1, 1, 1, 1, 0]), np.array([1, 1, 1, 1, 0]))
    metrics = ties.metrics((1, 3, 5))
    assert not ties.tied.any() and len(metrics) == 9
    for k, found in ((1, [1, 0, 0, 0, 0]), (3, [1, 1, 0, 0, 0]), (5, [1, 1, 1, 0, 0])):
        for prefix in ("worst", "expected", "best"):
            assert metrics[f"{prefix}_hit_rate@{k}"].tolist() == found
