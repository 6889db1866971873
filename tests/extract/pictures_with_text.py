"""Pictures whose text a fake reader knows: no OCR in tests of what comes after it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import PIL.Image

from skulens.claims import Line, Quad
from skulens.records import SystemInfo


def line(
    text: str, row: int = 0, confidence: float = 0.99, left: float = 10, second: str = ""
) -> Line:
    """A line of text 20 px high, rows 30 px apart, 10 px a letter."""
    top, right = 10.0 + 30 * row, left + 10 * max(1, len(text))
    quad: Quad = (left, top, right, top, right, top + 20, left, top + 20)
    return Line(text, quad, confidence, "fake", second)


class FakeText:
    """Reads the lines that belong to the width of a picture; `reads` counts the pictures."""

    languages = ("en",)

    def __init__(self, by_width: Mapping[int, Sequence[Line]], name: str = "fake"):
        self.by_width, self.reads = by_width, 0
        self.info = SystemInfo(name=name, kind="reader", identity=f"{name}/1")

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        self.reads += 1
        return list(self.by_width.get(picture.width, ()))

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        known = {one.quad: one for one in self.by_width.get(picture.width, ())}
        return [(known[q].text, known[q].confidence) if q in known else ("", 0.0) for q in quads]


def make_picture(path: Path, width: int, height: int = 200) -> Path:
    PIL.Image.new("RGB", (width, height), "white").save(path)
    return path
