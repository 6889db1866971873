"""What makes two questions the same: all that decides the answer, and nothing else."""

import hashlib
import json
from collections.abc import Sequence

from skulens.protocols import Ask

VERSION = 1


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_key(ask: Ask, system: str, pictures: Sequence[str]) -> str:
    """sha256 of a question; `Ask.id` and `Ask.stage` do not enter.

    Args:
        system: `SystemInfo.identity` of the engine (endpoint, model, revision, picture policy,
            default sampling).
        pictures: sha256 of each picture as sent, in order; why not, for one that cannot be sent.
    """
    waiting = iter(pictures)
    parts = [{"text": p} if isinstance(p, str) else {"image": next(waiting)} for p in ask.parts]
    # The order of a schema's properties is part of the question: guided models follow it.
    schema = json.dumps(ask.schema, separators=(",", ":"), ensure_ascii=False)
    told = {
        "version": VERSION,
        "system": system,
        "template": ask.template,
        "instructions": ask.system,
        "parts": parts,
        "schema": schema,
        "sampling": dict(ask.sampling),
    }
    return hashlib.sha256(canonical(told).encode("utf-8", "surrogatepass")).hexdigest()
