"""Calls to an engine on a server: which are repeated, and addresses."""

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from skulens.errors import StoreError

ATTEMPTS, WAIT_S = 4, 0.2
"""Of one call; the wait before the second attempt, which doubles from then on."""
TIMEOUT_S = 30
"""Of one attempt."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
Result = TypeVar("Result")


def repeat(call: Callable[[], Result], passing: Callable[[Exception], bool]) -> Result:
    """The result of a call that may be made twice: reading, or writing what is then there.

    Args:
        passing: whether a failure may be gone at the next attempt.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return call()
        except Exception as e:
            if not passing(e):
                raise
        time.sleep(WAIT_S * 2**attempt * random.uniform(0.5, 1.5))
    return call()


def split_collection(place: str, example: str) -> tuple[str, str]:
    """(where the engine is, collection) of "WHERE/COLLECTION".

    Raises:
        StoreError: one of them is missing or no name, or the address holds a password.
    """
    where, _, collection = place.rpartition("/")
    if "@" in where:
        raise StoreError("a store's address holds no password; keys are read from the environment")
    if not where.strip("/") or where.endswith(("/", "http:", "https:")):
        raise StoreError(f"{place!r} names no collection; expected {example}")
    if not NAME.fullmatch(collection):
        raise StoreError(
            f"a collection cannot be called {collection!r}; take letters, digits, _ and -"
        )
    return where, collection
