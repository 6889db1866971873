"""Rings, necklaces, earrings and bracelets: metal and stones, on a card or a cushion."""

import math

from skulens.catalog.world.colours import Rgb, darker, hexa, lighter
from skulens.catalog.world.config import turn
from skulens.catalog.world.surface import Look, metal, stone, stone_path
from skulens.catalog.world.svg import Canvas, ellipse, rounded

STONES: dict[str, Rgb] = {
    "cubic zirconia": (226, 236, 244), "pearl": (244, 236, 226), "ruby": (196, 22, 52), "sapphire": (30, 62, 170),
    "emerald": (18, 130, 80),
}  # fmt: skip
METAL: dict[str, Rgb] = {"white gold": (204, 208, 214), "yellow gold": (222, 178, 66), "rose gold": (222, 158, 138)}


def gold(c: Canvas, look: Look, brand: str) -> None:
    rgb, gem = look.base, STONES[look.get("stone type")]
    kind = look.get("product type")
    def jewel(x, y, r):
        ornament(c, look, rgb, gem, x, y, r)

    if kind == "ring":
        band(c, look, rgb)
        jewel(0, -56, 25)
    elif kind == "necklace":
        chain(c, look, rgb, "M-84 -92Q-74 30 0 40Q74 30 84 -92")
        c.line(ellipse(0, 42, 5, 5), hexa(rgb), 3)
        jewel(0, 68, 25)
    elif kind == "earrings":
        for s in (-1, 1):
            c.line(f"M{44 * s} -18Q{40 * s} -70 {56 * s} -62", darker(rgb, 0.35), 3.2)
            chain(c, look, rgb, f"M{44 * s} -22L{44 * s} 10")
            jewel(44 * s, 36, 27)
    elif kind == "bangle":
        bangle(c, look, rgb)
        jewel(0, 62, 20)
    else:
        chain(c, look, rgb, ellipse(0, -4, 84, 58))
        jewel(0, 56, 21)
        c.shape(rounded(-9, -67, 18, 9, 3), metal(c, rgb), extra=f'stroke="{darker(rgb, .5)}" stroke-width=".8"')
    tag(c, brand)


def tag(c: Canvas, brand: str) -> None:
    """A small paper tag with the brand's name."""
    c.shape("M58 82L96 82L96 98L58 98L52 90Z", "#fbf8ef", extra='stroke="#8d8472" stroke-width="1"')
    c.shape(ellipse(58, 90, 1.6, 1.6), "#8d8472")
    c.text(brand, 78, 93, 8, "#4a4335", 32)


def ornament(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, x: float, y: float, r: float) -> None:
    """A plate of the SPU's shape with a stone in its middle."""
    shape = look.get("shape")
    d = clover(x, y, r) if shape == "clover" else stone_path(x, y, r, shape)
    c.shape(d, metal(c, rgb, (1, 1)), extra=f'stroke="{darker(rgb, .5)}" stroke-width="1.2"')
    c.line(d, lighter(rgb, 0.7), 1, 0.7)
    if look.get("design") == "beaded":
        c.line(d, lighter(rgb, 0.5), 4, 1, 'stroke-dasharray=".1 5"')
    elif look.get("design") == "textured":
        c.shape(d, c.tile(5, 5, f'<path d="M0 5L5 0" stroke="{darker(rgb, .5)}" stroke-width="1"/>'), 0.7)
    gem_at(c, look, gem, x, y + (0.15 * r if shape in ("drop", "heart") else 0), r * 0.5)


def gem_at(c: Canvas, look: Look, gem: Rgb, x: float, y: float, r: float) -> None:
    if look.get("stone type") == "pearl":
        c.shape(ellipse(x, y, r, r), c.radial((0, "#fff", 1), (0.5, hexa(gem), 1), (1, "#b8a894", 1), at=(0.36, 0.32), r=0.75), extra='stroke="#8f8068" stroke-width=".8"')
    else:
        stone(c, x, y, r, gem)


def clover(x: float, y: float, r: float) -> str:
    return "".join(ellipse(x + dx * r * 0.48, y + dy * r * 0.48, r * 0.55, r * 0.55) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))


def chain(c: Canvas, look: Look, rgb: Rgb, d: str) -> None:
    style = look.get("design") or look.pick("chain", ("chain", "minimal"))
    if style == "beaded":
        c.line(d, darker(rgb, 0.45), 7.6, 1, 'stroke-dasharray=".1 8"')
        c.line(d, hexa(rgb), 6, 1, 'stroke-dasharray=".1 8"')
        c.line(d, "#fff", 2, 0.8, 'stroke-dasharray=".1 8" transform="translate(-1 -1)"')
    elif style == "chain":
        c.line(d, darker(rgb, 0.5), 7, 1, 'stroke-dasharray="7 4" style="stroke-linecap:butt"')
        c.line(d, hexa(rgb), 5.4, 1, 'stroke-dasharray="6 5" style="stroke-linecap:butt"')
        c.line(d, hexa(rgb), 3)
        c.line(d, lighter(rgb, 0.75), 1.2, 0.9, 'stroke-dasharray="4 7"')
    else:
        width = 3 if style == "minimal" else 6
        c.line(d, darker(rgb, 0.45), width + 1.4)
        c.line(d, hexa(rgb), width)
        c.line(d, lighter(rgb, 0.75), width * 0.35, 0.9, 'stroke-dasharray="14 9"' if style == "minimal" else 'stroke-dasharray="2 3"')


