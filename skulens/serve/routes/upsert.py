"""Products come and go. What is acknowledged is synced to the disk."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from skulens.index.stores.probes import id_problem
from skulens.search.indexing.upsert import Upserter
from skulens.serve.bodies.problems import answers
from skulens.serve.bodies.upsert import (
    DeleteAnswer,
    DeleteBody,
    UpsertAnswer,
    UpsertBody,
    answer_of,
    read_products,
)
from skulens.serve.state import service_of
from skulens.serve.work.idempotency import Ledger, fingerprint, ledger_of, scoped
from skulens.serve.work.service import Service

router = APIRouter(tags=["products"])
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="chosen by the client, one for each call: a repeated call gets the first answer",
    ),
]


@router.post(
    "/v1/products:batchUpsert",
    summary="Insert or replace products; what did not change is left as it is",
    responses=answers(UpsertAnswer, 400, 409, 422, 429, 503),
)
async def upsert(
    body: UpsertBody, request: Request, key: Key = None, service: Service = Depends(service_of)
) -> Response:
    def work() -> UpsertAnswer:
        products, rejects = read_products(body.products)
        shop = service.shop
        upserted = Upserter(shop.store, shop.embedder).upsert([p for p in products if p])
        return answer_of(products, rejects, upserted)

    return await write(service, request, key, work)


@router.post(
    "/v1/products:delete",
    summary="Delete products by their ids",
    responses=answers(DeleteAnswer, 400, 409, 422, 429, 503),
)
async def delete(
    body: DeleteBody, request: Request, key: Key = None, service: Service = Depends(service_of)
) -> Response:
    return await write(service, request, key, lambda: remove(service, body.ids))


@router.delete(
    "/v1/products/{product:path}",
    summary="Delete a product",
    responses=answers(DeleteAnswer, 400, 409, 422, 429, 503),
)
async def delete_one(
    product: str, request: Request, key: Key = None, service: Service = Depends(service_of)
) -> Response:
    return await write(service, request, key, lambda: remove(service, [product]))


def remove(service: Service, ids: list[str]) -> DeleteAnswer:
    possible = [product for product in ids if not id_problem(product)]  # no store has the others
    return DeleteAnswer(deleted=service.shop.store.delete(possible) if possible else 0)


def ledger(request: Request, service: Service) -> Ledger:
    """The ledger of the application, opened by the first write."""
    state = request.app.state
    if not hasattr(state, "ledger"):
        state.ledger = ledger_of(service.shop.store)
    return state.ledger


async def write(
    service: Service, request: Request, key: str | None, work: Callable[[], BaseModel]
) -> Response:
    """The answer to a call that writes; with a key that of its first time.

    Raises:
        Problem: 400 or 422, see `idempotency`; 409, another process writes to the store.
    """
    if key is None:
        answer = await service.write(lambda: work().model_dump_json().encode())
        return Response(answer, media_type="application/json")
    held = scoped(key, request.headers.get("Authorization", ""))
    asked = fingerprint(request.method, request.url.path, await request.body())
    done = await service.write(
        lambda: ledger(request, service).once(
            held, asked, lambda: work().model_dump_json().encode()
        )
    )
    told = {"Idempotency-Replayed": "true"} if done.again else {}
    return Response(done.body, media_type="application/json", headers=told)
