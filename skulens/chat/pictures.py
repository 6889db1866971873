"""Pictures as they are sent: upright, within a number of pixels, without metadata.

What is sent decides the answer and its price, so its sha256 is part of a question's key.
"""

import hashlib
import io
from dataclasses import asdict, dataclass

import PIL.Image

from skulens.pictures import decode, read_bytes
from skulens.records import Image


@dataclass(frozen=True)
class PicturePolicy:
    """How pictures are brought to a model."""

    side_px: int = 1024
    """Longest side; larger pictures are made smaller, none larger."""
    pixels: int = 1_048_576
    """Most pixels."""
    quality: int = 92
    """Of JPEG."""
    most: int = 10
    """Pictures of one question; more are the error `too_many_images`."""

    def record(self) -> dict[str, int]:
        """For keys and results."""
        return asdict(self) | {"version": 1}


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it is sent."""

    data: bytes
    sha256: str
    mime: str
    """ "image/jpeg" or "image/png"."""
    width: int
    height: int


def fit_picture(image: Image, policy: PicturePolicy) -> Sent:
    """The bytes to send of a picture; the same bytes for the same picture and policy.

    Raises:
        PictureError: it cannot be read or decoded.
    """
    picture = decode(read_bytes(image))
    scale = min(
        1.0,
        policy.side_px / max(picture.size),
        (policy.pixels / (picture.width * picture.height)) ** 0.5,
    )
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, PIL.Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=policy.quality, subsampling=0)
    data = out.getvalue()
    return Sent(data, hashlib.sha256(data).hexdigest(), "image/jpeg", picture.width, picture.height)
