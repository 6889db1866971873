"""The server: /v1/models, /v1/chat/completions, /health and /stats.

Completions are answered by hand (ASGI), everything else by FastAPI: benchmarks of clients run
against this server, so that it must not be what limits them. A wrong path answers as vLLM's, which
is a FastAPI application too.
"""

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from skulens.chat.stub import answers, spoil
from skulens.chat.stub.answer import Answer
from skulens.chat.stub.faults import Chooser
from skulens.chat.stub.pictures import Eyes, View
from skulens.chat.stub.question import Question, Refusal, read_question
from skulens.chat.stub.settings import StubSettings
from skulens.chat.stub.usage import count_tokens, cut_text, jitter, make_usage, picture_tokens
from skulens.errors import SkulensError
from skulens.protocols import Ask, Chat, Reply

__all__ = ["Stub", "StubSettings", "make_app"]

PATH = "/v1/chat/completions"
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
MOST_BYTES = 100_000_000
"""Of a request."""
JSON = (b"content-type", b"application/json")
Scope = MutableMapping[str, Any]


class Stub:
    """What one server knows: its settings, and what it was asked."""

    def __init__(self, settings: StubSettings):
        self.settings = settings
        self.retry_after_s, self.slow_s = settings.retry_after_s, settings.slow_s
        self.rules = answers.read_rules(Path(settings.script)) if settings.script else ()
        self.chooser = Chooser(settings.faults)
        self.eyes = Eyes()
        self.requests = 0
        self.statuses: Counter[int] = Counter()
        self.given: Counter[str] = Counter()
        self.attempts: dict[bytes, int] = {}
        self.limits: dict[bytes, int | None] = {}
        self.in_flight: dict[int, tuple[Question, str]] = {}
        self.latest: list[tuple[Question, str]] = []
        self.shown: dict[str, tuple[str, ...]] = {}
        self.die: Callable[[], None] = lambda: None
        self.model_lock = threading.Lock()
        self.model: Chat | None = None
        self.log: Callable[[int], None] = lambda requests: None

    # ----- what `spoil.Server` asks for -------------------------------------------------------

    def other_answer(self, question: Question) -> Answer | None:
        asked = [*self.latest, *self.in_flight.values()]
        others = [(q, i) for q, i in asked if q.content != question.content]
        return self.right_answer(*others[-1]) if others else None

    def earlier_picture(self, question: Question) -> Answer | None:
        shown = self.shown.get(question.before, question.pictures)
        if shown == question.pictures:
            return None
        return self.right_answer(replace(question, pictures=shown), "")

    def first_limit(self, question: Question) -> int | None:
        return self.limits.get(question.content)

    # ----- answers ----------------------------------------------------------------------------

    def look(self, question: Question) -> list[View]:
        return [self.eyes.look(uri) for uri in question.pictures]

    def right_answer(self, question: Question, asked_as: str) -> Answer:
        """What the stub answers when nothing goes wrong."""
        views = self.look(question)
        text, finish = answers.answer(question, views, self.rules)
        return self.finish_answer(question, asked_as, text, finish, views)

    def finish_answer(
        self, question: Question, asked_as: str, text: str, finish: str, views: Sequence[View]
    ) -> Answer:
        """An answer cut where `stop` and `max_tokens` say, with its usage."""
        ends = [at for stop in question.stop if (at := text.find(stop)) >= 0]
        if ends:
            text = text[: min(ends)]
        if question.max_tokens is not None and count_tokens(text) > question.max_tokens:
            text, finish = cut_text(text, question.max_tokens), "length"
        usage = make_usage(
            count_tokens(question.system),
            count_tokens(question.text),
            sum(picture_tokens(view.width, view.height) for view in views),
            count_tokens(text),
        )
        return Answer(text, finish, usage=usage, asked_as=asked_as)

    def open_model(self) -> Chat:
        """The real small model, loaded once; some seconds.

        Raises:
            MissingDependency: a package of it is not installed.
        """
        from skulens.chat import open_chat

        with self.model_lock:
            if self.model is None:
                self.model = open_chat("smollm2")
        return self.model

    async def ask_model(self, question: Question, asked_as: str) -> Answer:
        """The answer of the real small model, one question at a time."""
        if question.pictures:
            raise Refusal(
                400, "At most 0 image(s) may be provided in one prompt: it reads text only"
            )
        reply = await asyncio.to_thread(self.run_model, question)
        if reply.error and not reply.text:
            raise Refusal(500, f"the model failed: {reply.reason}", "InternalServerError")
        asked, said = (reply.usage.get(f"{way}_tokens", 0) for way in ("input", "output"))
        text, finish, most = reply.text, reply.finish or "stop", question.max_tokens
        if most is not None and said > most:  # the engine goes on to twice the limit by itself
            text, said = text[: len(text) * most // said], most
            finish = "length"
        return Answer(text, finish, usage=make_usage(0, asked, 0, said), asked_as=asked_as)

    def run_model(self, question: Question) -> Reply:
        """The model's reply. Raises Refusal where it cannot be opened."""
        sampling = dict(question.sampling)
        if question.max_tokens is not None:
            sampling["max_tokens"] = question.max_tokens
        if question.stop:
            sampling["stop"] = list(question.stop)
        ask = Ask("stub", (question.text,), question.system, question.schema, sampling)
        try:
            model = self.open_model()
            with self.model_lock:
                [reply] = model.ask([ask])
                return reply
        except SkulensError as e:
            raise Refusal(500, str(e), "InternalServerError") from e

    def check(self, question: Question) -> None:
        """Raise Refusal for what this server does not serve."""
        if question.model != self.settings.model:
            raise Refusal(404, f"The model `{question.model}` does not exist.", "NotFoundError")
        most, had = self.settings.most_pictures, len(question.pictures)
        if most and had > most:
            raise Refusal(400, spoil.too_many(had, most))

    async def complete(self, body: bytes, asked_as: str) -> Answer:
        """The answer to one request, spoiled where its question meets a fault."""
        question = read_question(body, self.settings.seed)
        self.check(question)
        attempt = self.attempts[question.content] = self.attempts.get(question.content, 0) + 1
        if attempt == 1:
            self.limits[question.content] = question.max_tokens
        self.in_flight[id(question)] = question, asked_as
        try:
            if self.settings.engine == "scripted":
                answer = self.right_answer(question, asked_as)
            else:
                answer = await self.ask_model(question, asked_as)
            wait_s = self.settings.latency_s
            if isinstance(answer.usage, dict):
                wait_s += self.settings.token_s * answer.usage["completion_tokens"]
            if wait_s:
                await asyncio.sleep(wait_s * jitter(question.content))
            answer = self.spoil(answer, question, attempt)
            if answer.wait_s:
                await asyncio.sleep(answer.wait_s)
        finally:
            del self.in_flight[id(question)]
        if question.pictures:
            self.shown[question.before] = question.pictures
        if not self.latest or self.latest[-1][0].content != question.content:
            self.latest = [*self.latest[-1:], (question, asked_as)]
        return answer

    def spoil(self, answer: Answer, question: Question, attempt: int) -> Answer:
        """The answer after the fault that the question meets, if any."""
        fault = self.chooser.choose(question, attempt)
        if fault is None:
            return answer
        spoiled = spoil.Spoiled(answer, question, attempt, self, self.free_text)
        fault.does(spoiled)
        self.given[fault.name] += 1
        return spoiled.answer

    def free_text(self, question: Question) -> str:
        return answers.free_answer(question, self.look(question))

    def stats(self) -> dict[str, Any]:
        """What was asked and given so far."""
        return {
            "requests": self.requests,
            "questions": len(self.attempts),
            "attempts": dict(sorted(Counter(self.attempts.values()).items())),
            "statuses": dict(sorted(self.statuses.items())),
            "faults": dict(sorted(self.given.items())),
        }


class StubApp(FastAPI):
    """FastAPI, but for the one path that must be fast."""

    stub: Stub

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            await answer_request(self.stub, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def make_app(settings: StubSettings) -> StubApp:
    """The application of one stub.

    Raises:
        DataError: the rules of `settings.script` cannot be read.
    """
    app = StubApp(title="a stub of skulens")
    stub = app.stub = Stub(settings)

    @app.get("/v1/models")
    def models() -> JSONResponse:
        row = {"id": settings.model, "object": "model", "created": 0, "owned_by": "skulens"}
        return JSONResponse({"object": "list", "data": [row]})

    @app.get("/health")
    def health() -> JSONResponse:
        return JSONResponse({})

    @app.get("/stats")
    def stats() -> JSONResponse:
        return JSONResponse(stub.stats())

    if settings.key:

        @app.middleware("http")
        async def check_key(request: Any, go_on: Any) -> Any:
            if request.url.path.startswith("/v1") and not has_key(stub, request.scope):
                return JSONResponse(json.loads(no_key(request.scope).body("")), 401)
            return await go_on(request)

    return app


def header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == name), "")


