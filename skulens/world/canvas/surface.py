"""What covers a shape: colour, pattern, texture and light; seams and creases."""

from skulens.world.canvas.patterns import PATTERNS
from skulens.world.canvas.svg import Canvas
from skulens.world.canvas.textures import TEXTURES
from skulens.world.truth.colours import RGB, Rgb, brightness, darker, hexa, lighter, mix
from skulens.world.truth.look import Look

FLAT, ROUND, TOP = "flat", "round", "top"
"""Light on a shape: a soft slope, a cylinder, from above."""
THUMBNAIL = 0.3
"""Pixels per unit below which light and colour are drawn as one fill (pictures under 77 px)."""


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

    With `on`, the colour with the light on it:
    one opaque fill, which is drawn in half the time of two.
    """
    high = 0.30 if brightness(base) < 0.25 else 0.22
    low = 0.16 if brightness(base) > 0.75 else 0.26
    to = (1, 0)
    stops: tuple[tuple[float, int, float], ...]  # offset, tone of grey, opacity
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
        (0, darker(rgb, 0.35), 1), (0.2, hexa(rgb), 1), (0.36, lighter(rgb, 0.58), 1),
        (0.5, hexa(rgb), 1),
        (0.72, darker(rgb, 0.28), 1), (0.88, lighter(rgb, 0.35), 1), (1, darker(rgb, 0.4), 1),
        to=to,
    )  # fmt: skip


METALS = {
    "gold-tone": RGB["gold"], "silver-tone": RGB["silver"], "matte black": (44, 44, 48),
    "antique brass": (150, 112, 58), "rose gold": RGB["rose gold"],
}  # fmt: skip


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
