"""Chairs and tables, slightly from above."""

from dataclasses import replace

from skulens.world.canvas.surface import FLAT, TOP, cover, metal, stitches
from skulens.world.canvas.svg import Canvas, ellipse, n, outline, rounded
from skulens.world.truth.colours import Rgb, darker, hexa, lighter, mix
from skulens.world.truth.look import Look

STEEL = (176, 180, 188)
WOODS = ((186, 132, 80), (112, 72, 46), (214, 172, 120))


WOODEN = ("wood", "solid wood", "bamboo", "veneer")


def frame_of(look: Look, wood: bool = True) -> Rgb:
    """The colour of legs and frame: painted as the rest, or of wood if they are made of it."""
    if not wood or look.get("material") not in WOODEN:
        return look.base
    return look.pick("wood", WOODS)


def chair_frame(look: Look) -> Rgb:
    """A folding chair that is not of wood has legs of steel."""
    folding = look.get("chair type") == "folding chair"
    return STEEL if folding and look.get("material") not in WOODEN else frame_of(look)


def bar(c: Canvas, d: str, rgb, width: float) -> None:
    """A leg or rail with a lit edge."""
    c.line(d, darker(rgb, 0.6), width + 1.8)
    c.line(d, hexa(rgb), width)
    c.line(d, "#fff", width * 0.28, 0.3, f'transform="translate({n(-width * 0.2)} 0)"')


def chair(c: Canvas, look: Look, brand: str) -> None:
    kind = look.get("chair type")
    if look.face != "front":
        (_chair_behind if look.face == "back" else _chair_side)(c, look, kind)
        return
    {"office chair": _office, "armchair": _armchair, "bar stool": _stool}.get(kind, _four_legs)(
        c, look, kind
    )
    y = {"office chair": 14, "armchair": 78, "bar stool": -20}.get(kind, 24)
    c.shape(rounded(20, y, 26, 8, 1), "#f6f3ea", extra='stroke="#777" stroke-width=".6"')
    c.text(brand, 33, y + 6.2, 6, "#333", 24)


def _chair_behind(c: Canvas, look: Look, kind: str) -> None:
    """From behind: the seat first, then the back that hides most of it."""
    top = _top_of_back(look)
    if kind == "office chair":
        half = look.vary("half", 36, 42)
        _star_foot(c)
        cover(
            c,
            rounded(-half - 3, 14, 2 * half + 6, 22, 9),
            look,
            light=TOP,
            rgb=mix(look.base, (0, 0, 0), 0.25),
            pattern=False,
        )
        _office_arms(c, look, half)
        c.line("M0 40L0 -14", "#17171b", 15)
        c.line("M0 40L0 -14", "#3a3a41", 11)
        back(c, look, half - 2, top, 4)
        if look.get("back type") != "mesh back":
            c.shape(rounded(-half * 0.55, top + 14, half * 1.1, -top - 22, 12), "#000", 0.2)
        c.shape(rounded(-9, -22, 18, 34, 6), "#2c2c31", extra='stroke="#0c0c0e" stroke-width="1"')
    elif kind == "armchair":
        for x in (-54, 54):
            bar(c, f"M{x} 80L{n(x * 1.06)} 98", frame_of(look), 7)
        for s in (-1, 1):
            cover(
                c,
                rounded(60 * s - 16, -6, 32, 90, 14),
                look,
                light=FLAT,
                texture="fabric",
                rgb=mix(look.base, (0, 0, 0), 0.12),
            )
        back(c, replace(look, values={**look.values, "back type": "high back"}), 54, top + 18, 86)
        c.line("M-44 78L44 78", "#000", 1.4, 0.3)
    elif kind == "bar stool":
        _stool_behind(c, look)
    else:
        _four_legs_behind(c, look, kind, top)


