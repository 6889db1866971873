"""What a label is printed on: a pack's side, a metal plate, a woven band, a hang tag, a sticker.

Everything reaches far beyond the sheet of 256 units, for close-ups that are turned or moved.
"""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas, ellipse, rounded
from skulens.world.config import Stream
from skulens.world.label.style import Style
from skulens.world.truth.colours import brightness, darker, hexa, lighter, mix

REACH = 312
"""Units from the middle to the end of everything:
a close-up is moved by 170 at most and turned by 6 degrees.
"""
FAR = f"M{-REACH} {-REACH}H{REACH}V{REACH}H{-REACH}Z"
CONTENT = {
    "pack": (-116.0, -118.0, 116.0, 118.0),
    "plate": (-104.0, -106.0, 104.0, 106.0),
    "cloth": (-92.0, -118.0, 92.0, 118.0),
    "card": (-100.0, -82.0, 100.0, 114.0),
    "sticker": (-106.0, -108.0, 106.0, 108.0),
}
"""Surface -> the box for print, (left, top, right, bottom) in scene units."""
WOODS = ((176, 128, 84), (128, 88, 58), (214, 180, 136), (96, 70, 52))


def pack(c: Canvas, style: Style) -> None:
    """A side of a carton, a pouch or a bottle: folds at its edges and the pack's trim beyond."""
    stream = Stream("label material", style.seed)
    c.shape(FAR, hexa(style.paper))
    kind = stream.choice(("carton", "pouch", "bottle"))
    if kind == "carton":
        c.shape(
            f"M{-REACH} {-REACH}H-123V{REACH}H{-REACH}ZM123 {-REACH}H{REACH}V{REACH}H123Z",
            "#000",
            0.16,
        )
        c.line(f"M-123 {-REACH}V{REACH}M123 {-REACH}V{REACH}", darker(style.paper, 0.5), 0.8, 0.6)
    elif kind == "pouch":
        c.shape(
            f"M{-REACH} {-REACH}H{REACH}V-123H{-REACH}ZM{-REACH} 123H{REACH}V{REACH}H{-REACH}Z",
            hexa(style.trim),
        )
        for y in (-125, 125):
            c.line(f"M{-REACH} {y}H{REACH}", "#000", 1.4, 0.25)
    else:
        c.shape(f"M{-REACH} -124H{REACH}V{-REACH}H{-REACH}Z", hexa(style.behind))
        c.line(f"M{-REACH} -124H{REACH}", "#000", 1, 0.4)
    if kind == "bottle":
        light = c.gradient(
            (0, "#000", 0.3),
            (0.3, "#000", 0.2),
            (0.39, "#fff", 0.12),
            (0.5, "#fff", 0),
            (0.7, "#000", 0.16),
            (1, "#000", 0.3),
            to=(1, 0.1),
        )
    else:
        light = c.gradient(
            (0.25, "#fff", 0.12),
            (0.5, "#fff", 0),
            (0.75, "#000", 0.14),
            to=(1, stream.uniform(0.2, 0.9)),
        )
    c.shape(FAR, light)


def hatch(
    c: Canvas, left: float, right: float, step: int, ink: str, opacity: float, slope: float
) -> None:
    """Threads or grain as one path of parallel lines:
    a repeated tile costs three times as much once it is turned.
    """
    d = "".join(
        f"M{left} {y}L{right} {y + slope}" for y in range(-REACH - abs(round(slope)), REACH, step)
    )
    c.line(d, ink, 0.3 * step, opacity)


def plate(c: Canvas, style: Style) -> None:
    """A rating plate riveted or glued to a housing."""
    stream = Stream("label material", style.seed)
    c.shape(FAR, hexa(mix(style.behind, (60, 60, 64), 0.4)))
    c.shape("M-120 -119H124V124H-120Z", "#000", 0.25)
    d = rounded(-120, -120, 240, 240, stream.choice((3, 8, 14)))
    c.shape(d, hexa(style.paper))
    c.shape(
        d,
        c.gradient(
            (0, "#fff", 0.28),
            (0.3, "#fff", 0),
            (0.55, "#fff", 0.16),
            (0.75, "#000", 0.02),
            (1, "#000", 0.12),
            to=(1, 0.5),
        ),
    )
    c.line(d, lighter(style.paper, 0.6), 1.4, 0.8, 'transform="translate(0.8 0.8)"')
    c.line(d, darker(style.paper, 0.6), 1, 0.9)
    c.line(rounded(-114, -114, 228, 228, 5), style.ink, 1, 0.8)
    if stream.chance(0.5):
        for x, y in ((-109, -109), (109, -109), (-109, 109), (109, 109)):
            c.shape(
                ellipse(x, y, 3, 3),
                c.radial((0, "#fff", 1), (1, "#777", 1), at=(0.35, 0.3)),
                extra='stroke="#333" stroke-width="0.5"',
            )


