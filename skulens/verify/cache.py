"""What was read in pictures, by content: nothing is read twice, and a killed run goes on.

One SQLite file per reader identity, in write-ahead mode, so that several processes may use it at
once; every reading is committed by itself, for a transaction left open would lock out the others
while a picture is read. A damaged, full or unwritable file is named once and the job goes on
without it.
"""

import hashlib
import json
import re
import sqlite3
import threading
import warnings
import zlib
from dataclasses import astuple
from pathlib import Path

from skulens.claims import Code, Line

FORMAT = 2
WAIT_S = 30
"""Longest wait for another process that writes."""


class ReadingCache:
    """Readings of one identity, JSON values by key; safe to share between threads."""

    def __init__(self, root: Path, identity: str):
        name = hashlib.sha256(f"{FORMAT} {identity}".encode()).hexdigest()[:16]
        stem = re.sub(r"[^a-z0-9]+", "-", identity.lower())[:40].strip("-")
        self.path = root / "readings" / f"{stem}-{name}.sqlite"
        self._base: sqlite3.Connection | None = None
        self._lock, self._given_up = threading.Lock(), False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                self.path, timeout=WAIT_S, check_same_thread=False, isolation_level=None
            )
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the latest rows
            self._base.execute("CREATE TABLE IF NOT EXISTS read (key BLOB PRIMARY KEY, value BLOB)")
        except (OSError, sqlite3.Error) as e:
            self._give_up(e)

    def get(self, key: str) -> object | None:
        """What was put under the key; None where there is nothing, or nothing whole."""
        base = self._base
        if base is None:
            return None
        try:
            row = base.execute("SELECT value FROM read WHERE key = ?", (_hash(key),)).fetchone()
            return json.loads(zlib.decompress(row[0])) if row else None
        except sqlite3.Error as e:
            self._give_up(e)
        except (zlib.error, ValueError, TypeError):
            return None
        return None

    def put(self, key: str, value: object) -> None:
        """Keep a JSON value; it survives a kill from here on."""
        base = self._base
        if base is None:
            return
        data = zlib.compress(json.dumps(value, ensure_ascii=True).encode())
        try:
            base.execute("INSERT OR REPLACE INTO read VALUES (?, ?)", (_hash(key), data))
        except sqlite3.Error as e:
            self._give_up(e)

    def close(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def _give_up(self, why: Exception) -> None:
        with self._lock:
            if self._given_up:
                return
            self._given_up = True
            base, self._base = self._base, None
        if base is not None:
            base.close()
        warnings.warn(
            f"what is read is not kept: the cache {self.path} cannot be used ({why}); "
            "free the disk, or delete the file or name another folder",
            stacklevel=3,
        )


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


# ----- codes and lines as JSON ------------------------------------------------------------------


def pack_lines(lines: list[Line]) -> list:
    return [astuple(line) for line in lines]


def unpack_lines(rows: object) -> list[Line]:
    """Raises TypeError, ValueError or IndexError for what `pack_lines` did not make."""
    return [Line(r[0], _quad(r[1]), *r[2:]) for r in rows]  # type: ignore[attr-defined]


def pack_codes(codes: list[Code]) -> list:
    return [astuple(code) for code in codes]


def unpack_codes(rows: object) -> list[Code]:
    """Raises as `unpack_lines`."""
    return [Code(r[0], r[1], _quad(r[2]), *r[3:]) for r in rows]  # type: ignore[attr-defined]


def _quad(numbers: list[float]) -> tuple:
    if len(numbers) != 8:
        raise ValueError(f"a quad has 8 numbers, not {len(numbers)}")
    return tuple(float(n) for n in numbers)
