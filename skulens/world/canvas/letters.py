"""Words as outlines: shaped by HarfBuzz in Noto Sans,
so that widths are exact and no font is loaded to draw.

Thai and Latin come from their own fonts; a line may hold both. Everything is in whole font units
(1000 to the em), which makes a text's outline the same on every machine.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import uharfbuzz

from skulens.world.config import FONTS

UNITS = 1000
"""Font units of one em."""
X_HEIGHT, ASCENT, DESCENT = 0.536, 0.78, 0.22
"""Noto Sans, in ems: small letters above the base line; the box that a line of text is given
(capitals with an accent or a Thai tone mark may touch its edge).
"""
THAI = re.compile(r"[\u0e00-\u0e7f]")
RUNS = re.compile(r"[\u0e00-\u0e7f]+|[^\u0e00-\u0e7f]+")


@dataclass(frozen=True)
class ShapedLine:
    """One shaped line."""

    d: str
    """Outline in font units, y downwards, from (0, 0) on the base line."""
    width: float
    """Advance, in ems."""


@lru_cache(maxsize=4096)
def shape_line(words: str, bold: bool = False) -> ShapedLine:
    """`words` on one line."""
    x, found = 0, []
    for run in RUNS.findall(words):
        script = "Thai" if THAI.match(run) else ""
        name = f"NotoSans{script}-{'Bold' if bold else 'Regular'}.ttf"
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        uharfbuzz.shape(font(name), buffer)
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            if glyph := outline_of(name, info.codepoint):
                left, top, d = glyph
                found.append(f"M{x + place.x_offset + left} {top - place.y_offset}{d}")
            x += place.x_advance
    return ShapedLine("".join(found), x / UNITS)


def width_of(words: str, bold: bool = False) -> float:
    """Advance of `words` on one line, in ems."""
    return shape_line(words, bold).width


@cache
def font(name: str) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / name))))


@cache
def outline_of(name: str, glyph: int) -> tuple[int, int, str] | None:
    """(x, y) where a glyph's outline starts and the rest as relative SVG path commands;
    None for a space.
    """
    pen = Pen()
    font(name).draw_glyph(glyph, PENS, pen)
    if not pen.commands:
        return None
    left, top = pen.start
    return left, top, "".join(pen.commands[1:])


class Pen:
    """Collects an outline as relative commands, y turned downwards."""

    def __init__(self):
        self.commands: list[str] = []
        self.at = self.first = (0, 0)
        self.start = (0, 0)

    def step(self, letter: str, *points: tuple[float, float]) -> None:
        whole = [(round(x), -round(y)) for x, y in points]
        if not self.commands:
            self.start = whole[-1]
        x0, y0 = self.at
        self.commands.append(letter + " ".join(f"{x - x0} {y - y0}" for x, y in whole))
        self.at = whole[-1]
        if letter == "m":
            self.first = self.at

    def close(self) -> None:
        self.commands.append("z")
        self.at = self.first


def _pens() -> uharfbuzz.DrawFuncs:
    pens = uharfbuzz.DrawFuncs()
    pens.set_move_to_func(lambda x, y, pen: pen.step("m", (x, y)))
    pens.set_line_to_func(lambda x, y, pen: pen.step("l", (x, y)))
    pens.set_quadratic_to_func(lambda ax, ay, x, y, pen: pen.step("q", (ax, ay), (x, y)))
    pens.set_cubic_to_func(
        lambda ax, ay, bx, by, x, y, pen: pen.step("c", (ax, ay), (bx, by), (x, y))
    )
    pens.set_close_path_func(lambda pen: pen.close())
    return pens


PENS = _pens()
