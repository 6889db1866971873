"""What a label is set from: paragraphs, tables, frames, rows of marks, bars;
each knows its height and draws itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from skulens.world.canvas.letters import THAI, X_HEIGHT, width_of
from skulens.world.canvas.svg import Canvas, n, rounded
from skulens.world.label.bars import GRID, MODULES, bars, height_of
from skulens.world.label.marks import mark, unit_px
from skulens.world.label.record import Fact
from skulens.world.label.style import Style
from skulens.world.truth.colours import hexa

GREEK_PX = 2.6
"""Letters with a smaller em are drawn as grey bars."""
PARTS_OF_A_ROW = ("nutrition.saturates", "nutrition.sugars")
"""Indented and not bold: they are counted in the row above."""
THAI_BREAK = re.compile(r"[\u0e40-\u0e44]*[^\u0e40-\u0e44][\u0e2f-\u0e3a\u0e45-\u0e4e]*")
"""What must stay together in Thai:
leading vowels, the consonant, all that is written on or after it.
"""


# Words in lines.


@dataclass(frozen=True)
class TextRun:
    """Words of one weight on a line."""

    words: str
    bold: bool


@lru_cache(maxsize=4096)
def wrap(heading: str, text: str, bold: bool, room: float) -> tuple[tuple[TextRun, ...], ...]:
    """Lines of at most `room` ems: the heading in bold, then the text."""
    lines: list[list[TextRun]] = [[]]
    used = 0.0
    tokens = [(w, True) for w in heading.split()] + [(w, bold) for w in text.split()]
    for word, heavy in tokens:
        space = width_of(" ", heavy) if lines[-1] else 0.0
        for number, piece in enumerate(pieces(word, heavy, room, room - used - space)):
            wide = width_of(piece, heavy)
            gap = space if number == 0 else 0.0
            if lines[-1] and used + gap + wide > room:
                lines.append([])
                used = gap = 0.0
            _append(lines[-1], piece, heavy, " " if gap else "")
            used += gap + wide
    return tuple(map(tuple, lines))


def _append(line: list[TextRun], piece: str, heavy: bool, gap: str) -> None:
    if line and line[-1].bold == heavy:
        line[-1] = TextRun(line[-1].words + gap + piece, heavy)
    else:
        line.append(TextRun(piece, heavy))


def pieces(word: str, bold: bool, room: float, left: float) -> list[str]:
    """Parts between which `word` may break:
    it stays whole where it fits, long Thai breaks between clusters.
    """
    wide = width_of(word, bold)
    if wide <= left or (wide <= room and not (THAI.search(word) and wide > 0.3 * room)):
        return [word]
    return THAI_BREAK.findall(word) if THAI.search(word) else list(word)


# Blocks.


class Block(Protocol):
    def height(self, style: Style, width: float) -> float: ...
    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None: ...


@dataclass(frozen=True)
class Paragraph:
    """A fact: its heading in bold and its text, in as many lines as it takes."""

    fact: Fact
    big: float = 1.0

    def em(self, style: Style) -> float:
        return style.em * self.big

    def leading(self, style: Style) -> float:
        return 1.5 if THAI.search(self.fact.heading + self.fact.text) else 1.3

    def lines(self, style: Style, width: float) -> tuple[tuple[TextRun, ...], ...]:
        room, bold = round(width / self.em(style), 3), self.big > 1
        if style.above and self.fact.heading and self.narrow(style) > width:
            return wrap(self.fact.heading, "", bold, room) + wrap("", self.fact.text, bold, room)
        return wrap(self.fact.heading, self.fact.text, bold, room)

    def narrow(self, style: Style) -> float:
        """Width on a single line."""
        heading = width_of(self.fact.heading + " ", True) if self.fact.heading else 0
        return self.em(style) * (heading + width_of(self.fact.text, self.big > 1))

    def height(self, style: Style, width: float) -> float:
        return len(self.lines(style, width)) * self.leading(style) * self.em(style)

    def draw(
        self, c: Canvas, style: Style, x: float, y: float, width: float, anchor: str = ""
    ) -> None:
        em, leading = self.em(style), self.leading(style)
        up, down = (1.02, 0.3) if leading > 1.4 else (0.9, 0.26)
        anchor = anchor or ("middle" if style.centred else "start")
        extent: list[float] = []
        lines = self.lines(style, width)
        for number, line in enumerate(lines):
            base = y + (number * leading + (leading - up - down) / 2 + up) * em
            extent += write(c, line, x, base, em, style.ink, width, anchor)
        top = y + (leading - up - down) / 2 * em
        bottom = y + ((len(lines) - 1) * leading + (leading + up + down) / 2) * em
        c.printed(
            self.fact.field, self.fact.text, (min(extent), top, max(extent), bottom), X_HEIGHT * em
        )


def write(
    c: Canvas,
    line: Sequence[TextRun],
    x: float,
    y: float,
    em: float,
    ink: str,
    width: float,
    anchor: str,
) -> tuple[float, float]:
    """Draw a line of runs in [x, x + width]; returns its (left, right)."""
    spaces = [width_of(" ", run.bold) for run in line[:-1]]
    wide = em * (sum(width_of(run.words, run.bold) for run in line) + sum(spaces))
    left = x + (width - wide) * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    if em * unit_px(c) < GREEK_PX:
        c.shape(f"M{n(left)} {n(y - 0.5 * em)}h{n(wide)}v{n(0.45 * em)}h{n(-wide)}Z", ink, 0.5)
        return left, left + wide
    at = left
    for run, space in zip(line, [*spaces, 0.0], strict=True):
        at += (
            c.text(run.words, at, y, em, ink, bold=run.bold, anchor="start", field=None)
            + space * em
        )
    return left, left + wide


@dataclass(frozen=True)
class Beside:
    """Two short facts on one line."""

    left: Paragraph
    right: Paragraph

    def height(self, style: Style, width: float) -> float:
        return max(b.height(style, width / 2) for b in (self.left, self.right))

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None:
        self.left.draw(c, style, x, y, width * 0.48)
        self.right.draw(c, style, x + width * 0.52, y, width * 0.48)


@dataclass(frozen=True)
class Table:
    """Rows of name and amount between rules, under an optional title."""

    title: Paragraph | None
    rows: tuple[Fact, ...]

    def parts(self) -> list[Paragraph]:
        return ([self.title] if self.title else []) + [Paragraph(f) for f in self.rows]

    def height(self, style: Style, width: float) -> float:
        inner = width - style.em * 1.2
        return sum(p.height(style, inner) + 0.16 * style.em for p in self.parts()) + 0.5 * style.em

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None:
        em, inner, top = style.em, width - style.em * 1.2, y
        x0, plain = x + 0.6 * em, replace(style, centred=False)
        y += 0.25 * em
        for number, part in enumerate(self.parts()):
            tall = part.height(style, inner)
            if number:
                c.line(f"M{n(x)} {n(y)}H{n(x + width)}", style.rule, 0.8 if number > 1 else 2, 0.9)
            y += 0.16 * em
            if part.narrow(style) < inner * 0.95 and part.fact.heading and part is not self.title:
                row(c, plain, part, x0, y, inner)
            else:
                part.draw(c, plain, x0, y, inner)
            y += tall
        edge(
            c,
            style,
            x,
            top,
            width,
            y + 0.25 * em - top,
            "box" if style.frame == "none" else style.frame,
        )


def row(c: Canvas, style: Style, part: Paragraph, x: float, y: float, width: float) -> None:
    """The name at the left, the amount at the right; one print over both."""
    em, leading = part.em(style), part.leading(style)
    up, down = (1.02, 0.3) if leading > 1.4 else (0.9, 0.26)
    base = y + ((leading - up - down) / 2 + up) * em
    inner = part.fact.field in PARTS_OF_A_ROW
    write(
        c,
        [TextRun(part.fact.heading, not inner)],
        x + (0.8 * em if inner else 0),
        base,
        em,
        style.ink,
        width,
        "start",
    )
    write(c, [TextRun(part.fact.text, False)], x, base, em, style.ink, width, "end")
    c.printed(
        part.fact.field,
        part.fact.text,
        (x, base - up * em, x + width, base + down * em),
        X_HEIGHT * em,
    )


def edge(
    c: Canvas,
    style: Style,
    x: float,
    y: float,
    width: float,
    height: float,
    frame: str,
    ink: str = "",
    weight: float = 1.2,
) -> None:
    """The frame around a table or a warning."""
    ink = ink or style.rule
    if frame == "rules":
        c.line(
            f"M{n(x)} {n(y)}H{n(x + width)}M{n(x)} {n(y + height)}H{n(x + width)}",
            ink,
            weight * 1.5,
        )
    elif frame != "none":
        c.line(rounded(x, y, width, height, 6 if frame == "round" else 0), ink, weight)


@dataclass(frozen=True)
class Framed:
    """Blocks in a frame that belong together: a warning, the data of a product."""

    blocks: tuple[Block, ...]
    frame: str = "box"

    def height(self, style: Style, width: float) -> float:
        inner = width - 1.4 * style.em
        return (
            sum(b.height(style, inner) for b in self.blocks)
            + (0.3 * len(self.blocks) + 0.7) * style.em
        )

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None:
        inner, top = width - 1.4 * style.em, y
        y += 0.5 * style.em
        for block in self.blocks:
            block.draw(c, style, x + 0.7 * style.em, y, inner)
            y += block.height(style, inner) + 0.3 * style.em
        edge(c, style, x, top, width, self.height(style, width), self.frame, style.ink, 1.6)


@dataclass(frozen=True)
class Marks:
    """A row of marks, in more rows where one is too short."""

    facts: tuple[Fact, ...]
    side: float
    """Ems."""

    def grid(self, style: Style, width: float) -> tuple[int, float, float]:
        """(marks in a row, side, step), units; the rows are about equally long."""
        side = self.side * style.em
        step = side * 1.25
        columns = max(min(int((width + 0.25 * side) / step), len(self.facts)), 1)
        return -(-len(self.facts) // -(-len(self.facts) // columns)), min(side, width), step

    def height(self, style: Style, width: float) -> float:
        columns, side, step = self.grid(style, width)
        return (-(-len(self.facts) // columns) - 1) * step + side + 0.5 * style.em

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None:
        columns, side, step = self.grid(style, width)
        for number, fact in enumerate(self.facts):
            across, down = number % columns, number // columns
            in_row = min(columns, len(self.facts) - down * columns)
            start = x + (width - (in_row - 1) * step - side) / 2 if style.centred else x
            mark(
                c,
                fact.text,
                start + across * step,
                y + 0.25 * style.em + down * step,
                side,
                style.ink,
                hexa(style.paper),
            )


@dataclass(frozen=True)
class BarCode:
    """The bars, with marks beside them where there is room."""

    symbology: str
    gtin: str
    tall: int
    beside: Marks | None = None

    def module(self, style: Style, width: float) -> float:
        return next((m for m in (style.module, 2 * GRID) if m * MODULES <= width), width / MODULES)

    def height(self, style: Style, width: float) -> float:
        tall = height_of(self.module(style, width), self.tall) + 0.8 * style.em
        left = self.left(style, width)
        return max(tall, self.beside.height(style, left)) if self.beside and left > 0 else tall

    def left(self, style: Style, width: float) -> float:
        """Room beside the bars."""
        return width - MODULES * self.module(style, width) - style.em

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float) -> None:
        module, left = self.module(style, width), self.left(style, width)
        wide = MODULES * module
        start = x if self.beside or not style.centred else x + (width - wide) / 2
        bars(
            c,
            self.symbology,
            self.gtin,
            start // GRID * GRID,
            y + 0.4 * style.em,
            module,
            self.tall,
        )
        if self.beside:
            self.beside.draw(c, replace(style, centred=True), x + width - left, y, left)
