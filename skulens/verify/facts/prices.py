"""Prices of shelf tags with their currency, and unit prices told from them.

Many tags print the price in big digits without a decimal mark ("9 90"). That is read only where
the unit price times the amount on the same tag gives the same sum, and this is then its witness.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.numbers import parse_number
from skulens.values.units import Quantity, parse_quantity
from skulens.verify.facts.found import Found, lowest
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print, height_of

PRICE, UNIT_PRICE = "attributes.price", "attributes.unit_price"
CURRENCY = "attributes.currency"
SUM = r"\d{1,3}(?:[ .,]\d{3})*(?:[.,]\d{2})?|\d+(?:[.,]\d{2})?"
AMOUNT = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?\s?(?:kg|g|ml|cl|dl|l)(?![^\W_])", re.IGNORECASE)
DIGITS = re.compile(r"\d{3,5}")
"""A price without its decimal mark."""
ROUNDING = Decimal("0.006")
"""Most that a unit price is off for its rounding, as a share of the price."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A price per kg, l or piece."""

    value: Decimal
    unit: str
    line: Line
    start: int
    end: int


def find(page: Print) -> Iterator[Found]:
    """Prices, currencies and unit prices of a tag."""
    per_unit = [one for line in page.lines for one in find_unit_prices(line)]
    for one in per_unit:
        yield _found(page, UNIT_PRICE, f"{one.value}/{one.unit}", [one.line])
    for line in page.lines:
        spans = [(one.start, one.end) for one in per_unit if one.line is line]
        yield from _with_currency(page, line, spans)
    yield from _from_unit_price(page, per_unit)


def _found(page: Print, path: str, value: str, lines: list[Line], unit: str = "", **more) -> Found:
    return Found(
        path, value, unit, evidence=page.evidence(lines), confidence=lowest(lines), **more
    )  # fmt: skip


# ----- with a currency ------------------------------------------------------------------------


def _with_currency(page: Print, line: Line, spans: list[tuple[int, int]]) -> Iterator[Found]:
    for match in _priced().finditer(line.text):
        if any(start < match.end() and match.start() < end for start, end in spans):
            continue
        sign = match["before"] or match["after"]
        digits = match["first"] or match["second"]
        value = read_sum(digits, sign)
        if not value or not _is_money(match, digits):
            continue
        twice = is_read_twice(line, digits)
        yield _found(
            page, PRICE, str(value), [line], sign, witness="second reader" if twice else ""
        )
        yield _found(page, CURRENCY, sign, [line])


def _is_money(match: re.Match[str], digits: str) -> bool:
    """Whether a sign of letters is a currency: "RS4" is a part on a board, "Rs 4.50" is money."""
    sign = match["before"] or match["after"]
    return not sign.strip(".").isascii() or sign in "$" or bool(re.search(r"\d[.,]\d{2,3}", digits))


def read_sum(digits: str, sign: str) -> Decimal | None:
    """An amount of money: "32,50", "12.500" of a currency without small coins, "1 299,00"."""
    text = digits.replace(" ", "")
    whole = _table()["signs"].get(sign.casefold().strip("."), "") in _table()["without_cents"]
    if whole and re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text):
        return Decimal(re.sub(r"[.,]", "", text))
    return parse_number(text)


@cache
def _priced() -> re.Pattern[str]:
    signs = sorted(_table()["signs"], key=len, reverse=True)
    words = "|".join(rf"{re.escape(s)}(?![^\W\d_])\.?" for s in signs if s.isalpha())
    marks = "|".join(re.escape(s) for s in signs if not s.isalpha())
    return re.compile(
        rf"(?P<before>{marks}|(?<![^\W_])(?:{words}))\s?(?P<first>{SUM})(?![\d%])"
        rf"|(?<![\d.,])(?P<second>{SUM})(?:,-)?\s?(?P<after>{marks}|{words})",
        re.IGNORECASE,
    )


# ----- per unit -------------------------------------------------------------------------------


def find_unit_prices(line: Line) -> Iterator[UnitPrice]:
    """ "Pr/kg 24.75", "1,99 €/kg", "kr 15,60 per liter"."""
    for match in _per_unit().finditer(line.text):
        value = parse_number(match["first"] or match["second"])
        unit = (match["unit"] or match["last"]).casefold()
        if value:
            yield UnitPrice(value, unit, line, match.start(), match.end())


@cache
def _per_unit() -> re.Pattern[str]:
    signs = "|".join(re.escape(s) for s in sorted(_table()["signs"], key=len, reverse=True))
    unit = "100 ?g|100 ?ml|kg|stk|st|pcs?|piece|l|liter|litre|litr[eo]|g|ml|кг|л|шт"
    number = r"\d+[.,]\d{2}"
    return re.compile(
        rf"\b(?:pr|pris|kr|price)\s?[./]\s?(?P<unit>{unit})[\s:.]*(?P<first>{number})"
        rf"|(?P<second>{number})\s?(?:{signs})?\s?(?:/|per|pro|pr\.?|за)\s?(?:1\s?)?(?P<last>{unit})(?![^\W_])",
        re.IGNORECASE,
    )


def _from_unit_price(page: Print, per_unit: list[UnitPrice]) -> Iterator[Found]:
    """Big digits without a decimal mark that equal unit price times amount."""
    amounts = [
        (quantity, line)
        for line in page.lines
        for match in AMOUNT.finditer(line.text)
        if (quantity := parse_quantity(match.group()))
    ]
    for line in page.lines:
        if not DIGITS.fullmatch(line.text.strip()):
            continue
        price = Decimal(line.text.strip()) / 100
        for one in per_unit:
            if height_of(line.quad) <= height_of(one.line.quad):
                continue
            fits = [at for quantity, at in amounts if _agree(price, one, quantity)]
            if fits:
                yield _found(page, PRICE, f"{price:.2f}", [line], witness="arithmetic")
                break


def _agree(price: Decimal, one: UnitPrice, quantity: Quantity) -> bool:
    """Whether a price is the unit price times the amount, as far as rounding goes."""
    base = {"kg": ("g", 1000), "l": ("ml", 1000), "liter": ("ml", 1000), "litre": ("ml", 1000)}
    unit, divisor = base.get(one.unit, ("", 1))
    expected = one.value * quantity.total / divisor
    return quantity.unit == unit and abs(expected - price) <= max(price * ROUNDING, Decimal("0.01"))


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
