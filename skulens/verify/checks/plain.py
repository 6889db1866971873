"""Fields without rules of their own: equal to a reading of the field, or undecided."""

from collections.abc import Sequence

from skulens.claims import Claim, Seen, Verdict
from skulens.verify.checks.judge import judge
from skulens.verify.checks.readings import readings_of_field

NAME = "plain/1"


class PlainVerifier:
    """Every field; the last of the chain."""

    fields = ("identifiers.", "attributes.", "free.")

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [judge(c, readings_of_field(seen, c.field), NAME) for c in claims]
