"""What every figure keeps to, with 2 systems as with 190, on wide screens and on phones."""

import itertools
from dataclasses import replace

import pytest

from skulens.report.drawing import NARROW, SMALL, TEXT, Drawing
from skulens.report.placing import Spot, place_labels, spread_apart
from skulens.report.views import view_of_board
from tests.report.boards import board

pytest.importorskip(
    "matplotlib", reason="matplotlib is not installed: pip install 'skulens[report]'"
)
from matplotlib.text import Text  # noqa: E402

from skulens.report.drawing import inline_svg, render_figure  # noqa: E402
from skulens.report.figures import draw_view  # noqa: E402

PHONE = 358
"""Pixels that a figure has on a phone of 390."""


def named(n: int):
    """n systems with long names, every SKU with a title."""
    made = board(n)
    entries = [
        replace(e, latency_ms=3.0 + i, name=f"onnx:encoder-{i} (gallery image, shots prototype)")
        for i, e in enumerate(made.entries)
    ]
    view = view_of_board(replace(made, entries=tuple(entries)))
    titles = {g: f"{g} long-life oat drink without sugar, one litre" for g in made.groups}
    return replace(view, titles=titles)


@pytest.fixture(scope="module", params=[2, 3, 9, 24, 30, 190])
def drawings(request) -> list[Drawing]:
    """Every figure of a view in every size that a page shows."""
    found = draw_view(named(request.param))
    return found + [replace(d, size=d.narrow) for d in found if d.narrow]


@pytest.fixture(scope="module")
def figures(drawings):
    return [(d, render_figure(d)) for d in drawings]


def texts_of(figure):
    """Visible texts of a figure's axes: labels, ticks within the limits, titles of axes."""
    [axes] = figure.axes
    ticks = [
        label
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for at, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
        if min(limits) <= at <= max(limits)
    ]
    found = [*axes.texts, *ticks, axes.xaxis.label, axes.yaxis.label]
    return [t for t in found if t.get_visible() and t.get_text()]


def test_no_text_lies_on_another_one_or_leaves_the_figure(figures):
    for drawing, figure in figures:
        # Of an annotation with an arrow only the text.
        boxes = [(t.get_text(), Text.get_window_extent(t)) for t in texts_of(figure)]
        where = drawing.name, drawing.size
        for (one, a), (other, b) in itertools.combinations(boxes, 2):
            assert not a.shrunk(0.9, 0.7).overlaps(b.shrunk(0.9, 0.7)), (where, one, other)
        for words, box in boxes:
            assert box.x0 > -3 and box.x1 < figure.bbox.x1 + 3, (where, words)
            assert box.y0 > -3 and box.y1 < figure.bbox.y1 + 3, (where, words)


def test_text_is_large_enough_to_read(figures):
    assert max(SMALL[0], NARROW[0]) * 72 <= PHONE
    assert TEXT >= 11
    for drawing, figure in figures:
        assert all(t.get_fontsize() >= TEXT for t in texts_of(figure)), drawing.name


def test_points_lie_inside_the_axes(figures):
    for drawing, figure in figures:
        [axes] = figure.axes
        frame = axes.get_window_extent().padded(0.5)
        points = [p for p in axes.lines if (p.get_gid() or "").endswith("-point")]
        assert points or drawing.name in ("skus", "gap")
        for point in points:
            for at in axes.transData.transform(point.get_xydata()):
                assert frame.contains(*at), (drawing.name, drawing.size, point.get_gid())


def test_every_point_says_its_name(drawings):
    for drawing in drawings:
        text = inline_svg(replace(drawing, narrow=None), "p-")
        points = {g for g in drawing.titles if g.startswith("sku-")}
        assert text.count("<title>") >= len(points)
        if drawing.name.startswith(("pareto", "order", "phi", "cmc")):
            marks = text.count("data-row=")
            assert marks and text.count("<title>") >= marks / 2  # a point and its interval


def test_systems_with_long_names_are_all_named_in_the_figure(figures):
    for drawing, figure in figures:
        rows = len({t for t in drawing.titles if t.endswith("-point")})
        roomy = rows <= 3 or (rows <= 9 and drawing.size[0] > NARROW[0])
        if drawing.name == "pareto-latency" and roomy:
            assert len(figure.axes[0].texts) == rows, drawing.size


def test_labels_keep_off_points_and_each_other():
    from matplotlib.figure import Figure

    axes = Figure(figsize=(4, 3), layout="constrained").subplots()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 1)
    spots = [Spot(5 + i / 50, 0.5, 0.4, 0.6, f"system {i}") for i in range(6)]
    assert place_labels(axes, spots) == []
    boxes = [t.get_window_extent() for t in axes.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    for x, y in axes.transData.transform([(s.x, s.y) for s in spots]):
        assert not any(b.contains(x, y) for b in boxes)
    crowd = [Spot(5, 0.5, 0.5, 0.5, "a very long name " * 3) for _ in range(80)]
    assert place_labels(axes, crowd)  # there is no room for so many, and it says so


def test_labels_at_one_height_are_moved_apart_in_order():
    assert spread_apart([1.0, 2.0, 5.0], [0.5, 0.5], 0, 10) == [1.0, 2.0, 5.0]
    assert spread_apart([3.0, 3.0, 3.0], [1.0, 1.0], 0, 10) == [2.0, 3.0, 4.0]
    assert spread_apart([9.9, 10.0], [1.0], 0, 10) == [9.0, 10.0]
    assert spread_apart([5.0, 5.0, 5.0], [8.0, 8.0], 0, 10) == [0.0, 5.0, 10.0]
    assert spread_apart([], [], 0, 1) == []
