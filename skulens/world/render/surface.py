"""Cloth, leather, wood, metal ...: what covers a shape: colour, pattern, texture and light."""

from collections.abc import Mapping
from dataclasses import dataclass

from skulens.world.config import Stream
from skulens.world.render.colours import RGB, Rgb, brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.render.svg import Canvas, ellipse, n

FLAT, ROUND, TOP = "flat", "round", "top"
"""Light on a shape: a soft slope, a cylinder, from above."""
THUMBNAIL = 0.3
"""pixels per unit below which light and colour are drawn as one fill (pictures under 77 px)"""
FACETS_PX = 2.0
"""radius below which a stone is a dot: its facets would be smaller than a pixel"""


@dataclass(frozen=True)
class Look:
    """What the drawing of one SKU needs to know."""

    kind: str
    values: Mapping[str, str]
    """attribute key -> value"""
    base: Rgb
    second: Rgb
    """colour of pattern, trim or lid"""
    spu: str
    """seeds the silhouette: equal for siblings"""
    sku: str
    face: str = "front"
    """which side is drawn: front, back or side"""

    def get(self, key: str) -> str:
        return self.values.get(key, "")

    def vary(self, name: str, low: float, high: float) -> float:
        """A measure of the silhouette, the same for all variants of the SPU."""
        return Stream("silhouette", self.spu, name).uniform(low, high)

    def pick(self, name: str, values):
        """A trait of the silhouette, the same for all variants of the SPU."""
        return Stream("silhouette", self.spu, name).choice(values)

    @property
    def pattern(self) -> str:
        for key in ("pattern/print", "pattern print", "pattern"):
            if key in self.values:
                return self.values[key]
        return "solid"


def cover(
    c: Canvas,
    d: str,
    look: Look,
    light: str = FLAT,
    texture: str = "",
    rgb: Rgb | None = None,
    pattern: bool = True,
    edge: float = 1.2,
) -> None:
    """Fill a path: colour, pattern, texture, light, and a dark edge."""
    base = rgb or look.base
    figure = PATTERNS[look.pattern](c, look) if pattern and look.pattern in PATTERNS else "none"
    weave = TEXTURES[texture](c, base) if texture in TEXTURES else "none"
    if c.scale < THUMBNAIL and figure == weave == "none":
        c.shape(d, shade(c, light, base, on=base))
    else:
        for fill in (hexa(base), figure, weave, shade(c, light, base)):
            c.shape(d, fill)
    if edge:
        c.line(d, darker(base, 0.45), edge, 0.75)


def shade(c: Canvas, light: str, base: Rgb, on: Rgb | None = None) -> str:
    """Light and shadow over a shape; dark things get more light, bright ones more shadow.

    With `on`, the colour with the light on it: one opaque fill, which is drawn in half the time of two.
    """
    high = 0.30 if brightness(base) < 0.25 else 0.22
    low = 0.16 if brightness(base) > 0.75 else 0.26
    to = (1, 0)
    if light == ROUND:
        stops = (
            (0, 0, low),
            (0.16, 0, 0.04),
            (0.28, 255, high),
            (0.4, 255, 0.05),
            (0.7, 0, 0.04),
            (1, 0, low + 0.1),
        )
    elif light == TOP:
        stops, to = ((0, 255, high), (0.35, 255, 0), (0.7, 0, 0.02), (1, 0, low)), (0, 1)
    else:
        stops, to = ((0, 255, high * 0.6), (0.5, 255, 0), (1, 0, low * 0.75)), (1, 1)
    if on:
        return c.gradient(
            *((at, hexa(mix(on, (tone,) * 3, share)), 1) for at, tone, share in stops), to=to
        )
    return c.gradient(
        *((at, "#fff" if tone else "#000", share) for at, tone, share in stops), to=to
    )


def metal(c: Canvas, rgb: Rgb, to: tuple[float, float] = (1, 0)) -> str:
    """The bands of light on polished metal."""
    return c.gradient(
        (0, darker(rgb, 0.35), 1), (0.2, hexa(rgb), 1), (0.36, lighter(rgb, 0.58), 1), (0.5, hexa(rgb), 1),
        (0.72, darker(rgb, 0.28), 1), (0.88, lighter(rgb, 0.35), 1), (1, darker(rgb, 0.4), 1), to=to,
    )  # fmt: skip


