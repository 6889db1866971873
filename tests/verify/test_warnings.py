"""Warnings: signal words with what they announce, and phrases that are warnings."""

import pytest

from skulens.verify.facts import warnings
from tests.verify.pages import line, own_verdict, page, print_of, seen, values, verdict

FIELD = warnings.FIELD


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["Warning: Avoid contact with eyes. If contact", "does occur, rinse well with water."],
         ["Warning: Avoid contact with eyes. If contact does occur, rinse well with water."]),
        (["Keep out of reach of children."], ["Keep out of reach of children."]),
        (["Keep out of reach of children. Shake well."], ["Keep out of reach of children."]),
        (["Achtung: Nicht für Kinder unter 3 Jahren."], ["Achtung: Nicht für Kinder unter 3 Jahren."]),
        (["Застереження: тільки для зовнішнього", "застосування."],
         ["Застереження: тільки для зовнішнього застосування."]),
        (["Peringatan: jauhkan dari api."], ["Peringatan: jauhkan dari api."]),
        (["Cảnh báo: để xa tầm tay trẻ em."], ["Cảnh báo: để xa tầm tay trẻ em."]),
        (["คำเตือน: เก็บให้พ้นมือเด็ก"], ["คำเตือน: เก็บให้พ้นมือเด็ก"]),
    ],
)  # fmt: skip
def test_warnings(texts, found):
    assert values(warnings.find(page(*texts)), FIELD) == found


@pytest.mark.parametrize("text", ["WARNING", "The danger zone", "Shake well.", "Caution:"])
def test_no_warning(text):
    assert list(warnings.find(page(text))) == []


def test_a_warning_ends_where_another_field_begins():
    texts = ["Warning: Avoid contact with eyes.", "Ingredients: Aqua, Glycerin."]
    assert values(warnings.find(page(*texts)), FIELD) == ["Warning: Avoid contact with eyes."]


def test_a_warning_ends_where_another_paragraph_begins():
    texts = ["Warning: Avoid contact with eyes.", "How to use: Apply daily."]
    assert values(warnings.find(page(*texts)), FIELD) == ["Warning: Avoid contact with eyes."]


def test_two_warnings_are_two_values():
    texts = ["Avoid contact with eyes.", "Keep out of reach of children."]
    assert values(warnings.find(page(*texts)), FIELD) == texts


def test_a_sentence_without_an_end_is_in_doubt():
    for text, label in (("Avoid contact with", "U"), ("Avoid contact with eyes.", "VC")):
        item = seen(text)
        (found,) = warnings.find(print_of(item))
        assert own_verdict(found, item) == label


@pytest.mark.parametrize(
    ("claimed", "label"),
    [
        ("Keep out of reach of children under 3 years.", "VC"),
        ("Keep out of reach of chi1dren under 3 years", "VC"),
        ("Keep out of reach of children under 8 years.", "U"),
        ("Do not inhale the vapours of this spray.", "U"),
    ],
)
def test_claims_word_by_word(claimed, label):
    item = seen(line("Keep out of reach of children under 3 years."))
    assert verdict(FIELD, claimed, item)[0] == label
