"""Shirts, jackets, hoodies and trousers, laid flat."""

from skulens.catalog.world.colours import darker, hexa, lighter, mix
from skulens.catalog.world.config import Stream
from skulens.catalog.world.surface import Look, cover, folds, stitches, thread
from skulens.catalog.world.svg import Canvas, ellipse, n, outline, rounded


def mirrored(d_of):
    """Both halves of a pair: `d_of(side)` for side 1 and -1."""
    return d_of(-1), d_of(1)


def cloth(c: Canvas, look: Look, brand: str) -> None:
    """A top: sleeves, body, neck, closure, pockets."""
    hem = {"cropped": 42}.get(look.get("hem shape"), look.vary("length", 78, 88))
    wide = look.vary("width", 42, 48)
    texture = "knit" if look.get("material") == "wool" else "canvas" if look.get("material") == "linen" else ""
    neck_back(c, look)
    for side in (-1, 1):
        sleeve(c, look, side, wide, texture)
    end = (wide * 0.9, hem, wide * 0.6, hem + 7, 0, hem + 9) if look.get("hem shape") == "curved" else (0, hem + 2)
    shoulder = 36 if look.get("sleeve length") == "sleeveless" else 45
    arm = (shoulder - 6, -50, 36, -34, wide, -30) if shoulder == 36 else (wide + 1, -50, wide, -40, wide, -30)
    neck_y = -56 if look.get("collar type") in ("v neck", "scoop neck") else -68
    body = outline((0, neck_y), *neckline(look), (shoulder, -70), arm, (wide - 3, 10, wide + 1, hem), end)
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    folds(c, f"M{-wide} -24Q-26 -10 -18 12", f"M{wide} -24Q26 -10 18 12", f"M{-wide + 8} {n(hem - 20)}Q-14 {n(hem - 34)} -4 {n(hem - 6)}", f"M{wide - 6} {n(hem - 36)}Q20 {n(hem - 24)} 14 {n(hem)}")
    stitches(c, f"M{-wide} {n(hem - 5)}L{wide} {n(hem - 5)}", look.base, 0.55)
    c.close()
    closure(c, look, hem)
    pockets(c, look, hem)
    if look.get("pattern/print") == "graphic":
        graphic(c, look, brand)
    collar(c, look)


def neckline(look: Look):
    """The right half of the front's neck opening."""
    return {
        "v neck": [(20, -79)],
        "scoop neck": [(20, -56, 24, -66, 26, -78)],
    }.get(look.get("collar type"), [(12, -68, 18, -72, 20, -79)])


def neck_back(c: Canvas, look: Look) -> None:
    """The inside of the back, seen through the neck."""
    inside = darker(look.base, 0.5)
    if look.get("collar type") == "hooded":
        hood = outline((0, -104), (34, -104, 40, -74, 24, -62), (12, -58, 0, -58))
        cover(c, hood, look)
        c.shape(outline((0, -95), (22, -94, 26, -74, 17, -66), (0, -58)), darker(look.base, 0.55))
        return
    c.shape(outline((0, -82), (12, -83, 21, -79), (18, -62, 0, -52)), inside)
    c.line("M-19 -80Q0 -76 19 -80", darker(look.base, 0.7), 1)
    c.shape(rounded(-5, -77, 10, 6, 1), "#f4f2ea", 0.9)


