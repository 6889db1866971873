"""Dates of expiry and production: equal to the date behind its cue, or contradicted by it."""

from collections.abc import Sequence

from skulens.claims import Claim, Seen, Verdict
from skulens.values.dates import PrintedDate, parse_date
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.dates import EXPIRY, PRODUCTION
from skulens.verify.facts.found import Found

NAME = "date/1"


class DateVerifier:
    """Dates that stand behind cue words."""

    fields = (EXPIRY, PRODUCTION)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, readings_of_field(seen, claim.field)) for claim in claims]

    def _verify(self, claim: Claim, found: Sequence[Found]) -> Verdict:
        comparable = [one for one in found if same_value(claim, one) or is_other(claim, one)]
        if found and not comparable:
            return Verdict(claim.id, "U", "", NAME, False, found[0].evidence)
        return judge(claim, comparable, NAME, contradicts=True)


def is_other(claim: Claim, found: Found) -> bool:
    """Whether two dates differ; a month does not contradict a day in it, nor a date the same one
    with day and month exchanged."""
    claimed = parse_date(claim.value or "", claim.language)
    printed = parse_date(found.value, found.language)
    if claimed is None or printed is None:
        return False
    within = claimed.iso.startswith(printed.iso) or printed.iso.startswith(claimed.iso)
    return not within and _exchange(claimed) != printed.iso


def _exchange(date: PrintedDate) -> str:
    year, *rest = date.iso.split("-")
    return "-".join((year, *reversed(rest)))
