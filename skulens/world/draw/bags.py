"""Backpacks, handbags and suitcases; from the side they face left, their front at -x."""

from skulens.world.canvas.patterns import PATTERNS
from skulens.world.canvas.surface import FLAT, METALS, ROUND, cover, folds, metal, stitches
from skulens.world.canvas.svg import Canvas, ellipse, n, outline, rounded
from skulens.world.truth.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.truth.look import Look

STEEL = (196, 200, 206)


def buckle(c: Canvas, x: float, y: float, width: float, height: float, rgb=STEEL) -> None:
    c.shape(
        rounded(x - width / 2, y - height / 2, width, height, 2),
        metal(c, rgb),
        extra=f'stroke="{darker(rgb, 0.55)}" stroke-width=".8"',
    )
    c.shape(
        rounded(x - width / 2 + 2.5, y - height / 2 + 2.5, width - 5, height - 5, 1),
        darker(rgb, 0.75),
        0.8,
    )


def patch(
    c: Canvas, look: Look, brand: str, x: float, y: float, width: float, height: float
) -> None:
    """A sewn label with the brand's name."""
    ground = (
        mix(look.base, (250, 246, 236), 0.85)
        if brightness(look.base) < 0.6
        else mix(look.base, (30, 28, 30), 0.85)
    )
    c.shape(
        rounded(x - width / 2, y - height / 2, width, height, 2),
        hexa(ground),
        extra='stroke="#000" stroke-opacity=".35" stroke-width=".8"',
    )
    c.text(brand, x, y + height * 0.24, height * 0.66, ink_on(ground), width - 5)


def chain(c: Canvas, d: str, fittings) -> None:
    """A strap of metal links."""
    c.line(d, darker(fittings, 0.5), 5.4)
    c.line(d, hexa(fittings), 4, 1, 'stroke-dasharray="5 3.5"')
    c.line(d, lighter(fittings, 0.7), 1.4, 1, 'stroke-dasharray="4 4.5"')


def zip_line(c: Canvas, d: str, look: Look, tab: tuple[float, float] | None = None) -> None:
    c.line(d, darker(look.base, 0.7), 3.6)
    c.line(d, "#d3d6da", 1.5, 0.9, 'stroke-dasharray=".1 2.2"')
    if tab:
        c.shape(
            rounded(tab[0] - 2, tab[1], 4, 11, 1.5),
            "#d9dce0",
            extra='stroke="#555" stroke-width=".7"',
        )


def backpack(c: Canvas, look: Look, brand: str) -> None:
    if look.face == "side":
        backpack_side(c, look)
        return
    wide, top = look.vary("width", 52, 62), look.vary("top", -78, -70)
    texture = look.get("material")
    strap = darker(look.base, 0.45)
    for s in (-1, 1) if look.face == "front" else ():
        d = f"M{20 * s} {top + 4}Q{n((wide + 16) * s)} -64 {n((wide + 12) * s)} 10L{n((wide + 8) * s)} 60"
        c.line(d, darker(look.base, 0.6), 13)
        c.line(d, strap, 10)
    c.line(
        f"M-15 {n(top + 3)}Q-14 {n(top - 20)} 0 {n(top - 20)}Q14 {n(top - 20)} 15 {n(top + 3)}",
        strap,
        6.5,
    )
    if look.get("compartments") in ("side pocket", "multiple compartments"):
        for s in (-1, 1):
            cover(
                c,
                f"M{n(wide * s * 0.9)} 28L{n((wide + 17) * s)} 32Q{n((wide + 19) * s)} 80 {n((wide + 8) * s)} 88L{n(wide * 0.9 * s)} 88Z",
                look,
                texture=texture,
                rgb=mix(look.base, (0, 0, 0), 0.12),
            )
            c.line(f"M{n(wide * s)} 30L{n((wide + 17) * s)} 33", darker(look.base, 0.65), 3)
    curve = look.vary("curve", 0.45, 0.9)
    body = outline(
        (0, top),
        (wide * curve, top, wide * 0.96, top + 22, wide, 0),
        (wide + 4, 60, wide - 1, 88),
        (wide - 4, 95, wide - 16, 95),
        (0, 95),
    )
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    folds(c, f"M{-wide} 20Q-30 14 -26 -8", f"M{wide} 10Q34 8 28 -14")
    c.close()
    if look.face == "back":
        _back_panel(c, look, wide, top)
        return
    _backpack_top(c, look, body, wide, top, texture)
    if look.get("compartments") in ("front pocket", "multiple compartments"):
        pocket = rounded(-wide * 0.74, 22, wide * 1.48, 62, 12)
        cover(c, pocket, look, texture=texture, rgb=mix(look.base, (255, 255, 255), 0.05))
        zip_line(c, f"M{n(-wide * 0.66)} 36L{n(wide * 0.66)} 36", look, (-wide * 0.6, 36))
        patch(c, look, brand, 0, 62, 46, 15)
    else:
        patch(c, look, brand, 0, 30, 52, 17)
    if texture in ("leather", "denim"):
        for s in (-1, 1):
            stitches(
                c,
                f"M{n((wide - 4) * s)} 78Q{n(wide * s)} 20 {n((wide - 5) * s)} {n(top + 40)}",
                look.base,
                0.9,
                texture == "denim",
            )
    if texture in ("leather", "canvas"):
        c.shape(
            f"M{n(-wide)} 78Q0 84 {n(wide)} 78L{n(wide - 6)} 94L{n(-wide + 6)} 94Z",
            "#6b4226" if texture == "canvas" else darker(look.base, 0.3),
            0.9,
        )
    stitches(c, f"M{n(-wide + 2)} 84Q0 90 {n(wide - 2)} 84", look.base, 0.7, texture == "denim")


