"""Which encoder to deploy: those that meet the wishes and cannot be told apart from the best of these.

A wish about what was never measured here is not a reason to drop an encoder, unless asked for:
it is kept and marked. Differences are paired over SKUs, with Holm's correction over the family
of all that meet the wishes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from skulens.analysis.boards import Board, Entry
from skulens.analysis.pairs import known
from skulens.bench.result import machine
from skulens.errors import DataError
from skulens.evaluate.compare import LEVEL, Difference, holm, sign_patterns
from skulens.evaluate.intervals import Grouped, difference_intervals
from skulens.evaluate.panel import rank_models

LICENCES = ("any", "commercial", "not-forbidden")
"""commercial: known to allow it. not-forbidden: also those whose terms somebody has to read first."""
OPEN = ("apache", "mit", "bsd", "isc", "cc-by-4", "cc-by-sa-4", "cc0", "unlicense", "mpl")
"""Beginnings of licences that allow commercial use."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the encoder must fulfil; None asks nothing."""

    max_params: int | None = None
    """of both towers"""
    max_latency_ms: float | None = None
    """p50 of one probe on this machine, milliseconds"""
    max_memory_mb: float | None = None
    """peak resident memory of the measuring process on this machine, 10^6 bytes"""
    licence: str = "any"
    min_recall: float | None = None
    """of `metric`, a fraction"""
    metric: str = "hit_rate@1"
    unknown: str = "keep"
    """keep (and mark) or drop encoders of which a limited cost is unknown"""

    def __post_init__(self):
        if not re.fullmatch(r"(macro_)?hit_rate@[1-9]\d*", self.metric):
            raise DataError(
                f"encoders are chosen by hit rates, such as hit_rate@1 or macro_hit_rate@5, got {self.metric!r}"
            )
        if self.licence not in LICENCES or self.unknown not in ("keep", "drop"):
            raise DataError(
                f"expected a licence of {', '.join(LICENCES)} and unknown keep or drop, got {self.licence!r} and {self.unknown!r}"
            )
        if self.min_recall is not None and not 0 <= self.min_recall <= 1:
            raise DataError(
                f"a recall is a fraction between 0 and 1, got {self.min_recall:g}; write 0.6 for 60 %"
            )
        for name in ("max_params", "max_latency_ms", "max_memory_mb"):
            if (limit := getattr(self, name)) is not None and limit <= 0:
                raise DataError(f"{name} must be above 0, got {limit:g}")

    @property
    def k(self) -> int:
        return int(self.metric.partition("@")[2])

    @property
    def macro(self) -> bool:
        return self.metric.startswith("macro_")


