"""Places where things are used, and what stands around in them: walls, floors, counters, lamps, plants."""

from skulens.world.canvas.backdrop import WALLS, WOODS, shadow
from skulens.world.canvas.surface import metal
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.config import Stream
from skulens.world.truth.colours import Rgb, darker, hexa, lighter, mix
from skulens.world.truth.look import Look

STEEL = (190, 196, 204)
SKINS = ((242, 205, 178), (224, 172, 136), (186, 130, 96), (130, 86, 60), (92, 60, 46))
TONES = (
    (196, 90, 72),
    (70, 118, 150),
    (98, 138, 98),
    (214, 168, 82),
    (128, 96, 140),
    (72, 84, 104),
    (206, 196, 180),
    (58, 128, 128),
)
"""Muted colours of what is not for sale."""
SOFT = ("#000", 0.28), ("#000", 0)


def apart(tones: tuple[Rgb, ...], stream: Stream, rgb: Rgb) -> Rgb:
    """One of three tones by chance: the one that stands out most from the product."""
    return max(
        stream.sample(tones, 3),
        key=lambda tone: sum(abs(a - b) for a, b in zip(tone, rgb, strict=True)),
    )


def wall(c: Canvas, stream: Stream, look: Look) -> Rgb:
    """A painted wall, brighter on the window's side; returns its colour."""
    tone = apart(WALLS, stream, look.base)
    c.shape("M-128 -128H128V128H-128Z", hexa(tone))
    c.shape(
        "M-128 -128H128V128H-128Z",
        c.gradient((0, "#fff", 0.22), (0.5, "#fff", 0), (1, "#000", 0.16), to=(1, 0.5)),
    )
    return tone


def room(c: Canvas, stream: Stream, look: Look, y: float) -> None:
    """A wall with a window or pictures, and from `y` downwards boards or a carpet."""
    tone = wall(c, stream, look)
    x = stream.choice((-1, 1)) * stream.uniform(56, 78)
    stream.choice((window, window, pictures))(c, stream, x, -74)
    c.shape(f"M-128 {n(y - 7)}H128V{n(y)}H-128Z", lighter(tone, 0.5))
    c.line(f"M-128 {n(y - 7)}H128", "#000", 0.8, 0.3)
    floor = apart((*WOODS, (150, 150, 156), (206, 200, 190)), stream, look.base)
    ground = f"M-128 {n(y)}H128V128H-128Z"
    c.shape(ground, hexa(floor))
    if floor in WOODS:
        c.line(
            "".join(f"M{n(x * 0.42)} {n(y)}L{x} 128" for x in range(-336, 337, 42)), "#000", 1, 0.28
        )
        for i, share in enumerate((0.16, 0.4, 0.72)):
            level = y + (128 - y) * share
            c.line(
                "".join(
                    f"M{n(a * (0.42 + 0.58 * share))} {n(level)}h{n(42 * (0.42 + 0.58 * share))}"
                    for a in range(-294 + 42 * (i % 2), 300, 84)
                ),
                "#000",
                1,
                0.25,
            )
    c.shape(ground, c.gradient((0, *SOFT[0]), (0.4, *SOFT[1]), to=(0, 1)))
    if stream.chance(0.6):
        rug = apart(TONES, stream, look.base)
        c.shape(
            ellipse(0, 102, 122, 20),
            hexa(rug),
            extra=f'stroke="{lighter(rug, 0.5)}" stroke-width="3"',
        )
        c.line(ellipse(0, 102, 108, 15.5), lighter(rug, 0.5), 1.4, 0.8)


