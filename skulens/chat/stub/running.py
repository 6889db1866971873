"""A stub on a port of this machine: in a thread, for as long as a block runs, or for good."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from skulens.chat.stub.app import StubApp, make_app
from skulens.chat.stub.settings import StubSettings
from skulens.errors import ChatError
from skulens.machine import bind_socket, url_of

THREAD = "skulens-stub"


class Wire(H11Protocol):
    """Shows the application its connection, so that faults can close it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class StubServer(uvicorn.Server):
    """A uvicorn server whose application may end it."""

    def __init__(self, app: StubApp):
        super().__init__(
            uvicorn.Config(
                app, http=Wire, ws="none", lifespan="off", log_level="critical",
                access_log=False, timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        app.stub.die = self.die

    def die(self) -> None:
        """Close the socket and every connection at once, as a killed process does."""
        self.should_exit = self.force_exit = True
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; see `machine.bind_socket`. Raises ChatError where the port is taken."""
    try:
        sock = bind_socket(host, port)
    except (OSError, OverflowError) as e:
        raise ChatError(
            f"the stub cannot listen at {host} port {port}: {e}; --port 0 takes a free one"
        ) from e
    sock.listen(2048)
    return sock


def api_of(sock: socket.socket) -> str:
    """ "http://127.0.0.1:PORT/v1"."""
    return f"{url_of(sock)}/v1"


@contextlib.contextmanager
def running_stub(settings: StubSettings | None = None) -> Iterator[str]:
    """Its URL, "http://127.0.0.1:PORT/v1"; beside it, /stats says what was asked."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    server = StubServer(make_app(settings or StubSettings()))
    sock = open_socket("127.0.0.1", 0)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [sock]}, daemon=True, name=THREAD
    )
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise ChatError("the stub did not start")
            time.sleep(0.005)
        yield api_of(sock)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        sock.close()
