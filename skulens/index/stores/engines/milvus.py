"""Products in a collection of Milvus, on a server or a cluster.

    store = open_store("milvus:http://localhost:19530/shop")

A token, where the server wants one, is read from $MILVUS_TOKEN: a key, or "USER:PASSWORD".
"milvus:FILE.db" is Milvus Lite, for tests. Fields are kept in one column of JSON, since a collection
has at most 64 columns, and products are numbered by UUIDs, since pymilvus reads on by an expression
that an id with a quotation mark would end. Words are found by Milvus's own BM25 over words that we
have split; grams are not searched.
"""

import base64
import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from skulens.documents import Document, Hits, Probe, Schema, Value
from skulens.errors import StoreError
from skulens.index.stores.columns import name_fields, name_vectors, no_store, point_id, read_schema
from skulens.index.stores.engines.calls import split_collection
from skulens.index.stores.engines.graph import GRAPH, choose_ef
from skulens.index.stores.engines.milvus_collection import (
    TEXT,
    Collection,
    has,
    make_record,
)
from skulens.index.stores.engines.milvus_filters import EVER, HELD, literal, pack_field, translate
from skulens.index.stores.engines.sparse import check_tokeniser, dim_of
from skulens.index.stores.engines.stream import (
    TIES,
    batch_points,
    count_values,
    delete_points,
    first_rows,
    follow_equal,
    stack_vectors,
)
from skulens.index.stores.probes import check_document, check_probe, merge_schemas, unit
from skulens.index.stores.where import find_column, type_filter
from skulens.index.stores.words import split
from skulens.records import Filter, batches

MOST = 16_384
"""Hits of one search, says Milvus."""
BATCH = 256
"""Products written in one call."""


