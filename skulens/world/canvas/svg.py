"""A canvas: paths, gradients, tiles and text as SVG, rendered by resvg.

Products are drawn around the origin in a box of 200 x 200 units, y downwards, so that one
scene serves every picture size.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import resvg_py

from skulens.world.canvas.letters import ASCENT, DESCENT, UNITS, X_HEIGHT, shape_line
from skulens.world.config import turn

FAINT, TILE_PX, TEXT_PX = 0.15, 1.5, 2.0
DASH = re.compile(r'stroke-dasharray="([0-9. ]+)"')
TRANSFORM = re.compile(r'transform="([^"]+)"')
STEP = re.compile(r"(matrix|translate|rotate|scale)\(([^)]*)\)")
Matrix = tuple[float, float, float, float, float, float]
"""As in SVG: x' = a x + c y + e, y' = b x + d y + f."""
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Corners, clockwise from the top left as it is read."""


@dataclass(frozen=True)
class Print:
    """Something printed in a scene: words, bars or a mark."""

    field: str
    """What it says: "brand", "net content" ...; empty where the drawing does not know."""
    text: str
    quad: Quad
    """Corners in scene units, clockwise from the top left as it is read."""
    size: float
    """Height of a small letter, width of the thinnest bar or side of a mark, scene units."""


@lru_cache(maxsize=1 << 14)
def n(value: float) -> str:
    """A number for SVG: at most one decimal, which also hides the last digit of any libm."""
    return f"{value + 0.0:.1f}".removesuffix(".0")  # 0.0 and -0.0 are one key of the cache


def outline(start: tuple[float, float], *segments: tuple[float, ...]) -> str:
    """A path symmetrical about x = 0 from its right half, drawn from the top middle downwards.

    A segment of 2 numbers is a line to, of 4 a quadratic, of 6 a cubic curve.
    """
    points = [start]
    forward, backward = [], []
    for s in segments:
        points.append((s[-2], s[-1]))
        forward.append("  Q C"[len(s) - 2] if len(s) > 2 else "L")
        forward.append(" ".join(n(v) for v in s))
    for index in range(len(segments) - 1, -1, -1):
        s, end = segments[index], points[index]
        controls = [s[i : i + 2] for i in range(0, len(s) - 2, 2)][::-1]
        backward.append(" LQC"[len(controls) + 1])
        backward.append(" ".join(f"{n(-x)} {n(y)}" for x, y in [*controls, end]))
    return (
        f"M{n(start[0])} {n(start[1])}"
        + "".join(forward)
        + f"L{n(-points[-1][0])} {n(points[-1][1])}"
        + "".join(backward)
        + "Z"
    )


def rounded(x: float, y: float, width: float, height: float, r: float) -> str:
    """A rectangle with round corners, as a path."""
    r = min(r, width / 2, height / 2)
    right, bottom = x + width, y + height
    return (
        f"M{n(x + r)} {n(y)}L{n(right - r)} {n(y)}Q{n(right)} {n(y)} {n(right)} {n(y + r)}"
        f"L{n(right)} {n(bottom - r)}Q{n(right)} {n(bottom)} {n(right - r)} {n(bottom)}"
        f"L{n(x + r)} {n(bottom)}Q{n(x)} {n(bottom)} {n(x)} {n(bottom - r)}"
        f"L{n(x)} {n(y + r)}Q{n(x)} {n(y)} {n(x + r)} {n(y)}Z"
    )


def ellipse(x: float, y: float, rx: float, ry: float) -> str:
    """An ellipse as a path."""
    half = f"a{n(rx)} {n(ry)} 0 1 0"
    return f"M{n(x - rx)} {n(y)}{half} {n(2 * rx)} 0{half} {n(-2 * rx)} 0Z"


