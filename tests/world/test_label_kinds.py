"""What labels of each kind say: recipes that keep the claims, hazards, contacts, compositions."""

import re
from collections import Counter

import pytest

pytest.importorskip(
    "uharfbuzz", reason="the procedural shop needs uharfbuzz: pip install 'skulens[world]'"
)

from skulens.world.label import ingredients, recipes
from skulens.world.label.draft import Draft
from skulens.world.label.facts import market_of
from skulens.world.label.hazards import BLEACH, HAZARDS
from skulens.world.label.makers import REGIONS
from skulens.world.label.recipes import (
    CALORIES,
    HIGH_PROTEIN_SHARE,
    KETO_CARBOHYDRATE_G,
    LOW_SUGAR_DRINK_G,
    LOW_SUGAR_G,
    NO_SUGAR_G,
)
from skulens.world.label.tags import FINENESS
from skulens.world.label.words import words
from skulens.world.truth.products import Variant
from tests.world.labels import amount, of, said

# Foods.


def recipe_of(variant: Variant) -> recipes.Recipe:
    return recipes.recipe_of(Draft(variant, market_of(variant.spu)))


def test_ingredients_are_whole_and_in_descending_order(foods):
    for variant, label in foods:
        recipe = recipe_of(variant)
        assert sum(recipe.values()) == ingredients.WHOLE
        assert list(recipe.values()) == sorted(recipe.values(), reverse=True)
        assert min(recipe.values()) >= 1
        assert said(label, "ingredients").count(",") >= len(recipe) - 1
        if variant.kind == "drink":
            assert said(label, "ingredients").startswith("water, ")


def test_allergens_are_those_of_the_ingredients(foods):
    seen = Counter()
    for variant, label in foods:
        inside = {a for name in recipe_of(variant) for a in ingredients.ingredient(name).allergens}
        printed = label.one("allergens")
        assert set(printed.value.split(", ") if printed else ()) == inside
        for promise in {a.value for a in variant.attributes} & set(FORBIDDEN):
            assert not inside & FORBIDDEN[promise], (promise, recipe_of(variant))
            seen[promise] += 1
        claimed = variant.value("allergen information")
        if claimed.startswith("contains "):
            assert claimed.removeprefix("contains ") in inside
            seen[claimed] += 1
        if "vegan" in {a.value for a in variant.attributes}:
            assert not any(ingredients.ingredient(name).animal for name in recipe_of(variant))
            seen["vegan"] += 1
    assert set(seen) == {*FORBIDDEN, "contains milk", "contains soy", "contains nuts", "vegan"}


FORBIDDEN = {
    "nut free": {"nuts", "peanuts"},
    "egg free": {"egg"},
    "dairy free": {"milk"},
    "gluten free": {"gluten"},
}


def test_no_caffeine_where_none_is_promised(foods):
    stimulating = {
        "caffeine",
        "guarana extract",
        "coffee extract",
        "cold brew coffee",
        "green tea extract",
        "matcha powder",
    }
    for variant, label in of(foods, "drink"):
        promised = {"caffeine free", "caffeine-free"} & {a.value for a in variant.attributes}
        assert not (promised and stimulating & set(recipe_of(variant)))
        assert bool(label.all("warning.precaution")) == (
            variant.value("product type") == "energy drink"
        )


def test_nutrition_keeps_the_promises(foods):
    for variant, label in of(foods, "drink"):
        sugars, level = amount(label, "sugars"), variant.value("sugar content")
        assert level != "zero calories" or amount(label, "energy") == 0
        assert level != "no sugar" or sugars < NO_SUGAR_G
        assert level != "low sugar" or sugars <= LOW_SUGAR_DRINK_G
        assert level != "high sugar" or sugars > 5
    for variant, label in of(foods, "snack"):
        diet, protein = variant.value("specialty diet"), amount(label, "protein")
        kcal = 4 * protein + 4 * amount(label, "carbohydrate") + 9 * amount(label, "fat")
        low, high = CALORIES[variant.value("calories")]
        assert low - 0.5 <= kcal <= high + 0.5
        assert diet != "low sugar" or amount(label, "sugars") <= LOW_SUGAR_G
        assert diet != "keto" or amount(label, "carbohydrate") <= KETO_CARBOHYDRATE_G
        assert diet != "high protein" or 4 * protein >= HIGH_PROTEIN_SHARE * kcal


def test_salt_is_sodium_times_two_and_a_half(foods):
    for variant, label in foods:
        salt = ingredients.nutrition(recipe_of(variant)).salt / 100
        if label.country == "GB":
            assert amount(label, "salt") == pytest.approx(salt)
        else:
            assert amount(label, "sodium") * 2.5 / 1000 == pytest.approx(salt)


def test_marks_of_food_are_those_of_its_claims(foods):
    for variant, label in foods:
        found, values = {f.text for f in label.all("mark")}, {a.value for a in variant.attributes}
        for mark, claim in (
            ("organic leaf", "certified organic"),
            ("vegan", "vegan"),
            ("gluten free", "gluten free"),
        ):
            assert (mark in found) == (claim in values)
        assert "halal" not in found or label.country in ("ID", "MY")


# The other kinds.


