"""Shirts, jackets, hoodies and trousers, laid flat; from the side as a stuffed form wears them, facing left."""

from skulens.world.canvas.surface import cover, folds, stitches
from skulens.world.canvas.svg import Canvas, ellipse, n, outline, rounded
from skulens.world.config import Stream
from skulens.world.truth.colours import brightness, darker, hexa, lighter, mix, thread
from skulens.world.truth.look import Look


def cloth(c: Canvas, look: Look, brand: str) -> None:
    """A top: sleeves, body, neck, closure, pockets."""
    if look.face == "side":
        cloth_side(c, look)
        return
    hem, wide, texture = cut(look)
    back = look.face == "back"
    if not back:
        neck_back(c, look)
    for side in (-1, 1):
        sleeve(c, look, side, wide, texture)
    end = (
        (wide * 0.9, hem, wide * 0.6, hem + 7, 0, hem + 9)
        if look.get("hem shape") == "curved"
        else (0, hem + 2)
    )
    shoulder = 36 if look.get("sleeve length") == "sleeveless" else 45
    arm = (
        (shoulder - 6, -50, 36, -34, wide, -30)
        if shoulder == 36
        else (wide + 1, -50, wide, -40, wide, -30)
    )
    neck_y = -77 if back else -56 if look.get("collar type") in ("v neck", "scoop neck") else -68
    body = outline(
        (0, neck_y),
        *([(12, -77, 20, -80)] if back else neckline(look)),
        (shoulder, -70),
        arm,
        (wide - 3, 10, wide + 1, hem),
        end,
    )
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    if back:
        folds(
            c,
            f"M{-wide + 4} -26Q-22 -22 -12 -6",
            f"M{wide - 4} -26Q22 -22 12 -6",
            f"M-8 {n(hem - 44)}Q-4 {n(hem - 26)} -12 {n(hem - 4)}",
            f"M16 {n(hem - 40)}Q10 {n(hem - 22)} 18 {n(hem - 2)}",
        )
    else:
        folds(
            c,
            f"M{-wide} -24Q-26 -10 -18 12",
            f"M{wide} -24Q26 -10 18 12",
            f"M{-wide + 8} {n(hem - 20)}Q-14 {n(hem - 34)} -4 {n(hem - 6)}",
            f"M{wide - 6} {n(hem - 36)}Q20 {n(hem - 24)} 14 {n(hem)}",
        )
    stitches(c, f"M{-wide} {n(hem - 5)}L{wide} {n(hem - 5)}", look.base, 0.55)
    if back:
        yoke(c, look, hem)
    c.close()
    if back:
        collar_back(c, look)
        return
    closure(c, look, hem)
    pockets(c, look, hem)
    if look.get("pattern/print") == "graphic":
        graphic(c, look, brand)
    collar(c, look)


def cut(look: Look) -> tuple[float, float, str]:
    """(y of the hem, half the body's width, texture of the cloth)."""
    hem = {"cropped": 42}.get(look.get("hem shape"), look.vary("length", 78, 88))
    texture = (
        "knit"
        if look.get("material") == "wool"
        else "canvas"
        if look.get("material") == "linen"
        else ""
    )
    return hem, look.vary("width", 42, 48), texture


