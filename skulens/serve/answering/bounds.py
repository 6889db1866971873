"""How much one search may ask for: checked before a picture is decoded or a filter is read."""

from collections.abc import Iterator
from typing import Any

import orjson

from skulens.errors import DataError
from skulens.filters import FilterError, parse_filter
from skulens.records import Filter
from skulens.serve.bodies.search import SearchBody
from skulens.serve.settings import Settings

MOST_CONDITIONS = 64
LONG: dict[str, Any] = {"item": {"__all__": {"image", "vector"}}, "vectors": True}
"""What of a body is no text, and long."""
MOST_FACETS = 100
MOST_VALUES = 1_000
"""Of all `in` of a filter together."""


def check_search(body: SearchBody, settings: Settings) -> None:
    """Raise DataError or FilterError for a body that asks for too much."""
    counted = (
        ("parts in item", len(body.item), settings.parts),
        ("conditions", len(body.conditions), MOST_CONDITIONS),
        ("facets", len(body.facets), MOST_FACETS),
        ("characters of text", sum(len(p.text or "") for p in body.item), settings.characters),
    )
    for name, count, most in counted:
        if count > most:
            raise DataError(f"{count:,} {name}; expected at most {most:,}")
    if not 1 <= body.k <= settings.k:
        raise DataError(f"k is a whole number from 1 to {settings.k:,}, got {body.k!r}")
    if body.offset < 0 or body.offset + body.k > settings.reach:
        raise DataError(
            f"offset {body.offset:,} and k {body.k:,}; expected an offset from 0, and together at "
            f"most {settings.reach:,}: narrow the search by a filter"
        )
    for n, condition in enumerate(body.conditions):
        if condition.part >= len(body.item):
            raise DataError(
                f"conditions[{n}] is about item[{condition.part}], and there are "
                f"{len(body.item)} parts; the first is 0"
            )
    check_where(body.where, settings)
    check_characters(body)


def check_characters(body: SearchBody) -> None:
    """Raise DataError for half a character ("\\ud800"), which no answer could repeat."""
    try:
        orjson.dumps(body.model_dump(exclude=LONG, exclude_unset=True))
    except TypeError:
        raise DataError(
            "a text of the body is not valid Unicode: half of a surrogate pair; send UTF-8"
        ) from None


def check_where(where: str | dict[str, Any] | Filter | None, settings: Settings) -> None:
    """Raise FilterError for a filter that is too deep, or has too many leaves or values."""
    if where is None or (isinstance(where, str) and not where.strip()):
        return
    tree: Any = parse_filter(where) if isinstance(where, str) else where
    leaves = values = 0
    for depth, leaf in leaves_of(tree):
        leaves, values = leaves + 1, values + count_values(leaf)
        if depth > settings.filter_depth:
            raise FilterError(
                f"more than {settings.filter_depth} filters inside one another; write it flatter"
            )
        if leaves > settings.filter_leaves or values > MOST_VALUES:
            raise FilterError(
                f"a filter of more than {settings.filter_leaves:,} comparisons or {MOST_VALUES:,} "
                "values; ask for less"
            )


def leaves_of(tree: Any) -> Iterator[tuple[int, Any]]:
    """(how deep it lies, comparison) of each comparison of a filter, or of its JSON."""
    waiting = [(1, tree)]
    while waiting:
        depth, one = waiting.pop()
        inner = inside(one)
        if inner is None or depth > MOST_VALUES:
            yield depth, one
        else:
            waiting += [(depth + 1, other) for other in inner]


def inside(one: Any) -> list[Any] | None:
    """What a filter, or its JSON, combines; None of a comparison."""
    if isinstance(one, Filter):
        return list(one.of) or None
    if isinstance(one, dict) and len(one) == 1:
        [(op, held)] = one.items()
        if op in ("and", "or") and isinstance(held, list):
            return held
        if op == "not":
            return [held]
    return None


def count_values(leaf: Any) -> int:
    value = leaf.value if isinstance(leaf, Filter) else leaf.get("value") if isinstance(leaf, dict) else ()  # fmt: skip
    return len(value) if isinstance(value, list | tuple) else 1
