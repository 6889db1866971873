"""Phones, laptops and headphones."""

from skulens.catalog.world.colours import brightness, darker, hexa, ink_on, lighter, mix
from skulens.catalog.world.surface import Look, cover, metal
from skulens.catalog.world.svg import Canvas, ellipse, n, rounded

STEEL = (196, 200, 206)


def wallpaper(c: Canvas, look: Look, d: str) -> None:
    """A lit screen with a picture, the same for all variants."""
    a, b = look.pick("wall", (("#20304f", "#e98a5b"), ("#0f3d4a", "#8fd6c2"), ("#3a1f5c", "#f08fb8"), ("#1b2a22", "#b7d36a"), ("#30343c", "#9fb4cf")))
    c.shape(d, c.gradient((0, a, 1), (0.55, b, 1), (1, a, 1), to=(0.6, 1)))


def glare(c: Canvas, d: str) -> None:
    c.shape(d, c.gradient((0, "#fff", 0.34), (0.3, "#fff", 0.05), (0.31, "#fff", 0), (1, "#fff", 0), to=(1, 0.8)))


def phone(c: Canvas, look: Look, brand: str) -> None:
    """The back, and beside it the front of a second one."""
    r = look.vary("corner", 9, 20)
    _phone_front(c, look, r)
    body = rounded(-72, -94, 90, 188, r)
    frame = mix(look.base, STEEL, 0.35)
    c.shape(rounded(-74, -96, 94, 192, r + 2), metal(c, frame), extra=f'stroke="{darker(frame, .6)}" stroke-width="1"')
    cover(c, body, look, edge=0.8)
    glare(c, body)
    _cameras(c, look, brand)
    c.text(brand, -27, 58, 12, ink_on(look.base), 60, 'fill-opacity=".8"')
    c.line("M19 -40L19 -18M19 -8L19 8", darker(frame, 0.4), 2.6)


