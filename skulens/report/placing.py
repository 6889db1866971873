"""Labels beside points, so that none lies on another, on a point or outside the axes.

Greedy and deterministic: one label after the other takes the cheapest of some places around its
point. Away from it a thin line leads to it. Where every place is taken the point goes without.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from skulens.report.drawing import INK, SOFT, TEXT, lay_out, root_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in pixels of the canvas."""
DISTANCES = (7.0, 12.0, 20.0, 30.0, 42.0, 56.0, 72.0, 90.0, 110.0, 135.0, 165.0)
"""From a point to its label, in points."""
DIRECTIONS = 24
"""Places at each distance."""
NEAR = 9
"""Up to this distance no line leads from a label to its point."""
POINT = 4.5
"""Half the width of a marker, in points."""
ACROSS, UNDER = 4.0, 0.6
"""What it costs to lie on an interval or a line, or on a faint point of a crowd; a point of distance
costs 1 / 20."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a figure: where, its interval, and what it is called; "" leaves it without."""

    x: float
    y: float
    low: float
    high: float
    words: str = ""
    faint: bool = False
    """One of many: a label may cover it where there is no better place."""


def place_labels(axes: "Axes", spots: Sequence[Spot], path: Sequence[Point] = ()) -> list[Spot]:
    """Write the names of spots beside their points.

    Axes must have their limits and scales.

    Args:
        path: corners of a line through the axes, in their units.
    Returns:
        Spots whose label found no place.
    """
    lay_out(root_of(axes))
    dot = root_of(axes).dpi / 72  # pixels of a point
    table = _Table(axes, spots, path, dot)
    left = [spot for spot in spots if spot.words]
    sizes = {id(spot): measure(axes, spot.words, dot) for spot in left}
    best: tuple[int, float, list[_Place]] | None = None
    for order in _orders(left, table):
        found, cost = table.place(order, sizes, dot)
        if best is None or (-len(found), cost) < best[:2]:
            best = -len(found), cost, found
    placed = best[2] if best else []
    for place in placed:
        _write(axes, table, place, dot)
    written = {id(place.spot) for place in placed}
    return [spot for spot in left if id(spot) not in written]


def _orders(left: Sequence[Spot], table: "_Table") -> list[list[Spot]]:
    """Which label to place first: the best of all, then the most crowded (the others have more room
    to give way), or from above, or from below."""
    top = max((spot.y for spot in left), default=0.0)
    return [
        sorted(left, key=lambda s: (s.y < top, -table.crowding(s), -s.y, s.x, s.words)),
        sorted(left, key=lambda s: (-s.y, s.x, s.words)),
        sorted(left, key=lambda s: (s.y < top, s.y, s.x, s.words)),
    ]


