"""Hazard codes, warnings and care text: in the standard's list, or standing there word by word."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from skulens.claims import Claim, Seen, Verdict
from skulens.values.fields import find_field
from skulens.verify.checks.judge import judge
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.hazards import ALIGNED, find_codes, malformed_codes, words_of

NAME = "hazards/1"
CODES = "attributes.hazard_codes"


class HazardVerifier:
    """GHS codes; texts of warnings and care."""

    fields = (CODES, "attributes.warnings", "attributes.care")

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        readings = readings_of_field(seen, claim.field)
        if claim.field != CODES:
            return judge(claim, readings, NAME, agree=same_text)
        if malformed_codes(claim.value or ""):
            return Verdict(claim.id, "VI", "malformed", NAME)
        return self._verify_codes(claim, readings)

    def _verify_codes(self, claim: Claim, readings: Sequence[Found]) -> Verdict:
        """VC where every code of a claim such as "P305+P351" is."""
        verdicts = [
            judge(claim, [found for found in readings if found.value == code], NAME, agree=_any)
            for code in find_codes((claim.value or "").replace("+", " "))
        ]
        bad = next((verdict for verdict in verdicts if verdict.label != "VC"), None)
        return bad or verdicts[0]


def _any(claim: Claim, found: Found) -> bool:
    return True


def same_text(claim: Claim, found: Found) -> bool:
    """Equal after norm-v1, or aligned word by word with equal numbers."""
    first, second = words_of(claim.value or ""), words_of(found.value)
    numbers = [sorted(w for w in text.split() if w.isdigit()) for text in (first, second)]
    field = find_field(claim.field)
    if field.normalise(claim.value) == field.normalise(found.value) != "":
        return True
    return bool(first) and numbers[0] == numbers[1] and fuzz.ratio(first, second) >= ALIGNED
