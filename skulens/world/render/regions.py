"""Where print stands in a picture, and whether a reader can read it there.

The verdict comes from geometry and from how the picture was spoiled, never from its pixels:

- detail: pixels that were really resolved of the smallest thing that must be resolved (the height
  of a small letter, the thinnest bar, the side of a mark), after any rendering at a lower
  resolution. The stems of a small n stand 0.7 of its height apart: below 2 pixels per period
  nothing is resolved.
- softness: sigma of the blur over the same measure. A Gaussian leaves
  exp(-2 (pi sigma / period)^2) of the stems' contrast: 45 % at a sigma of 0.14 of a letter's
  height, 1 % at 0.33, which noise hides.
- inside: the share of the print that lies within the picture.
- haze and veil: the shares under a glare that leaves little contrast, and almost none.

Each has a limit from which print is legible and one from which it is lost; the worst decides. Bars
are read along any line across all of them, so for them crop and glare count on their best line, and
they are lost only where the digits below them are too. Between the limits lies what a careful
reader might read. The limits were set with tesseract and zxing-cpp on one seed and checked on
another.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from skulens.world.canvas.svg import Matrix, Point, Print, Quad, quad_at

Legible = Literal["yes", "partly", "no"]
ORDER: tuple[Legible, ...] = ("yes", "partly", "no")


@dataclass(frozen=True)
class Region:
    """Something printed that lies at least partly in a picture."""

    field: str
    """What it says: "brand", "net content", "gtin", "mark" ..., as in the label's facts."""
    text: str
    """As printed, lines joined by spaces; the digits of a barcode; the name of a mark."""
    quad: Quad
    """Corners in pixels of the picture, clockwise from the top left as it is read."""
    size_px: float
    """Height of a small letter, width of the thinnest bar or side of a mark, pixels."""
    legible: Legible
    """"partly": a careful reader might; scores should leave it out."""
    reason: str = ""
    """Why not: "small", "blur", "glare", "crop" or "low resolution"; empty where legible."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) around the quad, pixels."""
        xs, ys = zip(*self.quad, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True)
class Glare:
    """A white spot, densest in its middle; pixels of the picture."""

    x: float
    y: float
    radius: float
    opacity: float

    STOPS = ((0.0, 1.0), (0.5, 1.0), (0.8, 0.5), (1.0, 0.0))
    """(share of the radius, share of the opacity), straight lines between"""

    def over(self, point: Point) -> float:
        """Opacity at a point."""
        far = ((point[0] - self.x) ** 2 + (point[1] - self.y) ** 2) ** 0.5 / self.radius
        for (a, dense), (b, thin) in zip(self.STOPS, self.STOPS[1:], strict=False):
            if far <= b:
                return self.opacity * (dense + (thin - dense) * (far - a) / (b - a))
        return 0.0


@dataclass(frozen=True)
class Conditions:
    """How a scene became a picture."""

    px: int
    """Side of the picture."""
    place: Matrix
    """From scene units to pixels."""
    blur_px: float = 0.0
    """Sigma."""
    upscale: float = 1.0
    """The picture was made at px / upscale and enlarged."""
    glare: Glare | None = None


@dataclass(frozen=True)
class Limits:
    """What one kind of print needs: (legible up to here, lost from there on)."""

    detail_px: tuple[float, float]
    softness: tuple[float, float]
    inside: tuple[float, float] = (0.985, 0.5)
    covered: tuple[float, float] = (0.03, 0.5)
    """Shares under haze, under a veil."""
    haze: float = 0.5
    """Opacity of white that a reader still sees through."""


TEXT = Limits(detail_px=(5.0, 2.2), softness=(0.14, 0.33))
DENSE = Limits(detail_px=(6.5, 2.5), softness=(0.12, 0.30))
"""Thai and Vietnamese, whose marks above and below the letters are finer than the letters."""
BARS = Limits(detail_px=(1.2, 0.45), softness=(0.45, 1.6), inside=(0.99, 0.85), covered=(0.0, 0.15))
"""Lost where the digits are, which are 5 modules high, or where two of them are missing."""
MARK = Limits(detail_px=(12, 3.5), softness=(0.06, 0.25))
"""Drawings of a closed list: a matcher with sharp patterns errs on half of them at 4 px or a blur
of a tenth of the side.
"""
VEIL = 0.95
"""Opacity of white that hides print."""
STEPS = 16
"""Points along each side of a print at which crop and glare are taken."""
BARS_END = 0.8
"""Share of a symbol's height that the bars take, the digits the rest."""
ACCENTS = re.compile(r"[\u0e00-\u0e7f\u1ea0-\u1ef9]")


