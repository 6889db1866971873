"""Backpacks, handbags and suitcases, from the front."""

from skulens.catalog.world.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.catalog.world.surface import FLAT, METALS, PATTERNS, ROUND, Look, cover, folds, metal, stitches
from skulens.catalog.world.svg import Canvas, ellipse, n, outline, rounded

STEEL = (196, 200, 206)


def buckle(c: Canvas, x: float, y: float, width: float, height: float, rgb=STEEL) -> None:
    c.shape(rounded(x - width / 2, y - height / 2, width, height, 2), metal(c, rgb), extra=f'stroke="{darker(rgb, .55)}" stroke-width=".8"')
    c.shape(rounded(x - width / 2 + 2.5, y - height / 2 + 2.5, width - 5, height - 5, 1), darker(rgb, 0.75), 0.8)


def patch(c: Canvas, look: Look, brand: str, x: float, y: float, width: float, height: float) -> None:
    """A sewn label with the brand's name."""
    ground = mix(look.base, (250, 246, 236), 0.85) if brightness(look.base) < 0.6 else mix(look.base, (30, 28, 30), 0.85)
    c.shape(rounded(x - width / 2, y - height / 2, width, height, 2), hexa(ground), extra='stroke="#000" stroke-opacity=".35" stroke-width=".8"')
    c.text(brand, x, y + height * 0.24, height * 0.66, ink_on(ground), width - 5)


def zip_line(c: Canvas, d: str, look: Look, tab: tuple[float, float] | None = None) -> None:
    c.line(d, darker(look.base, 0.7), 3.6)
    c.line(d, "#d3d6da", 1.5, 0.9, 'stroke-dasharray=".1 2.2"')
    if tab:
        c.shape(rounded(tab[0] - 2, tab[1], 4, 11, 1.5), "#d9dce0", extra='stroke="#555" stroke-width=".7"')


def backpack(c: Canvas, look: Look, brand: str) -> None:
    wide, top = look.vary("width", 52, 62), look.vary("top", -78, -70)
    texture = look.get("material")
    strap = darker(look.base, 0.45)
    for s in (-1, 1):
        d = f"M{20 * s} {top + 4}Q{n((wide + 16) * s)} -64 {n((wide + 12) * s)} 10L{n((wide + 8) * s)} 60"
        c.line(d, darker(look.base, 0.6), 13)
        c.line(d, strap, 10)
    c.line(f"M-15 {n(top + 3)}Q-14 {n(top - 20)} 0 {n(top - 20)}Q14 {n(top - 20)} 15 {n(top + 3)}", strap, 6.5)
    if look.get("compartments") in ("side pocket", "multiple compartments"):
        for s in (-1, 1):
            cover(c, f"M{n(wide * s * 0.9)} 28L{n((wide + 17) * s)} 32Q{n((wide + 19) * s)} 80 {n((wide + 8) * s)} 88L{n(wide * .9 * s)} 88Z", look, texture=texture, rgb=mix(look.base, (0, 0, 0), 0.12))
            c.line(f"M{n(wide * s)} 30L{n((wide + 17) * s)} 33", darker(look.base, 0.65), 3)
    curve = look.vary("curve", 0.45, 0.9)
    body = outline((0, top), (wide * curve, top, wide * 0.96, top + 22, wide, 0), (wide + 4, 60, wide - 1, 88), (wide - 4, 95, wide - 16, 95), (0, 95))
    cover(c, body, look, texture=texture)
    c.open(c.clip(body))
    folds(c, f"M{-wide} 20Q-30 14 -26 -8", f"M{wide} 10Q34 8 28 -14")
    c.close()
    _backpack_top(c, look, body, wide, top, texture)
    if look.get("compartments") in ("front pocket", "multiple compartments"):
        pocket = rounded(-wide * 0.74, 22, wide * 1.48, 62, 12)
        cover(c, pocket, look, texture=texture, rgb=mix(look.base, (255, 255, 255), 0.05))
        zip_line(c, f"M{n(-wide * .66)} 36L{n(wide * .66)} 36", look, (-wide * 0.6, 36))
        patch(c, look, brand, 0, 62, 46, 15)
    else:
        patch(c, look, brand, 0, 30, 52, 17)
    if texture in ("leather", "denim"):
        for s in (-1, 1):
            stitches(c, f"M{n((wide - 4) * s)} 78Q{n(wide * s)} 20 {n((wide - 5) * s)} {n(top + 40)}", look.base, 0.9, texture == "denim")
    if texture in ("leather", "canvas"):
        c.shape(f"M{n(-wide)} 78Q0 84 {n(wide)} 78L{n(wide - 6)} 94L{n(-wide + 6)} 94Z", "#6b4226" if texture == "canvas" else darker(look.base, 0.3), 0.9)
    stitches(c, f"M{n(-wide + 2)} 84Q0 90 {n(wide - 2)} 84", look.base, 0.7, texture == "denim")


