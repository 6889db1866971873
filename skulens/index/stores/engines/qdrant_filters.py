"""Typed filters -> those of Qdrant's engine, on a server, in the client's memory or in process.

A condition on several values holds there, too, where it holds for any of them, and for none where
the field is missing, so that every operator has one condition; only texts have no order there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skulens.documents import FieldKind, Schema, Value
from skulens.filters.tree import FilterError
from skulens.index.stores.where import find_column
from skulens.records import Filter

BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


TRUTHS = {"true": True, "false": False}


def pack(value: Value) -> str | float:
    """As the payload holds it: truth values as texts, since the library in process (0.9) takes a
    condition on True for one on 1."""
    return str(value).lower() if isinstance(value, bool) else value


def unpack(value: str | float, kind: FieldKind) -> Value:
    return TRUTHS[str(value)] if kind == "truth" else value


@dataclass(frozen=True)
class Dialect:
    """What the server's client and the library in process spell differently."""

    models: Any
    """The module with Filter, FieldCondition and MatchAny."""
    bounds: Callable[..., Any]
    """Range of numbers: lt, lte, gt, gte."""
    has_id: Callable[[Sequence[str]], Any]
    """The point is one of these; of none: nothing."""
    has_vector: Callable[[str], Any]
    """The point has a vector of this name."""


@dataclass(frozen=True)
class Translator:
    """Filters of one store."""

    dialect: Dialect
    schema: Schema
    keys: Mapping[str, str]
    """Field -> key of the payload."""

    def translate(self, where: Filter) -> Any:
        """A condition that holds for the same products.

        Args:
            where: typed, see `where.type_filter`.
        Raises:
            FilterError: an order of texts.
        """
        if where.op == "and":
            return self.all_of([self.translate(f) for f in where.of])
        if where.op == "or":
            return self.any_of([self.translate(f) for f in where.of])
        if where.op == "not":
            return self.none_of([self.translate(where.of[0])])
        if where.op == "exists":
            return self.none_of([self.missing(where.field)])
        return self._compare(where)

    def _compare(self, where: Filter) -> Any:
        models, key = self.dialect.models, self.keys[where.field]
        kind = find_column(where.field, self.schema).kind
        if where.op in BOUNDS:
            if kind != "number":
                raise FilterError(
                    f"{where.field} {where.op} ...: Qdrant has no order of texts; compare with = or "
                    "in, or keep the store in a folder (LanceDB)"
                )
            return self.within(where.field, **{BOUNDS[where.op]: where.value})
        wanted = where.value if isinstance(where.value, tuple) else (where.value,)
        if kind == "number" or not wanted:
            return self.any_of([self.within(where.field, gte=v, lte=v) for v in wanted])
        among = models.MatchAny(any=[pack(v) for v in wanted])
        return models.FieldCondition(key=key, match=among)

    def within(self, field: str, **bounds: Any) -> Any:
        """A number of the field lies between bounds."""
        return self.dialect.models.FieldCondition(
            key=self.keys[field], range=self.dialect.bounds(**bounds)
        )

    def missing(self, field: str) -> Any:
        return self.dialect.models.FieldCondition(key=self.keys[field], is_empty=True)

    def all_of(self, conditions: list[Any]) -> Any:
        return self.dialect.models.Filter(must=conditions)

    def any_of(self, conditions: list[Any]) -> Any:
        """Of no condition: holds for nothing, where Qdrant would take it to hold for all."""
        return self.dialect.models.Filter(should=conditions or [self.dialect.has_id([])])

    def none_of(self, conditions: list[Any]) -> Any:
        return self.dialect.models.Filter(must_not=conditions)
