"""What a picture is like, as numbers: size, blur, clutter, text, watermark (MERIT A.1, Fig. 10).

Each score looks at a reduced copy, about as large as what encoders see, so that a picture's own
resolution does not matter. Limits are the 95 % quantiles of undegraded catalogue pictures of the
procedural shop (`curate.pictures.calibrate`; docs/log.md has how well they do): products on a plain
background. Photos with a scene around the product need limits of their own.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
import PIL.Image

from skulens.catalog.audit.pictures import TINY_PX

SIDE_PX = 256
"""Of the copy that is looked at; smaller pictures are not enlarged."""
TEXT_SIDE_PX = 384
CELL_PX = 8
EDGE = 24.0
"""Grey levels between neighbours from which there is an edge."""


@runtime_checkable
class PictureScore(Protocol):
    """One property of a picture. A registered class is made without arguments, or with the text
    behind the colon of its name."""

    name: str
    higher_is_worse: bool
    limit: float | None
    """What is beyond it fails; None: it ranks pictures and fails none."""

    def score(self, picture: PIL.Image.Image) -> float:
        """Of an upright RGB picture. NaN: nothing can be said, so that it does not fail."""


class Size:
    """Short side, pixels."""

    name, higher_is_worse = "size", False
    limit: float | None = TINY_PX

    def score(self, picture: PIL.Image.Image) -> float:
        return float(min(picture.size))


class Blur:
    """How little another blur changes, 0 (sharp) to 1 (Crete et al. 2007, "The blur effect").

    Differences of neighbours before and after a mean over 9 pixels, the worse direction. Flat parts
    have none, so that a plain background does not count.
    """

    name, higher_is_worse = "blur", True
    limit: float | None = 0.324

    def score(self, picture: PIL.Image.Image) -> float:
        levels = grey(picture)
        return max(blur_along(levels), blur_along(levels.T))


class Clutter:
    """Share of cells along the border, an eighth of the picture wide, that hold an edge."""

    name, higher_is_worse = "clutter", True
    limit: float | None = 0.259

    def score(self, picture: PIL.Image.Image) -> float:
        cells = over_cells(gradient(grey(picture)), np.max)
        width = max(1, min(cells.shape) // 8)
        ring = np.ones(cells.shape, bool)
        ring[width:-width, width:-width] = False
        return float((cells[ring] > EDGE).mean())


class Watermark:
    """Share of the background's cells that hold a faint edge; NaN where it is not plain.

    A watermark is drawn lightly over everything; only over a plain background can it be told from
    the product or the room, so that one across the product alone is not seen.
    """

    name, higher_is_worse = "watermark", True
    limit: float | None = 0.240
    faint, far = 6.0, 140.0
    """Grey levels of the least edge; levels from the background that are not its own any more."""
    even, plain = 16.0, 0.6
    """Levels from the background's colour within which at least this share of the border lies."""

    def score(self, picture: PIL.Image.Image) -> float:
        small = reduce(picture, SIDE_PX)
        levels = np.asarray(small, np.float32)
        border = border_of(levels)
        colour = np.median(levels[border], axis=0)
        distance = np.abs(levels - colour).max(2)
        if (distance[border] <= self.even).mean() < self.plain:
            return float("nan")
        near = over_cells(distance, np.max) < self.far
        edges = (
            over_cells(gradient(np.asarray(small.convert("L"), np.float32)), np.max) > self.faint
        )
        return float((edges & near).sum() / max(1, near.sum()))


class Text:
    """Share of blocks that look like print: two-tone, many strokes, no single period.

    A pattern repeats, letters do not: the share of a row's strongest frequency tells them apart. An
    estimate without a reader; `ocr-text` reads, better and a hundred times slower.
    """

    name, higher_is_worse = "text", True
    limit: float | None = 0.140
    strokes, period, contrast = 6.0, 0.3, 60.0

    def score(self, picture: PIL.Image.Image) -> float:
        levels = grey(picture, TEXT_SIDE_PX)
        rows, columns = levels.shape[0] // 16, levels.shape[1] // 64
        if not rows or not columns:
            return float("nan")
        blocks = levels[: rows * 16, : columns * 64].reshape(rows, 16, columns, 64).swapaxes(1, 2)
        strong = (np.abs(np.diff(blocks, axis=3)) > EDGE).sum(3).mean(2)  # (rows, columns)
        power = np.abs(np.fft.rfft(blocks - blocks.mean(3, keepdims=True), axis=3)) ** 2
        power = power.mean(2)[..., 1:]  # (rows, columns, frequencies)
        peak = power.max(2) / np.maximum(power.sum(2), 1)
        ends = np.percentile(blocks, (10, 90), axis=(2, 3))
        two_tone = ends[1] - ends[0] > self.contrast
        return float(((strong > self.strokes) & (peak < self.period) & two_tone).mean())


def reduce(picture: PIL.Image.Image, side_px: int) -> PIL.Image.Image:
    """A copy whose longer side is at most this."""
    scale = side_px / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(CELL_PX, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), PIL.Image.Resampling.LANCZOS, reducing_gap=2.0)


def grey(picture: PIL.Image.Image, side_px: int = SIDE_PX) -> np.ndarray:
    """(height, width) float32 levels of the reduced copy."""
    return np.asarray(reduce(picture, side_px).convert("L"), np.float32)


def gradient(levels: np.ndarray) -> np.ndarray:
    """(height, width) differences from the left and the upper neighbour, as a length."""
    across, down = np.zeros_like(levels), np.zeros_like(levels)
    across[:, 1:], down[1:] = np.diff(levels, axis=1), np.diff(levels, axis=0)
    return np.hypot(across, down)


def over_cells(
    values: np.ndarray, join: Callable[..., np.ndarray], px: int = CELL_PX
) -> np.ndarray:
    """(rows, columns) of whole cells of px x px; one cell of all where there is none."""
    rows, columns = values.shape[0] // px, values.shape[1] // px
    if not rows or not columns:
        return join(values, axis=(0, 1), keepdims=True)
    cells = values[: rows * px, : columns * px].reshape(rows, px, columns, px)
    return join(cells, axis=(1, 3))


def border_of(levels: np.ndarray) -> np.ndarray:
    """(height, width) bool: the outermost twentieth."""
    width = max(1, round(0.05 * min(levels.shape[:2])))
    ring = np.ones(levels.shape[:2], bool)
    ring[width:-width, width:-width] = False
    return ring


def blur_along(levels: np.ndarray, window: int = 9) -> float:
    """Of the rows of (height, width)."""
    half = window // 2
    padded = np.pad(levels, ((0, 0), (half + 1, half)), mode="edge")
    sums = padded.cumsum(axis=1, dtype=np.float64)
    mean = (sums[:, window:] - sums[:, :-window]) / window
    before, after = np.abs(np.diff(levels, axis=1)), np.abs(np.diff(mean, axis=1))
    total = float(before.sum(dtype=np.float64))
    return 1 - float(np.maximum(0, before - after).sum()) / total if total else float("nan")
