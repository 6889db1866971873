"""Fruit: as products (drawn large, one to five, loose, in a sealed bag or a gift box) and as emblems on packs."""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.truth.colours import RGB, Rgb, darker, hexa, lighter
from skulens.world.truth.look import Look

NATURAL: dict[str, Rgb] = {
    "apple": (206, 44, 44), "banana": (246, 208, 50), "orange": (242, 140, 32), "strawberry": (214, 38, 50),
    "grape": (112, 62, 150), "watermelon": (62, 140, 70), "mango": (246, 170, 44), "peach": (248, 176, 132),
    "pear": (190, 204, 84), "plum": (98, 48, 112), "kiwi": (128, 96, 56), "pineapple": (232, 178, 54),
    "lemon": (248, 220, 60), "lime": (120, 184, 60), "cherry": (180, 24, 44), "blueberry": (64, 84, 160),
    "coconut": (120, 84, 56), "mint": (70, 168, 104), "chili": (212, 36, 32), "garlic": (240, 234, 220),
    "honey": (232, 164, 40), "pepper": (60, 56, 56),
}  # fmt: skip
PLACES = {
    "1": ((0, 0, 1.5),), "2": ((-40, 6, 1.0), (40, 10, 1.0)), "3": ((-42, 22, 0.88), (42, 22, 0.88), (0, -28, 0.88)),
    "4": ((-40, -32, 0.78), (40, -30, 0.78), (-42, 38, 0.8), (42, 38, 0.8)),
    "5": ((-56, -30, 0.66), (8, -42, 0.66), (60, -22, 0.66), (-34, 38, 0.72), (36, 40, 0.72)),
}  # fmt: skip
"""Quantity -> (x, y, size) of each piece."""


SIDEWAYS = {
    "1": ((0, 0, 1.5),), "2": ((-16, -4, 0.96), (16, 12, 1.0)), "3": ((0, -30, 0.86), (-20, 18, 0.86), (24, 26, 0.9)),
    "4": ((-14, -34, 0.76), (22, -28, 0.78), (-22, 32, 0.78), (20, 40, 0.82)),
    "5": ((-18, -40, 0.66), (20, -34, 0.66), (0, -2, 0.7), (-22, 40, 0.7), (22, 44, 0.72)),
}  # fmt: skip
"""The same seen from the end of the row, the nearest last."""


def fruit(c: Canvas, look: Look, brand: str) -> None:
    if look.face != "front":
        _other_face(c, look, brand)
        return
    storage = look.get("storage type")
    shrink = 1.0 if storage == "fresh" else 0.74
    if storage == "gift box":
        _box_back(c, look)
    for x, y, size in PLACES[look.get("quantity per pack")]:
        size *= shrink
        dy = 12 if storage == "airtight sealed bag" else 0
        c.open(f'transform="translate({n(x * shrink)} {n(y * shrink + dy)}) scale({size:.2f})"')
        one(c, look.get("fruit type"), look.base)
        c.close()
    if storage == "fresh":
        if look.get("quantity per pack") in ("1", "2"):
            _sticker(c, brand, 20 if look.get("quantity per pack") == "1" else 46, 24)
    elif storage == "airtight sealed bag":
        _bag(c, look, brand)
    else:
        _box_front(c, look, brand)


def _other_face(c: Canvas, look: Look, brand: str) -> None:
    """From behind or from the side: fruit turned about, the bag with its label, the box closed."""
    storage, back = look.get("storage type"), look.face == "back"
    if storage == "gift box":
        (_closed_box if back else _box_end)(c, look)
        return
    shrink = 1.0 if storage == "fresh" else 0.74
    x: float
    y: float
    for i, (x, y, size) in enumerate((PLACES if back else SIDEWAYS)[look.get("quantity per pack")]):
        x, y, turned = (
            (-x if back else x) * shrink,
            y * shrink + (0 if storage == "fresh" else 12),
            11 * (i % 3) - 16 if back else 24 - 14 * (i % 4),
        )
        c.open(
            f'transform="translate({n(x)} {n(y)}) rotate({turned}) scale({-size * shrink:.2f} {size * shrink:.2f})"'
        )
        one(c, look.get("fruit type"), look.base)
        c.close()
    if storage != "fresh":
        (_bag_back if back else _bag_end)(c, look)


