"""Claims of any reader as the attributes of products.

A field of the registry is a path ("attributes.sleeve_length", "free.neckline"); on a card it is
called by its words ("sleeve length").
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from skulens.catalog.claim_rows import ClaimTable
from skulens.claims import Claim
from skulens.records import Attribute, Product, Reject


def read_claimed(path: Path, reject: Callable[[Reject], object]) -> dict[str, list[Attribute]]:
    """Product id -> what a claims table says of it; claims that a field is not visible say nothing.

    Raises:
        MissingFile, DataError: as `catalog.claim_rows.ClaimTable`.
    """
    found: dict[str, list[Attribute]] = {}
    for told in ClaimTable(path).read(reject):
        if told.claim.value is not None:
            found.setdefault(told.claim.item, []).append(attribute_of(told.claim))
    return found


def attribute_of(claim: Claim) -> Attribute:
    """The claim as an attribute; a unit stands behind its value, the reader is its source."""
    key = claim.field.partition(".")[2].replace("_", " ") or claim.field
    value = f"{claim.value} {claim.unit}".strip()
    return Attribute(key, value, source=claim.evidence[0].source if claim.evidence else "")


def with_claims(
    products: Iterable[Product],
    claimed: Mapping[str, list[Attribute]],
    reject: Callable[[Reject], object],
) -> Iterator[Product]:
    """The products with what is claimed of them in place of their own attributes; items that are no
    product of the catalogue are rejected at the end."""
    known: set[str] = set()
    for product in products:
        known.add(product.id)
        yield replace(product, attributes=tuple(claimed.get(product.id, ())))
    for item in claimed.keys() - known:
        todo = "name products as the catalogue does"
        reject(Reject("claims", item, "the catalogue has no such product", todo))
