"""Qdrant's engine in this process, in a folder of its own: qdrant-edge.

    store = open_store("edge:shop.edge")

The folder holds `store.json` (columns, and which shard is in use), `shard-HEX`, the files of the
engine, and `snapshots`. One program at a time may have it open.
"""

import contextlib
import importlib.metadata
import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge

from skulens.documents import FieldKind, Schema
from skulens.errors import StoreError
from skulens.files import aside_name, locked, sync_folder, write_record
from skulens.index.stores.columns import name_vectors, no_store
from skulens.index.stores.engines.graph import EF_CONSTRUCT, GRAPH, M
from skulens.index.stores.engines.qdrant_filters import Dialect
from skulens.index.stores.engines.qdrant_points import (
    OWN,
    WORDS,
    PageRequest,
    Point,
    PointStore,
    VectorSearch,
    make_record,
    prepare,
)
from skulens.index.stores.engines.snapshots import (
    check_known,
    check_new,
    copy_folder,
    explain_disk,
    sync_tree,
)
from skulens.index.stores.engines.sparse import Sparse

RECORD, SNAPSHOTS, LOCK = "store.json", "snapshots", "lock"
GRAPH_KB = 10_000
"""Vectors of a segment beyond which a graph is built; below, and where a filter leaves less, all
are compared."""
INDEXES = {
    "text": edge.PayloadSchemaType.Keyword,
    "number": edge.PayloadSchemaType.Float,
    "truth": edge.PayloadSchemaType.Keyword,
}
DIALECT = Dialect(
    edge,
    edge.RangeFloat,
    lambda ids: edge.HasIdCondition(set(ids)),
    lambda name: edge.HasVectorCondition(name),
)


class Edge(PointStore):
    """See `protocols.Store`."""

    def __init__(self, place: str, schema: Schema | None = None):
        self.folder = folder = Path(place)
        self._held = contextlib.ExitStack()
        try:
            with explain_disk(folder):
                self._enter(folder, schema)
            super().__init__(self._shard, place)
        except BaseException:
            self.close()
            raise

    def _enter(self, folder: Path, schema: Schema | None) -> None:
        """Lock the folder, and open what it holds or make it."""
        if not (folder / RECORD).exists():
            if schema is None:
                raise no_store(f"edge:{folder}")
            if folder.exists() and not all(map(is_ours, folder.iterdir())):
                raise StoreError(f"{folder} holds other files; choose an empty folder")
        folder.mkdir(parents=True, exist_ok=True)
        busy = f"{folder} is open already, here or in another program; close it there first"
        self._held.enter_context(locked(folder / LOCK, busy))
        self._shard = EdgePoints(folder, schema)
        self._held.callback(self._shard.close)

    def optimise(self) -> None:
        self._shard.optimise()

    def snapshot(self, name: str) -> None:
        check_new(name, self.snapshots())
        with explain_disk(self._shard.folder):
            self._shard.copy_to(self._shard.folder / SNAPSHOTS / name)

    def rollback(self, name: str) -> None:
        check_known(name, self.snapshots())
        with explain_disk(self._shard.folder):
            self._shard.copy_from(self._shard.folder / SNAPSHOTS / name)
        self._take(self._shard.load())

    def snapshots(self) -> Sequence[str]:
        made = {
            p.parent.name: p.stat().st_mtime_ns
            for p in (self._shard.folder / SNAPSHOTS).glob(f"[!.]*/{RECORD}")
        }
        return sorted(made, key=lambda name: (made[name], name))

    def info(self) -> Mapping[str, object]:
        return {"engine": "qdrant-edge", **self._shard.info()}

    def close(self) -> None:
        self._held.close()


