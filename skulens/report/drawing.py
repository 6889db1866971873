"""A figure: what draws it, and its ways onto a page or into a file.

Colours follow Okabe and Ito (2008), darkened where they would be faint on white; every series
also has its own marker or a label, so that nothing hangs on colour alone. Text stays text, so that
a page can restyle and read it.
"""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
SIZE, SMALL, NARROW = (6.4, 4.4), (4.6, 3.4), (4.6, 4.4)
"""Inches, of figures of many and of few encoders, and of many on a phone. A page shows none smaller
than 72 px to the inch, so that text of TEXT points has at least as many pixels."""
TEXT = 11
"""Points of the smallest text."""
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a name may hold dollar signs
    "font.size": TEXT,
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
    "axes.labelsize": TEXT,
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
    narrow: tuple[float, float] | None = None
    """The size on a phone, where `size` is too wide for it."""
    bars: int = 0
    """Of a figure of horizontal bars: how many rows there are."""
    names: Sequence[str] = ()
    """Of these rows, where they stand beside the axes or above their row."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Mark ("row-3-point", "sku-1") -> what it says under the pointer."""


def need_matplotlib() -> None:
    """Raise MissingDependency where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise MissingDependency("figures need matplotlib: pip install 'skulens[report]'")


def render_figure(drawing: Drawing) -> "Figure":
    """The figure on a canvas of its own; pyplot and its global state stay out.

    Its layout is final: labels were placed by it.
    """
    need_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=drawing.size, layout="constrained")
        drawing.draw(figure.subplots())
        lay_out(figure)
        figure.set_layout_engine("none")
    return figure


def root_of(axes: "Axes") -> "Figure":
    """The figure of axes."""
    figure = axes.get_figure(root=True)
    assert figure
    return figure


def lay_out(figure: "Figure") -> None:
    """Give the axes their place in the figure."""
    engine = figure.get_layout_engine()
    assert engine
    engine.execute(figure)


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
    text = out.getvalue().decode()
    for mark, words in drawing.titles.items():
        text = text.replace(f'<g id="{mark}">', f'<g id="{mark}"><title>{escape(words)}</title>', 1)
    return text.encode()


def inline_svg(drawing: Drawing, prefix: str) -> str:
    """The SVG as an element of a page: its colours are the page's, its ids are its own.

    Where the figure is too wide for a phone there are two, of which the page shows one.

    Args:
        prefix: put before every id, so that several figures may stand on one page.
    """
    if not drawing.narrow:
        return _element(drawing, prefix)
    slim = replace(drawing, size=drawing.narrow)
    wide = _element(drawing, prefix, ' class="for-wide"')
    return wide + _element(slim, f"{prefix}n-", ' class="for-narrow"')


def _element(drawing: Drawing, prefix: str, more: str = "") -> str:
    text = to_svg(drawing).decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(r"(<svg [^>]*>)\s*<title>.*?</title>", r"\1", text, count=1, flags=re.S)
    label = escape(drawing.alt, quote=True)

    def head(found: re.Match) -> str:  # a name may hold what a replacement text would read
        return f'<svg{more} viewBox="{found[1]}" role="img" aria-label="{label}">'

    text = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', head, text, count=1)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.S)
    text = re.sub(
        r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick|'
        r'legend|FillBetweenPolyCollection|PolyCollection|PathCollection|LineCollection)_\d+"',
        "",
        text,
    )
    text = re.sub(r'<g id="row-(\d+)-\w+">', r'<g data-row="\1">', text)
    text = re.sub(r'<g id="sku-\d+">', "<g>", text)
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
