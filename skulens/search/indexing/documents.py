"""Products -> documents of a store."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skulens.documents import Document, Schema
from skulens.encode.memo import Memo, hash_files
from skulens.errors import DataError, PictureError
from skulens.index.stores.fields import PICTURES, Typing, values_of, writable
from skulens.pictures import read_bytes
from skulens.records import Image, Product, Reject
from skulens.search.indexing.columns import ColumnMaker

VERSION = 1
"""Raised where documents come to hold something else; every product is then indexed anew."""
TEXT_ROLES = ("caption", "description")
"""Texts that the column "text" embeds after the title; the encoder cuts what is too long for it."""


@dataclass(frozen=True, slots=True)
class HashedImage(Image):
    """A picture whose hash is known; its bytes too, where it lies in another file, `path`.

    Such a file is read from front to back; going back for each use would read it again and again.
    """

    known: str = ""
    held: bytes | None = None

    @property
    def own_file(self) -> None:
        """None, so that nobody hashes it again."""
        return None

    def read(self) -> bytes:
        return Path(self.path or "").read_bytes() if self.held is None else self.held

    def sha256(self) -> str:
        return self.known


@dataclass(frozen=True)
class Pictured:
    """A product and those of its pictures that can be read as files."""

    product: Product
    images: tuple[HashedImage, ...]
    rejects: tuple[Reject, ...] = ()
    """One for each other picture."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """sha256 of each picture."""
        return tuple(image.known for image in self.images)

    @property
    def held_bytes(self) -> int:
        return sum(len(image.held or b"") for image in self.images)

    def let_go(self) -> "Pictured":
        """The same without the bytes of its pictures."""
        return replace(self, images=tuple(replace(i, held=None) for i in self.images))


def read_pictures(products: Sequence[Product], memo: Memo | None) -> list[Pictured]:
    """Hash the pictures of products; those that are files of their own only where they changed."""
    paths = [i.own_file for p in products for i in p.images if i.own_file is not None]
    known = memo.hashes(paths) if memo is not None else hash_files(paths)
    return [_read_one(product, known) for product in products]


def _read_one(product: Product, known: Mapping[str, str | OSError]) -> Pictured:
    images: list[HashedImage] = []
    rejects: list[Reject] = []
    for image in product.images:
        where = image.path or "picture in memory"
        try:
            images.append(_hash(image, where, known))
        except (OSError, PictureError) as e:
            reason = (isinstance(e, OSError) and e.strerror) or str(e)
            rejects.append(Reject(where, product.id, reason, "replace the file or its path"))
    return Pictured(product, tuple(images), tuple(rejects))


def _hash(image: Image, where: str, known: Mapping[str, str | OSError]) -> HashedImage:
    """Raises OSError or PictureError for a picture that cannot be read as a file."""
    if image.own_file is None:
        data = read_bytes(image)
        return HashedImage(
            where, view=image.view, known=hashlib.sha256(data).hexdigest(), held=data
        )
    sha256 = known[image.own_file]
    if isinstance(sha256, OSError):
        raise sha256
    return HashedImage(image.own_file, view=image.view, known=sha256)


def text_of(product: Product) -> str:
    """What the column "text" embeds; empty where the product has no words."""
    texts = (product.text(role) for role in ("title", *TEXT_ROLES))
    return ". ".join(dict.fromkeys(text.strip() for text in texts if text and text.strip()))


def words_of(product: Product) -> str:
    """Full text of a product: title, texts, categories, values of attributes, code and id."""
    values = [a.value for a in product.attributes]
    names = [product.gtin or "", product.id]
    found = [product.title, *product.texts.values(), *product.category, *values, *names]
    return writable("\n".join(dict.fromkeys(text for text in found if text)))


class DocumentMaker:
    """Makes documents for the columns of a store."""

    def __init__(self, schema: Schema, makers: Sequence[ColumnMaker]):
        self._typing = Typing(schema)
        columns = [maker.column for maker in makers]
        self._about = [VERSION, sorted((c.name, c.maker, c.made_from) for c in columns)]

    def digest(self, pictured: Pictured) -> str:
        """Hash of all that the product's document is made from, the makers of its vectors included and
        its claims not.

        Raises DataError for `extras` that JSON cannot say.
        """
        p = pictured.product
        attributes = [(a.key, a.value) for a in p.attributes]
        told = [
            *(p.id, p.title, p.texts, pictured.hashes, p.spu, p.category, attributes, p.language),
            *(p.country, p.price, p.currency, p.gtin, p.extras),
        ]
        try:
            text = json.dumps([self._about, told], sort_keys=True, default=str)
        except (TypeError, ValueError, RecursionError) as e:
            raise DataError(f"its extras cannot be written as JSON: {e}") from e
        return hashlib.sha256(text.encode()).hexdigest()

    def make(
        self, pictured: Pictured, vectors: Mapping[str, np.ndarray], thumbnail: bytes
    ) -> tuple[Document, list[Reject]]:
        """The document of a product, and what of it fits no column.

        Args:
            vectors: column -> (dim,); those with NaN are left out.
        Raises:
            DataError: as `digest`.
        """
        product = pictured.product
        fields, problems = self._typing.type(values_of(product))
        if pictured.hashes:
            fields[PICTURES.field] = pictured.hashes
        document = Document(
            product.id,
            {name: v for name, v in vectors.items() if np.isfinite(v).all()},
            fields,
            words_of(product),
            thumbnail,
            self.digest(pictured),
        )
        todo = "correct the value, or build a new store"
        return document, [Reject(product.id, product.id, problem, todo) for problem in problems]
