"""The door of a store in a folder.

store = open_store("shop.store", schema)
"""

import contextlib
import importlib.metadata
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from threading import RLock
from typing import Any, Literal

import numpy as np

from skulens.documents import Document, Hits, Probe, Schema, Value
from skulens.errors import StoreError
from skulens.files import locked
from skulens.index.stores.engines.lance import find, upkeep
from skulens.index.stores.engines.lance.failures import damaged, explain
from skulens.index.stores.engines.lance.folder import (
    TABLE,
    Record,
    Snapshot,
    present,
    read_store,
    table_folder,
    write_store,
)
from skulens.index.stores.engines.lance.journal import Journal
from skulens.index.stores.engines.lance.keep import bring_back, keep_version
from skulens.index.stores.engines.lance.layout import KEY, OWN, Layout, make_layout
from skulens.index.stores.engines.lance.view import View
from skulens.index.stores.engines.lance.watch import Stamp, Watch
from skulens.index.stores.fields import CLAIMS
from skulens.index.stores.probes import check_document, check_probe, merge_schemas
from skulens.index.stores.where import find_column, type_filter
from skulens.records import Filter

CHUNK_ROWS, CHUNK_BYTES = 8192, 64 << 20
"""Documents of one commit, at most, and about their size."""
DELETED = 1000
"""Ids deleted by one commit."""
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
"""Of snapshots: each is the name of a file, too."""
Durability = Literal["fsync", "process"]


