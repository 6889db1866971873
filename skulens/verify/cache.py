"""What was read in pictures, by content: nothing is read twice, and a killed run goes on.

One SQLite file per reader identity, in write-ahead mode, so that several processes may use it at
once; rows are committed every SECONDS, which is what a kill can lose. A damaged or unwritable file
is reported once and the job goes on without it.
"""

import hashlib
import json
import re
import sqlite3
import time
import warnings
import zlib
from dataclasses import astuple
from pathlib import Path

from skulens.claims import Code, Line

SECONDS = 2.0
FORMAT = 1


class ReadingCache:
    """Codes and lines of pictures by sha256 and languages."""

    def __init__(self, root: Path, identity: str):
        name = hashlib.sha256(f"{FORMAT} {identity}".encode()).hexdigest()[:16]
        stem = re.sub(r"[^a-z0-9]+", "-", identity.lower())[:40].strip("-")
        self.path = root / "readings" / f"{stem}-{name}.sqlite"
        self._base: sqlite3.Connection | None = None
        self._committed = time.monotonic()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute("CREATE TABLE IF NOT EXISTS read (key BLOB PRIMARY KEY, value BLOB)")
            self._base.commit()
        except (OSError, sqlite3.Error) as e:
            self._give_up(e)

    def get(self, key: str) -> object | None:
        """What was put under the key; None where there is nothing, or nothing whole."""
        if self._base is None:
            return None
        try:
            row = self._base.execute(
                "SELECT value FROM read WHERE key = ?", (_hash(key),)
            ).fetchone()
            return json.loads(zlib.decompress(row[0])) if row else None
        except sqlite3.Error as e:
            self._give_up(e)
        except (zlib.error, ValueError):
            return None
        return None

    def put(self, key: str, value: object) -> None:
        """Keep a JSON value; at most SECONDS until it survives a kill."""
        if self._base is None:
            return
        try:
            data = zlib.compress(json.dumps(value, ensure_ascii=False).encode())
            self._base.execute("INSERT OR REPLACE INTO read VALUES (?, ?)", (_hash(key), data))
            if time.monotonic() - self._committed > SECONDS:
                self.commit()
        except sqlite3.Error as e:
            self._give_up(e)

    def commit(self) -> None:
        if self._base is not None:
            try:
                self._base.commit()
            except sqlite3.Error as e:
                self._give_up(e)
            self._committed = time.monotonic()

    def close(self) -> None:
        self.commit()
        if self._base is not None:
            self._base.close()
            self._base = None

    def _give_up(self, why: Exception) -> None:
        warnings.warn(
            f"what is read is not kept: the cache {self.path} cannot be used ({why})", stacklevel=3
        )
        self._base = None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def pack_lines(lines: list[Line]) -> list:
    return [astuple(line) for line in lines]


def unpack_lines(rows: object) -> list[Line]:
    return [Line(r[0], tuple(r[1]), *r[2:]) for r in rows]  # type: ignore[attr-defined]


def pack_codes(codes: list[Code]) -> list:
    return [astuple(code) for code in codes]


def unpack_codes(rows: object) -> list[Code]:
    return [Code(r[0], r[1], tuple(r[2]), *r[3:]) for r in rows]  # type: ignore[attr-defined]
