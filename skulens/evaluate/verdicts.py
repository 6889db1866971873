"""Verdicts of claims beside gold: what was confirmed, and whether it deserved to be.

VC, VI and U are shares of the claims that say something, whether gold knows the field or not; they
say nothing of recall (eBay, arXiv 2602.11733, Table 3). Everything that is compared with gold is of
the claims that gold can judge. Units are those of `claims.match`, and behind them one per item for
its claims of fields without gold, in which metrics that need gold say nothing: the same units for
every system. Claims of items without any gold are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.claims import Claim, Verdict
from skulens.errors import DataError
from skulens.evaluate.claims import ClaimScores, Matched, Outcome, Unit

FALSE: tuple[Outcome, ...] = ("wrong", "invented")
"""Outcomes of claims whose value is not true; a repeated value is true."""
JUDGED: tuple[Outcome, ...] = ("right", "repeated", "wrong", "invented")
"""Outcomes of claims that count in precision."""
OUTCOMES: tuple[Outcome, ...] = ("right", "excused", "repeated", "wrong", "invented", "unjudged")
"""Of all claims that say something."""
LABELS = ("VC", "VI", "U")
REST = ""
"""Field of the unit that holds an item's claims without gold."""


@dataclass(frozen=True)
class Cells:
    """Claims of each unit by outcome and label."""

    units: tuple[Unit, ...]
    """Those of the matching first, in its order, then the one of REST of every item."""
    groups: tuple[str, ...]
    n: Mapping[tuple[Outcome, str], np.ndarray]  # (outcome, label) -> (units,) float64
    known: int
    """How many units have gold."""

    def count(self, outcomes: Sequence[Outcome], labels: Sequence[str] = LABELS) -> np.ndarray:
        """(units,) claims of any of the outcomes with any of the labels."""
        none = np.zeros(len(self.units))
        return sum((self.n[o, label] for o in outcomes for label in labels), none)


def count_cells(matched: Matched, claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> Cells:
    """Claims by unit, outcome and label. Abstentions are no claims.

    Raises:
        DataError: not one verdict and one outcome for each claim, in the same order.
    """
    check_verdicts(matched, claims, verdicts)
    known = list(zip(matched.items, matched.fields, strict=True))
    units = [*known, *((item, REST) for item in matched.group_of)]
    place = {unit: i for i, unit in enumerate(units)}
    cells = {(o, label): np.zeros(len(units)) for o in OUTCOMES for label in LABELS}
    for claim, outcome, verdict in zip(claims, matched.outcomes, verdicts, strict=True):
        if outcome != "silent" and claim.item in matched.group_of:
            path = REST if outcome == "unjudged" else claim.field
            cells[outcome, verdict.label][place[claim.item, path]] += 1
    groups = tuple(matched.group_of[item] for item, _ in units)
    return Cells(tuple(units), groups, cells, len(known))


def check_verdicts(matched: Matched, claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> None:
    """Raise DataError unless claims, verdicts and outcomes are of one another."""
    sizes = len(claims), len(verdicts), len(matched.outcomes)
    if len(set(sizes)) > 1 or any(c.id != v.claim for c, v in zip(claims, verdicts, strict=True)):
        raise DataError(
            "expected one verdict for each claim, in the same order, of the claims that were "
            f"matched; got {sizes[0]} claims, {sizes[1]} verdicts and {sizes[2]} matched"
        )


def verdict_scores(
    scores: ClaimScores, matched: Matched, claims: Sequence[Claim], verdicts: Sequence[Verdict]
) -> ClaimScores:
    """The scores of the same matching, with what verdicts add to them.

    vc, vi, u: shares of the claims made. vc_precision: confirmed claims that are right, of those
    that gold judges. vc_recall: values demanded that are rightly confirmed. vi_precision: of the
    contradicted claims that gold judges, those that are false. reference_gap: confirmed claims
    minus right ones, of the claims that gold judges. invented, invented_vc: fields that gold says
    no picture shows, for which a value was claimed, or confirmed. claims_per_item, vc_per_item
    (yield) and vi_per_100_items: of all claims, per item with gold.
    """
    cells = count_cells(matched, claims, verdicts)
    every, share = cells.count(OUTCOMES), _share_of_items(cells)
    judged, right = cells.count(JUDGED), cells.count(("right",))
    false_vc = cells.count(FALSE, ("VC",))
    right_vc, vi = cells.count(("right",), ("VC",)), cells.count(OUTCOMES, ("VI",))
    hidden = _extend(matched.hidden, len(cells.units))
    invented = cells.count(("invented",))
    pairs = {
        "vc": (cells.count(OUTCOMES, ("VC",)), every),
        "vi": (vi, every),
        "u": (cells.count(OUTCOMES, ("U",)), every),
        "vc_precision": (right_vc, right_vc + false_vc),
        "vc_recall": (right_vc, _extend(matched.gold, len(cells.units))),
        "vi_precision": (cells.count(FALSE, ("VI",)), cells.count(JUDGED, ("VI",))),
        "reference_gap": (cells.count(JUDGED, ("VC",)) - right, judged),
        "invented": ((invented > 0) * hidden, hidden),
        "invented_vc": ((cells.count(("invented",), ("VC",)) > 0) * hidden, hidden),
        "claims_per_item": (every, share),
        "vc_per_item": (cells.count(OUTCOMES, ("VC",)), share),
        "vi_per_100_items": (100 * vi, share),
    }
    return widen(scores, cells, pairs)


def widen(
    scores: ClaimScores, cells: Cells, pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> ClaimScores:
    """Scores over the units of the cells, with further metrics: name -> (top, bottom)."""
    n, extra = len(cells.units), cells.units[cells.known :]
    known = {item: i for i, (item, _) in enumerate(cells.units[: cells.known])}
    slices = {
        name: np.concatenate(
            [values, np.array([values[known[i]] if i in known else "" for i, _ in extra], str)]
        )
        for name, values in scores.slices.items()
        if name != "field"
    }
    fields = np.array([path for _, path in cells.units], str)
    return ClaimScores(
        (*scores.units, *(f"{item}#{path}" for item, path in extra)),
        cells.groups,
        {m: _extend(a, n) for m, a in scores.top.items()} | {m: p[0] for m, p in pairs.items()},
        {m: _extend(a, n) for m, a in scores.bottom.items()} | {m: p[1] for m, p in pairs.items()},
        {"field": fields, **slices},
    )


def count_outcomes(
    matched: Matched, claims: Sequence[Claim], verdicts: Sequence[Verdict]
) -> dict[str, int]:
    """Sums for a reader: verdicts, and the confirmed claims that are false."""
    cells = count_cells(matched, claims, verdicts)
    found = {label: int(cells.count(OUTCOMES, (label,)).sum()) for label in LABELS}
    for outcome in FALSE:
        found[f"{outcome}_VC"] = int(cells.count((outcome,), ("VC",)).sum())
        found[outcome] = int(cells.count((outcome,)).sum())
    return found


def _extend(values: np.ndarray, n: int) -> np.ndarray:
    """The values as float64, then zeros up to `n`."""
    return np.concatenate([values.astype(np.float64), np.zeros(n - len(values))])


def _share_of_items(cells: Cells) -> np.ndarray:
    """(units,) one over the units of the unit's item."""
    items = np.array([item for item, _ in cells.units], str)
    if not len(items):
        return np.zeros(0)
    _, item = np.unique(items, return_inverse=True)
    return 1 / np.bincount(item)[item]