def _four_legs_behind(c: Canvas, look: Look, kind: str, top: float) -> None:
    half, frame = look.vary("half", 36, 42), chair_frame(look)
    deep = mix(frame, (0, 0, 0), 0.25)
    for s in (-1, 1):
        bar(c, f"M{n(half * 0.8 * s)} 20L{n((half - 4) * s)} 78", deep, 6)
    if look.get("arm type") != "armless":
        for s in (-1, 1):
            bar(c, f"M{n((half + 5) * s)} 20L{n((half + 6) * s)} -14", deep, 5)
    seat(c, replace(look, values={**look.values, "pattern/print": "solid"}), half, 22, 14, 8)
    for s in (-1, 1):
        if kind == "folding chair":
            bar(c, f"M{n(-half * 0.9 * s)} 24L{n(half * s)} 94", frame, 5)
        else:
            bar(c, f"M{n((half - 1) * s)} -30L{n((half + 3) * s)} 92", frame, 7)
    if kind != "folding chair":
        bar(c, f"M{n(-half)} 58L{n(half)} 58", frame, 4)
    back(c, look, half - 1, top, 10)
    if look.get("back type") != "ladder back":
        for s in (-1, 1):
            bar(c, f"M{n((half - 2) * s)} {n(top + 6)}L{n((half - 1) * s)} 12", frame, 5)
        bar(c, f"M{n(2 - half)} {n(top * 0.45)}L{n(half - 2)} {n(top * 0.45)}", frame, 5)
    if kind == "rocking chair":
        c.line(f"M{n(-half - 32)} 80Q0 112 {n(half + 32)} 80", darker(frame, 0.6), 9)
        c.line(f"M{n(-half - 32)} 80Q0 112 {n(half + 32)} 80", hexa(frame), 7)


def _stool_behind(c: Canvas, look: Look) -> None:
    frame, half = (
        frame_of(look, wood=look.pick("stool legs", (False, True))),
        look.vary("half", 30, 36),
    )
    for s in (-1, 1):
        bar(c, f"M{n(half * 0.5 * s)} -12L{n(half * 0.7 * s)} 84", mix(frame, (0, 0, 0), 0.25), 5)
    seat(c, look, half, -20, 10, 12)
    for s in (-1, 1):
        bar(c, f"M{n(half * 0.85 * s)} -8L{n((half + 10) * s)} 96", frame, 6)
    for y in (30, 62):
        bar(c, f"M{n(-half - 5)} {y}L{n(half + 5)} {y}", frame, 4)
    if look.get("back type") == "mid back":
        cover(
            c,
            f"M{n(-half)} -86Q0 -94 {n(half)} -86L{n(half)} -52Q0 -60 {n(-half)} -52Z",
            look,
            texture="fabric",
        )
        for s in (-1, 1):
            bar(c, f"M{n(half * 0.7 * s)} -78L{n(half * 0.7 * s)} -10", frame, 5)


