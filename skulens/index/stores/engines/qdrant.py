"""Products in a collection of Qdrant, on a server or a cluster.

    store = open_store("qdrant:http://localhost:6333/shop")

A key, where the server wants one, is read from $QDRANT_API_KEY. "qdrant::memory:/NAME" and
"qdrant:FOLDER/NAME" are the client's imitation of a server, for tests: every search compares with
every vector.
"""

import importlib.metadata
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from skulens.documents import FieldKind, Schema
from skulens.errors import StoreError
from skulens.index.stores.columns import name_vectors, no_store, read_schema
from skulens.index.stores.engines.calls import TIMEOUT_S, repeat, split_collection
from skulens.index.stores.engines.graph import EF_CONSTRUCT, GRAPH, M
from skulens.index.stores.engines.qdrant_filters import Dialect
from skulens.index.stores.engines.qdrant_points import (
    BATCH,
    OWN,
    WORDS,
    PageRequest,
    Point,
    PointStore,
    VectorSearch,
    make_record,
    prepare,
)
from skulens.index.stores.engines.snapshots import check_known, check_new, explain_disk
from skulens.index.stores.engines.sparse import Sparse
from skulens.index.stores.engines.stream import PAGE, pages
from skulens.records import batches

KEY = "QDRANT_API_KEY"
MEMORY = ":memory:"
RECORD = "skulens"
"""Key of the collection's metadata under which our record is."""
COPY = "--snapshot--"
"""Between the names of a collection and of its snapshot: the name of the copy."""
PASSING = (408, 429, 500, 502, 503, 504)
"""Status codes of a failure that may be gone at the next attempt."""
INDEXES = {
    "text": models.PayloadSchemaType.KEYWORD,
    "number": models.PayloadSchemaType.FLOAT,
    "truth": models.PayloadSchemaType.KEYWORD,
}
DIALECT = Dialect(
    models,
    models.Range,
    lambda ids: models.HasIdCondition(has_id=list(ids)),
    lambda name: models.HasVectorCondition(has_vector=name),
)


class Qdrant(PointStore):
    """See `protocols.Store`. A snapshot is a copy of the collection beside it; a rollback writes its
    products back one batch after the other and then deletes those that it lacks: meanwhile a
    search sees some products old and some new, and one that was interrupted can be repeated."""

    def __init__(self, place: str, schema: Schema | None = None):
        where, name = split_collection(place, "qdrant:http://HOST:6333/COLLECTION")
        local = "://" not in where and where != MEMORY
        if schema is None and local and not Path(where).exists():
            raise no_store(f"qdrant:{place}")
        self._collection = Collection(connect(where), name, where)
        try:
            if not self._collection.exists():
                if schema is None:
                    raise no_store(f"qdrant:{place}")
                self._collection.create(schema)
            super().__init__(self._collection, place)
            if schema is not None:  # of a collection whose making was interrupted, too
                prepare(self._collection, self.schema)
        except BaseException:
            self.close()
            raise

    def optimise(self) -> None:
        """Nothing to do: the server brings its indexes up to date by itself."""

    def snapshot(self, name: str) -> None:
        check_new(name, self.snapshots())
        copy = self._collection.beside(self._collection.name + COPY + name)
        copy.create(self.schema)
        for group in self._collection.read_points():
            copy.write(group)
        copy.save({**self._collection.load(), "made": time.time()})

    def rollback(self, name: str) -> None:
        check_known(name, self.snapshots())
        copy = self._collection.beside(self._collection.name + COPY + name)
        kept: set[str] = set()
        record = {k: v for k, v in copy.load().items() if k != "made"}
        read_schema(record, copy.name)
        for group in copy.read_points():
            self._collection.write(group)
            kept.update(p.id for p in group)
        read = partial(self._collection.page, PageRequest())
        self._collection.remove([i for r in pages(read) if (i := str(r.id)) not in kept])
        self._collection.save(record)
        self._take(record)

    def snapshots(self) -> Sequence[str]:
        start = self._collection.name + COPY
        made = {}
        for name in self._collection.names():
            if name.startswith(start):
                record = self._collection.beside(name).load()
                if "made" in record:  # a copy that was interrupted has none
                    made[name.removeprefix(start)] = record["made"]
        return sorted(made, key=lambda n: (made[n], n))

    def info(self) -> Mapping[str, object]:
        return {"engine": "qdrant", **self._collection.info()}

    def close(self) -> None:
        self._collection.client.close()


