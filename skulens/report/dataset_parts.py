"""The tables of bars, shaded tables and figures that the page of a data set is made of."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from skulens.curate.queries.stats_tables import UNSAID
from skulens.report.drawing import BLUE, INK, SERIES, SMALL, SOFT, Drawing, inline_svg
from skulens.report.figures import slug
from skulens.report.page import without_figures
from skulens.report.sankey import write_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP = 30
"""Keys and values shown (Figs. 29 and 31)."""
BARS = 40
"""Bars of a histogram, about."""
TAIL = 0.995
"""Share of the lengths that a histogram spreads out; the rest is its last bar."""
NAMED_SHARE = 0.018
"""Of a ring: parts that are smaller have no name in the figure."""
Rows = Sequence[Mapping]
"""Of a table, column -> value."""


@dataclass(frozen=True)
class BarCell:
    words: str
    width: float
    """Percent of the longest bar, or of the darkest shade."""


@dataclass(frozen=True)
class BarRow:
    name: str
    cells: tuple[BarCell, ...]


@dataclass(frozen=True)
class PagePart:
    """A figure or table of the page; `kind` is "bars", "grid" or "chart"."""

    title: str
    note: str
    kind: str
    what: str = ""
    """Heading of the first column."""
    columns: tuple[str, ...] = ()
    rows: Sequence[BarRow] = ()
    left: str = ""
    """What is not shown."""
    svg: Markup | str = ""
    table: "PagePart | None" = None
    """Behind a chart."""
    whole: bool = False
    """It takes the whole width."""


def tally(rows: Rows, column: str, number: str) -> dict[str, float]:
    """Value of a column -> sum, largest first; what is not said comes last."""
    sums: dict[str, float] = {}
    for row in rows:
        name = str(row[column])
        sums[name] = sums.get(name, 0) + row[number]
    return dict(sorted(sums.items(), key=lambda x: (x[0] == UNSAID, -x[1], x[0])))


def bars_of(
    counts: Mapping[str, float], title: str, note: str, what: str, unit: str, top: int = TOP
) -> PagePart:
    """Counts as bars with their numbers, in the order given."""
    most, whole = max(counts.values(), default=1) or 1, sum(counts.values()) or 1
    lines = [
        BarRow(name, (BarCell(f"{n:,.0f} ({n / whole:.1%})", round(100 * n / most, 2)),))
        for name, n in list(counts.items())[:top]
    ]
    left = f"{len(counts) - top:,} more in the table beside the page." if len(counts) > top else ""
    return PagePart(title, f"{note} n = {whole:,.0f} {unit}.", "bars", what, (unit,), lines, left)


def grid_of(rows: Rows, down: str, across: str, number: str, title: str, note: str) -> PagePart:
    """Two columns against each other as a shaded table, with sums."""
    cells: dict[tuple[str, str], float] = {}
    for row in rows:
        pair = str(row[down]), str(row[across])
        cells[pair] = cells.get(pair, 0) + row[number]
    names, heads = (list(tally(rows, column, number)) for column in (down, across))
    most = max(cells.values(), default=1)
    lines = []
    for name in names:
        found = [cells.get((name, head), 0) for head in heads]
        shaded = (BarCell(write_count(n) if n else "–", round(65 * n / most, 1)) for n in found)
        lines.append(BarRow(name, (*shaded, BarCell(write_count(sum(found)), 0))))
    return PagePart(title, note, "grid", down, (*heads, "all"), lines)


def draw_rings(rows: Rows, side: str, total: int) -> Markup | str:
    """Languages or countries, and around each its classes."""
    if without_figures():
        return ""
    inner = tally(rows, side, "products")
    outer = {v: tally([r for r in rows if r[side] == v], "class", "products") for v in inner}
    words = "; ".join(f"{v}: {n / total:.1%}" for v, n in inner.items())
    drawing = Drawing(
        f"rings-{side}",
        f"Products by {side} and class",
        "",
        f"Ring chart of {total:,} products by {side}: {words}.",
        lambda axes: draw_both_rings(axes, inner, outer),
        size=(4.8, 4.8),
    )
    return Markup(inline_svg(drawing, f"rings-{side}-"))


def draw_both_rings(
    axes: "Axes", inner: Mapping[str, float], outer: Mapping[str, Mapping[str, float]]
) -> None:
    colours = [SERIES[i] if i < len(SERIES) else SOFT for i in range(len(inner))]
    total = sum(inner.values())
    parts = [(name, n) for value in inner for name, n in outer[value].items()]
    shades = [c for c, value in zip(colours, inner, strict=True) for _ in outer[value]]
    edge = {"edgecolor": "#ffffff", "linewidth": 0.6}
    drawn = axes.pie(
        [n for _, n in parts], radius=1, colors=shades, startangle=90, counterclock=False,
        wedgeprops={"width": 0.42, "alpha": 0.35, **edge},
    )  # fmt: skip
    for wedge, (name, n) in zip(drawn[0], parts, strict=True):
        if n / total >= NAMED_SHARE:
            write_along(axes, name, (wedge.theta1 + wedge.theta2) / 2)
    axes.pie(
        list(inner.values()), radius=0.57, colors=colours, startangle=90, counterclock=False,
        labels=[v if n / total >= NAMED_SHARE else "" for v, n in inner.items()],
        labeldistance=0.62, wedgeprops={"width": 0.4, **edge},
        textprops={"color": "#ffffff", "ha": "center", "va": "center", "fontsize": 10},
    )  # fmt: skip
    axes.set_xlim(-1.02, 1.02)
    axes.set_ylim(-1.02, 1.02)


def write_along(axes: "Axes", name: str, angle: float) -> None:
    """A name in the outer ring along its radius, never upside down."""
    x, y = (0.79 * f(math.radians(angle)) for f in (math.cos, math.sin))
    turned = angle % 360
    upright = turned - 180 if 90 < turned < 270 else turned
    axes.text(x, y, name, rotation=upright, ha="center", va="center", fontsize=8, color=INK)


def draw_lengths(what: str, about: str, counts: Mapping[int, int]) -> PagePart:
    """A histogram of lengths (length -> how many), with its bins as a table."""
    bins = bin_lengths(counts)
    total = sum(counts.values())
    mean = sum(k * n for k, n in counts.items()) / total
    said = f"mean {mean:.2f}, median {quantile(counts, 0.5)}, largest {max(counts):,}"
    note = f"{about[0].upper()}{about[1:]}; {said}. n = {total:,}."
    title = what.partition(",")[0].capitalize()
    table = bars_of({words: n for words, _, n in bins}, title, "", what, "count", len(bins))
    svg: Markup | str = ""
    if not without_figures():
        drawing = Drawing(
            slug(what), title, "", f"Histogram: {note}",
            lambda axes: draw_histogram(axes, bins, what), SMALL,
        )  # fmt: skip
        svg = Markup(inline_svg(drawing, f"{drawing.name}-"))
    return PagePart(title, note, "chart", svg=svg, table=table)


def quantile(counts: Mapping[int, int], share: float) -> int:
    """The smallest length that at least so many are no longer than."""
    lengths = sorted(counts)
    sums = np.cumsum([counts[k] for k in lengths])
    return lengths[int(np.searchsorted(sums, share * sums[-1]))]


def bin_lengths(counts: Mapping[int, int]) -> list[tuple[str, int, int]]:
    """(words, first length, count) of bins of equal width; the last holds the tail."""
    low, high = min(counts), quantile(counts, TAIL)
    width = next(
        w for p in range(9) for w in (10**p, 2 * 10**p, 5 * 10**p) if (high - low) / w <= BARS
    )
    start = low // width * width
    edges = range(start, high + 1, width)
    sums = [0] * len(edges)
    for length, n in counts.items():
        sums[min((length - start) // width, len(edges) - 1)] += n
    tail = max(counts) >= edges[-1] + width
    words = [f"{e:,}" if width == 1 else f"{e:,} to {e + width - 1:,}" for e in edges]
    if tail:
        words[-1] = f"{edges[-1]:,} and more"
    return list(zip(words, edges, sums, strict=True))


def draw_histogram(axes: "Axes", bins: Sequence[tuple[str, int, int]], what: str) -> None:
    width = bins[1][1] - bins[0][1] if len(bins) > 1 else 1
    edges, counts = [b[1] for b in bins], [b[2] for b in bins]
    centred = width == 1
    axes.bar(
        edges, counts, 0.88 * width, align="center" if centred else "edge", color=BLUE, linewidth=0
    )
    axes.grid(False, axis="x")
    axes.margins(x=0.01)
    axes.locator_params(axis="x", integer=True, nbins=7)
    axes.locator_params(axis="y", integer=True, nbins=5)
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
    axes.set_xlabel(what)
