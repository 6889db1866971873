"""Certification marks as text: a closed list, `marks.csv`.

Only what is printed as letters can be found here; symbols (the bin, the tidyman, the Green Dot)
need a detector of pictures. Short marks are ordinary words elsewhere ("CE" is French for "this"),
so of them only a whole line of marks counts.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.verify.facts.found import Found
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print

FIELD = "attributes.certifications"
SECOND = 0.5
"""Confidence of a line as the other engine reads it: its own is not known."""
BETWEEN = re.compile(r"[\s,;|/•·]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of the list."""

    name: str
    whole_line: bool
    """Whether it counts only on a line of marks."""
    pattern: re.Pattern[str]


def find(page: Print) -> Iterator[Found]:
    """Marks as printed, each once per line."""
    for line in page.lines:
        seen: set[str] = set()
        for text, confidence in _texts(line):
            for value in find_marks(text):
                if value.casefold() not in seen:
                    seen.add(value.casefold())
                    twice = text == line.text and is_read_twice(line, value)
                    yield Found(
                        FIELD, value, evidence=page.evidence([line], value), confidence=confidence,
                        witness="second reader" if twice else "",
                    )  # fmt: skip


def _texts(line: Line) -> Iterator[tuple[str, float]]:
    yield line.text, line.confidence
    if line.second:
        yield line.second, min(line.confidence, SECOND)


def find_marks(text: str) -> list[str]:
    """Marks in a line of print, as they stand there."""
    whole = text.strip()
    if name_mark(whole):
        return [whole]
    words = BETWEEN.split(whole)
    if len(words) > 1 and all(name_mark(word) for word in words):
        return list(dict.fromkeys(words))
    inside = (mark for mark in marks() if not mark.whole_line)
    found = (match.group().strip() for mark in inside for match in mark.pattern.finditer(text))
    return list(dict.fromkeys(found))


def name_mark(text: str) -> str:
    """The name of the mark that a text is: "CE0123" is "CE"; "" for no mark of the list."""
    bare = text.strip()
    return next((m.name for m in marks() if m.pattern.fullmatch(bare) or m.name == bare), "")


@cache
def marks() -> tuple[Mark, ...]:
    """All rows, in the order of the file."""
    path = Path(__file__).with_suffix(".csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Mark(
                row["name"],
                row["where"] == "line",
                re.compile(rf"(?<![^\W_])(?:{row['pattern']})(?![^\W_])"),
            )
            for row in csv.DictReader(file)
        )
