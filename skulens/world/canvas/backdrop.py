"""What stands behind a product in a photo or in use: walls, floors, cloth, tiles, a street;
and soft shadows.
"""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas, ellipse, n
from skulens.world.config import Stream
from skulens.world.truth.colours import Rgb, hexa, mix

EVERYWHERE = "M-128 -128H128V128H-128Z"
WALLS = (
    (236, 232, 224), (214, 222, 226), (196, 206, 190), (232, 214, 204), (150, 160, 170),
    (120, 108, 98),
    (88, 96, 104), (222, 224, 230), (204, 186, 160), (174, 190, 204),
)  # fmt: skip
WOODS = ((176, 128, 84), (128, 88, 58), (214, 180, 136), (96, 70, 52))


def shadow(c: Canvas, x: float, y: float, rx: float, ry: float, depth: float) -> None:
    c.shape(
        ellipse(x, y, rx, ry),
        c.radial((0, "#000", depth), (0.55, "#000", depth * 0.55), (1, "#000", 0)),
    )


def background(c: Canvas, stream: Stream) -> None:
    """A wall, a floor and a wall, a table top, cloth, tiles or a blurred street."""
    kind, wall = (
        stream.choice(("wall", "floor", "floor", "wood", "cloth", "tiles", "street")),
        stream.choice(WALLS),
    )
    wall = mix(
        wall,
        (stream.integer(60, 220), stream.integer(60, 220), stream.integer(60, 220)),
        stream.uniform(0, 0.35),
    )
    c.shape(EVERYWHERE, hexa(wall))
    if kind == "floor":
        floor(c, stream, wall)
    elif kind != "wall":
        GROUNDS[kind](c, stream)


def floor(c: Canvas, stream: Stream, wall: Rgb) -> None:
    y = stream.uniform(20, 76)
    colour = hexa(stream.choice(WOODS) if stream.chance(0.6) else mix(wall, (40, 36, 34), 0.35))
    c.shape(f"M-128 {n(y)}H128V128H-128Z", colour)
    c.shape(f"M-128 {n(y)}H128V128H-128Z", c.gradient((0, "#000", 0.3), (1, "#000", 0), to=(0, 1)))
    c.line(f"M-128 {n(y)}H128", "#fff", 3, 0.35)


def table_top(c: Canvas, stream: Stream) -> None:
    c.shape(EVERYWHERE, hexa(stream.choice(WOODS)))
    for x in range(-128, 128, stream.integer(26, 44)):
        c.line(f"M{x} -128V128", "#000", 1.6, 0.35)
        c.line(
            f"M{x + 9} -128Q{x + 15} 0 {x + 8} 128M{x + 19} -128Q{x + 13} 20 {x + 20} 128",
            "#000",
            1.2,
            0.13,
        )


def cloth(c: Canvas, stream: Stream) -> None:
    for _ in range(5):
        x = stream.uniform(-128, 128)
        c.line(
            f"M{n(x)} -128Q{n(x + stream.bell(90))} 0 {n(x + stream.bell(60))} 128",
            "#000",
            stream.uniform(6, 22),
            0.07,
        )
        c.line(
            f"M{n(x + 14)} -128Q{n(x + stream.bell(90))} 0 {n(x + 20)} 128",
            "#fff",
            stream.uniform(4, 14),
            0.1,
        )


def tiles(c: Canvas, stream: Stream) -> None:
    a = stream.uniform(26, 60)
    joints = (
        f'<path d="M0 0H{n(a)}M0 0V{n(a)}" stroke="#000" stroke-opacity=".22" stroke-width="2"/>'
    )
    c.shape(EVERYWHERE, c.tile(a, a, joints, f"rotate({stream.integer(-8, 8)})"))


def street(c: Canvas, stream: Stream) -> None:
    for _ in range(9):
        tone = hexa((stream.integer(40, 250), stream.integer(40, 240), stream.integer(40, 230)))
        r = stream.uniform(12, 46)
        c.shape(
            ellipse(stream.uniform(-128, 128), stream.uniform(-128, 128), r, r),
            c.radial((0, tone, 0.6), (0.8, tone, 0.45), (1, tone, 0)),
        )


GROUNDS: dict[str, Callable[[Canvas, Stream], None]] = {
    "wood": table_top,
    "cloth": cloth,
    "tiles": tiles,
    "street": street,
}
"""Kind of background -> what is drawn over the wall's colour."""