def _chair_side(c: Canvas, look: Look, kind: str) -> None:
    """In profile, its front to the left."""
    frame = chair_frame(look)
    deep, y, lean = mix(frame, (0, 0, 0), 0.25), 24, look.vary("back curve", 2, 16) * 0.5 + 8
    top = _top_of_back(look)
    if kind == "bar stool":
        y, frame = -24, look.base if look.pick("stool legs", (True, False)) else frame
        for a, b in (((-20, -12), (-34, 96)), ((20, -12), (34, 96))):
            bar(c, f"M{a[0]} {a[1]}L{b[0]} {b[1]}", frame, 6)
        bar(c, "M-28 56L28 56", frame, 4)
    elif kind == "office chair":
        _star_foot(c)
    elif kind == "armchair":
        for x in (-44, 44):
            bar(c, f"M{x} 80L{n(x * 1.06)} 98", frame, 7)
    elif kind == "folding chair":
        bar(c, "M34 30L-40 94", frame, 5)
        bar(
            c,
            f"M{n(34 + lean)} {n(top + 10)}Q20 20 38 94"
            if look.get("back type") == "no back"
            else "M-26 30L40 94",
            deep,
            5,
        )
    else:
        bar(c, f"M-32 {y + 8}L-36 92", frame, 7)
        bar(c, f"M32 {y}L40 92", frame, 7)
        bar(c, "M-34 64L37 64", frame, 4)
    if kind == "rocking chair":
        c.line("M-66 78Q0 116 70 76", darker(frame, 0.6), 9)
        c.line("M-66 78Q0 116 70 76", hexa(frame), 7)
    _back_side(c, look, kind, top, y, lean, frame)
    thick = {"office chair": 15, "armchair": 16}.get(kind, 11)
    half = {"bar stool": 28, "armchair": 46}.get(kind, 40)
    cover(
        c,
        f"M{-half} {y + 2}Q{-half} {y - 3} {-half + 6} {y - 3}L{half - 4} {y - 1}Q{half} {y} {half} {y + 4}L{half - 2} {y + thick}L{-half + 4} {y + thick}Q{-half} {y + thick} {-half} {y + 2}Z",
        look,
        light=TOP,
        texture="fabric",
    )
    if kind == "armchair":
        cover(
            c,
            rounded(-48, 40, 96, 44, 6),
            look,
            light=TOP,
            texture="fabric",
            rgb=mix(look.base, (0, 0, 0), 0.1),
        )
        cover(
            c,
            "M-50 84L-50 10Q-50 -8 -34 -8L40 -8Q50 -8 50 4L50 84Z",
            look,
            light=FLAT,
            texture="fabric",
        )
        c.line("M-36 78L-36 14Q-34 6 -26 6L40 6", "#000", 1.6, 0.25)
    elif look.get("arm type") != "armless":
        ink = (44, 44, 49) if kind == "office chair" else frame
        bar(c, f"M-24 {y + 2}L-26 -10", ink, 5)
        if look.get("arm type") == "padded arms":
            cover(c, rounded(-38, -18, 62, 12, 6), look, light=TOP, pattern=False)
        else:
            bar(c, "M-34 -12L30 -14", ink, 6)


def _back_side(c: Canvas, look: Look, kind: str, top: float, y: float, lean: float, frame) -> None:
    """The back's profile: a slab that leans away, thick where it is upholstered, slats on edge on a ladder."""
    style, foot = look.get("back type"), 32
    if style == "no back":
        return
    if kind == "bar stool":
        bar(c, f"M22 {y}L28 -72", frame, 5)
        cover(c, "M24 -90Q32 -92 33 -86L32 -54L24 -52Z", look, texture="fabric")
        return
    if style == "ladder back":
        bar(c, f"M{foot} {y}L{n(foot + lean)} {n(top)}", look.base, 8)
        for i in range(4):
            bar(
                c,
                f"M{n(foot - 3 + lean * (0.3 + 0.22 * i))} {n(y - 22 - (y - top - 22) * i / 3.6)}l1 -12",
                look.base,
                5,
            )
        return
    slab = {"tufted back": 18, "wing back": 16, "mesh back": 7}.get(
        style, 13 if kind in ("office chair", "armchair") else 10
    )
    if kind == "armchair":
        top, slab = top + 18, slab + 6
    if kind == "office chair":
        c.line(f"M10 {y + 14}Q48 {y + 14} {n(foot + lean * 0.4 + slab * 0.6)} -8", "#2c2c31", 7)
    elif kind != "armchair":
        bar(c, f"M{foot + 4} {y + 4}L{n(foot + lean + 4)} {n(top + 4)}", frame, 6)
    d = f"M{foot - slab + 4} {y}Q{n(foot - slab * 1.15 + lean * 0.3)} {n((y + top) / 2)} {n(foot + lean - slab * 0.8)} {n(top + 4)}Q{n(foot + lean)} {n(top - 6)} {n(foot + lean + 3)} {n(top + 6)}L{foot + 5} {y}Z"
    if style == "wing back":
        cover(
            c,
            f"M{n(foot + lean)} {n(top + 2)}Q{n(foot - 26)} {n(top + 2)} {n(foot - 24)} {n(top + 34)}L{n(foot - 14)} {y - 10}L{foot} {y}Z",
            look,
            rgb=mix(look.base, (0, 0, 0), 0.12),
            texture="fabric",
        )
    cover(c, d, look, texture="mesh" if style == "mesh back" else "fabric")
    if style == "tufted back":
        for share in (0.25, 0.5, 0.75):
            ty = top + (y - top) * share
            c.line(f"M{n(foot - slab + lean * (1 - share))} {n(ty)}l7 1", "#000", 2, 0.4)


