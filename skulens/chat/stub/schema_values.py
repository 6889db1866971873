"""JSON schema -> a value that is valid under it, drawn from a seeded generator."""

import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from skulens.chat.stub.patterns import draw_match
from skulens.chat.stub.question import Refusal

# fmt: off
WORDS = (
    "amber", "basil", "cedar", "cocoa", "coral", "cotton", "denim", "ebony", "fern", "ginger",
    "hazel", "indigo", "ivory", "jade", "kiwi", "lemon", "linen", "lotus", "maple", "mint",
    "navy", "oat", "olive", "onyx", "pearl", "plum", "quartz", "rose", "rust", "sage", "sand",
    "silk", "slate", "suede", "teal", "thyme", "umber", "velvet", "walnut", "wool",
)
# fmt: on
DEEPEST = 6
"""Levels after which optional things are left out, so that recursive schemas end."""
MOST_EXTRA = 3
"""Items of a list beyond its least."""
FORMATS = {
    "date": "2024-{0:02}-{1:02}",
    "date-time": "2024-{0:02}-{1:02}T08:00:00Z",
    "time": "{0:02}:{1:02}:00Z",
    "email": "a{0}@example.org",
    "uri": "https://example.org/{0}/{1}",
    "uuid": "00000000-0000-4000-8000-0000000000{1:02}",
}


def draw_value(schema: Mapping[str, Any], seed: bytes) -> Any:
    """A valid value; the same for the same seed.

    Understood: $ref into $defs, const, enum, anyOf, oneOf, allOf, type or types, properties,
    required, items, prefixItems, the bounds of numbers, texts and lists, uniqueItems, multipleOf,
    format, pattern. Not understood: not, if, dependencies, patternProperties, pattern beside
    bounds; there the value may be invalid, as those of a server without guided decoding.

    Raises:
        Refusal: it is no JSON schema (400).
    """
    try:
        return Drawing(schema, random.Random(seed)).draw(schema, 0)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, re.error) as e:
        raise Refusal(400, f"the JSON schema cannot be compiled: {e!r}"[:300]) from None
    except RecursionError:
        raise Refusal(400, "the JSON schema cannot be compiled: it has no end") from None