class Collection:
    """See `qdrant_points.Points`."""

    dialect = DIALECT

    def __init__(self, client: QdrantClient, name: str, where: str):
        self.client, self.name, self.where = client, name, where
        self.approximate = "://" in where

    def beside(self, name: str) -> "Collection":
        """Another collection of the same server."""
        return Collection(self.client, name, self.where)

    def _call(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """A call that may be made twice, as all are but those that create a collection."""
        return self._once(repeat, partial(call, *args, **options), is_passing)

    def _once(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return call(*args, **options)
        except UnexpectedResponse as e:
            raise self._explain(e) from e
        except ResponseHandlingException as e:
            raise StoreError(
                f"no answer of Qdrant at {self.where} ({str(e.source)[:200]}); is it running, and "
                "is the address right?"
            ) from e
        except ResourceExhaustedResponse as e:
            raise StoreError(f"Qdrant at {self.where} is overloaded; try again later") from e
        except (ValueError, RuntimeError) as e:  # of the client, or of its imitation of a server
            raise StoreError(f"{self.name!r} at {self.where}: {e}") from e

    def _explain(self, error: UnexpectedResponse) -> StoreError:
        if error.status_code in (401, 403):
            have = "the key in it is not accepted" if os.environ.get(KEY) else "it is not set"
            return StoreError(f"Qdrant at {self.where} wants a key from ${KEY}; {have}")
        if error.status_code == 404:
            return StoreError(
                f"Qdrant at {self.where} has no collection {self.name!r}; see the address, or make it by "
                "`skulens index build`"
            )
        said = error.content[:200].decode(errors="replace")
        return StoreError(f"Qdrant at {self.where} answered {error.status_code}: {said}")

    def exists(self) -> bool:
        return self._call(self.client.collection_exists, self.name)

    def names(self) -> list[str]:
        return [c.name for c in self._call(self.client.get_collections).collections]

    def create(self, schema: Schema) -> None:
        """An empty collection, in place of what a killed program left under its name."""
        if self.exists():
            self._call(self.client.delete_collection, self.name)
        names = name_vectors(schema)
        vectors = {
            names[c.name]: models.VectorParams(size=c.dim, distance=models.Distance.DOT)
            for c in schema.vectors
        }
        self._once(
            self.client.create_collection,
            self.name,
            vectors_config=vectors,
            sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            hnsw_config=models.HnswConfigDiff(m=M, ef_construct=EF_CONSTRUCT),
            metadata={RECORD: json.dumps(make_record(schema))},
        )
        if not self.load():
            raise StoreError(f"Qdrant at {self.where} is too old; version 1.16 or later is needed")

    def write(self, points: Sequence[Point]) -> None:
        found = [
            models.PointStruct(
                id=p.id,
                vector={n: write_vector(v) for n, v in p.vectors.items()},
                payload=dict(p.payload),
            )
            for p in points
        ]
        try:
            self._call(self.client.upsert, self.name, found, wait=True)
        except StoreError as e:
            if getattr(e.__cause__, "status_code", 0) != 413 or len(points) == 1:
                raise
            half = len(points) // 2  # too large for one request
            self.write(points[:half])
            self.write(points[half:])

    def remove(self, ids: Sequence[str]) -> None:
        for group in batches(ids, PAGE):
            chosen = models.PointIdsList(points=list(group))
            self._call(self.client.delete, self.name, chosen, wait=True)

    def sync(self) -> None:
        """Nothing to do: the server has applied what it acknowledged, and logged it before."""

    def nearest(self, search: VectorSearch, limit: int) -> list[tuple[str, float]]:
        params = models.SearchParams(hnsw_ef=search.ef or None, exact=not search.ef)
        found = self._call(
            self.client.query_points,
            self.name,
            query=write_vector(search.vector),
            using=search.using,
            query_filter=search.filter,
            search_params=params if self.approximate else None,
            limit=limit,
            with_payload=[OWN["id"]],
        )
        return [(hit.payload[OWN["id"]], hit.score) for hit in found.points]

    def page(self, wanted: PageRequest, offset: Any = None) -> tuple[Sequence[Any], Any]:
        order = None
        if wanted.order:
            key, descending = wanted.order
            way = models.Direction.DESC if descending else models.Direction.ASC
            order = models.OrderBy(key=key, direction=way)
        return self._call(
            self.client.scroll,
            self.name,
            scroll_filter=wanted.filter,
            limit=wanted.limit,
            order_by=order,
            offset=offset,
            with_payload=list(wanted.keys) or False,
            with_vectors=list(wanted.vectors) or False,
        )

    def retrieve(self, ids: Sequence[str], wanted: PageRequest) -> Sequence[Any]:
        return self._call(
            self.client.retrieve,
            self.name,
            list(ids),
            with_payload=list(wanted.keys) or False,
            with_vectors=list(wanted.vectors) or False,
        )

    def read_points(self) -> Iterator[list[Point]]:
        """All there is, BATCH points at a time."""
        read = partial(
            self._call,
            self.client.scroll,
            self.name,
            limit=BATCH,
            with_payload=True,
            with_vectors=True,
        )
        records = pages(lambda offset: read(offset=offset))
        for group in batches(records, BATCH):
            yield [Point(str(r.id), read_vectors(r.vector), r.payload) for r in group]

    def count(self, filter: Any) -> int:
        found = self._call(self.client.count, self.name, count_filter=filter, exact=True)
        return found.count

    def facet(self, key: str, filter: Any, limit: int) -> list[tuple[str, int]]:
        found = self._call(
            self.client.facet, self.name, key, facet_filter=filter, limit=limit, exact=True
        )
        return [(h.value, h.count) for h in found.hits]

    def add_vector(self, name: str, dim: int) -> None:
        """In place of one that a rollback left behind."""
        held = self._call(self.client.get_collection, self.name).config.params.vectors
        if name in held:
            self._call(self.client.delete_vector_name, self.name, name)
        config = models.DenseVectorNameConfig(
            dense=models.DenseVectorConfig(size=dim, distance=models.Distance.DOT)
        )
        self._once(self.client.create_vector_name, self.name, name, config)

    def add_index(self, key: str, kind: FieldKind) -> None:
        with warnings.catch_warnings():  # the imitation says that it needs none
            warnings.simplefilter("ignore", UserWarning)
            self._call(self.client.create_payload_index, self.name, key, INDEXES[kind], wait=True)

    def load(self) -> Mapping[str, Any]:
        held = self._call(self.client.get_collection, self.name).config.metadata or {}
        return json.loads(held.get(RECORD, "{}"))

    def save(self, record: Mapping[str, Any]) -> None:
        told = {RECORD: json.dumps(record)}
        self._call(self.client.update_collection, self.name, metadata=told)

    def info(self) -> dict[str, object]:
        held = self._call(self.client.get_collection, self.name)
        return {
            "version": self._call(self.client.info).version,
            "client": importlib.metadata.version("qdrant-client"),
            "products": self.count(None),
            "segments": held.segments_count,
            "indexed_vectors": held.indexed_vectors_count,
            "graph": GRAPH,
        }


def connect(where: str) -> QdrantClient:
    """Raises StoreError where another program has the folder open."""
    if "://" in where:
        # whether versions fit is asked in a request of its own, which fails in words of its own
        return QdrantClient(
            url=where,
            api_key=os.environ.get(KEY) or None,
            timeout=TIMEOUT_S,
            check_compatibility=False,
        )
    if where == MEMORY:
        return QdrantClient(where)
    try:
        with explain_disk(Path(where)):
            return QdrantClient(path=where)
    except RuntimeError as e:
        raise StoreError(
            f"{where} is open already, here or in another program; close it there"
        ) from e


def is_passing(error: Exception) -> bool:
    """May a call that failed so succeed a little later?"""
    if isinstance(error, UnexpectedResponse):
        return error.status_code in PASSING
    if isinstance(error, ResponseHandlingException):
        return not isinstance(error.source, ValueError)  # an answer that is none of Qdrant's
    return isinstance(error, ResourceExhaustedResponse)


def write_vector(vector: np.ndarray | Sparse) -> Any:
    if isinstance(vector, Sparse):
        return models.SparseVector(indices=vector.dims, values=vector.weights)
    return vector.tolist()


def read_vectors(held: Mapping[str, Any]) -> dict[str, np.ndarray | Sparse]:
    return {
        n: Sparse(v.indices, v.values)
        if isinstance(v, models.SparseVector)
        else np.array(v, np.float32)
        for n, v in held.items()
    }
