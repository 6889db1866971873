"""Claims, verdicts and gold as tables: one row per leaf, in the columns of the nouns.

`claim_rows` reads the claims tables of strangers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from skulens.catalog.mapping import RowError, as_id, as_text, explain
from skulens.catalog.tables import RejectRow, open_table
from skulens.claims import Claim, Evidence, Gold, Legibility, Quad, Verdict
from skulens.errors import DataError, UnknownName
from skulens.records import escape_surrogates
from skulens.values.fields import find_path

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
GOLD_NAMES = ("gold.parquet", "gold.jsonl", "gold.csv")
LEGIBILITIES: tuple[Legibility, ...] = ("yes", "partly", "no", "not pictured", "unknown")
SEPARATOR = "|"
"""Between several values, or pictures, in one cell of a CSV."""


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


def find_gold(folder: Path) -> Path | None:
    """The table of gold in a folder."""
    return next((folder / name for name in GOLD_NAMES if (folder / name).is_file()), None)


def read_gold(path: Path, reject: RejectRow) -> Iterator[Gold]:
    """Gold of a table with the columns item, field, values; legible, images, group where known.

    `values` is a list, a JSON list, or in CSV values between bars; nothing means that the product
    lacks the field. An empty group is the item. Raises DataError where a column is missing.
    """
    table = open_table(path)
    columns = {c.strip().lower(): c for c in table.columns}
    missing = [c for c in ("item", "field", "values") if c not in columns]
    if missing:
        raise DataError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; gold has "
            f"{', '.join(GOLD.names)} (the first three are needed), here are "
            f"{', '.join(table.columns)}"
        )
    for row in table.rows(reject):
        cells = {name: row.cells.get(columns[name]) for name in GOLD.names if name in columns}
        try:
            yield _gold_of(cells)
        except (ValueError, UnknownName) as e:
            reject(row.where, *explain(e))


def _gold_of(cells: Mapping[str, object]) -> Gold:
    legible = as_text(cells.get("legible")) or "unknown"
    if legible not in LEGIBILITIES:
        raise RowError(
            f"legible is {legible[:40]!r}", f"write one of {', '.join(LEGIBILITIES)}, or nothing"
        )
    item = as_id(cells["item"])
    return Gold(
        item,
        find_path(as_text(cells["field"])),
        _list_of(cells["values"]),
        legible,  # type: ignore[arg-type]
        _list_of(cells.get("images")),
        as_text(cells.get("group")) or item,
    )


def _list_of(cell: object) -> tuple[str, ...]:
    """Texts of a list, of a JSON list in a text, or between bars; without empty ones."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        cell = json.loads(cell)
    if isinstance(cell, str):
        cell = cell.split(SEPARATOR)
    parts = cell if isinstance(cell, list | tuple) else [cell]
    return tuple(text for part in parts if (text := as_text(part)))
