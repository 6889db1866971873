"""Pictures whose pixels are their text, and a text reader that reads those."""

import io

import numpy as np
import PIL.Image

from skulens.claims import Line
from skulens.records import Image, SystemInfo

WIDTH_PX = 16


def show(*lines: str) -> Image:
    """A picture on which the lines can be read by PixelReader."""
    data = "\n".join(lines).encode() + b"\0"
    rows = max(WIDTH_PX, -(-len(data) // (3 * WIDTH_PX)))  # slivers are refused as pictures
    pixels = np.frombuffer(data.ljust(rows * 3 * WIDTH_PX, b"\0"), np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(pixels.reshape(rows, WIDTH_PX, 3)).save(out, "PNG")
    return Image(data=out.getvalue())


class PixelReader:
    """Reads pictures of `show`; counts what it is given."""

    languages = ("en",)

    def __init__(self, name: str = "pixels"):
        self.info = SystemInfo(name=name, kind="reader", identity=f"{name}/1", params=10)
        self.given: list[tuple[str, ...]] = []
        """Languages of each picture read."""

    def read(self, picture, languages=()):
        self.given.append(tuple(languages))
        text = np.asarray(picture).tobytes().split(b"\0")[0].decode()
        quad = (0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)
        return [Line(line, quad, 1.0, "pixels") for line in text.split("\n") if line]

    def read_boxes(self, picture, quads, languages=()):
        return [("", 0.0) for _ in quads]
