"""What a part is to the encoders: a modality, the hash of its content, and how to load it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import PIL.Image

from skulens import pictures
from skulens.errors import EncoderError
from skulens.protocols import Modality, Role
from skulens.records import EncoderInfo, Image, Part


@dataclass(frozen=True, slots=True)
class Tiled:
    """Several pictures side by side in one: fusion mode `cat` (one row, equal heights)."""

    images: tuple[Image, ...]
    height_px: int = 384


class PartByPart:
    """What encoders have in common that read one part at a time."""

    info: EncoderInfo

    def prepare_item(
        self, parts: Sequence[str | PIL.Image.Image], role: Role = "query"
    ) -> NoReturn:
        raise EncoderError(
            f"{self.info.name} reads {' and '.join(self.info.modalities)} one part at a time; "
            "fuse with avg or cat, or take an encoder of whole items (mllm:)"
        )


@dataclass(frozen=True, slots=True)
class Content:
    """A part with its content hash; equal contents are the same work."""

    modality: Modality
    sha256: str
    part: Part | Tiled
    where: str

    def load(self, upright: bool) -> PIL.Image.Image | str:
        """The text, or the decoded RGB picture. Raises PictureError."""
        if isinstance(self.part, str):
            return self.part
        if isinstance(self.part, Tiled):
            decoded = [pictures.load(image, upright) for image in self.part.images]
            return tile(decoded, self.part.height_px)
        return pictures.load(self.part, upright)

    @property
    def size(self) -> int:
        """Characters of a text (for sorting by length), 0 for a picture."""
        return len(self.part) if isinstance(self.part, str) else 0


def content_of(part: Part | Tiled, hashes: Mapping[str, str | OSError]) -> Content:
    """The content of a part; `hashes` holds what is known of files. Raises OSError for unreadable ones."""
    if isinstance(part, str):
        return Content(
            "text",
            hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest(),
            part,
            repr(part[:60]),
        )
    if isinstance(part, Tiled):
        shas = [image_sha256(image, hashes) for image in part.images]
        name = f"cat {part.height_px} {' '.join(shas)}"
        return Content(
            "image", hashlib.sha256(name.encode()).hexdigest(), part, place(part.images[0])
        )
    return Content("image", image_sha256(part, hashes), part, place(part))


def image_sha256(image: Image, hashes: Mapping[str, str | OSError]) -> str:
    known = hashes.get(image.own_file) if image.own_file is not None else None
    if isinstance(known, OSError):
        raise known
    return known or image.sha256()


def place(image: Image) -> str:
    return image.path or "picture in memory"


def tile(decoded: list[PIL.Image.Image], height_px: int) -> PIL.Image.Image:
    """Pictures scaled to one height and laid side by side on white, in order."""
    scaled = [
        p.resize(
            (max(1, round(p.width * height_px / p.height)), height_px), PIL.Image.Resampling.BICUBIC
        )
        for p in decoded
    ]
    canvas = PIL.Image.new("RGB", (sum(p.width for p in scaled), height_px), "white")
    for picture, left in zip(scaled, np.cumsum([0] + [p.width for p in scaled[:-1]]), strict=True):
        canvas.paste(picture, (int(left), 0))
    return canvas
