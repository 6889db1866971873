"""Pictures, texts and records of a caller -> items, with what to call them.

A `str` among photos is a path, never a text: texts have an argument of their own.
"""

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens.catalog.photos import SUFFIXES, find_photos
from skulens.errors import DataError, MissingFile, PictureError
from skulens.records import DatasetInfo, Image, Item, Part, Product, Query, Reject

if TYPE_CHECKING:
    import PIL.Image

RECORDS = Image | Item | Query | Product
WANTED = (
    "a path, encoded bytes, a PIL image, a uint8 array (height, width, 3), or an Image, Item, "
    "Query or Product of skulens.records"
)


@dataclass(frozen=True)
class Thing:
    """One thing to embed."""

    id: str
    """A path as given, a record's own id, "photos[3]", or the text itself."""
    parts: tuple[Part, ...]
    """Empty where it could not be read."""
    reject: Reject | None = None
    """Why it could not be read."""


def read_things(photos: object = None, texts: object = None) -> list[Thing]:
    """Everything that was handed in: photos in their order, then texts.

    Args:
        photos: one thing, an iterable of things, or a folder, whose pictures are taken by name. A
            thing is what `WANTED` lists; a `str` is a path.
        texts: one text or an iterable of them.
    Raises:
        DataError: nothing was given, or something that is not a picture.
        MissingFile: a folder without pictures.
    """
    things = [read_thing(one, i) for i, one in enumerate(each_photo(photos))]
    things += [Thing(text, (text,)) for text in each_text(texts)]
    if not things:
        raise DataError(f"nothing to embed: got no photos and no texts; expected {WANTED}")
    return things


def each_photo(photos: Any) -> Iterator[Any]:
    """The single things; one that is not in a list is alone, a folder is its pictures."""
    if photos is None:
        return
    alone = isinstance(photos, str | os.PathLike | bytes | bytearray | memoryview | RECORDS)
    if isinstance(photos, np.ndarray) and photos.dtype != object and photos.ndim in (2, 3):
        alone = True  # one picture; four dimensions are many
    if not alone and not is_pil(photos) and not isinstance(photos, Iterable):
        raise DataError(f"got {describe(photos)}, expected {WANTED}, or a list of these")
    for one in [photos] if alone or is_pil(photos) else photos:
        if isinstance(one, str | os.PathLike) and Path(one).is_dir():
            yield from find_photos([Path(one)])
        else:
            yield one


def each_text(texts: Any) -> list[str]:
    found = [] if texts is None else [texts] if isinstance(texts, str) else list(texts)
    for i, text in enumerate(found):
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"texts[{i}] is {describe(text)}, expected a text with words in it")
    return found


def read_thing(thing: Any, place: int) -> Thing:
    """One photo or record. Raises DataError for something that is none."""
    name = f"photos[{place}]"
    if isinstance(thing, str | os.PathLike):
        return Thing(os.fspath(thing), (Image(path=check_path(os.fspath(thing), name)),))
    if isinstance(thing, bytes | bytearray | memoryview):
        return Thing(name, (Image(data=bytes(thing)),))
    if isinstance(thing, Image):
        return Thing(thing.path or name, (thing,))
    if isinstance(thing, Query):
        return Thing(thing.id, thing.item.parts)
    if isinstance(thing, Item):
        return Thing(thing.id, thing.parts)
    if isinstance(thing, Product):
        return Thing(thing.id, parts_of_product(thing))
    try:
        if is_pil(thing):
            name = getattr(thing, "filename", "") or name
            return Thing(name, (encode_picture(thing),))
        if isinstance(thing, np.ndarray):
            return Thing(name, (encode_picture(picture_of(thing, name)),))
    except PictureError as e:
        return Thing(name, (), Reject(name, name, str(e), "give another picture"))
    raise DataError(f"{name} is {describe(thing)}, expected {WANTED}")


def check_path(path: str, name: str) -> str:
    """The path; one that is missing and looks like none is refused, for it may be a text.

    A missing file with the suffix of a picture becomes a reject later, as broken pictures do.
    """
    if "://" in path and not path.startswith("file:"):
        raise DataError(f"{name} is the address {path!r}; download it, and give the path or bytes")
    if not Path(path).exists() and Path(path).suffix.lower() not in SUFFIXES:
        raise MissingFile(
            f"{name} is {path!r}, and there is no such file in {Path.cwd()}; among photos a str is "
            "a path. Give texts as texts=[...]"
        )
    return path


def parts_of_product(product: Product) -> tuple[Part, ...]:
    """All its pictures, else the text that stands for it."""
    roles = (*DatasetInfo("", "").gallery_text, *product.texts)
    texts = [text for role in roles if (text := product.text(role))]
    return product.images or tuple(texts[:1])


def is_pil(thing: object) -> bool:
    """Whether it is a decoded picture of Pillow, which is imported where there is one."""
    import sys

    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(thing, module.Image)


def picture_of(pixels: np.ndarray, name: str) -> "PIL.Image.Image":
    """The picture of an array of pixels. Raises DataError for what is not uint8 of 1 to 4 bands."""
    import PIL.Image

    flat = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    bands = flat.shape[2] if flat.ndim == 3 else 1
    if flat.dtype != np.uint8 or flat.ndim not in (2, 3) or bands not in (1, 3, 4) or not flat.size:
        raise DataError(
            f"{name} is an array {pixels.shape} of {pixels.dtype}, expected uint8 of (height, "
            "width, 3), values 0 to 255 (for floats of 0 to 1: (255 * x).round().astype('uint8'))"
        )
    return PIL.Image.fromarray(np.ascontiguousarray(flat))


def encode_picture(picture: "PIL.Image.Image") -> Image:
    """A decoded picture as PNG, upright, without loss. Raises PictureError where it is broken."""
    from skulens.pictures import to_rgb, turn_upright

    out = io.BytesIO()
    try:
        to_rgb(turn_upright(picture)).save(out, "PNG", compress_level=1)
    except Exception as e:  # a lazily read file may be broken in any way
        raise PictureError(f"cannot be decoded, {type(e).__name__}: {e}") from e
    return Image(data=out.getvalue())


def describe(thing: object) -> str:
    """What something is, in a few words for a message."""
    if isinstance(thing, str | bytes):
        return repr(thing[:40])
    shape = getattr(thing, "shape", None)
    return f"{type(thing).__name__}{f' of shape {tuple(shape)}' if shape is not None else ''}"
