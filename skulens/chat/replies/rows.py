"""Rows of the table of replies, written and read: what became of a question, whole or damaged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skulens.chat.key import describe_parts, in_order
from skulens.chat.replies.database import seal_of, unbind_text
from skulens.errors import StoreError
from skulens.protocols import Ask, Reply
from skulens.records import escape_surrogates

COLUMNS = (
    *("key", "item", "stage", "run", "system", "model", "template", "instructions", "parts"),
    *("schema", "sampling", "text", "value", "finish", "error", "reason", "usage", "latency_s"),
    *("attempts", "made", "entry"),
)
"""Of the table of replies, less its checksum. `instructions` and `schema` are sha256 of texts."""
SELECT = (
    f"select {', '.join('r.' + c for c in COLUMNS)}, r.seal, s.raw_usage"
    " from replies r left join spent s on s.entry = r.entry"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the table of replies."""

    row: Mapping[str, Any]
    """By `COLUMNS`."""
    reply: Reply
    """With the id of the item that was asked about first."""

    @property
    def entry(self) -> int:
        """Of the table `spent`; later replies have larger ones."""
        return int(self.row["entry"])


def to_json(value: object, ask: Ask) -> str:
    """JSON that is valid Unicode. Raises StoreError for what it cannot hold."""
    try:
        return escape_surrogates(in_order(value))  # "\\ud800" is how JSON, too, writes one
    except (TypeError, ValueError, RecursionError) as e:
        raise StoreError(
            f"the reply to question {ask.id!r} cannot be stored, as it holds no JSON value ({e}); "
            "this is a fault of its engine"
        ) from e


def encode_row(
    key: str, ask: Ask, reply: Reply, shared: Sequence[str], pictures: Sequence[str]
) -> dict[str, Any]:
    """A row of the table of replies, less what the run says of it."""
    missing = [""] * sum(not isinstance(p, str) for p in ask.parts)  # nobody told the hashes
    instructions, schema = shared
    return {
        "key": key,
        "item": ask.id,
        "stage": ask.stage,
        "system": reply.system,
        "template": ask.template,
        "instructions": instructions,
        "parts": to_json(describe_parts(ask.parts, [*pictures, *missing]), ask),
        "schema": schema,
        "sampling": to_json(dict(sorted(ask.sampling.items())), ask),
        "text": reply.text,
        "value": to_json(reply.value, ask),
        "finish": reply.finish,
        "error": reply.error,
        "usage": to_json({k: int(v or 0) for k, v in reply.usage.items()}, ask),
        "latency_s": float(reply.latency_s),
        "attempts": int(reply.attempts),
    }


def decode_row(columns: tuple) -> Stored | None:
    """A row of `SELECT`; None where it is damaged."""
    *values, seal, raw = columns
    try:
        values = [unbind_text(v) if isinstance(v, bytes) else v for v in values]
        if seal != seal_of(tuple(values)):
            return None
        row = dict(zip(COLUMNS, values, strict=True))
        reply = Reply(
            row["item"], row["text"], json.loads(row["value"]), row["finish"], row["error"],
            row["reason"], json.loads(row["usage"]), read_usage(raw), row["latency_s"],
            row["attempts"], True, row["system"],
        )  # fmt: skip
    except (ValueError, TypeError, RecursionError):
        return None
    return Stored(row, reply)


def read_usage(raw: object) -> tuple[Mapping[str, object], ...]:
    """What the provider reported; nothing where that is damaged, which costs no answer."""
    try:
        return tuple(u for u in json.loads(unbind_text(raw)) if isinstance(u, dict))
    except (ValueError, TypeError):
        return ()
