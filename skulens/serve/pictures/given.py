"""Pictures of a request: data: addresses -> pictures of the house, within the limits of a server."""

import base64
import binascii
import io
import re

import PIL.Image

from skulens.errors import DataError, PictureError
from skulens.pictures import FORMATS, decode
from skulens.records import Image

DATA = re.compile(r"data:image/[\w.+-]+;base64,", re.ASCII)


def read_data_uri(given: str, name: str) -> bytes:
    """The bytes of a picture. Raises DataError, naming the part, for anything else."""
    head = DATA.match(given)
    if head is None:
        raise DataError(
            f"{name}: expected a picture as data:image/jpeg;base64,..., got {given[:40]!r}"
        )
    try:
        return base64.b64decode(given[head.end() :], validate=True)
    except (binascii.Error, ValueError) as e:
        raise DataError(f"{name}: the picture is not base64: {e}") from None


def check_pixels(data: bytes, most: int) -> None:
    """Raise PictureError for a picture of more pixels than are decoded here; its header says so.

    What cannot be opened is left to the decoder, which says why.
    """
    try:
        with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
    except Exception:  # any bytes may come here
        return
    if width * height > most:
        raise PictureError(
            f"{width} x {height} px, expected at most {most / 1e6:g} megapixels; make it smaller"
        )


def crop(data: bytes, region: tuple[int, int, int, int], name: str) -> Image:
    """A region of a picture, pixel by pixel.

    Args:
        region: left, top, width and height in pixels of the upright picture.
    Raises:
        DataError: a region outside the picture; PictureError: no picture.
    """
    picture = decode(data)
    left, top, width, height = region
    if width < 1 or height < 1 or left < 0 or top < 0:
        raise DataError(f"{name}: a region is left, top, width, height in pixels, got {region}")
    if left + width > picture.width or top + height > picture.height:
        raise DataError(
            f"{name}: the region {region} is outside the picture of {picture.width} x "
            f"{picture.height} pixels"
        )
    out = io.BytesIO()
    picture.crop((left, top, left + width, top + height)).save(out, "BMP")  # lossless and fast
    return Image(data=out.getvalue())