def sleeve(c: Canvas, look: Look, side: int, wide: float, texture: str) -> None:
    length = look.get("sleeve length")
    if length == "sleeveless":
        return
    s = side
    if length == "short sleeve":
        d = f"M{43 * s} -72Q{62 * s} -64 {70 * s} -48L{86 * s} -22Q{78 * s} -12 {63 * s} -8L{(wide - 1) * s} -30Q{38 * s} -50 {43 * s} -72Z"
        seam = f"M{83 * s} -26Q{75 * s} -16 {60 * s} -13"
    else:
        d = f"M{43 * s} -72Q{64 * s} -64 {70 * s} -40Q{84 * s} 10 {88 * s} 62Q{80 * s} 68 {70 * s} 66Q{64 * s} 20 {(wide - 1) * s} -20Q{36 * s} -50 {43 * s} -72Z"
        seam = f"M{87 * s} 53Q{79 * s} 58 {69 * s} 57"
    cover(c, d, look, texture=texture)
    c.open(c.clip(d))
    if length == "long sleeve":
        folds(c, f"M{84 * s} 0Q{72 * s} 0 {58 * s} -8", f"M{88 * s} 24Q{76 * s} 20 {64 * s} 22")
    else:
        folds(c, f"M{80 * s} -30Q{66 * s} -36 {52 * s} -34")
    c.shape(f"M{44 * s} -72Q{52 * s} -40 {50 * s} 0L{(wide - 9) * s} 0L{30 * s} -70Z", "#000", 0.13)
    c.close()
    stitches(c, seam, look.base, 0.6)


def collar(c: Canvas, look: Look) -> None:
    kind, trim = look.get("collar type"), darker(look.base, 0.16)
    edge = darker(look.base, 0.5)
    if kind == "turtleneck":
        cover(c, outline((0, -96), (16, -96, 19, -92), (22, -78, 23, -68), (12, -62, 0, -62)), look, pattern=False)
        c.line("M-17 -84Q0 -79 17 -84", edge, 1.2, 0.6)
    elif kind == "polo":
        for s in (-1, 1):
            c.shape(f"M{2 * s} -66L{21 * s} -83L{30 * s} -68L{14 * s} -50Z", lighter(look.base, 0.1), extra=f'stroke="{edge}" stroke-width="1"')
        if look.get("closure type") == "pullover":
            c.shape(rounded(-5, -62, 10, 36, 2), trim, extra=f'stroke="{edge}" stroke-width=".8"')
            for y in (-52, -36):
                c.shape(ellipse(0, y, 2, 2), "#f3f0e8", extra='stroke="#777" stroke-width=".6"')
    elif kind == "mandarin":
        for s in (-1, 1):
            c.shape(f"M{1 * s} -66Q{16 * s} -68 {20 * s} -82L{24 * s} -76Q{20 * s} -58 {1 * s} -56Z", lighter(look.base, 0.08), extra=f'stroke="{edge}" stroke-width="1"')
    elif kind == "hooded":
        c.line("M-22 -72Q-14 -60 0 -56Q14 -60 22 -72", edge, 5, 0.55)
        for s in (-1, 1):
            c.line(f"M{9 * s} -60Q{11 * s} -44 {8 * s} -28", lighter(look.base, 0.75), 2.2)
            c.shape(rounded(8 * s - 1.8, -30, 3.6, 6, 1), "#c9ccd0")
    else:
        ring = {"v neck": "M-21 -79L0 -54L21 -79", "scoop neck": "M-27 -78Q-25 -54 0 -54Q25 -54 27 -78"}
        d = ring.get(kind, "M-20 -80Q-17 -66 0 -66Q17 -66 20 -80")
        c.line(d, edge, 6.4, 1)
        c.line(d, trim, 5, 1)
        c.line(d, lighter(look.base, 0.3), 1, 0.4)


def closure(c: Canvas, look: Look, hem: float) -> None:
    kind, edge = look.get("closure type"), darker(look.base, 0.5)
    top = -56 if look.get("collar type") in ("v neck", "scoop neck") else -66
    if kind == "button":
        c.shape(rounded(-5.5, top, 11, hem - top + 4, 1), hexa(mix(look.base, (255, 255, 255), 0.08)), 0.9, f'stroke="{edge}" stroke-width=".8"')
        for i in range(6):
            y = top + 10 + i * (hem - top - 14) / 5.4
            c.shape(ellipse(0, y, 2.6, 2.6), "#f5f2e9", extra='stroke="#6b675e" stroke-width=".8"')
            c.shape(ellipse(0, y, 0.8, 0.8), "#6b675e")
    elif kind == "zipper":
        c.line(f"M0 {n(top)}L0 {n(hem + 5)}", edge, 6)
        c.line(f"M0 {n(top)}L0 {n(hem + 5)}", "#c8ccd2", 2.8, 1, 'stroke-dasharray=".1 3.2"')
        c.shape(rounded(-3, top + 8, 6, 12, 2), "#d9dce0", extra='stroke="#666" stroke-width=".8"')


