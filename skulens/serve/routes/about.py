"""What the store holds, and what a shopper may be about to type."""

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from skulens.serve.answering.about import Describer
from skulens.serve.answering.writing import write_json
from skulens.serve.bodies.answers import About, Suggestions
from skulens.serve.bodies.problems import answers
from skulens.serve.state import describer_of, service_of
from skulens.serve.work.service import Service

MOST_TYPED = 200
"""Characters of what is typed."""
router = APIRouter(tags=["about"])


@router.get("/v1/about", summary="What the store holds", responses=answers(About, 429, 503))
async def get_about(
    service: Service = Depends(service_of), describer: Describer = Depends(describer_of)
) -> Response:
    return Response(await service.run(describer.about), media_type="application/json")


@router.get(
    "/v1/suggest",
    summary="Values and titles that begin as what was typed",
    responses=answers(Suggestions, 422, 429, 503),
)
async def suggest(
    q: str = Query("", max_length=MOST_TYPED),
    k: int = Query(8, ge=1, le=50),
    service: Service = Depends(service_of),
    describer: Describer = Depends(describer_of),
) -> Response:
    found = await service.run(lambda: describer.suggest(q, k))
    return Response(write_json({"suggestions": found}), media_type="application/json")
