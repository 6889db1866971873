"""GroceryVision as OpenMPR uses it: 409 SKUs, one caption each, 20,565 probe photos.

Maminta and Atienza, ICPR 2026. The texts and the photos are CC BY-NC 4.0: evaluation only. The
photos (8 GB) are a download of their own; products and captions work without them.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TypeVar

from skulens.catalog.fetch.sources import fetch
from skulens.catalog.reader import Reader
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Item, Product, Query

T = TypeVar("T", list, dict)
VIEWS = ("single_frame_front_view", "single_frame_front_drop")
"""Folder names in the photos' paths: 17,516 front views; 3,049 drops for SKUs without one."""
PROBED_PATHS = 50
"""Photos tried before we say that the photos are not there."""


class OpenMPR(Reader):
    """Captions as products, the photos of the manifest as queries of the split "test".

    Args:
        root: the folder of the dataset.
        captions: JSON list of {product_id, label}; default: `*captions*.json` in root or one below.
        manifest: JSON object, barcode -> {image_paths, label}; default: `*manifest*.json` likewise.
        images: folder of the photos; default: root. Paths of the manifest are tried as written and
            then without their first folders.

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
        self.captions = Path(captions) if captions else find(self.root, "*captions*.json")
        self.manifest = Path(manifest) if manifest else find(self.root, "*manifest*.json")
        self.images = Path(images) if images else self.root
        for given in (captions, manifest, images):
            if given and not Path(given).exists():
                raise MissingFile(f"there is no {given}; the current folder is {Path.cwd()}")

    def _products(self) -> Iterator[Product]:
        if self.captions is None:
            raise MissingFile(
                "no captions for openmpr: put synthetic_captions.json "
                "(a JSON list of product_id and "
                f"label, from the OpenMPR repository) into {self.root}"
            )
        questions = self._questions()
        seen: set[str] = set()
        for number, entry in enumerate(read_json(self.captions, list), 1):
            where = f"{self.captions.name}#{number}"
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

    def _questions(self) -> dict[str, dict[str, str]]:
        """Product id -> question -> answer, from product_texts.json; empty where that is absent."""
        path = find(self.root, "product_texts.json")
        return read_json(path, dict) if path else {}

    def _queries(self, split: str) -> Iterator[Query]:
        manifest = self._manifest()
        known = {product.id for product in self._products()}
        for product, entry in self._entries.items():
            where = f"{manifest.name}: {product}"
            if product not in known:
                self.reject(
                    where,
                    product,
                    "no caption has this id",
                    "add its caption or drop it from the manifest",
                )
                continue
            for written in entry["image_paths"]:
                photo = self.picture(self._place(written), where, product, view_of(written))
                if photo:
                    yield Query(written, Item(written, (photo,)), {product: 1}, group=product)

    def _manifest(self) -> Path:
        if self.manifest is None:
            raise MissingFile(
                "no probe photos for openmpr: put the evaluation manifest "
                '(a JSON file whose name holds "manifest", barcode -> image_paths and label) and '
                f"the photos it lists into {self.root}"
            )
        return self.manifest

    @cached_property
    def _entries(self) -> dict[str, dict]:
        entries = read_json(self._manifest(), dict)
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

    def _place(self, written: str) -> Path:
        return self.images / Path(*PurePosixPath(written).parts[self._skipped :])

    @cached_property
    def _skipped(self) -> int:
        """How many first folders of the manifest's paths are left out to arrive at the photos."""
        paths = [PurePosixPath(p) for e in self._entries.values() for p in e["image_paths"][:1]][
            :PROBED_PATHS
        ]
        for fetched in (False, True):
            for path in paths:
                for skipped in range(len(path.parts)):
                    if (self.images / Path(*path.parts[skipped:])).is_file():
                        return skipped
            if not fetched:
                fetch("groceryvision", self.images)
        raise MissingFile(
            f"none of the photos that {self._manifest().name} lists is in {self.images}, such as "
            f"{paths[0] if paths else '...'}; unpack the GroceryVision archive there"
        )


def find(root: Path, pattern: str) -> Path | None:
    """The first file of that name in a folder or one below it."""
    return next(
        (p for glob in (pattern, f"*/{pattern}") for p in sorted(root.glob(glob)) if p.is_file()),
        None,
    )


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
