"""Search."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError

from skulens.errors import DataError, SkulensError
from skulens.serve.answering.asking import Asking
from skulens.serve.bodies.answers import SearchAnswer
from skulens.serve.bodies.problems import answers
from skulens.serve.bodies.search import SearchBody
from skulens.serve.door.limits import BODY, App, Receive, Scope, Send
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.pictures.uploads import FORM_SCHEMA, PICTURES, FormRoute, gather_pictures
from skulens.serve.problems import Problem, problem_of
from skulens.serve.state import catalogue_of, service_of
from skulens.serve.work.service import Service

PATH = "/v1/search"
JSON = b"application/json"

router = APIRouter(tags=["search"], route_class=FormRoute)


@router.post(
    PATH,
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
    files = request.scope.get(PICTURES, {})
    written = await answer_search(body, service, catalogue, files)
    return Response(written, media_type="application/json")


class Shortcut:
    """Middleware: answers a search whose body is JSON as described, without FastAPI, whose routing
    and dependencies take longer than all else around a search. Every other request goes on, so that
    the route alone says what is wrong with a body.

    It stands inside `Limits`, which has read the body.
    """

    def __init__(self, app: App, service: Service, catalogue: Catalogue):
        self.app, self.service, self.catalogue = app, service, catalogue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = read_body(scope) if is_search(scope) else None
        if body is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = router.routes[0]  # by which it is counted
        try:
            written = await answer_search(body, self.service, self.catalogue)
        except Problem as e:
            await e.response()(scope, receive, send)
        except SkulensError as e:
            await problem_of(e).response()(scope, receive, send)
        else:
            head = [(b"content-length", b"%d" % len(written)), (b"content-type", JSON)]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": written})


def is_search(scope: Scope) -> bool:
    """Whether a request is a search by JSON; a form is not."""
    if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
        return False
    kind = next((v for n, v in scope["headers"] if n == b"content-type"), b"")
    return kind.partition(b";")[0].strip().lower() == JSON


def read_body(scope: Scope) -> SearchBody | None:
    """The body, parsed and checked in one pass; None where it is not as described, or is JSON in
    another encoding than UTF-8."""
    try:
        return SearchBody.model_validate_json(scope[BODY])
    except ValidationError:
        return None


async def answer_search(
    body: SearchBody,
    service: Service,
    catalogue: Catalogue,
    files: Mapping[str, bytes] = {},
) -> bytes:
    """JSON of the answer.

    Args:
        files: of a form, by the name that parts give them.
    Raises:
        Problem, SkulensError: see `Service.search` and `Asking.make`.
    """
    pictures = await gather_pictures(body, files, service)
    asking = Asking(body, service.settings, catalogue, pictures)
    try:
        return await service.search(asking.make, asking.write)
    except DataError as error:  # of a part that an encoder could not read, perhaps
        problem = await service.run(asking.blame) if asking.made else None
        raise problem or error from error
