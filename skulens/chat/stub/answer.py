"""What the stub is about to say: an answer on its way through the faults to the wire."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal

Wire = Literal[
    "", "closed_before", "closed_inside", "hang", "html", "empty", "cut_envelope", "no_choices"
]
"""How the bytes go out; empty: whole, as they should."""


@dataclass(slots=True)
class Answer:
    """The message and the envelope around it."""

    text: str | None
    finish: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None
    usage: object = None
    with_usage: bool = True
    status: int = 200
    problem: str = ""
    """The message of an error, where `status` is not 200."""
    kind: str = ""
    """Of that error: "RateLimitError"."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    wire: Wire = ""
    wait_s: float = 0.0
    asked_as: str = ""
    """The X-Request-Id of the request; vLLM makes the id of the completion from it, too."""

    def body(self, model: str) -> bytes:
        """The JSON object of a chat completion or of an error."""
        if self.status != 200:
            error = {
                "message": self.problem, "type": self.kind, "param": None, "code": self.status
            }  # fmt: skip
            return json.dumps({"error": error}).encode()
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.refusal is not None:
            message["refusal"] = self.refusal
        if self.reasoning is not None:
            message["reasoning_content"] = self.reasoning
        made = {
            "id": f"chatcmpl-{self.asked_as}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
        }
        if self.with_usage:
            made["usage"] = self.usage
        return json.dumps(made).encode()
