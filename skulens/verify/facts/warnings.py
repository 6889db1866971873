"""Warnings: a signal word and what it announces, or a phrase that is a warning by itself."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.verify.facts.cues import SEPARATORS, Passage, Piece, expression, find_cues, kinds
from skulens.verify.facts.found import Found, lowest
from skulens.verify.layout import Print, height_of

FIELD = "attributes.warnings"
MOST = 6
"""Lines of one warning."""
LONGEST = 400
"""Characters of one warning."""
BIGGER = 1.6
"""Lines whose letters differ by this factor do not belong to one warning."""


def find(page: Print) -> Iterator[Found]:
    """One value per warning: from its first word to the next cue, line group or blank."""
    taken: set[int] = set()
    for at, line in enumerate(page.lines):
        match = _pattern().search(line.text)
        if at in taken or match is None or not _begins(line.text, match.start()):
            continue
        passage = _passage(page, line, match.start())
        taken |= {i for i, one in enumerate(page.lines) if one in passage.lines(0, LONGEST)}
        value = " ".join(passage.text.replace("-\n", "").split())[:LONGEST].strip(" ,;:|-")
        bare = value[match.end() - match.start() :].strip(SEPARATORS)
        lines = passage.lines(0, len(passage.text))
        if len(value) > 8 and (bare or not _is_signal(match.group())):
            yield Found(FIELD, value, evidence=page.evidence(lines), confidence=lowest(lines))


def _begins(text: str, start: int) -> bool:
    """Whether a sentence may begin there: at the line's start or behind punctuation."""
    before = text[:start].rstrip()
    return not before or before[-1] in ".!:;•|*/)»-–" or len(before) <= 3


def _is_signal(text: str) -> bool:
    return _pattern("signal").fullmatch(text) is not None


def _passage(page: Print, line: Line, start: int) -> Passage:
    """The warning's text: its line from the warning on, and the lines of its block below."""
    pieces = [Piece(line.text[start:].strip(), line)]
    for one in page.below(line, MOST - 1):
        ratio = height_of(one.quad) / max(height_of(line.quad), 1)
        other = _pattern().match(one.text.strip())
        cue = next(iter(find_cues(one.text, *kinds())), None)
        if other or (cue and cue.start < 3) or not 1 / BIGGER < ratio < BIGGER:
            break
        text = one.text[: cue.start] if cue else one.text
        pieces.append(Piece(text.strip(), one))
        if cue or text.rstrip().endswith(("!", ".")) and len(pieces) > 2:
            break
    return Passage(tuple(pieces))


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def _pattern(kind: str = "") -> re.Pattern[str]:
    names = (kind,) if kind else ("signal", "phrases")
    words = {word for name in names for one in _table()[name].values() for word in one}
    body = "|".join(expression(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(body, re.IGNORECASE)
