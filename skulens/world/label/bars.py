"""EAN-13 and UPC-A as they are printed: bars with guards, digits below, quiet zones beside."""

from functools import lru_cache

from barcode.ean import EuropeanArticleNumber13
from barcode.upc import UniversalProductCodeA

from skulens.errors import DataError
from skulens.world.canvas.svg import Canvas
from skulens.world.label.marks import unit_px

MODULES = 113
"""Width of a symbol with its quiet zones, modules: EAN-13 has 11 + 95 + 7, UPC-A 9 + 95 + 9."""
GRID = 2 / 3
"""Scene units of one pixel of a close-up of 384 px;
bars whose left edge and module are multiples stay crisp.
"""
QUIET = {"EAN-13": 11, "UPC-A": 9}
GUARD, DIGIT, BELOW = 5, 9.4, 11
"""Modules: guards beyond the other bars, em of the digits, room for them below the bars."""
BLOT_PX = 0.3
"""Bars thinner than this are a grey patch."""


@lru_cache(maxsize=256)
def pattern(symbology: str, gtin: str) -> str:
    """The 95 modules as "1" (bar) and "0" (space).
    Raises DataError for a wrong length or check digit.
    """
    if symbology not in QUIET:
        raise DataError(f"no bars for {symbology!r}; known: {', '.join(QUIET)}")
    if not gtin.isdigit() or len(gtin) != (13 if symbology == "EAN-13" else 12):
        raise DataError(f"{gtin!r} is not a number of an {symbology}: it has 13 digits, a UPC-A 12")
    code = EuropeanArticleNumber13(gtin) if symbology == "EAN-13" else UniversalProductCodeA(gtin)
    if str(code) != gtin:
        raise DataError(f"{gtin} is no {symbology}: the check digit should be {str(code)[-1]}")
    return code.build()[0]


def height_of(module: float, tall: int) -> float:
    """Units that a symbol takes whose bars are `tall` modules."""
    return (tall + BELOW) * module


def bars(
    c: Canvas,
    symbology: str,
    gtin: str,
    x: float,
    y: float,
    module: float,
    tall: int = 50,
    ink: str = "#101014",
    paper: str = "#fff",
) -> None:
    """A symbol on its own patch of paper, MODULES * `module` wide,
    the quiet zone's left top at (x, y).
    """
    left = QUIET[symbology]
    c.open(f'transform="translate({x:.4f} {y:.4f}) scale({module:.5f})"')
    c.shape(f"M0 -2H{MODULES}V{tall + BELOW + 1}H0Z", paper)
    if unit_px(c) < BLOT_PX:
        c.shape(f"M{left} 0h95v{tall}h-95Z", ink, 0.5)
    else:
        c.shape(bars_path(symbology, gtin, left, tall), ink)
        for digit, at, size in digits(symbology, gtin):
            c.text(digit, at, tall + BELOW - 1.5, size, ink, field=None, bold=False)
    # The digit before the guards stands in the quiet zone, and so does a UPC-A's last one.
    c.printed("gtin", gtin, (1, 0, MODULES - (1 if symbology == "UPC-A" else 7), tall + BELOW), 1)
    c.close()


def bars_path(symbology: str, gtin: str, left: int, tall: int) -> str:
    """Every bar as a rectangle, in modules."""
    guards = {*range(3), *range(45, 50), *range(92, 95)}
    if symbology == "UPC-A":
        guards |= {*range(3, 10), *range(85, 92)}  # the outer digits have long bars too
    found, modules, start = [], pattern(symbology, gtin), 0
    while start < len(modules):
        end = start + 1
        while end < len(modules) and modules[end] == modules[start]:
            end += 1
        if modules[start] == "1":
            down = tall + (GUARD if start in guards else 0)
            found.append(f"M{left + start} 0H{left + end}V{down}H{left + start}Z")
        start = end
    return "".join(found)


def digits(symbology: str, gtin: str) -> list[tuple[str, float, float]]:
    """(digit, middle in modules, em in modules) of the line below the bars."""
    if symbology == "UPC-A":
        outer = [(gtin[0], 4, 0.8 * DIGIT), (gtin[-1], MODULES - 4, 0.8 * DIGIT)]
        inner = [
            (d, 9 + 10 + 7 * i + 3.5 + (5 if i > 4 else 0), DIGIT) for i, d in enumerate(gtin[1:-1])
        ]
        return outer[:1] + inner + outer[1:]
    return [(gtin[0], 5, DIGIT)] + [
        (d, 11 + 3 + 7 * i + 3.5 + (5 if i > 5 else 0), DIGIT) for i, d in enumerate(gtin[1:])
    ]
