"""Phones, laptops and headphones."""

from skulens.world.canvas.surface import THUMBNAIL, cover, metal
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.truth.colours import Rgb, brightness, darker, hexa, ink_on, lighter, mix
from skulens.world.truth.look import Look

STEEL = (196, 200, 206)


def wallpaper(c: Canvas, look: Look, d: str) -> None:
    """A lit screen with a picture, the same for all variants."""
    a, b = look.pick(
        "wall",
        (
            ("#20304f", "#e98a5b"),
            ("#0f3d4a", "#8fd6c2"),
            ("#3a1f5c", "#f08fb8"),
            ("#1b2a22", "#b7d36a"),
            ("#30343c", "#9fb4cf"),
        ),
    )
    c.shape(d, c.gradient((0, a, 1), (0.55, b, 1), (1, a, 1), to=(0.6, 1)))


def frame_of(c: Canvas, rgb: Rgb) -> str:
    """The metal of a frame; under a pixel wide it has no bands."""
    return metal(c, rgb) if c.scale >= THUMBNAIL else hexa(rgb)


def glare(c: Canvas, d: str) -> None:
    if c.scale >= THUMBNAIL:
        c.shape(
            d,
            c.gradient(
                (0, "#fff", 0.34),
                (0.3, "#fff", 0.05),
                (0.31, "#fff", 0),
                (1, "#fff", 0),
                to=(1, 0.8),
            ),
        )


def phone(c: Canvas, look: Look, brand: str) -> None:
    """The back, and beside it the front of a second one; as "back" what the user sees, as "side" the thin edge."""
    r = look.vary("corner", 9, 20)
    if look.face == "back":
        _phone_screen(c, look, r)
        return
    if look.face == "side":
        _phone_edge(c, look)
        return
    _phone_front(c, look, r)
    phone_back(c, look, brand, r)


def phone_back(c: Canvas, look: Look, brand: str, r: float) -> None:
    """The back with its cameras alone, from x = -74 to 20."""
    body = rounded(-72, -94, 90, 188, r)
    frame = mix(look.base, STEEL, 0.35)
    c.shape(
        rounded(-74, -96, 94, 192, r + 2),
        frame_of(c, frame),
        extra=f'stroke="{darker(frame, 0.6)}" stroke-width="1"',
    )
    cover(c, body, look, edge=0.8)
    glare(c, body)
    _cameras(c, look, brand)
    c.text(brand, -27, 58, 12, ink_on(look.base), 60, 'fill-opacity=".8"')
    c.line("M19 -40L19 -18M19 -8L19 8", darker(frame, 0.4), 2.6)


