"""Facts on paper: a small flow layout of paragraphs, tables, marks and bars, on sheets and on the back of a pack."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from skulens.catalog.world.colours import Rgb, brightness, hexa, ink_on, mix
from skulens.catalog.world.config import Stream
from skulens.catalog.world.label.bars import GRID, MODULES, bars, height_of
from skulens.catalog.world.label.marks import mark, unit_px
from skulens.catalog.world.label.materials import CONTENT, MATERIALS
from skulens.catalog.world.label.record import Fact, Label
from skulens.catalog.world.letters import X_HEIGHT, width_of
from skulens.catalog.world.surface import Look
from skulens.catalog.world.svg import Canvas, n, rounded
from skulens.errors import DataError

SMALLEST_EM = 9.4
"""scene units of a sheet: an x-height of 7.6 px in a close-up of 384 px, which tesseract reads"""
EMS = (13.0, 12.4, 11.8, 11.2, 10.6, 10.0, SMALLEST_EM)
"""sizes tried from the largest"""
SHEETS, MOST_SHEETS = 3, 4
"""most labels take two or three; long warnings take four rather than smaller print"""
GREEK_PX = 2.6
"""letters with a smaller em are drawn as grey bars"""
BIG = {"brand": 1.75, "product name": 1.4, "warning.signal": 1.35}
"""fields printed larger and bold, times the em"""
PARTS_OF_A_ROW = ("nutrition.saturates", "nutrition.sugars")
"""indented and not bold: they are counted in the row above"""
SHORT = 0.46
"""share of the width that a fact may take to stand beside another"""

THAI_BREAK = re.compile(r"[\u0e40-\u0e44]*[^\u0e40-\u0e44][\u0e2f-\u0e3a\u0e45-\u0e4e]*")
"""What must stay together in Thai: leading vowels, the consonant, all that is written on or after it."""
THAI = re.compile(r"[\u0e00-\u0e7f]")


# Words in lines.


@dataclass(frozen=True)
class Run:
    """Words of one weight on a line."""

    words: str
    bold: bool


@lru_cache(maxsize=4096)
def wrapped(heading: str, text: str, bold: bool, room: float) -> tuple[tuple[Run, ...], ...]:
    """Lines of at most `room` ems: the heading in bold, then the text."""
    lines: list[list[Run]] = [[]]
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


def _append(line: list[Run], piece: str, heavy: bool, gap: str) -> None:
    if line and line[-1].bold == heavy:
        line[-1] = Run(line[-1].words + gap + piece, heavy)
    else:
        line.append(Run(piece, heavy))


def pieces(word: str, bold: bool, room: float, left: float) -> list[str]:
    """Parts between which `word` may break: it stays whole where it fits, long Thai breaks between clusters."""
    wide = width_of(word, bold)
    if wide <= left or (wide <= room and not (THAI.search(word) and wide > 0.3 * room)):
        return [word]
    return THAI_BREAK.findall(word) if THAI.search(word) else list(word)


# Looks.


@dataclass(frozen=True)
class Style:
    """How the labels of an SPU look."""

    paper: Rgb
    ink: str
    rule: str
    em: float
    """largest size of small print, scene units of a sheet"""
    surface: str
    """"pack", "plate", "cloth", "card" or "sticker"""
    frame: str
    """"none", "box", "rules" or "round", around tables and warnings"""
    above: bool
    """headings stand on their own line"""
    centred: bool
    module: float
    """width of the thinnest bar, scene units"""
    behind: Rgb
    """what lies beside or behind the label"""
    trim: Rgb
    seed: str
    """the SPU"""


def style_of(label: Label, look: Look) -> Style:
    """The style shared by all variants of an SPU; only the colour is the SKU's."""
    stream = Stream("label style", look.spu)
    em, frame = stream.choice((10.0, 10.6, 11.2, 11.8, 12.4, 13.0)), stream.choice(("none", "box", "rules", "round"))
    above, centred, module = stream.chance(0.3), stream.chance(0.25), stream.choice((2, 2, 3)) * GRID
    tone, material = stream.choice(("pack", "pale", "white", "pack")), stream.choice(("light", "dark"))
    surface = {"food": "pack", "hazard": "pack", "plate": "plate", "textile": "cloth"}.get(label.kind) or stream.choice(("card", "sticker"))
    if surface == "pack":
        paper = {"pack": firm(look.base), "pale": mix(look.base, (255, 255, 255), 0.86), "white": (250, 250, 247)}[tone]
    elif surface == "plate":
        paper = (208, 211, 214) if material == "light" else (38, 39, 43)
    elif surface == "cloth":
        paper = {"pack": (30, 30, 34), "pale": (244, 240, 228), "white": (252, 252, 250)}[tone]
        centred = stream.chance(0.6)
    else:
        paper = {"pack": (233, 219, 190), "pale": mix(look.base, (255, 255, 255), 0.88), "white": (252, 252, 249)}[tone]
    rule = hexa(mix(paper, (20, 20, 24) if brightness(paper) > 0.55 else (255, 255, 255), 0.55))
    return Style(paper, ink_on(paper), rule, em, surface, frame, above, centred, module, look.base, look.second, look.spu)


