"""Prices with their currency, and unit prices."""

from decimal import Decimal

import pytest

from skulens.verify.facts import prices
from tests.verify.pages import line, only, own_verdict, page, print_of, seen, values

PRICE, UNIT_PRICE, CURRENCY = prices.PRICE, prices.UNIT_PRICE, prices.CURRENCY


@pytest.mark.parametrize(
    ("text", "value", "sign"),
    [
        ("kr 32,50", "32.50", "kr"),
        ("3,99 €", "3.99", "€"),
        ("€3.99", "3.99", "€"),
        ("$5.49", "5.49", "$"),
        ("£2", "2", "£"),
        ("1 299,00 kr", "1299.00", "kr"),
        ("Rp12.500", "12500", "Rp"),
        ("Rp 12.500", "12500", "Rp"),
        ("RM5.90", "5.90", "RM"),
        ("25.000₫", "25000", "₫"),
        ("25.000đ", "25000", "đ"),
        ("฿25", "25", "฿"),
        ("25 บาท", "25", "บาท"),
        ("149,90 TL", "149.90", "TL"),
        ("M.P.P.RS.53.60 FOR 10CAPS", "53.60", "RS."),
    ],
)
def test_a_price_has_its_currency(text, value, sign):
    found = list(prices.find(page(text)))
    assert Decimal(only(found, PRICE).value) == Decimal(value)
    assert only(found, PRICE).unit == sign
    assert values(found, CURRENCY) == [sign]


@pytest.mark.parametrize("text", ["RS4", "TL 5", "32,50", "2024", "RM 3", "25 % kr"])
def test_no_price(text):
    assert list(prices.find(page(text))) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Pr/kg 24.75", "24.75/kg"),
        ("Pr/kg133.82", "133.82/kg"),
        ("1,99 €/kg", "1.99/kg"),
        ("15,60 kr per liter", "15.60/liter"),
        ("0,50 € / 100 g", "0.50/100 g"),
    ],
)
def test_a_unit_price_is_no_price(text, value):
    found = list(prices.find(page(text)))
    assert values(found, UNIT_PRICE) == [value]
    assert values(found, PRICE) == []


def tag(amount, unit_price, digits):
    big = line(digits, 2, height=60)
    return page(line(amount, 0), line(unit_price, 1), big)


def test_big_digits_are_a_price_where_the_unit_price_says_so():
    found = only(prices.find(tag("400G", "Pr/kg 24.75", "990")), PRICE)
    assert (found.value, found.witness) == ("9.90", "arithmetic")
    item = seen(line("400G", 0), line("Pr/kg 24.75", 1), line("990", 2, height=60))
    assert own_verdict(only(prices.find(print_of(item)), PRICE), item) == "VC"


@pytest.mark.parametrize(
    ("amount", "unit_price", "digits"),
    [("400G", "Pr/kg 24.75", "1090"), ("SNACKS", "Pr/kg 24.75", "990"), ("400G", "P 13", "990")],
)
def test_big_digits_alone_are_nothing(amount, unit_price, digits):
    assert values(prices.find(tag(amount, unit_price, digits)), PRICE) == []
