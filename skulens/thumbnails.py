"""Small pictures to show beside a result."""

import io
import math

import PIL.Image

SIDE_PX = 256
QUALITIES = (80, 60, 40)
"""Of JPEG; the next one is tried where a picture takes more than MOST_BYTES."""
MOST_BYTES = 24_000
"""A photo of 256 px has 6 to 14 kB; noise at the least quality has about 20."""


def shrink(picture: PIL.Image.Image, side_px: int) -> PIL.Image.Image:
    """The picture with its longer side reduced to at most `side_px`; a smaller one as it is.

    A picture more than twice as large is averaged by a whole factor, which leaves at least two
    thirds of `side_px` and takes a third of the time of an exact resize. With a small encoder that
    time is most of what a thumbnail costs.
    """
    longest = max(picture.size)
    if longest <= side_px:
        return picture
    if longest > 2 * side_px:
        return picture.reduce(math.ceil(longest / side_px))
    scale = side_px / longest
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, PIL.Image.Resampling.BICUBIC)


def make_thumbnail(picture: PIL.Image.Image, side_px: int = SIDE_PX) -> bytes:
    """A JPEG of a decoded RGB picture, of at most MOST_BYTES: smaller where it must be."""
    small = shrink(picture, side_px)
    for quality in QUALITIES:
        out = io.BytesIO()
        small.save(out, "JPEG", quality=quality)
        if out.tell() <= MOST_BYTES:
            return out.getvalue()
    return make_thumbnail(picture, side_px // 2)
