"""A JSON schema of chosen fields, for models that answer in JSON.

Only constructs that engines for guided decoding agree on: explicit properties, nullable unions,
bounded arrays; no pattern, no additional properties, no node without a shape.
"""

from collections.abc import Iterable
from typing import Any

from skulens.values.fields import FIELDS, Field, find_field

MOST = 40
"""Longest array: a bound that keeps a looping model from filling its window."""
NOT_VISIBLE = "not_visible"
"""Key for the paths that a reader looked for and did not see."""


def make_schema(paths: Iterable[str] | None = None, evidence: bool = False) -> dict[str, Any]:
    """The schema of an answer: an object nested by the parts of the paths.

    Args:
        paths: fields to ask for, in the order wanted; None: all of the registry.
        evidence: each value becomes {"image", "quote", "value"}, evidence first, so that a model
            looks before it answers.
    Returns:
        A JSON schema as a plain dict. Every value may be null; `not_visible` lists paths that
        cannot be seen. Keys nest by group ("attributes") and, below it, in "nutrition" only:
        "attributes.origin.city" of one's own is the key "origin.city" of "attributes".
    Raises:
        UnknownName: an unknown path.
    """
    chosen = list(FIELDS) if paths is None else [find_field(path) for path in paths]
    root: dict[str, Any] = _object({})
    for field in chosen:
        group, *rest = field.path.split(".")
        nested = rest if len(rest) == 2 and rest[0] == "nutrition" else [".".join(rest)]
        node = root["properties"].setdefault(group, _object({}))
        for part in nested[:-1]:
            node = node["properties"].setdefault(part, _object({}))
        node["properties"][nested[-1]] = _leaf(field, evidence)
    names = {"type": "string", "enum": [field.path for field in chosen]}
    root["properties"][NOT_VISIBLE] = {"type": "array", "items": names, "maxItems": len(chosen)}
    _require_all(root)
    return root


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _require_all(node: dict[str, Any]) -> None:
    """Make every key required, as strict engines want it; null says "nothing there"."""
    node["required"] = list(node["properties"])
    for child in node["properties"].values():
        if child["type"] == "object":
            _require_all(child)


def _leaf(field: Field, evidence: bool) -> dict[str, Any]:
    about = field.about or field.path.rpartition(".")[2].replace("_", " ")
    about += f" (in {field.unit} unless another unit is printed)" if field.unit else ""
    kind: dict[str, Any] = {"type": ["string", "null"], "description": about}
    if evidence:
        kind = _object(
            {
                "image": {
                    "type": ["integer", "null"],
                    "description": "number of the picture, from 1",
                },
                "quote": {"type": ["string", "null"], "description": "what stands there, as read"},
                "value": kind,
            }
        )
        _require_all(kind)
    if not field.many:
        return kind
    if not evidence:
        kind = {"type": "string", "description": about}
    return {"type": "array", "items": kind, "maxItems": MOST}
