"""How a command shows that it is at work."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from skulens.progress import Bar, is_quiet

T = TypeVar("T")


def watch(things: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The same things, with a bar on stderr for what takes more than two seconds."""
    return iter(Bar(things, desc=what, total=total, delay=2, leave=False))


def note(sentence: str) -> None:
    """Say something on stderr that is worth knowing, unless quiet."""
    if not is_quiet():
        click.echo(f"note: {sentence}", err=True)
