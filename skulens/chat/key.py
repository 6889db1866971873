"""What makes two questions the same: all that decides the answer, and nothing else.

In the key: the engine's identity (endpoint, model, revision, picture policy, default sampling), the
template's sha256, the instructions, the parts in order (texts; sha256 of the pictures as sent), the
schema with the order of its properties, the sampling. Not in it: `Ask.id` and `Ask.stage`, so that
the same question about another item, or in another run, is not asked again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from skulens.errors import DataError
from skulens.protocols import Ask

VERSION = 1
"""Part of every key: a change of what enters one must change it, and loses all stored replies."""


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError for what is no JSON value."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=as_dict
    )


def in_order(value: object) -> str:
    """JSON with keys in their own order and no spaces. Raises TypeError as `canonical`."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=as_dict)


def as_dict(value: object) -> dict:
    """Mappings other than dict, which `json` does not take."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def describe_parts(parts: Sequence[object], pictures: Sequence[str]) -> list[dict[str, str]]:
    """{"text": ...} or {"image": sha256} for each part, in order.

    Args:
        pictures: sha256 of each picture as sent, in order; why not, for one that cannot be sent.
    """
    waiting = iter(pictures)
    return [{"text": p} if isinstance(p, str) else {"image": next(waiting)} for p in parts]


def make_key(ask: Ask, system: str, pictures: Sequence[str]) -> str:
    """sha256 of a question, in hex.

    Args:
        system: `SystemInfo.identity` of the engine.
        pictures: sha256 of each picture as sent, in order; why not, for one that cannot be sent.
    Raises:
        DataError: schema or sampling hold something that is no JSON value; or there are fewer or
            more hashes than pictures.
    """
    expected = sum(not isinstance(p, str) for p in ask.parts)
    if len(pictures) != expected:
        raise DataError(
            f"question {ask.id!r} has {expected} pictures and {len(pictures)} hashes of them"
        )
    try:
        told = {
            "version": VERSION,
            "system": system,
            "template": ask.template,
            "instructions": ask.system,
            "parts": describe_parts(ask.parts, pictures),
            # Guided models follow the order of a schema's properties: it is part of the question.
            "schema": in_order(ask.schema),
            "sampling": {name: plain_number(v) for name, v in ask.sampling.items()},
        }
        text = canonical(told)
    except (TypeError, ValueError) as e:  # ValueError: a circle
        raise DataError(
            f"question {ask.id!r}: its schema or sampling cannot be written as JSON ({e})"
        ) from e
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain_number(value: object) -> object:
    """0.0 as 0: a temperature of either is the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
