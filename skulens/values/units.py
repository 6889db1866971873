"""Quantities with units: "1,5 L", "2 x 250 ml", "pack of 6", "16.9 fl oz", "30 x 20 x 10 cm".

A closed table says what labels call units, pint converts them. pint's own parser is not asked to
read labels: it takes "fl oz" for femtolitre ounces and "pcs" for parsecs.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from skulens.values.numbers import NUMBER, parse_number, write_number

_TIMES = r"\s*[x×*✕]\s*"
_ROUNDING = Decimal("0.02")
_NUMBER = rf"(?:{NUMBER})"
_RANGE = rf"({_NUMBER})(?:\s*(?:-|to|sampai|hingga|đến|ถึง)\s*({_NUMBER}))?"
_AMOUNT = re.compile(rf"(-?)\s*{_RANGE}\s*(.*)", re.S)
_PACK_BEFORE = re.compile(rf"({_NUMBER}){_TIMES}({_NUMBER}.*)", re.S)
_PACK_AFTER = re.compile(rf"(.+?){_TIMES}(\d+)", re.S)
_PACK_OF = re.compile(
    r"(?:pack|set|box|case|bundle|isi|paket|pek|kemasan|lốc|hộp|thùng|แพ็ค|แพค)"
    r"(?:\s+(?:of|isi|mengandungi))?\s*(\w+)(?:\s*[,x×]?\s+(.+))?",
    re.S,
)
_N_PACK = re.compile(r"(\w+)\s*-?\s*(?:pack|pk|pek|count)(?:\s*(?:of|x|,)?\s+(.+))?", re.S)
_SAID_AGAIN = re.compile(r"[()\[\]|]|\s/\s|(?<=[^\W\d])\s-\s(?=\d)")
"""What stands between one quantity and the same in another unit."""
_UNIT_TWICE = re.compile(rf"({_NUMBER})\s*([^\W\d]+)\s*-\s*({_NUMBER})\s*\2")
_ABOUT = re.compile(
    r"^max(?:imum|\.)?\s*(?=\d)|^(?:up to|about|approximately|approx\.?|ca\.?|"
    r"net wt\.?|net weight|netto|nett|net|"
    r"kira-kira|per|setiap|trong|mỗi|khoảng|ประมาณ|สุทธิ|ต่อ)\s+"
    r"|\s*(?:℮|\be|~|⎓|\b[ad]c)$"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in the canonical unit of its kind, `count` times."""

    amount: Decimal
    unit: str
    """"ml", "g", "cm", "kJ", "W", "V", "A", "mAh", "Hz", "lm", "h", "°C", "%"; or, never converted,
    "piece", "serving", "month", "year", "% vol", "MB", "GB", "TB", "MP", "ct", "K", "" (bare)."""
    count: int = 1
    upper: Decimal | None = None
    """The end of a range; `amount` is then its start."""

    def __str__(self) -> str:
        ends = [write_number(a) for a in (self.amount, self.upper) if a is not None]
        times = f"{self.count} x " if self.count != 1 else ""
        return f"{times}{'-'.join(ends)} {self.unit}".rstrip()

    @property
    def total(self) -> Decimal:
        """The amount of all packs together."""
        return self.amount * self.count


def parse_quantity(text: str, unit: str = "", language: str = "") -> Quantity | None:
    """A quantity from a label or an answer.

    Args:
        unit: taken where the text has none ("500" of a field in mg).
        language: decides how "1.500" reads, see `numbers.parse_number`.
    Returns:
        Of one quantity in two units ("16.9 fl oz (500 ml)", "1 lb / 454 g"; equal within 2 %,
        energies within 10 %) the metric one, else the rounder. None where no number with at most
        one known unit stands there. "ct" stays "ct": carats on a ring, a count on a box.
    """
    text = " ".join(text.casefold().split())
    parts = [p for p in _SAID_AGAIN.split(text) if p.strip(" ,;")]
    found = [_parse_one(p, unit, language) for p in parts]
    known = [(q, p) for q, p in zip(found, parts, strict=True) if q is not None]
    if not known or (len(parts) > 1 and found[0] is None):
        return None
    first = known[0][0]
    same = all(_same(first, q) for q, _ in known)
    bracketed = re.search(r"[(\[]", text) is not None
    if len(known) < len(parts) or not same:
        return first if bracketed or len(parts) == 1 else None
    return min(known, key=lambda k: (not _is_decimal(k[1]), _significant(k[0])))[0]


def _is_decimal(text: str) -> bool:
    """Whether the unit of a text is the canonical one of its kind times a power of ten."""
    known = _find_unit(re.sub(r"^.*\d", "", text).strip(" ,;"))
    if known is None or not known[1]:
        return known is not None
    factor = _factor(known[1], _tables()["pint_names"][known[0]])
    return factor.normalize().as_tuple().digits == (1,)


def _significant(quantity: Quantity) -> int:
    return len(write_number(quantity.amount).strip("-0.").replace(".", ""))


