"""How well text is read, whatever becomes of it: characters of values, and printed lines found."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from skulens.claims import Claim, Gold
from skulens.evaluate.claims import DEMANDED, Unit
from skulens.values.fields import find_field
from skulens.values.text import clean_characters, fold

TEXTS = ("text", "name")
"""Types of field whose values are words; of the others a near miss is another value."""
FOUND = 0.85
"""Least similarity of a printed line and a line that was read, for it to be found."""


def squeeze(text: str) -> str:
    """What characters are compared in: norm-v1's characters, case-folded, one space for several."""
    return " ".join(fold(clean_characters(text)).split())


def character_errors(
    claims: Iterable[Claim], gold: Iterable[Gold]
) -> dict[Unit, tuple[float, float]]:
    """Unit -> (edits, characters) of its demanded values, each beside the claim nearest to it.

    Of fields of text in which something was claimed: silence is an error of recall, not of
    characters. A value counts with its alternative that is nearest; at most every character of it
    is wrong, however much else a claim says.
    """
    said: dict[Unit, list[str]] = {}
    for claim in claims:
        if claim.value is not None and squeeze(claim.value):
            said.setdefault((claim.item, claim.field), []).append(squeeze(claim.value))
    found: dict[Unit, tuple[float, float]] = {}
    for row in gold:
        unit = row.item, row.field
        values = [v for v in map(squeeze, row.values) if v]
        if unit not in said or not values or row.legible not in DEMANDED:
            continue
        if find_field(row.field).type in TEXTS:
            edits, size = min(
                (_errors(value, one) for value in values for one in said[unit]),
                key=lambda pair: pair[0] / pair[1],
            )
            before = found.get(unit, (0.0, 0.0))
            found[unit] = before[0] + edits, before[1] + size
    return found


def _errors(value: str, claimed: str) -> tuple[int, int]:
    """(edits from the claim to the value, at most its length; its length)."""
    from rapidfuzz.distance import Levenshtein

    return min(len(value), Levenshtein.distance(claimed, value)), len(value)


def find_lines(printed: Sequence[str], read: Sequence[str]) -> int:
    """How many printed lines were read: with a similarity of at least FOUND to a line, or to two
    lines that follow one another, since engines split lines at wide gaps.

    Similarity is 1 - edits / (characters of both), without spaces, which engines place freely.
    """
    from rapidfuzz import fuzz, process

    lines = [_letters(line) for line in read]
    candidates = [*lines, *(a + b for a, b in pairwise(lines))]
    return sum(
        process.extractOne(_letters(line), candidates, scorer=fuzz.ratio, score_cutoff=100 * FOUND)
        is not None
        for line in printed
    )


def _letters(text: str) -> str:
    return squeeze(text).replace(" ", "")


def reading_scores(
    of_unit: Sequence[Unit],
    errors: Mapping[Unit, tuple[float, float]],
    lines: Mapping[str, tuple[int, int]],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Metric -> (top, bottom), each (units,): cer, and line_recall where lines are known.

    Args:
        of_unit: item and field of each unit.
        lines: item -> (lines found, lines printed); counted in the first unit of the item.
    """
    cells = [errors.get(unit, (0.0, 0.0)) for unit in of_unit]
    made = {"cer": _columns(cells)}
    if lines:
        left = dict(lines)
        made["line_recall"] = _columns([left.pop(item, (0, 0)) for item, _ in of_unit])
    return made


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, np.float64).reshape(len(pairs), 2)
    return table[:, 0], table[:, 1]
