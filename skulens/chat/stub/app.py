"""The server: /v1/models and /v1/chat/completions over scripted answers."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


@dataclass(frozen=True)
class StubSettings:
    """What the server answers and how it fails."""

    model: str = "stub"
    seed: int = 0
    latency_s: float = 0.0
    faults: Mapping[str, float] = field(default_factory=dict)
    """Fault -> share of questions that meet it; see `faults`."""


def example_of(schema: Mapping) -> object:
    """The smallest value that a schema allows, so that answers are valid."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {k: example_of(v) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema["items"])] if schema.get("minItems") else []
    return {"string": "stub", "integer": 1, "number": 1.0, "boolean": True, "null": None}[kind]


def make_app(settings: StubSettings) -> FastAPI:
    """The application of one stub."""
    app = FastAPI()

    @app.get("/v1/models")
    def models() -> dict:
        return {"object": "list", "data": [{"id": settings.model, "object": "model"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> JSONResponse:
        asked = await request.json()
        await asyncio.sleep(settings.latency_s)
        wanted = asked.get("response_format") or {}
        text = "a stub's answer"
        if wanted.get("type") == "json_schema":
            text = json.dumps(example_of(wanted["json_schema"]["schema"]))
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        message = {"role": "assistant", "content": text}
        return JSONResponse(
            {
                "id": "stub",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": settings.model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": usage,
            }
        )

    return app