def _backpack_top(c: Canvas, look: Look, body: str, wide: float, top: float, texture: str) -> None:
    kind, edge = look.get("closure type"), darker(look.base, 0.6)
    if kind == "zipper":
        zip_line(
            c,
            f"M{n(-wide + 5)} 4Q{n(-wide + 8)} {n(top + 15)} 0 {n(top + 13)}Q{n(wide - 8)} {n(top + 15)} {n(wide - 5)} 4",
            look,
            (8, top + 12),
        )
    elif kind == "drawstring":
        c.shape(
            f"M{n(-wide * 0.7)} {n(top + 3)}Q0 {n(top - 9)} {n(wide * 0.7)} {n(top + 3)}Q0 {n(top + 17)} {n(-wide * 0.7)} {n(top + 3)}Z",
            darker(look.base, 0.7),
        )
        x: float
        for x in range(-30, 31, 10):
            c.line(
                f"M{x} {n(top + 8)}Q{n(x * 0.9)} {n(top + 28)} {n(x * 1.2)} {n(top + 44)}",
                edge,
                1.6,
                0.5,
            )
        for s in (-1, 1):
            c.line(
                f"M{3 * s} {n(top + 14)}Q{16 * s} {n(top + 40)} {9 * s} {n(top + 62)}",
                "#efece2",
                2.6,
            )
            c.shape(ellipse(9 * s, top + 64, 3.6, 3.6), "#3a3a3e")
    elif kind == "rolltop":
        roll = rounded(-wide * 0.92, top - 4, wide * 1.84, 24, 10)
        cover(c, roll, look, light="top", texture=texture, rgb=mix(look.base, (0, 0, 0), 0.1))
        c.line(f"M{n(-wide * 0.85)} {n(top + 9)}L{n(wide * 0.85)} {n(top + 9)}", edge, 1.4)
        for s in (-1, 1):
            c.line(
                f"M{n(wide * 0.6 * s)} {n(top + 2)}L{n(wide * 0.6 * s)} {n(top + 52)}",
                darker(look.base, 0.5),
                5,
            )
            buckle(c, wide * 0.6 * s, top + 36, 13, 10)
    else:
        flap = outline(
            (0, top - 2),
            (wide * 0.6, top - 2, wide + 1, top + 14, wide + 2, top + 34),
            (wide + 2, top + 62, wide - 10, top + 78),
            (0, top + 86),
        )
        cover(c, flap, look, texture=texture, rgb=mix(look.base, (0, 0, 0), 0.08))
        stitches(
            c,
            outline(
                (0, top + 3),
                (wide * 0.6, top + 3, wide - 4, top + 16, wide - 3, top + 36),
                (wide - 3, top + 60, wide - 13, top + 73),
                (0, top + 80),
            ),
            look.base,
            0.7,
            texture == "denim",
        )
        for s in (-1, 1) if kind == "buckle" else (0,):
            x = wide * 0.5 * s
            c.line(f"M{n(x)} {n(top + 56)}L{n(x)} {n(top + 106)}", darker(look.base, 0.55), 9)
            buckle(
                c,
                x,
                top + 88,
                15,
                13,
                METALS["antique brass"] if look.get("material") in ("leather", "canvas") else STEEL,
            )


def _back_panel(c: Canvas, look: Look, wide: float, top: float) -> None:
    """What lies on the wearer's back: padding, a sleeve for a suitcase's handle, the shoulder straps."""
    strap, edge = darker(look.base, 0.45), darker(look.base, 0.65)
    pad = mix(look.base, (20, 20, 26), 0.32)
    for s in (-1, 1):
        d = rounded(24 * s - 20, top + 26, 40, 60 - top, 12)
        c.shape(d, hexa(pad), extra=f'stroke="{edge}" stroke-width="1.2"')
        c.shape(
            d,
            c.tile(
                5,
                5,
                f'<circle cx="2.5" cy="2.5" r="1.2" fill="{darker(look.base, 0.7)}" fill-opacity=".55"/>',
            ),
        )
        c.shape(d, c.gradient((0, "#fff", 0.12), (0.5, "#fff", 0), (1, "#000", 0.25)))
    if look.pick("sleeve", (True, False)):
        c.shape(
            rounded(-wide + 6, 24, 2 * wide - 12, 22, 3),
            hexa(mix(look.base, (20, 20, 26), 0.18)),
            extra=f'stroke="{edge}" stroke-width="1.2"',
        )
        stitches(c, f"M{n(-wide + 9)} 28H{n(wide - 9)}M{n(-wide + 9)} 42H{n(wide - 9)}", look.base)
    c.shape(rounded(-24, top + 8, 48, 12, 5), strap, extra=f'stroke="{edge}" stroke-width="1"')
    for s in (-1, 1):
        web = f"M{n(38 * s)} 36Q{n((wide - 2) * s)} 62 {n((wide - 4) * s)} 84"
        c.line(web, edge, 7.6, 1, 'style="stroke-linecap:butt"')
        c.line(web, darker(look.base, 0.58), 6, 1, 'style="stroke-linecap:butt"')
        d = f"M{15 * s} {n(top + 13)}C{34 * s} {n(top + 20)} {45 * s} {n(top + 60)} {38 * s} 34"
        c.line(d, "#000", 22, 0.14, 'transform="translate(2 4)"')
        c.line(d, edge, 20)
        c.line(d, strap, 17.4)
        c.line(
            d,
            lighter(look.base, 0.25),
            1.2,
            0.6,
            'stroke-dasharray="3 2.2" transform="translate(-5 0)"',
        )
        c.line(
            d,
            lighter(look.base, 0.25),
            1.2,
            0.6,
            'stroke-dasharray="3 2.2" transform="translate(5 0)"',
        )
        buckle(c, 39 * s, 40, 17, 11, (74, 74, 80))
        c.shape(
            f"M{n((wide - 12) * s)} 74L{n((wide + 2) * s)} 72L{n((wide - 2) * s)} 92L{n((wide - 10) * s)} 92Z",
            strap,
            extra=f'stroke="{edge}" stroke-width="1"',
        )