def _backpack_top(c: Canvas, look: Look, body: str, wide: float, top: float, texture: str) -> None:
    kind, edge = look.get("closure type"), darker(look.base, 0.6)
    if kind == "zipper":
        zip_line(c, f"M{n(-wide + 5)} 4Q{n(-wide + 8)} {n(top + 15)} 0 {n(top + 13)}Q{n(wide - 8)} {n(top + 15)} {n(wide - 5)} 4", look, (8, top + 12))
    elif kind == "drawstring":
        c.shape(f"M{n(-wide * .7)} {n(top + 3)}Q0 {n(top - 9)} {n(wide * .7)} {n(top + 3)}Q0 {n(top + 17)} {n(-wide * .7)} {n(top + 3)}Z", darker(look.base, 0.7))
        for x in range(-30, 31, 10):
            c.line(f"M{x} {n(top + 8)}Q{n(x * 0.9)} {n(top + 28)} {n(x * 1.2)} {n(top + 44)}", edge, 1.6, 0.5)
        for s in (-1, 1):
            c.line(f"M{3 * s} {n(top + 14)}Q{16 * s} {n(top + 40)} {9 * s} {n(top + 62)}", "#efece2", 2.6)
            c.shape(ellipse(9 * s, top + 64, 3.6, 3.6), "#3a3a3e")
    elif kind == "rolltop":
        roll = rounded(-wide * 0.92, top - 4, wide * 1.84, 24, 10)
        cover(c, roll, look, light="top", texture=texture, rgb=mix(look.base, (0, 0, 0), 0.1))
        c.line(f"M{n(-wide * .85)} {n(top + 9)}L{n(wide * .85)} {n(top + 9)}", edge, 1.4)
        for s in (-1, 1):
            c.line(f"M{n(wide * .6 * s)} {n(top + 2)}L{n(wide * .6 * s)} {n(top + 52)}", darker(look.base, 0.5), 5)
            buckle(c, wide * 0.6 * s, top + 36, 13, 10)
    else:
        flap = outline((0, top - 2), (wide * 0.6, top - 2, wide + 1, top + 14, wide + 2, top + 34), (wide + 2, top + 62, wide - 10, top + 78), (0, top + 86))
        cover(c, flap, look, texture=texture, rgb=mix(look.base, (0, 0, 0), 0.08))
        stitches(c, outline((0, top + 3), (wide * 0.6, top + 3, wide - 4, top + 16, wide - 3, top + 36), (wide - 3, top + 60, wide - 13, top + 73), (0, top + 80)), look.base, 0.7, texture == "denim")
        for s in (-1, 1) if kind == "buckle" else (0,):
            x = wide * 0.5 * s
            c.line(f"M{n(x)} {n(top + 56)}L{n(x)} {n(top + 106)}", darker(look.base, 0.55), 9)
            buckle(c, x, top + 88, 15, 13, METALS["antique brass"] if look.get("material") in ("leather", "canvas") else STEEL)


