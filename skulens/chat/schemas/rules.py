"""What engines for guided decoding break on: limits, keywords, patterns; see `chat.schemas.check`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

DEPTH = 10
"""Objects and arrays within one another; as are the numbers below, OpenAI's documented limit."""
PROPERTIES = 5_000
ENUM_VALUES = 1_000
"""Of all enums together."""
LONG_ENUM, LONG_ENUM_CHARS = 250, 15_000
"""An enum of more values than the first may have as many characters as the second says."""
CHARS = 120_000
"""Of all names of properties and values of enums together."""

SCALARS = ("string", "integer", "number", "boolean", "null")
PLAIN = {"type", "description", "title"}
KEYWORDS: dict[str, set[str]] = {
    "object": PLAIN | {"properties", "required", "additionalProperties", "$defs", "definitions"},
    "array": PLAIN | {"items", "minItems", "maxItems"},
    "string": PLAIN | {"enum", "pattern", "minLength", "maxLength"},
    "integer": PLAIN | {"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "number": PLAIN | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": PLAIN,
    "null": PLAIN,
}
"""Type -> what may stand beside it."""

FOREIGN: dict[str, tuple[str, str]] = {
    "patternProperties": (
        "llguidance accepts it and writes endless white space (guidance-ai/llguidance#265), "
        "xgrammar does not match its patterns (vllm-project/vllm#12131)",
        "list the properties, or ask for an array of {name, value}",
    ),
    "propertyNames": (
        "xgrammar does not match its patterns (vllm-project/vllm#12131)",
        "list the properties, or ask for an array of {name, value}",
    ),
    "allOf": (
        "xgrammar ignores several branches without a word (vllm-project/vllm#56556)",
        "merge the branches into one node",
    ),
    "oneOf": (
        "engines take it for anyOf or refuse it (OpenAI)",
        "one object with a `kind` of an enum and nullable properties",
    ),
    "not": ("no grammar can express it", "say what is allowed"),
    "const": ("OpenAI-like servers differ on it", "an enum with one value"),
    "format": (
        "engines know different formats and ignore the others",
        "a description that shows an example; read the text afterwards",
    ),
    "multipleOf": ("vLLM's xgrammar refuses it", "minimum and maximum"),
    "uniqueItems": (
        "a grammar cannot express it: engines refuse or ignore it",
        "an array; take double entries out afterwards",
    ),
    "prefixItems": (
        "engines differ in tuples",
        "an object with a property for each position",
    ),
    "default": ("OpenAI refuses it, nobody else uses it", "a nullable property"),
    "nullable": (
        "a word of OpenAPI, which JSON schema ignores",
        'null as a second type: ["string", "null"]',
    ),
}
"""Keyword outside the subset -> (who breaks on it, what to write instead)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not portable in a schema."""

    path: str
    """Where, from the root: "$.properties.items.items"."""
    what: str
    why: str
    """Which engines break on it, and how."""
    todo: str
    """What to write instead."""

    def __str__(self) -> str:
        return f"{self.path}: {self.what} ({self.why}); write {self.todo}"


def pattern_problems(pattern: object) -> Iterator[tuple[str, str, str]]:
    """(what, why, todo) of a regular expression."""
    try:
        made = re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError, RecursionError, OverflowError) as e:
        yield f"pattern {shorten(pattern)}: {e}", "it is no regular expression", "a valid one"
        return
    text = made.pattern
    if not (text.startswith("^") and text.endswith("$")):
        yield (
            f"pattern {shorten(text)} without ^ and $",
            "JSON schema searches, grammars match the whole string",
            "^...$",
        )
    if re.search(r"\(\?[=!<]|\\[1-9]|\(\?P[=>]|\\[bB]", text):
        yield (
            f"pattern {shorten(text)} looks around or back",
            "a grammar cannot express it",
            "plain classes, groups and counts",
        )
    if re.search(r"[*+}]\)+[*+{]", text):
        yield (
            f"pattern {shorten(text)} repeats a repetition",
            "checking an answer against it can take for ever",
            "one level of repetition",
        )


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def name_some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(repr(n) for n in names[:3])}{more}"


def shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
