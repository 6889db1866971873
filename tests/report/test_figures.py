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
from skulens.report.axes import count_levels, pick_evenly, short
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
        "behind",
        "skus",
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


def test_a_single_encoder_has_no_figure(view):
    assert draw_view(replace(view, rows=view.rows[:1])) == []


def test_two_encoders_have_no_figure_that_their_table_replaces():
    names = [d.name for d in draw_view(view_of_board(board(2)))]
    assert names == ["behind", "skus", "cmc", "gap"]


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


def with_memory(made: View, *mb: float) -> View:
    rows = [
        replace(row, entry=replace(row.entry, memory_mb=x))
        for row, x in zip(made.rows, mb, strict=True)
    ]
    return replace(made, rows=tuple(rows))


def test_costs_that_differ_by_less_than_their_error_need_no_figure():
    made = view_of_board(board(4))
    for mb, drawn in (
        ((700, 710, 690, 705), False),
        ((700, 710, 300, 305), False),
        ((700, 710, 300, 500), True),
    ):
        names = [d.name for d in draw_view(with_memory(made, *mb))]
        assert ("pareto-memory" in names) is drawn, mb


def test_results_of_one_system_are_one_cost():
    """Three settings of one encoder measured three times are not three costs."""
    made = with_memory(view_of_board(board(3)), 100, 200, 400)
    assert count_levels(made.rows, "memory_mb") == 3
    same = [
        replace(r, entry=replace(r.entry, result=replace(r.result, name="mini"))) for r in made.rows
    ]
    assert count_levels(same, "memory_mb") == 1


def test_the_figure_of_differences_shows_what_choose_says(view):
    [drawn] = [d for d in draw_view(view) if d.name == "behind"]
    [worst] = [r for r in view.rows if r.place == 15]
    d = worst.behind
    said = f"{worst.name}: {-d.value:.3f} [{-d.high:.3f}, {-d.low:.3f}]"
    assert said.replace("-0.", "\N{MINUS SIGN}0.") in drawn.alt
    assert "for all 30 encoders at once" in drawn.caption and "The first 15." in drawn.caption


def test_the_figure_of_skus_names_those_on_which_the_first_two_differ_most(view):
    made = replace(view, titles={"sku-3": "Sour milk, 1 litre"})
    [drawn] = [d for d in draw_view(made) if d.name == "skus"]
    a, b = (r.result.sums.by_group(view_groups(view)).values(view.main) for r in view.rows[:2])
    gaps = dict(zip(view_groups(view), a - b, strict=True))
    assert f"ahead on {sum(g > 0 for g in gaps.values())} SKUs" in drawn.caption
    largest = max(gaps, key=gaps.get)
    assert f"{made.titles.get(largest, largest)} +{gaps[largest]:.2f}" in drawn.alt
    titles = [t for k, t in drawn.titles.items() if k.startswith("sku-")]
    assert len(titles) == 16 and all("probes" in t for t in titles)
    same = replace(view, rows=(view.rows[0], replace(view.rows[0], place=2)))
    assert "skus" not in [d.name for d in draw_view(same)]


def view_groups(made: View) -> tuple[str, ...]:
    return made.rows[0].result.sums.groups


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
        named = replace(drawing, titles={"row-1-point": "<first>"})
        text = inline_svg(named, "v1-")
        root = ElementTree.fromstring(f"<div>{text.replace('xlink:href', 'href')}</div>")
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert ids and all(i.startswith("v1-") for i in ids) and len(set(ids)) == len(ids)
        assert [e.get("class") for e in root] == ["for-wide", "for-narrow"]
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
