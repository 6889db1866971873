"""What a model said -> a value, or the class of the error."""

import json
import re
from collections.abc import Mapping

from skulens.protocols import ErrorClass

FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$", re.S)


def parse_text(text: str, schema: Mapping[str, object] | None) -> tuple[object, ErrorClass, str]:
    """(value, error class, reason) of an answer; free text has no value and no error.

    A fence around the whole answer is taken off, nothing else is repaired. The schema is checked
    here whatever the engine promised (vllm-project/vllm#13038).
    """
    if schema is None:
        return None, "", ""
    import jsonschema

    fenced = FENCE.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
    except ValueError as e:
        return None, "invalid_json", f"the answer is not JSON ({e}): {text[:80]!r}"
    problem = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(value)
    )
    if problem is not None:
        return None, "schema_violation", f"{problem.json_path}: {problem.message[:200]}"
    return value, "", ""
