"""Does a product satisfy a filter?

What holds: a field with several values (category levels, an attribute given twice, a list in
extras) satisfies a comparison where any of its values does. A missing field, or an empty text,
satisfies none but `!=`: `a != x` means `not a = x`, so it holds where no value equals x. Compared
with a number, text is read as one ("12.5" < 13), and satisfies nothing but `!=` where it is none;
otherwise values of different types never match. Texts are ordered by their characters' codes.
"""

import math
from collections.abc import Mapping
from operator import eq, ge, gt, le, lt
from typing import Any

from skulens.filters.tree import PLAIN_FIELDS, Value
from skulens.records import Filter, Product

ORDERS = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def matches(filter: Filter, product: Product) -> bool:
    """Does a product satisfy a filter? See the module for missing fields and several values."""
    if filter.op == "and":
        return all(matches(f, product) for f in filter.of)
    if filter.op == "or":
        return any(matches(f, product) for f in filter.of)
    if filter.op == "not":
        return not matches(filter.of[0], product)
    values = field_values(product, filter.field)
    if filter.op == "exists":
        return bool(values)
    if filter.op == "in":
        wanted = filter.value if isinstance(filter.value, tuple) else (filter.value,)
        return any(compare("=", v, w) for v in values for w in wanted)
    if filter.op == "!=":
        return not any(compare("=", v, filter.value) for v in values)
    return any(compare(filter.op, v, filter.value) for v in values)


def field_values(product: Product, field: str) -> list[Value]:
    """The values that a product has in a field; none where it lacks it."""
    prefix, _, key = field.partition(".")
    found: object = None
    if field in PLAIN_FIELDS:
        found = getattr(product, field)
    elif prefix == "attributes":
        found = [a.value for a in product.attributes if a.key.casefold() == key.casefold()]
    elif prefix == "texts":
        found = product.texts.get(key)
    elif prefix == "extras":
        found = lookup(product.extras, key)
    listed = found if isinstance(found, (list, tuple)) else [found]
    return [v for v in listed if isinstance(v, (str, int, float)) and v != ""]


def lookup(extras: Mapping[str, object], key: str) -> object:
    """The value of a key, or of a path such as "stock.berlin" where no key is called so."""
    if key in extras:
        return extras[key]
    head, dot, rest = key.partition(".")
    inner = extras.get(head)
    return lookup(inner, rest) if dot and isinstance(inner, dict) else None


def compare(op: str, value: Value, wanted: Any) -> bool:
    """One value against one; values of different types satisfy nothing."""
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        left: Any = as_number(value)
    else:
        left = value if type(value) is type(wanted) else None
    if left is None or (isinstance(left, bool) and op != "="):
        return False
    return bool(ORDERS[op](left, wanted))


def as_number(value: Value) -> float | None:
    """A number, or text that is one; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
