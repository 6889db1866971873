"""Tables at any width: nothing wider than the terminal, names whole, headings and numbers uncut."""

import ast
import random
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

import skulens
from skulens.report.console import WIDTH, find_width, show
from skulens.report.grid import Grid, Styled, lay_out
from skulens.report.wrapping import NAME_LINES, least_of_name, wrap_name, wrap_number, wrap_words

WIDTHS = (30, 60, 80, 120, 200)
NAMES = (
    "mini",
    "groceries+mini (shots prototype)",
    "onnx:mobilenet_v1_embedding",
    "open_clip:ViT-SO400M-14-SigLIP2-378/webli",
    "open_clip:xlm-roberta-large-ViT-H-14/frozen_laion5b_s13b_b90k",
    "商品:画像-テキスト/検索",
)
HEADINGS = ("hit_rate@1", "macro_hit_rate@1", "p50 / p95 ms", "standard deviation", "params")


def printed(grid: Grid, width: int, monkeypatch, capsys) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    show(grid)
    return capsys.readouterr().out


def draw(seed: int) -> Grid:
    """A table of random shape."""
    rng = random.Random(seed)
    grid = Grid("mpr: own.csv, 497 probes -> text of 81 SKUs", "95 % interval over SKUs")
    grid.add_column("encoder", "name")
    columns = rng.sample(HEADINGS, rng.randint(1, len(HEADINGS)))
    for heading in columns:
        grid.add_column(heading, "number", drop=rng.randint(0, 3))
    beside = rng.random() < 0.5
    if beside:
        grid.add_column("why it was excluded", drop=rng.randint(0, 2))
    for name in rng.sample(NAMES, rng.randint(1, len(NAMES))):
        numbers = [f"0.{rng.randint(100, 999)} [0.571, 0.{rng.randint(580, 999)}]" for _ in columns]
        grid.add_row(
            name, *numbers, *(["too large: 375 M, wanted at most 200 M"] if beside else [])
        )
    return grid


def without_lines(text: str) -> str:
    """The text without its box and blanks, so that what is wrapped reads on."""
    return re.sub(r"[┃│┏┓┗┛┡┩╇┳┻╋━─┌┐└┘├┤┬┴┼╈\s]", "", text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", range(12))
def test_no_line_is_wider_and_nothing_is_cut(seed, width, monkeypatch, capsys):
    grid = draw(seed)
    said = printed(grid, width, monkeypatch, capsys)
    assert all(cell_len(line) <= width for line in said.splitlines()), said
    assert "…" not in said
    layout = lay_out(grid, width)
    shown = layout.shown if layout.widths else layout.shown[1:]  # a block is headed by its name
    words = re.split(r"[┃│\s]+", said)
    for i in shown:
        for word in grid.columns[i].heading.split():
            assert word in words, "no heading is broken inside a word"
        for row in grid.rows:
            if grid.columns[i].kind == "number":
                value, interval = row[i][0].text.split(" ", 1)
                assert value in words and interval in re.sub(r" +", " ", said)
    for i in layout.dropped:
        assert grid.columns[i].heading in " ".join(said.split()), "what is left out is named"


@pytest.mark.parametrize("width", WIDTHS)
def test_names_are_whole_and_wrapped_at_most_twice(width, monkeypatch, capsys):
    for name in NAMES:
        grid = Grid()
        grid.add_column("encoder", "name")
        grid.add_column("hit_rate@1", "number")
        grid.add_row(name, "0.664 [0.605, 0.726]")
        said = printed(grid, width, monkeypatch, capsys)
        cells = [line.split("│")[1] if "│" in line else line for line in said.splitlines()]
        assert without_lines(name) in without_lines("".join(cells))
        if lay_out(grid, width).widths:
            assert said.count("\n") - 4 <= NAME_LINES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", range(8, 70, 3))
def test_a_name_is_broken_behind_its_seams_and_nothing_is_lost(name, width):
    lines = wrap_name(name, width)
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)
    if width >= least_of_name(name):
        assert len(lines) <= NAME_LINES
        assert all(re.search(r"[/:_,.=+\-)]$|\w$", line) for line in lines)


def test_numbers_are_broken_before_their_interval_only():
    assert wrap_number("0.664 [0.605, 0.726]", 14) == ["0.664", "[0.605, 0.726]"]
    assert wrap_number("0.664 [0.605, 0.726]", 20) == ["0.664 [0.605, 0.726]"]


def test_words_are_broken_at_blanks():
    assert wrap_words("put it into /very/long/folder", 11) == [
        "put it into",
        "/very/long/",
        "folder",
    ]


def test_columns_go_in_the_order_of_their_importance():
    grid = Grid()
    grid.add_column("encoder", "name")
    for heading, drop in (("quality", 0), ("params", 1), ("memory", 3), ("licence", 2)):
        grid.add_column(heading, "number", drop=drop)
    grid.add_row("mini", *["0.123456789012345"] * 4)
    found = [lay_out(grid, width).dropped for width in (110, 85, 65, 45)]
    assert found == [(), (3,), (3, 4), (2, 3, 4)]


def test_rows_become_blocks_where_nothing_more_can_go(monkeypatch, capsys):
    grid = Grid()
    grid.add_column("encoder", "name")
    for heading in ("hit_rate@1", "hit_rate@5"):
        grid.add_column(heading, "number")
    grid.add_row("open_clip:RN50/openai", "0.664 [0.605, 0.726]", "0.900 [0.805, 0.926]")
    lines = printed(grid, 36, monkeypatch, capsys).splitlines()
    assert [line.strip() for line in lines] == [
        "open_clip:RN50/openai",
        "hit_rate@1  0.664 [0.605, 0.726]",
        "hit_rate@5  0.900 [0.805, 0.926]",
    ]


def test_the_width_is_that_of_columns_even_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "63")
    assert find_width() == 63
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: (_ for _ in ()).throw(OSError()))
    assert find_width() == WIDTH


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_there_are_no_escape_codes_in_a_pipe_or_without_colours(variables, monkeypatch, capsys):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    grid = Grid("title", "caption")
    grid.add_column("level", "name")
    grid.add_row(Styled("error", "bold red"), style="bold")
    assert "\x1b" not in printed(grid, 80, monkeypatch, capsys)


ELSEWHERE = {"report/console.py", "report/hits_console.py", "search/notebook.py", "api/notebook.py"}
"""console.py prints all tables; hits are lines without columns; notebooks show objects."""


def test_every_table_is_printed_by_the_one_console():
    root, found = Path(skulens.__file__).parent, set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in ("rich.table", "rich.console"):
                found.add(str(file.relative_to(root)))
    assert found - {"cli/search.py"} == ELSEWHERE, "use report.grid.Grid and report.console.show"


def test_a_unit_stays_beside_what_it_is_the_unit_of(monkeypatch, capsys):
    grid = Grid()
    for heading in ("95 %", "p50 / p95 ms", "share, 95 %"):
        grid.add_column(heading, "number")
    grid.add_row("1-2", "3", "4")
    said = printed(grid, 30, monkeypatch, capsys)
    assert said.count("95 %") == 2 and "p95 ms" in said
