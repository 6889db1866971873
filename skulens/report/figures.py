"""Figures of a view as matplotlib draws them: inside a page as SVG, or as files.

Colours follow Okabe and Ito (2008), darkened where they would be faint on white; every series
also has its own marker or a label, so that nothing hangs on colour alone. Text stays text, so that a page can restyle and read it.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from skulens.errors import MissingDependency
from skulens.report.views import Row, View, pareto

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, PALE = "#1b2430", "#5a6675", "#dde2ea", "#b9c2cf"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#8a6d00", "#333bb0")
BLUE, RED = SERIES[:2]
COLOURS = {INK: "ink", SOFT: "soft", LINE: "line", PALE: "pale"} | {
    c: f"s{n}" for n, c in enumerate(SERIES, 1)
}
"""Each colour's name in the page's style sheet, which has a second value for dark screens."""
SIZE, SMALL = (6.4, 4.4), (4.8, 3.5)
"""Inches, of figures of many and of few encoders; a page shows them some 540 and 360 px wide."""
STYLE = {
    "font.size": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial"],
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": PALE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.pad": 6,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "axes.labelsize": 11,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
CURVES = 6
"""CMC curves in one figure; more cannot be told apart by eye."""
FAMILIES = 4
"""Fewer families need no figure of their own."""
BARS = 12
"""Encoders in the figure of gaps."""
FEW = 6
"""Up to this many encoders are drawn small: a page shows three such figures in a row."""
CROWD = 25
"""From this many points on, only those that matter have a strong interval and a label."""
LINEAR = 4
"""Costs that differ by no more than this factor stand on a linear axis from 0."""
LABELS = {
    "params": "parameters, millions",
    "latency_ms": "latency of one probe, ms (median)",
    "memory_mb": "peak memory, MB",
}
SCALE = {"params": 1e-6, "latency_ms": 1, "memory_mb": 1}


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn of a view."""

    name: str
    """Of its file."""
    title: str
    caption: str
    alt: str
    """What it shows, in words, for those who cannot see it."""
    draw: Callable[["Axes"], None]
    size: tuple[float, float] = SIZE


def drawings(view: View) -> list[Drawing]:
    """The figures that a view's numbers allow, in the order of a report."""
    found = (
        rank_drawing(view),
        *(cost_drawing(view, c) for c in LABELS),
        phi_drawing(view),
        cmc_drawing(view),
        gap_drawing(view),
        family_drawing(view),
    )
    return [replace(d, size=size_of(d, view)) for d in found if d]


def size_of(drawing: Drawing, view: View) -> tuple[float, float]:
    """The gap's bars need no more height than there are rows."""
    width, height = SIZE if len(view.rows) > FEW else SMALL
    return width, min(height, 1.0 + 0.42 * len(view.rows)) if drawing.name == "gap" else height


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
        f"{family}: {rows[0].hits:.3f} ({rows[0].name})" for family, rows in families.items()
    )
    return Drawing(
        "families",
        "Families at their best",
        "Blue: the best encoder of each family, with its 95 % interval. Grey: the others.",
        f"Best hit_rate@1 of {len(families)} families. {names}.",
        lambda axes: draw_families(axes, families),
    )


def draw_families(axes: "Axes", families: dict[str, list[Row]]) -> None:
    for y, rows in enumerate(families.values()):
        for row in reversed(rows):
            first = row is rows[0]
            metric = row.metric("hit_rate@1")
            if first and metric["low"] is not None:
                axes.plot(
                    [metric["low"], metric["high"]],
                    [y, y],
                    color=BLUE,
                    linewidth=5,
                    alpha=0.25,
                    solid_capstyle="butt",
                    zorder=2,
                )
            axes.plot(
                [row.hits],
                [y],
                "o",
                color=BLUE if first else PALE,
                markersize=6.5 if first else 4,
                markeredgecolor="none",
                zorder=3 if first else 1,
                gid=f"row-{row.place}-point",
            )
    name_rows(axes, [f"{family} ({len(rows)})" for family, rows in families.items()])
    axes.set_xlabel("hit_rate@1")


def name_rows(axes: "Axes", names: Sequence[str]) -> None:
    """Names instead of a y axis, the first on top."""
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=10)
    axes.set_ylim(len(names) - 0.4, -0.8)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def cost_drawing(view: View, cost: str) -> Drawing | None:
    rows = view.having(cost)
    front = pareto(rows, cost)
    if len(rows) < 2:
        return None
    noun = {"params": "parameters", "latency_ms": "latency", "memory_mb": "memory"}[cost]
    names = "; ".join(f"{r.name}, {amount(r, cost)}: {r.hits:.3f}" for r in front)
    mixed = (
        " Orange: measured here." if len({row.entry.source == "here" for row in rows}) > 1 else ""
    )
    extra = {
        "memory_mb": " Memory is that of the whole measuring process.",
        "latency_ms": " Measured from file to ranked gallery, one probe at a time.",
    }
    return Drawing(
        f"pareto-{noun}",
        f"Hit rate against {noun}",
        f"Blue: the Pareto front; nothing that costs less hits more often. Lines are 95 % intervals.{mixed}{extra.get(cost, '')}",
        f"Scatter of hit_rate@1 against {noun} for {len(rows)} encoders. Pareto front: {names}.",
        lambda axes: draw_cost(axes, rows, front, cost),
    )


