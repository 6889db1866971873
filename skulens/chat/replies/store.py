"""Replies on disk: nothing is asked twice, and a kill loses no answer that was given out.

One SQLite file in a folder (see `database`). One row per key; failures are rows too. What was spent
is a table of its own, to which rows are only added. `export` writes the replies as Parquet, which
needs no skulens to be read.
"""

import hashlib
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from skulens.chat.replies.database import (
    bind_text,
    named_errors,
    open_database,
    seal_of,
    transaction,
    unbind_text,
)
from skulens.chat.replies.rows import COLUMNS, SELECT, Stored, decode_row, encode_row, to_json
from skulens.chat.replies.secrets import hide_known, hide_secrets, known_secrets
from skulens.protocols import Ask, Reply
from skulens.records import chunks

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "replies.sqlite"
USED = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")
AT_ONCE = 500
"""Keys of one look-up; SQLite's bound on variables is 32,766, in old ones 999."""
SHARED_TEXTS = 256
"""How many texts known to be in the file are remembered."""


class ReplyStore:
    """Replies of any number of engines, by key; see `chat.key`. Safe for threads and processes.

    Raises:
        StoreError: by every method: the file is damaged, locked for long or of a later version, the
            disk is full or read-only; says which, and what to do.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self._writer = open_database(self.path)
        self._reader = open_database(self.path)  # it sees nothing before it is committed
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._known: dict[str, str] = {}

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:
        """The rows of a query, such as one for the table `spent`."""
        with self._reading, named_errors(self.path):
            return self._reader.execute(sql, values).fetchall()

    def write(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for each row, in one synced commit."""
        with self._writing, named_errors(self.path), transaction(self._writer):
            self._writer.executemany(sql, rows)

    def __len__(self) -> int:
        return self.read("select count(*) from replies")[0][0]

    def canary_passed(self, system: str) -> float:
        """When an engine was last seen to keep pictures apart, seconds since 1970; 0: never."""
        found = self.read("select passed from canaries where system = ?", (system,))
        return found[0][0] if found else 0.0

    def note_canary(self, system: str) -> None:
        """An engine was seen to keep pictures apart."""
        self.write("insert or replace into canaries values (?, ?)", [(system, time.time())])

    def last_entry(self) -> int:
        """The newest row of the table `spent`; 0 where there is none."""
        return self.read("select coalesce(max(entry), 0) from spent")[0][0]

    def find(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The stored replies of these keys, those without one left out; a reply's `id` is that of
        the item which was asked about first."""
        return {key: stored.reply for key, stored in self.look_up(keys).items()}

    def look_up(self, keys: Iterable[str]) -> dict[str, Stored]:
        """As `find`, with the whole rows. A damaged row is left out."""
        found = {}
        for part in chunks(list(dict.fromkeys(keys)), AT_ONCE):
            marks = ",".join("?" * len(part))
            for columns in self.read(f"{SELECT} where r.key in ({marks})", part):
                stored = decode_row(columns)
                if stored is not None:
                    found[stored.row["key"]] = stored
        return found

    def put(
        self,
        answered: Iterable[tuple[str, Ask, Reply]],
        model: str = "",
        run: str = "",
        pictures: Mapping[str, Sequence[str]] | None = None,
        made: float | None = None,
    ) -> set[str]:
        """Store replies under their keys in one synced commit, and what they cost.

        An answer that is there stays; a failure that is there gives way to whatever is newer; a
        damaged row gives way.

        Args:
            model: name of the engine.
            run: what this is part of, for the ledger.
            pictures: key -> sha256 of the question's pictures as sent, in order.
            made: when the replies were made, seconds since 1970, for those that come from
                elsewhere; None: now.
        Returns:
            Keys whose stored reply stayed as it was.
        Raises:
            StoreError: see the class; or a value is nothing that JSON can hold.
        """
        answered, pictures = list(answered), pictures or {}
        now = time.time() if made is None else made
        secrets = known_secrets()
        kept: set[str] = set()
        new_texts: dict[str, str] = {}
        with self._writing, named_errors(self.path), transaction(self._writer):
            there = self._present([key for key, _, _ in answered])
            for key, ask, reply in answered:
                usage = hide_known(to_json([dict(u) for u in reply.raw_usage], ask), secrets)
                entry = self._add_spent((key, run, model, now), ask, reply, usage)
                before = there.get(key)
                if before is not None and (not before[0] or (made is not None and now < before[1])):
                    kept.add(key)
                    continue
                schema = to_json(ask.schema, ask)
                shared = [self._share(text, new_texts) for text in (ask.system, schema)]
                row = encode_row(key, ask, reply, shared, pictures.get(key, ()))
                row |= {"model": model, "run": run, "made": now, "entry": entry}
                row["reason"] = hide_secrets(reply.reason, secrets)
                self._replace(tuple(row[c] for c in COLUMNS))
                there[key] = reply.error, now
                kept.discard(key)
        if len(self._known) > SHARED_TEXTS:
            self._known.clear()
        self._known |= new_texts
        return kept

    def _present(self, keys: list[str]) -> dict[str, tuple[str, float]]:
        """(error, made) of the rows that are there and whole."""
        found = {}
        for part in chunks(keys, AT_ONCE):
            marks = ",".join("?" * len(part))
            for columns in self._writer.execute(f"{SELECT} where r.key in ({marks})", part):
                stored = decode_row(columns)
                if stored is not None:
                    found[stored.row["key"]] = stored.row["error"], stored.row["made"]
        return found

    def _add_spent(
        self, of: tuple[str, str, str, float], ask: Ask, reply: Reply, raw_usage: str
    ) -> int | None:
        key, run, model, now = of
        used = [int(reply.usage.get(name) or 0) for name in USED]
        texts = [bind_text(t) for t in (run, ask.stage, ask.id, key, model)]
        told = [bind_text(t) for t in (reply.system, raw_usage)]
        outcome = reply.error or "answered"
        return self._writer.execute(
            "insert into spent (run, stage, item, key, model, input_tokens, cached_tokens,"
            " output_tokens, reasoning_tokens, image_tokens, seconds, outcome, made, system,"
            f" raw_usage) values ({','.join('?' * 15)})",
            (*texts, *used, reply.latency_s, outcome, now, *told),
        ).lastrowid

    def _share(self, text: str, new: dict[str, str]) -> str:
        """sha256 of a text that is in the table of texts from now on."""
        sha256 = self._known.get(text) or new.get(text)
        if sha256 is None:
            sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            # replaced: a damaged one is mended
            self._writer.execute("insert or replace into texts values (?, ?)",
                                 (sha256, bind_text(text)))  # fmt: skip
            new[text] = sha256
        return sha256

    def _replace(self, row: tuple) -> None:
        bound = [bind_text(v) if isinstance(v, str) else v for v in row]
        self._writer.execute(
            f"insert or replace into replies ({', '.join(COLUMNS)}, seal)"
            f" values ({','.join('?' * (len(COLUMNS) + 1))})",
            (*bound, seal_of(row)),
        )

    def rows(self, most: int = 1000) -> Iterator[list[Stored]]:
        """All replies in the order of their keys, `most` at a time; damaged rows are left out."""
        after = ""
        while True:
            found = self.read(f"{SELECT} where r.key > ? order by r.key limit ?", (after, most))
            if not found:
                return
            after = found[-1][0]
            yield [stored for columns in found if (stored := decode_row(columns)) is not None]

    def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        """Shared texts by their sha256."""
        found = {}
        for part in chunks(list(dict.fromkeys(hashes)), AT_ONCE):
            marks = ",".join("?" * len(part))
            for sha256, text in self.read(f"select * from texts where sha256 in ({marks})", part):
                found[sha256] = unbind_text(text)
        return found

    def to_arrow(self, rows: int = 1000) -> "Iterator[pa.RecordBatch]":
        """All replies in the order of their keys, a batch at a time; see `export`."""
        from skulens.chat.replies.export import to_batches

        return to_batches(self.rows(rows), self.texts)

    def export(self, path: Path) -> int:
        """Write all replies to a Parquet file, in flat memory; how many. See `chat.replies.export`.

        Raises:
            StoreError: see the class; or the file cannot be written.
        """
        from skulens.chat.replies.export import write_parquet

        count = write_parquet(self.to_arrow(), Path(path))
        if damaged := len(self) - count:
            warnings.warn(
                f"{damaged} damaged rows of {self.path} are left out; they are asked again by the "
                "run that needs them",
                stacklevel=2,
            )
        return count

    def close(self) -> None:
        """Close the file, once no thread is in the middle of it; later calls raise StoreError."""
        with self._writing, self._reading:  # SQLite crashes the process where they overlap
            self._reader.close()
            self._writer.close()

    def __enter__(self) -> "ReplyStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()
