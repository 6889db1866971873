"""A server on a port of this machine: for good, or in a thread for as long as a block runs."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from skulens.errors import StoreError
from skulens.machine import bind_socket, url_of
from skulens.serve.door.protocol import protocol_for
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service

SPARE_FILES = 200
"""Of the files that the process may open, for the store and the encoders."""

SPARE_S = 3.0
"""For what follows the last answer."""


def open_socket(host: str, port: int) -> socket.socket:
    """See `machine.bind_socket`. Raises StoreError where the port is taken."""
    try:
        return bind_socket(host, port)
    except (OSError, OverflowError) as e:
        why = getattr(e, "strerror", "") or e
        raise StoreError(
            f"cannot listen on {host}:{port}: {why}; choose another --port (0: a free one) or --host"
        ) from e


class Server(uvicorn.Server):
    """A server that ends in good order: told to, it says at once that it is not ready, still takes
    requests for `linger_s`, then ends those that it has."""

    service: Service
    hard = False
    """Whether the process ends even where a thread never does."""
    _end_at = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.service.draining:  # told twice: now, and uvicorn need not say what it interrupts
            logging.getLogger("uvicorn.error").disabled = True
            self.force_exit = self.should_exit = True
            return
        self.service.draining = True
        if self.hard and not self.service.loaded:  # nobody is served yet, and loading cannot stop
            os._exit(0)
        linger_s = self.service.settings.linger_s if sig == signal.SIGTERM else 0.0
        self._end_at = time.monotonic() + linger_s
        if self.hard:
            most_s = linger_s + self.service.settings.drain_s + SPARE_S
            watchdog = threading.Timer(most_s, os._exit, (1,))
            watchdog.daemon = True
            watchdog.start()

    async def on_tick(self, counter: int) -> bool:
        if self.service.failed is not None:
            self.should_exit = True
        if self.service.draining and time.monotonic() >= self._end_at:
            self.should_exit = True
        return await super().on_tick(counter)


def make_server(app: FastAPI, settings: Settings, hard: bool = False) -> Server:
    config = uvicorn.Config(
        app,
        ws="none",
        http=protocol_for(settings),
        log_level="error",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
        limit_concurrency=most_connections(settings.connections),
        server_header=False,
    )
    server = Server(config)
    server.service, server.hard = app.state.service, hard
    return server


def most_connections(wanted: int) -> int:
    """As many as the process may have files, at most."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return wanted
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(10, min(wanted, soft - SPARE_FILES))


@contextmanager
def serving(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The address of the application, served from a thread while the block runs."""
    sock = open_socket(host, port)
    server = make_server(app, app.state.service.settings)
    thread = threading.Thread(target=server.run, args=([sock],), name="skulens-server")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield url_of(sock)
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