def firm(rgb: Rgb) -> Rgb:
    """A colour moved away from middle grey until print on it has contrast."""
    light = brightness(rgb)
    if light > 0.55:
        return mix(rgb, (255, 255, 255), min(max(0.8 - light, 0) * 1.6, 0.5))
    return mix(rgb, (10, 10, 16), min(max(light - 0.22, 0) * 1.7, 0.55))


# Blocks: they know their height in a width and draw themselves.


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

    def lines(self, style: Style, width: float) -> tuple[tuple[Run, ...], ...]:
        room, bold = round(width / self.em(style), 3), self.big > 1
        if style.above and self.fact.heading and self.narrow(style) > width:
            return wrapped(self.fact.heading, "", bold, room) + wrapped("", self.fact.text, bold, room)
        return wrapped(self.fact.heading, self.fact.text, bold, room)

    def narrow(self, style: Style) -> float:
        """Width on a single line."""
        heading = width_of(self.fact.heading + " ", True) if self.fact.heading else 0
        return self.em(style) * (heading + width_of(self.fact.text, self.big > 1))

    def height(self, style: Style, width: float) -> float:
        return len(self.lines(style, width)) * self.leading(style) * self.em(style)

    def draw(self, c: Canvas, style: Style, x: float, y: float, width: float, anchor: str = "") -> None:
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
        c.printed(self.fact.field, self.fact.text, (min(extent), top, max(extent), bottom), X_HEIGHT * em)


def write(c: Canvas, line: Sequence[Run], x: float, y: float, em: float, ink: str, width: float, anchor: str) -> tuple[float, float]:
    """Draw a line of runs in [x, x + width]; returns its (left, right)."""
    spaces = [width_of(" ", run.bold) for run in line[:-1]]
    wide = em * (sum(width_of(run.words, run.bold) for run in line) + sum(spaces))
    left = x + (width - wide) * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    if em * unit_px(c) < GREEK_PX:
        c.shape(f"M{n(left)} {n(y - 0.5 * em)}h{n(wide)}v{n(0.45 * em)}h{n(-wide)}Z", ink, 0.5)
        return left, left + wide
    at = left
    for run, space in zip(line, [*spaces, 0.0], strict=True):
        at += c.text(run.words, at, y, em, ink, bold=run.bold, anchor="start", field=None) + space * em
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
    """Rows of name and amount between rules, under a title where there is one."""

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
        edge(c, style, x, top, width, y + 0.25 * em - top, "box" if style.frame == "none" else style.frame)


def row(c: Canvas, style: Style, part: Paragraph, x: float, y: float, width: float) -> None:
    """The name at the left, the amount at the right; one print over both."""
    em, leading = part.em(style), part.leading(style)
    up, down = (1.02, 0.3) if leading > 1.4 else (0.9, 0.26)
    base = y + ((leading - up - down) / 2 + up) * em
    inner = part.fact.field in PARTS_OF_A_ROW
    write(c, [Run(part.fact.heading, not inner)], x + (0.8 * em if inner else 0), base, em, style.ink, width, "start")
    write(c, [Run(part.fact.text, False)], x, base, em, style.ink, width, "end")
    c.printed(part.fact.field, part.fact.text, (x, base - up * em, x + width, base + down * em), X_HEIGHT * em)


def edge(c: Canvas, style: Style, x: float, y: float, width: float, height: float, frame: str, ink: str = "", weight: float = 1.2) -> None:
    """The frame around a table or a warning."""
    ink = ink or style.rule
    if frame == "rules":
        c.line(f"M{n(x)} {n(y)}H{n(x + width)}M{n(x)} {n(y + height)}H{n(x + width)}", ink, weight * 1.5)
    elif frame != "none":
        c.line(rounded(x, y, width, height, 6 if frame == "round" else 0), ink, weight)