METALS = {
    "gold-tone": RGB["gold"], "silver-tone": RGB["silver"], "matte black": (44, 44, 48),
    "antique brass": (150, 112, 58), "rose gold": RGB["rose gold"],
}  # fmt: skip


# Patterns: look -> a fill that leaves the base colour visible between the figures.


def striped(c: Canvas, look: Look) -> str:
    width = look.vary("stripe", 13, 24)
    turned = look.pick("stripe turn", ("", "", "rotate(90)", "rotate(45)"))
    band = width * look.vary("stripe share", 0.3, 0.42)
    return c.tile(
        width,
        width,
        f'<rect y="3" width="{n(width + 1)}" height="{n(band)}" fill="{hexa(look.second)}"/>',
        turned,
    )


def checkered(c: Canvas, look: Look) -> str:
    a = look.vary("check", 9, 14)
    ink = hexa(look.second)
    return c.tile(
        2 * a,
        2 * a,
        f'<rect width="{n(a)}" height="{n(a)}" fill="{ink}"/><rect x="{n(a)}" y="{n(a)}" width="{n(a)}" height="{n(a)}" fill="{ink}"/>',
    )


def plaid(c: Canvas, look: Look) -> str:
    a = look.vary("plaid", 26, 38)
    ink, thin = hexa(look.second), ink_on(look.base)
    bars = (
        f'<rect width="{n(a * 0.38)}" height="{n(a)}" fill="{ink}" fill-opacity=".55"/>'
        f'<rect width="{n(a)}" height="{n(a * 0.38)}" fill="{ink}" fill-opacity=".55"/>'
        f'<rect x="{n(a * 0.68)}" width="2" height="{n(a)}" fill="{thin}" fill-opacity=".7"/>'
        f'<rect y="{n(a * 0.68)}" width="{n(a)}" height="2" fill="{thin}" fill-opacity=".7"/>'
    )
    return c.tile(a, a, bars)


def polka_dot(c: Canvas, look: Look) -> str:
    a = look.vary("dot", 17, 27)
    r, ink = a * 0.21, hexa(look.second)
    dots = "".join(
        f'<circle cx="{n(x * a)}" cy="{n(y * a)}" r="{n(r)}" fill="{ink}"/>'
        for x, y in ((0.25, 0.25), (0.75, 0.75))
    )
    return c.tile(a, a, dots)


def floral(c: Canvas, look: Look) -> str:
    a = look.vary("flower", 38, 54)
    ink, heart = (
        hexa(look.second),
        "#f6c63c" if look.get("color") not in ("yellow", "gold") else "#b8412f",
    )
    leaf = (
        "#3f7f4c"
        if look.get("color") not in ("green", "dark green", "olive", "teal")
        else "#dfe8c8"
    )
    out = []
    for x, y, r in ((0.27, 0.28, 1.0), (0.77, 0.75, 0.8)):
        cx, cy, p = x * a, y * a, a * 0.12 * r
        out.append(
            f'<path d="M{n(cx)} {n(cy)}q{n(p * 3)} {n(p * 0.4)} {n(p * 3.4)} {n(p * 2.6)}q{n(-p * 2.6)} {n(p * 0.3)} {n(-p * 3.4)} {n(-p * 2.6)}" fill="{leaf}"/>'
        )
        for dx, dy in ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31)):
            out.append(
                f'<circle cx="{n(cx + dx * p)}" cy="{n(cy + dy * p)}" r="{n(p * 0.8)}" fill="{ink}"/>'
            )
        out.append(f'<circle cx="{n(cx)}" cy="{n(cy)}" r="{n(p * 0.6)}" fill="{heart}"/>')
    return c.tile(a, a, "".join(out))


def camouflage(c: Canvas, look: Look) -> str:
    tones = (
        darker(look.base, 0.45),
        hexa(mix(look.base, (96, 92, 60), 0.5)),
        lighter(look.base, 0.3),
    )
    blobs = (
        ("M4 10q10-14 24-6t8 16q-10 8-20 2t-12-12Z", tones[0]), ("M44 6q14-4 18 8t-10 16q-12 2-14-8t6-16Z", tones[1]),
        ("M14 40q14-8 22 2t-4 18q-16 4-22-4t4-16Z", tones[2]), ("M46 42q12-8 22 0t-4 18q-14 4-20-4t2-14Z", tones[0]),
        ("M30 22q8-4 12 2t-4 10q-8 0-10-4t2-8Z", tones[2]),
    )  # fmt: skip
    return c.tile(72, 66, "".join(f'<path d="{d}" fill="{t}"/>' for d, t in blobs), "scale(.85)")


