"""What labels say: valid codes, numbers that add up,
and nothing against the attributes of the product.
"""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import groupby

import numpy as np
import pytest

pytest.importorskip(
    "uharfbuzz", reason="the procedural shop needs uharfbuzz: pip install 'skulens[world]'"
)
pytest.importorskip(
    "stdnum", reason="check digits are compared with python-stdnum: pip install 'skulens[vision]'"
)

from stdnum import ean

from skulens.world.canvas.letters import RUNS, THAI, font
from skulens.world.config import CLASSES, FONTS, Stream, WorldConfig
from skulens.world.label import codes, ingredients, recipes
from skulens.world.label.codes import (
    DEMO_PREFIX,
    EAN_STEP,
    EXAMPLE_PREFIX,
    MARKS,
    UPC_SKUS,
    UPC_STEP,
    check_digit,
    gtin,
)
from skulens.world.label.draft import (
    CM_PER_INCH,
    DATE_FORMS,
    G_PER_OZ,
    ML_PER_FL_OZ,
    OZ_PER_LB,
    Draft,
)
from skulens.world.label.facts import KINDS, Label, label_of, market_of
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
from skulens.world.label.record import FIELDS
from skulens.world.label.tags import FINENESS
from skulens.world.label.words import MARKETS, words
from skulens.world.truth.products import Variant, variants
from skulens.world.truth.vocabulary import LANGUAGES

Labelled = tuple[Variant, Label]


@pytest.fixture(scope="module")
def shop() -> list[Labelled]:
    return [(v, label_of(v)) for v in variants(WorldConfig(skus=1360, seed=5))]


@pytest.fixture(scope="module")
def foods() -> list[Labelled]:
    """Drinks and snacks of many SPUs, so that every promise is met in most recipes."""
    return [
        (v, label_of(v))
        for v in variants(WorldConfig(skus=3000, seed=6, classes=("drink", "snack")))
    ]


@pytest.fixture(scope="module")
def cleaners() -> list[Labelled]:
    return [(v, label_of(v)) for v in variants(WorldConfig(skus=400, seed=7, classes=("cleaner",)))]


def of(shop: list[Labelled], *kinds: str) -> list[Labelled]:
    return [(v, label) for v, label in shop if v.kind in kinds or label.kind in kinds]


def said(label: Label, field: str) -> str:
    found = label.one(field)
    assert found, f"no {field}"
    return found.value


def amount(label: Label, field: str) -> float:
    """A number of the nutrition table."""
    return float(said(label, f"nutrition.{field}").split()[0])


# Codes.


def test_gtins_are_valid_and_unique(shop):
    for variant, label in shop:
        assert ean.is_valid(label.gtin)
        assert len(label.gtin) == {"EAN-13": 13, "UPC-A": 12}[label.symbology]
        assert label.gtin.startswith(
            {"EAN-13": DEMO_PREFIX, "UPC-A": EXAMPLE_PREFIX}[label.symbology]
        )
        assert (label.symbology == "UPC-A") == (label.country == "US")
        assert label.one("gtin").text == label.gtin, variant.id
        assert said(label, "gtin") == label.gtin.rjust(14, "0")
    assert len({label.gtin for _, label in shop}) == len(shop)


@pytest.mark.parametrize("body", ["400638133393", "61414112345", "952000000000", "012345678901"])
def test_check_digit_is_that_of_the_standard(body):
    assert check_digit(body) == ean.calc_check_digit(body)


def test_a_million_skus_have_a_million_gtins():
    index = np.arange(1_000_000, dtype=np.int64)
    assert len(np.unique(index * EAN_STEP % 10**9)) == len(index)
    assert len(np.unique(index[:UPC_SKUS] * UPC_STEP % UPC_SKUS)) == UPC_SKUS
    for k in (0, 99_999, 100_000, 999_999):
        symbology, digits = gtin(seed=7, index=k, market="US")
        assert symbology == ("UPC-A" if k < UPC_SKUS else "EAN-13")
        assert ean.is_valid(digits)
    steps = [int(gtin(7, k + 1, "VN")[1][3:12]) - int(gtin(7, k, "VN")[1][3:12]) for k in range(50)]
    assert {step % 10**9 for step in steps} == {EAN_STEP}


