"""Has a store changed? What a search asks first: two calls of `stat`, a few microseconds."""

import time
from dataclasses import dataclass
from pathlib import Path

from skulens.index.stores.engines.lance.folder import FILE, table_folder

TICK_NS = 50_000_000
"""Longer than the file system's clock: changes within one tick of it bear the same time."""
NEWEST = 2**64 - 1
"""LanceDB names the manifest of version v NEWEST - v, so that the newest comes first."""


@dataclass(frozen=True)
class Stamp:
    """What tells two states of a store apart."""

    version: int
    """Of the table; 0: there is none."""
    record: tuple[int, int]
    """Of store.json, which is replaced as a whole: inode and time."""


class Watch:
    """Looks at the folder of a store."""

    def __init__(self, folder: Path):
        self._versions = table_folder(folder) / "_versions"
        self._record = folder / FILE
        self._version, self._changed = 0, -1

    def look(self) -> Stamp:
        return Stamp(self._newest(), self._stat_record())

    def _stat_record(self) -> tuple[int, int]:
        try:
            found = self._record.stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def _newest(self) -> int:
        try:
            changed = self._versions.stat().st_mtime_ns
            if changed != self._changed:
                self._version = max(
                    (version_of(p.name) for p in self._versions.iterdir()), default=0
                )
                settled = time.time_ns() - changed > TICK_NS
                self._changed = changed if settled else -1  # -1: look again next time
        except FileNotFoundError:
            self._version, self._changed = 0, -1
        return self._version


def version_of(name: str) -> int:
    """The version of a manifest's name; 0 for another file."""
    stem, _, kind = name.partition(".")
    return NEWEST - int(stem) if kind == "manifest" and stem.isdigit() else 0
