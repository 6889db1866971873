"""The stub's eyes: it decodes pictures, and reads those of a canary truthfully."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from skulens.chat.checks.canary_pictures import read_canary
from skulens.chat.stub.question import Refusal
from skulens.errors import PictureError
from skulens.pictures import decode

REMEMBERED = 4096
"""Pictures that are not decoded again."""


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
