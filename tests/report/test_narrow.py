"""Every table of the terminal at 60 to 200 columns: no row is wider, and numbers are whole."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from skulens.analysis.choose import Constraints, choose
from skulens.analysis.confusions import Confusion
from skulens.analysis.mistakes import Pair
from skulens.analysis.pairs import pair as compare_two
from skulens.analysis.pairs import pair_of_board
from skulens.analysis.ranks import rank_board
from skulens.cli import skulens
from skulens.cli.index.check import print_tables
from skulens.papers.merit.contradictions import list_contradictions
from skulens.records import Product, Reject
from skulens.report.calibration import make_curve_table
from skulens.report.choices import print_choice
from skulens.report.console import show
from skulens.report.decisions import print_confusion, print_pairing
from skulens.report.gate import print_gate
from skulens.report.merit_paper import print_merit
from skulens.report.standings import print_standings
from skulens.report.tables import print_results
from skulens.report.verdicts import ORDER, print_verdicts
from tests.analysis.test_choose import board
from tests.report.boards import claims, stored

LONG = "open_clip:xlm-roberta-large-ViT-H-14/frozen_laion5b_s13b_b90k"
RATES = {LONG: 0.70, "onnx:mobilenet_v1_embedding": 0.68, "mini": 0.4, "groceries": 0.1}
PRODUCTS = {
    i: Product(
        i, title=f"Bell pepper {i}, sold by the piece, class one, from Spain or the Netherlands"
    )
    for i in map(str, range(40))
}


def results() -> None:
    print_results([stored(LONG, 0.4), stored("mini", 0.6), claims(f"reader:{LONG}"), claims()])


def standings() -> None:
    print_standings(rank_board(board(RATES), "hit_rate@1"))


def choice() -> None:
    wanted = Constraints(min_recall=0.69, max_params=90_000_000)
    print_choice(choose(board(RATES), wanted))
    print_choice(choose(board(RATES), Constraints(licence="commercial")))


def pairing() -> None:
    a, b = pair_of_board(board(RATES), LONG, "mini")
    print_pairing(compare_two(a, b), PRODUCTS)


def confusion() -> None:
    photos = {"q": "/very/long/folder/of/photos/of/a/shop/IMG_20261122_0001.jpg"}
    pairs = tuple(
        Pair(str(i), str(i + 1), 3, 10, 2, 10, ("q",), "same brand", 12.5, 30.1, photos=photos)
        for i in range(3)
    )
    print_confusion(Confusion(stored("mini"), 100, 40, pairs, 17), PRODUCTS)


def curve() -> None:
    steps = np.linspace(0.01, 1, 100)
    columns = dict.fromkeys(("coverage", "threshold", "risk", "low", "high"), steps)
    show(make_curve_table(SimpleNamespace(**columns)))


def gate() -> None:
    hits = {(system, k): 1.234 for system in ("bm25 of titles", "random") for k in (1, 10)}
    slices = [
        SimpleNamespace(hits=hits, sibling=n == 2, conditions=n, queries=12_345) for n in (2, 3, 4)
    ]
    print_gate(SimpleNamespace(slices=slices, left_out=[], failed=[], findings=[1]))


def check() -> None:
    recall = SimpleNamespace(
        column="caption_vectors_of_e5", share=1, where=None, matching=123_456, queries=100,
        recall=0.987, worst=0.9, missed=0, how="approximate, then exact",
    )  # fmt: skip
    vector = SimpleNamespace(column="image", products=99_999, missing=0, damaged=0, wrong_length=3)
    print_tables(SimpleNamespace(seed=0, recalls=[recall] * 3, vectors=[vector]))


def verdicts() -> None:
    counts = dict.fromkeys(ORDER, 1_234)
    field = "attributes.nutrition.of_which_saturates"
    record = {
        "fields": {field: counts | {"claims": 3_702}}, "rejects": 2, "not_visible": 0,
        "columns_left_out": [], "claims": 3_702, "items": 9, "pictures": 9, "verdicts": counts,
        "rejects_file": "r", "stopped": False, "out": "o",
    }  # fmt: skip
    print_verdicts(record, [Reject("own.csv:3", "", "no such field", "correct it")])


def lists(*words: str):
    def call() -> None:
        done = CliRunner().invoke(skulens, list(words))
        assert done.exit_code == 0, done.output
        print(done.stdout)

    return call


PRINTERS = {
    "results": results,
    "standings": standings,
    "choice": choice,
    "pairing": pairing,
    "confusion": confusion,
    "curve": curve,
    "gate": gate,
    "check": check,
    "verdicts": verdicts,
    "contradictions": lambda: print_merit(list_contradictions()),
    "list encoders": lists("list", "encoders", "--search", "xlm"),
    "list readers": lists("list", "readers"),
    "faults": lists("chat-stub", "--faults"),
    "audit": lists("audit", "groceries-sample", "--no-pictures"),
}
BOX = re.compile(r"[┃│┏┗┡└├]")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", PRINTERS)
def test_no_row_is_wider_than_the_terminal_and_no_number_is_cut(name, width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    PRINTERS[name]()
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if BOX.match(line)]
    assert rows or width < 80 or name == "contradictions", "blocks of lines only where it is narrow"
    assert all(cell_len(row) <= width for row in rows), max(rows, key=cell_len)
    assert not re.search(r"\d…|^[┃│] +[┃│]$", said)
    first = [row.split("│")[1].strip() for row in rows if row.startswith("│")]
    assert not first or any(len(cell) > 2 for cell in first) or first[0].isdecimal(), (
        "no column of names is too narrow to read"
    )


def test_titles_stand_where_people_look(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    pairing()
    confusion()
    said = " ".join(re.sub(r"[│\n]", " ", capsys.readouterr().out).split())
    assert "Bell pepper 1, sold by the piece, class" in said
    assert "IMG_20261122_0001.jpg" in said and "/very/long/folder/of/photos/of/a/shop" in said


def test_photos_are_printed_below_their_folder():
    from skulens.report.decisions import shorten_paths

    folder = str(Path("/a/b"))
    assert shorten_paths(["/a/b/c/1.jpg", "", "/a/b/2.jpg"]) == (folder, ["c/1.jpg", "", "2.jpg"])
    assert shorten_paths(["1.jpg", ""]) == ("", ["1.jpg", ""])
