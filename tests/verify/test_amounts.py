"""Amounts of fields that no finder knows, and sizes behind a cue."""

import pytest

from skulens.claims import Claim, Line, Seen
from skulens.verify.chain import verify_claims
from skulens.verify.checks.amounts import read_amount
from skulens.verify.facts import sizes
from skulens.verify.layout import Print
from tests.extract.pictures_with_text import line


def verdict(field: str, value: str, *printed: str, unit: str = ""):
    lines = [line(text, row) for row, text in enumerate(printed)]
    seen = Seen("item", lines={"sha": lines}, sizes={"sha": (500, 400)})
    (one,) = verify_claims([Claim("item", field, value, unit)], seen)
    return one


@pytest.mark.parametrize(
    ("field", "value", "printed", "label"),
    [
        ("attributes.ram", "6gb", "Memory 6 GB", "VC"),
        ("attributes.ram", "6 GB", "Memory 16 GB", "U"),
        ("attributes.battery_capacity", "5000mah", "Li-ion 5,000 mAh typ.", "VC"),
        ("attributes.battery_capacity", "5000mah", "Li-ion 4500 mAh", "U"),
        ("attributes.seat", "86 x 46 x 43 cm", "Size 86 × 46 × 43 cm", "VC"),
        ("attributes.seat", "86 x 46 x 43 cm", "Size 86 × 46 × 34 cm", "U"),
        ("attributes.length", "1.5 m", "Cable 150 cm", "VC"),
        ("attributes.ports", "3", "3 ports", "U"),
    ],
)
def test_the_amount_stands_in_print_in_any_unit(field, value, printed, label):
    one = verdict(field, value, printed)
    assert one.label == label
    assert bool(one.evidence) == (label == "VC")


def test_an_amount_of_another_field_is_no_evidence():
    assert verdict("attributes.volume", "250 g", "Net weight 250 g").label == "U"
    assert verdict("attributes.volume", "250 g", "Net weight 250 g", "Bowl 250 g").label == "VC"


def test_numbers_without_a_unit_and_words_are_no_amounts():
    assert read_amount("42") is None and read_amount("large") is None
    assert read_amount("42 cm") and read_amount("42", "cm")


@pytest.mark.parametrize(
    ("printed", "value"),
    [("Size: M", "M"), ("Saiz: Kecil", "Kecil"), ("SIZE 42 EU", "42 EU"),
     ("Portion size: M", None), ("Size matters to all of us, so choose well.", None)],
)  # fmt: skip
def test_sizes_stand_behind_a_cue_that_begins_the_line(printed, value):
    page = Print("sha", (line(printed),), size=(500, 400))
    assert [f.value for f in sizes.find(page)] == ([value] if value else [])


def test_a_size_may_stand_in_the_next_column():
    right = Line("XL", (200, 10, 230, 10, 230, 30, 200, 30), 0.9, "fake")
    (found,) = sizes.find(Print("sha", (line("Size"), right), size=(500, 400)))
    assert (found.value, len(found.evidence)) == ("XL", 2)