def _phone_front(c: Canvas, look: Look, r: float) -> None:
    c.shape(rounded(2, -82, 76, 166, r), metal(c, mix(look.base, STEEL, 0.35)), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
    edge = 2.5 if look.get("screen size") == "edge-to-edge" else 4.5
    c.shape(rounded(4, -80, 72, 162, r - 2), "#111114")
    screen = rounded(4 + edge, -80 + edge, 72 - 2 * edge, 162 - 2 * edge, max(r - edge, 3))
    wallpaper(c, look, screen)
    glare(c, screen)
    if look.get("screen size") == "notch display":
        c.shape(rounded(42, -80 + edge - 1, 26, 9, 4), "#111114")
    elif look.get("screen size") == "punch-hole display":
        c.shape(ellipse(58, -68, 4, 4), "#0c0c0e")


def _cameras(c: Canvas, look: Look, brand: str) -> None:
    count = {"single": 1, "dual": 2, "triple": 3, "quad": 4}[look.get("number of cameras")]
    style = look.pick("camera", ("column", "square", "row"))
    if style == "column":
        places = [(-52, -72 + 23 * i) for i in range(count)]
        island = rounded(-66, -87, 28, 30 + 23 * (count - 1), 13)
    elif style == "row":
        places = [(-54 + 19 * i, -70) for i in range(count)]
        island = rounded(-68, -83, 28 + 19 * (count - 1), 26, 12)
    else:
        places = [((-54, -74), (-30, -50), (-30, -74), (-54, -50))[i] for i in range(count)]
        island = rounded(-68, -88, 52, 52, 13) if count > 1 else rounded(-68, -88, 28, 28, 10)
    c.shape(island, hexa(mix(look.base, (255, 255, 255) if brightness(look.base) < 0.6 else (0, 0, 0), 0.12)), extra=f'stroke="{darker(look.base, .5)}" stroke-width="1.2"')
    for x, y in places:
        c.shape(ellipse(x, y, 9, 9), metal(c, STEEL), extra='stroke="#444" stroke-width=".7"')
        c.shape(ellipse(x, y, 7, 7), "#0d0d12")
        c.shape(ellipse(x, y, 3.6, 3.6), c.radial((0, "#5a78c8", 1), (1, "#141a36", 1)))
        c.shape(ellipse(x - 2.4, y - 2.4, 1.5, 1.5), "#fff", 0.85)


def laptop(c: Canvas, look: Look, brand: str) -> None:
    """One from behind, and before it one open to the front."""
    r = look.vary("corner", 3, 9)
    c.open('transform="translate(26 -34) scale(.82)"')
    lid = f"M-84 {-62}Q-84 -70 -76 -70L76 -70Q84 -70 84 -62L88 44L-88 44Z"
    cover(c, lid, look)
    glare(c, lid)
    c.text(brand, 0, -42, 17, ink_on(look.base), 84, 'fill-opacity=".85"')
    c.shape("M-92 44L92 44L94 52L-94 52Z", darker(look.base, 0.3), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
    c.close()
    c.open('transform="translate(-10 18)"')
    _open_laptop(c, look, brand, r)
    c.close()


def _open_laptop(c: Canvas, look: Look, brand: str, r: float) -> None:
    thin = 3 if look.get("touch screen") == "thin bezel" else 6
    c.shape(rounded(-72, -58, 144, 92, r), darker(look.base, 0.1), extra=f'stroke="{darker(look.base, .6)}" stroke-width="1"')
    c.shape(rounded(-70, -56, 140, 88, r), "#141417")
    screen = rounded(-70 + thin, -56 + thin, 140 - 2 * thin, 84 - 2 * thin, 2)
    wallpaper(c, look, screen)
    glare(c, screen)
    deck = "M-72 34L72 34L94 76L-94 76Z"
    cover(c, deck, look, light="top")
    keys = "#f7f7f5" if look.get("keyboard type") == "Chiclet" and brightness(look.base) < 0.45 else "#1d1d22"
    for row in range(4):
        y, half = 39 + 5.4 * row, 64 + 4.4 * row
        c.line(f"M{n(-half)} {n(y)}L{n(half)} {n(y)}", keys, 3.8, 1, 'stroke-dasharray="6.4 2.2" style="stroke-linecap:butt"')
        if look.get("keyboard type") == "Backlit":
            c.line(f"M{n(-half)} {n(y + 2.4)}L{n(half)} {n(y + 2.4)}", "#6fe3ff", 1.2, 0.9)
    c.shape("M-22 62L22 62L25 73L-25 73Z", darker(look.base, 0.18), extra=f'stroke="{darker(look.base, .45)}" stroke-width=".8"')
    c.shape("M-94 76L94 76Q94 83 84 83L-84 83Q-94 83 -94 76Z", metal(c, mix(look.base, (0, 0, 0), 0.15)), extra=f'stroke="{darker(look.base, .6)}" stroke-width=".8"')
    if look.get("touch screen") in ("yes", "2-in-1"):
        c.line("M40 -20Q44 -26 42 -32", "#fff", 1.6, 0.9)
        c.line(ellipse(40, -16, 7, 7), "#fff", 1.8, 0.9)
        c.line(ellipse(40, -16, 12, 12), "#fff", 1, 0.6)
    if look.get("touch screen") == "2-in-1":
        c.line("M84 -48L100 40", "#2a2a2e", 5)
        c.line("M84 -48L100 40", hexa(look.base), 3.4)


def headphone(c: Canvas, look: Look, brand: str) -> None:
    {"over-ear": _headset, "on-ear": _headset, "in-ear": _in_ear, "earbuds": _buds, "neckband": _neckband}[
        look.get("ear placement")
    ](c, look, brand)


def _headset(c: Canvas, look: Look, brand: str) -> None:
    over = look.get("ear placement") == "over-ear"
    wide, cup = (62, look.vary("cup", 30, 35)) if over else (56, look.vary("cup", 21, 24))
    band = f"M{-wide} 14Q{-wide - 6} -86 0 -88Q{wide + 6} -86 {wide} 14"
    retro = look.get("style") == "retro"
    if retro:
        c.line(band, darker(STEEL, 0.5), 7)
        c.line(band, hexa(STEEL), 4.6)
    else:
        c.line(band, darker(look.base, 0.55), 19)
        c.line(band, hexa(look.base), 16)
        c.line(f"M{-wide + 3} -10Q{-wide} -80 -4 -85", lighter(look.base, 0.5), 3, 0.55)
    c.line(f"M{n(-wide * .62)} -64Q0 -90 {n(wide * .62)} -64", darker(look.base, 0.6), 9 if retro else 7)
    for s in (-1, 1):
        _cup(c, look, s, wide, cup, over, retro, brand)
    if look.get("style") == "gaming":
        c.line(f"M{-wide + 4} 54Q-50 86 -14 84", "#26262b", 5)
        c.shape(ellipse(-10, 84, 11, 7), "#1d1d22", extra=f'stroke="{hexa(look.base)}" stroke-width="2"')
    if look.get("connectivity technology") == "wired":
        c.line(f"M{wide} 58Q{wide + 6} 90 30 92Q0 94 6 104", "#1d1d22", 3.6)
        c.shape(rounded(2, 100, 8, 16, 2), metal(c, (214, 178, 90)))


def _cup(c: Canvas, look: Look, s: int, wide: float, cup: float, over: bool, retro: bool, brand: str) -> None:
    x, y, high = wide * s, 26, cup * (1.28 if over else 1.0)
    c.shape(rounded(x - 5, -16, 10, 24, 4), metal(c, STEEL), extra='stroke="#555" stroke-width=".8"')
    cushion = rounded(x - 12 * s - 12, y - high, 24, 2 * high, 11)
    c.shape(cushion, c.gradient((0, "#3b3b41", 1), (0.5, "#1d1d22", 1), (1, "#3b3b41", 1)), extra='stroke="#0c0c0e" stroke-width="1"')
    shell = ellipse(x + 3 * s, y, cup * 0.82, high) if not retro else rounded(x - cup * 0.7, y - high, cup * 1.4, 2 * high, 9)
    cover(c, shell, look, light="flat")
    c.shape(ellipse(x + 3 * s, y, cup * 0.5, high * 0.62), darker(look.base, 0.14), extra=f'stroke="{darker(look.base, .5)}" stroke-width="1"')
    if look.get("style") == "gaming":
        c.line(ellipse(x + 3 * s, y, cup * 0.62, high * 0.78), lighter(look.second, 0.2), 3)
    elif look.get("style") == "studio":
        c.line(ellipse(x + 3 * s, y, cup * 0.66, high * 0.8), hexa(STEEL), 2.4)
    elif look.get("style") == "sports":
        c.line(f"M{n(x - cup * .3)} {n(y - high * .5)}L{n(x + cup * .3)} {n(y + high * .5)}", hexa(look.second), 5)
    c.text(brand, x + 3 * s, y + 3, 8, ink_on(look.base), cup * 0.9)


def _bud(c: Canvas, look: Look, x: float, y: float, s: int, stem: float) -> None:
    c.shape(f"M{x - 22 * s} {y - 4}Q{x - 34 * s} {y - 2} {x - 32 * s} {y + 12}Q{x - 22 * s} {y + 18} {x - 12 * s} {y + 10}Z", "#2a2a2f", extra='stroke="#0c0c0e" stroke-width="1"')
    if stem:
        cover(c, rounded(x - 2 * s - 8, y, 16, stem, 8), look, light="round")
        c.shape(rounded(x - 2 * s - 6, y + stem - 9, 12, 6, 3), hexa(STEEL))
    ball = ellipse(x, y, 23, 21)
    cover(c, ball, look)
    c.shape(ball, c.radial((0, "#fff", 0.4), (1, "#fff", 0), at=(0.35, 0.3), r=0.45))
    c.line(ellipse(x + 3 * s, y - 1, 10, 9), hexa(look.second) if look.get("style") == "sports" else darker(look.base, 0.3), 2)


def _buds(c: Canvas, look: Look, brand: str) -> None:
    """Two buds above their case."""
    stem = look.pick("stem", (46, 46, 0))
    for s in (-1, 1):
        _bud(c, look, 40 * s, -56, s, stem)
    case = rounded(-62, 18, 124, 74, look.vary("case", 20, 34))
    cover(c, case, look)
    c.line("M-61 44L61 44", darker(look.base, 0.6), 2)
    c.shape(ellipse(0, 56, 3, 3), "#58d68d")
    c.text(brand, 0, 78, 14, ink_on(look.base), 84)


def _in_ear(c: Canvas, look: Look, brand: str) -> None:
    tone = hexa(look.base)
    for d in ("M-46 -40Q-60 20 -4 36", "M46 -40Q60 20 4 36", "M0 34Q-4 60 20 66Q60 74 40 92Q10 104 -20 92"):
        c.line(d, darker(look.base, 0.55), 6.5)
        c.line(d, tone, 4.8)
    c.shape(rounded(-7, 26, 14, 18, 4), tone, extra=f'stroke="{darker(look.base, .55)}" stroke-width="1"')
    c.shape(rounded(-38, 86, 22, 12, 3), metal(c, (214, 178, 90)), extra='stroke="#6b5018" stroke-width="1"')
    for s in (-1, 1):
        cover(c, rounded(46 * s - 8, -62, 16, 44, 7), look)
        _bud(c, look, 46 * s, -66, s, 0)
    c.text(brand, 0, 18, 9, "#333", 40)


def _neckband(c: Canvas, look: Look, brand: str) -> None:
    d = "M-40 86Q-84 40 -74 -20Q-60 -82 0 -82Q60 -82 74 -20Q84 40 40 86"
    c.line(d, darker(look.base, 0.55), 17)
    c.line(d, hexa(look.base), 14)
    c.line("M-72 -18Q-58 -80 0 -84", lighter(look.base, 0.5), 3, 0.55)
    for s in (-1, 1):
        c.line(f"M{42 * s} 84Q{6 * s} 100 {16 * s} 50", "#26262b", 3.2)
        c.line(f"M{74 * s} 24L{48 * s} 78", darker(look.base, 0.6), 21)
        c.line(f"M{74 * s} 24L{48 * s} 78", hexa(mix(look.base, (255, 255, 255), 0.08)), 18)
        _bud(c, look, 18 * s, 40, s, 0)
    c.text(brand, 0, -66, 11, "#26262b" if brightness(look.base) > 0.5 else "#3a3a40", 70)
