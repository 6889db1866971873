"""The ten ways in which a question stays without a usable answer, and which of them pass."""

from typing import get_args

from skulens.protocols import ErrorClass

CLASSES: tuple[ErrorClass, ...] = tuple(c for c in get_args(ErrorClass) if c)
TRANSIENT: frozenset[ErrorClass] = frozenset({"transport", "rate_limit", "engine"})
"""Asked again with growing waits. `truncated` is asked once more with twice the tokens; the others
would fail again."""
ABOUT: dict[ErrorClass, str] = {
    "transport": "no whole answer arrived: connection refused, cut or too slow",
    "rate_limit": "the server asked to slow down (429)",
    "engine": "the server failed (5xx) or answered something that is no chat completion",
    "truncated": "the answer reached its token limit",
    "refused": "the model declined, or a content filter did",
    "invalid_json": "a schema was given and the answer is not JSON",
    "schema_violation": "the answer is JSON that the schema forbids",
    "image_missing": "a picture's file is not there or may not be read",
    "image_corrupt": "a picture cannot be decoded, by us or by the server",
    "too_many_images": "more pictures than the policy or the server takes",
}
