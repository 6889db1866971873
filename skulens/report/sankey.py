"""A Sankey diagram as SVG: how counts flow from column to column; a funnel of filters as a page.

The layout is our own. All columns share one scale, so that ribbons and nodes are as high as their
counts; nodes stand in the order of where their ribbons come from, which keeps crossings few; labels
are spread apart where nodes are thin and tied to them by a hairline. Colours are the page's
variables with the house's values behind them, so that a file of its own has colours too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from markupsafe import Markup

from skulens.report.drawing import INK, SERIES, SOFT
from skulens.report.html import write_html

OTHER = "other"
"""What the nodes beyond the most frequent of a column become."""
KEPT = "kept"
"""Node of a funnel: what a step leaves."""
NODES = 12
"""Nodes of a column at most, `OTHER` among them."""
NODE_WIDTH, LETTER, LINE = 10, 6.4, 16
"""Units of the drawing: width of a node, mean width of a letter of a label, height of one."""
SPAN, WIDE_SPAN = 160, 230
"""Between two neighbouring columns of several, and of two."""
LONGEST = 22
"""Letters of a label; longer names are cut and stand in full under the pointer."""
GAP = 6
"""Between the nodes of a column, at least."""
HEIGHT = 220
"""Of the nodes of the fullest column together, at least."""

ZOOM = 1.25
"""At which a wide screen shows it at most: labels of 15 px."""

Flows = Mapping[tuple[str, str], float]
"""(node of one column, node of the next) -> count."""


@dataclass
class Node:
    """A box of a column; `top` and `size` in units of the drawing."""

    name: str
    total: float
    size: float = 0.0
    top: float = 0.0
    label: float = 0.0
    """Middle of its label."""
    colour: str = ""
    left: float = field(default=0.0, repr=False)
    """Used of its height by ribbons that enter."""
    right: float = field(default=0.0, repr=False)

    @property
    def middle(self) -> float:
        return self.top + self.size / 2


def draw_sankey(
    flows: Sequence[Flows], alt: str, headings: Sequence[str] = (), most: int = NODES
) -> Markup:
    """Counts that flow through columns, as an SVG element for a page or a file.

    Args:
        flows: between each two neighbouring columns; node names are those of their column, so
            that one name may stand in several columns. What enters a node need not leave it: a
            step that ends is a node without flows, and after the last one columns stay empty.
        alt: what it shows, in words, for those who cannot see it.
        headings: above the columns, one each.
        most: nodes of a column; the rest becomes "other".
    Raises:
        ValueError: no column has a count above 0, a count is negative, or the headings do not
            fit the columns.
    """
    if headings and len(headings) != len(flows) + 1:
        raise ValueError(f"{len(flows) + 1} columns and {len(headings)} headings")
    if any(count < 0 for step in flows for count in step.values()):
        raise ValueError("a flow cannot be negative")
    flows = [{pair: count for pair, count in step.items() if count} for step in flows]
    if not any(flows):
        raise ValueError("nothing flows: every count is 0")
    steps = merge_rare(flows, most)
    columns = place_nodes(steps)
    colour_nodes(columns)
    return write_svg(columns, steps, alt, headings)


def totals_of(flows: Sequence[Flows]) -> list[dict[str, float]]:
    """Column by column: node -> the larger of what enters and what leaves."""
    found: list[dict[str, float]] = []
    for column in range(len(flows) + 1):
        enters: dict[str, float] = defaultdict(float)
        leaves: dict[str, float] = defaultdict(float)
        for (_, node), count in flows[column - 1].items() if column else ():
            enters[node] += count
        for (node, _), count in flows[column].items() if column < len(flows) else ():
            leaves[node] += count
        found.append({n: max(enters[n], leaves[n]) for n in {**enters, **leaves}})
    return found


def merge_rare(flows: Sequence[Flows], most: int) -> list[Flows]:
    """The same flows with at most `most` nodes in a column: the least frequent become one.

    Frequent are those with the largest sums over all columns, so that a name is kept or merged
    on both sides alike.
    """
    columns = totals_of(flows)
    sums = add_columns(columns)
    kept: list[set[str]] = []
    for totals in columns:
        named = sorted((n for n in totals if n != OTHER), key=lambda n: (-sums[n], n))
        whole = len(totals) <= most
        kept.append(set(named if whole else named[: most - 1]))
    merged: list[Flows] = []
    for column, step in enumerate(flows):
        found: dict[tuple[str, str], float] = defaultdict(float)
        for (a, b), count in step.items():
            pair = (a if a in kept[column] else OTHER, b if b in kept[column + 1] else OTHER)
            found[pair] += count
        merged.append(dict(found))
    return merged


def add_columns(columns: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Name -> the sum of its counts in all columns."""
    sums: dict[str, float] = defaultdict(float)
    for totals in columns:
        for name, total in totals.items():
            sums[name] += total
    return sums