def yoke(c: Canvas, look: Look, hem: float) -> None:
    """The seams of a back: a shirt's yoke with its pleat and loop, a jacket's panels, a jersey's shoulders."""
    seam, kind = darker(look.base, 0.55), look.get("closure type")
    if kind == "button" or look.get("collar type") in ("polo", "mandarin"):
        c.line("M-60 -51Q0 -45 60 -51", seam, 1.4, 0.8)
        stitches(c, "M-60 -48.5Q0 -42.5 60 -48.5", look.base)
        c.shape(f"M-5 -47L5 -47L4 {n(hem)}L-4 {n(hem)}Z", "#000", 0.08)
        c.line(f"M-5 -47L-4 {n(hem)}M5 -47L4 {n(hem)}", seam, 1, 0.55)
        c.line("M-3 -48V-40H3V-48", seam, 1.5)
    elif kind == "zipper":
        for s in (-1, 1):
            c.line(f"M{40 * s} -58Q{24 * s} -20 {27 * s} {n(hem)}", seam, 1.3, 0.7)
            stitches(c, f"M{37.5 * s} -58Q{21.5 * s} -20 {24.5 * s} {n(hem)}", look.base)
    else:
        for s in (-1, 1):
            c.line(f"M{21 * s} -76L{46 * s} -66", seam, 1.1, 0.6)
            stitches(c, f"M{20 * s} -73L{46 * s} -63", look.base)
    if kind == "pullover":
        stitches(c, rounded(-7, -67, 14, 9, 1), look.base, 0.8)
        c.shape(
            rounded(17, hem - 16, 9, 6, 0.5), "#f4f2ea", 0.95, f'stroke="{seam}" stroke-width=".6"'
        )


def collar_back(c: Canvas, look: Look) -> None:
    """The collar from behind."""
    kind, edge = look.get("collar type"), darker(look.base, 0.5)
    if kind == "turtleneck":
        cover(
            c,
            outline((0, -96), (16, -96, 19, -92), (22, -78, 24, -72), (12, -68, 0, -68)),
            look,
            pattern=False,
        )
        c.line("M-18 -83Q0 -79 18 -83", edge, 1.2, 0.6)
    elif kind == "polo":
        cover(
            c,
            outline((0, -89), (14, -89, 21, -84), (30, -66), (14, -62, 0, -61)),
            look,
            pattern=False,
            rgb=mix(look.base, (255, 255, 255), 0.1),
        )
        c.line("M-20 -82Q0 -86 20 -82", edge, 1, 0.5)
        stitches(c, "M-27 -67Q0 -61 27 -67", look.base)
    elif kind == "mandarin":
        cover(
            c,
            outline((0, -89), (13, -89, 20, -85), (23, -76), (12, -72, 0, -72)),
            look,
            pattern=False,
            rgb=mix(look.base, (255, 255, 255), 0.08),
        )
    elif kind == "hooded":
        c.line("M-30 -66Q0 -50 30 -66", "#000", 6, 0.14)
        cover(c, outline((0, -104), (34, -104, 42, -76, 31, -68), (18, -56, 0, -55)), look)
        c.line("M0 -103Q2 -80 0 -56", edge, 1.3, 0.75)
        stitches(c, "M3 -103Q5 -80 3 -56", look.base)
        folds(c, "M-30 -74Q-14 -64 -6 -60", "M28 -80Q16 -68 8 -64")
    else:
        ring = {"v neck": "M-21 -80Q0 -73 21 -80", "scoop neck": "M-26 -79Q0 -66 26 -79"}.get(
            kind, "M-20 -81Q0 -74 20 -81"
        )
        c.line(ring, edge, 7, 1)
        c.line(ring, darker(look.base, 0.16), 5.6, 1)
        c.line(ring, lighter(look.base, 0.3), 1, 0.4)


