"""Rings, necklaces, earrings and bracelets: metal and stones.

From behind one sees the back of the setting, the clasp and a hallmark; from the side a stone's
height above its plate.
"""

import math

from skulens.world.canvas.stones import stone, stone_path
from skulens.world.canvas.surface import metal
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.config import turn
from skulens.world.truth.colours import Rgb, darker, hexa, lighter
from skulens.world.truth.look import Look

STONES: dict[str, Rgb] = {
    "cubic zirconia": (226, 236, 244), "pearl": (244, 236, 226), "ruby": (196, 22, 52), "sapphire": (30, 62, 170),
    "emerald": (18, 130, 80),
}  # fmt: skip
METAL: dict[str, Rgb] = {
    "white gold": (204, 208, 214),
    "yellow gold": (222, 178, 66),
    "rose gold": (222, 158, 138),
}
HALLMARKS = {
    "24k": "999",
    "18k": "750",
    "14k": "585",
    "10k": "417",
    "gold plated": "GP",
    "gold filled": "GF",
}
"""What is stamped for a purity: parts of gold in 1000, or how the gold was put on."""


def gold(c: Canvas, look: Look, brand: str) -> None:
    if look.face != "front":
        gold_turned(c, look)
        tag(c, "")
        return
    rgb, kind = look.base, look.get("product type")

    def jewel(x, y, r):
        ornament(c, look, rgb, STONES[look.get("stone type")], x, y, r)

    if kind == "ring":
        band(c, look, rgb)
        jewel(0, -56, 25)
    elif kind == "necklace":
        chain(c, look, rgb, "M-84 -92Q-74 30 0 40Q74 30 84 -92")
        c.line(ellipse(0, 42, 5, 5), hexa(rgb), 3)
        jewel(0, 68, 25)
    elif kind == "earrings":
        for s in (-1, 1):
            earring(c, look, rgb, s)
    elif kind == "bangle":
        bangle(c, look, rgb)
        jewel(0, 62, 20)
    else:
        chain(c, look, rgb, ellipse(0, -4, 84, 58))
        jewel(0, 56, 21)
        c.shape(
            rounded(-9, -67, 18, 9, 3),
            metal(c, rgb),
            extra=f'stroke="{darker(rgb, 0.5)}" stroke-width=".8"',
        )
    tag(c, brand)


def earring(c: Canvas, look: Look, rgb: Rgb, s: int) -> None:
    """One hook, chain and ornament of a pair of gold earrings."""
    c.line(f"M{44 * s} -18Q{40 * s} -70 {56 * s} -62", darker(rgb, 0.35), 3.2)
    chain(c, look, rgb, f"M{44 * s} -22L{44 * s} 10")
    ornament(c, look, rgb, STONES[look.get("stone type")], 44 * s, 36, 27)


def gold_turned(c: Canvas, look: Look) -> None:
    """Gold from behind or from the side."""
    rgb, kind, back = look.base, look.get("product type"), look.face == "back"
    gem, stamp = STONES[look.get("stone type")], HALLMARKS[look.get("purity")]

    def jewel(x, y, r, turned=0):
        if back:
            plate_back(c, look, rgb, gem, x, y, r)
        else:
            c.open(f'transform="translate({x} {y}) rotate({turned})"')
            plate_side(c, look, rgb, gem, r)
            c.close()

    if kind == "ring":
        if back:
            jewel(0, -34, 25)
            lying_hoop(c, look, rgb, 64, 30, 26, stamp)
        else:
            standing_hoop(c, look, rgb, 26)
            jewel(0, -45, 25)
    elif kind == "bangle":
        if back:
            jewel(0, -44, 20)
            lying_hoop(c, look, rgb, 86, 44, 26, stamp)
        else:
            standing_hoop(c, look, rgb, 30, 78)
            jewel(0, -60, 20)
    elif kind == "necklace":
        if back:
            closed_chain(c, look, rgb)
            c.line(ellipse(0, 42, 5, 5), hexa(rgb), 3)
            jewel(0, 68, 25)
            hallmark(c, rgb, stamp, 0, 66 if look.get("shape") == "drop" else 62)
        else:
            coiled_chain(c, look, rgb)
            jewel(-62, 58, 25, -66)
    elif kind == "earrings":
        for s in (-1, 1):
            bend = 16 if back else 0
            c.line(
                f"M{44 * s} -18Q{(44 + bend - 4) * s} -72 {(34 - bend) * s} -62"
                + ("" if back else f"Q{24 * s} -44 {30 * s} -20"),
                darker(rgb, 0.35),
                3.2,
            )
            chain(c, look, rgb, f"M{44 * s} -22L{44 * s} 10")
            jewel(44 * s, 36, 27, 90 * s)
            if back:
                hallmark(
                    c, rgb, stamp, 44 * s, 36 if look.get("shape") in ("drop", "heart") else 30
                )
    elif back:
        chain(c, look, rgb, ellipse(0, -4, 84, 58))
        jewel(0, -60, 15)
        clasp(c, rgb, 0, 54)
        hallmark(c, rgb, stamp, -33, 62, plate=True)
    else:
        chain(c, look, rgb, ellipse(0, 6, 88, 24))
        clasp(c, rgb, 0, -18, 0.7)
        jewel(0, 30, 21, 180)