def measure(axes: "Axes", words: str, dot: float) -> Point:
    """Width and height of a label with a margin, in pixels."""
    note = axes.annotate(words, (0, 0), xycoords="axes fraction", fontsize=TEXT, linespacing=1.1)
    extent = note.get_window_extent()
    note.remove()
    return extent.width + 2 * dot, extent.height + 2 * dot


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a label goes."""

    spot: Spot
    box: Box
    distance: float


class _Table:
    """What lies on the canvas: points, intervals, and the labels placed so far."""

    def __init__(self, axes: "Axes", spots: Sequence[Spot], path: Sequence[Point], dot: float):
        frame = axes.get_window_extent()
        self.frame: Box = frame.x0, frame.y0, frame.x1, frame.y1
        self.at = {id(s): tuple(axes.transData.transform((s.x, s.y))) for s in spots}
        half = POINT * dot
        self.solid = [_around(self.at[id(s)], half) for s in spots if not s.faint]
        self.soft = [(_around(self.at[id(s)], half / 2), UNDER) for s in spots if s.faint]
        for spot in spots:
            (x, low), (_, high) = (
                axes.transData.transform((spot.x, end)) for end in (spot.low, spot.high)
            )
            self.soft.append(((x - dot, low, x + dot, high), UNDER if spot.faint else ACROSS))
        corners = [tuple(at) for at in axes.transData.transform(path)] if len(path) else []
        self.path = list(itertools.pairwise(corners))
        self.labels: list[Box] = []
        self.lines: list[tuple[Point, Point]] = []

    def place(
        self, order: Sequence[Spot], sizes: Mapping[int, Point], dot: float
    ) -> tuple[list[_Place], float]:
        """(places of labels in this order as far as there are any, what they cost in all)"""
        self.labels, self.lines = [], []
        found, total = [], 0.0
        for spot in order:
            at, best = self.at[id(spot)], None
            for distance in DISTANCES:
                if best and distance / 20 >= best[0]:
                    break
                for n in range(DIRECTIONS):
                    box = _beside(at, n * 2 * math.pi / DIRECTIONS, distance * dot, sizes[id(spot)])
                    line = (at, _nearest(box, at)) if distance > NEAR else None
                    cost = self.cost(box, line, distance)
                    if cost is not None and (best is None or cost < best[0] - 1e-9):
                        best = cost, _Place(spot, box, distance)
            if best:
                total += best[0]
                found.append(best[1])
                self.labels.append(best[1].box)
                if best[1].distance > NEAR:
                    self.lines.append((at, _nearest(best[1].box, at)))
        return found, total

    def crowding(self, spot: Spot) -> float:
        x, y = self.at[id(spot)]
        return sum(
            1 / (20 + math.hypot(x - a, y - b)) for k, (a, b) in self.at.items() if k != id(spot)
        )

    def cost(self, box: Box, line: tuple[Point, Point] | None, distance: float) -> float | None:
        """What it costs to put a label here; None: it cannot lie here."""
        left, bottom, right, top = self.frame
        if box[0] < left or box[1] < bottom or box[2] > right or box[3] > top:
            return None
        if any(_overlap(box, other) for other in (*self.labels, *self.solid)):
            return None
        if any(_crosses(box, *other) for other in self.lines):
            return None
        if line and any(_crosses(other, *line) for other in self.labels):
            return None
        on = sum(cost for other, cost in self.soft if _overlap(box, other))
        return distance / 20 + on + ACROSS * any(_crosses(box, *line) for line in self.path)


def _write(axes: "Axes", table: _Table, place: _Place, dot: float) -> None:
    """A label, and away from its point a line to it."""
    left, bottom, right, top = table.frame
    box, at = place.box, table.at[id(place.spot)]
    share = (box[0] + dot - left) / (right - left), (box[1] + dot - bottom) / (top - bottom)
    axes.annotate(
        place.spot.words, share, xycoords="axes fraction", fontsize=TEXT, color=INK, zorder=6,
        ha="left", va="bottom", linespacing=1.1, annotation_clip=False,
    )  # fmt: skip
    if place.distance > NEAR:
        (a, b), (c, d) = axes.transData.inverted().transform([at, _nearest(box, at)])
        [drawn] = axes.plot([a, c], [b, d], color=SOFT, linewidth=0.6, zorder=3)
        drawn.set_in_layout(False)


def _around(at: Point, half: float) -> Box:
    return at[0] - half, at[1] - half, at[0] + half, at[1] + half


def _beside(at: Point, angle: float, distance: float, size: Point) -> Box:
    """A box of a size whose nearest point lies at a distance from a point, in a direction."""
    dx, dy = math.cos(angle), math.sin(angle)
    x, y = at[0] + dx * distance, at[1] + dy * distance
    left = x - size[0] * (1 - dx) / 2 if abs(dx) < 0.99 else x - (size[0] if dx < 0 else 0)
    bottom = y - size[1] * (1 - dy) / 2 if abs(dy) < 0.99 else y - (size[1] if dy < 0 else 0)
    return left, bottom, left + size[0], bottom + size[1]


def _nearest(box: Box, at: Point) -> Point:
    """The point of a box that is nearest to another one."""
    return min(max(at[0], box[0]), box[2]), min(max(at[1], box[1]), box[3])


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _crosses(box: Box, start: Point, end: Point) -> bool:
    """Whether a line runs through the inside of a box (Liang and Barsky, 1984)."""
    first, last = 0.0, 1.0
    for low, high, at, step in (
        (box[0], box[2], start[0], end[0] - start[0]),
        (box[1], box[3], start[1], end[1] - start[1]),
    ):
        if step == 0:
            if not low < at < high:
                return False
            continue
        enter, leave = sorted(((low - at) / step, (high - at) / step))
        first, last = max(first, enter), min(last, leave)
    return first < last - 1e-9


def spread_apart(
    wanted: Sequence[float], gaps: Sequence[float], low: float, high: float
) -> list[float]:
    """Positions in [low, high], as near to the wanted ones as may be (least squares), with at least
    these gaps between neighbours; where there is no room for that, gaps shrink.

    Less the sum of the gaps before it each position must not fall below the one before: a monotone
    regression, by joining neighbours (Ayer et al. 1955).

    Args:
        wanted: positions in ascending order.
        gaps: one fewer than positions.
    """
    if not wanted:
        return []
    before = [0.0, *itertools.accumulate(gaps)]
    if before[-1] > high - low:
        before = [x * (high - low) / before[-1] for x in before]
    runs: list[list[float]] = []
    for want, x in zip(wanted, before, strict=True):
        runs.append([want - x])
        while len(runs) > 1 and mean(runs[-2]) > mean(runs[-1]):
            runs[-2:] = [runs[-2] + runs[-1]]
    level = [min(max(mean(run), low), high - before[-1]) for run in runs for _ in run]
    return [x + y for x, y in zip(level, before, strict=True)]
