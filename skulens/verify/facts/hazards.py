"""Hazards: GHS codes of the closed list, and the warning of California's Proposition 65.

Codes: UN GHS rev. 10 and Regulation (EC) 1272/2008 (`ghs.csv`, with the English statements, which
labels may print without their codes).
"""

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz

from skulens.claims import Line
from skulens.values.text import drop_punctuation, fold
from skulens.verify.facts.found import Found, lowest
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print, join

CODES, WARNINGS = "attributes.hazard_codes", "attributes.warnings"
CODE = re.compile(
    r"(?<![A-Za-z0-9])(?:EUH\s?\d{3}A?|[HP]\s?\d{3}(?:i|FD|Fd|Df|fd|F|D|f|d)?)(?![A-Za-z0-9])"
)
ALIGNED = 90.0
"""Least similarity of words, in percent, at which a text is the text looked for."""
PROP_65 = re.compile(
    r"p65warnings\s?\.\s?ca\s?\.\s?gov|prop(?:osition)?\.?\s?65|state of california", re.I
)
PROP_65_PHRASES = (
    "known to the state of california to cause cancer",
    "known to the state of california to cause birth defects or other reproductive harm",
    "cancer and reproductive harm www p65warnings ca gov",
    "cancer www p65warnings ca gov",
    "reproductive harm www p65warnings ca gov",
)
SPAN = 6
"""Most lines of one warning."""


def find(page: Print) -> Iterator[Found]:
    """Codes, then the Proposition 65 warning."""
    for line in page.lines:
        for code in find_codes(line.text):
            yield Found(
                CODES, code, evidence=page.evidence([line], code), confidence=line.confidence,
                witness="second reader" if is_read_twice(line, code) else "",
            )  # fmt: skip
    yield from _prop_65(page)


def find_codes(text: str) -> list[str]:
    """Codes of the standard in a text, without spaces ("H 319" is "H319"); each once."""
    found = (re.sub(r"\s", "", match.group()) for match in CODE.finditer(text))
    return list(dict.fromkeys(code for code in found if code in statements()))


def malformed_codes(text: str) -> list[str]:
    """What looks like a code and is none: "H999"; a text without any code is one whole."""
    codes = [c for c in re.split(r"[\s,;+/]+", re.sub(r"(?<=[HP])\s(?=\d)", "", text.strip())) if c]
    return [code for code in codes if code not in statements()]


@cache
def statements() -> dict[str, str]:
    """Code -> its English statement."""
    path = Path(__file__).with_name("ghs.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["text"] for row in csv.DictReader(file)}


# ----- Proposition 65 -----------------------------------------------------------------------------


def words_of(text: str) -> str:
    return drop_punctuation(fold(text))


def _prop_65(page: Print) -> Iterator[Found]:
    """The warning as printed, where it says what the law says."""
    for line in page.lines:
        if not PROP_65.search(line.text):
            continue
        lines = _around(page, line)
        text = join(lines)
        words = words_of(text)
        if any(_stands_in(phrase, words) for phrase in PROP_65_PHRASES):
            yield Found(
                WARNINGS, text, evidence=page.evidence(lines), confidence=lowest(lines)
            )  # fmt: skip
            return


def _stands_in(phrase: str, words: str) -> bool:
    """Whether a text as long as the phrase, or longer, says it word by word."""
    enough = len(words) >= len(phrase) * ALIGNED / 100
    return enough and fuzz.partial_ratio(phrase, words) >= ALIGNED


def _around(page: Print, line: Line) -> tuple[Line, ...]:
    """The block of the warning: from the line that says "warning" above it to the line itself."""
    at = next(i for i, one in enumerate(page.lines) if one is line)
    for back in range(min(SPAN, at + 1)):
        if re.search(r"warning", page.lines[at - back].text, re.IGNORECASE) and (
            back or not PROP_65.match(line.text)
        ):
            return page.lines[at - back : at + 1 + _ends(page, at)]
    return page.lines[at : at + 1]


def _ends(page: Print, at: int) -> int:
    """Further lines up to the web address that ends the warning."""
    for n in range(SPAN):
        if at + n < len(page.lines) and "p65warnings" in page.lines[at + n].text.casefold():
            return n
    return 0
