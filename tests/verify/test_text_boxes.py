"""Geometry of boxes: corners, turns, cuts and reading order."""

import numpy as np
import pytest

pytest.importorskip("cv2", reason="readers of text need rapidocr: pip install 'skulens[ocr]'")

from skulens.claims import Line
from skulens.verify.text import boxes

QUAD = (10.0, 20.0, 110.0, 20.0, 110.0, 40.0, 10.0, 40.0)


def test_turning_four_times_is_nothing():
    assert boxes.turn(QUAD, 4) == QUAD
    assert boxes.turn(boxes.turn(QUAD, 1), 3) == QUAD
    assert boxes.turn(QUAD, 2)[:2] == (110.0, 40.0)


def test_a_tall_box_holds_a_line_from_top_to_bottom():
    tall = (10.0, 10.0, 30.0, 10.0, 30.0, 110.0, 10.0, 110.0)
    laid = boxes.lay_down(tall)
    assert laid[:4] == (30.0, 10.0, 30.0, 110.0)
    assert boxes.sides(laid) == (100.0, 20.0)
    assert boxes.quarters_of(laid) == 1
    assert boxes.lay_down(QUAD) == QUAD


@pytest.mark.parametrize("quarters", range(4))
def test_a_cut_is_upright_however_its_text_is_turned(quarters):
    """A mark in the top left of the text comes out in the top left of the cut."""
    upright = np.zeros((60, 200, 3), np.uint8)
    upright[20:30, 50:60] = 255
    pixels = np.ascontiguousarray(np.rot90(upright, -quarters))  # clockwise
    corners = np.array([[50, 20], [150, 20], [150, 40], [50, 40]], float)
    for _ in range(quarters):
        height = {0: 60, 1: 200}[_ % 2]
        corners = np.stack([height - corners[:, 1], corners[:, 0]], axis=1)
    quad = tuple(float(v) for v in corners.reshape(-1))
    cut = boxes.cut(pixels, quad)
    assert cut.shape == (20, 100, 3)
    assert cut[4, 4].min() > 200 and cut[15, 90].max() < 50
    assert boxes.quarters_of(quad) == quarters


def test_a_box_of_no_size_is_cut_to_something():
    assert boxes.cut(np.zeros((5, 5, 3), np.uint8), (1.0,) * 8).shape == (2, 2, 3)


def test_quads_stay_inside_the_picture():
    box = np.array([[-3, -3], [120, -3], [120, 60], [-3, 60]], np.float32)
    assert boxes.quad_of(box, (100, 50)) == (0, 0, 100, 0, 100, 50, 0, 50)


def place(text: str, x: float, y: float, quarters: int = 0) -> Line:
    quad = (x, y, x + 50, y, x + 50, y + 10, x, y + 10)
    return Line(text, boxes.turn(quad, quarters) if quarters == 2 else quad, 0.9)


def test_rows_are_read_from_the_left_and_from_the_top():
    lines = [place("d", 80, 31), place("b", 80, 2), place("c", 0, 30), place("a", 0, 0)]
    assert [line.text for line in boxes.in_reading_order(lines)] == ["a", "b", "c", "d"]


def test_a_page_on_its_head_is_read_from_its_end():
    lines = [
        place(t, x, y, 2) for t, x, y in (("d", 0, 0), ("c", 80, 2), ("b", 0, 30), ("a", 80, 31))
    ]
    assert [line.text for line in boxes.in_reading_order(lines)] == ["a", "b", "c", "d"]


def test_columns_of_a_page_on_its_side_are_its_rows():
    """Turned clockwise by a quarter: the first line stands at the right, from top to bottom."""
    first = Line("first", (90.0, 0.0, 90.0, 50.0, 80.0, 50.0, 80.0, 0.0), 0.9)
    second = Line("second", (70.0, 0.0, 70.0, 50.0, 60.0, 50.0, 60.0, 0.0), 0.9)
    more = Line("more", (90.0, 60.0, 90.0, 110.0, 80.0, 110.0, 80.0, 60.0), 0.9)
    ordered = boxes.in_reading_order([second, more, first])
    assert [line.text for line in ordered] == ["first", "more", "second"]


def test_no_lines_have_an_order_too():
    assert boxes.in_reading_order([]) == []