def backpack_side(c: Canvas, look: Look) -> None:
    """The pack's profile: front at the left, straps at the right."""
    top = look.vary("top", -78, -70)
    texture, deep = look.get("material"), look.vary("width", 52, 62) * 0.62
    strap, edge = darker(look.base, 0.45), darker(look.base, 0.65)
    d = f"M{n(deep - 6)} {n(top + 12)}Q{n(deep + 40)} {n(top + 34)} {n(deep + 26)} 20Q{n(deep + 18)} 62 {n(deep - 4)} 82"
    c.line(d, edge, 13)
    c.line(d, strap, 10)
    buckle(c, deep + 23, 34, 13, 11, (74, 74, 80))
    c.line(
        f"M{n(deep * 0.35)} {n(top + 4)}Q{n(deep * 0.5)} {n(top - 20)} {n(deep * 0.75)} {n(top - 18)}Q{n(deep + 4)} {n(top - 12)} {n(deep - 4)} {n(top + 12)}",
        strap,
        6.5,
    )
    if look.get("compartments") in ("front pocket", "multiple compartments"):
        pocket = f"M{n(-deep + 6)} 24Q{n(-deep - 24)} 24 {n(-deep - 22)} 56Q{n(-deep - 22)} 84 {n(-deep + 6)} 86Z"
        cover(c, pocket, look, texture=texture, rgb=mix(look.base, (255, 255, 255), 0.05))
        zip_line(
            c, f"M{n(-deep - 18)} 38Q{n(-deep - 8)} 36 {n(-deep + 4)} 37", look, (-deep - 4, 37)
        )
    body = f"M{n(deep - 2)} {n(top + 8)}Q{n(deep * 0.1)} {n(top - 8)} {n(-deep * 0.62)} {n(top + 20)}Q{n(-deep - 6)} {n(top + 52)} {n(-deep - 4)} 20Q{n(-deep - 8)} 95 {n(-deep + 14)} 95L{n(deep - 10)} 95Q{n(deep)} 95 {n(deep + 1)} 84L{n(deep + 2)} {n(top + 16)}Q{n(deep + 2)} {n(top + 8)} {n(deep - 2)} {n(top + 8)}Z"
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    c.shape(f"M{n(deep - 11)} -100H100V100H{n(deep - 11)}Z", darker(look.base, 0.4), 0.85)
    c.line(f"M{n(deep - 11)} -90V96", edge, 1.4)
    folds(c, f"M{n(-deep)} 14Q-8 8 4 -10", f"M{n(deep - 14)} 0Q4 6 -6 22")
    if texture in ("leather", "canvas"):
        c.shape(
            "M-90 78Q0 84 90 78V100H-90Z",
            "#6b4226" if texture == "canvas" else darker(look.base, 0.3),
            0.9,
        )
    stitches(c, "M-90 84Q0 90 90 84", look.base, 0.7, texture == "denim")
    c.close()
    _backpack_side_top(c, look, body, deep, top, texture)
    if look.get("compartments") in ("side pocket", "multiple compartments"):
        pocket = f"M{n(-deep + 8)} 34Q0 26 {n(deep - 14)} 32L{n(deep - 13)} 90L{n(-deep + 10)} 90Q{n(-deep + 3)} 70 {n(-deep + 8)} 34Z"
        cover(c, pocket, look, texture=texture, rgb=mix(look.base, (0, 0, 0), 0.12))
        c.line(f"M{n(-deep + 8)} 36Q0 28 {n(deep - 14)} 34", edge, 4)
        stitches(c, f"M{n(-deep + 9)} 41Q0 33 {n(deep - 14)} 39", look.base)
    else:
        c.line(f"M{n(-deep - 2)} 34L{n(deep - 12)} 30", edge, 5)
        buckle(c, -2, 32, 14, 10, (74, 74, 80))


def _backpack_side_top(
    c: Canvas, look: Look, body: str, deep: float, top: float, texture: str
) -> None:
    """The closure in profile."""
    kind, edge = look.get("closure type"), darker(look.base, 0.6)
    if kind == "zipper":
        c.open(c.clip(body))
        zip_line(
            c,
            f"M{n(deep - 16)} {n(top)}Q{n(deep * 0.1)} {n(top + 14)} {n(-deep * 0.2)} {n(top + 44)}Q-10 6 -9 24",
            look,
        )
        c.close()
        c.shape(rounded(-11, 22, 4, 13, 1.5), "#d9dce0", extra='stroke="#555" stroke-width=".7"')
    elif kind == "drawstring":
        c.shape(
            f"M{n(-deep * 0.6)} {n(top + 14)}Q0 {n(top - 12)} {n(deep - 8)} {n(top + 8)}Q0 {n(top + 18)} {n(-deep * 0.6)} {n(top + 14)}Z",
            darker(look.base, 0.7),
        )
        for x in range(-20, 24, 8):
            c.line(
                f"M{x} {n(top + 10)}Q{n(x * 1.1)} {n(top + 28)} {n(x * 1.3)} {n(top + 46)}",
                edge,
                1.6,
                0.5,
            )
        c.line(
            f"M{n(-deep * 0.5)} {n(top + 20)}Q{n(-deep - 8)} {n(top + 40)} {n(-deep - 2)} {n(top + 64)}",
            "#efece2",
            2.6,
        )
        c.shape(ellipse(-deep - 2, top + 66, 3.6, 3.6), "#3a3a3e")
    elif kind == "rolltop":
        roll = f"M{n(-deep * 0.5)} {n(top + 22)}Q{n(-deep * 0.8)} {n(top - 6)} -4 {n(top - 6)}Q26 {n(top - 6)} {n(deep * 0.5)} {n(top + 16)}Q4 {n(top + 26)} {n(-deep * 0.5)} {n(top + 22)}Z"
        cover(c, roll, look, light="top", texture=texture, rgb=mix(look.base, (0, 0, 0), 0.1))
        c.line(
            f"M-18 {n(top + 12)}Q-20 {n(top + 2)} -6 {n(top + 2)}Q8 {n(top + 2)} 6 {n(top + 11)}Q0 {n(top + 18)} -8 {n(top + 12)}",
            edge,
            1.6,
        )
        c.line(f"M0 {n(top + 14)}L-2 {n(top + 72)}", darker(look.base, 0.5), 6)
        buckle(c, -1, top + 48, 14, 11)
    else:
        flap = f"M{n(deep - 3)} {n(top + 7)}Q{n(deep * 0.1)} {n(top - 14)} {n(-deep * 0.66)} {n(top + 14)}Q{n(-deep - 14)} {n(top + 44)} {n(-deep - 10)} {n(top + 82)}L{n(-deep + 2)} {n(top + 80)}Q{n(-deep * 0.4)} {n(top + 46)} {n(deep - 3)} {n(top + 30)}Z"
        cover(c, flap, look, texture=texture, rgb=mix(look.base, (0, 0, 0), 0.08))
        c.line(
            f"M{n(-deep - 9)} {n(top + 62)}L{n(-deep - 8)} {n(top + 106)}",
            darker(look.base, 0.55),
            6,
        )
        tone = METALS["antique brass"] if texture in ("leather", "canvas") else STEEL
        buckle(c, -deep - 8, top + 88, 8, 13, tone)


