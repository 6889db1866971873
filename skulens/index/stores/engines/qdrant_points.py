"""A store in points of Qdrant's engine: what the server and the library in process have in common.

A product is one point: named vectors, words as a sparse vector, fields in the payload under names
that any engine takes (`columns.name_fields`), its own id in the payload since points are numbered
by UUIDs. Vectors have length 1 already, so that they are kept as they are and compared by inner
product.
"""

import base64
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from skulens.documents import Document, FieldColumn, FieldKind, Hits, Probe, Schema, Value
from skulens.index.stores.columns import (
    name_fields,
    name_vectors,
    point_id,
    read_schema,
    write_schema,
)
from skulens.index.stores.engines.graph import choose_ef
from skulens.index.stores.engines.qdrant_filters import Dialect, Translator, pack, unpack
from skulens.index.stores.engines.sparse import (
    Lengths,
    Sparse,
    check_tokeniser,
    measure_lengths,
    weigh_document,
    weigh_query,
)
from skulens.index.stores.engines.stream import (
    PAGE,
    TIES,
    batch_points,
    count_values,
    delete_points,
    first_rows,
    follow_equal,
    pages,
    stack_vectors,
)
from skulens.index.stores.probes import MOST, check_document, check_probe, merge_schemas, unit
from skulens.index.stores.where import find_column, type_filter
from skulens.index.stores.words import tokeniser
from skulens.records import Filter, batches

BATCH = 256
"""Products written in one call."""
WORDS = "words"
"""The sparse vector; names of other vectors start with v and a digit."""
OWN = {"id": "_id", "words": "_words", "thumbnail": "_thumbnail", "digest": "_digest"}
"""What is no field -> key of the payload; keys of fields start with f and a digit."""


@dataclass(frozen=True)
class Point:
    """What is written of a product."""

    id: str
    vectors: Mapping[str, np.ndarray | Sparse]
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class VectorSearch:
    """One search of the engine, by a dense vector or the sparse one of words."""

    using: str
    vector: np.ndarray | Sparse
    filter: Any
    ef: int = 0
    """0: compare with every vector."""


@dataclass(frozen=True)
class PageRequest:
    """One page to read."""

    filter: Any = None
    limit: int = PAGE
    keys: tuple[str, ...] = ()
    """Of the payload."""
    vectors: tuple[str, ...] = ()
    order: tuple[str, bool] | None = None
    """Key of numbers to sort by, descending?; first page only."""


class Points(Protocol):
    """What an engine does with points. Records have `id`, `payload` and `vector`."""

    dialect: Dialect
    approximate: bool
    """It has an index of vectors."""

    def write(self, points: Sequence[Point]) -> None: ...
    def remove(self, ids: Sequence[str]) -> None: ...
    def sync(self) -> None:
        """What was written survives a power failure."""

    def nearest(self, search: VectorSearch, limit: int) -> list[tuple[str, float]]:
        """(product, score), best first."""

    def page(self, wanted: PageRequest, offset: Any = None) -> tuple[Sequence[Any], Any]:
        """(records, offset of the next page)"""

    def retrieve(self, ids: Sequence[str], wanted: PageRequest) -> Sequence[Any]: ...
    def count(self, filter: Any) -> int: ...
    def facet(self, key: str, filter: Any, limit: int) -> list[tuple[str, int]]: ...
    def add_vector(self, name: str, dim: int) -> None: ...
    def add_index(self, key: str, kind: FieldKind) -> None:
        """Of a payload's key; once it is there, again does nothing."""

    def load(self) -> Mapping[str, Any]:
        """The record kept beside the points; empty where there is none."""

    def save(self, record: Mapping[str, Any]) -> None: ...


