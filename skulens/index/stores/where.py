"""A filter against the columns of a store: what it names is there, and every value has its type.

What comes out is smaller than the grammar, so that an engine has little to translate: and, or,
not, exists, =, in on any column, <, <=, >, >= on numbers and texts; values of the column's type,
field names as the schema spells them. `a != x` has become `not a = x`. A comparison holds where it
holds for any value of the field, and for none where the product lacks it, as `filters.match` says.
"""

from collections.abc import Sequence

from skulens.documents import FieldColumn, Schema, Value
from skulens.errors import nearest
from skulens.filters.text import format_field, format_value
from skulens.filters.tree import FilterError
from skulens.index.stores.fields import (
    MOST_CHARACTERS,
    PICTURES,
    is_twin,
    kind_of,
    numbers_of,
    writable,
)
from skulens.records import Filter

SHOWN = 12
"""Fields named in an error."""


def type_filter(where: Filter, schema: Schema) -> Filter:
    """The filter in the terms of a schema; typing what is typed already changes nothing.

    Raises:
        FilterError: a field that the store lacks (names the nearest), or a value of another type.
    """
    if where.op in ("and", "or", "not"):
        return Filter(where.op, of=tuple(type_filter(f, schema) for f in where.of))
    column = find_column(where.field, schema)
    if where.op == "exists":
        return Filter("exists", column.field)
    if where.op == "in":
        return _in(where, column, schema)
    if where.op == "!=":
        return Filter("not", of=(_compare("=", column, where.value, schema),))
    return _compare(where.op, column, where.value, schema)


def find_column(field: str, schema: Schema) -> FieldColumn:
    """The column of a field, keys of attributes in any case.

    Raises:
        FilterError: there is none; names the nearest.
    """
    prefix, dot, key = field.partition(".")
    name = f"attributes.{key.casefold()}" if dot and prefix == "attributes" else field
    column = schema.field(name)
    if column is None:
        raise FilterError(_no_field(name, field, schema))
    return column


def _no_field(name: str, field: str, schema: Schema) -> str:
    """What to say of a field that the store lacks."""
    if field.startswith("texts."):
        return f"{field} is searched by words; a store has no filter on texts other than the title"
    known = [c.field for c in schema.fields if not is_twin(c.field) and c != PICTURES]
    if near := _nearest_fields(name, known):
        hint = f"did you mean {' or '.join(map(format_field, near))}?"
    else:
        more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        hint = f"there are {', '.join(map(format_field, known[:SHOWN]))}{more}"
    return f"the store has no field {field!r}; {hint}"


def _nearest_fields(name: str, known: Sequence[str]) -> list[str]:
    """Fields with a key like that of `name`; "attributes." and "extras." make nothing near."""
    by_key: dict[str, list[str]] = {}
    for field in known:
        by_key.setdefault(_key_of(field), []).append(field)
    return [field for key in nearest(_key_of(name), list(by_key)) for field in by_key[key]]


def _key_of(field: str) -> str:
    return field.partition(".")[2] or field


def _compare(op, column: FieldColumn, value: object, schema: Schema) -> Filter:
    """One comparison with one value, on the column that holds values of its type."""
    if not isinstance(value, str | float | int):
        raise FilterError(f"{column.field} {op} {value!r}: expected one value")
    kind = kind_of(value)
    if kind == "truth" and op != "=":
        raise FilterError(f"{column.field} {op} {str(value).lower()}: only = compares with it")
    if kind != column.kind:
        twin = schema.field(numbers_of(column.field)) if kind == "number" else None
        if twin is None:
            raise FilterError(_mismatch(op, column, value))
        column = twin
    if isinstance(value, str):
        return Filter(op, column.field, _text(column, value))
    return Filter(op, column.field, float(value) if kind == "number" else value)


def _text(column: FieldColumn, value: str) -> str:
    """A text as `fields.as_kind` writes it. Raises FilterError for one longer than are kept."""
    if len(value) > MOST_CHARACTERS:
        raise FilterError(
            f"{column.field}: a value of {len(value):,} characters; a store keeps the first "
            f"{MOST_CHARACTERS:,} of each"
        )
    return writable(value)


def _in(where: Filter, column: FieldColumn, schema: Schema) -> Filter:
    """`in` with values of several types becomes one `in` for each column that holds them."""
    wanted = where.value if isinstance(where.value, tuple) else (where.value,)
    by_field: dict[str, list[Value]] = {}
    for value in wanted:
        one = _compare("=", column, value, schema)
        by_field.setdefault(one.field, []).append(one.value)  # type: ignore[arg-type]
    if not by_field:
        return Filter("in", column.field, ())
    found = tuple(Filter("in", f, tuple(dict.fromkeys(v))) for f, v in by_field.items())
    return found[0] if len(found) == 1 else Filter("or", of=found)


def _mismatch(op: str, column: FieldColumn, value: Value) -> str:
    """What to say of a value that a column cannot hold, and how it would have to be written."""
    name, shown = format_field(column.field), format_value(value)
    said = f"{name} {op} {shown}: {name} holds"
    if column.kind == "truth":
        return f"{said} true or false"
    if column.kind == "number":
        return f"{said} numbers; write them without quotes, such as {name} {op} 5"
    return f"{said} text; write it between quotes: {name} {op} {format_value(format_value(value))}"
