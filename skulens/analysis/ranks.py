"""A leaderboard in order, with rank uncertainty."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import overload

import numpy as np

from skulens.analysis.boards import Board, Entry
from skulens.bench.result import Result
from skulens.errors import DataError
from skulens.evaluate.compare import PATTERNS
from skulens.evaluate.families import Family, Ranking
from skulens.evaluate.metric import find_metric
from skulens.evaluate.panel import rank_measures
from skulens.registry import resolve, rows


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry's place. Ends of intervals are None where neither its sums by group are known nor
    the result brings an interval of its own."""

    entry: Entry
    rank: int
    """From 1, by the value alone."""
    value: float
    low: float | None = None
    high: float | None = None
    """95 %, over groups."""
    rank_low: int | None = None
    rank_high: int | None = None
    """95 % set of this entry's rank among the entries with known sums: for it alone."""
    rank_low_all: int | None = None
    rank_high_all: int | None = None
    """The same of sets that hold for all entries at once in 95 %."""
    letters: str | None = None
    """Two entries share a letter exactly when they do not differ significantly (all pairs)."""
    tier: int | None = None
    """1: not significantly different from the first; 2: of the rest, not from the first of those;
    and so on (all pairs tested at once, 5 %)."""

    @property
    def traps(self) -> tuple[str, ...]:
        """The entry's warnings as CODE or CODE=ARGUMENT."""
        return tuple(w.code + (f"={w.argument}" if w.argument else "") for w in self.entry.warnings)

    def as_dict(self) -> dict[str, object]:
        e = self.entry
        numbers = {
            name: getattr(self, name)
            for name in (
                "rank",
                "rank_low",
                "rank_high",
                "rank_low_all",
                "rank_high_all",
                "tier",
                "letters",
                "value",
                "low",
                "high",
            )
        }
        costs = {name: getattr(e, name) for name in ("latency_ms", "memory_mb", "machine")}
        return {
            "name": e.name,
            "source": e.source,
            **numbers,
            "best": self.tier == 1,
            "family": e.family,
            "params": e.params,
            "licence": e.licence,
            "metrics": e.metrics,
            **costs,
            "commercial": e.commercial,
            "traps": self.traps,
            "warnings": [asdict(w) for w in e.warnings],
            "variant": dict(e.result.variant),
            "data": e.data,
            "folder": e.folder,
        }


RANKS = {
    "rank_low, rank_high": "95 % for this entry alone",
    "rank_low_all, rank_high_all": "95 % for all entries at once",
}
"""What the ends of ranks mean, for readers of JSON."""


@dataclass(frozen=True)
class Standings:
    """All entries of one board, best first."""

    board: Board
    metric: str
    rows: tuple[Standing, ...]
    adjacent: int
    """Pairs of neighbours in the order, both with known sums ..."""
    separable: int
    """... and those whose paired 95 % interval leaves out 0, each pair for itself."""
    family: Family | None = None
    """The test of all pairs of entries with known sums; None where there are none."""

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.board.name,
            "data": self.board.data,
            "n_skus": len(self.board.groups),
            "n_queries": int(self.board.sizes.sum()),
            "metric": self.metric,
            "adjacent_pairs": self.adjacent,
            "adjacent_separable": self.separable,
            "ranks": RANKS,
            "too_few_groups": bool(self.family and self.family.hopeless),
            "entries": [s.as_dict() for s in self.rows],
        }


def headline(result: Result) -> tuple[str, ...]:
    """The metrics that a suite puts first; of an unknown suite those that it measured."""
    if result.suite in rows("suite"):
        return resolve("suite", result.suite).headline
    return tuple(result.metrics)


def main_metric(board: Board) -> str:
    """The first headline metric that an entry has. Raises DataError where none has any."""
    for entry in board.entries:
        for name in headline(entry.result):
            if any(e.metrics.get(name) is not None for e in board.entries):
                return name
    raise DataError(f"{board.name} has no metric at all; measure again")


