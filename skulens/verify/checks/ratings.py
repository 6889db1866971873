"""Voltage, current, power and frequency: equal within 1 %, or printed so."""

from collections.abc import Sequence
from decimal import Decimal

from skulens.claims import Claim, Seen, Verdict
from skulens.values.fields import find_field
from skulens.values.units import Quantity, parse_quantity
from skulens.verify.checks.judge import judge
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.ratings import PATHS

NAME = "ratings/1"
SLACK = Decimal("0.01")


class RatingVerifier:
    """Quantities of rating plates."""

    fields = tuple(PATHS.values())

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order.

        VI where the plate says another value of the kind. Of a device with two inputs the values
        are in doubt (`facts.merge`) and contradict nobody.
        """
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        is_quantity = quantity_of(claim.value, claim.unit or find_field(claim.field).unit)
        return judge(
            claim, readings_of_field(seen, claim.field), NAME,
            agree=same_rating, contradicts=is_quantity is not None,
        )  # fmt: skip


def same_rating(claim: Claim, found: Found) -> bool:
    """The same string, or both ends of the quantity equal within 1 %."""
    field = find_field(claim.field)
    if field.normalise(claim.value, claim.unit) == field.normalise(found.value, found.unit) != "":
        return True
    first = quantity_of(claim.value, claim.unit or field.unit)
    second = quantity_of(found.value, found.unit or field.unit)
    if first is None or second is None or first.unit != second.unit or first.count != second.count:
        return False
    return _near(first.amount, second.amount) and _near(
        first.upper or first.amount, second.upper or second.amount
    )


def quantity_of(text: str | None, unit: str) -> Quantity | None:
    return parse_quantity(text or "", unit)


def _near(first: Decimal, second: Decimal) -> bool:
    return abs(first - second) <= SLACK * abs(second)
