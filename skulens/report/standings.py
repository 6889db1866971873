"""Leaderboards, for a terminal."""

from collections.abc import Sequence

from skulens.analysis.boards import PUBLISHED, Entry, unit_words
from skulens.analysis.ranks import Standing, Standings, headline
from skulens.bench.result import Result
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import find_metric
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.marks import explain_exposures, explain_marks, exposure_of, marks_of
from skulens.report.names import noun_of, singular
from skulens.report.tables import plain_headline
from skulens.report.words import describe_power, summarise_order, write_interval, write_params

LETTERS = 8
"""Longest entry of the column "alike" that still says something at a glance."""
BESIDE = 2
"""Further metrics beside one that has no other cut-off."""


def print_standings(standings: Standings, top: int = 20) -> None:
    """The first `top` (0: all); beside published entries all of the user's own too, wherever they
    stand."""
    every = [s.entry.result for s in standings.rows]
    sources = {s.entry.source for s in standings.rows}
    own = len(sources) > 1 and PUBLISHED in sources
    rows = [
        s
        for s in standings.rows
        if not top or s.rank <= top or (own and s.entry.source != PUBLISHED)
    ]
    alike = 0 < max((len(s.letters or "") for s in rows), default=0) <= LETTERS
    groups = unit_words(every[0])[1] if every else "groups"
    table = Grid(standings.board.data, caption_of(rows, standings.metric, groups, alike))
    drops = {"rank": 0, "95 %": 0, "all": 4, "tier": 1, "alike": 2}
    for column in ("rank", "95 %", "all", "tier", *(["alike"] if alike else [])):
        table.add_column(column, "number", drop=drops[column])
    table.add_column(noun_of(every), "name")
    if len(sources) > 1:
        table.add_column("from", "name")
    others = columns_beside(standings.metric, every[0]) if every else []
    headings = (name_column(m, standings.metric, every) for m in others)
    table.add_column(standings.metric, "number")
    for column in headings:
        table.add_column(column, "number", drop=3)
    table.add_column("params", "number", drop=1)
    table.add_column("licence", "name", drop=2)
    table.add_column("notes", drop=5, least=8)
    for s in rows:
        bold = "bold" if own and s.entry.source != PUBLISHED else ""
        table.add_row(*cells_of(s, others, alike, len(sources) > 1), style=bold)
    show(table)
    total, noun = len(standings.board.groups), noun_of(every)
    if standings.family and (said := describe_power(standings.family, total, noun, groups)):
        print(said)
    print(summarise_order(standings, len(rows), singular(groups)))


def caption_of(rows: Sequence[Standing], metric: str, groups: str, alike: bool) -> str:
    """What the columns mean, and the marks that occur."""
    meant = explain_marks(s.entry for s in rows)
    letters = " alike: shared letter, no significant difference." if alike else ""
    parts = [
        f"95 %: ranks of this one alone; all: ranks that hold for all at once in 95 %. "
        f"{metric} with 95 % interval over {groups}. tier: in one tier none differs "
        f"significantly from its first (paired test, all pairs at once, 5 %).{letters}",
        f"notes: {meant}" if meant else "",
        explain_exposures(s.entry.result for s in rows),
    ]
    return "\n".join(part for part in parts if part)


def columns_beside(metric: str, result: Result) -> list[str]:
    """What stands beside the metric that orders: the main one at another cut-off, else the next
    ones; then what is worked out from quality and parameters."""
    plain = [m for m in plain_headline(result) if m != metric]
    main = next(iter(headline(result)), "")
    base, cut, _ = main.partition("@")
    other = [m for m in plain if cut and m.startswith(base + cut)][-1:]
    return (other or plain[:BESIDE]) + [m for m in headline(result) if find_metric(m).derive]


def name_column(name: str, metric: str, results: Sequence[Result]) -> str:
    """The main metric at another cut-off is headed by that alone: "@5"."""
    main = next((m for r in results for m in headline(r)), "")
    base, cut, k = name.partition("@")
    same = cut and base == main.partition("@")[0] and base in metric
    return cut + k if same else name


def cells_of(s: Standing, others: Sequence[str], alike: bool, sources: bool) -> list[str]:
    """One row of the table."""
    e = s.entry
    low, high = (float("nan") if end is None else end for end in (s.low, s.high))
    number = write_interval(Interval(s.value, low, high, 0, 0))
    return [
        str(s.rank),
        f"{s.rank_low}-{s.rank_high}" if s.rank_low else "-",
        f"{s.rank_low_all}-{s.rank_high_all}" if s.rank_low_all else "-",
        str(s.tier or "-"),
        *([s.letters or "-"] if alike else []),
        e.name,
        *([e.source] if sources else []),
        number + (f" {seen.mark}" if (seen := exposure_of(e.result)) else ""),
        *(_number(e, m) for m in others),
        write_params(e.params),
        e.licence or "unknown",
        " ".join(marks_of(e)),
    ]


def _number(entry: Entry, metric: str) -> str:
    value = entry.metrics.get(metric)
    if value is None:
        return "-"
    return f"{value:.{3 if find_metric(metric).most is not None else 2}f}"
