"""Lists of ingredients, where they begin and end; allergens; traces; the verdict on claims."""

import pytest

from skulens.claims import Line
from skulens.verify.checks.ingredients import IngredientsVerifier
from skulens.verify.facts.found import is_trusted
from skulens.verify.facts.ingredients import (
    ALLERGENS,
    INGREDIENTS,
    WARNINGS,
    find,
    find_lists,
    split_ingredients,
)

from .sheets import claim, line, own_claim, page, seen, stack


def values(lines, field=INGREDIENTS, languages=()):
    return [f.value for f in find(page(lines, languages)) if f.field == field]


LIST = ["sugar", "palm oil", "cocoa (10 %)", "salt"]


@pytest.mark.parametrize("heading, language", [
    ("Ingredients:", "en"), ("INGRÉDIENTS :", "fr"), ("Zutaten:", "de"), ("Ingredienti:", "it"),
    ("Ingrediënten:", "nl"), ("Składniki:", "pl"), ("Komposisi:", "id"), ("Ramuan:", "ms"),
    ("Thành phần cấu tạo:", "vi"), ("ส่วนผสม:", "th"), ("Состав:", "ru"), ("Склад:", "uk"),
    ("İçindekiler:", "tr"), ("INGREDIENTS", "en"),
])  # fmt: skip
def test_headings(heading, language):
    sheet = page(stack(f"{heading} sugar, palm oil,", "cocoa (10 %), salt."))
    (found,) = find_lists(sheet)
    assert [part.text for part in found.parts()] == LIST
    assert found.language == language


def test_a_heading_on_its_own_line():
    assert values(stack("Ingredients", "sugar, palm oil, cocoa (10 %), salt")) == LIST


def test_a_misread_heading():
    assert values(stack("Ing edients: sugar, palm oil, cocoa (10 %), salt.")) == LIST


def test_a_heading_in_several_languages():
    lines = stack("Zutaten/Ingredients/Ingrédients:", "sugar, palm oil, cocoa (10 %), salt.")
    (found,) = find_lists(page(lines))
    assert [part.text for part in found.parts()] == LIST and found.language == ""


@pytest.mark.parametrize("text", [
    "95% of ingredients of natural origin", "with finest ingredients", "Our ingredients, our pride",
])  # fmt: skip
def test_words_of_a_sentence_are_no_heading(text):
    assert values(stack(text, "sugar, salt, milk")) in ([], ["our pride"])
    assert values(stack(f"We say: {text}", "sugar, salt")) == []


@pytest.mark.parametrize("after", [
    "Contains: milk.", "This product contains milk.", "May contain nuts.", "Store in a cool place.",
    "STORAGE: keep cool", "Nutrition per 100 g", "Best before: see lid", "Zutaten: Zucker, Salz",
    "* from organic farming", "Net weight 200 g", "Care: do not wash",
])  # fmt: skip
def test_where_a_list_ends(after):
    lists = list(
        find_lists(page(stack("Ingredients: sugar, palm oil,", "cocoa (10 %), salt", after)))
    )
    assert [part.text for part in lists[0].parts()] == LIST


def test_an_ingredient_may_be_a_word_of_another_heading():
    assert values(stack("Ingredients: sugar, net, salt")) == ["sugar", "net", "salt"]


def test_each_language_has_its_list():
    lines = stack("Ingredients: sugar, salt.", "Zutaten: Zucker, Salz.")
    found = [(f.language, f.value) for f in find(page(lines)) if f.field == INGREDIENTS]
    assert found == [("en", "sugar"), ("en", "salt"), ("de", "Zucker"), ("de", "Salz")]


def test_lists_in_two_columns():
    left = stack(
        "Ingredients: sugar, palm", "oil, salt, cocoa, milk", "powder, whey, eggs", "and more", x=0
    )
    right = stack(
        "Made for Example Ltd", "High Street 1, London", "and sold, among others", "in Kent", x=262
    )
    assert values([*left, *right]) == [
        "sugar", "palm oil", "salt", "cocoa", "milk powder", "whey", "eggs and more",
    ]  # fmt: skip


def test_hyphens_at_line_ends():
    assert values(stack("Ingredients: HYDRO-", "GENATED OIL, Coco-", "glucoside, PEG-", "40 oil")) == [
        "HYDROGENATED OIL", "Cocoglucoside", "PEG-40 oil",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, parts",
    [
        ("sugar (cane, beet), salt", ("sugar (cane, beet)", "salt")),
        ("AQUA - GLYCERIN - CI 19140", ("AQUA", "GLYCERIN", "CI 19140")),
        ("AQUA -GLYCERIN- PARFUM", ("AQUA", "GLYCERIN", "PARFUM")),
        ("SESAMUM (SESAME OIL; WATER; SALT", ("SESAMUM  SESAME OIL", "WATER", "SALT")),
        ("water 1,5 %, salt", ("water 1,5 %", "salt")),
    ],
)
def test_splitting(text, parts):
    assert split_ingredients(text) == parts


@pytest.mark.parametrize("text", [
    "Composition: 80% cotton, 15% wool, 5% elastane", "Bahan: 100% kapas",
    "Composition: gold, silver", "Komposisi: katun, poliester, nilon",
])  # fmt: skip
def test_fabrics_have_no_ingredients(text):
    assert values(stack(text)) == []


def test_numbers_of_the_colour_index():
    assert values(stack("Ingredients: aqua, Cl 17200, C119140, salt")) == [
        "aqua", "CI 17200", "CI 19140", "salt",
    ]  # fmt: skip


# ----- trust ----------------------------------------------------------------------------------


def trusted(lines):
    return [f.value for f in find(page(lines)) if f.field == INGREDIENTS and is_trusted(f)]


