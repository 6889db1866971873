"""Figures of hit rates at several ranks: CMC curves, and the gap between two cut-offs."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skulens.evaluate.metric import find_metric
from skulens.report.axes import draw_interval, log_axis, name_rows, pick_evenly, short, wrap
from skulens.report.drawing import BLUE, INK, PALE, RED, SERIES, TEXT, Drawing, lay_out, root_of
from skulens.report.names import plural
from skulens.report.placing import measure, spread_apart
from skulens.report.views import Row, View, pareto

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = 6
"""CMC curves in one figure; more cannot be distinguished by eye."""
LETTERS = 20
"""Of a line of a name at the end of a curve; names of more than two lines have room for 4 curves."""
BANDS = 3
"""Up to this many curves have bands; more bands hide each other."""
FLAT = 0.995
"""A curve has nothing more to say where it has reached this."""
BARS = 12
"""Systems in the figure of gaps."""


def curve_drawing(view: View) -> Drawing | None:
    """All curves, or those of the Pareto front where they are too many: near-equals would hide each
    other."""
    rows = [row for row in view.rows if row.same_data and len(row.curve.get("k", ())) > 1]
    if len(rows) < 2:
        return None
    front = [row for row in pareto(view.having("params"), "params") if row in rows]
    picked, which = rows, ""
    long = any(wrap(short(row), LETTERS).count("\n") > 1 for row in rows)
    most = BANDS + 1 if long else CURVES
    if len(rows) > most:
        picked, which = pick_evenly(rows, most), f" Shown: {most} of {len(rows)}, by place."
    if len(rows) > most and len(front) >= BANDS:
        picked = pick_evenly(front, most)
        which = f" Shown: {plural(view.noun)} of the Pareto front by parameters."
    picked = sorted(picked, key=lambda row: row.score, reverse=True)
    bands = " Bands are 95 % intervals." if len(picked) <= BANDS else ""
    ends = "; ".join(
        f"{r.name}: {r.curve['value'][0]:.3f} at rank {r.curve['k'][0]}, "
        f"{r.curve['value'][-1]:.3f} at {r.curve['k'][-1]}"
        for r in picked
    )
    return Drawing(
        "cmc",
        "Hit rate by rank (CMC)",
        f"The share of {view.units} with a right product among the first k.{bands}{which}",
        f"CMC curves. {ends}.",
        lambda axes: draw_curves(axes, picked),
    )


def draw_curves(axes: "Axes", rows: Sequence[Row]) -> None:
    last = end_of_curves(rows)
    low, ends = 1.0, list[End]()
    for n, row in enumerate(rows):
        kept = [i for i, k in enumerate(row.curve["k"]) if k <= last]
        k, value, below, above = (
            [row.curve[end][i] for i in kept] for end in ("k", "value", "low", "high")
        )
        colour, band = SERIES[n % len(SERIES)], len(rows) <= BANDS and None not in (*below, *above)
        if band:
            axes.fill_between(k, below, above, color=colour, alpha=0.14, linewidth=0)
        axes.plot(
            k,
            value,
            color=colour,
            linewidth=1.8,
            marker="os^Dv*"[n % 6],
            markersize=5,
            markevery=max(1, len(k) // 8),
            clip_on=False,
            gid=f"row-{row.place}-point",
        )
        ends.append(End(value[0], value[-1], colour, wrap(short(row), LETTERS)))
        low = min(low, *(below if band else value))
    ticks = [k for k in (1, 2, 3, 5, 10, 20, 50, 100, 1000, 10_000) if k <= last]
    log_axis(axes, ticks, 1, last)
    axes.set_xlabel("rank k")
    axes.set_ylabel("hit rate")
    axes.set_ylim(max(0.0, low - 0.05) if low > 0.4 else 0, 1.02)
    label_ends(axes, ends)


def end_of_curves(rows: Sequence[Row]) -> int:
    """The rank from which on all curves are flat, and at least 5; else their last."""
    flat = [
        next((k for k, v in zip(r.curve["k"], r.curve["value"], strict=True) if v >= FLAT), None)
        for r in rows
    ]
    last = max(r.curve["k"][-1] for r in rows)
    return last if None in flat else min(last, max(5, *(k for k in flat if k)))


@dataclass(frozen=True, slots=True)
class End:
    """A curve's name, and the values between which it runs."""

    first: float
    last: float
    colour: str
    words: str


