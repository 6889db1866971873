"""GTINs found in bars and print, and what is said of claims; hand-written lines, no reader."""

import pytest

from skulens.claims import Claim, Code, Evidence, Line, Seen
from skulens.records import Image
from skulens.values.gtin import parse_gtin
from skulens.verify.checks.gtin import GtinVerifier
from skulens.verify.facts import gtins
from skulens.verify.facts.found import is_trusted
from skulens.verify.layout import prints_of

EAN, OTHER, UPC, UPCE, CARTON = (
    "4006381333931", "5901234123457", "049000028911", "04963406", "14006381333938",
)  # fmt: skip
PHONE = "0800123456"


def text(words, x=0, y=0, second="", confidence=0.9):
    width, height = 10 * len(words), 20
    quad = (x, y, x + width, y, x + width, y + height, x, y + height)
    return Line(words, quad, confidence, "test", second)


def bars(digits, symbology="EAN-13", x=100, y=100, sure=True, looks=3, gtin=None):
    quad = (x, y, x + 300, y, x + 300, y + 100, x, y + 100)
    if gtin is None:
        gtin = parse_gtin(digits, symbology).digits
    return Code(digits, symbology, quad, gtin, looks, sure)


def seen(*things):
    codes = tuple(t for t in things if isinstance(t, Code))
    lines = tuple(t for t in things if isinstance(t, Line))
    return Seen("p", (Image(data=b"x"),), {"s": codes}, {"s": lines}, {"s": (1000, 1000)})


def find(*things):
    (page,) = prints_of(seen(*things))
    return list(gtins.find(page))


def found(*things):
    """(value, trusted) of each."""
    return [(one.value, is_trusted(one)) for one in find(*things)]


def verdict(value, *things, own=None):
    evidence = (Evidence("s", own, "", things[0].quad),) if own else ()
    claim = Claim("p", "identifiers.gtin", value, evidence=evidence)
    (said,) = GtinVerifier().verify([claim], seen(*things))
    return (said.label, said.sub)


# ----- bars -----------------------------------------------------------------------------------


def test_sure_bars_prove_a_claim_and_their_own_reading():
    assert verdict(EAN, bars(EAN)) == ("VC", "")
    assert verdict(EAN, bars(EAN), own="bars") == ("VC", "")
    assert verdict("0" + EAN, bars(EAN)) == ("VC", "")


def test_upc_e_equals_what_it_expands_to():
    assert verdict("0049000006346", bars(UPCE, "UPC-E")) == ("VC", "")
    assert verdict("049000006346", bars("049000006346", "UPC-A")) == ("VC", "")


def test_unsure_bars_neither_prove_nor_contradict():
    assert verdict(EAN, bars(EAN, sure=False)) == ("U", "")
    assert verdict(OTHER, bars(EAN, sure=False))[0] == "U"


def test_unsure_bars_with_the_same_digits_printed_below_are_proven():
    assert verdict(EAN, bars(EAN, sure=False), text("4 006381 333931", 110, 205)) == ("VC", "")
    other = text("5 901234 123457", 110, 205)
    assert verdict(EAN, bars(EAN, sure=False), other, own="bars") == ("U", "")


def test_other_sure_bars_contradict():
    assert verdict(OTHER, bars(EAN)) == ("VI", "contradicted")


def test_bars_of_a_carton_or_a_code_of_another_kind_do_not_contradict():
    assert verdict(OTHER, bars(CARTON, "ITF"))[0] == "U"
    matrix = bars("(01)0" + EAN, "Data Matrix", gtin="0" + EAN)
    assert verdict(OTHER, matrix)[0] == "U"
    assert verdict(EAN, matrix) == ("VC", "")


def test_bars_do_not_contradict_digits_that_are_printed():
    assert verdict(OTHER, bars(EAN), text("Ref " + OTHER, 0, 800))[0] != "VI"


def test_codes_of_several_products_prove_none():
    both = bars(EAN), bars(OTHER, y=600)
    assert verdict(EAN, *both) == ("U", "")
    assert verdict(OTHER, *both) == ("U", "")
    assert verdict(UPC, *both)[0] == "U"


