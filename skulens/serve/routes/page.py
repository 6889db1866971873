"""The page and its files."""

import gzip
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from skulens.serve.door.access import allowed
from skulens.serve.front.files import PageFile, PageFiles
from skulens.serve.front.first import find_first, write_first
from skulens.serve.problems import Problem
from skulens.serve.state import catalogue_of, describer_of, service_of

FOR_GOOD = "public, max-age=31536000, immutable"
EACH_TIME = "no-cache"
"""Kept, but asked for again: 304 where it is the same."""
PLACE = "<!--first-->"
router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=1)
def read_files() -> PageFiles:
    return PageFiles()


async def find_for(request: Request) -> dict[str, Any]:
    """What the page shows first; nothing for who may not read."""
    if not allowed(request, "read"):
        return {}
    service, catalogue = await service_of(request), await catalogue_of(request)
    return await find_first(request.url.query, service, catalogue, await describer_of(request))


@router.get("/")
async def get_page(request: Request, first: dict[str, Any] = Depends(find_for)) -> Response:
    data = read_files().index.replace(PLACE, write_first(first)).encode()
    packed = takes_gzip(request)
    headers = {"Cache-Control": EACH_TIME, "Vary": "Accept-Encoding"}
    headers |= {"Content-Encoding": "gzip"} if packed else {}
    body = gzip.compress(data, 6, mtime=0) if packed else data
    return Response(body, headers=headers, media_type="text/html; charset=utf-8")


@router.get("/page/{name}")
async def get_file(request: Request, name: str) -> Response:
    return send(request, find_file(name), EACH_TIME)


@router.get("/page/{version}/{name}")
async def get_versioned(request: Request, version: str, name: str) -> Response:
    """A file of a version; of another version than this server's, this server's."""
    kept = FOR_GOOD if version == read_files().version else EACH_TIME
    return send(request, find_file(name), kept)


def find_file(name: str) -> PageFile:
    """Raises Problem where the page has no such file."""
    found = read_files().files.get(name)
    if found is None:
        raise Problem(404, "no-file", "There is no such file", f"the page has no {name!r:.80}")
    return found


def send(request: Request, file: PageFile, kept: str) -> Response:
    headers = {"Cache-Control": kept, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not takes_gzip(request):
        return Response(file.data, headers=headers, media_type=file.media_type)
    headers |= {"Content-Encoding": "gzip"}
    return Response(file.packed, headers=headers, media_type=file.media_type)


def takes_gzip(request: Request) -> bool:
    """Whether the browser reads gzip; "gzip;q=0" says that it does not."""
    for one in request.headers.get("accept-encoding", "").split(","):
        name, _, quality = one.strip().partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
