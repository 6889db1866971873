"""Certification, hazard, recycling and care marks as named shapes of our own,
in a box of 100 x 100.
"""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas, ellipse, n, rounded

RED, BLACK, WHITE = "#d8141c", "#121214", "#ffffff"

BLOT_PX = 5
"""A mark smaller than this is a blot."""


def unit_px(c: Canvas) -> float:
    """Pixels of one unit of the open group."""
    a, b, d, e, *_ = c.places[-1]
    return abs(a * e - b * d) ** 0.5 * c.scale


def mark(
    c: Canvas, name: str, x: float, y: float, side: float, ink: str = BLACK, paper: str = WHITE
) -> None:
    """The mark `name` in the square of `side` whose left top is (x, y).
    Raises KeyError for an unknown name.
    """
    c.open(f'transform="translate({x + side / 2:.3f} {y + side / 2:.3f}) scale({side / 100:.5f})"')
    if unit_px(c) * 100 < BLOT_PX:
        c.shape("M-30 -30H30V30H-30Z", ink, 0.6)
    else:
        DRAWINGS[name](c, ink, paper)
    c.printed("mark", name, (-50, -50, 50, 50), 100)
    c.close()


def pen(
    c: Canvas, d: str, ink: str, width: float = 6, fill: str = "none", ends: str = "round"
) -> None:
    """A stroke of `width`, sharp at the corners unless `ends` are round."""
    join = "round" if ends == "round" else "miter"
    c.shape(
        d,
        fill,
        extra=f'stroke="{ink}" stroke-width="{width}" stroke-linecap="{ends}" '
        f'stroke-linejoin="{join}"',
    )


def words(
    c: Canvas, text: str, x: float, y: float, size: float, ink: str, width: float | None = None
) -> None:
    """Letters that belong to a mark's drawing and are not print of their own."""
    c.text(text, x, y, size, ink, width, field=None)


# Conformity.