def _bag_back(c: Canvas, look: Look) -> None:
    _bag(c, look, "")
    c.shape(rounded(-42, 10, 84, 74, 3), "#f7fbf6", extra='stroke="#2f7d4c" stroke-width="1.4"')
    c.panel(-42, 10, 84, 74)


def _bag_end(c: Canvas, look: Look) -> None:
    d = "M-4 -84L4 -84Q54 -40 52 40Q50 84 40 92L-40 92Q-50 84 -52 40Q-54 -40 -4 -84Z"
    c.shape(d, "#dfeaf2", 0.2, 'stroke="#7c8c99" stroke-width="1.5"')
    c.line("M-34 -34Q-44 10 -40 70", "#fff", 6, 0.6)
    c.line("M0 -80L0 -46M30 -40Q40 -10 38 10", "#fff", 3, 0.5)
    c.shape("M-5 -100L5 -100L5 -72L-5 -72Z", "#2f7d4c", extra='stroke="#1b5232" stroke-width="1"')


def _closed_box(c: Canvas, look: Look) -> None:
    """The lid on, the ribbon around it, the small print below."""
    edge = 'stroke="#7b5b31" stroke-width="2"'
    c.shape("M-96 -34L96 -34L92 96L-92 96Z", "#d6b07a", extra=edge)
    c.shape(
        "M-96 -34L96 -34L92 96L-92 96Z",
        c.gradient((0, "#000", 0.18), (0.25, "#000", 0), (1, "#000", 0.12), to=(0, 1)),
    )
    c.shape(rounded(-99, -62, 198, 30, 4), "#c79a5c", extra=edge)
    c.shape("M-10 -62L10 -62L10 96L-10 96Z", "#b33a3a")
    _bow(c, 0, -62)
    c.shape(rounded(16, -22, 70, 106, 2), "#fbf6ea", extra='stroke="#7b5b31" stroke-width="1"')
    c.panel(16, -22, 70, 106)
    c.open('transform="translate(-50 34) scale(.62)"')
    one(c, look.get("fruit type"), look.base)
    c.close()


def _box_end(c: Canvas, look: Look) -> None:
    edge = 'stroke="#7b5b31" stroke-width="2"'
    c.shape("M-50 -34L50 -34L47 96L-47 96Z", "#cda46c", extra=edge)
    c.shape(rounded(-53, -62, 106, 30, 4), "#bd9052", extra=edge)
    c.shape("M-48 16L48 16L48 30L-48 30Z", "#b33a3a")
    _bow(c, 0, -62)
    c.open('transform="translate(0 60) scale(.5)"')
    one(c, look.get("fruit type"), look.base)
    c.close()


def _bow(c: Canvas, x: float, y: float) -> None:
    for s in (-1, 1):
        c.shape(
            f"M{n(x)} {n(y)}Q{n(x + 22 * s)} {n(y - 28)} {n(x + 36 * s)} {n(y - 14)}Q{n(x + 36 * s)} {n(y + 3)} {n(x)} {n(y + 2)}Z",
            "#c84848",
            extra='stroke="#7b2020" stroke-width="1"',
        )


def _sticker(c: Canvas, brand: str, x: float, y: float) -> None:
    c.shape(ellipse(x, y, 17, 11), "#fbfbf6", extra='stroke="#2d7a46" stroke-width="2"')
    c.text(brand, x, y + 2.5, 7, "#2d7a46", 29)


