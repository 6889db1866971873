"""Packed drinks and snacks: a container, a printed front, a picture of the flavour."""

from skulens.world.canvas.surface import FLAT, ROUND, cover, metal, shade
from skulens.world.canvas.svg import Canvas, ellipse, n, outline, rounded
from skulens.world.draw.fruit import emblem
from skulens.world.truth.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.truth.look import Look

STEEL = (196, 200, 206)
FRONTS = ("band", "disc", "wave", "corner")


def drink(c: Canvas, look: Look, brand: str) -> None:
    {
        "bottle": bottle,
        "can": can,
        "carton": carton,
        "jar": jar,
        "pouch": pouch,
        "box": box,
        "jug": jug,
    }[look.get("container type")](c, look, brand)


def snack(c: Canvas, look: Look, brand: str) -> None:
    {
        "pouch": pouch,
        "jar": jar,
        "box": box,
        "bag": bag,
        "can": can,
        "tub": tub,
        "resealable bag": pouch,
    }[look.get("container type")](c, look, brand)


def front(
    c: Canvas, look: Look, brand: str, x: float, top: float, width: float, height: float, d: str
) -> None:
    """The printed face: a band or medallion, the brand, the flavour's picture and name; behind and beside it the small print."""
    _ground(c, look, x, top, width, height, d)
    if look.face == "back":
        back_panel(c, look, x, top + height * 0.05, width * 0.84, height * 0.88)
        return
    if look.face == "side":
        side_print(c, look, brand, x, top, width, height)
        return
    ink, middle = ink_on(look.base), top + height * 0.57
    lower = ink_on(look.second) if look.pick("front", FRONTS) in ("wave", "corner") else ink
    c.text(brand, x, top + height * 0.24, width * 0.3, ink, width * 0.86)
    emblem(c, look.get("flavor"), x, middle, min(width * 0.25, height * 0.2))
    c.text(look.get("flavor").upper(), x, top + height * 0.96, width * 0.14, lower, width * 0.66)


def _ground(
    c: Canvas, look: Look, x: float, top: float, width: float, height: float, d: str
) -> None:
    """The figure that goes around the pack; the medallion is on its front only."""
    style, second = look.pick("front", FRONTS), hexa(look.second)
    left, right, end = n(x - width), n(x + width), n(top + height + 24)
    c.open(c.clip(d))
    if style == "band":
        c.shape(rounded(x - width, top + height * 0.29, 2 * width, height * 0.045, 0), second)
    elif style == "disc" and look.face == "front":
        r = min(width * 0.4, height * 0.27)
        c.shape(ellipse(x, top + height * 0.57, r, r), second, 0.9)
    elif style == "wave":
        c.shape(
            f"M{left} {n(top + height * 0.8)}Q{n(x - width * 0.4)} {n(top + height * 0.66)} {n(x)} {n(top + height * 0.78)}T{right} {n(top + height * 0.76)}L{right} {end}L{left} {end}Z",
            second,
        )
    elif style == "corner":
        c.shape(
            f"M{left} {n(top + height * 0.68)}L{left} {end}L{right} {end}L{right} {n(top + height * 0.86)}Z",
            second,
        )
    c.close()


def back_panel(c: Canvas, look: Look, x: float, top: float, width: float, height: float) -> None:
    """The pale ground of the small print on a pack's back, centred at x; noted in `c.panels` for whoever writes it."""
    edge = f'stroke="{darker(look.base, 0.4)}" stroke-width=".8"'
    c.shape(
        rounded(x - width / 2, top, width, height, 3),
        hexa(mix(look.base, (255, 255, 255), 0.93)),
        extra=edge,
    )
    c.panel(x - width / 2, top, width, height)


def side_print(
    c: Canvas, look: Look, brand: str, x: float, top: float, width: float, height: float
) -> None:
    """A pack's narrow side: the brand upwards, below it a table too small to read."""
    size = min(width * 0.42, 17)
    y = top + height * 0.31
    c.text(
        brand,
        x,
        y + size * 0.36,
        size,
        ink_on(look.base),
        height * 0.52,
        f'transform="rotate(-90 {n(x)} {n(y)})"',
    )
    wide, high = min(width * 0.7, 44), height * 0.28
    left, first = x - wide / 2, top + height * 0.63
    c.shape(
        rounded(left, first, wide, high, 2), "#fcfcf8", extra='stroke="#303034" stroke-width=".9"'
    )
    c.line(
        f"M{n(left + 3)} {n(first + 4.5)}L{n(left + wide * 0.7)} {n(first + 4.5)}", "#303034", 2.2
    )
    rows = [first + 10 + 5 * i for i in range(int((high - 12) / 5) + 1)]
    c.line(
        "".join(
            f"M{n(left + 3)} {n(r)}L{n(left + wide * 0.55)} {n(r)}M{n(left + wide * 0.72)} {n(r)}L{n(left + wide - 3)} {n(r)}"
            for r in rows
        ),
        "#55555c",
        1.1,
        0.9,
    )


