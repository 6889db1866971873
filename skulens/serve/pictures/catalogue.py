"""Pictures of the products of a catalogue: of its products, and no other file.

A product is looked up by its id among those that the catalogue has; what a request says is never part
of a path. What goes out has been decoded and written anew, so that nothing but pictures does.
"""

import hashlib
import io
import threading
from collections.abc import Collection
from dataclasses import dataclass

from skulens.errors import PictureError
from skulens.pictures import decode, read_bytes, read_size
from skulens.protocols import Catalog
from skulens.records import Image
from skulens.serve.problems import Problem
from skulens.thumbnails import shrink

SIDE_PX = 1024
"""Of the longer side of a picture that is shown."""
QUALITY = 85
UNREADABLE = "the catalogue's file is not a picture that can be read; `skulens audit` says why"
"""Not the reason itself: it may repeat the first bytes of the file."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a picture stands among those of a product, and its upright size in pixels."""

    number: int
    width: int
    height: int


class Catalogue:
    """Args: catalog: None has no pictures."""

    def __init__(self, catalog: Catalog | None = None):
        self._catalog = catalog
        self._images: dict[str, tuple[Image, ...]] | None = None
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._catalog is not None

    def images(self, product: str) -> tuple[Image, ...]:
        """Of a product; none of one that the catalogue lacks. The first call reads the catalogue."""
        if self._catalog is None:
            return ()
        with self._lock:
            if self._images is None:
                self._images = {p.id: p.images for p in self._catalog.products() if p.images}
        return self._images.get(product, ())

    def find(self, product: str, wanted: Collection[str]) -> dict[str, View]:
        """sha256 -> view of those of a product's pictures that are wanted; the first of equal ones.

        They are read for it: files may have changed since the store was built.
        """
        found: dict[str, View] = {}
        for n, image in enumerate(self.images(product) if wanted else ()):
            try:
                data = read_bytes(image)
                sha256 = hashlib.sha256(data).hexdigest()
                if sha256 in wanted and sha256 not in found:
                    found[sha256] = View(n, *read_size(data))
            except PictureError:  # there is nothing to draw on
                continue
        return found

    def read(self, product: str, view: int) -> bytes:
        """The encoded bytes of a picture.

        Raises:
            Problem: 404, there is none; PictureError: its file cannot be read.
        """
        if self._catalog is None:
            detail = "start the server with --catalog DATA, so that it knows the pictures"
            raise Problem(404, "no-pictures", "This server has no pictures", detail)
        images = self.images(product)
        if not 0 <= view < len(images):
            detail = f"{product!r:.80} has {len(images)} pictures here; view counts from 0"
            raise Problem(404, "no-picture", "There is no such picture", detail)
        return read_bytes(images[view])

    def show(self, product: str, view: int) -> bytes:
        """A JPEG of at most SIDE_PX. Raises as `read`; 404 for a picture that cannot be decoded."""
        try:
            picture = shrink(decode(self.read(product, view), side_px=SIDE_PX), SIDE_PX)
        except PictureError as e:
            raise Problem(404, "bad-picture", "The picture cannot be read", UNREADABLE) from e
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
