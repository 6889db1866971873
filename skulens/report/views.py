"""What a page or a figure shows: encoders that answered the same queries, best first.

Made from the records of a result store or from a board; neither page nor figures know which.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skulens.analysis.boards import Board, Entry, store_boards
from skulens.evaluate.compare import Ranking
from skulens.evaluate.density import phi
from skulens.evaluate.intervals import Grouped, Interval, difference_intervals, intervals
from skulens.evaluate.panel import rank_models

Metric = Mapping[str, float | None]
"""{"value", "low", "high"}; the ends are None where no interval is known."""
NONE: Metric = {"value": None, "low": None, "high": None}
COSTS = ("params", "latency_ms", "memory_mb")
GALLERIES = {"text": "texts", "image": "pictures", "both": "texts and pictures"}


@dataclass(frozen=True)
class Row:
    """One encoder: its entry of the board, with intervals."""

    entry: Entry
    metrics: Mapping[str, Metric]
    cmc: Mapping[str, list]
    """Hit rate by rank: equal-long lists k, value, low, high."""
    same_data: bool = True
    """Measured on the queries of the others; only then do numbers compare."""
    place: int | None = None
    """From 1, among rows of the same data."""
    ranks: tuple[int, int] | None = None
    """95 % interval of the rank."""
    best: bool | None = None
    """It cannot be told apart from the first; None: that was not tested."""
    record: dict | None = None
    """The stored result, where there is one."""

    def metric(self, name: str) -> Metric:
        return self.metrics.get(name) or NONE

    @property
    def name(self) -> str:
        """As short as it stays clear: open_clip's pairs without their prefix, paths by their last part."""
        family, colon, argument = self.entry.name.rpartition(":")
        if family == "open_clip":
            return argument
        local = argument.startswith((".", "/", "~")) or argument.count("/") > 1
        return family + colon + (Path(argument).name if local else argument)

    @property
    def hits(self) -> float:
        """hit_rate@1; -1 where unknown, so that such rows come last."""
        value = self.metric("hit_rate@1")["value"]
        return -1.0 if value is None else value


@dataclass(frozen=True)
class View:
    """Encoders that answered the same queries, best first; then those measured on something else."""

    title: str
    subtitle: str
    rows: tuple[Row, ...]
    n_queries: int | None
    n_skus: int | None

    @property
    def tied(self) -> tuple[Row, ...]:
        """The first and those that cannot be told apart from it; empty where that was not tested."""
        return tuple(row for row in self.rows if row.best)

    def having(self, cost: str) -> tuple[Row, ...]:
        """Comparable rows whose hit rate and cost ("params", "latency_ms", "memory_mb") are known."""
        return tuple(
            row for row in self.rows if row.same_data and row.hits >= 0 and getattr(row.entry, cost)
        )


def views_of_records(records: Sequence[dict]) -> list[View]:
    """One view per suite, gallery and set of queries."""
    by_folder = {record["folder"]: record for record in records}
    return [view_of_board(board, records=by_folder) for board in store_boards(records)]


def view_of_board(
    board: Board, ranking: Ranking | None = None, records: Mapping[str, dict] | None = None
) -> View:
    """A board as a view; intervals come from its hits per SKU, or from stored results.

    Args:
        ranking: by hit_rate@1, of the entries with hits per SKU, in their order; made here where it is not given.
        records: folder -> stored result, for entries that have one.
    """
    known = np.flatnonzero(board.known())
    measured = board_metrics(board, known)
    rows = [
        row_of(entry, measured.get(i, {}), bool(same), (records or {}).get(entry.folder or ""))
        for i, (entry, same) in enumerate(zip(board.entries, board.same_data(), strict=True))
    ]
    if len(known) > 1:
        ranking = ranking or rank_models(board.hits[1][:, known], board.photos)
        for at, low, high, best in zip(
            known, ranking.rank_low, ranking.rank_high, ranking.best, strict=True
        ):
            rows[at] = replace(rows[at], ranks=(int(low), int(high)), best=bool(best))
    rows.sort(key=lambda row: (row.same_data, row.hits), reverse=True)
    placed = tuple(
        replace(row, place=n) if row.same_data and row.hits >= 0 else row
        for n, row in enumerate(rows, 1)
    )
    title, subtitle = titles(board, placed)
    return View(title, subtitle, placed, int(board.photos.sum()) or None, len(board.skus) or None)


