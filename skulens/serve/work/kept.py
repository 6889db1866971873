"""What is made of a store once, and again when the store has changed."""

import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

from skulens.errors import SkulensError
from skulens.protocols import Store

T = TypeVar("T")
FRESH_S = 60
"""How long something is kept of an engine that does not say when it has changed."""


def state_of(store: Store) -> Hashable:
    """What differs once a store has changed."""
    own = getattr(store, "state", None)
    return own() if own is not None else (store.count(), int(time.monotonic() // FRESH_S))


class Kept(Generic[T]):
    """A value made of a store.

    Args:
        make: makes it anew; one thread at a time does, and others take the old one meanwhile.
    """

    def __init__(self, make: Callable[[Store], T]):
        self._make = make
        self._lock = threading.Lock()
        self._held: tuple[Hashable, T] | None = None
        self._starting = threading.Lock()
        self._maker: threading.Thread | None = None

    def get(self, store: Store) -> T:
        """The value; made by the first who asks after a change."""
        state, held = state_of(store), self._held
        if held is not None and held[0] == state:
            return held[1]
        if not self._lock.acquire(blocking=held is None):
            assert held is not None
            return held[1]
        try:
            if self._held is None or self._held[0] != state:
                self._held = state, self._make(store)
            return self._held[1]
        finally:
            self._lock.release()

    def get_soon(self, store: Store, patience_s: float) -> T | None:
        """The value, or the one before a change, or None: what takes seconds is made on a thread of
        its own, which is waited for no longer than this."""
        state, held = state_of(store), self._held
        if held is not None and held[0] == state:
            return held[1]
        with self._starting:
            if self._maker is None or not self._maker.is_alive():
                self._maker = threading.Thread(target=self._try, args=(store,), daemon=True)
                self._maker.start()
        self._maker.join(patience_s)
        return None if self._held is None else self._held[1]

    def _try(self, store: Store) -> None:
        with suppress(SkulensError):  # the next one to ask begins again
            self.get(store)