class Canvas:
    """Collects the definitions and shapes of one scene, 256 units wide.

    What cannot be seen at `px` is left out: strokes that change a pixel by less than FAINT of its
    range, tiles smaller than TILE_PX, letters below TEXT_PX.
    """

    def __init__(self, px: int = 256):
        self.scale = px / 256
        self.defs: list[str] = []
        self.body: list[str] = []
        self.known: dict[str, str] = {}
        self.places: list[Matrix] = [IDENTITY]
        self.prints: list[Print] = []
        self.panels: list[tuple[Matrix, tuple[float, float, float, float]]] = []
        """Places left free for small print:
        the transform that holds there, (left, top, width, height) in its units.
        """

    def define(self, markup: str) -> str:
        """The id of a definition; its markup says {id} where the id goes. Equal ones are shared."""
        if markup not in self.known:
            self.known[markup] = f"d{len(self.known)}"
            self.defs.append(markup.replace("{id}", self.known[markup]))
        return self.known[markup]

    def gradient(self, *stops: tuple[float, str, float], to: tuple[float, float] = (1, 0)) -> str:
        """A linear gradient over the shape's box; stops are (offset, colour, opacity)."""
        open_tag = f'<linearGradient id="{{id}}" x2="{to[0]}" y2="{to[1]}">'
        return f"url(#{self.define(open_tag + _stops(stops) + '</linearGradient>')})"

    def radial(
        self, *stops: tuple[float, str, float], at: tuple[float, float] = (0.5, 0.5), r: float = 0.5
    ) -> str:
        """A radial gradient over the shape's box."""
        open_tag = f'<radialGradient id="{{id}}" cx="{at[0]}" cy="{at[1]}" r="{r}">'
        return f"url(#{self.define(open_tag + _stops(stops) + '</radialGradient>')})"

    def tile(self, width: float, height: float, content: str, transform: str = "") -> str:
        """A repeating fill in user units."""
        if min(width, height) * self.scale < TILE_PX:
            return "none"
        place = f' patternTransform="{transform}"' if transform else ""
        size = f'width="{n(width)}" height="{n(height)}" patternUnits="userSpaceOnUse"'
        markup = f'<pattern id="{{id}}" {size}{place}>' + content + "</pattern>"
        return f"url(#{self.define(markup)})"

    def clip(self, d: str) -> str:
        name = self.define(f'<clipPath id="{{id}}"><path d="{d}"/></clipPath>')
        return f'clip-path="url(#{name})"'

    def add(self, markup: str) -> None:
        self.body.append(markup)

    def shape(self, d: str, fill: str = "none", opacity: float = 1, extra: str = "") -> None:
        """A filled path."""
        if fill == "none" and not extra:
            return
        # No layer, unlike opacity.
        see = f' fill-opacity="{opacity}" stroke-opacity="{opacity}"' if opacity < 1 else ""
        self.add(f'<path d="{d}" fill="{fill}"{see} {extra}/>')

    def line(
        self, d: str, stroke: str, width: float = 1.5, opacity: float = 1, extra: str = ""
    ) -> None:
        """A stroked path with round ends; dashes too fine to be resolved become a paler line."""
        dash = DASH.search(extra)
        if dash and (period := sum(map(float, dash[1].split()))) * self.scale < TILE_PX:
            extra = extra.replace(dash[0], "")
            opacity = round(opacity * min((float(dash[1].split()[0]) + width) / period, 1), 2)
        if width * opacity * self.scale < FAINT:
            return
        see = f' stroke-opacity="{opacity}"' if opacity < 1 else ""
        self.add(
            f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{n(width)}" '
            f'stroke-linecap="round" stroke-linejoin="round"{see} {extra}/>'
        )

    def open(self, extra: str) -> None:
        """Start a group; its transform holds for what is printed until `close`."""
        found = TRANSFORM.search(extra)
        self.places.append(times(self.places[-1], matrix(found[1])) if found else self.places[-1])
        self.add(f"<g {extra}>")

    def close(self) -> None:
        self.places.pop()
        self.add("</g>")

    @contextmanager
    def mirrored(self, on: bool) -> Iterator[None]:
        """Left and right change places within, where `on`: a lopsided thing seen from behind."""
        if on:
            self.open('transform="scale(-1 1)"')
        yield
        if on:
            self.close()

    def printed(
        self,
        field: str,
        text: str,
        box: tuple[float, float, float, float],
        size: float,
        extra: str = "",
    ) -> None:
        """Note that `text` stands in `box` = (left, top, right, bottom),
        in the units of the open group.
        """
        found = TRANSFORM.search(extra)
        place = times(self.places[-1], matrix(found[1])) if found else self.places[-1]
        left, top, right, bottom = box
        self.prints.append(
            Print(
                field,
                text,
                quad_at(place, ((left, top), (right, top), (right, bottom), (left, bottom))),
                size * abs(place[0] * place[3] - place[1] * place[2]) ** 0.5,
            )
        )

    def panel(self, left: float, top: float, width: float, height: float) -> None:
        """Note that a box, in the units of the open group, is free for small print."""
        self.panels.append((self.places[-1], (left, top, width, height)))

    def text(
        self,
        words: str,
        x: float,
        y: float,
        size: float,
        fill: str,
        width: float | None = None,
        extra: str = "",
        halo: str = "",
        bold: bool = True,
        anchor: str = "middle",
        field: str | None = "",
    ) -> float:
        """Words on one base line, anchored at x, made smaller until they fit `width`;
        returns the width they take.

        `size` is the em and everything is in the units of the open group; `halo` parts the words
        from a pattern. `field` says what they mean in `prints`; None leaves them out of it.
        """
        if not words:
            return 0.0
        line = shape_line(words, bold)
        if width:
            size = min(size, width / max(line.width, 0.01))
        wide = size * line.width
        left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        if field is not None:
            self.printed(
                field,
                words,
                (left, y - ASCENT * size, left + wide, y + DESCENT * size),
                X_HEIGHT * size,
                extra,
            )
        if size * self.scale < TEXT_PX:
            return wide
        if halo:
            extra += (
                f' paint-order="stroke" stroke="{halo}" stroke-width="{0.28 * UNITS:.0f}"'
                ' stroke-linejoin="round"'
            )
        self.add(
            f'<g {extra}><path transform="translate({left:.2f} {y:.2f}) scale({size / UNITS:.5f})"'
            f' fill="{fill}" d="{line.d}"/></g>'
        )
        return wide

    def svg(self, box: str = "-128 -128 256 256") -> str:
        """The whole scene."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
            f"<defs>{''.join(self.defs)}</defs>"
            f"{''.join(self.body)}</svg>"
        )


@lru_cache(maxsize=1 << 12)
def _stops(stops) -> str:
    return "".join(f'<stop offset="{o}" stop-color="{c}" stop-opacity="{a}"/>' for o, c, a in stops)


def matrix(transform: str) -> Matrix:
    """The matrix of an SVG transform list of matrix, translate, rotate and scale."""
    found = IDENTITY
    for name, numbers in STEP.findall(transform):
        v = [float(x) for x in re.split(r"[ ,]+", numbers.strip())]
        if name == "matrix":
            step: Matrix = (v[0], v[1], v[2], v[3], v[4], v[5])
        elif name == "translate":
            step = (1, 0, 0, 1, v[0], v[1] if len(v) > 1 else 0)
        elif name == "scale":
            step = (v[0], 0, 0, v[-1], 0, 0)
        else:
            (cos, sin), (x, y) = turn(v[0]), v[1:] or (0, 0)
            step = (cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)
        found = times(found, step)
    return found


def times(outer: Matrix, inner: Matrix) -> Matrix:
    """The matrix that does `inner` first, then `outer`."""
    a, b, c, d, e, f = outer
    (x0, y0), (x1, y1) = at((a, b, c, d, 0, 0), inner[0:2]), at((a, b, c, d, 0, 0), inner[2:4])
    return (x0, y0, x1, y1, *at((a, b, c, d, e, f), inner[4:6]))


def at(place: Matrix, point: Point) -> Point:
    """Where a matrix moves a point."""
    a, b, c, d, e, f = place
    return a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f


def quad_at(place: Matrix, quad: Quad) -> Quad:
    """Where a matrix moves four corners."""
    return at(place, quad[0]), at(place, quad[1]), at(place, quad[2]), at(place, quad[3])


def render(scene: str, px: int) -> bytes:
    """PNG bytes of a scene, px by px; letters are outlines, so no font is read."""
    return resvg_py.svg_to_bytes(svg_string=scene, width=px, height=px, skip_system_fonts=True)
