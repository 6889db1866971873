"""CSV, JSONL, JSON, Parquet and Arrow as streams of rows; a broken row is rejected, never fatal."""

import csv
import json
from collections import Counter
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
MAX_COLUMNS = 10_000
"""Of a table; more is a table on its side or a file of another kind."""
DELIMITERS = ",;\t|"
EXCEL = "sep="
"""Excel's first line may name the delimiter: sep=;"""

DAMAGE = (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, MemoryError)
"""What pyarrow raises on a damaged file; text that is not UTF-8 is a ValueError."""

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
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DataError(
            f"the name of the table {ascii(str(path))} is not UTF-8 and cannot stand in results; "
            "rename the file"
        ) from None
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
        named = first.strip().lower()
        self.named = named.startswith(EXCEL) and len(named) == len(EXCEL) + 1
        self.delimiter = named[-1] if self.named else max(DELIMITERS, key=first.count)
        return check_columns([name.strip() for name in next(self._reader(), [])], self.path)

    def _reader(self) -> "_csv.Reader":
        """At the header."""
        # the default limit stops the whole file; long cells are rejected below
        csv.field_size_limit(2**31 - 1)
        reader = csv.reader(self.lines(), delimiter=self.delimiter)
        if self.named:
            next(reader)
        return reader

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
            check_count(len(names), self.path)
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
                cells = json.loads(line, object_pairs_hook=read_object)
            except (ValueError, RecursionError) as e:
                reject(self.at(number), f"not JSON: {e}", "correct or delete the line")
                continue
            if problem := json_problem(cells):
                reject(self.at(number), *problem)
            else:
                yield Row(self.at(number), cells)


class JsonTable(Table):
    """One JSON list of objects; held in memory as a whole."""

    def _columns(self) -> list[str]:
        try:
            found = json.loads("".join(self.lines()), object_pairs_hook=read_object)
        except (ValueError, RecursionError) as e:
            raise DataError(
                f"{self.path} is not JSON: {e}; for one object per line name it .jsonl"
            ) from None
        if not isinstance(found, list):
            raise DataError(
                f"{self.path} holds a JSON {type(found).__name__}, expected a list of objects"
            )
        self.found = found
        names = list(dict.fromkeys(key for row in found if isinstance(row, dict) for key in row))
        check_count(len(names), self.path)
        return names

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        for number, cells in enumerate(self.found, 1):
            where = f"{self.path.name}#{number}"
            if problem := json_problem(cells):
                reject(where, *problem)
            else:
                yield Row(where, cells)


class ParquetTable(Table):
    """A Parquet file; cells of picture columns are `StoredImage`s, read when asked for."""

    def _columns(self) -> list[str]:
        try:
            self.schema = pq.read_schema(self.path)
        except DAMAGE as e:
            raise DataError(f"{self.path} is not a Parquet file we can read: {e}") from None
        return check_names(self.schema, self.path)

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        """Raises DataError, naming the row group, where the file is damaged."""
        pictures = [f.name for f in self.schema if has_pictures(f.type)]
        number = 0
        with self._open() as file:
            for group in range(file.num_row_groups):
                cells, empty = self._read(file, group, pictures)
                for position, found in enumerate(cells):
                    stored = {
                        c: None
                        if position in empty[c]
                        else stored_picture(self.path, c, group, position)
                        for c in pictures
                    }
                    yield Row(f"{self.path.name}#{number}", {**found, **stored})
                    number += 1

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path)
        except DAMAGE as e:
            raise DataError(f"{self.path} is not a Parquet file we can read: {e}") from None

    def _read(
        self, file: pq.ParquetFile, group: int, pictures: list[str]
    ) -> tuple[list[dict[str, Any]], dict[str, set[int]]]:
        """(plain cells of each row, rows without a picture by column) of a row group."""
        plain = [name for name in self.columns if name not in pictures]
        count = file.metadata.row_group(group).num_rows
        try:
            cells = file.read_row_group(group, columns=plain).to_pylist() if plain else [{}] * count
            return cells, {c: empty_cells(file, c, group) for c in pictures}
        except DAMAGE as e:
            raise DataError(
                f"{self.path} is damaged in row group {group + 1} of {file.num_row_groups} "
                f"({count:,} rows): {str(e)[:200]}; write or fetch it again"
            ) from None