def _bag(c: Canvas, look: Look, brand: str) -> None:
    d = "M-84 -84L84 -84Q78 0 86 84Q0 96 -86 84Q-78 0 -84 -84Z"
    c.shape(d, "#dfeaf2", 0.2, 'stroke="#7c8c99" stroke-width="1.5"')
    c.line("M-72 -66Q-68 0 -74 70", "#fff", 7, 0.6)
    c.line("M60 -60Q66 -20 62 10", "#fff", 4, 0.55)
    c.shape("M-84 -96L84 -96L84 -70L-84 -70Z", "#2f7d4c", extra='stroke="#1b5232" stroke-width="1"')
    c.line("M-80 -73L80 -73", "#fff", 1.4, 0.7)
    c.text(brand, 0, -77, 17, "#fafaf2", 120)


def _box_back(c: Canvas, look: Look) -> None:
    c.shape(rounded(-92, -72, 184, 150, 8), "#caa26a", extra='stroke="#7b5b31" stroke-width="2"')
    c.shape(rounded(-84, -64, 168, 128, 5), "#8a6a40")
    c.shape(
        rounded(-84, -64, 168, 128, 5),
        c.gradient((0, "#000", 0.35), (0.4, "#000", 0.05), (1, "#000", 0), to=(0, 1)),
    )


def _box_front(c: Canvas, look: Look, brand: str) -> None:
    c.shape("M-96 52L96 52L92 96L-92 96Z", "#d6b07a", extra='stroke="#7b5b31" stroke-width="2"')
    c.shape("M-10 52L10 52L10 96L-10 96Z", "#b33a3a")
    for s in (-1, 1):
        c.shape(
            f"M0 52Q{18 * s} 30 {30 * s} 40Q{30 * s} 54 0 54Z",
            "#c84848",
            extra='stroke="#7b2020" stroke-width="1"',
        )
    c.text(brand, -50, 80, 14, "#5c3d18", 66)


def ball(c: Canvas, d: str, rgb: Rgb) -> None:
    """A round thing lit from the upper left."""
    c.shape(
        d,
        c.radial(
            (0, lighter(rgb, 0.5), 1),
            (0.3, lighter(rgb, 0.12), 1),
            (0.65, hexa(rgb), 1),
            (1, darker(rgb, 0.42), 1),
            at=(0.36, 0.32),
            r=0.75,
        ),
        extra=f'stroke="{darker(rgb, 0.5)}" stroke-width=".8"',
    )


def leaf(c: Canvas, x: float, y: float, size: float, turn: float = 0) -> None:
    c.shape(
        f"M0 0Q{n(size * 0.4)} {n(-size * 0.7)} {n(size)} {n(-size * 0.5)}Q{n(size * 0.8)} {n(size * 0.2)} 0 0Z",
        "#4d9a45",
        extra=f'stroke="#2c6329" stroke-width=".8" transform="translate({n(x)} {n(y)}) rotate({n(turn)})"',
    )


def one(c: Canvas, kind: str, rgb: Rgb) -> None:
    """One piece about 90 units across, around the origin."""
    ROUND_KINDS.get(kind, OTHERS.get(kind, _citrus))(c, rgb)


def _apple(c: Canvas, rgb: Rgb) -> None:
    ball(
        c,
        "M0 -28C-14 -44 -46 -38 -44 -4C-43 26 -22 46 -8 42Q0 39 8 42C22 46 43 26 44 -4C46 -38 14 -44 0 -28Z",
        rgb,
    )
    c.line("M0 -28Q-2 -40 6 -50", "#5c3b20", 3.4)
    c.shape("M-13 -32Q0 -22 13 -32Q0 -28 -13 -32Z", darker(rgb, 0.55), 0.7)
    leaf(c, 4, -40, 24)


def _banana(c: Canvas, rgb: Rgb) -> None:
    for turn in (0, 13):
        d = "M-42 -28C-40 20 4 50 46 34Q50 28 46 22C14 24 -16 4 -26 -36Q-36 -44 -42 -28Z"
        c.open(f'transform="rotate({turn} -36 -34)"')
        c.shape(
            d,
            c.gradient(
                (0, darker(rgb, 0.12), 1),
                (0.5, lighter(rgb, 0.25), 1),
                (1, darker(rgb, 0.25), 1),
                to=(0.3, 1),
            ),
            extra=f'stroke="{darker(rgb, 0.45)}" stroke-width="1"',
        )
        c.line("M-34 -32C-28 10 10 34 44 28", darker(rgb, 0.35), 1.4, 0.6)
        c.shape("M44 20L52 24L50 34L44 34Z", "#4a3a1c")
        c.close()
    c.shape("M-44 -30L-36 -46L-28 -44L-24 -34Z", "#6d6426")


