"""Lines of one picture and how they stand: rows, strips, paragraphs, what follows a cue.

Everything that looks for values in print goes through here, so that a word and its value are
found together whether they stand on one line, in two columns, or below each other. Photos are
tilted and labels curved, so nothing is measured in upright frames: two lines are compared in the
direction in which they are read (`Place`).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skulens.claims import Code, Evidence, Line, Quad, Seen

OVERLAP = 0.5
"""Share of the lower line's height by which two lines of one row overlap."""
GAP = 1.2
"""Most space between lines of one block, in heights of a line."""
SPACE = 1.5
"""Most space between words that are read on as one strip, in heights of a line."""
ALIGNED = 0.4
"""Most difference between where lines of a column begin, in heights of a line."""
COLUMN = 4
"""Lines that begin one below the other and so make a column."""
NEAR = 6.0
"""How far above and below lines of a column are looked for, in heights of a line."""
GROWTH = 1.7
"""Most times that letters of one paragraph may grow or shrink from line to line."""
TALL = 1.5
"""Times its width from which on a box of several letters is read from top to bottom."""
TURN = math.radians(30)
"""Most difference between the directions of lines that stand together."""
DRIFT = 4.0
"""How many pixels further along a row a neighbour may stand that is one pixel less below."""
REACH = 8.0
"""How far neighbours say in which direction a line is read, in heights of a line."""


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


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of text, long side along the direction in which it is read."""

    x: float
    y: float
    width: float
    height: float
    angle: float
    """Of the reading direction, radians, clockwise from the x axis."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Where a second place stands as seen from a first, in the direction both are read."""

    along: float
    """Between the middles; positive: the second stands later in the line."""
    down: float
    """Between the middles; positive: the second stands below."""
    gap: float
    """Along, between the facing ends; negative where they overlap."""
    space: float
    """Down, between the facing edges; negative where they overlap."""


def place_of(line: Line) -> Place:
    """Where a line stands by its own quad."""
    corners = np.array(line.quad, float).reshape(4, 2)
    top, right = corners[1] - corners[0], corners[2] - corners[1]
    if math.hypot(*right) > TALL * math.hypot(*top) and len(line.text.strip()) > 2:
        corners = np.roll(corners, -1, axis=0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    across = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    x, y = corners.mean(axis=0)
    height = max(math.hypot(*across), 1.0)
    return Place(float(x), float(y), math.hypot(*along), height, math.atan2(along[1], along[0]))


def straighten(places: Sequence[Place]) -> list[Place]:
    """The places with angles that neighbours agree on.

    The angle of a quad is off by about height / width, so a short word says little and a long line
    much: mean of all within reach, weighted by the inverse of that variance.
    """
    if not places:
        return []
    at = np.array([(p.x, p.y) for p in places])
    angle, height = np.array([(p.angle, p.height) for p in places]).T
    long = np.array([max(p.width / p.height, 0.5) for p in places])
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))  # (lines, lines)
    reach = REACH * np.maximum(height[:, None], height[None])
    turned = np.abs(np.angle(np.exp(1j * (angle[:, None] - angle[None]))))
    weight = long[None] ** 2 * np.exp(-((apart / reach) ** 2)) * (turned < TURN)
    mean = np.angle((weight * np.exp(1j * angle[None])).sum(axis=1))
    return [Place(p.x, p.y, p.width, p.height, float(m)) for p, m in zip(places, mean, strict=True)]


def together(a: Place, b: Place) -> bool:
    """Whether two places are read in one direction."""
    return abs(math.remainder(a.angle - b.angle, math.tau)) < TURN


def offset(a: Place, b: Place) -> Offset:
    """Where `b` stands as seen from `a`."""
    angle = a.angle + math.remainder(b.angle - a.angle, math.tau) / 2
    dx, dy = b.x - a.x, b.y - a.y
    along = dx * math.cos(angle) + dy * math.sin(angle)
    down = dy * math.cos(angle) - dx * math.sin(angle)
    return Offset(
        along, down, abs(along) - (a.width + b.width) / 2, abs(down) - (a.height + b.height) / 2
    )