def has_key(stub: Stub, scope: Scope) -> bool:
    return not stub.settings.key or header(scope, b"authorization") == f"Bearer {stub.settings.key}"


def no_key(scope: Scope) -> Answer:
    """401. It quotes the key that came, as some servers do: a client must not pass that on."""
    came = header(scope, b"authorization").removeprefix("Bearer ")
    problem = f"Incorrect API key provided: {came}." if came else "You didn't provide an API key."
    return Answer(None, status=401, kind="AuthenticationError", problem=problem)


async def read_body(receive: Any) -> bytes:
    """The body of a request. Raises Refusal (413) for more than MOST_BYTES."""
    event = await receive()
    if not event.get("more_body"):
        return event.get("body", b"")
    pieces, size = [event["body"]], len(event["body"])
    while event.get("more_body"):
        event = await receive()
        size += len(event.get("body", b""))
        if size <= MOST_BYTES:
            pieces.append(event.get("body", b""))
    if size > MOST_BYTES:
        raise Refusal(413, f"the body has {size:,} bytes, expected at most {MOST_BYTES:,}")
    return b"".join(pieces)


async def answer_request(stub: Stub, scope: Scope, receive: Any, send: Any) -> None:
    """One completion, from the bytes of the request to those of the response."""
    stub.requests += 1
    if stub.settings.die_after and stub.requests > stub.settings.die_after:
        stub.die()
        await close(scope, receive)
        return
    asked_as = header(scope, b"x-request-id") or f"stub-{stub.requests}"
    if not has_key(stub, scope):
        answer = no_key(scope)
    else:
        try:
            answer = await stub.complete(await read_body(receive), asked_as)
        except Refusal as e:
            answer = Answer(None, status=e.status, kind=e.kind, problem=e.message)
    answer.asked_as = answer.asked_as or asked_as
    stub.statuses[answer.status] += 1
    await put_on_wire(stub, answer, scope, receive, send)
    stub.log(stub.requests)


async def put_on_wire(stub: Stub, answer: Answer, scope: Scope, receive: Any, send: Any) -> None:
    """Send the answer, the way that its fault says."""
    body, kind = answer.body(stub.settings.model), JSON
    if answer.wire == "hang":
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(until_gone(receive), stub.settings.hang_s)
    if answer.wire in ("hang", "closed_before"):
        await close(scope, receive)
        return
    if answer.wire == "html":
        body, kind = HTML, (b"content-type", b"text/html")
    elif answer.wire == "empty":
        body = b""
    elif answer.wire == "cut_envelope":
        body = body[: len(body) * 2 // 3]
    elif answer.wire == "no_choices":
        body = json.dumps(json.loads(body) | {"choices": []}).encode()
    length = (b"content-length", str(len(body)).encode())
    own = (b"x-request-id", answer.asked_as.encode("latin-1", "replace"))
    headers = [kind, length, own, *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.wire == "closed_inside":
        half = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await send(half)
        await close(scope, receive)
        return
    await send({"type": "http.response.body", "body": body})


async def close(scope: Scope, receive: Any) -> None:
    """Close the connection as it stands; `running.Wire` puts it into the scope."""
    scope["state"]["transport"].close()
    await until_gone(receive)


async def until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
