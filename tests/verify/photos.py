"""Real photos for tests, read by rapidocr; a test that asks for one skips where it cannot be."""

import os
from functools import cache
from pathlib import Path

import PIL.Image
import pytest

from skulens.verify.layout import Print


@cache
def read_photo(dataset: str, name: str) -> Print:
    """What the default engine reads in a photo of a dataset below $SKULENS_DATA."""
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from skulens.verify.text import open_text_reader

    path = Path(os.environ.get("SKULENS_DATA", ""), dataset, "images", name)
    if not os.environ.get("SKULENS_DATA") or not path.is_file():
        pytest.skip(f"{dataset}/images/{name} is not below $SKULENS_DATA")
    with PIL.Image.open(path) as picture:
        rgb = picture.convert("RGB")
    return Print("sha", tuple(open_text_reader("rapidocr").read(rgb)), (), rgb.size)
