"""Figures as files and inside a page."""

import itertools
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import skulens
from skulens.errors import MissingDependency
from skulens.report.axes import pick_evenly, short
from skulens.report.drawing import SERIES, inline_svg
from skulens.report.figures import draw_view, write_figures
from skulens.report.page import render
from skulens.report.views import View, view_of_board, views_of_results
from tests.report.boards import board, claims

matplotlib = pytest.importorskip(
    "matplotlib", reason="matplotlib is not installed: pip install 'skulens[report]'"
)


@pytest.fixture(scope="module")
def view() -> View:
    return view_of_board(board(30))


def test_every_figure_is_made_and_says_in_words_what_it_shows(view):
    found = {d.name: d for d in draw_view(view)}
    assert list(found) == [
        "order",
        "pareto-parameters",
        "pareto-latency",
        "pareto-memory",
        "phi",
        "cmc",
        "gap",
    ]
    assert all(len(d.alt) > 40 and d.caption for d in found.values())


def test_the_figure_of_the_order_counts_the_neighbours_whose_intervals_overlap(view):
    [drawn] = [d for d in draw_view(view) if d.name == "order"]
    rows = [r.first for r in view.rows if r.ranks]
    apart = sum(b.high < a.low for a, b in itertools.pairwise(rows))
    assert f"the intervals of {len(rows) - 1 - apart} of {len(rows) - 1} neighbours" in drawn.alt
    far = [
        replace(r, metrics={**r.metrics, r.main: replace(r.first, low=v - 1e-4, high=v + 1e-4)})
        for r in view.rows
        for v in [r.first.value]
    ]
    [drawn] = [d for d in draw_view(replace(view, rows=tuple(far))) if d.name == "order"]
    assert not drawn.alt.endswith(f"{len(rows) - 1} of {len(rows) - 1} neighbours overlap.")


def test_a_view_of_one_encoder_has_what_one_can_have(view):
    assert [d.name for d in draw_view(replace(view, rows=view.rows[:1]))] == ["cmc", "gap"]


def test_figures_appear_only_where_they_make_sense():
    """No curve, no difference of cut-offs and no density of a suite that has none."""
    made = [claims(f"reader:{i}", 0.5 + i / 100) for i in range(3)]
    made = [
        replace(r, system=replace(r.system, params=10**7 * (i + 1))) for i, r in enumerate(made)
    ]
    [found] = views_of_results(made)
    drawn = draw_view(found)
    assert [d.name for d in drawn] == ["pareto-parameters"]
    assert drawn[0].title == "f1 against parameters"


def test_svg_files_are_whole_hold_text_and_do_not_change(view, tmp_path):
    files = write_figures([view], tmp_path / "a", "svg")
    again = write_figures([view], tmp_path / "b", "svg")
    for file, other in zip(files, again, strict=True):
        assert file.read_bytes() == other.read_bytes()
        root = ElementTree.fromstring(file.read_bytes())
        assert root.findall(".//{http://www.w3.org/2000/svg}text")


def test_png_files_are_sharp_and_on_white(tmp_path):
    files = write_figures([view_of_board(board(8))], tmp_path, "png")
    assert files and {file.suffix for file in files} == {".png"}
    with Image.open(files[0]) as image:
        assert image.width >= 1200 and image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_several_views_do_not_overwrite_each_other(view, tmp_path):
    files = write_figures([view, view], tmp_path, "svg")
    assert len(set(files)) == len(files) == 2 * len(draw_view(view))


def test_inline_svg_takes_colours_and_fonts_of_the_page_and_keeps_to_its_own_ids(view):
    for drawing in draw_view(view):
        text = inline_svg(drawing, "v1-", {1: "<first>"})
        root = ElementTree.fromstring(text.replace("xlink:href", "href"))
        ids = {e.get("id") for e in root.iter() if e.get("id")}
        assert ids and all(i.startswith("v1-") for i in ids)
        assert (
            "#0072b2" not in text
            and "var(--s1)" in text
            and "<first>" not in text
            and "font-family" not in text
        )


def test_without_matplotlib_the_page_stands_and_figures_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("skulens.report.drawing.find_spec", lambda name: None)
    text = render([view_of_board(board(8))], tmp_path / "r.html", "mine").read_text()
    assert (
        "No figures: figures need matplotlib" in text
        and "<figure" not in text
        and "Net-000" in text
    )
    with pytest.raises(MissingDependency, match=r"pip install 'skulens\[report\]'"):
        write_figures([view_of_board(board(8))], tmp_path, "svg")


def test_the_snippet_of_the_docs_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [snippet] = re.findall(
        r"```python\n(.*?)```",
        (Path(skulens.__file__).parents[1] / "docs" / "report.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    exec(snippet, {})


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_marks_stand_out_on_light_and_dark_paper():
    """WCAG 2.2: 4.5 for text, 3 for marks."""
    css = (Path(skulens.__file__).parent / "report" / "page.css").read_text()
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    )
    for theme in (light, dark):
        assert min(contrast(theme[name], theme["paper"]) for name in ("ink", "soft")) >= 4.5
        assert min(contrast(theme[f"s{n}"], theme["paper"]) for n in range(1, 7)) >= 3
    assert [light[f"s{n}"] for n in range(1, 7)] == list(SERIES)


def test_short_names(view):
    assert short(view.rows[0]) == "Net-000/tag"
    assert pick_evenly(list("abcdefg"), 3) == ["a", "d", "g"] and pick_evenly(["a"], 3) == ["a"]
