"""A rerun against the published row of the same model: pass or fail within a tolerance.

As OpenMPR's scripts/compare_results.py: micro Recall@1, @3, @5 and their means over SKUs (macro)
may differ by 0.005 (its default). Beside that: how many hits differ, and of how many SKUs.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import numpy as np

from skulens.analysis.boards import Entry
from skulens.bench.result import Result
from skulens.errors import DataError
from skulens.papers.openmpr.published import KS
from skulens.papers.openmpr.runs import SUITE, Hits, hits_of, same_photos

TOLERANCE = 0.005
"""Largest difference of a recall that passes; OpenMPR's own."""

Status = Literal["exact", "pass", "fail", "not compared"]


@dataclass(frozen=True)
class Rerun:
    """One result beside the published row of its model."""

    name: str
    status: Status
    reason: str = ""
    """Why it fails or was not compared."""
    recalls: dict[str, tuple[float, float]] = field(default_factory=dict)
    """"micro@1" -> (published, rerun)"""
    hits: dict[int, tuple[int, int]] = field(default_factory=dict)
    """k -> (published, rerun); empty where hits by SKU are not known."""
    skus: dict[int, int] = field(default_factory=dict)
    """k -> SKUs with another number of hits."""

    @property
    def difference(self) -> float:
        """The largest difference of a recall, regardless of sign; 0 where none was compared."""
        return max((abs(mine - theirs) for theirs, mine in self.recalls.values()), default=0.0)

    @property
    def worst(self) -> str:
        """The recall that differs most."""
        gaps = {name: abs(mine - theirs) for name, (theirs, mine) in self.recalls.items()}
        return max(gaps, key=gaps.__getitem__, default="")


@dataclass(frozen=True)
class Check:
    """All reruns of one check."""

    reruns: tuple[Rerun, ...]
    tolerance: float

    @property
    def compared(self) -> int:
        return sum(r.status != "not compared" for r in self.reruns)

    @property
    def failures(self) -> int:
        return sum(r.status == "fail" for r in self.reruns)

    def as_dict(self) -> dict[str, object]:
        return {
            "tolerance": self.tolerance,
            "compared": self.compared,
            "failures": self.failures,
            "reruns": [asdict(r) | {"difference": r.difference} for r in self.reruns],
        }


def check_reruns(
    published: Sequence[Result], mine: Sequence[Entry], tolerance: float = TOLERANCE
) -> Check:
    """Every entry of `mine` against the published row of the same model.

    Raises:
        DataError: no entry could be compared; says why of the first.
    """
    rows = {r.name: r for r in published}
    check = Check(tuple(check_rerun(rows, entry, tolerance) for entry in mine), tolerance)
    if not check.compared:
        why = "; ".join(f"{r.name}: {r.reason}" for r in check.reruns[:3]) or "there is none"
        raise DataError(
            f"none of {len(check.reruns)} results can be compared with the published rows: {why}. "
            "Expected results of `skulens bench mpr openmpr --gallery text --mode paper`, or the "
            "files of OpenMPR's script"
        )
    return check


def check_rerun(rows: dict[str, Result], entry: Entry, tolerance: float) -> Rerun:
    """One entry; see `Rerun.status`."""
    result, row = entry.result, rows.get(entry.result.name)
    if result.suite != SUITE or result.variant.get("gallery", "text") != "text":
        return Rerun(entry.name, "not compared", "photos were not ranked against texts")
    if row is None:
        return Rerun(entry.name, "not compared", "the paper published no result of this model")
    theirs, ours = hits_of(row), hits_of(result)
    if theirs and ours:
        return compare_hits(entry.name, theirs, ours, tolerance)
    recalls = {
        f"{kind}@{k}": (rate(row, name), rate(result, name))
        for kind, prefix in (("micro", ""), ("macro", "macro_"))
        for k in KS
        for name in [f"{prefix}hit_rate@{k}"]
    }
    known = {n: pair for n, pair in recalls.items() if not np.isnan(pair).any()}
    if not known:
        return Rerun(entry.name, "not compared", "no recall at 1, 3 or 5 is known")
    return judge(Rerun(entry.name, "pass", recalls=known), tolerance)


def rate(result: Result, metric: str) -> float:
    """A metric's value; NaN where it is not known."""
    return result.metrics[metric].value if metric in result.metrics else float("nan")


def compare_hits(name: str, theirs: Hits, ours: Hits, tolerance: float) -> Rerun:
    """Two with hits by SKU: of the same photos, or the rerun fails for that."""
    if set(theirs.skus) != set(ours.skus):
        common = len(set(theirs.skus) & set(ours.skus))
        reason = f"{len(ours.skus)} SKUs, {common} of them among the published {len(theirs.skus)}"
        return Rerun(name, "not compared", reason)
    at = {sku: i for i, sku in enumerate(ours.skus)}
    order = [at[sku] for sku in theirs.skus]
    found = Rerun(
        name,
        "pass",
        recalls={
            f"{kind}@{k}": (getattr(theirs, kind)(k), getattr(ours, kind)(k))
            for kind in ("micro", "macro")
            for k in KS
        },
        hits={k: (int(theirs.hits[k].sum()), int(ours.hits[k].sum())) for k in KS},
        skus={k: int((theirs.hits[k] != ours.hits[k][order]).sum()) for k in KS},
    )
    if not same_photos(theirs, ours):
        reason = f"{int(ours.photos.sum()):,} photos, published are {int(theirs.photos.sum()):,}"
        return replace(found, status="fail", reason=reason)
    return judge(found, tolerance)


def judge(found: Rerun, tolerance: float) -> Rerun:
    """With its status, by the largest difference."""
    if found.difference > tolerance:
        reason = f"{found.worst} differs by {found.difference:.4f}, more than {tolerance:g}"
        return replace(found, status="fail", reason=reason)
    exact = found.difference == 0 if not found.skus else not any(found.skus.values())
    return replace(found, status="exact" if exact else "pass")