class PointStore:
    """See `protocols.Store`. `Qdrant` and `Edge` add what differs: places, snapshots, information.

    Raises:
        StoreError: the place holds something else.
    """

    def __init__(self, points: Points, place: str):
        self.points, self.place = points, place
        self._take(points.load())

    def _take(self, record: Mapping[str, Any]) -> None:
        self.schema = read_schema(record, self.place)
        self._lengths = Lengths(**record["lengths"]) if record.get("lengths") else None
        self._tokeniser = str(record.get("tokeniser", ""))
        self._name()

    def _name(self) -> None:
        self._keys, self._columns = name_fields(self.schema), name_vectors(self.schema)
        self._filters = Translator(self.points.dialect, self.schema, self._keys)

    def _save(self) -> None:
        self.points.save(make_record(self.schema, self._lengths, self._tokeniser))

    def widen(self, schema: Schema) -> None:
        merged = merge_schemas(self.schema, schema)
        if merged == self.schema:
            return
        old, self.schema = self.schema, merged
        self._name()
        prepare(self.points, merged, old)
        self._save()

    # ----- writing ----------------------------------------------------------------------------

    def upsert(self, documents: Iterable[Document]) -> int:
        count = 0
        check_tokeniser(self._tokeniser, self.place)
        for group in batches(documents, BATCH):
            for document in group:
                check_document(document, self.schema)
            if self._lengths is None:
                self._lengths = measure_lengths([d.words for d in group])
                self._save()
            last = {d.id: d for d in group}  # a point that is given twice is taken once
            self.points.write([self._point(d, self._lengths) for d in last.values()])
            count += len(group)
        self.points.sync()
        return count

    def _point(self, document: Document, lengths: Lengths) -> Point:
        vectors: dict[str, np.ndarray | Sparse] = {
            self._columns[name]: np.asarray(v, np.float32) for name, v in document.vectors.items()
        }
        words = weigh_document(document.words, lengths)
        if words.dims:
            vectors[WORDS] = words
        payload = {self._keys[f]: pack_field(v) for f, v in document.fields.items()}
        thumbnail = base64.b64encode(document.thumbnail).decode()
        own = (document.id, document.words, thumbnail, document.digest)
        return Point(
            point_id(document.id), vectors, payload | dict(zip(OWN.values(), own, strict=True))
        )

    def delete(self, ids: Iterable[str]) -> int:
        count = delete_points(ids, self._find_points, self.points.remove)
        self.points.sync()
        return count

    def _find_points(self, points: Sequence[str]) -> list[str]:
        """Those that are there."""
        return [str(r.id) for r in self.points.retrieve(points, PageRequest())]

    # ----- searching --------------------------------------------------------------------------

    def search(self, probe: Probe) -> Hits:
        where = check_probe(probe, self.schema)
        limits = [self._filters.translate(where)] if where else []
        if probe.exclude:
            gone = self.points.dialect.has_id([point_id(i) for i in probe.exclude])
            limits.append(self._filters.none_of([gone]))
        search = self._plan(probe, limits)
        if search is None:
            return Hits((), np.zeros(0, np.float32))
        found, how = self._find(search, probe.k)
        found.sort(key=lambda hit: (hit[1], hit[0]), reverse=True)
        del found[probe.k :]
        return Hits(tuple(i for i, _ in found), np.array([s for _, s in found], np.float32), how)

    def _plan(self, probe: Probe, limits: list[Any]) -> VectorSearch | None:
        """What the engine is asked; None where a query has no words."""
        if probe.vector is None:
            check_tokeniser(self._tokeniser, self.place)
            words = weigh_query(probe.words)
            return VectorSearch(WORDS, words, self._filters.all_of(limits)) if words.dims else None
        name = self._columns[probe.column]
        exact = probe.exact or not self.points.approximate
        ef = 0 if exact else choose_ef(probe.k, filtered=bool(limits))
        limits.append(self.points.dialect.has_vector(name))
        return VectorSearch(name, unit(probe.vector), self._filters.all_of(limits), ef)

    def _find(self, search: VectorSearch, k: int) -> tuple[list[tuple[str, float]], str]:
        """At least min(k, how many there are) products, and how they were found."""
        if search.ef:
            found = follow_equal(partial(self.points.nearest, search), k, TIES * k)
            if len(found) >= k or len(found) == self.points.count(search.filter):
                return found, f"hnsw ef {search.ef}"
        most = TIES * k if search.using == WORDS else 2 * MOST
        exactly = partial(self.points.nearest, replace(search, ef=0))
        return follow_equal(exactly, k, most), "exact"

    # ----- counting and reading ---------------------------------------------------------------

    def _filter(self, where: Filter | None, *more: Any) -> Any:
        limits = [self._filters.translate(type_filter(where, self.schema))] if where else []
        return self._filters.all_of([*limits, *more])

    def _stream(self, filter: Any, *keys: str) -> Iterator[Mapping[str, Any]]:
        """Payloads of all points that satisfy a filter."""
        wanted = PageRequest(filter, keys=keys)
        return (record.payload for record in pages(partial(self.points.page, wanted)))

    def select(
        self, where: Filter | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> tuple[str, ...]:
        asked, own = self._filter(where), OWN["id"]
        if not by:
            ids = (held[own] for held in self._stream(asked, own))
            return tuple((heapq.nlargest if descending else heapq.nsmallest)(k, ids))
        column = find_column(by, self.schema)
        if column.kind == "number" and not column.many:
            return self._select_numbers(column, where, k, descending)
        key = self._keys[column.field]
        rows = ((held[own], held.get(key)) for held in self._stream(asked, own, key))
        return first_rows(rows, k, descending)

    def _select_numbers(
        self, column: FieldColumn, where: Filter | None, k: int, descending: bool
    ) -> tuple[str, ...]:
        """By the engine's own order, which leaves open how equal numbers follow one another."""
        key, own = self._keys[column.field], OWN["id"]
        wanted = PageRequest(self._filter(where), k, (own, key), order=(key, descending))
        rows = [(r.payload[own], r.payload[key]) for r in self.points.page(wanted)[0]]
        if len(rows) < k:
            lacking = self._filter(where, self._filters.missing(column.field))
            more = heapq.nsmallest(k - len(rows), (p[own] for p in self._stream(lacking, own)))
            return first_rows(rows, k, descending) + tuple(more)
        last = rows[-1][1]
        better = first_rows([r for r in rows if r[1] != last], k, descending)
        equal = self._filter(where, self._filters.within(column.field, gte=last, lte=last))
        ids = (held[own] for held in self._stream(equal, own))
        return better + tuple(heapq.nsmallest(k - len(better), ids))

    def count(self, where: Filter | None = None) -> int:
        return self.points.count(self._filter(where))

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[Value, int]]:
        asked, found = self._filter(where), {}
        for field in fields:
            column = find_column(field, self.schema)
            key = self._keys[column.field]
            if column.kind == "number":  # of floats the engine counts none
                rows = (held.get(key) for held in self._stream(asked, key))
                found[column.field] = count_values(rows, most)
            else:
                counts = self.points.facet(key, asked, most)
                found[column.field] = {unpack(v, column.kind): n for v, n in counts}
        return found

    def fetch(
        self, ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[Mapping[str, Any]]:
        known = {**OWN, **self._keys}
        keys = {n: known[n] for n in (self._keys if fields is None else fields) if n in known}
        wanted = PageRequest(keys=tuple({OWN["id"], *keys.values()}))
        held = {r.payload[OWN["id"]]: r.payload for r in self._read(ids, wanted)}
        return [self._unpack(held.get(i, {}), keys) for i in ids]

    def _unpack(self, payload: Mapping[str, Any], keys: Mapping[str, str]) -> Mapping[str, Any]:
        found: dict[str, Any] = {"id": payload[OWN["id"]]} if payload else {}
        for name, key in keys.items():
            if (held := payload.get(key)) is None:
                continue
            if name == "thumbnail":
                found[name] = base64.b64decode(held)
            elif column := self.schema.field(name):
                found[name] = unpack_field(held, column.kind)
            else:
                found[name] = held
        return found

    def vectors(self, column: str, ids: Sequence[str]) -> np.ndarray:
        known = self.schema.vector(column)
        if known is None:
            return stack_vectors([None] * len(ids), 0)
        name = self._columns[column]
        held = {str(r.id): r.vector or {} for r in self._read(ids, PageRequest(vectors=(name,)))}
        return stack_vectors([held.get(point_id(i), {}).get(name) for i in ids], known.dim)

    def _read(self, ids: Sequence[str], wanted: PageRequest) -> Iterator[Any]:
        for group in batch_points(ids):
            yield from self.points.retrieve(group, wanted)

    def digests(self) -> Mapping[str, str]:
        own, digest = OWN["id"], OWN["digest"]
        return {held[own]: held[digest] for held in self._stream(None, own, digest)}


def make_record(schema: Schema, lengths: Lengths | None = None, cut_by: str = "") -> dict[str, Any]:
    """What is kept beside the points."""
    words = {"words": lengths.words, "grams": lengths.grams} if lengths else {}
    return {**write_schema(schema), "lengths": words, "tokeniser": cut_by or tokeniser()}


def prepare(points: Points, schema: Schema, old: Schema | None = None) -> None:
    """Vectors and payload indexes of the columns that `old` lacks, before products come."""
    vectors, keys = name_vectors(schema), name_fields(schema)
    for column in schema.vectors:
        if old is not None and old.vector(column.name) is None:
            points.add_vector(vectors[column.name], column.dim)
    for field in schema.fields:
        if old is None or old.field(field.field) is None:
            points.add_index(keys[field.field], field.kind)


def pack_field(value: Value | tuple[Value, ...]) -> Any:
    return [pack(v) for v in value] if isinstance(value, tuple) else pack(value)


def unpack_field(held: Any, kind: FieldKind) -> Value | tuple[Value, ...]:
    if isinstance(held, list):
        return tuple(unpack(v, kind) for v in held)
    return unpack(held, kind)
