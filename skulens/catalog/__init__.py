"""Products in: one reader per format, found by path or by name."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from skulens import files
from skulens.errors import DataError, MissingFile, UnknownName, unknown
from skulens.protocols import Catalog
from skulens.registry import READERS, resolve

OWN_NAMES = ("products.parquet", "products.jsonl", "products.csv")
GENERATED = ("world",)
"""Datasets that are made, not read: they need no folder."""
UNFINISHED = (".fetching", ".unpacking")
"""Marks in a folder whose download was interrupted; such a folder may look complete, and is not."""
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")


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
    if colon and name in READERS and not Path(data).exists():
        return build(name, argument, options)
    if data in GENERATED and not Path(data).exists():
        return build(data, "", options)
    folder = find_folder(data)
    if folder is None and data in READERS:
        from skulens.catalog.fetch.sources import fetch

        folder = fetch(data, cache_folder() / data)
    if folder is None:
        raise missing_path(data)
    return build(
        data if data in READERS and signed(data, folder) else recognise(folder), folder, options
    )


def build(name: str, where: str | Path, options: dict) -> Catalog:
    """The reader called `name` on a folder or file, or on nothing where it makes its data."""
    reader = resolve("dataset", name)
    try:
        return reader(Path(where), **options) if str(where) else reader(**options)
    except TypeError as e:
        if "unexpected keyword" not in str(e):
            raise
        raise DataError(f"the reader {name!r} cannot take {sorted(options)}: {e}") from e


def data_folders() -> Iterator[Path]:
    """Where named datasets may lie: the folders of $SKULENS_DATA, then the cache."""
    for folder in os.environ.get("SKULENS_DATA", "").split(os.pathsep):
        if folder:
            yield Path(folder).expanduser()
    yield cache_folder()


def cache_folder() -> Path:
    """Where downloads of datasets go: $SKULENS_CACHE/data or the platform's cache folder."""
    return files.cache_folder() / "data"


def find_folder(data: str) -> Path | None:
    """The path itself, or the first one of that name below the data folders that holds what its reader needs."""
    path = Path(data)
    if path.exists():
        return path
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    places = [folder / path for folder in data_folders()]
    return next(
        (
            p
            for p in places
            if p.is_file() or p.is_dir() and signed(data if data in READERS else "own", p)
        ),
        None,
    )


def missing_path(data: str) -> Exception:
    """Why `data` opens nothing: a path that is not there, or a name nobody knows."""
    if os.sep in data or "/" in data or Path(data).suffix in TABLE_SUFFIXES:
        return MissingFile(
            f"there is no file or folder {data!r}; the current folder is {Path.cwd()}"
        )
    looked = ", ".join(str(f) for f in data_folders())
    error = unknown("dataset", data, READERS, "skulens list datasets")
    return UnknownName(
        f"{error}. There is no path {data!r} either, and no folder of that name in {looked}"
    )


def recognise(path: Path) -> str:
    """The reader of a file or folder, told by what it holds.

    Raises:
        DataError: nothing we know; names what would be recognised.
    """
    if path.is_file():
        if path.suffix.lower() in TABLE_SUFFIXES:
            return "own"
        raise DataError(
            f"{path} is {path.suffix or 'a file without suffix'}; tables we read: {', '.join(TABLE_SUFFIXES)}"
        )
    if unfinished(path):
        raise DataError(
            f"the download into {path} was interrupted; open the dataset by its name to go on, or delete the folder"
        )
    if not path.is_dir():
        raise DataError(
            f"{path} is neither a file nor a folder; tables we read: {', '.join(TABLE_SUFFIXES)}"
        )
    for name, sign in SIGNS.items():
        if sign(path):
            return name
    found = sorted(p.name for p in path.iterdir())[:8]
    raise DataError(
        f"{path} holds {found} and so is none of the folders we know ({', '.join(SIGNS)}); "
        f"put a table named {' or '.join(OWN_NAMES)} there, or give the table itself"
    )


def unfinished(path: Path) -> bool:
    return any((path / mark).exists() for mark in UNFINISHED)


def signed(name: str, path: Path) -> bool:
    """Does `path` hold what the reader `name` needs?"""
    if unfinished(path):
        return False
    return name not in SIGNS or SIGNS[name](path) or (name == "own" and path.is_file())


def has_any(path: Path, *patterns: str) -> bool:
    return any(next(path.glob(p), None) is not None for p in patterns)


def is_groceries(path: Path) -> bool:
    return any(
        (p / "classes.csv").is_file() and (p / "iconic-images-and-descriptions").is_dir()
        for p in (path, path / "dataset")
    )


def is_openmpr(path: Path) -> bool:
    return has_any(path, "*captions*.json", "*/*captions*.json", "*manifest*.json")


def is_merit(path: Path) -> bool:
    return has_any(path, "queries-*.json", "data/t*-*.parquet", "t*/data-*.arrow")


def is_clothing(path: Path) -> bool:
    return {"image", "label", "kids", "contributor"} <= set(columns(path / "products.csv"))


def is_apparel_catalogue(path: Path) -> bool:
    return {"slug", "product_type", "variants"} <= set(columns(path / "products.jsonl"))


def is_world(path: Path) -> bool:
    return (path / "world.json").is_file()


def is_own(path: Path) -> bool:
    return any((path / n).is_file() for n in OWN_NAMES)


SIGNS: dict[str, Callable[[Path], bool]] = {
    "groceries": is_groceries,
    "world": is_world,
    "merit": is_merit,
    "clothing": is_clothing,
    "apparel_catalogue": is_apparel_catalogue,
    "own": is_own,
    "openmpr": is_openmpr,
}
"""Reader -> what tells its folder from others, asked in this order; add a line with a new format."""


def columns(table: Path) -> list[str]:
    """Column names of a small-format table by its first line; none where that cannot be told."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as f:
            first = f.readline(1_000_000)
        return (
            list(json.loads(first)) if table.suffix == ".jsonl" else next(csv.reader([first]), [])
        )
    except (OSError, ValueError, TypeError, csv.Error):
        return []