def place_nodes(flows: Sequence[Flows]) -> list[list[Node]]:
    """Columns of nodes with their places, top to bottom: the first by size, each other by the mean
    place of what flows into its nodes; `OTHER` last."""
    totals = totals_of(flows)
    tall = max(totals, key=lambda t: sum(t.values()))
    height = max(HEIGHT, LINE * max(map(len, totals)))
    unit = height / sum(tall.values())
    columns: list[list[Node]] = []
    for column, sizes in enumerate(totals):
        nodes = [Node(name, total, total * unit) for name, total in sizes.items()]
        if column:
            before = {n.name: n.middle for n in columns[-1]}
            drawn = mean_places(flows[column - 1], before)
            nodes.sort(key=lambda n: (n.name == OTHER, drawn.get(n.name, 0.0), -n.total, n.name))
        else:
            nodes.sort(key=lambda n: (n.name == OTHER, -n.total, n.name))
        stack_nodes(nodes, height + GAP * (max(map(len, totals)) - 1))
        columns.append(nodes)
    return columns


def mean_places(step: Flows, places: Mapping[str, float]) -> dict[str, float]:
    """Node of the next column -> mean place of its sources, weighted by their counts.

    Rounded, so that nodes of the same sources are equal and the larger comes first.
    """
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, float] = defaultdict(float)
    for (a, b), count in step.items():
        sums[b] += places[a] * count
        counts[b] += count
    return {node: round(sums[node] / counts[node], 3) for node in counts}


def stack_nodes(nodes: Sequence[Node], height: float) -> None:
    """Give the nodes of a column their tops, from 0 on, and their labels room within `height`."""
    top = 0.0
    for node in nodes:
        node.top, top = top, top + node.size + GAP
    middles = spread([n.middle for n in nodes], LINE, height)
    for node, middle in zip(nodes, middles, strict=True):
        node.label = middle


def spread(places: Sequence[float], least: float, height: float) -> list[float]:
    """Ascending places moved apart to `least` from each other, inside 0 to `height` where they
    fit."""
    down = list(places)
    for i, place in enumerate(down):
        floor = least / 2 if i == 0 else down[i - 1] + least
        down[i] = max(place, floor)
    roof = height - least / 2
    for i in range(len(down) - 1, -1, -1):
        down[i] = min(down[i], roof)
        roof = down[i] - least
    return down


def colour_nodes(columns: Sequence[Sequence[Node]]) -> None:
    """One colour per name, the most frequent first; the rest is grey."""
    sizes = add_columns([{node.name: node.total for node in nodes} for nodes in columns])
    named = sorted((n for n in sizes if n != OTHER), key=lambda n: (-sizes[n], n))
    series = {
        name: f"var(--s{n}, {colour})"
        for n, (name, colour) in enumerate(zip(named, SERIES, strict=False), 1)
    }
    for nodes in columns:
        for node in nodes:
            node.colour = series.get(node.name, f"var(--soft, {SOFT})")


def write_svg(
    columns: Sequence[Sequence[Node]], flows: Sequence[Flows], alt: str, headings: Sequence[str]
) -> Markup:
    """The drawing; the widths left and right are those of the longest labels there."""
    left, span = margin_of(columns[0]), SPAN if len(columns) > 2 else WIDE_SPAN
    places = [left + column * span for column in range(len(columns))]
    width = places[-1] + NODE_WIDTH + margin_of(columns[-1])
    head = 24 if headings else 4
    height = head + 4 + max(max(n.top + n.size, n.label + LINE / 2) for c in columns for n in c)
    parts = [
        f'<svg class="sankey" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} '
        f'{height:.0f}" role="img" aria-label="{escape(alt)}" font-size="12" '
        f'fill="var(--ink, {INK})" style="max-width: {width * ZOOM:.0f}px">'
    ]
    for x, words in zip(places, headings, strict=False):
        end = x == places[0]
        anchor = "end" if end else "start"
        parts.append(
            f'<text x="{x + NODE_WIDTH * end:.1f}" y="12" text-anchor="{anchor}" '
            f'fill="var(--soft, {SOFT})">{escape(words)}</text>'
        )
    parts.append(f'<g transform="translate(0 {head})">')
    for column, step in enumerate(flows):
        parts += draw_ribbons(
            columns[column], columns[column + 1], step, places[column : column + 2]
        )
    for x, nodes in zip(places, columns, strict=True):
        for node in nodes:
            parts += draw_node(node, x, x == places[0], x not in (places[0], places[-1]))
    return Markup("\n".join([*parts, "</g>", "</svg>"]))


def margin_of(nodes: Sequence[Node]) -> float:
    """Room for the labels of an outer column."""
    return 14 + LETTER * max((len(label_of(n)) for n in nodes), default=0)


