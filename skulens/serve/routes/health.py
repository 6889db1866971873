"""Whether the server lives, whether it should be asked, and what it counts."""

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from skulens.serve.state import service_of
from skulens.serve.work.health import find_obstacles
from skulens.serve.work.meters import CONTENT_TYPE
from skulens.serve.work.service import Service

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Whether the process answers; never asks the store")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.get(
    "/readyz",
    summary="Whether requests should be sent here",
    responses={503: {"description": "loading, no store, no space, or about to end"}},
)
async def readyz(service: Service = Depends(service_of)) -> JSONResponse:
    reasons = await asyncio.to_thread(find_obstacles, service)
    ready = {"ready": not reasons, "reasons": reasons}
    return JSONResponse(ready, 503 if reasons else 200, {"Cache-Control": "no-store"})


@router.get("/metrics", summary="Counters in Prometheus's text format", response_class=Response)
async def metrics(service: Service = Depends(service_of)) -> Response:
    if service.loaded:
        service.meters.rows.set(await service.run(service.shop.store.count))
    return Response(service.meters.write(), media_type=CONTENT_TYPE)