def test_only_ingredients_with_sure_ends_are_trusted():
    lines = stack("Ingredients: sugar, palm", "oil, salt, milk. powder, cocoa")
    assert trusted(lines) == ["sugar", "salt", "cocoa"]
    assert trusted(stack("Ingredients: sugar, (cocoa, salt")) == []


def test_after_a_missing_line_nothing_is_sure():
    texts = ("Ingredients: sugar,", "salt,", "milk,", "oil, tea")
    lines = [line(text, 0, y) for text, y in zip(texts, (0, 25, 50, 94), strict=True)]
    assert trusted(lines) == ["sugar", "salt", "milk", "tea"]


def test_a_second_reader_is_a_witness():
    def read(second):
        one = line("Ingredients: sugar, salt", confidence=0.5)
        return trusted([Line(one.text, one.quad, one.confidence, "tesseract", second)])

    assert read("") == []
    assert read("Ingredients: sugar, salf") == ["sugar"]


# ----- allergens ------------------------------------------------------------------------------


def test_allergens_in_capitals_within_small_letters():
    lines = stack("Ingrédients : poudre de NOISETTE, eau, sucre, EDTA, LAIT, gélifiant : pectine.")
    assert values(lines, ALLERGENS) == ["NOISETTE", "LAIT"]


def test_capitals_say_nothing_in_a_list_of_capitals():
    assert values(stack("INGREDIENTS: SUGAR, MILK, SALT."), ALLERGENS) == []


@pytest.mark.parametrize(
    "text, allergens",
    [
        ("Contains: Milk and Soya.", ["Milk", "Soya"]),
        ("This product contains wheat and eggs.", ["wheat", "eggs"]),
        ("Contient : lait, œufs.", ["lait", "œufs"]),
        ("May contain nuts and milk.", []),
        ("Margarine (contains milk), salt", []),
        ("Each capsule contains vitamin E", []),
        ("contains oatmeal-like fibres", []),
    ],
)
def test_statements_on_allergens(text, allergens):
    assert values(stack(text), ALLERGENS) == allergens


def test_traces_are_warnings_and_no_allergens():
    lines = stack(
        "Ingredients: sugar, salt. May contain traces of", "milk and nuts. Store in a cool place."
    )
    assert values(lines, WARNINGS) == ["May contain traces of milk and nuts."]
    assert values(lines, ALLERGENS) == []
    assert values(stack("May contain small parts"), WARNINGS) == []


def test_bold_allergens_are_inferred_without_trust():
    lines = stack("Ingredients: sugar, Milk, salt.", "ALLERGY ADVICE: see ingredients in bold.")
    (found,) = [f for f in find(page(lines)) if f.field == ALLERGENS]
    assert found.value == "Milk" and not is_trusted(found)
    assert values(lines[:1], ALLERGENS) == []


# ----- verdicts -------------------------------------------------------------------------------


SHEET = (
    "Ingredients: wheat flour, sugar, palm oil, PEG-7 glyceryl cocoate,",
    "emulsifiers (soya lecithin, E442), whey powder (milk), flavourings.",
)


def verdict(value, lines=None):
    sheet = seen(lines or stack(*SHEET, confidence=0.8))
    return IngredientsVerifier().verify([claim(INGREDIENTS, value)], sheet)[0].label


@pytest.mark.parametrize(
    "value, label",
    [
        ("sugar", "VC"), ("Wheat flour", "VC"), ("wheatf1our", "VC"), ("wheat flours", "U"), ("heat flour", "U"), ("soya lecithin", "VC"),
        ("PEG-7 Glyceryl Cocoate", "VC"), ("PEG-9 Glyceryl Cocoate", "U"), ("salt", "U"), ("E443", "U"),
        ("wheat flour, sugar, palm oil, PEG-7 glyceryl cocoate", "VC"),
        ("palm oil, sugar, wheat flour, PEG-7 glyceryl cocoate", "U"),
        ("wheat flour, sugar, palm oil, PEG-8 glyceryl cocoate", "U"),
        ("wheat flour, sugar, coconut oil, milk, salt", "U"),
    ],
)  # fmt: skip
def test_verdicts(value, label):
    assert verdict(value) == label


def test_a_whole_list_is_aligned_over_its_lines():
    whole = ("Wheat flour, Sugar, Palm oil, PEG-7 glyceryl cocoate, Emulsifiers (Soya lecithin, E442), "
             "Whey powder (Milk), Flavourings")  # fmt: skip
    sheet = seen(stack(*SHEET, confidence=0.8))
    (given,) = IngredientsVerifier().verify([claim(INGREDIENTS, whole)], sheet)
    assert (given.label, given.sub) == ("VC", "ocr")
    assert [e.quote for e in given.evidence] == list(SHEET)


def test_an_unclear_reading_does_not_confirm_itself():
    sheet = seen(stack(*SHEET, confidence=0.8))
    own = [own_claim(f) for f in find(page(sheet.lines["sha"])) if f.field == INGREDIENTS]
    assert {v.label for v in IngredientsVerifier().verify(own, sheet)} == {"U"}


def test_other_print_supports_no_ingredient():
    assert verdict("sugar", stack("Fresh sugar from Cuba, salt")) == "U"


def test_a_real_list():
    from .photos import read_photo

    sheet = read_photo("packaging", "french_ingredients_crop.jpg")
    found = [(f.language, f.value) for f in find(sheet) if f.field == INGREDIENTS]
    assert found == [("fr", value) for value in (
        "poudre de NOISETTE", "eau", "sucre de canne", "sirop de glucose-fructose",
        "gélifiant : pectine de fruits",
    )]  # fmt: skip
    assert [f.value for f in find(sheet) if f.field == ALLERGENS] == ["NOISETTE"]