def label_of(node: Node) -> str:
    """ "shoes 1,234" """
    name = node.name if len(node.name) <= LONGEST else node.name[: LONGEST - 1] + "…"
    return f"{name} {write_count(node.total)}"


def write_count(count: float) -> str:
    """1,234; of shares of counts one decimal below 100."""
    return f"{count:,.0f}" if count >= 100 or float(count).is_integer() else f"{count:,.1f}"


def draw_ribbons(
    left: Sequence[Node], right: Sequence[Node], step: Flows, places: Sequence[float]
) -> list[str]:
    """The ribbons between the columns at two places, each as high at both ends as its count."""
    rows = {n.name: (i, n) for i, n in enumerate(left)}
    ends = {n.name: (i, n) for i, n in enumerate(right)}
    drawn = []
    order = sorted(step.items(), key=lambda flow: (rows[flow[0][0]][0], ends[flow[0][1]][0]))
    whole = sum(step.values())
    for (a, b), count in order:
        source, target = rows[a][1], ends[b][1]
        thick = count * source.size / source.total
        y0, y1 = source.top + source.right, target.top + target.left
        source.right += thick
        target.left += thick
        x0, x1 = places[0] + NODE_WIDTH, places[1]
        middle = (x0 + x1) / 2
        title = f"{a} \N{RIGHTWARDS ARROW} {b}: {write_count(count)} ({count / whole:.1%})"
        drawn.append(
            f'<path d="M{x0:.1f} {y0:.2f}C{middle:.1f} {y0:.2f} {middle:.1f} {y1:.2f} '
            f"{x1:.1f} {y1:.2f}V{y1 + thick:.2f}C{middle:.1f} {y1 + thick:.2f} {middle:.1f} "
            f'{y0 + thick:.2f} {x0:.1f} {y0 + thick:.2f}Z" fill="{source.colour}" '
            f'fill-opacity="0.38"><title>{escape(title)}</title></path>'
        )
    return drawn


def draw_node(node: Node, x: float, before: bool, inner: bool) -> list[str]:
    """A node with its label and, where the label had to move away, a hairline to it.

    Args:
        before: the label stands left of the node.
        inner: it stands upon ribbons, and so needs a halo.
    """
    edge, place = (x, x - 8) if before else (x + NODE_WIDTH, x + NODE_WIDTH + 6)
    title = f"<title>{escape(node.name)}: {write_count(node.total)}</title>"
    drawn = [
        f'<rect x="{x:.1f}" y="{node.top:.2f}" width="{NODE_WIDTH}" '
        f'height="{max(node.size, 0.75):.2f}" fill="{node.colour}">{title}</rect>'
    ]
    if abs(node.label - node.middle) > 2:
        near = place + (3 if before else -2)
        drawn.append(
            f'<path d="M{edge:.1f} {node.middle:.1f}L{near:.1f} {node.label:.1f}" fill="none" '
            f'stroke="var(--soft, {SOFT})" stroke-width="0.6"/>'
        )
    halo = ' stroke="var(--paper, #fff)" stroke-width="3.5" paint-order="stroke"' if inner else ""
    drawn.append(
        f'<text x="{place:.1f}" y="{node.label + 4:.1f}" '
        f'text-anchor="{"end" if before else "start"}"{halo}>{escape(label_of(node))}{title}</text>'
    )
    return drawn


def write_sankey_page(
    steps: Sequence[Mapping[str, Any]], path: Path, title: str, subtitle: str = ""
) -> Path:
    """A funnel of filters as a page: a band from step to step, and what each step takes out.

    Args:
        steps: in order, each {"name", "products", "pairs", "keys", "gone": {reason: pairs}} with
            the counts after the step.
    Raises:
        ValueError: fewer than two steps, or nothing enters the first filter.
    """
    if len(steps) < 2:
        raise ValueError(f"a funnel needs what is given and a step, got {len(steps)} of these")
    words = "; ".join(f"{step['name']}: {step['pairs']:,}" for step in steps)
    names = [str(step["name"]).replace("-", " ") for step in steps]
    drawing = draw_sankey(flows_of_funnel(steps), f"Pairs left after each step. {words}.", names)
    return write_html(
        "funnel.html",
        path,
        {"title": title, "subtitle": subtitle, "steps": steps, "drawing": drawing},
        {},
    )


def flows_of_funnel(steps: Sequence[Mapping[str, Any]]) -> list[Flows]:
    """Between each two steps: pairs that are kept, and those that are gone by reason."""
    found: list[Flows] = []
    for step in steps[1:]:
        gone = {(KEPT, reason): float(n) for reason, n in step["gone"].items()}
        found.append({(KEPT, KEPT): float(step["pairs"]), **gone})
    return found