class ArrowTable(Table):
    """An Arrow file or stream as Hugging Face's `Dataset.save_to_disk` writes it; mapped."""

    def _columns(self) -> list[str]:
        try:
            schema = open_arrow(self.path).schema
        except DAMAGE as e:
            raise DataError(f"{self.path} is not an Arrow file we can read: {e}") from None
        return check_names(schema, self.path)

    def rows(self, reject: RejectRow) -> Iterator[Row]:
        """Raises DataError where the file is damaged."""
        try:
            table = open_arrow(self.path)
            pictures = [f.name for f in table.schema if has_pictures(f.type)]
            empty = {c: empty_arrow_cells(table.column(c)) for c in pictures}
            batches = table.drop_columns(pictures).to_batches(1000)
        except DAMAGE as e:
            raise DataError(f"{self.path} is not an Arrow file we can read: {e}") from None
        number = 0
        for batch in batches:
            try:
                plain = batch.to_pylist()
            except DAMAGE as e:
                raise DataError(
                    f"{self.path} is damaged after row {number:,}: {str(e)[:200]}; "
                    "write or fetch it again"
                ) from None
            for found in plain:
                stored = {
                    c: None if number in empty[c] else stored_picture(self.path, c, 0, number)
                    for c in pictures
                }
                yield Row(f"{self.path.name}#{number}", {**found, **stored})
                number += 1


class Doubled(dict):
    """A JSON object in which, at any depth, a key stands twice; `key` is the first such."""

    key = ""


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What `json.loads` makes of an object: it would keep the last value of a key in silence."""
    found = dict(pairs)
    inside = (v for _, value in pairs for v in (value if isinstance(value, list) else (value,)))
    doubled = next((v.key for v in inside if isinstance(v, Doubled)), None)
    if len(found) < len(pairs):
        doubled = Counter(key for key, _ in pairs).most_common(1)[0][0]
    if doubled is None:
        return found
    marked = Doubled(found)
    marked.key = doubled
    return marked


def json_problem(cells: object) -> tuple[str, str] | None:
    """(reason, todo) where a JSON value is no row."""
    if isinstance(cells, Doubled):
        return f"the key {cells.key[:80]!r} stands twice in one object", "keep one of them"
    if not isinstance(cells, dict):
        return f"a JSON {type(cells).__name__}, not an object", 'write {"id": ...}'
    return None


def check_columns(names: list[str], path: Path) -> list[str]:
    """The names, if they are there, distinct and not too many. Raises DataError."""
    check_count(len(names), path)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not any(names):
        what = f"{twice[0]!r} stands {names.count(twice[0])} times" if twice else "got none"
        raise DataError(f"{path}: the header needs one distinct name per column; {what}")
    return names


def check_count(count: int, path: Path) -> None:
    """Raise DataError for more columns than any table of products has."""
    if count > MAX_COLUMNS:
        raise DataError(
            f"{path} has {count:,} columns, expected at most {MAX_COLUMNS:,}: "
            "one row per product or picture, one column per field"
        )


def check_names(schema: pa.Schema, path: Path) -> list[str]:
    """The column names. Raises DataError for lists of encoded pictures: not readable singly."""
    lists = [f.name for f in schema if holds_picture_lists(f.type)]
    if lists:
        raise DataError(
            f"{path}: {lists} hold lists of encoded pictures; write one picture per row, "
            "rows of one product sharing its id"
        )
    return check_columns(schema.names, path)


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
