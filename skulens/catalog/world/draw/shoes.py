"""Shoes from the side, toe to the right; the second of the pair stands behind."""

from skulens.catalog.world.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.catalog.world.surface import Look, cover, metal, stitches
from skulens.catalog.world.svg import Canvas, ellipse, n, rounded

STEEL = (196, 200, 206)


def shoes(c: Canvas, look: Look, brand: str) -> None:
    draw = {"sneakers": sneaker, "boots": boot, "sandals": sandal, "loafers": loafer, "pumps": pump, "slippers": slipper}
    pair = draw[look.get("shoe type")]
    if look.get("boot height") not in ("high top", "ankle", "mid-calf"):
        c.open('transform="translate(-12 -34) scale(.86)"')
        pair(c, look, "")
        c.close()
    c.open('transform="translate(4 16)"')
    pair(c, look, brand)
    c.close()


def sole_colour(look: Look) -> str:
    return "#f1efe8" if look.get("color") != "white" and look.pick("sole", (True, False)) else "#2d2a2a" if look.pick("dark", (True, False)) else "#c69a62"


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
    c.shape(f"M-76 {n(top + 2)}Q-60 {n(top - 7)} -30 {n(top + 3)}Q-46 {n(top + 16)} -76 {n(top + 2)}Z", darker(look.base, 0.6))
    c.shape(f"M-46 {n(top + 8)}Q-40 {n(top - 16)} -26 {n(top - 12)}L-18 {n(top + 14)}Z", lighter(look.base, 0.12), extra=f'stroke="{darker(look.base, .5)}" stroke-width="1"')
    cover(c, upper, look)
    c.open(c.clip(upper))
    c.shape("M58 50Q54 14 70 2L100 0L100 50Z", darker(look.base, 0.14) if look.pick("cap", (True, False)) else "#f3f1ea", 0.9)
    c.line("M58 50Q54 14 72 4", darker(look.base, 0.6), 1.3)
    c.shape(f"M-100 {low}L-100 {n(top + 8)}L-74 {n(top + 8)}Q-66 {n(low - 24)} -58 {low}Z", hexa(mix(look.base, look.second, 0.55)))
    c.line(f"M-72 {n(top + 8)}Q-66 {n(low - 24)} -58 {low}", darker(look.base, 0.6), 1.2)
    c.close()
    _side_mark(c, look, low)
    _sneaker_closure(c, look, top, high)
    d = f"M-92 {low}Q0 {n(low + 6)} 95 {n(low - 2)}Q99 {n(low + thick * .7)} 88 {n(low + thick)}Q0 {n(low + thick + 4)} -86 {n(low + thick)}Q-98 {n(low + thick * .7)} -92 {low}Z"
    c.shape(d, sole, extra=f'stroke="{"#999" if sole[1] == "f" else "#111"}" stroke-width="1.2"')
    c.shape(d, c.gradient((0, "#fff", 0.2), (0.5, "#000", 0), (1, "#000", 0.3), to=(0, 1)))
    c.line(f"M-90 {n(low + thick * .6)}Q0 {n(low + thick * .6 + 5)} 93 {n(low + thick * .55)}", "#000", 1, 0.35)
    c.text(brand, -30, low - 6, 9, ink_on(look.base), 42, halo=hexa(look.base))


def _side_mark(c: Canvas, look: Look, low: float) -> None:
    ink = hexa(look.second)
    style = look.pick("mark", ("bars", "wave", "star", "none"))
    if style == "bars":
        for i in range(3):
            c.line(f"M{-14 + 15 * i} {n(low - 4)}L{-2 + 13 * i} {n(low - 32 + 4 * i)}", ink, 5.4, 1, 'style="stroke-linecap:butt"')
    elif style == "wave":
        c.shape(f"M-46 {n(low - 22)}Q-6 {n(low + 4)} 44 {n(low - 22)}Q2 {n(low - 8)} -46 {n(low - 22)}Z", ink)
    elif style == "star":
        c.shape(f"M0 {n(low - 34)}l4 10h11l-9 6 4 11-10-7-10 7 4-11-9-6h11Z", ink)


