"""GHS codes of the closed list, Proposition 65."""

import pytest

from skulens.verify.facts import hazards
from tests.verify.pages import line, only, own_verdict, page, print_of, seen, values, verdict

CODES, WARNINGS = hazards.CODES, hazards.WARNINGS
PROP_65 = (
    "WARNING: This product can expose you to lead,",
    "which is known to the State of California to cause cancer.",
    "For more information go to www.P65Warnings.ca.gov.",
)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("H319 Causes serious eye irritation", ["H319"]),
        ("H 225, P 210", ["H225", "P210"]),
        ("P305+P351+P338", ["P305", "P351", "P338"]),
        ("EUH208 Contains linalool", ["EUH208"]),
        ("H360FD H361d H350i", ["H360FD", "H361d", "H350i"]),
        ("H999 P999 H2O H400X", []),
        ("CH319 and XP210", []),
    ],
)
def test_codes_of_the_standard(text, codes):
    assert values(hazards.find(page(text)), CODES) == codes


def test_the_list_is_the_standards():
    known = hazards.statements()
    assert len(known) > 200
    assert known["H319"] == "Causes serious eye irritation"
    assert known["P102"] == "Keep out of reach of children"
    assert {code[0] for code in known} == {"H", "P", "E"}


@pytest.mark.parametrize(
    ("claimed", "label", "sub"),
    [
        ("H319", "VC", "ocr"),
        ("h319", "VI", "malformed"),
        ("H999", "VI", "malformed"),
        ("H225", "U", ""),
        ("P305+P351", "VC", "ocr"),
        ("P305+P338", "U", ""),
        ("P305+P999", "VI", "malformed"),
        ("irritating", "VI", "malformed"),
    ],
)
def test_claims_of_codes(claimed, label, sub):
    found = verdict(CODES, claimed, seen("H319 Causes irritation", "P305+P351 IF IN EYES"))
    assert found[0] == label
    assert found[1] == sub or label == "U"


def test_an_unclear_code_does_not_prove_itself():
    item = seen(line("H319", confidence=0.8))
    found = only(hazards.find(print_of(item)), CODES)
    assert own_verdict(found, item) == "U"
    assert own_verdict(only(hazards.find(page("H319")), CODES), seen("H319")) == "VC"


def test_proposition_65_over_several_lines():
    (found,) = values(hazards.find(page(*PROP_65)), WARNINGS)
    assert found.startswith("WARNING: This product")
    assert found.endswith("P65Warnings.ca.gov.")


def test_the_short_form_of_proposition_65():
    text = "WARNING: Cancer and Reproductive Harm - www.P65Warnings.ca.gov"
    assert values(hazards.find(page(text)), WARNINGS) == [text]


@pytest.mark.parametrize(
    "text", ["Made in the State of California", "See www.P65Warnings.ca.gov", "Warning: hot"]
)
def test_california_alone_is_no_warning(text):
    assert values(hazards.find(page(text)), WARNINGS) == []
