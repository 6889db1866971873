"""A view says what its board says, with intervals, and marks what does not compare."""

from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import Board, store_boards
from skulens.analysis.choose import Constraints, choose
from skulens.analysis.ranks import rank_board
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import METRICS, Metric
from skulens.report.views import pareto, view_of_board, views_of_results
from skulens.report.words import conclude_view
from tests.report.boards import answered, beside, board, claims, entry


def test_rows_are_best_first_with_intervals_from_hits():
    made = board(12)
    view = view_of_board(made)
    assert [row.place for row in view.rows] == list(range(1, 13))
    assert view.n_units == made.sizes.sum() and view.n_groups == 60
    for row in view.rows:
        for name in ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "gap", "phi"):
            metric = row.metric(name)
            assert metric.low < metric.value < metric.high, name
        assert row.metric("hit_rate@1").value == pytest.approx(row.entry.metrics["hit_rate@1"])
        assert row.ranks[0] <= row.ranks_alone[0] <= row.place <= row.ranks_alone[1]
        assert row.ranks_alone[1] <= row.ranks[1]
    standings = {s.entry.name: s for s in rank_board(made).rows}
    for row in view.rows:
        standing = standings[row.entry.name]
        assert row.ranks == (standing.rank_low_all, standing.rank_high_all)
        assert row.ranks_alone == (standing.rank_low, standing.rank_high)
    assert view.rows[0].best and not view.rows[-1].best


def test_gap_is_paired():
    """Its interval is narrower than that of two independent rates."""
    row = view_of_board(board(4)).rows[0]
    width = {
        name: row.metric(name).high - row.metric(name).low
        for name in ("gap", "hit_rate@1", "hit_rate@5")
    }
    assert width["gap"] < width["hit_rate@1"] + width["hit_rate@5"]


def test_entries_of_other_data_stand_last_without_a_place():
    view = view_of_board(beside(board(6), "elsewhere", "other photos", 1.0))
    last = view.rows[-1]
    assert last.name == "elsewhere" and last.place is None and last.best is None
    assert last not in view.having("params")


def test_a_board_without_sums_has_numbers_but_no_intervals():
    entries = tuple(
        entry(
            f"net-{i}",
            {"hit_rate@1": i / 10, "hit_rate@5": i / 5},
            source="mine.csv",
            params=10**7,
        )
        for i in range(1, 4)
    )
    view = view_of_board(Board("mine", entries))
    assert [row.name for row in view.rows] == ["net-3", "net-2", "net-1"]
    assert view.tied == () and view.n_groups is None
    metric = view.rows[0].metric("hit_rate@1")
    assert metric.value == 0.3 and np.isnan([metric.low, metric.high]).all()


def test_pareto_front_by_hand():
    points = {"a": (10, 0.5), "b": (20, 0.4), "c": (20, 0.6), "d": (30, 0.6), "e": (40, 0.7)}
    entries = tuple(entry(n, {"hit_rate@1": r}, params=p) for n, (p, r) in points.items())
    view = view_of_board(Board("x", entries))
    assert [row.name for row in pareto(view.rows, "params")] == ["a", "c", "e"]


@pytest.fixture
def errors(monkeypatch):
    """A metric of which less is better."""
    metric = Metric("error_rate", "claims that are wrong", direction="lower")
    monkeypatch.setitem(METRICS, metric.name, metric)
    return metric.name


def test_of_a_metric_that_should_be_low_the_lowest_is_first_and_on_the_front(errors):
    points = {"a": (10, 0.5), "b": (20, 0.6), "c": (30, 0.4)}
    entries = tuple(entry(n, {errors: r}, suite="claims", params=p) for n, (p, r) in points.items())
    view = view_of_board(Board("x", entries))
    assert view.main == errors and [row.name for row in view.rows] == ["c", "a", "b"]
    assert [row.name for row in pareto(view.rows, "params")] == ["a", "c"]
    assert "c has the lowest error_rate: 40.0" in conclude_view(view)


def test_a_board_is_ordered_by_any_metric_that_is_asked_for():
    entries = tuple(
        entry(n, {"hit_rate@1": one, "mrr": mrr})
        for n, one, mrr in (("a", 0.5, 0.6), ("b", 0.4, 0.7), ("c", 0.3, None))
    )
    view = view_of_board(Board("x", entries), "mrr")
    assert [(row.name, row.place) for row in view.rows] == [("b", 1), ("a", 2), ("c", None)]


def test_views_of_stored_results_keep_their_own_intervals_and_words():
    [view] = views_of_results([claims("reader:x", 0.6), claims("reader:y", 0.7)])
    assert (
        view.main == "f1"
        and view.noun == "system"
        and view.rows[0].first.low == pytest.approx(0.65)
    )
    assert view.title == "some-claims on shop" and view.columns[0] == "f1"
    assert not view.rows[0].curve


def test_hit_rates_by_rank_make_a_curve_and_other_metrics_do_not():
    view = view_of_board(board(4))
    assert view.rows[0].curve["k"] == [1, 3, 5]
    ndcg = entry("x", {"ndcg@1": 0.5, "ndcg@5": 0.6}, suite="other")
    assert view_of_board(Board("x", (ndcg,))).rows[0].curve == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mini", "mini"),
        ("onnx:../a/b/net", "onnx:net"),
        ("hf:google/siglip2", "hf:google/siglip2"),
        ("open_clip:RN50/openai", "RN50/openai"),
    ],
)
def test_names_are_short_where_that_is_clear(name, shown):
    assert view_of_board(Board("x", (entry(name, {}),))).rows[0].name == shown


def test_stored_results_keep_the_intervals_that_they_were_stored_with():
    kept = Interval(0.5, 0.123, 0.987, 2, 2)
    found = {"cola": ["cola", "tea"], "tea": ["tea"]}
    made = replace(answered("mini", found), metrics={"hit_rate@1": kept})
    [board] = store_boards([made])
    assert view_of_board(board, stored=True).rows[0].first == kept
    assert view_of_board(board).rows[0].first.value == pytest.approx(2 / 3)


def test_rows_are_behind_the_first_by_what_choose_says():
    made = board(9)
    chosen = choose(made, Constraints())
    rows = view_of_board(made).rows
    assert rows[0].behind.value == 0 and rows[-1].behind.value > 0.3
    assert {r.entry.name: r.behind for r in rows} == {
        o.entry.name: o.behind for o in chosen.options
    }