def window(c: Canvas, stream: Stream, x: float, y: float) -> None:
    """A window with a view and one curtain."""
    c.shape(
        rounded(x - 36, y - 46, 72, 92, 1),
        "#f6f6f2",
        extra='stroke="#000" stroke-opacity=".25" stroke-width="1"',
    )
    view = rounded(x - 31, y - 41, 62, 82, 0)
    c.shape(view, c.gradient((0, "#a9d3f2", 1), (0.7, "#e8f4fb", 1), (1, "#d7ead0", 1), to=(0, 1)))
    c.open(c.clip(view))
    for _ in range(3):
        a = x + stream.uniform(-34, 34)
        c.shape(ellipse(a, y + 44, 17, stream.uniform(14, 26)), "#8fbf86", 0.85)
    c.close()
    c.line(f"M{n(x)} {n(y - 41)}V{n(y + 41)}M{n(x - 31)} {n(y - 6)}H{n(x + 31)}", "#f6f6f2", 3.4)
    c.shape(
        rounded(x - 41, y + 44, 82, 6, 1),
        "#fbfbf8",
        extra='stroke="#000" stroke-opacity=".25" stroke-width="1"',
    )
    cloth = stream.choice(TONES)
    s = 1 if x < 0 else -1
    d = f"M{n(x - 46 * s)} {n(y - 52)}L{n(x - 22 * s)} {n(y - 52)}Q{n(x - 26 * s)} {n(y + 10)} {n(x - 34 * s)} {n(y + 60)}L{n(x - 50 * s)} {n(y + 60)}Z"
    c.shape(d, lighter(cloth, 0.35))
    c.line(
        "".join(
            f"M{n(x - (46 - 7 * i) * s)} {n(y - 50)}L{n(x - (48 - 5 * i) * s)} {n(y + 58)}"
            for i in range(4)
        ),
        "#000",
        1.2,
        0.16,
    )
    c.line(f"M{n(x - 52)} {n(y - 52)}H{n(x + 52)}", "#6b5a48", 3)


def pictures(c: Canvas, stream: Stream, x: float, y: float) -> None:
    """Two framed prints."""
    for dx, dy, wide, high in ((-22, 6, 36, 50), (22, -8, 34, 34)):
        left, top, tone = x + dx - wide / 2, y + dy - high / 2, stream.choice(TONES)
        c.shape(rounded(left + 2, top + 3, wide, high, 1), "#000", 0.18)
        c.shape(rounded(left, top, wide, high, 1), stream.choice(("#2b2723", "#fbfaf6", "#b58a58")))
        c.shape(rounded(left + 3, top + 3, wide - 6, high - 6, 0), "#f4f0e6")
        right, low = left + wide - 7, top + high - 7
        c.shape(ellipse(right - 6, top + 13, 4, 4), hexa(tone))
        c.shape(
            f"M{n(left + 7)} {n(low)}V{n(low - high * 0.3)}L{n(left + wide * 0.38)} {n(top + high * 0.36)}L{n(x + dx + 2)} {n(low - 9)}L{n(right - 5)} {n(top + high * 0.52)}L{n(right)} {n(low - 8)}V{n(low)}Z",
            lighter(tone, 0.25),
        )
        c.shape(
            f"M{n(left + 7)} {n(low)}V{n(low - 5)}Q{n(x + dx)} {n(low - 12)} {n(right)} {n(low - 3)}V{n(low)}Z",
            darker(tone, 0.3),
        )


def surface(c: Canvas, stream: Stream, look: Look, y: float) -> Rgb:
    """A table top or counter from `y` to the lower edge; returns its colour."""
    tone = apart((*WOODS, (232, 230, 226), (92, 94, 100)), stream, look.base)
    top = f"M-128 {n(y)}H128V128H-128Z"
    c.shape(top, hexa(tone))
    if tone in WOODS:
        for i in range(4):
            level = y + (128 - y) * (0.12 + 0.26 * i)
            c.line(
                f"M-128 {n(level)}Q{n(stream.uniform(-90, 0))} {n(level + 5)} 0 {n(level)}T128 {n(level + 2)}",
                darker(tone, 0.6),
                1.2,
                0.3,
            )
    else:
        for _ in range(3):
            x = stream.uniform(-128, 60)
            c.line(
                f"M{n(x)} {n(y + 4)}q20 18 44 24t40 34",
                darker(tone, 0.4) if tone[0] > 128 else lighter(tone, 0.4),
                1,
                0.3,
            )
    c.shape(top, c.gradient((0, "#fff", 0.2), (0.3, "#fff", 0), (1, "#000", 0.18), to=(0, 1)))
    c.line(f"M-128 {n(y)}H128", lighter(tone, 0.45), 1.6, 0.8)
    return tone


