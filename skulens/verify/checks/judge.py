"""The rule that verifiers share: a claim, the values found for its field -> a verdict."""

from collections.abc import Callable, Sequence

from skulens.claims import Claim, Verdict
from skulens.values.fields import find_field
from skulens.verify.facts.found import Found, is_trusted

Agree = Callable[[Claim, Found], bool]


def same_value(claim: Claim, found: Found) -> bool:
    """Equal after norm-v1."""
    field = find_field(claim.field)
    claimed = field.normalise(claim.value, claim.unit, claim.language)
    return bool(claimed) and claimed == field.normalise(found.value, found.unit, found.language)


def is_own(claim: Claim, found: Found) -> bool:
    """Whether the claim was made from this very reading, which then proves nothing."""
    places = {(e.image, e.quad) for e in claim.evidence if e.source in ("ocr", "bars")}
    return any((e.image, e.quad) in places for e in found.evidence)


def judge(
    claim: Claim,
    found: Sequence[Found],
    verifier: str,
    *,
    agree: Agree = same_value,
    contradicts: bool = False,
) -> Verdict:
    """VC where a reading supports the claim, VI where one contradicts it, else U.

    Args:
        contradicts: whether another value that is trusted makes the claim wrong; False where a
            product may show several (VI is then never given).
    """
    supporting = [f for f in found if agree(claim, f)]
    for one in supporting:
        if is_trusted(one) or (not is_own(claim, one) and not one.doubt):
            bars = any(e.source == "bars" for e in one.evidence)
            sub = "" if bars else "ocr"
            return Verdict(claim.id, "VC", sub, verifier, True, one.evidence)  # type: ignore[arg-type]
    if supporting:
        return Verdict(claim.id, "U", "", verifier, False, supporting[0].evidence)
    against = [f for f in found if is_trusted(f)]
    if contradicts and against:
        return Verdict(claim.id, "VI", "contradicted", verifier, True, against[0].evidence)
    return Verdict(claim.id, "U", "not_pictured" if not found else "", verifier, False)
