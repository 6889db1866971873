"""Errors -> problem details (RFC 9457): what we got, what we expected, what to do.

{"type": "about:blank", "title": "Bad request", "status": 400, "code": "bad-filter", "detail": "..."}
"""

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from skulens.errors import SkulensError
from skulens.serve.codes import BAD_BODY, KINDS

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is no result."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ):
        super().__init__(detail or title)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.headers, self.more = headers or {}, more

    def body(self) -> dict[str, Any]:
        own = {"type": "about:blank", "title": self.title, "status": self.status}
        return own | {"code": self.code, "detail": self.detail} | self.more

    def response(self) -> Response:
        text = json.dumps(self.body(), ensure_ascii=False)  # may repeat half a character
        return Response(text.encode("utf-8", "replace"), self.status, self.headers, MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """The problem that an error of the house is."""
    for kind, status, code, title in KINDS:
        if isinstance(error, kind):
            return Problem(status, code, title, str(error))
    return Problem(500, "internal", "The server failed", "see the log of the server")


def find_methods(request: Request) -> set[str]:
    """Methods that the path of a request takes; each of its routes knows its own only."""
    described = request.app.openapi()["paths"]
    template = getattr(request.scope.get("route"), "path", "").replace(":path}", "}")
    return {method.upper() for method in described.get(template, {"get": {}})}


def add_handlers(app: FastAPI) -> None:
    """Every error of the application as a problem."""

    async def ours(_: Request, error: Exception) -> Response:
        return problem_of(error).response()

    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.response()

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [
            {"where": ".".join(str(p) for p in e["loc"]), "problem": e["msg"]}
            for e in error.errors()
        ]
        said = "; ".join(f"{one['where']}: {one['problem']}" for one in found[:5])
        return Problem(422, BAD_BODY, "The body is not as expected", said, errors=found).response()

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(find_methods(request)))
        return Problem(error.status_code, "http", str(error.detail), "", headers).response()

    async def internal(_: Request, error: Exception) -> Response:
        return problem_of(error).response()  # and Starlette raises it again, for the log

    app.add_exception_handler(Exception, internal)
    app.add_exception_handler(SkulensError, ours)
    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