def geometric(c: Canvas, look: Look) -> str:
    a, ink = look.vary("geo", 24, 34), hexa(look.second)
    h = a / 2
    figure = look.pick("geo figure", (
        f'<path d="M{n(h)} 2L{n(a - 2)} {n(h)} {n(h)} {n(a - 2)} 2 {n(h)}Z" fill="none" stroke="{ink}" stroke-width="3"/>'
        f'<path d="M{n(h)} {n(h - 5)}l5 5-5 5-5-5Z" fill="{ink}"/>',
        f'<path d="M{n(h)} 3L{n(a - 3)} {n(a - 4)} 3 {n(a - 4)}Z" fill="{ink}"/>',
        f'<path d="M{n(a * .25)} 3h{n(h)}l{n(a * .22)} {n(h * .8)}-{n(a * .22)} {n(h * .8)}h-{n(h)}l-{n(a * .22)}-{n(h * .8)}Z" fill="none" stroke="{ink}" stroke-width="3"/>',
    ))  # fmt: skip
    return c.tile(a, a, figure)


def animal_print(c: Canvas, look: Look) -> str:
    dark = "#2a1c14" if brightness(look.base) > 0.25 else "#a98a5e"
    core = hexa(mix(look.base, (120, 70, 30), 0.45))
    out = []
    for x, y, s in ((9, 9, 1), (31, 14, 0.85), (18, 31, 1.1), (40, 36, 0.9)):
        out.append(f'<ellipse cx="{x}" cy="{y}" rx="{n(5 * s)}" ry="{n(4 * s)}" fill="{core}"/>')
        out.append(
            f'<path d="M{n(x - 6 * s)} {y}a{n(6 * s)} {n(5 * s)} 0 0 1 {n(9 * s)} {n(-4 * s)}M{n(x + 6 * s)} {n(y + 1)}a{n(6 * s)} {n(5 * s)} 0 0 1 {n(-8 * s)} {n(4 * s)}" fill="none" stroke="{dark}" stroke-width="{n(2.6 * s)}" stroke-linecap="round"/>'
        )
    return c.tile(48, 44, "".join(out))


def chevron(c: Canvas, look: Look) -> str:
    return c.tile(
        24,
        18,
        f'<path d="M-2 14L12 4L26 14" fill="none" stroke="{hexa(look.second)}" stroke-width="5"/>',
    )


def tie_dye(c: Canvas, look: Look) -> str:
    ink, pale = hexa(look.second), lighter(look.base, 0.6)
    return c.radial(
        (0, ink, 0.9), (0.12, ink, 0.1), (0.2, pale, 0.8), (0.32, ink, 0), (0.42, ink, 0.85), (0.52, pale, 0.5),
        (0.62, pale, 0), (0.76, ink, 0.7), (0.86, ink, 0), (1, pale, 0.5), at=(0.5, 0.45), r=0.62,
    )  # fmt: skip


def colour_block(c: Canvas, look: Look) -> str:
    ink = hexa(look.second)
    return c.gradient((0, ink, 1), (0.34, ink, 1), (0.341, ink, 0), (1, ink, 0), to=(0, 1))


def marble(c: Canvas, look: Look) -> str:
    veins = "M-4 12q18 4 26 18t30 16M30-4q4 20 20 28t34 8M0 52q20-8 34 4t46 2"
    return c.tile(
        80,
        64,
        f'<path d="{veins}" fill="none" stroke="{thread(look.base, 0.5)}" stroke-width="2" stroke-opacity=".6"/>',
    )


PATTERNS = {
    "striped": striped, "checkered": checkered, "plaid": plaid, "polka dot": polka_dot, "floral": floral,
    "camouflage": camouflage, "geometric": geometric, "geometric print": geometric, "geometric pattern": geometric, "animal print": animal_print,
    "chevron": chevron, "tie dye": tie_dye, "tie-dye": tie_dye, "color block": colour_block, "marble print": marble,
}  # fmt: skip
"""Values of the pattern keys that are drawn; "solid" and "solid color" are no pattern."""


