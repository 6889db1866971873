"""Clothes, shoes, bags and jewelry worn and carried: on people, forms and hangers, in streets and halls."""

from collections.abc import Callable

from skulens.world.canvas.backdrop import WOODS, background, shadow
from skulens.world.canvas.surface import metal
from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.config import Stream
from skulens.world.draw import bags, clothing, jewelry
from skulens.world.draw import shoes as footwear
from skulens.world.truth.colours import Rgb, darker, hexa, lighter, mix
from skulens.world.truth.look import Look
from skulens.world.use.people import HAIRS, blob, chin, coat, fist, hand, limb, neck
from skulens.world.use.rooms import SKINS, TONES, apart, room, wall

Drawing = Callable[[Canvas, Look, str], None]
EVERYWHERE = "M-128 -128H128V128H-128Z"
FABRICS: tuple[Rgb, ...] = ((232, 226, 214), (210, 200, 186), (70, 70, 76), (196, 202, 206))
"""What tailor's forms are covered with."""
VELVETS: tuple[Rgb, ...] = (
    (46, 50, 84),
    (98, 24, 40),
    (34, 74, 60),
    (36, 36, 42),
    (226, 216, 204),
    (86, 62, 96),
)


def place(x: float, y: float, scale: float, turned: float = 0) -> str:
    spin = f" rotate({n(turned)})" if turned else ""
    return f'transform="translate({n(x)} {n(y)}){spin} scale({scale:.3f})"'


def clear_of(tones: tuple[Rgb, ...], stream: Stream, rgb: Rgb) -> Rgb:
    """A tone by chance, of those that the product's colour stands out from."""
    return stream.choice(
        [tone for tone in tones if sum(abs(a - b) for a, b in zip(tone, rgb, strict=True)) > 100]
    )


# Places.


def somewhere(c: Canvas, stream: Stream, look: Look, floor: float) -> None:
    """A room or a street."""
    if stream.chance(0.5):
        room(c, stream, look, floor)
    else:
        street(c, stream, look, floor)


def street(c: Canvas, stream: Stream, look: Look, floor: float) -> None:
    """Houses far away, trees, a pavement from `floor` downwards."""
    c.shape(EVERYWHERE, c.gradient((0, "#b9d7ee", 1), (0.6, "#eef5f8", 1), to=(0, 1)))
    x = -150.0
    while x < 128:
        wide, top = stream.uniform(44, 76), stream.uniform(-120, -40)
        tone = mix(apart(TONES, stream, look.base), (226, 228, 230), 0.62)
        front = f"M{n(x)} {n(floor)}V{n(top)}H{n(x + wide)}V{n(floor)}Z"
        c.shape(front, hexa(tone))
        pane = hexa(mix(tone, (90, 110, 130), 0.4))
        c.shape(front, c.tile(18, 24, f'<rect x="5" y="7" width="8" height="12" fill="{pane}"/>'))
        c.line(f"M{n(x)} {n(top)}H{n(x + wide)}", darker(tone, 0.3), 2.4)
        x += wide
    for _ in range(stream.integer(1, 3)):
        x, r = stream.uniform(-128, 128), stream.uniform(22, 36)
        c.line(f"M{n(x)} {n(floor)}V{n(floor - 60)}", "#6b5442", 5)
        c.shape(
            ellipse(x, floor - 70, r, r * 1.2),
            c.radial((0, "#9cc08a", 1), (1, "#6d9a68", 1), at=(0.4, 0.3), r=0.7),
        )
    ground = f"M-128 {n(floor)}H128V128H-128Z"
    c.shape(
        ground, hexa(apart(((186, 184, 180), (142, 140, 140), (206, 196, 182)), stream, look.base))
    )
    c.line(
        "".join(f"M{n(a * 0.5)} {n(floor)}L{a} 128" for a in range(-300, 301, 50)), "#000", 1, 0.2
    )
    c.line(
        "".join(f"M-128 {n(floor + (128 - floor) * q)}H128" for q in (0.2, 0.52)), "#000", 1, 0.2
    )
    c.shape(ground, c.gradient((0, "#000", 0.22), (0.4, "#000", 0), to=(0, 1)))


def wardrobe(c: Canvas, stream: Stream, look: Look, rail: float) -> None:
    """An open wardrobe: back panel, rail, and other clothes hanging at both sides."""
    wood = apart((*WOODS, (236, 234, 230)), stream, look.base)
    c.shape(EVERYWHERE, hexa(wood))
    c.line("".join(f"M{x} -128V128" for x in range(-96, 128, 64)), "#000", 1.4, 0.18)
    c.shape(
        EVERYWHERE,
        c.gradient((0, "#000", 0.4), (0.25, "#000", 0.06), (0.75, "#000", 0.06), (1, "#000", 0.4)),
    )
    c.shape(EVERYWHERE, c.gradient((0, "#000", 0.3), (0.2, "#000", 0), to=(0, 1)))
    c.shape(rounded(-128, rail - 3, 256, 6, 0), metal(c, (190, 194, 200), (0, 1)))
    for s in (-1, 1):
        for i in range(3):
            x, tone = s * (124 - 13 * i), apart(TONES, stream, look.base)
            top, low = rail + 16 + stream.uniform(0, 4), stream.uniform(70, 124)
            c.line(f"M{n(x)} {n(rail)}V{n(top)}", "#8d9299", 1.8)
            blob(
                c,
                f"M{n(x - 5)} {n(top)}Q{n(x - 12)} {n(top + 20)} {n(x - 10)} {n(low)}H{n(x + 10)}Q{n(x + 12)} {n(top + 20)} {n(x + 5)} {n(top)}Z",
                tone,
            )
    c.shape("M-128 118H128V128H-128Z", hexa(mix(wood, (0, 0, 0), 0.4)))


