"""Commits that survive a power failure, and damage that can be detected.

LanceDB syncs nothing on a local disk. Before a batch is acknowledged, every file that its commit
made, and the folders they stand in, are synced here; then one synced line of the journal says which
version was acknowledged, and the size and checksum of each new file. Files of a table never change
once written, so that whatever differs later is damage.
"""

import json
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from skulens.errors import StoreError
from skulens.files import append_line, read_lines, sync_folder, write_whole
from skulens.index.stores.engines.lance.failures import damaged, explain
from skulens.index.stores.engines.lance.folder import table_folder

FILE = "journal.jsonl"
MUTABLE = "latest_version_hint.json"
"""The file of a table whose content changes: synced each time, never compared."""
BLOCK = 1 << 20
SYNCS = 8
"""Files synced at a time."""
EVERY_BYTES = 1 << 30
"""Up to so many bytes all checksums are compared when a store is first read; above, all sizes."""


class Journal:
    """What was acknowledged of a table."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.table = table_folder(folder)
        self.version = 0
        """The last one acknowledged; 0: none."""
        self.files: dict[str, tuple[int, int]] = {}
        """Path inside the table -> (bytes, CRC-32)."""
        self._synced: set[Path] = set()
        """Folders whose names are safe in those that hold them."""
        try:
            for entry in read_lines(folder / FILE):
                self.version = int(entry["version"])
                for path, size, crc in entry["files"]:
                    self.files[path] = int(size), int(crc)
        except (KeyError, TypeError, ValueError) as e:
            raise StoreError(damaged(folder, f"{FILE} has no valid entry: {e}")) from e

    def acknowledge(self, version: int) -> None:
        """Make all that the table is now survive a power failure.

        Raises:
            StoreError: the disk is full.
        """
        new = [path for path in files_of(self.table) if path not in self.files]
        with explain(self.folder, "syncing a commit"):
            files = [self.table / path for path in new]
            folders = {self.folder, self.table, *(f.parent for f in files)} - self._synced
            folders |= {f.parent for f in folders}  # which hold the new folders' names
            with ThreadPoolExecutor(SYNCS) as pool:  # the disk syncs several as fast as one
                sums = list(pool.map(sync_file, files))
                list(pool.map(sync_folder, folders | {f.parent for f in files}))
            told = [[p, *of] for p, of in zip(new, sums, strict=True) if not is_mutable(p)]
            append_line(self.folder / FILE, {"version": version, "files": told})
        self._synced |= folders
        self.files.update((p, of) for p, of in zip(new, sums, strict=True) if not is_mutable(p))
        self.version = version

    def shorten(self) -> None:
        """Forget files that are no longer there; one line for the rest."""
        there = set(files_of(self.table))
        kept = {path: of for path, of in self.files.items() if path in there}
        line = {"version": self.version, "files": [[p, *of] for p, of in kept.items()]}
        with explain(self.folder, "writing the journal"):
            text = json.dumps(line) + "\n"
            write_whole(self.folder / FILE, lambda file: file.write(text.encode()))
        self.files = kept

    def check(self, version: int, contents: bool = False) -> None:
        """Raise StoreError where the table is not what was acknowledged.

        Args:
            version: the table's.
            contents: compare checksums however large the table is.
        """
        if version < self.version:
            lost = f"version {self.version} was acknowledged, the newest that is there is {version}"
            raise StoreError(damaged(self.folder, lost))
        total = sum(size for size, _ in self.files.values())
        for path, (size, crc) in self.files.items():
            try:
                found = (self.table / path).stat().st_size
                if found != size:
                    wrong = f"{path} has {found:,} bytes instead of {size:,}"
                elif (contents or total <= EVERY_BYTES) and checksum(self.table / path) != crc:
                    wrong = f"the content of {path} has changed"
                else:
                    continue
            except FileNotFoundError:  # dropped with its version; if needed, the engine says so
                continue
            raise StoreError(damaged(self.folder, wrong))


def files_of(table: Path) -> Iterator[str]:
    """Paths inside the table, with "/"."""
    for folder, _, names in os.walk(table):
        inside = Path(folder).relative_to(table)
        for name in names:
            yield (inside / name).as_posix()


def is_mutable(path: str) -> bool:
    return path.endswith(MUTABLE)


def sync_file(path: Path) -> tuple[int, int]:
    """Sync a file; (bytes, CRC-32)."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path.stat().st_size, checksum(path)


def checksum(path: Path) -> int:
    """CRC-32 of a file."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found = zlib.crc32(block, found)
    return found
