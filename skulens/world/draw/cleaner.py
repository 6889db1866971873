"""Household cleaners: trigger sprayers, squeeze bottles, jugs, refill pouches and powder boxes."""

from skulens.world.canvas.surface import FLAT, ROUND, cover, shade
from skulens.world.canvas.svg import Canvas, ellipse, n, outline, rounded
from skulens.world.draw.food import back_panel, side_print, wedge
from skulens.world.draw.fruit import emblem
from skulens.world.truth.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.truth.look import Look


def cleaner(c: Canvas, look: Look, brand: str) -> None:
    {"spray bottle": spray, "bottle": squeeze, "jug": jug, "pouch": refill, "box": powder}[
        look.get("container type")
    ](c, look, brand)


def front(
    c: Canvas, look: Look, brand: str, x: float, top: float, width: float, height: float, d: str
) -> None:
    """The printed face: bubbles, rays or a wave, the brand on a tilted ribbon, the scent's picture and name."""
    if look.face == "back":
        back_panel(c, look, x, top + height * 0.02, width * 0.88, height * 0.96)
        return
    if look.face == "side":
        side_print(c, look, brand, x, top, width, height)
        return
    pale = hexa(mix(look.base, (255, 255, 255), 0.34 if brightness(look.base) < 0.8 else 0.9))
    c.open(c.clip(d))
    ARTWORK[look.pick("artwork", tuple(ARTWORK))](c, look, x, top, width, height, pale)
    c.close()
    y, half, second = top + height * 0.25, width * 0.47, hexa(look.second)
    c.open(f'transform="rotate(-8 {n(x)} {n(y)})"')
    ribbon = f"M{n(x - half)} {n(y - width * 0.17)}Q{n(x)} {n(y - width * 0.27)} {n(x + half)} {n(y - width * 0.17)}L{n(x + half)} {n(y + width * 0.15)}Q{n(x)} {n(y + width * 0.24)} {n(x - half)} {n(y + width * 0.15)}Z"
    c.shape(ribbon, second, extra=f'stroke="{ink_on(look.second)}" stroke-width="1.6"')
    c.text(brand, x, y + width * 0.09, width * 0.28, ink_on(look.second), width * 0.84)
    c.close()
    emblem(c, look.get("scent"), x, top + height * 0.66, min(width * 0.24, height * 0.17))
    c.text(
        look.get("scent").upper(),
        x,
        top + height * 0.965,
        width * 0.14,
        ink_on(look.base),
        width * 0.66,
    )


def _bubbles(
    c: Canvas, look: Look, x: float, top: float, width: float, height: float, pale: str
) -> None:
    for dx, dy, r in (
        (-0.36, 0.56, 0.1),
        (0.38, 0.5, 0.075),
        (-0.3, 0.82, 0.13),
        (0.35, 0.78, 0.13),
        (-0.45, 0.68, 0.055),
        (0.44, 0.64, 0.05),
    ):
        bx, by, br = x + dx * width, top + dy * height, r * width
        c.shape(
            ellipse(bx, by, br, br),
            pale,
            0.75,
            f'stroke="{darker(look.base, 0.35)}" stroke-width=".8"',
        )
        c.shape(ellipse(bx - br * 0.3, by - br * 0.35, br * 0.3, br * 0.22), "#fff", 0.95)


def _rays(
    c: Canvas, look: Look, x: float, top: float, width: float, height: float, pale: str
) -> None:
    y, far = top + height * 0.66, width
    rays = "".join(f"M{n(x)} {n(y)}L{n(x + a * far)} {n(y + b * far)}L{n(x + e * far)} {n(y + f * far)}Z" for a, b, e, f in (
        (1, 0.15, 1, -0.15), (0.85, 0.75, 0.6, 1), (-0.6, 1, -0.85, 0.75), (-1, -0.15, -1, 0.15), (-0.85, -0.75, -0.6, -1), (0.6, -1, 0.85, -0.75), (0.15, 1, -0.15, 1),
    ))  # fmt: skip
    c.shape(rays, pale, 0.75)
    for dx, dy, r in (
        (-0.36, 0.5, 0.13),
        (0.38, 0.56, 0.09),
        (0.34, 0.84, 0.12),
        (-0.38, 0.86, 0.07),
    ):
        star(c, x + dx * width, top + dy * height, r * width, look)


