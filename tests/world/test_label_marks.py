"""Marks are drawn inside their box; bars say what is wrong with a number."""

import io

import numpy as np
import PIL.Image
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)
pytest.importorskip(
    "barcode", reason="the bars of labels need python-barcode: pip install 'skulens[world]'"
)

from skulens.errors import DataError
from skulens.world.canvas.svg import Canvas, render
from skulens.world.label.bars import pattern
from skulens.world.label.codes import MARKS
from skulens.world.label.marks import DRAWINGS, mark


def picture(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data)).convert("RGB")


def test_every_mark_has_a_drawing():
    assert sorted(DRAWINGS) == sorted(MARKS)


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_drawn_inside_its_box(name):
    c = Canvas(128)
    c.shape("M-128 -128H128V128H-128Z", "#fff")
    mark(c, name, -64, -64, 128)
    assert [(p.field, p.text, p.size) for p in c.prints] == [("mark", name, 128)]
    dark = np.asarray(picture(render(c.svg(), 128)).convert("L")) < 200
    assert 0.03 < dark[32:96, 32:96].mean() < 0.7
    dark[30:98, 30:98] = False
    assert not dark.any()


def test_bars_say_what_is_wrong_with_a_number():
    assert (
        pattern("EAN-13", "4006381333931").count("1")
        + pattern("EAN-13", "4006381333931").count("0")
        == 95
    )
    with pytest.raises(DataError, match="check digit should be 1"):
        pattern("EAN-13", "4006381333932")
    with pytest.raises(DataError, match="13 digits, a UPC-A 12"):
        pattern("UPC-A", "4006381333931")
