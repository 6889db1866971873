"""Points, axes and labels that the figures of a view share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skulens.evaluate.intervals import Interval
from skulens.report.drawing import INK
from skulens.report.views import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

LINEAR = 4
"""Costs that differ by no more than this factor stand on a linear axis from 0."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost of a system, and how a figure says it."""

    noun: str
    axis: str
    """With `{unit}` where what was asked once belongs there: "probe"."""
    unit: str
    scale: float
    """What an entry's number is multiplied by."""
    note: str = ""
    """At the end of the caption."""


COSTS = {
    "params": Cost("parameters", "parameters, millions", "M", 1e-6),
    "latency_ms": Cost(
        "latency",
        "latency of one {unit}, ms (median)",
        "ms",
        1,
        " Measured from file to answer, one {unit} at a time.",
    ),
    "memory_mb": Cost(
        "memory", "peak memory, MB", "MB", 1, " Memory is that of the whole measuring process."
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


def name_rows(axes: "Axes", names: Sequence[str]) -> None:
    """Names instead of a y axis, the first on top."""
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=10)
    axes.set_ylim(len(names) - 0.4, -0.8)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def draw_point(
    axes: "Axes", row: Row, x: float, metric: Interval, colour: str, strong: bool
) -> None:
    """A marker with its interval; a page finds it by `gid`."""
    if metric.known:
        axes.plot(
            [x, x],
            [metric.low, metric.high],
            color=colour,
            linewidth=1.6 if strong else 0.7,
            alpha=1 if strong else 0.55,
            solid_capstyle="round",
            zorder=4 if strong else 1,
            gid=f"row-{row.place}-interval",
        )
    axes.plot(
        [x],
        [metric.value],
        "o",
        color=colour,
        markersize=6.5 if strong else 4,
        markeredgecolor="none",
        zorder=5 if strong else 3,
        gid=f"row-{row.place}-point",
    )


def short(row: Row) -> str:
    """A name that fits into a figure: open_clip's counts of samples and batch are cut off."""
    name = re.sub(r"_s[\d.]+[bmk](_b[\d.]+k)?(?=$|_)", "", row.name)
    return name if len(name) <= 32 else name.partition("/")[0]


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
        axes.set_xlim(0, high * 1.15)
        return
    room = (high / low) ** 0.06
    low, high = low / room, high * room
    ticks = [m * 10.0**e for e in range(-3, 8) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    log_axis(axes, [t for t in ticks if len(ticks) <= 8 or f"{t:.0e}"[0] in "15"], low, high)


def log_axis(axes: "Axes", ticks: Sequence[float], low: float, high: float) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, [f"{t:,g}" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


SIDES = (
    ("value", -7, 6, "right", "bottom"),
    ("value", -9, 0, "right", "center"),
    ("high", -4, 4, "left", "bottom"),
    ("high", 4, 4, "right", "bottom"),
    ("value", 9, 0, "left", "center"),
    ("low", 4, -4, "left", "top"),
)
"""Where a label may stand: end of the interval, offset in points, alignment. Left and above first:
beyond a Pareto front nothing is."""


def place_labels(axes: "Axes", rows: Sequence[Row], cost: str, metric: str) -> None:
    """Write each name beside its point, on the first side where it touches no other label, point or
    interval; else not."""
    axes.figure.canvas.draw()
    frame = axes.get_window_extent()
    taken: list[Bbox] = []
    points = {id(row): (cost_of(row, cost), row.metric(metric)) for row in rows}
    shapes = {
        key: [
            axes.transData.transform((x, getattr(m, end) if m.known else m.value))
            for end in ("low", "value", "high")
        ]
        for key, (x, m) in points.items()
    }
    for row in sorted(rows, key=lambda row: -row.metric(metric).value):
        x, at = points[id(row)]
        for end, dx, dy, ha, va in SIDES:
            note = axes.annotate(
                short(row),
                (x, getattr(at, end) if at.known else at.value),
                xytext=(dx, dy),
                textcoords="offset points",
                ha=ha,
                va=va,
                fontsize=9.5,
                color=INK,
                zorder=6,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
            )
            box = note.get_window_extent().padded(1)
            inside = (
                frame.x0 <= box.x0
                and box.x1 <= frame.x1 + 12
                and frame.y0 <= box.y0
                and box.y1 <= frame.y1 + 6
            )
            crossed = any(
                box.x0 < low[0] < box.x1 and low[1] < box.y1 and box.y0 < high[1]
                for low, _, high in shapes.values()
            )
            if inside and not crossed and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            note.remove()