def test_models_and_serials_hold_confusable_characters(shop):
    numbers = [
        f.value
        for _, label in of(shop, "plate")
        for field in ("model", "serial")
        for f in label.all(field)
    ]
    assert len(numbers) > 100
    assert all(set(number) & set(codes.CONFUSABLE) for number in numbers)
    assert set("".join(numbers)) >= set(codes.CONFUSABLE)


# Structure.


def test_facts_are_of_known_fields_and_complete(shop):
    for variant, label in shop:
        assert label.kind == KINDS[variant.kind]
        assert label.country == market_of(variant.spu)
        assert label.language == MARKETS[label.country]
        assert {f.field for f in label.facts} <= set(FIELDS)
        assert all(f.text and f.value for f in label.facts)
        for field in (
            "brand",
            "product name",
            "country of origin",
            "manufacturer.name",
            "manufacturer.address",
            "manufacturer.email",
            "gtin",
        ):
            assert len(label.all(field)) == 1, (variant.id, field)
        assert {f.text for f in label.all("mark")} <= set(MARKS)
        assert len(label.all("mark")) == len({f.text for f in label.all("mark")})
        assert said(label, "brand") == variant.brand
    assert {v.kind for v, _ in shop} == set(CLASSES)
    assert {f.field for _, label in shop for f in label.facts} == set(FIELDS)


def test_every_mark_is_used(shop, foods, cleaners):
    assert {f.text for _, label in shop + foods + cleaners for f in label.all("mark")} == set(MARKS)


def test_variants_share_market_maker_and_origin(shop):
    for _, group in groupby(shop, key=lambda pair: pair[0].spu):
        labels = [label for _, label in group]
        for field in (
            "manufacturer.name",
            "manufacturer.address",
            "manufacturer.phone",
            "country of origin",
        ):
            assert len({label.one(field) for label in labels}) == 1
        assert len({(label.country, label.language) for label in labels}) == 1


def test_all_markets_and_languages_occur(shop):
    seen = Counter(label.country for _, label in shop)
    assert set(seen) == set(MARKETS)
    assert min(seen.values()) > 20
    assert {label.language for _, label in shop} == set(LANGUAGES)


ONE = """
import hashlib
from skulens.world.config import WorldConfig
from skulens.world.label.facts import label_of
from skulens.world.truth.products import variants
found = variants(WorldConfig(skus=100_000, seed=5), 40, 80)
print(hashlib.sha256("".join(repr(label_of(v)) for v in found).encode()).hexdigest())
"""


def test_labels_do_not_depend_on_process_or_size_of_the_shop(shop):
    here = hashlib.sha256("".join(repr(label) for _, label in shop[40:80]).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", ONE],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "3", "PATH": ""},
    )
    assert there.stdout.strip() == here


# Words.


def test_no_word_is_missing():
    tongues = {market: words(market) for market in MARKETS}
    for name, section in tongues["GB"].items():
        for key, text in section.items():
            for market, found in tongues.items():
                assert found[name][key].strip() == found[name][key] != "", (market, name, key)
                assert sorted(re.findall(r"{\w*}", found[name][key])) == sorted(
                    re.findall(r"{\w*}", text)
                ), (market, name, key)


def test_every_character_is_in_the_fonts(shop, foods):
    text = (FONTS.parent / "label" / "words.json").read_text("utf-8").replace("\n", "")
    text += "".join(f.text + f.heading for _, label in shop + foods for f in label.facts)
    for run in set(RUNS.findall(text)):
        script = "Thai" if THAI.match(run) else ""
        for weight in ("Regular", "Bold"):
            missing = {
                c
                for c in run
                if not font(f"NotoSans{script}-{weight}.ttf").get_nominal_glyph(ord(c))
            }
            assert not missing, (missing, run)


def test_thai_labels_are_in_thai(shop):
    for _, label in shop:
        thai = [f for f in label.facts if THAI.search(f.text + f.heading)]
        assert bool(thai) == (label.language == "th")


