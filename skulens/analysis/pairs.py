"""Two results on the same units: is one better, what else differs between them, and where?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from functools import cached_property

import numpy as np

from skulens.analysis.boards import Board
from skulens.analysis.pairing import differences_of, refuse, why_not
from skulens.analysis.ranks import headline, none_for_nan
from skulens.bench.result import Result
from skulens.bench.store import first_products, relevant_products
from skulens.errors import DataError, unknown
from skulens.evaluate.compare import LEVEL, PATTERNS, Difference, holm, patterns_for
from skulens.evaluate.metric import Metric, find_metric
from skulens.evaluate.panel import compare_measures
from skulens.evaluate.sample_size import SampleSize, estimate_sample_size
from skulens.evaluate.scores import Scores

EXAMPLES = 4
"""Units named for each group."""


class Outcome(Enum):
    """What a paired test says of A against B."""

    A_BETTER = "a is better"
    B_BETTER = "b is better"
    NOT_SIGNIFICANT = "not significantly different"


@dataclass(frozen=True)
class GroupDifference:
    """One SKU (or other group that is resampled), and how far A is ahead of B on it."""

    sku: str
    n: int
    """Its units."""
    a: float
    b: float
    difference: float
    a_found: str | None = None
    """The wrong product that A put first most often; None where it never did."""
    b_found: str | None = None
    only_a: tuple[str, ...] = ()
    """Units on which A is better than B: the first few ids."""
    only_b: tuple[str, ...] = ()
    photos: dict[str, str] = field(default_factory=dict)
    """Path of the photo of each of these units, where it lies on disk."""


@dataclass(frozen=True)
class Pairing:
    """Result A against result B on the same units."""

    a: Result
    b: Result
    metric: str
    mean_a: float
    mean_b: float
    difference: Difference
    """A - B."""
    wins: int
    """Groups on which A is ahead."""
    losses: int
    ties: int
    probes_only_a: int | None
    """Units on which A is ahead; None where only sums per group are known."""
    probes_only_b: int | None
    gaps: tuple[float, ...]
    """The difference on every group, largest first."""
    skus: tuple[GroupDifference, ...]
    """Where they differ most, first."""
    needed: SampleSize | None = None
    """Groups that a significant difference takes; None for macro means or without units."""
    p_holm: float | None = None
    """p after Holm's correction over all comparisons made together (`adjust`)."""
    hopeless: bool = False
    """Too few groups differ for p to reach 5 % after that correction, whatever they say."""

    @property
    def data(self) -> str:
        """What both were measured on, in a few words."""
        variant = self.a.variants() if not self.differing else ""
        dtype = getattr(self.a.system, "dtype", "") if variant else ""
        precision = f"dtype {dtype}" if dtype not in ("", "float32") else ""
        return ", ".join(filter(None, (self.a.data.short, variant, precision)))

    @cached_property
    def differing(self) -> dict[str, tuple[str, str]]:
        """What differs beside the system: variant, precision. Name -> (of A, of B)."""
        return differences_of(self.a, self.b)

    @property
    def names(self) -> tuple[str, str]:
        """What tells the two sides apart: systems, else their variants, else folders."""
        a, b = self.a, self.b
        if a.name != b.name:
            return a.name, b.name
        if self.differing:
            said = [
                ", ".join(f"{k} {v[side]}" for k, v in self.differing.items()) for side in (0, 1)
            ]
            return f"{a.name} ({said[0]})", f"{b.name} ({said[1]})"
        folders = [r.folder.name if r.folder else r.name for r in (a, b)]
        return folders[0], folders[1]

    @property
    def p(self) -> float:
        return self.difference.p if self.p_holm is None else self.p_holm

    @property
    def outcome(self) -> Outcome:
        """Whether the difference is significant at 5 %, and in whose favour."""
        if not self.p <= LEVEL:
            return Outcome.NOT_SIGNIFICANT
        higher = self.difference.value > 0
        good = higher == (find_metric(self.metric).direction == "higher")
        return Outcome.A_BETTER if good else Outcome.B_BETTER

    def as_dict(self) -> dict:
        """For JSON; NaN is None."""
        d = asdict(self.difference)
        keep = (
            "metric",
            "mean_a",
            "mean_b",
            "wins",
            "losses",
            "ties",
            "probes_only_a",
            "probes_only_b",
            "p_holm",
            "hopeless",
        )
        record = self.a.record()
        what = {k: record[k] for k in ("suite", "data", "gallery", "n_queries", "n_gallery")}
        return {
            "a": self.a.name,
            "b": self.b.name,
            "folder_a": str(self.a.folder or self.a.data.name),
            "folder_b": str(self.b.folder or self.b.data.name),
            **what,
            "data_hash": record["data_hash"] or record["data"],
            "differing": {k: list(v) for k, v in self.differing.items()},
            **{k: none_for_nan(getattr(self, k)) for k in keep},
            "outcome": self.outcome.value,
            "difference": {k: none_for_nan(v) for k, v in d.items()},
            "needed": self.needed and asdict(self.needed),
            "gaps": list(self.gaps),
            "skus": [asdict(s) for s in self.skus],
        }