def _star_foot(c: Canvas) -> None:
    for x in (-46, -24, 24, 46, 0):
        y = 84 + (8 if abs(x) < 30 else 0)
        bar(c, f"M0 70L{x} {y}", (52, 52, 58), 6)
        c.shape(ellipse(x, y + 5, 6, 6), "#1c1c20", extra='stroke="#000" stroke-width="1"')
    c.shape(rounded(-5, 34, 10, 38, 2), metal(c, STEEL), extra='stroke="#555" stroke-width="1"')


def _office_arms(c: Canvas, look: Look, half: float) -> None:
    if look.get("arm type") == "armless":
        return
    for s in (-1, 1):
        c.line(
            f"M{n((half + 2) * s)} 30L{n((half + 14) * s)} 24L{n((half + 12) * s)} -8", "#2c2c31", 6
        )
        if look.get("arm type") == "padded arms":
            cover(c, rounded((half + 12) * s - 9, -17, 18, 11, 5), look, light=TOP, pattern=False)
        else:
            c.shape(rounded((half + 12) * s - 8, -14, 16, 6, 3), "#2c2c31")


def back(c: Canvas, look: Look, half: float, top: float, bottom: float) -> None:
    """The chair's back between `top` and `bottom`."""
    kind, edge = look.get("back type"), darker(look.base, 0.6)
    if kind == "ladder back":
        for s in (-1, 1):
            bar(c, f"M{n(half * 0.92 * s)} {n(bottom)}L{n(half * s)} {n(top)}", look.base, 7)
        for i in range(4):
            y = top + 8 + i * (bottom - top - 20) / 3.4
            cover(
                c,
                f"M{n(-half)} {n(y)}Q0 {n(y - 5)} {n(half)} {n(y)}L{n(half)} {n(y + 10)}Q0 {n(y + 5)} {n(-half)} {n(y + 10)}Z",
                look,
                light=TOP,
                texture="wood" if look.get("material") in WOODEN else "",
            )
        return
    curve = look.vary("back curve", 2, 16)
    d = outline(
        (0, top - curve),
        (half * 0.7, top - curve, half, top + 2),
        (half + 3, (top + bottom) / 2, half * 0.94, bottom),
        (0, bottom + 4),
    )
    if kind == "wing back":
        for s in (-1, 1):
            cover(
                c,
                f"M{n(half * 0.8 * s)} {n(top)}Q{n((half + 18) * s)} {n(top)} {n((half + 16) * s)} {n(top + 34)}L{n((half + 10) * s)} {n(bottom)}L{n(half * 0.8 * s)} {n(bottom)}Z",
                look,
                rgb=mix(look.base, (0, 0, 0), 0.12),
            )
    cover(c, d, look, texture="mesh" if kind == "mesh back" else "fabric", rgb=look.base)
    if kind == "mesh back":
        c.line(d, darker(look.base, 0.35), 5)
    elif kind == "tufted back":
        rows = [
            (x, y)
            for j, y in enumerate((0.22, 0.48, 0.74))
            for x in ((-0.6, 0, 0.6) if j % 2 == 0 else (-0.3, 0.3))
        ]
        for fx, fy in rows:
            x, y = fx * half, top + fy * (bottom - top)
            c.line(
                f"M{n(x - half * 0.28)} {n(y - 9)}L{n(x)} {n(y)}L{n(x + half * 0.28)} {n(y - 9)}M{n(x - half * 0.28)} {n(y + 9)}L{n(x)} {n(y)}L{n(x + half * 0.28)} {n(y + 9)}",
                "#000",
                1.6,
                0.28,
            )
            c.shape(
                ellipse(x, y, 2.6, 2.6),
                darker(look.base, 0.3),
                extra=f'stroke="{edge}" stroke-width=".8"',
            )
    else:
        stitches(
            c,
            outline(
                (0, top - curve + 5),
                (half * 0.66, top - curve + 5, half - 5, top + 5),
                (half - 3, (top + bottom) / 2, half * 0.94 - 5, bottom - 4),
                (0, bottom - 2),
            ),
            look.base,
            0.5,
        )


