"""What is claimed of a product, with verdicts and evidence: how a store holds it.

One compact JSON text per product, in the hidden field `index.stores.fields.CLAIMS`.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from skulens.claims import Claim, Evidence, Verdict
from skulens.index.stores.fields import CLAIMS
from skulens.protocols import Store
from skulens.values.fields import find_field

MOST_BYTES = 32_000
"""Of the claims of a product: what every engine keeps in one field."""
BEST = ("VC", "VI", "U")
"""Labels from the one that says most."""
Checked = tuple[Claim, Verdict]
"""A claim and what the pictures say of it."""


def fetch_claims(store: Store, products: Sequence[str]) -> list[tuple[Checked, ...]]:
    """The claims of products, in the order asked; () for an unknown one."""
    if store.schema.field(CLAIMS.field) is None:
        return [()] * len(products)
    held = store.fetch(products, [CLAIMS.field])
    found = zip(products, held, strict=True)
    return [read_claims(product, str(row.get(CLAIMS.field, ""))) for product, row in found]


def write_claims(checked: Iterable[Checked]) -> str:
    """What `read_claims` reads; empty without claims. Of the item nothing is written."""
    rows = [
        [
            *(c.field, c.value, c.unit, c.language, c.confidence, v.label, v.sub, v.verifier),
            [[e.image, e.source, e.quote, e.quad] for e in c.evidence],
        ]
        for c, v in checked
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def read_claims(product: str, text: str) -> tuple[Checked, ...]:
    """The claims that `write_claims` wrote, of a product; () of an empty text."""
    return tuple(_read_one(product, *row) for row in json.loads(text)) if text else ()


def _read_one(
    item, field, value, unit, language, confidence, label, sub, verifier, evidence
) -> Checked:
    found = tuple(Evidence(i, s, q, None if at is None else tuple(at)) for i, s, q, at in evidence)
    claim = Claim(item, field, value, unit, language, found, confidence)
    return claim, Verdict(claim.id, label, sub, verifier, evidence=found)


def version_of(text: str) -> str:
    """What a digest says of claims: 16 hexadecimal digits; empty without claims."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def merge_claims(checked: Iterable[Checked]) -> list[Checked]:
    """Each value of a field once: the label that says most wins, evidence is joined."""
    found: dict[tuple[str, str], list[Checked]] = {}
    for one in checked:
        claim = one[0]
        norm = find_field(claim.field).normalise(claim.value, claim.unit, claim.language)
        found.setdefault((claim.field, norm or repr(claim.value)), []).append(one)
    return [_join(alike) for alike in found.values()]


def _join(alike: list[Checked]) -> Checked:
    alike = sorted(alike, key=lambda one: BEST.index(one[1].label))
    claim, verdict = alike[0]
    agree = [c for c, v in alike if (v.label == "VI") == (verdict.label == "VI")]
    evidence = tuple(dict.fromkeys(e for c in agree for e in c.evidence))
    joined = Claim(
        claim.item, claim.field, claim.value, claim.unit, claim.language, evidence,
        claim.confidence,
    )  # fmt: skip
    return joined, Verdict(
        joined.id, verdict.label, verdict.sub, verdict.verifier, evidence=evidence
    )
