"""Shoes: the front is the pair's profile, toe to the right, the second shoe behind the first.

The back shows the heels of the pair, the side face looks down on it.
"""

from skulens.world.canvas.surface import ROUND, cover, folds, metal, stitches
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.truth.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.truth.look import Look

STEEL = (196, 200, 206)


def shoes(c: Canvas, look: Look, brand: str) -> None:
    if look.face != "front":
        draw = heel_view if look.face == "back" else top_view
        for side in (-1, 1):
            c.open(
                f'transform="translate({44 * side} {10 if look.face == "back" else 0}) scale({side} 1)"'
            )
            draw(c, look)
            c.close()
        return
    if look.get("boot height") not in ("high top", "ankle", "mid-calf"):
        c.open('transform="translate(-12 -34) scale(.86)"')
        shoe(c, look, "")
        c.close()
    c.open('transform="translate(4 16)"')
    shoe(c, look, brand)
    c.close()


def shoe(c: Canvas, look: Look, brand: str) -> None:
    """One shoe in profile."""
    draw = {
        "sneakers": sneaker,
        "boots": boot,
        "sandals": sandal,
        "loafers": loafer,
        "pumps": pump,
        "slippers": slipper,
    }
    draw[look.get("shoe type")](c, look, brand)


def sole_colour(look: Look) -> str:
    return (
        "#f1efe8"
        if look.get("color") != "white" and look.pick("sole", (True, False))
        else "#2d2a2a"
        if look.pick("dark", (True, False))
        else "#c69a62"
    )


def laces(c: Canvas, points, look: Look) -> None:
    tone = "#f6f5f0" if brightness(look.base) < 0.7 else "#3b3b40"
    for x, y in points:
        c.line(f"M{n(x - 9)} {n(y - 3)}L{n(x + 7)} {n(y + 4)}", "#000", 4.4, 0.35)
        c.line(f"M{n(x - 9)} {n(y - 3)}L{n(x + 7)} {n(y + 4)}", tone, 3)


def straps(c: Canvas, look: Look, places) -> None:
    """Velcro straps; each place is a path's middle line."""
    for d in places:
        c.line(d, darker(look.base, 0.65), 14, 1, 'style="stroke-linecap:butt"')
        c.line(d, lighter(look.base, 0.16), 11.5, 1, 'style="stroke-linecap:butt"')