def cloth_side(c: Canvas, look: Look) -> None:
    """A top from the wearer's left: half of the neck, one sleeve before the body."""
    hem, wide, texture = cut(look)
    deep = wide * 0.66
    low = hem + (9 if look.get("hem shape") == "curved" else 2)
    neck_side(c, look)
    body = (
        f"M-15 -66Q{n(-deep * 0.98)} -58 {n(-deep - 2)} -26Q{n(-deep + 1)} 10 {n(-deep + 1)} {n(hem)}"
        f"Q0 {n(2 * low - hem)} {n(deep)} {n(hem)}Q{n(deep - 5)} 16 {n(deep + 1)} -22Q{n(deep + 2)} -60 16 -79Q2 -64 -15 -66Z"
    )
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    c.line(f"M2 -30Q-1 20 1 {n(hem + 8)}", darker(look.base, 0.55), 1.3, 0.7)
    stitches(c, f"M4.5 -30Q1.5 20 3.5 {n(hem + 8)}", look.base)
    folds(
        c,
        f"M{n(-deep)} -10Q-14 -2 -4 16",
        f"M{n(deep)} 0Q14 8 8 30",
        f"M{n(-deep)} {n(hem - 30)}Q-16 {n(hem - 22)} -10 {n(hem)}",
    )
    stitches(
        c,
        f"M{n(-deep)} {n(hem - 5)}Q0 {n(2 * low - hem - 5)} {n(deep)} {n(hem - 5)}",
        look.base,
        0.55,
    )
    front_edge(c, look, deep, hem)
    c.close()
    sleeve_side(c, look, texture)
    collar_side(c, look)


def neck_side(c: Canvas, look: Look) -> None:
    """The far half of the neck opening, or a hood."""
    if look.get("collar type") == "hooded":
        cover(c, "M-17 -62Q-24 -82 -12 -100Q4 -110 24 -98Q40 -84 26 -62Q8 -54 -17 -62Z", look)
        c.shape(
            "M-17 -62Q-24 -82 -12 -100Q-6 -104 -2 -104Q-12 -84 -5 -62Q-10 -60 -17 -62Z",
            darker(look.base, 0.6),
        )
        c.line("M-2 -104Q-12 -84 -5 -62", lighter(look.base, 0.2), 2, 0.7)
        folds(c, "M18 -98Q10 -82 14 -64")
    elif look.get("collar type") not in ("turtleneck", "mandarin"):
        c.shape("M-15 -66Q-12 -76 16 -81Q14 -64 -15 -66Z", darker(look.base, 0.6))


def front_edge(c: Canvas, look: Look, deep: float, hem: float) -> None:
    """What is seen of closure and pockets at the front's edge."""
    kind, edge, x = look.get("closure type"), darker(look.base, 0.5), -deep
    front = f"M-15 -66Q{n(x * 0.98)} -58 {n(x - 2)} -26Q{n(x + 1)} 10 {n(x + 1)} {n(hem + 2)}"
    if kind == "button":
        c.line(front, lighter(look.base, 0.12), 9, 0.9)
        c.line(front, edge, 0.8, 0.7, 'transform="translate(4.8 0)"')
        for i in range(6):
            c.shape(
                ellipse(x + 2.4, -50 + i * (hem + 42) / 5.4, 1.5, 2.6),
                "#f5f2e9",
                extra='stroke="#6b675e" stroke-width=".8"',
            )
    elif kind == "zipper":
        c.line(front, edge, 7)
        c.line(front, "#c8ccd2", 2.4, 1, 'stroke-dasharray=".1 3.2"')
    pocket = look.get("pockets")
    if pocket == "chest pocket":
        c.shape(
            f"M{n(x + 5)} -40L-13 -43L-12 -20L{n(x + 13)} -14L{n(x + 6)} -19Z",
            darker(look.base, 0.08),
            1,
            f'stroke="{thread(look.base, 0.6)}" stroke-width="1.5"',
        )
        c.line(f"M{n(x + 5)} -35L-13 -38", edge, 1)
    elif pocket == "kangaroo pocket":
        y = hem - 44
        c.shape(
            f"M{n(x - 4)} {n(y)}L{n(x + 10)} {n(y)}L-8 {n(y + 24)}L-8 {n(y + 36)}L{n(x - 4)} {n(y + 36)}Z",
            darker(look.base, 0.09),
            1,
            f'stroke="{thread(look.base, 0.6)}" stroke-width="1.5"',
        )
        stitches(c, f"M{n(x + 8)} {n(y + 2)}L-11 {n(y + 25)}", look.base)
    elif pocket == "front pockets":
        y = hem - 34
        c.line(f"M-5 {n(y)}L{n(x + 9)} {n(y + 20)}", darker(look.base, 0.65), 3)
        stitches(c, f"M-3 {n(y + 2)}L{n(x + 11)} {n(y + 22)}", look.base)


