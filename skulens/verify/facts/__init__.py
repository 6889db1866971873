"""Print -> values. One file per family of fields; FINDERS is the list to add to."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from skulens.verify.facts.found import Found
from skulens.verify.layout import Print

Finder = Callable[[Print], Iterable[Found]]
FINDERS: tuple[str, ...] = (
    "gtins",
    "quantities",
    "nutrition",
    "ingredients",
    "dates",
    "origin",
    "makers",
    "contacts",
    "numbers",
    "ratings",
    "prices",
    "hazards",
    "warnings",
    "marks",
    "care",
    "sizes",
    "names",
)
"""Modules of this folder; each has `find(Print) -> Iterable[Found]`."""


@cache
def finders() -> tuple[Finder, ...]:
    return tuple(importlib.import_module(f"skulens.verify.facts.{name}").find for name in FINDERS)


def find_all(prints: Iterable[Print]) -> Iterator[Found]:
    """Every value that the pictures of one item show, picture by picture."""
    for page in prints:
        for find in finders():
            yield from find(page)