def _citrus(c: Canvas, rgb: Rgb) -> None:
    ball(c, ellipse(0, 2, 42, 41), rgb)
    for x, y in (
        (-18, 4),
        (-4, 22),
        (12, -2),
        (20, 18),
        (0, -20),
        (-24, -14),
        (24, -16),
        (-12, 34),
        (30, 2),
    ):
        c.shape(ellipse(x, y, 1.4, 1.2), darker(rgb, 0.4), 0.5)
    c.shape("M-5 -36L0 -42L5 -36L0 -32Z", "#55803a")
    leaf(c, 2, -38, 22, -10)


def _lemon(c: Canvas, rgb: Rgb) -> None:
    ball(
        c,
        "M-52 4Q-46 -2 -42 -6C-30 -36 26 -38 42 -8Q48 -4 54 -2Q52 8 44 10C30 38 -28 38 -42 12Q-48 12 -52 4Z",
        rgb,
    )
    for x, y in ((-18, 4), (-4, 18), (12, -2), (22, 12), (0, -16), (-26, -8)):
        c.shape(ellipse(x, y, 1.4, 1.2), darker(rgb, 0.35), 0.5)
    leaf(c, -46, 0, 22, -60)


def _strawberry(c: Canvas, rgb: Rgb) -> None:
    ball(
        c,
        "M0 46C-24 34 -46 2 -36 -18C-28 -34 -10 -30 0 -26C10 -30 28 -34 36 -18C46 2 24 34 0 46Z",
        rgb,
    )
    for x, y in (
        (-22, -8),
        (-8, -14),
        (8, -12),
        (22, -8),
        (-14, 6),
        (2, 4),
        (16, 6),
        (-6, 20),
        (8, 20),
        (0, 33),
        (-26, 4),
        (27, 4),
    ):
        c.shape(ellipse(x, y, 1.7, 2.4), "#f7dd8a")
    c.shape(
        "M0 -24L-28 -32L-14 -34L-18 -46L-4 -38L2 -50L8 -38L20 -46L15 -34L28 -31Z",
        "#4d9a45",
        extra='stroke="#2c6329" stroke-width="1"',
    )


def _grape(c: Canvas, rgb: Rgb) -> None:
    c.line("M0 -34Q0 -46 8 -52", "#6b4a2a", 3)
    leaf(c, 2, -38, 28)
    for row, count in enumerate((3, 4, 3, 2, 1)):
        for i in range(count):
            ball(c, ellipse(18 * (i - (count - 1) / 2), -26 + 16 * row, 11, 11), rgb)


def _watermelon(c: Canvas, rgb: Rgb) -> None:
    ball(c, ellipse(0, 0, 48, 43), rgb)
    for x in (-36, -20, 0, 20, 36):
        c.line(
            f"M{n(x * 0.3)} -42Q{n(x * 1.25)} 0 {n(x * 0.3)} 42",
            darker(rgb, 0.5),
            6,
            0.75,
            'stroke-dasharray="9 2"',
        )
    c.shape("M6 46A38 38 0 0 0 62 8Z", "#e8404a", extra='stroke="#3f8a45" stroke-width="4"')
    for x, y in ((30, 36), (40, 30), (48, 22), (36, 40)):
        c.shape(ellipse(x, y, 1.6, 2.4), "#2a1a1a")