def label_ends(axes: "Axes", ends: Sequence[End]) -> None:
    """Names at the ends of curves, moved apart, each with a line to its curve: on the left or on
    the right, wherever the curves are further apart. The axis of values is on the other side."""
    from matplotlib.transforms import ScaledTranslation

    lay_out(root_of(axes))
    low, high = axes.get_ylim()
    heights = [measure(axes, end.words, 0)[1] for end in ends]
    half = [h / 2 / axes.get_window_extent().height * (high - low) for h in heights]
    sides = [
        (_spread(wanted, half, low, high), at_left)
        for at_left in (False, True)
        for wanted in [[end.first if at_left else end.last for end in ends]]
    ]
    (_, places), at_left = min(sides, key=lambda side: side[0][0])
    if at_left:
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.spines["left"].set_visible(False)
        axes.spines["right"].set_visible(True)
    for end, y in zip(ends, places, strict=True):
        x, out = (0, -1) if at_left else (1, 1)
        value = end.first if at_left else end.last
        height_of = axes.get_yaxis_transform()
        shift = ScaledTranslation(out * 14 / 72, 0, axes.figure.dpi_scale_trans)
        axes.annotate(
            end.words,
            (x, value),
            xycoords=height_of,
            xytext=(x, y),
            textcoords=height_of + shift,
            ha="right" if at_left else "left",
            va="center",
            multialignment="right" if at_left else "left",
            fontsize=TEXT,
            color=INK,
            linespacing=1.1,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": end.colour,
                "linewidth": 1.2,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (1, 0.5) if at_left else (0, 0.5),
            },
        )


def _spread(
    wanted: Sequence[float], half: Sequence[float], low: float, high: float
) -> tuple[float, list[float]]:
    """(how far labels have to move in all, the middle of each)

    Args:
        half: half the height of each.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], -i))
    gaps = [1.02 * (half[i] + half[j]) for i, j in itertools.pairwise(order)]
    ends = low + half[order[0]], high - half[order[-1]] / 2
    found = spread_apart([wanted[i] for i in order], gaps, *ends)
    places = dict(zip(order, found, strict=True))
    inside = [places[i] for i in range(len(wanted))]
    return sum(abs(a - b) for a, b in zip(wanted, inside, strict=True)), inside


def gap_drawing(view: View) -> Drawing | None:
    """The first headline metric that is a difference of two others, as a bar between them."""
    name = next((m for m in view.columns if find_metric(m).ends), "")
    if not name:
        return None
    far, near = find_metric(name).ends
    both = [r for r in view.rows if r.same_data and r.metric(near).value <= r.metric(far).value]
    rows = both[:BARS]
    if len(rows) < 2:
        return None
    names = "; ".join(f"{r.name}: {r.metric(name).value:.3f}" for r in rows)
    which = f" The first {len(rows)}." if len(rows) < len(view.rows) else ""
    return Drawing(
        name,
        "What a reranker could win",
        f"From {near} (filled) to {far} (open): right products among the candidates but not put "
        f"first.{which}",
        f"{far} minus {near}. {names}.",
        lambda axes: draw_gap(axes, rows, near, far),
        bars=len(rows),
        names=[short(row) for row in rows],
    )


def draw_gap(axes: "Axes", rows: Sequence[Row], near: str, far: str) -> None:
    for y, row in enumerate(rows):
        one, five = row.metric(near), row.metric(far)
        ends = [one.value, five.value]
        axes.plot(ends, [y, y], color=PALE, linewidth=2.4, zorder=1, solid_capstyle="butt")
        for metric, colour in ((one, BLUE), (five, RED)):
            draw_interval(axes, metric, y, colour, 0.22)
        axes.plot([one.value], [y], "o", color=BLUE, markersize=6.5, zorder=3)
        axes.plot(
            [five.value],
            [y],
            "o",
            markeredgecolor=RED,
            markerfacecolor="white",
            markeredgewidth=1.6,
            markersize=6.5,
            zorder=3,
        )
    gaps = [f"{row.metric(far).value - row.metric(near).value:.3f}" for row in rows]
    name_rows(axes, [short(row) for row in rows], gaps)
    axes.set_xlabel(near.partition("@")[0].replace("_", " "))
