"""Parquet files as the hub keeps data sets: data/SPLIT-00000-of-0000N.parquet, photos inside."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.joined import JoinedCatalog, JoinedTable, split_of
from skulens.catalog.parquet import has_pictures, open_arrow
from skulens.catalog.photo_files import holds_any
from skulens.catalog.tables import Table
from skulens.errors import DataError

PLACES = (
    "data/*.parquet", "*-of-*.parquet", "*/*-of-*.parquet", "*/[0-9]*.parquet",
    "*/data-*.arrow", "data-*.arrow",
)  # fmt: skip
"""Where the files may lie, first match wins: as they are pushed, converted by the hub, or saved."""
SHARD = re.compile(r"(?P<split>.+?)-\d+-of-\d+(?:-[0-9a-f]+)?")


class HubParquet(JoinedCatalog):
    """A data set of the hub with a column of photos, in Parquet or as `save_to_disk` writes it.

    Labels become the names that the files give them; a label is the product where there is no id,
    else each row is one. Other columns are mapped as those of one's own table.
    """

    expected = "data/SPLIT-00000-of-00001.parquet with a column of photos ({bytes, path})"

    def find_parts(self) -> list[tuple[str, Path]]:
        return [(split_of_file(path, self.root), path) for path in find_files(self.root)]

    def join(self, parts: list[tuple[str, Path]]) -> JoinedTable:
        return LabelTable(self.root, parts)

    def choose(self, asked: dict[str, str]) -> dict[str, str]:
        photos = picture_columns(self.table.parts[0][1].path)  # type: ignore[attr-defined]
        if "image" not in asked and not photos:
            raise DataError(
                f"{self.root}: no column of photos; it has {', '.join(self.table.columns)}"
            )
        return super().choose({"image": ",".join(photos)} | asked)


class LabelTable(JoinedTable):
    """Numbers of labels become their names."""

    def __init__(self, root: Path, parts: list[tuple[str, Path]]):
        super().__init__(root, parts)
        self.names = {table.path: label_names(table.path) for _, table in self.parts}

    def edit(self, table: Table, cells: dict[str, Any]) -> dict[str, Any]:
        for column, names in self.names[table.path].items():
            label = cells.get(column)
            if label is None or label == -1:  # the hub's "no label"
                cells[column] = None
            elif not isinstance(label, int) or not 0 <= label < len(names):
                raise ValueError(f"{column} {label!r} is none of its {len(names)} labels")
            else:
                cells[column] = names[label]
        return cells


def find_files(root: Path) -> list[Path]:
    """The files of the first of PLACES that has any, by name."""
    found = (
        sorted(p for p in root.glob(place) if p.is_file() and not p.name.startswith("."))
        for place in PLACES
    )
    return next(filter(None, found), [])


def split_of_file(path: Path, root: Path) -> str:
    """By the file's name, or by the folder that it lies in; "" where neither says any."""
    if shard := SHARD.fullmatch(path.stem):
        name = shard["split"]
        return "" if name == "data" and path.parent == root else split_of_shard(name, path, root)
    if path.parent == root or path.parent == root / "data":
        return split_of(path.stem) if path.suffix == ".parquet" else ""
    return split_of(path.parent.name)


def split_of_shard(name: str, path: Path, root: Path) -> str:
    """The split of SPLIT-00000-of-00001; files of `save_to_disk` lie in its folder."""
    return split_of(path.parent.name if name == "data" else name)


def read_schema(path: Path) -> pa.Schema:
    """Raises DataError for a damaged file."""
    try:
        return open_arrow(path).schema if path.suffix == ".arrow" else pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as e:
        raise DataError(f"{path} cannot be read: {e}") from None


def picture_columns(path: Path) -> list[str]:
    return [f.name for f in read_schema(path) if has_pictures(f.type)]


def label_names(path: Path) -> dict[str, list[str]]:
    """Column -> the names of its labels (ClassLabel), as the file's schema says."""
    said = (read_schema(path).metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(said)["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def is_hub_parquet(root: Path) -> bool:
    """Whether the first of the files has a column of photos."""
    if not holds_any(root, (".parquet", ".arrow")):
        return False  # before every folder is searched
    found = find_files(root)
    try:
        return bool(found) and bool(picture_columns(found[0]))
    except DataError:
        return False