def star(c: Canvas, x: float, y: float, r: float, look: Look) -> None:
    """The sparkle of something clean."""
    q = r * 0.16
    d = f"M{n(x)} {n(y - r)}Q{n(x + q)} {n(y - q)} {n(x + r)} {n(y)}Q{n(x + q)} {n(y + q)} {n(x)} {n(y + r)}Q{n(x - q)} {n(y + q)} {n(x - r)} {n(y)}Q{n(x - q)} {n(y - q)} {n(x)} {n(y - r)}Z"
    c.shape(d, "#fff", extra=f'stroke="{darker(look.base, 0.3)}" stroke-width=".8"')


def _wave(
    c: Canvas, look: Look, x: float, top: float, width: float, height: float, pale: str
) -> None:
    left, right, end = n(x - width), n(x + width), n(top + height * 1.3)
    for share, fill in ((0.5, pale), (0.8, hexa(mix(look.base, look.second, 0.18)))):
        y = top + height * share
        c.shape(
            f"M{left} {n(y + 8)}Q{n(x - width * 0.5)} {n(y - height * 0.12)} {n(x)} {n(y)}T{right} {n(y - 10)}L{right} {end}L{left} {end}Z",
            fill,
            0.8,
        )
    for dx, dy, r in ((-0.36, 0.6, 0.05), (0.36, 0.52, 0.08), (0.4, 0.72, 0.05)):
        c.shape(ellipse(x + dx * width, top + dy * height, r * width, r * width), "#fff", 0.8)


ARTWORK = {"bubbles": _bubbles, "rays": _rays, "wave": _wave}


