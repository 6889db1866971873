"""What stands behind a cue ("Made in", "Lot", "Hersteller"): a value, or a passage of lines.

`passages.json` lists the cues by kind and language. They are looked for in every language at once,
since the language of a line is rarely known and a label has several.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from skulens.claims import Line
from skulens.verify.cues import Cue, Cues, load_cues
from skulens.verify.layout import Print, frame

SEPARATORS = " \t:：.;,-–—=#№|>«»\"'()[]/\\"
LONGEST = 300
"""Characters of a line that are looked at behind a cue."""
FAR = 8.0
"""Widest gap between a cue and a value on its right, in heights of the cue's line."""


@cache
def cues() -> Cues:
    return load_cues(__file__)


def find_cues(text: str, *kinds: str) -> list[Cue]:
    """Cues of some kinds, or of all, left to right; of words that overlap the longest counts."""
    return [cue for cue in _all_cues(text) if not kinds or cue.kind in kinds]


@lru_cache(maxsize=4096)
def _all_cues(text: str) -> tuple[Cue, ...]:
    """Kept, since every finder asks for other kinds of the same lines."""
    return tuple(cues().find(text))


def cued_lines(page: Print, *kinds: str) -> Iterator[tuple[Line, Cue]]:
    """Every line with every cue of the kinds asked for."""
    for line in page.lines:
        for cue in find_cues(line.text, *kinds):
            yield line, cue


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
    rest = line.text[cue.end : cue.end + LONGEST].strip(SEPARATORS)
    if any(c.isalnum() for c in rest):
        return Piece(rest, line)
    for one in page.after(line)[:1]:
        if frame(one.quad).left - frame(line.quad).right <= FAR * frame(line.quad).height:
            return Piece(one.text.strip(), one)
    return next((Piece(one.text.strip(), one) for one in page.below(line, 1)), None)


def passage_after(page: Print, line: Line, cue: Cue, most: int = 5) -> Passage:
    """The text from a cue to the next cue of any kind, at most so many lines."""
    rest = line.text[cue.end : cue.end + LONGEST].lstrip(SEPARATORS)
    return passage_from(page, Piece(rest, line), most)


def passage_from(page: Print, start: Piece, most: int = 5) -> Passage:
    """The text from a piece of a line to the next cue of any kind, at most so many lines."""
    pieces = []
    for piece in (start, *(Piece(one.text.strip(), one) for one in page.below(start.line, most))):
        later = next(iter(find_cues(piece.text)), None)
        text = piece.text[: later.start] if later else piece.text
        if text.strip(SEPARATORS):
            pieces.append(Piece(text.strip(), piece.line))
        if later or len(pieces) == most:
            break
    return Passage(tuple(pieces))
