"""Catalogues -> the pictures and texts of a training run, and the pictures decoded once."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from skulens.encode.preprocess import Preprocess
from skulens.errors import DataError, PictureError
from skulens.pictures import load
from skulens.progress import Bar
from skulens.protocols import Catalog
from skulens.records import Image, Product, Reject, chunks
from skulens.train.hold_out import HoldOut

ResizeMode = Literal["shortest", "longest", "squash"]
"""How a picture is brought to a square, as `encode.preprocess.Preprocess` knows it."""
Decoded = tuple[np.ndarray, np.ndarray, list[Reject]]
"""Pictures, flags of the usable ones, and the rejects of the others."""


@dataclass
class Pairs:
    """Pictures with their products, and the products with their texts."""

    products: list[str] = field(default_factory=list)
    texts: list[dict[str, str]] = field(default_factory=list)
    """Per product, role -> text; "title" is a role."""
    sources: list[str] = field(default_factory=list)
    """Per product, the name of its catalogue."""
    pictures: list[Image] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    """Per picture, the position of its product."""

    def keep(self, good: np.ndarray) -> "Pairs":
        """Without the pictures whose flag in `good` is False."""
        kept = [i for i, ok in enumerate(good) if ok]
        return replace(
            self, pictures=[self.pictures[i] for i in kept], owners=[self.owners[i] for i in kept]
        )


def product_texts(product: Product) -> dict[str, str]:
    """Role -> text of everything a product says of itself."""
    return {role: text for role in ("title", *product.texts) if (text := product.text(role))}


def gather(
    catalogs: Iterable[Catalog],
    split: str | None = "train",
    views: Sequence[str] = (),
    hold_out: HoldOut | None = None,
) -> Pairs:
    """Training pairs: photos of `split` where there is one, and the catalogue's own pictures.

    Args:
        views: views of catalogue pictures to take, all where empty, none with ("none",).
        hold_out: the SKUs of which nothing is taken: no text, no picture, no photo.
    Raises:
        DataError: nothing to train on; says what the catalogues hold.
    """
    pairs, known = Pairs(), {}
    for number, catalog in enumerate(catalogs):
        apart = hold_out.skus(catalog.products()) if hold_out else frozenset()
        for product in catalog.products():
            if product.id in apart or not (texts := product_texts(product)):
                continue
            position = known[number, product.id] = len(pairs.products)
            pairs.products.append(product.id)
            pairs.texts.append(texts)
            pairs.sources.append(catalog.info.name)
            wanted = [i for i in product.images if not views or i.view in views]
            pairs.pictures += wanted
            pairs.owners += [position] * len(wanted)
        if split and split in catalog.info.splits:
            mine = {p: i for (n, p), i in known.items() if n == number}
            add_photos(pairs, catalog, split, mine, apart)
    if not pairs.pictures:
        raise DataError(
            f"no pictures to train on: {len(pairs.products)} products with texts, split {split!r}, "
            f"views {views}"
        )
    return pairs


def add_photos(
    pairs: Pairs,
    catalog: Catalog,
    split: str,
    known: dict[str, int],
    apart: frozenset[str] = frozenset(),
) -> None:
    """Each query's pictures, as pictures of its relevant product.

    Args:
        apart: products held out; a query that shows or wants one of them gives nothing.
    """
    for query in catalog.queries(split):
        if apart.intersection((*query.answers, *query.references)):
            continue
        owner = next((known[p] for p in query.relevant if p in known), None)
        for part in query.item.parts:
            if owner is not None and isinstance(part, Image):
                pairs.pictures.append(part)
                pairs.owners.append(owner)


def square(image: Image, px: int, resize_mode: ResizeMode) -> np.ndarray:
    """A decoded picture as (px, px, 3) uint8, framed as the encoder will frame it.

    Raises:
        PictureError: it cannot be used.
    """
    frame = Preprocess(px, px, (0.0,) * 3, (1.0,) * 3, "bicubic", resize_mode)
    return np.asarray(frame.frame(load(image)))


def decode_all(
    images: Sequence[Image],
    px: int,
    resize_mode: ResizeMode,
    where: Path | None = None,
    label: str = "decode",
) -> Decoded:
    """Every picture decoded once.

    Args:
        where: file beside the run to keep them in (memory-mapped, found again next time); None: in
            memory.
    Returns:
        (pictures, px, px, 3) uint8, zeros where a picture cannot be used; flags of the usable ones;
        their Rejects.
    """
    key, shape = fingerprint(images, px, resize_mode), (len(images), px, px, 3)
    if where is None:
        pixels = np.zeros(shape, np.uint8)
        bad, rejects = fill(pixels, images, px, resize_mode, label)
        return pixels, _flag(len(images), bad), rejects
    if found := _read_decoded(where, shape, key):
        return found
    kept = np.memmap(where, np.uint8, "w+", shape=shape)
    bad, rejects = fill(kept, images, px, resize_mode, label)
    kept.flush()
    rows = [[r.source, r.item, r.reason, r.todo] for r in rejects]
    about = json.dumps({"key": key, "bad": bad, "rejects": rows})
    where.with_suffix(".json").write_text(about, "utf-8")
    return kept, _flag(len(images), bad), rejects


def _read_decoded(where: Path, shape: tuple[int, ...], key: str) -> Decoded | None:
    """What `decode_all` kept of these pictures; None where there is nothing or something else."""
    about = where.with_suffix(".json")
    found = json.loads(about.read_text("utf-8")) if about.is_file() else {}
    if found.get("key") != key:
        return None
    rejects = [Reject(*r) for r in found["rejects"]]
    return np.memmap(where, np.uint8, "r", shape=shape), _flag(shape[0], found["bad"]), rejects


def _flag(count: int, bad: Sequence[int]) -> np.ndarray:
    """(pictures,) bool: False at the positions in `bad`."""
    good = np.ones(count, bool)
    good[list(bad)] = False
    return good


def fill(pixels: np.ndarray, images: Sequence[Image], px: int, resize_mode: ResizeMode, label: str):
    """Decode into `pixels`; positions and Rejects of those that fail."""

    def one(position: int):
        try:
            pixels[position] = square(images[position], px, resize_mode)
        except PictureError as e:
            return position, str(e)
        return None

    bad, rejects = [], []
    with (
        ThreadPoolExecutor(2) as pool,
        Bar(total=len(images), desc=label, unit=" pictures", delay=2) as bar,
    ):
        for part in chunks(range(len(images)), 256):
            for problem in filter(None, pool.map(one, part)):
                bad.append(problem[0])
                source = images[problem[0]].path or "bytes"
                rejects.append(
                    Reject(
                        source, f"picture {problem[0]}", problem[1], "replace or remove the file"
                    )
                )
            bar.update(len(part))
    return bad, rejects


def fingerprint(images: Sequence[Image], px: int, resize_mode: str) -> str:
    """Changes when the list of pictures, a file's size or time, or the geometry does."""
    digest = hashlib.sha256(f"{px} {resize_mode}".encode())
    for image in images:
        if image.path and (file := Path(image.path)).is_file():
            stat = file.stat()
            digest.update(f"{image.path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        else:
            digest.update(image.data or str(image.path).encode())
    return digest.hexdigest()
