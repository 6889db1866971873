"""Your own catalogue: a CSV, JSONL, JSON or Parquet file with pictures as paths or bytes."""

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.catalog.folder import read_manifest
from skulens.catalog.mapping import map_columns
from skulens.catalog.names import OWN_NAMES
from skulens.catalog.own_gold import StoredGold, find_gold
from skulens.catalog.own_rows import Collector, Contents
from skulens.catalog.picture_paths import Boundary
from skulens.catalog.queries import ALL, StoredQueries
from skulens.catalog.reader import IN_GALLERY, Reader
from skulens.catalog.shares import share_contents
from skulens.catalog.tables import Table, open_table
from skulens.errors import MissingFile
from skulens.records import DatasetInfo, Item, Product, Query


class OwnCatalog(Reader):
    """Rows of a table as products; rows with the same id are one product with several pictures.

    With a `split` column, rows whose split is empty or "gallery" give the product its pictures, and
    pictures of all other rows are probe photos, queries of that split; texts are taken from any
    row, the first that has them. Without one, every picture belongs to its product AND is a probe
    of the split "all": right for photo -> text. For photo -> picture such a probe would find
    itself, so its query says `tags={"in_gallery": "yes"}` and its picture equals (==) the one in
    the gallery; `gallery_photos` makes probes of the photos after the first. Splits are read in lower
    case. Where `queries.parquet` or `.jsonl` lies beside the table (see `catalog.folder`),
    its queries take the place of the split "all". Where `gold.parquet`, `.jsonl` or `.csv` does,
    the catalogue knows what is true of its products (see `catalog.own_gold`).

    Args:
        root: the table, or a folder with products.parquet, products.jsonl or products.csv.
        map: field -> column, or "field=column" strings; see `catalog.mapping.ALIASES` for the
            fields and for the column names that need no mapping.
        images: folder that relative picture paths start from; the table's own by default.
        allow_outside: read pictures that the table names anywhere on this machine, by an absolute
            path, "..", or through a link; otherwise each is a reject.
        gallery_photos: how many photos of each product, the first ones, are its gallery pictures;
            where nobody says which are probes, the others are those of the split "test".
    """

    shares = False
    """Whether the first photos are gallery pictures where nobody asked for it either."""
    table: Table

    def __init__(
        self,
        root: Path,
        map=(),
        images: str | Path | None = None,
        allow_outside: bool = False,
        gallery_photos: int | None = None,
    ):
        root = Path(root)
        path = (
            next((root / n for n in OWN_NAMES if (root / n).is_file()), None)
            if root.is_dir()
            else root
        )
        if path is None:
            raise MissingFile(
                f"{root} has none of {', '.join(OWN_NAMES)}; put one there or give the table itself"
            )
        super().__init__(path.parent)
        self.path, self.asked, self.whole = path, gallery_photos, False
        self.images = Path(images) if images is not None else path.parent
        self.boundary = None if allow_outside else Boundary(path.parent, self.images)
        self.table = open_table(path)
        whole = path.name in OWN_NAMES  # a table of another name is not the folder's catalogue
        self.manifest: dict[str, Any] = read_manifest(self.root) if whole else {}
        self.stored: StoredQueries | None = (
            StoredQueries(self.root, self.boundary) if whole else None
        )
        self.mapping = map_columns(self.table.columns, map, str(path))
        if whole and (stored := find_gold(path.parent)):
            # Only with such a table is this a `protocols.TrueCatalog`.
            self.gold = StoredGold(self, stored).read
            self.listings = self.products  # type: ignore[method-assign]  # gold is not of the table

    @cached_property
    def info(self) -> DatasetInfo:  # type: ignore[override]  # reads the table, so only on demand
        own = self.path.name in OWN_NAMES
        return self.describe(self.path.parent.resolve().name if own else self.path.stem)

    def describe(self, name: str) -> DatasetInfo:
        """The catalogue's papers under this name."""
        roles = ("caption", "description", "title")
        extra = tuple(f[5:] for f in self.mapping if f.startswith("text."))
        probed = set(self.contents.probes)
        if self.stored:
            probed = (probed - {ALL}) | (set(self.stored.splits()) or {ALL})
        info = DatasetInfo(
            name=name,
            title=self.path.name,
            source=str(self.path),
            splits=tuple(sorted((s for s in probed if s), key=split_order)),
            gallery_text=tuple(dict.fromkeys((*extra, *roles))),
        )
        known = {f.name for f in fields(DatasetInfo)} - {"splits"}
        said = {k: v for k, v in self.manifest.items() if k in known and v}
        if isinstance(said.get("gallery_text"), list):
            said["gallery_text"] = tuple(said["gallery_text"])
        return replace(info, **said)

    @cached_property
    def contents(self) -> Contents:
        found = Collector(
            self.table, self.mapping, self.images, self.boundary, bool(self.manifest)
        ).collect()
        return share_contents(found, self.asked, self.shares, self.whole)

    @property
    def notes(self) -> tuple[str, ...]:
        return self.contents.notes

    def _products(self) -> Iterator[Product]:
        self.rejects.extend(self.contents.rejects)
        for draft in self.contents.drafts.values():
            texts = dict(draft.texts)
            title = texts.pop("title", "")
            yield Product(
                id=draft.id,
                title=title,
                texts=texts,
                images=tuple(draft.images),
                extras=draft.extras,
                **draft.fields,
            )

    def _queries(self, split: str) -> Iterator[Query]:
        if self.stored and split in (set(self.stored.splits()) or {ALL}):
            yield from self.stored.read(split, self.contents.drafts, self.reject)
        if self.stored and split == ALL:
            return
        self.rejects.extend(self.contents.rejects)
        for probe in self.contents.probes.get(split, ()):
            yield Query(
                id=probe.id,
                item=Item(probe.id, (probe.image,)),
                relevant={probe.product: 1},
                tags={IN_GALLERY: "yes"} if probe.in_gallery else {},
                group=probe.product,
            )


def split_order(split: str) -> tuple[int, str]:
    """train, val, test first, others by name."""
    usual = ("train", "val", "test")
    return (usual.index(split) if split in usual else len(usual), split)