def hall(c: Canvas, stream: Stream, look: Look, floor: float) -> None:
    """An airport's hall: glass, an aeroplane behind it, a shining floor, a row of seats."""
    c.shape(
        EVERYWHERE,
        c.gradient(
            (0, stream.choice(("#9cc6ea", "#f3c79a", "#b8c6d6")), 1),
            (0.75, "#f4f6f6", 1),
            to=(0, 1),
        ),
    )
    c.shape(f"M-128 {n(floor - 44)}H128V{n(floor)}H-128Z", "#9aa59a")
    c.line(f"M-128 {n(floor - 14)}H128", "#f4f6f6", 3, 0.8, 'stroke-dasharray="22 14"')
    x, s = stream.uniform(-50, 50), stream.choice((-1, 1))
    c.open(f'transform="translate({n(x)} {n(floor - 62)}) scale({1.2 * s:.1f} 1.2)"')
    tail = hexa(apart(TONES, stream, look.base))
    c.shape("M-70 -4L-88 -34L-72 -34L-48 -8Z", tail)
    c.shape(
        "M-78 0Q-70 -12 -40 -12H44Q70 -12 78 2Q70 12 44 12H-44Q-70 10 -78 0Z",
        "#fbfbfb",
        extra='stroke="#8c96a0" stroke-width="1.2"',
    )
    c.line("M-40 -4H52", "#5f7a92", 3, 1, 'stroke-dasharray=".1 8"')
    c.shape("M58 -6Q68 -4 70 0H58Z", "#5f7a92")
    c.shape("M-6 4L-34 26H-18L22 6Z", "#c9d0d6", extra='stroke="#8c96a0" stroke-width="1"')
    c.shape(rounded(-8, 14, 22, 9, 4), tail)
    c.close()
    for a in range(-128, 129, 64):
        c.line(f"M{a} -128V{n(floor)}", "#5d6670", 4)
    c.line(f"M-128 -70H128M-128 {n(floor)}H128", "#5d6670", 4)
    c.shape("M-128 -128H-60L-120 40H-128Z", "#fff", 0.16)
    ground = f"M-128 {n(floor)}H128V128H-128Z"
    tone = apart(((214, 216, 218), (150, 156, 164), (190, 180, 168)), stream, look.base)
    c.shape(ground, hexa(tone))
    c.line(
        "".join(f"M{n(a * 0.45)} {n(floor)}L{a} 128" for a in range(-320, 321, 64)), "#000", 1, 0.16
    )
    c.line(f"M-128 {n(floor + 14)}H128M-128 {n(floor + 38)}H128", "#000", 1, 0.16)
    c.shape(ground, c.gradient((0, "#fff", 0.5), (0.5, "#fff", 0), (1, "#000", 0.15), to=(0, 1)))


def doorway(c: Canvas, stream: Stream, look: Look, floor: float) -> None:
    """A hallway with its door and mat, ready to leave."""
    wall(c, stream, look)
    c.shape(f"M-128 {n(floor - 8)}H128V{n(floor)}H-128Z", "#f3f1ec")
    wood = apart((*WOODS, (196, 190, 182)), stream, look.base)
    c.shape(f"M-128 {n(floor)}H128V128H-128Z", hexa(wood))
    c.line(
        "".join(f"M{n(a * 0.5)} {n(floor)}L{a} 128" for a in range(-320, 321, 48)), "#000", 1, 0.25
    )
    x, paint = stream.choice((-62, 56)), apart((*TONES, (238, 236, 230)), stream, look.base)
    c.shape(
        rounded(x - 50, -140, 100, floor + 140, 1),
        "#f3f1ec",
        extra='stroke="#000" stroke-opacity=".3" stroke-width="1"',
    )
    c.shape(rounded(x - 42, -140, 84, floor + 139, 1), hexa(paint))
    for y, high in ((-112, 66), (-30, 76)):
        for dx in (-32, 4):
            c.shape(rounded(x + dx, y, 28, high, 2), "#000", 0.08)
            c.line(rounded(x + dx, y, 28, high, 2), darker(paint, 0.35), 1.2)
    c.shape(
        ellipse(x + 34, -2, 4.5, 4.5),
        metal(c, (206, 170, 90)),
        extra='stroke="#6b5018" stroke-width="1"',
    )
    mat = apart(TONES, stream, look.base)
    c.shape(
        f"M{n(x - 56)} {n(floor + 8)}H{n(x + 56)}L{n(x + 72)} 122H{n(x - 72)}Z",
        hexa(mat),
        extra=f'stroke="{darker(mat, 0.4)}" stroke-width="2"',
    )


# Clothes.

NECKS = {
    "v neck": "M-18 -130V-80L0 -58L18 -80V-130Z", "scoop neck": "M-23 -130V-78Q-22 -58 0 -58Q22 -58 23 -78V-130Z",
    "polo": "M-15 -130L-18 -84L-1 -68H1L18 -84L15 -130Z", "mandarin": "M-15 -130L-18 -82Q-14 -69 -1 -67H1Q14 -69 18 -82L15 -130Z",
    "hooded": "M-13 -130V-76Q-12 -63 0 -62Q12 -63 13 -76V-130Z",
}  # fmt: skip
"""collar -> where the neck stands before the top's inside; CREW for the others, none for a turtleneck."""
CREW = "M-16 -130V-80Q-14 -70 0 -70Q14 -70 16 -80V-130Z"


