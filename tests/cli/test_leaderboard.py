"""`skulens leaderboard` as a user or a program sees it."""

import csv
import json
import time
from collections import Counter

import pytest
from click.testing import CliRunner

from skulens.cli.leaderboard import command
from skulens.errors import SkulensError
from tests.analysis.boards import (
    hits_of,
    real_openmpr,
    summary_row,
    write_190,
    write_openmpr,
    write_result,
    write_summary,
)


def run(*words: object) -> str:
    return (
        CliRunner()
        .invoke(command, list(map(str, words)), catch_exceptions=False, standalone_mode=True)
        .output
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    write_openmpr(tmp_path / "data/openmpr")
    return tmp_path


@pytest.fixture(scope="module")
def published():
    """(the answer of the real command, seconds it took)"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKULENS_DATA", str(real_openmpr().parent))
        start = time.process_time()
        answer = json.loads(run("openmpr", "--json"))
        return answer, time.process_time() - start


def test_json_of_the_published_results(published):
    answer, seconds = published
    assert (answer["cells_checked"], answer["cells_agree"], len(answer["disagree"])) == (
        218,
        203,
        15,
    )
    assert all(
        set(d) == {"table", "row", "column", "printed", "computed", "likely_reason"}
        and d["likely_reason"]
        for d in answer["disagree"]
    )
    board = answer["board"]
    assert (board["n_skus"], board["n_queries"], len(board["entries"])) == (409, 20565, 190)
    assert (board["adjacent_pairs"], board["adjacent_separable"]) == (189, 6)
    first = board["entries"][0]
    assert (
        first["name"] == "open_clip:ViT-gopt-16-SigLIP2-384/webli"
        and first["rank_low"] == 1
        and first["best"]
    )
    assert (
        first["low"] < first["value"] < first["high"]
        and first["licence"] == "Apache-2.0"
        and first["params"] == 1_871_885_426
    )
    assert (
        Counter(c["verdict"] for c in answer["claims"])
        == {"supported": 12, "not supported": 9, "in part": 5}
        and [f["id"] for f in answer["findings"]] == ["activations"]
        and answer["rejects"] == []
        and answer["other_boards"] == []
    )
    assert seconds < 60


def test_the_published_results_for_people(monkeypatch):
    monkeypatch.setenv("SKULENS_DATA", str(real_openmpr().parent))
    shown = run("openmpr", "--top", 5)
    assert shown.count("open_clip:") == 5 and "likely reason" not in shown
    assert "--paper prints what the paper says that its files do not" in shown
    said = " ".join(run("openmpr", "--top", 5, "--paper").split())
    assert "203 of 218 printed cells of tables 1-11 agree" in said and "likely reason" in said
    assert "26 claims: 9 not supported, 5 in part, 12 supported" in said
    assert "Not in the paper (tables 1, 4, 5 and 6): 28 of the 190 rows" in said
    assert (
        "5 of 190 entries shown" in shown
        and "183 of 189 neighbours do not differ significantly" in shown
    )
    assert shown.splitlines()[-1] == "190 entries; 203 of 218 printed cells agree"


def test_190_models_for_people_and_programs(folder):
    table = write_190(folder / "190") / "benchmark_summary.csv"
    shown = run(table, "--top", 3, "--out", "all.csv")
    head = next(line for line in shown.splitlines() if line.startswith("┃"))
    assert [c.strip() for c in head.strip("┃").split("┃")][:4] == ["rank", "95 %", "all", "tier"]
    assert "95 %: ranks of this one alone; all: ranks that hold for all at once in 95 %" in shown
    assert "3 of 190 entries shown" in shown and "not differ significantly from the first" in shown
    rows = list(csv.DictReader((folder / "all.csv").open(encoding="utf-8")))
    first = next(line for line in shown.splitlines() if line.startswith("│"))
    cells = [c.strip() for c in first.strip("│").split("│")]
    assert cells[1] == f"{rows[0]['rank_low']}-{rows[0]['rank_high']}"
    assert cells[2] == f"{rows[0]['rank_low_all']}-{rows[0]['rank_high_all']}" != cells[1]
    assert len(rows) == 190


def test_own_results_stand_beside_and_are_marked(folder):
    write_result(folder / "r/same", "mini", hits_of(0.8, 9))
    write_result(folder / "r/other", "mini", hits_of(0.8, 9), gallery="image", data_hash="i")
    answer = json.loads(run(folder / "data/openmpr", "--on", "r", "--json"))
    assert {(e["name"], e["source"]) for e in answer["board"]["entries"]} >= {
        ("mini", "here")
    } and len(answer["board"]["entries"]) == 4
    assert [e["name"] for b in answer["other_boards"] for e in b["entries"]] == [
        "mini"
    ] and "cells_checked" not in answer
    shown = run(folder / "data/openmpr", "--on", "r")
    assert "not to be compared with the numbers above" in shown and "here" in shown
    assert shown.splitlines()[-1] == "5 entries on 2 sets of queries"


def test_own_entries_are_shown_however_far_down(folder, monkeypatch):
    monkeypatch.setattr("skulens.papers.openmpr.check.check_paper", lambda: None)
    write_result(folder / "r/same", "mini", hits_of(0.05, 9))
    shown = run("openmpr", "--on", "r", "--top", 1)
    assert (
        "mini" in shown
        and "mine/v1" in shown
        and "RN50" not in shown
        and "2 of 4 entries shown" in shown
    )


def test_files_that_are_not_the_papers_say_so(folder):
    with pytest.raises(SkulensError, match="are not among these 3 rows"):
        run("openmpr")


def test_a_csv_with_bad_rows(folder):
    rows = [summary_row(f"[red]m{i}", "v1", 10**7, hits_of(0.3 + i / 10, i)) for i in range(3)]
    rows += [rows[0], rows[1] | {"vision_model": "x", "micro_cmc@1": "nan"}]
    write_summary(folder / "mine.csv", rows)
    shown = run("mine.csv")
    assert "[red]m2/v1" in shown, "names are no markup"
    assert "2 left out; --json has all:\n" in shown
    assert (
        "  the same model as row 2: mine.csv, row 5 ([red]m0/v1)\n    -> keep one of the two\n"
        in shown
    )
    assert (
        "  'nan' is not a finite number: mine.csv, row 6, column micro_cmc@1 (x/v1)\n"
        "    -> correct the cell" in shown
    )
    assert shown.splitlines()[-1] == "3 entries; 2 left out"
    answer = json.loads(run("mine.csv", "--json"))
    assert [r["source"] for r in answer["rejects"]] == [
        "mine.csv, row 5",
        "mine.csv, row 6, column micro_cmc@1",
    ]
    assert "values per SKU are unknown" in shown


def test_all_entries_go_into_a_csv(folder):
    write_result(folder / "r/other", "mini", hits_of(0.8, 9), gallery="image", data_hash="i")
    shown = run(folder / "data/openmpr", "--on", "r", "--top", 1, "--out", "out.csv")
    with (folder / "out.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert [r["name"] for r in rows] == [
        "mine/v1",
        "open_clip:RN50/openai",
        "open_clip:ViT-B-32/openai",
        "mini",
    ]
    assert len({r["data"] for r in rows}) == 2 and "written to out.csv" in shown


def test_results_without_the_metric_are_left_out_not_in_the_way(folder):
    for name, gallery in (("same", "text"), ("other", "image")):
        write_result(
            folder / "r" / name, name, {10: hits_of(0.8, 9)[5]}, data_hash=name, gallery=gallery
        )
    shown = run(folder / "data/openmpr", "--on", "r")
    assert "  2 x no hit_rate@1, such as benchmark_summary (" in shown
    assert "    -> choose another --metric or --k\n" in shown
    assert shown.splitlines()[-1] == "3 entries; 2 left out"


def test_all_boards_go_onto_one_page(folder):
    pytest.importorskip("matplotlib", reason="pip install 'skulens[report]'")
    write_result(folder / "r/other", "mini", hits_of(0.8, 9), gallery="image", data_hash="i")
    shown = run(folder / "data/openmpr", "--on", "r", "--html", "board.html")
    page = (folder / "board.html").read_text()
    assert (
        "mine/v1" in page
        and "mini" in page
        and "http://" not in page.replace("http://www.w3.org", "")
    )
    assert shown.splitlines()[-1].endswith("written to board.html")


def test_a_csv_beside_the_published(folder, monkeypatch):
    monkeypatch.setattr("skulens.papers.openmpr.check.check_paper", lambda: None)
    write_summary(folder / "mine.csv", [summary_row("whole", "v1", 10**6, hits_of(0.6, 5))])
    answer = json.loads(run("openmpr", "--csv", "mine.csv", "--json"))
    assert [e["source"] for e in answer["board"]["entries"]].count("mine.csv") == 1 and answer[
        "other_boards"
    ] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv"], "there is no CSV 'nowhere.csv'"),
        (["opnmpr"], "did you mean 'openmpr'"),
        (["--on", "empty"], "no results in empty: measure with"),
        ([], "no results in results: measure with"),
        (["data/openmpr", "--k", "4"], "has no hit_rate@4; it has .*hit_rate@1"),
        (["data/openmpr", "--metric", "ndcg@10"], "has no ndcg@10; it has"),
    ],
)
def test_what_cannot_be_done_says_why(folder, words, message):
    with pytest.raises(SkulensError, match=message.replace("(", r"\(")):
        run(*words)
