"""The description of the API (OpenAPI): what FastAPI makes of the routes, with our errors.

Any route may refuse a request, and does so with a problem; FastAPI's own form of errors never comes.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from skulens.serve.bodies.problems import ProblemBody
from skulens.serve.problems import MEDIA_TYPE

FASTAPIS = ("HTTPValidationError", "ValidationError")
PROBLEM = {
    "description": "A problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
}


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What makes the description of an application, once."""
    plain = app.openapi

    def make() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = add_problems(plain())
        return app.openapi_schema

    return make


def add_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, every operation with the problems that it may answer."""
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in FASTAPIS:
        known.pop(name, None)
    known["ProblemBody"] = ProblemBody.model_json_schema()
    for path in schema["paths"].values():
        for operation in path.values():
            told = operation["responses"]
            for status in [s for s in told if s.startswith(("4", "5")) and is_ours(told[s])]:
                del told[status]
            told |= {"4XX": PROBLEM, "5XX": PROBLEM} | told
    return schema


def is_ours(told: dict[str, Any]) -> bool:
    """Whether a route says of an error no more than what is said of all."""
    return str(told.get("content", "ProblemBody")).count("ProblemBody") > 0 or any(
        name in str(told) for name in FASTAPIS
    )
