"""norm-v1: the one way in which two values are made comparable.

Applied to predictions and gold alike, in this order: characters; wrapping (reasoning, fences,
quotes, a label, a period); case; abstentions; numbers and units; punctuation; the field's type. A
type that needs punctuation (numbers, dates, GTIN, lists of shares) reads the text before that is
dropped; where it cannot read it, the text itself is compared. `norm-v1.json` beside this file
holds published test vectors; another result for any of them is another version.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, get_args

from skulens.errors import DataError
from skulens.values.numbers import parse_number, rewrite_numbers, write_number
from skulens.values.text import (
    ascii_digits,
    clean_characters,
    drop_punctuation,
    fold,
    is_abstention,
    strip_edges,
    strip_wrapping,
)

VERSION = "norm-v1"
Type = Literal[
    "text", "code", "gtin", "quantity", "dimensions", "number", "country", "date", "colour",
    "size", "material", "name", "language", "boolean", "contact",
]  # fmt: skip
TYPES: tuple[Type, ...] = get_args(Type)
_BOOLEANS = {
    "yes": "yes true 1 y ya iya benar có đúng ใช่ มี",
    "no": "no false 0 n tidak bukan không sai ไม่ ไม่ใช่",
}


def normalise(
    value: str | None,
    field_type: Type = "text",
    *,
    unit: str = "",
    language: str = "",
    keep: frozenset[str] = frozenset(),
) -> str:
    """The form of a value in which equal values are equal strings; "" where it says nothing.

    Args:
        unit: of a number that has none itself; the claim's or the field's.
        language: of the text, where known: decides how "1.500" and two-digit years read.
        keep: folded abstentions that the field's gold uses as values ("unbranded").
    Raises:
        DataError: there is no such type.
    """
    if field_type not in TYPES:
        raise DataError(f"norm-v1 knows no type {field_type!r}; expected one of {', '.join(TYPES)}")
    return _normalise(value or "", field_type, unit, language, keep)


@lru_cache(maxsize=65536)
def _normalise(value: str, field_type: Type, unit: str, language: str, keep: frozenset[str]) -> str:
    text = ascii_digits(strip_wrapping(clean_characters(value)))
    folded = fold(text)
    if is_abstention(folded, keep):
        return ""
    reader = _READERS.get(field_type)
    found = reader(text, unit, language) if reader else None
    if found is None and reader:
        found = reader(strip_edges(text), unit, language)
    return found if found is not None else drop_punctuation(rewrite_numbers(folded, language))


def _code(text: str, unit: str, language: str) -> str:
    """Unfolded: capitals and punctuation of model numbers and lots mean something."""
    return " ".join(text.split())


def _gtin(text: str, unit: str, language: str) -> str:
    """14 digits; what is no GTIN without spaces and hyphens, so that it equals only itself."""
    from skulens.values.gtin import GtinError, parse_gtin

    try:
        return parse_gtin(text).digits
    except GtinError:
        return re.sub(r"[\s-]", "", fold(text))


def _quantity(text: str, unit: str, language: str) -> str | None:
    from skulens.values.units import parse_quantity

    found = parse_quantity(text, unit, language)
    return str(found) if found else None


def _dimensions(text: str, unit: str, language: str) -> str | None:
    from skulens.values.units import parse_dimensions

    found = parse_dimensions(text, unit, language)
    return " x ".join(write_number(q.amount) for q in found) + " cm" if found else None


def _number(text: str, unit: str, language: str) -> str | None:
    found = parse_number(fold(text), language)
    return write_number(found) if found is not None else None


def _country(text: str, unit: str, language: str) -> str | None:
    from skulens.values.countries import parse_country

    found = parse_country(text)
    return found.alpha_2 if found else None


def _date(text: str, unit: str, language: str) -> str | None:
    from skulens.values.dates import parse_date

    found = parse_date(text, language)
    return found.iso if found else None


def _colour(text: str, unit: str, language: str) -> str | None:
    from skulens.values.colours import parse_colours

    found = parse_colours(text)
    return " + ".join(map(str, found)) if found else None


def _size(text: str, unit: str, language: str) -> str | None:
    """A size of clothes or shoes, or lengths with a unit."""
    from skulens.values.sizes import parse_size

    found = parse_size(text)
    return str(found) if found else _dimensions(text, "", language)


def _material(text: str, unit: str, language: str) -> str | None:
    from skulens.values.materials import name_material, parse_materials

    found = parse_materials(text)
    if found:
        return ", ".join(map(str, found))
    named = name_material(text.strip(" ."))
    return drop_punctuation(named) if named != fold(text) else None


def _name(text: str, unit: str, language: str) -> str:
    from skulens.values.names import normalise_name

    return normalise_name(text)


def _language(text: str, unit: str, language: str) -> str | None:
    """Two letters of ISO 639-1, three where it has none."""
    import pycountry

    folded, known = fold(text), pycountry.languages
    by_code = known.get(alpha_2=folded) or known.get(alpha_3=folded)
    found = by_code or known.get(name=text.strip().title())
    return getattr(found, "alpha_2", found.alpha_3) if found else None


def _boolean(text: str, unit: str, language: str) -> str | None:
    folded = fold(text).strip(" .!")
    return next((name for name, words in _BOOLEANS.items() if folded in words.split()), None)


def _contact(text: str, unit: str, language: str) -> str:
    """Addresses folded, without scheme, "www." and last slash; of a telephone the digits.

    A word before a telephone number ("Tel.:", "USA:") is no part of it.
    """
    folded = "".join(fold(text).split())
    folded = re.sub(r"^[^\W\d_]{1,12}\.?:?(?=\+?[\d(][\d()+.-]+$)", "", folded)
    if not any(c.isalpha() for c in folded):
        return re.sub(r"[^\d+]", "", folded)
    return re.sub(r"^(?:mailto:|https?://)?(?:www\.)?", "", folded).rstrip("/")


_READERS: dict[Type, Callable[[str, str, str], str | None]] = {
    "code": _code, "gtin": _gtin, "quantity": _quantity, "dimensions": _dimensions,
    "number": _number, "country": _country, "date": _date, "colour": _colour, "size": _size,
    "material": _material, "name": _name, "language": _language, "boolean": _boolean,
    "contact": _contact,
}  # fmt: skip