def _same(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities may be one, said in two units.

    Energies in kJ and kcal are computed apart, with other factors per gram, and both rounded.
    """
    energy = a.unit == "kJ"
    slack = max(abs(a.total) * Decimal("0.1"), Decimal(5)) if energy else abs(a.total) * _ROUNDING
    return a.unit == b.unit and abs(a.total - b.total) <= slack


def _parse_one(text: str, unit: str, language: str) -> Quantity | None:
    text = _ABOUT.sub("", _ABOUT.sub("", text.strip(" ,;"))).strip(" ,;")
    text = _UNIT_TWICE.sub(r"\1-\3 \2", text)
    return _parse_pack(text, unit, language) or _parse_amount(text, unit, language)


def _parse_pack(text: str, unit: str, language: str) -> Quantity | None:
    if found := _PACK_BEFORE.fullmatch(text):
        count, rest = found.groups()
    elif (found := _PACK_AFTER.fullmatch(text)) and not text[:1].isalpha():
        rest, count = found.groups()
    elif found := _PACK_OF.fullmatch(text) or _N_PACK.fullmatch(text):
        count, rest = found[1], found[2] or "piece"
        rest = rest if rest[:1].isdigit() else f"1 {rest}"
    else:
        return None
    number, each = parse_number(count, language), _parse_amount(rest, unit, language)
    if number is None or each is None or number != int(number) or number < 1:
        return None
    if each.unit == "piece" and each.amount == 1:
        return Quantity(Decimal(int(number)), "piece")
    return Quantity(each.amount, each.unit, int(number), each.upper)


def _parse_amount(text: str, unit: str, language: str) -> Quantity | None:
    first, _, rest = text.partition(" ")
    if (word := parse_number(first, language)) is not None and first.isalpha():
        sign, low, high, name = "", first, None, rest
        amount: Decimal | None = word
    elif found := _AMOUNT.fullmatch(text):
        sign, low, high, name = found.groups()
        amount = parse_number(sign + low, language)
    else:
        return None
    upper = parse_number(high, language) if high else None
    name = (name or unit.casefold()).strip()
    if amount is None or (high and upper is None):
        return None
    known = _find_unit(name) or _find_repeated(name) if name else ("", "")
    if known is None:
        return None
    kind, pint_name = known
    ends = [
        _convert(a, pint_name, kind) if pint_name else a for a in (amount, upper) if a is not None
    ]
    return Quantity(ends[0], kind, 1, ends[1] if len(ends) > 1 else None)


def parse_dimensions(text: str, unit: str = "", language: str = "") -> tuple[Quantity, ...] | None:
    """Lengths "30 x 20 x 10 cm" or "30 cm x 20 cm", in cm, in the order written; None for others.

    Of "12 x 8 in (30.5 x 20.3 cm)" the part in brackets, where it is within 2 %.
    """
    whole = " ".join(text.casefold().split())
    if found := re.fullmatch(r"([^()]+)\(([^()]+)\)", whole):
        first, second = (_parse_lengths(part.strip(), unit, language) for part in found.groups())
        both = first is not None and second is not None and len(first) == len(second)
        same = both and all(_same(a, b) for a, b in zip(first or (), second or (), strict=True))
        return second if same else first
    return _parse_lengths(whole, unit, language)


def _parse_lengths(text: str, unit: str, language: str) -> tuple[Quantity, ...] | None:
    parts = re.split(_TIMES, text)
    last = re.sub(rf"^{_NUMBER}", "", parts[-1]).strip() or unit
    found = [_parse_amount(p, last, language) for p in parts]
    lengths = tuple(q for q in found if q is not None and q.unit == "cm")
    return lengths if len(lengths) == len(parts) else None


@cache
def _tables() -> dict:
    tables = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    tables["of"] = {name: pint for pint, names in tables["names"].items() for name in names}
    return tables


@cache
def _registry():
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


@cache
def _find_unit(name: str) -> tuple[str, str] | None:
    """(canonical unit, pint's name of the unit as written; empty: not converted); None: unknown."""
    tables = _tables()
    own = tables["of"].get(name) or tables["of"].get(name.rstrip("."))
    if own is None:
        return None
    if own.startswith("="):
        return own[1:], ""
    dimension = _registry().Unit(own).dimensionality
    for kind, pint_name in tables["pint_names"].items():
        if _registry().Unit(pint_name).dimensionality == dimension:
            return kind, own
    return None


def _find_repeated(name: str) -> tuple[str, str] | None:
    """The unit of "мл/ml": one unit in two alphabets."""
    found = {_find_unit(part.strip()) for part in name.split("/")}
    return found.pop() if len(found) == 1 else None


def _convert(amount: Decimal, pint_name: str, kind: str) -> Decimal:
    if pint_name == "degree_Fahrenheit":
        degrees = _registry().Quantity(float(amount), pint_name).to("degree_Celsius").magnitude
        return Decimal(repr(float(degrees)))
    return amount * _factor(pint_name, _tables()["pint_names"][kind])


@cache
def _factor(pint_name: str, target: str) -> Decimal:
    if pint_name == target:
        return Decimal(1)
    return Decimal(f"{_registry().Quantity(1, pint_name).to(target).magnitude:.12g}")
