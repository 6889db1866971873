"""CSV, JSONL, JSON, Parquet and Arrow as streams of rows; a broken row is rejected, never fatal."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.parquet import (
    empty_arrow_cells,
    empty_cells,
    has_pictures,
    holds_picture_lists,
    open_arrow,
    stored_picture,
)
from skulens.errors import DataError, MissingFile

if TYPE_CHECKING:
    import _csv

MAX_CELL = 1_000_000
"""Characters of the longest cell we take; longer ones are nearly always an unclosed quote."""
DELIMITERS = ",;\t|"

RejectRow = Callable[[str, str, str], None]
"""Called with where (file:row), reason and todo."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place (file:line, or file#row from 0 in Parquet) and its cells by column."""

    where: str
    cells: dict[str, Any]


def open_table(path: Path) -> "Table":
    """The table at `path`, by its suffix.

    Raises:
        MissingFile, DataError: no file, an empty one, or one whose header cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFile(f"there is no table {path}; the current folder is {Path.cwd()}")
    kinds = {
        ".csv": CsvTable,
        ".tsv": CsvTable,
        ".jsonl": JsonlTable,
        ".ndjson": JsonlTable,
        ".json": JsonTable,
        ".parquet": ParquetTable,
        ".arrow": ArrowTable,
    }
    if path.suffix.lower() not in kinds:
        raise DataError(f"{path} is not a table we read; expected one of {', '.join(kinds)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty (0 bytes); expected a header and rows")
    return kinds[path.suffix.lower()](path)


class Table:
    """Columns and rows of a file. `columns` is read at once, `rows` streams."""

    columns: list[str]

    def __init__(self, path: Path):
        self.path = path
        self.columns = self._columns()

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        raise NotImplementedError

    def _columns(self) -> list[str]:
        raise NotImplementedError

    def at(self, line: int) -> str:
        return f"{self.path.name}:{line}"

    def lines(self) -> Iterator[str]:
        """Decoded lines with their ends; UTF-8 with or without mark, UTF-16 with a mark."""
        encoding = (
            "utf-16" if head(self.path).startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        )
        with self.path.open(encoding=encoding, newline="") as f:
            try:
                yield from f
            except UnicodeDecodeError as e:
                raise DataError(not_utf8(self.path, e)) from None


class CsvTable(Table):
    """A header line, then rows; the header tells the delimiter (comma, semicolon, tab or bar)."""

    def _columns(self) -> list[str]:
        first = next(self.lines(), "")
        self.delimiter = max(DELIMITERS, key=first.count)
        names = [name.strip() for name in next(self._reader(), [])]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice or not any(names):
            raise DataError(
                f"{self.path}: the header needs one distinct name per column, got {names}"
            )
        return names

    def _reader(self) -> "_csv.Reader":
        # the default limit stops the whole file; long cells are rejected below
        csv.field_size_limit(2**31 - 1)
        return csv.reader(self.lines(), delimiter=self.delimiter)

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        reader = self._reader()
        next(reader)
        line = reader.line_num + 1
        for cells in reader:
            where, line = self.at(line), reader.line_num + 1
            if not cells:
                continue
            if problem := self._problem(cells):
                reject(where, *problem)
                continue
            yield Row(where, dict(zip(self.columns, cells, strict=True)))

    def _problem(self, cells: list[str]) -> tuple[str, str] | None:
        if len(cells) != len(self.columns):
            return (
                f"{len(cells)} cells under {len(self.columns)} columns",
                f"quote cells that hold {self.delimiter!r}, or complete the row",
            )
        if (longest := max(map(len, cells))) > MAX_CELL:
            return (
                f"a cell of {longest:,} characters",
                "close the quote that stands open, or shorten the cell",
            )
        return None


class JsonlTable(Table):
    """One JSON object per line; the columns are the keys of all of them.

    A catalogue often lists its products first and their photos after thousands of lines, so the
    keys of the first lines are not enough; the whole file is read once more for them.
    """

    def _columns(self) -> list[str]:
        names: dict[str, None] = {}
        for row in self.rows(lambda *_: None):
            names.update(dict.fromkeys(row.cells))
        if not names and head(self.path).lstrip().startswith(b"["):
            raise DataError(
                f"{self.path} holds one JSON list, not one object per line; rename it to .json"
            )
        return list(names)

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        for number, line in enumerate(self.lines(), 1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (ValueError, RecursionError) as e:
                reject(self.at(number), f"not JSON: {e}", "correct or delete the line")
                continue
            if isinstance(cells, dict):
                yield Row(self.at(number), cells)
            else:
                reject(
                    self.at(number),
                    f"a JSON {type(cells).__name__}, not an object",
                    'write {"id": ...}',
                )


class JsonTable(Table):
    """One JSON list of objects; held in memory as a whole."""

    def _columns(self) -> list[str]:
        try:
            found = json.loads("".join(self.lines()))
        except (ValueError, RecursionError) as e:
            raise DataError(
                f"{self.path} is not JSON: {e}; for one object per line name it .jsonl"
            ) from None
        if not isinstance(found, list):
            raise DataError(
                f"{self.path} holds a JSON {type(found).__name__}, expected a list of objects"
            )
        self.found = found
        return list(dict.fromkeys(key for row in found if isinstance(row, dict) for key in row))

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        for number, cells in enumerate(self.found, 1):
            where = f"{self.path.name}#{number}"
            if isinstance(cells, dict):
                yield Row(where, cells)
            else:
                reject(where, f"a JSON {type(cells).__name__}, not an object", 'write {"id": ...}')


class ParquetTable(Table):
    """A Parquet file; cells of picture columns are `StoredImage`s, read when asked for."""

    def _columns(self) -> list[str]:
        try:
            self.schema = pq.read_schema(self.path)
        except (pa.ArrowException, OSError) as e:
            raise DataError(f"{self.path} is not a Parquet file we can read: {e}") from None
        return check_names(self.schema, self.path)

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        pictures = [f.name for f in self.schema if has_pictures(f.type)]
        plain = [name for name in self.columns if name not in pictures]
        with pq.ParquetFile(self.path) as file:
            number = 0
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                cells = (
                    file.read_row_group(group, columns=plain).to_pylist() if plain else [{}] * count
                )
                empty = {c: empty_cells(file, c, group) for c in pictures}
                for position, found in enumerate(cells):
                    stored = {
                        c: None
                        if position in empty[c]
                        else stored_picture(self.path, c, group, position)
                        for c in pictures
                    }
                    yield Row(f"{self.path.name}#{number}", {**found, **stored})
                    number += 1


class ArrowTable(Table):
    """An Arrow file or stream as Hugging Face's `Dataset.save_to_disk` writes it; mapped."""

    def _columns(self) -> list[str]:
        try:
            return check_names(open_arrow(self.path).schema, self.path)
        except (pa.ArrowException, OSError) as e:
            raise DataError(f"{self.path} is not an Arrow file we can read: {e}") from None

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        table = open_arrow(self.path)
        pictures = [f.name for f in table.schema if has_pictures(f.type)]
        empty = {c: empty_arrow_cells(table.column(c)) for c in pictures}
        number = 0
        for batch in table.drop_columns(pictures).to_batches(1000):
            for found in batch.to_pylist():
                stored = {
                    c: None if number in empty[c] else stored_picture(self.path, c, 0, number)
                    for c in pictures
                }
                yield Row(f"{self.path.name}#{number}", {**found, **stored})
                number += 1


def check_names(schema: pa.Schema, path: Path) -> list[str]:
    """The column names. Raises DataError for lists of encoded pictures: not readable singly."""
    lists = [f.name for f in schema if holds_picture_lists(f.type)]
    if lists:
        raise DataError(
            f"{path}: {lists} hold lists of encoded pictures; write one picture per row, "
            "rows of one product sharing its id"
        )
    return schema.names


def head(path: Path, size: int = 4096) -> bytes:
    with path.open("rb") as f:
        return f.read(size)


def not_utf8(path: Path, e: UnicodeDecodeError) -> str:
    """What stands in the way, where, and the command that repairs it."""
    with path.open("rb") as f:
        for number, line in enumerate(f, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as here:
                seen = line[max(0, here.start - 12) : here.end + 12].decode("cp1252", "replace")
                return (
                    f"{path}:{number} is not UTF-8 (byte 0x{line[here.start]:02x}); "
                    f"read as Windows-1252 it says {seen!r}. "
                    f"Convert the file: iconv -f CP1252 -t UTF-8 {path.name} > utf8-{path.name}"
                )
    return f"{path} cannot be decoded: {e.reason}; save it as UTF-8"
