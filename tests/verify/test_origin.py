"""Country of origin: behind a cue, in many languages, and never the maker's address."""

import pytest

from skulens.verify.checks.country import country_of
from skulens.verify.facts import origin
from tests.verify.pages import line, own_verdict, page, print_of, seen, values, verdict

FIELD = "attributes.origin"


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Made in Italy", "Italy"),
        ("loccitane.com - Made in France", "France"),
        ("MADE IN P.R.C.", "China"),
        ("Product of New Zealand. Best before: see lid", "New Zealand"),
        ("Country of origin: USA", "United States"),
        ("Hergestellt in Deutschland", "Germany"),
        ("Fabriqué en Chine", "China"),
        ("Fabrique au Portugal", "Portugal"),
        ("Fabricado en España", "Spain"),
        ("Prodotto in Italia", "Italy"),
        ("Buatan Malaysia", "Malaysia"),
        ("Dibuat di Indonesia", "Indonesia"),
        ("Negara asal: Thailand", "Thailand"),
        ("Sản xuất tại Việt Nam", "Viet Nam"),
        ("Xuất xứ: Nhật Bản", "Japan"),
        ("ผลิตในประเทศไทย", "Thailand"),
        ("Сделано в России", "Russian Federation"),
        ("Страна происхождения: Китай", "China"),
        ("Вироблено в Україні", "Ukraine"),
        ("Wyprodukowano w Polsce", "Poland"),
        ("Türkiye'de üretilmiştir", "Türkiye"),
        ("台灣小米通訊有限公司 中国製造", "China"),
    ],
)
def test_a_country_behind_a_cue(text, country):
    assert values(origin.find(page(text)), FIELD) == [country]


@pytest.mark.parametrize(
    "text",
    [
        "Acme GmbH, 20245 Hamburg, Germany",
        "Acme Ltd, 5 Mill Road, Leeds, England",
        "Made in our own kitchen",
        "Product of the month",
        "Italy",
        "Designed in California",
    ],
)
def test_no_country_without_a_cue_and_no_cue_without_a_country(text):
    assert list(origin.find(page(text))) == []


def test_the_country_may_stand_below_its_cue():
    assert values(origin.find(page("Country of origin:", "Vietnam")), FIELD) == ["Viet Nam"]


def test_several_countries_are_in_doubt():
    (found,) = origin.find(page("Made in China or Vietnam"))
    assert found.doubt == "several countries"


def test_another_company_behind_a_comma_is_no_second_country():
    (found,) = origin.find(page("Made in Germany, Beiersdorf AG"))
    assert (found.value, found.doubt) == ("Germany", "")


@pytest.mark.parametrize(
    ("claimed", "label"),
    [("China", "VC"), ("CN", "VC"), ("Made in PRC", "VC"), ("Vietnam", "VI"), ("EU", "U")],
)
def test_a_cue_supports_or_contradicts(claimed, label):
    assert verdict(FIELD, claimed, seen("Made in China"))[0] == label


def test_an_address_does_not_contradict():
    assert verdict(FIELD, "China", seen("Acme GmbH, 20245 Hamburg, Germany"))[0] == "U"


def test_an_unclear_line_neither_proves_nor_contradicts():
    item = seen(line("Made in China", confidence=0.4))
    (found,) = origin.find(print_of(item))
    assert own_verdict(found, item) == "U"
    assert verdict(FIELD, "Vietnam", item)[0] == "U"


def test_a_second_engine_that_reads_the_country_is_a_witness():
    item = seen(line("Made in China", confidence=0.4, second="Mode in China"))
    (found,) = origin.find(print_of(item))
    assert found.witness == "second reader"
    assert own_verdict(found, item) == "VC"


def test_a_claim_that_says_more_than_a_country_is_none():
    assert country_of("Developed in the UK, produced in PRC") == ""
    assert country_of("Made in USA") == "US"


def test_countries_mentioned_in_running_text():
    text = "Beiersdorf AG, Hamburg, Germany. Импортер: ООО, Россия, Москва. Chad"
    assert origin.mentioned_countries(text) == ("DE", "RU", "TD")
