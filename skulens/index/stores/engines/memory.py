"""Exact search in memory; gone with the process.

store = open_store("memory:", schema)
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from skulens.documents import Document, FieldColumn, Hits, Probe, Schema, Value
from skulens.errors import StoreError
from skulens.index.stores.engines.snapshots import check_known
from skulens.index.stores.engines.stream import stack_vectors
from skulens.index.stores.local.full_text import FullText
from skulens.index.stores.local.rows import Rows
from skulens.index.stores.local.scan import Matrix
from skulens.index.stores.probes import check_document, check_probe, merge_schemas, unit
from skulens.index.stores.where import find_column, type_filter
from skulens.records import Filter

ARROW = {"text": pa.string(), "number": pa.float64(), "truth": pa.bool_()}
"""Kind of a field -> type of its values in arrow."""


class Memory:
    """Documents in a dictionary; see `protocols.Store`.

    What is searched is made of them by the first query after a change, and kept until the next.
    """

    def __init__(self, place: str = "", schema: Schema | None = None):
        if schema is None:
            raise StoreError(
                "memory: no store is kept in memory from program to program; give a schema to make "
                "one, or open a folder"
            )
        self.schema = schema
        self._held: dict[str, Document] = {}
        self._named: dict[str, tuple[Schema, dict[str, Document]]] = {}
        self._text = FullText()
        self._lock = Lock()
        self._seen: SearchState | None = None

    def upsert(self, documents: Iterable[Document]) -> int:
        count = 0
        for document in documents:
            check_document(document, self.schema)
            self._held[document.id] = document
            self._seen = None
            count += 1
        return count

    def delete(self, ids: Iterable[str]) -> int:
        gone = [i for i in dict.fromkeys(ids) if self._held.pop(i, None) is not None]
        self._seen = None
        return len(gone)

    def widen(self, schema: Schema) -> None:
        self.schema, self._seen = merge_schemas(self.schema, schema), None

    def _state(self) -> "SearchState":
        with self._lock:
            if self._seen is None:
                self._seen = SearchState(self.schema, list(self._held.values()))
            return self._seen

    def search(self, probe: Probe) -> Hits:
        where = check_probe(probe, self.schema)
        state = self._state()
        mask = state.rows.mask(where, probe.exclude)
        if probe.vector is not None:
            matrix = state.matrix(probe.column)
            found, scores = matrix.search(unit(probe.vector), probe.k, mask)
        else:
            found, scores = self._search_words(state, probe, mask)
        return Hits(state.rows.ids_of(found), scores)

    def _search_words(
        self, state: "SearchState", probe: Probe, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        with self._lock:
            self._text.follow(state.words)
            return self._text.search(probe.words, probe.k, mask, state.rows.tie_rank)

    def _fitting(self, where: Filter | None) -> tuple[Rows, np.ndarray | None]:
        """The rows, and a mask of those that satisfy a filter."""
        rows = self._state().rows
        return rows, rows.mask(None if where is None else type_filter(where, self.schema))

    def select(
        self, where: Filter | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> tuple[str, ...]:
        rows, mask = self._fitting(where)
        name = find_column(by, self.schema).field if by else ""
        return rows.ids_of(rows.select(mask, k, name, descending))

    def count(self, where: Filter | None = None) -> int:
        rows, mask = self._fitting(where)
        return rows.count(mask)

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[Value, int]]:
        rows, mask = self._fitting(where)
        return rows.facets([find_column(f, self.schema).field for f in fields], mask, most)

    def fetch(
        self, ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[Mapping[str, Any]]:
        names = [c.field for c in self.schema.fields] if fields is None else fields
        return [self._fetch_one(self._held.get(i), names) for i in ids]

    def _fetch_one(self, held: Document | None, names: Sequence[str]) -> Mapping[str, Any]:
        if held is None:
            return {}
        own = {"words": held.words, "thumbnail": held.thumbnail, "digest": held.digest}
        every = {**own, **held.fields}
        return {"id": held.id} | {n: every[n] for n in names if n in every}

    def vectors(self, column: str, ids: Sequence[str]) -> np.ndarray:
        known = self.schema.vector(column)
        held = (self._held.get(i) for i in ids)
        vectors = [d.vectors.get(column) if d else None for d in held]
        return stack_vectors(vectors, known.dim if known else 0)

    def digests(self) -> Mapping[str, str]:
        return {i: d.digest for i, d in self._held.items()}

    def optimise(self) -> None:
        """Nothing to do."""

    def snapshot(self, name: str) -> None:
        if name in self._named:
            raise StoreError(f"a snapshot {name!r} is there already; choose another name")
        self._named[name] = self.schema, dict(self._held)

    def rollback(self, name: str) -> None:
        check_known(name, self.snapshots())
        self.schema, held = self._named[name]
        self._held, self._seen = dict(held), None

    def snapshots(self) -> Sequence[str]:
        return list(self._named)

    def state(self) -> "SearchState":
        """Another object once anything has changed."""
        return self._state()

    def info(self) -> Mapping[str, object]:
        return {"engine": "memory", "products": len(self._held)}

    def close(self) -> None:
        """Nothing is open."""


class SearchState:
    """Documents as they are searched; each part is made when first needed."""

    def __init__(self, schema: Schema, documents: Sequence[Document]):
        self._schema, self._documents = schema, documents
        self._matrices: dict[str, Matrix] = {}

    @cached_property
    def rows(self) -> Rows:
        fields = {c.field: gather_field(self._documents, c) for c in self._schema.fields}
        return Rows([d.id for d in self._documents], pa.table(fields), self._schema)

    @cached_property
    def words(self) -> dict[str, str]:
        return {d.id: d.words for d in self._documents}

    def matrix(self, column: str) -> Matrix:
        if column not in self._matrices:
            known = self._schema.vector(column)
            assert known is not None  # the probe was checked
            vectors = stack_vectors([d.vectors.get(column) for d in self._documents], known.dim)
            self._matrices[column] = Matrix(vectors, self.rows.tie_rank)
        return self._matrices[column]


def gather_field(documents: Sequence[Document], column: FieldColumn) -> pa.Array:
    """A field of documents as one arrow column."""
    kind = pa.list_(ARROW[column.kind]) if column.many else ARROW[column.kind]
    return pa.array([d.fields.get(column.field) for d in documents], kind)
