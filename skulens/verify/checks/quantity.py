"""Net content, weight, lengths and ratings: equal within 1 %, or the same printed string."""

from collections.abc import Sequence
from decimal import Decimal

from skulens.claims import Claim, Seen, Verdict
from skulens.values.units import Quantity, parse_quantity
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.quantities import agree, amounts_in

NAME = "quantity/1"
SLACK = Decimal("0.01")
"""Share by which a claim may differ from what is printed."""


class QuantityVerifier:
    """Fields of one quantity."""

    fields = (
        "attributes.net_content",
        "attributes.weight",
        "attributes.battery",
        "attributes.voltage",
        "attributes.power",
        "attributes.screen_size",
        "attributes.maximum_load",
    )

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, readings_of_field(seen, claim.field)) for claim in claims]

    def _verify(self, claim: Claim, found: Sequence[Found]) -> Verdict:
        claimed = quantities_of(claim.value or "", claim.unit, claim.language)
        comparable = [
            one for one in found if is_same(claim, one) or contradicts(claimed, quantities(one))
        ]
        verdict = judge(claim, comparable, NAME, agree=is_same, contradicts=True)
        if found and not comparable:
            return Verdict(claim.id, "U", "", NAME, False, found[0].evidence)
        return verdict


def quantities_of(text: str, unit: str = "", language: str = "") -> list[Quantity]:
    """What a text says: all of it as one quantity, and each amount in it ("40 g (35 ml)")."""
    whole = parse_quantity(text, unit, language)
    parts = [amount.quantity for amount in amounts_in(text, language)]
    return [*([whole] if whole else []), *parts]


def quantities(found: Found) -> list[Quantity]:
    return quantities_of(found.value, found.unit, found.language)


def is_same(claim: Claim, found: Found) -> bool:
    """Whether the first quantity of a claim is among those that are printed."""
    if same_value(claim, found):
        return True
    claimed = quantities_of(claim.value or "", claim.unit, claim.language)
    return any(agree(claimed[0], one, SLACK) for one in quantities(found)) if claimed else False


def contradicts(claimed: Sequence[Quantity], printed: Sequence[Quantity]) -> bool:
    """Whether the print shows the kind of quantity that is claimed, and nothing near it.

    A claim of one pack is not contradicted by several of it.
    """
    if not claimed:
        return False
    kind = [one for one in printed if one.unit == claimed[0].unit]
    return bool(kind) and all(one.amount != claimed[0].amount for one in kind)
