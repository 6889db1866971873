"""Lines of one picture and how they stand: rows, blocks, what follows a cue.

Everything that looks for values in print goes through here, so that a word and its value are
found together whether they stand on one line, in two columns, or below each other.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from skulens.claims import Code, Evidence, Line, Quad, Seen

OVERLAP = 0.5
"""Share of the lower line's height by which two lines of one row overlap."""
GAP = 1.2
"""Most vertical space between lines of one block, in heights of a line."""


@dataclass(frozen=True, slots=True)
class Box:
    """The upright frame around a quad, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def frame(quad: Quad) -> Box:
    xs, ys = quad[0::2], quad[1::2]
    return Box(min(xs), min(ys), max(xs), max(ys))


def height_of(quad: Quad) -> float:
    """Height of the letters, in pixels: mean length of the two short sides."""
    left = math.dist(quad[0:2], quad[6:8])
    right = math.dist(quad[2:4], quad[4:6])
    return (left + right) / 2


@dataclass(frozen=True, eq=False)
class Print:
    """What one picture says."""

    image: str
    """sha256 of the picture."""
    lines: tuple[Line, ...]
    """In reading order."""
    codes: tuple[Code, ...] = ()
    size: tuple[int, int] = (0, 0)
    """Width and height, in pixels; (0, 0): unknown."""
    languages: tuple[str, ...] = field(default=())

    @cached_property
    def rows(self) -> tuple[tuple[Line, ...], ...]:
        """Lines that stand beside each other, from left to right; rows from top to bottom."""
        rows: list[list[Line]] = []
        for line in sorted(self.lines, key=lambda one: frame(one.quad).middle[1]):
            box = frame(line.quad)
            for row in reversed(rows[-4:]):
                last = frame(row[-1].quad)
                shared = min(box.bottom, last.bottom) - max(box.top, last.top)
                if shared >= OVERLAP * min(box.height, last.height):
                    row.append(line)
                    break
            else:
                rows.append([line])
        return tuple(tuple(sorted(row, key=lambda one: frame(one.quad).left)) for row in rows)

    def after(self, line: Line) -> tuple[Line, ...]:
        """Lines to the right on the same row, left to right."""
        row = next(row for row in self.rows if any(one is line for one in row))
        left = frame(line.quad).left
        return tuple(one for one in row if frame(one.quad).left > left)

    def below(self, line: Line, most: int = 30) -> tuple[Line, ...]:
        """Lines of the same block that follow, from top to bottom: each starts within GAP heights
        below the last and shares some of its width."""
        found: list[Line] = []
        last = frame(line.quad)
        later = sorted(
            (one for one in self.lines if frame(one.quad).middle[1] > last.middle[1]),
            key=lambda one: frame(one.quad).middle[1],
        )
        for one in later:
            box = frame(one.quad)
            if box.top - last.bottom > GAP * min(box.height, last.height):
                break
            if min(box.right, last.right) > max(box.left, last.left) and box.top >= last.top:
                found.append(one)
                last = box
                if len(found) == most:
                    break
        return tuple(found)

    def evidence(self, lines: Iterable[Line], quote: str = "") -> tuple[Evidence, ...]:
        """Where a value was read: one entry per line; `quote` in place of a single line's text."""
        given = tuple(lines)
        return tuple(
            Evidence(
                self.image, "ocr", quote if quote and len(given) == 1 else line.text, line.quad
            )
            for line in given
        )


def prints_of(seen: Seen) -> tuple[Print, ...]:
    """One per picture that was read, in the order of the pictures."""
    return tuple(
        Print(
            image,
            tuple(seen.lines.get(image, ())),
            tuple(seen.bars.get(image, ())),
            seen.sizes.get(image, (0, 0)),
            seen.languages,
        )
        for image in dict.fromkeys((*seen.lines, *seen.bars))
    )


def join(lines: Sequence[Line]) -> str:
    """Their text as one: hyphenated line ends are closed, the others get a space."""
    text = ""
    for line in lines:
        piece = line.text.strip()
        if text.endswith("-") and piece[:1].islower():
            text = text[:-1] + piece
        else:
            text = f"{text} {piece}".strip()
    return text
