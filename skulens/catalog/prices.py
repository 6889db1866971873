"""Prices as people and spreadsheets write them."""

import math
import re
from collections.abc import Collection
from decimal import Decimal

from skulens.catalog.mapping import as_text
from skulens.values.numbers import parse_number

SIGNS = r"(?:US|A|C|R|NZ|HK|S)?\$|[€£¥₩₹฿₫₽₺₴₪₱]|[A-Z]{3}|(?i:kr|dkk|sek|nok|kč|zł|ft|lei|rp|rm|rs|руб|р)\.?|:-"
"""What stands before or behind a price: signs, codes of three letters, and usual abbreviations."""
AROUND = re.compile(rf"^(?:{SIGNS})\s*|\s*(?:{SIGNS})$")
NO_CENTS = re.compile(r"[.,]\s*[-–—]{1,2}$")
"""12,- is 12."""
BLANKS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
"""What groups thousands and is never a decimal mark: 1 299,00 and 1'299.00."""
INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
UNCLEAR = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""1,299 is 1299 or 1.299."""
LANGUAGE = {".": "en", ",": "id"}
"""Decimal mark -> a language that `parse_number` knows to write it."""


class UnclearPrice(ValueError):
    """A price whose only mark may group thousands or be the decimal mark."""


def as_price(value: object, mark: str = "") -> float | None:
    """1299.0 from 1299, "1.299,00 €", "$1,299.00", "1 299,00 kr" or "1'299.-"; None from nothing.

    Args:
        mark: the decimal mark of the column, for prices such as "1,299".

    Raises:
        UnclearPrice: "1,299" or "1.299", and the decimal mark is not known.
        ValueError: anything else, negative and infinite numbers included.
    """
    text = as_text(value)
    if not text:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    number = None if isinstance(value, bool) else bare(text)
    if number and UNCLEAR.fullmatch(number) and not mark:
        whole, part = re.split(r"[.,]", number)
        raise UnclearPrice(
            f"{text[:80]!r} is {whole}{part} or {whole}.{part}: no other price of the column shows "
            "which mark is the decimal one"
        )
    price = parse(number, mark) if number else None
    if price is None:
        raise ValueError(f"{text[:80]!r} is not a number such as 12.50")
    return price


def bare(text: str) -> str:
    """The digits of a price with their marks, without currency, blanks and apostrophes."""
    number = AROUND.sub("", AROUND.sub("", text.strip()).strip())
    number = BLANKS.sub("", NO_CENTS.sub("", number.strip()))
    return number.replace(",", "") if INDIAN.fullmatch(number) else number


def parse(number: str, mark: str) -> float | None:
    """None where it is not a number from 0 on."""
    if re.fullmatch(r"\d+(?:[.,]\d+)?[eE]\+?\d+", number):
        price = float(number.replace(",", "."))
        return price if price < math.inf else None
    if not number[:1].isdigit() or "/" in number:
        return None
    found: Decimal | None = parse_number(number, LANGUAGE.get(mark, ""))
    return None if found is None or float(found) == math.inf else float(found)


def decimal_mark(value: object) -> str:
    """ "." or "," where a written price shows which it is; else ""."""
    if not isinstance(value, str):
        return ""
    number = bare(value)
    marks = re.sub(r"[^.,]", "", number)
    if not marks or UNCLEAR.fullmatch(number):
        return ""
    if len(marks) > 1 and len(set(marks)) == 1:  # 1.299.000
        return "," if marks[0] == "." else "."
    return marks[-1]


def one_mark(marks: Collection[str]) -> str:
    """The decimal mark of a column; "" where its prices show none, or both."""
    found = {mark for mark in marks if mark}
    return found.pop() if len(found) == 1 else ""