# Textures: fine structure over a base colour.


def thread(rgb: Rgb, share: float) -> str:
    """A tone of the same hue that stands out from it: brighter on dark, darker on bright."""
    return lighter(rgb, share * 0.8) if brightness(rgb) < 0.35 else darker(rgb, share)


def _denim(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        3.4,
        3.4,
        f'<path d="M-1 4.4L4.4-1" stroke="{lighter(rgb, 0.6)}" stroke-width="1.1" stroke-opacity=".6"/>',
    )


def _knit(c: Canvas, rgb: Rgb) -> str:
    v = '<path d="M0 0L3.5 5L7 0" fill="none" stroke="%s" stroke-width="1.3" stroke-opacity=".4" transform="translate(0 %d)"/>'
    return c.tile(7, 6, v % (darker(rgb, 0.7), 1) + v % (lighter(rgb, 0.6), -1))


def _leather(c: Canvas, rgb: Rgb) -> str:
    grain = "M1 3q2-2 4 0t4-1M7 8q2 2 4 0t3 1M1 11q3-1 4 1M10 2q2 1 3-1"
    return c.tile(
        14,
        13,
        f'<path d="{grain}" fill="none" stroke="{thread(rgb, 0.75)}" stroke-width=".7" stroke-opacity=".2"/>',
    )


def _canvas(c: Canvas, rgb: Rgb) -> str:
    tone = thread(rgb, 0.7)
    return c.tile(
        6,
        6,
        f'<path d="M0 1.5h6M1.5 0v6" stroke="{tone}" stroke-width="1.6" stroke-opacity=".42"/>',
    )


def _upholstery(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        3.6,
        3.6,
        f'<path d="M0 .7h3.6M.7 0v3.6" stroke="{thread(rgb, 0.6)}" stroke-width=".7" stroke-opacity=".28"/>',
    )


def _linen(c: Canvas, rgb: Rgb) -> str:
    slubs = "M0 4h17M24 4h9M6 11h25M0 17h8M20 18h20M4 25h30M38 29h8M3 31h10"
    across = "M5 0v12M14 8v20M23 0v9M30 16v18M38 3v16M43 22v10"
    return c.tile(
        46,
        34,
        f'<path d="{slubs}{across}" stroke="{thread(rgb, 0.6)}" stroke-width="1.2" stroke-opacity=".34"/>',
    )


def _ripstop(c: Canvas, rgb: Rgb) -> str:
    tone = thread(rgb, 0.6)
    return c.tile(
        10, 10, f'<path d="M0 5h10M5 0v10" stroke="{tone}" stroke-width="1" stroke-opacity=".36"/>'
    )


def _corduroy(c: Canvas, rgb: Rgb) -> str:
    bars = f'<rect width="1.8" height="9" fill="{thread(rgb, 0.7)}" fill-opacity=".45"/>'
    return c.tile(
        5, 9, bars + '<rect x="2.6" width="1" height="9" fill="#fff" fill-opacity=".16"/>'
    )


def _quilted(c: Canvas, rgb: Rgb) -> str:
    dark, bright = thread(rgb, 0.65), lighter(rgb, 0.5)
    cross = (
        f'<path d="M0 0L20 20M20 0L0 20" stroke="{dark}" stroke-width="1.4" stroke-opacity=".6"/>'
    )
    lip = f'<path d="M1.5 0L20 18.5" stroke="{bright}" stroke-width="1" stroke-opacity=".5"/>'
    return c.tile(
        20,
        20,
        cross
        + lip
        + '<path d="M10 2L18 10" stroke="#fff" stroke-width="1.4" stroke-opacity=".22"/>',
    )


def _woven(c: Canvas, rgb: Rgb) -> str:
    dark = darker(rgb, 0.6)
    return c.tile(
        10,
        10,
        f'<path d="M0 2.5h5M5 7.5h5M2.5 5v5M7.5 0v5" stroke="{dark}" stroke-width="1.1" stroke-opacity=".55"/><path d="M0 4.5h5M5 9.5h5" stroke="#fff" stroke-width=".8" stroke-opacity=".3"/>',
    )