class Drawing:
    """One draw: the root that references lead into, and the generator."""

    def __init__(self, root: Mapping[str, Any], random: random.Random):
        self.root, self.random = root, random

    def draw(self, schema: object, depth: int) -> Any:
        if not isinstance(schema, Mapping):  # true: anything
            return self.word()
        schema = self.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.random.choice(schema["enum"])
        for way in ("anyOf", "oneOf"):
            if schema.get(way):
                rest = {k: v for k, v in schema.items() if k != way}
                return self.draw(merge(rest, self.pick(schema[way], depth)), depth)
        kind = schema.get("type", self.guess_kind(schema))
        if isinstance(kind, list):
            kind = self.pick(kind, depth)
        makers = {
            "object": self.draw_object,
            "array": self.draw_list,
            "string": self.draw_text,
            "integer": self.draw_integer,
            "number": self.draw_number,
        }
        if kind in makers:
            return makers[kind](schema, depth)
        return None if kind == "null" else self.random.random() < 0.5

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without $ref and allOf."""
        seen = 0
        while "$ref" in schema and seen < 50:
            found = follow(self.root, schema["$ref"])
            schema = merge({k: v for k, v in schema.items() if k != "$ref"}, found)
            seen += 1
        if parts := schema.get("allOf"):
            whole: Mapping[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
            for part in parts:
                whole = merge(whole, self.resolve(part))
            return self.resolve(whole)
        return schema

    def pick(self, ways: Sequence[Any], depth: int) -> Any:
        """One of several types or schemas; deep down null, or what ends soonest."""
        if depth < DEEPEST:
            return self.random.choice(ways)
        order = {"null": 0, "boolean": 1, "integer": 1, "number": 1, "string": 1, "array": 2}

        def weight(way: Any) -> int:
            kind = way
            if isinstance(way, Mapping):
                way = self.resolve(way)
                kind = way.get("type", "string" if "enum" in way or "const" in way else "object")
            return order.get(kind, 3) if isinstance(kind, str) else 1

        return min(ways, key=weight)

    @staticmethod
    def guess_kind(schema: Mapping[str, Any]) -> str:
        if "properties" in schema or "required" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema:
            return "array"
        return "integer" if "minimum" in schema or "maximum" in schema else "string"

    def word(self) -> str:
        return self.random.choice(WORDS)

    def draw_object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        known = schema.get("properties") or {}
        needed = set(schema.get("required") or ())
        given = {
            name: self.draw(inner, depth + 1)
            for name, inner in known.items()
            if inner is not False
            and (name in needed or (depth < DEEPEST and self.random.random() < 0.8))
        }
        inner = schema.get("additionalProperties", True)
        for name in sorted(needed - given.keys()):
            given[name] = self.draw(inner, depth + 1)
        while len(given) < schema.get("minProperties", 0) and inner is not False:
            given[f"{self.word()}_{len(given)}"] = self.draw(inner, depth + 1)
        return given

    def draw_list(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        first = schema.get("prefixItems") or []
        inner = schema.get("items", True)
        least = max(schema.get("minItems", 0), 0)
        extra = 0 if depth >= DEEPEST else self.random.randint(0, MOST_EXTRA)
        wanted = max(least, len(first)) + extra
        wanted = min(wanted, schema.get("maxItems", wanted))
        if inner is False:
            wanted = min(wanted, len(first))
        made: list[Any] = []
        for _ in range(wanted * 20 if schema.get("uniqueItems") else wanted):
            if len(made) >= wanted:
                break
            value = self.draw(first[len(made)] if len(made) < len(first) else inner, depth + 1)
            if not schema.get("uniqueItems") or not any(same(value, v) for v in made):
                made.append(value)
        return made

    def draw_text(self, schema: Mapping[str, Any], depth: int) -> str:
        if schema.get("format") in FORMATS:
            low, high = self.random.randint(1, 12), self.random.randint(10, 28)
            return FORMATS[schema["format"]].format(low, high)
        if "pattern" in schema:
            return draw_match(schema["pattern"], self.random)
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        text = " ".join(self.word() for _ in range(self.random.randint(1, 4)))
        while len(text) < least:
            text += f" {self.word()}"
        return text if len(text) <= most else text[: int(most)]

    def draw_integer(self, schema: Mapping[str, Any], depth: int) -> int:
        step = schema.get("multipleOf", 1)
        low, high = bounds(schema, 1)
        low, high = math.ceil(low / step), math.floor(high / step)
        drawn = self.random.randint(low, max(low, high)) * step
        return int(drawn)

    def draw_number(self, schema: Mapping[str, Any], depth: int) -> float:
        if "multipleOf" in schema:
            return float(self.draw_integer(schema, depth))
        low, high = bounds(schema, 0)
        drawn = round(self.random.uniform(low, high), 2)
        if not low <= drawn <= high or drawn in (
            schema.get("exclusiveMinimum"),
            schema.get("exclusiveMaximum"),
        ):
            drawn = (low + high) / 2
        return drawn


def bounds(schema: Mapping[str, Any], step: float) -> tuple[float, float]:
    """(least, most) of a number; `step` away from exclusive bounds, a range of 100 where open."""
    lows = [schema["minimum"]] if "minimum" in schema else []
    if "exclusiveMinimum" in schema:
        lows.append(
            math.floor(schema["exclusiveMinimum"]) + 1 if step else schema["exclusiveMinimum"]
        )
    highs = [schema["maximum"]] if "maximum" in schema else []
    if "exclusiveMaximum" in schema:
        highs.append(
            math.ceil(schema["exclusiveMaximum"]) - 1 if step else schema["exclusiveMaximum"]
        )
    low, high = (max(lows) if lows else None), (min(highs) if highs else None)
    if low is None:
        low = 0 if high is None or high > 0 else high - 100
    return low, (low + 100 if high is None else high)


def merge(schema: Mapping[str, Any], other: object) -> dict[str, Any]:
    """Both at once: properties and required are joined, of the rest `other` wins."""
    if not isinstance(other, Mapping):
        return dict(schema)
    made = {**schema, **other}
    if "properties" in schema and "properties" in other:
        made["properties"] = {**schema["properties"], **other["properties"]}
    if "required" in schema and "required" in other:
        made["required"] = [*dict.fromkeys([*schema["required"], *other["required"]])]
    return made


def follow(root: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """What "#/$defs/name" stands for; {} where there is no such place."""
    here: Any = root
    for step in pointer.removeprefix("#").strip("/").split("/"):
        if step:
            name = step.replace("~1", "/").replace("~0", "~")
            here = here.get(name, {}) if isinstance(here, Mapping) else {}
    return here if isinstance(here, Mapping) else {}


def same(a: object, b: object) -> bool:
    """Equal as JSON: true is not 1."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