def cap(c: Canvas, look: Look, d: str) -> None:
    """A part moulded in the second colour."""
    c.shape(d, hexa(look.second), extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"')
    c.shape(d, shade(c, ROUND, look.second))


def spray(c: Canvas, look: Look, brand: str) -> None:
    """A trigger sprayer: nozzle to the left, trigger below it, a long neck."""
    wide, shoulder = look.vary("width", 38, 45), look.vary("shoulder", -22, -8)
    if look.face == "side":
        wide = _trigger_ahead(c, look)
    else:
        with c.mirrored(look.face == "back"):
            _trigger(c, look)
    body = outline(
        (0, -50),
        (15, -50),
        (16, shoulder - 12, wide, shoulder - 8, wide, shoulder + 16),
        (wide - 5, shoulder + 36, wide, shoulder + 60),
        (wide, 84),
        (wide, 94, wide - 10, 94),
        (0, 94),
    )
    cover(c, body, look, light=ROUND)
    cap(c, look, rounded(-18, -64, 36, 17, 3))
    for x in range(-14, 15, 5):
        c.line(f"M{x} -61L{x} -50", "#000", 1, 0.25)
    front(c, look, brand, 0, shoulder + 4, 2 * wide * 0.92, 84 - shoulder, body)
    c.shape(rounded(-wide + 5, shoulder + 8, 4, 76 - shoulder, 2), "#fff", 0.4)


def _trigger(c: Canvas, look: Look) -> None:
    """The sprayer's head in profile, with its dip tube."""
    c.line("M9 -52L9 -30", darker(look.base, 0.25), 3)
    c.shape(
        "M-26 -79Q-38 -66 -35 -48Q-34 -43 -29 -43L-27 -45Q-29 -60 -16 -72Z",
        hexa(look.second),
        extra=f'stroke="{darker(look.second, 0.55)}" stroke-width="1.2"',
    )
    head = "M-44 -100Q-44 -104 -39 -104L10 -106Q30 -106 34 -88L36 -76Q36 -72 31 -72L18 -72L18 -62L-16 -62L-16 -76Q-20 -84 -36 -85L-44 -86Z"
    cover(c, head, look, light=FLAT, pattern=False)
    c.shape(
        rounded(-54, -104, 13, 19, 2),
        hexa(look.second),
        extra=f'stroke="{darker(look.second, 0.55)}" stroke-width="1"',
    )
    c.line("M-30 -96L8 -98", "#fff", 2.4, 0.35)


def _trigger_ahead(c: Canvas, look: Look) -> float:
    """The sprayer's head with the nozzle towards us; returns half the bottle's depth."""
    head = outline((0, -106), (9, -106, 12, -100), (14, -86), (13, -62), (0, -62))
    cover(c, head, look, light=ROUND, pattern=False)
    cap(c, look, rounded(-9, -103, 18, 17, 4))
    c.shape(ellipse(0, -94.5, 4, 4), "#1d1d22")
    cap(c, look, "M-6 -80L6 -80L4 -46Q0 -42 -4 -46Z")
    return 27


def squeeze(c: Canvas, look: Look, brand: str) -> None:
    """A waisted squeeze bottle with a tall flip cap."""
    wide, waist = look.vary("width", 38, 45), look.vary("waist", 5, 11)
    if look.face == "side":
        wide, waist = 26, waist / 2
    body = outline(
        (0, -70),
        (14, -70),
        (18, -60, wide - 2, -56, wide, -34),
        (wide - waist, -6, wide - waist, 22),
        (wide - waist, 44, wide + 2, 70),
        (wide + 4, 94, wide - 12, 94),
        (0, 94),
    )
    cover(c, body, look, light=ROUND)
    cap(c, look, outline((0, -90), (13, -90), (16, -68), (0, -66)))
    cap(c, look, "M-7 -106Q-7 -109 -3 -109L5 -109Q8 -109 8 -106L9 -89L-8 -89Z")
    c.line("M-13 -80L13 -80", "#000", 1.2, 0.3)
    front(c, look, brand, 0, -46, 2 * (wide - waist), 132, body)
    c.line(
        f"M{n(-wide + 6)} -40Q{n(-wide + waist + 6)} 0 {n(-wide + waist + 5)} 30", "#fff", 4, 0.4
    )


def jug(c: Canvas, look: Look, brand: str) -> None:
    """A detergent jug: the handle is moulded out of its shoulder, the cap measures the dose."""
    wide = look.vary("width", 54, 62)
    if look.face == "side":
        _jug_side(c, look, brand, 31)
        return
    hole = f"M{n(wide - 30)} -34L{n(wide - 26)} 4Q{n(wide - 16)} 12 {n(wide - 12)} 2L{n(wide - 12)} -24Q{n(wide - 14)} -40 {n(wide - 30)} -34Z"
    body = f"M{n(-wide + 16)} -62L{n(wide - 36)} -66Q{n(wide - 4)} -62 {n(wide)} -34L{n(wide)} 74Q{n(wide)} 92 {n(wide - 16)} 92L{n(-wide + 12)} 92Q{n(-wide)} 92 {n(-wide)} 78L{n(-wide)} -20Q{n(-wide + 2)} -52 {n(-wide + 16)} -62Z"
    with c.mirrored(look.face == "back"):
        cover(c, body + hole, look, light=ROUND)
        c.line(f"M{n(wide - 8)} -36Q{n(wide - 4)} -10 {n(wide - 9)} 8", "#fff", 3, 0.35)
        dosing_cap(c, look, -wide + 18, wide - 44)
    if look.face == "back":
        back_panel(c, look, 0, 10, 2 * wide - 20, 76)
    else:
        front(c, look, brand, -4, -24, 2 * wide - 24, 112, body + hole)


def _jug_side(c: Canvas, look: Look, brand: str, half: float) -> None:
    """The jug with its handle towards us."""
    body = outline(
        (0, -64),
        (half - 12, -64),
        (half, -58, half, -30),
        (half, 76),
        (half, 92, half - 12, 92),
        (0, 92),
    )
    cover(c, body, look, light=ROUND)
    dosing_cap(c, look, -22, 22)
    grip = rounded(-9, -50, 18, 62, 9)
    c.shape(rounded(-13, -46, 26, 62, 12), "#000", 0.2)
    cover(c, grip, look, light=ROUND, rgb=mix(look.base, (255, 255, 255), 0.08))
    side_print(c, look, "", 0, -60, 2 * half * 0.86, 146)


def dosing_cap(c: Canvas, look: Look, left: float, right: float) -> None:
    cap(c, look, rounded(left - 2, -72, right - left + 4, 12, 3))
    cap(
        c,
        look,
        f"M{n(left)} -104Q{n(left)} -107 {n(left + 4)} -107L{n(right - 4)} -107Q{n(right)} -107 {n(right)} -104L{n(right)} -72L{n(left)} -72Z",
    )
    for i in range(1, 6):
        x = left + i * (right - left) / 6
        c.line(f"M{n(x)} -103L{n(x)} -76", "#000", 1.2, 0.22)


def refill(c: Canvas, look: Look, brand: str) -> None:
    """A stand-up refill pouch with a spout in its upper left corner."""
    wide = look.vary("width", 50, 57)
    if look.face == "side":
        cap(c, look, rounded(-8, -106, 16, 18, 3))
        wedge(c, look, brand, 27)
        return
    d = f"M{n(-wide + 34)} -92L{n(wide)} -92L{n(wide - 3)} -60Q{n(wide - 6)} 0 {n(wide + 4)} 70Q{n(wide + 2)} 88 {n(wide - 8)} 90Q0 98 {n(-wide + 8)} 90Q{n(-wide - 2)} 88 {n(-wide - 4)} 70Q{n(-wide + 6)} 0 {n(-wide + 2)} -62Z"
    with c.mirrored(look.face == "back"):
        c.open(f'transform="rotate(-38 {n(-wide + 10)} -80)"')
        cap(c, look, rounded(-wide, -108, 20, 22, 3))
        c.line(
            f"M{n(-wide + 5)} -105L{n(-wide + 5)} -90M{n(-wide + 10)} -105L{n(-wide + 10)} -90M{n(-wide + 15)} -105L{n(-wide + 15)} -90",
            "#000",
            1,
            0.25,
        )
        c.close()
        c.shape(d, hexa(look.base))
    front(c, look, brand, 0, -64, 2 * wide * 0.9, 146, d)
    with c.mirrored(look.face == "back"):
        c.shape(d, shade(c, ROUND, look.base))
        c.open(c.clip(d))
        c.shape(
            f"M{n(-wide - 6)} 92Q0 62 {n(wide + 6)} 92L{n(wide + 6)} 100L{n(-wide - 6)} 100Z",
            "#000",
            0.2,
        )
        c.shape(rounded(-wide - 6, -92, 2 * wide + 12, 10, 0), "#000", 0.14)
        c.line(f"M{n(-wide + 36)} -86L{n(-wide + 8)} -60", "#000", 5, 0.13)
        c.line(f"M{n(wide - 9)} -74Q{n(wide - 12)} 0 {n(wide - 5)} 66", "#fff", 4, 0.35)
        c.close()
        c.line(d, darker(look.base, 0.5), 1.2, 0.8)


def powder(c: Canvas, look: Look, brand: str) -> None:
    """A washing powder box with a carrying strap and a tear-open corner."""
    wide, top = look.vary("width", 56, 66), look.vary("top", -66, -48)
    if look.face == "side":
        wide = 34
    edge = f'stroke="{darker(look.base, 0.5)}" stroke-width="1"'
    c.shape(
        f"M{n(wide - 10)} {n(top)}L{n(wide + 14)} {n(top - 14)}L{n(wide + 14)} 78L{n(wide - 10)} 92Z",
        darker(look.base, 0.3),
        extra=edge,
    )
    c.shape(
        f"M{n(-wide - 10)} {n(top)}L{n(-wide + 14)} {n(top - 14)}L{n(wide + 14)} {n(top - 14)}L{n(wide - 10)} {n(top)}Z",
        lighter(look.base, 0.25),
        extra=edge,
    )
    strap = (
        f"M2 {n(top - 5)}L2 {n(top - 34)}"
        if look.face == "side"
        else f"M{n(-wide + 24)} {n(top - 6)}Q{n(-wide + 30)} {n(top - 34)} 2 {n(top - 34)}Q{n(wide - 24)} {n(top - 34)} {n(wide - 18)} {n(top - 6)}"
    )
    c.line(strap, darker(look.second, 0.5), 8.5)
    c.line(strap, hexa(look.second), 6.5)
    face = rounded(-wide - 10, top, 2 * wide, 92 - top, 1)
    c.shape(face, hexa(look.base), extra=edge)
    front(c, look, brand, -10, top + 2, 2 * wide * 0.92, 86 - top, face)
    c.shape(face, shade(c, FLAT, look.base))
    c.line(
        f"M{n(wide - 40)} {n(top)}L{n(wide - 10)} {n(top + 24)}",
        ink_on(look.base),
        1.4,
        0.7,
        'stroke-dasharray="3 2.4"',
    )