def tiles(c: Canvas, stream: Stream, look: Look, y: float) -> None:
    """A kitchen or bathroom wall of glazed tiles down to `y`."""
    tone = apart(
        ((236, 240, 240), (196, 214, 220), (222, 206, 186), (150, 178, 176), (120, 136, 156)),
        stream,
        look.base,
    )
    face = f"M-128 -128H128V{n(y)}H-128Z"
    c.shape(face, hexa(tone))
    joint = lighter(tone, 0.5) if tone[0] < 200 else darker(tone, 0.25)
    if stream.chance(0.5):
        c.shape(
            face,
            c.tile(
                34,
                34,
                f'<path d="M0 0H34M0 0V34" stroke="{joint}" stroke-width="2.6"/><path d="M4 6L14 6" stroke="#fff" stroke-width="2" stroke-opacity=".5"/>',
            ),
        )
    else:
        c.shape(
            face,
            c.tile(
                48,
                36,
                f'<path d="M0 0H48M0 18H48M0 0V18M24 18V36" stroke="{joint}" stroke-width="2.2"/><path d="M4 5H14M28 23H38" stroke="#fff" stroke-width="1.6" stroke-opacity=".5"/>',
            ),
        )
    c.shape(face, c.gradient((0, "#fff", 0.18), (0.5, "#fff", 0), (1, "#000", 0.2), to=(1, 0.6)))


def meadow(c: Canvas, stream: Stream, look: Look) -> None:
    """A park, and a chequered blanket spread in front."""
    c.shape(
        "M-128 -128H128V128H-128Z", c.gradient((0, "#9ccbf0", 1), (0.34, "#e4f3fb", 1), to=(0, 1))
    )
    for i in range(6):
        x, r = -120 + 48 * i + stream.uniform(-12, 12), stream.uniform(24, 40)
        c.shape(
            ellipse(x, -30 - r * 0.4, r, r * 1.05),
            hexa(mix((86, 148, 84), (150, 190, 110), stream.uniform())),
        )
    c.shape(
        "M-128 -26Q0 -42 128 -22V128H-128Z",
        c.gradient((0, "#86b85e", 1), (1, "#5f9a46", 1), to=(0, 1)),
    )
    for _ in range(14):
        x, y = stream.uniform(-126, 126), stream.uniform(-18, 40)
        c.line(f"M{n(x)} {n(y)}l-2 -6M{n(x + 3)} {n(y)}l2 -5", "#3f7434", 1.2, 0.6)
    ink = hexa(apart(((200, 52, 56), (58, 104, 176), (62, 134, 88)), stream, look.base))
    blanket = "M-92 36L96 32L150 140L-150 140Z"
    c.shape(blanket, "#f7f3ea")
    bars = f'<rect width="15" height="30" fill="{ink}" fill-opacity=".5"/><rect width="30" height="15" fill="{ink}" fill-opacity=".5"/>'
    c.shape(blanket, c.tile(30, 30, bars, "matrix(1 0 -.35 .55 0 0)"))
    c.shape(blanket, c.gradient((0, "#fff", 0.15), (1, "#000", 0.15), to=(0, 1)))


def above(c: Canvas, stream: Stream, look: Look) -> None:
    """A table top from above: boards, felt or stone."""
    tone = apart((*WOODS, (226, 224, 220), (74, 78, 88), (186, 196, 200)), stream, look.base)
    c.shape("M-128 -128H128V128H-128Z", hexa(tone))
    if tone in WOODS:
        for y in range(-128, 128, 40):
            c.line(f"M-128 {y}H128", "#000", 1.4, 0.3)
            c.line(
                f"M-128 {y + 12}Q0 {y + 20} 128 {y + 11}M-128 {y + 28}Q-20 {y + 22} 128 {y + 30}",
                darker(tone, 0.6),
                1.1,
                0.3,
            )
    c.shape(
        "M-128 -128H128V128H-128Z",
        c.gradient((0, "#fff", 0.25), (0.5, "#fff", 0), (1, "#000", 0.25), to=(1, 1)),
    )


