"""Points, axes and labels that the figures of a view share."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skulens.evaluate.intervals import Interval
from skulens.report.drawing import INK, SIZE, TEXT, root_of
from skulens.report.placing import Spot
from skulens.report.views import Row, View
from skulens.report.words import write_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINEAR = 4
"""Costs that differ by no more than this factor stand on a linear axis."""
FAR = 0.4
"""An axis of quality begins at 0 where the lowest value is below this share of the highest."""
CROWD = 25
"""From this many points on, only those that matter have a strong interval and a label."""
WORDS, SHORT = 26, 16
"""Characters of a line of a label, and of a name beside a row of a narrow figure."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost of a system, and how a figure says it."""

    noun: str
    axis: str
    """With `{unit}` where what was asked once belongs there: "probe"."""
    unit: str
    scale: float
    """What an entry's number is multiplied by."""
    error: float = 0.0
    """Numbers that differ by no more than this share of them are the same, measured again."""
    note: str = ""
    """At the end of the caption."""


COSTS = {
    "params": Cost("parameters", "parameters, millions", "M", 1e-6),
    "latency_ms": Cost(
        "latency",
        "latency of one {unit}, ms (median)",
        "ms",
        1,
        0.1,
        " Measured from file to answer, one {unit} at a time.",
    ),
    "memory_mb": Cost(
        "memory",
        "peak memory, MB",
        "MB",
        1,
        0.05,
        " Memory is that of a process that opens one encoder and embeds a batch.",
    ),
}


def cost_of(row: Row, cost: str) -> float:
    """In the unit of a figure; the row must have it."""
    return getattr(row.entry, cost) * COSTS[cost].scale


def draw_interval(axes: "Axes", interval: Interval, y: float, colour: str, alpha: float) -> None:
    """A broad horizontal line; nothing where the interval is unknown."""
    if interval.known:
        axes.plot(
            [interval.low, interval.high],
            [y, y],
            color=colour,
            linewidth=5,
            alpha=alpha,
            solid_capstyle="butt",
            zorder=2,
        )