def sleeve_side(c: Canvas, look: Look, texture: str) -> None:
    """The near sleeve, or the armhole of a top without."""
    length, seam = look.get("sleeve length"), darker(look.base, 0.55)
    if length == "sleeveless":
        hole = "M5 -71Q-12 -62 -13 -44Q-12 -27 1 -26Q15 -28 16 -44Q16 -64 5 -71Z"
        c.shape(hole, darker(look.base, 0.6))
        c.shape("M5 -71Q-12 -62 -13 -44Q-10 -54 2 -58Q12 -60 15 -52Q15 -65 5 -71Z", "#000", 0.25)
        c.line(hole, seam, 4)
        c.line(hole, darker(look.base, 0.12), 2.8)
        return
    creases: tuple[str, ...]
    if length == "short sleeve":
        d = "M5 -73Q-16 -66 -18 -42Q-21 -18 -21 -2Q-2 6 20 -1Q22 -24 21 -42Q20 -66 5 -73Z"
        cuff, creases = "M-21 -8Q-2 0 20 -7", ("M-16 -30Q0 -22 12 -26",)
    else:
        d = "M5 -73Q-17 -66 -18 -42Q-20 -12 -14 14Q-20 40 -24 62Q-14 70 -3 67Q8 40 13 16Q21 -16 21 -42Q20 -66 5 -73Z"
        cuff, creases = (
            "M-22 52Q-12 59 0 57",
            ("M-16 6Q0 4 12 14", "M-15 18Q-2 14 10 24", "M-17 -22Q0 -16 16 -22"),
        )
    c.shape(d, "#000", 0.16, 'transform="translate(3 3)"')
    cover(c, d, look, texture=texture)
    c.open(c.clip(d))
    c.line("M-18 -42Q-16 -66 5 -73Q20 -66 21 -42", seam, 3, 0.5)
    folds(c, *creases)
    c.close()
    stitches(c, cuff, look.base, 0.6)


