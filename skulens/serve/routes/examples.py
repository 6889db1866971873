"""Photos to try."""

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from skulens.serve.answering.about import Describer
from skulens.serve.pictures.examples import KINDS
from skulens.serve.problems import Problem
from skulens.serve.state import describer_of, service_of
from skulens.serve.work.service import Service

router = APIRouter(tags=["about"])


@router.get(
    "/v1/examples/{n}",
    summary="A photo to try",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in sorted(set(KINDS.values()))}}},
)
async def get_example(
    n: int,
    service: Service = Depends(service_of),
    describer: Describer = Depends(describer_of),
) -> Response:
    photos = describer.photos
    if not 0 <= n < len(photos):
        detail = f"there are {len(photos)} photos to try, counted from 0; got {n}"
        raise Problem(404, "no-example", "There is no such photo", detail)
    data = await service.run(photos[n].read_bytes)
    return Response(data, media_type=KINDS[photos[n].suffix.lower()])