# Numbers.


def test_dual_units_agree_to_the_printed_digit(shop, foods):
    seen = Counter()
    sizes = {"fl oz": ML_PER_FL_OZ, "oz": G_PER_OZ, "lb": G_PER_OZ * OZ_PER_LB, "in": CM_PER_INCH}
    metric = {"ml": 1, "l": 1000, "g": 1, "kg": 1000, "cm": 1}
    for variant, label in shop + foods:
        for field in ("net content", "size", "maximum load"):
            for fact in label.all(field):
                customary = re.search(
                    r"(?:(\d+) x )?((?:[\d.]+ x )*[\d.]+) (fl oz|oz|lb|in)\b", fact.text
                )
                if label.country != "US":
                    assert not customary, fact
                elif customary and (number := re.fullmatch(r"(.*\d) (ml|l|g|kg|cm)", fact.value)):
                    seen[customary[3]] += 1
                    theirs, ours = (
                        re.findall(r"[\d.]+", customary[2]),
                        re.findall(r"[\d.]+", number[1]),
                    )
                    for left, right in zip(
                        theirs[-len(ours) :], ours[-len(theirs) :], strict=False
                    ):
                        digits = len(left.partition(".")[2])
                        exact = float(right) * metric[number[2]] / sizes[customary[3]]
                        assert abs(exact - float(left)) <= 0.5001 * 10**-digits, (fact, variant.id)
    assert set(seen) == set(sizes)


def test_net_content_is_that_of_the_attributes(shop):
    for variant, label in of(shop, "drink", "cleaner"):
        assert said(label, "net content").replace(" ", "") == variant.value("volume")
    for variant, label in of(shop, "backpack", "suitcase"):
        assert said(label, "capacity") == variant.value("capacity").replace("L", " l")


def test_energy_is_that_of_the_table(foods):
    for _, label in foods:
        protein, carbohydrate, fat = (amount(label, f) for f in ("protein", "carbohydrate", "fat"))
        assert (
            abs(amount(label, "energy") - (17 * protein + 17 * carbohydrate + 37 * fat))
            <= 0.5 + 1e-6
        )
        kcal = int(
            re.search(r"(\d+) (?:kcal|kkal|กิโลแคลอรี)", label.one("nutrition.energy").text)[1]
        )
        assert abs(kcal - (4 * protein + 4 * carbohydrate + 9 * fat)) <= 0.5 + 1e-6
        assert amount(label, "sugars") <= amount(label, "carbohydrate")
        assert amount(label, "saturates") <= fat
        assert protein + carbohydrate + fat <= 100


def test_numbers_are_printed_as_the_market_writes_them(foods):
    for _, label in foods:
        for fact in label.facts:
            if fact.field in ("nutrition.fat", "nutrition.protein"):
                assert fact.text.split()[0].replace(",", ".") == fact.value.split()[0]
                assert ("," in fact.text) == (label.language in ("id", "vi"))


def test_ratings_multiply(shop):
    for variant, label in of(shop, "plate"):
        if rating := label.one("rating"):
            volts, amperes, watts = (float(x) for x in re.findall(r"[\d.]+", rating.value))
            assert abs(volts * amperes - watts) < 0.2
            volts, mah, wh = (float(x) for x in re.findall(r"[\d.]+", label.one("battery").text))
            assert abs(volts * mah / 1000 - wh) <= 0.006
        else:
            assert variant.value("connectivity technology") == "wired"


# Dates.


def read_date(text: str, form: str, ahead: int, months: dict[str, str]) -> date:
    """Reads a printed date back by the form it was printed in."""
    pattern = re.sub(r"{(\w+)[^}]*}", r"(?P<\1>.+?)", form.replace(".", r"\.")) + "$"
    found = re.match(pattern, text).groupdict()
    month = (
        int(found["m"])
        if "m" in found
        else next(int(k) for k, name in months.items() if name == found["month"])
    )
    return date(int(found["y"]) - ahead, month, int(found["d"]))


