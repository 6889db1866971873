"""Electrical ratings: voltage, current, power and frequency of the plate.

What goes in is the rating. What a driver or charger gives out has the same units, and a number
alone on a front ("12V") need not be the plate's, so the first is left out and the second in doubt; of amperes alone nothing is said, for houses
have numbers such as "86 A".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.numbers import NUMBER
from skulens.values.units import parse_quantity
from skulens.verify.facts.found import Found
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print

PATHS = {
    "V": "attributes.voltage",
    "A": "attributes.current",
    "W": "attributes.power",
    "Hz": "attributes.frequency",
}
"""Canonical unit -> path."""
RATING = "attributes.rating"
LETTERS = {"V": "V", "A": "A", "mA": "A", "W": "W", "kW": "W", "Hz": "Hz"}
"""Unit as plates write it -> canonical."""
AMOUNT = re.compile(
    rf"(?<![\w.,])(?:max(?:imum|\.)?\s*)?(?:{NUMBER})"
    rf"(?:\s?(?:V|A|W|Hz)?\s?[-–~/]\s?(?:{NUMBER}))?\s?(?P<unit>mA|kW|Hz|V|A|W)(?![^\W_])"
    r"(?:\s?(?:~|⎓|===?|[ad]c\b))?",
    re.IGNORECASE,
)
"""Amounts with their unit: "220V-240V~", "50/60Hz", "MAX144W"; the unit in its own letters."""
NO_PLATE = "stands alone"


@dataclass(frozen=True, slots=True)
class RatedAmount:
    """A number with an electrical unit in a line."""

    text: str
    unit: str
    """Canonical."""
    start: int
    end: int


def find(page: Print) -> Iterator[Found]:
    """Each kind as the plate says it, and the plate's line itself."""
    for line in page.lines:
        amounts = [a for a in find_amounts(line.text) if not _is_output(line.text[: a.start])]
        kinds = {a.unit for a in amounts}
        plate = len(kinds) >= 2
        for amount in amounts:
            cued = _cue_of(line.text[: amount.start], amount.unit)
            if amount.unit == "A" and not plate and not cued:
                continue
            yield _found(page, line, PATHS[amount.unit], amount.text, plate or cued)
        if plate and "V" in kinds:
            whole = line.text[amounts[0].start : amounts[-1].end]
            yield _found(page, line, RATING, whole, True)


def _found(page: Print, line: Line, path: str, value: str, sure: bool) -> Found:
    return Found(
        path, value, evidence=page.evidence([line], value), confidence=line.confidence,
        witness="second reader" if is_read_twice(line, value) else "",
        doubt="" if sure else NO_PLATE,
    )  # fmt: skip


def find_amounts(text: str) -> list[RatedAmount]:
    """Amounts of a line, left to right."""
    found = []
    for match in AMOUNT.finditer(text):
        unit = LETTERS.get(match["unit"])
        if unit and _is_amount(match.group()):
            found.append(RatedAmount(match.group().strip(), unit, match.start(), match.end()))
    return found


def _is_amount(text: str) -> bool:
    """Whether pint's table knows it; of "12/24V" and "50/60Hz" the second half."""
    return parse_quantity(text) is not None or parse_quantity(text.rpartition("/")[2]) is not None


def _is_output(before: str) -> bool:
    """Whether the last word for a direction says that the amount comes out."""
    last = None
    for match in _words("directions").finditer(before):
        last = match
    return last is not None and last.group().casefold() in _outputs()


def _cue_of(before: str, unit: str) -> bool:
    """Whether a cue of the unit's kind stands before it: "Power:", "P:", "Nennspannung"."""
    return _words(unit).search(before[-40:]) is not None or _words("any").search(before) is not None


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def _outputs() -> frozenset[str]:
    return frozenset(_table()["output"])


@cache
def _words(kind: str) -> re.Pattern[str]:
    table = _table()
    words = table["input"] + table["output"] if kind == "directions" else table[kind]
    body = "|".join(
        re.escape(w) if w[0] > "\u0e00" else rf"(?<![^\W_]){re.escape(w)}(?![^\W\d_])"
        for w in sorted(words, key=len, reverse=True)
    )
    return re.compile(body, re.IGNORECASE)
