"""Claims against gold -> counts per unit, and the sums that every claim metric is a ratio of.

A unit is one field of one item for which there is gold. The rules, each with its reason:

- Values are compared after norm-v1, at one of four match levels (`skulens.values.levels`).
- A field may have several gold rows: values that are true at once. Claims and rows are matched one
  to one, as many as possible (tp); a claim without a row is false (fp), a row without a claim is
  missed (fn). So a wrong value costs both, and a value claimed twice is false once.
- A row's alternatives: any of them is right.
- A claim of None or of an abstention ("not visible") is no claim, as if the field were absent from
  the answer. Where gold has a value it is missed.
- Gold without values: the product lacks the field, and every claim of it is false.
- Only rows that are legible, or of unknown legibility, are demanded. Of the other rows ("partly",
  "no", "not pictured") a right claim counts neither way and silence costs nothing; a wrong claim
  is false. A unit whose rows are all "partly" is left out, with or without values: legibility is
  relative to a reader.
- Claims of fields, or items, without gold cannot be judged: left out, and counted by field.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from skulens.claims import Claim, Gold
from skulens.errors import DataError
from skulens.values.fields import Field, find_field
from skulens.values.levels import Level, agree, make_key
from skulens.values.normalise import normalise
from skulens.values.text import DISTINCT

SPOKEN: tuple["Outcome", ...] = ("right", "excused", "repeated", "wrong", "invented")
"""Outcomes of claims that say something of a unit with gold."""
DEMANDED = ("yes", "unknown")
"""Legibility of the rows that a reader must find."""
LEAST = 20
"""Gold values that a field needs to enter the mean over fields."""
Unit = tuple[str, str]
"""Item and field."""
Outcome = Literal["right", "excused", "repeated", "wrong", "invented", "silent", "unjudged"]
"""What gold says of one claim. right: a value that is demanded. excused: a true value that is not
demanded. repeated: a true value once more. wrong: another value than the true ones. invented: the
product lacks the field, or no picture shows it. silent: an abstention. unjudged: no gold, or gold
that is legible "partly" only. False are repeated, wrong and invented ones."""


@dataclass(frozen=True)
class Matched:
    """Counts of each unit, units in the order in which gold first names them."""

    items: tuple[str, ...]
    fields: tuple[str, ...]
    groups: tuple[str, ...]
    """What is resampled: `Gold.group`, or the item."""
    tp: np.ndarray  # (units,) int64: matched rows that are demanded
    fp: np.ndarray  # (units,) int64
    fn: np.ndarray  # (units,) int64
    claimed: np.ndarray  # (units,) int64: values claimed, abstentions left out
    gold: np.ndarray  # (units,) int64: values demanded
    absent: np.ndarray  # (units,) bool: the product truly lacks the field
    abstained: np.ndarray  # (units,) bool: reported as not visible, and no value
    languages: np.ndarray  # (units,) str; "" where unknown
    classes: np.ndarray  # (units,) str; "" where unknown
    level: Level = "L1"
    extra: Mapping[str, int] = field(default_factory=dict)
    """Field -> claims that no gold row could judge."""
    partly: int = 0
    """Units left out because all of their rows are legible "partly"."""
    hidden: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    """(units,) bool: absent, or not pictured: nothing in the pictures says it."""
    outcomes: tuple[Outcome, ...] = ()
    """One per claim, in the order given."""
    group_of: Mapping[str, str] = field(default_factory=dict)
    """Item -> group, of every item that gold names, those without a unit included."""

    @property
    def units(self) -> tuple[str, ...]:
        """One id per unit: "ITEM#FIELD"."""
        return tuple(f"{i}#{f}" for i, f in zip(self.items, self.fields, strict=True))


@dataclass(frozen=True)
class ClaimScores:
    """What the statistics take: a metric is sum(top) / sum(bottom) over units."""

    units: tuple[str, ...]
    groups: tuple[str, ...]
    top: Mapping[str, np.ndarray]  # metric -> (units,) float64
    bottom: Mapping[str, np.ndarray]  # metric -> (units,) float64
    slices: Mapping[str, np.ndarray]  # "field", and "language", "class" where known -> (units,) str


@dataclass(slots=True)
class _Row:
    """Gold values one of which must be claimed, as keys of the match level."""

    keys: frozenset[str]
    demanded: bool
    partly: bool


def match(
    claims: Iterable[Claim],
    gold: Iterable[Gold],
    *,
    level: Level = "L1",
    languages: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
) -> Matched:
    """Counts per unit of one system's claims; see the rules above.

    The order of claims and of gold changes nothing but the order of units.

    Args:
        languages, classes: of items, where known, for slices.
    Raises:
        DataError: gold puts one unit into two groups.
        UnknownName: gold has a field that no registry row and no prefix allows.
    """
    golds, given = _by_unit(gold), list(claims)
    found: dict[Unit, list[int]] = {unit: [] for unit in golds}
    extra: Counter[str] = Counter()
    for i, claim in enumerate(given):
        if (claim.item, claim.field) in found:
            found[claim.item, claim.field].append(i)
        else:
            extra[claim.field] += 1
    kept = _values_of_gold(golds)
    rows = {unit: _rows(g, find_field(unit[1]), level, kept[unit[1]]) for unit, g in golds.items()}
    scored = [unit for unit in golds if not _all_partly(golds[unit], rows[unit])]
    outcomes: list[Outcome] = ["unjudged" if c.value is not None else "silent" for c in given]
    hidden = {unit: _is_hidden(golds[unit], rows[unit]) for unit in scored}
    for unit in scored:
        mine = [given[i] for i in found[unit]]
        judged = _judge(mine, rows[unit], find_field(unit[1]), level, kept[unit[1]], hidden[unit])
        for i, outcome in zip(found[unit], judged, strict=True):
            outcomes[i] = outcome
    table = _tally(scored, found, outcomes)
    gold_counts = np.array([sum(row.demanded for row in rows[unit]) for unit in scored], np.int64)
    said = [any(given[i].value is None for i in found[unit]) for unit in scored]
    return Matched(
        items=tuple(item for item, _ in scored),
        fields=tuple(path for _, path in scored),
        groups=tuple(golds[unit][0].group or unit[0] for unit in scored),
        tp=table["right"],
        fp=table["repeated"] + table["wrong"] + table["invented"],
        fn=gold_counts - table["right"],
        claimed=sum((table[o] for o in SPOKEN), np.zeros(len(scored), np.int64)),
        gold=gold_counts,
        absent=np.array([not rows[unit] for unit in scored], bool),
        abstained=np.array(said, bool) & (sum(table[o] for o in SPOKEN) == 0),
        languages=np.array([(languages or {}).get(item, "") for item, _ in scored], str),
        classes=np.array([(classes or {}).get(item, "") for item, _ in scored], str),
        level=level,
        extra=dict(sorted(extra.items())),
        partly=len(golds) - len(scored),
        hidden=np.array([hidden[unit] for unit in scored], bool),
        outcomes=tuple(outcomes),
        group_of={item: golds[item, path][0].group or item for item, path in golds},
    )


def _by_unit(gold: Iterable[Gold]) -> dict[Unit, list[Gold]]:
    units: dict[Unit, list[Gold]] = defaultdict(list)
    for row in gold:
        units[row.item, row.field].append(row)
    for (item, path), rows in units.items():
        if len(groups := {row.group for row in rows}) > 1:
            raise DataError(
                f"gold puts {path} of item {item!r} into the groups {sorted(groups)}; a unit is "
                "resampled as a whole, give all of its rows one group"
            )
    return dict(units)


def _values_of_gold(golds: Mapping[Unit, list[Gold]]) -> dict[str, frozenset[str]]:
    """Field -> abstentions ("unbranded") that its gold uses as values, on any item."""
    kept: dict[str, set[str]] = defaultdict(set)
    for (_, path), rows in golds.items():
        forms = {normalise(v, keep=DISTINCT) for row in rows for v in row.values}
        kept[path] |= forms & DISTINCT
    return {path: frozenset(forms) for path, forms in kept.items()}


def _rows(gold: list[Gold], kind: Field, level: Level, keep: frozenset[str]) -> list[_Row]:
    """Rows that hold a value; rows of the same values are one, and demanded if any of them is."""
    rows: dict[frozenset[str], _Row] = {}
    for g in gold:
        keys = (make_key(v, kind.type, level, unit=kind.unit, keep=keep) for v in g.values)
        values = frozenset(filter(None, keys))
        if not values:
            continue
        row = rows.setdefault(values, _Row(values, False, True))
        row.demanded |= g.legible in DEMANDED
        row.partly &= g.legible == "partly"
    return list(rows.values())


def _all_partly(gold: list[Gold], rows: list[_Row]) -> bool:
    """Whether gold only says what some readers may read: neither demanded nor false."""
    return all(row.partly for row in rows) if rows else any(g.legible == "partly" for g in gold)


def _is_hidden(gold: list[Gold], rows: list[_Row]) -> bool:
    return not rows or all(g.legible == "not pictured" for g in gold)


def _judge(
    claims: list[Claim],
    rows: list[_Row],
    kind: Field,
    level: Level,
    keep: frozenset[str],
    hidden: bool,
) -> list[Outcome]:
    """What gold says of each claim of one unit, same order."""
    keys = [
        make_key(
            c.value, kind.type, level, unit=c.unit or kind.unit, language=c.language, keep=keep
        )
        for c in claims
    ]
    spoken = [i for i, key in enumerate(keys) if key]
    rows = sorted(rows, key=lambda row: not row.demanded)
    fits = [
        [i for i in spoken if any(agree(keys[i], k, kind.type, level) for k in row.keys)]
        for row in rows
    ]
    demanded, true = sum(row.demanded for row in rows), {i for fit in fits for i in fit}
    false: Outcome = "invented" if hidden else "wrong"
    outcomes: list[Outcome] = ["silent"] * len(claims)
    for i in spoken:
        outcomes[i] = "repeated" if i in true else false
    for row, i in _match_rows(fits).items():
        outcomes[i] = "right" if row < demanded else "excused"
    return outcomes


def _tally(
    units: list[Unit], found: Mapping[Unit, list[int]], outcomes: list[Outcome]
) -> dict[Outcome, np.ndarray]:
    """Outcome -> (units,) int64 claims of each unit."""
    counts = [Counter(outcomes[i] for i in found[unit]) for unit in units]
    return {o: np.array([c[o] for c in counts], np.int64) for o in (*SPOKEN, "silent")}


def _match_rows(fits: list[list[int]]) -> dict[int, int]:
    """Row -> claim of a maximum bipartite matching; `fits` lists the claims that fit each row.

    Rows are augmented in order (Kuhn 1955) and a matched row stays matched, so as many as possible
    of the first rows, the demanded ones, are among them.
    """
    taken: dict[int, int] = {}  # claim -> row

    def place(row: int, seen: set[int]) -> bool:
        for claim in fits[row]:
            if claim not in seen:
                seen.add(claim)
                if claim not in taken or place(taken[claim], seen):
                    taken[claim] = row
                    return True
        return False

    for row in range(len(fits)):
        place(row, set())
    return {row: claim for claim, row in taken.items()}


def claim_scores(matched: Matched) -> ClaimScores:
    """Top and bottom of every claim metric, per unit.

    precision: tp / (tp + fp). recall: tp / (tp + fn). f1: 2 tp / (2 tp + fp + fn), pooled over
    units (micro; the headline). weighted_f1: the same, fields weighted as the registry says.
    item_f1: mean over items of their F1; an item with neither gold nor claims scores 1.
    coverage: demanded units that got a value. exact_match: units without any error. false_alarm:
    units that truly lack the field and got a value. abstained: units reported as not visible.
    claims_per_item: values claimed per item (not a share: it exceeds 1).
    """
    tp, fp, fn = (x.astype(np.float64) for x in (matched.tp, matched.fp, matched.fn))
    claimed, gold = matched.claimed > 0, matched.gold > 0
    one = np.ones(len(tp))
    weight = np.array([find_field(path).weight for path in matched.fields], np.float64)
    f1_of_item, share = _items(matched)
    pairs = {
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
        "weighted_f1": (weight * 2 * tp, weight * (2 * tp + fp + fn)),
        "item_f1": (f1_of_item * share, share),
        "coverage": ((claimed & gold).astype(np.float64), gold.astype(np.float64)),
        "exact_match": (((fp + fn) == 0).astype(np.float64), one),
        "false_alarm": (
            (claimed & matched.absent).astype(np.float64),
            matched.absent.astype(np.float64),
        ),
        "abstained": (matched.abstained.astype(np.float64), one),
        "claims_per_item": (matched.claimed.astype(np.float64), share),
    }
    slices = {"field": np.array(matched.fields, str)}
    for name, known in (("language", matched.languages), ("class", matched.classes)):
        if known.astype(bool).any():
            slices[name] = known
    return ClaimScores(
        matched.units,
        matched.groups,
        {name: top for name, (top, _) in pairs.items()},
        {name: bottom for name, (_, bottom) in pairs.items()},
        slices,
    )


def _items(matched: Matched) -> tuple[np.ndarray, np.ndarray]:
    """(F1 of the item of each unit, one over the units of that item), both (units,)."""
    _, item = np.unique(np.array(matched.items, str), return_inverse=True)
    top = np.bincount(item, 2.0 * matched.tp).astype(np.float64)
    bottom = top + np.bincount(item, matched.fp + matched.fn)
    f1 = np.divide(top, bottom, out=np.ones_like(top), where=bottom > 0)
    return f1[item], 1 / np.bincount(item)[item]


def eligible_fields(matched: Matched, least: int = LEAST) -> tuple[str, ...]:
    """Fields with at least `least` demanded gold values, sorted: those of the mean over fields.

    macro_field F1 is the mean of their F1, averaged inside each resample.
    """
    counts: Counter[str] = Counter()
    for path, n in zip(matched.fields, matched.gold, strict=True):
        counts[path] += int(n)
    return tuple(sorted(path for path, n in counts.items() if n >= least))
