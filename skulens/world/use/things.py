"""Food, cleaners, electronics and furniture in use."""

from collections.abc import Callable

from skulens.world.canvas.backdrop import WALLS, shadow
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.config import Stream
from skulens.world.draw import DRAWINGS
from skulens.world.draw.electronics import open_laptop, phone_back
from skulens.world.draw.feet import foot
from skulens.world.draw.fruit import NATURAL, PLACES, one
from skulens.world.truth.colours import RGB, darker, hexa, lighter, mix
from skulens.world.truth.look import Look
from skulens.world.use import rooms


def product(c: Canvas, look: Look, brand: str, x: float, base: float, scale: float) -> None:
    """The product's own drawing, standing on `base`."""
    shadow(c, x + 6, base - 1, 78 * scale, 9 * scale, 0.45)
    place(c, look, brand, x, base - foot(look) * scale, scale)


def place(
    c: Canvas, look: Look, brand: str, x: float, y: float, scale: float, turned: int = 0
) -> None:
    """The product's own drawing, its middle at (x, y)."""
    c.open(f'transform="translate({n(x)} {n(y)}) rotate({turned}) scale({scale:.2f})"')
    DRAWINGS[look.kind](c, look, brand)
    c.close()


def drink(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Poured into a glass, at home or on a picnic blanket."""
    if stream.chance(0.4):
        rooms.meadow(c, stream, look)
    else:
        rooms.room(c, stream, look, 20)
        rooms.surface(c, stream, look, 58)
    s = stream.choice((-1, 1))
    flavour = NATURAL.get(look.get("flavor"), RGB["orange"])
    rooms.glass(c, 62 * s, 106, mix(flavour, (255, 244, 220), 0.3), stream)
    product(c, look, brand, -34 * s, 104, stream.uniform(0.92, 1.02))
    _piece(c, look.get("flavor"), 22 * s, 109, 0.32)
    _piece(c, look.get("flavor"), 100 * s, 103, 0.36)


def _piece(c: Canvas, flavour: str, x: float, y: float, scale: float) -> None:
    """One fruit or spice lying about."""
    shadow(c, x + 2, y + 36 * scale, 46 * scale, 9 * scale, 0.45)
    c.open(f'transform="translate({n(x)} {n(y)}) scale({scale:.2f})"')
    one(c, flavour, NATURAL.get(flavour, RGB["orange"]))
    c.close()


def snack(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """On a sofa table, a bowl filled from it."""
    rooms.wall(c, stream, look)
    s = stream.choice((-1, 1))
    _sofa(c, stream, look)
    rooms.floor_lamp(c, -104 * s, 58, stream.choice(rooms.TONES))
    rooms.surface(c, stream, look, 50)
    product(c, look, brand, -38 * s, 100, stream.uniform(0.92, 1.0))
    _bowl(
        c,
        64 * s,
        110,
        mix(NATURAL.get(look.get("flavor"), RGB["yellow"]), (236, 190, 110), 0.45),
        stream,
    )


def _sofa(c: Canvas, stream: Stream, look: Look) -> None:
    tone = rooms.apart(rooms.TONES, stream, look.base)
    edge = f'stroke="{darker(tone, 0.4)}" stroke-width="1.2"'
    c.shape(rounded(-118, -34, 236, 70, 16), hexa(tone), extra=edge)
    c.shape(
        rounded(-118, -34, 236, 70, 16),
        c.gradient((0, "#fff", 0.2), (0.5, "#fff", 0), (1, "#000", 0.25), to=(0, 1)),
    )
    c.line("M0 -30V30", "#000", 1.6, 0.25)
    c.shape(rounded(-112, 18, 224, 40, 10), lighter(tone, 0.08), extra=edge)
    for side in (-1, 1):
        c.shape(rounded(112 * side - 18, -8, 36, 70, 14), darker(tone, 0.08), extra=edge)
    x, cushion = stream.choice((-70, 70)), stream.choice(rooms.TONES)
    c.shape(
        rounded(x - 22, -16, 44, 40, 9),
        lighter(cushion, 0.2),
        extra=f'stroke="{darker(cushion, 0.3)}" stroke-width="1" transform="rotate({stream.integer(-14, 14)} {x} 4)"',
    )


def _bowl(c: Canvas, x: float, base: float, tone, stream: Stream) -> None:
    """A china bowl with a heap of bites; a few fell beside it."""
    shadow(c, x + 3, base, 56, 9, 0.45)
    for _ in range(34):
        dx, dy = stream.bell(46), -34 - abs(stream.bell(30))
        dy += abs(dx) * 0.34
        r, shade = stream.uniform(6, 9), mix(tone, (70, 34, 10), stream.uniform(0, 0.35))
        c.shape(
            ellipse(x + dx, base + dy, r, r * 0.72),
            hexa(shade),
            extra=f'stroke="{darker(shade, 0.35)}" stroke-width=".8" transform="rotate({stream.integer(-50, 50)} {n(x + dx)} {n(base + dy)})"',
        )
    ware = stream.choice(((244, 242, 236), (70, 96, 128), (206, 120, 88), (96, 122, 104)))
    d = f"M{n(x - 50)} {n(base - 38)}Q{n(x)} {n(base - 22)} {n(x + 50)} {n(base - 38)}Q{n(x + 44)} {n(base - 4)} {n(x + 20)} {n(base)}H{n(x - 20)}Q{n(x - 44)} {n(base - 4)} {n(x - 50)} {n(base - 38)}Z"
    c.shape(d, hexa(ware), extra=f'stroke="{darker(ware, 0.4)}" stroke-width="1"')
    c.shape(
        d, c.gradient((0, "#000", 0.15), (0.28, "#fff", 0.35), (0.6, "#fff", 0), (1, "#000", 0.25))
    )
    for dx, dy in ((-62, 4), (-52, 9), (54, 8)):
        c.shape(
            ellipse(x + dx, base + dy, 6.5, 4.4),
            hexa(tone),
            extra=f'stroke="{darker(tone, 0.4)}" stroke-width=".8"',
        )


def cleaner(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Beside a sink in front of tiles; a gloved hand wipes with a sponge."""
    rooms.tiles(c, stream, look, 50)
    s = stream.choice((-1, 1))
    with c.mirrored(s < 0):
        rooms.tap(c, 104, 54)
    rooms.surface(c, stream, look, 46)
    with c.mirrored(s < 0):
        c.shape(
            "M34 52L128 52L128 74L26 74Z",
            c.gradient((0, "#6f7780", 1), (0.4, "#c9d0d6", 1), (1, "#8f979f", 1), to=(0, 1)),
            extra='stroke="#5a616a" stroke-width="1.2"',
        )
    product(c, look, brand, -44 * s, 106, stream.uniform(0.94, 1.02))
    with c.mirrored(s < 0):
        _wiping(c, stream, look)
    for _ in range(7):
        x, y, r = s * stream.uniform(16, 76), stream.uniform(72, 120), stream.uniform(2.5, 6.5)
        c.shape(ellipse(x, y, r, r), "#fff", 0.55, 'stroke="#8fb6cc" stroke-width=".8"')
        c.shape(ellipse(x - r * 0.3, y - r * 0.3, r * 0.28, r * 0.28), "#fff")


def _wiping(c: Canvas, stream: Stream, look: Look) -> None:
    """A rubber glove from the right, under it a sponge on a wet streak."""
    glove = rooms.apart(
        ((244, 204, 60), (240, 130, 160), (90, 170, 190), (120, 180, 100)), stream, look.base
    )
    edge = f'stroke="{darker(glove, 0.45)}" stroke-width="1.3"'
    c.shape("M10 118Q40 106 92 108L96 122Q50 126 14 126Z", "#fff", 0.4)
    shadow(c, 66, 120, 34, 6, 0.4)
    c.shape(rounded(38, 96, 56, 15, 4), "#f2d24a", extra='stroke="#a98a1c" stroke-width="1"')
    c.shape(rounded(38, 109, 56, 9, 3), "#4f8f5a", extra='stroke="#2d5c36" stroke-width="1"')
    for x, y in ((46, 101), (58, 105), (70, 100), (84, 104)):
        c.shape(ellipse(x, y, 1.8, 1.3), "#b8961f")
    c.shape(
        "M140 44L140 92Q118 92 104 100Q92 108 84 104Q80 100 86 95Q76 104 68 101Q62 98 68 91Q58 99 51 95Q46 91 53 84Q46 86 42 82Q40 76 48 73L82 54Q96 46 112 48Z",
        hexa(glove),
        extra=edge,
    )
    c.shape(
        "M140 44L140 92Q118 92 104 100Q92 108 84 104L48 73L82 54Q96 46 112 48Z",
        c.gradient((0, "#fff", 0.3), (0.5, "#fff", 0), (1, "#000", 0.22), to=(0.4, 1)),
    )
    c.line("M53 84L74 70M68 91L86 76M86 95L98 82", darker(glove, 0.45), 1.4, 0.7)
    c.line("M112 48Q108 70 112 96", darker(glove, 0.4), 3, 0.5)


def fruit(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """In a dish or, from above, on a cutting board in the kitchen; bagged and boxed fruit on the counter."""
    if look.get("storage type") == "fresh" and (
        look.get("quantity per pack") in ("4", "5") or stream.chance(0.4)
    ):
        _on_board(c, look, brand, stream)
        return
    if stream.chance(0.5):
        rooms.tiles(c, stream, look, 44)
    else:
        rooms.room(c, stream, look, 30)
    rooms.surface(c, stream, look, 40)
    if look.get("storage type") != "fresh":
        s = stream.choice((-1, 1))
        rooms.plant(c, 98 * s, 62, 0.8, stream.choice(rooms.TONES))
        product(c, look, brand, -12 * s, 108, 0.98)
        return
    _in_dish(c, look, brand, stream)


LOWEST = {"1": 66, "2": 54, "3": 60, "4": 72, "5": 68}
"""Quantity of fruit -> where the lowest piece ends below the middle."""


def _in_dish(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    ware = rooms.apart(
        ((246, 244, 238), (66, 92, 124), (198, 128, 92), (70, 74, 80), (150, 176, 160)),
        stream,
        look.base,
    )
    edge = f'stroke="{darker(ware, 0.45)}" stroke-width="1.2"'
    shadow(c, 4, 116, 104, 12, 0.45)
    c.shape(ellipse(0, 66, 112, 20), darker(ware, 0.22), extra=edge)
    shadow(c, 0, 74, 84, 10, 0.4)
    place(c, look, brand, 0, 82 - LOWEST[look.get("quantity per pack")], 1)
    d = "M-112 66Q-100 86 0 86Q100 86 112 66Q106 102 44 114Q0 118 -44 114Q-106 102 -112 66Z"
    c.shape(d, hexa(ware), extra=edge)
    c.shape(
        d, c.gradient((0, "#000", 0.18), (0.28, "#fff", 0.3), (0.6, "#fff", 0), (1, "#000", 0.28))
    )


def _on_board(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """A board seen from above, a knife and a cloth beside it."""
    rooms.above(c, stream, look)
    cloth, turned = rooms.apart(rooms.TONES, stream, look.base), stream.integer(-8, 8)
    c.open(f'transform="rotate({turned - 24} 90 -90)"')
    c.shape("M44 -150H160V-30H50Z", lighter(cloth, 0.35))
    c.line("M54 -150V-30M62 -150V-30M150 -150V-30", lighter(cloth, 0.75), 3)
    c.close()
    c.open(f'transform="rotate({turned})"')
    c.shape(rounded(-110, -84, 214, 192, 18), "#000", 0.25)
    c.shape(
        rounded(-116, -92, 214, 192, 18), "#d6a96f", extra='stroke="#7d5728" stroke-width="1.6"'
    )
    c.line(
        "".join(f"M-106 {y}Q-20 {y + 6} 88 {y - 2}" for y in range(-74, 96, 24)),
        "#8f6530",
        1.2,
        0.35,
    )
    c.line(rounded(-106, -82, 194, 172, 12), "#8f6530", 2.4, 0.45)
    c.shape(rounded(-18, -88, 30, 9, 4.5), "#000", 0.35)
    c.shape(
        "M104 -58Q122 -40 120 30L106 34L102 34Z",
        c.gradient((0, "#aab3bb", 1), (1, "#f2f5f7", 1)),
        extra='stroke="#6d757d" stroke-width="1"',
    )
    c.shape(rounded(102, 34, 16, 62, 6), "#33302e", extra='stroke="#111" stroke-width="1"')
    for y in (48, 66, 84):
        c.shape(ellipse(110, y, 1.8, 1.8), hexa(rooms.STEEL))
    c.close()
    for x, y, size in PLACES[look.get("quantity per pack")]:
        shadow(c, x - 4, y + 12, 58 * size, 54 * size, 0.5)
    place(c, look, brand, -8, 4, 1)


def phone(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Held up in a hand, its back and cameras towards us."""
    if stream.chance(0.5):
        _street(c, stream, look)
    else:
        rooms.room(c, stream, look, 70)
    skin, sleeve = stream.choice(rooms.SKINS), rooms.apart(rooms.TONES, stream, look.base)
    tilt, ink = stream.integer(-9, 5), hexa(mix(skin, (60, 24, 10), 0.45))
    c.open(f'transform="translate(0 -6) rotate({tilt})"')
    palm = "M30 -4Q66 8 68 50Q70 84 62 112L66 170H-16L-14 112Q-40 96 -42 66Q-34 40 10 30Z"
    c.shape(palm, hexa(skin), extra=f'stroke="{ink}" stroke-width="1.4"')
    c.shape(palm, c.gradient((0, "#000", 0.14), (0.4, "#fff", 0.12), (1, "#000", 0.24)))
    c.shape(
        "M-26 122L72 118L80 190H-30Z",
        hexa(sleeve),
        extra=f'stroke="{darker(sleeve, 0.45)}" stroke-width="1.4"',
    )
    c.line("M-26 130L74 126", "#000", 2, 0.25)
    c.open('transform="translate(24 -6)"')
    c.shape(rounded(-68, -90, 96, 192, 16), "#000", 0.25)
    phone_back(c, look, brand, look.vary("corner", 9, 20))
    c.close()
    with c.mirrored(True):
        for y, tip, turned in ((10, 37, 6), (26, 34, 2), (42, 35, -3), (57, 38, -8)):
            rooms.finger(c, tip, y, 59 - tip, turned, skin, 16)
    thumb = "M66 78Q60 44 40 18Q28 6 32 -3Q38 -12 50 -3Q64 12 68 50"
    c.shape(thumb, hexa(skin))
    c.line("M57 44Q52 32 40 18Q28 6 32 -3Q38 -12 50 -3Q64 12 68 50", ink, 1.4)
    c.shape("M36 1Q34 -5 40 -5Q46 -2 47 4Q44 10 40 9Z", hexa(mix(skin, (255, 226, 220), 0.6)))
    c.close()


def _street(c: Canvas, stream: Stream, look: Look) -> None:
    """Blurred lights of a street."""
    tone = rooms.apart(WALLS, stream, look.base)
    c.shape(
        "M-128 -128H128V128H-128Z",
        c.gradient(
            (0, lighter(tone, 0.35), 1), (0.6, hexa(tone), 1), (1, darker(tone, 0.35), 1), to=(0, 1)
        ),
    )
    for _ in range(14):
        light = hexa(mix(stream.choice(rooms.TONES), (255, 240, 210), 0.45))
        r = stream.uniform(8, 30)
        c.shape(
            ellipse(stream.uniform(-128, 128), stream.uniform(-128, 110), r, r),
            c.radial((0, light, 0.45), (0.85, light, 0.5), (1, light, 0)),
        )


def laptop(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Open on a desk, with a mug, a lamp, books or a plant."""
    rooms.wall(c, stream, look)
    s = stream.choice((-1, 1))
    stream.choice((rooms.window, rooms.pictures))(c, stream, -62 * s, -76)
    rooms.surface(c, stream, look, 34)
    rooms.lamp(c, 100 * s, 52, -s, stream.choice(rooms.TONES))
    if stream.chance(0.5):
        rooms.plant(c, -106 * s, 56, 0.9, stream.choice(rooms.TONES))
    else:
        rooms.books(c, -98 * s, 56, stream)
    shadow(c, 0, 106, 112, 9, 0.5)
    c.open('transform="translate(0 12) scale(1.08)"')
    open_laptop(c, look, brand, look.vary("corner", 3, 9))
    c.close()
    rooms.mug(c, 106 * s, 116, stream.choice(rooms.TONES))


def headphone(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Headsets on a head or on a stand; buds and neckbands on a desk seen from above."""
    if look.get("ear placement") not in ("over-ear", "on-ear"):
        rooms.desk(c, stream, look)
        shadow(c, 4, 20, 110, 100, 0.16)
        place(c, look, brand, 2, 10, 1.02, stream.integer(-12, 12))
    elif stream.chance(0.6):
        _worn_on_head(c, look, brand, stream)
    else:
        _on_stand(c, look, brand, stream)


def _worn_on_head(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    rooms.room(c, stream, look, 96)
    skin, shirt = stream.choice(rooms.SKINS), rooms.apart(rooms.TONES, stream, look.base)
    hair = rooms.apart(
        (
            (44, 32, 28),
            (62, 42, 32),
            (92, 58, 36),
            *(((196, 150, 88), (150, 74, 44)) if skin in rooms.SKINS[:2] else ()),
        ),
        stream,
        look.base,
    )
    ink = hexa(mix(skin, (60, 24, 10), 0.5))
    half = 50 if look.get("ear placement") == "over-ear" else 46
    long = stream.chance(0.5)
    if long:
        c.shape(
            f"M{-half - 8} -20Q{-half - 14} -104 0 -106Q{half + 14} -104 {half + 8} -20Q{half + 16} 50 {half + 4} 92H{-half - 4}Q{-half - 16} 50 {-half - 8} -20Z",
            darker(hair, 0.12),
            extra=f'stroke="{darker(hair, 0.5)}" stroke-width="1.2"',
        )
    c.shape("M-20 40H20V92H-20Z", hexa(mix(skin, (70, 30, 14), 0.2)))
    c.shape(
        "M-104 140Q-98 98 -60 90L-22 80Q0 104 22 80L60 90Q98 98 104 140Z",
        hexa(shirt),
        extra=f'stroke="{darker(shirt, 0.45)}" stroke-width="1.4"',
    )
    c.line("M-22 80Q0 106 22 80", darker(shirt, 0.35), 4)
    face = f"M0 {-90}Q{half + 2} -88 {half - 2} -16Q{half - 6} 34 22 56Q0 68 -22 56Q{-half + 6} 34 {-half + 2} -16Q{-half - 2} -88 0 -90Z"
    c.shape(face, hexa(skin), extra=f'stroke="{ink}" stroke-width="1.3"')
    c.shape(face, c.gradient((0, "#000", 0.1), (0.4, "#fff", 0.1), (1, "#000", 0.14)))
    c.shape(
        f"M{-half - 1} -22Q{-half - 8} -100 0 -102Q{half + 8} -100 {half + 1} -22Q{half - 6} -56 14 -64Q{-half + 20} -68 {-half + 8} -46Q{-half + 2} -36 {-half - 1} -22Z",
        hexa(hair),
        extra=f'stroke="{darker(hair, 0.5)}" stroke-width="1.2"',
    )
    for s in (-1, 1):
        c.shape(ellipse(19 * s, -8, 6.4, 4.2), "#fff", extra=f'stroke="{ink}" stroke-width=".8"')
        c.shape(ellipse(19 * s, -8, 3.4, 3.6), "#2b2320")
        c.line(f"M{10 * s} -19Q{19 * s} -25 {29 * s} -19", darker(hair, 0.3), 2.8)
        c.shape(ellipse(27 * s, 16, 8, 5), "#d9574a", 0.18)
    c.line("M-1 -4Q-6 12 -5 16Q0 20 6 16", ink, 1.6, 0.8)
    c.line("M-13 32Q0 42 14 31", hexa(mix(skin, (150, 30, 40), 0.6)), 3)
    place(c, look, brand, 0, -16, 0.94 if half == 50 else 0.96)


def _on_stand(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    rooms.wall(c, stream, look)
    s = stream.choice((-1, 1))
    rooms.pictures(c, stream, -76 * s, -72)
    rooms.surface(c, stream, look, 56)
    rooms.plant(c, 102 * s, 78, 0.9, stream.choice(rooms.TONES))
    rooms.books(c, -100 * s, 80, stream)
    wood = rooms.apart(((186, 132, 80), (60, 60, 66), (226, 222, 214)), stream, look.base)
    edge = f'stroke="{darker(wood, 0.5)}" stroke-width="1.2"'
    shadow(c, 3, 110, 50, 8, 0.45)
    c.shape(rounded(-6, -84, 12, 188, 5), hexa(wood), extra=edge)
    c.shape(ellipse(0, 106, 42, 8), hexa(wood), extra=edge)
    c.shape(rounded(-24, -86, 48, 13, 6), lighter(wood, 0.1), extra=edge)
    place(c, look, brand, 0, 2, 0.98)


def chair(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """In a room, at a table, desk or bar that fits it."""
    rooms.room(c, stream, look, 46)
    kind, s = look.get("chair type"), stream.choice((-1, 1))
    wood = rooms.apart(
        ((150, 104, 66), (212, 168, 116), (86, 62, 48), (236, 234, 228)), stream, look.base
    )
    if kind in ("armchair", "rocking chair"):
        rooms.floor_lamp(c, 100 * s, 84, stream.choice(rooms.TONES))
        rooms.plant(c, -104 * s, 88, 1, stream.choice(rooms.TONES))
    else:
        level = {"bar stool": -4, "office chair": 12}.get(kind, 14)
        _long_table(c, 36 * s, level, wood)
        if kind == "office chair":
            _monitor(c, 74 * s, level - 4)
            c.open(f'transform="translate({116 * s} {level + 4}) scale(.5)"')
            rooms.mug(c, 0, 0, stream.choice(rooms.TONES))
            c.close()
        elif kind == "bar stool":
            c.open(f'transform="translate({70 * s} {level + 4}) scale(.5)"')
            rooms.glass(c, 0, 0, (224, 150, 70), stream)
            rooms.glass(c, 70 * s, -6, (214, 96, 88), stream)
            c.close()
        else:
            rooms.vase(c, 84 * s, level, stream)
            rooms.plate(c, 106 * s, level + 4, 12)
    product(
        c, look, brand, -24 * s if kind not in ("armchair", "rocking chair") else -6 * s, 116, 0.98
    )


def _long_table(c: Canvas, x: float, y: float, wood) -> None:
    """A table or counter behind the chair, its top at `y`."""
    edge = f'stroke="{darker(wood, 0.5)}" stroke-width="1.2"'
    for dx in (-86, 86):
        c.shape(rounded(x + dx - 4, y + 8, 8, 92 - y, 1), darker(wood, 0.25), extra=edge)
    shadow(c, x, 100, 100, 7, 0.3)
    c.shape(
        f"M{n(x - 88)} {n(y - 8)}H{n(x + 88)}L{n(x + 102)} {n(y + 8)}H{n(x - 102)}Z",
        lighter(wood, 0.12),
        extra=edge,
    )
    c.shape(rounded(x - 102, y + 8, 204, 9, 1), hexa(wood), extra=edge)


def _monitor(c: Canvas, x: float, base: float) -> None:
    c.shape(rounded(x - 3, base - 16, 6, 16, 0), "#3a3a40")
    c.shape(ellipse(x, base, 17, 3.5), "#3a3a40")
    c.shape(rounded(x - 42, base - 64, 84, 50, 3), "#1b1b20")
    screen = rounded(x - 39, base - 61, 78, 44, 1)
    c.shape(
        screen, c.gradient((0, "#27496d", 1), (0.6, "#7fb2c9", 1), (1, "#d9e8e4", 1), to=(0.7, 1))
    )


def table(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Laid with plates and a vase, a lamp and a plant behind it."""
    rooms.room(c, stream, look, 34)
    s = stream.choice((-1, 1))
    rooms.floor_lamp(c, 106 * s, 62, stream.choice(rooms.TONES))
    rooms.plant(c, -108 * s, 66, 1, stream.choice(rooms.TONES))
    shadow(c, 0, 114, 108, 10, 0.45)
    y, x = look.vary("height", -34, -8), {"square": 34, "round": 36}.get(look.get("shape"), 48)
    c.open('transform="translate(0 20) scale(1.04)"')
    DRAWINGS["table"](c, look, brand)
    rooms.plate(c, -x, y - 3, 17)
    if stream.chance(0.5):
        rooms.plate(c, x, y - 8, 15)
    else:
        c.open(f'transform="translate({x} {n(y - 4)}) scale(.6)"')
        rooms.books(c, 0, 0, stream)
        c.close()
    rooms.vase(c, 0, y - 6, stream)
    c.close()


USES: dict[str, Callable[[Canvas, Look, str, Stream], None]] = {
    "chair": chair,
    "cleaner": cleaner,
    "drink": drink,
    "fruit": fruit,
    "headphone": headphone,
    "laptop": laptop,
    "phone": phone,
    "snack": snack,
    "table": table,
}
"""class -> its scene of use (canvas, look, brand, stream of the scene's choices)."""
