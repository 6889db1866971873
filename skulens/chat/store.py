"""Replies on disk: nothing is asked twice, and a kill loses no answer that was given out.

One SQLite file in a folder, in write-ahead mode with a sync per commit, so that several processes
may write at once. One row per key; failures are rows too. What was spent is a table of its own,
to which rows are only added.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from skulens.errors import StoreError
from skulens.protocols import Ask, Reply

TABLES = """
create table if not exists replies (
    key text primary key, item text, stage text, system text, model text, template text,
    question text, text text, value text, finish text, error text, reason text,
    usage text, raw_usage text, latency_s real, attempts integer, run text, made real
) without rowid;
create table if not exists spent (
    run text, stage text, item text, key text, model text, input_tokens integer,
    cached_tokens integer, output_tokens integer, reasoning_tokens integer, image_tokens integer,
    seconds real, outcome text, made real
);
create table if not exists pictures (
    source text, policy text, sha256 text, width integer, height integer,
    primary key (source, policy)
) without rowid;
"""


class ReplyStore:
    """Replies of any number of engines, by key; see `chat.key`."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.db = sqlite3.connect(
                folder / "replies.sqlite", timeout=60, check_same_thread=False
            )
            self.db.execute("pragma journal_mode=wal")
            self.db.execute("pragma synchronous=full")
            self.db.executescript(TABLES)
        except sqlite3.Error as e:
            raise StoreError(f"the reply store {folder} cannot be opened: {e}") from e

    def find(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The stored replies of these keys; their `id` is the key's first item."""
        found = {}
        for key in keys:
            row = self.db.execute(
                "select item, text, value, finish, error, reason, usage, raw_usage, latency_s,"
                " attempts, system from replies where key = ?",
                (key,),
            ).fetchone()
            if row is not None:
                item, text, value, finish, error, reason, usage, raw, latency, attempts, who = row
                found[key] = Reply(
                    item, text, json.loads(value), finish, error, reason, json.loads(usage),
                    tuple(json.loads(raw)), latency, attempts, True, who,
                )  # fmt: skip
        return found

    def put(
        self, answered: Iterable[tuple[str, Ask, Reply]], model: str = "", run: str = "",
        pictures: Mapping[str, list[str]] | None = None,
    ) -> None:  # fmt: skip
        """Store replies under their keys in one synced commit. A key that is there stays as it is,
        unless it holds a failure.

        Raises:
            StoreError: the disk is full or the file damaged.
        """
        now = time.time()
        try:
            with self.db:
                for key, ask, reply in answered:
                    sent = iter((pictures or {}).get(key, []))
                    question = {
                        "system": ask.system,
                        "parts": [
                            {"text": p} if isinstance(p, str) else {"image": next(sent, "")}
                            for p in ask.parts
                        ],
                        "schema": ask.schema,
                        "sampling": dict(ask.sampling),
                    }
                    self.db.execute(
                        "insert into replies values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                        " on conflict (key) do update set text=excluded.text, value=excluded.value,"
                        " finish=excluded.finish, error=excluded.error, reason=excluded.reason,"
                        " usage=excluded.usage, raw_usage=excluded.raw_usage,"
                        " latency_s=excluded.latency_s, attempts=excluded.attempts,"
                        " run=excluded.run, made=excluded.made where replies.error != ''",
                        (key, ask.id, ask.stage, reply.system, model, ask.template,
                         json.dumps(question), reply.text, json.dumps(reply.value), reply.finish,
                         reply.error, reply.reason, json.dumps(dict(reply.usage)),
                         json.dumps([dict(u) for u in reply.raw_usage]), reply.latency_s,
                         reply.attempts, run, now),
                    )  # fmt: skip
                    u = reply.usage
                    self.db.execute(
                        "insert into spent values (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                        (run, ask.stage, ask.id, key, model, u.get("input_tokens", 0),
                         u.get("cached_tokens", 0), u.get("output_tokens", 0),
                         u.get("reasoning_tokens", 0), u.get("image_tokens", 0), reply.latency_s,
                         reply.error or "answered", now),
                    )  # fmt: skip
        except sqlite3.Error as e:
            raise StoreError(f"the reply store {self.folder} cannot be written: {e}") from e

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> "ReplyStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()