def test_origin_is_that_of_the_attributes(labelled):
    for variant, label in labelled:
        if region := variant.value("region of origin"):
            assert said(label, "country of origin") == REGIONS[region.lower()]
        country = words(label.country)["countries"][said(label, "country of origin")]
        assert country in label.one("country of origin").text


def test_contacts_are_reserved_for_examples(labelled):
    for _, label in labelled:
        assert re.fullmatch(r"(care|info|hello)@[a-z]+\.example", said(label, "manufacturer.email"))
        assert re.fullmatch(r"www\.[a-z]+\.example", said(label, "manufacturer.url"))
        assert re.fullmatch(
            r"\+(1\d{3}55501\d\d|441632960\d{3}|62210000\d{4}|6030000\d{4}"
            r"|84240000\d{4}|662000\d{4})",
            said(label, "manufacturer.phone"),
        )


def test_hazards_follow_the_type_of_cleaner(cleaners):
    for variant, label in cleaners:
        hazard, found = (
            HAZARDS[variant.value("product type")],
            tuple(f.value for f in label.all("warning.hazard")),
        )
        if found == BLEACH.hazards:
            hazard = BLEACH
        assert found == hazard.hazards
        assert [f.value for f in label.all("warning.signal")] == [hazard.signal] * bool(
            hazard.signal
        )
        assert {f.text for f in label.all("mark") if f.text.startswith("ghs")} == set(
            hazard.pictograms
        )
        assert "P102" in {f.value for f in label.all("warning.precaution")}
        if variant.value("skin information") == "wear gloves":
            assert "P280" in {f.value for f in label.all("warning.precaution")}
        if variant.value("skin information") == "no dyes":
            assert "colourant" not in said(label, "ingredients")


def test_californian_warnings_are_for_the_us(labelled, foods):
    found = [label for _, label in labelled + foods if label.all("warning.prop65")]
    assert {label.country for label in found} == {"US"}
    assert all("P65Warnings.ca.gov" in label.one("warning.prop65").text for label in found)
    assert len({label.one("warning.prop65").text[:60] for label in found}) == 2
    assert all(
        label.all("warning.prop65")
        for _, label in of(labelled, "gold", "handbag", "chair")
        if label.country == "US"
    )


def test_marks_of_electronics_are_those_of_the_market(labelled):
    for _, label in of(labelled, "plate"):
        found = {f.text for f in label.all("mark")}
        assert ({"ce", "ukca"} <= found) == (label.country == "GB")
        assert ("fcc" in found) == (label.country == "US")
        assert bool(label.all("approval")) == (label.country != "GB")


def test_composition_is_that_of_the_material(labelled):
    for variant, label in of(labelled, "cloth", "pants", "backpack", "handbag"):
        for fact in label.all("material composition"):
            assert sum(map(int, re.findall(r"(\d+)%", fact.value))) == 100
        shell = label.all("material composition")[0].value
        assert ("elastane" in shell) == (variant.value("stretch") not in ("", "non-stretch"))
        material = variant.value("fabric") or variant.value("material")
        if material in (
            "cotton",
            "linen",
            "wool",
            "polyester",
            "viscose",
            "organic cotton",
            "nylon",
            "leather",
        ):
            assert material in shell
        linings = {
            "unlined": (),
            "lined": ("100% polyester",),
            "fleece lined": ("100% polyester",),
            "cotton lined": ("100% cotton",),
        }
        if variant.kind == "cloth":
            assert (
                tuple(f.value for f in label.all("material composition")[1:])
                == linings[variant.value("lining details")]
            )


def test_care_is_said_in_words_and_marks(labelled):
    for variant, label in of(labelled, "cloth", "pants"):
        care = [f.value for f in label.all("care")]
        assert care == [f.text for f in label.all("mark") if f.text in care] != []
        assert ("dry clean p" in care) == (
            "wool" in (variant.value("material"), variant.value("fabric"))
        )


def test_jewellery_says_purity_clarity_and_cut(labelled):
    seen = Counter()
    for variant, label in of(labelled, "gold"):
        assert said(label, "purity") == variant.value("purity")
        solid = variant.value("purity") in FINENESS
        if solid:
            assert label.one("purity").text == FINENESS[variant.value("purity")]
            whole = f"{variant.value('purity').upper()} gold"
        else:
            whole = f"{variant.value('material')}, 1"
        assert said(label, "material composition").startswith(whole)
        assert bool(label.one("size")) == (variant.value("product type") == "necklace")
        seen[solid, variant.value("product type") == "necklace"] += 1
    assert set(seen) == {(a, b) for a in (True, False) for b in (True, False)}
    for variant, label in of(labelled, "diamond"):
        assert (said(label, "clarity"), said(label, "cut")) == (
            variant.value("diamond clarity"),
            variant.value("diamond cut"),
        )


def test_electronics_say_memory_and_battery(labelled):
    for variant, label in of(labelled, "phone", "laptop"):
        text = said(label, "configuration").replace(" ", "").lower()
        assert (
            text
            == f"{variant.value('ram')}ram,{variant.value('storage capacity')}".replace(
                " ", ""
            ).lower()
        )
    for variant, label in of(labelled, "phone"):
        assert said(label, "battery").replace(" ", "").lower() == variant.value("battery capacity")
