"""The nouns of talking to models: what is asked, and what comes back.

`protocols.Chat` is the verb; both names can be imported from there, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from skulens.records import Part

ErrorClass = Literal[
    "",
    "transport",
    "rate_limit",
    "engine",
    "truncated",
    "refused",
    "invalid_json",
    "schema_violation",
    "image_missing",
    "image_corrupt",
    "too_many_images",
]
"""Why a question has no usable answer; empty: it has one. `chat.failures` says what each means."""


@dataclass(frozen=True)
class Ask:
    """One question to a language or vision-language model."""

    id: str
    """Of what is asked about, such as a product; a reply carries it back."""
    parts: tuple[Part, ...]
    """The user's turn: pictures first, then texts about this item."""
    system: str = ""
    """Instructions and all that many questions share; it stands before the pictures, so that
    engines reuse its prefix."""
    schema: Mapping[str, object] | None = None
    """JSON schema of the answer; None: free text."""
    sampling: Mapping[str, object] = field(default_factory=dict)
    """"max_tokens", "temperature", "top_p", "seed", "stop": what differs from the engine's own."""
    template: str = ""
    """sha256 of the prompt template."""
    stage: str = ""
    """What the question is part of, for the ledger: "caption", "extract", "judge"."""


@dataclass(frozen=True)
class Reply:
    """The answer to one question; a failure is one too."""

    id: str
    """Of the question."""
    text: str = ""
    """What the model said, unchanged; kept when it cannot be used, too."""
    value: object = None
    """The parsed and validated JSON, where a schema was given."""
    finish: str = ""
    """Why the model stopped: "stop", "length" ..."""
    error: ErrorClass = ""
    reason: str = ""
    """A sentence on the error: what we got, what to do. Never holds a key or a password."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """"input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens": summed
    over all attempts."""
    raw_usage: tuple[Mapping[str, object], ...] = ()
    """What the provider reported, one object per attempt."""
    latency_s: float = 0.0
    """From the first attempt to the answer."""
    attempts: int = 1
    cached: bool = False
    """It came from the reply store, at no cost."""
    system: str = ""
    """`SystemInfo.identity` of who answered."""
