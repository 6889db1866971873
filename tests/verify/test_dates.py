"""Dates: behind cues only, in the calendar and order of the label; the verdict on claims."""

import pytest

from skulens.verify.checks.date import DateVerifier
from skulens.verify.facts.dates import EXPIRY, PRODUCTION, find, find_dates
from skulens.verify.facts.found import is_trusted

from .sheets import claim, line, own_claim, page, seen, stack


def values(*lines, languages=()):
    return [(f.field, f.value) for f in find(page(lines, languages))]


@pytest.mark.parametrize(
    "text, value",
    [
        ("BEST BEFORE: 14/03/2027", "14/03/2027"),
        ("BestBefore14.03.2027", "14.03.2027"),
        ("EXP DEC 2028 L1234", "DEC 2028"),
        ("À consommer de préférence avant fin : 12/2026", "12/2026"),
        ("Mindestens haltbar bis: 03.2027", "03.2027"),
        ("Baik digunakan sebelum: 18 NOV 2027", "18 NOV 2027"),
        ("TARIKH LUPUT : 25/12/2026", "25/12/2026"),
        ("HSD: 25/12/2026", "25/12/2026"),
        ("ควรบริโภคก่อน 25/12/2570", "25/12/2570"),
        ("Вжити до: 25.12.2026 03:38", "25.12.2026"),
        ("Najlepiej spożyć przed: 25.12.2026", "25.12.2026"),
        ("Best before end (see above): 12/2026", "12/2026"),
        ("à consommer jusqu'au 12 mars 2027", "2027-03-12"),
    ],
)
def test_dates_behind_cues(text, value):
    assert values(line(text)) == [(EXPIRY, value)]


def test_the_buddhist_era():
    (found,) = find(page([line("หมดอายุ 25/12/2570")]))
    verifier = DateVerifier()
    sheet = seen([line("หมดอายุ 25/12/2570")])
    assert found.language == "th" and not found.doubt
    assert verifier.verify([claim(EXPIRY, "2027-12-25")], sheet)[0].label == "VC"


@pytest.mark.parametrize("text", [
    "14/03/2027", "DEC 2018", "Since 1950", "Tel. 12 03 2027 55", "best before: see lid",
    "EXP", "EXPO 12/2026", "Best before 250 g", "ISO 9001:2015", "EXP: 12345678901234567890",
])  # fmt: skip
def test_no_claim_without_cue_or_date(text):
    assert values(line(text)) == []


def test_dates_beside_and_below_their_cues():
    assert values(line("EXP"), line("12/2026", 200)) == [(EXPIRY, "12/2026")]
    assert values(*stack("Best before:", "25.12.2026 03:38")) == [(EXPIRY, "25.12.2026")]
    assert values(line("EXP"), line("far from it 12/2026", 200)) == []


def test_each_cue_has_its_own_date():
    assert values(line("MFD.12/2023 EXP.11/2025")) == [(PRODUCTION, "12/2023"), (EXPIRY, "11/2025")]
    assert values(line("LOT 12.11.20 EXP 30.11.2025")) == [(EXPIRY, "30.11.2025")]


def test_a_date_goes_on_in_the_line_below():
    (found,) = find(page(stack("Baik digunakan sebelum: 18 NOV", "2027")))
    assert found.value == "18 NOV 2027" and not found.doubt and len(found.evidence) == 2


def test_a_day_that_could_be_a_year_is_in_doubt():
    (found,) = find(page([line("EXP 18 NOV")]))
    assert found.doubt and not is_trusted(found)


@pytest.mark.parametrize(
    "texts, languages, doubt",
    [
        (["EXP 03/04/2027"], (), True),
        (["EXP 03/04/2027"], ("en",), True),
        (["EXP 03/04/2027"], ("id",), False),
        (["HSD 03/04/2027"], (), False),
        (["MFG 25/04/2025", "EXP 03/04/2027"], ("en",), False),
        (["EXP 13/04/2027"], (), False),
        (["EXP 04/04/2027"], (), False),
        (["EXP 2027-03-04"], (), False),
    ],
)
def test_the_order_of_day_and_month(texts, languages, doubt):
    found = [f for f in find(page(stack(*texts), languages)) if f.field == EXPIRY]
    assert [bool(f.doubt) for f in found] == [doubt]


@pytest.mark.parametrize("text", ["25,03.2027", "03.2027,25", "25|03.2027", "25 ' 03.2027"])
def test_a_part_of_a_date_is_in_doubt(text):
    (found,) = find(page([line(f"Best before: {text}")]))
    assert found.doubt and not is_trusted(found)


def test_a_line_of_numbers_is_read_at_once():
    assert list(find(page([line("EXP " + "1 " * 4000)]))) == []


def test_what_expires_before_it_is_made_is_in_doubt():
    found = list(find(page(stack("MFG 25/04/2027", "EXP 25/04/2025"))))
    assert [f.doubt for f in found] == ["expires before it is made"] * 2


@pytest.mark.parametrize(
    "text, isos",
    [
        ("07.2022 03:38", ["2022-07"]),
        ("07.202203:38", ["2022-07"]),
        ("31-08 22:15", []),
        ("DEC2018", ["2018-12"]),
        ("20271231", ["2027-12-31"]),
        ("123456789", []),
        ("JANV 2023", ["2023-01"]),
        ("from 01.02.2023 to 01.03.2024", ["2023-02-01", "2024-03-01"]),
        ("2024 99999999999999999999", []),
    ],
)
def test_dates_of_a_text(text, isos):
    assert [one.date.iso for one in find_dates(text)] == isos


@pytest.mark.parametrize(
    "value, label",
    [
        ("2027-12-25", "VC"), ("25 DEC 2027", "VC"), ("2027-12-26", "VI"), ("2028-12-25", "VI"),
        ("2027-12", "U"), ("soon", "U"),
    ],
)  # fmt: skip
def test_verdicts(value, label):
    sheet = seen([line("EXP 25/12/2027")])
    assert DateVerifier().verify([claim(EXPIRY, value)], sheet)[0].label == label


def test_dates_that_may_be_exchanged_decide_nothing():
    sheet = seen([line("EXP 03/04/2027")])
    given = DateVerifier().verify(
        [claim(EXPIRY, value) for value in ("2027-04-03", "2027-03-04", "2027-05-05")], sheet
    )
    assert [v.label for v in given] == ["U", "U", "U"]


def test_a_reading_that_is_not_clear_does_not_confirm_itself():
    sheet = seen([line("EXP 25/12/2027", confidence=0.5)])
    (found,) = find(page(sheet.lines["sha"]))
    assert DateVerifier().verify([own_claim(found)], sheet)[0].label == "U"
    assert DateVerifier().verify([claim(EXPIRY, "2027-12-25")], sheet)[0].label == "VC"


def test_no_cue_decides_nothing():
    (verdict,) = DateVerifier().verify([claim(EXPIRY, "2027-12-25")], seen([line("25/12/2027")]))
    assert (verdict.label, verdict.sub) == ("U", "not_pictured")
