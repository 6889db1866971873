"""What a filter may look like, and its form in JSON."""

import json
import math
from typing import Any, Literal

from skulens.errors import SkulensError
from skulens.records import Filter

MAX_LENGTH = 10_000
"""Characters of the longest filter that is read."""
MAX_DEPTH = 50
"""Filters inside one another."""
Value = str | float | bool
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
COMPARISONS: tuple[Comparison, ...] = ("=", "!=", "<", "<=", ">", ">=")
PLAIN_FIELDS = (
    "id",
    "title",
    "spu",
    "category",
    "language",
    "country",
    "price",
    "currency",
    "gtin",
)
PREFIXES = ("texts", "attributes", "extras")


class FilterError(SkulensError):
    """A filter that cannot be read; the message shows the place."""


def field_problem(name: str) -> str:
    """What was expected in place of a field that no product has; empty where it may have it."""
    prefix, dot, key = name.partition(".")
    if name in PLAIN_FIELDS or (prefix in PREFIXES and dot and key):
        return ""
    return f"a field of a product ({', '.join(PLAIN_FIELDS)}, {', '.join(PREFIXES)} with .KEY)"


def filter_to_json(filter: Filter) -> dict[str, Any]:
    """JSON values: {"and": [...]}, {"not": ...}, {"exists": field} or {field, op, value}.

    Raises:
        FilterError: see `format_filter`.
    """
    check_filter(filter)
    return write_checked(filter)


def write_checked(filter: Filter) -> dict[str, Any]:
    if filter.op in ("and", "or"):
        return {filter.op: [write_checked(f) for f in filter.of]}
    if filter.op == "not":
        return {"not": write_checked(filter.of[0])}
    if filter.op == "exists":
        return {"exists": filter.field}
    value = list(filter.value) if isinstance(filter.value, tuple) else filter.value
    return {"field": filter.field, "op": filter.op, "value": value}


def filter_from_json(found: object) -> Filter:
    """The filter behind JSON values, or behind JSON text.

    Raises:
        FilterError: not as `filter_to_json` writes them; says where, as a path.
    """
    if isinstance(found, str):
        if len(found) > 3 * MAX_LENGTH:
            raise FilterError(f"a filter of {len(found):,} characters of JSON is too long")
        try:
            found = json.loads(found)
        except (ValueError, RecursionError) as e:
            raise FilterError(f"the filter is not JSON: {e}") from None
    filter = read_json(found, "$", 0)
    check_filter(filter)
    return filter


def read_json(found: Any, where: str, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise FilterError(f"{where}: more than {MAX_DEPTH} filters inside one another")
    keys = set(found) if isinstance(found, dict) else set()
    for op in ("and", "or"):
        if keys == {op} and isinstance(found[op], list):
            inner = (read_json(f, f"{where}.{op}[{n}]", depth + 1) for n, f in enumerate(found[op]))
            return Filter(op, of=tuple(inner))
    if keys == {"not"}:
        return Filter("not", of=(read_json(found["not"], f"{where}.not", depth + 1),))
    if keys == {"exists"}:
        return Filter("exists", found["exists"])
    if keys == {"field", "op", "value"} and found["op"] in (*COMPARISONS, "in"):
        value = found["value"]
        return Filter(
            found["op"], found["field"], tuple(value) if isinstance(value, list) else value
        )
    raise FilterError(
        f'{where}: expected {{"and": [...]}}, {{"or": [...]}}, {{"not": ...}}, '
        '{"exists": field} or '
        f'{{"field", "op", "value"}} with op of {" ".join(COMPARISONS)} in, got {str(found)[:80]}'
    )


def check_filter(filter: Filter, depth: int = 0) -> None:
    """Raise FilterError for a tree that is not a filter: wrong arity, field, value or depth."""
    if depth > MAX_DEPTH:
        raise FilterError(f"more than {MAX_DEPTH} filters inside one another")
    if filter.op in ("and", "or", "not"):
        right = len(filter.of) == 1 if filter.op == "not" else len(filter.of) >= 2
        if not right or filter.field or filter.value != ():
            count = "one filter" if filter.op == "not" else "two filters or more"
            raise FilterError(
                f'"{filter.op}" takes {count} and neither field nor value, '
                f"got {len(filter.of)} filters"
            )
        for inner in filter.of:
            check_filter(inner, depth + 1)
        return
    check_leaf(filter)


def check_leaf(filter: Filter) -> None:
    if not isinstance(filter.field, str) or (problem := field_problem(filter.field)):
        expected = problem if isinstance(filter.field, str) else "a field as text"
        raise FilterError(f"expected {expected}, got {filter.field!r}")
    if filter.of:
        raise FilterError(f'"{filter.op}" compares a field and combines no filters')
    if filter.op == "exists":
        right = filter.value == ()
    elif filter.op == "in":
        right = isinstance(filter.value, tuple) and all(map(is_value, filter.value))
    else:
        right = filter.op in COMPARISONS and is_value(filter.value)
    if not right:
        raise FilterError(
            f'"{filter.op}" on {filter.field!r} cannot take {filter.value!r}; '
            'expected a text, a finite number, true or false, for "in" several, '
            'for "exists" nothing'
        )


def is_value(value: object) -> bool:
    """Text, a truth value, or a finite number that a float holds exactly."""
    if isinstance(value, int):
        return abs(value) <= 2**53
    return isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))
