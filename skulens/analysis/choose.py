"""Which system to deploy: it meets the constraints and is not significantly worse than the best.

A constraint on what was never measured here does not exclude a system, unless asked for: it is
kept and marked. Differences are paired over groups. The best is chosen by the same data, so the
family that is tested at 5 % is all pairs of those that meet the constraints (`Family.behind`).
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import Enum

import numpy as np

from skulens.analysis.boards import Board, Entry
from skulens.analysis.ranks import main_metric, none_for_nan
from skulens.bench.result import machine
from skulens.errors import DataError
from skulens.evaluate.compare import LEVEL, PATTERNS, Difference
from skulens.evaluate.families import Family
from skulens.evaluate.metric import Metric, find_metric
from skulens.evaluate.panel import Panel

LICENCES = ("any", "commercial", "not-forbidden")
"""commercial: known to allow it. not-forbidden: also those whose terms have to be read first."""
OPEN = (
    "apache",
    "mit",
    "bsd",
    "isc",
    "cc-by-4",
    "cc-by-sa-4",
    "cc0",
    "unlicense",
    "mpl",
)
"""Beginnings of licences that allow commercial use."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the system must fulfil; None asks nothing."""

    max_params: int | None = None
    """of both towers"""
    max_latency_ms: float | None = None
    """p50 of one probe on this machine, milliseconds"""
    max_memory_mb: float | None = None
    """peak resident memory of the encoder in a process of its own on this machine, 10^6 bytes"""
    licence: str = "any"
    min_recall: float | None = None
    """least value of `metric`, a fraction"""
    metric: str = ""
    """any metric of the board's suite; empty: its first headline metric"""
    unknown: str = "keep"
    """keep (and mark) or drop systems of which a limited cost is unknown"""

    def __post_init__(self):
        if self.licence not in LICENCES or self.unknown not in ("keep", "drop"):
            raise DataError(
                f"expected a licence of {', '.join(LICENCES)} and unknown keep or drop, "
                f"got {self.licence!r} and {self.unknown!r}"
            )
        for name in ("max_params", "max_latency_ms", "max_memory_mb"):
            if (limit := getattr(self, name)) is not None and limit <= 0:
                raise DataError(f"{name} must be above 0, got {limit:g}")
        find_metric(self.metric)  # raises for a cut-off that is not a number
        self.check_range(find_metric(self.metric))

    def check_range(self, metric: Metric) -> None:
        """Raises DataError for a least value that the metric cannot have."""
        if self.min_recall is not None and metric.bounded and not 0 <= self.min_recall <= 1:
            raise DataError(
                f"a recall is a fraction between 0 and 1, got {self.min_recall:g}; "
                "write 0.6 for 60 %"
            )


class Outcome(Enum):
    """What became of a system."""

    BEST = "best"
    """Not significantly different from the best."""
    UNTESTED = "untested"
    """No sums by group, so it cannot be compared."""
    WORSE = "worse"
    OUT = "out"
    """A constraint is not met."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a system is not among the best."""

    kind: str
    """The same for all systems excluded for the same cause: "too large", "slower here" ..."""
    text: str
    miss: float = 0.0
    """How far from the limit, as a share of it; 0 where a constraint has no measure."""


BEST = Difference(0.0, 0.0, 0.0, 1.0, 0, 0)
"""The best itself is nothing behind the best."""