def _mango(c: Canvas, rgb: Rgb) -> None:
    d = "M-34 -22C-20 -46 30 -36 42 0C50 28 18 46 -10 40C-44 32 -48 0 -34 -22Z"
    ball(c, d, rgb)
    c.shape(d, c.radial((0, "#d8402e", 0.55), (1, "#d8402e", 0), at=(0.75, 0.3), r=0.5))
    c.line("M-26 -30L-30 -40", "#5c3b20", 4)
    leaf(c, -28, -38, 26)


def _peach(c: Canvas, rgb: Rgb) -> None:
    d = "M0 -32C-20 -44 -46 -26 -42 6C-38 34 -12 46 0 42C12 46 38 34 42 6C46 -26 20 -44 0 -32Z"
    ball(c, d, rgb)
    c.shape(d, c.radial((0, "#e2564a", 0.45), (1, "#e2564a", 0), at=(0.7, 0.5), r=0.5))
    c.line("M0 -32Q-14 0 2 42", darker(rgb, 0.4), 2, 0.6)
    leaf(c, 0, -34, 30)


def _pear(c: Canvas, rgb: Rgb) -> None:
    ball(
        c,
        "M0 -48C-16 -48 -17 -28 -20 -14C-24 0 -42 8 -40 26C-38 46 -14 50 0 48C14 50 38 46 40 26C42 8 24 0 20 -14C17 -28 16 -48 0 -48Z",
        rgb,
    )
    for x, y in ((-10, 10), (6, 20), (14, 30), (-16, 30), (2, -10), (20, 14)):
        c.shape(ellipse(x, y, 1.2, 1.2), darker(rgb, 0.5), 0.6)
    c.line("M0 -47Q0 -56 6 -60", "#5c3b20", 3.2)
    leaf(c, 3, -52, 20)


def _plum(c: Canvas, rgb: Rgb) -> None:
    ball(c, ellipse(0, 2, 36, 41), rgb)
    c.line("M-2 -38Q-20 0 -2 42", darker(rgb, 0.55), 2.2, 0.7)
    c.line("M-2 -38L2 -50", "#5c3b20", 3)
    c.shape(ellipse(-14, -14, 9, 15), "#fff", 0.22)


def _kiwi(c: Canvas, rgb: Rgb) -> None:
    ball(c, ellipse(-16, -8, 38, 32), rgb)
    c.shape(ellipse(22, 14, 29, 27), "#8fc148", extra='stroke="#6b4c28" stroke-width="3"')
    c.shape(ellipse(22, 14, 9, 8), "#eef3cf")
    for dx, dy in ((14, 0), (11, 9), (0, 13), (-11, 9), (-14, 0), (-11, -9), (0, -13), (11, -9)):
        c.shape(ellipse(22 + dx, 14 + dy, 1.6, 2.2), "#222a16")


def _pineapple(c: Canvas, rgb: Rgb) -> None:
    for turn in (-52, -28, 0, 28, 52):
        c.shape(
            "M-6 0Q-8 -26 0 -42Q8 -26 6 0Z",
            "#4f9148",
            extra=f'stroke="#2d5f2a" stroke-width="1" transform="translate(0 -20) rotate({turn})"',
        )
    d = ellipse(0, 14, 30, 38)
    ball(c, d, rgb)
    c.shape(
        d,
        c.tile(
            12,
            12,
            f'<path d="M0 6L6 0L12 6L6 12Z" fill="none" stroke="{darker(rgb, 0.5)}" stroke-width="1.4"/><circle cx="6" cy="6" r="1.5" fill="{darker(rgb, 0.55)}"/>',
        ),
    )


def _cherry(c: Canvas, rgb: Rgb) -> None:
    c.line("M-20 10Q-14 -24 10 -46M22 14Q18 -20 10 -46", "#55702f", 3)
    leaf(c, 10, -44, 28, 20)
    for x, y in ((-20, 20), (22, 24)):
        ball(c, ellipse(x, y, 21, 20), rgb)
        c.shape(ellipse(x - 7, y - 8, 4, 3), "#fff", 0.75)


