"""A view says what its board says, with intervals, and marks what does not compare."""

from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import Board, Entry
from skulens.report.views import pareto, view_of_board
from tests.report.boards import board


def test_rows_are_best_first_with_intervals_from_hits():
    made = board(12)
    view = view_of_board(made)
    assert [row.place for row in view.rows] == list(range(1, 13))
    assert view.n_queries == made.photos.sum() and view.n_skus == 60
    for row in view.rows:
        for name in ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "gap", "phi"):
            metric = row.metric(name)
            assert metric["low"] < metric["value"] < metric["high"], name
        assert row.metric("hit_rate@1")["value"] == pytest.approx(row.entry.metrics["hit_rate@1"])
        assert row.ranks[0] <= row.place <= row.ranks[1]
    assert view.rows[0].best and not view.rows[-1].best


def test_gap_is_paired():
    """Its interval is narrower than that of two independent rates."""
    row = view_of_board(board(4)).rows[0]
    width = {
        name: row.metric(name)["high"] - row.metric(name)["low"]
        for name in ("gap", "hit_rate@1", "hit_rate@5")
    }
    assert width["gap"] < width["hit_rate@1"] + width["hit_rate@5"]


def test_entries_of_other_data_stand_last_without_a_place():
    made = board(6)
    other = replace(
        made.entries[0], name="elsewhere", data="other photos", metrics={"hit_rate@1": 1.0}
    )
    hits = {k: np.column_stack([h, np.full(len(h), np.nan)]) for k, h in made.hits.items()}
    view = view_of_board(replace(made, entries=(*made.entries, other), hits=hits))
    assert (
        view.rows[-1].name == "elsewhere"
        and view.rows[-1].place is None
        and view.rows[-1].best is None
    )
    assert view.rows[-1] not in view.having("params")


def test_a_board_without_hits_has_numbers_but_no_intervals():
    entries = tuple(
        Entry(
            f"net-{i}",
            "mine.csv",
            params=10**7,
            metrics={"hit_rate@1": i / 10, "hit_rate@5": i / 5},
        )
        for i in range(1, 4)
    )
    view = view_of_board(Board("mine", entries))
    assert [row.name for row in view.rows] == ["net-3", "net-2", "net-1"]
    assert view.tied == () and view.n_skus is None
    assert view.rows[0].metric("hit_rate@1") == {"value": 0.3, "low": None, "high": None}


def test_pareto_front_by_hand():
    points = {"a": (10, 0.5), "b": (20, 0.4), "c": (20, 0.6), "d": (30, 0.6), "e": (40, 0.7)}
    entries = tuple(
        Entry(n, "x", params=p, metrics={"hit_rate@1": r}) for n, (p, r) in points.items()
    )
    view = view_of_board(Board("x", entries))
    assert [row.name for row in pareto(view.rows, "params")] == ["a", "c", "e"]


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
    assert view_of_board(Board("x", (Entry(name, "here"),))).rows[0].name == shown
