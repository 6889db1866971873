"""Care text of textiles, and material compositions with their shares."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.materials import parse_materials
from skulens.values.text import fold
from skulens.verify.cues import Cues, load_cues
from skulens.verify.facts.found import Found, Witness, lowest
from skulens.verify.facts.passages import SEPARATORS, cued_lines, find_cues, value_after
from skulens.verify.layout import Print, join_texts

CARE, MATERIAL = "attributes.care", "attributes.material"
COMPOSITION = "attributes.material_composition"
PARTS = re.compile(r"[.;,•|·/]\s+|\s[-–]\s|[.;•|·]$")
"""What parts two instructions on one line."""
SHARES = re.compile(r"\d+(?:[.,]\d+)?\s?%")
AFTER = re.compile(r"^[^\d%]{0,40}?[:：]\s*")
"""The heading before a composition or an instruction."""


@cache
def cues() -> Cues:
    """Beginnings of instructions."""
    return load_cues(__file__)


def find(page: Print) -> Iterator[Found]:
    """Instructions, each a value, then compositions."""
    for line in page.lines:
        parts = [AFTER.sub("", part.strip()) for part in PARTS.split(line.text)]
        for n, part in enumerate(parts):
            cue = cues().first(part)
            if cue is None or cue.start > 0:
                continue
            more = _rest(page, line) if n == len(parts) - 1 else None
            lines = (line, more) if more else (line,)
            value = join_texts([part, more.text if more else ""]).strip(" .;,|•")
            yield Found(CARE, value, evidence=page.evidence(lines, value), confidence=lowest(lines))
    yield from _materials(page)


def _rest(page: Print, line: Line) -> Line | None:
    """The line below in small letters, on which the last instruction of a line goes on."""
    for below in page.below(line, 1):
        text = below.text.strip()
        if text[:1].islower() and ":" not in text and cues().first(text) is None:
            return below
    return None


# ----- materials ------------------------------------------------------------------------------


def _materials(page: Print) -> Iterator[Found]:
    """Compositions: shares of known materials, and names of materials behind a cue."""
    for line in page.lines:
        if SHARES.search(line.text) and (value := composition(line.text)):
            yield Found(
                COMPOSITION, value, evidence=page.evidence([line], value), confidence=line.confidence,
                witness=_adds_up(value),
            )  # fmt: skip
    for line, cue in cued_lines(page, "material"):
        piece = value_after(page, line, cue)
        if piece and not SHARES.search(piece.text) and (value := _known_material(piece.text)):
            lines = dict.fromkeys((line, piece.line))
            yield Found(
                MATERIAL, value, evidence=page.evidence(lines, value), confidence=lowest(lines)
            )  # fmt: skip


def composition(text: str) -> str:
    """The shares of materials in a line, as printed; "" where another thing has shares.

    Ingredients have shares too, so every part must be a material that is known by name.
    """
    value = AFTER.sub("", text).strip(SEPARATORS)
    shares = parse_materials(value)
    if not shares or not all(share.material in _materials_known() for share in shares):
        return ""
    return value


def _adds_up(value: str) -> Witness:
    """Several shares that make exactly 100 confirm one another; a lone "100%" confirms nothing."""
    shares = parse_materials(value) or ()
    total = sum((share.percent for share in shares), Decimal(0))
    return "arithmetic" if len(shares) > 1 and total == 100 else ""


def _known_material(text: str) -> str:
    cue = next(iter(find_cues(text, "end")), None)
    value = (text[: cue.start] if cue else text).strip(SEPARATORS)
    return value if fold(value) in _names() else ""


@cache
def _table() -> dict[str, list[str]]:
    import skulens.values.materials as materials

    path = Path(materials.__file__).with_suffix(".json")
    return json.loads(path.read_text("utf-8"))["names"]


@cache
def _materials_known() -> frozenset[str]:
    return frozenset(_table())


@cache
def _names() -> frozenset[str]:
    """English names and all others, folded."""
    return frozenset(_table()) | {fold(name) for names in _table().values() for name in names}
