"""Metrics on cases worked by hand."""

import numpy as np
import pytest

from skulens.errors import QrelsError
from skulens.evaluate import ranking as m
from skulens.records import Qrels, Run

NAN = float("nan")


def judged(run, grades):
    return m.judge(Run.of(run), Qrels(grades))


def same(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_one_positive_at_rank_three():
    j = judged({"q": {"a": 3, "b": 2, "hit": 1, "c": 0}}, {"q": {"hit": 1}})
    same(m.hit_rate_at_k(j, 2), [0])
    same(m.hit_rate_at_k(j, 3), [1])
    same(m.recall_at_k(j, 3), [1])
    same(m.precision_at_k(j, 3), [1 / 3])
    same(m.precision_at_k(j, 10), [1 / 10])  # short list: still divides by 10
    same(m.reciprocal_rank(j), [1 / 3])
    same(m.reciprocal_rank(j, 2), [0])
    same(m.average_precision(j), [1 / 3])
    same(m.ndcg_at_k(j, 3), [1 / 2])  # 1 / log2(4)
    same(m.ndcg_at_k(j, 2), [0])


def test_several_positives():
    """Relevant at ranks 1 and 4, a third never found."""
    j = judged({"q": {"r1": 9, "x": 8, "y": 7, "r2": 6}}, {"q": {"r1": 1, "r2": 1, "lost": 1}})
    same(m.recall_at_k(j, 1), [1 / 3])
    same(m.recall_at_k(j, 10), [2 / 3])
    same(m.hit_rate_at_k(j, 10), [1])
    same(m.average_precision(j), [(1 / 1 + 2 / 4) / 3])
    same(m.average_precision(j, 3), [1 / 3])
    same(m.precision_at_k(j, 4), [1 / 2])


def test_graded_gain_is_linear():
    """Found grades 1, 3, 0 in this order; ideal order 3, 2, 1 with the 2 never found."""
    j = judged(
        {"q": {"one": 3, "three": 2, "zero": 1}}, {"q": {"one": 1, "three": 3, "two": 2, "zero": 0}}
    )
    found = 1 / np.log2(2) + 3 / np.log2(3)
    ideal = 3 / np.log2(2) + 2 / np.log2(3) + 1 / np.log2(4)
    same(m.ndcg_at_k(j, 10), [found / ideal])
    same(m.ndcg_at_k(j, 1), [1 / 3])
    same(m.recall_at_k(j, 3), [2 / 3])  # grade 0 is judged, and not relevant


def test_ties_put_the_larger_id_first():
    j = judged({"q": {"a": 1.0, "b": 1.0, "c": 1.0}}, {"q": {"b": 1}})
    same(m.reciprocal_rank(j), [1 / 2])
    assert j.ties.tolist() == [True]


def test_ties_count_only_where_the_order_matters():
    run = {
        "alone": {"r": 2, "x": 1, "y": 1},  # others tie
        "equals": {"r": 2, "s": 2, "x": 1},  # two relevant ones of one grade tie
        "grades": {"r": 2, "s": 2, "x": 1},  # two relevant ones of different grades tie
        "stranger": {"r": 2, "s": 2, "x": 2},
        "signs": {"r": 0.0, "s": -0.0},
        "lowest": {"r": -np.inf},  # in a short list, whose empty places hold -inf too
    }
    grades = {q: {"r": 1, "s": 1} for q in run} | {
        "alone": {"r": 1},
        "grades": {"r": 1, "s": 2},
        "lowest": {"r": 1},
        "absent": {"r": 1},
    }
    assert judged(run, grades).ties.tolist() == [False, False, True, True, False, False, False]


def test_queries_without_relevant_are_nan_and_absent_ones_score_zero():
    j = judged(
        {"found": {"a": 1}, "none": {"a": 1}, "empty": {}},
        {"none": {"a": 0}, "absent": {"a": 1}, "empty": {"a": 1}, "found": {"a": 1}},
    )
    for metric in (m.reciprocal_rank, m.average_precision, m.ndcg_at_k):
        same(metric(j), [NAN, 0, 0, 1])
    for metric in (m.hit_rate_at_k, m.recall_at_k, m.precision_at_k, m.ndcg_at_k):
        same(metric(j, 1), [NAN, 0, 0, 1])
    assert j.n_relevant.tolist() == [0, 1, 1, 1]


def test_unjudged_queries_are_named():
    run = {q: {"a": 1} for q in ("q1", "q2", "q3", "q4", "ok")}
    with pytest.raises(QrelsError, match="4 of 5 queries.*'q1', 'q2', 'q3' \\.\\.\\."):
        judged(run, {"ok": {"a": 1}})


def test_a_query_twice_is_refused():
    twice = Run(("q", "q"), ("a",), np.zeros((2, 1), np.int32), np.ones((2, 1), np.float32))
    with pytest.raises(QrelsError, match="'q' occur twice"):
        m.judge(twice, Qrels({"q": {"a": 1}}))


def test_cut_below_one_is_refused():
    with pytest.raises(QrelsError, match="got 0"):
        m.hit_rate_at_k(judged({"q": {"a": 1}}, {"q": {"a": 1}}), 0)


def test_nothing_at_all():
    j = judged({}, {})
    assert len(m.hit_rate_at_k(j, 1)) == len(m.average_precision(j)) == len(m.ndcg_at_k(j)) == 0
    same(m.reciprocal_rank(judged({}, {"q": {"a": 1}})), [0])
    assert np.isnan(m.cmc(judged({"q": {"a": 1}}, {"q": {}}))[1]).all()


def test_cmc_is_the_mean_hit_rate_at_every_rank():
    run = {
        "q1": {"a": 3, "b": 2, "c": 1},
        "q2": {"a": 1, "b": 2, "c": 3},
        "q3": {"a": 1},
        "q4": {"b": 1},
    }
    j = judged(run, {"q1": {"b": 1}, "q2": {"a": 1, "b": 1}, "q3": {"z": 1}, "q4": {}})
    ranks, rates = m.cmc(j)
    assert ranks.tolist() == [1, 2, 3]
    same(rates, [np.nanmean(m.hit_rate_at_k(j, k)) for k in ranks])
    same(rates, [0, 2 / 3, 2 / 3])


def test_order_of_the_run_is_taken_as_it_is():
    """A run that breaks ties its own way (paper mode) is measured that way."""
    run = Run(("q",), ("a", "b"), np.array([[0, 1]], np.int32), np.ones((1, 2), np.float32))
    same(m.reciprocal_rank(m.judge(run, Qrels({"q": {"a": 1}}))), [1])


def test_chunks_do_not_change_ranks(monkeypatch):
    rng = np.random.default_rng(0)
    run = Run.of(
        {f"q{i}": {f"p{j}": float(rng.integers(0, 4)) for j in range(30)} for i in range(40)}
    )
    qrels = Qrels({f"q{i}": {f"p{j}": 1 for j in rng.integers(0, 40, 3)} for i in range(40)})
    whole = m.judge(run, qrels)
    monkeypatch.setattr(m, "_COMPARISONS", 7)
    parts = m.judge(run, qrels)
    assert np.array_equal(whole.hit_rank, parts.hit_rank) and np.array_equal(whole.ties, parts.ties)