def is_beside(a: Place, b: Place) -> bool:
    """Whether two places stand on one row."""
    return together(a, b) and -offset(a, b).space >= OVERLAP * min(a.height, b.height)


def near_pairs(places: Sequence[Place]) -> list[tuple[int, int]]:
    """Pairs, by position, whose second could stand on the row of the first."""
    if not places:
        return []
    x, y, height, angle = np.array([(p.x, p.y, p.height, p.angle) for p in places]).T
    turned = np.angle(np.exp(1j * (angle[None] - angle[:, None])))  # (first, second)
    mean = angle[:, None] + turned / 2
    down = (y[None] - y[:, None]) * np.cos(mean) - (x[None] - x[:, None]) * np.sin(mean)
    near = (np.abs(turned) < TURN) & (np.abs(down) < height[:, None] + height[None])
    np.fill_diagonal(near, False)
    return [(int(i), int(j)) for i, j in np.argwhere(near)]


def surround(places: Sequence[Place]) -> Place:
    """The place that pieces of one row take together, in the direction of the longest."""
    longest = max(places, key=lambda p: p.width)
    seen = [offset(longest, p) for p in places]
    start = min(o.along - p.width / 2 for o, p in zip(seen, places, strict=True))
    end = max(o.along + p.width / 2 for o, p in zip(seen, places, strict=True))
    middle = (start + end) / 2
    return Place(
        longest.x + middle * math.cos(longest.angle),
        longest.y + middle * math.sin(longest.angle),
        end - start,
        float(np.median([p.height for p in places])),
        longest.angle,
    )