def cloth(c: Canvas, style: Style) -> None:
    """A woven or satin band sewn to fabric."""
    stream = Stream("label material", style.seed)
    c.shape(FAR, hexa(style.behind))
    hatch(c, -REACH, REACH, 5, darker(style.behind, 0.5), 0.35, 5)
    c.shape(f"M-98 {-REACH}H107V{REACH}H-98Z", "#000", 0.28)
    band = f"M-102 {-REACH}H102V{REACH}H-102Z"
    c.shape(band, hexa(style.paper))
    shadow = "#fff" if brightness(style.paper) < 0.4 else "#000"
    hatch(c, -102, 102, 3, shadow, 0.07, 0)
    c.shape(
        band,
        c.gradient((0, "#000", 0.14), (0.12, "#fff", 0.06), (0.6, "#fff", 0), (1, "#000", 0.14)),
    )
    thread = lighter(style.behind, 0.3) if stream.chance(0.5) else darker(style.behind, 0.3)
    c.line(f"M-98 {-REACH}V{REACH}M98 {-REACH}V{REACH}", thread, 1.4, 0.9, 'stroke-dasharray="5 3"')


def card(c: Canvas, style: Style) -> None:
    """A hang tag with a hole and a string, lying on the product."""
    c.shape(FAR, hexa(mix(style.behind, (255, 255, 255), 0.25)))
    hatch(c, -REACH, REACH, 6, "#000", 0.09, 40)
    d = "M-88 -122H88L114 -100V117Q114 122 109 122H-109Q-114 122 -114 117V-100Z"
    c.shape(d, "#000", 0.28, 'transform="translate(4 5)"')
    c.shape(d, hexa(style.paper))
    c.shape(d, c.gradient((0, "#fff", 0.2), (0.5, "#fff", 0), (1, "#000", 0.1), to=(1, 1)))
    c.line(d, darker(style.paper, 0.4), 0.8, 0.7)
    c.shape(
        ellipse(0, -100, 10, 10),
        c.radial((0, "#b9964a", 1), (0.62, "#b9964a", 1), (0.8, "#f2dc9a", 1), (1, "#8a6a2a", 1)),
    )
    c.shape(ellipse(0, -100, 5.5, 5.5), "#2a2622")
    c.line("M0 -100Q-14 -124 -40 -180M0 -100Q10 -130 16 -190", "#efe6d2", 2.6)
    c.line("M0 -100Q-14 -124 -40 -180M0 -100Q10 -130 16 -190", "#6a5a40", 0.6, 0.7)


def sticker(c: Canvas, style: Style) -> None:
    """A sticker on wood or on the product."""
    stream = Stream("label material", style.seed)
    if stream.chance(0.6):
        wood = stream.choice(WOODS)
        c.shape(FAR, hexa(wood))
        for x in range(-REACH, REACH, stream.integer(26, 44)):
            c.line(f"M{x} {-REACH}V{REACH}", "#000", 1.4, 0.3)
            c.line(
                f"M{x + 9} {-REACH}Q{x + 16} 0 {x + 8} {REACH}"
                f"M{x + 19} {-REACH}Q{x + 12} 20 {x + 20} {REACH}",
                "#000",
                1,
                0.13,
            )
    else:
        c.shape(FAR, hexa(style.behind))
        c.shape(FAR, c.gradient((0, "#fff", 0.18), (1, "#000", 0.2), to=(1, 1)))
    r = stream.choice((3, 10, 22))
    c.shape(rounded(-117, -116, 238, 240, r), "#000", 0.25)
    d = rounded(-120, -120, 240, 240, r)
    c.shape(d, hexa(style.paper))
    c.shape(d, c.gradient((0, "#fff", 0.25), (0.4, "#fff", 0), (1, "#000", 0.08), to=(1, 1)))
    c.line(d, darker(style.paper, 0.45), 1, 0.5)
    if style.frame != "none":
        c.line(rounded(-115, -115, 230, 230, max(r - 4, 1)), style.ink, 1.2, 0.7)


MATERIALS: dict[str, Callable[[Canvas, Style], None]] = {
    "pack": pack,
    "plate": plate,
    "cloth": cloth,
    "card": card,
    "sticker": sticker,
}
"""Surface -> what is drawn below the print."""
