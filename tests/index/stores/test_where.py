"""What a filter says to somebody who wrote it wrong."""

import pytest

from skulens.documents import Schema
from skulens.filters import FilterError, parse_filter
from skulens.index.stores.fields import MOST_CHARACTERS, infer
from skulens.index.stores.where import type_filter
from skulens.records import Attribute, Filter, Product

SCHEMA = Schema(
    fields=infer(
        [
            Product("1", title="a", price=3, language="en", category=("Tops",), gtin="4006381333931",
                    attributes=(Attribute("Color", "red"), Attribute("size", "42")),
                    extras={"stock": 3, "sale": True, "tag": "x", "mixed": [5, "five"]}),
        ]
    )
)  # fmt: skip


def typed(text):
    return type_filter(parse_filter(text), SCHEMA)


@pytest.mark.parametrize(
    "text, said",
    [
        ("prise < 3", "a field of a product"),
        ("extras.stok > 3", "did you mean extras.stock?"),
        ('attributes.colour = "red"', "did you mean attributes.color?"),
        ("attributes.stock > 3", "did you mean extras.stock?"),
        ("extras.qqqqqq = 1", "there are attributes.color, attributes.size, category"),
        ('texts.description = "x"', "searched by words"),
        ('price = "3"', "price holds numbers; write them without quotes, such as price = 5"),
        ("extras.tag = 5", 'extras.tag holds text; write it between quotes: extras.tag = "5"'),
        ("extras.sale = 1", "extras.sale holds true or false"),
        ("extras.stock = true", "extras.stock holds numbers"),
        ("extras.sale < true", "only = compares with it"),
        ('extras.stock in (1, "2")', "extras.stock holds numbers"),
        (f'title = "{"x" * (MOST_CHARACTERS + 1)}"', "1,001 characters"),
    ],
)
def test_what_is_wrong_is_said(text, said):
    with pytest.raises(FilterError, match=".") as e:
        typed(text)
    assert said in str(e.value)


def test_no_twin_is_named():
    with pytest.raises(FilterError) as e:
        typed("extras.qqqqqq = 1")
    assert "#" not in str(e.value) and "pictures" not in str(e.value)


def test_numbers_find_the_twin_of_a_text_field():
    assert typed("attributes.size > 41") == Filter(">", "#attributes.size", 41.0)
    assert typed('attributes.SIZE = "42"') == Filter("=", "attributes.size", "42")
    assert typed("gtin = 4006381333931") == Filter("=", "#gtin", 4006381333931.0)
    both = typed('extras.mixed in (5, "five", "six")')
    assert both == Filter(
        "or",
        of=(Filter("in", "#extras.mixed", (5.0,)), Filter("in", "extras.mixed", ("five", "six"))),
    )


def test_unequal_is_not_equal():
    assert typed('language != "en"') == Filter("not", of=(Filter("=", "language", "en"),))


def test_nothing_in_an_empty_list():
    assert typed("price in ()") == Filter("in", "price", ())


def test_half_characters_compare_as_they_are_kept():
    assert type_filter(Filter("=", "title", "\ud800"), SCHEMA).value == "\\ud800"
