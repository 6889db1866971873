"""How strictly two values are compared: the four match levels, always reported side by side."""

from typing import Literal, get_args

from skulens.values.normalise import Type, normalise
from skulens.values.text import fold, fold_accents

Level = Literal["L0", "L1", "L2", "L3"]
LEVELS: tuple[Level, ...] = get_args(Level)
EXACT: tuple[Type, ...] = (
    "code",
    "gtin",
    "date",
    "number",
    "quantity",
    "dimensions",
    "size",
    "country",
)
"""Types of which a nearly equal value is another value: no L3 for them."""
SOFT = 0.9
"""Least Jaro-Winkler similarity at L3."""


def make_key(
    value: str | None,
    field_type: Type = "text",
    level: Level = "L1",
    *,
    unit: str = "",
    language: str = "",
    keep: frozenset[str] = frozenset(),
) -> str:
    """What two values share exactly where they match at a level; of L3 see `agree`.

    L0: the trimmed, case-folded string. L1: norm-v1. L2: norm-v1 without accents, with words
    sorted and their plural s dropped; of a colour its base, of packs their total. A value that
    says nothing is "" at every level.
    """
    form = normalise(value, field_type, unit=unit, language=language, keep=keep)
    if not form or level == "L1":
        return form
    if level == "L0":
        return fold(f"{value} {unit}" if unit and field_type == "quantity" else value or "").strip()
    return _loosen(form, field_type)


def agree(first: str, second: str, field_type: Type = "text", level: Level = "L1") -> bool:
    """Whether two keys of the same type match at a level; never where one is "".

    L3: equal at L2 or at least `SOFT` similar, except types in `EXACT`, where it is L2.
    """
    if not first or not second or first == second:
        return bool(first) and first == second
    if level != "L3" or field_type in EXACT:
        return False
    from rapidfuzz.distance import JaroWinkler

    return JaroWinkler.similarity(first, second) >= SOFT


def _loosen(form: str, field_type: Type) -> str:
    if field_type == "quantity":
        return _total(form)
    if field_type == "colour":
        return " + ".join(sorted({colour.split()[0] for colour in form.split(" + ")}))
    if field_type in EXACT or field_type in ("contact", "language", "boolean", "material"):
        return form
    return " ".join(sorted({_singular(word) for word in fold_accents(form).split()}))


def _total(form: str) -> str:
    from skulens.values.numbers import write_number
    from skulens.values.units import parse_quantity

    found = parse_quantity(form)
    if found is None or found.upper is not None:
        return form
    return f"{write_number(found.total)} {found.unit}".rstrip()


def _singular(word: str) -> str:
    """Without an English plural: "boxes", "berries", "socks"; "glass" and short words stay."""
    if not word.isascii() or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word.removesuffix("s")