def seat(c: Canvas, look: Look, half: float, y: float, deep: float, thick: float) -> None:
    """A cushion seen from slightly above."""
    top = f"M{n(-half * 0.86)} {n(y - deep)}L{n(half * 0.86)} {n(y - deep)}Q{n(half + 4)} {n(y - deep * 0.3)} {n(half + 2)} {n(y)}L{n(-half - 2)} {n(y)}Q{n(-half - 4)} {n(y - deep * 0.3)} {n(-half * 0.86)} {n(y - deep)}Z"
    cover(c, top, look, texture="fabric", rgb=mix(look.base, (255, 255, 255), 0.08))
    cover(c, rounded(-half - 2, y - 1, 2 * half + 4, thick, 5), look, light=TOP, texture="fabric")
    stitches(c, f"M{n(-half)} {n(y + 2)}L{n(half)} {n(y + 2)}", look.base, 0.5)


def _top_of_back(look: Look) -> float:
    return {
        "high back": -98,
        "wing back": -96,
        "ladder back": -92,
        "tufted back": -84,
        "mesh back": -88,
    }.get(look.get("back type"), -66)


def _four_legs(c: Canvas, look: Look, kind: str) -> None:
    """Dining, folding and rocking chairs."""
    half, frame = look.vary("half", 36, 42), chair_frame(look)
    if kind == "folding chair":
        for s in (-1, 1):
            bar(c, f"M{n(-half * 0.9 * s)} 24L{n(half * s)} 94", mix(frame, (0, 0, 0), 0.15), 5)
    else:
        for s in (-1, 1):
            bar(
                c,
                f"M{n(half * 0.72 * s)} 20L{n(half * 0.76 * s)} 76",
                mix(frame, (0, 0, 0), 0.25),
                6,
            )
    back(c, look, half - 2, _top_of_back(look), 8)
    for s in (-1, 1):
        bar(c, f"M{n((half - 1) * s)} -30L{n((half - 1) * s)} 14", frame, 5)
    seat(c, look, half, 26, 24, 9)
    if kind != "folding chair":
        for s in (-1, 1):
            bar(c, f"M{n(half * 0.96 * s)} 34L{n((half + 3) * s)} 92", frame, 7)
        bar(c, f"M{n(-half)} 62L{n(half)} 62", frame, 4)
    if kind == "rocking chair":
        c.line(f"M{n(-half - 32)} 80Q0 112 {n(half + 32)} 80", darker(frame, 0.6), 9)
        c.line(f"M{n(-half - 32)} 80Q0 112 {n(half + 32)} 80", hexa(frame), 7)
    if look.get("arm type") != "armless":
        for s in (-1, 1):
            bar(c, f"M{n((half + 5) * s)} 24L{n((half + 7) * s)} -12", frame, 5)
            bar(c, f"M{n((half - 1) * s)} -18L{n((half + 12) * s)} -12", frame, 8)


