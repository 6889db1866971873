"""Rows, strips and paragraphs of lines, upright, tilted and turned."""

import math

import pytest

from skulens.claims import Line
from skulens.verify.layout import Print, join_texts, place_of


def line(text, x, y, width=None, height=20, degrees=0.0):
    """A line whose top left corner stands at x, y of a sheet that is turned about its origin."""
    width = width or 10 * len(text)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    quad = tuple(v for a, b in corners for v in (a * c - b * s, a * s + b * c))
    return Line(text, quad, 0.99)


def page(*lines):
    return Print("sha", tuple(lines))


def texts(rows):
    return [[one.text for one in row] for row in rows]


TABLE = (
    ("Energy", 0, 0), ("2000 kJ", 200, 0), ("400 kJ", 320, 0),
    ("Fat", 0, 25), ("20 g", 200, 25),
    ("Salt", 0, 50), ("1 g", 200, 50), ("0.2 g", 320, 50),
)  # fmt: skip


@pytest.mark.parametrize("degrees", [0, 15, -15, 90, 180])
def test_rows_of_a_turned_table(degrees):
    lines = [line(*cell, degrees=degrees) for cell in TABLE]
    rows = texts(page(*reversed(lines)).rows)
    assert sorted(rows) == [
        ["Energy", "2000 kJ", "400 kJ"],
        ["Fat", "20 g"],
        ["Salt", "1 g", "0.2 g"],
    ]


def test_rows_of_a_curved_label():
    """Each column sinks by a third of a row; the last stands a whole row below the first."""
    lines = [
        line(f"{name}{i}", 150 * column, 25 * i + 8 * column, degrees=3)
        for i in range(4)
        for column, name in enumerate(("name", "left", "mid", "right"))
    ]
    rows = texts(page(*lines).rows)
    assert sorted(rows) == [[f"name{i}", f"left{i}", f"mid{i}", f"right{i}"] for i in range(4)]


def test_a_short_word_takes_the_direction_of_its_neighbours():
    tilted = [line("a long line of a tilted label", 0, 30 * i, degrees=12) for i in range(3)]
    word = line("5 g", 400, 30, degrees=12)
    wrong = Line(word.text, line("5 g", 0, 0).quad, 0.99)
    x, y = place_of(word).x - place_of(wrong).x, place_of(word).y - place_of(wrong).y
    upright = Line("5 g", tuple(v + (x, y)[i % 2] for i, v in enumerate(wrong.quad)), 0.99)
    sheet = page(*tilted, upright)
    assert math.degrees(sheet.place(upright).angle) == pytest.approx(12, abs=1)
    assert sheet.after(tilted[1]) == (upright,)


def test_text_read_from_top_to_bottom_stands_in_rows_and_paragraphs():
    """A detector gives upright quads to turned text: tall boxes, the next line to the left."""
    first = Line("Each capsule contains", (300, 0, 320, 0, 320, 210, 300, 210), 0.9)
    second = Line("vitamin E 400 mg", (270, 0, 290, 0, 290, 160, 270, 160), 0.9)
    beside = Line("Made in India", (300, 300, 320, 300, 320, 430, 300, 430), 0.9)
    sheet = page(beside, second, first)
    assert sheet.after(first) == (beside,)
    assert [s.lines for s in sheet.paragraph(first)] == [(first,), (second,)]


@pytest.mark.parametrize("degrees", [0, 15])
def test_paragraphs_stay_in_their_column(degrees):
    left = [line(f"left line {i} of text", 0, 25 * i, 200, degrees=degrees) for i in range(4)]
    right = [line(f"right line {i} of text", 260, 25 * i, 200, degrees=degrees) for i in range(4)]
    sheet = page(*(one for pair in zip(left, right, strict=True) for one in pair))
    assert [s.lines for s in sheet.paragraph(left[1])] == [(one,) for one in left[1:]]
    assert [s.lines for s in sheet.paragraph(right[0])] == [(one,) for one in right]
    assert sheet.below(right[0]) == tuple(right[1:])


def test_words_of_one_line_are_a_strip_and_columns_are_not():
    words = [line("Methyl", 0, 0, 60), line("paraben,", 75, 0, 80), line("Maker", 300, 0)]
    assert texts(s.lines for s in page(*words).strips) == [["Methyl", "paraben,"], ["Maker"]]
    assert texts(page(*words).rows) == [["Methyl", "paraben,", "Maker"]]


def test_a_paragraph_ends_before_a_gap_and_before_other_letters():
    sheet = page(
        line("sugar, salt,", 0, 0), line("milk", 0, 25), line("far below", 0, 120),
    )  # fmt: skip
    assert texts(s.lines for s in sheet.paragraph(sheet.lines[0])) == [["sugar, salt,"], ["milk"]]
    sheet = page(line("sugar, salt,", 0, 0), line("BIG", 0, 22, 120, 44))
    assert texts(s.lines for s in sheet.paragraph(sheet.lines[0])) == [["sugar, salt,"]]


def test_a_paragraph_starts_within_a_strip():
    sheet = page(line("Net", 0, 0), line("Ingredients:", 50, 0), line("sugar", 60, 25))
    assert texts(s.lines for s in sheet.paragraph(sheet.lines[1])) == [["Ingredients:"], ["sugar"]]


@pytest.mark.parametrize(
    "pieces, whole",
    [
        (["Glyco-", "lipids, salt"], "Glycolipids, salt"),
        (["HYDRO-", "GENATED OIL"], "HYDROGENATED OIL"),
        (["PEG-", "40 oil"], "PEG-40 oil"),
        (["Coca-", "Cola"], "Coca-Cola"),
        (["GERANIOL -", "LINALOOL"], "GERANIOL - LINALOOL"),
        (["one", "", " two "], "one two"),
        ([], ""),
    ],
)
def test_joining_lines(pieces, whole):
    assert join_texts(pieces) == whole


def test_evidence_quotes_every_line():
    sheet = page(line("Fat", 0, 0), line("20 g", 200, 0))
    found = sheet.evidence(sheet.lines)
    assert [e.quote for e in found] == ["Fat", "20 g"] and found[0].image == "sha"
    assert sheet.evidence(sheet.lines[:1], "F")[0].quote == "F"


def test_an_empty_picture_has_no_rows():
    assert page().rows == () and page().strips == ()
