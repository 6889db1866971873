"""Brands, names, companies and addresses: nearly the same words. Contacts: the very characters.

Reading never contradicts a name: a label shows several, and letters drawn as a logo are not read.
"""

from collections.abc import Sequence

from rapidfuzz import fuzz

from skulens.claims import Claim, Seen, Verdict
from skulens.values.names import normalise_name
from skulens.values.text import drop_punctuation, fold
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found

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
        return judge(claim, readings, NAME, agree=same_name)


def same_name(claim: Claim, found: Found) -> bool:
    """Equal after norm-v1, or nearly the same words in any order.

    A claim that was itself read must be equal: two readings that nearly agree show that one of
    them is wrong.
    """
    read = any(e.source == "ocr" for e in claim.evidence)
    return same_value(claim, found) or (not read and is_same(claim.value, found.value))


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
