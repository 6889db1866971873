"""A data set of composed queries as a page: counts, attributes before and after sampling, flows.

Whatever can be read off bars is a table of bars, which stays readable on a phone and is its own table;
shares of shares are a ring chart, flows a Sankey diagram, distributions histograms, each
with the table behind it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from skulens.curate.queries.stats_tables import POOL, UNSAID, Stats, evenness
from skulens.report.drawing import BLUE, INK, SERIES, SMALL, SOFT, Drawing, inline_svg
from skulens.report.figures import slug
from skulens.report.html import write_html
from skulens.report.names import count
from skulens.report.page import without_figures
from skulens.report.sankey import draw_sankey, write_count

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
LANGUAGES = {"en": "English", "id": "Indonesian", "ms": "Malay", "th": "Thai", "vi": "Vietnamese"}
LENGTHS = {
    "title, characters": "products by length of their title, in Unicode characters",
    "instruction with titles, characters": "queries by length of their texts, titles included",
    "answers of a query": "queries by number of relevant products",
    "hard negatives of a query": "queries by number of hard negatives",
    "judged not relevant": "queries by number of products judged not relevant",
    "pictures of a query": "queries by number of pictures",
    "attributes of a product": "products by number of attribute values",
}
"""Distribution -> what is counted; those of a single length are not drawn."""


@dataclass(frozen=True)
class Cell:
    words: str
    width: float
    """Percent of the longest bar, or of the darkest shade."""


@dataclass(frozen=True)
class BarRow:
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Part:
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
    table: "Part | None" = None
    """Behind a chart."""
    whole: bool = False
    """It takes the whole width."""
    far: bool = False
    """A figure so wide that a phone has to scroll it."""


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str
    note: str
    parts: Sequence[Part]


Rows = Sequence[Mapping]


def write_dataset_page(
    stats: Stats, out: Path, funnel: Mapping[str, Mapping[str, int]] | None = None
) -> Path:
    """The page of a data set.

    Args:
        funnel: method -> step -> proposals, where the queries were composed here.
    """
    tables = {name: table.to_pylist() for name, table in stats.tables.items()}
    chapters = [
        describe_queries(tables["queries"], tables["modalities"], stats.numbers),
        describe_products(tables["products"]),
        describe_attributes(tables["keys"], tables["values"]),
        describe_flows(tables["flows"]),
        describe_lengths(tables["lengths"]),
        describe_funnel(funnel or {}),
        describe_problems(tables["problems"]),
    ]
    values = {
        "title": f"Data set {stats.name}",
        "subtitle": f"splits: {', '.join(stats.splits) or 'none'}",
        "facts": list_facts(stats.numbers),
        "remarks": list_remarks(stats),
        "sections": [c for c in chapters if c.parts],
        "no_figures": without_figures(),
    }
    return write_html("dataset.html", out, values, {})


def list_facts(numbers: Mapping[str, float]) -> list[tuple[str, str]]:
    """The head of the page (Fig. 3): (words, number)."""
    by_count = {
        name: n for name, n in numbers.items() if name.startswith("queries_with_") and n
    }  # fmt: skip
    named = {
        "queries": numbers["queries"],
        **{name.replace("_", " ").removeprefix("queries "): n for name, n in by_count.items()},
        "products": numbers["products"],
        "SPUs": numbers["spus"],
        "attribute keys": numbers["keys"],
        "attribute values": numbers["values"],
        "longest title, characters": numbers.get("title_characters_max", 0),
    }
    found = [(words, f"{n:,.0f}") for words, n in named.items() if n]
    mean = numbers.get("title_characters_mean", 0)
    return [*found, ("mean title, characters", f"{mean:.2f}")]


def list_remarks(stats: Stats) -> list[str]:
    """Sentences under the numbers."""
    n = stats.numbers
    said = [
        f"Conditions ask for {n['keys_in_conditions']:,} of the keys and "
        f"{n['pairs_in_conditions']:,} of {n['pairs']:,} pairs of key and value."
    ]
    if n["products_without_picture"]:
        said.append(f"{count(int(n['products_without_picture']), 'product')} without a picture.")
    if stats.rejects:
        said.append(f"The reader left out {count(len(stats.rejects), 'row')}; see Problems.")
    return said if n["queries"] else said[1:]


def tally(rows: Rows, column: str, number: str) -> dict[str, float]:
    """Value of a column -> sum, largest first; what is not said comes last."""
    sums: dict[str, float] = {}
    for row in rows:
        name = str(row[column])
        sums[name] = sums.get(name, 0) + row[number]
    return dict(sorted(sums.items(), key=lambda x: (x[0] == UNSAID, -x[1], x[0])))


def bars_of(
    counts: Mapping[str, float], title: str, note: str, what: str, unit: str, top: int = TOP
) -> Part:
    """Counts as bars with their numbers, in the order given."""
    most, whole = max(counts.values(), default=1) or 1, sum(counts.values()) or 1
    lines = [
        BarRow(name, (Cell(f"{n:,.0f} ({n / whole:.1%})", round(100 * n / most, 2)),))
        for name, n in list(counts.items())[:top]
    ]
    left = f"{len(counts) - top:,} more in the table beside the page." if len(counts) > top else ""
    return Part(title, f"{note} n = {whole:,.0f} {unit}.", "bars", what, (unit,), lines, left)


def grid_of(rows: Rows, down: str, across: str, number: str, title: str, note: str) -> Part:
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
        shaded = (Cell(write_count(n) if n else "–", round(65 * n / most, 1)) for n in found)
        lines.append(BarRow(name, (*shaded, Cell(write_count(sum(found)), 0))))
    return Part(title, note, "grid", down, (*heads, "all"), lines)


def describe_queries(rows: Rows, modalities: Rows, numbers: Mapping[str, float]) -> Chapter:
    """Queries by their tags (Figs. 23 and 24)."""
    if not rows:
        return Chapter("queries", "Queries", "", ())
    columns = {
        "n_conditions": ("By number of conditions", "conditions"),
        "language": ("By language", "language"),
        "class": ("By class", "class"),
        "method": ("By method", "method"),
        "split": ("By split", "split"),
    }
    parts = []
    for column, (title, what) in columns.items():
        counts = tally(rows, column, "queries")
        if column == "n_conditions":
            counts = dict(sorted(counts.items(), key=lambda x: int(x[0])))
        if len(counts) > 1 or column in ("n_conditions", "language"):
            named = {name_language(k) if column == "language" else k: v for k, v in counts.items()}
            parts.append(bars_of(named, title, "", what, "queries"))
    if modalities:
        shown = tally(modalities, "modality", "conditions")
        note = "Where the value of a condition can be seen: in the picture, in the text, in both."
        parts.append(bars_of(shown, "By modality", note, "modality", "conditions"))
    twice = sum(r["queries"] for r in rows) - numbers["queries"]
    note = (
        f"Of {count(int(numbers['queries']), 'query')}, {twice:,} stand in several splits; here each split counts."
        if twice
        else ""
    )
    return Chapter("queries", "Queries", note, parts)


def name_language(code: str) -> str:
    """en -> English (en)"""
    return f"{LANGUAGES[code]} ({code})" if code in LANGUAGES else code


def describe_products(rows: Rows) -> Chapter:
    """Products by language, country and class (Figs. 4 and 28)."""
    classes = bars_of(
        tally(rows, "class", "products"), "By class", "", "class", "products"
    )  # fmt: skip
    parts = [classes]
    total = sum(row["products"] for row in rows)
    for side in ("language", "country"):
        counts = tally(rows, side, "products")
        if list(counts) == [UNSAID]:
            continue
        title = f"By {side} and class"
        table = grid_of(rows, "class", side, "products", title, "")
        if len(counts) == 1:
            parts.append(bars_of(counts, f"By {side}", "", side, "products"))
            continue
        svg = draw_rings(rows, side, total)
        note = f"Inner ring: {side}; outer ring: classes within it. n = {total:,} products."
        parts.append(Part(title, note, "chart", svg=svg, table=table))
    return Chapter("products", "Products", "", parts)


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
    return Markup(inline_svg(drawing, f"rings-{side}-", {}))


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
    axes.text(
        x, y, name, rotation=upright, ha="center", va="center", fontsize=8, color=INK
    )  # fmt: skip


def describe_attributes(keys: Rows, values: Rows) -> Chapter:
    """Keys and values, and keys before and after sampling (Figs. 20, 29 and 31)."""
    pool = {r["key"]: r["count"] for r in keys if r["origin"] == POOL}
    pairs = {f"{r['key']}: {r['value']}": r["products"] for r in values if r["products"]}
    pairs = dict(sorted(pairs.items(), key=lambda x: (-x[1], x[0])))
    parts = [
        bars_of(pool, "Keys of the products", f"The {TOP} most frequent of {len(pool)}; a product "
                "counts once for each key it has.", "key", "attribute values"),
        bars_of(pairs, "Values of the products", f"The {TOP} most frequent of {len(pairs):,}.",
                "key: value", "attribute values"),
    ]  # fmt: skip
    origins = list(dict.fromkeys(r["origin"] for r in keys))
    if len(origins) > 1:
        parts.append(compare_origins(keys, origins))
    return Chapter("attributes", "Attributes", "", [p for p in parts if p.rows])


def compare_origins(keys: Rows, origins: Sequence[str]) -> Part:
    """Shares of keys in the pool against those in conditions, method by method."""
    shares = {(r["origin"], r["key"]): r["share"] for r in keys}
    names = list(dict.fromkeys(r["key"] for r in keys if r["origin"] == POOL))
    names += sorted({r["key"] for r in keys} - set(names))
    top = names[:TOP]
    most = max((shares.get((o, k), 0) for o in origins for k in top), default=1) or 1
    lines = [
        BarRow(
            key,
            tuple(
                Cell(f"{s:.1%}", round(100 * s / most, 2))
                for s in (shares.get((o, key), 0.0) for o in origins)
            ),
        )
        for key in top
    ]
    spread = []
    for origin in origins:
        found = [shares.get((origin, key), 0.0) for key in names]
        spread.append(f"{origin} {evenness(found):.3f} (largest {max(found):.1%})")
    note = (
        "Share of each key among the attribute values of the pool, and among the conditions that "
        f"were sampled from it; the {len(top)} most frequent keys of the pool. Evenness (entropy "
        f"over that of {len(names)} equally frequent keys): {', '.join(spread)}."
    )
    return Part(
        "Keys before and after sampling", note, "bars", "key", tuple(origins), lines, whole=True
    )


def describe_flows(rows: Rows) -> Chapter:
    """From references to answers by language, country and class (Figs. 25 to 27)."""
    parts = []
    for side in dict.fromkeys(r["side"] for r in rows):
        mine = [r for r in rows if r["side"] == side]
        flows = {(r["reference"], r["answer"]): r["references"] for r in mine}
        if {name for pair in flows for name in pair} == {UNSAID}:
            continue
        total = sum(flows.values())
        same = sum(n for (a, b), n in flows.items() if a == b) / total
        alt = f"Flow of {total:,.0f} references to the {side} of their answers; {same:.1%} stay."
        title = f"{side.capitalize()} of reference and answer"
        note = f"{same:.1%} stays within one {side}. n = {total:,.0f} references."
        svg = draw_sankey([flows], alt, ("references", "answers"))
        table = grid_of(mine, "reference", "answer", "references", title, "")
        parts.append(Part(title, note, "chart", svg=svg, table=table))
    note = "Every reference of a query weighs 1, split evenly over the query's answers."
    return Chapter("flows", "Flows from references to answers", note, parts)


def describe_lengths(rows: Rows) -> Chapter:
    """Distributions of lengths and counts (Figs. 35 and 36)."""
    parts = []
    for what, about in LENGTHS.items():
        counts = {r["length"]: r["count"] for r in rows if r["what"] == what}
        if len(counts) > 1:
            parts.append(draw_lengths(what, about, counts))
    return Chapter("lengths", "Lengths and counts", "", parts)


def draw_lengths(what: str, about: str, counts: Mapping[int, int]) -> Part:
    """A histogram with its bins as a table."""
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
        svg = Markup(inline_svg(drawing, f"{drawing.name}-", {}))
    return Part(title, note, "chart", svg=svg, table=table)


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


def describe_funnel(funnel: Mapping[str, Mapping[str, int]]) -> Chapter:
    """What became of proposals, method by method."""
    parts = []
    for method, steps in funnel.items():
        ends = {step: n for step, n in steps.items() if step != "proposed" and n}
        if not ends:
            continue
        whole = sum(ends.values())
        share = ends.get("accepted", 0) / whole
        title = f"Proposals of {method}"
        note = f"{share:.2%} are accepted; the others stop at the rule named. n = {whole:,}."
        svg = draw_sankey([{("proposed", step): n for step, n in ends.items()}], f"{title}. {note}")
        table = bars_of(ends, title, "", "ends at", "proposals", len(ends))
        parts.append(Part(title, note, "chart", svg=svg, table=table))
    return Chapter("funnel", "What became of proposals", "", parts)


def describe_problems(rows: Rows) -> Chapter:
    """What is missing or contradicts itself."""
    counts = {r["problem"]: r["count"] for r in rows}
    if not counts:
        return Chapter("problems", "Problems", "", ())
    most = max(counts.values())
    lines = [BarRow(p, (Cell(f"{n:,}", round(100 * n / most, 2)),)) for p, n in counts.items()]
    part = Part("", "", "bars", "problem", ("count",), lines, whole=True)
    return Chapter("problems", "Problems", "What is missing or contradicts itself.", (part,))