HANDBAG = {
    "shoulder bag": lambda w: outline(
        (0, -26),
        (w + 10, -26),
        (w + 15, -22),
        (w + 14, 50, w + 8, 74),
        (w + 4, 80, w - 6, 80),
        (0, 80),
    ),
    "tote bag": lambda w: outline(
        (0, -36), (w + 20, -36), (w + 8, 84), (w + 6, 90, w - 2, 90), (0, 90)
    ),
    "bucket bag": lambda w: outline(
        (0, -36), (w - 6, -36), (w + 6, 20, w + 6, 70), (w + 4, 88, w - 12, 90), (0, 90)
    ),
    "satchel": lambda w: outline(
        (0, -30), (w, -30, w + 8, -18), (w + 24, 60), (w + 26, 78, w + 10, 80), (0, 80)
    ),
    "clutch": lambda w: outline(
        (0, -26), (w + 32, -26), (w + 36, -22), (w + 36, 44), (w + 34, 50, w + 28, 50), (0, 50)
    ),
    "hobo bag": lambda w: outline(
        (0, -2), (w * 0.5, -2, w + 4, -34), (w + 34, 10, w + 20, 60), (w + 6, 86, 20, 86), (0, 86)
    ),
}


MOUTH = {"tote bag": -36, "bucket bag": -36, "hobo bag": -28, "satchel": -30}
"""y of a bag's upper edge; -26 where not named."""


def handle_top(look: Look) -> float:
    """y of the middle of a handbag's highest handle, where a hand or an arm carries it."""
    kind = look.get("bag type")
    if kind == "clutch":
        return -88
    drop = {"double handles": 62, "top handle": 46}.get(look.get("handle type"), 72)
    return MOUTH.get(kind, -26) - drop


def handbag(c: Canvas, look: Look, brand: str) -> None:
    if look.face == "side":
        handbag_side(c, look)
        return
    kind, wide = look.get("bag type"), look.vary("width", 46, 58)
    fittings = METALS[look.get("hardware")]
    body = HANDBAG[kind](wide)
    top = MOUTH.get(kind, -26)
    _handles(c, look, kind, wide, top, fittings)
    quilt = look.get("embellishment") == "quilted stitching"
    cover(c, body, look, texture="quilted" if quilt else "leather")
    c.open(c.clip(body))
    c.shape(
        f"M-110 {72 if kind != 'clutch' else 42}L110 {72 if kind != 'clutch' else 42}L110 100L-110 100Z",
        "#000",
        0.16,
    )
    c.close()
    if not quilt and kind != "hobo bag":
        c.open(c.clip(body))
        c.line(body, lighter(look.base, 0.4), 9, 0.14)
        c.close()
    if look.face == "back":
        _handbag_back(c, look, kind, wide, top, body, fittings, quilt)
        return
    _handbag_closure(c, look, kind, wide, top, fittings, quilt)
    _embellish(c, look, kind, wide, brand, fittings)


def _handbag_back(
    c: Canvas, look: Look, kind: str, wide: float, top: float, body: str, fittings, quilt: bool
) -> None:
    """The plain side: a slip pocket, the flap's hinge, metal feet."""
    edge = darker(look.base, 0.6)
    c.open(c.clip(body))
    if look.get("closure type") in ("flap", "turn lock"):
        c.shape(
            f"M-120 {top - 6}H120V{top + 9}Q0 {top + 13} -120 {top + 9}Z",
            hexa(mix(look.base, (255, 255, 255), 0.05)),
        )
        c.line(f"M-120 {top + 9}Q0 {top + 13} 120 {top + 9}", edge, 1.6)
        stitches(c, f"M-120 {top + 5}Q0 {top + 9} 120 {top + 5}", look.base)
    elif kind != "hobo bag":
        c.line(f"M-120 {top + 7}H120", edge, 1.2, 0.8)
        stitches(c, f"M-120 {top + 4}H120", look.base)
    c.close()
    w = wide * {"hobo bag": 0.62, "bucket bag": 0.62, "clutch": 1.05}.get(kind, 0.78)
    y, low = {"hobo bag": (30, 72), "clutch": (-4, 38)}.get(kind, (top + 34, 66))
    if look.pick("slip", (True, False)):
        c.line(f"M{n(-w)} {y}H{n(w)}", darker(look.base, 0.8), 7)
        zip_line(c, f"M{n(-w + 2)} {y}H{n(w - 2)}", look, (w - 8, y))
        c.line(rounded(-w - 5, y - 6, 2 * w + 10, 12, 4), edge, 1)
    else:
        d = f"M{n(-w)} {y}Q0 {y + 9} {n(w)} {y}L{n(w)} {low - 6}Q{n(w)} {low} {n(w - 7)} {low}L{n(7 - w)} {low}Q{n(-w)} {low} {n(-w)} {low - 6}Z"
        cover(
            c,
            d,
            look,
            texture="quilted" if quilt else "leather",
            rgb=mix(look.base, (0, 0, 0), 0.05),
        )
        c.line(f"M{n(-w)} {y}Q0 {y + 9} {n(w)} {y}", edge, 2.6)
        stitches(
            c,
            f"M{n(-w + 3)} {y + 4}Q0 {y + 13} {n(w - 3)} {y + 4}L{n(w - 3)} {low - 4}L{n(3 - w)} {low - 4}Z",
            look.base,
        )
    if kind in ("satchel", "tote bag"):
        for s in (-1, 1):
            c.shape(
                rounded(s * wide * 0.8 - 4, 80 if kind == "satchel" else 89, 8, 5, 2),
                metal(c, fittings),
                extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
            )