def draw_cost(axes: "Axes", rows: Sequence[Row], front: Sequence[Row], cost: str) -> None:
    x = {id(row): getattr(row.entry, cost) * SCALE[cost] for row in rows}
    on = {id(row) for row in front}
    steps = [(x[id(row)], row.hits) for row in front]
    axes.step(
        *zip(*steps, strict=True), where="post", color=BLUE, linewidth=1.2, alpha=0.5, zorder=2
    )
    for row in sorted(rows, key=lambda r: id(r) in on):
        mine = id(row) in on
        here = row.entry.source == "here" and any(r.entry.source != "here" for r in rows)
        colour = RED if here else BLUE if mine else PALE
        point(
            axes,
            row,
            x[id(row)],
            row.metric("hit_rate@1"),
            colour,
            strong=mine or here or len(rows) < CROWD,
        )
    cost_axis(axes, list(x.values()), LABELS[cost])
    axes.set_ylabel("hit_rate@1")
    axes.set_ylim(0, min(1.02, axes.get_ylim()[1] * 1.06))
    place_labels(axes, front if len(rows) >= CROWD else rows, cost, "hit_rate@1")


def point(axes: "Axes", row: Row, x: float, metric, colour: str, strong: bool) -> None:
    """A marker with its interval; a page finds it by `gid`."""
    if metric["low"] is not None:
        axes.plot(
            [x, x],
            [metric["low"], metric["high"]],
            color=colour,
            linewidth=1.6 if strong else 0.7,
            alpha=1 if strong else 0.55,
            solid_capstyle="round",
            zorder=4 if strong else 1,
            gid=f"row-{row.place}-interval",
        )
    axes.plot(
        [x],
        [metric["value"]],
        "o",
        color=colour,
        markersize=6.5 if strong else 4,
        markeredgecolor="none",
        zorder=5 if strong else 3,
        gid=f"row-{row.place}-point",
    )


def phi_drawing(view: View) -> Drawing | None:
    rows = [r for r in view.having("params") if r.metric("phi")["value"]]
    if len(rows) < 2:
        return None
    top = sorted(rows, key=lambda r: r.metric("phi")["value"], reverse=True)[
        : 6 if len(rows) >= CROWD else len(rows)
    ]
    names = "; ".join(f"{r.name}: {r.metric('phi')['value']:.2f}" for r in top[:6])
    return Drawing(
        "phi",
        "Semantic power density",
        "phi: squared odds of a hit per million parameters (OpenMPR Eq. 6, Fig. 4). A weak model cannot gain by being small.",
        f"Scatter of phi against parameters for {len(rows)} encoders. Highest: {names}.",
        lambda axes: draw_phi(axes, rows, top),
    )


def draw_phi(axes: "Axes", rows: Sequence[Row], top: Sequence[Row]) -> None:
    marked = {id(row) for row in top}
    for row in sorted(rows, key=lambda r: id(r) in marked):
        strong = id(row) in marked
        point(
            axes, row, row.entry.params / 1e6, row.metric("phi"), BLUE if strong else PALE, strong
        )
    cost_axis(axes, [row.entry.params / 1e6 for row in rows], LABELS["params"])
    axes.set_ylabel("phi")
    axes.set_ylim(bottom=0)
    place_labels(axes, top, "params", "phi")


def cmc_drawing(view: View) -> Drawing | None:
    """All curves, or those of the Pareto front where they are too many: near-equals would hide each other."""
    rows = [row for row in view.rows if row.same_data and len(row.cmc.get("k", ())) > 1]
    if not rows:
        return None
    front = [row for row in pareto(view.having("params"), "params") if row in rows]
    picked, which = rows, ""
    if len(rows) > CURVES:
        picked, which = (
            (evenly(front, CURVES), " Shown: encoders of the Pareto front by parameters.")
            if len(front) > 1
            else (rows[:CURVES], f" The first {CURVES}.")
        )
    picked = sorted(picked, key=lambda row: row.hits, reverse=True)
    ends = "; ".join(
        f"{r.name}: {r.cmc['value'][0]:.3f} at rank {r.cmc['k'][0]}, {r.cmc['value'][-1]:.3f} at {r.cmc['k'][-1]}"
        for r in picked
    )
    return Drawing(
        "cmc",
        "Hit rate by rank (CMC)",
        f"The share of probes whose product is among the first k. Bands are 95 % intervals.{which}",
        f"CMC curves. {ends}.",
        lambda axes: draw_cmc(axes, picked),
    )