def collar_side(c: Canvas, look: Look) -> None:
    """The collar in profile."""
    kind, edge = look.get("collar type"), darker(look.base, 0.5)
    if kind == "turtleneck":
        cover(c, "M-14 -90Q-16 -76 -18 -64Q2 -58 20 -76L17 -95Q2 -88 -14 -90Z", look, pattern=False)
        c.line("M-15 -78Q4 -74 18 -86", edge, 1.2, 0.6)
    elif kind == "polo":
        cover(
            c,
            "M16 -86Q-4 -84 -14 -68L-25 -52Q-8 -50 0 -60Q12 -64 22 -72Z",
            look,
            pattern=False,
            rgb=mix(look.base, (255, 255, 255), 0.1),
        )
        stitches(c, "M-21 -55Q-9 -54 -2 -62Q10 -66 19 -74", look.base)
    elif kind == "mandarin":
        cover(
            c,
            "M-14 -74Q-17 -68 -16 -62Q2 -58 19 -74L17 -89Q0 -84 -14 -74Z",
            look,
            pattern=False,
            rgb=mix(look.base, (255, 255, 255), 0.08),
        )
    elif kind == "hooded":
        c.line("M-18 -62Q4 -52 28 -64", edge, 4, 0.5)
        c.line("M-13 -60Q-19 -44 -17 -30", lighter(look.base, 0.75), 2.2)
        c.shape(rounded(-18.8, -32, 3.6, 6, 1), "#c9ccd0")
    else:
        ring = {"v neck": "M17 -80Q8 -66 -20 -58", "scoop neck": "M19 -79Q10 -60 -20 -58"}.get(
            kind, "M17 -81Q8 -65 -16 -66"
        )
        c.line(ring, edge, 6)
        c.line(ring, darker(look.base, 0.16), 4.6)
        c.line(ring, lighter(look.base, 0.3), 1, 0.4)


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
        cover(
            c,
            outline((0, -96), (16, -96, 19, -92), (22, -78, 23, -68), (12, -62, 0, -62)),
            look,
            pattern=False,
        )
        c.line("M-17 -84Q0 -79 17 -84", edge, 1.2, 0.6)
    elif kind == "polo":
        for s in (-1, 1):
            c.shape(
                f"M{2 * s} -66L{21 * s} -83L{30 * s} -68L{14 * s} -50Z",
                lighter(look.base, 0.1),
                extra=f'stroke="{edge}" stroke-width="1"',
            )
        if look.get("closure type") == "pullover":
            c.shape(rounded(-5, -62, 10, 36, 2), trim, extra=f'stroke="{edge}" stroke-width=".8"')
            for y in (-52, -36):
                c.shape(ellipse(0, y, 2, 2), "#f3f0e8", extra='stroke="#777" stroke-width=".6"')
    elif kind == "mandarin":
        for s in (-1, 1):
            c.shape(
                f"M{1 * s} -66Q{16 * s} -68 {20 * s} -82L{24 * s} -76Q{20 * s} -58 {1 * s} -56Z",
                lighter(look.base, 0.08),
                extra=f'stroke="{edge}" stroke-width="1"',
            )
    elif kind == "hooded":
        c.line("M-22 -72Q-14 -60 0 -56Q14 -60 22 -72", edge, 5, 0.55)
        for s in (-1, 1):
            c.line(f"M{9 * s} -60Q{11 * s} -44 {8 * s} -28", lighter(look.base, 0.75), 2.2)
            c.shape(rounded(8 * s - 1.8, -30, 3.6, 6, 1), "#c9ccd0")
    else:
        ring = {
            "v neck": "M-21 -79L0 -54L21 -79",
            "scoop neck": "M-27 -78Q-25 -54 0 -54Q25 -54 27 -78",
        }
        d = ring.get(kind, "M-20 -80Q-17 -66 0 -66Q17 -66 20 -80")
        c.line(d, edge, 6.4, 1)
        c.line(d, trim, 5, 1)
        c.line(d, lighter(look.base, 0.3), 1, 0.4)


def closure(c: Canvas, look: Look, hem: float) -> None:
    kind, edge = look.get("closure type"), darker(look.base, 0.5)
    top = -56 if look.get("collar type") in ("v neck", "scoop neck") else -66
    if kind == "button":
        c.shape(
            rounded(-5.5, top, 11, hem - top + 4, 1),
            hexa(mix(look.base, (255, 255, 255), 0.08)),
            0.9,
            f'stroke="{edge}" stroke-width=".8"',
        )
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
    fill = f'stroke="{thread(look.base, 0.6)}" stroke-width="1.5"'
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
    if look.face == "side":
        pants_side(c, look)
        return
    knee, foot, end, texture = legs(look)
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
    (seat if look.face == "back" else front)(c, look)


def legs(look: Look) -> tuple[float, float, float, str]:
    """(half the knee's width, half the foot's, y of the hem, texture of the cloth)."""
    knee = {"slim": 17, "straight": 24, "wide-leg": 31}[look.get("fit")]
    foot = {"slim": 12, "straight": 21, "wide-leg": 33}[look.get("fit")]
    end = {"full length": 96, "ankle length": 78, "cropped": 52}[look.get("inseam")]
    return (
        knee,
        foot,
        end,
        {"denim": "denim", "wool": "wool", "linen": "linen"}.get(look.get("fabric"), ""),
    )