def _mesh(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        5, 5, f'<circle cx="2.5" cy="2.5" r="1.2" fill="{thread(rgb, 0.7)}" fill-opacity=".5"/>'
    )


def _wood(c: Canvas, rgb: Rgb) -> str:
    grain = "M0 5q25-4 50 0t50-1M0 12q30 4 55 0t45 1M0 19q20-5 48 0t52 0M30 8q10 3 22 0"
    return c.tile(
        100,
        23,
        f'<path d="{grain}" fill="none" stroke="{darker(rgb, 0.6)}" stroke-width="1.2" stroke-opacity=".4"/>',
    )


def _velvet(c: Canvas, rgb: Rgb) -> str:
    return c.radial(
        (0, lighter(rgb, 0.35), 0.5), (1, darker(rgb, 0.4), 0.45), at=(0.4, 0.35), r=0.75
    )


def _gloss(c: Canvas, rgb: Rgb) -> str:
    return c.gradient(
        (0, "#fff", 0),
        (0.18, "#fff", 0.05),
        (0.24, "#fff", 0.5),
        (0.34, "#fff", 0.06),
        (1, "#fff", 0),
        to=(1, 0.5),
    )


def _glitter(c: Canvas, rgb: Rgb) -> str:
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r=".9" fill="#fff" fill-opacity=".8"/>'
        for x, y in ((2, 3), (8, 6), (5, 11), (12, 2), (13, 10))
    )
    return c.tile(15, 13, dots)


TEXTURES = {
    "denim": _denim, "wool": _knit, "knit": _knit, "knitted": _knit, "leather": _leather, "faux leather": _leather,
    "canvas": _canvas, "nylon": _ripstop, "linen": _linen, "fabric": _upholstery, "corduroy": _corduroy, "quilted": _quilted,
    "woven": _woven, "straw": _woven, "rattan": _woven, "mesh": _mesh, "wood": _wood, "solid wood": _wood,
    "bamboo": _wood, "velvet": _velvet, "suede": _velvet, "patent leather": _gloss, "plush": _velvet, "glitter": _glitter,
}  # fmt: skip
"""Values of the material keys whose surface is drawn."""


def stitches(c: Canvas, d: str, rgb: Rgb, opacity: float = 0.7, jeans: bool = False) -> None:
    """A dashed seam, tone on tone; the orange double seam of jeans."""
    if jeans:
        c.line(d, "#dc8f30", 1.7, 0.95, 'stroke-dasharray="3.6 1.8"')
    else:
        c.line(
            d,
            lighter(rgb, 0.45) if brightness(rgb) < 0.6 else darker(rgb, 0.4),
            1,
            opacity,
            'stroke-dasharray="3 2.2"',
        )


def folds(c: Canvas, *paths: str) -> None:
    """Soft dark creases with a bright lip beside them."""
    for d in paths:
        c.line(d, "#000", 3.4, 0.09)
        c.line(d, "#000", 1.2, 0.12)
        c.line(d, "#fff", 1.2, 0.14, 'transform="translate(1.6 -1)"')


def stone(c: Canvas, x: float, y: float, r: float, rgb: Rgb, shape: str = "round") -> None:
    """A cut stone with facets and a sparkle."""
    d = stone_path(x, y, r, shape)
    if c.scale < THUMBNAIL and r * c.scale < FACETS_PX:
        c.shape(d, lighter(rgb, 0.25))
        c.shape(ellipse(x - 0.2 * r, y - 0.25 * r, 0.4 * r, 0.35 * r), lighter(rgb, 0.7))
        c.line(d, darker(rgb, 0.5), max(r * 0.07, 0.7), 0.8)
        return
    c.shape(
        d,
        c.radial(
            (0, lighter(rgb, 0.75), 1),
            (0.3, lighter(rgb, 0.3), 1),
            (0.75, hexa(rgb), 1),
            (1, darker(rgb, 0.25), 1),
            at=(0.4, 0.35),
            r=0.75,
        ),
    )
    c.open(c.clip(d))
    rays = "".join(
        f"M{n(x)} {n(y)}L{n(x + dx * r * 1.5)} {n(y + dy * r * 1.5)}"
        for dx, dy in (
            (1, 0.35),
            (0.35, 1),
            (-0.35, 1),
            (-1, 0.35),
            (-1, -0.4),
            (-0.4, -1),
            (0.4, -1),
            (1, -0.4),
        )
    )
    c.line(rays, "#fff", max(r * 0.05, 0.5), 0.5)
    c.shape(
        f"M{n(x)} {n(y)}L{n(x + r * 1.5)} {n(y + r * 0.5)}L{n(x + r * 0.5)} {n(y + r * 1.5)}Z",
        darker(rgb, 0.5),
        0.28,
    )
    c.shape(
        f"M{n(x)} {n(y)}L{n(x - r * 1.5)} {n(y - r * 0.6)}L{n(x - r * 0.6)} {n(y - r * 1.5)}Z",
        "#fff",
        0.38,
    )
    c.shape(stone_path(x, y, r * 0.48, shape), "#fff", 0.16)
    c.close()
    c.line(d, darker(rgb, 0.5), max(r * 0.07, 0.7), 0.8)


