"""How a command shows that it is at work."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def watch(things: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The same things, with a bar on stderr for what takes more than two seconds."""
    from tqdm import tqdm

    return iter(tqdm(things, desc=what, total=total, delay=2, leave=False, file=sys.stderr))