def seat(c: Canvas, look: Look) -> None:
    """Trousers from behind: yoke, centre seam, back pockets, a jeans' leather patch."""
    jeans, seam = look.get("fabric") == "denim", darker(look.base, 0.6)
    panel = outline((0, -84), (36, -84), (38, -80, 40, -72), (0, -62))
    cover(
        c,
        panel,
        look,
        pattern=False,
        texture=legs(look)[3],
        rgb=mix(look.base, (255, 255, 255) if brightness(look.base) < 0.35 else (8, 8, 14), 0.13),
    )
    stitches(c, "M-40 -69.5L0 -59.5L40 -69.5", look.base, 0.9, jeans)
    c.line("M0 -62Q2 -46 0 -30", seam, 1.7)
    stitches(c, "M3.5 -60Q5.5 -46 3.5 -34", look.base, 0.9, jeans)
    for s in (-1, 1):
        c.shape(
            ellipse(21 * s, -46, 20, 24),
            c.radial((0, "#fff", 0.14), (0.7, "#fff", 0.03), (1, "#fff", 0)),
        )
        c.line(f"M{4 * s} -30Q{20 * s} -16 {38 * s} -26", "#000", 5, 0.13)
        folds(c, f"M{8 * s} -27Q{20 * s} -20 {36 * s} -27", f"M{30 * s} 12Q{22 * s} 18 {14 * s} 13")
        if look.get("pockets") != "no pockets":
            back_pocket(c, look, s, jeans)
    if jeans:
        c.shape(rounded(16, -96, 17, 11, 1), "#a8713f", extra='stroke="#5c3a1c" stroke-width="1"')
        c.line("M19 -92H30M19 -89H27", "#5c3a1c", 1, 0.7)
    else:
        c.shape(
            rounded(-9, -95, 18, 9, 1),
            "#f4f2ea" if brightness(look.base) < 0.8 else "#4a4a50",
            0.95,
            f'stroke="{seam}" stroke-width=".8"',
        )


def back_pocket(c: Canvas, look: Look, s: int, jeans: bool) -> None:
    c.open('transform="translate(0 5)"')
    d = f"M{10 * s} -60L{33 * s} -63L{33 * s} -42L{22 * s} -34L{11 * s} -40Z"
    if jeans or look.get("pockets") == "cargo pockets":
        c.shape(
            d,
            darker(look.base, 0.07),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.3"',
        )
        stitches(
            c,
            f"M{12.5 * s} -56L{30.5 * s} -59L{30.5 * s} -43L{22 * s} -37L{13.5 * s} -42Z",
            look.base,
            0.9,
            jeans,
        )
    if jeans:
        stitches(
            c,
            f"M{12.5 * s} -50Q{18 * s} -50 {22 * s} -45Q{25 * s} -52 {30.5 * s} -53",
            look.base,
            0.9,
            True,
        )
    elif look.get("pockets") == "cargo pockets":
        c.shape(
            f"M{9 * s} -62L{34 * s} -65L{34 * s} -56L{9 * s} -53Z",
            darker(look.base, 0.18),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.3"',
        )
    else:
        c.line(f"M{11 * s} -57L{33 * s} -60", darker(look.base, 0.65), 3)
        stitches(c, f"M{10 * s} -60.5L{34 * s} -63.5L{34 * s} -56.5L{10 * s} -53.5Z", look.base)
        c.shape(ellipse(22 * s, -53, 1.8, 1.8), "#cfcac0", extra='stroke="#666" stroke-width=".5"')
    c.close()


