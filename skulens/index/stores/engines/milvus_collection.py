"""A collection of Milvus: what is asked of the server, and what it says where it cannot."""

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
from pymilvus import DataType, Function, FunctionType, MilvusClient, MilvusException

from skulens.documents import Schema
from skulens.errors import StoreBusy, StoreError
from skulens.index.bm25 import K1, B
from skulens.index.stores.columns import name_vectors, write_schema
from skulens.index.stores.engines.calls import TIMEOUT_S
from skulens.index.stores.engines.graph import EF_CONSTRUCT, M
from skulens.index.stores.engines.milvus_filters import HELD
from skulens.index.stores.engines.snapshots import sync_tree
from skulens.index.stores.engines.stream import PAGE
from skulens.index.stores.words import tokeniser

TOKEN = "MILVUS_TOKEN"
RECORD = "skulens"
"""Property of the collection that holds our record."""
NOT_OPENED = "Open local milvus failed"
"""What pymilvus says where Milvus Lite does not start, whatever the reason."""
TEXT = 65_535
"""Bytes of a text, says Milvus."""


class Collection:
    """What is asked of Milvus. pymilvus itself repeats calls that did not reach the server."""

    def __init__(self, where: str, name: str):
        self.where, self.name = where, name
        self.approximate = "://" in where
        for package in ("pymilvus", "milvus_lite"):  # they log what they raise
            logging.getLogger(package).setLevel(logging.CRITICAL)
        token = os.environ.get(TOKEN, "") if self.approximate else ""
        with ExitStack() as held:
            if not self.approximate:
                held.callback(leave_lite, enter_lite(where))
            self._client = self._call(MilvusClient, where, token=token, timeout=TIMEOUT_S)
            held.callback(self._client.close)
            self._held = held.pop_all()

    def _call(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return call(*args, **options)
        except (MilvusException, grpc.RpcError) as e:
            said = getattr(e, "message", "") or str(e)
            if said == NOT_OPENED:
                raise StoreBusy(
                    f"{self.where} cannot be opened: another program has it open, or it is damaged; "
                    "end the other, or give several programs a server: "
                    "milvus:http://HOST:19530/COLLECTION"
                ) from e
            if "auth" in said.lower():
                have = "what is in it is not accepted" if os.environ.get(TOKEN) else "it is not set"
                raise StoreError(
                    f"Milvus at {self.where} wants a token from ${TOKEN}; {have}"
                ) from e
            raise StoreError(f"Milvus at {self.where}, collection {self.name!r}: {said}") from e

    def _ask(self, method: str, *args: Any, **options: Any) -> Any:
        call = getattr(self._client, method)
        return self._call(call, self.name, *args, timeout=TIMEOUT_S, **options)

    def exists(self) -> bool:
        return self._ask("has_collection")

    def create(self, schema: Schema) -> None:
        made = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        made.add_field("point", DataType.VARCHAR, max_length=36, is_primary=True)
        for name in ("id", "words", "thumbnail", "digest"):
            made.add_field(name, DataType.VARCHAR, max_length=TEXT)
        made.add_field(
            "tokens",
            DataType.VARCHAR,
            max_length=TEXT,
            enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},
        )
        made.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
        made.add_function(Function("bm25", FunctionType.BM25, ["tokens"], ["bm25"]))
        made.add_field(HELD, DataType.JSON)
        indexes = MilvusClient.prepare_index_params()
        okapi = {"bm25_k1": K1, "bm25_b": B}
        indexes.add_index(
            "bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=okapi
        )
        graph = {"M": M, "efConstruction": EF_CONSTRUCT}
        for column, name in name_vectors(schema).items():
            dim = next(c.dim for c in schema.vectors if c.name == column)
            made.add_field(name, DataType.FLOAT_VECTOR, dim=dim)
            made.add_field(has(name), DataType.BOOL)
            kind, params = ("HNSW", graph) if self.approximate else ("FLAT", {})
            indexes.add_index(name, index_type=kind, metric_type="IP", params=params)
        self._ask(
            "create_collection",
            schema=made,
            index_params=indexes,
            properties={RECORD: json.dumps(make_record(schema, tokeniser()))},
            consistency_level="Strong",
        )

    def load(self) -> Mapping[str, Any]:
        """Our record; empty for a collection of others, which is left as it is. Ours is loaded into
        memory: Lite has released it when its server starts, a server has where somebody asked for it,
        and neither searches one that is released."""
        about = self._ask("describe_collection")
        record = json.loads(about.get("properties", {}).get(RECORD, "{}"))
        if record:
            self._ask("load_collection")
        return record

    def save(self, record: Mapping[str, Any]) -> None:
        self._ask("alter_collection_properties", {RECORD: json.dumps(record)})

    def write(self, rows: list[dict[str, Any]]) -> None:
        self._ask("upsert", rows)

    def remove(self, points: Sequence[str]) -> None:
        self._ask("delete", ids=list(points))

    def sync(self) -> None:
        """A server has logged what it acknowledged; Lite has handed it to the operating system."""
        if not self.approximate:
            sync_tree(Path(self.where))

    def nearest(
        self, column: str, asked: Any, filter: str, params: Mapping[str, int], limit: int
    ) -> list[tuple[str, float]]:
        """(product, score), best first; of words Lite gives the score below 0."""
        [found] = self._ask(
            "search",
            data=[asked],
            anns_field=column,
            filter=filter,
            limit=limit,
            output_fields=["id"],
            search_params={"params": dict(params)},
        )
        sign = -1 if column == "bm25" and found and found[0]["distance"] < 0 else 1
        return [(hit["entity"]["id"], sign * hit["distance"]) for hit in found]

    def query(self, filter: str, names: Sequence[str]) -> list[dict[str, Any]]:
        return self._ask("query", filter=filter, output_fields=list(names))

    def count(self, filter: str) -> int:
        [found] = self.query(filter, ["count(*)"])
        return found["count(*)"]

    def stream(self, filter: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """All rows, some at a time."""
        reader = self._ask(
            "query_iterator", filter=filter, output_fields=list(names), batch_size=PAGE
        )
        try:
            while rows := self._call(reader.next):
                yield from rows
        finally:
            reader.close()

    def version(self) -> str:
        return self._call(self._client.get_server_version)

    def close(self) -> None:
        self._held.close()


_lite: Counter[str] = Counter()
_lite_lock = threading.Lock()


def enter_lite(where: str) -> str:
    """Milvus Lite serves a file from this process, once for all who open it, and holds its lock.
    pymilvus leaves it running until the process ends; here the last to leave stops it.
    """
    file = os.path.abspath(where)  # noqa: PTH100  # as Milvus Lite names it, without ..
    with _lite_lock:
        _lite[file] += 1
    return file


def leave_lite(file: str) -> None:
    with _lite_lock:
        _lite[file] -= 1
        if not _lite[file]:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(file)


def make_record(schema: Schema, cut_by: str) -> dict[str, Any]:
    return {**write_schema(schema), "tokeniser": cut_by}


def has(name: str) -> str:
    """The column that says whether a product has a vector; where not, it is 0."""
    return f"{name}_has"