@dataclass(frozen=True)
class Framed:
    """Blocks in a frame that belong together: a warning, the data of a product."""

    blocks: tuple[Block, ...]
    frame: str = "box"

    def height(self, style: Style, width: float) -> float:
        inner = width - 1.4 * style.em
        return sum(b.height(style, inner) for b in self.blocks) + (0.3 * len(self.blocks) + 0.7) * style.em

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
    """ems"""

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
            mark(c, fact.text, start + across * step, y + 0.25 * style.em + down * step, side, style.ink, hexa(style.paper))


@dataclass(frozen=True)
class Code:
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
        bars(c, self.symbology, self.gtin, start // GRID * GRID, y + 0.4 * style.em, module, self.tall)
        if self.beside:
            self.beside.draw(c, replace(style, centred=True), x + width - left, y, left)


# From a label to pages of blocks.


def blocks_of(label: Label, style: Style, width: float) -> list[Block]:
    """The label's facts in printing order, grouped into blocks."""
    marks = [f for f in label.facts if f.field == "mark"]
    hazards = tuple(f for f in marks if f.text.startswith("ghs "))
    care = tuple(f for f in marks if f.text in CARE)
    others = tuple(f for f in marks if f not in hazards + care)
    found: list[Block] = []
    short: list[Paragraph] = []
    for family, group in families([f for f in label.facts if f.field not in ("mark", "gtin")]):
        if family != "":
            flush(found, short)
        if family == "nutrition":
            found.append(table_of(group))
        elif family == "precaution" and len(group) > FRAMED_LINES:
            found += [Paragraph(f) for f in group]
        elif family in ("warning", "precaution"):
            said = tuple(Paragraph(f, BIG.get(f.field, 1)) for f in group)
            found.append(Framed(((Marks(hazards, 4.2),) if hazards else ()) + said, "round" if style.frame == "round" else "box"))
            hazards = ()
        else:
            if family == "care" and care:
                found.append(Marks(care, 3.0))
                care = ()
            lay_out(group, style, width, found, short)
    flush(found, short)
    alone = hazards + care
    return found + ([Marks(alone, 3.4)] if alone else []) + code_and_marks(label, style, others, width)


def lay_out(facts: Sequence[Fact], style: Style, width: float, found: list[Block], short: list[Paragraph]) -> None:
    """Facts as paragraphs, two short ones side by side."""
    for fact in facts:
        part = Paragraph(fact, BIG.get(fact.field, 1))
        if part.big == 1 and part.narrow(style) < SHORT * width:
            short.append(part)
            if len(short) == 2:
                flush(found, short)
        else:
            flush(found, short)
            found.append(part)


def flush(found: list[Block], short: list[Paragraph]) -> None:
    """Place the short facts that wait for a neighbour."""
    if len(short) == 2:
        found.append(Beside(*short))
    else:
        found.extend(short)
    short.clear()


FAMILIES = ("warning", "precaution", "nutrition", "care")
FRAMED_LINES = 4
"""precautions that fit a frame; more of them are a plain list, which may go on on the next sheet"""
CARE = ("wash 30", "do not bleach", "iron low", "do not tumble dry", "dry clean p")


def families(facts: Sequence[Fact]) -> list[tuple[str, list[Fact]]]:
    """Consecutive facts that belong into one table or frame, named; the others as ""."""
    found: list[tuple[str, list[Fact]]] = []
    for fact in facts:
        family = "precaution" if fact.field == "warning.precaution" else fact.field.partition(".")[0]
        family = family if family in FAMILIES else ""
        if not found or found[-1][0] != family:
            found.append((family, []))
        found[-1][1].append(fact)
    return found


def table_of(group: list[Fact]) -> Table:
    """A table under what its amounts are for."""
    title = Paragraph(group[0], 1.12) if group[0].field == "nutrition.basis" else None
    return Table(title, tuple(group[1:] if title else group))


def code_and_marks(label: Label, style: Style, marks: tuple[Fact, ...], width: float) -> list[Block]:
    """The bars with up to four marks beside them, or the marks in a row of their own."""
    stream = Stream("label blocks", style.seed)
    side = stream.uniform(2.6, 3.4)
    code = Code(label.symbology, label.gtin, stream.integer(34, 52))
    room = code.left(style, width) / style.em
    if marks and len(marks) <= 4 and room > 1.2 * side:
        return [replace(code, beside=Marks(marks, side))]
    row = [Marks(marks, side)] if marks else []
    return [*row, code] if stream.chance(0.6) else [code, *row]


@dataclass(frozen=True)
class Page:
    """Some blocks in a box."""

    style: Style
    blocks: tuple[Block, ...]
    box: tuple[float, float, float, float]
    """(left, top, right, bottom), units"""

    def draw(self, c: Canvas) -> None:
        """The blocks from the top, what is left of the height spread between them."""
        left, top, right, bottom = self.box
        heights = [b.height(self.style, right - left) for b in self.blocks]
        gap = GAP * self.style.em
        spare = bottom - top - sum(heights) - gap * (len(heights) - 1)
        more = min(spare / (len(heights) + 1), 1.1 * self.style.em)
        y = top + max(more, (spare - more * (len(heights) + 1)) * 0.35 + more)
        for block, tall in zip(self.blocks, heights, strict=True):
            block.draw(c, self.style, left, y, right - left)
            y += tall + gap + more


GAP = 0.35
"""ems between blocks"""


def paginate(label: Label, style: Style, boxes: Sequence[tuple[float, float, float, float]]) -> list[Page] | None:
    """The label on as few of the equal `boxes` as it takes, evenly filled; None where it does not fit."""
    width, height = boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]
    blocks, gap = blocks_of(label, style, width), GAP * style.em
    heights = [b.height(style, width) for b in blocks]
    count = len(filled(heights, gap, height))
    if count > len(boxes) or max(heights) > height:
        return None
    low, high = max(heights), height
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if len(filled(heights, gap, middle)) <= count else (middle, high)
    pages, start = [], 0
    for size, box in zip(filled(heights, gap, high), boxes, strict=False):
        pages.append(Page(style, tuple(blocks[start : start + size]), box))
        start += size
    return pages


