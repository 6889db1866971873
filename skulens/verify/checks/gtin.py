"""GTINs: decoded bars prove, printed digits with a right check digit support."""

from collections.abc import Sequence

from skulens.claims import Claim, Seen, Verdict
from skulens.errors import SkulensError
from skulens.values.gtin import parse_gtin
from skulens.verify.checks.judge import judge
from skulens.verify.checks.readings import readings_of_field

NAME = "gtin/1"


class GtinVerifier:
    """identifiers.gtin."""

    fields = ("identifiers.gtin",)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        try:
            parse_gtin(claim.value or "")
        except SkulensError:
            return Verdict(claim.id, "VI", "malformed", NAME)
        return judge(claim, readings_of_field(seen, claim.field), NAME, contradicts=True)
