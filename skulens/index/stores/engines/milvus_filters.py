"""Typed filters -> expressions of Milvus over a column of JSON.

What Milvus says of a missing key under `not` has changed between versions, so that every negation is
brought down to comparisons and says itself that the key may be missing. No comparison there holds
for any of several values by order; beside several values stand their least and their greatest.
"""

from collections.abc import Mapping
from typing import Any

from skulens.documents import FieldColumn, Schema, Value
from skulens.index.stores.where import find_column
from skulens.records import Filter

HELD = "held"
"""The column of JSON."""
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
EVER, NEVER = 'point != ""', 'point == ""'


def translate(where: Filter, schema: Schema, keys: Mapping[str, str], negated: bool = False) -> str:
    """An expression that holds for the same products, or with `negated` for all others.

    Args:
        where: typed, see `where.type_filter`.
        keys: field -> its key in the JSON.
    """
    if where.op == "not":
        return translate(where.of[0], schema, keys, not negated)
    if where.op in ("and", "or"):
        joint = "or" if (where.op == "or") != negated else "and"
        return f" {joint} ".join(f"({translate(f, schema, keys, negated)})" for f in where.of)
    path = f'{HELD}["{keys[where.field]}"]'
    there = f"exists {path}"
    if where.op == "exists":
        return f"not {there}" if negated else there
    found = compare(where, find_column(where.field, schema), path)
    return f"not {there} or not ({found})" if negated else found


def compare(where: Filter, column: FieldColumn, path: str) -> str:
    """One comparison, which nothing that lacks the key satisfies."""
    if where.op not in ("=", "in"):
        if column.many:  # any value is below x where the least is
            path = bound(path, "low" if where.op.startswith("<") else "high")
        return f"{path} {where.op} {literal(where.value)}"
    wanted = where.value if isinstance(where.value, tuple) else (where.value,)
    if not wanted:
        return NEVER
    if column.many:
        return f"json_contains_any({path}, [{', '.join(map(literal, wanted))}])"
    return " or ".join(f"{path} == {literal(v)}" for v in wanted)


def bound(path: str, which: str) -> str:
    """The path of the least or the greatest of several values."""
    return path.removesuffix('"]') + f'_{which}"]'


def pack_field(key: str, value: Value | tuple[Value, ...]) -> dict[str, Any]:
    """A field as the JSON holds it; of no values nothing."""
    if not isinstance(value, tuple):
        return {key: value}
    if not value:
        return {}
    return {key: list(value), f"{key}_low": min(value), f"{key}_high": max(value)}


def literal(value: Any) -> str:
    """A value in an expression; nothing in a text ends the text."""
    if isinstance(value, str):
        return f'"{value.translate(ESCAPES)}"'
    return str(value).lower() if isinstance(value, bool) else repr(float(value))
