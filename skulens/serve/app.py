"""The application: routes over one service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from skulens import __version__
from skulens.protocols import Catalog
from skulens.search.shop import Shop
from skulens.serve.answering.about import Describer
from skulens.serve.described import describe
from skulens.serve.door.access import Guard, Tokens
from skulens.serve.door.envelope import Envelope
from skulens.serve.door.limits import App, Limits, Receive, Scope, Send
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.problems import add_handlers
from skulens.serve.routes import (
    about,
    examples,
    health,
    labels,
    page,
    products,
    search,
    upsert,
    vectors,
)
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service

ROUTERS = (
    search.router,
    about.router,
    examples.router,
    products.router,
    upsert.router,
    vectors.router,
    labels.router,
    health.router,
    page.router,
)


class Application(FastAPI):
    """Routes behind the door, which stands outside of all that FastAPI does for a request, so that
    nothing of it is done for requests that are refused or answered there."""

    door: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.door(scope, receive, send)

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the routes."""
        await super().__call__(scope, receive, send)


def make_app(
    shop: Shop | Callable[[], Shop],
    settings: Settings = Settings(),
    catalog: Catalog | None = None,
    *,
    address: str = "",
    tokens: Tokens | None = None,
) -> Application:
    """The application that searches a shop; it closes the shop when it ends.

    Args:
        shop: or what opens it, once the application runs.
        catalog: whose pictures are shown.
        address: of the store, where its folder is to be watched.
        tokens: who may read and write; None: everybody.
    """

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.start())
        yield
        await loading
        await asyncio.to_thread(service.close)

    app = Application(
        title="skulens", version=__version__, lifespan=live, docs_url=None, redoc_url=None
    )
    app.state.service = service = Service(shop, settings, address)
    app.state.catalogue = Catalogue(catalog)
    app.state.describer = Describer(service, app.state.catalogue)
    add_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = describe(app)  # type: ignore[method-assign]
    inside = search.Shortcut(app.pass_on, service, app.state.catalogue)
    guard = Guard(Limits(inside, service), settings.hosts, tokens)
    app.door = Envelope(guard, service)  # outermost: it sees every answer
    return app
