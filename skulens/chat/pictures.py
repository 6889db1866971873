"""Pictures as they are sent: upright, within a number of pixels, without metadata.

What is sent decides the answer and its price, so its sha256 is part of a question's key. A JPEG or
PNG that is upright and small enough is sent as it is, less its metadata: the small print of a label
does not survive being compressed twice. Everything else is encoded anew, always to the same bytes.
"""

import functools
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import PIL.Image

from skulens.chat.metadata import Bare, strip_metadata
from skulens.errors import DataError, PictureError
from skulens.pictures import (
    MAX_ASPECT,
    MAX_BYTES,
    MIN_SIDE_PX,
    decode,
    one_big_at_a_time,
    orientation,
    read_bytes,
)
from skulens.protocols import ErrorClass
from skulens.records import Image, Part

LEAST_PX = 28
"""Of `side_px`: one patch of the vision models that have the largest."""
FEW_COLOURS = 256


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

    def __post_init__(self):
        least = {"side_px": LEAST_PX, "pixels": LEAST_PX**2, "quality": 1, "most": 0}
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise DataError(
                    f"picture policy: {name} is {getattr(self, name)}, expected at least {smallest}"
                )
        if self.quality > 100:
            raise DataError(f"picture policy: quality is {self.quality}, expected at most 100")

    def record(self) -> dict[str, int]:
        """For keys and results."""
        return asdict(self) | {"version": 1}

    @functools.cached_property
    def digest(self) -> str:
        """Hash of what decides how one picture is sent; `most` does not."""
        told = {name: v for name, v in self.record().items() if name != "most"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it is sent."""

    data: bytes
    sha256: str
    mime: str
    """ "image/jpeg" or "image/png"."""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SentImage(Image):
    """A picture that is fitted already: `fit_picture` gives `sent` without decoding it again."""

    sent: Sent | None = None
    policy: PicturePolicy | None = None

    @classmethod
    def of(cls, sent: Sent, policy: PicturePolicy, view: str | None = None) -> "SentImage":
        return cls(data=sent.data, view=view, sent=sent, policy=policy)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Why a question's pictures cannot be sent."""

    error: ErrorClass
    reason: str


def fit_pictures(parts: Sequence[Part], policy: PicturePolicy) -> list[Sent] | Unsent:
    """All pictures of a question as they are sent, in order, or why not."""
    images = [p for p in parts if isinstance(p, Image)]
    if problem := check_number(len(images), policy):
        return problem
    sent = []
    for number, image in enumerate(images, 1):
        try:
            sent.append(fit_picture(image, policy))
        except PictureError as e:
            return Unsent(blame(image), f"{name_picture(image, number)}: {e}")
    return sent


def check_number(images: int, policy: PicturePolicy) -> Unsent | None:
    """What is wrong with that many pictures in one question."""
    if images <= policy.most:
        return None
    return Unsent(
        "too_many_images",
        f"the question has {images} pictures, expected at most {policy.most}; send fewer, or raise "
        "`most` of the picture policy where the server takes more",
    )


def name_picture(image: Image, number: int) -> str:
    return f"picture {number} ({image.path})" if image.path else f"picture {number}"


def blame(image: Image) -> ErrorClass:
    """The class of the PictureError met with a picture: whether its bytes can be had at all."""
    try:
        read_bytes(image)
    except PictureError as e:
        return "image_corrupt" if holds_too_much(image, e) else "image_missing"
    return "image_corrupt"


def holds_too_much(image: Image, error: PictureError) -> bool:
    """Whether a picture is there and not read for its size."""
    if isinstance(error.__context__, MemoryError):
        return True
    try:
        return image.own_file is not None and Path(image.own_file).stat().st_size > MAX_BYTES
    except (OSError, ValueError):
        return False


def fit_picture(image: Image, policy: PicturePolicy) -> Sent:
    """The bytes to send of a picture; the same bytes for the same picture and policy, and those
    bytes themselves for a picture that was fitted before.

    Raises:
        PictureError: it cannot be read or decoded.
    """
    if isinstance(image, SentImage) and image.sent is not None and image.policy == policy:
        return image.sent
    with one_big_at_a_time():
        return fit_bytes(read_bytes(image), policy)


def fit_bytes(data: bytes, policy: PicturePolicy) -> Sent:
    """`fit_picture` of an encoded picture.

    Raises:
        PictureError: it cannot be decoded.
    """
    with one_big_at_a_time():
        bare = strip_metadata(data)
        if (
            bare is not None
            and fitted_size(bare.width, bare.height, policy) == (bare.width, bare.height)
            and orientation(data) == 1
        ):
            decode(bare.data)  # a file cut short or damaged is found here, not by the server
            return make_sent(bare)
        picture = decode(data, side_px=policy.side_px)
        size = fitted_size(picture.width, picture.height, policy)
        if size != picture.size:
            picture = picture.resize(size, PIL.Image.Resampling.LANCZOS)
        return make_sent(encode_picture(picture, policy.quality))


def fitted_size(width: int, height: int, policy: PicturePolicy) -> tuple[int, int]:
    """Width and height within the policy; those that are within stay.

    What comes out is within every bound, those of `skulens.pictures` too, whatever was rounded.
    """
    long, short = max(width, height), min(width, height)
    if long <= policy.side_px and long * short <= policy.pixels:
        return width, height
    scale = min(policy.side_px / long, (policy.pixels / (long * short)) ** 0.5)
    new_long = min(policy.side_px, round(long * scale))
    new_short = max(MIN_SIDE_PX, round(short * scale), -(-new_long // MAX_ASPECT))
    while new_long * new_short > policy.pixels:
        new_long -= 1
        new_short = min(new_short, new_long)
    return (new_long, new_short) if width >= height else (new_short, new_long)


def encode_picture(picture: PIL.Image.Image, quality: int) -> Bare:
    """JPEG with full colour resolution; PNG where it is exact and no larger.

    Drawings, bar codes and screenshots of few colours are smaller as PNG, and JPEG blurs the edges
    that matter in them; photos are several times larger as PNG.
    """
    picture.info = {}  # Pillow writes comments and profiles that it finds here
    size = picture.size
    data, mime = save(picture, "JPEG", quality=quality, subsampling=0), "image/jpeg"
    if picture.getcolors(FEW_COLOURS) is not None:
        exact = save(picture, "PNG", optimize=True)
        if len(exact) <= len(data):
            data, mime = exact, "image/png"
    return Bare(data, mime, *size)


def save(picture: PIL.Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def make_sent(bare: Bare) -> Sent:
    sha256 = hashlib.sha256(bare.data).hexdigest()
    return Sent(bare.data, sha256, bare.mime, bare.width, bare.height)
