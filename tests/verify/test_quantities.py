"""Net content: cues, marks, packs, two units; what is no net content; the verdict on claims."""

import pytest

from skulens.values.units import parse_quantity
from skulens.verify.checks.quantity import QuantityVerifier
from skulens.verify.facts.found import is_trusted
from skulens.verify.facts.quantities import FIELD, amounts_in, find

from .sheets import claim, line, own_claim, page, seen, seller_claim, stack, table


def values(*lines):
    return [found.value for found in find(page(lines))]


@pytest.mark.parametrize(
    "text, value",
    [
        ("NET WT. 40g(35mL)", "40g(35mL)"),
        ("NETWT 14 OZ (397 g)", "14 OZ (397 g)"),
        ("Net contents: 2 x 250 ml", "2 x 250 ml"),
        ("Contenu net / Net content : 500 ml e", "500 ml"),
        ("Nettofüllmenge: 1,5 kg", "1,5 kg"),
        ("Berat bersih 200 g", "200 g"),
        ("KHỐI LƯỢNG TỊNH: 100g", "100g"),
        ("น้ำหนักสุทธิ 85 กรัม", "85 กรัม"),
        ("МАСА НЕТТО: 90 г", "90 г"),
        ("Peso neto 1 litre", "1 litre"),
        ("340 g NET", "340 g"),
        ("Pack of 6 x 330 ml", "6 x 330 ml"),
        ("Contents: 10 tablets", "10 tablets"),
    ],
)
def test_amounts_behind_cues(text, value):
    assert values(line(text)) == [value]


@pytest.mark.parametrize("lines", [
    [line("Net weight"), line("250 g", 200)],
    [line("Net weight:"), line("250 g", 0, 28)],
    [line("Poids net / Net weight:"), line("250 g", 0, 28)],
])  # fmt: skip
def test_amounts_beside_and_below_cues(lines):
    assert values(*lines) == ["250 g"]


@pytest.mark.parametrize("text", [
    "Drained weight: 240 g", "Gross weight 2 kg", "Serving size 30 g", "per 100 g",
    "Vitamin E Capsules USP 400 mg", "Chocolate chips 25%", "1.21 W", "Net zero by 2030",
    "contains 10 g of protein", "Abtropfgewicht: 240 g", "Caffeine content: 32 g", "Recipe for 250 g",
])  # fmt: skip
def test_other_amounts_are_no_net_content(text):
    assert values(line(text)) == []


def test_amounts_of_a_nutrition_table_are_no_net_content():
    rows = [("per 100 g", ""), ("Fat", "20 g"), ("Carbohydrate", "50 g"), ("Protein", "5 g")]
    assert values(*table(*rows)) == []
    assert values(*table(*rows), line("Net weight 250 g", 0, 300)) == ["250 g"]


def test_a_strength_is_alone_and_no_net_content():
    assert values(line("500 mg")) == []


def test_an_amount_alone_is_found_without_trust():
    (found,) = find(page([line("MILK", height=40), line("410g", 0, 60)]))
    assert found.value == "410g" and not is_trusted(found)
    assert values(line("410g"), line("200 ml", 0, 60)) == []
    assert values(line("Strength:"), line("5 ml", 120)) == []


def test_the_mark_of_estimated_content_is_a_cue():
    (found,) = find(page([line("400 ml ℮"), line("90 g", 0, 60)]))
    assert found.value == "400 ml" and is_trusted(found)
    assert values(line("100ge")) == ["100g"]


@pytest.mark.parametrize("text, count", [("10 Film Kaplı Tablet", 10), ("28 caps", 28)])
def test_counts_with_words_between(text, count):
    (found,) = find(page([line(text)]))
    assert found.value == text
    assert amounts_in(text) == [] or amounts_in(text)[0].quantity.amount == count


def test_fluid_ounces_are_no_ounces():
    (one,) = amounts_in("16.9 FL OZ")
    assert one.quantity.unit == "ml" and 499 < one.quantity.amount < 501
    (two,) = amounts_in("16.9 OZ")
    assert two.quantity.unit == "g"
    assert [a.quantity.unit for a in amounts_in("1 PT 4.9 fl. oz. (618 mL)")] == ["ml"] * 3


def test_two_units_check_each_other():
    (good,) = find(page([line("Net wt 14 oz (397 g)", confidence=0.5)]))
    assert good.witness == "arithmetic" and is_trusted(good)
    (bad,) = find(page([line("Net wt 14 oz (379 g)")]))
    assert bad.doubt and not is_trusted(bad)
    (alone,) = find(page([line("Net wt 397 g", confidence=0.5)]))
    assert not alone.witness and not is_trusted(alone)
    (packs,) = find(page([line("Net 6 x 330 ml (1980 ml)", confidence=0.5)]))
    assert packs.witness == "arithmetic"


def test_an_amount_in_two_alphabets_is_one():
    (found,) = find(page([line("Об'єм 250 мл/ml")]))
    assert found.value == "250 мл/ml"
    assert amounts_in(found.value)[0].quantity == parse_quantity("250 ml")


def verdict(text, value, confidence=0.99):
    sheet = seen([line(text, confidence=confidence)])
    return QuantityVerifier().verify([claim(FIELD, value)], sheet)[0]


@pytest.mark.parametrize(
    "value, label",
    [
        ("397 g", "VC"), ("0.397 kg", "VC"), ("14 oz", "VC"), ("400 g", "VC"), ("14 OZ (397 g)", "VC"),
        ("410 g", "VI"), ("1 kg", "VI"), ("400 ml", "U"), ("large", "U"),
    ],
)  # fmt: skip
def test_verdicts(value, label):
    assert verdict("NET WT 14 OZ (397 g)", value).label == label


def test_a_claim_of_one_pack_is_not_contradicted_by_all():
    assert verdict("Net contents 2 x 250 ml", "250 ml").label == "U"
    assert verdict("Net contents 2 x 250 ml", "500 ml").label == "VC"
    assert verdict("Net contents 2 x 250 ml", "300 ml").label == "VI"


def test_an_unclear_reading_supports_others_and_contradicts_nobody():
    assert verdict("Net weight 250 g", "250 g", 0.5).label == "VC"
    assert verdict("Net weight 250 g", "200 g", 0.5).label == "U"


def test_a_reading_does_not_confirm_itself():
    unclear = seen([line("Net weight 250 g", confidence=0.5)])
    (found,) = find(page(unclear.lines["sha"]))
    assert QuantityVerifier().verify([own_claim(found)], unclear)[0].label == "U"
    clear = seen([line("Net weight 250 g")])
    (found,) = find(page(clear.lines["sha"]))
    assert QuantityVerifier().verify([own_claim(found)], clear)[0].label == "VC"
    assert QuantityVerifier().verify([seller_claim(FIELD, "250 g")], unclear)[0].label == "VC"


def test_nothing_is_said_where_nothing_is_read():
    (verdict,) = QuantityVerifier().verify([claim(FIELD, "250 g")], seen(stack("MILK")))
    assert (verdict.label, verdict.sub, verdict.confident) == ("U", "not_pictured", False)
