"""Boxes of text lines: how they are cut out, and which of their corners is the top left."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from skulens.claims import Line, Quad

TALL = 1.5
"""Height over width from which a detected box holds a line that runs up or down."""

LONGEST = 80
"""Width over height of the longest line; flatter boxes are no print, and engines enlarge them."""


def quad_of(box: np.ndarray, size: tuple[int, int]) -> Quad:
    """A (4, 2) box within a picture of (width, height)."""
    inside = np.clip(box, 0, np.array(size))
    return tuple(float(v) for v in inside.reshape(-1))  # type: ignore[return-value]


def turn(quad: Quad, quarters: int) -> Quad:
    """The same box, of text that is turned clockwise by so many quarters: its top left is another
    corner."""
    start = 2 * (quarters % 4)
    return (*quad[start:], *quad[:start])  # type: ignore[return-value]


def lay_down(quad: Quad) -> Quad:
    """Of a box taller than wide, that its text runs from the top to the bottom."""
    width, height = sides(quad)
    return turn(quad, 1) if height >= TALL * width else quad


def sides(quad: Quad) -> tuple[float, float]:
    """Width and height of the text, in pixels: the longer of each two sides."""
    a, b, c, d = quad[0:2], quad[2:4], quad[4:6], quad[6:8]
    return max(math.dist(a, b), math.dist(c, d)), max(math.dist(a, d), math.dist(b, c))


def cut(pixels: np.ndarray, quad: Quad) -> np.ndarray:
    """The box of a quad, straightened and upright: (height, width, channels) uint8."""
    corners = np.array(quad, np.float32).reshape(4, 2)
    width, height = (max(2, int(side)) for side in sides(quad))
    height = max(height, width // LONGEST)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return cv2.warpPerspective(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def quarters_of(quad: Quad) -> int:
    """By how many quarters, clockwise, the text of a quad is turned: 0 to 3."""
    angle = math.atan2(quad[3] - quad[1], quad[2] - quad[0])
    return round(angle / (math.pi / 2)) % 4


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Rows from top to bottom, lines of a row from left to right, as most of the text is turned."""
    if not lines:
        return []
    votes = [0, 0, 0, 0]
    for line in lines:
        votes[quarters_of(line.quad)] += len(line.text)
    turned = votes.index(max(votes))
    places = [_place(line.quad, turned) for line in lines]
    rows: list[list[int]] = []
    for i in sorted(range(len(lines)), key=lambda i: places[i][1]):
        x, y, height = places[i]
        if rows and y - places[rows[-1][0]][1] < 0.5 * min(height, places[rows[-1][0]][2]):
            rows[-1].append(i)
        else:
            rows.append([i])
    return [lines[i] for row in rows for i in sorted(row, key=lambda i: places[i][0])]


def _place(quad: Quad, turned: int) -> tuple[float, float, float]:
    """Left end, middle and height of a line once a picture turned by so many quarters is upright."""
    corners = np.array(quad).reshape(4, 2)
    x, y = corners.mean(0)
    right, down = ((x, y), (y, -x), (-x, -y), (-y, x))[turned]
    width, height = sides(quad)
    return float(right - width / 2), float(down), height
