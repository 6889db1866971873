"""A figure: what draws it, and its ways onto a page or into a file.

Colours follow Okabe and Ito (2008), darkened where they would be faint on white; every series
also has its own marker or a label, so that nothing hangs on colour alone. Text stays text, so that
a page can restyle and read it.
"""

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skulens.errors import MissingDependency

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
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a name may hold dollar signs
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


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn."""

    name: str
    """Of its file."""
    title: str
    caption: str
    alt: str
    """What it shows, in words, for those who cannot see it."""
    draw: Callable[["Axes"], None]
    size: tuple[float, float] = SIZE
    bars: int = 0
    """Of a figure of horizontal bars: how many rows there are."""


def need_matplotlib() -> None:
    """Raise MissingDependency where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise MissingDependency("figures need matplotlib: pip install 'skulens[report]'")


def render_figure(drawing: Drawing) -> "Figure":
    """The figure on a canvas of its own; pyplot and its global state stay out."""
    need_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=drawing.size, layout="constrained")
        drawing.draw(figure.subplots())
    return figure


def to_svg(drawing: Drawing) -> bytes:
    """A standalone SVG file."""
    need_matplotlib()
    import matplotlib

    out = io.BytesIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": drawing.name}):
        render_figure(drawing).savefig(
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


def inline_svg(drawing: Drawing, prefix: str, titles: Mapping[int, str]) -> str:
    """The SVG as an element of a page: its colours are the page's, its ids are its own.

    Args:
        prefix: put before every id, so that several figures may stand on one page.
        titles: place of a row -> what its points say under the pointer.
    """
    text = to_svg(drawing).decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.S)
    label = escape(drawing.alt, quote=True)

    def head(found: re.Match) -> str:  # a name may hold what a replacement text would read
        return f'<svg viewBox="{found[1]}" role="img" aria-label="{label}">'

    text = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', head, text, count=1)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.S)
    text = re.sub(
        r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick|'
        r'legend|FillBetweenPolyCollection|PolyCollection|PathCollection|LineCollection)_\d+"',
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


def write_drawings(named: Iterable[tuple[str, Drawing]], out: Path, kind: str) -> list[Path]:
    """Each figure as a file "svg" or "png" (at 200 dots per inch, on white) in a folder.

    Args:
        named: (name of the file without its ending, figure).
    Returns:
        The files, in order.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, drawing in named:
        path = out / f"{name}.{kind}"
        if kind == "svg":
            path.write_bytes(to_svg(drawing))
        else:
            render_figure(drawing).savefig(path, dpi=200, facecolor="white")
        written.append(path)
    return written
