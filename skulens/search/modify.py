"""Score modifiers: what of a product, besides its relevance, moves it up or down.

    {"field": "extras.sold", "shape": "log", "low": 1, "high": 1000, "weight": 0.5}
    {"field": "price", "shape": "linear", "low": 100, "high": 0, "weight": 0.3}   # cheaper is better
    {"field": "extras.age_days", "shape": "decay", "origin": 0, "scale": 30, "weight": 0.5}
    {"if": "extras.stock > 0", "weight": 1}

A shape takes a value to 0..1. A score is multiplied by 1 + weight x shape, and by the product of
several such factors, which is kept between LEAST and MOST; a score below 0 is divided, so that more
is always better. A product without the field keeps its score. A modifier orders what the searches
found, it finds nothing itself.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from skulens.documents import Schema, Value
from skulens.errors import DataError, unknown
from skulens.filters import filter_from_json, format_filter, parse_filter
from skulens.index.stores.fields import as_tuple
from skulens.index.stores.where import find_column
from skulens.records import Filter

Shape = Literal["linear", "log", "decay", "if"]
LEAST, MOST = 0.1, 10.0
"""Of all factors of a product together."""
LIGHTEST, HEAVIEST = -0.9, 9.0
"""Of a weight: a factor is then from LEAST to MOST, too."""
MOST_BOOSTS = 8
KEYS = ("field", "shape", "low", "high", "origin", "scale", "if", "weight")


@dataclass(frozen=True, slots=True)
class Boost:
    """One score modifier.

    Raises:
        DataError: numbers that make no shape, or a weight out of bounds.
    """

    weight: float
    shape: Shape
    field: str = ""
    """A number field; of several values the one of the largest shape counts."""
    low: float = 0.0
    """linear and log: where the shape is 0."""
    high: float = 1.0
    """linear and log: where the shape is 1; may be less than `low` of a linear one."""
    origin: float = 0.0
    """decay: where the shape is 1."""
    scale: float = 1.0
    """decay: how far from there it is 1/2."""
    where: Filter | None = None
    """if: the shape is 1 for products that satisfy this, 0 for others."""

    def __post_init__(self):
        numbers = (self.weight, self.low, self.high, self.origin, self.scale)
        if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
            raise DataError(f"a modifier takes finite numbers, got {numbers}")
        if not LIGHTEST <= self.weight <= HEAVIEST:
            raise DataError(
                f"the weight of a modifier is from {LIGHTEST:g} to {HEAVIEST:g}, got {self.weight}"
            )
        if self.shape == "linear" and self.low == self.high:
            raise DataError(f"{self.field}: linear from {self.low:g} to {self.high:g} is no slope")
        if self.shape == "log" and not 0 < self.low < self.high:
            raise DataError(
                f"{self.field}: log needs 0 < low < high, got {self.low:g} and {self.high:g}"
            )
        if self.shape == "decay" and self.scale <= 0:
            raise DataError(f"{self.field}: decay needs a scale above 0, got {self.scale:g}")

    @property
    def name(self) -> str:
        return format_filter(self.where) if self.where is not None else self.field

    def at(self, value: float) -> float:
        """The shape at a value, 0 to 1."""
        if self.shape == "decay":
            return 0.5 ** (abs(value - self.origin) / self.scale)
        if self.shape == "log":
            share = math.log(value / self.low) / math.log(self.high / self.low) if value > 0 else 0
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


@dataclass(frozen=True, slots=True)
class Boosted:
    """What one score modifier did to a hit."""

    name: str
    """Its field, or its filter: "price", "extras.stock > 0"."""
    value: Value | None
    """The hit's in that field, or whether the filter holds; None: it has none."""
    factor: float
    """That the score was multiplied by; divided, where the score is below 0."""


def read_boosts(given: object) -> tuple[Boost, ...]:
    """Modifiers from JSON values or JSON text: one object, or a list of them.

    Raises:
        DataError: not as the module shows them; FilterError: an "if" that is no filter.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as e:
            raise DataError(f"the modifiers are not JSON: {e}") from None
    listed = [given] if isinstance(given, Boost | Mapping) else given
    if not isinstance(listed, Sequence) or isinstance(listed, bytes):
        raise DataError(f'expected modifiers such as {{"if": FILTER, "weight": 1}}, got {given!r}')
    if len(listed) > MOST_BOOSTS:
        raise DataError(f"{len(listed)} modifiers; at most {MOST_BOOSTS} are applied")
    return tuple(one if isinstance(one, Boost) else _read_one(one) for one in listed)


def _read_one(given: Any) -> Boost:
    if not isinstance(given, Mapping):
        raise DataError(f'expected {{"field": ..., "shape": ..., "weight": ...}}, got {given!r}')
    for key in given:
        if key not in KEYS:
            raise unknown("key of a modifier", str(key), KEYS, "skulens.search.modify")
    if "weight" not in given or ("field" in given) == ("if" in given):
        raise DataError(f'a modifier has "weight" and either "field" or "if", got {dict(given)}')
    if "if" in given:
        if extra := sorted(set(given) - {"if", "weight"}):
            raise DataError(f'a modifier with "if" takes a weight only, got {", ".join(extra)}')
        asked = given["if"]
        where = parse_filter(asked) if isinstance(asked, str) else filter_from_json(asked)
        return Boost(given["weight"], "if", where=where)
    shape = given.get("shape", "linear")
    if shape not in ("linear", "log", "decay"):
        raise DataError(f"the shape of a modifier is linear, log or decay, got {shape!r}")
    return Boost(**{"shape": shape, **given})


def fields_of(boosts: Sequence[Boost], schema: Schema) -> list[str]:
    """Fields to fetch, as the schema spells them.

    Raises:
        FilterError: a field that the store lacks; DataError: one that holds no numbers.
    """
    found = []
    for boost in boosts:
        if boost.where is None:
            column = find_column(boost.field, schema)
            if column.kind != "number":
                raise DataError(
                    f"{boost.field} holds {column.kind}s; a {boost.shape} needs numbers"
                )
            found.append(column.field)
    return found


def modify(
    score: float,
    boosts: Sequence[Boost],
    fields: Mapping[str, Any],
    names: Sequence[str],
    holds: Sequence[bool],
) -> tuple[float, tuple[Boosted, ...]]:
    """(score, what each modifier did to it).

    Args:
        fields: of the product.
        names: fields of the boosts with one, in their order; see `fields_of`.
        holds: for each boost with a filter, in their order, whether the product satisfies it.
    """
    named, met, done, factor = iter(names), iter(holds), [], 1.0
    for boost in boosts:
        value: Value | None
        if boost.where is not None:
            value = next(met)
            shape = float(value)
        else:
            values = as_tuple(fields.get(next(named)))
            value = max(values, key=boost.at, default=None)
            shape = 0.0 if value is None else boost.at(value)
        done.append(Boosted(boost.name, value, 1 + boost.weight * shape))
        factor *= done[-1].factor
    factor = min(MOST, max(LEAST, factor))
    return (score * factor if score >= 0 else score / factor), tuple(done)