def _sneaker_closure(c: Canvas, look: Look, top: float, high: bool) -> None:
    kind = look.get("closure type")
    if kind == "lace-up":
        points = [(-22, top + 14), (-10, -8), (4, -5), (18, -1), (32, 3)] if not high else [(-32, -52), (-26, -40), (-18, -28), (-8, -16), (6, -8), (22, -3)]
        laces(c, points, look)
    elif kind == "velcro":
        straps(c, look, ["M-30 -20L-2 14", "M-2 -10L24 20"] if not high else ["M-42 -46L-14 -24", "M-30 -24L0 6", "M0 -10L26 20"])
    else:
        c.shape(f"M-50 {n(top + 8)}L-26 {n(top + 8)}L-22 14Q-36 20 -46 12Z", darker(look.base, 0.45), 0.9)
        for x in range(-46, -24, 4):
            c.line(f"M{x} {n(top + 10)}L{x + 2} 13", "#000", 1, 0.4)


def boot(c: Canvas, look: Look, brand: str) -> None:
    top = -86 if look.get("boot height") == "mid-calf" else -58
    heel = {"mid heel (2-3 inches)": 22, "platform": 22}.get(look.get("heel height"), 11)
    flat = look.get("heel height") != "mid heel (2-3 inches)"
    toe = 96 if look.get("toe style") == "pointed toe" else 86
    upper = (
        f"M-66 44Q-74 20 -68 -10L-66 {top}Q-44 {top - 6} -12 {top}L-10 -22Q-4 -4 22 2Q{toe - 34} 6 {toe - 14} 18Q{toe + 2} 28 {toe - 2} 44Z"
    )
    c.shape(ellipse(-41, top, 27, 5), darker(look.base, 0.65))
    cover(c, upper, look, texture="leather")
    c.open(c.clip(upper))
    c.shape(f"M-68 {top + 6}Q-44 {top} -12 {top + 6}L-12 {top + 14}Q-44 {top + 8} -68 {top + 14}Z", "#000", 0.2)
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
            c.shape(rounded(-30, y - 5, 14, 14, 2), metal(c, STEEL), extra='stroke="#444" stroke-width="1"')
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
        c.shape(f"M-70 42L{toe + 4} 42Q{toe + 4} 50 {toe - 8} 50L-4 50Q-26 46 -34 {46 + heel}L-66 {46 + heel}Z", dark)


