"""Around every answer: security headers, a line in the log, and the counters.

The log has routes, paths, states and times; neither queries, headers nor bodies.
"""

import json
import logging
import time
from datetime import UTC, datetime

from skulens.serve.door.limits import GONE, App, Message, Receive, Scope, Send, route_of
from skulens.serve.work.service import Service

ACCESS = logging.getLogger("skulens.serve.access")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""What the page may load and do; it does no harm to other answers."""
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", POLICY.encode()),
)
LONGEST_PATH = 200


class Envelope:
    """Middleware; see above."""

    def __init__(self, app: App, service: Service):
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, size = time.perf_counter(), 0, 0

        async def wrap(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete(list(message["headers"]))
            else:
                size += len(message.get("body", b""))
            await send(message)

        meters = self.service.meters
        meters.inside.inc()
        try:
            await self.app(scope, receive, wrap)
        finally:
            meters.inside.dec()
            seconds = time.perf_counter() - began
            status = GONE if scope.get("skulens.gone") else status or 500
            meters.record_request(scope["method"], route_of(scope), status, seconds)
            if ACCESS.isEnabledFor(logging.INFO):
                ACCESS.info(write_line(scope, status, seconds, size))

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """With what is not there yet."""
        there = {name.lower() for name, _ in headers}
        headers += [one for one in HEADERS if one[0] not in there]
        if self.service.draining and b"connection" not in there:
            headers.append((b"connection", b"close"))  # so that clients move to another server
        return headers


def write_line(scope: Scope, status: int, seconds: float, size: int) -> str:
    """One line of JSON, whatever the path holds."""
    client = scope.get("client")
    return json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": client[0] if client else "",
            "method": scope["method"],
            "path": scope["path"][:LONGEST_PATH],
            "route": route_of(scope),
            "status": status,
            "ms": round(1000 * seconds, 1),
            "bytes": size,
        }
    )