class Lance:
    """Products in a LanceDB table; see `protocols.Store`.

    The first call that writes takes the store's lock and keeps it until `close`; others may read
    all the while, and see each commit.

    Args:
        place: a folder; made with its parents where there is none.
        durability: "fsync": what is acknowledged survives a power failure; "process": it survives
            the end of the process, and is written faster.
    """

    def __init__(
        self, place: str, schema: Schema | None = None, durability: Durability = "fsync"
    ) -> None:
        self.folder = Path(place).expanduser()
        self.durability = durability
        self._state = RLock()
        self._lock: contextlib.ExitStack | None = None
        self._db: Any = None
        self._writer: Any = None
        self._written: set[str] | None = None
        """All ids of the table, where it was empty when this writer began."""
        self._journal: Journal | None = None
        self._watch = Watch(self.folder)
        self._view: View | None = None
        self._seen: Stamp | None = None
        record = read_store(self.folder)
        if schema is not None and (record is None or not Journal(self.folder).version):
            record = self._create(schema)
        if record is None:
            raise StoreError(
                f"there is no store at {self.folder}; make one with `skulens index build DATA "
                f"--encoder E --store {self.folder}`"
            )
        self.schema = record.layout.schema
        self._refresh()

    # ----- opening and locking ----------------------------------------------------------------

    def _create(self, schema: Schema) -> Record:
        """An empty store. store.json comes first: a table without one belongs to nobody."""
        record = Record(make_layout(schema))
        with explain(self.folder, "making the store"):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            write_store(self.folder, record)
            if table_folder(self.folder).exists():  # of a program stopped before it was whole
                shutil.rmtree(table_folder(self.folder))
            table = self._connect().create_table(TABLE, schema=record.layout.arrow())
            upkeep.index_words(table)
            Journal(self.folder).acknowledge(table.version)
        return record

    def _connect(self) -> Any:
        if self._db is None:
            import lancedb

            with explain(self.folder, "opening"):
                self._db = lancedb.connect(self.folder)
        return self._db

    def _open_table(self) -> Any:
        with explain(self.folder, "opening the table"):
            return self._connect().open_table(TABLE)

    def _take_lock(self) -> None:
        if self._lock is None:
            busy = (
                f"another program writes to {self.folder}, or this one has opened it twice; wait "
                "until it is done, or close it. Searching goes on"
            )
            lock = contextlib.ExitStack()
            with explain(self.folder, "locking"):
                lock.enter_context(locked(self.folder / ".lock", busy))
            self._lock = lock

    def _table(self) -> Any:
        """The table for writing; the lock is held from now on."""
        with self._state:
            if self._writer is None:
                self._take_lock()
                self._refresh()  # nothing is built on what is damaged
                self._journal = Journal(self.folder)
                table = self._open_table()
                with explain(self.folder, "counting"):
                    self._written = None if table.count_rows() else set()
                self._writer = table
            return self._writer

    def close(self) -> None:
        with self._state:
            if self._lock is not None:
                self._lock.close()
            self._lock = self._writer = self._journal = self._db = self._written = None
            self._view = self._seen = None

    # ----- the version that is read -----------------------------------------------------------

    def _refresh(self) -> View:
        """The newest version, read where it is not the one at hand."""
        with self._state:
            seen = self._watch.look()
            if self._view is not None and seen == self._seen:
                return self._view
            record = self._read_record()
            view = self._view
            if view is None or (seen.version, record.layout) != (view.version, view.layout):
                self._view = view = self._read_view(record, view)
            self._seen, self.schema = seen, view.schema
            return view

    def _read_view(self, record: Record, last: View | None) -> View:
        journal = Journal(self.folder) if last is None else None  # before the table: it is older
        if journal is not None and not journal.version:
            raise StoreError(
                f"the store {self.folder} was never finished: the program that made it was stopped; "
                "run `skulens index build` again"
            )
        table = self._open_table()
        if journal is not None:
            journal.check(table.version)
        return View(table, present(record.layout, table.schema.names), self.folder, last)

    def _read_record(self) -> Record:
        record = read_store(self.folder)
        if record is None:
            raise StoreError(damaged(self.folder, "store.json is missing"))
        return record

    # ----- writing ----------------------------------------------------------------------------

    def upsert(self, documents: Iterable[Document]) -> int:
        table, count = self._table(), 0
        for chunk in cut_chunks(documents, self.schema):
            self._write_chunk(table, {d.id: d for d in chunk})
            count += len(chunk)
        if count and upkeep.read_state(table, self.folder).is_due():
            self.optimise()
        return count

    def _write_chunk(self, table: Any, documents: Mapping[str, Document]) -> None:
        """Commit and acknowledge some documents.

        Where all ids of the table are known, new ones are appended, which takes a tenth of the
        time of a merge. After an error they no longer are: it may have come after the commit.
        """
        known, self._written = self._written, None
        rows = self._layout().rows_of(list(documents.values()))
        with explain(self.folder, f"writing {len(documents):,} products"):
            if known is not None and known.isdisjoint(documents):
                table.add(rows, on_bad_vectors="null")
            else:
                merge = table.merge_insert(KEY).when_matched_update_all()
                merge = merge.when_not_matched_insert_all()
                done = merge.execute(rows, on_bad_vectors="null")
                written = done.num_updated_rows + done.num_inserted_rows
                if written != len(documents):
                    wrong = f"LanceDB wrote {written:,} products of {len(documents):,}"
                    raise StoreError(damaged(self.folder, wrong))
        self._acknowledge(table)
        if known is not None:
            known.update(documents)
            self._written = known

    def _layout(self) -> Layout:
        view = self._refresh() if self._view is None else self._view  # an empty one is false
        return view.layout

    def _acknowledge(self, table: Any) -> None:
        assert self._journal is not None
        if self.durability == "fsync":
            self._journal.acknowledge(table.version)

    def delete(self, ids: Iterable[str]) -> int:
        table, gone = self._table(), 0
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), DELETED):
            quoted = ", ".join(quote(i) for i in wanted[start : start + DELETED])
            with explain(self.folder, "deleting"):
                gone += table.delete(f"{KEY} IN ({quoted})").num_deleted_rows
            self._acknowledge(table)
        return gone

    def widen(self, schema: Schema) -> None:
        table = self._table()
        record = self._read_record()
        layout = present(record.layout, table.schema.names)
        merged = merge_schemas(layout.schema, schema)
        if merged == layout.schema:
            return
        with explain(self.folder, "adding columns"):
            wider = make_layout(merged, table.schema.names, layout)
            new = [c for c in wider.columns() if c.name not in table.schema.names]
            if new:
                table.add_columns(new)
            write_store(self.folder, replace(record, layout=wider))
        self._acknowledge(table)
        self._refresh()

    def optimise(self) -> None:
        table = self._table()
        upkeep.optimise(table, self._layout(), self.folder)
        self._acknowledge(table)
        if self.durability == "fsync" and self._journal is not None:
            self._journal.shorten()

    # ----- snapshots --------------------------------------------------------------------------

    def snapshot(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise StoreError(
                f"a snapshot cannot be called {name!r}; expected up to 64 of A-Z a-z 0-9 . _ -"
            )
        table, record = self._table(), self._read_record()
        if any(s.name == name for s in record.snapshots):
            raise StoreError(f"a snapshot {name!r} is there already; choose another name")
        with explain(self.folder, "taking a snapshot"):
            keep_version(self.folder, name, table.version)
            taken = Snapshot(name, table.version, self._layout())
            write_store(self.folder, replace(record, snapshots=(*record.snapshots, taken)))

    def rollback(self, name: str) -> None:
        table, record = self._table(), self._read_record()
        known = {s.name: s for s in record.snapshots}
        if name not in known:
            raise StoreError(f"no snapshot {name!r}; there are {', '.join(known) or 'none'}")
        self._written = None
        with explain(self.folder, f"returning to {name}"):
            bring_back(self.folder, name)
            table.restore(known[name].version)
            write_store(self.folder, replace(record, layout=known[name].layout))
        self._acknowledge(table)
        self._refresh()

    def snapshots(self) -> Sequence[str]:
        return [s.name for s in self._read_record().snapshots]

    # ----- searching and reading --------------------------------------------------------------

    def search(self, probe: Probe) -> Hits:
        view = self._refresh()
        mask = view.rows.mask(check_probe(probe, view.schema), probe.exclude)
        if probe.words:
            return find.by_words(view, probe, mask)
        return find.by_vector(view, probe, mask)

    def _mask(self, view: View, where: Filter | None) -> np.ndarray | None:
        return view.rows.mask(None if where is None else type_filter(where, view.schema))

    def select(
        self, where: Filter | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> tuple[str, ...]:
        view = self._refresh()
        name = find_column(by, view.schema).field if by else ""
        rows = view.rows.select(self._mask(view, where), k, name, descending)
        return view.rows.ids_of(rows)

    def count(self, where: Filter | None = None) -> int:
        view = self._refresh()
        return view.rows.count(self._mask(view, where))

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[Value, int]]:
        view = self._refresh()
        names = [find_column(f, view.schema).field for f in fields]
        return view.rows.facets(names, self._mask(view, where), most)

    def fetch(
        self, ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[Mapping[str, Any]]:
        view = self._refresh()
        names = [c.field for c in view.schema.fields] if fields is None else fields
        on_disk = {n: view.layout.fields.get(n, n) for n in names if n in OWN or n == CLAIMS.field}
        rows = view.rows.place(ids)
        found = view.rows.fetch(rows, [n for n in names if n not in on_disk])
        if on_disk:
            there, inverse = np.unique(rows[rows >= 0], return_inverse=True)
            read = view.take(there, list(on_disk.values())).to_pylist()
            for place, at in zip(np.flatnonzero(rows >= 0), inverse, strict=True):
                held = {n: read[at][column] for n, column in on_disk.items()}
                found[place].update({n: v for n, v in held.items() if v is not None})
        return list(found)

    def vectors(self, column: str, ids: Sequence[str]) -> np.ndarray:
        view = self._refresh()
        held = view.schema.vector(column)
        if held is None:
            known = ", ".join(c.name for c in view.schema.vectors) or "none"
            raise StoreError(f"no vector column {column!r}; there are {known}")
        rows = view.rows.place(ids)
        found = np.full((len(ids), held.dim), np.nan, np.float32)
        there, inverse = np.unique(rows[rows >= 0], return_inverse=True)
        found[rows >= 0] = view.vectors_of(held, there)[inverse]
        return found

    def digests(self) -> Mapping[str, str]:
        read = self._refresh().scan([KEY, "digest"])
        return dict(zip(read[KEY].to_pylist(), read["digest"].to_pylist(), strict=True))

    def check_files(self) -> None:
        """Raise StoreError where a file differs from what was acknowledged; reads all of them."""
        journal = Journal(self.folder)
        journal.check(self._refresh().version, contents=True)

    def state(self) -> Stamp:
        """Differs once anything of the store has changed, also by another program; takes
        microseconds where nothing has."""
        with self._state:
            self._refresh()
            assert self._seen is not None
            return self._seen

    def info(self) -> Mapping[str, object]:
        view = self._refresh()
        state = upkeep.read_state(view.table, self.folder)
        return {
            "engine": "lance",
            "engine_version": importlib.metadata.version("lancedb"),
            "durability": self.durability,
            "products": len(view),
            "version": view.version,
            "versions": len(list(table_folder(self.folder).glob("_versions/*.manifest"))),
            "bytes": size_of(self.folder),
            "fragments": state.fragments,
            "unindexed": state.unindexed,
            "indexes": dict(state.indexes),
            "snapshots": list(self.snapshots()),
            "schema": asdict(view.schema),
        }


def size_of(folder: Path) -> int:
    """Bytes of all files; one of several names is counted once."""
    found = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum({(f.st_dev, f.st_ino): f.st_size for f in found}.values())


def cut_chunks(documents: Iterable[Document], schema: Schema) -> Iterator[list[Document]]:
    """Documents that fit the schema, as many together as one commit takes.

    Raises:
        StoreError: one does not fit; chunks before it have been given.
    """
    chunk: list[Document] = []
    size = 0
    for document in documents:
        check_document(document, schema)
        chunk.append(document)
        size += len(document.thumbnail) + 2 * len(document.words)
        size += sum(4 * np.size(v) for v in document.vectors.values())
        if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def quote(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
