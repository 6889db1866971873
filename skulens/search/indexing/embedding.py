"""Vectors and thumbnails of products, each picture decoded once for both."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image

from skulens import pictures
from skulens.documents import Document
from skulens.encode.batching import Batching, Encoded
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.fusion import fuse
from skulens.encode.parts import AnyPart
from skulens.errors import DataError, PictureError
from skulens.machine import count_cores
from skulens.records import Image, Reject
from skulens.search.indexing.columns import VIEWS, ColumnMaker
from skulens.search.indexing.documents import DocumentMaker, Pictured, text_of
from skulens.thumbnails import SIDE_PX, make_thumbnail


@dataclass(frozen=True)
class Embedded:
    """What a group of products got, in their order."""

    vectors: Mapping[str, np.ndarray]
    """Column -> (products, dim) float32, length 1; NaN rows where there is nothing to embed."""
    thumbnails: list[bytes]
    """Of the first picture that can be decoded; empty where there is none."""
    rejects: list[Reject]
    forwarded: int
    """Texts and pictures that went through an encoder; others were known or equal."""


class Embedding:
    """Encoders with their caches; embeds one group of products after the other."""

    def __init__(self, makers: Sequence[ColumnMaker], cache: Path | None):
        self._makers = makers
        self._caches = [VectorCache(cache, m.encoder.info) if cache else None for m in makers]
        self._wanted: set[str] = set()
        self._seen: dict[str, bytes] = {}
        self._batching = Batching(progress=False, look=self._look)

    def embed(self, group: Sequence[Pictured]) -> Embedded:
        """Vectors and thumbnails of a group.

        Pictures that cannot be decoded are rejected; the others of the product make its vector.
        """
        self._wanted, self._seen = {one.images[0].known for one in group if one.images}, {}
        vectors: dict[str, np.ndarray] = {}
        rejects: list[Reject] = []
        forwarded = 0
        for maker, cache in zip(self._makers, self._caches, strict=True):
            embedder = Embedder([maker.encoder], [cache], batching=self._batching)
            if maker.column.made_from == VIEWS["first"]:
                found, mine, passed = self._embed_first(embedder, group)
            else:
                owners, parts = list_parts(group, maker.modality)
                encoded = embed_parts(embedder, parts)
                found = fuse(encoded.vectors[encoded.ok], owners[encoded.ok], len(group))
                mine, passed = rejects_of(encoded, owners, group), encoded.forwarded
            vectors[maker.column.name] = found
            rejects += mine
            forwarded += passed
        thumbnails = self._thumbnails(group)
        return Embedded(vectors, thumbnails, list(dict.fromkeys(rejects)), forwarded)

    def _embed_first(
        self, embedder: Embedder, group: Sequence[Pictured]
    ) -> tuple[np.ndarray, list[Reject], int]:
        """Vectors of the first picture of each product; the next one where it cannot be decoded."""
        found = np.full((len(group), embedder.encoders[0].info.dim), np.nan, np.float32)
        rejects: list[Reject] = []
        forwarded = view = 0
        while True:
            missing = np.isnan(found).any(axis=1)
            rows = [i for i in np.flatnonzero(missing).tolist() if view < len(group[i].images)]
            if not rows:
                return found, rejects, forwarded
            encoded = embed_parts(embedder, [group[i].images[view] for i in rows])
            owners = np.array(rows)
            tried = fuse(encoded.vectors[encoded.ok], owners[encoded.ok], len(group))
            found[owners] = tried[owners]
            rejects += rejects_of(encoded, owners, group)
            forwarded, view = forwarded + encoded.forwarded, view + 1

    def _look(self, sha256: str, picture: PIL.Image.Image) -> None:
        if sha256 in self._wanted and sha256 not in self._seen:
            self._seen[sha256] = make_thumbnail(picture)

    def _thumbnails(self, group: Sequence[Pictured]) -> list[bytes]:
        """Those seen while encoding; others, whose vectors were known, are made now."""
        found = [self._seen.get(one.images[0].known) if one.images else b"" for one in group]
        left = [i for i, thumbnail in enumerate(found) if thumbnail is None]
        with ThreadPoolExecutor(count_cores()) as pool:
            made = dict(zip(left, pool.map(self._thumbnail, [group[i] for i in left]), strict=True))
        return [made[i] if thumbnail is None else thumbnail for i, thumbnail in enumerate(found)]

    def _thumbnail(self, pictured: Pictured) -> bytes:
        for image in pictured.images:
            if image.known in self._seen:
                return self._seen[image.known]
            if made := read_thumbnail(image):
                return made
        return b""


def make_documents(
    maker: DocumentMaker, group: Sequence[Pictured], embedded: Embedded, todo: str
) -> tuple[list[Document], list[Reject]]:
    """Documents of a group, and what of it could not be used.

    Args:
        todo: what to do about a product of which no document can be made.
    """
    documents, rejects = [], [*embedded.rejects]
    for row, (one, thumbnail) in enumerate(zip(group, embedded.thumbnails, strict=True)):
        mine = {name: vectors[row] for name, vectors in embedded.vectors.items()}
        rejects += one.rejects
        try:
            document, problems = maker.make(one, mine, thumbnail)
        except DataError as e:
            rejects.append(Reject(one.product.id, one.product.id, str(e), todo))
            continue
        documents.append(document)
        rejects += problems
    return documents, rejects


def embed_parts(embedder: Embedder, parts: Sequence[AnyPart]) -> Encoded:
    return embedder.embed_parts(parts, "document")[0]


def list_parts(group: Sequence[Pictured], modality: str) -> tuple[np.ndarray, list[AnyPart]]:
    """((parts,) the product of each part, the parts): all pictures, or the text."""
    if modality == "image":
        pairs: list[tuple[int, AnyPart]] = [
            (i, image) for i, one in enumerate(group) for image in one.images
        ]
    else:
        texts = [text_of(one.product) for one in group]
        pairs = [(i, text) for i, text in enumerate(texts) if text]
    return np.array([i for i, _ in pairs], np.intp), [part for _, part in pairs]


def rejects_of(encoded: Encoded, owners: np.ndarray, group: Sequence[Pictured]) -> list[Reject]:
    """The rejects of parts, under the ids of their products."""
    lost = owners[~encoded.ok]
    named = zip(lost, encoded.rejects, strict=True)
    return [replace(reject, item=group[i].product.id) for i, reject in named]


def read_thumbnail(image: Image) -> bytes:
    """Empty where the picture cannot be decoded."""
    try:
        with pictures.one_big_at_a_time():
            return make_thumbnail(pictures.decode(pictures.read_bytes(image), side_px=SIDE_PX))
    except PictureError:
        return b""