def desk(c: Canvas, stream: Stream, look: Look) -> None:
    """A desk from above, with a notebook, a cup and leaves at its edges."""
    above(c, stream, look)
    cover = stream.choice(TONES)
    c.open(
        f'transform="translate(-96 {stream.integer(-92, -70)}) rotate({stream.integer(-24, -8)})"'
    )
    c.shape(rounded(-36, -48, 76, 100, 4), "#000", 0.2)
    c.shape(
        rounded(-40, -52, 76, 100, 4),
        hexa(cover),
        extra=f'stroke="{darker(cover, 0.4)}" stroke-width="1"',
    )
    c.line("M-28 -52V48", "#000", 2, 0.25)
    c.line("M8 -40L26 34", "#efe7d2", 4)
    c.close()
    x, y = stream.uniform(92, 110), stream.uniform(-108, -86)
    shadow(c, x + 5, y + 6, 42, 42, 0.4)
    c.shape(
        ellipse(x, y, 33, 33), "#f4f2ec", extra='stroke="#000" stroke-opacity=".2" stroke-width="1"'
    )
    c.shape(
        ellipse(x, y, 22, 22),
        "#fdfdfa",
        extra='stroke="#000" stroke-opacity=".25" stroke-width="1"',
    )
    c.shape(ellipse(x, y, 18.5, 18.5), c.radial((0, "#7b4f2e", 1), (1, "#3f2616", 1)))
    for turned in (-70, -40, -12, 18):
        c.shape(
            "M0 0Q-12 -28 0 -58Q12 -28 0 0Z",
            "#4d8a58" if turned % 20 else "#6fa86b",
            extra=f'transform="translate(134 136) rotate({turned})"',
        )


def mug(c: Canvas, x: float, base: float, tone: Rgb) -> None:
    """A coffee mug, 40 units high."""
    shadow(c, x + 4, base, 28, 6, 0.4)
    c.line(
        f"M{n(x + 17)} {n(base - 31)}Q{n(x + 36)} {n(base - 30)} {n(x + 32)} {n(base - 16)}Q{n(x + 28)} {n(base - 8)} {n(x + 15)} {n(base - 10)}",
        darker(tone, 0.2),
        5,
    )
    d = f"M{n(x - 20)} {n(base - 40)}H{n(x + 20)}L{n(x + 17)} {n(base - 4)}Q{n(x)} {n(base + 3)} {n(x - 17)} {n(base - 4)}Z"
    c.shape(d, hexa(tone))
    c.shape(d, c.gradient((0, "#000", 0.25), (0.3, "#fff", 0.3), (1, "#000", 0.3)))
    c.shape(ellipse(x, base - 40, 20, 5), lighter(tone, 0.4))
    c.shape(ellipse(x, base - 39.4, 17, 3.8), "#4a2f1d")
    for dx in (-5, 5):
        c.line(f"M{n(x + dx)} {n(base - 48)}q-5 -7 0 -13t0 -12", "#fff", 2, 0.35)


def plant(c: Canvas, x: float, base: float, size: float, tone: Rgb) -> None:
    """A house plant, about 90 units high at size 1."""
    shadow(c, x, base, 28 * size, 6 * size, 0.4)
    c.open(f'transform="translate({n(x)} {n(base)}) scale({size:.2f})"')
    for i, turned in enumerate((-64, -40, -16, 8, 32, 58)):
        c.shape(
            "M0 0Q-15 -30 0 -62Q15 -30 0 0Z",
            ("#3f7d46", "#5b9a58", "#4a8c50")[i % 3],
            extra=f'transform="translate(0 -28) rotate({turned})"',
        )
        c.line("M0 -4V-50", "#2f6238", 1, 0.5, f'transform="translate(0 -28) rotate({turned})"')
    pot = "M-20 -34H20L15 0H-15Z"
    c.shape(pot, hexa(tone))
    c.shape(pot, c.gradient((0, "#000", 0.2), (0.3, "#fff", 0.2), (1, "#000", 0.3)))
    c.close()


def lamp(c: Canvas, x: float, base: float, s: int, tone: Rgb) -> None:
    """A desk lamp that bends towards s, lit, 110 units high."""
    shadow(c, x, base, 30, 6, 0.4)
    c.shape(
        f"M{n(x + 34 * s)} {n(base - 88)}L{n(x + 92 * s)} {n(base)}L{n(x + 8 * s)} {n(base)}Z",
        "#fff3c4",
        0.22,
    )
    c.shape(ellipse(x, base - 3, 20, 5.5), darker(tone, 0.3))
    c.line(
        f"M{n(x)} {n(base - 4)}L{n(x - 12 * s)} {n(base - 58)}L{n(x + 22 * s)} {n(base - 98)}",
        darker(tone, 0.4),
        4.6,
    )
    c.shape(ellipse(x - 12 * s, base - 58, 4, 4), hexa(STEEL))
    c.shape(
        f"M{n(x + 14 * s)} {n(base - 106)}L{n(x + 28 * s)} {n(base - 110)}L{n(x + 52 * s)} {n(base - 88)}L{n(x + 22 * s)} {n(base - 78)}Z",
        hexa(tone),
        extra=f'stroke="{darker(tone, 0.4)}" stroke-width="1"',
    )
    c.shape(
        ellipse(x + 37 * s, base - 83, 13, 4.5),
        "#fff2b8",
        extra=f'transform="rotate({-18 * s} {n(x + 37 * s)} {n(base - 83)})"',
    )


