"""What a page or a figure shows: systems that answered the same units, best first.

Made from stored results or from a leaderboard; neither page nor figures know which, nor which
suite it was: the metric that orders the systems and the columns are those of the suite.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skulens.analysis.boards import HERE, PUBLISHED, Board, Entry, store_boards, unit_words
from skulens.analysis.choose import measure_behind
from skulens.analysis.ranks import headline, main_metric
from skulens.bench.result import Result
from skulens.errors import DataError
from skulens.evaluate.compare import Difference
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import GROUP, Metric, find_metric, macro_of
from skulens.evaluate.panel import Panel, rank_measures
from skulens.report.marks import Exposure, exposure_of
from skulens.report.names import SILENT, noun_of, shared_variant, shorten

UNKNOWN = Interval(np.nan, np.nan, np.nan, 0, 0)
COSTS = ("params", "latency_ms", "memory_mb")
GALLERIES = {"text": "texts", "image": "pictures", "both": "texts and pictures"}
OPENMPR = "openmpr"
CURVE = "cmc"
"""The curve of a result that is drawn: hit rate by rank."""


@dataclass(frozen=True)
class Row:
    """One system: its entry of the board, with intervals."""

    entry: Entry
    main: str
    """The metric that orders the rows."""
    metrics: Mapping[str, Interval]
    curve: Mapping[str, list]
    """Hit rate by rank: equal-long lists k, value, low, high (None: unknown); empty where there is
    none."""
    same_data: bool = True
    """Measured on the units of the others; only then do numbers compare."""
    place: int | None = None
    """From 1, among rows of the same data."""
    ranks: tuple[int, int] | None = None
    """First and last rank; those of all rows hold at once in 95 %."""
    ranks_alone: tuple[int, int] | None = None
    """The same for this row alone, in 95 %."""
    best: bool | None = None
    """It does not differ significantly from the first; None: that was not tested."""
    behind: Difference | None = None
    """The first minus this one, as `choose` compares them: p and interval hold for all rows at
    once."""

    @property
    def result(self) -> Result:
        return self.entry.result

    @property
    def name(self) -> str:
        """As short as it stays clear."""
        return shorten(self.entry.name, silent=SILENT)

    @property
    def system(self) -> str:
        """The system alone, as short as it stays clear."""
        return shorten(self.result.name, silent=SILENT)

    @property
    def setup(self) -> str:
        """What tells it from other rows of the same system: "gallery text, shots max"."""
        said = self.entry.name.removeprefix(self.result.name)
        return said.strip(" ()") if said != self.entry.name else ""

    @property
    def seen(self) -> Exposure | None:
        """What the system has seen in training of what it is measured on."""
        return exposure_of(self.result)

    def metric(self, name: str) -> Interval:
        return self.metrics.get(name, UNKNOWN)

    @property
    def first(self) -> Interval:
        """The metric that orders the rows."""
        return self.metric(self.main)

    @property
    def known(self) -> bool:
        """Whether that metric is known."""
        return not np.isnan(self.first.value)

    @property
    def score(self) -> float:
        """The metric that orders the rows, higher is better; -inf where unknown, so that such rows
        come last."""
        if not self.known:
            return -np.inf
        return (
            self.first.value if find_metric(self.main).direction == "higher" else -self.first.value
        )


@dataclass(frozen=True)
class View:
    """Systems that answered the same units, best first; then those measured on something else."""

    title: str
    subtitle: str
    rows: tuple[Row, ...]
    main: str
    """The metric that orders the rows; empty where nothing was measured."""
    columns: tuple[str, ...]
    """The suite's headline metrics for which there are numbers."""
    n_units: int | None
    n_groups: int | None
    units: str = "units"
    """What was asked: "probes"."""
    groups: str = "groups"
    """What is resampled: "SKUs"."""
    stored: bool = False
    """Made of stored results, so that settings and provenance are known."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Group -> what people call it, where that is known."""
    openmpr: bool = True
    """On OpenMPR's data or a board in its format, where density and the gap are what is asked."""

    @property
    def metric(self) -> Metric:
        return find_metric(self.main)

    @property
    def noun(self) -> str:
        """What the rows are: "encoder" or "system"."""
        return noun_of(row.result for row in self.rows)

    @property
    def tied(self) -> tuple[Row, ...]:
        """The first and those not significantly different from it; empty where that was not
        tested."""
        return tuple(row for row in self.rows if row.best)

    def having(self, cost: str) -> tuple[Row, ...]:
        """Comparable rows whose main metric and cost ("params", "latency_ms", "memory_mb") are
        known."""
        return tuple(
            row for row in self.rows if row.same_data and row.known and getattr(row.entry, cost)
        )


