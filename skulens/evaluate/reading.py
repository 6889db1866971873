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
    """Unit -> (edits, characters) of its demanded values, each beside a claim of its own.

    Of fields of text in which something was claimed. Values and claims are paired one to one, the
    nearest first; a value left without a claim does not count, since silence is an error of
    recall, not of characters. Of alternatives the nearest counts, and of a value at most every
    character is wrong, however much else a claim says.
    """
    said: dict[Unit, list[str]] = {}
    for claim in claims:
        if claim.value is not None and (text := squeeze(claim.value)):
            said.setdefault((claim.item, claim.field), []).append(text)
    rows: dict[Unit, list[list[str]]] = {}
    for row in gold:
        values = [v for v in map(squeeze, row.values) if v]
        worded = find_field(row.field).type in TEXTS
        if worded and values and row.legible in DEMANDED and (row.item, row.field) in said:
            rows.setdefault((row.item, row.field), []).append(values)
    return {unit: _pair(found, said[unit]) for unit, found in rows.items()}


def _pair(rows: Sequence[Sequence[str]], said: Sequence[str]) -> tuple[float, float]:
    """(edits, characters) of the values that get a claim."""
    pairs = sorted(
        (edits / size, i, j, edits, size)
        for i, values in enumerate(rows)
        for j, claimed in enumerate(said)
        for edits, size in (_errors(value, claimed) for value in values)
    )
    total, left, free = [0.0, 0.0], set(range(len(rows))), set(range(len(said)))
    for _, i, j, edits, size in pairs:
        if i in left and j in free:
            left.discard(i)
            free.discard(j)
            total = [total[0] + edits, total[1] + size]
    return total[0], total[1]


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
