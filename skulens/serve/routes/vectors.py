"""Vectors of texts and pictures, and the order that they give."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from skulens.errors import DataError
from skulens.serve.answering.embedding import (
    Stored,
    Thing,
    choose_column,
    embed_things,
    read_picture,
    read_text,
)
from skulens.serve.answering.writing import write_json
from skulens.serve.bodies.problems import answers
from skulens.serve.bodies.vectors import (
    MOST_INPUTS,
    EmbeddingsAnswer,
    EmbeddingsBody,
    Input,
    RerankAnswer,
    RerankBody,
    ThingBody,
)
from skulens.serve.settings import Settings
from skulens.serve.state import service_of
from skulens.serve.work.service import Service

router = APIRouter(tags=["vectors"])
PICTURE = "data:image/"


@router.post(
    "/v1/embeddings",
    summary="Vectors of texts and pictures, as OpenAI gives them",
    responses=answers(EmbeddingsAnswer, 400, 422, 429, 503),
)
async def embeddings(body: EmbeddingsBody, service: Service = Depends(service_of)) -> Response:
    written = await service.run(lambda: write_json(embed(body, service)))
    return Response(written, media_type="application/json")


@router.post(
    "/v1/rerank",
    summary="Texts, pictures and products in the order of how well they fit a query",
    responses=answers(RerankAnswer, 400, 422, 429, 503),
)
async def rerank(body: RerankBody, service: Service = Depends(service_of)) -> Response:
    written = await service.run(lambda: write_json(rank(body, service)))
    return Response(written, media_type="application/json")


# ----- embeddings -----------------------------------------------------------------------------


def embed(body: EmbeddingsBody, service: Service) -> dict[str, Any]:
    """Raises DataError, PictureError, UnknownName or EncoderError."""
    given = body.input if isinstance(body.input, list) else [body.input]
    if not 1 <= len(given) <= MOST_INPUTS:
        raise DataError(f"input has {len(given):,} parts; expected 1 to {MOST_INPUTS}")
    names = [f"input[{n}]" for n in range(len(given))]
    things = [read_input(p, n, service.settings) for p, n in zip(given, names, strict=True)]
    column = choose_column(service.shop.store.schema, body.model, things)
    if body.dimensions not in (None, column.dim):
        raise DataError(
            f"{column.encoder or column.name} makes {column.dim} dimensions, not "
            f"{body.dimensions}; leave `dimensions` out"
        )
    made = embed_things(service.shop, column, things, names, body.input_type)
    write: Callable[[np.ndarray], Any] = write_list
    if body.encoding_format == "base64":
        write = write_base64
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": n, "embedding": write(vector)}
            for n, vector in enumerate(made.vectors)
        ],
        "model": column.name,
        "maker": column.maker,
        "usage": {"prompt_tokens": made.tokens, "total_tokens": made.tokens},
    }


def write_list(vector: np.ndarray) -> list[float]:
    return vector.tolist()


def write_base64(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def read_input(given: Input, name: str, settings: Settings) -> Thing:
    """Raises DataError or PictureError, naming the part."""
    if isinstance(given, str):
        return read_string(given, name, settings)
    address = given.image_url if isinstance(given.image_url, str | None) else given.image_url.url
    is_text = given.type in ("text", "input_text")
    held, other = (given.text, address) if is_text else (address, given.text)
    if held is None or other is not None:
        wanted = "text" if is_text else "image_url"
        raise DataError(f"{name}: a part of type {given.type!r} has {wanted!r}, and nothing else")
    return read_text(held, name) if is_text else read_picture(held, name, settings)


def read_string(given: str, name: str, settings: Settings) -> Thing:
    """A picture where it is a data: address, else a text."""
    if given.startswith(PICTURE):
        return read_picture(given, name, settings)
    return read_text(given, name)


# ----- rerank ---------------------------------------------------------------------------------


def rank(body: RerankBody, service: Service) -> dict[str, Any]:
    """Raises as `embed`."""
    given = [body.query, *body.documents]
    names = ["query", *(f"documents[{n}]" for n in range(len(body.documents)))]
    things = [read_thing(t, n, service.settings) for t, n in zip(given, names, strict=True)]
    column = choose_column(service.shop.store.schema, body.model, things)
    asked = embed_things(service.shop, column, things[:1], names[:1], "query")
    held = embed_things(service.shop, column, things[1:], names[1:], "document")
    scores = held.vectors @ asked.vectors[0]  # (documents,)
    order = np.argsort(-scores, kind="stable")[: body.top_n]
    tokens = asked.tokens + held.tokens
    shown = [show_thing(t) for t in body.documents] if body.return_documents else []
    return {
        "model": column.name,
        "results": [
            {"index": int(n), "relevance_score": float(scores[n])}
            | ({"document": shown[n]} if shown else {})
            for n in order
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def read_thing(given: str | ThingBody, name: str, settings: Settings) -> Thing:
    """Raises DataError or PictureError, naming the part."""
    if isinstance(given, str):
        return read_string(given, name, settings)
    kinds = list(given.model_dump(exclude_none=True))
    if len(kinds) != 1:
        raise DataError(f"{name}: expected one of text, image and product, got {kinds or 'none'}")
    if given.product is not None:
        return Stored(given.product)
    if given.image is not None:
        return read_picture(given.image, name, settings)
    return read_text(given.text or "", name)


def show_thing(given: str | ThingBody) -> dict[str, str]:
    if isinstance(given, ThingBody):
        return given.model_dump(exclude_none=True)
    return {"image" if given.startswith(PICTURE) else "text": given}
