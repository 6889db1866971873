"""Views of a picture for a decoder: scaled, turned, cut out, sharpened; each knows the way back."""

from dataclasses import dataclass

import numpy as np
import PIL.Image
import PIL.ImageFilter
import PIL.ImageOps

from skulens.claims import Quad

Affine = tuple[float, float, float, float, float, float]
"""x' = a x + b y + c, y' = d x + e y + f; as Pillow has it: pixel centres at +0.5."""
IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
GREY = 128
"""What stands beyond the edges: neither bar nor space."""


@dataclass(frozen=True, slots=True)
class View:
    """A grey picture made from the original."""

    name: str
    picture: PIL.Image.Image
    """Mode L."""
    back: Affine = IDENTITY
    """From its pixels to those of the original."""
    negative: bool = False
    """Whether light and dark are exchanged."""

    def inverted(self) -> "View":
        """Light bars on dark become dark ones on light."""
        picture = PIL.ImageOps.invert(self.picture)
        return View(f"{self.name}, inverted", picture, self.back, not self.negative)

    def quad_in_original(self, quad: Quad) -> Quad:
        a, b, c, d, e, f = self.back
        points = zip(quad[0::2], quad[1::2], strict=True)
        flat = [v for x, y in points for v in (a * x + b * y + c, d * x + e * y + f)]
        return tuple(flat)  # type: ignore[return-value]

    def sharpened(self, radius: float, percent: int) -> "View":
        """With an unsharp mask of a radius in its own pixels."""
        mask = PIL.ImageFilter.UnsharpMask(radius, percent, 0)
        picture = self.picture.filter(mask)
        return View(f"{self.name}, sharpened {radius:g}", picture, self.back, self.negative)

    def flattened(self, radius: int) -> "View":
        """With local brightness and contrast made even, as far as `radius` around each pixel."""
        grey = np.asarray(self.picture, np.float32)
        mean = box_mean(grey, radius)
        spread = np.sqrt(np.maximum(box_mean((grey - mean) ** 2, radius), 16))
        even = np.clip(GREY + 60 * (grey - mean) / spread, 0, 255).astype(np.uint8)
        picture = PIL.Image.fromarray(even)
        return View(f"{self.name}, flattened", picture, self.back, self.negative)


def scale(picture: PIL.Image.Image, factor: float) -> View:
    """Larger or smaller; the back way is exact for the rounded size."""
    width, height = (max(1, round(side * factor)) for side in picture.size)
    kernel = PIL.Image.Resampling.BICUBIC if factor > 1 else PIL.Image.Resampling.BOX
    back = (picture.width / width, 0.0, 0.0, 0.0, picture.height / height, 0.0)
    return View(f"x{factor:g}", picture.resize((width, height), kernel), back)


def turn(picture: PIL.Image.Image, degrees: float, factor: float = 1.0) -> View:
    """Turned counter-clockwise about its middle, whole, and scaled."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    width, height = picture.size
    new_width = int(np.ceil((abs(width * cos) + abs(height * sin)) * factor))
    new_height = int(np.ceil((abs(width * sin) + abs(height * cos)) * factor))
    a, b, d, e = cos / factor, -sin / factor, sin / factor, cos / factor
    c = width / 2 - a * new_width / 2 - b * new_height / 2
    f = height / 2 - d * new_width / 2 - e * new_height / 2
    return _transform(picture, f"turned {degrees:g}", (new_width, new_height), (a, b, c, d, e, f))


def cut(picture: PIL.Image.Image, quad: Quad, across: int, beside: float = 0.15) -> View:
    """A slanted rectangle made upright, its first corner at the top left.

    Args:
        across: its width in pixels of the view, without the margins.
        beside: width of the margins on the left and right, as a share of `across`.
    """
    x0, y0, x1, y1, _, _, x3, y3 = quad
    width, height = np.hypot(x1 - x0, y1 - y0), np.hypot(x3 - x0, y3 - y0)
    down = max(8, round(across * height / max(width, 1.0)))
    a, d = (x1 - x0) / across, (y1 - y0) / across
    b, e = (x3 - x0) / down, (y3 - y0) / down
    margin = round(across * beside)
    back = (a, b, x0 - a * margin, d, e, y0 - d * margin)
    return _transform(picture, "cut out", (across + 2 * margin, down), back)


def _transform(picture: PIL.Image.Image, name: str, size: tuple[int, int], back: Affine) -> View:
    back = tuple(float(v) for v in back)  # type: ignore[assignment]
    made = picture.transform(
        size, PIL.Image.Transform.AFFINE, back, PIL.Image.Resampling.BICUBIC, fillcolor=GREY
    )
    return View(name, made, back)


def box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    """(height, width) mean over squares of 2 radius + 1 pixels; edges are repeated."""
    side = 2 * radius + 1
    for _ in range(2):  # along columns, then along rows
        sums = np.cumsum(np.pad(values, ((radius + 1, radius), (0, 0)), "edge"), 0, np.float64)
        values = ((sums[side:] - sums[:-side]) / side).T
    return values
