"""Turns on a few threads. Of those that wait, whoever is furthest with a request goes first, so that
requests once begun end soon, and new ones wait."""

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")


class Stage(IntEnum):
    """Of the work that waits; a larger one goes first."""

    READ = 0
    """Bodies -> requests."""
    EMBED = 1
    FIND = 2
    """And whatever else is short and ends with an answer."""


class Slots:
    """Threads, one for each piece of work at a time; work that waits holds none.

    To be used from one event loop. A thread that works cannot be stopped: whoever stops waiting for
    it leaves the slot to it until it ends.
    """

    def __init__(self, threads: int, name: str):
        self._pool = ThreadPoolExecutor(threads, name)
        self._free = threads
        self._heap: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    async def run(self, work: Callable[[], T], stage: Stage = Stage.FIND) -> T:
        """What the work returns. Work whose caller is cancelled before its turn never begins."""
        await self.take(stage)
        return await self.start(work)

    async def take(self, stage: Stage) -> None:
        """Wait for a thread; `start` must follow at once, or `give_back`."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (-stage, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came in the moment in which nobody wanted it any more
                self.give_back()
            raise

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin; the thread is given back when the work ends."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[T] = loop.create_future()

        def labour() -> None:
            value: Any = None
            error: BaseException | None = None
            try:
                value = work()
            except BaseException as e:
                error = e
            loop.call_soon_threadsafe(self._finish, found, value, error)

        try:
            self._pool.submit(labour)
        except RuntimeError:  # closed
            self.give_back()
            raise
        return found

    def _finish(self, found: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
        self.give_back()
        if found.done():  # cancelled: nobody waits for it any more
            return
        if error is None:
            found.set_result(value)
        elif isinstance(error, StopIteration):  # which no future takes
            found.set_exception(RuntimeError("the work raised StopIteration"))
        else:
            found.set_exception(error)

    def give_back(self) -> None:
        while self._heap:
            turn = heapq.heappop(self._heap)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        """Wait for the threads to end what they have begun."""
        self._pool.shutdown(cancel_futures=True)
