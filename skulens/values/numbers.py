"""Numbers as people write them, in five languages."""

import re
from decimal import Decimal
from fractions import Fraction

WORDS = {
    "en": "zero one two three four five six seven eight nine ten",
    "id": "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh",
    "ms": "sifar satu dua tiga empat lima enam tujuh lapan sembilan sepuluh",
    "vi": "không một hai ba bốn năm sáu bảy tám chín mười",
    "th": "ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า สิบ",
}
"""Language -> the words for 0 to 10."""
_VALUES = {word: n for words in WORDS.values() for n, word in enumerate(words.split())}
POINT_GROUPS = ("id", "vi")
"""Languages that write 1.500,5; the others write 1,500.5."""
NUMBER = r"\d+/\d+|\d+(?:[.,]\d+)*(?:\s+\d+/\d+)?"
"""Pattern of a number in digits, with a fraction after it or alone."""
DENOMINATORS = (2, 3, 4, 5, 6, 8, 16, 32)
"""What fractions are written with; "12/24 V" is two voltages, not half a volt."""
_FRACTION = re.compile(r"(?:(\d+)\s+)?(\d+)/(\d+)")


def parse_number(text: str, language: str = "") -> Decimal | None:
    """A number in digits or a word up to ten; None for anything else.

    Of two kinds of separator the last is the decimal one; one kind seen twice groups thousands. A
    single separator with exactly three digits behind it follows the language: "1.500" is 1500 in
    Indonesian and Vietnamese, 1.5 elsewhere; "1,500" is the other way round. Every other single
    separator is decimal ("1,5", "0,125").
    """
    text = text.strip()
    if text in _VALUES:
        return Decimal(_VALUES[text])
    sign = -1 if text[:1] == "-" else 1
    text = text.lstrip("-+")
    if found := _FRACTION.fullmatch(text):
        whole, top, bottom = (int(part or 0) for part in found.groups())
        if bottom not in DENOMINATORS or top >= bottom:
            return None
        value = Fraction(top, bottom) + whole
        return sign * Decimal(value.numerator) / Decimal(value.denominator)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", text, re.ASCII):
        return None
    return sign * Decimal(_plain(text, language)) if _plain(text, language) else None


def _plain(text: str, language: str) -> str:
    """Digits with at most one point; empty where the separators make no number ("12.05.26")."""
    marks = [c for c in text if c in ".,"]
    if not marks:
        return text
    last = marks[-1]
    groups = re.split(r"[.,]", text)
    if len(marks) == 1:
        by_language = last == ("." if language[:2].casefold() in POINT_GROUPS else ",")
        thousands = len(groups[1]) == 3 and groups[0].lstrip("0") != "" and len(groups[0]) <= 3
        return "".join(groups) if thousands and by_language else ".".join(groups)
    if len(set(marks)) == 1:
        return "".join(groups) if all(len(g) == 3 for g in groups[1:]) else ""
    if marks.count(last) > 1 or any(len(g) != 3 for g in groups[1:-1]):
        return ""
    return "".join(groups[:-1]) + "." + groups[-1]


def write_number(value: Decimal) -> str:
    """Six significant digits, no exponent, no trailing zeros: "0.5", "1500"."""
    if value == value.to_integral_value() and abs(value) < Decimal(10) ** 15:
        return str(int(value))
    short = Decimal(f"{value:.6g}")
    return f"{short:f}".rstrip("0").rstrip(".") if "." in f"{short:f}" else f"{short:f}"


def rewrite_numbers(text: str, language: str = "") -> str:
    """Numbers within a text in one way of writing: decimal point, no thousands separators."""

    def one(found: re.Match[str]) -> str:
        return _plain(found[0], language) or found[0]

    return re.sub(r"(?<![\w.,])\d+(?:[.,]\d+)+(?![\w])(?![.,]\d)", one, text)
