"""A stub on a free port of this machine, in a thread, for as long as a block runs."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from skulens.chat.stub.app import StubSettings, make_app


@contextlib.contextmanager
def running_stub(settings: StubSettings | None = None) -> Iterator[str]:
    """Its URL, "http://127.0.0.1:PORT/v1"."""
    server = uvicorn.Server(
        uvicorn.Config(make_app(settings or StubSettings()), log_level="error", lifespan="off")
    )
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        sock.close()
