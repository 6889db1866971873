"""Where print stands in a picture, and whether a reader can read it there."""

from dataclasses import dataclass
from typing import Literal

from skulens.catalog.world.svg import Point


@dataclass(frozen=True)
class Region:
    """Something printed that lies at least partly in a picture."""

    field: str
    """what it says: "brand", "net content", "gtin", "mark" ..., as in the label's facts"""
    text: str
    """as printed, lines joined by spaces; the digits of a barcode; the name of a mark"""
    quad: tuple[Point, Point, Point, Point]
    """corners in pixels of the picture, clockwise from the top left as it is read"""
    size_px: float
    """height of a small letter, width of the thinnest bar or side of a mark, pixels"""
    legible: Literal["yes", "partly", "no"]
    """"partly": a careful reader might; scores should leave it out"""
    reason: str = ""
    """why not: "small", "blur", "glare", "crop" or "low resolution"; empty where legible"""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) around the quad, pixels."""
        xs, ys = zip(*self.quad, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
