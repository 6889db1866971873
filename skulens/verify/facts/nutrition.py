"""Nutrition: tables and declarations, per 100 g and per serving, each amount cross-checked.

The fields of the table per serving are free ones where the label has both (as gold names them).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from skulens.claims import Line
from skulens.values.fields import find_field
from skulens.verify.cues import what_follows
from skulens.verify.facts.found import CLEAR, Found, lowest
from skulens.verify.facts.nutrition_cells import (
    LEAST,
    Basis,
    Piece,
    assign_bases,
    name_cues,
    read_cells,
    size_cues,
)
from skulens.verify.facts.nutrition_sums import Entry, check_cells
from skulens.verify.facts.quantities import amounts_in
from skulens.verify.layout import Print

HUNDRED, SERVING = "attributes.nutrition", "free.nutrition_per_serving"
LONGEST = 40
"""Most characters that describe a serving."""
SECOND = CLEAR - 0.01
"""Highest confidence of an energy in kcal beside one in kJ."""
UNSAID = ("other", "unsaturated", "starch", "polyols", "added")
"""Rows that are known and have no field."""


def find(page: Print) -> Iterator[Found]:
    """Every amount of the table, energies in kJ and kcal; then what the columns are for."""
    cells, headers = read_cells(page)
    if len({c.nutrient for c in cells if c.amount.unit}) < LEAST:
        return
    serving = find_serving(page)
    cells = assign_bases(cells, headers)
    table = check_cells(cells, serving[1] if serving else None)
    bases = {basis for basis, _, _ in table}
    both = {"100", "serving"} <= bases
    for (basis, nutrient, unit), entry in table.items():
        if nutrient not in UNSAID:
            prefix = SERVING if both and basis == "serving" else HUNDRED
            found = found_of(page, f"{prefix}.{nutrient}", basis, entry)
            in_kj = unit == "kcal" and (basis, nutrient, "kJ") in table
            yield speak_second(found) if in_kj else found
    if "100" in bases:
        yield from _hundred(page, headers)
    if "serving" in bases and serving:
        yield Found(
            f"{SERVING if both else HUNDRED}.basis", serving[0],
            evidence=page.evidence(serving[2]), confidence=lowest(serving[2]),
        )  # fmt: skip


def found_of(page: Print, path: str, basis: Basis | None, entry: Entry) -> Found:
    """The value of a cell; in doubt where no header says what it is for."""
    cell = entry.cell
    field = find_field(path)
    value = f"{cell.amount.number} {cell.amount.unit}".strip()
    return Found(
        field.path, value, language=cell.name.language, evidence=page.evidence(cell.lines[::-1]),
        confidence=lowest(cell.lines), witness=entry.witness,
        doubt=entry.doubt or ("" if basis else "no header says what the amount is for"),
    )  # fmt: skip


def speak_second(found: Found) -> Found:
    """A kcal beside its kJ: it supports claims and stands for none, since the two are rounded
    apart and would pass for rivals."""
    return replace(found, witness="", confidence=min(found.confidence, SECOND))


def _hundred(page: Print, headers: Sequence[Piece]) -> Iterator[Found]:
    for header in headers:
        text = header.line.text[header.start : header.end]
        if header.basis == "100" and (match := re.search(r"100\s*\w+", text)):
            yield Found(
                f"{HUNDRED}.basis", match.group(), evidence=page.evidence([header.line]),
                confidence=header.line.confidence,
            )  # fmt: skip


def find_serving(page: Print) -> tuple[str, Decimal | None, tuple[Line, ...]] | None:
    """How a serving is described ("2 cookies (21g)"), its g or ml, and where that stands."""
    for line in page.lines:
        for cue in size_cues().find(line.text):
            for following in what_follows(page, line, cue.end):
                text = re.split(r"\.(?:\s|$)|;", following.text)[0].strip(" :=")
                measured = [
                    a.quantity.total for a in amounts_in(text) if a.quantity.unit in ("g", "ml")
                ]
                if measured and len(text) <= LONGEST and not name_cues().first(text):
                    return text, measured[-1], following.lines
    return None
