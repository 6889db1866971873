"""How many requests are under way at once: as many as the server bears, found out while asking.

The rule is TCP's. The limit doubles per round trip until the server is congested for the first
time (429, 503, a time-out, or answers several times slower than at their best); from then on it
grows by one per round trip and falls to 0.7 at each congestion. A server that says how long to
stay away (Retry-After) is left alone by all questions for that time.

`Pace` is a state machine without clock or tasks; `Gate` lets tasks of one event loop wait for it.
"""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable

START = 8
"""Requests under way at first."""
FALL = 0.7
SLOWER = 5.0
"""Congested: the 95th percentile of the latency is this many times the best one so far. Engines
that batch answer 2 to 4 times slower at their best throughput than alone, so less is usual."""
HELPED = 0.9
"""A fall that leaves the latency above this share of what it was did not help."""
WINDOW = 20
"""Fewest answers of which a percentile is taken."""


class Pace:
    """The limit on requests under way, from what becomes of them.

    Args:
        most: never more than this; never less than one.
    """

    def __init__(self, most: int, start: int = START):
        self.most = most
        self.doubling = True
        """No congestion so far."""
        self._limit = float(min(start, most))
        self._era = 0
        self._best_s = math.inf
        self._before_fall_s = math.inf
        self._latencies: list[float] = []
        self._pause_end = -math.inf

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limit)

    def begin(self) -> int:
        """The era in which a request begins: a fall ends one, and requests of an earlier era say
        nothing about the limit of now."""
        return self._era

    def succeed(self, era: int, latency_s: float, active: int) -> None:
        """A request was answered.

        Args:
            active: requests under way, this one included; a limit that is not used does not grow.
        """
        if era != self._era:
            return
        if 2 * active >= self._limit:
            self._limit = min(
                float(self.most), self._limit + (1.0 if self.doubling else 1.0 / self._limit)
            )
        self._latencies.append(latency_s)
        if len(self._latencies) >= max(WINDOW, self.limit):
            self._judge()

    def congest(self, era: int) -> None:
        """A request met a server that has too much to do. Of all those under way together, the
        first alone counts."""
        if era == self._era:
            self._before_fall_s = math.inf
            self._fall()

    def pause(self, now: float, wait_s: float) -> None:
        """Nothing begins before `now + wait_s`; the longest pause counts."""
        self._pause_end = max(self._pause_end, now + wait_s)

    def pause_left(self, now: float) -> float:
        """Seconds until requests may begin."""
        return max(0.0, self._pause_end - now)

    def _judge(self) -> None:
        """Compare the 95th percentile of the latest answers with the best one."""
        ranked = sorted(self._latencies)
        p95 = ranked[math.ceil(0.95 * len(ranked)) - 1]
        self._latencies.clear()
        if p95 > HELPED * self._before_fall_s:
            # Longer questions, not a busier server: what is slow now is the new normal.
            self._best_s = p95
        self._before_fall_s = math.inf
        self._best_s = min(self._best_s, p95)
        if p95 > SLOWER * self._best_s:
            self._before_fall_s = p95
            self._fall()

    def _fall(self) -> None:
        self._limit = max(1.0, FALL * self._limit)
        self.doubling = False
        self._era += 1
        self._latencies.clear()


class Gate:
    """Lets as many tasks of one event loop through as `Pace` says, first come, first served."""

    def __init__(
        self,
        pace: Pace,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        self.pace, self._clock, self._sleep = pace, clock, sleep
        self.active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> int:
        """Wait for a place; the era of the request (`Pace.begin`). Whoever comes back from here
        has to `leave`."""
        if self._waiting or self.active >= self.pace.limit:
            await self._wait()
        else:
            self.active += 1
        try:
            while left := self.pace.pause_left(self._clock()):
                await self._sleep(left)
        except BaseException:
            self.leave()
            raise
        return self.pace.begin()

    def leave(self) -> None:
        """Give the place back, and let in as many as there are places."""
        self.active -= 1
        while self._waiting and self.active < self.pace.limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self.active += 1

    async def _wait(self) -> None:
        """Until `leave` hands a place over."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.leave()  # the place came together with the cancellation
            raise