def _berry(c: Canvas, rgb: Rgb) -> None:
    for x, y in ((-22, 14), (20, 18), (0, -16)):
        ball(c, ellipse(x, y, 23, 22), rgb)
        c.shape(f"M{x} {y - 9}l3 6 6-1-4 5 4 5-6 0-3 5-3-5-6 0 4-5-4-5 6 1Z", darker(rgb, 0.5), 0.8)


def _coconut(c: Canvas, rgb: Rgb) -> None:
    ball(c, ellipse(-10, -6, 36, 36), rgb)
    c.shape(
        ellipse(16, 14, 30, 27), "#fbfaf4", extra=f'stroke="{darker(rgb, 0.3)}" stroke-width="5"'
    )
    c.shape(ellipse(16, 14, 17, 14), "#e6e4dc")


def _mint(c: Canvas, rgb: Rgb) -> None:
    c.line("M0 44Q-2 10 0 -10", darker(rgb, 0.4), 3)
    for turn in (-70, -25, 25, 70):
        c.shape(
            "M0 0Q-18 -22 0 -50Q18 -22 0 0Z",
            hexa(rgb),
            extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1.4" transform="translate(0 16) rotate({turn})"',
        )
        c.line(
            "M0 -4L0 -40", darker(rgb, 0.5), 1.2, 0.8, f'transform="translate(0 16) rotate({turn})"'
        )


def _chili(c: Canvas, rgb: Rgb) -> None:
    ball(c, "M20 -34C40 -20 30 30 -44 42Q-10 22 -2 -20Q4 -38 20 -34Z", rgb)
    c.shape("M-2 -24Q8 -44 28 -32Q16 -24 -2 -24Z", "#4d9a45")
    c.line("M14 -36Q14 -48 24 -52", "#3c7a36", 4)


def _garlic(c: Canvas, rgb: Rgb) -> None:
    ball(c, "M0 -50Q4 -22 26 -8C50 10 34 42 0 42C-34 42 -50 10 -26 -8Q-4 -22 0 -50Z", rgb)
    c.line("M0 -36Q-22 0 -12 40M0 -36Q22 0 12 40", "#a79c88", 1.6, 0.8)


def _honey(c: Canvas, rgb: Rgb) -> None:
    for x, y in ((-19, -11), (19, -11), (0, 22)):
        c.shape(
            f"M{x} {y - 22}L{x + 19} {y - 11}L{x + 19} {y + 11}L{x} {y + 22}L{x - 19} {y + 11}L{x - 19} {y - 11}Z",
            hexa(rgb),
            extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="3"',
        )
        c.shape(ellipse(x - 5, y - 6, 6, 4), "#fff", 0.5)


def _pepper(c: Canvas, rgb: Rgb) -> None:
    for x, y in ((-20, -14), (8, -22), (26, 0), (-4, 6), (-26, 18), (14, 24)):
        ball(c, ellipse(x, y, 13, 13), rgb)


ROUND_KINDS: dict[str, Callable[[Canvas, Rgb], None]] = {
    "apple": _apple, "banana": _banana, "orange": _citrus, "lime": _lemon, "lemon": _lemon, "strawberry": _strawberry,
    "grape": _grape, "watermelon": _watermelon, "mango": _mango, "peach": _peach, "pear": _pear, "plum": _plum,
    "kiwi": _kiwi, "pineapple": _pineapple, "cherry": _cherry,
}  # fmt: skip
OTHERS: dict[str, Callable[[Canvas, Rgb], None]] = {
    "blueberry": _berry, "coconut": _coconut, "mint": _mint, "chili": _chili, "garlic": _garlic, "honey": _honey,
    "pepper": _pepper,
}  # fmt: skip


def emblem(c: Canvas, flavour: str, x: float, y: float, r: float) -> None:
    """The picture of a flavour on a pack, about `r` in radius, on a pale medallion where it needs one."""
    c.shape(ellipse(x, y, r * 1.25, r * 1.25), "#fffdf4", 0.92)
    c.open(f'transform="translate({n(x)} {n(y)}) scale({r / 50:.2f})"')
    one(c, flavour, NATURAL.get(flavour, RGB["red"]))
    c.close()