@dataclass(frozen=True, eq=False)
class Strip:
    """Lines of one row that are read on without a wide gap, left to right."""

    lines: tuple[Line, ...]
    place: Place


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
    def _places(self) -> dict[int, Place]:
        """id of a line -> where it stands."""
        placed = straighten([place_of(line) for line in self.lines])
        return {id(line): place for line, place in zip(self.lines, placed, strict=True)}

    def place(self, line: Line) -> Place:
        """Where one of the lines stands."""
        return self._places[id(line)]

    @cached_property
    def rows(self) -> tuple[tuple[Line, ...], ...]:
        """Lines that stand beside each other, from left to right; rows from top to bottom."""
        following = self._neighbours()
        starts = [i for i in range(len(self.lines)) if i not in set(following.values())]
        rows = []
        for start in starts:
            row = [start]
            while (after := following.get(row[-1])) is not None:
                row.append(after)
            rows.append(tuple(self.lines[i] for i in row))
        return tuple(sorted(rows, key=lambda row: frame(row[0].quad).middle[1]))

    def _neighbours(self) -> dict[int, int]:
        """Line -> the next to its right, where each is the other's nearest; by position."""
        places = [self.place(line) for line in self.lines]
        cost: dict[tuple[int, int], float] = {}
        for i, j in near_pairs(places):
            a, b = places[i], places[j]
            seen = offset(a, b)
            if seen.along > 0 and seen.gap > -min(a.height, b.height) and is_beside(a, b):
                cost[i, j] = max(seen.gap, 0.0) + DRIFT * abs(seen.down)
        to_right: dict[int, int] = {}
        to_left: dict[int, int] = {}
        for i, j in sorted(cost, key=cost.__getitem__):
            if i not in to_right and j not in to_left:
                to_right[i], to_left[j] = j, i
        return to_right

    def row_of(self, line: Line) -> tuple[Line, ...]:
        return next(row for row in self.rows if any(one is line for one in row))

    def after(self, line: Line) -> tuple[Line, ...]:
        """Lines to the right on the same row, left to right."""
        row = self.row_of(line)
        return row[next(i for i, one in enumerate(row) if one is line) + 1 :]

    @cached_property
    def strips(self) -> tuple[Strip, ...]:
        """Rows cut at wide gaps, such as those between columns; top to bottom, left to right."""
        found = []
        for row in self.rows:
            start = 0
            for end in range(1, len(row) + 1):
                if end < len(row) and self._is_read_on(row[end - 1], row[end]):
                    continue
                lines = row[start:end]
                found.append(Strip(lines, surround([self.place(line) for line in lines])))
                start = end
        return tuple(found)

    def _is_read_on(self, a: Line, b: Line) -> bool:
        """Whether two neighbours of a row are words of one line, not lines of two columns."""
        first, second = self.place(a), self.place(b)
        if offset(first, second).gap > SPACE * max(first.height, second.height):
            return False
        return self._beginning_with(second) < COLUMN

    def _beginning_with(self, place: Place) -> int:
        """Lines near a place, itself included, that begin where it begins, as in a column."""
        count = 0
        for other in self._places.values():
            seen = offset(place, other)
            ahead = seen.along - (other.width - place.width) / 2
            near = abs(seen.down) <= NEAR * place.height and together(place, other)
            count += near and abs(ahead) <= ALIGNED * place.height
        return count

    def strip_of(self, line: Line) -> Strip:
        return next(s for s in self.strips if any(one is line for one in s.lines))

    def below(self, line: Line, most: int = 30) -> tuple[Line, ...]:
        """Lines of the same block that follow, from top to bottom: each starts within GAP heights
        below the last and shares some of its width."""
        found: list[Line] = []
        last = self.place(line)
        while len(found) < most:
            below = [(o.space, one) for one in self.lines if (o := follows(last, self.place(one)))]
            if not below:
                break
            found.append(min(below, key=lambda pair: pair[0])[1])
            last = self.place(found[-1])
        return tuple(found)

    def paragraph(self, line: Line) -> tuple[Strip, ...]:
        """The strip of a line from that line on, and the strips read on below it.

        It ends before a gap, before letters of another size, and at the end of the column.
        """
        return tuple(self.read_on(line))

    def read_on(self, line: Line) -> Iterator[Strip]:
        """The strips of a paragraph one by one, for who may stop early."""
        first = self.strip_of(line)
        start = next(i for i, one in enumerate(first.lines) if one is line)
        lines = first.lines[start:]
        yield Strip(lines, surround([self.place(one) for one in lines]))
        last: Strip | None = first
        used = {id(first)}
        while last and (last := self._next_strip(last.place, used)):
            used.add(id(last))
            yield last

    def _next_strip(self, above: Place, used: set[int]) -> Strip | None:
        near = []
        for strip in self.strips:
            seen = None if id(strip) in used else follows(above, strip.place)
            if seen and 1 / GROWTH < strip.place.height / above.height < GROWTH:
                near.append((seen.down + max(seen.gap, -above.height), strip))
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def evidence(self, lines: Iterable[Line], quote: str = "") -> tuple[Evidence, ...]:
        """Where a value was read: one entry per line; `quote` in place of a single line's text."""
        given = tuple(lines)
        return tuple(
            Evidence(
                self.image, "ocr", quote if quote and len(given) == 1 else line.text, line.quad
            )
            for line in given
        )


def follows(above: Place, below: Place) -> Offset | None:
    """How a place stands right below another of its column; None where it does not."""
    if not together(above, below):
        return None
    seen, low = offset(above, below), min(above.height, below.height)
    near = seen.down > OVERLAP * low and seen.space <= GAP * low
    return seen if near and seen.gap < 0 else None


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
    return join_texts(line.text for line in lines)


def join_texts(texts: Iterable[str]) -> str:
    """Texts of lines as one. A hyphen at the end of a line goes where letters of the same case
    follow ("HYDRO-" "GENATED"), and stays, without a space, before digits and capitals."""
    whole = ""
    for piece in filter(None, (text.strip() for text in texts)):
        if len(whole) > 1 and whole[-1] in "-\u00ad" and whole[-2].isalnum() and piece[0].isalnum():
            capitals = piece[:2].isupper() and whole[-3:-1].isupper()
            split = whole[-2].isalpha() and (piece[0].islower() or capitals)
            whole = (whole[:-1] if split else whole) + piece
        else:
            whole = f"{whole} {piece}".strip()
    return whole
