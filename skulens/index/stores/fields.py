"""Products -> typed fields.

A field has one type in a store: that of its values in the catalogue. Where they differ (5, "many")
all are texts. Texts that are numbers can be compared with numbers, too: they stand once more, as
numbers, in a twin column, which `numbers_of` names. Dates stay texts: written 2026-01-31, they are
in order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from skulens.documents import FieldColumn, FieldKind, Schema, Value
from skulens.filters.match import as_number, lookup
from skulens.filters.tree import PLAIN_FIELDS
from skulens.records import Product, escape_surrogates

PICTURES = FieldColumn("pictures", "text", many=True)
"""sha256 of each picture."""
CLAIMS = FieldColumn("#claims", "text")
"""What is claimed of a product, as `search.claims` writes it: to show, not to filter by. The default
engine leaves it on disk."""
ALWAYS = ("id", "title", PICTURES.field)
"""Fields of every store."""
MANY = ("attributes", "category")
"""Fields that may always hold several values."""
NUMBERS = "#"
"""No field of a product begins with it, so that no key of the user's own is taken for a twin, or for
CLAIMS."""

MOST_FIELDS = 300
"""Of a store, twins not counted; those that most products have. More are keys that should have been
values, and every one costs each product a cell."""
MOST_NAMES = 100_000
"""Different names that are counted to find these."""
MOST_CHARACTERS = 1000
"""Of a value, and of a name; of a longer value, the beginning is kept."""
MOST_VALUES = 1000
"""Of a product in one field; the first ones are kept."""
DEEPEST = 20
"""Objects inside one another in `extras`."""


def numbers_of(field: str) -> str:
    """The twin column, which holds those of a text field's values that are numbers."""
    return NUMBERS + field


def is_twin(column: str) -> bool:
    """Whether it is no field of a product, so that nobody is shown it: `numbers_of` made this name, or
    it is CLAIMS."""
    return column.startswith(NUMBERS)


# ----- a product's values ---------------------------------------------------------------------


def values_of(product: Product) -> dict[str, tuple[Value, ...]]:
    """Field -> values, as `filters.match` reads them; fields without one are left out.

    Texts other than the title are words to search, not values to filter by.
    """
    given: dict[str, object] = {name: getattr(product, name) for name in PLAIN_FIELDS}
    for a in product.attributes:
        if a.key:
            values = given.setdefault(f"attributes.{a.key.casefold()}", [])
            values.append(a.value)  # type: ignore[attr-defined]  # made in the line before
    for path in _paths("", product.extras, 0):
        given[f"extras.{path}"] = lookup(product.extras, path)
    return {
        name: values
        for name, value in given.items()
        if (values := tuple(_usable(value))) and len(name) <= MOST_CHARACTERS
    }


def _paths(prefix: str, held: Mapping[str, object], depth: int) -> Iterator[str]:
    """Paths of values in extras, "stock" and "stock.berlin"."""
    for key, value in held.items():
        if isinstance(value, dict):
            if depth < DEEPEST:
                yield from _paths(f"{prefix}{key}.", value, depth + 1)
        elif prefix or key:
            yield f"{prefix}{key}"


def _usable(value: object) -> Iterator[Value]:
    """The values of a field, each once; 1 and true are two."""
    if not isinstance(value, list | tuple):
        if isinstance(value, str | int | float) and value != "":
            yield value
        return
    listed = [v for v in value if isinstance(v, str | int | float) and v != ""]
    yield from {(type(v), v): v for v in listed}.values()


# ----- the columns that values need -----------------------------------------------------------


def infer(products: Iterable[Product]) -> tuple[FieldColumn, ...]:
    """The columns that the products' values need, sorted by name."""
    inference = Inference()
    for product in products:
        inference.add(values_of(product))
    return inference.columns()


