"""What was learned once about files and encoders, so that a warm run need not learn it again.

One SQLite file beside the vectors: the sha256 of files (by path, size and times) and the
EncoderInfo behind a name and its settings. Losing it costs time, never correctness.
"""

import contextlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skulens.files import sha256_of_file
from skulens.pictures import file_problem
from skulens.records import EncoderInfo, SystemInfo, Warning_

SETTLED_S = 2.0
"""A file changed less than this ago is hashed anew: its times cannot prove that it rests."""


def stat_of(path: str) -> str | None:
    """Size, times and inode of a file, which change with its content; None where unreadable."""
    try:
        s = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}"


def is_settled(stat: str, now_ns: int) -> bool:
    return now_ns - max(int(t) for t in stat.split()[1:3]) > SETTLED_S * 1e9


def hash_files(paths: Iterable[str]) -> dict[str, str | OSError]:
    """sha256 of each file's bytes or the OSError met; in threads, as hashing frees the lock."""

    def one(path: str) -> str | OSError:
        if problem := file_problem(path):
            return OSError(problem)
        try:
            return sha256_of_file(Path(path))
        except OSError as e:
            return e

    paths = list(dict.fromkeys(paths))
    with ThreadPoolExecutor() as pool:
        return dict(zip(paths, pool.map(one, paths), strict=True))


class Memo:
    """File hashes and encoder infos in SQLite; safe for several processes at once."""

    def __init__(self, folder: Path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.db = open_database(str(folder / "memo.sqlite"))
        except (OSError, sqlite3.Error) as e:
            warnings.warn(
                f"{folder / 'memo.sqlite'} cannot be used ({e}); this run reads every file anew. "
                "Free some space, delete the file, or set SKULENS_CACHE to another folder",
                stacklevel=2,
            )
            self.db = open_database(":memory:")

    def hashes(self, paths: Iterable[str]) -> dict[str, str | OSError]:
        """sha256 of each file's bytes, or the OSError met. Unchanged files are not read again."""
        here = os.getcwd()  # noqa: PTH109  # pathlib would cost as much as everything else here
        wanted = {
            path: os.path.normpath(os.path.join(here, path))  # noqa: PTH118
            for path in dict.fromkeys(paths)
        }
        known = self._look_up(list(wanted.values()))
        stats = {path: stat_of(full) for path, full in wanted.items()}
        found = {
            p: known[wanted[p]][1]
            for p, stat in stats.items()
            if known.get(wanted[p], ("",))[0] == stat
        }
        now = time.time_ns()
        new = hash_files([p for p in wanted if p not in found])
        learned = []
        for path, sha in new.items():
            stat = stats[path]
            if stat is not None and is_settled(stat, now) and isinstance(sha, str):
                learned.append((wanted[path], stat, sha))
        self._learn(learned)
        return found | new

    def _look_up(self, paths: list[str]) -> dict[str, tuple[str, str]]:
        rows = {}
        for start in range(0, len(paths), 900):  # SQLite's bound on variables
            part = paths[start : start + 900]
            marks = ",".join("?" * len(part))
            for path, stat, sha in self.db.execute(
                f"SELECT * FROM files WHERE path IN ({marks})", part
            ):
                rows[path] = (stat, sha)
        return rows

    def _learn(self, rows: list[tuple[str, str, str]]) -> None:
        self._write("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)

    def _write(self, statement: str, rows: list[tuple]) -> None:
        """Write rows; a full disk or a lock held too long costs these rows, nothing else."""
        with contextlib.suppress(sqlite3.OperationalError), self.db:
            self.db.executemany(statement, rows)

    def note(self, key: str) -> dict | None:
        row = self.db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_note(self, key: str, value: dict) -> None:
        self._write("INSERT OR REPLACE INTO notes VALUES (?, ?)", [(key, json.dumps(value))])

    def encoder_info(self, key: str) -> EncoderInfo | None:
        """Info of an encoder opened before with the same name, settings, files and versions."""
        stored = self.note(f"encoder {key}")
        if stored is None:
            return None
        try:
            return info_of_json(stored)
        except (TypeError, KeyError):  # written by another version of skulens
            return None

    def set_encoder_info(self, key: str, info: EncoderInfo) -> None:
        self.set_note(f"encoder {key}", asdict(info))


def info_of_json(stored: dict[str, Any]) -> EncoderInfo:
    """The inverse of `asdict`, after JSON. Raises TypeError for fields of another version."""
    lists = {k: tuple(stored[k]) for k in ("modalities", "roles", "trained_on")}
    warned = tuple(Warning_(**w) for w in stored["warnings"])
    parts = tuple(SystemInfo(**p) for p in stored["parts"])
    return EncoderInfo(**{**stored, **lists, "warnings": warned, "parts": parts})


def open_database(path: str) -> sqlite3.Connection:
    """The database with its two tables. Raises sqlite3.Error where it cannot be read or made."""
    db = sqlite3.connect(path, timeout=30, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE IF NOT EXISTS files (path PRIMARY KEY, stat TEXT, sha256 TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS notes (key PRIMARY KEY, value TEXT)")
    return db
