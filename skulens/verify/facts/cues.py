"""Cues: the words that labels print before a value ("Made in", "Lot", "Hersteller").

`cues.json` lists them by kind and language. They are found in every language at once, since the
language of a line is rarely known and a label has several; letters lose their marks and spaces in
reading, so both are optional.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from skulens.claims import Line
from skulens.verify.layout import Print, frame

MARK = r"\s*[:：.#=№]"
"""What stands behind a cue that is too common a word to count alone."""
SEPARATORS = " \t:：.;,-–—=#№|>«»\"'()[]/\\"
FAR = 8.0
"""Widest gap between a cue and a value on its right, in heights of the cue's line."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue in a text."""

    kind: str
    start: int
    end: int


def find_cues(text: str, *kinds: str) -> list[Cue]:
    """Cues of the kinds asked for, left to right; of two that overlap the longer."""
    found = [
        Cue(kind, match.start(), match.end())
        for kind in kinds
        for match in _pattern(kind).finditer(text)
    ]
    kept: list[Cue] = []
    for cue in sorted(found, key=lambda c: (c.start - c.end, c.start)):
        if all(cue.end <= other.start or cue.start >= other.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)


@cache
def kinds() -> tuple[str, ...]:
    return tuple(kind for kind in _table() if kind != "note")


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    cues = {cue for one in _table()[kind].values() for cue in one}
    return re.compile(
        "|".join(expression(cue) for cue in sorted(cues, key=len, reverse=True)), re.IGNORECASE
    )


def expression(cue: str) -> str:
    """A cue as a regular expression: marks, spaces and dots are optional, words are whole.

    Languages without spaces between words have no word to be whole.
    """
    bare = cue.removesuffix(":").rstrip(".")
    body = "".join(_letter(c) for c in bare)
    spaced = bare[0] < "\u0e00"
    before = r"(?<![^\W_])" if spaced else ""
    after = r"(?![^\W\d_])" if spaced and " " not in bare else ""
    return before + body + after + (MARK if cue.endswith(":") else "")


def _letter(character: str) -> str:
    if character in " .":
        return r"[\s.]*"
    plain = unicodedata.normalize("NFD", character)[0]
    return (
        f"[{character}{plain}]" if plain != character and plain.isascii() else re.escape(character)
    )


# ----- what follows a cue ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line."""

    text: str
    line: Line


@dataclass(frozen=True, eq=False)
class Passage:
    """Pieces as one text, a line end between them, that still knows its lines."""

    pieces: tuple[Piece, ...]

    @cached_property
    def text(self) -> str:
        return "\n".join(piece.text for piece in self.pieces)

    def lines(self, start: int, end: int) -> tuple[Line, ...]:
        """Lines that text[start:end] stands on."""
        found, at = [], 0
        for piece in self.pieces:
            if at < end and start < at + len(piece.text):
                found.append(piece.line)
            at += len(piece.text) + 1
        return tuple(dict.fromkeys(found))


def value_after(page: Print, line: Line, cue: Cue) -> Piece | None:
    """What a cue announces: the rest of its line, else the next line to the right, else below."""
    rest = line.text[cue.end :].strip(SEPARATORS)
    if any(c.isalnum() for c in rest):
        return Piece(rest, line)
    for one in page.after(line)[:1]:
        if frame(one.quad).left - frame(line.quad).right <= FAR * frame(line.quad).height:
            return Piece(one.text.strip(), one)
    return next((Piece(one.text.strip(), one) for one in page.below(line, 1)), None)


def passage_after(page: Print, line: Line, cue: Cue, most: int = 5) -> Passage:
    """The text from a cue to the next cue of any kind, at most so many lines."""
    return passage_from(page, Piece(line.text[cue.end :].lstrip(SEPARATORS), line), most)


def passage_from(page: Print, start: Piece, most: int = 5) -> Passage:
    """The text from a piece of a line to the next cue of any kind, at most so many lines."""
    pieces = []
    line = start.line
    for piece in (start, *(Piece(one.text.strip(), one) for one in page.below(line, most))):
        later = next(iter(find_cues(piece.text, *kinds())), None)
        text = piece.text[: later.start] if later else piece.text
        if text.strip(SEPARATORS):
            pieces.append(Piece(text.strip(), piece.line))
        if later or len(pieces) == most:
            break
    return Passage(tuple(pieces))


def cued_lines(page: Print, *wanted: str) -> Iterator[tuple[Line, Cue]]:
    """Every line with every cue of the kinds asked for."""
    for line in page.lines:
        for cue in find_cues(line.text, *wanted):
            yield line, cue
