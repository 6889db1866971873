"""A path or a dataset's name -> its catalogue."""

import csv
import importlib
import json
import os
from pathlib import Path

from skulens.catalog.names import (
    OWN_NAMES,
    TABLE_SUFFIXES,
    cache_folder,
    data_folders,
    is_unfinished,
)
from skulens.errors import DataError, MissingFile, UnknownName, unknown
from skulens.protocols import Catalog
from skulens.registry import Sign, resolve, rows

HEAD = 1 << 16
"""Bytes of a file in which a sign's words are looked for."""


def open_catalog(data: str, **options) -> Catalog:
    """The catalogue behind a path or a dataset name.

    Args:
        data: a table of yours (CSV, JSONL, JSON, Parquet), a folder with `products.*`, the folder
            of a known dataset, or a name of `skulens list datasets`, looked for in the folders of
            $SKULENS_DATA, then in the user's cache ($SKULENS_CACHE), then fetched. "READER:PATH"
            skips the guess of the format.
        options: what the reader takes, such as `map={"id": "sku"}` of `own`.
    Raises:
        UnknownName: neither a path nor a name; names the nearest.
        MissingFile: a known dataset that is neither here nor reachable; says what to put where.
        DataError: a folder or table in no format we read.
    """
    data = str(data)
    name, colon, argument = data.partition(":")
    known = rows("dataset")
    if colon and name in known and not Path(data).exists():
        return build(name, argument, options)
    if data in known and known[data].generates and not Path(data).exists():
        return build(data, "", options)
    folder = find_folder(data)
    if folder is None and data in known:
        from skulens.catalog.fetch.sources import fetch, forget

        folder = fetch(data, cache_folder() / data)
        catalog = build(data if has_sign(data, folder) else recognise(folder), folder, options)
        forget(data, folder)
        return catalog
    if folder is None:
        raise missing_path(data)
    named = data in known and has_sign(data, folder)
    return build(data if named else recognise(folder), folder, options)


def build(name: str, where: str | Path, options: dict) -> Catalog:
    """The reader called `name` on a folder or file, or on nothing where it makes its data."""
    reader = resolve("dataset", name)
    try:
        return reader(Path(where), **options) if str(where) else reader(**options)
    except TypeError as e:
        if "unexpected keyword" not in str(e):
            raise
        raise DataError(f"the reader {name!r} cannot take {sorted(options)}: {e}") from e


def find_folder(data: str) -> Path | None:
    """The path, or the first one of that name in the data folders with what its reader needs."""
    path = Path(data)
    if path.exists():
        return path
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    places = [folder / path for folder in data_folders()]
    return next(
        (p for p in places if p.is_file() or p.is_dir() and is_data(data, p)),
        None,
    )


def is_data(name: str, folder: Path) -> bool:
    """Whether a folder holds what the dataset of this name needs; of any other name, any data."""
    known = rows("dataset")
    names = [name] if name in known else [n for n, row in known.items() if row.signs]
    return any(has_sign(n, folder) for n in names)


def missing_path(data: str) -> Exception:
    """Why `data` opens nothing: a path that is not there, or a name nobody knows."""
    if os.sep in data or "/" in data or Path(data).suffix in TABLE_SUFFIXES:
        return MissingFile(
            f"there is no file or folder {data!r}; the current folder is {Path.cwd()}"
        )
    looked = ", ".join(str(f) for f in data_folders())
    error = unknown("dataset", data, rows("dataset"), "skulens list datasets")
    return UnknownName(
        f"{error}. There is no path {data!r} either, and no folder of that name in {looked}"
    )