HANDBAG = {
    "shoulder bag": lambda w: outline((0, -26), (w + 10, -26), (w + 15, -22), (w + 14, 50, w + 8, 74), (w + 4, 80, w - 6, 80), (0, 80)),
    "tote bag": lambda w: outline((0, -36), (w + 20, -36), (w + 8, 84), (w + 6, 90, w - 2, 90), (0, 90)),
    "bucket bag": lambda w: outline((0, -36), (w - 6, -36), (w + 6, 20, w + 6, 70), (w + 4, 88, w - 12, 90), (0, 90)),
    "satchel": lambda w: outline((0, -30), (w, -30, w + 8, -18), (w + 24, 60), (w + 26, 78, w + 10, 80), (0, 80)),
    "clutch": lambda w: outline((0, -26), (w + 32, -26), (w + 36, -22), (w + 36, 44), (w + 34, 50, w + 28, 50), (0, 50)),
    "hobo bag": lambda w: outline((0, -2), (w * 0.5, -2, w + 4, -34), (w + 34, 10, w + 20, 60), (w + 6, 86, 20, 86), (0, 86)),
}


def handbag(c: Canvas, look: Look, brand: str) -> None:
    kind, wide = look.get("bag type"), look.vary("width", 46, 58)
    fittings = METALS[look.get("hardware")]
    body = HANDBAG[kind](wide)
    top = {"tote bag": -36, "bucket bag": -36, "hobo bag": -28, "satchel": -30}.get(kind, -26)
    _handles(c, look, kind, wide, top, fittings)
    quilt = look.get("embellishment") == "quilted stitching"
    cover(c, body, look, texture="quilted" if quilt else "leather")
    c.open(c.clip(body))
    c.shape(f"M-110 {72 if kind != 'clutch' else 42}L110 {72 if kind != 'clutch' else 42}L110 100L-110 100Z", "#000", 0.16)
    c.close()
    if not quilt and kind != "hobo bag":
        c.open(c.clip(body))
        c.line(body, lighter(look.base, 0.4), 9, 0.14)
        c.close()
    _handbag_closure(c, look, kind, wide, top, fittings, quilt)
    _embellish(c, look, kind, wide, brand, fittings)


def _handles(c: Canvas, look: Look, kind: str, wide: float, top: float, fittings) -> None:
    style, dark = look.get("handle type"), darker(look.base, 0.35)
    x = wide * (0.95 if kind in ("bucket bag", "hobo bag") else 0.9)
    if style == "double handles":
        for lift, tone in ((8, darker(look.base, 0.55)), (0, dark)):
            c.line(f"M{n(-x * .55)} {top + 12}L{n(-x * .5)} {n(top - 34 - lift)}Q{n(-x * .4)} {n(top - 62 - lift)} 0 {n(top - 62 - lift)}Q{n(x * .4)} {n(top - 62 - lift)} {n(x * .5)} {n(top - 34 - lift)}L{n(x * .55)} {top + 12}", tone, 6.5)
    elif style == "top handle":
        c.line(f"M{n(-x * .5)} {top + 4}Q{n(-x * .5)} {top - 46} 0 {top - 46}Q{n(x * .5)} {top - 46} {n(x * .5)} {top + 4}", dark, 9)
        c.line(f"M{n(-x * .5)} {top + 1}Q{n(-x * .5)} {top - 48} 0 {top - 48}", lighter(look.base, 0.3), 2, 0.5)
    else:
        d = f"M{n(-x)} {top + 8}Q{n(-x * .82)} {top - 72} 0 {top - 72}Q{n(x * .82)} {top - 72} {n(x)} {top + 8}"
        if kind == "clutch":
            d = f"M{n(-wide - 30)} -18Q{n(-wide)} -88 0 -88Q{n(wide)} -88 {n(wide + 30)} -18"
        if style == "chain handle":
            c.line(d, darker(fittings, 0.5), 5.4)
            c.line(d, hexa(fittings), 4, 1, 'stroke-dasharray="5 3.5"')
            c.line(d, lighter(fittings, 0.7), 1.4, 1, 'stroke-dasharray="4 4.5"')
        else:
            c.line(d, darker(look.base, 0.6), 8)
            c.line(d, dark, 6)
    for s in (-1, 1):
        xr = {"double handles": x * 0.55, "top handle": x * 0.5}.get(style, x if kind != "clutch" else wide + 30)
        c.line(ellipse(xr * s, top + 6 if kind != "clutch" else -18, 4.5, 4.5), hexa(fittings), 2.6)


