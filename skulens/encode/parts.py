"""What a part is to the encoders: a modality, the hash of its content, and how to load it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import PIL.Image

from skulens import pictures
from skulens.encode.memo import Memo, hash_files
from skulens.errors import EncoderError, PictureError
from skulens.protocols import Modality, Role
from skulens.records import EncoderInfo, Image, Part, Reject

Leaf = str | PIL.Image.Image
Loaded = Leaf | list[Leaf]
"""A text, a decoded RGB picture, or those of an item in their order."""


@dataclass(frozen=True, slots=True)
class Tiled:
    """Several pictures side by side in one: fusion mode `cat` (one row, equal heights)."""

    images: tuple[Image, ...]
    height_px: int = 384


@dataclass(frozen=True, slots=True)
class Interleaved:
    """Texts and pictures in order, read in one forward pass: modality "item"."""

    parts: tuple[Part | Tiled, ...]


AnyPart = Part | Tiled | Interleaved


class PartByPart:
    """What encoders have in common that read one part at a time."""

    info: EncoderInfo

    def prepare_item(self, parts: Sequence[Leaf], role: Role = "query") -> NoReturn:
        raise EncoderError(
            f"{self.info.name} reads {' and '.join(self.info.modalities)} one part at a time; "
            "fuse with avg or cat, or take an encoder of whole items (mllm:)"
        )


@dataclass(frozen=True, slots=True)
class Content:
    """A part with its content hash; equal contents are the same work."""

    modality: Modality
    sha256: str
    part: AnyPart
    where: str
    inside: tuple["Content", ...] = ()
    """What a tile or an item is made of."""

    @property
    def id(self) -> str:
        return f"{self.modality} {self.sha256}"

    @property
    def size(self) -> int:
        """Characters of its texts (for sorting by length), 0 for a picture."""
        if isinstance(self.part, str):
            return len(self.part)
        return sum(content.size for content in self.inside)

    def load(self, upright: bool) -> Loaded:
        """The text, the decoded RGB picture, or those of an item. Raises PictureError."""
        if isinstance(self.part, Interleaved):
            return [content.load_leaf(upright) for content in self.inside]
        if isinstance(self.part, str):
            return self.part
        if isinstance(self.part, Tiled):
            return tile([pictures.load(i, upright) for i in self.part.images], self.part.height_px)
        return pictures.load(self.part, upright)

    def load_leaf(self, upright: bool) -> Leaf:
        """`load` of a part inside an item; an unreadable picture is named."""
        try:
            found = self.load(upright)
        except PictureError as e:
            raise PictureError(f"{self.where}: {e}") from e
        assert not isinstance(found, list)  # items do not hold items
        return found

    def leaves(self) -> Iterator["Content"]:
        """The single texts and pictures it is made of, in order."""
        for content in self.inside:
            yield from content.leaves()
        if not self.inside:
            yield self


def content_of(part: AnyPart, hashes: Mapping[str, str | OSError]) -> Content:
    """Hashed content of a part; `hashes` holds known files. Raises OSError for unreadable ones."""
    if isinstance(part, str):
        sha = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()
        return Content("text", sha, part, repr(part[:60]))
    if isinstance(part, Image):
        return Content("image", image_sha256(part, hashes), part, place(part))
    held = part.images if isinstance(part, Tiled) else part.parts
    inside = tuple(content_of(one, hashes) for one in held)
    if isinstance(part, Tiled):
        name = f"cat {part.height_px} {' '.join(content.sha256 for content in inside)}"
        return Content("image", sha256_of_text(name), part, inside[0].where, inside)
    name = " ".join(["seq", *(content.id for content in inside)])
    pictured = (content.where for content in inside if content.modality == "image")
    where = next(pictured, inside[0].where if inside else "an empty item")
    return Content("item", sha256_of_text(name), part, where, inside)


def read_contents(
    parts: Sequence[AnyPart], memo: Memo | None
) -> tuple[list[Content | None], list[Reject]]:
    """The content of each part, None with a Reject for files that cannot be read."""
    paths = [i.own_file for part in parts for i in images_of(part) if i.own_file is not None]
    hashes = memo.hashes(paths) if memo is not None else hash_files(paths)
    contents: list[Content | None] = []
    rejects = []
    for part in parts:
        try:
            contents.append(content_of(part, hashes))
        except OSError as e:
            where = str(e.filename or getattr(part, "path", None))
            todo = "check the path and its permissions"
            rejects.append(Reject(where, where, e.strerror or str(e), todo))
            contents.append(None)
    return contents, rejects


def images_of(part: AnyPart) -> Iterator[Image]:
    """The picture references in a part, in order."""
    if isinstance(part, Image):
        yield part
    elif isinstance(part, Tiled):
        yield from part.images
    elif isinstance(part, Interleaved):
        for one in part.parts:
            yield from images_of(one)


def sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def image_sha256(image: Image, hashes: Mapping[str, str | OSError]) -> str:
    known = hashes.get(image.own_file) if image.own_file is not None else None
    if isinstance(known, OSError):
        raise known
    return known or image.sha256()


def place(image: Image) -> str:
    return image.path or "picture in memory"


def tile(decoded: list[PIL.Image.Image], height_px: int) -> PIL.Image.Image:
    """Pictures scaled to one height and laid side by side on white, in order."""
    widths = [max(1, round(p.width * height_px / p.height)) for p in decoded]
    canvas = PIL.Image.new("RGB", (sum(widths), height_px), "white")
    lefts = np.cumsum([0, *widths[:-1]])
    for picture, width, left in zip(decoded, widths, lefts, strict=True):
        resized = picture.resize((width, height_px), PIL.Image.Resampling.BICUBIC)
        canvas.paste(resized, (int(left), 0))
    return canvas
