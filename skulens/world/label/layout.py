"""A label on sheets, in the largest print that fits, and on the back of a pack."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from skulens.errors import DataError
from skulens.world.canvas.svg import Canvas, rounded
from skulens.world.config import Stream
from skulens.world.label.blocks import BarCode, Beside, Block, Framed, Marks, Paragraph, Table
from skulens.world.label.materials import CONTENT, MATERIALS
from skulens.world.label.record import Fact, Label
from skulens.world.label.style import EMS, SMALLEST_EM, Style, style_of
from skulens.world.truth.colours import hexa
from skulens.world.truth.look import Look

SHEETS, MOST_SHEETS = 3, 4
"""Most labels take two or three; long warnings take four rather than smaller print."""
BIG = {"brand": 1.75, "product name": 1.4, "warning.signal": 1.35}
"""Fields printed larger and bold, times the em."""
SHORT = 0.46
"""Share of the width that a fact may take to stand beside another."""
GAP = 0.35
"""Ems between blocks."""
FAMILIES = ("warning", "precaution", "nutrition", "care")
FRAMED_LINES = 4
"""Precautions that fit a frame; more are a plain list, which may continue on the next sheet."""
CARE = ("wash 30", "do not bleach", "iron low", "do not tumble dry", "dry clean p")
PANEL_SCALES = tuple(round(0.9 * 0.94**k, 5) for k in range(56))
"""Largest first, down to 3 %."""


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
            found.append(
                Framed(
                    ((Marks(hazards, 4.2),) if hazards else ()) + said,
                    "round" if style.frame == "round" else "box",
                )
            )
            hazards = ()
        else:
            if family == "care" and care:
                found.append(Marks(care, 3.0))
                care = ()
            lay_out(group, style, width, found, short)
    flush(found, short)
    alone = hazards + care
    return (
        found + ([Marks(alone, 3.4)] if alone else []) + code_and_marks(label, style, others, width)
    )


def lay_out(
    facts: Sequence[Fact], style: Style, width: float, found: list[Block], short: list[Paragraph]
) -> None:
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


def families(facts: Sequence[Fact]) -> list[tuple[str, list[Fact]]]:
    """Consecutive facts that belong into one table or frame, named; the others as ""."""
    found: list[tuple[str, list[Fact]]] = []
    for fact in facts:
        family = (
            "precaution" if fact.field == "warning.precaution" else fact.field.partition(".")[0]
        )
        family = family if family in FAMILIES else ""
        if not found or found[-1][0] != family:
            found.append((family, []))
        found[-1][1].append(fact)
    return found


def table_of(group: list[Fact]) -> Table:
    """A table under what its amounts are for."""
    title = Paragraph(group[0], 1.12) if group[0].field == "nutrition.basis" else None
    return Table(title, tuple(group[1:] if title else group))


def code_and_marks(
    label: Label, style: Style, marks: tuple[Fact, ...], width: float
) -> list[Block]:
    """The bars with up to four marks beside them, or the marks in a row of their own."""
    stream = Stream("label blocks", style.seed)
    side = stream.uniform(2.6, 3.4)
    code = BarCode(label.symbology, label.gtin, stream.integer(34, 52))
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


def paginate(
    label: Label, style: Style, boxes: Sequence[tuple[float, float, float, float]]
) -> list[Page] | None:
    """The label on as few of the equal `boxes` as it takes, evenly filled;
    None where it does not fit.
    """
    width, height = boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]
    blocks, gap = blocks_of(label, style, width), GAP * style.em
    heights = [b.height(style, width) for b in blocks]
    count = len(fill_pages(heights, gap, height))
    if count > len(boxes) or max(heights) > height:
        return None
    low, high = max(heights), height
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if len(fill_pages(heights, gap, middle)) <= count else (middle, high)
        )
    pages, start = [], 0
    for size, box in zip(fill_pages(heights, gap, high), boxes, strict=False):
        pages.append(Page(style, tuple(blocks[start : start + size]), box))
        start += size
    return pages


def fill_pages(heights: Sequence[float], gap: float, room: float) -> list[int]:
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


def panel(
    c: Canvas,
    label: Label,
    look: Look,
    x: float,
    top: float,
    width: float,
    height: float,
    bare: bool = False,
) -> None:
    """The whole label, small, in the box with its left top at (x, top): the back of a pack.

    `bare` leaves out the paper below it, for a pack whose own colour is the label's.
    """
    style = style_of(label, look)
    if not bare:
        c.shape(rounded(x, top, width, height, 2), hexa(style.paper))
    columns = 2 if width > 1.6 * height else 1
    first = bisect_left(
        PANEL_SCALES,
        True,
        key=lambda s: set_in(label, style, width / s, height / s, columns) is not None,
    )
    if first == len(PANEL_SCALES):
        raise DataError(
            f"a label of {len(label.facts)} facts does not fit a box of "
            f"{width:g} x {height:g} units"
        )
    scale = PANEL_SCALES[first]
    c.open(f'transform="translate({x:.3f} {top:.3f}) scale({scale:.5f})"')
    for page in set_in(label, style, width / scale, height / scale, columns) or ():
        page.draw(c)
    c.close()


def set_in(
    label: Label, style: Style, width: float, height: float, columns: int
) -> list[Page] | None:
    """The whole label in one or two columns of a box; None where it does not fit."""
    step, pad = (width - style.em) / columns, 0.4 * style.em
    boxes = [(style.em + k * step, pad, (k + 1) * step, height - pad) for k in range(columns)]
    return paginate(label, style, boxes) if step > 9 * style.em else None
