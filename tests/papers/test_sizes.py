"""Size classes, pretraining sets and correlations, against numbers worked out elsewhere."""

import json
from dataclasses import astuple, replace

import numpy as np
import pytest
from click.testing import CliRunner

from skulens.analysis.boards import published_board
from skulens.cli.leaderboard import command
from skulens.papers.openmpr.sizes import (
    Correlation,
    architecture_of,
    correlate,
    mean_ranks,
    pearson,
    pretraining_of,
    size_tables,
    spearman,
    split_sizes,
)
from skulens.report.sizes import correlation, size_pages
from tests.analysis.boards import real_openmpr, write_openmpr

NOTEBOOK = {
    "macro_hit_rate@1": (0.647929, 0.740616),
    "macro_hit_rate@3": (0.603996, 0.747865),
    "macro_hit_rate@5": (0.583224, 0.751870),
    "hit_rate@1": (0.633752, 0.737575),
    "hit_rate@3": (0.583739, 0.744778),
    "hit_rate@5": (0.561435, 0.746274),
}
"""Printed by OpenMPR's analysis.ipynb: Pearson and Spearman with log10 parameters."""


def test_quarters_end_with_all_entries_of_their_last_size():
    params = np.array([5, 5, 5, 5, 7, 8, 9, 10], float)
    classes = split_sizes(np.arange(8) / 10, params)
    assert [(c.name, c.least, c.most, c.n) for c in classes] == [
        ("small", 5, 5, 4),
        ("large", 7, 8, 2),
        ("very large", 9, 10, 2),
    ]
    assert [round(c.mean, 3) for c in classes] == [0.15, 0.45, 0.65]
    assert classes[1].deviation == pytest.approx(0.0707, abs=1e-4)
    assert split_sizes(np.zeros(0), np.zeros(0)) == ()
    [one] = split_sizes(np.array([0.5]), np.array([5.0]))
    assert one.n == 1 and np.isnan(one.deviation)


def test_coefficients_worked_by_hand():
    assert pearson([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert pearson([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert spearman([1, 10, 100], [3, 2, 1]) == pytest.approx(-1)
    assert mean_ranks(np.array([5, 1, 5, 9])).tolist() == [2.5, 1, 2.5, 4]
    assert spearman([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9486833)
    for nothing in (pearson([1, 1, 1], [1, 2, 3]), pearson([], []), spearman([2], [3])):
        assert np.isnan(nothing)


def test_twins_are_drawn_together_and_few_architectures_give_no_interval():
    rng = np.random.default_rng(3)
    x, archs = np.arange(10.0), np.array([f"a{i}" for i in range(10)])
    y = x + rng.normal(0, 3, 10)
    alone = correlate(pearson, x, y, archs, 400, 0)
    twice = [np.concatenate([v, v]) for v in (x, y, archs)]
    again = correlate(pearson, *twice, 400, 0)
    assert astuple(again) == pytest.approx(astuple(alone)), "a copy adds nothing"
    assert alone.low < alone.value < alone.high <= 1
    few = correlate(pearson, x[:7], y[:7], archs[:7], 400, 0)
    assert np.isnan([few.low, few.high]).all() and few.value == pearson(x[:7], y[:7])


def test_an_entrys_architecture_and_pretraining_set(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    entry = board.entries[0]
    for name, arch, tag in (
        ("open_clip:RN50-quickgelu/openai", "RN50", "openai"),
        ("mine/v1", "mine", "v1"),
        ("mini", "mini", ""),
    ):
        named = replace(entry, result=replace(entry.result, name=name))
        assert (architecture_of(named), pretraining_of(named)) == (arch, tag)


def test_entries_of_other_data_or_unknown_size_take_no_part(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    assert size_tables(board, "hit_rate@1", 50).every.n == 3
    first, second, third = board.entries
    changed = (replace(first, params=None), replace(second, data="other"), third)
    tables = size_tables(replace(board, entries=changed), "hit_rate@1", 50)
    assert tables.every.n == 1 and tables.sets == () and len(tables.classes) == 1
    assert (
        json.loads(json.dumps(tables.as_dict(), allow_nan=False))["pretraining_sets"][0]["n"] == 1
    )


def test_words():
    assert correlation(Correlation(0.634, 0.519, 0.714)) == "+0.63 [+0.52, +0.71]"
    assert correlation(Correlation(-0.5, np.nan, np.nan)) == "-0.50"
    assert correlation(Correlation(np.nan, np.nan, np.nan)) == "-"


def test_the_command_prints_them_on_request(tmp_path, monkeypatch):
    folder = write_openmpr(tmp_path / "openmpr")
    run = CliRunner().invoke
    shown = run(command, [str(folder), "--sizes"]).output
    assert "hit_rate@1 by size." in shown and "hit_rate@1 by pretraining set." in shown
    assert "by size" not in run(command, [str(folder)]).output
    body = json.loads(
        run(command, [str(folder), "--sizes", "--macro", "--k", "3", "--json"]).output
    )
    assert body["sizes"]["metric"] == "macro_hit_rate@3"
    assert [s["n"] for s in body["sizes"]["pretraining_sets"]] == [3]
    page = tmp_path / "page.html"
    run(command, [str(folder), "--sizes", "--html", str(page)])
    assert "hit_rate@1 by size" in page.read_text()


def test_the_numbers_of_the_papers_notebook():
    board = published_board("openmpr", real_openmpr())
    for metric, expected in NOTEBOOK.items():
        every = size_tables(board, metric, resamples=2).every
        assert (every.pearson.value, every.spearman.value) == pytest.approx(expected, abs=1e-6)
    tables = size_tables(board, "hit_rate@1", resamples=300)
    assert [(c.n, round(c.mean, 6)) for c in tables.classes] == [
        (66, 0.321795),
        (29, 0.515563),
        (47, 0.599371),
        (48, 0.654632),
    ]
    sets = {s.name: s for s in tables.sets}
    for name, n, mean, spread in (
        ("webli", 26, 0.667187, 0.069718),
        ("datacomp1b", 21, 0.637414, 0.085959),
        ("openai", 18, 0.459284, 0.069732),
    ):
        assert sets[name].n == n
        assert (sets[name].mean, sets[name].deviation) == pytest.approx((mean, spread), abs=1e-6)
    assert sets["openai"].architectures == 9 and sets["webli"].pearson.low > 0.8
    assert np.isnan(sets["metaclip2_worldwide"].pearson.low)
    assert len(size_pages(tables)[1].rows) == len(sets) + 1