def sneaker(c: Canvas, look: Look, brand: str) -> None:
    high = look.get("boot height") == "high top"
    thick = 24 if look.get("heel height") == "platform" else look.vary("sole", 11, 15)
    top = -66 if high else -28
    low = 40 - (thick - 12) * 0.5
    sole = sole_colour(look)
    upper = (
        f"M-84 {low}Q-92 {n(low - 26)} -86 {n(top + 22)}Q-84 {top} -74 {top}Q-58 {n(top + 12)} -44 {n(top + 2)}"
        f"Q-34 {n(top)} -28 {n(top + 4)}Q{n(-20 if high else -6)} {n(-24 if high else -10)} 18 {n(-6 if high else -4)}Q62 0 82 14Q94 23 92 {low}Z"
    )
    c.shape(
        f"M-76 {n(top + 2)}Q-60 {n(top - 7)} -30 {n(top + 3)}Q-46 {n(top + 16)} -76 {n(top + 2)}Z",
        darker(look.base, 0.6),
    )
    c.shape(
        f"M-46 {n(top + 8)}Q-40 {n(top - 16)} -26 {n(top - 12)}L-18 {n(top + 14)}Z",
        lighter(look.base, 0.12),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    cover(c, upper, look)
    c.open(c.clip(upper))
    c.shape(
        "M58 50Q54 14 70 2L100 0L100 50Z",
        darker(look.base, 0.14) if look.pick("cap", (True, False)) else "#f3f1ea",
        0.9,
    )
    c.line("M58 50Q54 14 72 4", darker(look.base, 0.6), 1.3)
    c.shape(
        f"M-100 {low}L-100 {n(top + 8)}L-74 {n(top + 8)}Q-66 {n(low - 24)} -58 {low}Z",
        hexa(mix(look.base, look.second, 0.55)),
    )
    c.line(f"M-72 {n(top + 8)}Q-66 {n(low - 24)} -58 {low}", darker(look.base, 0.6), 1.2)
    c.close()
    _side_mark(c, look, low)
    _sneaker_closure(c, look, top, high)
    d = f"M-92 {low}Q0 {n(low + 6)} 95 {n(low - 2)}Q99 {n(low + thick * 0.7)} 88 {n(low + thick)}Q0 {n(low + thick + 4)} -86 {n(low + thick)}Q-98 {n(low + thick * 0.7)} -92 {low}Z"
    c.shape(d, sole, extra=f'stroke="{"#999" if sole[1] == "f" else "#111"}" stroke-width="1.2"')
    c.shape(d, c.gradient((0, "#fff", 0.2), (0.5, "#000", 0), (1, "#000", 0.3), to=(0, 1)))
    c.line(
        f"M-90 {n(low + thick * 0.6)}Q0 {n(low + thick * 0.6 + 5)} 93 {n(low + thick * 0.55)}",
        "#000",
        1,
        0.35,
    )
    c.text(brand, -30, low - 6, 9, ink_on(look.base), 42, halo=hexa(look.base))


def _side_mark(c: Canvas, look: Look, low: float) -> None:
    ink = hexa(look.second)
    style = look.pick("mark", ("bars", "wave", "star", "none"))
    if style == "bars":
        for i in range(3):
            c.line(
                f"M{-14 + 15 * i} {n(low - 4)}L{-2 + 13 * i} {n(low - 32 + 4 * i)}",
                ink,
                5.4,
                1,
                'style="stroke-linecap:butt"',
            )
    elif style == "wave":
        c.shape(
            f"M-46 {n(low - 22)}Q-6 {n(low + 4)} 44 {n(low - 22)}Q2 {n(low - 8)} -46 {n(low - 22)}Z",
            ink,
        )
    elif style == "star":
        c.shape(f"M0 {n(low - 34)}l4 10h11l-9 6 4 11-10-7-10 7 4-11-9-6h11Z", ink)


def _sneaker_closure(c: Canvas, look: Look, top: float, high: bool) -> None:
    kind = look.get("closure type")
    if kind == "lace-up":
        points = (
            [(-22, top + 14), (-10, -8), (4, -5), (18, -1), (32, 3)]
            if not high
            else [(-32, -52), (-26, -40), (-18, -28), (-8, -16), (6, -8), (22, -3)]
        )
        laces(c, points, look)
    elif kind == "velcro":
        straps(
            c,
            look,
            ["M-30 -20L-2 14", "M-2 -10L24 20"]
            if not high
            else ["M-42 -46L-14 -24", "M-30 -24L0 6", "M0 -10L26 20"],
        )
    else:
        c.shape(
            f"M-50 {n(top + 8)}L-26 {n(top + 8)}L-22 14Q-36 20 -46 12Z",
            darker(look.base, 0.45),
            0.9,
        )
        for x in range(-46, -24, 4):
            c.line(f"M{x} {n(top + 10)}L{x + 2} 13", "#000", 1, 0.4)


def boot(c: Canvas, look: Look, brand: str) -> None:
    top = -86 if look.get("boot height") == "mid-calf" else -58
    heel = {"mid heel (2-3 inches)": 22, "platform": 22}.get(look.get("heel height"), 11)
    flat = look.get("heel height") != "mid heel (2-3 inches)"
    toe = 96 if look.get("toe style") == "pointed toe" else 86
    upper = f"M-66 44Q-74 20 -68 -10L-66 {top}Q-44 {top - 6} -12 {top}L-10 -22Q-4 -4 22 2Q{toe - 34} 6 {toe - 14} 18Q{toe + 2} 28 {toe - 2} 44Z"
    c.shape(ellipse(-41, top, 27, 5), darker(look.base, 0.65))
    cover(c, upper, look, texture="leather")
    c.open(c.clip(upper))
    c.shape(
        f"M-68 {top + 6}Q-44 {top} -12 {top + 6}L-12 {top + 14}Q-44 {top + 8} -68 {top + 14}Z",
        "#000",
        0.2,
    )
    c.line("M-12 -24Q-30 0 -40 46", darker(look.base, 0.6), 1.3)
    stitches(c, "M-8 -22Q-26 0 -36 46", look.base)
    c.line("M42 46Q42 22 54 7", darker(look.base, 0.6), 1.4)
    c.shape(f"M-64 {top}L-52 {top}L-50 44L-64 44Z", "#fff", 0.16)
    c.close()
    kind = look.get("closure type")
    if kind == "lace-up":
        laces(c, [(-14, y) for y in range(top + 12, -18, 12)] + [(-4, -10), (8, -3), (20, 1)], look)
    elif kind == "zipper":
        c.line(f"M-42 {top + 4}L-42 38", darker(look.base, 0.7), 5)
        c.line(f"M-42 {top + 4}L-42 38", "#d5d8dc", 2, 1, 'stroke-dasharray=".1 2.6"')
        c.shape(rounded(-45, top + 8, 6, 13, 2), "#d9dce0", extra='stroke="#555" stroke-width=".8"')
    else:
        for y in (-8, top + 26):
            c.line(f"M-67 {y}Q-40 {y + 8} -12 {y - 2}", darker(look.base, 0.5), 8)
            c.shape(
                rounded(-30, y - 5, 14, 14, 2),
                metal(c, STEEL),
                extra='stroke="#444" stroke-width="1"',
            )
            c.shape(rounded(-27, y - 2, 8, 8, 1), darker(look.base, 0.55))
    _heel_sole(c, look, toe, heel, flat)
    c.text(brand, -40, 36, 8.5, ink_on(look.base), 40, halo=hexa(look.base))


def _heel_sole(c: Canvas, look: Look, toe: float, heel: float, flat: bool) -> None:
    dark = "#2b2624"
    if flat:
        d = f"M-72 42L{toe + 5} 42Q{toe + 8} {42 + heel} {toe - 6} {44 + heel}L-70 {44 + heel}Q-76 {42 + heel} -72 42Z"
        c.shape(d, sole_colour(look), extra='stroke="#111" stroke-width="1"')
        c.shape(d, c.gradient((0, "#fff", 0.15), (1, "#000", 0.35), to=(0, 1)))
        for x in range(-64, int(toe), 10):
            c.line(f"M{x} {40 + heel}L{x} {44 + heel}", "#000", 3, 0.4)
    else:
        c.shape(
            f"M-70 42L{toe + 4} 42Q{toe + 4} 50 {toe - 8} 50L-4 50Q-26 46 -34 {46 + heel}L-66 {46 + heel}Z",
            dark,
        )


def sandal(c: Canvas, look: Look, brand: str) -> None:
    thick = {"platform": 24, "mid heel (2-3 inches)": 16}.get(look.get("heel height"), 11)
    lift = 20 if look.get("heel height") == "mid heel (2-3 inches)" else 0
    bed = f"M-86 {26 - lift}Q-30 {24 - lift * 0.6} 0 30Q50 36 92 30Q98 38 88 {38 + thick * 0.5}Q40 {44 + thick * 0.5} 0 {36 + thick * 0.6}Q-40 {32 + thick * 0.6 - lift * 0.7} -84 {34 + thick * 0.5 - lift}Z"
    c.shape(
        f"M-80 {26 - lift}Q-94 10 -78 -34L-60 -36Q-66 0 -58 {26 - lift}Z", darker(look.base, 0.4)
    )
    c.shape(bed, "#b98d5c", extra='stroke="#5c4026" stroke-width="1.2"')
    under = f"M-88 {30 - lift}Q-30 {30 - lift * 0.6} 0 38Q50 44 94 38L92 {42 + thick}L4 {44 + thick}Q-20 {44 + thick - lift * 0.2} -34 {44 + thick}L-84 {44 + thick}Z"
    c.shape(under, "#3a302a", extra='stroke="#1a1512" stroke-width="1"')
    for d, w in (("M-6 34Q16 -18 46 -12Q66 -4 66 36", 20), ("M30 36Q52 -8 74 6Q84 16 82 36", 15)):
        c.line(d, darker(look.base, 0.5), w + 2.5, 1, 'style="stroke-linecap:butt"')
        c.line(d, hexa(look.base), w, 1, 'style="stroke-linecap:butt"')
        c.line(
            d, "#fff", w * 0.25, 0.22, 'style="stroke-linecap:butt" transform="translate(-3 -2)"'
        )
    ankle = "M-78 -22Q-48 -36 -26 -22Q-16 -14 -14 28"
    c.line(ankle, darker(look.base, 0.5), 14)
    c.line(ankle, hexa(look.base), 11.5)
    if look.get("closure type") == "buckle":
        c.shape(
            rounded(-50, -40, 17, 18, 3), metal(c, STEEL), extra='stroke="#444" stroke-width="1"'
        )
        c.shape(rounded(-46, -36, 9, 10, 1), darker(look.base, 0.3))
    else:
        c.shape(
            rounded(-56, -38, 30, 15, 4),
            lighter(look.base, 0.25),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.2"',
        )
        stitches(c, rounded(-53, -35, 24, 9, 3), look.base)
    c.text(brand, 34, 2, 8, ink_on(look.base), 26, halo=hexa(look.base))


def loafer(c: Canvas, look: Look, brand: str) -> None:
    toe = 98 if look.get("toe style") == "pointed toe" else 88
    upper = f"M-84 40Q-92 6 -84 -14Q-80 -22 -72 -20Q-44 4 -18 -6Q6 -22 34 -10Q70 2 {toe} 26Q{toe + 2} 36 {toe - 4} 42Z"
    c.shape("M-76 -20Q-46 -28 -10 -14L-18 -6Q-44 4 -72 -20Z", darker(look.base, 0.65))
    cover(c, upper, look, texture="leather")
    c.line(f"M-4 -8Q20 14 44 8Q66 4 {toe - 10} 22", darker(look.base, 0.55), 1.6)
    stitches(c, f"M-6 -4Q20 19 44 13Q66 9 {toe - 12} 26", look.base)
    c.shape(
        "M-22 -4Q0 -22 22 -14L30 20Q8 28 -14 22Z",
        darker(look.base, 0.16),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.2"',
    )
    if look.get("closure type") == "buckle":
        c.line("M-10 4L24 0", hexa((206, 166, 70)), 5)
        for x in (-8, 22):
            c.line(ellipse(x, 3 - x * 0.1, 5, 6), "#a67c28", 2.4)
    else:
        c.shape("M-4 2L18 0L16 8L-2 10Z", darker(look.base, 0.75))
    d = f"M-88 38L{toe + 3} 40Q{toe + 4} 49 {toe - 8} 49L-34 49L-36 56L-86 56Z"
    c.shape(d, "#2e2622", extra='stroke="#120e0c" stroke-width="1"')
    c.text(brand, -54, 32, 8, ink_on(look.base), 36, halo=hexa(look.base))


def pump(c: Canvas, look: Look, brand: str) -> None:
    high = look.get("heel height") == "high heel (3+ inches)"
    back = -44 if high else -24
    foot = 56
    heel = f"M-88 {back + 34}Q-80 {back + 60} {-76 if high else -84} {foot}L-64 {foot}Q-62 {back + 66} -46 {back + 48}Z"
    c.shape(
        heel, darker(look.base, 0.35), extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"'
    )
    upper = f"M-90 {back + 36}Q-94 {back + 10} -84 {back}Q-78 {back - 4} -74 {back + 4}Q-60 {back + 40} -10 {back * 0.3 + 26}Q14 14 34 18Q70 26 98 46Q100 54 90 54L36 54Q0 50 -40 {back + 62}Q-70 {back + 46} -90 {back + 36}Z"
    cover(c, upper, look, texture="patent leather" if look.pick("gloss", (True, False)) else "")
    c.line(
        f"M-76 {back + 4}Q-60 {back + 42} -10 {n(back * 0.3 + 28)}Q14 16 34 20",
        darker(look.base, 0.6),
        2,
    )
    c.line(f"M98 50Q94 58 86 57L36 57Q0 53 -40 {back + 65}", "#2a2020", 3.4)
    if look.get("closure type") == "buckle":
        c.line(f"M-80 {back + 12}Q-44 {back - 12} -14 {back + 40}", darker(look.base, 0.3), 6)
        c.shape(
            rounded(-42, back + 0, 11, 12, 2),
            metal(c, (206, 166, 70)),
            extra='stroke="#6b5018" stroke-width="1"',
        )
    c.text(brand, 46, 46, 8, ink_on(look.base), 32, halo=hexa(look.base))


def slipper(c: Canvas, look: Look, brand: str) -> None:
    fluff = "#f3ece0" if brightness(look.base) < 0.8 else "#cbb89a"
    c.shape(
        "M-90 32Q-60 20 0 26L94 30Q98 44 84 50L-80 50Q-98 46 -90 32Z",
        darker(look.base, 0.35),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    c.shape("M-86 30Q-40 18 20 28L-10 40L-80 38Z", fluff)
    if look.get("toe style") == "open toe":
        upper = "M-24 36Q-16 -14 26 -16Q58 -8 66 34Q20 44 -24 36Z"
    else:
        upper = "M-24 38Q-14 -14 28 -16Q84 -6 95 28Q97 40 88 42Q20 46 -24 38Z"
    cover(c, upper, look, texture="velvet")
    c.line("M-24 36Q-15 -14 26 -17", fluff, 11, 1, 'stroke-dasharray=".1 7"')
    c.line("M-22 34Q-13 -10 26 -14", "#fff", 5, 0.5, 'stroke-dasharray=".1 7"')
    c.text(brand, 36, 20, 12, ink_on(look.base), 44, halo=hexa(look.base))
    c.line("M-88 48Q0 54 86 48", "#3a332e", 4)


# The pair from behind: one shoe, its inner side towards -x.


def heel_view(c: Canvas, look: Look) -> None:
    draw = {
        "sneakers": sneaker_heel,
        "boots": boot_heel,
        "sandals": sandal_heel,
        "loafers": loafer_heel,
        "pumps": pump_heel,
        "slippers": slipper_heel,
    }
    draw[look.get("shoe type")](c, look)


def heel_sole(c: Canvas, wide: float, top: float, bottom: float, tone: str) -> None:
    d = f"M{n(-wide)} {n(top)}Q0 {n(top + 7)} {n(wide)} {n(top)}Q{n(wide + 3)} {n(bottom)} {n(wide - 5)} {n(bottom)}L{n(5 - wide)} {n(bottom)}Q{n(-wide - 3)} {n(bottom)} {n(-wide)} {n(top)}Z"
    c.shape(d, tone, extra=f'stroke="{"#999" if tone[1] == "f" else "#111"}" stroke-width="1.2"')
    c.shape(d, c.gradient((0, "#000", 0.25), (0.3, "#fff", 0.15), (1, "#000", 0.3)))
    c.line(
        f"M{n(-wide)} {n((top + bottom) / 2)}Q0 {n((top + bottom) / 2 + 6)} {n(wide)} {n((top + bottom) / 2)}",
        "#000",
        1,
        0.35,
    )


def sneaker_heel(c: Canvas, look: Look) -> None:
    top = -62 if look.get("boot height") == "high top" else -20
    thick = 34 if look.get("heel height") == "platform" else look.vary("sole", 11, 15) * 1.4
    low, edge = 78 - thick, darker(look.base, 0.6)
    c.shape(ellipse(0, top + 3, 23, 9), edge)
    c.shape(
        f"M-13 {n(top + 2)}L-11 {n(top - 16)}Q0 {n(top - 22)} 11 {n(top - 16)}L13 {n(top + 2)}Z",
        lighter(look.base, 0.12),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    upper = f"M-33 {n(low + 4)}Q-38 {n(low - 28)} -27 {n(top + 26)}L-25 {n(top + 2)}Q-12 {n(top + 10)} 0 {n(top)}Q12 {n(top + 10)} 25 {n(top + 2)}L27 {n(top + 26)}Q38 {n(low - 28)} 33 {n(low + 4)}Z"
    cover(c, upper, look, light=ROUND)
    c.open(c.clip(upper))
    counter = f"M-40 {n(low + 8)}L-40 {n(low - 22)}Q-18 {n(low - 30)} -13 {n(top + 20)}L13 {n(top + 20)}Q18 {n(low - 30)} 40 {n(low - 22)}L40 {n(low + 8)}Z"
    c.shape(counter, hexa(mix(look.base, look.second, 0.55)))
    c.line(counter, edge, 1.2)
    c.shape(counter, c.gradient((0, "#000", 0.2), (0.4, "#fff", 0.12), (1, "#000", 0.25)))
    stitches(c, f"M-9 {n(top + 20)}L-9 {n(low)}M9 {n(top + 20)}L9 {n(low)}", look.base)
    c.close()
    c.shape(
        rounded(-9, top, 18, 22, 4),
        lighter(look.base, 0.16),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    c.line(f"M-4 {n(top + 2)}Q0 {n(top - 16)} 4 {n(top + 2)}", hexa(look.second), 3)
    if look.get("closure type") == "velcro":
        c.shape(
            rounded(25, low - 40, 9, 13, 3),
            lighter(look.base, 0.16),
            extra=f'stroke="{edge}" stroke-width="1"',
        )
    elif look.get("closure type") == "lace-up":
        c.line(
            f"M15 {n(top - 10)}Q30 {n(top - 14)} 32 {n(top + 6)}M-15 {n(top - 10)}Q-28 {n(top - 10)} -30 {n(top + 4)}",
            "#f6f5f0" if brightness(look.base) < 0.7 else "#3b3b40",
            2.6,
        )
    heel_sole(c, 36, low, 78, sole_colour(look))


def boot_heel(c: Canvas, look: Look) -> None:
    top = -88 if look.get("boot height") == "mid-calf" else -54
    raised = look.get("heel height") == "mid heel (2-3 inches)"
    thick = 30 if raised or look.get("heel height") == "platform" else 16
    low, edge = 78 - thick, darker(look.base, 0.6)
    c.shape(ellipse(0, top, 29, 6), edge)
    upper = f"M-31 {low + 3}Q-36 {low - 26} -26 {low - 46}L-29 {top}Q0 {top + 11} 29 {top}L26 {low - 46}Q36 {low - 26} 31 {low + 3}Z"
    cover(c, upper, look, light=ROUND, texture="leather")
    c.open(c.clip(upper))
    c.line(f"M-29 {top + 10}Q0 {top + 21} 29 {top + 10}", "#000", 1.4, 0.35)
    c.shape(
        f"M-7 {top}L7 {top}L9 {low + 6}L-9 {low + 6}Z",
        darker(look.base, 0.16),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    stitches(c, f"M-5 {top + 8}L-6.5 {low}M5 {top + 8}L6.5 {low}", look.base)
    c.line(f"M-40 {low - 24}Q0 {low - 40} 40 {low - 24}", edge, 1.3)
    stitches(c, f"M-40 {low - 20}Q0 {low - 36} 40 {low - 20}", look.base)
    c.close()
    c.line(f"M-4 {top + 7}Q0 {top - 12} 4 {top + 7}", darker(look.base, 0.4), 4)
    kind = look.get("closure type")
    if kind == "zipper":
        c.line(f"M-25 {top + 8}L-25 {low - 30}", darker(look.base, 0.7), 4)
        c.line(f"M-25 {top + 8}L-25 {low - 30}", "#d5d8dc", 1.6, 1, 'stroke-dasharray=".1 2.6"')
    elif kind == "buckle":
        for y in (low - 44, top + 26):
            c.line(f"M-27 {y}Q0 {y + 9} 27 {y}", darker(look.base, 0.5), 8)
            c.shape(
                rounded(23, y - 4, 7, 12, 2),
                metal(c, STEEL),
                extra='stroke="#444" stroke-width="1"',
            )
    if raised:
        c.shape(
            f"M-30 {low}Q0 {low + 6} 30 {low}L25 78L-25 78Z",
            "#2b2624",
            extra='stroke="#111" stroke-width="1"',
        )
        c.shape(
            f"M-30 {low}Q0 {low + 6} 30 {low}L25 78L-25 78Z",
            c.gradient((0, "#000", 0.2), (0.35, "#fff", 0.2), (1, "#000", 0.2)),
        )
    else:
        heel_sole(c, 34, low, 78, sole_colour(look))


def sandal_heel(c: Canvas, look: Look) -> None:
    lift = 26 if look.get("heel height") == "mid heel (2-3 inches)" else 0
    thick = {"platform": 36}.get(look.get("heel height"), 18)
    bed, edge = 78 - thick - lift, darker(look.base, 0.5)
    if lift:
        c.shape("M-38 62Q0 56 38 62L36 78L-36 78Z", "#3a302a")
    for y, reach in ((bed - 40, 30), (bed - 24, 35)):
        d = f"M{-reach} {bed + 2}Q{-reach + 4} {y} 0 {y}Q{reach - 4} {y} {reach} {bed + 2}"
        c.line(d, edge, 15, 1, 'style="stroke-linecap:butt"')
        c.line(d, darker(look.base, 0.15), 12.5, 1, 'style="stroke-linecap:butt"')
    c.shape(ellipse(0, bed + 1, 32, 8), "#b98d5c", extra='stroke="#5c4026" stroke-width="1.2"')
    d = f"M-31 {bed + 2}Q0 {bed + 13} 31 {bed + 2}L{29 if lift else 31} 78L{-29 if lift else -31} 78Z"
    c.shape(d, "#3a302a", extra='stroke="#1a1512" stroke-width="1"')
    c.shape(d, c.gradient((0, "#000", 0.2), (0.35, "#fff", 0.18), (1, "#000", 0.2)))
    c.line(f"M-31 {bed + 4}Q0 {bed + 15} 31 {bed + 4}", "#b98d5c", 4)
    back = f"M-9 {bed + 8}L-7 {bed - 52}L7 {bed - 52}L9 {bed + 8}Q0 {bed + 10} -9 {bed + 8}Z"
    c.shape(back, darker(look.base, 0.12), extra=f'stroke="{edge}" stroke-width="1.2"')
    ring = f"M-27 {bed - 62}Q-22 {bed - 48} 0 {bed - 47}Q22 {bed - 48} 27 {bed - 62}Q14 {bed - 74} 0 {bed - 74}Q-14 {bed - 74} -27 {bed - 62}"
    c.line(f"M-27 {bed - 62}Q-14 {bed - 74} 0 {bed - 74}Q14 {bed - 74} 27 {bed - 62}", edge, 9)
    c.line(f"M-27 {bed - 62}Q-22 {bed - 48} 0 {bed - 47}Q22 {bed - 48} 27 {bed - 62}", edge, 13)
    c.line(ring, hexa(look.base), 8)
    c.line(
        f"M-27 {bed - 62}Q-22 {bed - 48} 0 {bed - 47}Q22 {bed - 48} 27 {bed - 62}",
        hexa(look.base),
        10.5,
    )
    if look.get("closure type") == "buckle":
        c.shape(
            rounded(20, bed - 65, 11, 16, 3),
            metal(c, STEEL),
            extra='stroke="#444" stroke-width="1"',
        )
    else:
        c.shape(
            rounded(15, bed - 62, 16, 13, 3),
            lighter(look.base, 0.25),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.2"',
        )


def loafer_heel(c: Canvas, look: Look) -> None:
    edge = darker(look.base, 0.6)
    c.shape(
        "M-16 2Q-16 -22 0 -24Q16 -22 16 2Z",
        darker(look.base, 0.16),
        extra=f'stroke="{edge}" stroke-width="1.2"',
    )
    c.shape(ellipse(0, -2, 25, 9), edge)
    upper = "M-32 64Q-37 30 -27 -4Q0 12 27 -4Q37 30 32 64Z"
    cover(c, upper, look, light=ROUND, texture="leather")
    c.open(c.clip(upper))
    c.shape("M-40 70L-40 34Q0 14 40 34L40 70Z", darker(look.base, 0.1), 0.7)
    c.line("M-40 34Q0 14 40 34", edge, 1.3)
    stitches(c, "M-40 38Q0 18 40 38", look.base)
    c.close()
    c.shape(
        "M-6 4L6 4L5 24L-5 24Z", darker(look.base, 0.2), extra=f'stroke="{edge}" stroke-width="1"'
    )
    c.line("M-27 -3Q0 13 27 -3", lighter(look.base, 0.25), 1.6, 0.6)
    d = "M-34 58Q0 64 34 58L32 80L-32 80Z"
    c.shape(d, "#2e2622", extra='stroke="#120e0c" stroke-width="1"')
    c.shape(d, c.gradient((0, "#000", 0.2), (0.35, "#fff", 0.2), (1, "#000", 0.2)))
    c.line("M-33 66Q0 71 33 66", "#000", 1, 0.6)
    if look.get("closure type") == "buckle":
        c.line("M-12 -16Q0 -20 12 -16", hexa((206, 166, 70)), 4)


def pump_heel(c: Canvas, look: Look) -> None:
    high = look.get("heel height") == "high heel (3+ inches)"
    top, low, edge = (-42, 8, darker(look.base, 0.6)) if high else (-6, 40, darker(look.base, 0.6))
    c.shape(
        f"M-33 78Q-36 {low + 44 if high else 62} -24 {low + 20}L24 {low + 20}Q36 {low + 44 if high else 62} 33 78Q0 84 -33 78Z",
        darker(look.base, 0.3),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    c.line("M-33 78Q0 84 33 78", "#2a2020", 3)
    c.shape(ellipse(0, top + 3, 22, 10), "#d8c3a4", extra=f'stroke="{edge}" stroke-width="1.2"')
    upper = f"M-20 {low + 14}Q-32 {low - 10} -23 {top + 2}Q0 {top + 18} 23 {top + 2}Q32 {low - 10} 20 {low + 14}Q0 {low + 22} -20 {low + 14}Z"
    cover(
        c,
        upper,
        look,
        light=ROUND,
        texture="patent leather" if look.pick("gloss", (True, False)) else "",
    )
    c.line(f"M0 {top + 10}L0 {low + 17}", edge, 1.2, 0.7)
    foot = 4.5 if high else 9
    heel = f"M-20 {low + 13}Q0 {low + 21} 20 {low + 13}Q{foot + 2} {low + 34} {foot} 79L{-foot} 79Q{-foot - 2} {low + 34} -20 {low + 13}Z"
    c.shape(heel, darker(look.base, 0.15), extra=f'stroke="{edge}" stroke-width="1"')
    c.shape(heel, c.gradient((0, "#000", 0.25), (0.4, "#fff", 0.28), (1, "#000", 0.3)))
    c.shape(rounded(-foot - 0.5, 77, 2 * foot + 1, 5, 1), "#26201e")
    if look.get("closure type") == "buckle":
        c.line(f"M-22 {top + 6}Q-26 {top - 30} 0 {top - 32}Q26 {top - 30} 22 {top + 6}", edge, 7)
        c.line(
            f"M-22 {top + 6}Q-26 {top - 30} 0 {top - 32}Q26 {top - 30} 22 {top + 6}",
            hexa(look.base),
            5,
        )
        c.shape(
            rounded(18, top - 20, 9, 12, 2),
            metal(c, (206, 166, 70)),
            extra='stroke="#6b5018" stroke-width="1"',
        )


def slipper_heel(c: Canvas, look: Look) -> None:
    fluff = "#f3ece0" if brightness(look.base) < 0.8 else "#cbb89a"
    upper = "M-38 62Q-38 4 0 2Q38 4 38 62Z"
    cover(c, upper, look, texture="velvet")
    c.shape("M-29 62Q-29 18 0 17Q29 18 29 62Z", darker(look.base, 0.7))
    c.line("M-33 58Q-32 10 0 9Q32 10 33 58", fluff, 12, 1, 'stroke-dasharray=".1 7"')
    c.shape(ellipse(0, 62, 35, 10), fluff, extra='stroke="#8d8472" stroke-width=".8"')
    heel_sole(c, 38, 62, 80, darker(look.base, 0.35))
    c.line("M-36 79Q0 82 36 79", "#3a332e", 3)


# The pair from above: one shoe, toe upwards, its inner side towards -x.


def insole_of(look: Look) -> str:
    return look.pick("insole", ("#d8c3a4", "#c7ccd2", "#8f857c"))


def plan(look: Look, grow: float = 0) -> str:
    """The outline of a shoe seen from above, `grow` units wider all round."""
    toe = {"pointed toe": (-96, 3, 12)}.get(look.get("toe style"), (-88, 14, 25))
    tip, near, far = toe[0] - grow, toe[1], toe[2] + grow
    return (
        f"M-3 {n(tip)}C{n(near)} {n(tip)} {n(far + 4)} {n(tip + 14)} {n(33 + grow)} -30C{n(36 + grow)} 4 {n(25 + grow)} 20 {n(25 + grow)} 52"
        f"C{n(25 + grow)} {n(94 + grow)} {n(-22 - grow)} {n(94 + grow)} {n(-22 - grow)} 52C{n(-22 - grow)} 24 {n(-30 - grow)} 6 {n(-30 - grow)} -28"
        f"C{n(-28 - grow)} {n(tip + 14)} {n(-near - 8)} {n(tip)} -3 {n(tip)}Z"
    )


def top_view(c: Canvas, look: Look) -> None:
    draw = {
        "sneakers": sneaker_top,
        "boots": boot_top,
        "sandals": sandal_top,
        "loafers": loafer_top,
        "pumps": pump_top,
        "slippers": slipper_top,
    }
    draw[look.get("shoe type")](c, look)


def welt(c: Canvas, look: Look, tone: str, grow: float = 4) -> None:
    """The rim of the sole around the upper."""
    c.shape(
        plan(look, grow),
        tone,
        extra=f'stroke="{"#999" if tone[1] == "f" else "#111"}" stroke-width="1.2"',
    )


def opening(c: Canvas, look: Look, top: float, inside: str) -> None:
    """Where the foot goes in, from `top` to the heel."""
    d = f"M1 {n(top)}C18 {n(top)} 18 {n(top + 20)} 18 52C18 82 -15 82 -15 52C-15 {n(top + 20)} -16 {n(top)} 1 {n(top)}Z"
    c.shape(d, inside, extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="2.4"')
    c.shape(d, c.gradient((0, "#000", 0.6), (0.5, "#000", 0.12), (1, "#000", 0.3), to=(0, 1)))


def cross_laces(c: Canvas, look: Look, rows, reach: float) -> None:
    tone = "#f6f5f0" if brightness(look.base) < 0.7 else "#3b3b40"
    for y in rows:
        d = f"M{n(-reach)} {y}Q1 {y - 4} {n(reach + 2)} {y}"
        c.line(d, "#000", 5, 0.3, 'transform="translate(0 1)"')
        c.line(d, tone, 3.4)
        for x in (-reach - 3, reach + 5):
            c.shape(ellipse(x, y, 1.8, 1.8), darker(look.base, 0.75))
    y = rows[-1] + 3
    for s in (-1, 1):
        c.line(
            f"M1 {y}Q{20 * s} {y - 12} {22 * s} {y + 4}Q{14 * s} {y + 10} 1 {y}M1 {y}Q{8 * s} {y + 12} {14 * s} {y + 22}",
            tone,
            2.6,
        )
    c.shape(
        ellipse(1, y, 3, 2.6), tone, extra='stroke="#000" stroke-opacity=".35" stroke-width=".7"'
    )


def sneaker_top(c: Canvas, look: Look) -> None:
    edge, body = darker(look.base, 0.6), plan(look)
    welt(c, look, sole_colour(look), 7 if look.get("heel height") == "platform" else 4)
    cover(c, body, look)
    c.open(c.clip(body))
    c.shape(
        "M-50 -100L50 -100L50 -54Q0 -76 -50 -54Z",
        darker(look.base, 0.14) if look.pick("cap", (True, False)) else "#f3f1ea",
        0.9,
    )
    c.line("M-50 -54Q0 -76 50 -54", edge, 1.3)
    c.shape("M-50 58Q0 96 50 58L50 100L-50 100Z", hexa(mix(look.base, look.second, 0.55)))
    c.line("M-50 58Q0 96 50 58", edge, 1.2)
    c.line("M-26 -20Q-28 20 -20 56M29 -20Q28 20 22 56", "#000", 5, 0.12)
    c.close()
    tongue = "M-14 -46Q1 -56 16 -46L19 18Q1 26 -17 18Z"
    c.shape(tongue, lighter(look.base, 0.12), extra=f'stroke="{edge}" stroke-width="1.2"')
    opening(c, look, 12, insole_of(look))
    if look.get("boot height") == "high top":
        for d in ("M-18 52C-18 22 -18 8 1 8C21 8 21 22 21 52C21 88 -18 88 -18 52Z",):
            c.line(d, edge, 9)
            c.line(d, hexa(look.base), 7)
    c.shape(
        "M-11 20L-13 2Q1 -4 15 2L13 20Q1 26 -11 20Z",
        lighter(look.base, 0.2),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    kind = look.get("closure type")
    if kind == "lace-up":
        cross_laces(c, look, (-42, -31, -20, -9, 2), 15)
    elif kind == "velcro":
        straps(
            c,
            look,
            [
                "M-27 -34L28 -38",
                "M-27 -14L27 -18",
                *(["M-24 8L25 4"] if look.get("boot height") == "high top" else []),
            ],
        )
    else:
        for s in (-1, 1):
            c.shape(
                f"M{n(1 + 16 * s)} -30L{n(1 + 25 * s)} -24L{n(1 + 24 * s)} 14L{n(1 + 17 * s)} 18Z",
                darker(look.base, 0.45),
                0.9,
            )
        for y in range(-26, 14, 4):
            c.line(f"M-23 {y}L-15 {y - 2}M18 {y - 2}L26 {y}", "#000", 1, 0.4)


def boot_top(c: Canvas, look: Look) -> None:
    edge, body = darker(look.base, 0.6), plan(look)
    welt(
        c,
        look,
        "#2b2624" if look.get("heel height") == "mid heel (2-3 inches)" else sole_colour(look),
    )
    cover(c, body, look, texture="leather")
    c.open(c.clip(body))
    c.line("M-50 -46Q0 -66 50 -46", edge, 1.4)
    stitches(c, "M-50 -42Q0 -62 50 -42", look.base)
    c.close()
    shaft = "M-24 46Q-26 8 1 6Q29 8 27 46Q26 86 1 87Q-24 86 -24 46Z"
    cover(c, shaft, look, texture="leather")
    c.shape(
        "M-18 48Q-19 22 1 20Q22 22 21 48Q20 79 1 80Q-17 79 -18 48Z",
        darker(look.base, 0.75),
        extra=f'stroke="{edge}" stroke-width="1.6"',
    )
    c.shape("M-12 56Q-12 34 1 33Q15 34 15 56Q14 76 1 76Q-11 76 -12 56Z", insole_of(look), 0.5)
    kind = look.get("closure type")
    if kind == "lace-up":
        c.shape(
            "M-11 -42Q1 -50 13 -42L15 18Q1 23 -13 18Z",
            lighter(look.base, 0.08),
            extra=f'stroke="{edge}" stroke-width="1"',
        )
        cross_laces(c, look, (-36, -25, -14, -3, 8), 13)
    elif kind == "zipper":
        c.line("M-22 28Q-27 8 -28 -8", darker(look.base, 0.7), 5)
        c.line("M-22 28Q-27 8 -28 -8", "#d5d8dc", 2, 1, 'stroke-dasharray=".1 2.6"')
        c.shape(rounded(-25, 26, 6, 13, 2), "#d9dce0", extra='stroke="#555" stroke-width=".8"')
        folds(c, "M-26 -18Q0 -8 28 -20", "M-24 -4Q0 6 26 -6")
    else:
        for d, x, y in (
            ("M-28 -12Q0 -24 31 -12", 16, -18),
            ("M-25 30Q-18 6 1 5Q22 6 28 30", 19, 14),
        ):
            c.line(d, darker(look.base, 0.5), 8)
            c.shape(
                rounded(x - 7, y - 6, 13, 13, 2),
                metal(c, STEEL),
                extra='stroke="#444" stroke-width="1"',
            )
            c.shape(rounded(x - 4, y - 3, 7, 7, 1), darker(look.base, 0.55))


def sandal_top(c: Canvas, look: Look) -> None:
    edge, body = darker(look.base, 0.5), plan(look)
    welt(c, look, "#3a302a", 3)
    c.shape(body, "#b98d5c", extra='stroke="#5c4026" stroke-width="1.2"')
    c.shape(body, c.radial((0, "#fff", 0.16), (1, "#000", 0.18)))
    c.line(plan(look, -5), "#5c4026", 1, 0.5, 'stroke-dasharray="3 2.2"')
    for d, w in (("M-34 -32Q0 -52 37 -38", 20), ("M-33 -4Q0 -22 35 -10", 15)):
        c.line(d, "#000", w + 4, 0.15, 'style="stroke-linecap:butt" transform="translate(1 3)"')
        c.line(d, edge, w + 2.5, 1, 'style="stroke-linecap:butt"')
        c.line(d, hexa(look.base), w, 1, 'style="stroke-linecap:butt"')
        c.line(
            d, "#fff", w * 0.25, 0.22, 'style="stroke-linecap:butt" transform="translate(-2 -3)"'
        )
    ankle = "M-24 48Q-26 16 1 14Q29 16 27 48Q26 82 1 83Q-23 82 -24 48Z"
    c.line(ankle, "#000", 13, 0.15, 'transform="translate(1 3)"')
    c.line(ankle, edge, 12)
    c.line(ankle, hexa(look.base), 9.5)
    if look.get("closure type") == "buckle":
        c.shape(rounded(17, 18, 16, 17, 3), metal(c, STEEL), extra='stroke="#444" stroke-width="1"')
        c.shape(rounded(21, 22, 8, 9, 1), darker(look.base, 0.3))
    else:
        c.shape(
            rounded(6, 8, 26, 14, 4),
            lighter(look.base, 0.25),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.2"',
        )
        stitches(c, rounded(9, 11, 20, 8, 3), look.base)


def loafer_top(c: Canvas, look: Look) -> None:
    edge, body = darker(look.base, 0.6), plan(look)
    welt(c, look, "#2e2622", 3)
    cover(c, body, look, texture="leather")
    apron = "M-20 12Q-24 -64 0 -66Q25 -64 23 12"
    c.line(apron, darker(look.base, 0.55), 2)
    stitches(c, "M-24 12Q-28 -69 0 -71Q29 -69 27 12", look.base)
    c.shape(
        "M-15 -22Q1 -34 18 -22L19 18L-16 18Z",
        darker(look.base, 0.12),
        extra=f'stroke="{edge}" stroke-width="1"',
    )
    opening(c, look, 8, insole_of(look))
    c.shape(
        "M-31 -20Q1 -32 34 -22L31 0Q1 -12 -29 2Z",
        darker(look.base, 0.16),
        extra=f'stroke="{edge}" stroke-width="1.2"',
    )
    if look.get("closure type") == "buckle":
        c.line("M-15 -14Q1 -20 18 -15", hexa((206, 166, 70)), 5)
        for x in (-15, 18):
            c.line(ellipse(x, -14.5, 5, 6), "#a67c28", 2.4)
    else:
        c.shape("M-9 -19L12 -19L9 -12L-6 -12Z", darker(look.base, 0.75))


def pump_top(c: Canvas, look: Look) -> None:
    edge, body = darker(look.base, 0.6), plan(look)
    cover(c, body, look, texture="patent leather" if look.pick("gloss", (True, False)) else "")
    inside = "M1 -40C24 -40 25 -10 20 40C18 88 -15 88 -16 40C-22 -10 -22 -40 1 -40Z"
    c.shape(inside, insole_of(look), extra=f'stroke="{edge}" stroke-width="2.2"')
    c.shape(
        inside, c.gradient((0, "#000", 0.55), (0.3, "#000", 0.06), (1, "#000", 0.25), to=(0, 1))
    )
    c.shape(rounded(-7, 46, 17, 9, 1), "#f4f2ea", 0.5)
    if look.get("closure type") == "buckle":
        c.line("M-19 24Q1 8 23 24", edge, 8)
        c.line("M-19 24Q1 8 23 24", hexa(look.base), 6)
        c.shape(
            rounded(14, 13, 11, 12, 2),
            metal(c, (206, 166, 70)),
            extra='stroke="#6b5018" stroke-width="1"',
        )


def slipper_top(c: Canvas, look: Look) -> None:
    fluff = "#f3ece0" if brightness(look.base) < 0.8 else "#cbb89a"
    welt(c, look, darker(look.base, 0.35), 3)
    body = plan(look)
    c.shape(body, fluff)
    c.shape(body, c.radial((0, "#000", 0.12), (0.7, "#000", 0.02), (1, "#000", 0.12)))
    c.open(c.clip(plan(look, 3)))
    opened = look.get("toe style") == "open toe"
    upper = (
        "M-60 -58Q2 -80 60 -58L60 6Q2 -14 -60 6Z"
        if opened
        else "M-60 -110L60 -110L60 6Q2 -14 -60 6Z"
    )
    cover(c, upper, look, texture="velvet")
    c.shape(upper, c.gradient((0, "#000", 0.22), (0.4, "#fff", 0.1), (1, "#000", 0.25)))
    c.line("M-40 1Q2 -16 42 1", fluff, 12, 1, 'stroke-dasharray=".1 7"')
    c.line("M-40 -1Q2 -18 42 -1", "#fff", 5, 0.5, 'stroke-dasharray=".1 7"')
    c.close()
    c.line(body, darker(look.base, 0.5), 1.2, 0.6)
