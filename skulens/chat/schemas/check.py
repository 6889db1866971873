"""The part of JSON schema that every engine for guided decoding understands, and its linter.

Engines differ in what they refuse, what they silently ignore and what they compile to something
else. A schema of this subset means the same to all of them:

- the root is an object; objects list their `properties`, all of them `required`, with
  `additionalProperties` false; what may be absent is nullable
- arrays have `items` and `maxItems`; strings, numbers and booleans may be bounded
- closed classes are an `enum` of strings or integers; null is a second type or a second branch
- no node without a shape, no recursion, no reference out of the schema, no further keyword
"""

import json
import marshal
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from skulens.chat.schemas.rules import Finding, shorten
from skulens.chat.schemas.walk import Walk
from skulens.errors import DataError

SHOWN = 12
"""Findings that an error lists."""


def check_schema(schema: Mapping[str, object]) -> None:
    """Raise where a schema is not portable; to be called before the first question is sent.

    Cheap from the second time on: the answer is kept by the schema's content.

    Raises:
        DataError: lists the problems with their paths and what to write instead.
    """
    if found := lint_schema(schema):
        lines = "".join(f"\n- {f}" for f in found[:SHOWN])
        more = f"\n- and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise DataError(
            f"the schema has {len(found)} part{'s' if len(found) > 1 else ''} that not every "
            f"engine for guided decoding understands:{lines}{more}"
        )


def lint_schema(schema: Mapping[str, object]) -> list[Finding]:
    """All that is not portable in a schema, in its order; nothing where it may be sent."""
    try:
        return list(_lint(content_of(schema)))
    except (TypeError, ValueError, RecursionError) as e:
        return [Finding("$", f"it is no JSON value: {e}", "it cannot be sent", "plain JSON types")]


def content_of(schema: Mapping[str, object]) -> bytes:
    """A key that is the same for schemas of the same content and order; cheaper than JSON.

    Raises:
        ValueError, TypeError: it holds what JSON has not.
    """
    try:
        return marshal.dumps(schema, 2)  # type: ignore[arg-type]  # what it cannot hold it raises
    except ValueError:  # a mapping that is no dict
        return marshal.dumps(json.loads(json.dumps(schema, default=dict)), 2)


@lru_cache(maxsize=256)
def _lint(content: bytes) -> tuple[Finding, ...]:
    schema = json.loads(json.dumps(marshal.loads(content), allow_nan=False))
    if not isinstance(schema, dict):
        return (
            Finding("$", f"it is {shorten(schema)}", "a schema is an object", "an object schema"),
        )
    walk = Walk(schema)
    try:
        walk.run()
    except RecursionError:
        walk.say("$", "it is nested without end", "no engine compiles it", "a flatter schema")
    return tuple(walk.found)


def schema_of(model: Any) -> dict[str, Any]:
    """The portable schema of a pydantic model: definitions inlined, every object closed, every
    property required.

    It is narrower than the model's own schema: whatever it allows, the model takes. Defaults are
    left out, as the answer always holds a value.

    Args:
        model: a class with pydantic's `model_json_schema`.
    Raises:
        DataError: the model has what is not portable, such as open dicts, lists without
            `max_length`, dates, or itself as a part.
    """
    own = model.model_json_schema()
    schema = _inline(own, own.get("$defs", {}), ())
    check_schema(schema)
    return schema


def _inline(node: Any, definitions: Mapping[str, Any], trail: tuple[str, ...]) -> Any:
    """A node of pydantic's schema in the portable subset, where that needs no decision."""
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in trail:
            raise DataError(
                f"{name} holds itself: engines refuse recursion or unroll it without end; "
                "spell out as many levels as there are"
            )
        beside = {k: v for k, v in node.items() if k != "$ref"}
        return _inline(definitions[name] | beside, definitions, (*trail, name))
    kept = {k: v for k, v in node.items() if k not in ("title", "default", "examples", "$defs")}
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    if "properties" in kept:
        inside = kept["properties"]
        kept["properties"] = {k: _inline(v, definitions, trail) for k, v in inside.items()}
        kept["required"] = list(inside)
        kept.setdefault("additionalProperties", False)
    if "items" in kept:
        kept["items"] = _inline(kept["items"], definitions, trail)
    if "anyOf" in kept:
        kept["anyOf"] = [_inline(b, definitions, trail) for b in kept["anyOf"]]
    return kept