def filled(heights: Sequence[float], gap: float, room: float) -> list[int]:
    """How many consecutive blocks go on each page of height `room`, filled one after the other."""
    found, used = [0], 0.0
    for tall in heights:
        more = tall + (gap if found[-1] else 0)
        if found[-1] and used + more > room:
            found.append(0)
            used, more = 0.0, tall
        found[-1] += 1
        used += more
    return found


def pages(label: Label, look: Look) -> list[Page]:
    """The label on sheets of 256 units, in the largest print that fits."""
    style = style_of(label, look)
    tries = [(em, SHEETS) for em in EMS if em <= style.em] + [(SMALLEST_EM, MOST_SHEETS)]
    for em, count in tries:
        if found := paginate(label, replace(style, em=em), [CONTENT[style.surface]] * count):
            return found
    raise DataError(f"a label of {len(label.facts)} facts does not fit {MOST_SHEETS} sheets")


def draw_sheet(c: Canvas, page: Page) -> None:
    """What the label is made of, then its print."""
    MATERIALS[page.style.surface](c, page.style)
    page.draw(c)


def sheets(label: Label, look: Look, px: int = 256) -> list[Canvas]:
    """The close-ups of a label as scenes."""
    found = []
    for page in pages(label, look):
        found.append(Canvas(px))
        draw_sheet(found[-1], page)
    return found


def panel(c: Canvas, label: Label, look: Look, x: float, top: float, width: float, height: float, bare: bool = False) -> None:
    """The whole label, small, in the box with its left top at (x, top): the back of a pack.

    `bare` leaves out the paper below it, for a pack whose own colour is the label's.
    """
    style = style_of(label, look)
    if not bare:
        c.shape(rounded(x, top, width, height, 2), hexa(style.paper))
    columns = 2 if width > 1.6 * height else 1
    first = bisect_left(PANEL_SCALES, True, key=lambda s: set_in(label, style, width / s, height / s, columns) is not None)
    if first == len(PANEL_SCALES):
        raise DataError(f"a label of {len(label.facts)} facts does not fit a box of {width:g} x {height:g} units")
    scale = PANEL_SCALES[first]
    c.open(f'transform="translate({x:.3f} {top:.3f}) scale({scale:.5f})"')
    for page in set_in(label, style, width / scale, height / scale, columns) or ():
        page.draw(c)
    c.close()


def set_in(label: Label, style: Style, width: float, height: float, columns: int) -> list[Page] | None:
    """The whole label in one or two columns of a box; None where it does not fit."""
    step, pad = (width - style.em) / columns, 0.4 * style.em
    boxes = [(style.em + k * step, pad, (k + 1) * step, height - pad) for k in range(columns)]
    return paginate(label, style, boxes) if step > 9 * style.em else None


PANEL_SCALES = tuple(round(0.9 * 0.94**k, 5) for k in range(56))
"""largest first, down to 3 %"""
