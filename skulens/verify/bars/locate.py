"""Where bars could be: places whose brightness changes strongly in one direction only.

The structure tensor (Foerstner and Guelch 1987) of a reduced picture, averaged over squares: bars
have one large eigenvalue and one small, letters two. No decoder takes part, so that places are
found whose bars are too blurred for one.
"""

from dataclasses import dataclass

import numpy as np
import PIL.Image

from skulens.claims import Quad
from skulens.verify.bars.views import box_mean

SIDE_PX = 320
"""Longer side of the reduced picture."""
RADIUS_PX = 7
"""Half the side of the squares, in reduced pixels."""
STRIPED = 0.5
"""Least coherence, (l1 - l2) / (l1 + l2), of a place with bars."""
FALL = 0.4
"""Share of the peak's energy at which bars end."""
LEAST_PX = 16
"""Least width of bars, in reduced pixels."""


@dataclass(frozen=True, slots=True)
class Stripes:
    """Of a reduced picture, how strongly and in which direction it is striped."""

    energy: np.ndarray  # (height, width) l1 - l2 where it is coherent, else 0
    angle: np.ndarray  # (height, width) radians, of the direction across the bars


def find_bars(picture: PIL.Image.Image, most: int = 3) -> list[Quad]:
    """Slanted rectangles around what looks like bars, strongest first, in pixels of the picture.

    Which end is left is unknown: the first corner is the one that is left for bars that stand
    upright or are turned by less than 90 degrees.
    """
    factor = max(1.0, max(picture.size) / SIDE_PX)
    size = tuple(max(1, round(side / factor)) for side in picture.size)
    grey = np.asarray(picture.resize(size, PIL.Image.Resampling.BOX), np.float32)
    if min(grey.shape) < LEAST_PX // 2:
        return []
    stripes = _stripes(grey)
    free, found = stripes.energy.copy(), []
    least = 0.3 * float(free.max(initial=0))
    for _ in range(3 * most):
        row, column = np.unravel_index(int(free.argmax()), free.shape)
        if len(found) == most or free[row, column] <= max(least, 1.0):
            break
        place = _grow(stripes, int(row), int(column))
        _clear(free, place)
        if np.hypot(*(place[1] - place[0])) >= LEAST_PX:
            sides = np.array(picture.size) / np.array(size)
            found.append(tuple(float(v) for v in (place * sides).ravel()))
    return found  # type: ignore[return-value]


def _stripes(grey: np.ndarray) -> Stripes:
    dy, dx = np.gradient(grey)
    xx, yy, xy = (box_mean(p, RADIUS_PX) for p in (dx * dx, dy * dy, dx * dy))
    split = np.hypot(xx - yy, 2 * xy)
    energy = np.where(split >= STRIPED * (xx + yy), np.sqrt(split), 0.0)
    return Stripes(energy, 0.5 * np.arctan2(2 * xy, xx - yy))


def _grow(stripes: Stripes, row: int, column: int) -> np.ndarray:
    """(4, 2) corners x, y of the striped rectangle around a peak."""
    angle = stripes.angle[row, column]
    across = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-across[1], across[0]])
    middle = np.array([column, row], float)
    least = FALL * stripes.energy[row, column]
    for _ in range(2):  # from the middle of the rectangle, once it is known
        up_to, down_to = (_reach(stripes, middle, s * down, least, angle) for s in (-1, 1))
        middle = middle + down * (down_to - up_to) / 2
        left, right = (_reach(stripes, middle, s * across, least, angle) for s in (-1, 1))
        middle = middle + across * (right - left) / 2
    wide, high = across * (left + right) / 2, down * (up_to + down_to) / 2
    return np.array(
        [middle - wide - high, middle + wide - high, middle + wide + high, middle - wide + high]
    )


def _reach(
    stripes: Stripes, start: np.ndarray, step: np.ndarray, least: float, angle: float
) -> float:
    """Steps that can be made while the place stays striped in the same direction; gaps of a square
    are passed over."""
    height, width = stripes.energy.shape
    steps = np.arange(1, height + width)
    x, y = (np.round(start[i] + steps * step[i]).astype(int) for i in (0, 1))
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = x[inside], y[inside]
    same = np.abs(np.sin(stripes.angle[y, x] - angle)) < 0.35
    striped = np.flatnonzero((stripes.energy[y, x] >= least) & same) + 1
    gaps = np.diff(striped, prepend=0) > 2 * RADIUS_PX
    near = striped[: int(gaps.argmax())] if gaps.any() else striped
    return float(near[-1]) if len(near) else 0.0


def _clear(energy: np.ndarray, place: np.ndarray) -> None:
    """Sets the energy inside a rectangle, and a little around it, to 0."""
    rows, columns = np.indices(energy.shape)
    origin, wide, high = place[0], place[1] - place[0], place[3] - place[0]
    inside = np.ones(energy.shape, bool)
    for side in (wide, high):
        length = max(float(side @ side), 1.0)
        along = ((columns - origin[0]) * side[0] + (rows - origin[1]) * side[1]) / length
        slack = 2 * RADIUS_PX / np.sqrt(length)
        inside &= (along > -slack) & (along < 1 + slack)
    energy[inside] = 0.0