def rank_board(
    board: Board,
    metric: str = "",
    *,
    patterns: int = PATTERNS,
    seed: int = 0,
) -> Standings:
    """Order a board by a metric.

    Args:
        metric: any that its entries have, macro means too; empty: the suite's first headline
            metric. Entries without it are left out.
        patterns: see `panel.rank_measures`.
    Raises:
        DataError: no entry has this metric; names those there are.
    """
    metric = metric or main_metric(board)
    rated = np.array([e.metrics.get(metric) is not None for e in board.entries], bool)
    if not rated.any():
        there = sorted({m for e in board.entries for m, v in e.metrics.items() if v is not None})
        raise DataError(f"{board.name} has no {metric}; it has {', '.join(there) or 'no metric'}")
    known = np.flatnonzero(board.known(metric) & rated)
    values = [np.nan if (v := e.metrics.get(metric)) is None else v for e in board.entries]
    sign = -1 if find_metric(metric).direction == "higher" else 1
    order = sorted(np.flatnonzero(rated), key=lambda i: sign * values[i])
    ranking = None
    if len(known):
        measures = board.panel(metric, known).measures
        ranking = rank_measures(measures, patterns=patterns, seed=seed)
    found = dict(zip(known.tolist(), _places(ranking) if ranking else [], strict=True))
    rows = tuple(
        Standing(e, rank, values[i], **(found.get(int(i)) or _printed_ends(e, metric)))
        for rank, i in enumerate(order, 1)
        for e in (board.entries[i],)
    )
    neighbours = [int(i) for i in order if i in found]
    return Standings(
        board,
        metric,
        rows,
        max(0, len(neighbours) - 1),
        count_separable(board, metric, neighbours),
        ranking.family if ranking else None,
    )


def _printed_ends(entry: Entry, metric: str) -> dict:
    """The interval that a result brings whose sums by group nobody knows, as a paper's numbers do:
    it takes no part in tests."""
    if entry.result.tables or metric not in entry.result.metrics:
        return {}
    printed = entry.result.metrics[metric]
    return {"low": none_for_nan(printed.low), "high": none_for_nan(printed.high)}


def _places(r: Ranking) -> list[dict]:
    """Ends, rank sets, tier and letters of each entry, as fields of a Standing."""
    whole = ("rank_low", "rank_high", "rank_low_all", "rank_high_all", "tier")
    return [
        {
            "low": none_for_nan(float(r.low[i])),
            "high": none_for_nan(float(r.high[i])),
            **{name: int(getattr(r, name)[i]) for name in whole},
            "letters": r.letters[i],
        }
        for i in range(len(r.order))
    ]


@overload
def none_for_nan(x: float) -> float | None: ...
@overload
def none_for_nan(x: str | None) -> str | None: ...
def none_for_nan(x: float | str | None) -> float | str | None:
    """For JSON, which has no NaN; what is not a float stays as it is."""
    if not isinstance(x, float):
        return x
    return None if np.isnan(x) else float(x)


def count_separable(board: Board, metric: str, order: Sequence[int]) -> int:
    """Neighbours in `order` whose paired difference has a 95 % interval (over groups) without 0."""
    if len(order) < 2:
        return 0
    at = range(len(order))
    steps = board.panel(metric, order).steps(list(at[:-1]), list(at[1:]))
    return sum(i.low > 0 or i.high < 0 for i in steps)


def flatten(standings: Standings) -> list[dict[str, object]]:
    """The rows as flat dicts, for CSV: what `as_dict` has, metrics as columns."""
    found = [e.entry for e in standings.rows]
    names = list(dict.fromkeys(m for e in found for m in headline_columns(e.result)))
    flat = []
    for standing in standings.rows:
        row = standing.as_dict()
        metrics = standing.entry.metrics
        row = {k: v for k, v in row.items() if k not in ("metrics", "warnings", "variant")}
        row["traps"] = " ".join(standing.traps)
        flat.append(row | {"metric": standings.metric} | {n: metrics.get(n) for n in names})
    return flat


def headline_columns(result: Result) -> list[str]:
    """The metrics of a leaderboard's CSV: the suite's `columns`, else its headline metrics."""
    if result.suite in rows("suite"):
        suite = resolve("suite", result.suite)
        return list(getattr(suite, "columns", suite.headline))
    return list(result.metrics)
