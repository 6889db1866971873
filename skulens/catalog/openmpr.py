"""GroceryVision as OpenMPR uses it: 409 SKUs, one caption each, 20,565 probe photos.

Maminta and Atienza, ICPR 2026. The texts and the photos are CC BY-NC 4.0: evaluation only. The
photos (8 GB) are a download of their own; products and captions work without them.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TypeVar

from skulens.catalog.fetch.sources import fetch, forget
from skulens.catalog.names import cache_folder, data_folders
from skulens.catalog.reader import Reader
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Item, Product, Query

T = TypeVar("T", list, dict)
VIEWS = ("single_frame_front_view", "single_frame_front_drop")
"""Folders of the photos: 17,516 front views; 3,049 drops for SKUs without one."""
PLACES = ("", "*/", "src/data/", "src/data/synthetic/")
"""Where the texts lie: a folder of one's own, or a clone of the OpenMPR repository."""
CAPTIONS = ("*captions*.json", "synthetic_labels_meta-llama-3.1-8b-instruct.json", "*labels_*.json")
MANIFESTS = ("*manifest*.json", "barcode_to_images_map.json")
PHOTOS = "groceryvision"
"""Name of the photos' download."""
PHOTOS_DEPTH = 4
"""So many folders below a given one the folders VIEWS are looked for."""
PROBED_PATHS = 50
"""Photos tried before we say that the photos are not there."""


class OpenMPR(Reader):
    """Captions as products, the photos of the manifest as queries of the split "test".

    Args:
        root: the folder of the dataset: a clone or unpacked archive of the OpenMPR repository, or
            a folder with the same files.
        captions: JSON list of {product_id, label}; default: the first of CAPTIONS in PLACES.
        manifest: JSON object, barcode -> {image_paths, label}; default: the first of MANIFESTS in
            PLACES, or else what `make_manifest` makes of the photos.
        images: folder of the photos; default: root. Paths of the manifest are tried as written and
            then without their first folders, there and beside the folders VIEWS below it.

    Texts: "caption", and the questions of `product_texts.json` where that file is there. Ids are
    the barcodes as written; some are the shop's own numbers, so none is taken for a GTIN.
    """

    info = DatasetInfo(
        name="openmpr",
        title="GroceryVision, as in OpenMPR",
        source="https://github.com/upeee/openmpr",
        revision="12c4ff1",
        licence="CC-BY-NC-4.0 (texts and photos)",
        citation="Maminta, Atienza: OpenMPR, ICPR 2026; "
        "4th GroceryVision Challenge, RetailVision at ICCV 2025.",
        splits=("test",),
        gallery_text=("caption",),
    )

    def __init__(
        self,
        root: Path,
        captions: str | Path | None = None,
        manifest: str | Path | None = None,
        images: str | Path | None = None,
    ):
        super().__init__(root)
        self.captions = Path(captions) if captions else find(self.root, *CAPTIONS)
        self.manifest = Path(manifest) if manifest else find(self.root, *MANIFESTS)
        self.images = Path(images) if images else self.root
        for given in (captions, manifest, images):
            if given and not Path(given).exists():
                raise MissingFile(f"there is no {given}; the current folder is {Path.cwd()}")

    def _products(self) -> Iterator[Product]:
        questions = self._questions()
        seen: set[str] = set()
        captions = self._captions()
        for number, entry in enumerate(read_json(captions, list), 1):
            where = f"{captions.name}#{number}"
            try:
                product, caption = str(entry["product_id"]).strip(), entry["label"].strip()
            except (TypeError, KeyError, AttributeError):
                self.reject(
                    where,
                    str(entry)[:80],
                    "not {product_id, label} with a text",
                    "correct the entry",
                )
                continue
            if not product or not caption or product in seen:
                reason = "the id occurred before" if product in seen else "an empty id or caption"
                self.reject(where, product, reason, "correct or delete the entry")
                continue
            seen.add(product)
            yield Product(
                id=product, texts={"caption": caption, **questions.get(product, {})}, language="en"
            )

    def _captions(self) -> Path:
        if self.captions is None:
            raise MissingFile(
                f"no captions for openmpr in {self.root}: clone the OpenMPR repository there, or "
                f"put its {CAPTIONS[1]} (a JSON list of product_id and label) into it"
            )
        return self.captions

    def _questions(self) -> dict[str, dict[str, str]]:
        """Product id -> question -> answer, from product_texts.json; empty where that is absent."""
        path = find(self.root, "product_texts.json")
        return read_json(path, dict) if path else {}

    def _queries(self, split: str) -> Iterator[Query]:
        entries = self._entries
        known = {product.id for product in self._products()}
        for product, entry in entries.items():
            where = f"{self._listing}: {product}"
            if product not in known:
                self.reject(
                    where,
                    product,
                    "no caption has this id",
                    "add its caption or drop it from the manifest",
                )
                continue
            if not entry["image_paths"]:
                self.reject(where, product, "it has no photo", "add photos named BARCODE_N.jpg")
            for written in entry["image_paths"]:
                photo = self.picture(self._place(written), where, product, view_of(written))
                if photo:
                    yield Query(written, Item(written, (photo,)), {product: 1}, group=product)

    @property
    def _listing(self) -> str:
        """What says which photos there are, for messages."""
        return self.manifest.name if self.manifest else "photos"

    @cached_property
    def _entries(self) -> dict[str, dict]:
        if self.manifest is None:
            return self.entries_of_photos()
        entries = read_json(self.manifest, dict)
        bad = next(
            (
                k
                for k, e in entries.items()
                if not isinstance(e, dict) or not is_list(e.get("image_paths"))
            ),
            None,
        )
        if bad is not None:
            raise DataError(
                f"{self.manifest}: the entry {bad!r} has no list image_paths; expected barcode -> "
                '{"image_paths": [...], "label": ...}'
            )
        return entries

    def entries_of_photos(self) -> dict[str, dict]:
        """The manifest that the photos themselves give. Raises MissingFile where there are none."""
        folder = next((f for f in photo_folders(self.images) if (f / VIEWS[0]).is_dir()), None)
        if folder is None:
            raise MissingFile(
                f"no probe photos for openmpr: put the evaluation manifest ({MANIFESTS[1]}) and "
                f"the photos it lists into {self.root}, or the photos' folders "
                f"{' and '.join(VIEWS)} alone"
            )
        return make_manifest(folder, {p.id: p.text("caption") or "" for p in self._products()})

    def _place(self, written: str) -> Path:
        base, skipped = self._photos
        return base / Path(*PurePosixPath(written).parts[skipped:])

    @cached_property
    def _photos(self) -> tuple[Path, int]:
        """(folder of the photos, how many first folders of the manifest's paths are left out)."""
        paths = [PurePosixPath(p) for e in self._entries.values() for p in e["image_paths"][:1]][
            :PROBED_PATHS
        ]
        if found := self._find_photos(paths):
            return found
        target = self.images if os.access(self.images, os.W_OK) else cache_folder() / PHOTOS
        fetch(PHOTOS, target)
        if found := self._find_photos(paths):
            forget(PHOTOS, target)
            return found
        raise MissingFile(
            f"none of the photos that {self._listing} lists is in {target}, such as "
            f"{paths[0] if paths else '...'}; unpack the GroceryVision archive there"
        )

    def _find_photos(self, paths: list[PurePosixPath]) -> tuple[Path, int] | None:
        """Where most of `paths` are, the first such place; None: nowhere."""
        best, place = 0, None
        for images in (self.images, *(folder / PHOTOS for folder in data_folders())):
            for base in photo_folders(images):
                for skipped in range(max((len(p.parts) for p in paths), default=0)):
                    there = [base / Path(*p.parts[skipped:]) for p in paths if p.parts[skipped:]]
                    if (found := sum(p.is_file() for p in there)) > best:
                        best, place = found, (base, skipped)
                    if paths and best == len(paths):
                        return place
        return place