def titles(board: Board, rows: Sequence[Row]) -> tuple[str, str]:
    record = next((row.record for row in rows if row.record), None)
    if record:
        what = GALLERIES.get(record["gallery"], record["gallery"])
        return (
            f"Photo → {what} of {record['n_gallery']:,} SKUs",
            f"{Path(record['data']).name}, split {record['settings']['split']}, suite {record['suite']}",
        )
    counts = Counter(row.entry.source for row in rows)
    words = {"here": "measured here", "published": "published"}
    if set(counts) == {"published"}:
        return board.name, "Published results"
    return board.name, "Encoders: " + ", ".join(
        f"{n:,} {words.get(source, f'from {source}')}" for source, n in counts.items()
    )


def row_of(
    entry: Entry, measured: Mapping[str, Metric], same_data: bool, record: dict | None
) -> Row:
    if record:
        return Row(entry, record["metrics"], record["cmc"], same_data, record=record)
    metrics = {name: NONE | {"value": value} for name, value in entry.metrics.items()} | measured
    if entry.params and "hit_rate@1" in measured:
        metrics["phi"] = {end: phi(measured["hit_rate@1"][end], entry.params) for end in NONE}
    ks = sorted(
        int(name[9:])
        for name, m in metrics.items()
        if name.startswith("hit_rate@") and m["value"] is not None
    )
    return Row(
        entry,
        metrics,
        {"k": ks} | {end: [metrics[f"hit_rate@{k}"][end] for k in ks] for end in NONE},
        same_data,
    )


def board_metrics(board: Board, known: np.ndarray) -> dict[int, dict[str, Metric]]:
    """Entry -> hit rates, macro hit rates and the gap, with their intervals."""
    if not len(known):
        return {}
    hits = {
        f"hit_rate@{k}": board.hits[k][:, known]
        for k in sorted(board.hits)
        if board.known(k)[known].all()
    }
    rates = grouped(board, list(hits.values()))
    found = named(
        [*hits, *(f"macro_{name}" for name in hits)], intervals(rates.micro().beside(rates.macro()))
    )
    if "hit_rate@5" in hits:
        gap = grouped(board, [hits["hit_rate@5"] - hits["hit_rate@1"]])
        found += named(["gap"], difference_intervals(gap.micro()))
    return {int(i): {name: mine[at] for name, mine in found} for at, i in enumerate(known)}


def grouped(board: Board, sums: Sequence[np.ndarray]) -> Grouped:
    """Metrics side by side from their sums (skus, entries) each."""
    every = np.concatenate(sums, axis=1)
    return Grouped(every, np.repeat(board.photos[:, None].astype(float), every.shape[1], axis=1))


def named(names: Sequence[str], found: Sequence[Interval]) -> list[tuple[str, list[Metric]]]:
    """Each name with its equal share of the intervals, one per entry."""
    metrics = [{end: value for end, value in i.as_dict().items() if end in NONE} for i in found]
    share = len(metrics) // len(names)
    return [(name, metrics[n * share : (n + 1) * share]) for n, name in enumerate(names)]


def pareto(rows: Sequence[Row], cost: str) -> list[Row]:
    """Rows that no other beats in hit_rate@1 at the same or a lower cost; cheapest first."""
    front: list[Row] = []
    for row in sorted(rows, key=lambda r: (getattr(r.entry, cost), -r.hits)):
        if not front or row.hits > front[-1].hits:
            front.append(row)
    return front