def floor_lamp(c: Canvas, x: float, base: float, tone: Rgb) -> None:
    shadow(c, x, base, 26, 5, 0.4)
    c.line(f"M{n(x)} {n(base - 2)}V{n(base - 134)}", "#3a3630", 3.4)
    c.shape(ellipse(x, base - 2, 19, 4.5), "#3a3630")
    shade = f"M{n(x - 17)} {n(base - 170)}H{n(x + 17)}L{n(x + 29)} {n(base - 128)}H{n(x - 29)}Z"
    c.shape(shade, lighter(tone, 0.45))
    c.shape(shade, c.gradient((0, "#fff", 0), (1, "#fff3c4", 0.75), to=(0, 1)))


def books(c: Canvas, x: float, base: float, stream: Stream) -> None:
    """A stack of three, 26 units high."""
    shadow(c, x + 2, base, 36, 5, 0.4)
    for i in range(3):
        tone, dx = stream.choice(TONES), stream.uniform(-5, 5)
        c.shape(
            rounded(x + dx - 31, base - 9 * (i + 1), 62, 9, 1.5),
            hexa(tone),
            extra=f'stroke="{darker(tone, 0.5)}" stroke-width=".8"',
        )
        c.shape(rounded(x + dx - 26, base - 9 * (i + 1) + 2, 57, 5, 0), "#f3eee0")


def vase(c: Canvas, x: float, base: float, stream: Stream) -> None:
    """A vase with three flowers, 64 units high."""
    tone, bloom = (
        stream.choice(TONES),
        stream.choice(((226, 92, 104), (244, 190, 70), (240, 236, 226), (170, 120, 190))),
    )
    shadow(c, x + 3, base, 15, 3.6, 0.4)
    for dx, high in ((-13, 48), (1, 60), (14, 46)):
        c.line(
            f"M{n(x)} {n(base - 24)}Q{n(x + dx * 0.3)} {n(base - high * 0.7)} {n(x + dx)} {n(base - high)}",
            "#4d8a50",
            2,
        )
        for px, py in ((0, -5), (5, -1), (3, 5), (-3, 5), (-5, -1)):
            c.shape(
                ellipse(x + dx + px, base - high + py, 4.2, 4.2),
                hexa(bloom),
                extra=f'stroke="{darker(bloom, 0.25)}" stroke-width=".6"',
            )
        c.shape(ellipse(x + dx, base - high, 2.8, 2.8), "#f2c63e")
    d = f"M{n(x - 6)} {n(base - 28)}H{n(x + 6)}L{n(x + 5)} {n(base - 22)}Q{n(x + 16)} {n(base - 8)} {n(x + 8)} {n(base)}H{n(x - 8)}Q{n(x - 16)} {n(base - 8)} {n(x - 5)} {n(base - 22)}Z"
    c.shape(d, lighter(tone, 0.2))
    c.shape(d, c.gradient((0, "#000", 0.2), (0.3, "#fff", 0.35), (1, "#000", 0.25)))


def plate(c: Canvas, x: float, y: float, r: float) -> None:
    """A plate on a table seen from slightly above, with fork and knife."""
    c.shape(ellipse(x + 1, y + 1.6, r, r * 0.3), "#000", 0.25)
    c.shape(ellipse(x, y, r, r * 0.29), "#fdfdfb", extra='stroke="#9a9a98" stroke-width=".8"')
    c.line(ellipse(x, y + 0.4, r * 0.66, r * 0.18), "#b9b9b6", 1, 0.9)
    for s in (-1, 1):
        c.line(
            f"M{n(x + (r + 4) * s)} {n(y + r * 0.24)}L{n(x + (r + 2.5) * s)} {n(y - r * 0.22)}",
            hexa(STEEL),
            1.8,
        )


