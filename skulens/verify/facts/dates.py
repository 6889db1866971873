"""Dates of expiry and production: behind cue words, in the calendar of the label.

A date without a cue is no claim, for it may be either, or that of a licence or a test.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.dates import PrintedDate, parse_date
from skulens.values.text import ascii_digits
from skulens.verify.cues import Cue, Cues, Following, plain, what_follows
from skulens.verify.facts.found import Found, lowest
from skulens.verify.layout import Print

PREFIX = "attributes."
EXPIRY, PRODUCTION = "attributes.expiry_date", "attributes.production_date"
ASIDE = 25
"""Most letters between a cue and its date: "best before end (see side):"."""
SPAN = 100
"""Characters behind a cue in which its date begins."""
MOST = 7
"""Most tokens of a date, separators included: "12 . march - 2027" has five."""
LONGEST = 8
"""Most digits of a date written without separators."""
_TOKEN = re.compile(r"\d+|[^\W\d_]+\.?|[\s./\-·]+|.", re.S)
_DIGIT_BEFORE = re.compile(r"\d\s?[^\w\s()]\s?$")
_DIGIT_BEHIND = re.compile(r"\s?[^\w\s:()]\s?\d")
_SEPARATOR = re.compile(r"[\s./\-·]+")
_TIME = re.compile(r"(?:(?<!\d)|(?<=[./-]\d{4}))\d{1,2}\s?:\s?\d{2}(?::\d{2})?")
"""Of day, also right behind a year: "07.202203:38"."""


@cache
def _tables() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def cues() -> Cues:
    return Cues(_tables()["cues"])


@cache
def _months() -> dict[str, str]:
    """Folded name of a month -> its English name."""
    english = (
        "january february march april may june july august september october november december"
    )
    return {
        plain(name): month
        for names in _tables()["months"].values()
        for name, month in zip(names.split(), english.split(), strict=True)
    }


# ----- dates in a text ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DateText:
    """A date in a text."""

    date: PrintedDate
    text: str
    """As printed; ISO 8601 where `values.dates` does not know the month's name."""
    start: int
    ambiguous: bool
    """Whether day and month could change places."""
    cut: bool = False
    """Whether a digit stands right beside it, so that it may be a part of a longer date."""


def find_dates(text: str, language: str = "") -> Iterator[DateText]:
    """Dates of a text, each as long as it can be read as one; times of day are none."""
    text = _TIME.sub(lambda m: ":" * len(m.group()), text)
    tokens = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    at = 0
    while at < len(tokens):
        end = _longest(text, tokens, at)
        for last in range(end, at, -1):
            if found := _read(text[tokens[at][1] : tokens[last - 1][2]], language):
                cut = _is_cut(text, tokens[at][1], tokens[last - 1][2])
                yield replace(found, start=tokens[at][1], cut=cut)
                at = last - 1
                break
        at += 1


