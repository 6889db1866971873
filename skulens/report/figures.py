"""The figures that a view's numbers allow, whatever its metric: costs, curves, gaps, families,
order."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skulens.analysis.boards import HERE
from skulens.evaluate.metric import find_metric
from skulens.report.axes import (
    COSTS,
    cost_axis,
    cost_of,
    draw_interval,
    draw_point,
    log_axis,
    name_rows,
    pick_evenly,
    place_labels,
    short,
    write_amount,
)
from skulens.report.drawing import (
    BLUE,
    INK,
    PALE,
    RED,
    SERIES,
    SIZE,
    SMALL,
    SOFT,
    Drawing,
    write_drawings,
)
from skulens.report.names import plural, singular
from skulens.report.views import Row, View, pareto
from skulens.report.words import write_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = 6
"""CMC curves in one figure; more cannot be distinguished by eye."""
FAMILIES = 4
"""Fewer families need no figure of their own."""
BARS = 12
"""Systems in the figure of gaps."""
FEW = 6
"""Up to this many systems are drawn small: a page shows three such figures in a row."""
CROWD = 25
"""From this many points on, only those that matter have a strong interval and a label."""
NAMED = 6
"""Systems named in the words of a figure of many."""


def draw_view(view: View) -> list[Drawing]:
    """The figures that a view's numbers allow, in the order of a report."""
    if not view.main:
        return []
    found = (
        rank_drawing(view),
        *(cost_drawing(view, c) for c in COSTS),
        density_drawing(view),
        curve_drawing(view),
        gap_drawing(view),
        family_drawing(view),
    )
    return [replace(d, size=size_of(d, view)) for d in found if d]


def size_of(drawing: Drawing, view: View) -> tuple[float, float]:
    """Bars need no more height than there are rows."""
    width, height = SIZE if len(view.rows) > FEW else SMALL
    return width, min(height, 1.0 + 0.42 * drawing.bars) if drawing.bars else height


def best_of_families(view: View) -> dict[str, list[Row]]:
    """Family -> its comparable rows, best first; families by their best."""
    found: dict[str, list[Row]] = {}
    for row in view.rows:
        if row.place and row.entry.family:
            found.setdefault(row.entry.family, []).append(row)
    return found


def family_drawing(view: View) -> Drawing | None:
    families = best_of_families(view)
    if len(families) < FAMILIES:
        return None
    names = "; ".join(
        f"{family}: {write_number(rows[0].first.value, view.main)} ({rows[0].name})"
        for family, rows in families.items()
    )
    return Drawing(
        "families",
        "Families at their best",
        f"Blue: the best {view.noun} of each family, with its 95 % interval. Grey: the others.",
        f"Best {view.main} of {len(families)} families. {names}.",
        lambda axes: draw_families(axes, families, view.main),
    )


def draw_families(axes: "Axes", families: dict[str, list[Row]], metric: str) -> None:
    for y, rows in enumerate(families.values()):
        draw_interval(axes, rows[0].first, y, BLUE, 0.25)
        for row in reversed(rows):
            first = row is rows[0]
            axes.plot(
                [row.first.value],
                [y],
                "o",
                color=BLUE if first else PALE,
                markersize=6.5 if first else 4,
                markeredgecolor="none",
                zorder=3 if first else 1,
                gid=f"row-{row.place}-point",
            )
    name_rows(axes, [f"{family} ({len(rows)})" for family, rows in families.items()])
    axes.set_xlabel(metric)


def cost_drawing(view: View, cost: str) -> Drawing | None:
    rows = view.having(cost)
    front = pareto(rows, cost)
    if len(rows) < 2:
        return None
    declared, unit = COSTS[cost], singular(view.units)
    names = "; ".join(
        f"{r.name}, {write_amount(r, cost)}: {write_number(r.first.value, view.main)}"
        for r in front
    )
    mixed = " Orange: measured here." if len({row.entry.source == HERE for row in rows}) > 1 else ""
    return Drawing(
        f"pareto-{declared.noun}",
        f"{view.main} against {declared.noun}",
        "Blue: the Pareto front; nothing that costs less is better. Lines are 95 % intervals."
        f"{mixed}{declared.note.format(unit=unit)}",
        f"Scatter of {view.main} against {declared.noun} for {len(rows)} {plural(view.noun)}. "
        f"Pareto front: {names}.",
        lambda axes: draw_cost(axes, rows, front, cost, unit),
    )


