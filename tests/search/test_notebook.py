"""Hits as tables: what a notebook shows, what Python prints, rows and columns."""

import re

import pyarrow as pa
import pytest
from rich.cells import cell_len

from skulens.search.notebook import (
    arrow_table,
    choose_columns,
    cut,
    format_value,
    html_table,
    plain_table,
    product_fields,
)
from tests.search.small_answers import LONG_ID, THAI, make_answer, make_shop

EVIL = "<img src=x onerror=alert(1)>"


def test_rows_have_what_people_want_of_a_product():
    first, second = make_answer().rows()
    assert list(first) == ["rank", "score", "id", "title", "price", "currency", "attributes.color"]
    assert first["attributes.color"] == ("red", "blue") and "pictures" not in first
    assert second == {"rank": 2, "score": 0.5, "id": LONG_ID}


def test_an_answer_is_a_sequence_of_hits():
    answer = make_answer()
    assert len(answer) == 2 and [hit.id for hit in answer] == ["a/1", LONG_ID]
    assert answer[0] is answer.hits[0]


def test_a_search_prints_as_a_table():
    printed = repr(make_shop().search("red bag"))
    head, _, *lines = printed.splitlines()
    assert head.split() == ["rank", "score", "id", "title", "price", "color", "currency"]
    ranks = [line.split()[0] for line in lines if line[:4].strip()]
    assert ranks == ["1", "2", "3"], "a long id takes several lines"
    assert "red leather bag with a zip" in printed and "12.5" in printed
    assert repr(make_answer(hits=())) == "no hits"


@pytest.mark.parametrize("width", [60, 100, 140])
def test_no_line_is_wider_than_asked(width):
    rows = [{"rank": 1, "score": 0.5, "id": "x" * 12, "title": THAI * 9, "attributes.a": "y" * 500}]
    lines = plain_table(rows, width).splitlines()
    assert max(cell_len(line) for line in lines) <= width and len(lines) == 3


def test_twins_and_hashes_are_left_out():
    from skulens.index.stores.fields import numbers_of

    held = {"size": "5", numbers_of("size"): 5.0, "pictures": ("0" * 64,), "price": 1.0}
    assert product_fields(held) == {"size": "5", "price": 1.0}


def test_values_are_one_short_line():
    assert format_value(("red", 2.0, True)) == "red, 2, true"
    assert format_value(None) == "" and format_value("a\n b\t c") == "a b c"
    assert len(format_value("word " * 300_000)) <= 80
    assert len(format_value(tuple("x" * 50 for _ in range(10_000)))) <= 80
    assert cut("x" * 81, 80) == "x" * 79 + "…" and len(cut("a " * 99, 80)) == 80
    assert cut("a" + " " * 999 + "b") == "a…"


def test_columns_that_most_rows_have_come_first():
    rows = [{"rank": 1, "id": "a", "b": 1, "c": ""}, {"rank": 2, "id": "b", "b": 2, "a": 3}]
    assert choose_columns(rows) == ["rank", "id", "b", "a"]
    assert choose_columns(rows, 3) == ["rank", "id", "b"]


def test_a_notebook_shows_pictures_and_escapes_what_others_wrote():
    rows = [{"rank": 1, "score": 0.5, "id": "a", "title": EVIL, EVIL: EVIL}]
    page = html_table(rows, [b"\xff\xd8jpeg"], [EVIL])
    assert "<img src=x" not in page and page.count("&lt;img src=x") >= 4
    assert page.count("data:image/jpeg;base64,") == 1
    assert "<img" not in html_table(rows, [b""]).replace(page, "")
    assert html_table([], []) == "<p>no hits</p>"


def test_an_answer_in_a_notebook():
    page = make_answer()._repr_html_()
    assert page.count("<tr>") == 3 and page.count("data:image/jpeg;base64,") == 1
    assert "embedded as a text beside the photo" in page
    assert re.search(r'<td class="n">0\.9000</td><td>a/1</td>', page)


def test_columns_of_arrow_hold_what_rows_hold():
    table = make_answer().to_arrow()
    assert isinstance(table, pa.Table) and table.num_rows == 2
    assert table["price"].to_pylist() == [12.5, None]
    assert table["attributes.color"].to_pylist() == [["red", "blue"], None]
    assert arrow_table([]).num_rows == 0