@dataclass(frozen=True, slots=True)
class Option:
    """One system and what became of it."""

    entry: Entry
    value: float | None
    low: float | None
    high: float | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    """Why it is not among the best."""
    notes: tuple[str, ...]
    """What to know of it all the same: unknown costs, doubtful numbers."""
    behind: Difference | None = None
    """The best minus this one; p is adjusted for all pairs, and the interval holds for all systems
    at once, so that it leaves out 0 exactly where p is at most 5 %."""

    def as_dict(self) -> dict:
        e = self.entry
        shown = ("name", "source", "family", "params", "licence", "latency_ms", "memory_mb")
        behind = self.behind and {k: none_for_nan(v) for k, v in asdict(self.behind).items()}
        return {k: getattr(e, k) for k in shown} | {
            "commercial": licence_class(e),
            "variant": dict(e.result.variant),
            "verdict": self.outcome.value,
            **{k: getattr(self, k) for k in ("value", "low", "high")},
            "reasons": [r.text for r in self.reasons],
            "notes": list(self.notes),
            "behind": behind,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer on one board: the best first, then worse ones, then those excluded."""

    board: str
    data: str
    constraints: Constraints
    options: tuple[Option, ...]
    suite: str = ""
    family: Family | None = None
    """The test of all pairs of those that meet the constraints; None where nothing was tested."""

    def of(self, outcome: Outcome) -> list[Option]:
        return [o for o in self.options if o.outcome is outcome]

    def as_dict(self) -> dict:
        return {
            "board": self.board,
            "data": self.data,
            "machine": this_machine(),
            "wishes": asdict(self.constraints),
            "constraints": asdict(self.constraints),
            "best": [o.entry.name for o in self.of(Outcome.BEST)],
            "tested": len(self.family.statistic) if self.family else 0,
            "too_few_groups": bool(self.family and self.family.hopeless),
            "candidates": [o.as_dict() for o in self.options],
        }


def this_machine() -> str:
    """This machine as `Entry.machine` names it."""
    here = machine()
    return f"{here['cpu']}, {here['cores']} cores"


def choose(
    board: Board,
    constraints: Constraints,
    *,
    costs: Iterable[Board] = (),
    patterns: int = PATTERNS,
    seed: int = 0,
) -> Choice:
    """Systems that meet the constraints and do not differ significantly from the best of them.

    Args:
        costs: boards of results measured here, on whatever data, which lend latency and memory to
            the board's systems of the same name.
        patterns: of swaps, which give the differences' intervals and p-values.
    Raises:
        DataError: the board has no such metric, or patterns are too few to test with.
    """
    metric = constraints.metric or main_metric(board)
    constraints = replace(constraints, metric=metric)
    if not any(metric in e.metrics for e in board.entries):
        held = sorted({m for e in board.entries for m in e.metrics})
        raise DataError(f"{board.name} has no {metric}; it has {', '.join(held) or 'no metric'}")
    measured = costs_here(costs)
    entries = [add_costs(e, measured) for e in board.entries]
    known = board.known(metric)
    bounds = estimate(board, metric, np.flatnonzero(known))
    value = [
        e.metrics.get(metric) if np.isnan(v) else float(v)
        for e, v in zip(entries, bounds[0], strict=True)
    ]
    reasons = [
        find_unmet(e, v, a, b, constraints)
        for e, v, a, b in zip(entries, value, *bounds[1:], strict=True)
    ]
    meeting = np.flatnonzero(known & np.array([not r for r in reasons], bool))
    behind, family = compare_with_best(board, metric, meeting, patterns, seed)
    first = next((entries[i].name for i, d in behind.items() if d is BEST), "")
    found = []
    for i, entry in enumerate(entries):
        outcome, why = judge(reasons[i], behind.get(i), bool(known[i]), first)
        low, high = (none_for_nan(ends[i]) for ends in bounds[1:])
        notes = note(entry, low, constraints)
        found.append(Option(entry, value[i], low, high, outcome, why, notes, behind.get(i)))
    order, sign = list(Outcome), 1 if find_metric(metric).direction == "higher" else -1
    found.sort(
        key=lambda o: (order.index(o.outcome), -sign * (o.value if o.value is not None else -sign))
    )
    return Choice(board.name, board.data, constraints, tuple(found), board.suite, family)


def costs_here(boards: Iterable[Board]) -> dict[str, Entry]:
    """System -> its latest entry that was timed on this machine."""
    here = this_machine()
    timed = (e for b in boards for e in b.entries if e.machine == here)
    return {e.name: e for e in timed if e.latency_ms is not None}


def add_costs(entry: Entry, measured: dict[str, Entry]) -> Entry:
    """The entry with latency and memory of this machine, None where they were not measured here."""
    known = measured.get(entry.name)
    if entry.machine == this_machine() and entry.latency_ms is not None:
        lent = known.memory_mb if known and entry.memory_mb is None else entry.memory_mb
        return replace(entry, memory_mb=lent)
    if known is None:
        return replace(entry, latency_ms=None, memory_mb=None, machine=None)
    return replace(
        entry,
        latency_ms=known.latency_ms,
        memory_mb=known.memory_mb,
        machine=known.machine,
    )


def estimate(board: Board, metric: str, known: np.ndarray) -> np.ndarray:
    """(3, entries): value, low, high; NaN where sums by group are unknown."""
    answer = np.full((3, len(board.entries)), np.nan)
    if len(known):
        found = board.panel(metric, known).intervals()
        answer[:, known] = np.array([(i.value, i.low, i.high) for i in found]).T
    return answer


def find_unmet(
    entry: Entry, value: float | None, low: float, high: float, constraints: Constraints
) -> tuple[Reason, ...]:
    """Constraints that a system does not meet."""
    found = []
    limits = (
        ("params", constraints.max_params, "too large", millions),
        ("latency_ms", constraints.max_latency_ms, "slower here", "{:.1f} ms".format),
        ("memory_mb", constraints.max_memory_mb, "more memory here", "{:,.0f} MB".format),
    )
    for name, limit, what, write in limits:
        measured = getattr(entry, name)
        if limit is not None and measured is None and constraints.unknown == "drop":
            kind = f"{name.partition('_')[0]} unknown"
            found.append(Reason(kind, kind + explain_unknown(entry, name)))
        elif limit is not None and measured is not None and measured > limit:
            text = f"{what}: {write(measured)}, wanted at most {write(limit)}"
            found.append(Reason(what, text, measured / limit - 1))
    found += check_licence(entry, constraints.licence)
    metric, least = constraints.metric, constraints.min_recall
    if value is None:
        found.append(Reason(f"{metric} unknown", f"{metric} unknown"))
    elif least is not None and _short_of(metric, value, least):
        interval = "" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]"
        reached = not np.isnan(low) and not _short_of(metric, high, least)
        near = "; its interval reaches that" if reached else ""
        bound = "least" if find_metric(metric).direction == "higher" else "most"
        text = f"{metric} {value:.3f}{interval}, wanted at {bound} {least:g}{near}"
        found.append(Reason(metric, text, abs(value - least) / (abs(least) or 1)))
    return tuple(found)


def explain_unknown(entry: Entry, cost: str) -> str:
    """Why a cost that was measured does not count: "; ..."; empty of any other."""
    if cost == "memory_mb" and entry.result.has_shared_memory:
        return ", for it was measured beside other work (earlier version): measure it again"
    return ""


def _short_of(metric: str, value: float, least: float) -> bool:
    return value < least if find_metric(metric).direction == "higher" else value > least


def check_licence(entry: Entry, wanted: str) -> list[Reason]:
    kind, said = licence_class(entry), entry.licence or "no licence known"
    allowed = kind == "commercial" or (wanted == "not-forbidden" and kind == "unknown")
    if wanted == "any" or allowed:
        return []
    if kind == "non-commercial":
        text = f"licence {said} forbids commercial use"
        return [Reason(text, text)]
    text = f"licence unclear ({said}): read its terms; --license not-forbidden keeps it"
    return [Reason("licence unclear", text)]


def licence_class(entry: Entry) -> str:
    """ "commercial", "non-commercial" or "unknown": by the registry, else by the licence's name."""
    if entry.commercial in ("yes", "no"):
        return "commercial" if entry.commercial == "yes" else "non-commercial"
    licence = (entry.licence or "").lower()
    if entry.name.startswith("open_clip:"):  # the registry knows it, and does not know the answer
        return "unknown"
    if re.search(r"\bnc\b|non-?commercial|research", licence):
        return "non-commercial"
    return "commercial" if licence.startswith(OPEN) else "unknown"


def compare_with_best(
    board: Board, metric: str, which: np.ndarray, patterns: int, seed: int
) -> tuple[dict[int, Difference], Family | None]:
    """(entry -> how far it is behind the best of those at `which`, BEST for that one; their
    family)."""
    if not len(which):
        return {}, None
    panel: Panel = board.panel(metric, which)
    family = panel.family(patterns, seed)
    behind = measure_behind(panel, family)
    return dict(zip(map(int, which), behind, strict=True)), family


def measure_behind(panel: Panel, family: Family) -> list[Difference]:
    """How far each system is behind the best, BEST for that one; p and intervals hold for all at
    once (`Option.behind`).

    Args:
        family: the test of all pairs of the panel.
    """
    sign = 1 if panel.metric.direction == "higher" else -1
    first = int(np.argmax(np.round(sign * panel.values(), 12)))
    others = [i for i in range(len(panel.measures)) if i != first]
    found, steps = {first: BEST}, family.behind(first)
    for i, d in zip(others, panel.steps_behind(steps, others), strict=True):
        found[i] = Difference(d.value, d.low, d.high, float(steps.p[i]), d.n, d.groups)
    return [found[i] for i in range(len(panel.measures))]


def judge(
    reasons: tuple[Reason, ...], behind: Difference | None, known: bool, first: str
) -> tuple[Outcome, tuple[Reason, ...]]:
    """(outcome, reasons) of one system."""
    if reasons:
        return Outcome.OUT, reasons
    if not known or behind is None:
        text = "no hits per SKU: cannot be compared with the others"
        return Outcome.UNTESTED, (Reason("no hits per SKU", text),)
    if behind.p <= LEVEL:
        text = f"worse than {first} by {_write_step(behind)}, adjusted p = {behind.p:.2g}"
        return Outcome.WORSE, (Reason("worse than the best", text),)
    return Outcome.BEST, ()


def _write_step(behind: Difference) -> str:
    """0.094 [0.012, 0.176]; of metrics that should be low the best is below, so without a sign."""
    sign = 1 if behind.value >= 0 else -1
    low, high = sorted((sign * behind.low, sign * behind.high))
    near = f"{low:.3f}"
    if 0 < low < 0.0005:  # above 0 must not read as 0.000
        near = np.format_float_positional(low, precision=1, fractional=False)
    interval = "" if np.isnan(low) else f" [{near}, {high:.3f}]"
    return f"{abs(behind.value):.3f}{interval}"


def note(entry: Entry, low: float | None, constraints: Constraints) -> tuple[str, ...]:
    """What to know of a system that is kept."""
    limits = (
        ("latency", "latency_ms", constraints.max_latency_ms),
        ("memory", "memory_mb", constraints.max_memory_mb),
        ("parameters", "params", constraints.max_params),
    )
    found = [
        f"{what} unknown{explain_unknown(entry, name)}"
        for what, name, limit in limits
        if limit is not None and getattr(entry, name) is None
    ]
    if constraints.licence == "not-forbidden" and licence_class(entry) == "unknown":
        found.append(f"licence unclear: {entry.licence or 'none known'}")
    least = constraints.min_recall
    if least is not None and low is not None and low < least:
        found.append(f"may be below {least:g}")
    return (*found, *(w.code + (f"={w.argument}" if w.argument else "") for w in entry.warnings))


def read_size(text: str) -> int:
    """ "200M", "1.5B", "900K" or a plain number -> a count. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d[\d_,]*\.?\d*(?:e\d+)?)\s*([kmbg]?)\s*", text.lower())
    if not found:
        raise ValueError(f"{text!r} is not a count")
    factor = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}[found[2]]
    return round(float(re.sub("[_,]", "", found[1])) * factor)


def millions(count: float) -> str:
    return f"{count / 1e6:.0f} M" if count >= 1e7 else f"{count / 1e6:.2g} M"
