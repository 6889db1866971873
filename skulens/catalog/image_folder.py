"""Photos with a table beside them that names each: the hub's `imagefolder`."""

import itertools
import json
import os
from pathlib import Path
from typing import Any

from skulens.catalog.joined import JoinedCatalog, JoinedTable, split_of
from skulens.catalog.photo_files import SPLIT_OF, is_hidden
from skulens.catalog.tables import Table

NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""Of the table, first match wins in each folder."""
FOLDERS = 100
"""Of splits, in which the table is looked for."""
FILE = "file_name"
"""Column of the photo's path from the table's folder; also KIND_file_name, and file_names for lists."""


class ImageFolder(JoinedCatalog):
    """`metadata.csv`, `.jsonl` or `.parquet` with a column file_name, in the folder or in one for
    each split. Other columns are mapped as those of one's own table; without an id or a label each
    photo is a product, its path the id."""

    expected = "metadata.csv, .jsonl or .parquet with a column file_name, there or in split folders"
    row_name = FILE

    def find_parts(self) -> list[tuple[str, Path]]:
        found = [("", path)] if (path := table_in(self.root)) else []
        folders = [self.root, self.root / "data"]
        for folder in sorted(f for d in folders if d.is_dir() for f in d.iterdir() if f.is_dir()):
            if not is_hidden(folder.name) and (path := table_in(folder)):
                found.append(("" if folder.name == "data" else split_of(folder.name), path))
        return found

    def join(self, parts: list[tuple[str, Path]]) -> JoinedTable:
        return PhotoTable(self.root, parts)

    def choose(self, asked: dict[str, str]) -> dict[str, str]:
        photos = [c for c in self.table.columns if is_file_column(c)]
        return super().choose({"image": ",".join(photos)} | asked)


class PhotoTable(JoinedTable):
    """Paths are made to start from the root; a row's split may be that of its photo's folder."""

    def _columns(self) -> list[str]:
        names = super()._columns()
        return names if "split" in names else [*names, "split"] if self._splits() else names

    def _splits(self) -> bool:
        """Whether photos of the first rows lie in the folders of splits."""
        rows = (row for _, table in self.parts for row in table.rows(lambda *_: None))
        first = [str(row.cells.get(FILE)) for row in itertools.islice(rows, 1000)]
        return bool(first) and all(f.split("/")[0].lower() in SPLIT_OF for f in first)

    def edit(self, table: Table, cells: dict[str, Any]) -> dict[str, Any]:
        folder = table.path.parent.relative_to(self.path).as_posix()
        prefix = "" if folder == "." else f"{folder}/"
        for name in [c for c in cells if is_file_column(c)]:
            cells[name] = join_path(prefix, cells[name])
        if not cells.get("split") and isinstance(cells.get(FILE), str):
            first = cells[FILE].split("/")[0].lower()
            cells["split"] = SPLIT_OF.get(first, "")
        return cells


def is_file_column(name: str) -> bool:
    return name.lower().strip() in (FILE, "file_names") or name.lower().strip().endswith(
        ("_file_name", "_file_names")
    )


def join_path(prefix: str, cell: Any) -> Any:
    """A path, or several in a list, from another folder."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        cell = json.loads(cell)
    if isinstance(cell, (list, tuple)):
        return [join_path(prefix, one) for one in cell]
    return f"{prefix}{cell}" if isinstance(cell, str) and cell else cell


def table_in(folder: Path) -> Path | None:
    """The table of a folder."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def is_image_folder(root: Path) -> bool:
    """Whether such a table is there and names files."""
    from skulens.catalog.open import columns

    folders = [root]
    for below in (root, root / "data"):
        if below.is_dir():
            with os.scandir(below) as entries:
                inside = (Path(e.path) for e in entries if e.is_dir())
                folders += itertools.islice(inside, FOLDERS)
    tables = filter(None, map(table_in, folders))
    return any(is_file_column(c) for table in tables for c in columns(table))
