"""Nutrition tables: rows, columns, units, cross-checks; the verdict on claims."""

from decimal import Decimal

import pytest

from skulens.verify.checks.nutrition import NutritionVerifier
from skulens.verify.facts.found import is_trusted
from skulens.verify.facts.nutrition import HUNDRED, SERVING, find
from skulens.verify.facts.nutrition_cells import has_table, read_cells

from .sheets import claim, line, own_claim, page, seen, stack, table

BOTH = (
    ("Typical values", "Per 100g", "Per serving", "%RI"),
    ("Energy", "2085 kJ", "438 kJ", "5%"),
    ("", "497 kcal", "104 kcal", "5%"),
    ("Fat", "22.6g", "4.7g", "7%"),
    ("of which saturates", "11.6g", "2.4g", "12%"),
    ("Carbohydrate", "66.3g", "13.9g", "5%"),
    ("of which sugars", "37.3g", "7.8g", "9%"),
    ("Fibre", "3.1g", "0.7g", ""),
    ("Protein", "5.5g", "1.2g", "2%"),
    ("Salt", "0.6g", "0.1g", "2%"),
    ("Serving size = 2 cookies (21g).", "", "", ""),
)


def changed(rows, old, new):
    return tuple(tuple(new if cell == old else cell for cell in row) for row in rows)


def found_in(*rows, confidence=0.99, languages=()):
    sheet = page(table(*rows, columns=(0, 400, 550, 700), confidence=confidence), languages)
    return list(find(sheet))


def values(found, prefix=HUNDRED):
    start = f"{prefix}."
    given = [(f.field.removeprefix(start), f.value) for f in found if f.field.startswith(start)]
    return dict(reversed(given))


def test_both_columns_of_a_table():
    found = found_in(*BOTH)
    assert values(found) == {
        "energy": "2085 kJ", "fat": "22.6 g", "saturates": "11.6 g", "carbohydrate": "66.3 g",
        "sugars": "37.3 g", "fibre": "3.1 g", "protein": "5.5 g", "salt": "0.6 g", "basis": "100g",
    }  # fmt: skip
    assert values(found, SERVING) == {
        "energy": "438 kJ", "fat": "4.7 g", "saturates": "2.4 g", "carbohydrate": "13.9 g",
        "sugars": "7.8 g", "fibre": "0.7 g", "protein": "1.2 g", "salt": "0.1 g",
        "basis": "2 cookies (21g)",
    }  # fmt: skip
    assert all(is_trusted(f) or f.value.endswith("kcal") for f in found)


def test_columns_in_the_other_order():
    rows = [(row[0], row[2], row[1], row[3]) for row in BOTH]
    assert values(found_in(*rows))["fat"] == "22.6 g"
    assert values(found_in(*rows), SERVING)["fat"] == "4.7 g"


def test_reference_intakes_are_nobodys_amounts():
    rows = [(*row[:2], "", amount) for row, amount in zip(
        BOTH, ("RI", "8400 kJ", "2000 kcal", "70g", "20g", "260g", "90g", "", "50g", "6g", ""),
        strict=True)]  # fmt: skip
    found = found_in(*rows)
    assert values(found)["fat"] == "22.6 g" and values(found)["salt"] == "0.6 g"
    assert not any("70 g" in f.value or f.value == "6 g" for f in found)


def test_energy_in_kj_and_kcal_is_found_twice():
    energies = [f.value for f in found_in(*BOTH) if f.field == f"{HUNDRED}.energy"]
    assert energies == ["2085 kJ", "497 kcal"]


@pytest.mark.parametrize("languages, rows", [
    ("fr", [("pour 100 g", ""), ("Matières grasses", "", "10 g"), ("dont acides gras saturés", "", "4 g"), ("Glucides", "", "50 g"), ("dont sucres", "", "5 g"), ("Protéines", "", "8 g"), ("Sel", "", "1,2 g")]),
    ("de", [("je 100 g", ""), ("Fett", "", "10 g"), ("davon gesättigte Fettsäuren", "", "4 g"), ("Kohlenhydrate", "", "50 g"), ("davon Zucker", "", "5 g"), ("Eiweiß", "", "8 g"), ("Salz", "", "1,2 g")]),
    ("uk", [("на 100 г", ""), ("Жири", "", "10 г"), ("з них насичені", "", "4 г"), ("Вуглеводи", "", "50 г"), ("з них цукри", "", "5 г"), ("Білки", "", "8 г"), ("Сіль", "", "1,2 г")]),
    ("id", [("per 100 g", ""), ("Lemak total", "", "10 g"), ("Lemak jenuh", "", "4 g"), ("Karbohidrat total", "", "50 g"), ("Gula", "", "5 g"), ("Protein", "", "8 g"), ("Garam", "", "1,2 g")]),
    ("th", [("ต่อ 100 กรัม", ""), ("ไขมันทั้งหมด", "", "10 กรัม"), ("ไขมันอิ่มตัว", "", "4 กรัม"), ("คาร์โบไฮเดรต", "", "50 กรัม"), ("น้ำตาล", "", "5 กรัม"), ("โปรตีน", "", "8 กรัม"), ("เกลือ", "", "1,2 กรัม")]),
])  # fmt: skip
def test_languages(languages, rows):
    found = values(found_in(*rows, languages=(languages,)))
    found.pop("basis")
    assert found == {
        "fat": "10 g", "saturates": "4 g", "carbohydrate": "50 g", "sugars": "5 g",
        "protein": "8 g", "salt": "1,2 g",
    }  # fmt: skip