def pockets(c: Canvas, look: Look, hem: float) -> None:
    kind = look.get("pockets")
    fill = f'stroke="{thread(look.base, .6)}" stroke-width="1.5"'
    if kind == "chest pocket":
        c.shape("M14 -42L36 -42L36 -18L25 -12L14 -18Z", darker(look.base, 0.08), 1, fill)
        c.line("M14 -37L36 -37", darker(look.base, 0.45), 1)
        stitches(c, "M16 -34L16 -20L25 -15L34 -20L34 -34", look.base)
    elif kind == "kangaroo pocket":
        y = hem - 44
        d = f"M-22 {n(y)}L22 {n(y)}L34 {n(y + 24)}L34 {n(y + 36)}L-34 {n(y + 36)}L-34 {n(y + 24)}Z"
        c.shape(d, darker(look.base, 0.09), 1, fill)
        stitches(c, f"M-20 {n(y + 3)}L20 {n(y + 3)}", look.base)
    elif kind == "front pockets":
        y = hem - 34
        for s in (-1, 1):
            c.line(f"M{34 * s} {n(y)}L{18 * s} {n(y + 18)}", darker(look.base, 0.65), 3)
            stitches(c, f"M{36 * s} {n(y + 2)}L{20 * s} {n(y + 20)}", look.base)


def graphic(c: Canvas, look: Look, brand: str) -> None:
    """A print on the chest: a motif above the brand's name."""
    ink, second = hexa(look.second), lighter(look.second, 0.4)
    motif = Stream("graphic", look.spu).integer(0, 3)
    if motif == 0:
        c.shape(ellipse(0, -20, 20, 20), ink)
        c.shape("M-20 -20Q-10 -28 0 -20T20 -20Q18 0 0 0T-20 -20Z", second)
    elif motif == 1:
        c.shape("M0 -42L6 -26L23 -26L10 -16L15 1L0 -9L-15 1L-10 -16L-23 -26L-6 -26Z", ink)
    elif motif == 2:
        c.shape("M-26 0L-8 -34L2 -18L9 -28L26 0Z", ink)
        c.shape("M-8 -34L-2 -24L-8 -20L-14 -23Z", second)
        c.shape(ellipse(16, -36, 6, 6), second)
    else:
        c.shape("M0 2C-34 -18 -20 -46 0 -30C20 -46 34 -18 0 2Z", ink)
    c.text(brand.upper(), 0, 20, 13, ink, 60)


def pants(c: Canvas, look: Look, brand: str) -> None:
    """Trousers: two legs, waistband, closure, pockets, hem."""
    knee = {"slim": 17, "straight": 24, "wide-leg": 31}[look.get("fit")]
    foot = {"slim": 12, "straight": 21, "wide-leg": 33}[look.get("fit")]
    end = {"full length": 96, "ankle length": 78, "cropped": 52}[look.get("inseam")]
    fabric = look.get("fabric")
    texture = {"denim": "denim", "wool": "wool", "linen": "linen"}.get(fabric, "")
    gap, hip = look.vary("gap", 5, 9), look.vary("hip", 43, 47)
    if look.get("fit") == "wide-leg":
        gap = 3
    for s in (-1, 1):
        x = gap + foot if look.get("fit") != "slim" else 24
        d = (
            f"M{0} -88L{34 * s} -88Q{n(hip * s)} -60 {n((hip + 1) * s)} -34Q{n((gap + 2 * knee) * s)} 10 {n((x + foot) * s)} {end}"
            f"L{n((x - foot) * s)} {end}Q{n((gap + 2) * s)} 10 {n(2 * s)} -28L0 -34Z"
        )
        cover(c, d, look, texture=texture)
        leg(c, look, d, s, x, foot, end)
    c.shape("M0 -88L3 -88L3 -26L0 -30Z", "#000", 0.16)
    waist(c, look)
    front(c, look)


