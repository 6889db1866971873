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
from skulens.world.config import CLASSES, FONTS, Stream
from skulens.world.label import codes
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
)
from skulens.world.label.facts import KINDS, market_of
from skulens.world.label.record import FIELDS
from skulens.world.label.words import MARKETS, words
from skulens.world.truth.vocabulary import LANGUAGES
from tests.world.labels import amount, of, said

# Codes.


def test_gtins_are_valid_and_unique(labelled):
    for variant, label in labelled:
        assert ean.is_valid(label.gtin)
        assert len(label.gtin) == {"EAN-13": 13, "UPC-A": 12}[label.symbology]
        assert label.gtin.startswith(
            {"EAN-13": DEMO_PREFIX, "UPC-A": EXAMPLE_PREFIX}[label.symbology]
        )
        assert (label.symbology == "UPC-A") == (label.country == "US")
        assert label.one("gtin").text == label.gtin, variant.id
        assert said(label, "gtin") == label.gtin.rjust(14, "0")
    assert len({label.gtin for _, label in labelled}) == len(labelled)


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


def test_models_and_serials_hold_confusable_characters(labelled):
    numbers = [
        f.value
        for _, label in of(labelled, "plate")
        for field in ("model", "serial")
        for f in label.all(field)
    ]
    assert len(numbers) > 100
    assert all(set(number) & set(codes.CONFUSABLE) for number in numbers)
    assert set("".join(numbers)) >= set(codes.CONFUSABLE)


# Structure.


def test_looking_at_no_label_is_no_test(labelled):
    for kinds in (("plates",), ("phone", "tablet")):
        with pytest.raises(AssertionError, match="no label of"):
            of(labelled, *kinds)


def test_facts_are_of_known_fields_and_complete(labelled):
    for variant, label in labelled:
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
    assert {v.kind for v, _ in labelled} == set(CLASSES)
    assert {f.field for _, label in labelled for f in label.facts} == set(FIELDS)


def test_every_mark_is_used(labelled, foods, cleaners):
    everything = labelled + foods + cleaners
    assert {f.text for _, label in everything for f in label.all("mark")} == set(MARKS)


def test_variants_share_market_maker_and_origin(labelled):
    for _, group in groupby(labelled, key=lambda pair: pair[0].spu):
        labels = [label for _, label in group]
        for field in (
            "manufacturer.name",
            "manufacturer.address",
            "manufacturer.phone",
            "country of origin",
        ):
            assert len({label.one(field) for label in labels}) == 1
        assert len({(label.country, label.language) for label in labels}) == 1


def test_all_markets_and_languages_occur(labelled):
    seen = Counter(label.country for _, label in labelled)
    assert set(seen) == set(MARKETS)
    assert min(seen.values()) > 20
    assert {label.language for _, label in labelled} == set(LANGUAGES)


ONE = """
import hashlib
from skulens.world.config import WorldConfig
from skulens.world.label.facts import label_of
from skulens.world.truth.products import variants
found = variants(WorldConfig(skus=100_000, seed=5), 40, 80)
print(hashlib.sha256("".join(repr(label_of(v)) for v in found).encode()).hexdigest())
"""


def test_labels_do_not_depend_on_process_or_size_of_the_shop(labelled):
    here = hashlib.sha256("".join(repr(label) for _, label in labelled[40:80]).encode()).hexdigest()
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


def test_every_character_is_in_the_fonts(labelled, foods):
    text = (FONTS.parent / "label" / "words.json").read_text("utf-8").replace("\n", "")
    text += "".join(f.text + f.heading for _, label in labelled + foods for f in label.facts)
    for run in set(RUNS.findall(text)):
        script = "Thai" if THAI.match(run) else ""
        for weight in ("Regular", "Bold"):
            missing = {
                c
                for c in run
                if not font(f"NotoSans{script}-{weight}.ttf").get_nominal_glyph(ord(c))
            }
            assert not missing, (missing, run)


def test_thai_labels_are_in_thai(labelled):
    for _, label in labelled:
        thai = [f for f in label.facts if THAI.search(f.text + f.heading)]
        assert bool(thai) == (label.language == "th")


# Numbers.


def test_dual_units_agree_to_the_printed_digit(labelled, foods):
    seen = Counter()
    sizes = {"fl oz": ML_PER_FL_OZ, "oz": G_PER_OZ, "lb": G_PER_OZ * OZ_PER_LB, "in": CM_PER_INCH}
    metric = {"ml": 1, "l": 1000, "g": 1, "kg": 1000, "cm": 1}
    for variant, label in labelled + foods:
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


def test_net_content_is_that_of_the_attributes(labelled):
    for variant, label in of(labelled, "drink", "cleaner"):
        assert said(label, "net content").replace(" ", "") == variant.value("volume")
    for variant, label in of(labelled, "backpack", "suitcase"):
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


def test_ratings_multiply(labelled):
    for variant, label in of(labelled, "plate"):
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


def test_dates_are_read_back_and_in_order(foods, labelled):
    forms = Counter()
    for variant, label in foods + of(labelled, "fruit", "cleaner"):
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