def test_a_declaration_in_running_text():
    lines = stack(
        "Nutrition information per 100 g: energy 1652 kJ/394 kcal, fat 15 g, of which",
        "saturates 2.9 g, carbohydrate 60 g, of which sugars 34 g, unreadable 7 g,",
        "protein 5.1 g, salt 0.6 g.",
    )
    assert values(find(page(lines))) == {
        "energy": "1652 kJ", "fat": "15 g", "saturates": "2.9 g", "carbohydrate": "60 g",
        "sugars": "34 g", "protein": "5.1 g", "salt": "0.6 g", "basis": "100 g",
    }  # fmt: skip


def test_a_table_per_serving_alone_has_the_usual_fields():
    lines = stack(
        "Serving Size: 20g", "Amount/Serving", "Calories 120", "Total Fat 8.5g 14%",
        "Saturated Fat 3.7g 19%", "Total Carbohydrate 9.2g 3%", "Sugars 0g", "Sodium 95mg 4%",
    )  # fmt: skip
    assert values(find(page(lines))) == {
        "energy": "120 kcal", "fat": "8.5 g", "saturates": "3.7 g", "carbohydrate": "9.2 g",
        "sugars": "0 g", "sodium": "95 mg", "basis": "20g",
    }  # fmt: skip


def test_an_amount_per_100_behind_a_slash():
    lines = stack("Fat 20 g", "Carbohydrate 50 g", "Protein 5 g", "Sodium 0.04 g/100g")
    found = {f.field: f for f in find(page(lines))}
    assert not found[f"{HUNDRED}.sodium"].doubt


def test_misread_names_of_rows():
    rows = changed(
        changed(BOTH, "of which sugars", "ofwhich ugars"), "Carbohydrate", "Carbonydrate"
    )
    assert values(found_in(*rows))["sugars"] == "37.3 g"
    assert values(found_in(*rows))["carbohydrate"] == "66.3 g"


def test_without_a_header_amounts_are_in_doubt():
    found = found_in(*[row[:2] for row in BOTH[1:-1]])
    assert values(found)["fat"] == "22.6 g"
    assert not any(is_trusted(f) for f in found)


def test_two_claims_of_a_front_are_no_table():
    lines = stack("High in protein 20 g", "Only 2 g sugar", "Fat 3 g")
    assert list(find(page(lines))) == [] and not has_table(page(lines))
    assert has_table(page(table(*BOTH)))


# ----- checks ---------------------------------------------------------------------------------


def doubts(rows, name, prefix=HUNDRED):
    return {f.doubt for f in found_in(*rows) if f.field == f"{prefix}.{name}"}


def only_hundred(rows):
    return [(row[0], row[1]) for row in rows[:-1]]


@pytest.mark.parametrize(
    "old, new, name, doubt",
    [
        ("497 kcal", "397 kcal", "energy", "kJ and kcal disagree"),
        ("11.6g", "31.6g", "saturates", "more saturates than fat"),
        ("37.3g", "87.3g", "sugars", "more sugars than carbohydrate"),
        ("66.3g", "16.3g", "carbohydrate", "energy and nutrients disagree"),
    ],
)
def test_what_a_column_must_fulfil(old, new, name, doubt):
    assert doubts(only_hundred(BOTH), name) == {""}
    assert doubt in doubts(only_hundred(changed(BOTH, old, new)), name) | doubts(
        only_hundred(changed(BOTH, old, new)), "carbohydrate"
    )


def test_columns_must_differ_by_the_serving():
    assert doubts(changed(BOTH, "5.5g", "8.5g"), "protein") == {"the columns disagree"}
    assert doubts(changed(BOTH, "5.5g", "8.5g"), "fat") == {""}


def test_salt_is_two_and_a_half_times_sodium():
    rows = only_hundred(BOTH)[:-1]
    assert doubts([*rows, ("Salt", "1.25g"), ("Sodium", "500mg")], "salt") == {""}
    assert doubts([*rows, ("Salt", "7.25g"), ("Sodium", "500mg")], "sodium") == {
        "salt is not 2.5 times sodium"
    }


def test_shares_of_the_intake_put_amounts_in_doubt():
    rows = [(row[0], "", *row[2:]) for row in BOTH[:-1]]
    assert doubts(rows, "fat") == {""}
    rows = changed(rows, "4.7g", "9.7g")
    assert "" not in doubts(rows, "fat")


