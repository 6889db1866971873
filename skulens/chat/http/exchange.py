"""Questions in, replies out: between an ordinary iterator and tasks on an event loop.

One loop in one thread serves all callers of an engine and lives while there are any. A caller's
questions are drawn in the caller's own thread, and only so far ahead that the loop never runs dry.
What crosses between the threads crosses in batches: a switch costs as much as a question.
"""

import asyncio
import atexit
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, TypeVar

from skulens.machine import count_cores

Question = TypeVar("Question")
Given = TypeVar("Given")
Kit = TypeVar("Kit")
TASK = "skulens question"


class Background(Generic[Kit]):
    """An event loop in a thread of its own, with what its tasks work with, while it is in use.

    Args:
        make: called when the loop starts: clients and the like.
        close: called, on the loop, before it ends.
    """

    def __init__(self, name: str, make: Callable[[], Kit], close: Callable[[Kit], Awaitable[None]]):
        self._name, self._make, self._close = name, make, close
        # Reentrant, for the collector may close a forgotten iterator anywhere.
        self._lock = threading.RLock()
        self._users = 0
        self._ending = False
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._kit: Kit

    @contextlib.contextmanager
    def use(self) -> Iterator[tuple[asyncio.AbstractEventLoop, Kit]]:
        """The loop, started by the first who comes and ended by the last who goes.

        Whoever goes in another thread than he came in does not wait for the end: it may be the
        collector, on a thread that the loop itself waits for.
        """
        owner = threading.get_ident()
        with self._lock:
            if not self._users:
                self._start()
            self._users += 1
        try:
            yield self._loop, self._kit
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._stop(wait=owner == threading.get_ident())

    def _start(self) -> None:
        self._kit, self._ending = self._make(), False
        self._loop = loop = asyncio.new_event_loop()
        # Decoding frees the interpreter lock; more threads than cores would only take memory.
        loop.set_default_executor(ThreadPoolExecutor(count_cores(), self._name))
        end = partial(self._close, self._kit)
        self._thread = threading.Thread(
            target=run_loop, args=(loop, end), name=self._name, daemon=True
        )
        self._thread.start()
        # Whoever leaves the program in the middle of the replies would else wait for a thread
        # that the interpreter has stopped.
        atexit.register(self._stop)

    def _stop(self, wait: bool = True) -> None:
        atexit.unregister(self._stop)
        if not self._ending:  # once: a second stop would cut its cleaning up
            self._ending = True
            self._loop.call_soon_threadsafe(self._loop.stop)
        if wait:
            self._thread.join()


def run_loop(loop: asyncio.AbstractEventLoop, end: Callable[[], Awaitable[None]]) -> None:
    """Run until the loop is stopped; then cancel what is left and call `end`."""
    asyncio.set_event_loop(loop)

    async def clean_up() -> None:
        # Those of ours first: they end the tasks that the client has started for them.
        for ours in (True, False):
            left = [t for t in asyncio.all_tasks() if (t.get_name() == TASK) == ours]
            left = [t for t in left if t is not asyncio.current_task()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await end()
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()

    try:
        loop.run_forever()
        loop.run_until_complete(clean_up())
    finally:
        loop.close()


class Exchange(Generic[Question, Given]):
    """One caller's questions on a loop.

    Args:
        answer: makes replies of a question: none, one or, where some were held back, several.
        window: most questions that are drawn and whose replies were not given out.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        answer: Callable[[Question], Coroutine[Any, Any, list[Given]]],
        window: int,
    ):
        self._loop, self._answer, self._window = loop, answer, window
        self._inbox: deque[Question] = deque()
        self._outbox: queue.SimpleQueue[list[list[Given] | BaseException]] = queue.SimpleQueue()
        self._tasks: set[asyncio.Task[list[Given]]] = set()
        self._done: list[list[Given] | BaseException] = []
        self._woken = self._cancelled = False
        self._idle = threading.Event()
        self._owner = threading.get_ident()

    def trade(self, questions: Iterable[Question]) -> Iterator[Given]:
        """Replies as they come.

        Where drawing a question raises, the replies of those before come first, then the error.
        An error of `answer` comes at once, after the replies that were there.
        """
        waiting = iter(questions)
        more, problem = True, None
        under_way = 0
        while True:
            while more and under_way < self._window and self._outbox.empty():
                try:
                    question = next(waiting)
                except StopIteration:
                    more = False
                except Exception as e:  # whatever it is: first the replies that are paid for
                    more, problem = False, e
                else:
                    under_way += 1
                    self._send(question)
            if not under_way:
                break
            batch = self._outbox.get()
            failed = next((o for o in batch if isinstance(o, BaseException)), None)
            while failed is not None and not self._outbox.empty():
                batch += self._outbox.get()
            for outcome in batch:
                under_way -= 1
                if not isinstance(outcome, BaseException):
                    yield from outcome
            if failed is not None:
                raise failed
        if problem is not None:
            raise problem

    def stop(self) -> None:
        """Cancel what is under way and wait until it is; in another thread than the one that made
        this, do not wait, as in `Background.use`."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and all that was on it
            self._loop.call_soon_threadsafe(self._cancel)
        if threading.get_ident() == self._owner:
            while not self._idle.wait(0.1) and not self._loop.is_closed():
                pass

    def _send(self, question: Question) -> None:
        self._inbox.append(question)
        if not self._woken:  # else the loop is on its way to the inbox already
            self._woken = True
            self._loop.call_soon_threadsafe(self._dispatch)

    def _dispatch(self) -> None:
        self._woken = False  # before the inbox is emptied, so that nothing stays in it
        while self._inbox and not self._cancelled:
            task = self._loop.create_task(self._answer(self._inbox.popleft()), name=TASK)
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[list[Given]]) -> None:
        self._tasks.discard(task)
        if self._cancelled and not self._tasks:
            self._idle.set()
        if task.cancelled():
            return
        failed = task.exception()
        if failed is not None:  # no question more, however long the caller takes to hear of it
            self._cancel()
        self._done.append(failed or task.result())
        if len(self._done) == 1:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._outbox.put(self._done)
        self._done = []

    def _cancel(self) -> None:
        self._cancelled = True
        for task in self._tasks:
            task.cancel()
        if not self._tasks:
            self._idle.set()
