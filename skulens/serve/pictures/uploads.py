"""Pictures that come beside the JSON of a search: files of a form, and addresses to fetch.

curl -F photo=@a.jpg -F 'request={"k": 5}' http://127.0.0.1:8765/v1/search

Files become parts `image` of the item, in their order, after those that the request lists; but one
that a part names, by the name of its field or of its file, stands there instead.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from skulens.serve.bodies.search import SearchBody
from skulens.serve.pictures.urls import Fetcher, Refused
from skulens.serve.problems import Problem
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service

FORM = b"multipart/form-data"
REQUEST = "request"
"""Field of a form that has the JSON."""
JSON_BYTES = 1_000_000
"""Of the JSON beside files."""
PICTURES = "skulens.pictures"
FORM_SCHEMA = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        REQUEST: {"type": "string", "description": "JSON, as in application/json"},
                        "photo": {"type": "string", "format": "binary"},
                    },
                }
            }
        }
    }
}
"""What the description of the API says besides."""


class MemoryParser(MultiPartParser):
    """Keeps files in memory: the whole body is there already, and is bounded."""

    spool_max_size = 1 << 62


class FormRoute(APIRoute):
    """A route for JSON that takes a form of files and JSON as well."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            kind = request.headers.get("content-type", "").encode("latin-1")
            if kind.lower().startswith(FORM):
                service = request.app.state.service
                request = await read_form(request, kind, service.settings)
            return await answer(request)

        return handle


async def read_form(request: Request, kind: bytes, settings: Settings) -> Request:
    """The same request with its JSON as the body; the files lie in its scope. Raises Problem."""
    data = await request.body()
    check_end(data, kind)
    files: list[tuple[str, UploadFile]] = []
    text: bytes | None = None

    async def stream() -> AsyncIterator[bytes]:
        yield data

    try:
        parser = MemoryParser(
            Headers(raw=[(b"content-type", kind)]),
            cast(Any, stream()),
            max_files=settings.parts + 1,
            max_fields=8,
            max_part_size=JSON_BYTES,
        )
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as e:
        raise bad_form(getattr(e, "message", "") or "it is no form") from None
    for name, value in form.multi_items():
        if name == REQUEST:
            text = await value.read() if isinstance(value, UploadFile) else value.encode()
        elif isinstance(value, UploadFile):
            files.append((name, value))
        else:
            raise bad_form(
                f"{name!r:.80} is not a file; the form has files and one field {REQUEST!r}"
            )
    given = [(name, file.filename or "", await file.read()) for name, file in files]
    body, pictures = put_together(text or b"{}", given)
    scope = dict(request.scope) | {
        "headers": with_json(request.scope["headers"]),
        PICTURES: pictures,
    }
    found = Request(scope, request.receive)
    found._body = body
    return found


def check_end(data: bytes, kind: bytes) -> None:
    """Raise Problem where the last boundary is missing: a file cut short is not a file."""
    boundary = parse_options_header(kind)[1].get(b"boundary", b"")
    if not boundary or not data.rstrip().endswith(b"--" + boundary + b"--"):
        raise bad_form("it does not end with its boundary")


def put_together(
    text: bytes, files: Sequence[tuple[str, str, bytes]]
) -> tuple[bytes, dict[str, bytes]]:
    """(JSON whose item names the files, name -> bytes of each). Raises Problem.

    Args:
        files: (field, file's name, bytes).
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_form(f"the field {REQUEST!r} is no JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("item", []), list):
        raise bad_form(f'the field {REQUEST!r} is no request: expected {{"item": [...], ...}}')
    item = list(body.get("item", []))
    wanted = {p["image"] for p in item if isinstance(p, dict) and isinstance(p.get("image"), str)}
    counts = Counter(name for field, file, _ in files for name in {field, file})
    pictures = {}
    for place, (field, file, data) in enumerate(files):
        named = [name for name in (field, file) if name in wanted]
        for name in named:
            if counts[name] > 1:
                raise bad_form(f"{counts[name]} files are called {name!r:.80}; name them apart")
            pictures[name] = data
        if not named:
            own = f"file:{place}"
            pictures[own] = data
            item.append({"image": own})
    return json.dumps(body | {"item": item}).encode(), pictures


def with_json(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [one for one in headers if one[0] not in (b"content-type", b"content-length")]
    return [*kept, (b"content-type", b"application/json")]


async def gather_pictures(
    body: SearchBody, files: Mapping[str, bytes], service: Service
) -> Mapping[str, bytes]:
    """What parts name in place of data: addresses -> bytes: files of the form, and what is behind
    http addresses, where their hosts were named.

    Args:
        files: of the form, by name.
    Raises:
        Problem: 422, an address that is not fetched, or no picture there; 413, what was fetched has
            more bytes than a body may have.
    """
    found = dict(files)
    fetcher, left = Fetcher(service.settings.url_hosts), service.settings.body_bytes
    for place, part in enumerate(body.item[: service.settings.parts]):
        url = part.image or ""
        if url in found or not url.lower().startswith(("http://", "https://")):
            continue
        if not fetcher.hosts:
            detail = f"item[{place}] is an address, and none is fetched here; send the picture"
            raise Problem(422, "no-addresses", "Addresses are not fetched", detail, part=place)
        try:
            found[url] = await service.fetch(partial(fetcher.fetch, url))
        except Refused as e:
            detail = f"item[{place}]: {e}"
            raise Problem(422, "bad-picture", "A picture cannot be read", detail, part=place) from e
        left -= len(found[url])
        if left < 0:
            most = service.settings.body_bytes
            detail = f"pictures behind addresses have at most {most:,} bytes together; give fewer"
            raise Problem(413, "too-large", "The pictures are too large", detail, part=place)
    return found


def bad_form(why: str) -> Problem:
    detail = f"{why}; send files and one field {REQUEST!r} with the JSON of the search"
    return Problem(400, "bad-form", "The form cannot be read", detail)