def draw_cost(
    axes: "Axes", rows: Sequence[Row], front: Sequence[Row], cost: str, unit: str
) -> None:
    x = {id(row): cost_of(row, cost) for row in rows}
    on = {id(row) for row in front}
    steps = [(x[id(row)], row.first.value) for row in front]
    axes.step(
        *zip(*steps, strict=True), where="post", color=BLUE, linewidth=1.2, alpha=0.5, zorder=2
    )
    mixed = any(r.entry.source != HERE for r in rows)
    for row in sorted(rows, key=lambda r: id(r) in on):
        mine, here = id(row) in on, row.entry.source == HERE and mixed
        colour = RED if here else BLUE if mine else PALE
        strong = mine or here or len(rows) < CROWD
        draw_point(axes, row, x[id(row)], row.first, colour, strong)
    main = rows[0].main
    cost_axis(axes, list(x.values()), COSTS[cost].axis.format(unit=unit))
    axes.set_ylabel(main)
    top = axes.get_ylim()[1] * 1.06
    if find_metric(main).least == 0:
        axes.set_ylim(0, min(1.02, top) if find_metric(main).bounded else top)
    place_labels(axes, front if len(rows) >= CROWD else rows, cost, main)


def density_drawing(view: View) -> Drawing | None:
    """The first metric that weighs quality by parameters, against parameters."""
    name = next((m for m in view.columns if find_metric(m).derive), "")
    rows = [r for r in view.having("params") if r.metric(name).value > 0]
    if len(rows) < 2:
        return None
    metric = find_metric(name)
    top = sorted(rows, key=lambda r: r.metric(name).value, reverse=True)
    top = top[: NAMED if len(rows) >= CROWD else len(rows)]
    names = "; ".join(f"{r.name}: {write_number(r.metric(name).value, name)}" for r in top[:NAMED])
    title, _, more = metric.about.partition(":")
    return Drawing(
        name,
        title.capitalize(),
        f"{name}:{more or f' {metric.unit}'}.",
        f"Scatter of {name} against parameters for {len(rows)} {plural(view.noun)}. Highest: "
        f"{names}.",
        lambda axes: draw_density(axes, rows, top, name),
    )


def draw_density(axes: "Axes", rows: Sequence[Row], top: Sequence[Row], metric: str) -> None:
    marked = {id(row) for row in top}
    for row in sorted(rows, key=lambda r: id(r) in marked):
        strong = id(row) in marked
        colour = BLUE if strong else PALE
        draw_point(axes, row, cost_of(row, "params"), row.metric(metric), colour, strong)
    cost_axis(axes, [cost_of(row, "params") for row in rows], COSTS["params"].axis)
    axes.set_ylabel(metric)
    axes.set_ylim(bottom=0)
    place_labels(axes, top, "params", metric)


def curve_drawing(view: View) -> Drawing | None:
    """All curves, or those of the Pareto front where they are too many: near-equals would hide each
    other."""
    rows = [row for row in view.rows if row.same_data and len(row.curve.get("k", ())) > 1]
    if not rows:
        return None
    front = [row for row in pareto(view.having("params"), "params") if row in rows]
    picked, which = rows, ""
    if len(rows) > CURVES:
        picked, which = (
            (
                pick_evenly(front, CURVES),
                f" Shown: {plural(view.noun)} of the Pareto front by parameters.",
            )
            if len(front) > 1
            else (rows[:CURVES], f" The first {CURVES}.")
        )
    picked = sorted(picked, key=lambda row: row.score, reverse=True)
    ends = "; ".join(
        f"{r.name}: {r.curve['value'][0]:.3f} at rank {r.curve['k'][0]}, "
        f"{r.curve['value'][-1]:.3f} at {r.curve['k'][-1]}"
        for r in picked
    )
    return Drawing(
        "cmc",
        "Hit rate by rank (CMC)",
        f"The share of {view.units} with a right product among the first k. Bands are 95 % "
        f"intervals.{which}",
        f"CMC curves. {ends}.",
        lambda axes: draw_curves(axes, picked),
    )


