"""What a request may cost before a route sees it: bytes, time to send them, time to answer.

The body is read here, so that a route finds it whole, and a client that goes away is noticed while
its request waits: the request is then forgotten.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from skulens.serve.problems import Problem, problem_of
from skulens.serve.work.service import Service, busy

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOG = logging.getLogger("skulens.serve")
MET_WITH_PATIENCE = 8
"""Bodies of so many times the limit are read and thrown away, so that a client that sends first and
reads then learns why it was refused."""
PATIENCE_S = 2.0
LARGE = 65_536
"""Bytes of a body that is refused unread where too many wait; smaller ones are here already."""
BODY = "skulens.body"
"""Of the scope: all bytes of the body."""
GONE = 499
"""In logs and metrics: the client went away before there was an answer."""


class Limits:
    """Middleware; see above."""

    def __init__(self, app: App, service: Service):
        self.app, self.service, self.settings = app, service, service.settings
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, whole = bytearray(), False
        try:
            whole = await self._read(scope, receive, body)
            if not whole:
                scope["skulens.gone"] = True
                return
            if body and self.service.full:
                raise busy()  # before anything is made of the body
            scope[BODY] = bytes(body)
            await self._answer(scope, receive, send)
        except Problem as e:
            if whole:  # the connection can be used again
                await e.response()(scope, receive, send)
            else:
                await refuse(e, receive, send, self.settings.body_bytes * MET_WITH_PATIENCE)
        finally:
            self._held -= len(body)

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> bool:
        """Fill `body`; whether the client is still there. Raises Problem."""
        self._check_length(scope)
        try:
            async with asyncio.timeout(self.settings.read_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    self._add(message.get("body", b""), body)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise too_slow(self.settings.read_s) from None
        return True

    def _check_length(self, scope: Scope) -> None:
        """Raise Problem for what need not be read."""
        said = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
        size = int(said) if said.isdigit() else 0
        if size > self.settings.body_bytes:
            raise too_large(self.settings.body_bytes, f"{size:,}")
        if size > LARGE and self.service.full:
            raise busy()

    def _add(self, chunk: bytes, body: bytearray) -> None:
        if len(body) + len(chunk) > self.settings.body_bytes:
            raise too_large(self.settings.body_bytes, "more")
        if self._held + len(chunk) > self.settings.bodies_bytes:
            raise busy()
        body += chunk
        self._held += len(chunk)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, unless the client goes away or the deadline passes.

        Raises:
            Problem: 503, nothing has been answered within the deadline; 500, the application failed
                before it began to answer.
        """
        answering = Answering(send)
        watch = asyncio.ensure_future(receive())  # what comes next is that the client has gone
        watch.add_done_callback(answering.stop)
        timer = asyncio.get_running_loop().call_later(self.settings.deadline_s, answering.expire)
        error: Exception | None = None
        try:
            await self.app(scope, replay(scope[BODY], watch), answering.send)
        except asyncio.CancelledError:
            if not answering.stopped():
                raise
        except Exception as e:
            error = e
        finally:
            timer.cancel()
            watch.remove_done_callback(answering.stop)
            gone = watch.done()
            watch.cancel()
        self._close(scope, error, answering.started, gone)

    def _close(self, scope: Scope, error: Exception | None, started: bool, gone: bool) -> None:
        """Make sense of how an answer ended."""
        if error is not None and not gone:
            LOG.error("%s %s failed", scope["method"], route_of(scope), exc_info=error)
        if not started and gone:
            scope["skulens.gone"] = True
        elif not started:
            raise late(self.settings) if error is None else problem_of(error)


class Answering:
    """An answer in the making, in the task that makes this: a task of its own would be one more turn
    of the loop for every request."""

    def __init__(self, send: Send):
        self._send, self._task = send, asyncio.current_task()
        self.started = self._asked = False

    async def send(self, message: Message) -> None:
        self.started = True
        await self._send(message)

    def stop(self, *_: object) -> None:
        """Nobody wants the answer any more."""
        if self._task is not None and not self._asked:
            self._asked = self._task.cancel()

    def expire(self) -> None:
        """The deadline has passed. What is being sent goes on: the protocol sees to its pace."""
        if not self.started:
            self.stop()

    def stopped(self) -> bool:
        """Of a task that was cancelled: whether `stop` did it, and nobody else."""
        return self._asked and self._task is not None and self._task.uncancel() == 0


def replay(body: bytes, watch: "asyncio.Future[Message]") -> Receive:
    """A `receive` that gives a body already read, then waits for the client to go."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await asyncio.shield(watch)
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def refuse(problem: Problem, receive: Receive, send: Send, most: int) -> None:
    """Answer with a problem at once, throw away what still comes, and close the connection.

    Args:
        most: bytes that are thrown away before the connection is closed all the same.
    """
    answer = problem.response()
    head = [*answer.raw_headers, (b"connection", b"close")]
    await send({"type": "http.response.start", "status": problem.status, "headers": head})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    try:
        async with asyncio.timeout(PATIENCE_S):
            message: Message = {"more_body": True}
            while most > 0 and message.get("more_body"):
                message = await receive()
                most -= len(message.get("body", b""))
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def route_of(scope: Scope) -> str:
    """The template of the route that answers; it has nothing that a user sent."""
    return getattr(scope.get("route"), "path", "other")


def too_large(limit: int, size: str) -> Problem:
    detail = f"a request has at most {limit:,} bytes, this one has {size}; send smaller pictures"
    return Problem(413, "too-large", "The request is too large", detail)


def too_slow(seconds: float) -> Problem:
    detail = f"the request was not all there after {seconds:g} s; send smaller pictures"
    return Problem(408, "too-slow", "The request came too slowly", detail)


def late(settings: Any) -> Problem:
    detail = f"no answer within {settings.deadline_s:g} s"
    return Problem(503, "deadline", "The server took too long", detail, {"Retry-After": "5"})
