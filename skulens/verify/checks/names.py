"""Brands, names, companies and addresses: nearly the same words. Contacts: the very characters.

Reading never contradicts a name: a label shows several, and letters drawn as a logo are not read.
"""

from collections.abc import Sequence

from rapidfuzz import fuzz

from skulens.claims import Claim, Line, Seen, Verdict
from skulens.values.names import normalise_name
from skulens.values.text import drop_punctuation, fold
from skulens.verify.checks.judge import is_own, judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.layout import Print, prints_of

NAME = "names/1"
SAME = 90.0
"""Least similarity of the words of two names, in percent, in any order."""
LEAST = 3
"""Letters that a name needs to be looked for in print."""


class NameVerifier:
    """Names of brands, products and companies, postal addresses and contacts."""

    fields = (
        "attributes.brand", "attributes.name", "attributes.manufacturer", "attributes.importer",
        "attributes.manufacturer_address", "attributes.responsible_person",
        "attributes.manufacturer_contact",
    )  # fmt: skip

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order; never VI."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        readings = readings_of_field(seen, claim.field)
        if claim.field == "attributes.manufacturer_contact":
            return judge(claim, readings, NAME, agree=same_value)
        verdict = judge(claim, readings, NAME, agree=same_name)
        if verdict.label == "VC" or claim.field not in ("attributes.brand", "attributes.name"):
            return verdict
        return self._in_print(claim, seen) or verdict

    def _in_print(self, claim: Claim, seen: Seen) -> Verdict | None:
        """A brand or title that is a line of its own, or two lines together.

        Not a line from which the claim was made, and not words inside a sentence.
        """
        for page in prints_of(seen):
            for lines in _runs(page):
                if not is_same(claim.value, " ".join(line.text for line in lines)):
                    continue
                place = page.evidence(lines)
                if not is_own(claim, Found(claim.field, "", evidence=place)):
                    return Verdict(claim.id, "VC", "ocr", NAME, True, place)
        return None


def _runs(page: Print) -> list[tuple[Line, ...]]:
    """Every line, and every line with the next."""
    ones = [(line,) for line in page.lines]
    return [*ones, *zip(page.lines, page.lines[1:], strict=False)]


def same_name(claim: Claim, found: Found) -> bool:
    """Equal after norm-v1, or nearly the same words in any order."""
    return same_value(claim, found) or is_same(claim.value, found.value)


def is_same(first: str | None, second: str) -> bool:
    """Whether two names have nearly the same words; one that only contains the other has not.

    Numbers must be equal: "Model 3" is not "Model 5".
    """
    one, two = normalise_name(first or ""), normalise_name(second)
    if sum(c.isalpha() for c in one) < LEAST or sum(c.isalpha() for c in two) < LEAST:
        return False
    if _numbers(one) != _numbers(two):
        return False
    return min(fuzz.token_set_ratio(one, two), fuzz.token_sort_ratio(one, two)) >= SAME


def _numbers(text: str) -> list[str]:
    words = drop_punctuation(fold(text)).split()
    return sorted(word for word in words if any(c.isdigit() for c in word))