BEST = Difference(0.0, 0.0, 0.0, 1.0, 0, 0)
"""The best itself is nothing behind the best."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One encoder and what became of it."""

    entry: Entry
    value: float | None
    low: float | None
    high: float | None
    verdict: str
    """"best" (cannot be told apart from it), "worse", "out" (a wish is not met) or "untested" (no hits per SKU)."""
    reasons: tuple[str, ...]
    """Why it is not among the best."""
    notes: tuple[str, ...]
    """What to know of it all the same: unknown costs, doubtful numbers."""
    behind: Difference | None = None
    """The best minus this one; p after Holm."""

    def as_dict(self) -> dict:
        e = self.entry
        said = {
            k: getattr(e, k)
            for k in ("name", "source", "family", "params", "licence", "latency_ms", "memory_mb")
        }
        rest = {k: getattr(self, k) for k in ("verdict", "value", "low", "high")}
        return (
            said
            | {"commercial": licence_class(e)}
            | rest
            | {
                "reasons": list(self.reasons),
                "notes": list(self.notes),
                "behind": self.behind and {k: known(v) for k, v in asdict(self.behind).items()},
            }
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer on one board, best first, then worse ones, then those that fell out."""

    board: str
    data: str
    wishes: Wishes
    candidates: tuple[Candidate, ...]

    def of(self, verdict: str) -> list[Candidate]:
        return [c for c in self.candidates if c.verdict == verdict]

    def as_dict(self) -> dict:
        return {
            "board": self.board,
            "data": self.data,
            "machine": this_machine(),
            "wishes": asdict(self.wishes),
            "best": [c.entry.name for c in self.of("best")],
            "candidates": [c.as_dict() for c in self.candidates],
        }


def this_machine() -> str:
    """This machine as `Entry.machine` names it."""
    here = machine()
    return f"{here['cpu']}, {here['cores']} cores"


def choose(
    board: Board,
    wishes: Wishes,
    *,
    costs: Iterable[Board] = (),
    resamples: int = 10_000,
    seed: int = 0,
) -> Choice:
    """Encoders of a board that meet the wishes and cannot be told apart from the best of them.

    Args:
        costs: boards of results measured here, on whatever data, which lend latency and memory to
            the board's encoders of the same name.
    Raises:
        DataError: the board has no such metric.
    """
    if not any(wishes.metric in e.metrics for e in board.entries):
        known = sorted({m for e in board.entries for m in e.metrics if "hit_rate@" in m})
        raise DataError(
            f"{board.name} has no {wishes.metric}; it has {', '.join(known) or 'no hit rates'}"
        )
    entries = [costed(e, costs_here(costs)) for e in board.entries]
    value, low, high = estimates(board, wishes, resamples, seed)
    value = [
        e.metrics.get(wishes.metric) if np.isnan(v) else float(v)
        for e, v in zip(entries, value, strict=True)
    ]
    reasons = [
        unmet(e, v, a, b, wishes) for e, v, a, b in zip(entries, value, low, high, strict=True)
    ]
    family = np.flatnonzero(board.known(wishes.k) & np.array([not r for r in reasons], bool))
    behind = against_best(board, family, wishes, resamples, seed)
    first = next((entries[i].name for i, d in behind.items() if d is BEST), "")
    found = []
    for i, entry in enumerate(entries):
        verdict, why = judged(reasons[i], behind.get(i), board.known(wishes.k)[i], first)
        ends = tuple(None if np.isnan(x) else float(x) for x in (low[i], high[i]))
        found.append(
            Candidate(
                entry, value[i], *ends, verdict, why, notes(entry, ends[0], wishes), behind.get(i)
            )
        )
    order = {"best": 0, "untested": 1, "worse": 2, "out": 3}
    found.sort(key=lambda c: (order[c.verdict], -(c.value if c.value is not None else -1)))
    return Choice(board.name, board.data, wishes, tuple(found))


def costs_here(boards: Iterable[Board]) -> dict[str, Entry]:
    """Encoder -> its latest entry that was timed on this machine."""
    here = this_machine()
    return {
        e.name: e
        for b in boards
        for e in b.entries
        if e.machine == here and e.latency_ms is not None
    }


def costed(entry: Entry, measured: dict[str, Entry]) -> Entry:
    """The entry with latency and memory of this machine, None where they were not measured here."""
    if entry.machine == this_machine() and entry.latency_ms is not None:
        return entry
    known = measured.get(entry.name)
    if known is None:
        return replace(entry, latency_ms=None, memory_mb=None, machine=None)
    return replace(
        entry, latency_ms=known.latency_ms, memory_mb=known.memory_mb, machine=known.machine
    )


def estimates(
    board: Board, wishes: Wishes, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(value, low, high), each (entries,); NaN where hits per SKU are unknown."""
    answer = np.full((3, len(board.entries)), np.nan)
    known = np.flatnonzero(board.known(wishes.k))
    if len(known):
        ranking = rank_models(
            board.hits[wishes.k][:, known],
            board.photos,
            resamples=resamples,
            seed=seed,
            macro=wishes.macro,
        )
        answer[:, known] = ranking.value, ranking.low, ranking.high
    return tuple(answer)


def unmet(
    entry: Entry, value: float | None, low: float, high: float, wishes: Wishes
) -> tuple[str, ...]:
    """Wishes that an encoder does not meet, in words."""
    found = []
    limits = (
        ("params", wishes.max_params, "too large", millions),
        ("latency_ms", wishes.max_latency_ms, "slower here", "{:.1f} ms".format),
        ("memory_mb", wishes.max_memory_mb, "more memory here", "{:,.0f} MB".format),
    )
    for name, limit, what, written in limits:
        measured = getattr(entry, name)
        if limit is not None and measured is None and wishes.unknown == "drop":
            found.append(f"{name.partition('_')[0]} unknown")
        elif limit is not None and measured is not None and measured > limit:
            found.append(f"{what}: {written(measured)}, wanted at most {written(limit)}")
    found += unlicensed(entry, wishes.licence)
    if value is None:
        found.append(f"{wishes.metric} unknown")
    elif wishes.min_recall is not None and value < wishes.min_recall:
        interval = "" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]"
        near = "; its interval reaches that" if high >= wishes.min_recall else ""
        found.append(
            f"{wishes.metric} {value:.3f}{interval}, wanted at least {wishes.min_recall:g}{near}"
        )
    return tuple(found)


def unlicensed(entry: Entry, wanted: str) -> list[str]:
    kind, said = licence_class(entry), entry.licence or "no licence known"
    if wanted == "any" or kind == "commercial" or (wanted == "not-forbidden" and kind == "unknown"):
        return []
    if kind == "non-commercial":
        return [f"licence {said} forbids commercial use"]
    return [f"licence unclear ({said}): read its terms; --license not-forbidden keeps it"]


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


