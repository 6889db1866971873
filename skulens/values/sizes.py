"""Sizes of clothes and shoes as written: letters, or a number with its system; none is converted.

EU 42 and UK 8 are different sizes here: tables of conversion differ from brand to brand.
"""

import re
from dataclasses import dataclass
from typing import Literal

from skulens.values.numbers import parse_number, write_number
from skulens.values.text import fold

System = Literal["letters", "EU", "US", "UK", "JP", "AU", "FR", "IT", "one size", "waist x leg", ""]
_SYSTEMS: dict[str, System] = {
    "eu": "EU", "eur": "EU", "us": "US", "usa": "US", "uk": "UK", "gb": "UK", "jp": "JP",
    "jpn": "JP", "au": "AU", "aus": "AU", "fr": "FR", "it": "IT",
}  # fmt: skip
_WORDS = {
    "extra small": "XS", "x small": "XS", "small": "S", "kecil": "S", "nhỏ": "S", "เล็ก": "S",
    "medium": "M", "sedang": "M", "sederhana": "M", "vừa": "M", "กลาง": "M", "large": "L",
    "besar": "L", "lớn": "L", "ใหญ่": "L", "extra large": "XL", "x large": "XL",
}  # fmt: skip
_ONE = (
    "one size", "onesize", "one size fits all", "one size fits most", "free size", "freesize",
    "all size", "os", "satu ukuran", "semua ukuran", "saiz bebas", "một cỡ", "ฟรีไซส์", "ฟรีไซซ์",
)  # fmt: skip
_LEAD = re.compile(r"^(?:size|sz|ukuran|saiz|cỡ|kích cỡ|ขนาด|ไซส์|ไซซ์)[\s:.]*")
_LETTERS = re.compile(r"(?:(\d{1,2})\s*x|(x*))[\s-]*([sml])(?:mall|edium|arge)?")
_WAIST = re.compile(r"w\s*(\d{2})\s*[/x ,-]*\s*l\s*(\d{2})")
_MARKED = re.compile(r"([a-z]+)[\s:.-]*(\d+(?:[.,]\d+)?(?:\s+\d/\d)?)")
_MARKED_AFTER = re.compile(r"(\d+(?:[.,]\d+)?(?:\s+\d/\d)?)\s*\(?([a-z]+)\)?")


@dataclass(frozen=True, slots=True)
class Size:
    """A size in a system."""

    system: System
    """Empty: a bare number, whose system nobody wrote."""
    value: str
    """"XL", "3XL", "42", "8.5", "W32 L34"."""

    def __str__(self) -> str:
        spoken = self.system not in ("letters", "waist x leg")
        return f"{self.system} {self.value}".strip() if spoken else self.value


def parse_size(text: str) -> Size | None:
    """A size; None for several ("EU 42 / UK 8"), for measures with a unit and for other words."""
    folded = " ".join(_LEAD.sub("", fold(text).strip().strip("()")).split())
    if folded in _ONE:
        return Size("one size", "")
    word = _WORDS.get(folded.replace("-", " "))
    if word:
        return Size("letters", word)
    if found := _LETTERS.fullmatch(folded):
        return _parse_letters(found)
    if found := _WAIST.fullmatch(folded):
        return Size("waist x leg", f"W{found[1]} L{found[2]}")
    if found := _MARKED.fullmatch(folded):
        return _parse_marked(*found.groups())
    if found := _MARKED_AFTER.fullmatch(folded):
        return _parse_marked(found[2], found[1])
    number = parse_number(folded)
    return Size("", write_number(number)) if number is not None and folded[0].isdigit() else None


def _parse_letters(found: re.Match[str]) -> Size | None:
    """XXL is 2XL; None for "XM"."""
    times, xs, letter = found.groups()
    n = int(times) if times else len(xs)
    if letter == "m" and n:
        return None
    return Size("letters", letter.upper() if not n else f"{'' if n == 1 else n}X{letter.upper()}")


def _parse_marked(system: str, number: str) -> Size | None:
    if system not in _SYSTEMS or (value := parse_number(number)) is None:
        return None
    return Size(_SYSTEMS[system], write_number(value))