def band(c: Canvas, look: Look, rgb: Rgb, width: float = 0) -> None:
    """A ring's hoop."""
    width = width or look.vary("band", 9, 15)
    hoop = ellipse(0, 20, 58, 60)
    c.line(hoop, darker(rgb, 0.5), width + 2)
    c.line(hoop, metal(c, rgb, (1, 1)), width)
    c.line("M-52 0Q-58 50 -18 74", lighter(rgb, 0.8), width * 0.25, 0.9)
    c.line("M50 6Q56 46 22 72", "#fff", width * 0.2, 0.6)
    if look.get("design") == "textured":
        c.line(hoop, darker(rgb, 0.4), width * 0.8, 0.5, 'stroke-dasharray="1.5 4" style="stroke-linecap:butt"')
    elif look.get("design") == "beaded":
        c.line(hoop, lighter(rgb, 0.4), width * 0.5, 1, 'stroke-dasharray=".1 8"')
    elif look.get("design") == "chain":
        c.line(hoop, darker(rgb, 0.4), width * 0.5, 0.7, 'stroke-dasharray="6 5" style="stroke-linecap:butt"')


def bangle(c: Canvas, look: Look, rgb: Rgb) -> None:
    c.line(ellipse(0, -4, 82, 66), darker(rgb, 0.5), 19)
    c.line(ellipse(0, -4, 82, 66), metal(c, rgb, (1, 1)), 17)
    c.line(ellipse(0, -4, 75, 59), darker(rgb, 0.45), 2, 0.7)
    if look.get("design") in ("textured", "chain"):
        c.line(ellipse(0, -4, 82, 66), darker(rgb, 0.4), 10, 0.5, 'stroke-dasharray="2 5" style="stroke-linecap:butt"')
    elif look.get("design") == "beaded":
        c.line(ellipse(0, -4, 82, 66), lighter(rgb, 0.5), 7, 1, 'stroke-dasharray=".1 11"')
    c.line("M-78 -20Q-66 -66 -14 -70", lighter(rgb, 0.85), 3.4, 0.9)


def diamond(c: Canvas, look: Look, brand: str) -> None:
    rgb, gem, cut = METAL[look.get("metal material")], look.base, look.get("diamond shape")
    kind = look.get("product type")
    if kind == "ring":
        band(c, look, rgb, look.vary("band", 7, 11))
        if look.get("setting style") == "pave":
            for angle in range(-150, -29, 15):
                cos, sin = turn(angle)
                stone(c, 58 * cos, 20 + 60 * sin, 4.2, gem)
        setting(c, look, rgb, gem, cut, 0, -50, 33)
    elif kind == "stud earrings":
        for s in (-1, 1):
            c.line(f"M{44 * s} 0L{62 * s} -22", darker(rgb, 0.3), 3.4)
            setting(c, look, rgb, gem, cut, 44 * s, 4, 32)
    elif kind == "pendant necklace":
        chain(c, look, rgb, "M-84 -94Q-70 10 0 14Q70 10 84 -94")
        c.line(ellipse(0, 18, 5, 6), hexa(rgb), 3)
        setting(c, look, rgb, gem, cut, 0, 54, 33)
    else:
        c.line(ellipse(0, 0, 80, 58), darker(rgb, 0.45), 27)
        c.line(ellipse(0, 0, 80, 58), hexa(rgb), 25)
        for angle in range(0, 360, 20):
            cos, sin = turn(angle + 10)
            setting(c, look, rgb, gem, cut, 80 * cos, 58 * sin, 11)
    tag(c, brand)


def setting(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, cut: str, x: float, y: float, r: float) -> None:
    """One stone in its mount: prongs, a bezel, or a halo of small stones."""
    style = look.get("setting style")
    if style == "halo":
        r *= 0.74
        count = 16 if r > 12 else 8
        for i in range(count):
            cos, sin = turn(360 * i / count)
            stone(c, x + cos * r * 1.32, y + sin * r * 1.36, r * 0.24, (228, 236, 243))
    elif style == "bezel":
        c.shape(stone_path(x, y, r * 1.14, cut), metal(c, rgb, (1, 1)), extra=f'stroke="{darker(rgb, .5)}" stroke-width="1"')
        r *= 0.92
    stone(c, x, y, r, gem, cut)
    if style != "bezel":
        for angle in (45, 135, 225, 315):
            cos, sin = math.copysign(0.72, turn(angle)[0]), math.copysign(0.72, turn(angle)[1])
            c.shape(ellipse(x + cos * r, y + sin * r, max(r * 0.11, 1.4), max(r * 0.11, 1.4)), hexa(rgb), extra=f'stroke="{darker(rgb, .5)}" stroke-width=".7"')