class Inference:
    """Values of products, seen one product at a time, and the columns that they need.

    Args:
        known: columns that are there already.
    """

    def __init__(self, known: Schema = Schema()):
        self._known = known
        self._kinds: dict[str, set[FieldKind]] = {"id": {"text"}, "title": {"text"}}
        self._many: set[str] = set()
        self._numeric: set[str] = set()
        self._products: Counter[str] = Counter()
        self._cut: Counter[str] = Counter()

    def add(self, values: Mapping[str, Sequence[Value]]) -> None:
        for name, given in values.items():
            if name not in self._kinds:
                if len(self._kinds) >= MOST_NAMES:
                    continue
                self._kinds[name] = set()
            self._products[name] += 1
            self._kinds[name].update(map(kind_of, given))
            if len(given) > 1 or name.split(".")[0] in MANY:
                self._many.add(name)
            if name not in self._numeric and any(
                isinstance(v, str) and as_number(v) is not None for v in given
            ):
                self._numeric.add(name)
            if len(given) > MOST_VALUES or any(_is_long(v) for v in given):
                self._cut[name] += 1

    def columns(self) -> tuple[FieldColumn, ...]:
        """The columns there are and those that are needed, sorted by name.

        A column that is there keeps its type; a number column has no twin.
        """
        columns = {c.field: c for c in (PICTURES, *self._known.fields)}
        for name in self._kept():
            found = self._column(name)
            column = columns.setdefault(name, found)
            numeric = name in self._numeric or "number" in self._kinds[name]
            if column.kind == "text" and numeric:
                twin = FieldColumn(numbers_of(name), "number", column.many)
                columns.setdefault(twin.field, twin)
        return tuple(sorted(columns.values(), key=lambda c: c.field))

    def left_out(self) -> dict[str, int]:
        """Fields beyond MOST_FIELDS -> products that have them, most first."""
        kept = self._kept()
        return {name: n for name, n in self._products.most_common() if name not in kept}

    def cut(self) -> dict[str, int]:
        """Fields with values that are kept in part -> products that have such."""
        kept = self._kept()
        return {name: n for name, n in self._cut.most_common() if name in kept}

    def _column(self, name: str) -> FieldColumn:
        seen = self._kinds[name]
        kind: FieldKind = next(iter(seen)) if len(seen) == 1 else "text"
        return FieldColumn(name, kind, name in self._many)

    def _kept(self) -> set[str]:
        """Names of fields that get a column: those that have one, then those most products have."""
        there = {c.field for c in self._known.fields if not is_twin(c.field)} | set(ALWAYS)
        new = [name for name in self._kinds if name not in there]
        new.sort(key=lambda name: (-self._products[name], name))
        return (there & self._kinds.keys()) | set(new[: max(0, MOST_FIELDS - len(there))])


def kind_of(value: Value) -> FieldKind:
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def _is_long(value: Value) -> bool:
    return isinstance(value, str) and len(value) > MOST_CHARACTERS


# ----- values as columns take them ------------------------------------------------------------

Fields = dict[str, Value | tuple[Value, ...]]


class Typing:
    """Brings values to the types of a schema's columns."""

    def __init__(self, schema: Schema):
        self._columns = {c.field: c for c in schema.fields}

    def type(self, values: Mapping[str, Sequence[Value]]) -> tuple[Fields, list[str]]:
        """(fields as the columns take them, a sentence on each value that fits none).

        A field without a column is left out; of long values and long lists the beginning is kept;
        both are for `Inference` to tell, once per catalogue.
        """
        found: Fields = {}
        problems: list[str] = []
        for name, given in values.items():
            column = self._columns.get(name)
            if column is None:
                continue
            given = given[:MOST_VALUES]
            fit = [v for v in (as_kind(value, column.kind) for value in given) if v is not None]
            if len(fit) < len(given):
                problems.append(f"{name} holds {column.kind}s in this store, got {given[0]!r:.80}")
            if len(fit) > 1 and not column.many:
                problems.append(
                    f"{name} holds one value per product in this store, got {len(fit)}; kept the first"
                )
            if fit:
                found[name] = tuple(fit) if column.many else fit[0]
            if twin := self._columns.get(numbers_of(name)):
                numbers = map(as_number, given if column.many else given[:1])
                if real := tuple(n for n in numbers if n is not None):
                    found[twin.field] = real if twin.many else real[0]
        return found, problems


def as_kind(value: Value, kind: FieldKind) -> Value | None:
    """The value as a column of a kind holds it; None where it cannot."""
    if kind == "text":
        text = value if isinstance(value, str) else format_plain(value)
        return text[:MOST_CHARACTERS] if text.isascii() else writable(text[:MOST_CHARACTERS])
    if kind == "truth":
        return value if isinstance(value, bool) else None
    return as_number(value)


def as_tuple(held: Any) -> tuple:
    """What a field holds, None, a value or several, as values."""
    if held is None:
        return ()
    return tuple(held) if isinstance(held, list | tuple) else (held,)


def writable(text: str) -> str:
    """The text as any file takes it: half characters written out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return escape_surrogates(text)
    return text


def format_plain(value: Value) -> str:
    """A number or truth value as text: 5, 2.5, true."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else repr(value).removesuffix(".0")
