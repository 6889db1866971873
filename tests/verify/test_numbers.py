"""Lot, model and serial numbers: exact characters, and never proved by one reading."""

import pytest

from skulens.verify.checks.codes import is_alike
from skulens.verify.facts import numbers
from skulens.verify.facts.found import Found
from tests.verify.pages import (
    code,
    line,
    only,
    own_verdict,
    page,
    print_of,
    seen,
    values,
    verdict,
)

LOT, MODEL, SERIAL = "identifiers.lot", "identifiers.model", "identifiers.serial"


@pytest.mark.parametrize(
    ("texts", "field", "value"),
    [
        (["Lot: L27130G1"], LOT, "L27130G1"),
        (["LOT No. 52363890"], LOT, "52363890"),
        (["Batch 001"], LOT, "001"),
        (["Ch.-B.: A12-3/4"], LOT, "A12-3/4"),
        (["Номер партии: 0179104136"], LOT, "0179104136"),
        (["Kode produksi", "B2-4411"], LOT, "B2-4411"),
        (["Số lô: 240512A"], LOT, "240512A"),
        (["L23145"], LOT, "L23145"),
        (["Model:YLPW13YL"], MODEL, "YLPW13YL"),
        (["產品型號 Model: MJXDD01SYL"], MODEL, "MJXDD01SYL"),
        (["型号:JK-BD6A17S6P"], MODEL, "JK-BD6A17S6P"),
        (["Model No. JN-MPPT-MINI"], MODEL, "JN-MPPT-MINI"),
        (["Type: X-200/b"], MODEL, "X-200/b"),
        (["P/N 1234-567"], MODEL, "1234-567"),
        (["Art. No.: JO-A951S"], MODEL, "JO-A951S"),
        (["S/N: P1904FX18902548811KF1"], SERIAL, "P1904FX18902548811KF1"),
        (["Serial No.", "FGGQ6D1"], SERIAL, "FGGQ6D1"),
        (["(21)9400000002429226"], SERIAL, "9400000002429226"),
    ],
)
def test_numbers_behind_cues(texts, field, value):
    assert values(numbers.find(page(*texts)), field) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Lot: see bottom of can",
        "Parking lot 500 m",
        "Model of the year",
        "Type: powder",
        "L 200 ml",
        "Batch: 12.05.2026",
        "Serial:",
        "(01)08699522705160",
    ],
)
def test_no_number(text):
    assert list(numbers.find(page(text))) == []


def test_a_part_number_stands_for_a_missing_model_only():
    both = page("P/N 1234-567", "Model: ABC-1")
    assert values(numbers.find(both), MODEL) == ["ABC-1"]


def test_one_clear_reading_does_not_prove_a_number():
    item = seen(line("S/N: FGGQ6D1", confidence=1.0))
    found = only(numbers.find(print_of(item)), SERIAL)
    assert own_verdict(found, item) == "U"


@pytest.mark.parametrize(
    "item",
    [
        seen(line("S/N: FGGQ6D1", second="SN FGGQ6D1")),
        seen("S/N: FGGQ6D1", codes=[code("FGGQ6D1")]),
        seen("S/N: FGGQ6D1", "", "Serial: FGGQ6D1"),
    ],
    ids=["second reader", "bars", "another place"],
)
def test_a_witness_proves_it(item):
    found = next(iter(numbers.find(print_of(item))))
    assert own_verdict(found, item) == "VC"


def test_a_second_reader_must_read_the_whole_number():
    item = seen(line("S/N: FGGQ6D1", second="SN FGGQ6D15"))
    assert own_verdict(only(numbers.find(print_of(item)), SERIAL), item) == "U"


def test_elements_of_a_gs1_code():
    text = "(01)08699522705160(21)9400000002429226(17)271031(10)24S637"
    found = list(numbers.find(page(codes=[code(text, "Data Matrix")])))
    assert values(found, SERIAL) == ["9400000002429226"]
    assert values(found, LOT) == ["24S637"]
    assert {one.witness for one in found} == {"bars"}


def test_separators_end_elements():
    text = "010869952270516021940000000242\x1d1727103110AB12"
    assert numbers.elements_of(text)["21"] == "940000000242"
    assert numbers.elements_of(text)["10"] == "AB12"


def test_without_an_end_nothing_is_read():
    assert numbers.elements_of("010869952270516021940000000242922617271031") == {}


def test_an_unsure_code_proves_nothing():
    unsure = code("(21)9400000002429226", "Data Matrix", sure=False)
    item = seen(codes=[unsure])
    found = only(numbers.find(print_of(item)), SERIAL)
    assert own_verdict(found, item) == "U"


def test_a_data_identifier_counts_where_print_agrees():
    with_print = page("EF224A4", codes=[code("1PEF224A4")])
    assert values(numbers.find(with_print), MODEL) == ["EF224A4"]
    assert list(numbers.find(page("EF999A4", codes=[code("1PEF224A4")]))) == []


@pytest.mark.parametrize(
    ("claimed", "label", "sub"),
    [
        ("FGGQ6D1", "VC", "ocr"),
        ("FGGQ6D7", "U", ""),
        ("FGG06D1", "U", ""),
        ("fggq6d1", "U", ""),
        ("FGGQ6DI", "U", "ocr"),
    ],
)
def test_claims_of_others_need_the_very_characters(claimed, label, sub):
    assert verdict(SERIAL, claimed, seen("S/N: FGGQ6D1")) == (label, sub)


def test_a_number_without_a_cue_supports_a_claim():
    assert verdict(SERIAL, "FGGQ6D1", seen("FGGQ6D1"))[0] == "VC"
    assert verdict(SERIAL, "FGGQ6D1", seen("XFGGQ6D1"))[0] == "U"


def test_the_line_that_a_claim_was_read_from_does_not():
    item = seen("FGGQ6D1")
    place = print_of(item).evidence(print_of(item).lines)
    assert own_verdict(Found(SERIAL, "FGGQ6D1", evidence=place), item) == "U"


def test_a_number_of_another_field_does_not():
    assert verdict(LOT, "ABC-123", seen("Model: ABC-123"))[0] == "U"


def test_nothing_read_is_ever_held_against_a_number():
    item = seen("Model: ABC-123", "S/N: FGGQ6D1", "Lot: 555")
    for field in (LOT, MODEL, SERIAL):
        assert verdict(field, "ZZZ-999", item)[0] == "U"


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("SO-1", "S0-1", True),
        ("AB8", "ABB", True),
        ("S5", "55", True),
        ("Z2", "22", True),
        ("l1", "I1", True),
        ("SO-1", "SO-1", False),
        ("OO", "00", False),
        ("A1", "B1", False),
        ("A1", "A11", False),
    ],
)
def test_characters_that_are_confused(first, second, alike):
    assert is_alike(first, second) == alike