def draw_cmc(axes: "Axes", rows: Sequence[Row]) -> None:
    for n, row in enumerate(rows):
        cmc, colour = row.cmc, SERIES[n % len(SERIES)]
        if None not in (*cmc["low"], *cmc["high"]):
            axes.fill_between(
                cmc["k"], cmc["low"], cmc["high"], color=colour, alpha=0.14, linewidth=0
            )
        axes.plot(
            cmc["k"],
            cmc["value"],
            color=colour,
            linewidth=1.8,
            marker="os^Dv*"[n % 6],
            markersize=5,
            markevery=max(1, len(cmc["k"]) // 8),
            label=short(row),
        )
    ks = sorted({k for row in rows for k in row.cmc["k"]})
    log_axis(
        axes,
        [k for k in (1, 2, 3, 5, 10, 20, 50, 100, 1000, 10_000) if k <= ks[-1]],
        1,
        ks[-1] * 1.02,
    )
    axes.set_xlabel("rank k")
    axes.set_ylabel("hit_rate@k")
    low = min(v for row in rows for v in (*row.cmc["low"], *row.cmc["value"]) if v is not None)
    axes.set_ylim(max(0.0, low - 0.05) if low > 0.4 else 0, 1.02)
    axes.legend(loc="lower right", fontsize=9.5, labelcolor=INK)


def gap_drawing(view: View) -> Drawing | None:
    rows = [
        r
        for r in view.rows
        if r.same_data
        and None not in (r.metric("hit_rate@1")["value"], r.metric("hit_rate@5")["value"])
    ][:BARS]
    if not rows:
        return None
    names = "; ".join(
        f"{r.name}: {r.metric('gap')['value']:.3f}"
        for r in rows
        if r.metric("gap")["value"] is not None
    )
    which = f" The first {len(rows)}." if len(rows) < len(view.rows) else ""
    return Drawing(
        "gap",
        "What a reranker could win",
        f"From hit_rate@1 (filled) to hit_rate@5 (open): products found among the first five but not put first.{which}",
        f"hit_rate@5 minus hit_rate@1. {names}.",
        lambda axes: draw_gap(axes, rows),
    )


def draw_gap(axes: "Axes", rows: Sequence[Row]) -> None:
    for y, row in enumerate(rows):
        one, five = row.metric("hit_rate@1"), row.metric("hit_rate@5")
        axes.plot(
            [one["value"], five["value"]],
            [y, y],
            color=PALE,
            linewidth=2.4,
            zorder=1,
            solid_capstyle="butt",
        )
        for metric, colour in ((one, BLUE), (five, RED)):
            if metric["low"] is not None:
                axes.plot(
                    [metric["low"], metric["high"]],
                    [y, y],
                    color=colour,
                    linewidth=5,
                    alpha=0.22,
                    solid_capstyle="butt",
                    zorder=2,
                )
        axes.plot([one["value"]], [y], "o", color=BLUE, markersize=6.5, zorder=3)
        axes.plot(
            [five["value"]],
            [y],
            "o",
            markeredgecolor=RED,
            markerfacecolor="white",
            markeredgewidth=1.6,
            markersize=6.5,
            zorder=3,
        )
        axes.annotate(
            f"{five['value'] - one['value']:.3f}",
            ((one["value"] + five["value"]) / 2, y),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9.5,
            color=INK,
        )
    name_rows(axes, [short(row) for row in rows])
    axes.set_xlabel("hit rate")


def rank_drawing(view: View) -> Drawing | None:
    rows = [row for row in view.rows if row.ranks]
    if len(rows) < CROWD:
        return None
    return Drawing(
        "order",
        "How firm is the order?",
        f"Every encoder in its place, with its 95 % interval. Blue: the {len(view.tied)} that cannot be told apart from the first "
        "(paired test over SKUs, Holm-corrected at 5 %).",
        f"{len(rows)} encoders by hit_rate@1; the intervals of neighbours overlap almost everywhere.",
        lambda axes: draw_ranks(axes, rows),
    )


def draw_ranks(axes: "Axes", rows: Sequence[Row]) -> None:
    for row in rows:
        point(
            axes,
            row,
            row.place or 0,
            row.metric("hit_rate@1"),
            BLUE if row.best else SOFT,
            strong=False,
        )
    axes.set_xlabel("place")
    axes.set_xlim(-2, len(rows) + 3)
    axes.set_ylabel("hit_rate@1")


def short(row: Row) -> str:
    """A name that fits into a figure: open_clip's counts of samples and batch are cut off."""
    name = re.sub(r"_s[\d.]+[bmk](_b[\d.]+k)?(?=$|_)", "", row.name)
    return name if len(name) <= 32 else name.partition("/")[0]


def evenly(rows: Sequence[Row], n: int) -> list[Row]:
    """At most n of the rows, the ends among them."""
    step = (len(rows) - 1) / max(min(n, len(rows)) - 1, 1)
    return [rows[round(i * step)] for i in range(min(n, len(rows)))]


def amount(row: Row, cost: str) -> str:
    value = getattr(row.entry, cost) * SCALE[cost]
    return f"{value:.3g} {({'params': 'M', 'latency_ms': 'ms', 'memory_mb': 'MB'})[cost]}"


def cost_axis(axes: "Axes", values: Sequence[float], label: str) -> None:
    """An x axis with plain round numbers: logarithmic where costs differ by more than LINEAR times."""
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
"""Where a label may stand: end of the interval, offset in points, alignment. Left and above first: beyond a Pareto front nothing is."""


def place_labels(axes: "Axes", rows: Sequence[Row], cost: str, metric: str) -> None:
    """Write each name beside its point, on the first side where it touches no other label, point or interval; else not."""
    axes.figure.canvas.draw()
    frame, taken = axes.get_window_extent(), []
    points = {id(row): (getattr(row.entry, cost) * SCALE[cost], row.metric(metric)) for row in rows}
    shapes = {
        key: [
            axes.transData.transform((x, m[end] if m[end] is not None else m["value"]))
            for end in ("low", "value", "high")
        ]
        for key, (x, m) in points.items()
    }
    for row in sorted(rows, key=lambda row: -row.metric(metric)["value"]):
        x, at = points[id(row)]
        for end, dx, dy, ha, va in SIDES:
            note = axes.annotate(
                short(row),
                (x, at["value"] if at[end] is None else at[end]),
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


def need_matplotlib() -> None:
    """Raise MissingDependency where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise MissingDependency("figures need matplotlib: pip install 'skulens[report]'")


def drawn(drawing: Drawing) -> "Figure":
    """The figure on a canvas of its own; pyplot and its global state stay out."""
    need_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=drawing.size, layout="constrained")
        drawing.draw(figure.subplots())
    return figure


def svg(drawing: Drawing) -> bytes:
    """A standalone SVG file."""
    need_matplotlib()
    import matplotlib

    out = io.BytesIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": drawing.name}):
        drawn(drawing).savefig(
            out,
            format="svg",
            metadata={
                "Title": drawing.title,
                "Description": drawing.alt,
                "Date": None,
                "Creator": "skulens",
            },
        )
    return out.getvalue()


def inline_svg(drawing: Drawing, prefix: str, titles: dict[int, str]) -> str:
    """The SVG as an element of a page: its colours are the page's, its ids are its own.

    Args:
        prefix: put before every id, so that several figures may stand on one page.
        titles: place of a row -> what its points say under the pointer.
    """
    text = svg(drawing).decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>',
        rf'<svg viewBox="\1" role="img" aria-label="{escape(drawing.alt)}">',
        text,
        count=1,
    )
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.S)
    text = re.sub(
        r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick|legend|FillBetweenPolyCollection|PolyCollection|PathCollection|LineCollection)_\d+"',
        "",
        text,
    )

    def tie(found: re.Match) -> str:
        place = int(found[1])
        title = (
            f"<title>{escape(titles[place])}</title>"
            if found[2] == "point" and place in titles
            else ""
        )
        return f'<g data-row="{place}">{title}'

    text = re.sub(r'<g id="row-(\d+)-(\w+)">', tie, text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', text)
    text = re.sub(r'(href="#|url\(#)([^")]+)', rf"\g<1>{prefix}\2", text)
    for colour, name in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    text = text.replace("#ffffff", "var(--paper)").replace("fill: #000000", "fill: var(--ink)")
    text = re.sub(r" font-family: [^;\"]*;", "", text)  # the page's
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    return re.sub(r"\n\s*", "\n", text)


def write_figures(views: Sequence[View], out: Path, kind: str) -> list[Path]:
    """Every figure of every view as a file "svg" or "png" (at 200 dots per inch, on white).

    Returns:
        The files, in order.
    """
    written = []
    out.mkdir(parents=True, exist_ok=True)
    for n, view in enumerate(views, 1):
        for drawing in drawings(view):
            path = out / (
                f"{drawing.name}.{kind}"
                if len(views) == 1
                else f"{n}-{slug(view.title)}-{drawing.name}.{kind}"
            )
            if kind == "svg":
                path.write_bytes(svg(drawing))
            else:
                drawn(drawing).savefig(path, dpi=200, facecolor="white")
            written.append(path)
    return written


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