def bottle(c: Canvas, look: Look, brand: str) -> None:
    wide, shoulder = look.vary("width", 27, 35), look.vary("shoulder", -46, -26)
    glass = look.pick("clear", (True, False))
    body = outline(
        (0, -88),
        (11, -88),
        (11, shoulder - 18),
        (13, shoulder - 4, wide, shoulder - 2, wide, shoulder + 18),
        (wide, 84),
        (wide, 94, wide - 10, 94),
        (0, 94),
    )
    liquid = mix(look.base, (255, 255, 255), 0.25)
    cover(c, body, look, light=ROUND, rgb=liquid if glass else look.base)
    if glass:
        c.shape(
            outline((0, -88), (11, -88), (11, shoulder - 16), (-0, shoulder - 16)), "#fff", 0.45
        )
        c.shape(rounded(-wide * 0.8, shoulder + 10, 4, 84 - shoulder - 20, 2), "#fff", 0.55)
    cap = hexa(look.second)
    c.shape(
        rounded(-13, -104, 26, 19, 3),
        cap,
        extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
    )
    c.shape(rounded(-13, -104, 26, 19, 3), shade(c, ROUND, look.second))
    for x in range(-10, 11, 4):
        c.line(f"M{x} -100L{x} -88", "#000", 0.9, 0.25)
    label = rounded(-wide, shoulder + 22, 2 * wide, 96, 0)
    c.shape(label, hexa(look.base))
    front(c, look, brand, 0, shoulder + 22, 2 * wide, 94, label)
    c.shape(label, shade(c, ROUND, look.base))
    c.line(
        f"M{n(-wide)} {n(shoulder + 22)}L{n(wide)} {n(shoulder + 22)}M{n(-wide)} {n(shoulder + 118)}L{n(wide)} {n(shoulder + 118)}",
        darker(look.base, 0.5),
        1,
        0.7,
    )


def can(c: Canvas, look: Look, brand: str) -> None:
    slim = look.kind == "drink"
    wide = look.vary("width", 34, 40) if slim else look.vary("width", 46, 54)
    top, base = (-84, 88) if slim else (-58, 84)
    body = outline(
        (0, top + 8),
        (wide, top + 12),
        (wide + 2, top + 20),
        (wide + 2, base - 12),
        (wide - 5, base),
        (0, base + 4),
    )
    c.shape(body, hexa(look.base))
    front(c, look, brand, 0, top + 18, 2 * wide, base - top - 32, body)
    c.shape(body, shade(c, ROUND, look.base))
    c.line(body, darker(look.base, 0.5), 1.1, 0.8)
    c.shape(
        outline((0, base - 3), (wide - 3, base - 5), (wide - 8, base + 5), (0, base + 8)),
        metal(c, STEEL),
    )
    c.shape(
        ellipse(0, top + 9, wide - 1, 9), metal(c, STEEL), extra='stroke="#666" stroke-width="1"'
    )
    c.shape(ellipse(0, top + 9, wide - 6, 6.5), "#a9adb3", 0.8)
    if slim:
        c.shape(ellipse(2, top + 9, 9, 3.6), "#dfe2e6", extra='stroke="#777" stroke-width=".9"')
        c.shape(ellipse(5, top + 9, 3.5, 1.6), "#8b8f95")
    else:
        c.line(ellipse(0, top + 7, 13, 4), "#70747a", 1.6)