def sandal(c: Canvas, look: Look, brand: str) -> None:
    thick = {"platform": 24, "mid heel (2-3 inches)": 16}.get(look.get("heel height"), 11)
    lift = 20 if look.get("heel height") == "mid heel (2-3 inches)" else 0
    bed = f"M-86 {26 - lift}Q-30 {24 - lift * .6} 0 30Q50 36 92 30Q98 38 88 {38 + thick * .5}Q40 {44 + thick * .5} 0 {36 + thick * .6}Q-40 {32 + thick * .6 - lift * .7} -84 {34 + thick * .5 - lift}Z"
    c.shape(f"M-80 {26 - lift}Q-94 10 -78 -34L-60 -36Q-66 0 -58 {26 - lift}Z", darker(look.base, 0.4))
    c.shape(bed, "#b98d5c", extra='stroke="#5c4026" stroke-width="1.2"')
    under = f"M-88 {30 - lift}Q-30 {30 - lift * .6} 0 38Q50 44 94 38L92 {42 + thick}L4 {44 + thick}Q-20 {44 + thick - lift * .2} -34 {44 + thick}L-84 {44 + thick}Z"
    c.shape(under, "#3a302a", extra='stroke="#1a1512" stroke-width="1"')
    for d, w in (("M-6 34Q16 -18 46 -12Q66 -4 66 36", 20), ("M30 36Q52 -8 74 6Q84 16 82 36", 15)):
        c.line(d, darker(look.base, 0.5), w + 2.5, 1, 'style="stroke-linecap:butt"')
        c.line(d, hexa(look.base), w, 1, 'style="stroke-linecap:butt"')
        c.line(d, "#fff", w * 0.25, 0.22, 'style="stroke-linecap:butt" transform="translate(-3 -2)"')
    ankle = "M-78 -22Q-48 -36 -26 -22Q-16 -14 -14 28"
    c.line(ankle, darker(look.base, 0.5), 14)
    c.line(ankle, hexa(look.base), 11.5)
    if look.get("closure type") == "buckle":
        c.shape(rounded(-50, -40, 17, 18, 3), metal(c, STEEL), extra='stroke="#444" stroke-width="1"')
        c.shape(rounded(-46, -36, 9, 10, 1), darker(look.base, 0.3))
    else:
        c.shape(rounded(-56, -38, 30, 15, 4), lighter(look.base, 0.25), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1.2"')
        stitches(c, rounded(-53, -35, 24, 9, 3), look.base)
    c.text(brand, 34, 2, 8, ink_on(look.base), 26, halo=hexa(look.base))


def loafer(c: Canvas, look: Look, brand: str) -> None:
    toe = 98 if look.get("toe style") == "pointed toe" else 88
    upper = f"M-84 40Q-92 6 -84 -14Q-80 -22 -72 -20Q-44 4 -18 -6Q6 -22 34 -10Q70 2 {toe} 26Q{toe + 2} 36 {toe - 4} 42Z"
    c.shape("M-76 -20Q-46 -28 -10 -14L-18 -6Q-44 4 -72 -20Z", darker(look.base, 0.65))
    cover(c, upper, look, texture="leather")
    c.line(f"M-4 -8Q20 14 44 8Q66 4 {toe - 10} 22", darker(look.base, 0.55), 1.6)
    stitches(c, f"M-6 -4Q20 19 44 13Q66 9 {toe - 12} 26", look.base)
    c.shape("M-22 -4Q0 -22 22 -14L30 20Q8 28 -14 22Z", darker(look.base, 0.16), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1.2"')
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
    c.shape(heel, darker(look.base, 0.35), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
    upper = f"M-90 {back + 36}Q-94 {back + 10} -84 {back}Q-78 {back - 4} -74 {back + 4}Q-60 {back + 40} -10 {back * .3 + 26}Q14 14 34 18Q70 26 98 46Q100 54 90 54L36 54Q0 50 -40 {back + 62}Q-70 {back + 46} -90 {back + 36}Z"
    cover(c, upper, look, texture="patent leather" if look.pick("gloss", (True, False)) else "")
    c.line(f"M-76 {back + 4}Q-60 {back + 42} -10 {n(back * .3 + 28)}Q14 16 34 20", darker(look.base, 0.6), 2)
    c.line(f"M98 50Q94 58 86 57L36 57Q0 53 -40 {back + 65}", "#2a2020", 3.4)
    if look.get("closure type") == "buckle":
        c.line(f"M-80 {back + 12}Q-44 {back - 12} -14 {back + 40}", darker(look.base, 0.3), 6)
        c.shape(rounded(-42, back + 0, 11, 12, 2), metal(c, (206, 166, 70)), extra='stroke="#6b5018" stroke-width="1"')
    c.text(brand, 46, 46, 8, ink_on(look.base), 32, halo=hexa(look.base))


def slipper(c: Canvas, look: Look, brand: str) -> None:
    fluff = "#f3ece0" if brightness(look.base) < 0.8 else "#cbb89a"
    c.shape("M-90 32Q-60 20 0 26L94 30Q98 44 84 50L-80 50Q-98 46 -90 32Z", darker(look.base, 0.35), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
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