def handbag_side(c: Canvas, look: Look) -> None:
    """The bag's end: front and back panels meet the folded gusset; the handle is seen edge on."""
    kind, wide = look.get("bag type"), look.vary("width", 46, 58)
    fittings, edge = METALS[look.get("hardware")], darker(look.base, 0.6)
    top = MOUTH.get(kind, -26)
    low = {"clutch": 50, "hobo bag": 86, "tote bag": 90, "bucket bag": 90}.get(kind, 80)
    mouth, foot = {
        "clutch": (8, 15), "hobo bag": (6, 34), "bucket bag": (wide - 10, wide - 2), "tote bag": (15, 33), "satchel": (13, 38),
    }.get(kind, (13, 25))  # fmt: skip
    _handle_side(c, look, kind, top, fittings, mouth)
    texture = "quilted" if look.get("embellishment") == "quilted stitching" else "leather"
    bulge = foot + 6 if kind in ("hobo bag", "satchel") else (mouth + foot) / 2 + 3
    body = outline(
        (0, top),
        (mouth, top),
        (bulge, (top + low) / 2, foot, low - 8),
        (foot - 1, low, foot - 8, low),
        (0, low),
    )
    cover(c, body, look, texture=texture, light=ROUND if kind == "bucket bag" else FLAT)
    c.open(c.clip(body))
    if kind != "bucket bag":
        crease = 30 if kind != "clutch" else 12
        c.shape(
            outline(
                (0, top),
                (mouth - 5, top),
                (bulge - 8, (top + low) / 2, foot - 7, low - 10),
                (0, low - 10),
            ),
            "#000",
            0.2,
        )
        c.shape(
            f"M{n(-mouth * 0.5)} {top}L0 {n(top + crease)}L{n(mouth * 0.5)} {top}Z", "#000", 0.34
        )
        c.line(f"M0 {n(top + crease * 0.6)}Q3 {n((top + low) / 2)} 0 {low - 12}", "#000", 3.4, 0.3)
        c.line(f"M2 {n(top + crease * 0.6)}Q5 {n((top + low) / 2)} 2 {low - 12}", "#fff", 1.4, 0.25)
        for s in (-1, 1):
            d = f"M{n((mouth - 5) * s)} {top}Q{n((bulge - 8) * s)} {n((top + low) / 2)} {n((foot - 7) * s)} {low - 10}"
            c.line(d, edge, 1.3)
            stitches(c, d, look.base, 0.9)
        c.line(f"M{-foot} {low - 10}H{foot}", edge, 1.2)
    else:
        c.line(f"M0 {top}V{low}", edge, 1.4)
        stitches(c, f"M3 {top}V{low}M-3 {top}V{low}", look.base)
    c.shape(f"M-110 {low - 9}H110V100H-110Z", "#000", 0.16)
    c.close()
    _handbag_side_front(c, look, kind, top, low, mouth, foot, fittings)


def _handle_side(c: Canvas, look: Look, kind: str, top: float, fittings, mouth: float) -> None:
    style, dark, edge = look.get("handle type"), darker(look.base, 0.35), darker(look.base, 0.6)
    peak = handle_top(look)
    if style == "double handles":
        for s in (1, -1):
            d = f"M{n((mouth - 3) * s)} {top + 16}Q{n((mouth + 2) * s)} {n((top + peak) / 2)} {n(mouth * s * 0.55)} {peak}"
            c.line(d, edge, 8.6, 1, 'style="stroke-linecap:butt"')
            c.line(d, dark if s < 0 else darker(look.base, 0.5), 6.6)
        return
    d = f"M-2.5 {top + 10}Q-9 {n((top + peak) / 2)} -1.5 {peak}L1.5 {peak}Q9 {n((top + peak) / 2)} 2.5 {top + 10}"
    if style == "chain handle":
        chain(c, d, fittings)
    else:
        c.shape(d + "Z", edge)
        c.line(d, darker(look.base, 0.6), 8 if style != "top handle" else 9.6)
        c.line(d, dark, 6 if style != "top handle" else 7.6)
    c.line(ellipse(0, top + 10, 5, 5), hexa(fittings), 2.6)


def _handbag_side_front(
    c: Canvas, look: Look, kind: str, top: float, low: float, mouth: float, foot: float, fittings
) -> None:
    """Flap, zip or magnet at the mouth, and what stands out from the front."""
    closure, edge = look.get("closure type"), darker(look.base, 0.6)
    if closure in ("flap", "turn lock"):
        drop = 44 if kind == "clutch" else 56
        x = -(mouth + (foot - mouth) * drop / (low - top)) - 4
        flap = f"M{n(mouth + 1)} {top + 8}L{n(mouth)} {top - 3}L{n(-mouth - 2)} {top - 3}L{n(x)} {top + drop}L{n(x + 7)} {top + drop}L{n(-mouth + 4)} {top + 8}Z"
        cover(c, flap, look, texture="leather", rgb=mix(look.base, (255, 255, 255), 0.05))
        c.shape(
            rounded(x - 4, top + drop - 14, 6, 13, 2),
            metal(c, fittings),
            extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
        )
    elif closure == "zipper":
        c.shape(rounded(-3.5, top - 2, 7, 12, 2), darker(look.base, 0.7))
        c.shape(
            rounded(-2, top + 6, 4, 14, 1.5),
            metal(c, fittings),
            extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".7"',
        )
    elif closure == "magnetic":
        c.shape(
            f"M2 {top - 4}L{n(-mouth - 2)} {top - 4}L{n(-mouth - 5)} {top + 26}L{n(-mouth)} {top + 26}L{n(-mouth + 3)} {top + 4}H2Z",
            darker(look.base, 0.2),
            extra=f'stroke="{edge}" stroke-width="1"',
        )
    else:
        c.shape(ellipse(0, top, mouth, 3), darker(look.base, 0.8))
    style, y = look.get("embellishment"), 26 if kind == "clutch" else 40
    x = -(mouth + (foot - mouth) * (y - top) / (low - top)) - 2
    if style == "tassel":
        c.shape(
            f"M{n(x - 3)} {y - 22}L{n(x + 2)} {y - 22}L{n(x + 4)} {y + 14}L{n(x - 8)} {y + 14}Z",
            hexa(look.second),
            extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
        )
        c.shape(rounded(x - 4.5, y - 24, 7, 6, 2), hexa(fittings))
    elif style == "bow":
        c.shape(
            f"M{n(x + 2)} {y - 12}Q{n(x - 14)} {y - 16} {n(x - 9)} {y}Q{n(x - 14)} {y + 12} {n(x + 2)} {y + 8}Z",
            hexa(look.second),
            extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
        )
    elif style == "studded":
        c.shape(
            ellipse(x - 2, y + 18, 2.4, 3.6),
            hexa(fittings),
            extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
        )


