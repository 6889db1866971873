"""Claims of a product -> JSON: beside which of its fields they stand, and on which of its views."""

from collections.abc import Iterable, Mapping
from typing import Any

from skulens.claims import Claim
from skulens.errors import UnknownName
from skulens.index.stores.fields import PICTURES, as_tuple, format_plain, is_twin
from skulens.search.claims import Checked
from skulens.serve.bodies.labels import Place, write_claim
from skulens.serve.pictures.catalogue import View
from skulens.values.fields import find_field, find_path

NO_FACTS = frozenset(("id", "spu", "language", "country", PICTURES.field))
"""Fields of a product that no picture speaks of; "country" is that of the shop."""
WHOLE = Place({})
"""Evidence of a store lies in whole pictures."""


def write_product_claims(
    checked: Iterable[Checked], fields: Mapping[str, Any], views: Mapping[str, View]
) -> list[dict[str, Any]]:
    """`ProductClaim`s of a product.

    Args:
        fields: of the product. views: sha256 of a picture -> its view.
    """
    facts = find_facts(fields)
    found = []
    for claim, verdict in checked:
        record = write_claim(claim, verdict, WHOLE)
        for one in record["evidence"]:
            view = views.get(one["image"])
            one["view"] = view.number if view else None
        alike = facts.get(claim.field, [])
        same = next((name for name in alike if is_same(claim, fields[name])), "")
        found.append(record | {"fact": same or next(iter(alike), ""), "same": bool(same)})
    return found


def find_facts(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """Path of a claim -> the product's fields that hold it: "net weight" holds the net content."""
    found: dict[str, list[str]] = {}
    for name in fields:
        if name in NO_FACTS or is_twin(name):
            continue
        key = name.removeprefix("attributes.").removeprefix("extras.")
        try:
            found.setdefault(find_path(key), []).append(name)
        except UnknownName:  # a name without a word in it
            continue
    return found


def is_same(claim: Claim, held: object) -> bool:
    """Whether one of a field's values is the claimed one."""
    normalise = find_field(claim.field).normalise
    wanted = normalise(claim.value, claim.unit, claim.language)
    texts = [v if isinstance(v, str) else format_plain(v) for v in as_tuple(held)]
    return bool(wanted) and any(normalise(v, "", claim.language) == wanted for v in texts)
