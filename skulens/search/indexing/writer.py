"""Writes to a store in a thread of its own, so that encoders need not wait for the disk."""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Writer(Generic[T]):
    """Calls `write` with one thing after the other, in the order given, in one thread.

    What `write` raises is raised by the next `put`, or at the end of the block. Two groups of
    products are in memory at most besides the one that is put: a third one waits.
    """

    def __init__(self, write: Callable[[T], None]):
        self._write = write
        self._waiting: queue.Queue[T | None] = queue.Queue(maxsize=1)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="store writer", daemon=True)

    def __enter__(self) -> "Writer[T]":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write what waits, after an error of the caller's too: it is whole."""
        self._waiting.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error

    def put(self, thing: T) -> None:
        if self._error is not None:
            raise self._error
        self._waiting.put(thing)

    def _run(self) -> None:
        while (thing := self._waiting.get()) is not None:
            if self._error is None:
                try:
                    self._write(thing)
                except BaseException as e:  # raised in the thread that puts
                    self._error = e