def _handles(c: Canvas, look: Look, kind: str, wide: float, top: float, fittings) -> None:
    style, dark = look.get("handle type"), darker(look.base, 0.35)
    x = wide * (0.95 if kind in ("bucket bag", "hobo bag") else 0.9)
    if style == "double handles":
        for lift, tone in ((8, darker(look.base, 0.55)), (0, dark)):
            c.line(
                f"M{n(-x * 0.55)} {top + 12}L{n(-x * 0.5)} {n(top - 34 - lift)}Q{n(-x * 0.4)} {n(top - 62 - lift)} 0 {n(top - 62 - lift)}Q{n(x * 0.4)} {n(top - 62 - lift)} {n(x * 0.5)} {n(top - 34 - lift)}L{n(x * 0.55)} {top + 12}",
                tone,
                6.5,
            )
    elif style == "top handle":
        c.line(
            f"M{n(-x * 0.5)} {top + 4}Q{n(-x * 0.5)} {top - 46} 0 {top - 46}Q{n(x * 0.5)} {top - 46} {n(x * 0.5)} {top + 4}",
            dark,
            9,
        )
        c.line(
            f"M{n(-x * 0.5)} {top + 1}Q{n(-x * 0.5)} {top - 48} 0 {top - 48}",
            lighter(look.base, 0.3),
            2,
            0.5,
        )
    else:
        d = f"M{n(-x)} {top + 8}Q{n(-x * 0.82)} {top - 72} 0 {top - 72}Q{n(x * 0.82)} {top - 72} {n(x)} {top + 8}"
        if kind == "clutch":
            d = f"M{n(-wide - 30)} -18Q{n(-wide)} -88 0 -88Q{n(wide)} -88 {n(wide + 30)} -18"
        if style == "chain handle":
            chain(c, d, fittings)
        else:
            c.line(d, darker(look.base, 0.6), 8)
            c.line(d, dark, 6)
    for s in (-1, 1):
        xr = {"double handles": x * 0.55, "top handle": x * 0.5}.get(
            style, x if kind != "clutch" else wide + 30
        )
        c.line(ellipse(xr * s, top + 6 if kind != "clutch" else -18, 4.5, 4.5), hexa(fittings), 2.6)


def _handbag_closure(
    c: Canvas, look: Look, kind: str, wide: float, top: float, fittings, quilt: bool
) -> None:
    closure = look.get("closure type")
    if closure in ("flap", "turn lock"):
        w = {"satchel": wide + 12, "clutch": wide + 34}.get(kind, wide + 13)
        drop = 44 if kind == "clutch" else 56
        corner = look.pick("flap", (0.95, 0.55, 0.3))
        flap = outline(
            (0, top - 2),
            (w, top - 2),
            (w + 2, top + drop * 0.6),
            (w * corner, top + drop),
            (0, top + drop),
        )
        cover(
            c,
            flap,
            look,
            texture="quilted" if quilt else "leather",
            rgb=mix(look.base, (255, 255, 255), 0.05),
        )
        c.line(
            f"M{n(-w)} {n(top + drop * 0.62)}L{n(-w * corner)} {n(top + drop + 1.5)}L{n(w * corner)} {n(top + drop + 1.5)}L{n(w)} {n(top + drop * 0.62)}",
            "#000",
            3,
            0.22,
        )
        if closure == "turn lock":
            c.shape(
                rounded(-9, top + drop - 13, 18, 13, 3),
                metal(c, fittings),
                extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
            )
            c.shape(rounded(-2, top + drop - 12, 4, 11, 2), darker(fittings, 0.45))
        else:
            c.shape(
                ellipse(0, top + drop - 9, 4, 4),
                metal(c, fittings),
                extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
            )
        return
    w = {
        "tote bag": wide + 18,
        "bucket bag": wide - 8,
        "clutch": wide + 32,
        "hobo bag": wide * 0.5,
    }.get(kind, wide + 4)
    y = top + 9 if kind != "hobo bag" else 8
    if closure == "zipper":
        zip_line(c, f"M{n(-w)} {y}L{n(w)} {y}", look, (w - 8, y))
    elif closure == "magnetic":
        c.shape(
            rounded(-9, y - 12, 18, 30, 5),
            darker(look.base, 0.2),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
        )
        c.shape(
            ellipse(0, y + 8, 5, 5),
            metal(c, fittings),
            extra=f'stroke="{darker(fittings, 0.5)}" stroke-width=".8"',
        )
    else:
        c.shape(
            f"M{n(-w)} {y - 9}Q0 {y - 1} {n(w)} {y - 9}Q0 {y - 16} {n(-w)} {y - 9}Z",
            darker(look.base, 0.8),
        )
        c.line(f"M{n(-w)} {y - 9}Q0 {y} {n(w)} {y - 9}", darker(look.base, 0.5), 2)


def _embellish(c: Canvas, look: Look, kind: str, wide: float, brand: str, fittings) -> None:
    style, y = look.get("embellishment"), 30 if kind == "clutch" else 52
    if style == "tassel":
        x = wide * 0.62
        c.line(f"M{n(x)} -10L{n(x)} 18", darker(look.second, 0.2), 2.4)
        c.shape(
            f"M{n(x - 4)} 18L{n(x + 4)} 18L{n(x + 9)} 56L{n(x - 9)} 56Z",
            hexa(look.second),
            extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
        )
        for i in (-4, 0, 4):
            c.line(f"M{n(x + i * 0.5)} 24L{n(x + i * 1.5)} 55", darker(look.second, 0.45), 1, 0.7)
        c.shape(rounded(x - 5, 16, 10, 6, 2), hexa(fittings))
    elif style == "bow":
        for s in (-1, 1):
            c.shape(
                f"M0 {y - 20}Q{16 * s} {y - 42} {32 * s} {y - 32}Q{36 * s} {y - 18} {30 * s} {y - 8}Q{14 * s} {y - 6} 0 {y - 20}Z",
                hexa(look.second),
                extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
            )
            c.shape(
                f"M0 {y - 18}L{18 * s} {y + 12}L{7 * s} {y + 8}L{2 * s} {y - 14}Z",
                darker(look.second, 0.15),
            )
        c.shape(
            rounded(-6, y - 27, 12, 13, 4),
            darker(look.second, 0.12),
            extra=f'stroke="{darker(look.second, 0.5)}" stroke-width="1"',
        )
    elif style == "studded":
        for x in range(-4, 5):
            c.shape(
                ellipse(x * wide / 4.6, y + (12 if kind == "clutch" else 22), 3.6, 3.6),
                c.radial(
                    (0, "#fff", 1),
                    (0.5, hexa(fittings), 1),
                    (1, darker(fittings, 0.5), 1),
                    at=(0.35, 0.3),
                    r=0.7,
                ),
            )
    if style == "logo":
        patch(c, look, brand, 0, y, 58, 18)
    else:
        ink = (
            hexa(fittings)
            if abs(brightness(fittings) - brightness(look.base)) > 0.25
            else ink_on(look.base)
        )
        c.text(
            brand,
            0,
            y + (12 if style != "bow" else 24),
            9.5,
            ink,
            50,
            halo=hexa(look.base) if look.pattern in PATTERNS else "",
        )


