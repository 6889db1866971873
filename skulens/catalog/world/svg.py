"""A small hand for drawing: paths, gradients and shading as SVG text, rendered by resvg.

Products are drawn around the origin in a box of 200 x 200 units, y downwards, so that one
scene serves every picture size.
"""

import re

import resvg_py

from skulens.catalog.world.config import FONTS

FAINT, TILE_PX, TEXT_PX = 0.15, 1.5, 2.0
DASH = re.compile(r'stroke-dasharray="([0-9. ]+)"')
BOLD = [str(FONTS / "NotoSans-Bold.ttf")]


def n(value: float) -> str:
    """A number for SVG: at most one decimal, which also hides the last digit of any libm."""
    return f"{value:.1f}".removesuffix(".0")


def outline(start: tuple[float, float], *segments: tuple[float, ...]) -> str:
    """A path symmetrical about x = 0 from its right half, drawn from the top middle downwards.

    A segment of 2 numbers is a line to, of 4 a quadratic, of 6 a cubic curve.
    """
    points = [start]
    forward, backward = [], []
    for s in segments:
        points.append(s[-2:])
        forward.append("  Q C"[len(s) - 2] if len(s) > 2 else "L")
        forward.append(" ".join(n(v) for v in s))
    for index in range(len(segments) - 1, -1, -1):
        s, end = segments[index], points[index]
        controls = [s[i : i + 2] for i in range(0, len(s) - 2, 2)][::-1]
        backward.append(" LQC"[len(controls) + 1])
        backward.append(" ".join(f"{n(-x)} {n(y)}" for x, y in [*controls, end]))
    return f"M{n(start[0])} {n(start[1])}" + "".join(forward) + f"L{n(-points[-1][0])} {n(points[-1][1])}" + "".join(backward) + "Z"


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
    return f"M{n(x - rx)} {n(y)}a{n(rx)} {n(ry)} 0 1 0 {n(2 * rx)} 0a{n(rx)} {n(ry)} 0 1 0 {n(-2 * rx)} 0Z"


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
        self.has_text = False

    def define(self, markup: str) -> str:
        """The id of a definition whose markup says {id} where the id goes; equal ones are shared."""
        if markup not in self.known:
            self.known[markup] = f"d{len(self.known)}"
            self.defs.append(markup.replace("{id}", self.known[markup]))
        return self.known[markup]

    def gradient(self, *stops: tuple[float, str, float], to: tuple[float, float] = (1, 0)) -> str:
        """A linear gradient over the shape's box; stops are (offset, colour, opacity)."""
        open_tag = f'<linearGradient id="{{id}}" x2="{to[0]}" y2="{to[1]}">'
        return f"url(#{self.define(open_tag + _stops(stops) + '</linearGradient>')})"

    def radial(self, *stops: tuple[float, str, float], at: tuple[float, float] = (0.5, 0.5), r: float = 0.5) -> str:
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
        see = f' fill-opacity="{opacity}" stroke-opacity="{opacity}"' if opacity < 1 else ""  # no layer, unlike opacity
        self.add(f'<path d="{d}" fill="{fill}"{see} {extra}/>')

    def line(self, d: str, stroke: str, width: float = 1.5, opacity: float = 1, extra: str = "") -> None:
        """A stroked path with round ends; dashes too fine to be told apart become a paler line."""
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
        self.add(f"<g {extra}>")

    def close(self) -> None:
        self.add("</g>")

    def text(self, words: str, x: float, y: float, size: float, fill: str, width: float | None = None, extra: str = "", halo: str = "") -> None:
        """Words centred at x in bold Noto Sans, made smaller until they fit `width`; `halo` parts them from a pattern."""
        if not words:
            return
        if halo:
            extra += f' paint-order="stroke" stroke="{halo}" stroke-width="{n(size * 0.28)}" stroke-linejoin="round"'
        if width:
            size = min(size, width / (0.62 * max(len(words), 1)))
        if size * self.scale < TEXT_PX:
            return
        self.has_text = True
        safe = words.replace("&", "&amp;").replace("<", "&lt;")
        self.add(
            f'<text x="{n(x)}" y="{n(y)}" font-family="Noto Sans" font-weight="700" '
            f'font-size="{n(size)}" text-anchor="middle" fill="{fill}" {extra}>{safe}</text>'
        )

    def svg(self, box: str = "-128 -128 256 256") -> str:
        """The whole scene."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><defs>{"".join(self.defs)}</defs>'
            f"{''.join(self.body)}</svg>"
        )


def _stops(stops) -> str:
    return "".join(f'<stop offset="{o}" stop-color="{c}" stop-opacity="{a}"/>' for o, c, a in stops)


def render(scene: str, px: int, text: bool = True) -> bytes:
    """PNG bytes of a scene, px by px, with our fonts only: the machine's fonts never show."""
    fonts = BOLD if text else None
    return resvg_py.svg_to_bytes(svg_string=scene, width=px, height=px, skip_system_fonts=True, font_files=fonts)