def pants_side(c: Canvas, look: Look) -> None:
    """Trousers from the wearer's left: one leg before the other, the side seam, the pocket's mouth."""
    knee, foot, end, texture = legs(look)
    if look.get("fit") == "wide-leg":
        knee, foot = knee * 1.1, foot * 1.25
    jeans, seam = look.get("fabric") == "denim", darker(look.base, 0.6)
    d = (
        f"M-23 -88L21 -88Q36 -66 33 -40Q{n(knee + 4)} 4 {n(foot + 2)} {end}L{n(-foot + 1)} {end}"
        f"Q{n(-knee)} 10 -27 -30Q-27 -62 -23 -88Z"
    )
    far = f"M-27 -34Q{n(-knee - 7)} 10 {n(-foot - 8)} {end}L{n(foot - 8)} {end}L{n(knee - 8)} -30Z"
    cover(c, far, look, texture=texture, rgb=mix(look.base, (8, 8, 14), 0.1))
    c.open(c.clip(far))
    hem_edge(c, look, end)
    c.shape(far, "#000", 0.22)
    c.close()
    cover(c, d, look, texture=texture)
    c.open(c.clip(d))
    folds(
        c,
        "M-26 -34Q-10 -26 4 -32",
        f"M{n(knee)} 4Q6 8 -6 2",
        f"M{n(foot)} {end - 40}Q0 {end - 32} {n(-foot)} {end - 42}",
    )
    c.line(f"M1 -84Q5 -50 2 0L1 {end}", seam, 1.4, 0.85)
    stitches(c, f"M4.5 -84Q8.5 -50 5.5 0L4.5 {end}", look.base, 0.9, jeans)
    hem_edge(c, look, end)
    c.close()
    if look.get("pockets") != "no pockets":
        c.line("M-17 -84Q-14 -64 1 -56", darker(look.base, 0.65), 2.2)
        stitches(c, "M-20 -84Q-18 -61 1 -52", look.base, 0.9, jeans)
        c.open(c.clip(d))
        c.shape(
            "M20 -64L40 -66L40 -40L30 -38L21 -44Z",
            darker(look.base, 0.08),
            extra=f'stroke="{seam}" stroke-width="1.3"',
        )
        stitches(c, "M22 -60L40 -62M22.5 -45L30 -41", look.base, 0.9, jeans)
        c.close()
    if look.get("pockets") == "cargo pockets":
        side_cargo(c, look)
    waist_side(c, look)


def hem_edge(c: Canvas, look: Look, end: float) -> None:
    """The hem, drawn within the clipped leg."""
    if look.get("hem") == "cuffed hem":
        c.shape(rounded(-110, end - 15, 220, 20, 0), lighter(look.base, 0.25), 0.9)
        c.line(f"M-110 {end - 15}L110 {end - 15}", darker(look.base, 0.55), 2)
    elif look.get("hem") == "raw hem":
        c.line(
            f"M-110 {end - 1}L110 {end - 1}",
            lighter(look.base, 0.75),
            4.5,
            0.9,
            'stroke-dasharray="1 2.4"',
        )
    else:
        stitches(c, f"M-110 {end - 6}L110 {end - 6}", look.base, 0.9, look.get("fabric") == "denim")


def side_cargo(c: Canvas, look: Look) -> None:
    """A cargo pocket in full, its bellows and its flap."""
    edge = f'stroke="{darker(look.base, 0.6)}" stroke-width="1.3"'
    c.shape(rounded(-17, -14, 36, 36, 2), darker(look.base, 0.07), extra=edge)
    c.line("M-4 -8V22M6 -8V22", darker(look.base, 0.45), 1, 0.7)
    c.shape("M-18 -17H20V-7L1 -2L-18 -7Z", darker(look.base, 0.18), extra=edge)
    c.shape(ellipse(1, -7, 1.7, 1.7), "#cfcac0")


def waist_side(c: Canvas, look: Look) -> None:
    cover(c, "M-24 -96Q0 -99 22 -96L23 -84Q0 -87 -25 -84Z", look, pattern=False)
    kind = look.get("closure")
    if kind == "zipper":
        for x in (-12, 12):
            c.shape(
                rounded(x - 2, -99, 4, 17, 1),
                darker(look.base, 0.22),
                extra=f'stroke="{darker(look.base, 0.6)}" stroke-width=".7"',
            )
        c.shape(
            ellipse(-24, -90.5, 1.6, 3.4),
            "#c9a45c" if look.get("fabric") == "denim" else "#d5d5d2",
            extra='stroke="#555" stroke-width=".8"',
        )
        return
    for x in range(-20, 22, 4):
        c.line(f"M{x} -96L{x} -85", darker(look.base, 0.6), 1, 0.6)
    if kind == "drawstring":
        c.line(
            "M-24 -89Q-34 -76 -28 -58",
            lighter(look.base, 0.85) if look.get("color") != "white" else "#555",
            2.2,
        )
        c.shape(rounded(-29.6, -60, 3.2, 7, 1), "#b9bcc0")


