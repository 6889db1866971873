"""What a model said -> a value, or the class of the error.

Strict on purpose. Taken off are a byte order mark, white space, the model's reasoning and one fence
around the whole answer; nothing else is repaired. JSON in the midst of prose is not fished out: an
engine that honours the schema cannot write prose, so it shows that the schema was ignored, and
where several objects stand in it nobody knows which was meant. It counts as `invalid_json`, and
`skulens chat check` says how often a server does it.
"""

import itertools
import json
import marshal
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import referencing
import referencing.exceptions

from skulens.chat.schemas.check import content_of
from skulens.protocols import ErrorClass

MAX_CHARS = 2_000_000
"""Of an answer; some 500,000 tokens. A longer one comes from a loop."""
MAX_DEPTH = 64
"""Of arrays and objects within one another."""
MAX_DIGITS = 19
"""Of an integer: those of 64 bits. Guided decoding that ignores bounds writes digits without
end."""
MOST_PROBLEMS = 20
"""Looked at to find the one that says most."""
SHOWN_CHARS = 80
"""Of an answer that a reason quotes."""
TAGS = ("think", "thinking", "thought", "reasoning")

Parsed = tuple[object, ErrorClass, str]
"""(value, error class, reason); the value is None where there is an error."""


def parse_text(text: str, schema: Mapping[str, object] | None) -> Parsed:
    """The value of an answer; free text has no value and no error.

    The schema is checked here whatever the engine promised (vllm-project/vllm#13038). Refused as
    `invalid_json`, besides what is no JSON: NaN and Infinity, numbers that no 64-bit type holds, a
    key twice in an object (which one counts is undefined, RFC 8259), half of a surrogate pair
    (no text can hold it), more than MAX_CHARS or MAX_DEPTH.
    """
    if schema is None:
        return None, "", ""
    if len(text) > MAX_CHARS:
        return _invalid(f"an answer of {len(text):,} characters, expected at most {MAX_CHARS:,}")
    answer = strip_reasoning(text)
    if not answer:
        if "<" in text:
            return _invalid(
                "the answer ends while the model still reasons: turn reasoning off or allow more "
                f"tokens; it begins {_quote(text)}"
            )
        return _invalid("the answer is empty")
    body = strip_fence(answer)
    try:
        value = json.loads(
            body,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except json.JSONDecodeError as e:
        return _invalid(_what_is_wrong(body, e))
    except ValueError as e:
        return _invalid(str(e))
    except RecursionError:
        return _invalid(f"more than {MAX_DEPTH} arrays and objects within one another")
    if problem := _beyond_use(value, body):
        return _invalid(problem)
    if violation := find_violation(value, schema):
        return None, "schema_violation", violation
    return value, "", ""


def strip_reasoning(text: str) -> str:
    """An answer without what a reasoning model says first: <think>...</think>, also where the
    opening tag was part of the prompt. Empty where it never stops reasoning.

    For free text, too: `Reply.text` is what the model said, unchanged.
    """
    answer = text.strip().strip("\ufeff").strip()
    while opened := next((t for t in TAGS if answer[:12].lower().startswith(f"<{t}>")), ""):
        answer = answer.partition(f"</{opened}>")[2].strip()
    if answer[:1] not in ("{", "[", '"', "`"):  # a value may well hold such a tag
        for tag in TAGS:
            before, closed, after = answer.partition(f"</{tag}>")
            if closed and f"<{tag}>" not in before:
                return after.strip()
    return answer


def strip_fence(answer: str) -> str:
    """What stands within ```json ... ```, where the fence holds the whole answer."""
    if not (answer.startswith("```") and answer.endswith("```") and len(answer) > 6):
        return answer
    inside = answer[3:-3]
    return inside[4:] if inside[:4].lower() == "json" else inside


def find_violation(value: object, schema: Mapping[str, object]) -> str:
    """Where and how a value breaks a schema (JSON schema, Draft 2020-12); empty where it does not.

    Compiled validators are kept by the content of the schema.
    """
    validator = _compile(content_of(schema))
    problems = []
    try:
        for problem in itertools.islice(validator.iter_errors(value), MOST_PROBLEMS):
            problems.append(problem)
            if problem.validator == "maxItems":  # looking at a million items says no more
                break
        best = jsonschema.exceptions.best_match(problems)
    except (
        RecursionError,
        ArithmeticError,
        TypeError,
        ValueError,
        re.error,
        jsonschema.exceptions.UnknownType,
        referencing.exceptions.Unresolvable,
    ) as e:
        return (
            f"the schema cannot be applied ({type(e).__name__}: {str(e)[:200]}); "
            "chat.schema.check_schema says what to change"
        )
    return _cut(f"{best.json_path}: {best.message}") if best is not None else ""


@lru_cache(maxsize=256)
def _compile(content: bytes) -> jsonschema.Draft202012Validator:
    """The validator of a schema; it fetches nothing that the schema refers to."""
    schema = _bounds_first(marshal.loads(content))
    return jsonschema.Draft202012Validator(schema, registry=referencing.Registry())


def _bounds_first(node: Any) -> Any:
    """The same schema with `maxItems` before `items`, so that it is checked first."""
    if isinstance(node, list):
        return [_bounds_first(child) for child in node]
    if not isinstance(node, dict):
        return node
    first = {k: node[k] for k in ("type", "maxItems") if k in node}
    return first | {k: _bounds_first(v) for k, v in node.items() if k not in first}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {_quote(twice)} stands twice in an object")
    return made


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _float(digits: str) -> float:
    made = float(digits)
    if made in (float("inf"), float("-inf")):
        raise ValueError(f"the number {_quote(digits)} is larger than any float")
    return made


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(
            f"an integer of {len(digits):,} digits, expected at most {MAX_DIGITS}: {_quote(digits)}"
        )
    return int(digits)


def _beyond_use(value: object, body: str) -> str:
    """Why a parsed value could not be stored or read; empty where it can."""
    if body.count("{") + body.count("[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} arrays and objects within one another"
    if "\\u" in body or not body.isascii():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "half of a surrogate pair, which no text can hold"
    return ""


def _depth(value: object) -> int:
    """Levels of arrays and objects, without recursion."""
    level, depth = [value], 0
    while level:
        inside = [v for v in level if isinstance(v, (dict, list))]
        level = [child for v in inside for child in (v.values() if isinstance(v, dict) else v)]
        depth += bool(inside)
    return depth


def _what_is_wrong(body: str, error: json.JSONDecodeError) -> str:
    if body[:1] not in '{["':
        where = body.find("{")
        inside = where > 0 and "}" in body[where:]
        what = "prose around JSON: the engine ignored the schema" if inside else "no JSON"
        return f"{what}; it begins {_quote(body)}"
    if error.pos >= len(body.rstrip()) or error.msg.startswith("Unterminated"):
        return f"JSON that breaks off after {len(body):,} characters: {_quote(body[-40:])}"
    around = body[max(0, error.pos - 30) : error.pos + 30]
    return f"no valid JSON: {error.msg} at character {error.pos}: {_quote(around)}"


def _invalid(reason: str) -> Parsed:
    return None, "invalid_json", reason


def _quote(text: str) -> str:
    return repr(text[:SHOWN_CHARS]) + ("..." if len(text) > SHOWN_CHARS else "")


def _cut(text: str) -> str:
    """A path and message of the validator, such that it can be stored, without its middle where it
    quotes a long value."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 200 else f"{text[:120]} ... {text[-60:]}"
