"""Warnings: a signal word and what it announces, or a phrase that is a warning by itself."""

import re
from collections.abc import Iterator
from functools import cache

from skulens.claims import Line
from skulens.verify.cues import Cue, Cues, load_cues
from skulens.verify.facts.found import Found, lowest
from skulens.verify.facts.passages import SEPARATORS, Passage, Piece, find_cues
from skulens.verify.layout import Print, join_texts

FIELD = "attributes.warnings"
MOST = 6
"""Lines of one warning."""
LEAST = 8
"""Characters of a warning."""
UNENDED = "may go on"
"""Doubt of a warning whose last sentence has no end."""
HEADING = re.compile(r"\s*[^\W\d_a-zа-яґєії][^:.]{2,28}:\s")
"""The beginning of another paragraph: "Directions: "."""
SENTENCE = re.compile(r"[.!](?=\s|$)")


@cache
def cues() -> Cues:
    """Kinds: "signal" words announce a warning, "phrases" are the beginning of one."""
    return load_cues(__file__)


def find(page: Print) -> Iterator[Found]:
    """One value per warning, as printed and with its signal word.

    Behind a signal word it goes on to the next cue or the end of the paragraph; a phrase without
    one goes on to the end of its sentence.
    """
    taken: set[int] = set()
    for line in page.lines:
        cue = cues().first(line.text)
        if cue is None or id(line) in taken or not _begins(line.text, cue.start):
            continue
        passage = _passage(page, line, cue)
        value = _joined(passage)
        if cue.kind == "phrases" and (end := SENTENCE.search(value)):
            value = value[: end.end()]
        rest = value[cue.end - cue.start :].strip(SEPARATORS + "!")
        if len(value) < LEAST or not rest:
            continue
        lines = _lines_of(passage, value)
        taken |= {id(one) for one in lines}
        yield Found(
            FIELD, value.strip(" ,;:|-"), language=cue.language(page.languages),
            evidence=page.evidence(lines), confidence=lowest(lines),
            doubt="" if value.rstrip()[-1] in ".!" else UNENDED,
        )  # fmt: skip


def _begins(text: str, start: int) -> bool:
    """Whether a sentence may begin there: at the line's start or behind punctuation."""
    before = text[:start].rstrip()
    return not re.search(r"[^\W\d_]{2}", before) or before[-1] in ".!:;•|*/)»-–"


def _passage(page: Print, line: Line, cue: Cue) -> Passage:
    """The text from a cue on: its line, and the lines of its paragraph up to another cue."""
    pieces = [Piece(line.text[cue.start :].strip(), line)]
    later = [one for strip in page.paragraph(line) for one in strip.lines]
    for one in later[1:MOST]:
        other = cues().first(one.text)
        stop = next((c for c in find_cues(one.text) if c.kind != "alarm"), None)
        if (other and other.start < 3) or (stop and stop.start < 3) or HEADING.match(one.text):
            break
        text = one.text[: stop.start] if stop else one.text
        pieces.append(Piece(text.strip(), one))
        if stop:
            break
    return Passage(tuple(pieces))


def _joined(passage: Passage) -> str:
    return join_texts(piece.text for piece in passage.pieces)


def _lines_of(passage: Passage, value: str) -> tuple[Line, ...]:
    """Lines that a beginning of the passage stands on."""
    lines, length = [], 0
    for piece in passage.pieces:
        if length < len(value):
            lines.append(piece.line)
        length += len(piece.text) + 1
    return tuple(dict.fromkeys(lines))