def ce(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-8 -31A31 31 0 0 0 -8 31M46 -31A31 31 0 0 0 46 31M17 0H40", ink, 10, ends="butt")


def ukca(c: Canvas, ink: str, paper: str) -> None:
    words(c, "UK", 0, -5, 56, ink)
    words(c, "CA", 0, 43, 56, ink)


def fcc(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-42 38V-32H-2M-42 0H-12", ink, 10, ends="butt")
    pen(c, "M42 -24A36 36 0 1 0 42 26", ink, 9, ends="butt")
    pen(c, "M34 -8A17 17 0 1 0 34 10", ink, 7, ends="butt")


def double_insulation(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-40 -40H40V40H-40Z", ink, 8, ends="butt")
    pen(c, "M-19 -19H19V19H-19Z", ink, 8, ends="butt")


# Waste.


def weee(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-22 -28H22L16 26H-16ZM-28 -28H28M-12 -34H12", ink, 5)
    pen(c, ellipse(11, 30, 5, 5), ink, 4, paper)
    pen(c, "M-34 -40L34 34M34 -40L-34 34", ink, 5)
    c.shape("M-34 40H34V48H-34Z", ink)


def recycle(c: Canvas, ink: str, paper: str) -> None:
    """Three broad arrows that chase each other round a triangle."""
    for angle in (0, 120, 240):
        c.open(f'transform="translate(0 8) rotate({angle})"')
        pen(c, "M-24 -13L-10 -36Q0 -50 10 -36L14 -29", ink, 15, ends="butt")
        c.shape("M29 -38L25 -9L0 -21Z", ink)
        c.close()


def recycle_plastic(number: str, name: str) -> Callable[[Canvas, str, str], None]:
    def draw(c: Canvas, ink: str, paper: str) -> None:
        pen(
            c,
            "M-7 -38L-38 16Q-42 26 -32 27H-10M18 27H32Q42 26 38 16L28 -2M19 -18L7 -38Q0 -48 -7 -38",
            ink,
            6,
            ends="butt",
        )
        c.shape("M-12 18L4 27L-12 36ZM33 4L22 -4L33 -14ZM20 -26L12 -12L28 -14Z", ink)
        words(c, number, 0, 17, 40, ink)
        words(c, name, 0, 50, 17, ink)

    return draw


def tidyman(c: Canvas, ink: str, paper: str) -> None:
    c.shape(ellipse(-14, -36, 8, 8), ink)
    pen(c, "M-14 -24L-16 8L-26 44M-16 8L-4 24V44M-14 -20L4 -8L18 -14", ink, 9)
    c.shape(ellipse(24, -8, 4, 4), ink)
    pen(c, "M14 6H42L38 44H18ZM22 14V36M28 14V36M34 14V36", ink, 3.5)


# Food.


def organic_leaf(c: Canvas, ink: str, paper: str) -> None:
    c.shape(rounded(-48, -34, 96, 68, 6), "#5f9e33")
    c.shape("M-34 20Q-36 -24 6 -24Q34 -24 36 -16Q26 22 -12 22Q-26 22 -34 20Z", WHITE)
    pen(c, "M-40 27Q-16 4 22 -12M-14 10Q-12 -8 -4 -14M2 -1Q8 8 14 8", "#5f9e33", 4)


def vegan(c: Canvas, ink: str, paper: str) -> None:
    pen(c, ellipse(0, 0, 45, 45), ink, 5)
    pen(c, "M-22 -18L-4 10L14 -22", ink, 8)
    c.shape("M12 -16Q8 -36 34 -34Q34 -12 12 -16Z", ink)
    words(c, "VEGAN", 0, 30, 19, ink)


def gluten_free(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M0 34V-30", ink, 4)
    for y in (-20, -6, 8):
        c.shape(
            f"M0 {y + 8}Q-22 {y + 6} -18 {y - 12}Q-2 {y - 8} 0 {y + 8}"
            f"Q22 {y + 6} 18 {y - 12}Q2 {y - 8} 0 {y + 8}Z",
            ink,
        )
    c.shape("M0 -44Q-9 -34 0 -24Q9 -34 0 -44Z", ink)
    pen(c, ellipse(0, 0, 45, 45), ink, 6)
    pen(c, "M-31 31L31 -31", paper, 13)
    pen(c, "M-31 31L31 -31", ink, 6)


def halal(c: Canvas, ink: str, paper: str) -> None:
    pen(c, ellipse(0, 0, 45, 45), ink, 5)
    c.shape("M6 -34A17 17 0 1 0 16 -8A14 14 0 1 1 6 -34Z", ink)
    c.shape("M16 -26L18 -20L24 -20L19 -16L21 -10L16 -14L11 -10L13 -16L8 -20L14 -20Z", ink)
    words(c, "HALAL", 0, 24, 22, ink, 66)


def food_safe(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-38 -42H-6Q-6 0 -22 4Q-38 0 -38 -42ZM-22 4V40M-36 42H-8", ink, 6)
    pen(c, "M12 -42V-20Q12 -10 23 -10Q34 -10 34 -20V-42M23 -42V42", ink, 6)


# Hazards: the red diamond of the GHS with a black symbol.


def diamond(c: Canvas) -> None:
    c.shape("M0 -50L50 0L0 50L-50 0Z", RED)
    c.shape("M0 -40L40 0L0 40L-40 0Z", WHITE)


def corrosion(c: Canvas, ink: str, paper: str) -> None:
    diamond(c)
    c.shape("M-22 -10L-2 -20L0 -16L-20 -6ZM22 -14L4 -22L2 -18L20 -9Z", BLACK)
    c.shape("M-20 -3L-17 3L-22 3ZM-17 6L-14 11L-20 11ZM17 -5L20 1L14 1ZM17 4L20 9L14 9Z", BLACK)
    c.shape("M-31 14H-8V19H-31ZM-22 14Q-19 10 -15 14ZM4 16Q10 12 15 15L30 11L31 15L20 20H4Z", BLACK)
    c.shape("M14 13Q17 9 20 12Z", WHITE)


def exclamation(c: Canvas, ink: str, paper: str) -> None:
    diamond(c)
    c.shape("M-6 -28Q0 -32 6 -28L3.5 8H-3.5Z", BLACK)
    c.shape(ellipse(0, 18, 5.5, 5.5), BLACK)


def flame(c: Canvas, ink: str, paper: str) -> None:
    diamond(c)
    c.shape(
        "M-4 -30Q8 -20 4 -10Q12 -12 11 -22Q24 -4 16 8"
        "Q12 16 0 16Q-14 16 -17 6Q-20 -6 -8 -14Q-2 -20 -4 -30Z",
        BLACK,
    )
    c.shape("M0 -6Q8 2 5 9Q2 13 -3 11Q-9 6 -4 0Q-1 -2 0 -6Z", WHITE)
    c.shape("M-17 20H17V25H-17Z", BLACK)


def environment(c: Canvas, ink: str, paper: str) -> None:
    diamond(c)
    pen(c, "M-12 14V-24M-12 -4L-24 -14M-12 -10L0 -20M-12 -2L-4 -8", BLACK, 3.5)
    pen(c, "M-34 14H-2", BLACK, 3)
    c.shape("M-2 8Q12 -8 28 4L34 -2V12L28 6Q14 20 -2 8Z", BLACK)
    c.shape(ellipse(6, 5, 1.8, 1.8), WHITE)


# Care of textiles.


def wash(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-46 -18L-36 36H36L46 -18M-44 -10Q-33 -22 -22 -10T0 -10T22 -10T44 -10", ink, 5)
    words(c, "30", 0, 26, 36, ink)


def no_bleach(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M0 -38L42 34H-42Z", ink, 5.5)
    cross(c, ink)


def cross(c: Canvas, ink: str) -> None:
    pen(c, "M-40 -40L40 40M40 -40L-40 40", ink, 5.5)


def iron(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-46 28H42L31 -26H-6M-46 28Q-44 -2 -12 -2H36", ink, 5.5)
    c.shape(ellipse(4, 13, 5.5, 5.5), ink)


def no_tumble(c: Canvas, ink: str, paper: str) -> None:
    pen(c, "M-36 -36H36V36H-36Z" + ellipse(0, 0, 29, 29), ink, 5.5)
    cross(c, ink)


def dry_clean(c: Canvas, ink: str, paper: str) -> None:
    pen(c, ellipse(0, 0, 40, 40), ink, 5.5)
    words(c, "P", 1, 20, 56, ink)


def keep_dry(c: Canvas, ink: str, paper: str) -> None:
    c.shape("M-42 8A42 36 0 0 1 42 8Q32 -2 21 8Q10 -2 0 8Q-10 -2 -21 8Q-32 -2 -42 8Z", ink)
    pen(c, "M0 4V36Q0 46 10 44Q15 42 15 36", ink, 6)
    for x, y in ((-30, -44), (-6, -48), (18, -46), (38, -34)):
        c.shape(f"M{n(x)} {n(y)}l3.5 7a4 4 0 1 1 -7 0Z", ink)


DRAWINGS: dict[str, Callable[[Canvas, str, str], None]] = {
    "ce": ce,
    "ukca": ukca,
    "fcc": fcc,
    "double insulation": double_insulation,
    "weee": weee,
    "recycle": recycle,
    "recycle-plastic-1": recycle_plastic("1", "PET"),
    "recycle-plastic-5": recycle_plastic("5", "PP"),
    "tidyman": tidyman,
    "organic leaf": organic_leaf,
    "vegan": vegan,
    "gluten free": gluten_free,
    "halal": halal,
    "food safe": food_safe,
    "ghs corrosion": corrosion,
    "ghs exclamation mark": exclamation,
    "ghs flame": flame,
    "ghs environment": environment,
    "wash 30": wash,
    "do not bleach": no_bleach,
    "iron low": iron,
    "do not tumble dry": no_tumble,
    "dry clean p": dry_clean,
    "keep dry": keep_dry,
}
"""Name -> its drawing (canvas, ink, paper) around the origin;
hazards and the leaf keep their own colours.
"""
