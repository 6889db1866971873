"""Boxes are drawn where the evidence is, in the colour of the verdict; crops show the print."""

import PIL.Image
import pytest

from skulens.report.boxes import (
    COLOURS,
    NAMES,
    WORST,
    Mark,
    crop,
    draw_boxes,
    with_legend,
    write_numbers,
)

QUAD = (50.0, 40.0, 150.0, 40.0, 150.0, 80.0, 50.0, 80.0)


def white(width=300, height=200) -> PIL.Image.Image:
    return PIL.Image.new("RGB", (width, height), "white")


def coloured(picture: PIL.Image.Image) -> tuple[int, int, int, int] | None:
    """Frame of all that is not white."""
    return PIL.Image.eval(picture.convert("L"), lambda v: 255 * (v < 250)).getbbox()


@pytest.mark.parametrize("label", ["VC", "VI", "U"])
def test_the_box_is_where_the_quad_is(label):
    drawn = draw_boxes(white(), [Mark(QUAD, label)])
    left, top, right, bottom = coloured(drawn)
    assert abs(left - 50) <= 8 and abs(top - 40) <= 8
    assert abs(right - 150) <= 8 and abs(bottom - 80) <= 8
    assert COLOURS[label] in {c for _, c in drawn.getcolors(10_000)}


def test_labels_differ_without_colour():
    inked = {label: sum(n for n, c in draw_boxes(white(), [Mark(QUAD, label)]).getcolors(9999)
                        if c != (255, 255, 255)) for label in COLOURS}  # fmt: skip
    assert inked["U"] < 0.8 * inked["VC"] < inked["VC"] < 0.8 * inked["VI"]


def test_the_picture_itself_is_not_touched():
    picture = white()
    draw_boxes(picture, [Mark(QUAD, "VC", 1)])
    assert coloured(picture) is None


@pytest.mark.parametrize("at", [(-20, -10), (290, 190), (5000, 5000)])
def test_boxes_and_numbers_at_or_beyond_the_edge_do_no_harm(at):
    x, y = at
    quad = (x, y, x + 30, y, x + 30, y + 20, x, y + 20)
    assert draw_boxes(white(), [Mark(quad, "U", 17)]).size == (300, 200)


def test_the_legend_names_every_mark_in_any_script():
    marks = [Mark(QUAD, "VC", 1, "net content 250 g"), Mark(QUAD, "U", 2, "ชื่อ ชาเขียว"),
             Mark(QUAD, "VI", 3, "вес 250 г" * 50)]  # fmt: skip
    page = with_legend(white(), marks)
    assert page.width == 300 and page.height > 200 + 3 * 14
    assert coloured(page.crop((0, 201, 300, page.height))) is not None
    assert set(NAMES) == set(COLOURS)


def test_a_crop_holds_the_quad_and_stays_inside():
    part = crop(white(), QUAD)
    assert 100 <= part.width <= 140 and 40 <= part.height <= 75
    assert crop(white(), (-50, -50, -40, -50, -40, -40, -50, -40)).size >= (1, 1)
    assert crop(white(), (280.0, 190, 400, 190, 400, 300, 280, 300), margin=0).size == (20, 10)


def test_facts_of_one_place_share_a_box_in_the_colour_of_the_worst():
    both = draw_boxes(white(), [Mark(QUAD, "VC", 1), Mark(QUAD, "U", 2), Mark(QUAD, "VC", 3)])
    colours = {c for _, c in both.getcolors(10_000)}
    assert COLOURS["U"] in colours and COLOURS["VC"] not in colours
    assert sorted(WORST) == sorted(COLOURS)


@pytest.mark.parametrize(
    ("numbers", "written"),
    [([3], "3"), ([2, 3, 4, 7], "2-4,7"), ([7, 2, 3, 3], "2-3,7"), ([], "")],
)
def test_numbers_of_one_place_are_written_as_runs(numbers, written):
    assert write_numbers(numbers) == written


def test_numbers_stand_beside_the_print_and_not_on_it():
    numbered, bare = (draw_boxes(white(), [Mark(QUAD, "VC", n)]) for n in (8, 0))
    inside = (55, 45, 145, 75)
    assert list(numbered.crop(inside).getdata()) == list(bare.crop(inside).getdata())
    assert coloured(numbered)[0] < coloured(bare)[0]