def views_of_results(results: Iterable[Result]) -> list[View]:
    """One view per suite and set of queries of stored results, whatever the gallery."""
    return [view_of_board(board, stored=True) for board in store_boards(results, across=True)]


def view_of_board(board: Board, metric: str = "", *, stored: bool = False) -> View:
    """A board as a view.

    Args:
        metric: orders the rows; default: the suite's first.
        stored: intervals and curves are those of stored results; else they are worked out here
            from sums by group.
    """
    main = metric or order_metric(board)
    known = np.flatnonzero(board.known(main)) if main else np.zeros(0, np.int64)
    measured = {} if stored else measure_board(board, known)
    rows = [
        _row_of(entry, main, measured.get(i, {}), bool(same), stored)
        for i, (entry, same) in enumerate(zip(board.entries, board.same_data(), strict=True))
    ]
    if len(known) > 1:
        panel = board.panel(main, known.tolist())
        ranking = rank_measures(panel.measures)
        behind = measure_behind(panel, ranking.family)
        for n, at in enumerate(known):
            rows[at] = replace(
                rows[at],
                ranks=(int(ranking.rank_low_all[n]), int(ranking.rank_high_all[n])),
                ranks_alone=(int(ranking.rank_low[n]), int(ranking.rank_high[n])),
                best=bool(ranking.best[n]),
                behind=behind[n],
            )
    rows.sort(key=lambda row: (row.same_data, row.score), reverse=True)
    placed = tuple(
        replace(row, place=n) if row.same_data and row.known else row
        for n, row in enumerate(rows, 1)
    )
    units, groups = unit_words(placed[0].result) if placed else ("units", "groups")
    counts = placed[0].result.counts if placed and stored else {}
    return View(
        *_titles(board, placed, stored),
        placed,
        main,
        columns_of(placed, main, asks_openmpr(placed, stored)),
        _count_units(board, main) or counts.get("units"),
        len(board.groups) or counts.get("groups"),
        units,
        groups,
        stored,
        openmpr=asks_openmpr(placed, stored),
    )


def asks_openmpr(rows: Sequence[Row], stored: bool) -> bool:
    """Whether the rows are of OpenMPR: published, in its format, or measured on its data."""
    names = {name for row in rows for name in (row.result.data.dataset, row.result.data.short)}
    return not stored or OPENMPR in names


def _count_units(board: Board, main: str) -> int:
    """Units of all groups; 0 where only the observations behind a metric are known, which are other
    things."""
    return int(board.sizes.sum()) if not main or find_metric(main).mean else 0


def order_metric(board: Board) -> str:
    """The metric that orders a board: the suite's first that is known, else its first; empty for an
    empty board."""
    try:
        return main_metric(board)
    except DataError:
        return next((m for e in board.entries for m in headline(e.result)), "")


def columns_of(rows: Sequence[Row], main: str, openmpr: bool = True) -> tuple[str, ...]:
    """The metric that orders the rows, and the headline metrics of the suites, as far as there are
    numbers.

    Args:
        openmpr: with what is derived from another metric or the difference of two (phi, gap).
    """
    suites = {row.result.suite: row.result for row in rows}
    named = dict.fromkeys(m for result in suites.values() for m in headline(result))
    names = named if main in named else {main: None, **named}
    if not openmpr:
        names = {m: None for m in names if m == main or _stands_alone(m)}
    own = [row for row in rows if row.same_data]
    return tuple(m for m in names if any(not np.isnan(row.metric(m).value) for row in own))


def _stands_alone(metric: str) -> bool:
    """Whether a metric is neither derived from another one nor the difference of two."""
    declared = find_metric(metric)
    return declared.derive is None and not declared.ends


