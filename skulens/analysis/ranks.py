"""A leaderboard in order, with what that order is worth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from skulens.analysis.boards import KS, Board, Entry
from skulens.errors import DataError
from skulens.evaluate.intervals import Grouped, difference_intervals
from skulens.evaluate.panel import rank_models


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry's place. Ends of intervals are None where its hits per SKU are unknown."""

    entry: Entry
    rank: int
    """From 1, by the mean alone."""
    value: float
    low: float | None = None
    high: float | None = None
    """95 %, bootstrap over SKUs."""
    rank_low: int | None = None
    rank_high: int | None = None
    """95 % rank interval among the entries with known hits: those surely better, and surely worse, counted off."""
    letters: str | None = None
    """Two entries share a letter exactly when they cannot be told apart, all pairs tested at once."""
    tier: int | None = None
    """1: cannot be told apart from the best (Holm, 5 %); 2: nor these from the best of the rest; and so on."""

    def as_dict(self) -> dict[str, object]:
        entry = asdict(self.entry)
        numbers = {
            name: getattr(self, name)
            for name in ("rank", "rank_low", "rank_high", "tier", "letters", "value", "low", "high")
        }
        return {
            "name": entry.pop("name"),
            "source": entry.pop("source"),
            **numbers,
            "best": self.tier == 1,
            **entry,
        }


@dataclass(frozen=True)
class Standings:
    """All entries of one board, best first."""

    board: Board
    metric: str
    rows: tuple[Standing, ...]
    adjacent: int
    """Pairs of neighbours in the order, both with known hits ..."""
    separable: int
    """... and those whose paired 95 % interval leaves out 0."""

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.board.name,
            "data": self.board.data,
            "n_skus": len(self.board.skus),
            "n_queries": int(self.board.photos.sum()),
            "metric": self.metric,
            "adjacent_pairs": self.adjacent,
            "adjacent_separable": self.separable,
            "entries": [s.as_dict() for s in self.rows],
        }


def stand(
    board: Board, k: int = 1, macro: bool = False, resamples: int = 10_000, seed: int = 0
) -> Standings:
    """Order a board by hit rate at k.

    Args:
        k: cut-off; entries without it are left out.
        macro: mean over SKUs instead of photos.
    Raises:
        DataError: no entry has this metric; names those there are.
    """
    metric = f"{'macro_' * macro}hit_rate@{k}"
    rated = np.array([e.metrics.get(metric) is not None for e in board.entries], bool)
    if not rated.any():
        there = sorted(
            {
                m
                for e in board.entries
                for m, v in e.metrics.items()
                if "hit_rate@" in m and v is not None
            }
        )
        raise DataError(f"{board.name} has no {metric}; it has {', '.join(there) or 'no hit rate'}")
    known = np.flatnonzero(board.known(k) & rated)
    values = [board.entries[i].metrics.get(metric) for i in range(len(board.entries))]
    order = sorted(np.flatnonzero(rated), key=lambda i: -values[i])
    found = dict(zip(known.tolist(), ranked(board, k, macro, known, resamples, seed), strict=True))
    rows = tuple(
        Standing(board.entries[i], rank, values[i], **found.get(int(i), {}))
        for rank, i in enumerate(order, 1)
    )
    neighbours = [int(i) for i in order if i in found]
    return Standings(
        board,
        metric,
        rows,
        max(0, len(neighbours) - 1),
        separable(board, k, macro, neighbours, seed),
    )


def ranked(
    board: Board, k: int, macro: bool, known: np.ndarray, resamples: int, seed: int
) -> list[dict]:
    """Ends, rank interval, tier and letters of the entries at `known`, in that order."""
    if not len(known):
        return []
    r = rank_models(
        board.hits[k][:, known], board.photos, resamples=resamples, seed=seed, macro=macro
    )
    ends = zip(r.low, r.high, r.rank_low, r.rank_high, r.tier, r.letters, strict=True)
    return [
        {
            "low": clean(low),
            "high": clean(high),
            "rank_low": int(a),
            "rank_high": int(b),
            "tier": int(tier),
            "letters": alike,
        }
        for low, high, a, b, tier, alike in ends
    ]


def clean(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def separable(
    board: Board, k: int, macro: bool, order: Sequence[int], seed: int, resamples: int = 2000
) -> int:
    """Neighbours in `order` whose paired difference has a 95 % interval (over SKUs) without 0."""
    if len(order) < 2:
        return 0
    hits = board.hits[k][:, order]
    steps = hits[:, :-1] - hits[:, 1:]
    grouped = Grouped(steps, np.repeat(board.photos[:, None].astype(float), steps.shape[1], axis=1))
    ratio = grouped.macro() if macro else grouped.micro()
    return sum(i.low > 0 or i.high < 0 for i in difference_intervals(ratio, resamples, seed))


def columns_of(standings: Standings) -> list[dict[str, object]]:
    """The rows as flat dicts, for CSV: what `as_dict` has, metrics as columns."""
    names = [f"{kind}hit_rate@{k}" for kind in ("", "macro_") for k in KS] + ["phi"]
    flat = []
    for standing in standings.rows:
        row = standing.as_dict()
        metrics = row.pop("metrics")
        row["traps"] = " ".join(row["traps"])
        flat.append(row | {"metric": standings.metric} | {n: metrics.get(n) for n in names})
    return flat
