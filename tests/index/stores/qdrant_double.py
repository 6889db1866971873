"""A server that speaks Qdrant's REST protocol and answers from the client's local mode.

The real client, its JSON and its HTTP are used against it; what a real server decides by itself
(indexes, replicas, order of its log) is not. It can be told to fail.
"""

import json
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient, models

PATH = re.compile(r"/collections(?:/(?P<name>[^/?]+)(?P<rest>[^?]*))?")


VERSION = {"title": "a double of Qdrant", "version": "0.0.0"}


@dataclass
class Double:
    """The double, as tests see it."""

    url: str = ""
    key: str = ""
    """Requests have to carry it."""
    failures: list[int] = field(default_factory=list)
    """Status codes of the next answers."""
    largest: int = 1 << 30
    """Bytes of a request that is taken."""
    requests: list[str] = field(default_factory=list)
    """Method and path of each."""
    client: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The result; KeyError: there is no such collection."""
        found = PATH.match(path)
        assert found, path
        name, rest = found["name"], found["rest"]
        if name is None:
            return self.client.get_collections()
        if rest == "/exists":
            return {"exists": self.client.collection_exists(name)}
        if (method, rest) == ("PUT", ""):
            return self.create(name, models.CreateCollection.model_validate(body))
        if not self.client.collection_exists(name):
            raise KeyError(name)
        return self.answer_of(name, method, rest, body)

    def create(self, name: str, asked: models.CreateCollection) -> bool:
        return self.client.create_collection(
            name,
            vectors_config=asked.vectors,
            sparse_vectors_config=asked.sparse_vectors,
            hnsw_config=asked.hnsw_config,
            metadata=asked.metadata,
        )

    def answer_of(self, name: str, method: str, rest: str, body: Any) -> Any:
        c = self.client
        if rest == "" and method == "GET":
            return c.get_collection(name)
        if rest == "" and method == "DELETE":
            return c.delete_collection(name)
        if rest == "" and method == "PATCH":
            return c.update_collection(name, metadata=body["metadata"])
        if rest == "/index":
            return models.UpdateResult(operation_id=1, status=models.UpdateStatus.COMPLETED)
        if rest.startswith("/vectors/"):
            vector = rest.rpartition("/")[2]
            if method == "DELETE":
                return c.delete_vector_name(name, vector)
            return c.create_vector_name(name, vector, models.DenseVectorNameConfig(**body))
        if rest == "/facet":
            f = models.FacetRequest.model_validate(body)
            return c.facet(name, f.key, facet_filter=f.filter, limit=f.limit or 10, exact=True)
        return self.answer_points(name, method, rest.removeprefix("/points"), body)

    def answer_points(self, name: str, method: str, rest: str, body: Any) -> Any:
        c = self.client
        if rest == "" and method == "PUT":
            return c.upsert(name, models.PointsList.model_validate(body).points)
        if rest == "":
            r = models.PointRequest.model_validate(body)
            return c.retrieve(name, r.ids, with_payload=r.with_payload, with_vectors=r.with_vector)
        if rest == "/delete":
            return c.delete(name, models.PointIdsList.model_validate(body))
        if rest == "/count":
            return c.count(name, models.CountRequest.model_validate(body).filter)
        if rest == "/query":
            q = models.QueryRequest.model_validate(body)
            asked = q.query.nearest if isinstance(q.query, models.NearestQuery) else q.query
            limit = q.limit or 10
            return c.query_points(
                name, asked, using=q.using, query_filter=q.filter, limit=limit, with_payload=True
            )
        assert rest == "/scroll", rest
        s = models.ScrollRequest.model_validate(body)
        records, offset = c.scroll(
            name,
            s.filter,
            s.limit or 10,
            s.order_by,
            s.offset,
            with_payload=s.with_payload,
            with_vectors=s.with_vector,
        )
        return models.ScrollResult(points=records, next_page_offset=offset)


def make_handler(double: Double) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size) or b"null")
            double.requests.append(f"{self.command} {self.path.split('?')[0]}")
            status, result = self.decide(size, body)
            whole = {"result": result, "status": "ok", "time": 0.0}
            sent = json.dumps(VERSION if self.path == "/" else whole).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def decide(self, size: int, body: Any) -> tuple[int, Any]:
            if double.failures:
                return double.failures.pop(0), None
            if double.key and self.headers.get("api-key") != double.key:
                return 403, None
            if size > double.largest:
                return 413, None
            try:
                if self.path == "/":
                    return 200, None
                with double.lock, warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return 200, to_json(double.answer(self.command, self.path, body))
            except KeyError:
                return 404, None

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = respond

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    return Handler


def to_json(result: Any) -> Any:
    if hasattr(result, "model_dump"):
        return result.model_dump(mode="json")
    return [to_json(r) for r in result] if isinstance(result, list) else result


@contextmanager
def run_double() -> Iterator[Double]:
    """A double that listens on a free port."""
    double = Double()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(double))
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
