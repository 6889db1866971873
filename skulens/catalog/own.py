"""Your own catalogue: a CSV, JSONL, JSON or Parquet file with pictures as paths or bytes."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.catalog.folder import read_manifest
from skulens.catalog.mapping import (
    TEXTS,
    RowError,
    as_attributes,
    as_id,
    as_path,
    as_price,
    as_text,
    explain,
    map_columns,
)
from skulens.catalog.names import OWN_NAMES
from skulens.catalog.own_gold import StoredGold, find_gold
from skulens.catalog.parquet import StoredImage
from skulens.catalog.picture_paths import OUTSIDE, Boundary, PicturePaths
from skulens.catalog.queries import ALL, StoredQueries, read_object
from skulens.catalog.reader import IN_GALLERY, Reader
from skulens.catalog.tables import Row, open_table
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Image, Item, Product, Query, Reject

GALLERY = ("", "gallery")
"""Values of the split column whose rows' pictures are the product's own (the gallery's)."""


@dataclass
class Draft:
    """A product while its rows come in; `texts` holds "title" too."""

    id: str
    where: str
    texts: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)
    extras: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbePhoto:
    """A photo that is a query of its product."""

    id: str
    product: str
    image: Image


@dataclass(frozen=True)
class Contents:
    """What reading the table once gave: all but the pictures' bytes."""

    drafts: dict[str, Draft]
    probes: dict[str, list[ProbePhoto]]
    """By split."""
    rejects: list[Reject]


