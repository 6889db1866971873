"""Share of a picture that print covers, read by a text reader."""

from skulens.curate.pictures.scores import reduce
from skulens.registry import resolve

SIDE_PX = 640
LEAST_LETTERS = 3
"""Of a line: readers take stripes and seams for single letters ("\u4e8c", "X"), large ones too."""


class OcrText:
    """Area of the lines of some letters that a text reader finds, as a share of the picture.

    Args:
        reader: a row of `skulens list text-readers`.
    """

    name, higher_is_worse = "ocr-text", True
    limit: float | None = 0.08

    def __init__(self, reader: str = "rapidocr"):
        self._reader = resolve("text_reader", reader)()

    def score(self, picture) -> float:
        small = reduce(picture, SIDE_PX)
        lines = self._reader.read(small)
        covered = sum(area(line.quad) for line in lines if is_line(line.text))
        return min(1.0, covered / (small.width * small.height))


def is_line(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= LEAST_LETTERS


def area(quad) -> float:
    """Of a quadrilateral, px^2 (the shoelace formula)."""
    points = list(zip(quad[::2], quad[1::2], strict=True))
    turns = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in turns)) / 2
