"""Which engine's letters to keep, line by line: rules on what engines read, without any engine.

PP-OCRv6 says nothing for letters that it does not know: of a Cyrillic line it leaves the points,
the digits and the gaps, "     +5°   +25° ." with a confidence of 0.8. Such a line is *emptied*: its
box has room for far more letters than its text has. On pages that hold several of them, lines of
letters which Latin and Cyrillic share ("PA3PA6OTKA") and unclear lines are doubted too.
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from skulens.claims import Line
from skulens.verify.text.boxes import length_of

PER_HEIGHT = 0.8
"""Letters and digits that a length of one line height has at least; in print it has 1.5 to 4."""
WIDE = 2.5
"""Width over height from which a box is wide enough to count on that."""
FOREIGN_LINES = 2
FOREIGN_SHARE = 0.15
"""Emptied lines, and their share of the wide ones, from which a page holds another script."""
UNCLEAR = 0.9
"""Confidence of PP-OCRv6 below which a line of such a page is doubted."""
SHARED = frozenset("ABCEHIKMOPTXYaceiopxyЗ0346")
"""Letters and digits that Cyrillic letters look like."""
MOST_SHARED = 0.75
"""Share of them from which a line may be Cyrillic."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the letters of a script are read."""

    script: str
    """First word of its letters' Unicode names."""
    languages: tuple[str, ...]
    """ISO 639-1 codes."""
    packs: tuple[str, ...]
    """Of tesseract; the last may be "eng", for Latin words in between."""
    lines: str
    """What tesseract is asked for: "emptied" (boxes of PP-OCRv6 whose letters it does not know),
    "all" (every box), "own" (the whole picture, which it divides itself)."""
    measured: str
    """On what; empty: the route is taken only for a language that is given."""


@cache
def load_routes() -> tuple[Route, ...]:
    rows = json.loads((files(__package__) / "routes.json").read_text(encoding="utf-8"))
    return tuple(
        Route(
            row["script"], tuple(row["languages"]), tuple(row["packs"]), row["lines"],
            row["measured"],
        )
        for row in rows
    )  # fmt: skip


def routes_for(languages: Sequence[str]) -> tuple[Route, ...]:
    """Routes that the languages ask for; of unknown languages, measured ones that a page itself
    asks for."""
    if languages:
        return tuple(r for r in load_routes() if set(r.languages) & set(languages))
    return tuple(r for r in load_routes() if r.measured and r.lines == "emptied")


# ----- what a line of PP-OCRv6 tells -----------------------------------------------------------


def is_emptied(line: Line) -> bool:
    """Whether a line's box has room for far more letters than were read."""
    room = length_of(line.quad)
    return room >= WIDE and count_letters(line.text) < PER_HEIGHT * room


def is_foreign(lines: Sequence[Line]) -> bool:
    """Whether a page holds letters that PP-OCRv6 does not know."""
    wide = [line for line in lines if length_of(line.quad) >= WIDE]
    emptied = sum(is_emptied(line) for line in wide)
    return emptied >= max(FOREIGN_LINES, FOREIGN_SHARE * len(wide))


def is_doubtful(line: Line) -> bool:
    """Whether a line of a foreign page may be of the other script."""
    letters = [c for c in line.text if c.isalnum()]
    shared = sum(c in SHARED for c in letters)
    return line.confidence < UNCLEAR or (
        any(c.isalpha() for c in letters) and shared >= MOST_SHARED * len(letters)
    )


def lines_to_ask(lines: Sequence[Line], route: Route, told: bool) -> list[int]:
    """Numbers of the lines whose letters tesseract is asked for.

    Args:
        told: whether the language was given, not guessed from the page.
    """
    if route.lines == "all":
        return [i for i, line in enumerate(lines) if line.text]
    foreign = told or is_foreign(lines)
    return [
        i for i, line in enumerate(lines) if is_emptied(line) or (foreign and is_doubtful(line))
    ]


# ----- whose letters ---------------------------------------------------------------------------


def count_letters(text: str) -> int:
    """Letters and digits, combining marks not counted."""
    return sum(c.isalnum() for c in text)


def share_of_script(text: str, script: str) -> float:
    """Share of a text's letters that belong to a script; 0 without letters."""
    letters = [c for c in text if c.isalpha()]
    return sum(_script(c) == script for c in letters) / len(letters) if letters else 0.0


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]