def draw_curves(axes: "Axes", rows: Sequence[Row]) -> None:
    for n, row in enumerate(rows):
        curve, colour = row.curve, SERIES[n % len(SERIES)]
        if None not in (*curve["low"], *curve["high"]):
            axes.fill_between(
                curve["k"], curve["low"], curve["high"], color=colour, alpha=0.14, linewidth=0
            )
        axes.plot(
            curve["k"],
            curve["value"],
            color=colour,
            linewidth=1.8,
            marker="os^Dv*"[n % 6],
            markersize=5,
            markevery=max(1, len(curve["k"]) // 8),
            label=short(row),
        )
    last = max(k for row in rows for k in row.curve["k"])
    ticks = [k for k in (1, 2, 3, 5, 10, 20, 50, 100, 1000, 10_000) if k <= last]
    log_axis(axes, ticks, 1, last * 1.02)
    axes.set_xlabel("rank k")
    axes.set_ylabel("hit rate")
    ends = (v for row in rows for v in (*row.curve["low"], *row.curve["value"]) if v is not None)
    low = min(ends)
    axes.set_ylim(max(0.0, low - 0.05) if low > 0.4 else 0, 1.02)
    axes.legend(loc="lower right", fontsize=9.5, labelcolor=INK)


def gap_drawing(view: View) -> Drawing | None:
    """The first headline metric that is a difference of two others, as a bar between them."""
    name = next((m for m in view.columns if find_metric(m).ends), "")
    if not name:
        return None
    far, near = find_metric(name).ends
    both = [r for r in view.rows if r.same_data and r.metric(near).value <= r.metric(far).value]
    rows = both[:BARS]
    if not rows:
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
        bars=len(view.rows),
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
        axes.annotate(
            f"{five.value - one.value:.3f}",
            (sum(ends) / 2, y),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9.5,
            color=INK,
        )
    name_rows(axes, [short(row) for row in rows])
    axes.set_xlabel(near.partition("@")[0].replace("_", " "))


def rank_drawing(view: View) -> Drawing | None:
    rows = [row for row in view.rows if row.ranks]
    if len(rows) < CROWD:
        return None
    pairs = list(itertools.pairwise(row.first for row in rows))
    overlap = sum(b.high >= a.low and a.high >= b.low for a, b in pairs)
    return Drawing(
        "order",
        "How certain is the order?",
        f"Every {view.noun} in its place, with its 95 % interval. Blue: the {len(view.tied)} not "
        f"significantly different from the first (paired test over {view.groups}, "
        "all pairs at once, 5 %).",
        f"{len(rows)} {plural(view.noun)} by {view.main}; the intervals of {overlap} of "
        f"{len(pairs)} neighbours overlap.",
        lambda axes: draw_ranks(axes, rows),
    )


def draw_ranks(axes: "Axes", rows: Sequence[Row]) -> None:
    for row in rows:
        colour = BLUE if row.best else SOFT
        draw_point(axes, row, row.place or 0, row.first, colour, strong=False)
    axes.set_xlabel("place")
    axes.set_xlim(-2, len(rows) + 3)
    axes.set_ylabel(rows[0].main)


def write_figures(views: Sequence[View], out: Path, kind: str) -> list[Path]:
    """Every figure of every view as a file "svg" or "png" in the folder `out`.

    Returns:
        The files, in order.
    """
    return write_drawings(_named(views), out, kind)


def _named(views: Sequence[View]) -> Iterator[tuple[str, Drawing]]:
    """Figures with the names of their files: those of several views carry the view's number and
    title."""
    for n, view in enumerate(views, 1):
        for drawing in draw_view(view):
            prefix = f"{n}-{slug(view.title)}-" if len(views) > 1 else ""
            yield prefix + drawing.name, drawing


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
