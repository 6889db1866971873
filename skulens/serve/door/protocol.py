"""HTTP as uvicorn speaks it, with patience that ends: for headers, for silence, for clients that
do not read."""

import asyncio
import importlib
from importlib.util import find_spec
from typing import Any

from skulens.serve.settings import Settings

TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: 24\r\nconnection: close\r\n\r\nthe headers are too long"
)


def protocol_for(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's protocol with the limits of a server."""
    fast = find_spec("httptools") is not None
    module = importlib.import_module(
        f"uvicorn.protocols.http.{'httptools' if fast else 'h11'}_impl"
    )
    base: Any = module.HttpToolsProtocol if fast else module.H11Protocol

    class Patient(base):
        """Closes a connection whose headers do not come, or whose client does not read."""

        _heading: asyncio.TimerHandle | None = None
        _sending: asyncio.TimerHandle | None = None
        _head_bytes = 0
        _answered: Any = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            cycle = self.cycle
            between = cycle is None or cycle.response_complete
            super().data_received(data)
            if self.cycle is not cycle:  # the headers of a request have come
                self._head_bytes = 0
                self._stop("_heading")
            elif between:
                if self._heading is None and not self.transport.is_closing():
                    self._await_head()
                self._head_bytes += len(data)
                if self._head_bytes > settings.head_bytes and not self.transport.is_closing():
                    self.transport.write(TOO_LONG)
                    self.transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop("_heading")
            self._stop("_sending")
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._sending = self.loop.call_later(settings.send_s, self.transport.abort)

        def resume_writing(self) -> None:
            self._stop("_sending")
            super().resume_writing()

        def _await_head(self) -> None:
            self._heading = self.loop.call_later(settings.head_s, self._give_up)

        def _give_up(self) -> None:
            self._heading = None
            if not self.transport.is_closing():
                self.transport.abort()

        def _stop(self, timer: str) -> None:
            handle = getattr(self, timer)
            if handle is not None:
                handle.cancel()
                setattr(self, timer, None)

    return Patient