def cloth(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """A top on a person, on a tailor's form or on a hanger."""
    kind = stream.choice(("person", "person", "person", "form", "hanger"))
    if kind == "hanger":
        hung(c, look, brand, stream)
        return
    scale, x = stream.uniform(1, 1.1), stream.bell(12)
    body = (
        clear_of(SKINS, stream, look.base)
        if kind == "person"
        else apart(FABRICS, stream, look.base)
    )
    somewhere(c, stream, look, stream.uniform(40, 80))
    c.open(place(x, 114 * scale - 128, scale))
    hem, wide, _ = clothing.cut(look)
    if kind == "person":
        below_person(c, look, stream, body, hem, wide)
    else:
        below_form(c, look, body)
    hair = stream.choice(HAIRS) if kind == "person" and stream.chance(0.5) else None
    if hair:
        c.shape("M-34 -150Q-40 -96 -33 -66H33Q40 -96 34 -150Z", darker(hair, 0.3))
    neck(c, body)
    clothing.cloth(c, look, brand)
    if look.get("collar type") != "turtleneck":
        c.open(c.clip(NECKS.get(look.get("collar type"), CREW)))
        neck(c, body)
        c.close()
    if kind == "person":
        chin(c, body)
        if hair:
            for s in (-1, 1):
                c.shape(
                    f"M{20 * s} -150Q{25 * s} -112 {22 * s} -84Q{34 * s} -66 {30 * s} -40Q{46 * s} -70 {38 * s} -112L{34 * s} -150Z",
                    hexa(hair),
                    extra=f'stroke="{darker(hair, 0.4)}" stroke-width="1"',
                )
    else:
        c.shape(ellipse(0, -101, 13, 4), "#b58a58", extra='stroke="#5c4026" stroke-width="1"')
        c.shape(
            "M-4 -102Q-6 -112 0 -114Q6 -112 4 -102Z",
            "#8a6238",
            extra='stroke="#5c4026" stroke-width="1"',
        )
    c.close()


def below_person(c: Canvas, look: Look, stream: Stream, skin: Rgb, hem: float, wide: float) -> None:
    """What a top leaves of a person: arms, hands, a belly under a cropped hem, trousers."""
    trousers = apart(TONES, stream, look.base)
    top = hem + 12 if look.get("hem shape") == "cropped" else hem - 24
    if top > hem:
        blob(
            c,
            f"M{n(-wide + 5)} {n(hem - 20)}Q{n(-wide + 9)} {n(hem + 6)} {n(-wide + 5)} {n(top + 10)}H{n(wide - 5)}Q{n(wide - 9)} {n(hem + 6)} {n(wide - 5)} {n(hem - 20)}Z",
            skin,
        )
        c.shape(ellipse(0, hem + 7, 1.6, 2.4), darker(skin, 0.4))
    blob(
        c,
        f"M{n(-wide + 4)} {n(top)}H{n(wide - 4)}L{n(wide + 6)} 170H4L0 {n(top + 66)}L-4 170H{n(-wide - 6)}Z",
        trousers,
    )
    c.line(
        f"M{n(-wide + 3)} {n(top + 10)}H{n(wide - 3)}M0 {n(top + 10)}V{n(top + 60)}",
        darker(trousers, 0.5),
        1.4,
        0.8,
    )
    for s in (-1, 1):
        if look.get("sleeve length") == "long sleeve":
            hand(c, skin, 79 * s, 68, s, -4 * s)
        elif look.get("sleeve length") == "short sleeve":
            hand(c, skin, 73 * s, 72, s, 6 * s)
            limb(c, f"M{66 * s} -30Q{82 * s} 0 {80 * s} 26L{74 * s} 66", skin, 17)
        else:
            hand(c, skin, 61 * s, 66, s, -2 * s)
            limb(c, f"M{38 * s} -58Q{54 * s} -40 {56 * s} -8L{60 * s} 58", skin, 19)


def below_form(c: Canvas, look: Look, tone: Rgb) -> None:
    """A tailor's form: shoulders, hips, and its stand."""
    c.line("M0 80V190", "#4a4038", 8)
    c.line("M-2 80V190", "#8d7a66", 2, 0.8)
    blob(
        c,
        "M-34 -72Q-46 -66 -40 -40Q-34 -8 -38 30Q-46 70 -40 104Q0 116 40 104Q46 70 38 30Q34 -8 40 -40Q46 -66 34 -72Z",
        tone,
    )
    c.line("M0 -72V108", darker(tone, 0.4), 1.2, 0.6)
    c.line("M-40 104Q0 116 40 104", "#5c4026", 3)


def hung(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """A top on its hanger in the wardrobe."""
    rail = -108
    wardrobe(c, stream, look, rail)
    wood = stream.choice(("#b98a58", "#7a5436", "#e4d6c0", "#3c3a3c"))
    c.open(place(stream.bell(6), 14, stream.uniform(0.98, 1.06), stream.bell(3)))
    c.shape(ellipse(6, 6, 92, 96), c.radial((0, "#000", 0.3), (1, "#000", 0)))
    c.line("M0 -78V-104Q0 -112 7 -114Q15 -117 13 -124Q8 -131 1 -126", "#8d9299", 3)
    clothing.cloth(c, look, brand)
    if look.get("collar type") not in ("turtleneck", "hooded"):
        c.open(c.clip(NECKS.get(look.get("collar type"), CREW)))
        c.line("M-34 -62Q-8 -80 0 -80Q8 -80 34 -62", wood, 7)
        c.line("M0 -78V-104", "#8d9299", 3)
        c.close()
    c.close()


def pants(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Trousers on legs in shoes, or on a clip hanger."""
    if stream.chance(0.2):
        wardrobe(c, stream, look, -112)
        c.open(place(stream.bell(6), 18, 1.02, stream.bell(3)))
        c.shape(ellipse(6, 6, 70, 104), c.radial((0, "#000", 0.3), (1, "#000", 0)))
        c.line("M0 -104V-118Q0 -124 7 -127Q14 -131 10 -136", "#8d9299", 3)
        clothing.pants(c, look, brand)
        c.shape(
            rounded(-36, -107, 72, 6, 2),
            metal(c, (190, 194, 200), (0, 1)),
            extra='stroke="#666" stroke-width=".8"',
        )
        for s in (-1, 1):
            c.shape(rounded(22 * s - 5, -108, 10, 16, 2), "#3a3a40")
        c.close()
        return
    skin, shirt = clear_of(SKINS, stream, look.base), apart(TONES, stream, look.base)
    somewhere(c, stream, look, stream.uniform(46, 82))
    _, foot, end, _ = clothing.legs(look)
    stand = (
        24
        if look.get("fit") == "slim"
        else (3 if look.get("fit") == "wide-leg" else look.vary("gap", 5, 9)) + foot
    )
    scale = stream.uniform(0.94, 1)
    shadow(c, 0, 116, 84, 12, 0.45)
    c.open(place(stream.bell(14), 116 - 104 * scale, scale))
    for s in (-1, 1):
        hand(c, skin, 58 * s, -66, s)
        limb(c, f"M{52 * s} -170Q{62 * s} -120 {59 * s} -78", shirt, 21)
    leather = apart(
        ((44, 40, 40), (236, 234, 228), (132, 88, 54), (70, 82, 104)), stream, look.base
    )
    for s in (-1, 1):
        limb(c, f"M{n(stand * s)} 20V96", skin, 17)
        c.shape(
            f"M{n((stand - 13) * s)} 108Q{n((stand - 14) * s)} 88 {n(stand * s)} 88Q{n((stand + 14) * s)} 88 {n((stand + 17) * s)} 108Z",
            hexa(leather),
            extra=f'stroke="{darker(leather, 0.5)}" stroke-width="1.2"',
        )
        c.shape(
            f"M{n((stand - 14) * s)} 105H{n((stand + 18) * s)}V110H{n((stand - 14) * s)}Z",
            "#f3f1ea" if leather[0] < 200 else "#8d8a86",
        )
    blob(c, "M-38 -88Q-42 -120 -54 -180H54Q42 -120 38 -88Z", shirt)
    c.line("M-24 -92Q-20 -110 -26 -124M20 -92Q24 -108 20 -122", "#000", 3, 0.14)
    clothing.pants(c, look, brand)
    c.close()


# Shoes.


def shoes(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """The pair on two feet on a pavement or a floor, trousers or bare legs above."""
    floor = stream.uniform(20, 56)
    (room if look.get("shoe type") == "slippers" else somewhere)(c, stream, look, floor)
    skin = clear_of(SKINS, stream, look.base)
    bare = stream.chance(
        {"pumps": 0.8, "sandals": 0.7, "slippers": 0.6}.get(look.get("shoe type"), 0.2)
    )
    cover = (
        None
        if bare
        else apart(
            ((58, 74, 110), (46, 46, 52), (196, 180, 150), (112, 116, 122), (96, 104, 74)),
            stream,
            look.base,
        )
    )
    sock = apart(((240, 240, 236), (60, 62, 70), (150, 60, 60)), stream, look.base)
    high = stream.uniform(20, 44)
    for x, y, scale, name in ((-26, 16, 0.84, ""), (10, 38, 1, brand)):
        shadow(c, x + 4, y + 60 * scale, 106 * scale, 12, 0.5)
        c.open(place(x, y, scale))
        dressed_foot(c, look, name, skin, sock, cover, high)
        c.close()


def dressed_foot(
    c: Canvas, look: Look, brand: str, skin: Rgb, sock: Rgb, cover: Rgb | None, high: float
) -> None:
    """One foot in its shoe; `cover` are trousers that end `high` above the ankle, None a bare leg."""
    kind = look.get("shoe type")
    under = {"sandals": sandal_foot, "pumps": pump_foot, "slippers": slipper_foot}.get(kind)
    if under:
        left, right, top = under(c, look, skin)
        footwear.shoe(c, look, brand)
    else:
        footwear.shoe(c, look, brand)
        left, right, top = ankle(c, look, sock if cover or kind != "loafers" else skin, skin)
    if cover:
        low = top - high
        d = f"M{left - 14} {n(low)}Q{n((left + right) / 2)} {n(low + 9)} {right + 15} {n(low)}L{right + 26} -260H{left - 22}Z"
        blob(c, d, cover)
        c.line(
            f"M{left - 13} {n(low - 6)}Q{n((left + right) / 2)} {n(low + 3)} {right + 14} {n(low - 6)}",
            darker(cover, 0.5),
            1.2,
            0.7,
        )
        c.line(
            f"M{right + 4} {n(low - 20)}Q{right - 14} {n(low - 28)} {left} {n(low - 22)}",
            "#000",
            3,
            0.13,
        )


def ankle(c: Canvas, look: Look, sock: Rgb, skin: Rgb) -> tuple[float, float, float]:
    """The leg above a closed shoe; (left, right, y) where trousers may begin."""
    kind, high = look.get("shoe type"), look.get("boot height")
    if kind == "boots":
        left, right, top, sag = -64, -16, {"mid-calf": -86}.get(high, -58), 5
    elif kind == "loafers":
        left, right, top, sag = -72, -22, -18, 20
    else:
        left, right, top, sag = -73, -32, -66 if high == "high top" else -28, 14
    rim = top + (3 if kind != "loafers" else 10)
    blob(
        c,
        f"M{left} {top}Q{n((left + right) / 2)} {top + sag} {right} {rim}L{right - 2} -60L{right + 8} -260H{left - 6}L{left + 3} -60Z"
        if top > -50
        else f"M{left} {top}Q{n((left + right) / 2)} {top + sag} {right} {rim}L{right + 6} -260H{left - 4}Z",
        skin,
    )
    cuff = top - 26
    blob(
        c,
        f"M{left} {top}Q{n((left + right) / 2)} {top + sag} {right} {rim}L{right - 1} {cuff}Q{n((left + right) / 2)} {cuff + 6} {left + 2} {cuff}Z",
        sock,
    )
    return left, right, top


def sandal_foot(c: Canvas, look: Look, skin: Rgb) -> tuple[float, float, float]:
    lift = 20 if look.get("heel height") == "mid heel (2-3 inches)" else 0
    blob(
        c,
        f"M-84 {28 - lift}Q-92 {-4 - lift} -76 {-40 - lift}L-78 -260H-14L-24 {-44 - lift}Q-8 {-20 - lift * 0.6:.1f} 36 -6Q84 4 92 24Q90 34 60 36L0 36Z",
        skin,
    )
    c.line("M78 14Q86 16 88 24", darker(skin, 0.4), 1.2)
    return -76, -26, -44 - lift


def pump_foot(c: Canvas, look: Look, skin: Rgb) -> tuple[float, float, float]:
    back = -44 if look.get("heel height") == "high heel (3+ inches)" else -24
    blob(
        c,
        f"M-84 {back + 12}Q-88 {back - 12} -76 {back - 36}L-80 -260H-16L-32 {back - 44}Q-26 {back - 14} -4 {back * 0.3 + 10:.1f}Q20 10 48 24L40 44L-40 {back + 54}Z",
        skin,
    )
    return -76, -32, back - 44


def slipper_foot(c: Canvas, look: Look, skin: Rgb) -> tuple[float, float, float]:
    blob(c, "M-76 32Q-86 2 -73 -34L-76 -260H-14L-26 -38Q-14 -14 30 -8L30 36H-40Z", skin)
    return -74, -26, -38


# Bags.


def backpack(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """On the back of someone walking away."""
    street(c, stream, look, stream.uniform(10, 50))
    skin, hair = clear_of(SKINS, stream, look.base), stream.choice(HAIRS)
    jacket, trousers = (
        apart(TONES, stream, look.base),
        apart(((58, 74, 110), (52, 52, 58), (150, 138, 116)), stream, look.base),
    )
    scale, x = stream.uniform(0.8, 0.88), stream.bell(16)
    c.open(place(x, 16, 1))
    for s in (-1, 1):
        hand(c, skin, 72 * s, 82, s)
        limb(c, f"M{56 * s} -50Q{76 * s} 0 {70 * s} 44L{72 * s} 70", jacket, 25)
    blob(c, "M-52 60H52L50 140H4L0 96L-4 140H-50Z", trousers)
    c.shape("M-12 -84H12V-60H-12Z", darker(skin, 0.15))
    blob(
        c,
        "M-14 -72Q-56 -68 -64 -44Q-62 20 -56 78H56Q62 20 64 -44Q56 -68 14 -72Q0 -66 -14 -72Z",
        jacket,
    )
    c.line("M-16 -72Q0 -64 16 -72", darker(jacket, 0.35), 6)
    c.shape(ellipse(0, -108, 25, 30), hexa(skin))
    if stream.chance(0.5):
        locks = "M-26 -112Q-28 -142 0 -142Q28 -142 26 -112Q28 -88 33 -70Q26 -58 17 -63Q9 -55 0 -60Q-9 -55 -17 -63Q-26 -58 -33 -70Q-28 -88 -26 -112Z"
    else:
        locks = "M-26 -104Q-30 -140 0 -140Q30 -140 26 -104Q22 -84 13 -80Q0 -76 -13 -80Q-22 -84 -26 -104Z"
        for s in (-1, 1):
            c.shape(
                ellipse(26 * s, -104, 5, 8),
                hexa(skin),
                extra=f'stroke="{darker(skin, 0.4)}" stroke-width="1"',
            )
    c.shape(locks, hexa(hair), extra=f'stroke="{darker(hair, 0.4)}" stroke-width="1"')
    c.line(
        "M-12 -136Q-18 -110 -10 -84M4 -138Q2 -110 6 -82M16 -132Q20 -110 14 -86",
        darker(hair, 0.45),
        1.6,
        0.6,
    )
    c.shape(ellipse(4, 26, 70, 78), c.radial((0, "#000", 0.4), (0.8, "#000", 0.25), (1, "#000", 0)))
    c.open(place(0, 20, scale))
    bags.backpack(c, look, brand)
    c.close()
    c.close()


def handbag(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """In the crook of an arm, or in a hanging hand."""
    somewhere(c, stream, look, stream.uniform(50, 90))
    skin, dress = clear_of(SKINS, stream, look.base), apart(TONES, stream, look.base)
    scale, top = stream.uniform(0.78, 0.84), bags.handle_top(look)
    if stream.chance(0.55):
        coat(c, stream, dress, skin, -38)
        y = -36
        hand(c, skin, 103, y - 7, 1, -96)
        limb(c, f"M8 -88Q22 -56 8 {y + 4}Q10 {y + 6} 30 {y - 2}L92 {y - 6}", dress, 28)
        c.open(place(52, y - 10 - top * scale, scale))
        bags.handbag(c, look, brand)
        c.close()
        return
    coat(c, stream, dress, skin, -62)
    y = -40 if top < -90 else -24
    limb(c, f"M-16 -92Q10 -70 24 {y - 34}L34 {y - 18}", dress, 29)
    limb(c, f"M36 {y - 16}L40 {y - 2}", skin, 15)
    c.open(place(42, y - top * scale, scale))
    bags.handbag(c, look, brand)
    c.close()
    fist(c, skin, 42, y)


def suitcase(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """Led through an airport's hall, or waiting at the door."""
    scale, side = stream.uniform(0.86, 0.94), stream.choice((-1, 1))
    if stream.chance(0.65):
        hall(c, stream, look, stream.uniform(34, 60))
        skin, dress = clear_of(SKINS, stream, look.base), apart(TONES, stream, look.base)
        drawn = look.get("handle type") == "telescopic handle"
        x, y = 34 * side, 116 - 100 * scale
        grip = y + (-101 if drawn else -62) * scale
        shadow(c, x, 114, 84, 12, 0.5)
        traveller(c, stream, dress, look, -66 * side)
        if drawn:
            limb(
                c, f"M{-34 * side} -140Q{-16 * side} -120 {x - 8 * side} {n(grip - 18)}", dress, 26
            )
            limb(c, f"M{x - 6 * side} {n(grip - 14)}L{x} {n(grip)}", skin, 15)
        else:
            limb(c, f"M{-30 * side} -116Q{6 * side} -90 {x - 8 * side} {n(grip - 26)}", dress, 26)
            limb(c, f"M{x - 6 * side} {n(grip - 22)}L{x} {n(grip - 4)}", skin, 15)
        c.open(place(x, y, scale))
        bags.suitcase(c, look, brand)
        c.close()
        fist(c, skin, x, grip)
        return
    doorway(c, stream, look, stream.uniform(50, 70))
    x = 20 * side
    shadow(c, x, 112, 88, 12, 0.5)
    c.open(place(x, 112 - 100 * scale, scale))
    bags.suitcase(c, look, brand)
    c.close()


def traveller(c: Canvas, stream: Stream, dress: Rgb, look: Look, x: float) -> None:
    """A figure from the shoulders to the shoes, the head above the picture."""
    trousers = apart(((58, 74, 110), (46, 46, 52), (150, 138, 116)), stream, look.base)
    c.open(place(x, 0, 1))
    shadow(c, 0, 116, 46, 8, 0.45)
    for s in (-1, 1):
        c.shape(f"M{4 * s} 116V104H{28 * s}Q{34 * s} 110 {34 * s} 116Z", "#2b2624")
    blob(c, "M-36 10H36L32 106H5L1 50L-3 106H-30Z", trousers)
    blob(c, "M-44 -140Q-50 -40 -42 34H42Q50 -40 44 -140Z", dress)
    c.line("M0 -128V34", darker(dress, 0.5), 1.6)
    c.line("M-26 -6H-12M12 -6H26", darker(dress, 0.5), 3)
    c.close()


# Jewelry.


def gold(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """On a neck, an ear, a finger or a wrist, or in a box of velvet."""
    kind, rgb = look.get("product type"), look.base
    gem = jewelry.STONES[look.get("stone type")]
    if stream.chance(0.3):
        casket(c, look, brand, stream, jewelry.gold)
    elif kind == "necklace":
        on_neck(c, look, stream, jewelry.gold)
    elif kind == "earrings":
        x, y = ear(c, stream, look, 1)
        c.open(place(x - 44 * 0.86, y + 64 * 0.86, 0.86))
        jewelry.earring(c, look, rgb, 1)
        c.close()
    elif kind == "ring":
        fingers(c, stream, look, rgb)
        jewelry.ornament(c, look, rgb, gem, 2, 14, 50)
    elif kind == "bangle":
        on_wrist(c, look, stream, jewelry.gold, (82, 66, -4, 19))
    else:
        on_wrist(c, look, stream, jewelry.gold, (84, 58, -4, 8))


def diamond(c: Canvas, look: Look, brand: str, stream: Stream) -> None:
    """As gold is worn."""
    kind, rgb = look.get("product type"), jewelry.METAL[look.get("metal material")]
    cut = look.get("diamond shape")
    if kind != "stud earrings" and stream.chance(0.3):
        casket(c, look, brand, stream, jewelry.diamond)
    elif kind == "pendant necklace":
        on_neck(c, look, stream, jewelry.diamond)
    elif kind == "stud earrings":
        x, y = ear(c, stream, look, 1.9)
        jewelry.setting(c, look, rgb, look.base, cut, x, y, 46)
    elif kind == "ring":
        fingers(c, stream, look, rgb)
        if look.get("setting style") == "pave":
            for x in (-47, -39, 43, 51):
                jewelry.stone(c, x, 28 - abs(x - 2) * 0.28, 5, look.base)
        jewelry.setting(c, look, rgb, look.base, cut, 2, 16, 50)
    else:
        on_wrist(c, look, stream, jewelry.diamond, (80, 58, 0, 27))


def casket(c: Canvas, look: Look, brand: str, stream: Stream, drawing: Drawing) -> None:
    """An open box from above: the lid's satin, a velvet cushion, the piece upon it."""
    background(c, stream)
    velvet = clear_of(VELVETS, stream, look.base)
    case = hexa(mix(velvet, (20, 16, 16), 0.5))
    c.shape(ellipse(6, 8, 150, 146), c.radial((0, "#000", 0.5), (0.8, "#000", 0.4), (1, "#000", 0)))
    c.shape(
        rounded(-112, -140, 224, 52, 8),
        case,
        extra='stroke="#000" stroke-opacity=".5" stroke-width="1.4"',
    )
    satin = mix(velvet, (250, 246, 238), 0.72)
    c.shape(rounded(-104, -140, 208, 46, 6), hexa(satin))
    c.shape(
        rounded(-104, -140, 208, 46, 6),
        c.gradient((0, "#000", 0.12), (0.3, "#fff", 0.4), (0.6, "#000", 0.06), (1, "#000", 0.2)),
    )
    c.shape(
        rounded(-112, -90, 224, 210, 12),
        case,
        extra='stroke="#000" stroke-opacity=".5" stroke-width="1.4"',
    )
    c.line(rounded(-108, -86, 216, 202, 10), "#d9b45a", 2)
    bed = rounded(-101, -79, 202, 188, 10)
    c.shape(bed, hexa(velvet))
    c.shape(
        bed,
        c.radial((0, "#fff", 0.22), (0.6, "#fff", 0.02), (1, "#000", 0.4), at=(0.42, 0.36), r=0.75),
    )
    for d in ("M-96 -30Q-40 -44 -20 -74", "M96 40Q50 50 30 104", "M-96 60Q-60 70 -40 104"):
        c.line(d, "#000", 5, 0.12)
        c.line(d, "#fff", 2, 0.1, 'transform="translate(2 -2)"')
    for hinge in (-70, 70):
        c.shape(
            rounded(hinge - 9, -93, 18, 6, 2), "#d9b45a", extra='stroke="#6b5018" stroke-width=".8"'
        )
    c.open(place(0, 16, 0.86, stream.bell(5)))
    drawing(c, look, brand)
    c.close()


def on_neck(c: Canvas, look: Look, stream: Stream, drawing: Drawing) -> None:
    """Around a neck, or on a jeweller's bust."""
    wall(c, stream, look)
    c.open(place(0, stream.uniform(10, 18), 0.98))
    if stream.chance(0.75):
        skin, dress, hair = (
            clear_of(SKINS, stream, look.base),
            apart(TONES, stream, look.base),
            stream.choice(HAIRS),
        )
        locks = stream.chance(0.6)
        if locks:
            blob(c, "M-86 -160Q-104 -60 -120 40L-70 60H70L120 40Q104 -60 86 -160Z", hair)
        blob(
            c,
            "M-64 -180L-66 -126Q-68 -102 -84 -93Q-120 -78 -200 -62V200H200V-62Q120 -78 84 -93Q68 -102 66 -126L64 -180Z",
            skin,
        )
        c.shape("M-64 -140Q0 -60 64 -140L66 -116Q0 -44 -66 -116Z", "#000", 0.13)
        c.line("M-150 -34Q-70 -44 -16 -20M150 -34Q70 -44 16 -20", darker(skin, 0.45), 3, 0.35)
        c.line("M-150 -38Q-70 -49 -16 -25M150 -38Q70 -49 16 -25", "#fff", 3, 0.2)
        c.shape(
            "M-60 -190Q-56 -130 0 -116Q56 -130 60 -190Z",
            hexa(skin),
            extra=f'stroke="{darker(skin, 0.4)}" stroke-width="1.2"',
        )
        blob(
            c,
            "M-140 60Q-124 40 -112 10L-96 4Q-90 70 0 108Q90 70 96 4L112 10Q124 40 140 60V200H-140Z",
            dress,
        )
        if locks:
            for s in (-1, 1):
                d = f"M{62 * s} -170Q{66 * s} -120 {80 * s} -90Q{104 * s} -40 {96 * s} 34Q{124 * s} 10 {128 * s} -60L{110 * s} -170Z"
                c.shape(d, hexa(hair), extra=f'stroke="{darker(hair, 0.4)}" stroke-width="1"')
                c.line(f"M{80 * s} -150Q{92 * s} -90 {112 * s} -40", lighter(hair, 0.25), 2.4, 0.5)
    else:
        velvet = clear_of(VELVETS, stream, look.base)
        bust = "M-86 -94Q-84 -78 -112 -52Q-124 20 -72 118H72Q124 20 112 -52Q84 -78 86 -94Q0 -76 -86 -94Z"
        shadow(c, 0, 112, 120, 12, 0.5)
        c.shape(bust, hexa(velvet), extra=f'stroke="{darker(velvet, 0.5)}" stroke-width="1.4"')
        c.shape(
            bust,
            c.radial(
                (0, "#fff", 0.25), (0.5, "#fff", 0.04), (1, "#000", 0.42), at=(0.38, 0.34), r=0.8
            ),
        )
        c.shape(ellipse(0, -94, 86, 12), darker(velvet, 0.4))
    untagged(c, look, drawing)
    c.close()


def untagged(c: Canvas, look: Look, drawing: Drawing) -> None:
    """The piece itself: nobody wears the paper tag, which hangs at the lower right."""
    c.open(c.clip("M-140 -140H140V80H50V140H-140Z"))
    drawing(c, look, "")
    c.close()


def ear(c: Canvas, stream: Stream, look: Look, zoom: float) -> tuple[float, float]:
    """A head's side with its ear; returns where the lobe is pierced."""
    wall(c, stream, look)
    skin, hair = clear_of(SKINS, stream, look.base), stream.choice(HAIRS)
    x, y = 0, 4 if zoom == 1 else 44
    c.open(place(x, y, zoom))
    head = "M-60 -200H140V60Q124 80 92 78Q80 110 96 170H-140Q-90 80 -80 -20Z"
    c.shape(head, hexa(skin))
    c.shape(head, c.gradient((0, "#000", 0.2), (0.5, "#fff", 0.08), (1, "#fff", 0)))
    c.shape("M-4 26Q10 74 94 78Q84 96 86 120Q20 110 -4 26Z", "#000", 0.16)
    c.line("M-2 30Q14 74 94 78", darker(skin, 0.5), 1.6, 0.5)
    c.shape(
        "M30 -220Q10 -120 -34 -96Q-60 -30 -34 20Q-40 60 -58 100Q-90 140 -150 150V-220Z", hexa(hair)
    )
    for i in range(5):
        c.line(
            f"M{10 - 26 * i} -200Q{-10 - 22 * i} -110 {-48 - 12 * i} -40Q{-60 - 10 * i} 40 {-76 - 12 * i} 110",
            lighter(hair, 0.22) if i % 2 else darker(hair, 0.4),
            2,
            0.5,
        )
    outer = "M8 -98Q-34 -106 -36 -62Q-36 -40 -24 -20Q-16 -2 -10 10Q-2 20 10 12Q18 4 16 -14Q34 -30 34 -60Q34 -92 8 -98Z"
    c.shape(outer, hexa(skin), extra=f'stroke="{darker(skin, 0.5)}" stroke-width="1.8"')
    c.shape(outer, c.radial((0, "#fff", 0.12), (1, "#000", 0.16), at=(0.4, 0.4), r=0.7))
    c.line("M22 -74Q14 -90 -6 -88Q-26 -84 -24 -60Q-22 -40 -12 -22", darker(skin, 0.5), 2.4, 0.6)
    c.line(
        "M16 -62Q4 -74 -8 -66Q-16 -56 -6 -44Q4 -36 2 -24Q10 -18 16 -26", darker(skin, 0.5), 2.4, 0.6
    )
    c.shape("M4 -50Q12 -52 14 -42Q12 -28 4 -26Q-2 -38 4 -50Z", darker(skin, 0.5), 0.5)
    c.close()
    return x + 3 * zoom, y + 4 * zoom


def fingers(c: Canvas, stream: Stream, look: Look, rgb: Rgb) -> None:
    """Three fingers, their nails up, a band of metal around the middle one."""
    background(c, stream)
    skin, nail = (
        clear_of(SKINS, stream, look.base),
        apart(((226, 120, 128), (240, 214, 206), (150, 30, 50), (90, 110, 140)), stream, look.base),
    )
    for x, top in ((-112, -60), (116, -70), (2, -108)):
        d = f"M{x - 56} 150V{top + 54}Q{x - 54} {top} {x} {top}Q{x + 54} {top} {x + 56} {top + 54}V150Z"
        c.shape(d, hexa(skin))
        c.shape(
            d,
            c.gradient(
                (0, "#000", 0.24), (0.3, "#fff", 0.12), (0.65, "#fff", 0), (1, "#000", 0.26)
            ),
        )
        c.line(d, darker(skin, 0.5), 1.4, 0.8)
        tip = f"M{x - 26} {top + 46}V{top + 26}Q{x - 24} {top + 5} {x} {top + 5}Q{x + 24} {top + 5} {x + 26} {top + 26}V{top + 46}Q{x} {top + 58} {x - 26} {top + 46}Z"
        c.shape(tip, hexa(nail), extra=f'stroke="{darker(skin, 0.45)}" stroke-width="1.2"')
        c.line(f"M{x - 11} {top + 20}V{top + 40}", "#fff", 4, 0.4)
        for y in (top + 84, top + 90):
            c.line(
                f"M{x - 26} {y + 90}Q{x} {y + 97} {x + 26} {y + 90}", darker(skin, 0.4), 1.6, 0.5
            )
    wide = 17
    d = "M-54 10Q2 34 58 10"
    c.line(d, "#000", wide + 5, 0.18, 'style="stroke-linecap:butt" transform="translate(0 4)"')
    c.line(d, darker(rgb, 0.5), wide + 2, 1, 'style="stroke-linecap:butt"')
    c.line(d, hexa(rgb), wide, 1, 'style="stroke-linecap:butt"')
    c.line(
        d,
        lighter(rgb, 0.6),
        wide * 0.3,
        0.8,
        'style="stroke-linecap:butt" transform="translate(0 -2)"',
    )
    jewelry.engraving(c, look, rgb, d, wide)


def on_wrist(
    c: Canvas, look: Look, stream: Stream, drawing: Drawing, hoop: tuple[float, float, float, float]
) -> None:
    """Around a wrist; `hoop` is the piece's (rx, ry, y, thickness): its far half hides behind the arm."""
    background(c, stream)
    skin = clear_of(SKINS, stream, look.base)
    rx, ry, y, thick = hoop
    inner, low = rx - thick / 2 - 1, ry - thick / 2 - 1
    c.open(place(stream.bell(8), 0, stream.uniform(0.92, 1), stream.bell(16)))

    def arm() -> None:
        blob(
            c,
            f"M{n(-inner - 16)} -220Q{n(-inner)} -60 {n(-inner)} {y}Q{n(-inner - 2)} 60 {n(-inner - 26)} 120Q{n(-inner - 40)} 170 {n(-inner - 30)} 240H{n(inner + 30)}Q{n(inner + 40)} 170 {n(inner + 20)} 120Q{n(inner)} 60 {n(inner)} {y}Q{n(inner)} -60 {n(inner + 16)} -220Z",
            skin,
        )
        c.line("M-20 110Q-10 150 -24 240M16 116Q14 160 20 240", darker(skin, 0.4), 2, 0.3)

    arm()
    c.line(
        f"M{n(-rx)} {y}A{rx} {ry} 0 0 0 {rx} {y}",
        "#000",
        thick + 6,
        0.16,
        'transform="translate(0 7)"',
    )
    untagged(c, look, drawing)
    c.open(
        c.clip(
            f"M{n(-inner - 30)} -240V{y}H{n(-inner)}A{n(inner)} {n(low)} 0 0 0 {n(inner)} {y}H{n(inner + 30)}V-240Z"
        )
    )
    arm()
    c.close()
    if look.kind == "gold":
        charm = (62, 20) if look.get("product type") == "bangle" else (56, 21)
        jewelry.ornament(c, look, look.base, jewelry.STONES[look.get("stone type")], 0, *charm)
    c.close()


USES: dict[str, Callable[[Canvas, Look, str, Stream], None]] = {
    "backpack": backpack, "cloth": cloth, "diamond": diamond, "gold": gold, "handbag": handbag, "pants": pants,
    "shoes": shoes, "suitcase": suitcase,
}  # fmt: skip
"""class -> its scene of use (canvas, look, brand, stream of the scene's choices)."""
