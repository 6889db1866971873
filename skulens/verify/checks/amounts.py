"""Amounts of fields that no finder knows ("battery capacity: 5000 mAh", "ram: 6 GB"): do they stand
in print?

An amount that another field has already accounted for (a nutrient, the net content, a rating)
is no evidence for this one. Never contradicts: a label names many amounts.
"""

import re
from collections.abc import Iterator, Sequence

from skulens.claims import Claim, Line, Seen, Verdict
from skulens.values.numbers import NUMBER
from skulens.values.units import Quantity, parse_dimensions, parse_quantity
from skulens.verify.checks.judge import is_own
from skulens.verify.checks.readings import readings_of
from skulens.verify.facts.found import Found
from skulens.verify.layout import prints_of

NAME = "amount/1"
_AMOUNT = re.compile(rf"(?:{NUMBER})\s*[^\W\d_]+\.?")
_SIDES = re.compile(rf"(?:{NUMBER})(?:\s*[^\W\d_]*\s*[x×]\s*(?:{NUMBER})){{1,2}}\s*[^\W\d_]+")


class AmountVerifier:
    """Any field whose claimed value is an amount with a unit, or lengths "86 x 46 x 43 cm"."""

    fields = ("attributes.", "free.")

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        found = readings_of(seen)
        claimed = read_amount(claim.value or "", claim.unit, claim.language)
        known = any(f.field == claim.field for f in found)
        if claimed is None or known or claim.field.startswith("attributes.nutrition"):
            return Verdict(claim.id, "U", "", NAME, False)
        taken = lines_of_others(claim, found)
        for page in prints_of(seen):
            for line in page.lines:
                if (page.image, line.quad) in taken:
                    continue
                if any(one == claimed for one in amounts_of(line, claim.language)):
                    return Verdict(claim.id, "VC", "ocr", NAME, True, page.evidence([line]))
        return Verdict(claim.id, "U", "not_pictured", NAME, False)


Sides = tuple[Quantity, ...]
"""One quantity, or the lengths of several sides."""


def read_amount(text: str, unit: str = "", language: str = "") -> Sides | None:
    """What a value says; None for words, and for numbers without a unit."""
    if sides := parse_dimensions(text, unit, language):
        return sides if all(side.unit for side in sides) else None
    one = parse_quantity(text, unit, language)
    return (one,) if one is not None and one.unit else None


def amounts_of(line: Line, language: str) -> Iterator[Sides]:
    """Every amount that is printed on a line."""
    for pattern in (_SIDES, _AMOUNT):
        for match in pattern.finditer(line.text):
            if amount := read_amount(match.group().rstrip("."), "", language):
                yield amount


def lines_of_others(claim: Claim, found: Sequence[Found]) -> set[tuple[str, object]]:
    """Lines whose amounts belong to another field, or from which the claim itself was made."""
    others = [f for f in found if read_amount(f.value, f.unit) and f.field != claim.field]
    own = [f for f in found if is_own(claim, f)]
    return {(e.image, e.quad) for f in (*others, *own) for e in f.evidence}
