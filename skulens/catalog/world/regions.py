"""Where print stands in a picture, and whether a reader can read it there.

The verdict comes from geometry and from how the picture was spoiled, never from its pixels:

- detail: pixels that were really resolved of the smallest thing that must be told apart (the height of
  a small letter, the thinnest bar, the side of a mark), after any rendering at a lower resolution;
- softness: sigma of the blur over the same measure;
- inside: the share of the print that lies within the picture;
- covered: the share of the print under a glare that leaves too little contrast.

Each has two limits, for "yes" and for "no"; the worst of the four decides. The limits were found with
tesseract and zxing-cpp on shops of one seed and checked on another (docs/world.md has the numbers).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from skulens.catalog.world.letters import THAI
from skulens.catalog.world.svg import Matrix, Point, Print, at

Legible = Literal["yes", "partly", "no"]
ORDER: tuple[Legible, ...] = ("yes", "partly", "no")


@dataclass(frozen=True)
class Region:
    """Something printed that lies at least partly in a picture."""

    field: str
    """what it says: "brand", "net content", "gtin", "mark" ..., as in the label's facts"""
    text: str
    """as printed, lines joined by spaces; the digits of a barcode; the name of a mark"""
    quad: tuple[Point, Point, Point, Point]
    """corners in pixels of the picture, clockwise from the top left as it is read"""
    size_px: float
    """height of a small letter, width of the thinnest bar or side of a mark, pixels"""
    legible: Legible
    """"partly": a careful reader might; scores should leave it out"""
    reason: str = ""
    """why not: "small", "blur", "glare", "crop" or "low resolution"; empty where legible"""

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
    """side of the picture"""
    place: Matrix
    """from scene units to pixels"""
    blur_px: float = 0.0
    """sigma"""
    upscale: float = 1.0
    """the picture was made at px / upscale and enlarged"""
    glare: Glare | None = None


@dataclass(frozen=True)
class Limits:
    """What one kind of print needs: (legible from here on, lost from there on)."""

    detail_px: tuple[float, float]
    softness: tuple[float, float]
    inside: tuple[float, float] = (0.985, 0.5)
    covered: tuple[float, float] = (0.03, 0.5)


TEXT = Limits(detail_px=(5.5, 3.0), softness=(0.16, 0.36))
THAI_TEXT = Limits(detail_px=(7.0, 3.6), softness=(0.13, 0.3))
BARS = Limits(detail_px=(1.3, 0.7), softness=(0.6, 1.1), inside=(0.995, 0.9))
MARK = Limits(detail_px=(18, 9), softness=(0.05, 0.14))
VEIL = 0.85
"""opacity of white above which print is lost"""
STEPS = 16
"""points along each side of a print at which the glare is taken"""


def region(printed: Print, seen: Conditions) -> Region | None:
    """What becomes of a print under these conditions; None where all of it lies outside the picture."""
    quad = tuple(at(seen.place, p) for p in printed.quad)
    inside = share_inside(quad, seen.px)
    if inside <= 0:
        return None
    a, b, c, d, *_ = seen.place
    size = printed.size * abs(a * d - b * c) ** 0.5
    limits = limits_of(printed)
    found = [
        (verdict(size / seen.upscale, *limits.detail_px), "low resolution" if seen.upscale > 1 else "small"),
        (verdict(-seen.blur_px / size, *(-v for v in limits.softness)), "blur"),
        (verdict(inside, *limits.inside), "crop"),
        (verdict(-covered(quad, seen, limits is BARS), *(-v for v in limits.covered)), "glare"),
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
    return THAI_TEXT if THAI.search(printed.text) else TEXT


def verdict(value: float, yes: float, no: float) -> Legible:
    """"yes" from `yes` on, "no" up to `no`; more is better."""
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


def covered(quad: Sequence[Point], seen: Conditions, bars: bool) -> float:
    """Share of a print under the glare's veil; of bars, along the line across them that is covered least."""
    if not seen.glare:
        return 0.0
    rows = []
    for j in range(STEPS):
        v = (j + 0.5) / STEPS
        left, right = between(quad[0], quad[3], v), between(quad[1], quad[2], v)
        points = (between(left, right, (i + 0.5) / STEPS) for i in range(STEPS))
        rows.append(sum(seen.glare.over(p) >= VEIL for p in points) / STEPS)
    return min(rows[: STEPS * 3 // 4]) if bars else sum(rows) / STEPS


def between(p: Point, q: Point, share: float) -> Point:
    return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])
