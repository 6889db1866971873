"""Certification marks as text."""

import pytest

from skulens.verify.facts import marks
from tests.verify.pages import line, own_verdict, page, print_of, seen, values, verdict

FIELD = marks.FIELD


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CE", ["CE"]),
        ("CE 0123", ["CE 0123"]),
        ("CE UKCA", ["CE", "UKCA"]),
        ("EAC", ["EAC"]),
        ("UL LISTED", ["UL LISTED"]),
        ("R39245 RoHS", ["RoHS"]),
        ("ГОСТ 31460-2012", ["ГОСТ 31460-2012"]),
        ("ISO 9001 certified", ["ISO 9001"]),
        ("BPOM RI MD 867031012345", ["BPOM RI MD 867031012345"]),
        ("SNI 01-3553-2006", ["SNI 01-3553-2006"]),
        ("มอก. 1561-2556", ["มอก. 1561-2556"]),
        ("FSC® C123456", ["FSC® C123456"]),
        ("12M", ["12M"]),
        ("02 HDPE", ["02 HDPE"]),
        ("DE-ÖKO-006", ["DE-ÖKO-006"]),
    ],
)
def test_marks(text, found):
    assert sorted(marks.find_marks(text)) == sorted(found)


@pytest.mark.parametrize(
    "text", ["CE qui est bon", "CE produit", "ICE", "12 MB", "PS I love you", "iso 9001", "HALALE"]
)
def test_words_that_are_no_marks(text):
    assert marks.find_marks(text) == []


def test_a_mark_of_the_other_engine_is_not_clear():
    item = seen(line("TOCT 31460-2012", second="ГОСТ 31460-2012"))
    (found,) = marks.find(print_of(item))
    assert found.value == "ГОСТ 31460-2012"
    assert own_verdict(found, item) == "U"


@pytest.mark.parametrize(
    ("claimed", "label"),
    [("CE", "VC"), ("ISO", "VC"), ("ISO 9001", "VC"), ("ISO 22000", "U"), ("UKCA", "U")],
)
def test_a_mark_that_is_not_found_is_undecided(claimed, label):
    assert verdict(FIELD, claimed, seen("CE", "ISO 9001"))[0] == label


def test_every_row_compiles_and_names_itself_once():
    names = [mark.name for mark in marks.marks()]
    assert len(names) == len(set(names)) > 40


def test_each_mark_once_a_line():
    assert values(marks.find(page("RoHS RoHS")), FIELD) == ["RoHS"]
