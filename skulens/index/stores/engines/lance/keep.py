"""Versions that stay: the files of a snapshot, linked where LanceDB drops nothing.

LanceDB's tags keep versions too, but while a tagged version is old enough to be dropped, its clean-up
refuses to drop any. Files of a table never change once written, so that a second name for each (a hard
link) costs no space, and a copy is made where the file system has no links.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from skulens.files import sync_folder
from skulens.index.stores.engines.lance.folder import table_folder
from skulens.index.stores.engines.lance.journal import files_of, is_mutable, sync_file
from skulens.index.stores.engines.lance.watch import NEWEST

FOLDER = "snapshots"


def keep_version(folder: Path, name: str, version: int) -> None:
    """Give the files of the newest version a second name under `snapshots/NAME`.

    Raises:
        OSError: the disk is full or read-only.
    """
    kept = folder / FOLDER / name
    shutil.rmtree(kept, ignore_errors=True)  # of a program stopped before store.json knew of it
    link_files(table_folder(folder), kept, needed_by(table_folder(folder), version))
    for place in (folder / FOLDER, folder):
        sync_folder(place)


def bring_back(folder: Path, name: str) -> None:
    """Give the table the files of a snapshot that it has dropped."""
    kept, table = folder / FOLDER / name, table_folder(folder)
    there = set(files_of(table))
    link_files(kept, table, (path for path in files_of(kept) if path not in there))


def needed_by(table: Path, version: int) -> Iterator[str]:
    """Files that a version may need: all small ones, and what its manifest names."""
    manifest = f"_versions/{NEWEST - version}.manifest"
    content = (table / manifest).read_bytes()
    yield manifest
    for path in files_of(table):
        kind, _, rest = path.partition("/")
        if kind == "_versions" or is_mutable(path):
            continue
        if kind == "data" and rest.encode() not in content:
            continue
        if kind == "_indices" and uuid.UUID(rest.split("/")[0]).bytes not in content:
            continue
        yield path


def link_files(source: Path, target: Path, paths: Iterator[str]) -> None:
    """Link files, or copy them, and sync the folders they come to stand in."""
    folders: set[Path] = set()
    for path in paths:
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / path, place)
        except OSError:
            shutil.copyfile(source / path, place)
            sync_file(place)
        folders.update(f for f in place.parents if f == target or target in f.parents)
    for found in sorted(folders):
        sync_folder(found)