def test_the_same_code_twice_is_one_product():
    assert verdict(EAN, bars(EAN), bars(EAN, y=600)) == ("VC", "")


@pytest.mark.parametrize(
    ("digits", "symbology", "proven"),
    [
        ("2012345678903", "EAN-13", False),
        ("212345678992", "UPC-A", False),
        ("049000006346", "UPC-A", True),
        ("20123451", "EAN-8", False),
        ("96385074", "EAN-8", True),
    ],
)
def test_numbers_of_a_shop_are_no_products(digits, symbology, proven):
    assert (verdict(digits, bars(digits, symbology))[0] == "VC") is proven


@pytest.mark.parametrize("value", ["4006381333932", "123", "no code", "", "40063813339310"])
def test_a_wrong_check_digit_or_length_is_malformed(value):
    assert verdict(value, bars(EAN)) == ("VI", "malformed")


def test_digits_of_other_scripts_are_digits():
    assert verdict("๔๐๐๖๓๘๑๓๓๓๙๓๑", bars(EAN)) == ("VC", "")


def test_no_picture_decides_nothing():
    assert verdict(EAN) == ("U", "not_pictured")


# ----- print ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        ["0 49000 02891 1"],
        ["0", "49000", "02891", "1"],
        ["049000", "028911"],
        ["0 49000", "02891 1"],
        ["049000\"028911>"],
    ],
)  # fmt: skip
def test_digits_below_bars_in_whatever_groups(pieces):
    lines, x = [], 110
    for piece in pieces:
        lines.append(text(piece, x, 205))
        x += 10 * len(piece) + 30
    printed = [one for one in find(bars(UPC, "UPC-A"), *lines) if one.evidence[0].source == "ocr"]
    assert [(one.value, one.witness) for one in printed] == [(UPC, "bars")]


@pytest.mark.parametrize(
    "words",
    ["EAN: " + EAN, "Barcode " + EAN, "GTIN-13 4006381 333931", "(01)0" + EAN, "штрих-код " + EAN],
)
def test_digits_behind_a_cue(words):
    assert verdict(EAN, text(words)) == ("VC", "ocr")
    assert verdict(EAN, text(words), own="ocr") == ("VC", "ocr")


def test_a_cue_may_stand_on_a_line_to_the_left():
    assert found(text("EAN"), text(EAN, 60)) == [(EAN, True)]


def test_digits_that_stand_alone_need_two_engines():
    assert found(text(EAN)) == []
    assert found(text(EAN, second="400638133393l")) == []
    assert found(text(EAN, second=EAN)) == [(EAN, True)]


@pytest.mark.parametrize(
    "words",
    [
        "Ref " + OTHER, "Tel. " + OTHER, "Order no. " + OTHER, "LOT " + OTHER, "96385074",
        "20 12 2021", PHONE, "Exp 96385074", OTHER + " ml",
    ],
)  # fmt: skip
def test_other_numbers_are_no_gtins(words):
    assert found(text(words, second=words)) == []


def test_eight_digits_need_bars_or_a_cue():
    assert found(text("9638 5074", second="9638 5074")) == []
    assert found(text("EAN 9638 5074")) == [("96385074", True)]
    beside = found(bars("96385074", "EAN-8"), text("9638 5074", 110, 205))
    assert beside == [("96385074", True)] * 2


def test_a_number_beside_bars_that_say_another_is_in_doubt():
    printed = find(bars(EAN), text(OTHER, 110, 205))[1:]
    assert [(one.value, one.doubt) for one in printed] == [(OTHER, gtins.OTHER_BARS)]


def test_a_part_of_the_digits_below_bars_is_no_number():
    whole = next(
        digits
        for n in range(40063, 41000)
        if (digits := complete(f"{n}8133393")) and complete(digits[5:12]) == digits[5:]
    )
    assert [one.value for one in find(bars(whole), text(whole[5:], 120, 205))] == [whole]


def complete(digits):
    """With the check digit."""
    from stdnum import ean

    return digits + ean.calc_check_digit(digits)


def test_groups_far_apart_are_no_number():
    assert found(bars(UPC, "UPC-A"), text("049000", 0, 205), text("028911", 500, 205)) == [
        (UPC, True)
    ]