def tag(c: Canvas, brand: str) -> None:
    """A small paper tag with the brand's name."""
    c.shape("M58 82L96 82L96 98L58 98L52 90Z", "#fbf8ef", extra='stroke="#8d8472" stroke-width="1"')
    c.shape(ellipse(58, 90, 1.6, 1.6), "#8d8472")
    c.text(brand, 78, 93, 8, "#4a4335", 32)


# Turned pieces, in the order of the hand: hoops, chains, clasps, plates.


def engraving(c: Canvas, look: Look, rgb: Rgb, d: str, wide: float) -> None:
    """The design of a hoop, along its middle line `d`."""
    if look.get("design") == "textured":
        c.line(
            d,
            darker(rgb, 0.4),
            wide * 0.8,
            0.5,
            'stroke-dasharray="1.5 4" style="stroke-linecap:butt"',
        )
    elif look.get("design") == "beaded":
        c.line(d, lighter(rgb, 0.45), 7, 1, 'stroke-dasharray=".1 10"')
    elif look.get("design") == "chain":
        c.line(d, darker(rgb, 0.4), 8, 0.7, 'stroke-dasharray="6 5" style="stroke-linecap:butt"')


def lying_hoop(
    c: Canvas, look: Look, rgb: Rgb, rx: float, ry: float, high: float, stamp: str = ""
) -> None:
    """A ring on the table seen from behind and above: the inside of its far wall bears the hallmark."""
    y, edge = 16, darker(rgb, 0.5)
    inside = (
        f"M{-rx} {y}A{rx} {ry} 0 0 1 {rx} {y}L{rx} {y + high}A{rx} {ry} 0 0 0 {-rx} {y + high}Z"
    )
    c.shape(inside, metal(c, rgb), extra=f'stroke="{edge}" stroke-width="1.2"')
    c.shape(inside, c.gradient((0, "#000", 0.34), (0.5, "#fff", 0.2), (1, "#000", 0.34)))
    if stamp:
        hallmark(c, rgb, stamp, 0, y - ry + high * 0.78, high * 0.62)
    outside = (
        f"M{-rx} {y}A{rx} {ry} 0 0 0 {rx} {y}L{rx} {y + high}A{rx} {ry} 0 0 1 {-rx} {y + high}Z"
    )
    c.shape(outside, metal(c, rgb), extra=f'stroke="{edge}" stroke-width="1.2"')
    c.open(c.clip(outside))
    engraving(c, look, rgb, f"M{-rx} {y + high / 2}A{rx} {ry} 0 0 0 {rx} {y + high / 2}", high)
    c.close()
    c.line(ellipse(0, y, rx, ry), edge, 4.6)
    c.line(ellipse(0, y, rx, ry), lighter(rgb, 0.35), 2.8)


