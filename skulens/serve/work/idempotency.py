"""Writes that bear a key are done once: who repeats one gets the answer of the first time.

What was answered lies beside the store, so that a client may repeat its call after the server was
killed. A key is noted before the write and its answer after it: where the server died in between, the
write is done again, which changes nothing that it did already.
"""

import hashlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from skulens.errors import StoreError
from skulens.protocols import Store
from skulens.serve.problems import Problem

FILE = "idempotency.sqlite"
MOST = 10_000
"""Keys that are remembered; the oldest are forgotten first."""
KEPT_S = 24 * 3600.0
KEY = re.compile(r"[\x21-\x7e]{1,255}")
TABLE = (
    "CREATE TABLE IF NOT EXISTS writes "
    "(key TEXT PRIMARY KEY, asked TEXT NOT NULL, at REAL NOT NULL, answer BLOB)"
)


class Answered(NamedTuple):
    """The answer to a write."""

    body: bytes
    again: bool
    """Whether it was given before."""


class Ledger:
    """Keys of writes, what they asked for, and what was answered. For one thread at a time.

    Args:
        folder: of the store; None: kept in memory, and forgotten with the process.
    """

    def __init__(self, folder: Path | None):
        self.path = None if folder is None else folder / FILE
        self._held = None if folder else sqlite3.connect(":memory:", check_same_thread=False)

    def once(self, key: str, asked: str, work: Callable[[], bytes]) -> Answered:
        """The answer of `work`, or that of the first time.

        Args:
            key: of the client, in its scope (`scoped`).
            asked: hash of what is asked for.
        Raises:
            Problem: 422, the key came with something else before. StoreError: the file cannot be
                used. What `work` raises; the same call may then be made again.
        """
        with self._open() as db:
            row = db.execute("SELECT asked, answer FROM writes WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] != asked:
                raise used_before()
            if row is not None and row[1] is not None:
                return Answered(row[1], True)
            if row is None:
                self._forget(db)
                db.execute("INSERT INTO writes VALUES (?, ?, ?, NULL)", (key, asked, time.time()))
        answer = work()
        with self._open() as db:
            db.execute("UPDATE writes SET answer = ? WHERE key = ?", (answer, key))
        return Answered(answer, False)

    def _forget(self, db: sqlite3.Connection) -> None:
        """Make room for one more."""
        db.execute("DELETE FROM writes WHERE at < ?", (time.time() - KEPT_S,))
        db.execute(
            "DELETE FROM writes WHERE key IN "
            "(SELECT key FROM writes ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?)",
            (MOST - 1,),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are synced when the block ends without an error."""
        try:
            if self._held is not None:
                self._held.execute(TABLE)
                with self._held:
                    yield self._held
                return
            with closing(sqlite3.connect(str(self.path), timeout=5)) as db, db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute(TABLE)
                yield db
        except sqlite3.Error as e:
            raise StoreError(
                f"{self.path} cannot be used ({e}): give the server the right to write there, and "
                "free some space; if it is damaged, remove it: then only repeats of earlier writes "
                "are no longer known"
            ) from e


def ledger_of(store: Store) -> Ledger:
    """The ledger beside a store; in memory for one on another server, which has no folder."""
    folder = getattr(store, "folder", None)
    return Ledger(folder if isinstance(folder, Path) else None)


def scoped(key: str, caller: str) -> str:
    """A client's key, kept apart from equal ones of others.

    Args:
        caller: what the client is known by, such as its `Authorization`; it is not kept.
    Raises:
        Problem: 400, no key.
    """
    if not KEY.fullmatch(key):
        detail = f"Idempotency-Key has 1 to 255 visible ASCII characters, got {key!r:.80}"
        raise Problem(400, "bad-key", "The key cannot be used", detail)
    return hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What a call asks for."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()


def used_before() -> Problem:
    detail = "this Idempotency-Key came with another call before; give each call a key of its own"
    return Problem(422, "key-reused", "The key was used before", detail)