def carton(c: Canvas, look: Look, brand: str) -> None:
    wide = look.vary("width", 36, 44)
    if look.face == "side":
        _carton_side(c, look, brand, 30)
        return
    side = mix(look.base, (0, 0, 0), 0.22)
    c.shape(
        f"M{n(wide)} -46L{n(wide + 20)} -56L{n(wide + 20)} 82L{n(wide)} 92Z",
        hexa(side),
        extra=f'stroke="{darker(look.base, 0.55)}" stroke-width="1"',
    )
    c.shape(
        f"M{n(-wide)} -46L{n(-wide + 8)} -84L{n(wide + 8)} -84L{n(wide)} -46Z",
        lighter(look.base, 0.2),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    c.shape(
        f"M{n(wide)} -46L{n(wide + 8)} -84L{n(wide + 20)} -56Z",
        hexa(mix(look.base, (0, 0, 0), 0.12)),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    c.shape(
        rounded(-wide + 7, -98, 2 * wide + 3, 15, 1),
        hexa(mix(look.base, (255, 255, 255), 0.1)),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    c.line(f"M{n(-wide + 8)} -90L{n(wide + 8)} -90", "#000", 1, 0.25)
    face = rounded(-wide, -46, 2 * wide, 138, 1)
    c.shape(face, hexa(look.base), extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"')
    front(c, look, brand, 0, -46, 2 * wide, 134, face)
    c.shape(face, shade(c, FLAT, look.base))
    if look.face == "front" and look.pick("spout", (True, False)):
        c.shape(
            ellipse(10, -66, 12, 9),
            hexa(look.second),
            extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
        )
        c.shape(ellipse(10, -68, 12, 8), lighter(look.second, 0.2))


def _carton_side(c: Canvas, look: Look, brand: str, half: float) -> None:
    """The end of a gable: the roof folds inwards to a triangle below the ridge."""
    edge = f'stroke="{darker(look.base, 0.5)}" stroke-width="1"'
    c.shape(
        f"M-5 -98L5 -98L5 -84L{half} -46L{-half} -46L-5 -84Z",
        hexa(mix(look.base, (255, 255, 255), 0.12)),
        extra=edge,
    )
    c.shape(f"M0 -88L{half - 4} -46L{4 - half} -46Z", darker(look.base, 0.24), extra=edge)
    face = rounded(-half, -46, 2 * half, 138, 1)
    c.shape(face, hexa(look.base), extra=edge)
    front(c, look, brand, 0, -46, 2 * half, 134, face)
    c.shape(face, shade(c, FLAT, look.base))


def jar(c: Canvas, look: Look, brand: str) -> None:
    wide = look.vary("width", 44, 54)
    inside = mix(look.base, (255, 250, 235), 0.3)
    body = outline(
        (0, -60),
        (wide - 10, -60),
        (wide - 8, -50, wide, -48, wide, -34),
        (wide, 74),
        (wide, 86, wide - 12, 86),
        (0, 86),
    )
    cover(c, body, look, light=ROUND, rgb=inside)
    c.open(c.clip(body))
    for i, (x, y) in enumerate(
        ((-34, -30), (-14, -34), (8, -30), (30, -32), (-36, 76), (-12, 80), (14, 77), (34, 79))
    ):
        c.shape(ellipse(x, y, 12, 9 + i % 3), darker(look.base, 0.1 + 0.06 * (i % 3)), 0.8)
    c.close()
    label = rounded(-wide, -22, 2 * wide, 88, 0)
    c.shape(label, hexa(look.base))
    front(c, look, brand, 0, -24, 2 * wide * 0.9, 88, label)
    c.shape(label, shade(c, ROUND, look.base))
    lid = rounded(-wide + 6, -82, 2 * wide - 12, 25, 4)
    c.shape(
        lid, metal(c, look.second), extra=f'stroke="{darker(look.second, 0.55)}" stroke-width="1"'
    )
    c.line(f"M{n(-wide + 8)} -63L{n(wide - 8)} -63", "#000", 1.2, 0.35)
    c.shape(rounded(-wide + 6, -46, 5, 126, 2), "#fff", 0.5)


def pouch(c: Canvas, look: Look, brand: str) -> None:
    wide = look.vary("width", 48, 56)
    if look.face == "side":
        wedge(c, look, brand, 26)
        if look.kind == "drink":
            _spout(c, look)
        return
    d = outline(
        (0, -90),
        (wide, -90),
        (wide - 3, -60),
        (wide - 5, 0, wide + 4, 70),
        (wide + 2, 88, wide - 8, 90),
        (wide * 0.5, 96, 0, 92),
    )
    c.shape(d, hexa(look.base))
    front(c, look, brand, 0, -70, 2 * wide * 0.88, 156, d)
    c.shape(d, shade(c, ROUND, look.base))
    c.open(c.clip(d))
    c.shape(
        f"M{n(-wide - 6)} 92Q0 58 {n(wide + 6)} 92L{n(wide + 6)} 100L{n(-wide - 6)} 100Z",
        "#000",
        0.2,
    )
    c.shape(rounded(-wide - 6, -90, 2 * wide + 12, 12, 0), "#000", 0.14)
    for x in range(-60, 61, 4):
        c.line(f"M{x} -89L{x} -80", "#fff", 1, 0.3)
    if look.get("container type") != "pouch":
        c.line(
            f"M{n(-wide)} -70L{n(wide)} -70M{n(-wide)} -66L{n(wide)} -66",
            darker(look.base, 0.5),
            1.6,
            0.9,
        )
    c.line(f"M{n(-wide + 9)} -58Q{n(-wide + 5)} 0 {n(-wide + 11)} 66", "#fff", 5, 0.3)
    c.close()
    c.line(d, darker(look.base, 0.5), 1.2, 0.8)
    if look.kind == "drink":
        _spout(c, look)


def _spout(c: Canvas, look: Look) -> None:
    c.shape(
        rounded(-9, -104, 18, 16, 3),
        hexa(look.second),
        extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
    )


def wedge(c: Canvas, look: Look, brand: str, half: float) -> None:
    """A standing pouch from its side: flat where it is sealed, `half` as wide below, a fold down the middle."""
    d = outline(
        (0, -92),
        (3, -92),
        (4, -64),
        (half * 0.55, -36, half - 2, 30),
        (half, 64, half + 2, 84),
        (half, 92, half - 8, 92),
        (0, 92),
    )
    c.shape(d, hexa(look.base))
    c.open(c.clip(d))
    c.shape("M-4 -96L4 -96L4 -66L-4 -66Z", "#000", 0.18)
    c.shape(
        f"M0 -62Q{n(half * 0.5)} 0 {n(half * 0.62)} 92L{n(-half * 0.62)} 92Q{n(-half * 0.5)} 0 0 -62Z",
        "#000",
        0.12,
    )
    c.close()
    c.text(brand, 0, 5, 13, ink_on(look.base), 62, 'transform="rotate(-90 0 0)"')
    c.shape(d, shade(c, ROUND, look.base))
    c.line("M0 -62L0 -36M0 42L0 90", "#000", 1.2, 0.3)
    c.line(f"M{n(-half * 0.45)} -30Q{n(-half * 0.8)} 20 {n(-half + 5)} 70", "#fff", 3, 0.3)
    c.line(d, darker(look.base, 0.5), 1.2, 0.8)


def bag(c: Canvas, look: Look, brand: str) -> None:
    """A pillow bag with toothed seams."""
    wide = look.vary("width", 54, 62)
    if look.face == "side":
        _bag_side(c, look, brand)
        return
    tooth = "".join(
        f"L{n(-wide + 4 * i + 2)} -92L{n(-wide + 4 * i + 4)} -88" for i in range(int(wide / 2))
    )
    below = "".join(
        f"L{n(wide - 4 * i - 2)} 96L{n(wide - 4 * i - 4)} 92" for i in range(int(wide / 2))
    )
    d = f"M{n(-wide)} -88{tooth}Q{n(wide - 6)} -60 {n(wide + 1)} -40Q{n(wide + 7)} 0 {n(wide + 1)} 50Q{n(wide - 5)} 76 {n(wide)} 92{below}Q{n(-wide + 5)} 76 {n(-wide - 1)} 50Q{n(-wide - 7)} 0 {n(-wide - 1)} -40Q{n(-wide + 6)} -60 {n(-wide)} -88Z"
    c.shape(d, hexa(look.base))
    if look.face == "back":
        c.shape(rounded(-5, -88, 10, 182, 0), "#fff", 0.22, 'stroke="#000" stroke-width=".8"')
    front(c, look, brand, 0, -72, 2 * wide * 0.9, 152, d)
    c.shape(
        d,
        c.radial(
            (0, "#fff", 0.32),
            (0.5, "#fff", 0.02),
            (0.8, "#000", 0.05),
            (1, "#000", 0.3),
            at=(0.42, 0.38),
            r=0.72,
        ),
    )
    for y in (-84, -80, 84, 88):
        c.line(f"M{n(-wide + 3)} {y}L{n(wide - 3)} {y}", "#000", 0.9, 0.25)
    for dd in (
        f"M{n(-wide + 4)} -74Q-36 -62 -44 -40",
        f"M{n(wide - 4)} -74Q40 -58 46 -44",
        f"M{n(-wide + 6)} 78Q-40 66 -46 48",
        f"M{n(wide - 6)} 78Q38 68 44 50",
    ):
        c.line(dd, "#fff", 3, 0.35)
        c.line(dd, "#000", 2, 0.14, 'transform="translate(2 2)"')
    c.line(d, darker(look.base, 0.5), 1, 0.7)


def _bag_side(c: Canvas, look: Look, brand: str) -> None:
    """The pillow on edge, between its two seams."""
    d = outline((0, -90), (3, -90), (4, -76), (30, -52, 30, 2), (30, 56, 4, 80), (3, 94), (0, 94))
    c.shape(d, hexa(look.base))
    c.text(brand, 0, 6, 15, ink_on(look.base), 74, 'transform="rotate(-90 0 0)"')
    c.shape(d, shade(c, ROUND, look.base))
    c.line("M0 -88L0 -44M0 48L0 92", "#000", 1.2, 0.35)
    for dd in (
        "M-3 -72Q-16 -52 -18 -30",
        "M3 -72Q15 -50 16 -34",
        "M-3 76Q-15 58 -17 40",
        "M3 76Q14 58 17 36",
    ):
        c.line(dd, "#fff", 2.6, 0.35)
        c.line(dd, "#000", 1.8, 0.16, 'transform="translate(2 1)"')
    c.line(d, darker(look.base, 0.5), 1, 0.7)


def box(c: Canvas, look: Look, brand: str) -> None:
    wide, top = look.vary("width", 42, 58), look.vary("top", -78, -50)
    if look.face == "side":
        wide = 27
    face = rounded(-wide - 8, top, 2 * wide, 90 - top, 1)
    c.shape(
        f"M{n(wide - 8)} {n(top)}L{n(wide + 14)} {n(top - 14)}L{n(wide + 14)} 74L{n(wide - 8)} 90Z",
        darker(look.base, 0.32),
        extra=f'stroke="{darker(look.base, 0.55)}" stroke-width="1"',
    )
    c.shape(
        f"M{n(-wide - 8)} {n(top)}L{n(-wide + 14)} {n(top - 14)}L{n(wide + 14)} {n(top - 14)}L{n(wide - 8)} {n(top)}Z",
        lighter(look.base, 0.25),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    c.shape(face, hexa(look.base), extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"')
    front(c, look, brand, -8, top, 2 * wide, 88 - top, face)
    c.shape(face, shade(c, FLAT, look.base))
    c.line(
        f"M{n(wide - 4)} {n(top + 12)}L{n(wide + 10)} {n(top + 1)}M{n(wide - 4)} {n(top + 20)}L{n(wide + 10)} {n(top + 9)}",
        ink_on(look.base),
        1.6,
        0.5,
    )


def tub(c: Canvas, look: Look, brand: str) -> None:
    wide = look.vary("width", 52, 60)
    body = outline((0, -40), (wide, -40), (wide - 9, 76), (wide - 10, 82, wide - 20, 83), (0, 86))
    c.shape(body, hexa(look.base))
    front(c, look, brand, 0, -36, 2 * wide * 0.86, 116, body)
    c.shape(body, shade(c, ROUND, look.base))
    c.line(body, darker(look.base, 0.5), 1.1, 0.8)
    lid = outline((0, -58), (wide, -58), (wide + 6, -57, wide + 6, -50), (wide + 6, -38), (0, -36))
    c.shape(lid, hexa(look.second), extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"')
    c.shape(lid, shade(c, ROUND, look.second))
    c.line(f"M{n(-wide - 3)} -48Q0 -45 {n(wide + 3)} -48", "#000", 1, 0.25)


def jug(c: Canvas, look: Look, brand: str) -> None:
    wide = look.vary("width", 42, 50)
    if look.face == "side":
        wide *= 0.74
    else:
        s = -1 if look.face == "back" else 1
        grip = f"M{n((wide - 8) * s)} -40Q{n((wide + 26) * s)} -42 {n((wide + 22) * s)} 0Q{n((wide + 18) * s)} 28 {n((wide - 4) * s)} 30"
        c.line(grip, darker(look.base, 0.5), 15)
        c.line(grip, hexa(mix(look.base, (255, 255, 255), 0.1)), 12)
    body = outline(
        (0, -78),
        (14, -78),
        (15, -62),
        (wide - 4, -54, wide, -28),
        (wide + 2, 76),
        (wide, 90, wide - 14, 90),
        (0, 90),
    )
    cover(c, body, look, light=ROUND)
    c.shape(
        rounded(-17, -96, 34, 19, 3),
        hexa(look.second),
        extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
    )
    if look.face == "side":
        bar = rounded(-8, -44, 16, 78, 8)
        cover(c, bar, look, light=ROUND, rgb=mix(look.base, (255, 255, 255), 0.1))
        side_print(c, look, "", 0, -60, 2 * wide * 0.8, 146)
        return
    label = rounded(-wide + 5, -24, 2 * wide - 10, 100, 6)
    c.shape(
        label,
        hexa(mix(look.base, (255, 255, 255) if brightness(look.base) < 0.5 else (0, 0, 0), 0.06)),
        extra='stroke="#000" stroke-opacity=".3" stroke-width="1"',
    )
    front(c, look, brand, 0, -24, 2 * wide * 0.86, 98, label)
    c.shape(rounded(-wide + 8, -40, 5, 116, 2), "#fff", 0.3)