def recognise(path: Path) -> str:
    """The reader of a file or folder, recognised by what it holds.

    Raises:
        DataError: nothing we know; names what would be recognised.
    """
    if path.is_file():
        if path.suffix.lower() in TABLE_SUFFIXES:
            return "own"
        raise DataError(
            f"{path} is {path.suffix or 'a file without suffix'}; "
            f"tables we read: {', '.join(TABLE_SUFFIXES)}"
        )
    if is_unfinished(path):
        raise DataError(
            f"the download into {path} was interrupted; "
            "open the dataset by its name to go on, or delete the folder"
        )
    if not path.is_dir():
        raise DataError(
            f"{path} is neither a file nor a folder; tables we read: {', '.join(TABLE_SUFFIXES)}"
        )
    known = rows("dataset")
    for common in (False, True):
        for name, row in known.items():
            if any(s.common == common and holds(path, s) for s in row.signs):
                return name
    every = sorted(p.name for p in path.iterdir())
    found, tables = every[:8], [p for p in every if Path(p).suffix.lower() in TABLE_SUFFIXES]
    if tables:
        raise DataError(
            f"{path} holds {found} and so is none of the folders we know; is {tables[0]} its "
            f"table? Then give the table itself: {path / tables[0]}. To read the photos alone: "
            f"class-folders:{path} (a folder for each product) or photo-folder:{path}"
        )
    readers = ", ".join(name for name, row in known.items() if row.signs)
    held = f"holds {found} and so is none of the folders we know ({readers})"
    raise DataError(
        f"{path} {held if found else 'is empty'}; put photos there, a folder for each product, or a "
        f"table named {' or '.join(OWN_NAMES)}, or give the table itself"
    )


def has_sign(name: str, path: Path) -> bool:
    """Does `path` hold what the reader `name` needs?"""
    if is_unfinished(path):
        return False
    signs = rows("dataset")[name].signs
    return not signs or any(holds(path, s) for s in signs) or (name == "own" and path.is_file())


def holds(folder: Path, sign: Sign) -> bool:
    """Does a folder bear this signature?"""
    if not all(find_file(folder, pattern) for pattern in sign.files):
        return False
    if sign.check:
        module, _, function = sign.check.partition(":")
        return getattr(importlib.import_module(module), function)(folder)
    if not (sign.columns or sign.words):
        return True
    table = find_file(folder, sign.files[0])
    assert table is not None
    if sign.words:
        return all(word in read_head(table) for word in sign.words)
    keys = read_json_keys(table) if table.suffix == ".json" else {c: [] for c in columns(table)}
    first = keys.get(sign.columns[0], [])
    return set(sign.columns) <= keys.keys() and set(sign.item_keys) <= set(first)


def find_file(folder: Path, pattern: str) -> Path | None:
    """The file (for "name/": the folder) of this path, or the first by name of a glob pattern."""
    if "*" in pattern:
        return min((p for p in folder.glob(pattern) if not p.name.startswith(".")), default=None)
    path = folder / pattern
    there = path.is_dir() if pattern.endswith("/") else path.is_file()
    return path if there else None


def read_head(path: Path) -> str:
    """The first kilobytes of a text; empty where it cannot be read."""
    try:
        with path.open("rb") as f:
            return f.read(HEAD).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def columns(table: Path) -> list[str]:
    """Column names of a table: those in the first line of a CSV or JSON Lines file, or of the
    schema of a Parquet or Arrow file; none if it cannot be read."""
    if table.suffix.lower() in (".parquet", ".arrow"):
        from skulens.catalog.parquet import column_names

        return column_names(table)
    try:
        with table.open(encoding="utf-8-sig", newline="") as f:
            first = f.readline(1_000_000)
        return (
            list(json.loads(first))
            if table.suffix == ".jsonl"
            else [name.strip() for name in next(csv.reader([first]), [])]
        )
    except (OSError, ValueError, TypeError, csv.Error, RecursionError):
        return []


def read_json_keys(path: Path) -> dict[str, list[str]]:
    """Key of a JSON object -> keys of the first entry of its list; {} for anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    firsts = {k: v[0] if isinstance(v, list) and v else None for k, v in found.items()}
    return {k: list(first) if isinstance(first, dict) else [] for k, first in firsts.items()}