def against_best(
    board: Board, family: np.ndarray, wishes: Wishes, resamples: int, seed: int
) -> dict[int, Difference]:
    """Entry -> how far it is behind the best of the family, p after Holm; BEST for the best itself."""
    if not len(family):
        return {}
    hits = board.hits[wishes.k][:, family]
    grouped = Grouped(hits, np.repeat(board.photos[:, None].astype(float), len(family), axis=1))
    ratio = grouped.macro() if wishes.macro else grouped.micro()
    first = int(np.argmax(np.round(ratio.value(), 12)))
    gaps = replace(ratio, top=ratio.top[:, first : first + 1] - ratio.top)
    found = difference_intervals(gaps, resamples, seed)
    others = [i for i in range(len(family)) if i != first]
    far = np.abs(
        np.concatenate(
            [signs @ gaps.top[:, others] for signs in sign_patterns(len(gaps.top), resamples, seed)]
        )
    )
    p = holm(
        (far >= far[0] - 1e-9).mean(axis=0)
    )  # the patterns of `rank_models`, so that both give the same set
    behind = {int(family[first]): BEST}
    for i, q in zip(others, p, strict=True):
        d = found[i]
        behind[int(family[i])] = Difference(d.value, d.low, d.high, float(q), d.n, d.groups)
    return behind


def judged(
    reasons: tuple[str, ...], behind: Difference | None, known: bool, first: str
) -> tuple[str, tuple[str, ...]]:
    """(verdict, reasons) of one encoder."""
    if reasons:
        return "out", reasons
    if not known:
        return "untested", ("no hits per SKU: cannot be compared with the others",)
    if behind.p <= LEVEL:
        return "worse", (
            f"worse than {first} by {behind.value:.3f} [{behind.low:.3f}, {behind.high:.3f}], p = {behind.p:.2g}",
        )
    return "best", ()


def notes(entry: Entry, low: float | None, wishes: Wishes) -> tuple[str, ...]:
    """What to know of an encoder that is kept."""
    limits = (
        ("latency", entry.latency_ms, wishes.max_latency_ms),
        ("memory", entry.memory_mb, wishes.max_memory_mb),
        ("parameters", entry.params, wishes.max_params),
    )
    found = [
        f"{name} unknown"
        for name, measured, limit in limits
        if limit is not None and measured is None
    ]
    if wishes.licence == "not-forbidden" and licence_class(entry) == "unknown":
        found.append(f"licence unclear: {entry.licence or 'none known'}")
    if wishes.min_recall is not None and low is not None and low < wishes.min_recall:
        found.append(f"may be below {wishes.min_recall:g}")
    return (*found, *entry.traps)


def read_size(text: str) -> int:
    """ "200M", "1.5B", "900K" or a plain number -> a count. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d[\d_,]*\.?\d*(?:e\d+)?)\s*([kmbg]?)\s*", text.lower())
    if not found:
        raise ValueError(f"{text!r} is no count")
    return round(
        float(re.sub("[_,]", "", found[1]))
        * {"": 1, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}[found[2]]
    )


def millions(count: float) -> str:
    return f"{count / 1e6:.0f} M" if count >= 1e7 else f"{count / 1e6:.2g} M"


def next_command(choice: Choice, data: str = "DATA", results: str = "") -> str:
    """What to type after this choice: measure what is unknown here, else look closer; empty where nothing is left."""
    best = [c.entry for c in choice.of("best") or choice.of("untested")]
    unknown = [plain_name(e) for e in best if e.latency_ms is None]
    if unknown:
        return (
            " ".join(
                ["skulens bench mpr", data, *(f"--encoder {n}" for n in dict.fromkeys(unknown[:3]))]
            )
            + results
        )
    stored = [e.folder or plain_name(e) for e in best]
    if len(best) > 1:
        return f"skulens compare {stored[0]} {stored[1]}"
    return f"skulens confusion {stored[0]}" if best else ""


def plain_name(entry: Entry) -> str:
    """The encoder without the settings that a board adds to its name: "mini (mode paper)" -> "mini"."""
    return entry.name.partition(" (")[0]


def summary(candidates: Sequence[Candidate]) -> dict[str, int]:
    """How many fell out for what: the words before the first number, each encoder counted for its first reason."""
    counts: dict[str, int] = {}
    for c in candidates:
        if c.reasons:
            kind = (
                "worse than the best"
                if c.verdict == "worse"
                else re.split(r":| \d|\(", c.reasons[0])[0].strip()
            )
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items(), key=lambda kv: -kv[1]))