class OwnCatalog(Reader):
    """Rows of a table as products; rows with the same id are one product with several pictures.

    With a `split` column, rows whose split is empty or "gallery" give the product its pictures, and
    pictures of all other rows are probe photos, queries of that split; texts are taken from any
    row, the first that has them. Without one, every picture belongs to its product AND is a probe
    of the split "all": right for photo -> text. For photo -> picture such a probe would find
    itself, so its query says `tags={"in_gallery": "yes"}` and its picture equals (==) the one in
    the gallery. Where `queries.parquet` or `.jsonl` lies beside the table (see `catalog.folder`),
    its queries take the place of the split "all". Where `gold.parquet`, `.jsonl` or `.csv` does,
    the catalogue knows what is true of its products (see `catalog.own_gold`).

    Args:
        root: the table, or a folder with products.parquet, products.jsonl or products.csv.
        map: field -> column, or "field=column" strings; see `catalog.mapping.ALIASES` for the
            fields and for the column names that need no mapping.
        images: folder that relative picture paths start from; the table's own by default.
        allow_outside: read pictures that the table names anywhere on this machine, by an absolute
            path, "..", or through a link; otherwise each is a reject.
    """

    def __init__(
        self,
        root: Path,
        map=(),
        images: str | Path | None = None,
        allow_outside: bool = False,
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
        self.path = path
        self.images = Path(images) if images is not None else path.parent
        self.boundary = None if allow_outside else Boundary(path.parent, self.images)
        self.table = open_table(path)
        whole = path.name in OWN_NAMES  # a table of another name is not the folder's catalogue
        self.manifest = read_manifest(self.root) if whole else {}
        self.stored = StoredQueries(self.root, self.boundary) if whole else None
        self.mapping = map_columns(self.table.columns, map, str(path))
        if whole and (stored := find_gold(path.parent)):
            # Only with such a table is this a `protocols.TrueCatalog`.
            self.gold = StoredGold(self, stored).read
            self.listings = self.products  # type: ignore[method-assign]  # gold is not of the table

    @cached_property
    def info(self) -> DatasetInfo:  # type: ignore[override]  # reads the table, so only on demand
        roles = ("caption", "description", "title")
        extra = tuple(f[5:] for f in self.mapping if f.startswith("text."))
        probed = set(self.contents.probes)
        if self.stored:
            probed = (probed - {ALL}) | (set(self.stored.splits()) or {ALL})
        own = self.path.name in OWN_NAMES
        info = DatasetInfo(
            name=self.path.parent.resolve().name if own else self.path.stem,
            title=self.path.name,
            source=str(self.path),
            splits=tuple(sorted(probed, key=split_order)),
            gallery_text=tuple(dict.fromkeys((*extra, *roles))),
        )
        known = {f.name for f in fields(DatasetInfo)} - {"splits"}
        said = {k: v for k, v in self.manifest.items() if k in known and v}
        if isinstance(said.get("gallery_text"), list):
            said["gallery_text"] = tuple(said["gallery_text"])
        return replace(info, **said)

    @cached_property
    def contents(self) -> Contents:
        return Collector(self).collect()

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
        tags = {} if "split" in self.mapping else {IN_GALLERY: "yes"}
        for probe in self.contents.probes.get(split, ()):
            yield Query(
                id=probe.id,
                item=Item(probe.id, (probe.image,)),
                relevant={probe.product: 1},
                tags=tags,
                group=probe.product,
            )


class Collector:
    """Joins the rows of a table into products and probes, and turns bad rows into rejects."""

    def __init__(self, catalog: OwnCatalog):
        self.table, self.mapping, self.folder = catalog.table, catalog.mapping, catalog.images
        self.paths = PicturePaths(self.folder, catalog.boundary)
        self.inside = 0
        self.outside: list[str] = []
        self.drafts: dict[str, Draft] = {}
        self.probes: dict[str, list[ProbePhoto]] = {} if "split" in self.mapping else {ALL: []}
        self.composed = bool(catalog.manifest)
        self.rejects: list[Reject] = []
        self.seen: set[tuple[str, str, str]] = set()
        self.used = {c for group in self.mapping.values() for c in group}

    def collect(self) -> Contents:
        rows = 0
        for row in self.table.rows(
            lambda where, reason, todo: self.reject(where, "", reason, todo)
        ):
            rows += 1
            try:
                self.add(row)
            except ValueError as e:
                self.reject(row.where, printable(self.cell(row, "id")), *explain(e))
        if not rows and not self.rejects:
            raise DataError(
                f"{self.table.path} has a header and no rows; "
                "expected one row per picture or product"
            )
        self.refuse_all_outside()
        self.drop_empty()
        return Contents(self.drafts, self.probes, self.rejects)

    def add(self, row: Row) -> None:
        """Take one row in. Raises RowError or ValueError for an unusable row, before any change."""
        product = as_id(self.cell(row, "id"))
        texts = {
            role: text for role, columns in self.text_columns() if (text := join(row, columns))
        }
        split = as_text(self.cell(row, "split"))
        draft = self.drafts.get(product) or Draft(product, row.where)
        known, title = draft.texts.get("title"), texts.get("title")
        if known and title and known != title:
            raise RowError(
                f"id {product!r} has another title at {draft.where}: {known[:40]!r}, "
                f"here {title[:40]!r}",
                "make the titles equal, or give the second product an id of its own",
            )
        self.drafts[product] = draft
        for role, text in texts.items():
            draft.texts.setdefault(role, text)
        for name, value in self.fields(row, product).items():
            draft.fields.setdefault(name, value)
        for column, value in self.unclaimed(row).items():
            if value in (None, "") or not isinstance(value, (str, int, float, bool, list, dict)):
                continue
            try:
                json.dumps([column, value], ensure_ascii=False).encode()
            except (UnicodeEncodeError, RecursionError, TypeError):
                reason = f"{printable(column)}: cannot be written as JSON in UTF-8; kept without it"
                self.reject(row.where, product, reason, "correct the cell")
            else:
                draft.extras.setdefault(column, value)
        self.add_pictures(row, product, draft, split)

    def refuse_all_outside(self) -> None:
        """Raise DataError where the table names pictures and none of them may be read."""
        if self.outside and not self.inside:
            raise DataError(
                f"{self.table.path}: every picture ({len(self.outside):,}) lies outside its folder "
                f"{self.folder}, such as {self.outside[0][:200]}. A table from others could name "
                "any file of this machine, so they are read only if you say so: --allow-outside "
                "(in Python, allow_outside=True)"
            )

    def unclaimed(self, row: Row) -> dict[str, object]:
        """Cells of columns that are not fields; those in `extras` of a folder in our own format."""
        cells = {c: value for c, value in row.cells.items() if c not in self.used}
        if self.composed and "extras" in cells:
            return cells | read_object(cells.pop("extras"), "extras")
        return cells

    def text_columns(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, columns in self.mapping.items():
            if name in TEXTS or name.startswith("text."):
                yield name.removeprefix("text."), columns

    def fields(self, row: Row, product: str) -> dict[str, object]:
        """Values of all other fields than texts and pictures; wrong ones become rejects."""
        found: dict[str, object] = {}
        for name, convert in CONVERT.items():
            if name not in self.mapping:
                continue
            try:
                cells = [row.cells.get(c) for c in self.mapping[name]]
                value = convert(cells if name == "category" else cells[0])
            except (ValueError, TypeError, RecursionError) as e:
                self.reject(
                    row.where,
                    product,
                    f"{name}: {e}; the product is kept without it",
                    f"correct {name}",
                )
                continue
            if value not in (None, "", ()):
                found[name] = value
        return found

    def add_pictures(self, row: Row, product: str, draft: Draft, split: str) -> None:
        probe = split if "split" in self.mapping else ALL
        views = self.mapping.get("image", ())
        for column in views:
            view = as_text(self.cell(row, "view")) or (column if len(views) > 1 else None)
            for name, image in self.pictures(row, column, product, view or None):
                if (product, name, split) in self.seen:
                    self.reject(
                        row.where,
                        product,
                        f"picture {name} again for the same product",
                        "delete the row",
                    )
                    continue
                self.seen.add((product, name, split))
                if split in GALLERY:
                    draft.images.append(image)
                if "split" not in self.mapping or split not in GALLERY:
                    self.probes.setdefault(probe, []).append(
                        ProbePhoto(f"{product}/{name}", product, image)
                    )

    def pictures(
        self, row: Row, column: str, product: str, view: str | None
    ) -> Iterator[tuple[str, Image]]:
        """(name, picture) of a cell: stored bytes, one path or several."""
        cell = row.cells.get(column)
        if isinstance(cell, Image):
            if isinstance(cell, StoredImage):
                cell = replace(cell, anywhere=self.paths.boundary is None)
            self.inside += 1
            yield f"{row.where}/{column}", replace(cell, view=view)
            return
        try:
            paths = self.paths.of_cell(cell)
        except (ValueError, RecursionError) as e:
            return self.reject(
                row.where,
                product,
                f"{column}: {e}",
                "write a path, or several between bars: a.jpg|b.jpg",
            )
        if not paths and not self.composed:  # where nothing is forgotten by hand
            self.reject(
                row.where,
                product,
                f"no picture in column {column!r}",
                "add the path or leave the product to texts",
            )
        for written in paths:
            self.outside += [written.path] * (written.problem is OUTSIDE)
            self.inside += written.problem is None
            if problem := written.problem:
                reason = f"picture {written.path[:200]}: {problem.reason}"
                self.reject(row.where, product, reason, problem.todo)
            else:
                place = os.path.join(self.folder, written.path)  # noqa: PTH118
                yield written.path, Image(path=place, view=written.view or view)

    def drop_empty(self) -> None:
        """Products with neither a text nor a picture cannot be found by anything."""
        probed = {probe.product for probes in self.probes.values() for probe in probes}
        for product in [d.id for d in self.drafts.values() if not d.texts and not d.images]:
            if product not in probed:
                draft = self.drafts.pop(product)
                self.reject(
                    draft.where,
                    product,
                    "neither a text nor a readable picture",
                    "add one, or delete the row",
                )

    def cell(self, row: Row, name: str) -> object:
        return row.cells.get(self.mapping[name][0]) if name in self.mapping else None

    def reject(self, source: str, item: str, reason: str, todo: str) -> None:
        self.rejects.append(Reject(source, item, reason, todo))


CONVERT: dict[str, Callable[[Any], Any]] = {
    "spu": lambda v: as_id(v) if as_text(v) else None,
    "category": as_path,
    "attributes": lambda v: as_attributes(v, "own"),
    "language": as_text,
    "country": as_text,
    "price": as_price,
    "currency": as_text,
    "gtin": lambda v: as_id(v) if as_text(v) else None,
}
"""Field -> its converter; raises ValueError with the reason."""


def printable(value: object) -> str:
    """The start of a cell as text that any file takes: half characters become escapes."""
    return str(value)[:80].encode("utf-8", "backslashreplace").decode()


def join(row: Row, columns: tuple[str, ...]) -> str:
    """The texts of several columns as one."""
    return " ".join(text for c in columns if (text := as_text(row.cells.get(c))))


def split_order(split: str) -> tuple[int, str]:
    """train, val, test first, others by name."""
    usual = ("train", "val", "test")
    return (usual.index(split) if split in usual else len(usual), split)
