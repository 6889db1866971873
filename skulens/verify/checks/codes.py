"""Model, serial, lot and article numbers: the very characters, or undecided.

Reading alone never contradicts: one letter misread is enough to differ. A value that differs from
print only where engines confuse letters is passed on with the place to look at.
"""

import re
from collections.abc import Sequence

from skulens.claims import Claim, Evidence, Line, Seen, Verdict
from skulens.verify.checks.judge import is_own, judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.layout import prints_of

NAME = "codes/1"
ALIKE = ("O0", "I1l", "B8", "S5", "Z2")
"""Characters that engines and eyes confuse."""
LEAST = 5
"""Characters of a value that may be looked for anywhere; shorter ones stand there by chance."""


class CodeVerifier:
    """Identifiers that are no GTIN."""

    fields = (
        "identifiers.model", "identifiers.serial", "identifiers.lot", "identifiers.sku",
        "identifiers.certificate",
    )  # fmt: skip

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order; never VI."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        readings = readings_of_field(seen, claim.field)
        verdict = judge(claim, readings, NAME, agree=same_characters)
        if verdict.label == "VC" or any(same_characters(claim, found) for found in readings):
            return verdict
        if place := find_elsewhere(claim, seen):
            return Verdict(claim.id, "VC", "ocr", NAME, True, place)
        if place := find_alike(claim, seen, readings):
            return Verdict(claim.id, "U", "ocr", NAME, False, place)
        return verdict


def same_characters(claim: Claim, found: Found) -> bool:
    return same_value(claim, found)


def find_elsewhere(claim: Claim, seen: Seen) -> tuple[Evidence, ...]:
    """A line without a cue that holds the claimed characters as a whole word, or bars that do.

    Not where the claim was itself read, and not where a cue gives the word to another field.
    """
    value = " ".join((claim.value or "").split())
    if len(value) < LEAST or not any(c.isdigit() for c in value):
        return ()
    pattern = re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
    others = {
        (e.image, e.quad)
        for path in CodeVerifier.fields
        if path != claim.field
        for found in readings_of_field(seen, path)
        if found.value == value
        for e in found.evidence
    }
    for page in prints_of(seen):
        for code in page.codes:
            if code.sure and code.text == value and not code.gtin:
                return (Evidence(page.image, "bars", code.text, code.quad),)
        for line in page.lines:
            if pattern.search(line.text) and (page.image, line.quad) not in others:
                place = page.evidence([line], value)
                if not is_own(claim, Found(claim.field, value, evidence=place)):
                    return place
    return ()


def find_alike(claim: Claim, seen: Seen, readings: Sequence[Found]) -> tuple[Evidence, ...]:
    """Print that differs from the claim in one character that engines confuse."""
    value = claim.value or ""
    for found in readings:
        if is_alike(value, found.value):
            return found.evidence
    if len(value) < LEAST:
        return ()
    for page in prints_of(seen):
        for line in page.lines:
            if any(is_alike(value, word) for word in words_of(line)):
                return page.evidence([line])
    return ()


def words_of(line: Line) -> list[str]:
    return re.findall(r"[\w./-]+", line.text)


def is_alike(first: str, second: str) -> bool:
    """Whether two strings differ in exactly one place, by characters that are confused."""
    if len(first) != len(second):
        return False
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return len(pairs) == 1 and any(set(pairs[0]) <= set(group) for group in ALIKE)