class EdgePoints:
    """See `qdrant_points.Points`."""

    dialect = DIALECT
    approximate = True

    def __init__(self, folder: Path, schema: Schema | None):
        """Opens what `folder` holds, or makes a shard with the columns of `schema` there."""
        self.folder = folder
        if (folder / RECORD).exists():
            self._open(self.load())
        elif schema is not None:
            self._create(schema)

    def _open(self, record: Mapping[str, Any]) -> None:
        used = self.folder / str(record.get("shard", ""))
        for other in self.folder.glob("shard-*"):  # left by a rollback that was killed
            if other != used:
                shutil.rmtree(other)
        try:
            self._engine = edge.EdgeShard.load(str(used))
        except Exception as e:
            raise StoreError(
                f"the files of {used} are damaged ({e}); roll back to a snapshot, or build the "
                "store anew"
            ) from e

    def _create(self, schema: Schema) -> None:
        for other in self.folder.glob("shard-*"):  # left by a program that was killed while making
            shutil.rmtree(other)
        name = new_name()
        names = name_vectors(schema)
        config = edge.EdgeConfig(
            vectors={
                names[c.name]: edge.EdgeVectorParams(size=c.dim, distance=edge.Distance.Dot)
                for c in schema.vectors
            },
            sparse_vectors={WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
            hnsw_config=edge.HnswIndexConfig(M, EF_CONSTRUCT, GRAPH_KB),
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=GRAPH_KB),
        )
        (self.folder / name).mkdir()
        self._engine = edge.EdgeShard.create(str(self.folder / name), config)
        prepare(self, schema)
        self._call(self._engine.flush)
        sync_tree(self.folder / name)
        write_record(self.folder / RECORD, {**make_record(schema), "shard": name})
        sync_folder(self.folder.absolute().parent)

    def _call(self, method: Callable[..., Any], *args: Any) -> Any:
        """The engine raises plain exceptions, whatever went wrong."""
        try:
            return method(*args)
        except Exception as e:
            raise StoreError(f"qdrant-edge in {self.folder}: {e}") from e

    def _update(self, operation: Any) -> None:
        self._call(self._engine.update, operation)

    def write(self, points: Sequence[Point]) -> None:
        found = [
            edge.Point(p.id, {n: write_vector(v) for n, v in p.vectors.items()}, dict(p.payload))
            for p in points
        ]
        self._update(edge.UpdateOperation.upsert_points(found))

    def remove(self, ids: Sequence[str]) -> None:
        self._update(edge.UpdateOperation.delete_points(list(ids)))

    def sync(self) -> None:
        self._call(self._engine.flush)  # fsync and msync of all that changed, seen by strace

    def nearest(self, search: VectorSearch, limit: int) -> list[tuple[str, float]]:
        params = (
            edge.SearchParams(hnsw_ef=search.ef) if search.ef else edge.SearchParams(exact=True)
        )
        query = edge.Query.Nearest(write_vector(search.vector), using=search.using)
        request = edge.QueryRequest(
            limit=limit, query=query, filter=search.filter, params=params, with_payload=[OWN["id"]]
        )
        found = self._call(self._engine.query, request)
        return [(hit.payload[OWN["id"]], hit.score) for hit in found]

    def page(self, wanted: PageRequest, offset: Any = None) -> tuple[Sequence[Any], Any]:
        order = None
        if wanted.order:
            key, descending = wanted.order
            way = edge.Direction.Desc if descending else edge.Direction.Asc
            order = edge.OrderBy(key, way)
        request = edge.ScrollRequest(
            offset=offset,
            limit=wanted.limit,
            filter=wanted.filter,
            with_payload=list(wanted.keys),
            with_vector=list(wanted.vectors) or False,
            order_by=order,
        )
        return self._call(self._engine.scroll, request)

    def retrieve(self, ids: Sequence[str], wanted: PageRequest) -> Sequence[Any]:
        vectors = list(wanted.vectors) or False
        return self._call(self._engine.retrieve, list(ids), list(wanted.keys), vectors)

    def count(self, filter: Any) -> int:
        return self._call(self._engine.count, edge.CountRequest(filter=filter))

    def facet(self, key: str, filter: Any, limit: int) -> list[tuple[str, int]]:
        request = edge.FacetRequest(key, limit=limit, exact=True, filter=filter)
        return [(h.value, h.count) for h in self._call(self._engine.facet, request)]

    def add_vector(self, name: str, dim: int) -> None:
        made = edge.UpdateOperation.create_dense_vector(name, dim, edge.Distance.Dot)
        self._update(made)

    def add_index(self, key: str, kind: FieldKind) -> None:
        self._update(edge.UpdateOperation.create_field_index(key, INDEXES[kind]))

    def load(self) -> Mapping[str, Any]:
        return read_record(self.folder / RECORD)

    def save(self, record: Mapping[str, Any]) -> None:
        self._call(self._engine.flush)
        used = self.load()["shard"]
        sync_tree(self.folder / used)  # of new columns there are new files
        write_record(self.folder / RECORD, {**record, "shard": used})

    def optimise(self) -> None:
        self._call(self._engine.optimize)
        self._call(self._engine.flush)
        sync_tree(self.folder / self.load()["shard"])

    def copy_to(self, target: Path) -> None:
        """The shard and its record."""
        self._call(self._engine.flush)
        aside = target.parent / aside_name(target.name)
        record = self.load()
        try:
            copy_folder(self.folder / record["shard"], aside / record["shard"])
            write_record(aside / RECORD, record)
            aside.rename(target)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(target.parent)

    def copy_from(self, source: Path) -> None:
        """What `copy_to` kept takes the place of what is there; at any time one of them is."""
        record, name = read_record(source / RECORD), new_name()
        copy_folder(source / record["shard"], self.folder / name)
        self._engine.close()
        try:
            write_record(self.folder / RECORD, {**record, "shard": name})
        finally:
            self._open(self.load())

    def info(self) -> dict[str, object]:
        held = self._call(self._engine.info)
        files = (p.stat() for p in self.folder.rglob("*") if p.is_file())
        return {
            "version": importlib.metadata.version("qdrant-edge-py"),
            "products": held.points_count,
            "bytes": sum(
                f.st_blocks * 512 if hasattr(f, "st_blocks") else f.st_size for f in files
            ),
            "segments": held.segments_count,
            "graph": GRAPH,
        }

    def close(self) -> None:
        self._engine.close()


def is_ours(path: Path) -> bool:
    """What stands in a folder before there is a record."""
    return path.name == LOCK or path.name.startswith("shard-")


def new_name() -> str:
    return f"shard-{uuid.uuid4().hex}"


def read_record(path: Path) -> dict[str, Any]:
    """Raises StoreError for a damaged one."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError as e:
        raise StoreError(f"{path} is damaged ({e}); build the store anew") from e
    return found if isinstance(found, dict) else {}


def write_vector(vector: np.ndarray | Sparse) -> Any:
    return edge.SparseVector(vector.dims, vector.weights) if isinstance(vector, Sparse) else vector