def leg(c: Canvas, look: Look, d: str, s: int, x: float, foot: float, end: float) -> None:
    c.open(c.clip(d))
    folds(
        c,
        f"M{3 * s} -24Q{18 * s} -20 {30 * s} -30",
        f"M{n((x - foot) * s)} {end - 50}Q{n(x * s)} {end - 44} {n((x + foot) * s)} {end - 52}",
    )
    if look.get("fabric") == "denim":
        stitches(
            c,
            f"M{43 * s} -60Q{n((x + foot + 16) * s)} 0 {n((x + foot - 4) * s)} {end}",
            look.base,
            0.9,
            True,
        )
    c.line(f"M{n(x * s)} -20L{n(x * s)} {end}", "#fff", 5, 0.07)
    hem_edge(c, look, end)
    c.close()
    if look.get("pockets") == "cargo pockets":
        px = s * (x + foot * 0.35)
        c.shape(
            rounded(px - 11, -6, 22, 28, 2),
            darker(look.base, 0.07),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.3"',
        )
        c.shape(
            rounded(px - 12, -9, 24, 10, 2),
            darker(look.base, 0.18),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.3"',
        )
        c.shape(ellipse(px, -3, 1.7, 1.7), "#cfcac0")


def waist(c: Canvas, look: Look) -> None:
    band = "M-35 -97L35 -97L36 -84L-36 -84Z"
    cover(c, band, look, pattern=False)
    if look.get("closure") == "zipper":
        for x in (-27, -13, 13, 27):
            c.shape(
                rounded(x - 2, -99, 4, 17, 1),
                darker(look.base, 0.22),
                extra=f'stroke="{darker(look.base, 0.6)}" stroke-width=".7"',
            )
        if look.face == "back":
            c.shape(
                rounded(-2, -99, 4, 17, 1),
                darker(look.base, 0.22),
                extra=f'stroke="{darker(look.base, 0.6)}" stroke-width=".7"',
            )
        else:
            c.shape(
                ellipse(0, -90.5, 3.4, 3.4),
                "#c9a45c" if look.get("fabric") == "denim" else "#d5d5d2",
                extra='stroke="#555" stroke-width=".8"',
            )
        return
    for x in range(-32, 35, 4):
        c.line(f"M{x} -96L{x} -85", darker(look.base, 0.6), 1, 0.6)
    if look.get("closure") == "drawstring" and look.face == "front":
        for s in (-1, 1):
            c.line(
                f"M{2 * s} -89Q{10 * s} -76 {6 * s} -58",
                lighter(look.base, 0.85) if look.get("color") != "white" else "#555",
                2.2,
            )
            c.shape(rounded(6 * s - 1.6, -60, 3.2, 7, 1), "#b9bcc0")


def front(c: Canvas, look: Look) -> None:
    if look.get("closure") == "zipper":
        c.line("M0 -84L0 -34", darker(look.base, 0.6), 1.3)
        stitches(c, "M9 -84L9 -56Q8 -44 1 -40", look.base, 0.9, look.get("fabric") == "denim")
    if look.get("pockets") in ("side pockets", "cargo pockets"):
        for s in (-1, 1):
            d = f"M{21 * s} -84Q{23 * s} -66 {43 * s} -60"
            c.line(d, darker(look.base, 0.65), 1.8)
            stitches(
                c,
                f"M{18 * s} -84Q{20 * s} -63 {43 * s} -56",
                look.base,
                0.9,
                look.get("fabric") == "denim",
            )