def _longest(text: str, tokens: Sequence[tuple[str, int, int]], at: int) -> int:
    """End of the run of numbers, months and separators that begins at a token."""
    end = at
    while end < min(len(tokens), at + MOST):
        token = tokens[end][0]
        number = token.isdigit() and len(token) <= LONGEST
        if not (number or _SEPARATOR.fullmatch(token) or _is_month(token)):
            break
        end += 1
    while end > at and _SEPARATOR.fullmatch(tokens[end - 1][0]):
        end -= 1
    return end if tokens[at][0].isdigit() or _is_month(tokens[at][0]) else at


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether a misread separator parts a date from a digit: "25,03.2027"."""
    return bool(_DIGIT_BEFORE.search(text[:start]) or _DIGIT_BEHIND.match(text[end:]))


def _is_month(word: str) -> bool:
    if not word.rstrip(".").isalpha():
        return False
    return plain(word).rstrip(".") in _months() or parse_date(f"1 {word} 2020") is not None


def _read(text: str, language: str) -> DateText | None:
    printed = text.strip(" .-/·")
    date, value = parse_date(printed, language), printed
    if date is None:
        english = re.sub(
            r"[^\W\d_]+\.?", lambda m: f" {_months().get(plain(m[0]).rstrip('.'), m[0])} ", printed
        )
        date = parse_date(english.strip(), language)
        value = date.iso if date else ""
    numbers = re.findall(r"\d+", ascii_digits(printed))
    if date is None or date.precision == "year" or not _is_written_as_date(printed, numbers):
        return None
    return DateText(date, value, 0, _is_ambiguous(numbers, bool(re.search(r"[^\W\d_]", printed))))


def _is_written_as_date(printed: str, numbers: Sequence[str]) -> bool:
    """Whether digits are parted as in dates: one long number is a code."""
    if len(numbers) > 1 or re.search(r"[^\W\d_]", printed):
        return True
    return len(numbers[0]) in (6, 8) and printed == numbers[0]


def _is_ambiguous(numbers: Sequence[str], named: bool) -> bool:
    """Whether two numbers could be day and month or month and day, or the only one beside the
    name of a month its day or its year ("18 NOV")."""
    if named:
        return len(numbers) == 1 and len(numbers[0]) <= 2 and int(numbers[0]) <= 31
    if len(numbers) != 3 or len(numbers[0]) == 4:
        return False
    first, second = int(numbers[0]), int(numbers[1])
    return first <= 12 and second <= 12 and first != second


# ----- finding --------------------------------------------------------------------------------


def find(page: Print) -> Iterator[Found]:
    """The date behind each cue."""
    day_first = is_day_first(page)
    found = []
    for line in page.lines:
        for cue in cues().find(line.text):
            if cue.kind != "other" and (one := _behind(page, line, cue, day_first)):
                found.append(one)
    yield from _doubt_order(found)


def is_day_first(page: Print) -> bool:
    """Whether a date of the picture, or the language of the label, says that the day is first."""
    for line in page.lines:
        for one in find_dates(line.text):
            numbers = [int(n) for n in re.findall(r"\d+", one.text)]
            if len(numbers) == 3 and 12 < numbers[0] <= 31 and numbers[1] <= 12:
                return True
    return bool(page.languages) and set(page.languages) <= set(_tables()["day_first"])


def _behind(page: Print, line: Line, cue: Cue, day_first: bool) -> Found | None:
    language = cue.language(page.languages)
    for following in what_follows(page, line, cue.end):
        own = following.lines[0] is line and len(following.lines) == 1
        text = following.text[:SPAN]
        stop = next((c.start for c in cues().find(text) if c.kind != cue.kind), len(text))
        first = next(find_dates(text[:stop], language), None)
        if first and stop == len(text) and following.text.endswith(first.text):
            first, following = _read_on(page, first, following, language)
        if first is None or not _is_near(text[: first.start], own):
            if own and stop < len(text) and re.search(r"\d", text):
                return None
            continue
        return _found(page, cue, first, following, language, day_first)
    return None


def _read_on(
    page: Print, date: DateText, following: Following, language: str
) -> tuple[DateText, Following]:
    """A date that goes on in the line below: "18 NOV" over "2027"."""
    for below in page.below(following.lines[-1], most=1):
        start = following.text[: date.start]
        text = f"{following.text[date.start :]} {below.text.strip()}"
        longer = next(find_dates(text, language), None)
        if longer and longer.date.precision == "day" and len(longer.text) > len(date.text):
            more = Following(start + text, (*following.lines, below))
            return replace(longer, start=date.start), more
    return date, following


def _is_near(between: str, own: bool) -> bool:
    letters = re.sub(r"[\W\d_]", "", between)
    return len(letters) <= ASIDE if own else not re.search(r"\w", between)


def _found(
    page: Print, cue: Cue, date: DateText, following: Following, language: str, day_first: bool
) -> Found:
    known = day_first or language in _tables()["day_first"]
    return Found(
        PREFIX + cue.kind, date.text, language=language,
        evidence=page.evidence(following.lines), confidence=lowest(following.lines),
        doubt=_doubt(date, known),
    )  # fmt: skip


def _doubt(date: DateText, day_first: bool) -> str:
    if date.cut:
        return "it may be a part of a longer date"
    if not date.ambiguous or (day_first and date.date.precision == "day"):
        return ""
    return "day, month and year could change places"


def _doubt_order(found: Sequence[Found]) -> Iterator[Found]:
    """Dates of expiry that are not later than one of production are in doubt, and these too."""
    isos = {id(one): _iso(one) for one in found}
    made = [isos[id(f)] for f in found if f.field == PRODUCTION]
    ends = [isos[id(f)] for f in found if f.field == EXPIRY]
    wrong = bool(made and ends) and max(made) > min(ends)
    for one in found:
        yield replace(one, doubt=one.doubt or "expires before it is made") if wrong else one


def _iso(found: Found) -> str:
    date = parse_date(found.value, found.language)
    return date.iso if date else ""