def _phone_front(c: Canvas, look: Look, r: float) -> None:
    c.shape(
        rounded(2, -82, 76, 166, r),
        frame_of(c, mix(look.base, STEEL, 0.35)),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    edge = 2.5 if look.get("screen size") == "edge-to-edge" else 4.5
    c.shape(rounded(4, -80, 72, 162, r - 2), "#111114")
    screen = rounded(4 + edge, -80 + edge, 72 - 2 * edge, 162 - 2 * edge, max(r - edge, 3))
    wallpaper(c, look, screen)
    glare(c, screen)
    if look.get("screen size") == "notch display":
        c.shape(rounded(42, -80 + edge - 1, 26, 9, 4), "#111114")
    elif look.get("screen size") == "punch-hole display":
        c.shape(ellipse(58, -68, 4, 4), "#0c0c0e")


def _phone_screen(c: Canvas, look: Look, r: float) -> None:
    """The lit display, with a clock and icons that say nothing of the maker."""
    frame = mix(look.base, STEEL, 0.35)
    c.line("M49 -44L49 -22M49 -12L49 14", darker(frame, 0.4), 3)
    c.shape(
        rounded(-47, -97, 94, 194, r + 2),
        metal(c, look.base),
        extra=f'stroke="{darker(frame, 0.6)}" stroke-width="1"',
    )
    edge = 2.5 if look.get("screen size") == "edge-to-edge" else 5
    c.shape(rounded(-44.5, -94.5, 89, 189, r), "#111114")
    screen = rounded(-44.5 + edge, -94.5 + edge, 89 - 2 * edge, 189 - 2 * edge, max(r - edge, 3))
    wallpaper(c, look, screen)
    c.text("9:41", 0, -44, 24, "#fff", field=None)
    c.line("M-18 -34L18 -34", "#fff", 2, 0.8)
    tones = ("#f4b740", "#4bb5e8", "#62c56b", "#e8635a")
    for i in range(8):
        x, y = -27 + 18 * (i % 4), 30 + 20 * (i // 4)
        c.shape(rounded(x - 6.5, y - 6.5, 13, 13, 3.5), tones[(i * 3 + i // 4) % 4], 0.95)
    c.shape(rounded(-34, 68, 68, 15, 6), "#fff", 0.25)
    for i in range(4):
        c.shape(rounded(-29.5 + 16.5 * i, 70.5, 10, 10, 3), tones[i], 0.95)
    glare(c, screen)
    if look.get("screen size") == "notch display":
        c.shape(rounded(-17, -94.5 + edge - 1, 34, 10, 5), "#111114")
    elif look.get("screen size") == "punch-hole display":
        c.shape(ellipse(0, -82, 4.5, 4.5), "#0c0c0e")


def _phone_edge(c: Canvas, look: Look) -> None:
    """The frame on edge: glass on the left, keys in the middle, the camera's island standing out on the right."""
    frame = mix(look.base, STEEL, 0.35)
    high = {"single": 22, "dual": 44, "triple": 58, "quad": 62}[look.get("number of cameras")]
    c.shape(
        rounded(4, -86, 10, high, 3),
        darker(look.base, 0.25),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    for i in range(1 if high < 30 else 2):
        c.shape(rounded(11, -83 + i * high / 2, 5, high / 2 - 6 if high > 30 else 16, 2), "#1d1d22")
    c.shape(
        rounded(-9, -96, 18, 192, 7),
        hexa(look.base),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    c.shape(
        rounded(-9, -96, 18, 192, 7),
        c.gradient((0, "#000", 0.3), (0.3, "#fff", 0.45), (0.55, "#fff", 0.05), (1, "#000", 0.28)),
    )
    c.shape(rounded(-9.5, -93, 4, 186, 2), "#15151a")
    c.line("M-5 -80L8 -80M-5 80L8 80", lighter(frame, 0.4), 2.2)
    for y, tall in ((-48, 20), (-16, 34)):
        c.shape(
            rounded(-2, y, 6, tall, 3),
            metal(c, frame),
            extra=f'stroke="{darker(frame, 0.6)}" stroke-width=".9"',
        )


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
    c.shape(
        island,
        hexa(mix(look.base, (255, 255, 255) if brightness(look.base) < 0.6 else (0, 0, 0), 0.12)),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1.2"',
    )
    for x, y in places:
        c.shape(ellipse(x, y, 9, 9), metal(c, STEEL), extra='stroke="#444" stroke-width=".7"')
        c.shape(ellipse(x, y, 7, 7), "#0d0d12")
        c.shape(ellipse(x, y, 3.6, 3.6), c.radial((0, "#5a78c8", 1), (1, "#141a36", 1)))
        c.shape(ellipse(x - 2.4, y - 2.4, 1.5, 1.5), "#fff", 0.85)


def laptop(c: Canvas, look: Look, brand: str) -> None:
    """One from behind, and before it one open to the front; alone from behind and from its side."""
    r = look.vary("corner", 3, 9)
    if look.face == "back":
        _lid(c, look, brand, r)
        return
    if look.face == "side":
        _laptop_edge(c, look)
        return
    c.open('transform="translate(26 -34) scale(.82)"')
    lid = f"M-84 {-62}Q-84 -70 -76 -70L76 -70Q84 -70 84 -62L88 44L-88 44Z"
    cover(c, lid, look)
    glare(c, lid)
    c.text(brand, 0, -42, 17, ink_on(look.base), 84, 'fill-opacity=".85"')
    c.shape(
        "M-92 44L92 44L94 52L-94 52Z",
        darker(look.base, 0.3),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    c.close()
    c.open('transform="translate(-10 18)"')
    open_laptop(c, look, brand, r)
    c.close()


def _lid(c: Canvas, look: Look, brand: str, r: float) -> None:
    """The open lid from behind, its hinge and the vents below it."""
    lid = f"M-84 {n(-72 + r)}Q-84 -72 {n(-84 + r)} -72L{n(84 - r)} -72Q84 -72 84 {n(-72 + r)}L88 52L-88 52Z"
    cover(c, lid, look)
    glare(c, lid)
    c.text(brand, 0, 2, 24, ink_on(look.base), 96, 'fill-opacity=".85"')
    c.shape(
        rounded(-62, 50, 124, 9, 3),
        darker(look.base, 0.5),
        extra=f'stroke="{darker(look.base, 0.7)}" stroke-width="1"',
    )
    c.shape(
        "M-90 57L90 57L96 74Q96 78 90 78L-90 78Q-96 78 -96 74Z",
        metal(c, mix(look.base, (0, 0, 0), 0.12)),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    c.line(
        "M-52 68L52 68", "#15151a", 5, 0.8, 'stroke-dasharray="2.4 3" style="stroke-linecap:butt"'
    )
    for x in (-78, 78):
        c.shape(rounded(x - 9, 77, 18, 5, 2), "#1d1d22")


def _laptop_edge(c: Canvas, look: Look) -> None:
    """Opened, from the right: a wedge with its ports, the lid leaning back on edge."""
    edge = f'stroke="{darker(look.base, 0.6)}" stroke-width="1"'
    turned = look.get("touch screen") == "2-in-1"
    c.open(f'transform="rotate({19 if turned else 13} 66 62)"')
    c.shape(rounded(62, -72, 8, 136, 3), metal(c, look.base), extra=edge)
    c.shape(rounded(60.5, -69, 2.6, 128, 1), "#15151a")
    c.close()
    base = "M-92 66Q-94 62 -88 61L70 57Q78 57 78 64L78 70Q78 78 70 78L-70 74Q-88 72 -92 66Z"
    cover(c, base, look, light="top", pattern=False)
    c.line("M-86 63.5L70 60.5", "#fff", 1.4, 0.5)
    c.shape(ellipse(68, 62, 6, 6), metal(c, mix(look.base, (0, 0, 0), 0.3)), extra=edge)
    for x, wide, tall in ((44, 14, 5.5), (22, 14, 5.5), (2, 9, 3.6), (-14, 4.5, 4.5)):
        c.shape(
            rounded(x, 68.5 - tall / 2, wide, tall, tall / 2 if wide < 12 else 0.8),
            "#101014",
            extra='stroke="#fff" stroke-opacity=".45" stroke-width=".7"',
        )
    c.line(
        "M-44 67L-24 67", "#101014", 3.4, 0.8, 'stroke-dasharray="2 2" style="stroke-linecap:butt"'
    )
    for x in (-66, 58):
        c.shape(rounded(x, 76, 16, 4, 2), "#1d1d22")


def open_laptop(c: Canvas, look: Look, brand: str, r: float) -> None:
    """The one open to the front alone, from y = -58 to 83."""
    thin = 3 if look.get("touch screen") == "thin bezel" else 6
    c.shape(
        rounded(-72, -58, 144, 92, r),
        darker(look.base, 0.1),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
    )
    c.shape(rounded(-70, -56, 140, 88, r), "#141417")
    screen = rounded(-70 + thin, -56 + thin, 140 - 2 * thin, 84 - 2 * thin, 2)
    wallpaper(c, look, screen)
    glare(c, screen)
    deck = "M-72 34L72 34L94 76L-94 76Z"
    cover(c, deck, look, light="top")
    keys = (
        "#f7f7f5"
        if look.get("keyboard type") == "Chiclet" and brightness(look.base) < 0.45
        else "#1d1d22"
    )
    for row in range(4):
        y, half = 39 + 5.4 * row, 64 + 4.4 * row
        c.line(
            f"M{n(-half)} {n(y)}L{n(half)} {n(y)}",
            keys,
            3.8,
            1,
            'stroke-dasharray="6.4 2.2" style="stroke-linecap:butt"',
        )
        if look.get("keyboard type") == "Backlit":
            c.line(f"M{n(-half)} {n(y + 2.4)}L{n(half)} {n(y + 2.4)}", "#6fe3ff", 1.2, 0.9)
    c.shape(
        "M-22 62L22 62L25 73L-25 73Z",
        darker(look.base, 0.18),
        extra=f'stroke="{darker(look.base, 0.45)}" stroke-width=".8"',
    )
    c.shape(
        "M-94 76L94 76Q94 83 84 83L-84 83Q-94 83 -94 76Z",
        metal(c, mix(look.base, (0, 0, 0), 0.15)),
        extra=f'stroke="{darker(look.base, 0.6)}" stroke-width=".8"',
    )
    if look.get("touch screen") in ("yes", "2-in-1"):
        c.line("M40 -20Q44 -26 42 -32", "#fff", 1.6, 0.9)
        c.line(ellipse(40, -16, 7, 7), "#fff", 1.8, 0.9)
        c.line(ellipse(40, -16, 12, 12), "#fff", 1, 0.6)
    if look.get("touch screen") == "2-in-1":
        c.line("M84 -48L100 40", "#2a2a2e", 5)
        c.line("M84 -48L100 40", hexa(look.base), 3.4)


def headphone(c: Canvas, look: Look, brand: str) -> None:
    drawn = {
        "over-ear": _headset,
        "on-ear": _headset,
        "in-ear": _in_ear,
        "earbuds": _buds,
        "neckband": _neckband,
    }
    if look.face == "side":
        drawn = {
            "over-ear": _headset_side,
            "on-ear": _headset_side,
            "in-ear": _in_ear_side,
            "earbuds": _buds_side,
            "neckband": _neckband_side,
        }
    with c.mirrored(look.face == "back"):
        drawn[look.get("ear placement")](c, look, "" if look.face == "back" else brand)


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
    c.line(
        f"M{n(-wide * 0.62)} -64Q0 -90 {n(wide * 0.62)} -64",
        darker(look.base, 0.6),
        9 if retro else 7,
    )
    for s in (-1, 1):
        (_cup if look.face == "front" else _cup_behind)(c, look, s, wide, cup, over, retro, brand)
    if look.get("style") == "gaming":
        c.line(f"M{-wide + 4} 54Q-50 86 -14 84", "#26262b", 5)
        c.shape(
            ellipse(-10, 84, 11, 7), "#1d1d22", extra=f'stroke="{hexa(look.base)}" stroke-width="2"'
        )
    if look.get("connectivity technology") == "wired":
        c.line(f"M{wide} 58Q{wide + 6} 90 30 92Q0 94 6 104", "#1d1d22", 3.6)
        c.shape(rounded(2, 100, 8, 16, 2), metal(c, (214, 178, 90)))


def _cup(
    c: Canvas, look: Look, s: int, wide: float, cup: float, over: bool, retro: bool, brand: str
) -> None:
    x, y, high = wide * s, 26, cup * (1.28 if over else 1.0)
    c.shape(
        rounded(x - 5, -16, 10, 24, 4), metal(c, STEEL), extra='stroke="#555" stroke-width=".8"'
    )
    cushion = rounded(x - 12 * s - 12, y - high, 24, 2 * high, 11)
    c.shape(
        cushion,
        c.gradient((0, "#3b3b41", 1), (0.5, "#1d1d22", 1), (1, "#3b3b41", 1)),
        extra='stroke="#0c0c0e" stroke-width="1"',
    )
    shell = (
        ellipse(x + 3 * s, y, cup * 0.82, high)
        if not retro
        else rounded(x - cup * 0.7, y - high, cup * 1.4, 2 * high, 9)
    )
    cover(c, shell, look, light="flat")
    c.shape(
        ellipse(x + 3 * s, y, cup * 0.5, high * 0.62),
        darker(look.base, 0.14),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    if look.get("style") == "gaming":
        c.line(ellipse(x + 3 * s, y, cup * 0.62, high * 0.78), lighter(look.second, 0.2), 3)
    elif look.get("style") == "studio":
        c.line(ellipse(x + 3 * s, y, cup * 0.66, high * 0.8), hexa(STEEL), 2.4)
    elif look.get("style") == "sports":
        c.line(
            f"M{n(x - cup * 0.3)} {n(y - high * 0.5)}L{n(x + cup * 0.3)} {n(y + high * 0.5)}",
            hexa(look.second),
            5,
        )
    c.text(brand, x + 3 * s, y + 3, 8, ink_on(look.base), cup * 0.9)


def _cup_behind(
    c: Canvas, look: Look, s: int, wide: float, cup: float, over: bool, retro: bool, brand: str
) -> None:
    """A cup on edge: the shell outside, the cushion inside, the yoke that holds it."""
    x, y, high = wide * s, 26, cup * (1.28 if over else 1.0)
    c.shape(
        rounded(x - 5, -16, 10, 24, 4), metal(c, STEEL), extra='stroke="#555" stroke-width=".8"'
    )
    inner, outer = x - 18 * s, x + 2 * s
    c.shape(
        rounded(min(inner, outer), y - high, 20, 2 * high, 9),
        c.gradient((0, "#3b3b41", 1), (0.5, "#1d1d22", 1), (1, "#3b3b41", 1)),
        extra='stroke="#0c0c0e" stroke-width="1"',
    )
    c.line(
        f"M{n(x - 8 * s)} {n(y - high * 0.8)}L{n(x - 8 * s)} {n(y + high * 0.8)}", "#000", 1.2, 0.5
    )
    bulge = (0.34 if retro else 0.5) * cup
    shell = f"M{n(x)} {n(y - high * 0.92)}C{n(x + bulge * 1.4 * s)} {n(y - high * 0.86)} {n(x + bulge * 1.4 * s)} {n(y + high * 0.86)} {n(x)} {n(y + high * 0.92)}Z"
    cover(c, shell, look)
    if look.get("style") == "gaming":
        c.line(
            f"M{n(x + bulge * 0.62 * s)} {n(y - high * 0.6)}Q{n(x + bulge * 1.1 * s)} {y} {n(x + bulge * 0.62 * s)} {n(y + high * 0.6)}",
            lighter(look.second, 0.2),
            2.6,
        )
    elif look.get("style") in ("sports", "studio"):
        c.line(
            f"M{n(x + 3 * s)} {n(y - high * 0.7)}L{n(x + 3 * s)} {n(y + high * 0.7)}",
            hexa(look.second if look.get("style") == "sports" else STEEL),
            2.6,
        )


def _headset_side(c: Canvas, look: Look, brand: str) -> None:
    """One cup to the front, the band rising behind it on edge."""
    over, retro = look.get("ear placement") == "over-ear", look.get("style") == "retro"
    cup = (look.vary("cup", 30, 35) if over else look.vary("cup", 21, 24)) * 1.25
    high, y = cup * (1.16 if over else 1.0), 34
    if retro:
        c.line(f"M0 {n(y - high - 12)}L0 -88", darker(STEEL, 0.5), 8)
        c.line(f"M0 {n(y - high - 12)}L0 -88", hexa(STEEL), 5.6)
    else:
        band = f"M-9 {n(y - high - 8)}Q-15 -60 -10 -88Q0 -96 10 -88Q15 -60 9 {n(y - high - 8)}Z"
        cover(c, band, look, light="round")
        c.shape("M-9 -86Q0 -96 9 -86Q0 -80 -9 -86Z", darker(look.base, 0.6))
    c.line(
        f"M-17 {n(y)}Q-22 {n(y - high - 12)} 0 {n(y - high - 12)}Q22 {n(y - high - 12)} 17 {n(y)}",
        darker(STEEL, 0.45),
        7,
    )
    c.line(
        f"M-17 {n(y)}Q-22 {n(y - high - 12)} 0 {n(y - high - 12)}Q22 {n(y - high - 12)} 17 {n(y)}",
        hexa(STEEL),
        4.6,
    )
    c.shape(
        ellipse(3, y + 1, cup * 1.08, high * 1.08)
        if not retro
        else rounded(3 - cup, y - high, 2 * cup, 2 * high, 14),
        "#232328",
        extra='stroke="#0c0c0e" stroke-width="1"',
    )
    shell = (
        ellipse(0, y, cup, high)
        if not retro
        else rounded(-cup * 0.92, y - high * 0.92, cup * 1.84, high * 1.84, 12)
    )
    cover(c, shell, look)
    c.shape(
        ellipse(0, y, cup * 0.7, high * 0.7),
        darker(look.base, 0.14),
        extra=f'stroke="{darker(look.base, 0.5)}" stroke-width="1"',
    )
    if look.get("style") == "gaming":
        c.line(ellipse(0, y, cup * 0.82, high * 0.82), lighter(look.second, 0.2), 3.4)
        c.line(
            f"M{n(-cup * 0.8)} {n(y + high * 0.6)}Q{n(-cup - 22)} {n(y + high)} {n(-cup - 34)} {n(y + 18)}",
            "#26262b",
            5,
        )
        c.shape(
            ellipse(-cup - 35, y + 14, 7, 11),
            "#1d1d22",
            extra=f'stroke="{hexa(look.base)}" stroke-width="2"',
        )
    elif look.get("style") == "studio":
        c.line(ellipse(0, y, cup * 0.84, high * 0.84), hexa(STEEL), 2.8)
    elif look.get("style") == "sports":
        c.line(
            f"M{n(-cup * 0.5)} {n(y - high * 0.42)}L{n(cup * 0.5)} {n(y - high * 0.42)}",
            hexa(look.second),
            6,
        )
    c.text(brand, 0, y + 5, 14, ink_on(look.base), cup * 1.2)
    if look.get("connectivity technology") == "wired":
        c.line(f"M4 {n(y + high)}Q8 96 40 96Q64 98 60 108", "#1d1d22", 3.6)


def _bud_profile(c: Canvas, look: Look, x: float, y: float, stem: float) -> None:
    """A bud from its side: tip to the left, the round shell, the stem below."""
    c.shape(
        f"M{n(x - 16)} {n(y - 14)}L{n(x - 36)} {n(y - 18)}Q{n(x - 50)} {n(y)} {n(x - 36)} {n(y + 18)}L{n(x - 16)} {n(y + 14)}Z",
        "#2a2a2f",
        extra='stroke="#0c0c0e" stroke-width="1"',
    )
    c.line(f"M{n(x - 30)} {n(y - 15)}Q{n(x - 36)} {n(y)} {n(x - 30)} {n(y + 15)}", "#fff", 1.6, 0.3)
    if stem:
        cover(c, rounded(x - 2, y, 18, stem, 9), look, light="round")
        c.shape(rounded(x, y + stem - 10, 14, 6, 3), hexa(STEEL))
    shell = f"M{n(x - 20)} {n(y - 20)}Q{n(x + 20)} {n(y - 34)} {n(x + 24)} {n(y)}Q{n(x + 20)} {n(y + 32)} {n(x - 20)} {n(y + 20)}Q{n(x - 26)} {n(y)} {n(x - 20)} {n(y - 20)}Z"
    cover(c, shell, look)
    c.line(
        f"M{n(x - 6)} {n(y - 23)}Q{n(x - 12)} {n(y)} {n(x - 6)} {n(y + 23)}",
        hexa(look.second) if look.get("style") == "sports" else darker(look.base, 0.35),
        2.4,
    )


def _buds_side(c: Canvas, look: Look, brand: str) -> None:
    """One bud, beside it the case on end."""
    _bud_profile(c, look, -22, -30, 1.4 * look.pick("stem", (46, 46, 0)))
    case = rounded(24, 10, 52, 82, look.vary("case", 20, 34) * 0.8)
    cover(c, case, look)
    c.line("M25 38L75 38", darker(look.base, 0.6), 2)
    c.shape(rounded(40, 82, 20, 4, 2), "#15151a")


def _in_ear_side(c: Canvas, look: Look, brand: str) -> None:
    """One bud, its cable wound to a coil."""
    for d in (
        "M6 -20Q24 20 10 40",
        ellipse(0, 62, 52, 26),
        ellipse(4, 64, 44, 21),
        ellipse(-3, 60, 47, 24),
    ):
        c.line(d, darker(look.base, 0.55), 6)
        c.line(d, hexa(look.base), 4.4)
    c.shape(
        rounded(44, 76, 22, 12, 3),
        metal(c, (214, 178, 90)),
        extra='stroke="#6b5018" stroke-width="1"',
    )
    cover(c, rounded(-2, -50, 18, 52, 8), look)
    _bud_profile(c, look, 4, -62, 0)


def _neckband_side(c: Canvas, look: Look, brand: str) -> None:
    """The arc on edge, from the neck on the right to the thick arm on the left."""
    d = "M64 -70Q78 -10 14 22Q-30 40 -62 52"
    c.line("M-62 52Q-86 62 -70 12Q-62 -14 -46 -30", "#26262b", 3.2)
    c.line(d, darker(look.base, 0.55), 14)
    c.line(d, hexa(look.base), 11)
    c.line("M66 -60Q70 -14 14 16", lighter(look.base, 0.5), 2.6, 0.55)
    c.line("M2 27L-62 52", darker(look.base, 0.6), 23)
    c.line("M2 27L-62 52", hexa(mix(look.base, (255, 255, 255), 0.08)), 20)
    for x, y in ((-14, 33), (-28, 38.5), (-42, 44)):
        c.shape(ellipse(x, y, 4, 4), darker(look.base, 0.4))
    _bud_profile(c, look, -34, -42, 0)


def _bud(c: Canvas, look: Look, x: float, y: float, s: int, stem: float) -> None:
    c.shape(
        f"M{x - 22 * s} {y - 4}Q{x - 34 * s} {y - 2} {x - 32 * s} {y + 12}Q{x - 22 * s} {y + 18} {x - 12 * s} {y + 10}Z",
        "#2a2a2f",
        extra='stroke="#0c0c0e" stroke-width="1"',
    )
    if stem:
        cover(c, rounded(x - 2 * s - 8, y, 16, stem, 8), look, light="round")
        c.shape(rounded(x - 2 * s - 6, y + stem - 9, 12, 6, 3), hexa(STEEL))
    ball = ellipse(x, y, 23, 21)
    cover(c, ball, look)
    c.shape(ball, c.radial((0, "#fff", 0.4), (1, "#fff", 0), at=(0.35, 0.3), r=0.45))
    if look.face == "back":
        c.shape(
            ellipse(x - 6 * s, y + 1, 14, 13),
            c.radial((0, "#4a4a52", 1), (1, "#1a1a1e", 1), at=(0.4, 0.35)),
            extra='stroke="#0c0c0e" stroke-width="1"',
        )
        c.shape(
            ellipse(x - 6 * s, y + 1, 5, 4.6),
            "#0c0c0e",
            extra=f'stroke="{hexa(STEEL)}" stroke-width="1.2"',
        )
        return
    c.line(
        ellipse(x + 3 * s, y - 1, 10, 9),
        hexa(look.second) if look.get("style") == "sports" else darker(look.base, 0.3),
        2,
    )


def _buds(c: Canvas, look: Look, brand: str) -> None:
    """Two buds above their case."""
    stem = look.pick("stem", (46, 46, 0))
    for s in (-1, 1):
        _bud(c, look, 40 * s, -56, s, stem)
    case = rounded(-62, 18, 124, 74, look.vary("case", 20, 34))
    cover(c, case, look)
    c.line("M-61 44L61 44", darker(look.base, 0.6), 2)
    if look.face == "back":
        c.shape(
            rounded(-24, 37, 48, 13, 4),
            darker(look.base, 0.25),
            extra=f'stroke="{darker(look.base, 0.6)}" stroke-width="1"',
        )
        return
    c.shape(ellipse(0, 56, 3, 3), "#58d68d")
    c.text(brand, 0, 78, 14, ink_on(look.base), 84)


def _in_ear(c: Canvas, look: Look, brand: str) -> None:
    tone = hexa(look.base)
    for d in (
        "M-46 -40Q-60 20 -4 36",
        "M46 -40Q60 20 4 36",
        "M0 34Q-4 60 20 66Q60 74 40 92Q10 104 -20 92",
    ):
        c.line(d, darker(look.base, 0.55), 6.5)
        c.line(d, tone, 4.8)
    c.shape(
        rounded(-7, 26, 14, 18, 4),
        tone,
        extra=f'stroke="{darker(look.base, 0.55)}" stroke-width="1"',
    )
    c.shape(
        rounded(-38, 86, 22, 12, 3),
        metal(c, (214, 178, 90)),
        extra='stroke="#6b5018" stroke-width="1"',
    )
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
