"""How a picture gets into a task: embedded, served by Label Studio from its disk, or copied there.

Label Studio serves files of its own machine where it runs with
LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=ROOT and
the project has a source storage "Local files" at or above the folder of the pictures; a task then
names a picture as /data/local-files/?d=PATH, relative to ROOT.
"""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import PIL.Image

from skulens import pictures
from skulens.catalog.folder import suffix_of
from skulens.errors import DataError, PictureError
from skulens.records import Image

How = Literal["embed", "serve", "copy"]
SIDE_PX = 384
"""Longer side of an embedded picture."""
QUALITY = 85
"""Of its JPEG."""
Show = Callable[[str, Image], str]
"""(product id, picture) -> address; raises PictureError."""


def embed(_product: str, image: Image) -> str:
    """The picture as a small JPEG in a data: address; some 20 kB."""
    picture = pictures.decode(pictures.read_bytes(image), side_px=SIDE_PX)
    picture.thumbnail((SIDE_PX, SIDE_PX), PIL.Image.Resampling.LANCZOS)
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()


def nothing() -> str:
    """A grey picture for a product without one: an Image tag cannot be empty."""
    held = io.BytesIO()
    PIL.Image.new("L", (8, 8), 230).save(held, "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()


def serve_from(root: Path) -> Show:
    """Addresses of files below Label Studio's document root; a picture elsewhere is refused."""
    root = root.resolve()

    def show(_product: str, image: Image) -> str:
        own = image.own_file
        if own is None:
            raise PictureError("it is not a file of its own; use --pictures embed or copy")
        path = Path(own).resolve()
        if not path.is_relative_to(root):
            raise PictureError(f"{path} is not below {root}, which Label Studio serves")
        return address(path.relative_to(root).as_posix())

    return show


def copy_to(folder: Path, root: Path) -> Show:
    """Copies every picture into a folder below the document root, named as in MERIT (B.2):
    image_{ProductID}_{ImageNum}, with the suffix of what it is.

    Raises:
        DataError: the folder is not below the root.
    """
    folder, root = folder.resolve(), root.resolve()
    if not folder.is_relative_to(root):
        raise DataError(f"{folder} is not below {root}; give the folder that Label Studio serves")

    numbers: dict[str, dict[bytes, int]] = {}

    def show(product: str, image: Image) -> str:
        data = pictures.read_bytes(image)
        mine = numbers.setdefault(product, {})
        number = mine.setdefault(hashlib.sha256(data).digest(), len(mine) + 1)
        safe = re.sub(r"[^\w.-]", lambda m: f"%{ord(m[0]):02x}", product)
        place = folder / f"image_{safe}_{number}{suffix_of(data)}"
        folder.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return address(place.relative_to(root).as_posix())

    return show


def address(path: str) -> str:
    return f"/data/local-files/?d={quote(path)}"
