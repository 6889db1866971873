"""Leaderboards and the check of the paper's tables, for a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from skulens.analysis.boards import PUBLISHED
from skulens.analysis.ranks import Standing, Standings
from skulens.encode.zoo.warnings import KINDS, mark_of
from skulens.papers.openmpr.cells import Checked
from skulens.papers.openmpr.claims import Claim
from skulens.report.tables import with_interval

LETTERS = 8
"""Longest entry of the column "alike" that still says something at a glance."""


def console() -> Console:
    wide = Console()
    return wide if wide.is_terminal else Console(width=170)


def print_standings(standings: Standings, top: int = 20) -> None:
    """The first `top` (0: all); beside published entries all of the user's own too, wherever they stand."""
    sources = {s.entry.source for s in standings.rows}
    own = len(sources) > 1 and PUBLISHED in sources
    rows = [
        s
        for s in standings.rows
        if not top or s.rank <= top or (own and s.entry.source != PUBLISHED)
    ]
    alike = 0 < max((len(s.letters or "") for s in rows), default=0) <= LETTERS
    caption = (
        "95 %: bootstrap over SKUs. tier: in one tier none can be told apart from its first (paired test, Holm, 5 %)."
        f"{' alike: shared letter, not told apart (all pairs).' * alike}{legend(rows)}"
    )
    table = Table(
        title=escape(standings.board.data),
        title_justify="left",
        caption=caption,
        caption_justify="left",
    )
    for column in ("rank", "95 %", "tier", *(["alike"] if alike else [])):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("encoder", overflow="fold")
    if len(sources) > 1:
        table.add_column("from")
    for column in (
        standings.metric,
        "@5" if standings.metric != "hit_rate@5" else "@1",
        "phi",
        "params",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("licence")
    table.add_column("notes")
    for s in rows:
        bold = "bold" if own and s.entry.source != PUBLISHED else None
        table.add_row(*cells(s, standings.metric, alike, len(sources) > 1), style=bold)
    console().print(table)
    print(summary(standings, len(rows)))


def cells(s: Standing, metric: str, alike: bool, sources: bool) -> list[str]:
    e = s.entry
    other = e.metrics.get("hit_rate@1" if metric == "hit_rate@5" else "hit_rate@5")
    ranks = f"{s.rank_low}-{s.rank_high}" if s.rank_low else "-"
    phi = e.metrics.get("phi")
    return [
        str(s.rank),
        ranks,
        str(s.tier or "-"),
        *([s.letters or "-"] if alike else []),
        escape(e.name),
        *([escape(e.source)] if sources else []),
        with_interval({"value": s.value, "low": s.low, "high": s.high}),
        "-" if other is None else f"{other:.3f}",
        "-" if phi is None else f"{phi:.2f}",
        millions(e.params),
        e.licence or "unknown",
        " ".join(marks(s)),
    ]


def millions(params: int | None) -> str:
    """1,872 M; 1.3 M"""
    return "-" if not params else f"{params / 1e6:,.{0 if params >= 1e7 else 1}f} M"


def marks(s: Standing) -> list[str]:
    return mark_of(s.entry.traps)


def legend(rows: Sequence[Standing]) -> str:
    shown = {m for s in rows for m in marks(s)}
    meant = "; ".join(f"{k.mark}: {k.legend}" for k in KINDS.values() if k.mark in shown)
    return f"\nnotes: {meant}" if meant else ""


def entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def summary(standings: Standings, shown: int) -> str:
    ties = sum(s.tier == 1 for s in standings.rows)
    rows = (
        f"{shown} of {entries(len(standings.rows))} shown"
        if shown < len(standings.rows)
        else entries(shown)
    )
    if not ties:
        return (
            f"{rows}; hits per SKU are unknown, so nothing can be said about how sure this order is"
        )
    same = (
        f"{standings.adjacent - standings.separable} of {standings.adjacent} neighbours cannot be told apart"
        if standings.adjacent
        else ""
    )
    others = f"{ties - 1} other{'s' * (ties > 2)} cannot be told apart from the first"
    first = (
        others
        if ties > 1
        else "the first is separate from all others"
        if standings.adjacent
        else ""
    )
    return "; ".join(part for part in (rows, first, same) if part)


def print_cells(checked: Sequence[Checked]) -> None:
    """How many printed cells agree, and each that does not."""
    wrong = [c for c in checked if not c.agrees]
    table = Table(
        title=f"Tables 1-11 of the paper: {len(checked)} cells checked, {len(checked) - len(wrong)} agree at printed precision; "
        f"the other {len(wrong)}:",
        title_justify="left",
    )
    for column in ("table", "row", "column", "printed", "computed", "reason"):
        table.add_column(column, overflow="fold", no_wrap=column == "printed")
    for c in wrong:
        computed = (
            c.computed
            if isinstance(c.computed, str)
            else f"{c.computed:.{c.cell.places + 2}f}".rstrip("0").rstrip(".")
        )
        table.add_row(
            str(c.cell.table), c.cell.row, c.cell.column, c.cell.printed, computed, c.reason
        )
    console().print(table)


def print_claims(claims: Sequence[Claim]) -> None:
    """What the paper says and the files do not support; then what they do."""
    for title, supported in (
        ("not supported by the files", False),
        ("supported by the files", True),
    ):
        mine = [c for c in claims if c.supported == supported]
        if not mine:
            continue
        table = Table(title=f"{len(mine)} claims {title}:", title_justify="left", show_lines=True)
        table.add_column("where", width=16)
        table.add_column("the paper says", width=44)
        table.add_column("the files say")
        for c in mine:
            table.add_row(c.where, c.says, c.found)
        console().print(table)
