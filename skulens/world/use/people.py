"""Those who wear and carry: heads cut by the picture's edge, arms, hands, legs and tailor's forms."""

from skulens.world.canvas.svg import Canvas, ellipse, n, rounded
from skulens.world.config import Stream
from skulens.world.truth.colours import Rgb, darker, hexa, lighter

HAIRS: tuple[Rgb, ...] = (
    (38, 30, 28),
    (78, 50, 34),
    (138, 92, 52),
    (196, 156, 96),
    (120, 116, 114),
    (110, 48, 34),
)


def limb(c: Canvas, d: str, rgb: Rgb, wide: float) -> None:
    """An arm or a leg along its middle line."""
    c.line(d, darker(rgb, 0.4), wide + 2)
    c.line(d, hexa(rgb), wide)
    c.line(d, "#fff", wide * 0.3, 0.12, f'transform="translate({n(-wide * 0.2)} 0)"')


def blob(c: Canvas, d: str, rgb: Rgb) -> None:
    """A part of a body or of plain clothes: colour, a soft light, an edge."""
    c.shape(d, hexa(rgb))
    c.shape(
        d, c.gradient((0, "#000", 0.16), (0.35, "#fff", 0.1), (0.65, "#fff", 0), (1, "#000", 0.2))
    )
    c.line(d, darker(rgb, 0.45), 1.1, 0.7)


def neck(c: Canvas, rgb: Rgb) -> None:
    """A neck and the skin below it, in the units of a top: the chin at -94, shoulders at -70."""
    c.shape("M-13 -130L-13 -88Q-16 -78 -34 -72L-34 -50H34L34 -72Q16 -78 13 -88L13 -130Z", hexa(rgb))
    c.shape("M-13 -100Q0 -84 13 -100L13 -88Q0 -74 -13 -90Z", "#000", 0.16)
    c.line("M-24 -71Q-12 -70 -4 -65M24 -71Q12 -70 4 -65", darker(rgb, 0.35), 1.2, 0.5)


def chin(c: Canvas, rgb: Rgb) -> None:
    """The lower half of a face, as far as a top's picture shows it."""
    c.shape(
        "M-25 -150Q-26 -112 -14 -100Q-6 -93 0 -93Q6 -93 14 -100Q26 -112 25 -150Z",
        hexa(rgb),
        extra=f'stroke="{darker(rgb, 0.4)}" stroke-width="1"',
    )
    c.line("M-7 -107Q0 -103 7 -107", darker(rgb, 0.5), 1.8, 0.8)
    c.line("M-4 -100Q0 -98 4 -100", "#000", 1, 0.2)


def fist(c: Canvas, rgb: Rgb, x: float, y: float) -> None:
    """A hand closed around something at (x, y), its knuckles to the viewer."""
    d = rounded(x - 15, y - 9, 30, 21, 8)
    c.shape(d, hexa(rgb), extra=f'stroke="{darker(rgb, 0.45)}" stroke-width="1.2"')
    c.shape(d, c.gradient((0, "#fff", 0.14), (1, "#000", 0.2), to=(0, 1)))
    c.line(
        f"M{n(x - 7)} {n(y - 5)}V{n(y + 10)}M{n(x)} {n(y - 6)}V{n(y + 11)}M{n(x + 7)} {n(y - 5)}V{n(y + 10)}",
        darker(rgb, 0.45),
        1.1,
        0.75,
    )
    c.shape(
        rounded(x - 17, y - 11, 22, 9, 4.5),
        hexa(rgb),
        extra=f'stroke="{darker(rgb, 0.45)}" stroke-width="1"',
    )


def hand(c: Canvas, rgb: Rgb, x: float, y: float, s: int, turned: float = 0) -> None:
    """A hanging hand, its thumb towards -`s`."""
    c.open(f'transform="translate({n(x)} {n(y)}) rotate({n(turned)}) scale({s} 1)"')
    d = "M-8 -6Q-10 8 -8 16Q-6 28 0 30Q7 28 8 16Q10 6 8 -6Z"
    c.shape(d, hexa(rgb), extra=f'stroke="{darker(rgb, 0.45)}" stroke-width="1.1"')
    c.shape(
        "M-7 0Q-15 6 -13 17Q-10 20 -8 14Z",
        hexa(rgb),
        extra=f'stroke="{darker(rgb, 0.45)}" stroke-width="1"',
    )
    c.line("M-2 16L-1 28M3 16L3 27", darker(rgb, 0.45), 0.9, 0.7)
    c.close()


def coat(c: Canvas, stream: Stream, rgb: Rgb, skin: Rgb, x: float) -> None:
    """A figure in a coat, its head above the picture, from the neck down past the lower edge, centred at `x`."""
    c.open(f'transform="translate({n(x)} 0)"')
    c.shape("M-13 -140V-108H13V-140Z", darker(skin, 0.1))
    blob(
        c,
        "M-14 -118Q-54 -108 -60 -84Q-66 0 -62 140H62Q66 0 60 -84Q54 -108 14 -118Q0 -106 -14 -118Z",
        rgb,
    )
    style = stream.choice(("coat", "jersey", "shirt"))
    if style == "coat":
        c.line("M0 -84V140", darker(rgb, 0.55), 1.8)
        for s in (-1, 1):
            c.shape(
                f"M{2 * s} -84L{14 * s} -120L{30 * s} -108L{22 * s} -84Z",
                lighter(rgb, 0.1),
                extra=f'stroke="{darker(rgb, 0.5)}" stroke-width="1.1"',
            )
        for y in (-64, -30, 4, 38):
            c.shape(ellipse(7, y, 3, 3), darker(rgb, 0.55))
    elif style == "jersey":
        c.line("M-16 -117Q0 -102 16 -117", darker(rgb, 0.35), 6)
        c.shape("M-59 84H59V140H-59Z", "#2e3440")
        c.line("M-61 82H61", darker(rgb, 0.4), 5)
    else:
        c.line("M0 -112V140", darker(rgb, 0.4), 1.4)
        for s in (-1, 1):
            c.shape(
                f"M{1 * s} -108L{13 * s} -122L{22 * s} -104L{9 * s} -96Z",
                lighter(rgb, 0.3),
                extra=f'stroke="{darker(rgb, 0.4)}" stroke-width="1"',
            )
        for y in range(-86, 120, 26):
            c.shape(ellipse(3.5, y, 1.8, 1.8), lighter(rgb, 0.6))
    c.line("M-40 -60Q-36 0 -42 60M38 -70Q34 -10 40 50", "#000", 3, 0.1)
    c.close()
