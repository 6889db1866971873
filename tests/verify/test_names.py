"""Brands and product names."""

import pytest

from skulens.claims import Seen
from skulens.verify.checks.names import is_same
from skulens.verify.facts import names
from skulens.verify.layout import prints_of
from tests.verify.pages import line, lines, own_verdict, page, print_of, seen, values, verdict

BRAND, NAME = names.BRAND, names.NAME
TEXT = [f"a line of other text, number {n}" for n in range(names.FRONT + 1)]


def across(*pictures):
    item = Seen("item", lines={f"sha{n}": lines(*texts) for n, texts in enumerate(pictures)})
    return item, list(names.find_across(prints_of(item)))


@pytest.mark.parametrize(
    ("text", "brand"),
    [("Brand: Acme", "Acme"), ("Merek: Sinar Jaya", "Sinar Jaya"), ("ยี่ห้อ: Acme", "Acme")],
)
def test_a_brand_behind_a_cue(text, brand):
    assert values(names.find(page(text, *TEXT)), BRAND) == [brand]


def test_a_name_behind_a_cue():
    assert values(names.find(page("Nama produk: Teh Melati", *TEXT)), NAME) == ["Teh Melati"]


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("Biteral® 500 mg", ["Biteral"]),
        ("NIVEA MEN® DUSH GELI", ["NIVEA MEN"]),
        ("RECALDENT™is a trademark", []),
        ("with Rainforest Alliance™ cocoa", []),
    ],
)
def test_a_marked_word_at_the_head_of_a_line(text, brand):
    assert values(names.find(page(text, *TEXT)), BRAND) == brand


def test_a_marked_word_in_small_letters_is_in_doubt():
    (found,) = names.find(
        page(line("Teflon® Coating", height=20), line("BIG", 5, height=90), *TEXT)
    )
    assert found.doubt == names.NOT_OWN


def test_a_brand_that_the_domain_repeats_on_another_picture():
    item, found = across(["Jovara", "Trousers"], ["www.jovara.com"])
    assert values(found, BRAND) == ["Jovara"]
    assert found[0].witness == "seen twice"
    assert own_verdict(found[0], item) == "VC"


def test_a_company_alone_leaves_a_doubt():
    item, found = across(["Beiersdorf", "cream"], ["Beiersdorf AG", "Hamburg"])
    assert values(found, BRAND) == ["Beiersdorf"]
    assert found[0].doubt == names.MAKER
    assert own_verdict(found[0], item) == "U"


def test_words_that_nothing_repeats_are_no_brand():
    assert across(["Jovara", "Trousers"], ["www.acme.com"])[1] == []


def test_the_line_below_a_brand_in_big_letters_is_a_name_in_doubt():
    pages = [line("Jovara", 0, height=60), line("Linen trousers", 2.3), *lines(*TEXT[:5])[3:]]
    _, found = across(pages, ["www.jovara.com"])
    assert values(found, NAME) == ["Linen trousers"]
    assert found[-1].doubt == names.BESIDE


def test_the_biggest_letters_of_a_front_are_a_guess():
    item = seen(line("KENZO", height=92))
    (found,) = names.find(print_of(item))
    assert (found.value, found.doubt) == ("KENZO", names.GUESS)
    assert own_verdict(found, item) == "U"


@pytest.mark.parametrize("text", ["FGGQ6D1", "5", "www.kenzo.com"])
def test_numbers_and_addresses_are_no_guess(text):
    assert values(names.find(page(line(text, height=92))), BRAND) == []


def test_a_back_has_no_biggest_letters():
    assert values(names.find(page(line("INGREDIENTES", height=92), *TEXT)), BRAND) == []


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Sinar Jaya", "PT Sinar Jaya Tbk", True),
        ("Jaya Sinar", "Sinar Jaya", True),
        ("Acme", "Acme Foods", False),
        ("Model 3 Chair", "Model 5 Chair", False),
        ("Men", "Women", False),
        ("", "Acme", False),
        ("A", "A", False),
    ],
)
def test_same_names(first, second, same):
    assert is_same(first, second) == same


def test_no_reading_contradicts_a_name():
    for field in (BRAND, NAME, "attributes.manufacturer", "attributes.importer"):
        assert verdict(field, "Zenith", seen("Brand: Acme"))[0] == "U"