def stone_path(x: float, y: float, r: float, shape: str) -> str:
    """The outline of a cut, centred at (x, y), half as wide as `r` x 2."""

    def at(*points):
        return "M" + "L".join(f"{n(x + px * r)} {n(y + py * r)}" for px, py in points) + "Z"

    if shape in ("princess", "square"):
        return at((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85))
    if shape == "emerald":
        return at(
            (-0.4, -1),
            (0.4, -1),
            (0.7, -0.7),
            (0.7, 0.7),
            (0.4, 1),
            (-0.4, 1),
            (-0.7, 0.7),
            (-0.7, -0.7),
        )
    if shape == "triangle":
        return at((0, -1), (0.95, 0.75), (-0.95, 0.75))
    if shape == "hexagon":
        return at((-0.5, -0.87), (0.5, -0.87), (1, 0), (0.5, 0.87), (-0.5, 0.87), (-1, 0))
    if shape == "marquise":
        return f"M{n(x)} {n(y - 1.2 * r)}Q{n(x + 1.15 * r)} {n(y)} {n(x)} {n(y + 1.2 * r)}Q{n(x - 1.15 * r)} {n(y)} {n(x)} {n(y - 1.2 * r)}Z"
    if shape in ("pear", "drop", "teardrop"):
        return f"M{n(x)} {n(y - 1.2 * r)}C{n(x + 0.45 * r)} {n(y - 0.5 * r)} {n(x + 0.85 * r)} {n(y - 0.1 * r)} {n(x + 0.85 * r)} {n(y + 0.3 * r)}C{n(x + 0.85 * r)} {n(y + 1.2 * r)} {n(x - 0.85 * r)} {n(y + 1.2 * r)} {n(x - 0.85 * r)} {n(y + 0.3 * r)}C{n(x - 0.85 * r)} {n(y - 0.1 * r)} {n(x - 0.45 * r)} {n(y - 0.5 * r)} {n(x)} {n(y - 1.2 * r)}Z"
    if shape == "heart":
        return f"M{n(x)} {n(y + r)}C{n(x - 1.7 * r)} {n(y - 0.1 * r)} {n(x - 0.9 * r)} {n(y - 1.35 * r)} {n(x)} {n(y - 0.45 * r)}C{n(x + 0.9 * r)} {n(y - 1.35 * r)} {n(x + 1.7 * r)} {n(y - 0.1 * r)} {n(x)} {n(y + r)}Z"
    if shape == "oval":
        return ellipse(x, y, 0.75 * r, r)
    if shape == "cushion":
        return f"M{n(x - 0.8 * r)} {n(y - 0.8 * r)}Q{n(x)} {n(y - 1.05 * r)} {n(x + 0.8 * r)} {n(y - 0.8 * r)}Q{n(x + 1.05 * r)} {n(y)} {n(x + 0.8 * r)} {n(y + 0.8 * r)}Q{n(x)} {n(y + 1.05 * r)} {n(x - 0.8 * r)} {n(y + 0.8 * r)}Q{n(x - 1.05 * r)} {n(y)} {n(x - 0.8 * r)} {n(y - 0.8 * r)}Z"
    return ellipse(x, y, r, r)
