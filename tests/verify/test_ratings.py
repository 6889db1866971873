"""Voltage, current, power and frequency of rating plates."""

import pytest

from skulens.verify.facts import ratings
from tests.verify.pages import line, only, own_verdict, page, print_of, seen, values, verdict

V, A = "attributes.voltage", "attributes.current"
W, HZ = "attributes.power", "attributes.frequency"
PLATE = "Rate Input:220V-240V~50/60Hz 0.73A"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PLATE, ["220V-240V~", "0.73A", "", "50/60Hz"]),
        ("220-240V~50/60Hz 0.16A ta:40°C 33W(280x0.093W)", ["220-240V~", "0.16A", "33W", "50/60Hz"]),
        ("Rated Input: 100-240V~ 50/60Hz Max.0.5A", ["100-240V~", "Max.0.5A", "", "50/60Hz"]),
        ("額定功率 Rated Power: 45W(81×1W/LED module)", ["", "", "45W", ""]),
        ("Load power:MAX144W(only for LED module)", ["", "", "MAX144W", ""]),
        ("V:12/24V", ["12/24V", "", "", ""]),
        ("19.5 V ⎓ 3.34 A, 65 W", ["19.5 V ⎓", "3.34 A", "65 W", ""]),
        ("Daya: 350 W", ["", "", "350 W", ""]),
        ("Напряжение: 220 В, 50 Hz", ["", "", "", "50 Hz"]),
    ],
)  # fmt: skip
def test_amounts_of_a_plate(text, found):
    all_found = list(ratings.find(page(text)))
    for field, value in zip((V, A, W, HZ), found, strict=True):
        assert values(all_found, field)[:1] == ([value] if value else [])


@pytest.mark.parametrize(
    "text",
    [
        "Output: 5V 2A",
        "Single output C: Constant current 0.38A 100-273V",
        "Vitamin A 12 mg",
        "RS4 C5 2A7",
        "Net weight 500 g",
        "Model 5V2",
    ],
)
def test_no_rating(text):
    assert list(ratings.find(page(text))) == []


def test_an_amount_alone_is_in_doubt():
    item = seen("12V")
    found = only(ratings.find(print_of(item)), V)
    assert found.doubt == ratings.NO_PLATE
    assert own_verdict(found, item) == "U"


def test_an_amount_of_a_plate_is_not():
    item = seen(PLATE)
    assert own_verdict(only(ratings.find(print_of(item)), A), item) == "VC"


def test_the_plate_itself():
    assert values(ratings.find(page(PLATE)), "attributes.rating") == ["220V-240V~50/60Hz 0.73A"]


@pytest.mark.parametrize(
    ("field", "claimed", "unit", "label"),
    [
        (V, "220-240 V", "", "VC"),
        (V, "220-240", "V", "VC"),
        (V, "110 V", "", "VI"),
        (V, "230 V", "", "VI"),
        (A, "730 mA", "", "VC"),
        (A, "0.735 A", "", "VC"),
        (A, "0.75 A", "", "VI"),
        (W, "160 W", "", "U"),
        (V, "mains", "", "U"),
    ],
)
def test_claims_within_one_percent(field, claimed, unit, label):
    assert verdict(field, claimed, seen(PLATE), unit)[0] == label


def test_two_plates_contradict_nobody():
    item = seen("Input: 12V 2A", "Input: 24V 1A")
    assert verdict(V, "48 V", item)[0] == "U"


def test_an_unclear_plate_contradicts_nobody():
    item = seen(line(PLATE, confidence=0.7))
    assert verdict(V, "110 V", item)[0] == "U"