def pair_of_board(board: Board, a: str, b: str) -> tuple[Result, Result]:
    """Two systems of a leaderboard by name.

    Raises:
        UnknownName: the board has no such system; names the nearest.
        DataError: the board has no sums by group of one.
    """
    found = []
    for word in (a, b):
        names = [e.name for e in board.entries]
        at = next((names.index(n) for n in (word, f"open_clip:{word}") if n in names), None)
        if at is None:
            raise unknown("encoder", word, names, "skulens leaderboard")
        if board.entries[at].result.sums is None:
            raise DataError(
                f"{board.name} has no hits per SKU of {names[at]}, so it cannot be compared; "
                "give per_sku_hits.json beside the CSV"
            )
        found.append(board.entries[at].result)
    return found[0], found[1]


def pair(
    a: Result,
    b: Result,
    metric: str = "",
    *,
    most: int = 10,
    photos: Mapping[str, str] | None = None,
    patterns: int = PATTERNS,
    seed: int = 0,
) -> Pairing:
    """Compare two results, unit by unit where units are known, else group by group.

    Args:
        metric: any metric that both have, macro means too; empty: the suite's first headline
            metric of which both have a value.
        most: groups to describe.
        photos: unit -> path of its photo, for the groups described.
        patterns: see `panel.compare_measures`; `compare.patterns_for` says how many
            patterns the correction of `adjust` takes.
    Raises:
        DataError: they did not answer the same, are one and the same, or lack the metric.
    """
    if a is b or (a.folder and a.folder == b.folder):
        raise DataError(
            f"{a.name} of {a.folder or a.data.name} stands on both sides; "
            "a comparison needs two results"
        )
    if why_not(a, b):
        raise DataError(refuse(a, b))
    metric = metric or next((m for m in headline(a) if _is_known(m, a, b)), "")
    declared = _testable(metric, a)
    x, y = answered_by_both(a, b, declared.plain)
    groups = x.group_names
    measures = [s.measure(metric, groups) for s in (x, y)]
    for result, measure in zip((a, b), measures, strict=True):
        if np.isnan(measure.value()):
            raise DataError(
                f"{result.name} has no {metric}: it says nothing that the metric counts; "
                "compare by another --metric"
            )
    found = compare_measures(*measures, seed=seed, patterns=patterns)
    fine = x.fine and y.fine
    left, right = x.values(declared.plain), y.values(declared.plain)
    rows = differences_by_group(x, y, declared.plain, fine)
    gaps = np.array([row.difference for row in rows])
    fits = declared.mean and not declared.over and _test_fits(left, right)
    enough = fine and fits and found.groups > 1
    firsts = [first_wrong(r, x) for r in (a, b)]
    return Pairing(
        a,
        b,
        metric,
        measures[0].value(),
        measures[1].value(),
        found,
        int((gaps > 0).sum()),
        int((gaps < 0).sum()),
        int((gaps == 0).sum()),
        int((left > right).sum()) if fine else None,
        int((left < right).sum()) if fine else None,
        tuple(sorted(gaps.tolist(), reverse=True)),
        tuple(describe(row, firsts, photos or {}) for row in _worst(rows)[:most]),
        estimate_sample_size(left, right, x.numbers, seed=seed) if enough else None,
    )


def _is_known(metric: str, *results: Result) -> bool:
    """Whether all results have a value of the metric."""
    return all(metric in r.metrics and not np.isnan(r.metrics[metric].value) for r in results)


def _testable(metric: str, result: Result) -> Metric:
    """The metric of a name. Raises DataError for one whose differences are not tested, such as phi."""
    declared = find_metric(metric)
    if declared.derive is not None:
        raise DataError(
            f"{metric} is derived from {declared.of} and the parameters, and differences of it are "
            f"not tested; it has {', '.join(result.scores.metrics)}"
        )
    return declared