def suitcase(c: Canvas, look: Look, brand: str) -> None:
    if look.face == "side":
        suitcase_side(c, look)
        return
    wide, top = look.vary("width", 48, 57), -52
    hard, dark = look.get("shell type") == "hard shell", darker(look.base, 0.55)
    if look.get("handle type") == "telescopic handle":
        for s in (-1, 1):
            c.shape(
                rounded(20 * s - 2.5, -100, 5, 56, 1),
                metal(c, STEEL),
                extra='stroke="#555" stroke-width=".7"',
            )
        c.shape(rounded(-26, -106, 52, 11, 5), "#2c2c30", extra='stroke="#111" stroke-width="1"')
        c.line("M-20 -103L20 -103", "#fff", 1.4, 0.35)
    c.line(f"M-16 {top + 2}Q-14 {top - 13} 0 {top - 13}Q14 {top - 13} 16 {top + 2}", "#2f2f34", 7)
    _wheels(c, look, wide)
    r = look.vary("corner", 10, 22) if hard else 8
    body = rounded(-wide, top, 2 * wide, 138, r)
    cover(c, body, look, light=ROUND if hard else FLAT, texture="" if hard else "fabric")
    c.open(c.clip(body))
    if hard:
        _ribs(c, look, wide, top)
    elif look.face == "front":
        _soft_front(c, look, wide, top)
    c.close()
    if look.face == "back":
        _suitcase_back(c, look, wide, top, body, hard, dark)
        return
    _suitcase_closure(c, look, wide, hard, dark)
    patch(c, look, brand, 0, top + 26 if hard else top + 18, 44, 14)


def _suitcase_back(
    c: Canvas, look: Look, wide: float, top: float, body: str, hard: bool, dark: str
) -> None:
    """The side that lies on the floor: the handle's tubes, straps or hinges, feet, a window for an address."""
    c.open(c.clip(body))
    if look.get("handle type") == "telescopic handle":
        for s in (-1, 1):
            d = rounded(20 * s - 6.5, top - 10, 13, 150, 5)
            c.shape(d, darker(look.base, 0.28))
            c.shape(d, c.gradient((0, "#000", 0.4), (0.35, "#fff", 0.25), (1, "#000", 0.3)))
            c.line(d, dark, 1)
        c.shape(rounded(-30, top + 2, 60, 17, 6), "#2c2c30", extra='stroke="#111" stroke-width="1"')
        for s in (-1, 1):
            c.shape(
                rounded(20 * s - 4, top + 4, 8, 9, 1),
                metal(c, STEEL),
                extra='stroke="#555" stroke-width=".7"',
            )
    c.shape("M-120 72H120V100H-120Z", "#26262a", 0.9 if not hard else 0.35)
    c.line("M-120 72H120", dark, 1.4)
    c.close()
    kind = look.get("closure type")
    if kind == "clasp closure":
        for y in (-24, 38):
            c.shape(
                rounded(-wide - 3, y, 8, 24, 2),
                metal(c, STEEL),
                extra='stroke="#444" stroke-width="1"',
            )
            c.line(f"M{n(-wide - 3)} {y + 8}h8m-8 8h8", "#444", 1)
    elif kind == "flap with buckle":
        for s in (-1, 1):
            c.line(f"M{n(wide * 0.5 * s)} -50L{n(wide * 0.5 * s)} 84", dark, 9)
            stitches(c, f"M{n(wide * 0.5 * s)} -48L{n(wide * 0.5 * s)} 82", look.base)
    else:
        zip_line(c, rounded(-wide + 3, -49, 2 * wide - 6, 132, 10), look)
    c.shape(rounded(-13, 2, 26, 38, 3), "#f4f3ee", 0.92, f'stroke="{dark}" stroke-width="2"')
    c.line("M-8 12H8M-8 19H8M-8 26H3", "#9a9a9a", 1.4)
    c.shape("M-13 2L6 2L-13 24Z", "#fff", 0.4)


