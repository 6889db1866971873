"""Real photos for tests, read by rapidocr; a test that asks for one skips where it cannot be."""

from functools import cache
from pathlib import Path

import PIL.Image
import pytest

from skulens.verify.layout import Print
from tests.catalog.conftest import real_data


def find_photo(dataset: str, name: str) -> Path:
    """A photo of a dataset; the test is skipped where it is not there."""
    path = real_data(dataset) / "images" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@cache
def read_photo(dataset: str, name: str) -> Print:
    """What the default engine reads in a photo of a dataset."""
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from skulens.verify.text import open_text_reader

    with PIL.Image.open(find_photo(dataset, name)) as picture:
        rgb = picture.convert("RGB")
    return Print("sha", tuple(open_text_reader("rapidocr").read(rgb)), (), rgb.size)
