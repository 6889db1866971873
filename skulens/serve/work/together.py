"""Requests that wait for the same encoders are embedded together.

No timer holds a request back: it is embedded as soon as its encoders are free, with all that have
come to wait for them until then. So a lone request goes at once, and groups grow with the load.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from skulens.errors import DataError
from skulens.records import Reject
from skulens.search.request import Request
from skulens.search.vectors import Asked, QueryEmbedder
from skulens.serve.work.slots import Slots, Stage

Columns = Mapping[str, Asked]
Outcome = Columns | Exception


@dataclass(frozen=True, eq=False, slots=True)
class Waiting:
    """A request that waits for the encoders of some columns."""

    request: Request
    columns: frozenset[str]
    found: "asyncio.Future[Columns]"


class Together:
    """Embeds requests in groups.

    Args:
        most: requests of a group.
        record: called with the size of each group and the seconds that it took.
    """

    def __init__(
        self, slots: Slots, most: int, record: Callable[[int, float], None] = lambda *_: None
    ):
        self._slots, self._most, self._record = slots, most, record
        self._waiting: list[Waiting] = []
        self._busy: set[str] = set()
        self._drivers: set[asyncio.Task[None]] = set()

    async def embed(
        self, embedder: QueryEmbedder, request: Request, columns: Sequence[str]
    ) -> Columns:
        """Column -> what it is asked.

        Args:
            columns: those whose encoders read something of the request.
        Raises:
            As `QueryEmbedder.embed`; DataError for a part that cannot be read.
        """
        found: asyncio.Future[Columns] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(request, frozenset(columns), found))
        self._begin(embedder)
        return await found  # cancelled with its caller, and then left out of its group

    def _begin(self, embedder: QueryEmbedder) -> None:
        """Start whoever waits for free encoders; who came first is never overtaken by those that
        wait for the same."""
        self._waiting = [one for one in self._waiting if not one.found.done()]
        taken = set(self._busy)
        for one in self._waiting:
            if not one.columns & taken:
                self._busy |= one.columns
                driver = asyncio.create_task(self._embed_next(embedder, one.columns))
                self._drivers.add(driver)
                driver.add_done_callback(self._drivers.discard)
            taken |= one.columns

    async def _embed_next(self, embedder: QueryEmbedder, columns: frozenset[str]) -> None:
        """Embed a group of all that wait for some of the columns, and for no others."""
        try:
            await self._slots.take(Stage.EMBED)
            group = self._next(columns)
            if not group:
                self._slots.give_back()
                return
            requests = [one.request for one in group]
            began = time.perf_counter()
            try:
                outcomes = await self._slots.start(lambda: embed(embedder, requests))
            except Exception as e:
                outcomes = [e] * len(group)
            self._record(len(group), time.perf_counter() - began)
            for one, outcome in zip(group, outcomes, strict=True):
                tell(one.found, outcome)
        finally:
            self._busy -= columns
            self._begin(embedder)

    def _next(self, columns: frozenset[str]) -> list[Waiting]:
        """The oldest that still want an answer; they wait no longer."""
        wanted = [w for w in self._waiting if w.columns <= columns and not w.found.done()]
        group = wanted[: self._most]
        self._waiting = [one for one in self._waiting if one not in group]
        return group


def embed(embedder: QueryEmbedder, requests: list[Request]) -> list[Outcome]:
    """What the columns are asked by each request, or why they cannot be: a request that makes no
    sense fails alone."""
    try:
        return [outcome_of(one) for one in embedder.embed(requests)]
    except Exception as e:
        if len(requests) == 1:
            return [e]
    return [embed(embedder, [request])[0] for request in requests]


def outcome_of(embedded: dict[str, Asked] | Reject) -> Outcome:
    if not isinstance(embedded, Reject):
        return embedded
    reason, todo = embedded.reason, embedded.todo
    return DataError(f"{embedded.source} cannot be searched with: {reason}; {todo}")


def tell(found: "asyncio.Future[Columns]", outcome: Outcome) -> None:
    if found.done():
        return
    if isinstance(outcome, Exception):
        found.set_exception(outcome)
    else:
        found.set_result(outcome)
