"""The SQLite file of a reply store: its tables, how it is opened, and what its errors mean.

Write-ahead mode with a sync per commit: what is committed survives a kill and a power failure, and
several processes may read and write at once. Rows carry a checksum; a damaged one is as good as
none.
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skulens.errors import StoreError

FORMAT = 1
"""`user_version` of the file. A higher one was written by a later skulens."""
APPLICATION = 0x534B4C52
"""`application_id` of the file: "SKLR"."""
PATIENCE_S = 60.0
"""How long to wait for another process that writes."""

TABLES = """
create table texts (sha256 text primary key, text text) without rowid;
create table replies (
    key text primary key, item text, stage text, run text, system text, model text, template text,
    instructions text, parts text, schema text, sampling text, text text, value text, finish text,
    error text, reason text, usage text, latency_s real, attempts integer, made real,
    entry integer, seal blob
);
create table spent (
    entry integer primary key autoincrement, run text, stage text, item text, key text, model text,
    input_tokens integer, cached_tokens integer, output_tokens integer, reasoning_tokens integer,
    image_tokens integer, seconds real, outcome text, made real, system text, raw_usage text
);
create table files (path text primary key, stat text, sha256 text) without rowid;
create table pictures (
    source text, policy text, sha256 text, problem text, primary key (source, policy)
) without rowid;
create table canaries (system text primary key, passed real) without rowid;
create view questions as select
    r.key, r.item, r.stage, r.run, r.system, r.model, r.template, json_object(
        'system', iif(typeof(i.text) = 'text', i.text, null), 'parts', json(r.parts),
        'schema', json(s.text), 'sampling', json(r.sampling)
    ) as question,
    r.text, r.value, r.finish, r.error, r.reason, r.usage, p.raw_usage, r.latency_s, r.attempts,
    r.made
from replies r left join texts i on i.sha256 = r.instructions
left join texts s on s.sha256 = r.schema left join spent p on p.entry = r.entry;
"""
"""texts: what many questions share (instructions, schemas), once, by sha256. replies: one row per
key; `entry` is the row of `spent` that paid for it. spent: a row per reply that was ever made, to
which rows are only added. files, pictures: what was learned about pictures, see `picture_memo`.
canaries: when an engine was last seen to keep pictures apart. questions: each reply with its
question as one JSON, for people with a SQL prompt."""

ABOUT_DISK = {
    sqlite3.SQLITE_PERM: "may not be written",
    sqlite3.SQLITE_READONLY: "may not be written",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
}
ABOUT_OTHERS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def explain(error: Exception, path: Path) -> StoreError:
    """What an error of SQLite or of the disk means for the user."""
    if isinstance(error, sqlite3.ProgrammingError):
        return StoreError(f"the reply store {path.parent} cannot be used so: {error}")
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 255
    if isinstance(error, OSError) or code in ABOUT_DISK:
        what = ABOUT_DISK.get(code, "cannot be opened")
        return StoreError(
            f"the reply store {path.parent} {what} ({error}); free some space or get the right to "
            "write there, and run the same command again: what it holds is kept"
        )
    if code in ABOUT_OTHERS:
        return StoreError(
            f"the reply store {path.parent} has been locked by another process for "
            f"{PATIENCE_S:.0f} s ({error}); wait for it or stop it, and run the same command again"
        )
    return StoreError(
        f"the reply store's file {path} is damaged ({error}); move it aside together with the "
        f"files {path.name}-wal and {path.name}-shm beside it, and run the same command again. "
        f"`sqlite3 {path.name} .recover` may save replies from it"
    )


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk raise into a StoreError that names the file."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as e:  # the last: a damaged file's words
        raise explain(e, path) from e


def open_database(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode to a file that is a reply store, made where there is none.

    Raises:
        StoreError: it is damaged, of another kind or a later version, or cannot be written.
    """
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            db.text_factory = read_text
            be_patient(db, "pragma journal_mode=wal")
            db.execute("pragma synchronous=full")
            if not is_prepared(db, path):
                with transaction(db):
                    if not is_prepared(db, path):  # by another process meanwhile
                        make_tables(db)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All that is written in the block in one synced commit, or nothing."""
    be_patient(db, "begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:
            db.execute("rollback")
        raise


def be_patient(db: sqlite3.Connection, statement: str) -> None:
    """Execute what SQLite refuses at once, whatever the timeout, while another process opens the
    same file."""
    last = time.monotonic() + PATIENCE_S
    while True:
        try:
            db.execute(statement).fetchall()
            return
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode & 255 not in ABOUT_OTHERS or time.monotonic() > last:
                raise
            time.sleep(0.01)


def is_prepared(db: sqlite3.Connection, path: Path) -> bool:
    """Whether the file has its tables; False for an empty one. Raises StoreError for others."""
    alone = not db.in_transaction
    if alone:  # one state of the file, should another process make it meanwhile
        be_patient(db, "begin")
    try:
        [tables] = db.execute("select count(*) from sqlite_master").fetchone()
        [application] = db.execute("pragma application_id").fetchone()
        [version] = db.execute("pragma user_version").fetchone()
    finally:
        if alone:
            db.execute("rollback")
    if not tables and not application and not version:
        return False
    if application != APPLICATION:
        raise StoreError(f"{path} is no reply store of skulens; name another folder")
    if version > FORMAT:
        raise StoreError(
            f"the reply store {path.parent} has format {version}, written by a later skulens; this "
            f"one reads format {FORMAT}: update skulens, or name another folder"
        )
    return True


def make_tables(db: sqlite3.Connection) -> None:
    for statement in TABLES.split(";")[:-1]:
        db.execute(statement)
    db.execute(f"pragma application_id={APPLICATION}")
    db.execute(f"pragma user_version={FORMAT}")


def read_text(data: bytes) -> str:
    """Text of a column; what is damaged is found by the row's checksum."""
    return data.decode("utf-8", "replace")


def bind_text(text: str) -> str | bytes:
    """A text as SQLite takes it: one with lone surrogates goes in as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unbind_text(stored: object) -> str:
    """The inverse of `bind_text`. Raises ValueError for what it never wrote."""
    if isinstance(stored, bytes):
        return stored.decode("utf-8", "surrogatepass")
    if not isinstance(stored, str):
        raise ValueError(f"expected a text, got a {type(stored).__name__}")
    return stored


def seal_of(row: tuple) -> bytes:
    """Checksum of a row: of its values in ASCII, which is the same in every Python."""
    return hashlib.sha256(ascii(row).encode()).digest()[:8]
