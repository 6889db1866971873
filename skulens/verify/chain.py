"""Claims of one item -> verdicts: each verifier in turn, until one is confident."""

from collections.abc import Iterator, Sequence
from functools import cache

from skulens.claims import Claim, Seen, Verdict
from skulens.errors import DataError
from skulens.protocols import Verifier
from skulens.registry import resolve, rows
from skulens.values.fields import is_asked


@cache
def all_verifiers() -> tuple[Verifier, ...]:
    """Ours in the order of the registry, then those of plug-ins."""
    return tuple(resolve("verifier", name)() for name in rows("verifier"))


def verify_claims(
    claims: Sequence[Claim], seen: Seen, verifiers: Sequence[Verifier] | None = None
) -> list[Verdict]:
    """One verdict per claim, same order; U, not confident, where no verifier decides.

    A claim of None says that the field is not visible. Nothing here can confirm that on a photo,
    so it stays U.

    Raises:
        DataError: a claim of another item.
    """
    if other := next((c for c in claims if c.item != seen.item), None):
        raise DataError(f"claim {other.id} is of item {other.item!r}, expected {seen.item!r}")
    verdicts = [Verdict(c.id, "U", "", "", False) for c in claims]
    for verifier in all_verifiers() if verifiers is None else verifiers:
        left = [
            i
            for i, (claim, verdict) in enumerate(zip(claims, verdicts, strict=True))
            if not verdict.confident and claim.value is not None
            and is_asked(claim.field, verifier.fields)
        ]  # fmt: skip
        given = verifier.verify([claims[i] for i in left], seen) if left else []
        for i, verdict in zip(left, given, strict=True):
            if verdict.confident or not verdicts[i].verifier:
                verdicts[i] = verdict
    return verdicts


def by_item(claims: Sequence[Claim]) -> Iterator[tuple[str, list[Claim]]]:
    """Claims of each item, items in the order in which they first appear."""
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.item, []).append(claim)
    yield from found.items()
