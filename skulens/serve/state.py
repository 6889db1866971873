"""What routes share, kept in the application."""

from fastapi import Request

from skulens.serve.answering.about import Describer
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.work.service import Service


async def service_of(request: Request) -> Service:
    """Async, since FastAPI would send a plain function to a thread, one more for each request."""
    return request.app.state.service


async def catalogue_of(request: Request) -> Catalogue:
    return request.app.state.catalogue


async def describer_of(request: Request) -> Describer:
    return request.app.state.describer