class Milvus:
    """See `protocols.Store`."""

    def __init__(self, place: str, schema: Schema | None = None):
        lite = place.endswith(".db")
        example = "milvus:http://HOST:19530/COLLECTION"
        where, name = (place, "products") if lite else split_collection(place, example)
        if schema is None and lite and not Path(place).exists():
            raise no_store(f"milvus:{place}")
        self._collection = Collection(where, name)
        try:
            if not self._collection.exists():
                if schema is None:
                    raise no_store(f"milvus:{place}")
                self._collection.create(schema)
            record = self._collection.load()
            self._tokeniser = str(record.get("tokeniser", ""))
            self._take(read_schema(record, place))
        except BaseException:
            self.close()
            raise

    def _take(self, schema: Schema) -> None:
        self.schema = schema
        self._keys, self._columns = name_fields(schema), name_vectors(schema)

    def widen(self, schema: Schema) -> None:
        merged = merge_schemas(self.schema, schema)
        if merged.vectors != self.schema.vectors:
            raise StoreError(
                "a collection of Milvus takes no further vector columns; build a new store"
            )
        if merged != self.schema:
            self._collection.save(make_record(merged, self._tokeniser))
            self._take(merged)

    # ----- writing ----------------------------------------------------------------------------

    def upsert(self, documents: Iterable[Document]) -> int:
        count = 0
        check_tokeniser(self._tokeniser, self._collection.where)
        for group in batches(documents, BATCH):
            for document in group:
                check_document(document, self.schema)
            last = {d.id: self._row(d) for d in group}  # a product that is given twice: the last
            self._collection.write(list(last.values()))
            count += len(group)
        self._collection.sync()
        return count

    def _row(self, document: Document) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for field, value in document.fields.items():
            held |= pack_field(self._keys[field], value)
        row: dict[str, Any] = {
            "point": point_id(document.id),
            "id": document.id,
            "words": document.words,
            "tokens": tokens_of(document.words),
            "thumbnail": base64.b64encode(document.thumbnail).decode(),
            "digest": document.digest,
            HELD: held,
        }
        for column in self.schema.vectors:
            name, vector = self._columns[column.name], document.vectors.get(column.name)
            row[has(name)] = vector is not None
            row[name] = [0.0] * column.dim if vector is None else np.asarray(vector, np.float32)
        check_row(row)
        return row

    def delete(self, ids: Iterable[str]) -> int:
        count = delete_points(ids, self._find_points, self._collection.remove)
        self._collection.sync()
        return count

    def _find_points(self, points: Sequence[str]) -> list[str]:
        """Those that are there."""
        return [r["point"] for r in self._collection.query(among(points), ["point"])]

    # ----- searching --------------------------------------------------------------------------

    def search(self, probe: Probe) -> Hits:
        where = check_probe(probe, self.schema)
        if probe.k > MOST:
            raise StoreError(f"k must be from 1 to {MOST:,} with Milvus, got {probe.k:,}")
        limits = [translate(where, self.schema, self._keys)] if where else []
        if probe.exclude:
            limits.append(f"not ({among(map(point_id, probe.exclude))})")
        if probe.vector is None:
            found, how = self._find_words(probe, join(limits)), "exact"
        else:
            found, how = self._find_vector(probe, unit(probe.vector), limits)
        ranked = sorted(found, key=lambda hit: (hit[1], hit[0]), reverse=True)[: probe.k]
        return Hits(tuple(i for i, _ in ranked), np.array([s for _, s in ranked], np.float32), how)

    def _find_words(self, probe: Probe, filter: str) -> list[tuple[str, float]]:
        check_tokeniser(self._tokeniser, self._collection.where)
        tokens = tokens_of(probe.words)
        ask = partial(self._collection.nearest, "bm25", tokens, filter, {})
        return follow_equal(ask, probe.k, most(probe.k)) if tokens else []

    def _find_vector(
        self, probe: Probe, vector: np.ndarray, limits: list[str]
    ) -> tuple[list[tuple[str, float]], str]:
        """What was found, and how."""
        name = self._columns[probe.column]
        filter = join([f"{has(name)} == true", *limits])
        if probe.exact and self._collection.approximate:
            return self._scan(name, vector, filter), "exact"
        ef = choose_ef(probe.k, filtered=bool(limits))
        ask = partial(self._collection.nearest, name, vector.tolist(), filter, {"ef": ef})
        found = follow_equal(ask, probe.k, most(probe.k))
        if not self._collection.approximate:
            return found, "exact"
        if len(found) < probe.k and len(found) < self._collection.count(filter):
            return self._scan(name, vector, filter), "exact"
        return found, f"hnsw ef {ef}"

    def _scan(self, name: str, vector: np.ndarray, filter: str) -> list[tuple[str, float]]:
        """Every vector that satisfies the filter, read and compared here: Milvus has no exact search
        of an indexed column."""
        rows = self._collection.stream(filter, ["id", name])
        return [(r["id"], float(np.asarray(r[name], np.float32) @ vector)) for r in rows]

    # ----- counting and reading ---------------------------------------------------------------

    def _filter(self, where: Filter | None) -> str:
        if where is None:
            return EVER
        return translate(type_filter(where, self.schema), self.schema, self._keys)

    def select(
        self, where: Filter | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> tuple[str, ...]:
        if not by:
            ids = (row["id"] for row in self._collection.stream(self._filter(where), ["id"]))
            return tuple((heapq.nlargest if descending else heapq.nsmallest)(k, ids))
        key = self._keys[find_column(by, self.schema).field]
        rows = self._collection.stream(self._filter(where), ["id", HELD])
        return first_rows(((row["id"], row[HELD].get(key)) for row in rows), k, descending)

    def count(self, where: Filter | None = None) -> int:
        return self._collection.count(self._filter(where))

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[Value, int]]:
        names = [find_column(field, self.schema).field for field in fields]
        values: dict[str, list[Any]] = {name: [] for name in names}
        for row in self._collection.stream(self._filter(where), [HELD]):
            for name, found in values.items():
                found.append(row[HELD].get(self._keys[name]))
        return {name: count_values(found, most) for name, found in values.items()}

    def fetch(
        self, ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[Mapping[str, Any]]:
        names = list(self._keys) if fields is None else fields
        own = [n for n in names if n in ("words", "thumbnail", "digest")]
        rows = self._read(ids, ["id", HELD, *own])
        return [self._unpack(rows.get(point_id(i)), names) for i in ids]

    def _unpack(self, row: Mapping[str, Any] | None, names: Sequence[str]) -> Mapping[str, Any]:
        if row is None:
            return {}
        found = {"id": row["id"]}
        for name in names:
            if name == "thumbnail":
                found[name] = base64.b64decode(row[name])
                continue
            held = row[HELD].get(self._keys[name]) if name in self._keys else row.get(name)
            if held is not None:
                found[name] = tuple(held) if isinstance(held, list) else held
        return found

    def vectors(self, column: str, ids: Sequence[str]) -> np.ndarray:
        known = self.schema.vector(column)
        if known is None:
            return stack_vectors([None] * len(ids), 0)
        name = self._columns[column]
        held = self._read(ids, [name, has(name)])
        rows = (held.get(point_id(i)) for i in ids)
        return stack_vectors([r[name] if r and r[has(name)] else None for r in rows], known.dim)

    def _read(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Point -> row."""
        found: dict[str, Mapping[str, Any]] = {}
        for group in batch_points(ids):
            for row in self._collection.query(among(group), ["point", *names]):
                found[row["point"]] = row
        return found

    def digests(self) -> Mapping[str, str]:
        rows = self._collection.stream(EVER, ["id", "digest"])
        return {row["id"]: row["digest"] for row in rows}

    # ----- looking after ----------------------------------------------------------------------

    def optimise(self) -> None:
        """Nothing to do: Milvus brings its indexes up to date by itself."""

    def snapshot(self, name: str) -> None:
        raise StoreError(
            "a store in Milvus keeps no named states; use milvus-backup on the server, or build a "
            "second collection and search that"
        )

    def rollback(self, name: str) -> None:
        self.snapshot(name)

    def snapshots(self) -> Sequence[str]:
        return []

    def info(self) -> Mapping[str, object]:
        return {
            "engine": "milvus",
            "version": self._collection.version(),
            "products": self._collection.count(EVER),
            "graph": GRAPH,
        }

    def close(self) -> None:
        self._collection.close()


def among(points: Iterable[str]) -> str:
    return f"point in [{', '.join(map(literal, points))}]"


def most(k: int) -> int:
    """How many are asked for where equal scores are followed."""
    return min(TIES * k, MOST)


def join(limits: Sequence[str]) -> str:
    return " and ".join(f"({limit})" for limit in limits) or EVER


def tokens_of(text: str) -> str:
    """Words as any tokeniser leaves them; as many as Milvus holds."""
    return " ".join(f"w{dim_of(word):08x}" for word in split(text)[: TEXT // 10])


def check_row(row: Mapping[str, Any]) -> None:
    """Raise StoreError for a text that Milvus does not hold."""
    for name in ("id", "words", "thumbnail", "digest", HELD):
        text = json.dumps(row[name], ensure_ascii=False) if name == HELD else row[name]
        if (size := len(text.encode())) > TEXT:
            what = "fields" if name == HELD else name
            raise StoreError(
                f"{row['id'][:80]}: {what} of {size:,} bytes; Milvus holds up to {TEXT:,}; shorten "
                "them, or keep the store in a folder (LanceDB)"
            )