def suitcase_side(c: Canvas, look: Look) -> None:
    """The narrow side: two halves and their seam, a carrying handle, the drawn handle at the back."""
    deep, top = look.vary("width", 48, 57) * 0.62, -52
    hard, dark = look.get("shell type") == "hard shell", darker(look.base, 0.55)
    if look.get("handle type") == "telescopic handle":
        c.shape(
            rounded(deep - 12, -100, 6, 56, 1),
            metal(c, STEEL),
            extra='stroke="#555" stroke-width=".7"',
        )
        c.shape(
            rounded(deep - 16, -106, 14, 11, 4), "#2c2c30", extra='stroke="#111" stroke-width="1"'
        )
    c.shape(rounded(-9, top - 13, 18, 16, 5), "#2f2f34", extra='stroke="#111" stroke-width="1"')
    c.shape(rounded(-5, top - 8, 10, 8, 2), "#56565c")
    four = look.get("number of wheels") == "4 wheels"
    for x in (-deep + 9, deep - 9) if four else (deep - 9,):
        c.shape(f"M{n(x - 8)} 82L{n(x + 8)} 82L{n(x + 4)} 95L{n(x - 4)} 95Z", "#4a4a50")
        c.shape(ellipse(x, 94, 8, 8), "#222226", extra='stroke="#000" stroke-width="1"')
        c.shape(ellipse(x, 94, 3.4, 3.4), "#b8bcc2")
    if not four:
        c.shape(
            rounded(-deep + 4, 84, 11, 17, 3), "#2c2c30", extra='stroke="#111" stroke-width="1"'
        )
    r = look.vary("corner", 10, 22) * 0.8 if hard else 8
    body = rounded(-deep, top, 2 * deep, 138, r)
    cover(c, body, look, light=ROUND if hard else FLAT, texture="" if hard else "fabric")
    c.open(c.clip(body))
    if hard:
        _side_ribs(c, look, deep, top)
    else:
        c.shape(f"M{n(-deep)} -20H{n(-deep + 13)}V78H{n(-deep)}Z", "#000", 0.14)
        c.line(
            f"M{n(-deep + 13)} -20V78M{n(-deep)} -20H{n(-deep + 13)}M{n(-deep)} 78H{n(-deep + 13)}",
            dark,
            1.3,
        )
        for x in (-deep + 2, deep - 2):
            c.line(f"M{n(x)} {top}V90", darker(look.base, 0.4), 3)
    c.shape(f"M0 {top}H2V90H0Z", "#000", 0.3)
    c.close()
    kind = look.get("closure type")
    if kind == "clasp closure":
        c.shape(
            rounded(-4, top, 8, 138, 0), metal(c, STEEL), extra='stroke="#666" stroke-width=".8"'
        )
        for y in (-22, 42):
            c.shape(
                rounded(-9, y, 18, 16, 3), metal(c, STEEL), extra='stroke="#444" stroke-width="1"'
            )
            c.shape(rounded(-4, y + 4, 8, 8, 1), "#444")
    else:
        zip_line(c, f"M1 {top + 3}V84", look, (1, top + 12))
        if kind == "flap with buckle":
            for y in (top + 22, 66):
                c.line(
                    f"M{n(-deep + 1)} {y}H{n(deep - 1)}", dark, 8, 1, 'style="stroke-linecap:butt"'
                )
                buckle(c, -deep * 0.45, y, 13, 14)
    c.line("M12 -6Q22 -6 22 2L22 34Q22 42 12 42", "#111", 7)
    c.line("M12 -6Q22 -6 22 2L22 34Q22 42 12 42", "#3a3a40", 5)
    for y in (-6, 42):
        c.shape(rounded(7, y - 5, 9, 10, 2), "#2c2c30", extra='stroke="#111" stroke-width=".8"')


def _side_ribs(c: Canvas, look: Look, deep: float, top: float) -> None:
    """How the shell's ribs run round its side."""
    style = look.pick("ribs", ("vertical", "horizontal", "frame"))
    if style == "horizontal":
        count = int(look.vary("rib count", 4, 8))
        paths = [
            f"M{n(-deep)} {n(top + 138 * i / (count + 1))}H{n(deep)}" for i in range(1, count + 1)
        ]
    else:
        paths = [f"M{n(x * deep)} {top + 8}V80" for x in (-0.72, -0.42, 0.5, 0.78)]
    for d in paths:
        c.line(d, "#000", 2.6, 0.2)
        c.line(d, "#fff", 1.6, 0.3, 'transform="translate(-1.8 -1.2)"')


def _wheels(c: Canvas, look: Look, wide: float) -> None:
    places = (-0.82, -0.6, 0.6, 0.82) if look.get("number of wheels") == "4 wheels" else (-0.7, 0.7)
    for p in places:
        c.shape(rounded(p * wide - 5, 82, 10, 8, 2), "#4a4a50")
        c.shape(ellipse(p * wide, 94, 7, 7), "#222226", extra='stroke="#000" stroke-width="1"')
        c.shape(ellipse(p * wide, 94, 2.6, 2.6), "#b8bcc2")


def _ribs(c: Canvas, look: Look, wide: float, top: float) -> None:
    style = look.pick("ribs", ("vertical", "horizontal", "frame"))
    count = int(look.vary("rib count", 4, 8))
    for i in range(1, count + 1):
        if style == "vertical":
            x = -wide + 2 * wide * i / (count + 1)
            d = f"M{n(x)} {top + 10}L{n(x)} 76"
        elif style == "horizontal":
            y = top + 138 * i / (count + 1)
            d = f"M{n(-wide + 8)} {n(y)}L{n(wide - 8)} {n(y)}"
        else:
            d = (
                rounded(-wide + 5 * i, top + 5 * i, 2 * wide - 10 * i, 138 - 10 * i, 8)
                if i < 4
                else ""
            )
        if d:
            c.line(d, "#000", 2.6, 0.2)
            c.line(d, "#fff", 1.6, 0.3, 'transform="translate(-1.8 -1.2)"')
    c.shape(
        f"M{n(-wide)} {top}L{n(-wide * 0.3)} {top}L{n(-wide * 0.75)} 90L{n(-wide)} 90Z", "#fff", 0.1
    )


def _soft_front(c: Canvas, look: Look, wide: float, top: float) -> None:
    for y, height in ((top + 30, 34), (top + 72, 54)):
        d = rounded(-wide * 0.78, y, wide * 1.56, height, 6)
        c.shape(d, "#000", 0.10)
        c.line(d, darker(look.base, 0.6), 1.4)
        zip_line(c, f"M{n(-wide * 0.7)} {y + 7}L{n(wide * 0.7)} {y + 7}", look, (wide * 0.6, y + 7))


def _suitcase_closure(c: Canvas, look: Look, wide: float, hard: bool, dark: str) -> None:
    kind = look.get("closure type")
    if kind == "clasp closure":
        for y in (-20, 42):
            c.shape(
                rounded(wide - 10, y, 18, 16, 3),
                metal(c, STEEL),
                extra='stroke="#444" stroke-width="1"',
            )
            c.shape(rounded(wide - 5, y + 4, 8, 8, 1), "#444")
    elif kind == "flap with buckle":
        for s in (-1, 1):
            c.line(f"M{n(wide * 0.5 * s)} -50L{n(wide * 0.5 * s)} 84", dark, 9)
            buckle(c, wide * 0.5 * s, 10, 17, 15)
    else:
        zip_line(c, rounded(-wide + 3, -49, 2 * wide - 6, 132, 10), look, (wide - 7, 20))