def leg(c: Canvas, look: Look, d: str, s: int, x: float, foot: float, end: float) -> None:
    c.open(c.clip(d))
    folds(c, f"M{3 * s} -24Q{18 * s} -20 {30 * s} -30", f"M{n((x - foot) * s)} {end - 50}Q{n(x * s)} {end - 44} {n((x + foot) * s)} {end - 52}")
    if look.get("fabric") == "denim":
        stitches(c, f"M{43 * s} -60Q{n((x + foot + 16) * s)} 0 {n((x + foot - 4) * s)} {end}", look.base, 0.9, True)
    c.line(f"M{n(x * s)} -20L{n(x * s)} {end}", "#fff", 5, 0.07)
    if look.get("hem") == "cuffed hem":
        c.shape(rounded(-110, end - 15, 220, 20, 0), lighter(look.base, 0.25), 0.9)
        c.line(f"M-110 {end - 15}L110 {end - 15}", darker(look.base, 0.55), 2)
    elif look.get("hem") == "raw hem":
        c.line(f"M-110 {end - 1}L110 {end - 1}", lighter(look.base, 0.75), 4.5, 0.9, 'stroke-dasharray="1 2.4"')
    else:
        stitches(c, f"M-110 {end - 6}L110 {end - 6}", look.base, 0.9, look.get("fabric") == "denim")
    c.close()
    if look.get("pockets") == "cargo pockets":
        px = s * (x + foot * 0.35)
        c.shape(rounded(px - 11, -6, 22, 28, 2), darker(look.base, 0.07), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1.3"')
        c.shape(rounded(px - 12, -9, 24, 10, 2), darker(look.base, 0.18), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1.3"')
        c.shape(ellipse(px, -3, 1.7, 1.7), "#cfcac0")


def waist(c: Canvas, look: Look) -> None:
    band = "M-35 -97L35 -97L36 -84L-36 -84Z"
    cover(c, band, look, pattern=False)
    if look.get("closure") == "zipper":
        for x in (-27, -13, 13, 27):
            c.shape(rounded(x - 2, -99, 4, 17, 1), darker(look.base, 0.22), extra=f'stroke="{darker(look.base, .6)}" stroke-width=".7"')
        c.shape(ellipse(0, -90.5, 3.4, 3.4), "#c9a45c" if look.get("fabric") == "denim" else "#d5d5d2", extra='stroke="#555" stroke-width=".8"')
        return
    for x in range(-32, 35, 4):
        c.line(f"M{x} -96L{x} -85", darker(look.base, 0.6), 1, 0.6)
    if look.get("closure") == "drawstring":
        for s in (-1, 1):
            c.line(f"M{2 * s} -89Q{10 * s} -76 {6 * s} -58", lighter(look.base, 0.85) if look.get("color") != "white" else "#555", 2.2)
            c.shape(rounded(6 * s - 1.6, -60, 3.2, 7, 1), "#b9bcc0")


def front(c: Canvas, look: Look) -> None:
    if look.get("closure") == "zipper":
        c.line("M0 -84L0 -34", darker(look.base, 0.6), 1.3)
        stitches(c, "M9 -84L9 -56Q8 -44 1 -40", look.base, 0.9, look.get("fabric") == "denim")
    if look.get("pockets") in ("side pockets", "cargo pockets"):
        for s in (-1, 1):
            d = f"M{21 * s} -84Q{23 * s} -66 {43 * s} -60"
            c.line(d, darker(look.base, 0.65), 1.8)
            stitches(c, f"M{18 * s} -84Q{20 * s} -63 {43 * s} -56", look.base, 0.9, look.get("fabric") == "denim")
