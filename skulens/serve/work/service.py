"""A shop behind a server: threads that work, and a bounded number of requests that wait for them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from skulens.index.stores.open import folder_of
from skulens.search.answers import Answer
from skulens.search.request import Request
from skulens.search.shop import Shop
from skulens.serve.problems import Problem
from skulens.serve.settings import Settings
from skulens.serve.work.meters import Meters
from skulens.serve.work.slots import Slots, Stage
from skulens.serve.work.together import Together

T = TypeVar("T")
FETCHERS = 4
"""Pictures that are fetched at once."""


class Service:
    """Runs what routes ask for, on a few threads.

    Whoever stops waiting (its client is gone, its deadline has passed) is forgotten: what it wanted
    never begins, where it has not yet.

    Args:
        shop: the store and its encoders, or what opens them, on a thread once `start` is called;
            closed with the service.
        address: of the store, where it is to be watched.
    """

    def __init__(self, shop: Shop | Callable[[], Shop], settings: Settings, address: str = ""):
        self.settings = settings
        self._places = settings.threads + settings.waiting
        self.meters = Meters()
        self.writing = threading.Lock()
        """Held by whoever changes the store, inside `write`."""
        self.draining = False
        self.folder = folder_of(address) if address else None
        """Where the store lies, if it lies in a folder."""
        self.failed: Exception | None = None
        """Why the shop could not be opened."""
        self.on_ready: Callable[[], object] = lambda: None
        """Called on a thread once the shop is open."""
        self._open = shop if callable(shop) else None
        self._shop = None if callable(shop) else shop
        self._slots = Slots(settings.threads, "skulens-serve")
        self._writer = ThreadPoolExecutor(1, "skulens-write")
        self._fetchers = ThreadPoolExecutor(FETCHERS, "skulens-fetch")
        self._together = Together(self._slots, settings.batch, self.meters.record_group)
        self._inside = 0
        self.meters.watch(lambda: self.waiting, lambda: self.loaded and not self.draining)

    @property
    def shop(self) -> Shop:
        """Raises Problem while it loads."""
        if self._shop is None:
            title = "The server is still loading"
            raise Problem(503, "loading", title, "try again soon", {"Retry-After": "2"})
        return self._shop

    @property
    def loaded(self) -> bool:
        return self._shop is not None

    @property
    def waiting(self) -> int:
        """Requests that are inside and have no thread, about."""
        return max(0, self._inside - self.settings.threads)

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self._inside >= self._places

    async def start(self) -> None:
        """Open the shop, where that is still to be done. What goes wrong is kept in `failed`."""
        try:
            if self._open is not None and self._shop is None:
                self._shop = await asyncio.to_thread(self._open)
            await asyncio.to_thread(self.on_ready)
        except Exception as e:
            self.failed = e

    @contextmanager
    def admit(self) -> Iterator[None]:
        """A place among the requests inside. Raises Problem (429) where there is none."""
        if self.full:
            raise busy()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def run(self, work: Callable[[], T]) -> T:
        """What a piece of work returns.

        Raises:
            Problem: 429, too many are waiting.
            SkulensError: of the work.
        """
        with self.admit():
            return await self._slots.run(work)

    async def write(self, work: Callable[[], T]) -> T:
        """What a piece of work returns that changes the store: one at a time, in order, on a thread
        of its own, so that searches keep theirs. Raises as `run`."""
        with self.admit():
            return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def fetch(self, work: Callable[[], T]) -> T:
        """What a piece of work returns that waits for other machines. Raises as `run`."""
        with self.admit():
            return await asyncio.get_running_loop().run_in_executor(self._fetchers, work)

    async def search(
        self, make: Callable[[], Request], write: Callable[[Answer], T] | None = None
    ) -> T:
        """What is written of the answer to a request; without `write` the answer itself.

        Args:
            make: makes the request; pictures are decoded there, so it runs on a thread.
            write: runs on a thread too.
        Raises:
            As `run`, `make` and `Shop.answer`.
        """
        with self.admit():
            shop = self.shop
            made = await self._slots.run(lambda: self._begin(shop, make, write), Stage.READ)
            if not isinstance(made, Unread):
                return made
            request, began = made.request, time.perf_counter()
            asked = await self._together.embed(shop.embedder, request, made.columns)
            read_s = time.perf_counter() - began
            return await self._slots.run(
                lambda: self._write(shop.find(request, asked, read_s), write), Stage.FIND
            )

    def _begin(
        self, shop: Shop, make: Callable[[], Request], write: Callable[[Answer], T] | None
    ) -> "T | Unread":
        """The answer, where no encoder is needed for it; else the request, which has to wait."""
        request = make()
        shop.check(request)
        columns = shop.embedder.columns_to_read(request)
        return Unread(request, columns) if columns else self._write(shop.answer(request), write)

    def _write(self, answer: Answer, write: Callable[[Answer], T] | None) -> T:
        self.meters.record_answer(answer)
        return cast(T, answer) if write is None else write(answer)

    def close(self) -> None:
        """Wait for the threads, and let go of the store."""
        self._slots.close()
        self._writer.shutdown(cancel_futures=True)
        self._fetchers.shutdown(cancel_futures=True)
        if self._shop is not None:
            self._shop.close()


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """A request, and the columns whose encoders have something of it to read."""

    request: Request
    columns: tuple[str, ...]


def busy(**more: Any) -> Problem:
    """Too many wait already."""
    detail = "as many requests wait as may; try again in a second"
    return Problem(429, "busy", "The server is busy", detail, {"Retry-After": "1"}, **more)
