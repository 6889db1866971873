"""The ten ways in which a question stays without a usable answer, and which of them pass."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from skulens.errors import PictureError
from skulens.pictures import NO_FILE
from skulens.protocols import ErrorClass
from skulens.records import Image

CLASSES: tuple[ErrorClass, ...] = tuple(c for c in get_args(ErrorClass) if c)
TRANSIENT: frozenset[ErrorClass] = frozenset({"transport", "rate_limit", "engine"})
"""Asked again with growing waits. `truncated` is asked once more with twice the tokens; the others
would fail again."""
ABOUT: dict[ErrorClass, str] = {
    "transport": "no whole answer arrived: connection refused, cut or too slow",
    "rate_limit": "the server asked to slow down (429)",
    "engine": "the server failed (5xx) or answered something that is no chat completion",
    "truncated": "the answer reached its token limit, or the question is too long for the model",
    "refused": "the model declined, or a content filter did",
    "invalid_json": "a schema was given and the answer is not JSON",
    "schema_violation": "the answer is JSON that the schema forbids",
    "image_missing": "a picture's file is not there or may not be read",
    "image_corrupt": "a picture cannot be decoded, by us or by the server",
    "too_many_images": "more pictures than the policy or the server takes",
}

Again = Literal["no", "once", "often"]
Subject = Literal["", "pictures", "schema", "sampling"]


@dataclass(frozen=True)
class Failure:
    """Why one attempt gave no usable answer, and what that means for the next one."""

    error: ErrorClass
    reason: str
    again: Again = "no"
    """Whether it may pass: "once" where an answer came and was paid for."""
    wait_s: float | None = None
    """What the server asked for (Retry-After)."""
    congested: bool = False
    """The server has too much to do: fewer questions at a time."""
    unreachable: bool = False
    """Nobody answered; many of these in a row mean that the server is gone."""
    hopeless: bool = False
    """Every question would fail: wrong key, unknown model. Becomes a ChatError."""
    about: Subject = ""
    """What the server does not take. Where it took one before, this question alone fails."""
    status: int = 0
    """Of HTTP, where the server sent one."""
    rename_limit: bool = False
    """The model takes "max_completion_tokens" in place of "max_tokens"."""


def judge_picture(image: Image, problem: PictureError) -> Failure:
    """The failure of a picture that cannot be read or decoded."""
    named = f"{image.path}: {problem}" if image.path else f"a picture in memory: {problem}"
    missing = image.own_file is not None and (
        NO_FILE in str(problem) or not is_readable(image.own_file)
    )
    return Failure("image_missing" if missing else "image_corrupt", named)


def is_readable(path: str) -> bool:
    """Whether a path leads to a regular file that may be opened."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb"):
            return True
    except (OSError, ValueError):
        return False
