"""Country of origin: what stands behind a cue supports or contradicts."""

from collections.abc import Sequence

from skulens.claims import Claim, Seen, Verdict
from skulens.values.countries import parse_country
from skulens.verify.checks.judge import judge
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found
from skulens.verify.facts.origin import leading_country

NAME = "country/1"


class CountryVerifier:
    """attributes.origin."""

    fields = ("attributes.origin",)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order; VI only of a claim that names a country."""
        return [
            judge(
                claim, readings_of_field(seen, claim.field), NAME,
                agree=same_country, contradicts=country_of(claim.value) != "",
            )
            for claim in claims
        ]  # fmt: skip


def same_country(claim: Claim, found: Found) -> bool:
    claimed = country_of(claim.value)
    return bool(claimed) and claimed == country_of(found.value)


def country_of(text: str | None) -> str:
    """Code of the country that a claim names; "" for a region or several countries."""
    if country := parse_country(text or ""):
        return country.alpha_2
    country, rest = leading_country(text or "")
    return country.alpha_2 if country and not rest.strip(" .,") else ""
