"""GTINs: decoded bars prove, printed digits with a right check digit support.

Nothing but sure bars of a retail code contradicts: a carton's ITF-14 or a Data
Matrix may hold another number of the same product, and digits that an engine reads may be wrong.
"""

from collections.abc import Iterator, Sequence

from skulens.claims import Claim, Evidence, Seen, Verdict
from skulens.values.gtin import GtinError, parse_gtin
from skulens.values.text import ascii_digits
from skulens.verify.bars.symbols import MODULES
from skulens.verify.checks.judge import judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.facts.found import Found, is_trusted

NAME = "gtin/2"


class GtinVerifier:
    """identifiers.gtin."""

    fields = ("identifiers.gtin",)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        digits = ascii_digits(claim.value or "")
        try:
            gtin = parse_gtin(digits).digits
        except GtinError:
            return Verdict(claim.id, "VI", "malformed", NAME)
        found = readings_of_field(seen, claim.field)
        verdict = judge(claim, found, NAME)
        if verdict.label == "VC" or any(same_value(claim, one) for one in found):
            return verdict
        against = next(retail_proofs(found, seen), None)
        if against is None or stands_printed(gtin.lstrip("0"), seen):
            return verdict
        return Verdict(claim.id, "VI", "contradicted", NAME, True, against)


def retail_proofs(found: Sequence[Found], seen: Seen) -> Iterator[tuple[Evidence, ...]]:
    """Evidence of each number that sure bars of a retail code prove to be the product's."""
    retail = {
        (image, code.quad)
        for image, codes in seen.bars.items()
        for code in codes
        if code.sure and code.symbology in MODULES
    }
    for one in found:
        if is_trusted(one) and any((e.image, e.quad) in retail for e in one.evidence):
            yield one.evidence


def stands_printed(digits: str, seen: Seen) -> bool:
    """Whether digits are read anywhere, in whatever groups."""
    return any(
        digits in "".join(c for line in lines for c in ascii_digits(line.text) if c.isdigit())
        for lines in seen.lines.values()
    )