def test_dates_are_read_back_and_in_order(foods, shop):
    forms = Counter()
    for variant, label in foods + of(shop, "fruit", "cleaner"):
        form, ahead = Stream("label", variant.spu, "date").choice(DATE_FORMS[label.country])
        forms[label.country, form, ahead] += 1
        days = {
            f.field: f
            for f in label.facts
            if f.field in ("manufactured", "packed on", "best before")
        }
        for fact in days.values():
            assert (
                read_date(fact.text, form, ahead, words(label.country)["months"]).isoformat()
                == fact.value
            )
        start = days.get("manufactured") or days.get("packed on")
        if start and "best before" in days:
            assert start.value < days["best before"].value
        if "best before" in days:
            assert "2027-01-05" < days["best before"].value < "2030"
    assert set(forms) == {(market, *form) for market, found in DATE_FORMS.items() for form in found}


def test_chilled_food_keeps_for_a_shorter_time(foods):
    days = {}
    for variant, label in of(foods, "snack"):
        if made := label.one("manufactured"):
            span = date.fromisoformat(said(label, "best before")) - date.fromisoformat(made.value)
            days.setdefault(variant.value("shelf life"), []).append(span.days)
    assert (
        max(days["keep refrigerated"])
        < min(days["shelf stable"])
        < max(days["shelf stable"])
        < min(days["long lasting"])
    )


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


def test_origin_is_that_of_the_attributes(shop):
    for variant, label in shop:
        if region := variant.value("region of origin"):
            assert said(label, "country of origin") == REGIONS[region.lower()]
        country = words(label.country)["countries"][said(label, "country of origin")]
        assert country in label.one("country of origin").text


def test_contacts_are_reserved_for_examples(shop):
    for _, label in shop:
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


def test_californian_warnings_are_for_the_us(shop, foods):
    found = [label for _, label in shop + foods if label.all("warning.prop65")]
    assert {label.country for label in found} == {"US"}
    assert all("P65Warnings.ca.gov" in label.one("warning.prop65").text for label in found)
    assert len({label.one("warning.prop65").text[:60] for label in found}) == 2
    assert all(
        label.all("warning.prop65")
        for _, label in of(shop, "gold", "handbag", "chair")
        if label.country == "US"
    )


def test_marks_of_electronics_are_those_of_the_market(shop):
    for _, label in of(shop, "plate"):
        found = {f.text for f in label.all("mark")}
        assert ({"ce", "ukca"} <= found) == (label.country == "GB")
        assert ("fcc" in found) == (label.country == "US")
        assert bool(label.all("approval")) == (label.country != "GB")


def test_composition_is_that_of_the_material(shop):
    for variant, label in of(shop, "cloth", "pants", "backpack", "handbag"):
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


def test_care_is_said_in_words_and_marks(shop):
    for variant, label in of(shop, "cloth", "pants"):
        care = [f.value for f in label.all("care")]
        assert care == [f.text for f in label.all("mark") if f.text in care] != []
        assert ("dry clean p" in care) == (
            "wool" in (variant.value("material"), variant.value("fabric"))
        )


def test_jewellery_says_purity_clarity_and_cut(shop):
    for variant, label in of(shop, "gold"):
        assert said(label, "purity") == variant.value("purity")
        if variant.value("material") == "24k gold" and variant.value("purity") in FINENESS:
            assert label.one("purity").text == FINENESS[variant.value("purity")]
        if variant.value("material") != "24k gold":
            assert said(label, "material composition").startswith(variant.value("material"))
    for variant, label in of(shop, "diamond"):
        assert (said(label, "clarity"), said(label, "cut")) == (
            variant.value("diamond clarity"),
            variant.value("diamond cut"),
        )


def test_electronics_say_memory_and_battery(shop):
    for variant, label in of(shop, "phone", "laptop"):
        text = said(label, "configuration").replace(" ", "").lower()
        assert (
            text
            == f"{variant.value('ram')}ram,{variant.value('storage capacity')}".replace(
                " ", ""
            ).lower()
        )
    for variant, label in of(shop, "phone"):
        assert said(label, "battery").replace(" ", "").lower() == variant.value("battery capacity")