def standing_hoop(c: Canvas, look: Look, rgb: Rgb, wide: float, ry: float = 62) -> None:
    """A standing ring three quarters turned: its outside at the left, its inside at the right."""
    rx, y, half, edge = 24, 22, wide / 2, darker(rgb, 0.5)
    inside = f"M{-half} {y - ry}A{rx} {ry} 0 0 1 {-half} {y + ry}L{half} {y + ry}A{rx} {ry} 0 0 0 {half} {y - ry}Z"
    c.shape(inside, metal(c, rgb, (0, 1)), extra=f'stroke="{edge}" stroke-width="1.2"')
    c.shape(inside, c.gradient((0, "#000", 0.5), (1, "#000", 0.1)))
    outside = f"M{-half} {y - ry}A{rx} {ry} 0 0 0 {-half} {y + ry}L{half} {y + ry}A{rx} {ry} 0 0 1 {half} {y - ry}Z"
    c.shape(outside, metal(c, rgb, (0, 1)), extra=f'stroke="{edge}" stroke-width="1.2"')
    c.open(c.clip(outside))
    engraving(c, look, rgb, f"M0 {y - ry}A{rx} {ry} 0 0 0 0 {y + ry}", wide)
    c.close()
    c.line(ellipse(half, y, rx, ry), edge, 4.6)
    c.line(ellipse(half, y, rx, ry), lighter(rgb, 0.35), 2.8)


def hallmark(
    c: Canvas, rgb: Rgb, stamp: str, x: float, y: float, size: float = 13, plate: bool = False
) -> None:
    """The stamp of the metal's fineness, sunk into it, or on a small plate beside a clasp."""
    if plate:
        c.shape(
            rounded(x - 15, y - 11, 30, 15, 7),
            metal(c, rgb, (0, 1)),
            extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1"',
        )
    c.text(stamp, x, y + 1, size, lighter(rgb, 0.7), field=None)
    c.text(stamp, x, y, size, darker(rgb, 0.72), field="purity")


def closed_chain(c: Canvas, look: Look, rgb: Rgb) -> None:
    """A necklace with its clasp, which lies in the neck when worn."""
    chain(c, look, rgb, "M0 -92Q-92 -94 -82 -30Q-66 32 0 40Q66 32 82 -30Q92 -94 0 -92")
    clasp(c, rgb, 0, -92)


def coiled_chain(c: Canvas, look: Look, rgb: Rgb) -> None:
    """A necklace laid down in curves."""
    chain(c, look, rgb, "M80 -70C20 -98 -74 -80 -66 -44S78 -40 80 -4S-60 -22 -70 6S-40 40 -50 48")
    clasp(c, rgb, 72, -72)


def clasp(c: Canvas, rgb: Rgb, x: float, y: float, scale: float = 1) -> None:
    """A lobster clasp and its ring."""
    c.open(f'transform="translate({x} {y}) scale({scale})"')
    edge = f'stroke="{darker(rgb, 0.5)}" stroke-width="1"'
    c.line(ellipse(15, 0, 6, 6), darker(rgb, 0.45), 4)
    c.line(ellipse(15, 0, 6, 6), lighter(rgb, 0.2), 2.2)
    c.shape(
        "M-20 0Q-18 -9 -4 -9Q10 -10 11 -1Q10 7 4 6L4 1Q4 -3 -4 -2Q-8 8 -16 6Z",
        metal(c, rgb, (0, 1)),
        extra=edge,
    )
    c.shape(rounded(-12, -12, 7, 4, 1.5), lighter(rgb, 0.3), extra=edge)
    c.line(ellipse(-22, 0, 4, 4), darker(rgb, 0.35), 2.4)
    c.close()


