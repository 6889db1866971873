"""Several tables that are one catalogue, a split each, as the hub lays them out."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import ALIASES, LABELS, map_columns, parse_pairs
from skulens.catalog.own import OwnCatalog
from skulens.catalog.photo_files import SPLIT_OF
from skulens.catalog.picture_paths import Boundary
from skulens.catalog.tables import RejectRow, Row, Table, open_table
from skulens.errors import DataError

ROW = "row"
"""Column that names each row, for tables without ids."""
SPLIT = "split"


class JoinedTable(Table):
    """Rows of several tables in turn, with a column that says the split and one that names the row.

    Args:
        parts: (split, table); the split may be "".
    """

    def __init__(self, root: Path, parts: list[tuple[str, Path]]):
        self.parts = [(split, open_table(path)) for split, path in parts]
        super().__init__(root)

    def _columns(self) -> list[str]:
        names = [name for _, table in self.parts for name in table.columns]
        own = [SPLIT] if any(split for split, _ in self.parts) else []
        return list(dict.fromkeys([*names, *own, ROW]))

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        for split, table in self.parts:
            place = table.path.relative_to(self.path).as_posix()

            def reject_here(where: str, reason: str, todo: str, place: str = place) -> None:
                reject(place_of(where, place), reason, todo)

            for row in table.rows(reject_here):
                where = place_of(row.where, place)
                told = {SPLIT: split} if split and not row.cells.get(SPLIT) else {}
                try:
                    cells = self.edit(table, {ROW: where} | row.cells | told)
                except ValueError as e:
                    reject(where, str(e), "correct the row")
                    continue
                yield Row(where, cells)

    def edit(self, table: Table, cells: dict[str, Any]) -> dict[str, Any]:
        """The cells of a row of one of the tables. Raises ValueError for a row of no use."""
        return cells


def place_of(where: str, place: str) -> str:
    """ "metadata.csv:3" -> "train/metadata.csv:3" """
    return place.rpartition("/")[0] + "/" * ("/" in place) + where


class JoinedCatalog(OwnCatalog):
    """Tables of a folder as one catalogue; without a gallery the first photos of train are one.

    Args:
        root: the folder.
        map, allow_outside, gallery_photos: as `OwnCatalog`.
    """

    shares = True

    def __init__(
        self,
        root: Path,
        map=(),
        allow_outside: bool = False,
        gallery_photos: int | None = None,
    ):
        root = Path(root)
        super(OwnCatalog, self).__init__(root)
        if not root.is_dir():
            raise DataError(f"{root} is not a folder; expected {self.expected}")
        parts = self.find_parts()
        if not parts:
            raise DataError(f"{root} is not such a folder; expected {self.expected}")
        self.path, self.images, self.asked, self.whole = root, root, gallery_photos, False
        self.options = {"map": map, "allow_outside": allow_outside}
        self.boundary = None if allow_outside else Boundary(root)
        self.table = self.join(parts)
        self.manifest, self.stored = {}, None
        self.mapping = map_columns(self.table.columns, self.choose(parse_pairs(map)), str(root))

    expected = ""
    """The layout, for messages."""

    @abstractmethod
    def find_parts(self) -> list[tuple[str, Path]]:
        """(split, table), each."""

    def join(self, parts: list[tuple[str, Path]]) -> JoinedTable:
        return JoinedTable(self.root, parts)

    def choose(self, asked: dict[str, str]) -> dict[str, str]:
        """What was asked of the mapping, and what stands for an id where no column does."""
        known = {c.lower().strip() for c in self.table.columns}
        if "id" not in asked and not known & {*ALIASES["id"], *LABELS}:
            return {"id": self.row_name} | asked
        return asked

    row_name = ROW
    """Column that names a product where no other does."""

    def with_all_pictures(self) -> "JoinedCatalog":
        """As `Reader`."""
        if self.asked is not None:
            return self
        other = type(self)(self.root, **self.options)
        other.whole = True
        return other

    @cached_property
    def info(self):
        return self.describe(self.root.resolve().name)


def split_of(name: str) -> str:
    """The split that a folder's or file's name says; itself where it is no usual one."""
    return SPLIT_OF.get(name.lower(), name.lower())
