"""A request as the stub understands it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SAMPLING = ("temperature", "top_p", "seed")


class Refusal(Exception):
    """A request that the server turns down, with the status and message of its error."""

    def __init__(self, status: int, message: str, kind: str = "BadRequestError", code: object = 0):
        super().__init__(message)
        self.status, self.message, self.kind, self.code = status, message, kind, code or status


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and all that the stub's answer depends on."""

    model: str
    system: str
    text: str
    """Of the user's turns, without the pictures."""
    before: str
    """All text before the first picture, what a prefix cache goes by; "" without a picture."""
    pictures: tuple[str, ...]
    """Data URIs."""
    schema: Mapping[str, Any] | None
    max_tokens: int | None
    stop: tuple[str, ...]
    sampling: Mapping[str, Any]
    """What else a real model heeds: temperature, top_p, seed."""
    content: bytes
    """sha256 of messages, response format and seed, the same at every attempt."""


def read_question(body: bytes, seed: int = 0) -> Question:
    """A question from the body of a request. Raises Refusal (400) as a strict server does."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise Refusal(400, f"the body is not JSON: {e}") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        raise Refusal(400, "the body lacks `messages`, a list")
    messages = asked["messages"]
    if not messages:
        raise Refusal(400, "`messages` is empty")
    if asked.get("stream") or asked.get("n") not in (None, 1):
        raise Refusal(400, "this server neither streams nor gives more than one choice (n)")
    system, user, before, pictures = read_messages(messages)
    wanted = asked.get("response_format")
    try:
        told = json.dumps([seed, messages, wanted], ensure_ascii=False)
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply") from None
    return Question(
        str(asked.get("model", "")),
        system,
        user,
        before,
        pictures,
        read_schema(wanted),
        read_tokens(asked),
        read_stop(asked.get("stop")),
        {name: asked[name] for name in SAMPLING if asked.get(name) is not None},
        hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest(),
    )


def read_messages(messages: list) -> tuple[str, str, str, tuple[str, ...]]:
    """(system text, user's text, text before the first picture, data URIs)."""
    system: list[str] = []
    user: list[str] = []
    pictures: list[str] = []
    before = ""
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise Refusal(400, "a message is not an object with a `role`")
        said = system if message["role"] in ("system", "developer") else user
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list):
            raise Refusal(400, f"`content` is {type(content).__name__}, expected text or parts")
        for part in parts:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "text" and isinstance(part.get("text"), str):
                said.append(part["text"])
            elif kind == "image_url":
                if not pictures:
                    before = "\n".join(system + user)
                pictures.append(read_picture(part))
            else:
                raise Refusal(400, f"a part of `content` has the unknown type {kind!r}")
    return "\n".join(system), "\n".join(user), before, tuple(pictures)


def read_picture(part: Mapping[str, Any]) -> str:
    """The data URI of a part."""
    place = part.get("image_url")
    url = place.get("url") if isinstance(place, dict) else None
    if not isinstance(url, str):
        raise Refusal(400, "`image_url` lacks its `url`")
    if not url.startswith("data:image/") or ";base64," not in url[:64]:
        raise Refusal(
            400, f"a picture is no data URI of base64 (got {url[:32]!r}); this server fetches none"
        )
    return url


def read_schema(wanted: object) -> Mapping[str, Any] | None:
    """The JSON schema of the answer that a response format asks for; {} for any JSON object."""
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    inner = wanted.get("json_schema") if isinstance(wanted, dict) else None
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise Refusal(400, "`response_format` has neither a known type nor a `json_schema.schema`")
    return schema


def read_tokens(asked: Mapping[str, Any]) -> int | None:
    most = asked.get("max_completion_tokens", asked.get("max_tokens"))
    if most is None:
        return None
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise Refusal(400, f"max_tokens must be at least 1, got {most!r}")
    return most


def read_stop(stop: object) -> tuple[str, ...]:
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(s, str) for s in stops):
        raise Refusal(400, "`stop` is neither a text nor a list of texts")
    return tuple(s for s in stops if s)
