"""Certification marks: a mark of the closed list that is printed as text.

Absence is never held against a claim: a photo shows one side, and most marks are drawn symbols
that nothing here sees. So a mark that is not found is U.
"""

from collections.abc import Sequence

from skulens.claims import Claim, Seen, Verdict
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.marks import name_mark

NAME = "marks/1"


class MarkVerifier:
    """attributes.certifications."""

    fields = ("attributes.certifications",)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order; never VI."""
        return [
            judge(claim, readings_of_field(seen, claim.field), NAME, agree=same_mark)
            for claim in claims
        ]


def same_mark(claim: Claim, found: Found) -> bool:
    """Equal after norm-v1; of a claim without a number, the same mark with any number."""
    if same_value(claim, found):
        return True
    name = name_mark(claim.value or "")
    bare = not any(c.isdigit() for c in claim.value or "")
    return bool(name) and bare and name == name_mark(found.value)
