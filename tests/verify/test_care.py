"""Care text and compositions."""

import pytest

from skulens.verify.facts import care
from tests.verify.pages import line, only, own_verdict, page, print_of, seen, values

CARE, MATERIAL, COMPOSITION = care.CARE, care.MATERIAL, care.COMPOSITION


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Machine wash at 30 °C", ["Machine wash at 30 °C"]),
        ("Machine wash cold. Do not bleach. Iron low",
         ["Machine wash cold", "Do not bleach", "Iron low"]),
        ("Nicht bleichen", ["Nicht bleichen"]),
        ("Ne pas blanchir", ["Ne pas blanchir"]),
        ("Jangan disetrika", ["Jangan disetrika"]),
        ("Perawatan: Jangan disetrika", ["Jangan disetrika"]),
        ("Giặt máy ở 30 °C, không tẩy", ["Giặt máy ở 30 °C", "không tẩy"]),
        ("ห้ามรีด", ["ห้ามรีด"]),
        ("Wash hands before use", []),
        ("Soft iron chair", []),
    ],
)  # fmt: skip
def test_instructions(text, found):
    assert values(care.find(page(text)), CARE) == found


def test_an_instruction_goes_on_in_the_next_line():
    assert values(care.find(page("Care: Wipe with a damp", "cloth")), CARE) == [
        "Wipe with a damp cloth"
    ]
    assert values(care.find(page("Do not bleach", "Size: M")), CARE) == ["Do not bleach"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("80% cotton, 20% polyester", "80% cotton, 20% polyester"),
        ("Composition: 100% cotton", "100% cotton"),
        ("Bahan: katun 100%", "katun 100%"),
        ("Wheat Flour 50%, Seaweed 15%, Palm Oil 15%", ""),
        ("Humidity 80%", ""),
        ("Linalool 5% soap", ""),
    ],
)
def test_compositions_have_known_materials_only(text, found):
    assert values(care.find(page(text)), COMPOSITION) == ([found] if found else [])


def test_a_material_by_name_behind_a_cue():
    assert values(care.find(page("Material: Leather")), MATERIAL) == ["Leather"]
    assert values(care.find(page("Material: see back")), MATERIAL) == []
    assert values(care.find(page("Leather")), MATERIAL) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("80% cotton, 20% polyester", "VC"),
        ("60% cotton, 20% polyester", "U"),
        ("100% cotton", "U"),
    ],
)
def test_shares_that_add_up_are_their_own_witness(text, label):
    item = seen(line(text, confidence=0.7))
    assert own_verdict(only(care.find(print_of(item)), COMPOSITION), item) == label
