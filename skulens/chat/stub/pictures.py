"""The stub's eyes: it decodes pictures, and reads those of a canary truthfully."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

import PIL.Image

from skulens.chat.stub.question import Refusal
from skulens.errors import PictureError
from skulens.pictures import decode

REMEMBERED = 4096
"""Pictures that are not decoded again."""
PALETTE = {
    "red": (255, 0, 0),
    "green": (0, 160, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
"""A corner's colour is a digit, 0 to 7 in this order."""
NEAR = 60
"""How far each channel may be from the palette, after JPEG."""


@dataclass(frozen=True, slots=True)
class View:
    """What the stub sees in a picture."""

    width: int
    height: int
    digest: str
    """Of its pixels: 12 hexadecimal digits."""
    canary: tuple[str, int] | None
    """(colour, number)."""


class Eyes:
    """Looks at pictures; the most recent ones are remembered by their bytes."""

    def __init__(self) -> None:
        self.seen: dict[bytes, View] = {}

    def look(self, uri: str) -> View:
        """A picture from its data URI. Raises Refusal (400) for bytes that are no picture."""
        key = hashlib.sha256(uri.encode("utf-8", "surrogatepass")).digest()
        if key not in self.seen:
            view = decode_uri(uri)
            if len(self.seen) >= REMEMBERED:
                del self.seen[next(iter(self.seen))]
            self.seen[key] = view
        return self.seen[key]


def decode_uri(uri: str) -> View:
    try:
        picture = decode(base64.b64decode(uri.partition(",")[2], validate=True))
    except (binascii.Error, ValueError) as e:
        raise Refusal(400, f"Failed to load image: the data URI is no base64 ({e})") from None
    except PictureError as e:
        raise Refusal(400, f"Failed to load image: cannot identify image file ({e})") from None
    digest = hashlib.sha256(picture.tobytes()).hexdigest()[:12]
    return View(picture.width, picture.height, digest, read_canary(picture))


def read_canary(picture: PIL.Image.Image) -> tuple[str, int] | None:
    """(background colour, number) of a canary; None for any other picture.

    The number stands in the corners, top left to bottom right, as four digits of base 8.
    """
    width, height = picture.size
    side = min(width, height) // 16
    if side < 2:
        return None
    far_x, far_y = width - 1 - side, height - 1 - side
    corners = [(side, side), (far_x, side), (side, far_y), (far_x, far_y)]
    digits = [nearest_colour(picture, *at) for at in corners]
    edges = [(width // 2, side // 2), (width // 2, height - 1 - side // 2)]
    grounds = {nearest_colour(picture, *at) for at in edges}
    if len(grounds) != 1 or None in grounds or None in digits:
        return None
    names = list(PALETTE)
    number = 0
    for digit in digits:
        number = number * 8 + names.index(str(digit))
    return str(grounds.pop()), number


def nearest_colour(picture: PIL.Image.Image, x: int, y: int) -> str | None:
    """The palette's colour of the 3 x 3 pixels around a place; None where there is none near."""
    patch = picture.crop((max(0, x - 1), max(0, y - 1), x + 2, y + 2))
    mean = patch.resize((1, 1), PIL.Image.Resampling.BOX).getpixel((0, 0))
    if not isinstance(mean, tuple):
        return None
    for name, colour in PALETTE.items():
        if all(abs(a - b) <= NEAR for a, b in zip(mean, colour, strict=True)):
            return name
    return None
