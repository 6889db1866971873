"""Nutrition: a claim equals its cell of the table, or another cell stands there."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from skulens.claims import Claim, Seen, Verdict
from skulens.values.units import Quantity, parse_quantity
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.nutrition import HUNDRED, SERVING, TWICE

NAME = "nutrition/1"
EQUAL = Decimal("0.001")
"""Share by which equal cells differ, for units are converted."""
FAR = Decimal("0.05")
"""Share from which on kJ and kcal of one label are not the same energy."""


class NutritionVerifier:
    """Tables per 100 g and per serving."""

    fields = (f"{HUNDRED}.", f"{SERVING}.")

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        given = readings_of_field(seen, claim.field)
        found = [replace(one, doubt="") if one.doubt == TWICE else one for one in given]
        if claim.field.endswith(".basis"):
            return judge(claim, found, NAME, agree=is_cell)
        comparable = [one for one in found if is_cell(claim, one) or is_other(claim, one)]
        elsewhere = readings_of_field(seen, other_table(claim.field))
        fits_other = any(is_cell(claim, one) for one in elsewhere)
        verdict = judge(claim, comparable, NAME, agree=is_cell, contradicts=not fits_other)
        if found and not comparable:
            return Verdict(claim.id, "U", "", NAME, False, found[0].evidence)
        return verdict


def other_table(path: str) -> str:
    """The same row of the table per serving, or of that per 100 g."""
    row = path.rpartition(".")[2]
    return f"{HUNDRED}.{row}" if path.startswith(SERVING) else f"{SERVING}.{row}"


def is_cell(claim: Claim, found: Found) -> bool:
    """Whether a claim is what a cell says."""
    if same_value(claim, found):
        return True
    claimed, printed = _quantity(claim), _quantity(found)
    if claimed is None or printed is None or claimed.unit != printed.unit:
        return False
    apart = abs(claimed.amount - printed.amount)
    return apart <= EQUAL * max(abs(claimed.amount), abs(printed.amount))


def is_other(claim: Claim, found: Found) -> bool:
    """Whether a cell says another amount: the same kind, and of energies not merely rounded
    apart in another unit."""
    claimed, printed = _quantity(claim), _quantity(found)
    if claimed is None or printed is None or claimed.unit != printed.unit:
        return False
    slack = EQUAL if claimed.unit != "kJ" else FAR
    return abs(claimed.amount - printed.amount) > slack * max(claimed.amount, printed.amount)


def _quantity(thing: Claim | Found) -> Quantity | None:
    return parse_quantity(thing.value or "", thing.unit, thing.language)
