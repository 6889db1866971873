"""Rows of a user's table -> products and probe photos, joined by id; bad rows become rejects."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import (
    TEXTS,
    RowError,
    as_attributes,
    as_id,
    as_path,
    as_text,
    explain,
)
from skulens.catalog.parquet import StoredImage
from skulens.catalog.picture_paths import OUTSIDE, Boundary, PicturePaths
from skulens.catalog.prices import UnclearPrice, as_price, decimal_mark, one_mark
from skulens.catalog.queries import ALL, read_object
from skulens.catalog.tables import Row, Table
from skulens.errors import DataError
from skulens.records import Image, Reject

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
    in_gallery: bool = False
    """Whether it is a gallery picture of its product too."""


@dataclass(frozen=True)
class Contents:
    """What reading the table once gave: all but the pictures' bytes."""

    drafts: dict[str, Draft]
    probes: dict[str, list[ProbePhoto]]
    """By split."""
    rejects: list[Reject]
    has_splits: bool = True
    notes: tuple[str, ...] = ()


class Collector:
    """Joins the rows of a table into products and probes, and turns bad rows into rejects."""

    def __init__(
        self,
        table: Table,
        mapping: Mapping[str, tuple[str, ...]],
        folder: Path,
        boundary: Boundary | None,
        composed: bool,
    ):
        """Args: folder: where paths start; composed: whether we wrote the table ourselves."""
        self.table, self.mapping, self.folder = table, mapping, folder
        self.paths = PicturePaths(folder, boundary)
        self.inside = 0
        self.outside: list[str] = []
        self.drafts: dict[str, Draft] = {}
        self.probes: dict[str, list[ProbePhoto]] = {} if "split" in self.mapping else {ALL: []}
        self.composed = composed
        self.spellings: dict[str, set[str]] = {}
        """Split -> how it is written."""
        self.rejects: list[Reject] = []
        self.seen: set[tuple[str, str, str]] = set()
        self.unclear: list[tuple[str, str, object]] = []
        """Place, product and cell of prices that the others of the column may explain."""
        self.marks: set[str] = set()
        self.absolute: set[str] = set()
        """Absolute paths of pictures that were read."""
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
        self.settle_prices()
        self.refuse_all_outside()
        self.drop_empty()
        self.shorten_ids()
        notes = tuple(
            f"the splits {', '.join(map(repr, sorted(written)))} are read as one, {split!r}"
            for split, written in self.spellings.items()
            if len(written) > 1
        )
        return Contents(self.drafts, self.probes, self.rejects, "split" in self.mapping, notes)

    def add(self, row: Row) -> None:
        """Take one row in. Raises RowError or ValueError for an unusable row, before any change."""
        product = as_id(self.cell(row, "id"))
        texts = {
            role: text for role, columns in self.text_columns() if (text := join(row, columns))
        }
        written = as_text(self.cell(row, "split"))
        split = written.casefold()
        draft = self.drafts.get(product) or Draft(product, row.where)
        known, title = draft.texts.get("title"), texts.get("title")
        if known and title and known != title:
            raise RowError(
                f"id {product!r} has another title at {draft.where}: {known[:40]!r}, "
                f"here {title[:40]!r}",
                "make the titles equal, or give the second product an id of its own",
            )
        self.drafts[product] = draft
        self.spellings.setdefault(split, set()).add(written)
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
                self.rejects.append(
                    Reject(row.where, product, reason, "correct the cell", kept=True)
                )
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
            except UnclearPrice:
                self.unclear.append((row.where, product, cells[0]))
                continue
            except (ValueError, TypeError, RecursionError) as e:
                self.miss(row.where, product, name, e)
                continue
            if name == "price":
                self.marks.add(decimal_mark(cells[0]))
            if value not in (None, "", ()):
                found[name] = value
        return found

    def settle_prices(self) -> None:
        """Read prices such as 1,299 by the decimal mark that the others of the column show."""
        mark = one_mark(self.marks)
        for where, product, cell in self.unclear:
            try:
                self.drafts[product].fields.setdefault("price", as_price(cell, mark))
            except UnclearPrice as e:
                self.miss(where, product, "price", e)

    def miss(self, where: str, product: str, name: str, why: Exception) -> None:
        """Note a field that a product is kept without."""
        reason = f"{name}: {why}; the product is kept without it"
        todo = f"correct {name}"
        self.rejects.append(Reject(where, product, reason, todo, kept=True))

    def add_pictures(self, row: Row, product: str, draft: Draft, split: str) -> None:
        probe = split if "split" in self.mapping else ALL
        views = self.mapping.get("image", ())
        for column in views:
            view = as_text(self.cell(row, "view")) or (column if len(views) > 1 else None)
            for name, image in self.pictures(row, column, product, view or None):
                self.absolute.update({name} if os.path.isabs(name) else ())  # noqa: PTH117
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
                        ProbePhoto(f"{product}/{name}", product, image, "split" not in self.mapping)
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
                place = os.path.join(self.folder, written.file)  # noqa: PTH118
                yield written.file, Image(path=place, view=written.view or view)

    def shorten_ids(self) -> None:
        """Name probes with absolute paths by what follows the folder that these share: results are
        passed on, and other people's folders are nobody's business."""
        if not self.absolute:
            return
        base = os.path.commonpath([os.path.dirname(path) for path in self.absolute])  # noqa: PTH120
        for split, photos in self.probes.items():
            used = {photo.id for photo in photos}
            for i, photo in enumerate(photos):
                name = photo.id.removeprefix(f"{photo.product}/")
                short = f"{photo.product}/{os.path.relpath(name, base)}"
                if name in self.absolute and short not in used:
                    used.add(short)
                    self.probes[split][i] = replace(photo, id=short)

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