def glass(c: Canvas, x: float, base: float, liquid: Rgb, stream: Stream) -> None:
    """A filled tumbler with ice and a straw, 92 units high."""
    shadow(c, x + 6, base, 34, 7, 0.42)
    straw = stream.choice(TONES)
    c.line(
        f"M{n(x + 2)} {n(base - 30)}L{n(x + 20)} {n(base - 112)}L{n(x + 34)} {n(base - 116)}",
        hexa(straw),
        4.4,
    )
    body = f"M{n(x - 25)} {n(base - 90)}L{n(x + 25)} {n(base - 90)}L{n(x + 20)} {n(base - 5)}Q{n(x)} {n(base + 3)} {n(x - 20)} {n(base - 5)}Z"
    c.shape(body, "#f4fafd", 0.35)
    level = f"M{n(x - 23.6)} {n(base - 72)}L{n(x + 23.6)} {n(base - 72)}L{n(x + 18.6)} {n(base - 9)}Q{n(x)} {n(base - 2)} {n(x - 18.6)} {n(base - 9)}Z"
    c.shape(level, hexa(liquid), 0.88)
    c.shape(
        level,
        c.gradient((0, "#000", 0.14), (0.25, "#fff", 0.25), (0.6, "#fff", 0), (1, "#000", 0.2)),
    )
    c.shape(ellipse(x, base - 72, 23.6, 5.6), lighter(liquid, 0.3))
    for dx, dy, turned in ((-9, -66, 12), (8, -58, -18), (-4, -46, 30)):
        c.shape(
            rounded(x + dx - 7, base + dy - 7, 14, 14, 3),
            "#fff",
            0.5,
            f'stroke="#fff" stroke-width="1" transform="rotate({turned} {n(x + dx)} {n(base + dy)})"',
        )
    for dx, dy in ((-12, -28), (4, -22), (10, -36), (-4, -14), (12, -16)):
        c.shape(ellipse(x + dx, base + dy, 1.6, 1.6), "#fff", 0.65)
    c.line(body, "#8fa4b0", 1.2, 0.8)
    c.line(ellipse(x, base - 90, 25, 6), "#8fa4b0", 1.2, 0.8)
    c.line(f"M{n(x - 18)} {n(base - 80)}L{n(x - 15)} {n(base - 14)}", "#fff", 3, 0.6)


def finger(
    c: Canvas, x: float, y: float, length: float, turned: float, skin: Rgb, thick: float = 15
) -> None:
    """A finger whose tip is at (x, y), from there `length` to the right, turned about its tip; the nail is seen."""
    c.open(f'transform="translate({n(x)} {n(y)}) rotate({n(turned)})"')
    d = rounded(0, -thick / 2, length, thick, thick / 2)
    c.shape(
        d, hexa(skin), extra=f'stroke="{hexa(mix(skin, (60, 24, 10), 0.45))}" stroke-width="1.2"'
    )
    c.shape(d, c.gradient((0, "#fff", 0.2), (0.5, "#fff", 0), (1, "#000", 0.16), to=(0, 1)))
    c.shape(
        rounded(1.8, -thick * 0.3, thick * 0.6, thick * 0.6, thick * 0.26),
        hexa(mix(skin, (255, 226, 220), 0.6)),
    )
    c.close()


def tap(c: Canvas, x: float, base: float) -> None:
    """A chromed tap whose spout bends to the left, 88 units high."""
    for width, tone in ((11, darker(STEEL, 0.5)), (8.6, hexa(STEEL)), (2.6, "#fff")):
        c.line(
            f"M{n(x)} {n(base)}V{n(base - 56)}Q{n(x)} {n(base - 84)} {n(x - 24)} {n(base - 84)}Q{n(x - 46)} {n(base - 84)} {n(x - 46)} {n(base - 60)}",
            tone,
            width,
        )
    c.shape(
        rounded(x - 12, base - 9, 24, 10, 3),
        metal(c, STEEL),
        extra='stroke="#60666e" stroke-width="1"',
    )
    c.line(f"M{n(x + 5)} {n(base - 22)}L{n(x + 22)} {n(base - 32)}", darker(STEEL, 0.3), 6)