def _test_fits(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether the sample-size formula holds: values of single units in [0, 1]."""
    both = np.concatenate([left, right])
    both = both[~np.isnan(both)]
    return bool(len(both)) and both.min() >= 0 and both.max() <= 1


def answered_by_both(a: Result, b: Result, metric: str) -> tuple[Scores, Scores]:
    """Scores of both in the same order.

    Units of which either knows nothing are left out where the metric is a mean over units; a
    ratio with denominators of its own (precision) keeps them.
    """
    x, y = a.scores, b.scores
    if x.fine != y.fine:
        x, y = x.by_group(), y.by_group()
    for result, scores in ((a, x), (b, y)):
        if metric not in scores.metrics:
            where = result.folder.name if result.folder else result.name
            raise DataError(
                f"{where} has no {metric!r} for each {scores.unit}; "
                f"it has {', '.join(scores.metrics)}"
            )
    place = {u: i for i, u in enumerate(y.units)}
    y = y.take(np.array([place[u] for u in x.units], np.int64))
    if x.fine and find_metric(metric).mean:
        both = (x.bottom[metric] > 0) & (y.bottom[metric] > 0)
        return x.take(both), y.take(both)
    return x, y


def adjust(pairings: Sequence[Pairing]) -> list[Pairing]:
    """Comparisons made together, each with its p after Holm's correction over all of them.

    Raises:
        DataError: so few sign patterns were drawn that no p could be at most 5 % after it.
    """
    p = holm([x.difference.p for x in pairings])
    found = []
    for x, q in zip(pairings, p, strict=True):
        least = x.difference.p_least * len(pairings)
        if least > LEVEL and x.difference.patterns:
            raise DataError(
                f"{len(pairings)} comparisons with {x.difference.patterns} sign patterns: after "
                f"Holm's correction no p could be below {least:.2g}; give at least "
                f"{patterns_for(len(pairings), 0):,} patterns"
            )
        found.append(replace(x, p_holm=float(q), hopeless=bool(least > LEVEL)))
    return found


def differences_by_group(x: Scores, y: Scores, metric: str, fine: bool) -> list[GroupDifference]:
    """Every group of which both say something, in order of appearance."""
    sums = [s.by_group(x.group_names) for s in (x, y)]
    a, b = (s.values(metric) for s in sums)
    sizes = sums[0].count(metric)
    ahead = _units_ahead(x, y, metric) if fine else ({}, {})
    return [
        GroupDifference(
            name,
            int(sizes[i]),
            float(a[i]),
            float(b[i]),
            round(float(a[i] - b[i]), 12),
            only_a=tuple(ahead[0].get(name, ())),
            only_b=tuple(ahead[1].get(name, ())),
        )
        for i, name in enumerate(x.group_names)
        if not np.isnan(a[i] - b[i])
    ]


def _units_ahead(x: Scores, y: Scores, metric: str) -> tuple[dict[str, list[str]], ...]:
    """Group -> units on which A is ahead, and on which B is."""
    gap = x.values(metric) - y.values(metric)
    found: tuple[dict[str, list[str]], ...] = ({}, {})
    for unit, group, d in zip(x.units, x.groups, gap, strict=True):
        if d > 0 or d < 0:
            found[int(d < 0)].setdefault(group, []).append(unit)
    return found


def _worst(rows: Sequence[GroupDifference]) -> list[GroupDifference]:
    differing = [row for row in rows if row.difference]
    return sorted(differing, key=lambda r: (-abs(r.difference), -r.n, r.sku))


def first_wrong(result: Result, scores: Scores) -> dict[str, str]:
    """Group -> the wrong product put first most often for its queries; empty without a run."""
    firsts, relevant = first_products(result), relevant_products(result)
    wrong: dict[str, Counter] = {}
    for query, name in zip(scores.units, scores.groups, strict=True):
        first = firsts.get(query)
        if first is not None and first not in relevant.get(query, ()):
            wrong.setdefault(name, Counter())[first] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in wrong.items()}


def describe(
    row: GroupDifference, firsts: Sequence[Mapping[str, str]], photos: Mapping[str, str]
) -> GroupDifference:
    """The row with what each side found instead, a few units, and their photos."""
    only_a, only_b = row.only_a[:EXAMPLES], row.only_b[:EXAMPLES]
    return replace(
        row,
        a_found=firsts[0].get(row.sku),
        b_found=firsts[1].get(row.sku),
        only_a=only_a,
        only_b=only_b,
        photos={q: photos[q] for q in (*only_a, *only_b) if q in photos},
    )
