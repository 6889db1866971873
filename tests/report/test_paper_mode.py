"""What tables and pages say of a paper's own procedure: bounds over ties, causes."""

from dataclasses import replace

from skulens.evaluate.compare import Difference
from skulens.evaluate.intervals import Interval
from skulens.papers.openmpr.causes import Cause, Change, Explained
from skulens.report.origin import describe_systems
from skulens.report.paper_mode import bounds_of
from skulens.report.tables import print_causes, print_results, print_ties
from skulens.report.views import views_of_results
from tests.report.boards import stored


def in_mode(mode, value, bounds=(), **counts):
    result = stored("mini", value, settings={"split": "test", "mode": mode}, counts=counts)
    ends = zip(("worst", "expected", "best"), bounds, strict=False)
    more = {f"{word}_hit_rate@1": Interval(x, x, x, 10, 5) for word, x in ends}
    return replace(result, metrics={**result.metrics, **more})


SOUND = in_mode("sound", 0.4)
PAPER = in_mode("paper", 0.4, (0.0, 0.012, 0.531), tied_queries=10, units=10)


def words(capsys):
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_the_bounds_are_those_measured_and_nothing_where_nobody_measured_them():
    assert bounds_of(PAPER) == {"hit_rate@1": "0.000 / 0.012 / 0.531"}
    assert bounds_of(SOUND) == {} == bounds_of(in_mode("paper", 0.4, (0.1, 0.2)))


def test_bounds_stand_in_the_terminal_and_on_the_page(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    print_results([SOUND, PAPER])
    assert "0.531" not in words(capsys)
    print_ties([SOUND, PAPER])
    said = words(capsys)
    assert "10 of 10 0.000 / 0.012 / 0.531" in said and "worst / expected / best" in said
    print_ties([SOUND])
    assert words(capsys) == ""
    [view] = views_of_results([PAPER])
    table = describe_systems(view)
    [at] = [i for i, c in enumerate(table.columns) if "over the order of ties" in c]
    assert table.rows[0][at] == "0.000 / 0.012 / 0.531"
    [view] = views_of_results([SOUND])
    assert not any("order of ties" in c for c in describe_systems(view).columns)


def test_no_difference_does_not_hide_that_all_probes_tie(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    none = Difference(0.0, -0.1, 0.1, 1.0, 10, 5)
    down = Difference(-0.388, -0.5, -0.2, 0.01, 10, 5)
    causes = [Cause(c, 0.4, 0.4, none, 1.0, c is not Change.PICTURES) for c in Change]
    causes[3] = Cause(Change.SCORES, 0.4, 0.012, down, 0.05)
    print_causes([Explained(SOUND, PAPER, "hit_rate@1", none, tuple(causes))])
    said = words(capsys)
    assert "paper - sound: hit_rate@1 +0.000 [-0.100, 0.100], p = 1" in said
    assert "10 probes tied in paper mode: by their order alone 0.000 / 0.012 / 0.531" in said
    assert "pictures as stored, not turned by EXIF 0.400 nothing to change" in said
    assert "ties in random order 0.012 -0.388 [-0.500, -0.200] 0.05" in said
