"""Search."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from skulens.errors import DataError
from skulens.serve.answering.asking import Asking
from skulens.serve.bodies.answers import SearchAnswer
from skulens.serve.bodies.problems import answers
from skulens.serve.bodies.search import SearchBody
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.pictures.uploads import FORM_SCHEMA, FormRoute, gather_pictures
from skulens.serve.state import catalogue_of, service_of
from skulens.serve.work.service import Service

router = APIRouter(tags=["search"], route_class=FormRoute)


@router.post(
    "/v1/search",
    summary="Find products by photos, words and conditions",
    responses=answers(SearchAnswer, 400, 422, 429, 503),
    openapi_extra=FORM_SCHEMA,
)
async def search(
    body: SearchBody,
    request: Request,
    service: Service = Depends(service_of),
    catalogue: Catalogue = Depends(catalogue_of),
) -> Response:
    pictures = await gather_pictures(body, request, service)
    asking = Asking(body, service.settings, catalogue, pictures)
    try:
        written = await service.search(asking.make, asking.write)
    except DataError as error:  # of a part that an encoder could not read, perhaps
        problem = await service.run(asking.blame) if asking.made else None
        raise problem or error from error
    return Response(written, media_type="application/json")