def _titles(board: Board, rows: Sequence[Row], stored: bool) -> tuple[str, str]:
    """(title, subtitle)"""
    if stored and rows:
        first = rows[0].result
        units, groups = unit_words(first)
        variant = [f"{k} {v}" for k, v in shared_variant([row.result for row in rows]).items()]
        split = f"split {first.data.split}" if first.data.split else ""
        galleries = dict.fromkeys(row.result.variant.get("gallery", "") for row in rows)
        if all(galleries):
            n = first.counts.get("gallery", 0)
            of = " or ".join(GALLERIES.get(g, g) for g in galleries)
            of = of if len(galleries) < 3 else "texts, pictures or both"
            title = f"{first.data.short}: {units} → {of} of {n:,} SKUs" + "".join(
                f", {v}" for v in variant
            )
            variant = []  # two views of the same SKUs differ in it, so the title says it
            parts = [split, f"suite {first.suite}"]
        else:
            title = f"{first.suite} on {first.data.short}"
            parts = [f"suite {first.suite}", split, f"{first.counts.get('units', 0):,} {units}"]
            parts += [f"{first.counts['groups']:,} {groups}"] if "groups" in first.counts else []
        return title, ", ".join(p for p in (*parts, *variant) if p)
    counts = Counter(row.entry.source for row in rows)
    words = {HERE: "measured here", PUBLISHED: "published"}
    if set(counts) == {PUBLISHED}:
        return board.name, "Published results"
    nouns = noun_of(row.result for row in rows).capitalize() + "s"
    said = (f"{n:,} {words.get(source, f'from {source}')}" for source, n in counts.items())
    return board.name, f"{nouns}: {', '.join(said)}"


def _row_of(
    entry: Entry, main: str, measured: Mapping[str, Interval], same_data: bool, stored: bool
) -> Row:
    metrics = {**entry.result.metrics, **measured}
    for name in (*headline(entry.result), main) if measured else ():
        declared = find_metric(name)
        base = measured.get(declared.of)
        if declared.derive and base is not None and entry.params:
            value, low, high = (
                float(declared.derive(x, entry.params)) for x in (base.value, base.low, base.high)
            )
            metrics[name] = Interval(value, low, high, base.n, base.groups)
    kept = entry.result.curves.get(CURVE, {}) if stored else {}
    return Row(entry, main, metrics, kept or ({} if stored else curve_of(main, metrics)), same_data)


def curve_of(main: str, metrics: Mapping[str, Interval]) -> dict[str, list]:
    """Hit rate by rank at the cut-offs of a metric that is a share of hits; empty for any other."""
    base, cut, _ = main.partition("@")
    if not cut or not find_metric(main).whole or find_metric(main).of:
        return {}
    names = [m for m in metrics if m.startswith(base + cut) and not np.isnan(metrics[m].value)]
    points = sorted((int(m.rpartition("@")[2]), metrics[m].as_dict()) for m in names)
    return {"k": [k for k, _ in points]} | {
        end: [point[end] for _, point in points] for end in ("value", "low", "high")
    }


def measure_board(board: Board, known: np.ndarray) -> dict[int, dict[str, Interval]]:
    """Entry -> intervals of every metric of which all entries at `known` have sums, of their means
    over groups, and of differences between them."""
    if not len(known):
        return {}
    which = known.tolist()
    sums = board.entries[which[0]].result.sums
    plain = [m for m in (sums.metrics if sums else ()) if board.known(m)[known].all()]
    found: dict[str, list[Interval]] = {}
    for name in plain:
        found[name] = board.panel(name, which).intervals()
        macro = macro_of(name)
        if macro and find_metric(macro).over == GROUP:
            found[macro] = board.panel(macro, which).intervals()
    for name in headline(board.entries[which[0]].result):
        ends = find_metric(name).ends
        if ends and set(ends) <= set(plain):
            more, less = (board.panel(end, which) for end in ends)
            found[name] = subtract(more, less, find_metric(name)).intervals()
    return {i: {name: mine[at] for name, mine in found.items()} for at, i in enumerate(which)}


def subtract(more: Panel, less: Panel, metric: Metric) -> Panel:
    """The metric that is the difference of two of the same units, system by system."""
    pairs = zip(more.measures, less.measures, strict=True)
    return Panel(tuple(replace(a, top=a.top - b.top, metric=metric) for a, b in pairs))


def pareto(rows: Sequence[Row], cost: str) -> list[Row]:
    """Rows that no other beats in the main metric at the same or a lower cost; cheapest first."""
    front: list[Row] = []
    for row in sorted(rows, key=lambda r: (getattr(r.entry, cost), -r.score)):
        if not front or row.score > front[-1].score:
            front.append(row)
    return front