def test_equal_amounts_in_two_places_are_seen_twice_and_others_in_doubt():
    rows = [("per 100 g",), ("Fat", "20 g"), ("Protein", "9 g"), ("Carbohydrate", "50 g"),
            ("Fett", "20 g"), ("Eiweiß", "8 g")]  # fmt: skip
    found = {f.field.rpartition(".")[2]: f for f in found_in(*rows, confidence=0.5)}
    assert found["fat"].witness == "seen twice" and is_trusted(found["fat"])
    assert found["protein"].doubt and not found["carbohydrate"].doubt


def test_a_unit_read_as_a_digit_is_resolved_by_the_other_column():
    found = found_in(*changed(BOTH, "4.7g", "4.79"))
    assert values(found, SERVING)["fat"] == "4.7 g"
    found = found_in(*changed(BOTH, "22.6g", "22.69"))
    assert values(found)["fat"] == "22.6 g"


def test_a_unit_read_as_a_digit_is_in_doubt_without_another_column():
    rows = only_hundred(changed(BOTH, "22.6g", "22.69"))
    (fat,) = [f for f in found_in(*rows) if f.field == f"{HUNDRED}.fat"]
    assert fat.doubt and not is_trusted(fat)


def test_units_named_in_the_row():
    rows = [("per 100 g",), ("Fat (g)", "20.9"), ("Carbohydrate (g)", "50"), ("Protein (g)", "5")]
    assert values(found_in(*rows))["fat"] == "20.9 g"


def test_cells_know_their_rounding():
    cells, _ = read_cells(page(table(("Salt", "0.60 g"), ("Sodium", "95 mg"))))
    assert [(c.grams, c.half) for c in cells] == [
        (Decimal("0.60"), Decimal("0.005")), (Decimal("0.095"), Decimal("0.5")),
    ]  # fmt: skip


# ----- verdicts -------------------------------------------------------------------------------


def verdict(field, value, rows=BOTH, confidence=0.99):
    sheet = seen(table(*rows, columns=(0, 400, 550, 700), confidence=confidence))
    return NutritionVerifier().verify([claim(field, value)], sheet)[0].label


@pytest.mark.parametrize(
    "field, value, label",
    [
        (f"{HUNDRED}.fat", "22.6 g", "VC"), (f"{HUNDRED}.fat", "22600 mg", "VC"),
        (f"{HUNDRED}.fat", "26.2 g", "VI"), (f"{HUNDRED}.fat", "4.7 g", "U"),
        (f"{HUNDRED}.energy", "497 kcal", "VC"), (f"{HUNDRED}.energy", "2085 kJ", "VC"),
        (f"{HUNDRED}.energy", "397 kcal", "VI"), (f"{HUNDRED}.basis", "100 g", "VC"),
        (f"{HUNDRED}.basis", "50 g", "U"), (f"{HUNDRED}.fat", "much", "U"),
        (f"{SERVING}.fat", "4.7 g", "VC"), (f"{SERVING}.fat", "5.7 g", "VI"),
        (f"{SERVING}.fat", "22.6 g", "U"), (f"{HUNDRED}.sodium", "1 g", "U"),
    ],
)  # fmt: skip
def test_verdicts(field, value, label):
    assert verdict(field, value) == label


def test_cells_in_doubt_decide_nothing():
    rows = only_hundred(changed(BOTH, "497 kcal", "397 kcal"))
    assert verdict(f"{HUNDRED}.energy", "397 kcal", rows) == "U"
    assert verdict(f"{HUNDRED}.energy", "300 kcal", rows) == "U"


def test_a_cell_confirms_itself_only_with_a_witness():
    sheet = seen(table(*only_hundred(BOTH), columns=(0, 400), confidence=0.5))
    found = {f.field: f for f in reversed(list(find(page(sheet.lines["sha"]))))}
    given = NutritionVerifier().verify(
        [own_claim(found[f"{HUNDRED}.energy"]), own_claim(found[f"{HUNDRED}.salt"])], sheet
    )
    assert [v.label for v in given] == ["VC", "U"]


def test_an_empty_picture_says_nothing():
    assert list(find(page([]))) == []
    assert verdict(f"{HUNDRED}.fat", "1 g", rows=[("Milk",)]) == "U"
    assert list(find(page([line("Fat")]))) == []


# ----- real pictures --------------------------------------------------------------------------


def test_real_tables():
    """Every amount that is trusted is what a person reads in the photo."""
    from .photos import read_photo

    found = {f.field.rpartition(".")[2]: f for f in find(read_photo("packages", "fv_mms_nutr.jpg"))}
    right = {
        "energy": ("2050 kJ", "489 kcal"), "fat": ("20.7 g",), "saturates": ("12.7 g",),
        "carbohydrate": ("68.9 g",), "sugars": ("65.5 g",), "fibre": ("3.2 g",),
        "protein": ("5.1 g",), "salt": ("0.11 g",), "sodium": ("0.04 g",), "basis": ("100g",),
    }  # fmt: skip
    assert len(found) >= 9
    assert {
        name for name, f in found.items() if is_trusted(f) and f.value not in right[name]
    } == set()
