"""The figures that say more of a view than its table, whatever its metric: differences, costs,
curves, families, order; phi and the gap to a reranker where OpenMPR asks for them."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skulens.report.axes import (
    COSTS,
    CROWD,
    draw_interval,
    draw_point,
    name_rows,
    stand_above,
    title_rows,
)
from skulens.report.curves import curve_drawing, gap_drawing
from skulens.report.differences import behind_drawing, skus_drawing
from skulens.report.drawing import (
    BLUE,
    NARROW,
    PALE,
    SIZE,
    SMALL,
    SOFT,
    Drawing,
    write_drawings,
)
from skulens.report.names import plural
from skulens.report.scatters import cost_drawing, density_drawing
from skulens.report.views import Row, View
from skulens.report.words import write_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAMILIES = 4
"""Fewer families need no figure of their own."""
FEW = 6
"""Up to this many systems are drawn small: a page shows three such figures in a row."""


def draw_view(view: View) -> list[Drawing]:
    """The figures of a view, in the order of a report; none of a single system, since each compares."""
    if not view.main:
        return []
    behind, costs = (
        (behind_drawing(view), skus_drawing(view)),
        [cost_drawing(view, c) for c in COSTS],
    )
    crowd = len(view.rows) >= CROWD
    found = (
        rank_drawing(view),
        *((*costs, *behind) if crowd else (*behind, *costs)),
        density_drawing(view),
        curve_drawing(view),
        gap_drawing(view),
        family_drawing(view),
    )
    titles = title_rows(view)
    few = len(view.rows) <= FEW
    return [
        replace(
            d,
            size=fit_height(d, SMALL if few else SIZE),
            narrow=None if few else fit_height(d, NARROW),
            titles={**titles, **d.titles},
        )
        for d in found
        if d
    ]


def fit_height(drawing: Drawing, size: tuple[float, float]) -> tuple[float, float]:
    """Bars need as much height as there are rows; in a narrow figure a name stands above each."""
    if not drawing.bars:
        return size
    step = 0.42 if stand_above(drawing.names, size[0]) else 0.27
    return size[0], 0.85 + step * drawing.bars


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
    labels = [f"{family} ({len(rows)})" for family, rows in families.items()]
    return Drawing(
        "families",
        "Families at their best",
        f"Blue: the best {view.noun} of each family, with its 95 % interval. Grey: the others.",
        f"Best {view.main} of {len(families)} families. {names}.",
        lambda axes: draw_families(axes, families, view.main),
        bars=len(families),
        names=labels,
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
