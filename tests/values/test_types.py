"""Each type reads what it should and refuses the rest; the shop's labels read as they mean."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.values.colours import Colour, parse_colour, parse_colours
from skulens.values.countries import ALIASES, parse_country
from skulens.values.dates import MONTHS, PrintedDate, parse_date
from skulens.values.fields import find_field, find_path
from skulens.values.gtin import GtinError, expand_upce, parse_gtin
from skulens.values.lists import split_list
from skulens.values.materials import parse_materials
from skulens.values.names import normalise_name
from skulens.values.normalise import normalise
from skulens.values.numbers import WORDS, parse_number, write_number
from skulens.values.sizes import Size, parse_size
from skulens.values.units import Quantity, _tables, parse_dimensions, parse_quantity

DIGITS = st.text("0123456789", min_size=11, max_size=13).filter(lambda d: not d.startswith("01"))


def check_digit(body: str) -> str:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body)))
    return str(-total % 10)


@given(DIGITS)
def test_every_right_check_digit_is_a_gtin_and_no_other(body):
    for last in "0123456789":
        if last == check_digit(body):
            assert parse_gtin(body + last).digits == (body + last).rjust(14, "0")
        else:
            with pytest.raises(GtinError) as raised:
                parse_gtin(body + last)
            assert raised.value.problem == "check digit"


@pytest.mark.parametrize(
    ("text", "problem"),
    [("40063813339", "length"), ("", "characters"), ("400638133393X", "characters")],
)
def test_what_is_no_gtin_says_why(text, problem):
    with pytest.raises(GtinError) as raised:
        parse_gtin(text)
    assert raised.value.problem == problem
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    ("upce", "upca"),
    [("04252614", "042100005264"), ("01234133", "012300000413"), ("01234147", "012340000017")],
)
def test_upce_expands(upce, upca):
    body = upca[:-1]
    upce, upca = upce[:7] + check_digit(body), body + check_digit(body)
    assert expand_upce(upce) == upca
    assert parse_gtin(upce, "UPC-E").digits == "00" + upca
    alone = parse_gtin(upce)
    both = check_digit(upce[:-1]) == upce[-1]
    assert (alone.kind, alone.digits) == (
        ("GTIN-8", upce.rjust(14, "0")) if both else ("UPC-E", "00" + upca)
    )


def test_kinds_and_restricted_numbers():
    assert parse_gtin("96385074").kind == "GTIN-8"
    assert not parse_gtin("96385074").restricted
    assert not parse_gtin("4006381333931").restricted
    assert not parse_gtin("049000006346").restricted  # UPC-A 0 49000: an ordinary company prefix
    assert parse_gtin("4" + "0000012345" + check_digit("40000012345")).restricted
    for body in ("210000012345", "981000012345", "020000012345"):
        assert parse_gtin(body + check_digit(body)).restricted


def test_every_unit_name_converts_and_is_named_once():
    names = [n for names in _tables()["names"].values() for n in names]
    assert len(names) == len(set(names))
    for name in names:
        assert parse_quantity(f"3 {name}") is not None, name


@given(st.decimals(min_value="0.01", max_value=10**6, places=2), st.sampled_from(["ml", "g", "cm"]))
def test_a_written_quantity_reads_back(amount, unit):
    quantity = parse_quantity(f"{amount} {unit}")
    assert quantity is not None
    assert parse_quantity(str(quantity)) == Quantity(Decimal(write_number(amount)), unit)


@pytest.mark.parametrize(
    "text", ["", "ml", "big", "5 wibbles", "12.05.26 ml", "7up", "3 x", "1/0 l"]
)
def test_no_quantity(text):
    assert parse_quantity(text) is None


def test_totals_packs_and_ranges():
    assert parse_quantity("pack of 6 x 330 ml") == Quantity(Decimal(330), "ml", 6)
    assert parse_quantity("6 x 330 ml").total == 1980
    assert parse_quantity("10-15 g").upper == 15
    assert parse_quantity("16.9 fl oz (16 oz)").unit == "ml"  # brackets of another kind
    assert parse_quantity("8 kJ / 2 kcal") == Quantity(Decimal(8), "kJ")
    assert parse_quantity("1 l / 3 kg") is None
    assert parse_dimensions("12 x 8 in (30.5 x 20.3 cm)")[0].amount == Decimal("30.5")
    assert parse_dimensions("12 x 8 in (3 x 2 cm)")[0].amount == Decimal("30.48")
    assert parse_dimensions("30 x big") is None


def test_number_words_of_five_languages():
    for language, words in WORDS.items():
        assert [parse_number(w) for w in words.split()] == list(range(11)), language
    assert parse_number("1.234.567") == 1234567
    assert parse_number("1,23,456") is None
    assert parse_number("1.500", "id-ID") == 1500
    assert write_number(Decimal("0.1") + Decimal("0.2")) == "0.3"


def test_every_country_by_code_and_name():
    import pycountry

    for country in pycountry.countries:
        assert parse_country(country.alpha_2).alpha_2 == country.alpha_2
        assert parse_country(country.alpha_3).alpha_2 == country.alpha_2
        assert parse_country(country.name).alpha_2 == country.alpha_2
    for code, aliases in ALIASES.items():
        for alias in aliases.split("|"):
            assert parse_country(alias).alpha_2 == code
            assert parse_country(f"Made in {alias}").alpha_2 == code
    for text in ("EU", "no", "China and Vietnam", "", "Atlantis"):
        assert parse_country(text) is None


@pytest.mark.parametrize("names", MONTHS.values(), ids=MONTHS)
def test_every_month_name(names):
    for month, name in enumerate(names.split(), 1):
        assert parse_date(f"5 {name} 2027") == PrintedDate(f"2027-{month:02d}-05", "day")
        assert parse_date(f"{name.upper()} 2027") == PrintedDate(f"2027-{month:02d}", "month")


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31)))
def test_ways_to_write_one_day(day):
    wanted = PrintedDate(day.isoformat(), "day")
    ways = [
        day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%Y.%m.%d}", f"{day.day} {day:%B} {day.year}",
        f"{day:%d/%m}/{day.year + 543}", f"EXP: {day:%d%b%Y}", f"{day:%Y%m%d}",
        f"ngày {day.day} tháng {day.month} năm {day.year}",
    ]  # fmt: skip
    assert [parse_date(way) for way in ways] == [wanted] * len(ways)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "32/01/2027", "00/2027", "13/13/2027", "5", "1/2/3/4", "29 Feb 2027", "12345"],
)
def test_no_date(text):
    assert parse_date(text) is None


def test_american_dates_on_request_and_years_alone():
    assert parse_date("03/04/2027", "en-US").iso == "2027-03-04"
    assert parse_date("14/03/2027", "en-US").iso == "2027-03-14"
    assert parse_date("2570") == PrintedDate("2027", "year")


def test_colours():
    assert parse_colour("light navy blue") == Colour("blue", "navy light")
    assert parse_colours("red, white and blue") == (Colour("blue"), Colour("red"), Colour("white"))
    assert parse_colours("red and loud") is None
    assert parse_colour("xanh") is None


def test_sizes():
    assert parse_size("XXX-Large") == Size("letters", "3XL")
    assert parse_size("XM") is None
    assert parse_size("EU 42 / UK 8") is None
    assert parse_size("42 wide") is None


def test_lists_and_materials_and_names():
    assert split_list("sugar, salt (sea salt, 1,5 %); milk\n• soy.") == (
        "sugar", "salt (sea salt, 1,5 %)", "milk", "soy",
    )  # fmt: skip
    assert split_list(" ,; ") == ()
    assert [str(s) for s in parse_materials("katun 60%, wol 40%")] == ["60% cotton", "40% wool"]
    assert parse_materials("100% cotton, machine wash 30") is None
    assert normalise_name("The North Face, Inc.") == "the north face"


EXACT = (
    "brand", "net content", "nutrition.basis", "nutrition.energy", "nutrition.fat",
    "nutrition.sodium", "nutrition.salt", "gtin", "country of origin", "manufacturer.name",
    "best before", "manufactured", "packed on", "carat", "maximum load", "capacity", "serial",
)  # fmt: skip


def test_labels_of_the_shop_in_five_languages_read_as_what_they_mean():
    from skulens.world.config import WorldConfig
    from skulens.world.label.facts import label_of
    from skulens.world.truth.products import variants

    read: dict[str, set[str]] = {}
    for variant in variants(WorldConfig(skus=600, seed=3)):
        label = label_of(variant)
        language = "en-US" if label.country == "US" else label.language
        for fact in label.facts:
            if fact.field in EXACT:
                field = find_field(find_path(fact.field))
                found = field.normalise(fact.text, language=language)
                assert found == field.normalise(fact.value), (fact, language)
                read.setdefault(fact.field, set()).add(label.language)
    assert set(read) == set(EXACT)
    assert read["net content"] == {"en", "id", "ms", "vi", "th"}


def test_a_number_as_long_as_a_bar_code_is_no_day():
    assert parse_date("2024-99999999999999999") is None
    assert parse_date("2024-05-99999999999999999") is None


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [("100 мл", 100, "ml"), ("250 мл/ml", 250, "ml"), ("80 g (г)", 80, "g"), ("1,5 кг", 1500, "g"),
     ("750 ml - 25.3 fl.oz.", 750, "ml"), ("10 CAPS.", 10, "piece"), ("20 Saşe", 20, "piece")],
)  # fmt: skip
def test_units_of_more_alphabets_and_said_twice(text, amount, unit):
    found = parse_quantity(text)
    assert (found.amount, found.unit) == (amount, unit)


@pytest.mark.parametrize("text", ["5 km/h", "750 ml - 30 fl oz", "250 ml/g"])
def test_two_different_units_are_no_quantity(text):
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Tel.: +375 (17) 222-91-17", "+375172229117"), ("USA: 1-800-555-0100", "18005550100"),
     ("www.Vitex.by/", "vitex.by"), ("mailto:care@vitex.by", "care@vitex.by")],
)  # fmt: skip
def test_contacts_are_compared_without_what_stands_around_them(one, other):
    assert normalise(one, "contact") == normalise(other, "contact")


@pytest.mark.parametrize(
    ("name", "code"),
    [("Deutschland", "DE"), ("Беларусь", "BY"), ("Україна", "UA"), ("Türkiye", "TR"),
     ("Norge", "NO"), ("España", "ES"), ("Italia", "IT"), ("Nederland", "NL"), ("Polska", "PL")],
)  # fmt: skip
def test_countries_have_names_in_the_languages_of_packages(name, code):
    found = parse_country(name)
    assert found is not None and code in str(found)
