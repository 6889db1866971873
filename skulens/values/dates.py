"""Dates as labels print them: ISO, day first, month names in five languages, Buddhist years."""

import datetime
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from skulens.values.text import ascii_digits, fold

BUDDHIST = 543
"""The Thai calendar counts so many years more."""
FIRST_BUDDHIST = 2400
"""Years from here on are Buddhist ones (1857): no label shows the year 2400 of our era."""
MONTHS = {
    "en": "january february march april may june july august september october november december",
    "en short": "jan feb mar apr may jun jul aug sep oct nov dec",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "id short": "jan feb mar apr mei jun jul agu sep okt nov des",
    "ms": "januari februari mac april mei jun julai ogos september oktober november disember",
    "ms short": "jan feb mac apr mei jun jul ogo sep okt nov dis",
    "th": "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม "
          "พฤศจิกายน ธันวาคม",
    "th short": "มค กพ มีค เมย พค มิย กค สค กย ตค พย ธค",
}  # fmt: skip
"""Twelve names each, dots left out; Vietnamese says "tháng 3"."""
_ALSO = {"sept": 9, "agt": 8, "ags": 8, "peb": 2, "nop": 11}
_CUES = (
    "exp", "expiry", "expires", "expiration", "date", "best before", "best by", "use by", "before",
    "end", "bb", "bbe", "bbd", "mfg", "mfd", "packed on", "on",
    "baik digunakan sebelum", "baik sebelum", "tarikh luput", "kedaluwarsa",
    "hsd", "nsx", "hạn sử dụng", "ngày sản xuất", "ngày",
    "ควรบริโภคก่อน", "วันหมดอายุ", "หมดอายุ", "วันที่", "วันผลิต",
)  # fmt: skip
_CUE = re.compile(rf"^(?:(?:{'|'.join(sorted(_CUES, key=len, reverse=True))})[\s.:]*)+")
_ERA = re.compile(r"\b(?:b\.?e\.?|năm|tahun)(?=\W|$)|พ\.?\s?ศ\.?|ค\.?\s?ศ\.?")
Precision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date, as exact as it is printed."""

    iso: str
    """ISO 8601: "2027-03-14", "2027-03" or "2027"."""
    precision: Precision


def parse_date(text: str, language: str = "") -> PrintedDate | None:
    """A date with or without a cue such as "EXP" before it.

    Numbers are read year first where the first has four digits, day first otherwise; month first
    only where that alone is possible ("03/14/2027"). Two digits of a year are 20xx, in Thai
    (`language` "th", or a Thai month) from 60 on the Buddhist 25xx. `language` "en-US" reads the
    month first wherever that is possible. None for what is not a date: "31/02/2027", a lone number
    that is not a year, two dates.
    """
    folded = _CUE.sub("", ascii_digits(fold(text)).strip())
    folded = re.sub(r"t00:00(?::00)?z?$", "", _ERA.sub(" ", folded))
    if re.search("[\u0e01-\u0e2e]", folded):
        language = "th"
    names, numbers, order = _tokens(folded)
    if names is None or len(names) > 1:
        return None
    if names:
        return _with_name(names[0], numbers, order, language)
    return _of_numbers(numbers, language)


def _tokens(text: str) -> tuple[list[int] | None, list[str], int]:
    """(months named, numbers as written, numbers before the name); None: other words."""
    text = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"tháng\s*(\d{1,2})", lambda m: f" month{int(m[1])} ", text)
    text = re.sub(r"(?<=[^\W\d])\.|(?<=[\u0e01-\u0e4e])\.", "", text)
    names, numbers, before = [], [], 0
    for token in re.findall(r"month\d+|\d+|[^\W\d][^\s\d.,/\-]*", text):
        if token.isdigit():
            numbers.append(token)
            continue
        month = int(token[5:]) if token.startswith("month") else _months().get(token, 0)
        if not 1 <= month <= 12:
            return None, [], 0
        names.append(month)
        before = len(numbers)
    return names, numbers, before


@cache
def _months() -> dict[str, int]:
    table = {n: i for names in MONTHS.values() for i, n in enumerate(names.split(), 1)}
    return table | _ALSO


def _with_name(month: int, numbers: list[str], before: int, language: str) -> PrintedDate | None:
    if len(numbers) == 1:
        return _date(_year(numbers[0], language), month)
    if len(numbers) != 2:
        return None
    first, second = numbers
    day, year = (second, first) if len(first) == 4 and before else (first, second)
    return _date(_year(year, language), month, int(day))


def _of_numbers(numbers: list[str], language: str) -> PrintedDate | None:
    if len(numbers) == 1 and len(numbers[0]) in (6, 8):
        return _of_run(numbers[0], language)
    if len(numbers) == 1:
        return _date(_year(numbers[0], language)) if len(numbers[0]) == 4 else None
    if len(numbers) == 2:
        year_first = len(numbers[0]) == 4
        year, month = numbers if year_first else reversed(numbers)
        return _date(_year(year, language), int(month))
    if len(numbers) != 3:
        return None
    if len(numbers[0]) == 4:
        return _date(_year(numbers[0], language), int(numbers[1]), int(numbers[2]))
    first, second, last = int(numbers[0]), int(numbers[1]), _year(numbers[2], language)
    american = language.casefold().replace("_", "-") == "en-us"
    month_first = first <= 12 if american else second > 12
    return _date(last, first, second) if month_first else _date(last, second, first)


def _of_run(digits: str, language: str) -> PrintedDate | None:
    """Digits without separators: yyyymmdd, else ddmmyyyy; ddmmyy, else yyyymm."""
    found = None
    if len(digits) == 6:
        found = _of_numbers([digits[:2], digits[2:4], digits[4:]], language)
        return found or _of_numbers([digits[:4], digits[4:]], language)
    if digits[:2] in ("19", "20", "24", "25"):
        found = _of_numbers([digits[:4], digits[4:6], digits[6:]], language)
    return found or _of_numbers([digits[:2], digits[2:4], digits[4:]], language)


def _year(text: str, language: str) -> int | None:
    year = int(text)
    if len(text) == 2:
        return (
            2500 + year - BUDDHIST
            if language[:2].casefold() == "th" and year >= 60
            else 2000 + year
        )
    if len(text) != 4:
        return None
    return year - BUDDHIST if year >= FIRST_BUDDHIST else year


def _date(year: int | None, month: int | None = None, day: int | None = None) -> PrintedDate | None:
    if year is None or not 1900 <= year <= 2199:
        return None
    try:
        checked = datetime.date(year, 1 if month is None else month, 1 if day is None else day)
    except (ValueError, OverflowError):
        return None
    if month is None:
        return PrintedDate(f"{year:04d}", "year")
    if day is None:
        return PrintedDate(f"{year:04d}-{month:02d}", "month")
    return PrintedDate(checked.isoformat(), "day")
