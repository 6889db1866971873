"""Pictures inside Parquet and Arrow files, read only when asked for.

A catalogue of 51 GB of pictures must not be held in memory because its caller made a list of its
products. A `StoredImage` says where its bytes lie; reading in file order costs one pass.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.catalog.picture_paths import OUTSIDE, Boundary
from skulens.errors import DataError
from skulens.pictures import file_problem
from skulens.records import Image

BATCH_ROWS = 16
KEPT_BATCHES = 16
"""Batches kept per column, so about 256 pictures; readers run a little ahead of one another."""


@dataclass(frozen=True, slots=True)
class StoredImage(Image):
    """A picture in cell (group, row) of `column` of a file, which is `path` up to the "#"."""

    file: str = ""
    column: str = ""
    group: int = 0
    row: int = 0
    anywhere: bool = False
    """Whether a path in the cell may leave the folder of the file."""

    @property
    def own_file(self) -> None:
        return None

    def read(self) -> bytes:
        """The encoded bytes. Raises OSError where the cell is empty or its file is gone."""
        try:
            data, written = self.cell()
        except (pa.ArrowException, KeyError, DataError) as e:
            raise OSError(f"{self.path}: the cell cannot be read: {str(e)[:200]}") from e
        if data:
            return data
        if not written:
            raise OSError(f"{self.path}: the cell holds no picture")
        folder = Path(self.file).parent
        if not self.anywhere and not Boundary(folder).holds(str(folder / written)):
            raise OSError(f"{self.path}: {written[:200]} {OUTSIDE.reason}; {OUTSIDE.todo}")
        if problem := file_problem(str(folder / written)):
            raise OSError(f"{written[:200]} {problem}")
        return (folder / written).read_bytes()

    def cell(self) -> tuple[bytes | None, str | None]:
        """(bytes, path) as stored; plain bytes columns have no path."""
        value = column_reader(self.file, self.column).value(self.group, self.row)
        if isinstance(value, dict):
            return value.get("bytes"), value.get("path")
        return value, None


def has_pictures(kind: pa.DataType) -> bool:
    """Does a column of this type hold encoded pictures: bytes, or the hub's {bytes, path}?"""
    if pa.types.is_struct(kind):
        return any(f.name == "bytes" and has_pictures(f.type) for f in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def holds_picture_lists(kind: pa.DataType) -> bool:
    lists = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    return lists and has_pictures(kind.value_type)


def empty_cells(file: pq.ParquetFile, column: str, group: int) -> set[int]:
    """Rows of a group without a picture, by the statistics if they say "none", else by a scan."""
    meta = file.metadata.row_group(group)
    leaves = [meta.column(i) for i in range(meta.num_columns)]
    nulls = [
        c.statistics.null_count
        if c.statistics is not None and c.statistics.has_null_count
        else None
        for c in leaves
        if c.path_in_schema in (column, f"{column}.bytes")
    ]
    if nulls == [0]:
        return set()
    found, start = set(), 0
    for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=[column]):
        found |= {
            start + i for i, value in enumerate(batch.column(0)) if not holds_picture(value.as_py())
        }
        start += batch.num_rows
    return found


def empty_arrow_cells(column: pa.ChunkedArray) -> set[int]:
    """Rows of a picture column with neither bytes nor a path, found without reading bytes."""
    if pa.types.is_struct(column.type):
        names = [f.name for f in column.type if f.name in ("bytes", "path")]
        filled = [pc.is_valid(pc.struct_field(column, name)) for name in names]
        valid = filled[0] if len(filled) == 1 else pc.or_(*filled)
    else:
        valid = pc.is_valid(column)
    return set(np.flatnonzero(~valid.to_numpy()).tolist())


def holds_picture(value: bytes | dict | None) -> bool:
    return bool(value.get("bytes") or value.get("path")) if isinstance(value, dict) else bool(value)


def stored_picture(path: Path, column: str, group: int, row: int) -> StoredImage:
    where = f"{path}#{column}/{group}/{row}"
    return StoredImage(path=where, file=str(path), column=column, group=group, row=row)


def column_reader(path: str, column: str) -> "ColumnReader | ArrowColumn":
    """The open reader of a column; another one after the file was written anew."""
    return open_column(path, column, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=64)
def open_column(path: str, column: str, _written_ns: int) -> "ColumnReader | ArrowColumn":
    return ArrowColumn(path, column) if path.endswith(".arrow") else ColumnReader(path, column)


def column_names(path: Path) -> list[str]:
    """Of a Parquet or Arrow file; none where it cannot be read."""
    try:
        schema = open_arrow(path).schema if path.suffix == ".arrow" else pq.read_schema(path)
        return schema.names
    except (pa.ArrowException, OSError, ValueError):
        return []


def open_arrow(path: Path | str) -> pa.Table:
    """An Arrow IPC file or stream as a table over the mapped file; read only where used."""
    source = pa.memory_map(str(path))
    try:
        return pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source).read_all()


class ArrowColumn:
    """Random access to one column of a mapped Arrow file; there are no row groups."""

    def __init__(self, path: str, column: str):
        self.column = open_arrow(path).column(column)

    def value(self, group: int, row: int):
        """The cell as Python value."""
        return self.column[row].as_py()


class ColumnReader:
    """Random access to one column by (row group, row), cheap when asked in order.

    A row group is scanned in small batches and the scan stays open, so that a file written as one
    huge row group is never read as a whole. Going back further than the kept batches restarts it.
    """

    def __init__(self, path: str, column: str):
        self.column = column
        self.file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16)
        self.kept: OrderedDict[tuple[int, int], pa.Array] = OrderedDict()
        self.lock = threading.Lock()
        self.group, self.next, self.scan = -1, 0, iter(())

    def value(self, group: int, row: int):
        """The cell as Python value."""
        with self.lock:
            wanted = row // BATCH_ROWS
            while (group, wanted) not in self.kept:
                self._advance(group, wanted)
            return self.kept[group, wanted][row % BATCH_ROWS].as_py()

    def _advance(self, group: int, wanted: int) -> None:
        """Read the scan's next batch; another group or an earlier batch starts a new scan."""
        if group != self.group or wanted < self.next:
            self.group, self.next = group, 0
            self.scan = self.file.iter_batches(
                BATCH_ROWS, row_groups=[group], columns=[self.column]
            )
        batch = next(self.scan, None)
        if batch is None:
            raise DataError(f"{self.file} has no batch {wanted} in row group {group}")
        self.kept[group, self.next] = batch.column(0)
        self.next += 1
        while len(self.kept) > KEPT_BATCHES:
            self.kept.popitem(last=False)