def plate_back(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, x: float, y: float, r: float) -> None:
    """The ornament from behind: plain metal with the opening that lets light into the stone."""
    shape = look.get("shape")
    d = clover(x, y, r) if shape == "clover" else stone_path(x, y, r, shape)
    c.shape(d, metal(c, rgb, (1, 0.4)), extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1.2"')
    c.shape(d, "#000", 0.1)
    c.line(d, darker(rgb, 0.35), 3, 0.5)
    low = y + r * 0.52
    c.shape(
        ellipse(x, low, r * 0.24, r * 0.24),
        darker(gem, 0.25),
        extra=f'stroke="{darker(rgb, 0.55)}" stroke-width="1.6"',
    )
    c.shape(ellipse(x - r * 0.07, low - r * 0.07, r * 0.07, r * 0.07), "#fff", 0.8)


def plate_side(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, r: float) -> None:
    """The ornament in profile on the origin, its stone pointing up."""
    edge = f'stroke="{darker(rgb, 0.5)}" stroke-width="1"'
    tall = {"beaded": 12, "textured": 9}.get(look.get("design"), 7)
    c.shape(rounded(-r, -tall / 2, 2 * r, tall, 3), metal(c, rgb), extra=edge)
    if look.get("design") == "beaded":
        c.line(f"M{-r + 3} 0H{r - 3}", lighter(rgb, 0.5), 4, 1, 'stroke-dasharray=".1 5"')
    half = r * 0.5
    c.shape(
        f"M{-half - 2} {-tall / 2}L{-half - 3} -9H{half + 3}L{half + 2} {-tall / 2}Z",
        metal(c, rgb),
        extra=edge,
    )
    if look.get("stone type") == "pearl":
        gem_at(c, look, gem, 0, -10 - half * 0.55, half)
    else:
        c.shape(
            f"M{-half} -9Q{-half} {-11 - half * 0.7:.1f} 0 {-11 - half * 0.9:.1f}Q{half} {-11 - half * 0.7:.1f} {half} -9Z",
            c.gradient(
                (0, darker(gem, 0.3), 1),
                (0.35, lighter(gem, 0.6), 1),
                (0.6, hexa(gem), 1),
                (1, darker(gem, 0.4), 1),
            ),
            extra=f'stroke="{darker(gem, 0.5)}" stroke-width="1"',
        )
        c.line(
            f"M{-half * 0.5} -10L{-half * 0.25} {-10 - half * 0.8:.1f}M{half * 0.5} -10L{half * 0.25} {-10 - half * 0.8:.1f}",
            "#fff",
            1,
            0.5,
        )
    for s in (-1, 1):
        c.line(f"M{(half + 1) * s} -8L{(half - 1) * s} -15", darker(rgb, 0.3), 2.4)


def ornament(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, x: float, y: float, r: float) -> None:
    """A plate of the SPU's shape with a stone in its middle."""
    shape = look.get("shape")
    d = clover(x, y, r) if shape == "clover" else stone_path(x, y, r, shape)
    c.shape(d, metal(c, rgb, (1, 1)), extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1.2"')
    c.line(d, lighter(rgb, 0.7), 1, 0.7)
    if look.get("design") == "beaded":
        c.line(d, lighter(rgb, 0.5), 4, 1, 'stroke-dasharray=".1 5"')
    elif look.get("design") == "textured":
        c.shape(
            d,
            c.tile(5, 5, f'<path d="M0 5L5 0" stroke="{darker(rgb, 0.5)}" stroke-width="1"/>'),
            0.7,
        )
    gem_at(c, look, gem, x, y + (0.15 * r if shape in ("drop", "heart") else 0), r * 0.5)


def gem_at(c: Canvas, look: Look, gem: Rgb, x: float, y: float, r: float) -> None:
    if look.get("stone type") == "pearl":
        c.shape(
            ellipse(x, y, r, r),
            c.radial(
                (0, "#fff", 1), (0.5, hexa(gem), 1), (1, "#b8a894", 1), at=(0.36, 0.32), r=0.75
            ),
            extra='stroke="#8f8068" stroke-width=".8"',
        )
    else:
        stone(c, x, y, r, gem)


def clover(x: float, y: float, r: float) -> str:
    return "".join(
        ellipse(x + dx * r * 0.48, y + dy * r * 0.48, r * 0.55, r * 0.55)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    )


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
        c.line(
            d,
            lighter(rgb, 0.75),
            width * 0.35,
            0.9,
            'stroke-dasharray="14 9"' if style == "minimal" else 'stroke-dasharray="2 3"',
        )


def band(c: Canvas, look: Look, rgb: Rgb, width: float = 0) -> None:
    """A ring's hoop."""
    width = width or look.vary("band", 9, 15)
    hoop = ellipse(0, 20, 58, 60)
    c.line(hoop, darker(rgb, 0.5), width + 2)
    c.line(hoop, metal(c, rgb, (1, 1)), width)
    c.line("M-52 0Q-58 50 -18 74", lighter(rgb, 0.8), width * 0.25, 0.9)
    c.line("M50 6Q56 46 22 72", "#fff", width * 0.2, 0.6)
    if look.get("design") == "textured":
        c.line(
            hoop,
            darker(rgb, 0.4),
            width * 0.8,
            0.5,
            'stroke-dasharray="1.5 4" style="stroke-linecap:butt"',
        )
    elif look.get("design") == "beaded":
        c.line(hoop, lighter(rgb, 0.4), width * 0.5, 1, 'stroke-dasharray=".1 8"')
    elif look.get("design") == "chain":
        c.line(
            hoop,
            darker(rgb, 0.4),
            width * 0.5,
            0.7,
            'stroke-dasharray="6 5" style="stroke-linecap:butt"',
        )


def bangle(c: Canvas, look: Look, rgb: Rgb) -> None:
    c.line(ellipse(0, -4, 82, 66), darker(rgb, 0.5), 19)
    c.line(ellipse(0, -4, 82, 66), metal(c, rgb, (1, 1)), 17)
    c.line(ellipse(0, -4, 75, 59), darker(rgb, 0.45), 2, 0.7)
    if look.get("design") in ("textured", "chain"):
        c.line(
            ellipse(0, -4, 82, 66),
            darker(rgb, 0.4),
            10,
            0.5,
            'stroke-dasharray="2 5" style="stroke-linecap:butt"',
        )
    elif look.get("design") == "beaded":
        c.line(ellipse(0, -4, 82, 66), lighter(rgb, 0.5), 7, 1, 'stroke-dasharray=".1 11"')
    c.line("M-78 -20Q-66 -66 -14 -70", lighter(rgb, 0.85), 3.4, 0.9)


def diamond(c: Canvas, look: Look, brand: str) -> None:
    if look.face != "front":
        diamond_turned(c, look)
        tag(c, "")
        return
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


def diamond_turned(c: Canvas, look: Look) -> None:
    """Diamonds from behind, where the mount is open, or from the side, where they show crown and point."""
    rgb, gem, cut = METAL[look.get("metal material")], look.base, look.get("diamond shape")
    kind, back = look.get("product type"), look.face == "back"
    if kind == "ring":
        if back:
            mount_back(c, look, rgb, gem, cut, 0, -44, 33)
            lying_hoop(c, look, rgb, 64, 30, 20)
        else:
            standing_hoop(c, look, rgb, 20)
            if look.get("setting style") == "pave":
                for angle in range(188, 262, 12):
                    cos, sin = turn(angle)
                    stone(c, 24 * cos, 22 + 62 * sin, 4.2, gem)
            mount_side(c, look, rgb, gem, 0, -46, 33)
    elif kind == "stud earrings":
        for s in (-1, 1):
            if back:
                mount_back(c, look, rgb, gem, cut, 44 * s, 4, 32)
                butterfly(c, rgb, 44 * s, 4)
            else:
                c.open(f'transform="translate({6 * s - 28} {46 * s}) rotate(-90)"')
                c.line("M0 12V92", darker(rgb, 0.35), 4.4)
                c.line("M-1 12V92", lighter(rgb, 0.4), 1.6)
                mount_side(c, look, rgb, gem, 0, 0, 32)
                c.shape(
                    "M-16 74Q-24 62 -12 60H12Q24 62 16 74Q8 80 0 72Q-8 80 -16 74Z",
                    metal(c, rgb),
                    extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1"',
                )
                c.close()
    elif kind == "pendant necklace":
        if back:
            chain(c, look, rgb, "M0 -94Q-92 -96 -80 -46Q-60 8 0 14Q60 8 80 -46Q92 -96 0 -94")
            clasp(c, rgb, 0, -94)
            c.line(ellipse(0, 18, 5, 6), hexa(rgb), 3)
            mount_back(c, look, rgb, gem, cut, 0, 54, 33)
        else:
            coiled_chain(c, look, rgb)
            c.open('transform="translate(-56 58) rotate(-60)"')
            mount_side(c, look, rgb, gem, 0, 0, 31)
            c.close()
    else:
        tennis_turned(c, look, rgb, gem, cut, back)


def tennis_turned(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, cut: str, back: bool) -> None:
    ry = 58 if back else 26
    c.line(ellipse(0, 0, 80, ry), darker(rgb, 0.45), 27 if back else 17)
    c.line(ellipse(0, 0, 80, ry), hexa(rgb), 25 if back else 15)
    for angle in range(0, 360, 20):
        cos, sin = turn(angle + 10)
        x, y = 80 * cos, ry * sin
        if back:
            mount_back(c, look, rgb, gem, cut, x, y, 11)
        else:
            mount_side(c, look, rgb, gem, x, y + 2, 11 if sin > 0 else 9)
    c.shape(
        rounded(-16, ry - 11, 32, 22, 4),
        metal(c, rgb, (0, 1)),
        extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1"',
    )
    c.line(f"M4 {ry - 11}V{ry + 11}", darker(rgb, 0.5), 1.2)
    c.line(f"M-10 {ry + 11}Q0 {ry + 20} 10 {ry + 11}", darker(rgb, 0.35), 2.4)


def butterfly(c: Canvas, rgb: Rgb, x: float, y: float) -> None:
    """The nut that holds a stud, from behind."""
    edge = f'stroke="{darker(rgb, 0.5)}" stroke-width="1"'
    for s in (-1, 1):
        c.shape(
            f"M{x} {y - 6}Q{x + 8 * s} {y - 18} {x + 19 * s} {y - 11}Q{x + 25 * s} {y} {x + 19 * s} {y + 11}Q{x + 8 * s} {y + 18} {x} {y + 6}Z",
            metal(c, rgb, (0, 1)),
            extra=edge,
        )
        c.line(ellipse(x + 14 * s, y, 4.5, 5.5), darker(rgb, 0.45), 1.6)
    c.shape(ellipse(x, y, 4.4, 4.4), lighter(rgb, 0.4), extra=edge)
    c.shape(ellipse(x, y, 1.8, 1.8), darker(rgb, 0.6))


def mount_back(
    c: Canvas, look: Look, rgb: Rgb, gem: Rgb, cut: str, x: float, y: float, r: float
) -> None:
    """A stone from below: the facets of its point behind the cross of the mount."""
    style, edge = look.get("setting style"), darker(rgb, 0.5)
    if style == "halo":
        r *= 0.74
        for grow, tone in ((1.56, edge), (1.5, hexa(rgb))):
            c.shape(
                stone_path(x, y, r * grow, cut if cut in ("oval", "round", "cushion") else "round"),
                tone,
            )
        count = 16 if r > 12 else 8
        for i in range(count):
            cos, sin = turn(360 * i / count)
            c.shape(
                ellipse(x + cos * r * 1.28, y + sin * r * 1.28, r * 0.12, r * 0.12),
                darker(rgb, 0.6),
            )
    d = stone_path(x, y, r, cut)
    c.shape(d, c.radial((0, darker(gem, 0.3), 1), (0.6, hexa(gem), 1), (1, lighter(gem, 0.35), 1)))
    c.open(c.clip(d))
    for i in range(8):
        cos, sin = turn(45 * i + 20)
        c.line(
            f"M{n(x)} {n(y)}L{n(x + cos * r * 1.6)} {n(y + sin * r * 1.6)}",
            "#fff" if i % 2 else darker(gem, 0.55),
            max(r * 0.05, 0.5),
            0.55,
        )
    c.close()
    if style == "bezel":
        c.line(d, edge, r * 0.34 + 1.6)
        c.line(d, metal(c, rgb, (1, 1)), r * 0.34)
    else:
        reach = r * 0.74
        c.line(
            f"M{n(x - reach)} {n(y - reach)}L{n(x + reach)} {n(y + reach)}M{n(x + reach)} {n(y - reach)}L{n(x - reach)} {n(y + reach)}",
            edge,
            r * 0.2 + 1.4,
        )
        c.line(
            f"M{n(x - reach)} {n(y - reach)}L{n(x + reach)} {n(y + reach)}M{n(x + reach)} {n(y - reach)}L{n(x - reach)} {n(y + reach)}",
            lighter(rgb, 0.2),
            r * 0.2,
        )
    c.line(ellipse(x, y, r * 0.42, r * 0.42), edge, r * 0.17 + 1.2)
    c.line(ellipse(x, y, r * 0.42, r * 0.42), hexa(rgb), r * 0.17)


def mount_side(c: Canvas, look: Look, rgb: Rgb, gem: Rgb, x: float, y: float, r: float) -> None:
    """A stone in profile: table, crown, girdle at `y` - r / 3 and the point in its mount."""
    style, edge = look.get("setting style"), darker(rgb, 0.5)
    wide = r * (0.72 if style == "halo" else 0.9)
    top, girdle, point = y - r * 0.72, y - r * 0.34, y + r * 0.55
    crown = f"M{n(x - wide * 0.58)} {n(top)}H{n(x + wide * 0.58)}L{n(x + wide)} {n(girdle)}H{n(x - wide)}Z"
    below = f"M{n(x - wide)} {n(girdle)}H{n(x + wide)}L{n(x)} {n(point)}Z"
    c.shape(
        below,
        c.gradient(
            (0, darker(gem, 0.25), 1),
            (0.4, lighter(gem, 0.45), 1),
            (0.55, hexa(gem), 1),
            (1, darker(gem, 0.35), 1),
        ),
        extra=f'stroke="{darker(gem, 0.5)}" stroke-width="{n(max(r * 0.04, 0.6))}"',
    )
    c.shape(
        crown,
        c.gradient((0, lighter(gem, 0.2), 1), (0.35, lighter(gem, 0.8), 1), (1, hexa(gem), 1)),
        extra=f'stroke="{darker(gem, 0.5)}" stroke-width="{n(max(r * 0.04, 0.6))}"',
    )
    facets = f"M{n(x - wide * 0.34)} {n(girdle)}L{n(x)} {n(point)}L{n(x + wide * 0.34)} {n(girdle)}L{n(x + wide * 0.16)} {n(top)}M{n(x - wide * 0.34)} {n(girdle)}L{n(x - wide * 0.16)} {n(top)}"
    c.line(facets, "#fff", max(r * 0.04, 0.5), 0.7)
    c.line(facets, darker(gem, 0.5), max(r * 0.025, 0.4), 0.4, 'transform="translate(1 0)"')
    if style == "halo":
        c.line(f"M{n(x - r * 1.05)} {n(girdle + r * 0.12)}H{n(x + r * 1.05)}", edge, r * 0.26)
        for i in range(-3, 4):
            stone(c, x + i * r * 0.32, girdle + r * 0.06, r * 0.15, (228, 236, 243))
    if style == "bezel":
        cup = f"M{n(x - wide - r * 0.1)} {n(girdle - r * 0.12)}H{n(x + wide + r * 0.1)}L{n(x + wide * 0.9)} {n(girdle + r * 0.3)}L{n(x + r * 0.2)} {n(point + r * 0.1)}H{n(x - r * 0.2)}L{n(x - wide * 0.9)} {n(girdle + r * 0.3)}Z"
        c.shape(cup, metal(c, rgb), extra=f'stroke="{edge}" stroke-width="1"')
    else:
        for s in (-1, 1):
            prong = f"M{n(x + wide * 0.78 * s)} {n(girdle - r * 0.2)}L{n(x + wide * 0.92 * s)} {n(girdle + r * 0.06)}L{n(x + r * 0.16 * s)} {n(point + r * 0.06)}"
            c.line(prong, edge, r * 0.13 + 1.2)
            c.line(prong, lighter(rgb, 0.2), r * 0.13)
    c.shape(
        rounded(x - r * 0.3, point - r * 0.06, r * 0.6, r * 0.2, 2),
        metal(c, rgb),
        extra=f'stroke="{edge}" stroke-width=".8"',
    )


def setting(
    c: Canvas, look: Look, rgb: Rgb, gem: Rgb, cut: str, x: float, y: float, r: float
) -> None:
    """One stone in its mount: prongs, a bezel, or a halo of small stones."""
    style = look.get("setting style")
    if style == "halo":
        r *= 0.74
        count = 16 if r > 12 else 8
        for i in range(count):
            cos, sin = turn(360 * i / count)
            stone(c, x + cos * r * 1.32, y + sin * r * 1.36, r * 0.24, (228, 236, 243))
    elif style == "bezel":
        c.shape(
            stone_path(x, y, r * 1.14, cut),
            metal(c, rgb, (1, 1)),
            extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1"',
        )
        r *= 0.92
    stone(c, x, y, r, gem, cut)
    if style != "bezel":
        for angle in (45, 135, 225, 315):
            cos, sin = math.copysign(0.72, turn(angle)[0]), math.copysign(0.72, turn(angle)[1])
            c.shape(
                ellipse(x + cos * r, y + sin * r, max(r * 0.11, 1.4), max(r * 0.11, 1.4)),
                hexa(rgb),
                extra=f'stroke="{darker(rgb, 0.5)}" stroke-width=".7"',
            )
