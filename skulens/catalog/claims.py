"""Claims, verdicts and gold as tables: one row per leaf, in the columns of the nouns.

`claim_rows` reads the claims tables of strangers.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from skulens.claims import Claim, Evidence, Gold, Quad, Verdict
from skulens.records import escape_surrogates

TEXT = pa.string()
QUAD = pa.list_(pa.float32())
CLAIMS = pa.schema(
    {"id": TEXT, "item": TEXT, "field": TEXT, "value": TEXT, "unit": TEXT, "language": TEXT,
     "confidence": pa.float64(), "predictor": TEXT, "n": pa.int64(), "evidence": TEXT}
)  # fmt: skip
"""evidence: JSON, a list of [sha256 of the picture, source, quote, quad]."""
VERDICTS = pa.schema(
    {"id": TEXT, "item": TEXT, "field": TEXT, "value": TEXT, "unit": TEXT, "label": TEXT,
     "sub": TEXT, "verifier": TEXT, "confident": pa.bool_(), "quote": TEXT, "image": TEXT,
     "quad": QUAD, "source": TEXT}
)  # fmt: skip
"""id: of the claim. value: null where the claim says that the field is not visible. quote, image
(sha256), quad: of the first piece of evidence; quotes of several are joined by " / ". source: where
the claim was read, file and line."""
GOLD = pa.schema(
    {"item": TEXT, "field": TEXT, "values": pa.list_(TEXT), "legible": TEXT,
     "images": pa.list_(TEXT), "group": TEXT}
)  # fmt: skip


def claims_table(claims: Sequence[Claim]) -> pa.Table:
    """One row per claim."""
    rows = [
        {name: getattr(c, name) for name in CLAIMS.names if name != "evidence"}
        | {"evidence": write_evidence(c.evidence)}
        for c in claims
    ]
    return pa.Table.from_pylist(rows, schema=CLAIMS)


def write_evidence(evidence: Sequence[Evidence]) -> str:
    return json.dumps([[e.image, e.source, e.quote, e.quad] for e in evidence], ensure_ascii=False)


def read_evidence(cell: object) -> tuple[Evidence, ...]:
    """What `write_evidence` wrote; () of anything else.

    A claim that was read in a picture must stay known as one: the same reading does not confirm it.
    """
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
        return tuple(Evidence(i, s, q, _quad(at)) for i, s, q, at in found)  # type: ignore[union-attr]
    except (ValueError, TypeError, RecursionError):
        return ()


def _quad(at: Sequence[float] | None) -> Quad | None:
    if at is None:
        return None
    if len(at) != 8:
        raise ValueError("a quad has 8 numbers")
    return tuple(float(v) for v in at)  # type: ignore[return-value]


def verdict_row(claim: Claim, verdict: Verdict, source: str = "") -> dict[str, Any]:
    """A row of VERDICTS."""
    first = verdict.evidence[0] if verdict.evidence else None
    return {
        "id": claim.id,
        "item": escape_surrogates(claim.item),
        "field": claim.field,
        "value": None if claim.value is None else escape_surrogates(claim.value),
        "unit": claim.unit,
        "label": verdict.label,
        "sub": verdict.sub,
        "verifier": verdict.verifier,
        "confident": verdict.confident,
        "quote": escape_surrogates(join_quotes(verdict.evidence)),
        "image": first.image if first else "",
        "quad": list(first.quad) if first and first.quad else None,
        "source": source,
    }


def join_quotes(evidence: Iterable[Evidence]) -> str:
    """What stands there, as read; several quotes once each."""
    return " / ".join(dict.fromkeys(e.quote for e in evidence if e.quote))


def verdicts_table(claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> pa.Table:
    """One row per claim, with what the pictures say of it."""
    rows = [verdict_row(c, v) for c, v in zip(claims, verdicts, strict=True)]
    return pa.Table.from_pylist(rows, schema=VERDICTS)


# ----- gold -----------------------------------------------------------------------------------


def gold_table(gold: Sequence[Gold]) -> pa.Table:
    """One row per true value, or per field that is truly absent."""
    rows = [{name: _plain(getattr(g, name)) for name in GOLD.names} for g in gold]
    return pa.Table.from_pylist(rows, schema=GOLD)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