def _handbag_closure(c: Canvas, look: Look, kind: str, wide: float, top: float, fittings, quilt: bool) -> None:
    closure = look.get("closure type")
    if closure in ("flap", "turn lock"):
        w = {"satchel": wide + 12, "clutch": wide + 34}.get(kind, wide + 13)
        drop = 44 if kind == "clutch" else 56
        corner = look.pick("flap", (0.95, 0.55, 0.3))
        flap = outline((0, top - 2), (w, top - 2), (w + 2, top + drop * 0.6), (w * corner, top + drop), (0, top + drop))
        cover(c, flap, look, texture="quilted" if quilt else "leather", rgb=mix(look.base, (255, 255, 255), 0.05))
        c.line(f"M{n(-w)} {n(top + drop * .62)}L{n(-w * corner)} {n(top + drop + 1.5)}L{n(w * corner)} {n(top + drop + 1.5)}L{n(w)} {n(top + drop * .62)}", "#000", 3, 0.22)
        if closure == "turn lock":
            c.shape(rounded(-9, top + drop - 13, 18, 13, 3), metal(c, fittings), extra=f'stroke="{darker(fittings, .5)}" stroke-width=".8"')
            c.shape(rounded(-2, top + drop - 12, 4, 11, 2), darker(fittings, 0.45))
        else:
            c.shape(ellipse(0, top + drop - 9, 4, 4), metal(c, fittings), extra=f'stroke="{darker(fittings, .5)}" stroke-width=".8"')
        return
    w = {"tote bag": wide + 18, "bucket bag": wide - 8, "clutch": wide + 32, "hobo bag": wide * 0.5}.get(kind, wide + 4)
    y = top + 9 if kind != "hobo bag" else 8
    if closure == "zipper":
        zip_line(c, f"M{n(-w)} {y}L{n(w)} {y}", look, (w - 8, y))
    elif closure == "magnetic":
        c.shape(rounded(-9, y - 12, 18, 30, 5), darker(look.base, 0.2), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
        c.shape(ellipse(0, y + 8, 5, 5), metal(c, fittings), extra=f'stroke="{darker(fittings, .5)}" stroke-width=".8"')
    else:
        c.shape(f"M{n(-w)} {y - 9}Q0 {y - 1} {n(w)} {y - 9}Q0 {y - 16} {n(-w)} {y - 9}Z", darker(look.base, 0.8))
        c.line(f"M{n(-w)} {y - 9}Q0 {y} {n(w)} {y - 9}", darker(look.base, 0.5), 2)


def _embellish(c: Canvas, look: Look, kind: str, wide: float, brand: str, fittings) -> None:
    style, y = look.get("embellishment"), 30 if kind == "clutch" else 52
    if style == "tassel":
        x = wide * 0.62
        c.line(f"M{n(x)} -10L{n(x)} 18", darker(look.second, 0.2), 2.4)
        c.shape(f"M{n(x - 4)} 18L{n(x + 4)} 18L{n(x + 9)} 56L{n(x - 9)} 56Z", hexa(look.second), extra=f'stroke="{darker(look.second, .5)}" stroke-width="1"')
        for i in (-4, 0, 4):
            c.line(f"M{n(x + i * .5)} 24L{n(x + i * 1.5)} 55", darker(look.second, 0.45), 1, 0.7)
        c.shape(rounded(x - 5, 16, 10, 6, 2), hexa(fittings))
    elif style == "bow":
        for s in (-1, 1):
            c.shape(f"M0 {y - 20}Q{16 * s} {y - 42} {32 * s} {y - 32}Q{36 * s} {y - 18} {30 * s} {y - 8}Q{14 * s} {y - 6} 0 {y - 20}Z", hexa(look.second), extra=f'stroke="{darker(look.second, .5)}" stroke-width="1"')
            c.shape(f"M0 {y - 18}L{18 * s} {y + 12}L{7 * s} {y + 8}L{2 * s} {y - 14}Z", darker(look.second, 0.15))
        c.shape(rounded(-6, y - 27, 12, 13, 4), darker(look.second, 0.12), extra=f'stroke="{darker(look.second, .5)}" stroke-width="1"')
    elif style == "studded":
        for x in range(-4, 5):
            c.shape(ellipse(x * wide / 4.6, y + (12 if kind == "clutch" else 22), 3.6, 3.6), c.radial((0, "#fff", 1), (0.5, hexa(fittings), 1), (1, darker(fittings, 0.5), 1), at=(0.35, 0.3), r=0.7))
    if style == "logo":
        patch(c, look, brand, 0, y, 58, 18)
    else:
        ink = hexa(fittings) if abs(brightness(fittings) - brightness(look.base)) > 0.25 else ink_on(look.base)
        c.text(brand, 0, y + (12 if style != "bow" else 24), 9.5, ink, 50, halo=hexa(look.base) if look.pattern in PATTERNS else '')


def suitcase(c: Canvas, look: Look, brand: str) -> None:
    wide, top = look.vary("width", 48, 57), -52
    hard, dark = look.get("shell type") == "hard shell", darker(look.base, 0.55)
    if look.get("handle type") == "telescopic handle":
        for s in (-1, 1):
            c.shape(rounded(20 * s - 2.5, -100, 5, 56, 1), metal(c, STEEL), extra='stroke="#555" stroke-width=".7"')
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
    else:
        _soft_front(c, look, wide, top)
    c.close()
    _suitcase_closure(c, look, wide, hard, dark)
    patch(c, look, brand, 0, top + 26 if hard else top + 18, 44, 14)


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
            d = rounded(-wide + 5 * i, top + 5 * i, 2 * wide - 10 * i, 138 - 10 * i, 8) if i < 4 else ""
        if d:
            c.line(d, "#000", 2.6, 0.2)
            c.line(d, "#fff", 1.6, 0.3, 'transform="translate(-1.8 -1.2)"')
    c.shape(f"M{n(-wide)} {top}L{n(-wide * .3)} {top}L{n(-wide * .75)} 90L{n(-wide)} 90Z", "#fff", 0.1)


def _soft_front(c: Canvas, look: Look, wide: float, top: float) -> None:
    for y, height in ((top + 30, 34), (top + 72, 54)):
        d = rounded(-wide * 0.78, y, wide * 1.56, height, 6)
        c.shape(d, "#000", 0.10)
        c.line(d, darker(look.base, 0.6), 1.4)
        zip_line(c, f"M{n(-wide * .7)} {y + 7}L{n(wide * .7)} {y + 7}", look, (wide * 0.6, y + 7))


def _suitcase_closure(c: Canvas, look: Look, wide: float, hard: bool, dark: str) -> None:
    kind = look.get("closure type")
    if kind == "clasp closure":
        for y in (-20, 42):
            c.shape(rounded(wide - 10, y, 18, 16, 3), metal(c, STEEL), extra='stroke="#444" stroke-width="1"')
            c.shape(rounded(wide - 5, y + 4, 8, 8, 1), "#444")
    elif kind == "flap with buckle":
        for s in (-1, 1):
            c.line(f"M{n(wide * .5 * s)} -50L{n(wide * .5 * s)} 84", dark, 9)
            buckle(c, wide * 0.5 * s, 10, 17, 15)
    else:
        zip_line(c, rounded(-wide + 3, -49, 2 * wide - 6, 132, 10), look, (wide - 7, 20))
