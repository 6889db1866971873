"""What could not be used, in a file of JSON lines beside what could."""

import json
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skulens.errors import StoreError
from skulens.files import read_lines, write_whole
from skulens.records import Reject

SHOWN = 5
"""Rejects that are shown; all of them are in the file."""
INDEX = "index"
"""Stage of what was found while products were embedded, which is not done again while they stay as
they are; what reading the catalogue finds is found each time."""


class RejectFile:
    """The rejects of a store: those of this build, and those found earlier in what did not change.

    Args:
        path: None keeps them in memory alone.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        self._earlier = list(read_lines(path)) if path is not None else []

    def start(self, unchanged: Container[str], rejects: Iterable[Reject]) -> None:
        """Begin anew with what was found earlier of products that did not change, and `rejects`.

        Raises StoreError where the file cannot be written.
        """
        kept = [
            row
            for row in self._earlier
            if row.get("stage") == INDEX and row.get("item") in unchanged
        ]
        again = {json.dumps(asdict(r), sort_keys=True) for r in _rejects(kept)}
        rows = [r for r in rejects if json.dumps(asdict(r), sort_keys=True) not in again]
        if self.path is not None and (kept or rows or self._earlier):
            lines = [*map(_line, kept), *(_line(asdict(r)) for r in rows)]
            self._write(self.path, "".join(lines).encode())
        self._note([*_rejects(kept), *rows])

    def add(self, rejects: Iterable[Reject], again: bool = False) -> None:
        """Append what was found in products that have just been stored.

        Args:
            again: the next build finds these anew, where they are still there.
        """
        rows, stage = list(rejects), {} if again else {"stage": INDEX}
        if rows and self.path is not None:
            lines = "".join(_line({**asdict(r), **stage}) for r in rows)
            self._append(self.path, lines.encode())
        self._note(rows)

    def finish(self) -> None:
        """Without rejects, remove the file."""
        if self.path is not None and not self.count:
            self.path.unlink(missing_ok=True)

    def _note(self, rejects: list[Reject]) -> None:
        self.count += len(rejects)
        self.first += rejects[: SHOWN - len(self.first)]

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda f: f.write(data))
        except OSError as e:
            raise _cannot(path, e) from e

    def _append(self, path: Path, data: bytes) -> None:
        try:
            with path.open("ab") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
        except OSError as e:
            raise _cannot(path, e) from e


def _rejects(rows: Iterable[Mapping[str, Any]]) -> Iterator[Reject]:
    for row in rows:
        source, item, reason, todo = (
            str(row.get(name, "")) for name in ("source", "item", "reason", "todo")
        )
        yield Reject(source, item, reason, todo, row.get("kept") is True)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _cannot(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path} cannot be written ({error.strerror or error}); what was stored before is kept: "
        "free some space or correct the permissions, and give the same command again"
    )
