"""What was learned once about files and encoders, so that a warm run need not learn it again.

One SQLite file beside the vectors: the sha256 of files (by path, size and times) and the
EncoderInfo behind a name and its settings. Every row carries a checksum; a damaged one is as good
as none, and a damaged file is set aside. Losing it costs time, never correctness.
"""

import contextlib
import errno
import hashlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skulens.files import sha256_of_file
from skulens.machine import count_cores
from skulens.pictures import file_problem
from skulens.records import EncoderInfo, SystemInfo, Warning_, chunks

SETTLED_S = 2.0
"""A file changed less than this ago is hashed anew: its times cannot prove that it rests."""
TOGETHER = 16
"""Files that one thread hashes at most before it takes others."""

BROKEN = (sqlite3.Error, UnicodeError)
"""What a damaged database raises; the latter where its error message quotes it."""
ABOUT_DISK = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
"""Error codes that say nothing of what a database holds."""


def stat_of(path: str) -> str | None:
    """Size, times and inode of a file, which change with its content; None where unreadable."""
    try:
        s = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # ValueError: NUL in it, or no valid name on this system
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
        except ValueError as e:  # NUL in it, or no valid name on this system
            return OSError(errno.EINVAL, f"no possible file name ({e})", path)

    def several(some: Sequence[str]) -> list[str | OSError]:
        return [one(path) for path in some]

    paths = list(dict.fromkeys(paths))
    share = min(TOGETHER, len(paths) // (4 * count_cores()) + 1)  # few files keep all cores busy
    with ThreadPoolExecutor() as pool:  # a small file takes less than handing it to a thread
        answers = [a for part in pool.map(several, chunks(paths, share)) for a in part]
    return dict(zip(paths, answers, strict=True))


class Memo:
    """File hashes and encoder infos in SQLite; safe for several processes at once."""

    def __init__(self, folder: Path):
        self.path = folder / "memo.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.db = open_database(str(self.path))
        except (OSError, *BROKEN) as e:
            self._start_anew(e)

    def hashes(self, paths: Iterable[str]) -> dict[str, str | OSError]:
        """sha256 of each file's bytes, or the OSError met. Unchanged files are not read again."""
        here = os.getcwd()  # noqa: PTH109  # pathlib would cost as much as everything else here
        wanted = {
            path: os.path.normpath(os.path.join(here, path))  # noqa: PTH118
            for path in dict.fromkeys(paths)
        }
        known = self._look_up("hashes", list(wanted.values()))
        stats = {path: stat_of(full) for path, full in wanted.items()}
        found: dict[str, str | OSError] = {}
        for path, stat in stats.items():
            before, _, sha = known.get(wanted[path], "").rpartition(" ")
            if stat is not None and before == stat:
                found[path] = sha
        now = time.time_ns()
        new = hash_files([p for p in wanted if p not in found])
        learned = {}
        for path, answer in new.items():
            stat = stats[path]
            if stat is not None and is_settled(stat, now) and isinstance(answer, str):
                learned[wanted[path]] = f"{stat} {answer}"
        self._learn("hashes", learned)
        return found | new

    def _look_up(self, table: str, keys: list[str]) -> dict[str, str]:
        """The values of those keys that are known and whole."""
        names = {encode_key(key): key for key in keys}
        rows: dict[str, str] = {}
        try:
            for part in chunks(list(names), 900):  # SQLite's bound on variables
                marks = ",".join("?" * len(part))
                for key, value, check in self.db.execute(
                    f"SELECT key, value, sum FROM {table} WHERE key IN ({marks})", part
                ):
                    if key in names and isinstance(value, str) and check == sum_of(key, value):
                        rows[names[key]] = value
        except BROKEN as e:
            self._start_anew(e)
            return {}
        return rows

    def _learn(self, table: str, values: Mapping[str, str]) -> None:
        """Write rows; a full disk or a lock held too long costs these rows, nothing else."""
        keyed = [(encode_key(key), value) for key, value in values.items()]
        rows = [(key, value, sum_of(key, value)) for key, value in keyed]
        try:
            with self.db:
                self.db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)
        except BROKEN as e:
            if not is_about_disk(e):
                self._start_anew(e)

    def _start_anew(self, why: Exception) -> None:
        """Set an unusable file aside and go on with an empty one, or with none."""
        with contextlib.suppress(AttributeError, sqlite3.Error):
            self.db.close()
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            if is_about_disk(why):
                raise why
            for end in ("-wal", "-shm"):  # they belong to the old file
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            self.path.replace(aside)
            self.db = open_database(str(self.path))
            done = f"it is set aside as {aside.name}, and a new one is begun"
        except (OSError, *BROKEN):
            self.db = open_database(":memory:")
            done = (
                "this run reads every file anew. Free some space, delete the file, or set "
                "SKULENS_CACHE to another folder"
            )
        warnings.warn(f"{self.path} cannot be used ({why}); {done}", stacklevel=2)

    def note(self, key: str) -> dict | None:
        found = self._look_up("facts", [key])
        return json.loads(found[key]) if key in found else None

    def set_note(self, key: str, value: dict) -> None:
        self._learn("facts", {key: json.dumps(value)})

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


def encode_key(key: str) -> bytes:
    """Any path or name as bytes, those that are no valid Unicode too."""
    return key.encode("utf-8", "surrogatepass")


def sum_of(key: bytes, value: str) -> bytes:
    """Checksum of a row."""
    return hashlib.sha256(key + b"\0" + value.encode()).digest()[:8]


def is_about_disk(error: Exception) -> bool:
    """Whether SQLite speaks of a lock, the disk or missing rights, not of what the file holds."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError) or (code is not None and code & 255 in ABOUT_DISK)


def info_of_json(stored: dict[str, Any]) -> EncoderInfo:
    """The inverse of `asdict`, after JSON. Raises TypeError for fields of another version."""
    lists = {k: tuple(stored[k]) for k in ("modalities", "roles", "trained_on")}
    warned = tuple(Warning_(**w) for w in stored["warnings"])
    parts = tuple(SystemInfo(**p) for p in stored["parts"])
    stored["trained_spus"]  # earlier versions did not ask for it: KeyError, and it is opened anew
    return EncoderInfo(**{**stored, **lists, "warnings": warned, "parts": parts})


def open_database(path: str) -> sqlite3.Connection:
    """The database with its two tables. Raises sqlite3.Error where it cannot be read or made."""
    db = sqlite3.connect(path, timeout=30, check_same_thread=False)
    db.text_factory = lambda data: data.decode("utf-8", "replace")  # damage is found by its sum
    db.execute("PRAGMA journal_mode=WAL")
    for table in ("hashes", "facts"):  # earlier versions had files and notes, without sums
        db.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, value TEXT, sum BLOB)"
        )
    return db
