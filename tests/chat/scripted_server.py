"""A server that answers what a test tells it to, and remembers what it was asked."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "a-model"


@dataclass
class Say:
    """One answer of the server."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    keep: float = 1.0
    """Share of the body that is sent before the connection is cut."""
    hang_up: bool = False
    """Cut the connection before anything is sent."""
    wait_for: threading.Event | None = None

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    """What came: headers in lower case, the parsed body, its number from 0."""

    path: str
    headers: dict[str, str]
    body: Any
    number: int

    @property
    def user(self) -> str:
        """The text of the user's turn."""
        content = self.body["messages"][-1]["content"]
        if isinstance(content, str):
            return content
        return "".join(p.get("text", "") for p in content)


def completion(text: Any = "fine", finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion."""
    message = {"role": "assistant", "content": text} | more.pop("message", {})
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    } | more


def complaint(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "error"} | more}


class Server:
    """Runs scripts: `script(request)` gives what is said to a completion's request."""

    def __init__(self, script: Callable[[Request], Any], models: Any = None):
        self.script = script
        self.models = models or Say({"data": [{"id": MODEL}]})
        self.requests: list[Request] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()
        self.active = self.most_active = 0
        self.url = ""

    def take(self, path: str, headers: dict[str, str], data: bytes) -> Any:
        with self.lock:
            self.paths.append(path)
            if not path.endswith("/chat/completions"):
                return self.models(path) if callable(self.models) else self.models
            request = Request(path, headers, json.loads(data), len(self.requests))
            self.requests.append(request)
            self.active += 1
            self.most_active = max(self.active, self.most_active)
        try:
            said = self.script(request)
            said = said if isinstance(said, Say) else Say(said)
            if said.wait_for is not None:
                said.wait_for.wait(10)
            return said
        finally:
            with self.lock:
                self.active -= 1


def make_handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["content-length"])))

        def answer(self, data: bytes) -> None:
            headers = {k.lower(): v for k, v in self.headers.items()}
            said = server.take(self.path, headers, data)
            with contextlib.suppress(OSError):
                self.say(said)

        def say(self, said: Say) -> None:
            if said.hang_up:
                self.cut()
                return
            data = said.data
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: round(said.keep * len(data))])
            self.wfile.flush()
            if said.keep < 1:
                self.cut()

        def cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


class Quiet(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        pass  # clients that hang up


@contextlib.contextmanager
def serve(script: Callable[[Request], Any] | Any = None, models: Any = None) -> Iterator[Server]:
    """A server on a free port. A script that is no function is what is always said."""
    always = completion() if script is None else script
    server = Server(script if callable(script) else lambda request: always, models)
    http = Quiet(("127.0.0.1", 0), make_handler(server))
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def in_turn(*said: Any) -> Callable[[Request], Any]:
    """A script that says these, the last one for ever."""
    return lambda request: said[min(request.number, len(said) - 1)]


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