def region(printed: Print, seen: Conditions) -> Region | None:
    """What becomes of a print under these conditions;
    None where all of it lies outside the picture.
    """
    quad = quad_at(seen.place, printed.quad)
    inside = share_inside(quad, seen.px)
    if inside <= 0:
        return None
    a, b, c, d, *_ = seen.place
    size = printed.size * abs(a * d - b * c) ** 0.5
    limits = limits_of(printed)
    haze = veil = 0.0
    if limits is BARS and (inside < 1 or seen.glare):
        inside, haze, veil = best_line(quad, seen)
    elif seen.glare:
        opacity = [seen.glare.over(p) for line in grid(quad) for p in line]
        haze, veil = (
            sum(o > bound for o in opacity) / len(opacity) for bound in (limits.haze, VEIL)
        )
    found = [
        (
            verdict(size / seen.upscale, *limits.detail_px),
            "low resolution" if seen.upscale > 1 else "small",
        ),
        (verdict(-seen.blur_px / size, *(-v for v in limits.softness)), "blur"),
        (verdict(inside, *limits.inside), "crop"),
        (
            "no" if veil >= limits.covered[1] else "partly" if haze > limits.covered[0] else "yes",
            "glare",
        ),
    ]
    worst, reason = max(found, key=lambda pair: ORDER.index(pair[0]))
    return Region(printed.field, printed.text, quad, size, worst, reason if worst != "yes" else "")


def regions(prints: Iterable[Print], seen: Conditions) -> tuple[Region, ...]:
    """All prints that lie at least partly in the picture, in printing order."""
    return tuple(r for r in (region(p, seen) for p in prints) if r)


def best(found: Sequence[Region]) -> Legible:
    """The most legible of some regions; "no" where there are none."""
    return min((r.legible for r in found), key=ORDER.index, default="no")


def limits_of(printed: Print) -> Limits:
    if printed.field in ("gtin", "mark"):
        return BARS if printed.field == "gtin" else MARK
    return DENSE if ACCENTS.search(printed.text) else TEXT


def verdict(value: float, yes: float, no: float) -> Legible:
    """ "yes" from `yes` on, "no" up to `no`; more is better."""
    return "yes" if value >= yes else "no" if value <= no else "partly"


def share_inside(quad: Sequence[Point], px: float) -> float:
    """Share of a quad's area that lies in the picture (Sutherland and Hodgman 1974)."""
    whole, cut = area(quad), list(quad)
    for axis, sign, edge in ((0, 1, 0.0), (0, -1, -px), (1, 1, 0.0), (1, -1, -px)):
        kept: list[Point] = []
        for p, q in zip(cut, [*cut[1:], *cut[:1]], strict=True):
            a, b = sign * p[axis] - edge, sign * q[axis] - edge
            if a >= 0:
                kept.append(p)
            if (a < 0) != (b < 0):
                t = a / (a - b)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        cut = kept
    return min(area(cut) / whole, 1.0) if whole and cut else 0.0


def area(corners: Sequence[Point]) -> float:
    turned = [*corners[1:], *corners[:1]]
    return abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(corners, turned, strict=True))) / 2


def grid(quad: Sequence[Point]) -> list[list[Point]]:
    """Lines of points across a print, from its top downwards."""
    ways = [(k + 0.5) / STEPS for k in range(STEPS)]
    lines = ((between(quad[0], quad[3], v), between(quad[1], quad[2], v)) for v in ways)
    return [[between(left, right, u) for u in ways] for left, right in lines]


def best_line(quad: Sequence[Point], seen: Conditions) -> tuple[float, float, float]:
    """(inside, haze, veil): shares of the line across bars and of the one across bars or
    digits that suffer least.
    """
    found = []
    for line in grid(quad):
        shown = sum(0 <= x <= seen.px and 0 <= y <= seen.px for x, y in line) / STEPS
        opacity = [seen.glare.over(p) for p in line] if seen.glare else [0.0]
        found.append(
            (
                shown,
                sum(o > BARS.haze for o in opacity) / STEPS,
                sum(o > VEIL for o in opacity) / STEPS,
            )
        )
    bars = found[: round(BARS_END * STEPS)]
    whole = max(shown for shown, *_ in bars)
    inside = 1.0 if whole == 1 else min(max(shown for shown, *_ in found), BARS.inside[0] - 0.001)
    return inside, min(haze for _, haze, _ in bars), min(veil for *_, veil in found)


def between(p: Point, q: Point, share: float) -> Point:
    return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])
