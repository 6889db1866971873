"""Sentences of the OpenMPR paper held against its published files: what they support and what not.

`claims.csv` quotes each sentence with its section and gives a verdict and its reason, both judged
by hand; the names in braces in a reason stand for numbers that `evidence` computes from the files.
`comparisons.csv` lists the paired differences of Recall@1 that the reasons speak of, and
`findings.csv` what the paper says nothing of. Intervals say what other SKUs would give
(skulens.evaluate.compare); p-values are corrected for all comparisons of the list at once (Holm).
"""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from skulens.evaluate.compare import Difference, holm
from skulens.papers.openmpr.evidence import EVIDENCE, Files

HERE = Path(__file__).parent
VERDICTS = ("not supported", "in part", "supported", "not checked")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the paper, or a finding of ours, and what the files say."""

    id: str
    section: str
    quote: str
    """As the paper has it, without its citation marks; parts from different places are joined by
    " ... ". Empty where the paper has no such sentence."""
    verdict: str
    """One of VERDICTS; empty for a finding."""
    reason: str
    numbers: Mapping[str, float | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired difference of Recall@1, named in the reason of a claim."""

    claim: str
    name: str
    model: str
    against: str


def read_skipped(path: Path) -> list[Mapping] | None:
    """The published openclip_skipped_models.json; None where there is none to read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) else None


def check_claims(files: Files) -> list[Statement]:
    """Every claim of the table, in the order of the table."""
    compared = compare_all(files)
    return [state(row, files, compared) for row in read_table("claims.csv")]


def list_findings(files: Files) -> list[Statement]:
    """What the files say and the paper does not."""
    return [state(row, files, {}) for row in read_table("findings.csv")]


def read_table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def read_comparisons() -> list[Comparison]:
    return [Comparison(**row) for row in read_table("comparisons.csv")]


def compare_all(files: Files) -> dict[Comparison, tuple[Difference, float]]:
    """(difference, corrected p) of each comparison; a pair listed twice is one test."""
    listed = read_comparisons()
    pairs = list(dict.fromkeys((c.model, c.against) for c in listed))
    found = [files.difference(*pair) for pair in pairs]
    corrected = dict(zip(pairs, holm([d.p for d in found]), strict=True))
    by_pair = dict(zip(pairs, found, strict=True))
    return {c: (by_pair[c.model, c.against], float(corrected[c.model, c.against])) for c in listed}


def state(
    row: Mapping[str, str],
    files: Files,
    compared: Mapping[Comparison, tuple[Difference, float]],
) -> Statement:
    """A row of the table with its numbers filled in."""
    numbers = EVIDENCE[row["id"]](files) if row["id"] in EVIDENCE else {}
    quote, verdict = row.get("quote", ""), row.get("verdict", "")
    if numbers is None:
        missing = "not checked: the published list of skipped checkpoints is not at hand"
        return Statement(row["id"], row["section"], quote, "not checked", missing)
    words: dict[str, float | int | str] = dict(numbers)
    shown: dict[str, float | int | None] = {k: round(v, 5) for k, v in numbers.items()}
    for c, (d, p) in compared.items():
        if c.claim == row["id"]:
            words[c.name] = f"{points(d)}, {significance(p)}"
            shown |= ends(c.name, d, p)
    return Statement(
        row["id"], row["section"], quote, verdict, row["reason"].format_map(words), shown
    )


def points(d: Difference) -> str:
    """+0.9 [-1.8, +3.6]"""
    return f"{d.value * 100:+.1f} [{d.low * 100:+.1f}, {d.high * 100:+.1f}]"


def significance(p: float) -> str:
    return f"p = {p:.2f}" if p >= 0.01 else "p < 0.01"


def ends(name: str, d: Difference, p: float) -> dict[str, float | None]:
    found = {"value": d.value, "low": d.low, "high": d.high, "p": d.p, "p_corrected": p}
    return {
        f"{name}_{end}": None if math.isnan(x) else round(float(x), 5) for end, x in found.items()
    }