def make_manifest(folder: Path, labels: dict[str, str]) -> dict[str, dict]:
    """The manifest of the photos in `folder`, as map_barcode_to_images.py of OpenMPR makes it.

    A SKU's photos are its front views or, where it has none, its front drops, in the order of
    their names. A photo belongs to the first run of letters and digits in its name that is a
    barcode; upstream takes any name that holds the barcode somewhere, which comes to the same for
    the 20,565 photos of the dataset, and is safe where one barcode is part of another.

    Args:
        labels: barcode -> caption.

    Returns:
        Barcode -> {"image_paths": paths relative to `folder`, "label": caption}, in the order of
        `labels`; a barcode without photos has an empty list.
    Raises:
        DataError: one of the folders VIEWS is missing.
    """
    photos: dict[str, dict[str, list[str]]] = {b: {v: [] for v in VIEWS} for b in labels}
    for view in VIEWS:
        if not (folder / view).is_dir():
            raise DataError(
                f"{folder} has no folder {view}; the photos lie in {' and '.join(VIEWS)}"
            )
        for name in sorted(p.name for p in (folder / view).iterdir()):
            barcode = barcode_of(name, labels)
            if barcode is not None:
                photos[barcode][view].append(f"{view}/{name}")
    return {
        barcode: {"image_paths": found[VIEWS[0]] or found[VIEWS[1]], "label": labels[barcode]}
        for barcode, found in photos.items()
    }


def barcode_of(name: str, barcodes: Collection[str]) -> str | None:
    """The barcode that a photo's name begins with, or has as a word of its own."""
    if name.startswith("."):
        return None
    return next((word for word in re.findall(r"[0-9A-Za-z]+", name) if word in barcodes), None)


def photo_folders(folder: Path) -> Iterator[Path]:
    """A folder, its folder data, and those at most PHOTOS_DEPTH below it that hold VIEWS."""
    yield folder
    yield folder / "data"
    below = [folder]
    for _ in range(PHOTOS_DEPTH):
        below = sorted(d for f in below for d in folders_in(f) if d.name not in VIEWS)
        yield from (d for d in below if any((d / view).is_dir() for view in VIEWS))


def folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(e.path) for e in entries if e.is_dir()]
    except OSError:
        return []


def find(root: Path, *patterns: str) -> Path | None:
    """The first file of one of these names in PLACES."""
    globs = (place + pattern for pattern in patterns for place in PLACES)
    return next((p for glob in globs for p in sorted(root.glob(glob)) if p.is_file()), None)


def is_list(paths: object) -> bool:
    return isinstance(paths, list) and all(isinstance(p, str) for p in paths)


def read_json(path: Path, kind: type[T]) -> T:
    """A JSON file whose top is a list or an object. Raises DataError otherwise."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as e:
        raise DataError(f"{path} is not JSON: {e}") from None
    if not isinstance(found, kind):
        raise DataError(f"{path} holds a JSON {type(found).__name__}, expected a {kind.__name__}")
    return found


def view_of(path: str) -> str:
    return next((view for view in VIEWS if view in path), "photo")