def _office(c: Canvas, look: Look, kind: str) -> None:
    half = look.vary("half", 36, 42)
    _star_foot(c)
    back(c, look, half - 2, _top_of_back(look), 6)
    seat(c, look, half + 3, 26, 20, 13)
    _office_arms(c, look, half)


def _armchair(c: Canvas, look: Look, kind: str) -> None:
    frame = frame_of(look)
    for x in (-54, 54):
        bar(c, f"M{x} 80L{n(x * 1.06)} 98", frame, 7)
    back(c, look, 50, _top_of_back(look) + 18, 40)
    cover(
        c,
        rounded(-52, 50, 104, 34, 6),
        look,
        light=TOP,
        texture="fabric",
        rgb=mix(look.base, (0, 0, 0), 0.1),
    )
    seat(c, look, 46, 46, 22, 14)
    for s in (-1, 1):
        cover(c, rounded(60 * s - 16, -6, 32, 90, 14), look, light=FLAT, texture="fabric")
        c.line(ellipse(60 * s, 10, 10, 9), "#000", 1.2, 0.25)


def _stool(c: Canvas, look: Look, kind: str) -> None:
    frame, half = (
        frame_of(look, wood=look.pick("stool legs", (False, True))),
        look.vary("half", 30, 36),
    )
    for s in (-1, 1):
        bar(c, f"M{n(half * 0.5 * s)} -12L{n(half * 0.7 * s)} 84", mix(frame, (0, 0, 0), 0.25), 5)
    if look.get("back type") == "mid back":
        for s in (-1, 1):
            bar(c, f"M{n(half * 0.8 * s)} -70L{n(half * 0.8 * s)} -22", frame, 4)
        cover(
            c,
            f"M{n(-half)} -86Q0 -94 {n(half)} -86L{n(half)} -52Q0 -60 {n(-half)} -52Z",
            look,
            texture="fabric",
        )
    seat(c, look, half, -20, 15, 12)
    for s in (-1, 1):
        bar(c, f"M{n(half * 0.85 * s)} -8L{n((half + 10) * s)} 96", frame, 6)
    bar(c, f"M{n(-half - 5)} 56L{n(half + 5)} 56", frame, 4)


def table(c: Canvas, look: Look, brand: str) -> None:
    """From slightly above, turned about from behind, nearly level from its end."""
    with c.mirrored(look.face == "back"):
        _table(c, look, brand)


def _table(c: Canvas, look: Look, brand: str) -> None:
    shape, y = look.get("shape"), look.vary("height", -34, -8)
    half = {"rectangular": 92, "oval": 94, "round": 78, "square": 70}[shape]
    deep: float = {"rectangular": 26, "oval": 22, "round": 26, "square": 30}[shape]
    if look.face == "side":
        half = {"rectangular": 58, "oval": 62, "round": 78, "square": 70}[shape]
        deep *= 0.4
    legs = frame_of(look, wood=look.pick("same legs", (False, False, True)))
    _base(c, look, half, y, legs)
    drawers = look.get("number of drawers")
    if drawers != "no drawers" and look.face != "front":
        cover(
            c,
            rounded(-half * 0.84, y + 12, half * 1.68, 32, 1),
            look,
            light=TOP,
            rgb=mix(look.base, (0, 0, 0), 0.2),
            pattern=False,
        )
        c.line(
            rounded(-half * 0.84 + 5, y + 25, half * 1.68 - 10, 15, 1),
            darker(look.base, 0.5),
            1,
            0.5,
        )
    elif drawers != "no drawers":
        _drawers(c, look, int(drawers), half * 0.84, y + 12, brand)
    texture = (
        "wood"
        if look.get("pattern/print") == "wood grain"
        or look.get("color") in ("natural wood", "walnut")
        else ""
    )
    if shape in ("round", "oval"):
        side = f"M{-half} {n(y)}A{half} {deep} 0 0 0 {half} {n(y)}L{half} {n(y + 9)}A{half} {deep} 0 0 1 {-half} {n(y + 9)}Z"
        top = ellipse(0, y, half, deep)
    else:
        side = f"M{-half} {n(y + deep * 0.5)}L{half} {n(y + deep * 0.5)}L{half} {n(y + deep * 0.5 + 10)}L{-half} {n(y + deep * 0.5 + 10)}Z"
        top = f"M{n(-half * 0.8)} {n(y - deep)}L{n(half * 0.8)} {n(y - deep)}L{half} {n(y + deep * 0.5)}L{-half} {n(y + deep * 0.5)}Z"
    cover(
        c, side, look, light=TOP, rgb=mix(look.base, (0, 0, 0), 0.2), pattern=False, texture=texture
    )
    cover(c, top, look, texture=texture, rgb=mix(look.base, (255, 255, 255), 0.05))
    c.shape(
        top,
        c.gradient(
            (0, "#fff", 0), (0.35, "#fff", 0.22), (0.5, "#fff", 0.02), (1, "#fff", 0), to=(1, 0.3)
        ),
    )
    if drawers == "no drawers" and look.face == "front":
        c.text(brand, half * 0.4, y + deep * 0.32, 6, darker(look.base, 0.55), 40)


