"""Figures of quality against what a system costs: Pareto fronts, and density where OpenMPR asks."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skulens.analysis.boards import HERE
from skulens.evaluate.metric import find_metric
from skulens.report.axes import (
    COSTS,
    CROWD,
    cost_axis,
    cost_of,
    count_levels,
    draw_point,
    quality_axis,
    short,
    spot_of,
    title_rows,
    wrap,
    write_amount,
)
from skulens.report.drawing import BLUE, RED, SOFT, Drawing
from skulens.report.names import plural, singular
from skulens.report.placing import place_labels
from skulens.report.views import Row, View, pareto
from skulens.report.words import write_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 3
"""Fewer different costs need no figure: the table says as much."""
NAMED = 6
"""Systems named in the words of a figure of many."""


def cost_drawing(view: View, cost: str) -> Drawing | None:
    rows = view.having(cost)
    front = pareto(rows, cost)
    if count_levels(rows, cost) < LEVELS:
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
        titles={
            mark: f"{title}, {write_amount(row, cost)}"
            for mark, title in title_rows(view).items()
            for row in rows
            if mark == f"row-{row.place}-point"
        },
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
        strong = mine or here or len(rows) < CROWD
        colour = RED if here else BLUE if mine else SOFT
        draw_point(axes, row, x[id(row)], row.first, colour, strong)
    main = find_metric(rows[0].main)
    cost_axis(axes, list(x.values()), COSTS[cost].axis.format(unit=unit))
    axes.set_ylabel(main.name)
    quality_axis(axes, (row.first for row in rows), main.bounded)
    crowd = len(rows) >= CROWD
    named = {*on, *map(id, extremes(rows, cost))} if crowd else set(x)
    place_labels(
        axes,
        [
            spot_of(
                row,
                x[id(row)],
                row.first,
                wrap(short(row)) if id(row) in named else "",
                faint=crowd and id(row) not in on,
            )
            for row in rows
        ],
        path=stairs(steps),
    )


def stairs(steps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners of a step line through points."""
    corners = [at for (_, y), after in itertools.pairwise(steps) for at in ((after[0], y), after)]
    return [*steps[:1], *corners]


def extremes(rows: Sequence[Row], cost: str) -> list[Row]:
    """The cheapest, the costliest, the best and the worst."""
    by_cost = sorted(rows, key=lambda row: cost_of(row, cost))
    by_score = sorted(rows, key=lambda row: row.score)
    return [by_cost[0], by_cost[-1], by_score[0], by_score[-1]]


def density_drawing(view: View) -> Drawing | None:
    """The first metric that weighs quality by parameters, against parameters."""
    name = next((m for m in view.columns if find_metric(m).derive), "")
    rows = [r for r in view.having("params") if r.metric(name).value > 0]
    if not name or count_levels(rows, "params") < LEVELS:
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
        colour = BLUE if strong else SOFT
        draw_point(axes, row, cost_of(row, "params"), row.metric(metric), colour, strong)
    cost_axis(axes, [cost_of(row, "params") for row in rows], COSTS["params"].axis)
    axes.set_ylabel(metric)
    quality_axis(axes, (row.metric(metric) for row in rows), bounded=False)
    axes.set_ylim(bottom=0)
    crowd = len(rows) >= CROWD
    place_labels(
        axes,
        [
            spot_of(
                row,
                cost_of(row, "params"),
                row.metric(metric),
                wrap(short(row)) if id(row) in marked else "",
                faint=crowd and id(row) not in marked,
            )
            for row in rows
        ],
    )
