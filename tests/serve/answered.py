"""Answers of a server as its description says they are."""

import base64
import json
from functools import cache
from typing import Any

import httpx
from pydantic import TypeAdapter

from skulens.records import Image
from skulens.serve.bodies import answers as described
from skulens.serve.bodies.problems import ProblemBody


@cache
def reader(model: type) -> TypeAdapter:
    return TypeAdapter(model)


def read(response: httpx.Response, model: type) -> Any:
    """The body of an answer, which has to be what its model says, and nothing besides."""
    assert response.status_code == 200, response.text
    found = response.json()
    parsed = reader(model).validate_python(found, strict=False)
    missing = unknown(found, json.loads(parsed.model_dump_json()))
    assert not missing, f"not described: {missing}"
    return found


def unknown(found: Any, told: Any, path: str = "") -> list[str]:
    """Paths of keys that an answer has and its description lacks."""
    if isinstance(found, dict) and isinstance(told, dict):
        mine = [f"{path}.{key}" for key in found if key not in told]
        return mine + [
            p for k in found if k in told for p in unknown(found[k], told[k], f"{path}.{k}")
        ]
    if isinstance(found, list) and isinstance(told, list):
        return [p for a, b in zip(found, told, strict=True) for p in unknown(a, b, f"{path}[]")]
    return []


def search(client: httpx.Client, *item: dict, **body: Any) -> dict[str, Any]:
    """The answer to a search that makes sense."""
    return read(
        client.post("/v1/search", json={"item": list(item), **body}), described.SearchAnswer
    )


def refuse(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that a request was answered with."""
    assert (response.status_code, response.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), response.text
    found = response.json()
    ProblemBody.model_validate(found)
    assert (found["status"], found["code"]) == (status, code), found
    return found


def uri(image: Image, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(image.read()).decode()}"


def ids(answer: dict) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]