def _base(c: Canvas, look: Look, half: float, y: float, legs) -> None:
    kind, foot, back_foot = look.get("table base"), 94, 74
    x, inner = half * 0.82, half * 0.62
    if kind == "pedestal":
        cover(
            c,
            outline((0, y), (12, y), (8, 20, 10, 70), (12, 80, 44, 88), (46, 94, 40, 94), (0, 96)),
            look,
            light="round",
            rgb=legs,
            pattern=False,
        )
    elif kind == "trestle":
        for s in (-1, 1):
            bar(c, f"M{n(x * 0.7 * s)} {n(y + 10)}L{n((x * 0.7 + 18) * s)} {foot}", legs, 7)
            bar(c, f"M{n(x * 0.7 * s)} {n(y + 10)}L{n((x * 0.7 - 18) * s)} {foot}", legs, 7)
        bar(c, f"M{n(-x * 0.7)} 62L{n(x * 0.7)} 62", legs, 5)
    elif kind == "hairpin legs":
        for s in (-1, 1):
            for at, f in ((inner, back_foot), (x, foot)):
                c.line(
                    f"M{n((at - 9) * s)} {n(y + 8)}L{n((at + 4) * s)} {f}L{n((at + 10) * s)} {n(y + 8)}",
                    "#222",
                    3.4,
                )
    elif kind == "x-frame":
        for s in (-1, 1):
            bar(c, f"M{n(-x * s)} {n(y + 12)}L{n(x * s)} {foot}", legs, 8)
    else:
        for s in (-1, 1):
            bar(
                c,
                f"M{n(inner * s)} {n(y + 8)}L{n(inner * s)} {back_foot}",
                mix(legs, (0, 0, 0), 0.25),
                6,
            )
            bar(
                c,
                f"M{n(x * s)} {n(y + 10)}L{n((x + look.vary('splay', 0, 8)) * s)} {foot}",
                legs,
                look.vary("leg", 6, 10),
            )


def _drawers(c: Canvas, look: Look, count: int, half: float, y: float, brand: str) -> None:
    cover(
        c,
        rounded(-half, y, 2 * half, 32, 1),
        look,
        light=TOP,
        rgb=mix(look.base, (0, 0, 0), 0.14),
        pattern=False,
    )
    width = 2 * half / count
    for i in range(count):
        x = -half + i * width
        c.shape(
            rounded(x + 4, y + 9, width - 8, 20, 2),
            lighter(look.base, 0.1),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1.4"',
        )
        c.shape(
            rounded(x + width / 2 - 9, y + 16, 18, 5, 2.5),
            metal(c, STEEL),
            extra='stroke="#444" stroke-width=".7"',
        )
    c.text(brand, -half + 20, y + 27, 5, darker(look.base, 0.6), 26)
