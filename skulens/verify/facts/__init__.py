"""Print -> values. One file per family of fields; FINDERS is the list to add to."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
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
ACROSS: tuple[str, ...] = ("names",)
"""Those that also have `find_across(Sequence[Print])`, for what one picture says of another."""


@cache
def finders() -> tuple[Finder, ...]:
    return tuple(importlib.import_module(f"skulens.verify.facts.{name}").find for name in FINDERS)


@cache
def finders_across() -> tuple[Callable[[Sequence[Print]], Iterable[Found]], ...]:
    return tuple(
        importlib.import_module(f"skulens.verify.facts.{name}").find_across for name in ACROSS
    )


def find_all(prints: Iterable[Print]) -> Iterator[Found]:
    """Every value that the pictures of one item show, picture by picture, then across them."""
    pages = tuple(prints)
    for page in pages:
        for find in finders():
            yield from find(page)
    for find_across in finders_across():
        yield from find_across(pages)