def count_levels(rows: Iterable[Row], cost: str) -> int:
    """How many costs systems have that differ by more than the error of measuring them.

    Results of one system under several settings count once.
    """
    of_system: dict[str, list[float]] = {}
    for row in rows:
        of_system.setdefault(row.result.name, []).append(cost_of(row, cost))
    levels, top = 0, float("-inf")
    for amount in sorted(sorted(held)[len(held) // 2] for held in of_system.values()):
        if amount > top:
            levels, top = levels + 1, amount * (1 + COSTS[cost].error)
    return levels


def stand_above(names: Iterable[str], width: float) -> bool:
    """Whether names of rows stand above these: they would leave too little room beside them.

    Args:
        width: of the figure, inches.
    """
    most = WORDS if width >= SIZE[0] else SHORT
    return any(len(name) > most for name in names)


def name_rows(axes: "Axes", names: Sequence[str], values: Sequence[str] = ()) -> None:
    """Names instead of a y axis, the first on top, and values at the right ends of rows.

    Where names are long both stand above their row; in a narrow figure a value stands without its
    interval.
    """
    width = root_of(axes).get_figwidth()
    above = stand_above(names, width)
    axes.set_ylim(len(names) - 0.4, -0.85 if above else -0.6)
    axes.set_yticks(range(len(names)), [""] * len(names) if above else names)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    for y, name in enumerate(names if above else ()):
        _write_beside(axes, (0, y), name, (0, 6), "left", "bottom")
    for y, value in enumerate(values):
        words = value if width >= SIZE[0] else value.partition(" ")[0]
        if above:
            _write_beside(axes, (1, y), words, (0, 6), "right", "bottom")
        else:
            _write_beside(axes, (1, y), words, (8, 0), "left", "center_baseline")


def _write_beside(
    axes: "Axes", at: tuple[float, float], words: str, off: tuple[float, float], ha: str, va: str
) -> None:
    """Words beside a row: at a share of the width of the axes, some points off."""
    axes.annotate(
        words, at, xycoords=("axes fraction", "data"), xytext=off, textcoords="offset points",
        ha=ha, va=va, fontsize=TEXT, color=INK, zorder=6, annotation_clip=False,
        bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip


def draw_point(
    axes: "Axes", row: Row, x: float, metric: Interval, colour: str, strong: bool
) -> None:
    """A marker with its interval; a page finds it by `gid`."""
    drawn = axes.plot(
        [x], [metric.value], "o", color=colour, markersize=6.5 if strong else 4,
        markeredgecolor="none", alpha=1 if strong else 0.7, zorder=5 if strong else 3, gid=f"row-{row.place}-point",
    )  # fmt: skip
    if metric.known:
        drawn += axes.plot(
            [x, x], [metric.low, metric.high], color=colour, linewidth=1.6 if strong else 0.7,
            alpha=1 if strong else 0.35, solid_capstyle="round", zorder=4 if strong else 1,
            gid=f"row-{row.place}-interval",
        )  # fmt: skip
    for mark in drawn:
        mark.set_in_layout(False)  # within the axes; hundreds of them take seconds to lay out


def short(row: Row) -> str:
    """A name that fits into a figure: open_clip's counts of samples and batch are cut off."""
    name = re.sub(r"_s[\d.]+[bmk](_b[\d.]+k)?(?=$|_)", "", row.name)
    return name if len(name) <= 32 else name.partition("/")[0]


def wrap(name: str, width: int = WORDS) -> str:
    """A name in lines, broken before brackets and after commas and slashes."""
    lines = [""]
    for part in re.findall(r"\(?[^(,/]+[,/]?\s*", name) or [name]:
        if lines[-1] and len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.strip() for line in lines)


def spot_of(row: Row, x: float, metric: Interval, words: str = "", faint: bool = False) -> Spot:
    """A row's point for the placing of labels."""
    low, high = (metric.low, metric.high) if metric.known else (metric.value, metric.value)
    return Spot(x, metric.value, low, high, words, faint)


def quality_axis(axes: "Axes", metrics: Iterable[Interval], bounded: bool) -> None:
    """A y axis from the lowest end of an interval to the highest, or from 0 where that is near."""
    ends = [x for m in metrics for x in ((m.low, m.high) if m.known else (m.value,))]
    low, high = min(ends), max(ends)
    if 0 <= low < FAR * high:
        low = 0.0
    room = 0.08 * (high - low) or 0.05
    axes.set_ylim(low - room if low else 0, min(high + room, 1.02) if bounded else high + room)


def title_rows(view: View) -> dict[str, str]:
    """What the points of each row say under the pointer: its name and number."""
    return {
        f"row-{row.place}-point": f"{row.name}: {view.main} {write_share(row.first, view.metric)}"
        for row in view.rows
        if row.place
    }


def pick_evenly(rows: Sequence[Row], n: int) -> list[Row]:
    """At most n of the rows, the ends among them."""
    step = (len(rows) - 1) / max(min(n, len(rows)) - 1, 1)
    return [rows[round(i * step)] for i in range(min(n, len(rows)))]


def write_amount(row: Row, cost: str) -> str:
    """151 M"""
    return f"{cost_of(row, cost):.3g} {COSTS[cost].unit}"


def cost_axis(axes: "Axes", values: Sequence[float], label: str) -> None:
    """An x axis with plain round numbers: logarithmic where costs differ by more than LINEAR
    times."""
    low, high = min(values), max(values)
    axes.set_xlabel(label)
    if high <= low * LINEAR:
        room = 0.12 * (high - low) or 0.1 * high
        axes.set_xlim(max(low - room, 0), high + room)
        return
    room = (high / low) ** 0.06
    low, high = low / room, high * room
    width = root_of(axes).get_figwidth() * 72 * 0.8 / math.log10(high / low)  # of a decade, points
    letters = len(f"{high:,.0f}")
    steps = next(
        (
            steps
            for steps, apart in (((1, 2, 5), 2), ((1, 3), 3))
            if width * math.log10(apart) > (letters + 1) * 0.65 * TEXT
        ),
        (1,),
    )
    ticks = [m * 10.0**e for e in range(-3, 13) for m in steps if low <= m * 10.0**e <= high]
    log_axis(axes, ticks, low, high)


def log_axis(axes: "Axes", ticks: Sequence[float], low: float, high: float) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, [f"{t:,g}" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
