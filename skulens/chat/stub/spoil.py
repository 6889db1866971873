"""What each fault does to a right answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from skulens.chat.stub.answer import Answer, Wire
from skulens.chat.stub.question import Question
from skulens.chat.stub.usage import count_tokens


class Server(Protocol):
    """What a fault may ask of the server beside the question it spoils."""

    retry_after_s: float
    slow_s: float

    def other_answer(self, question: Question) -> Answer | None:
        """To another question, in flight or answered last."""

    def earlier_picture(self, question: Question) -> Answer | None:
        """To the question with the pictures of an earlier one that begins with the same text."""

    def first_limit(self, question: Question) -> int | None:
        """`max_tokens` of the question's first attempt."""


@dataclass(slots=True)
class Spoiled:
    """An answer, and what it answers."""

    answer: Answer
    question: Question
    attempt: int
    """From 1 on."""
    server: Server
    free_text: Callable[[Question], str]
    """What the model says without a schema."""


def fail(s: Spoiled, status: int, kind: str, problem: str) -> None:
    s.answer.status, s.answer.kind, s.answer.problem = status, kind, problem


def slow_down(s: Spoiled) -> None:
    wait = f"{s.server.retry_after_s:g}"
    slow_down_bare(s)
    s.answer.headers.append((b"retry-after", wait.encode()))


def slow_down_bare(s: Spoiled) -> None:
    fail(s, 429, "RateLimitError", "Rate limit reached, please slow down.")


def crash(s: Spoiled) -> None:
    fail(s, 500, "InternalServerError", "EngineCore encountered an issue.")


def overload(s: Spoiled) -> None:
    fail(s, 503, "ServiceUnavailableError", "The server is overloaded, please try again later.")


def reject_key(s: Spoiled) -> None:
    fail(s, 401, "AuthenticationError", "Incorrect API key provided.")


def reject_model(s: Spoiled) -> None:
    fail(s, 404, "NotFoundError", f"The model `{s.question.model}` does not exist.")


def reject_picture(s: Spoiled) -> None:
    fail(s, 400, "BadRequestError", "Failed to load image: cannot identify image file")


def reject_number(s: Spoiled) -> None:
    had = len(s.question.pictures)
    fail(s, 400, "BadRequestError", too_many(had, max(1, had - 1)))


def too_many(had: int, most: int) -> str:
    """The words of vLLM."""
    return (
        f"At most {most} image(s) may be provided in one prompt. You set --limit-mm-per-prompt"
        f" (or its default) below the {had} given."
    )


def wire(how: Wire) -> Callable[[Spoiled], None]:
    """A fault of the connection or the envelope; `app` carries it out."""

    def spoil(s: Spoiled) -> None:
        s.answer.wire = how

    return spoil


def delay(s: Spoiled) -> None:
    s.answer.wait_s += s.server.slow_s


def swap_answer(s: Spoiled) -> None:
    """The answer of another request with that one's id; without another one, nothing happens."""
    other = s.server.other_answer(s.question)
    if other is not None:
        s.answer = other


def swap_picture(s: Spoiled) -> None:
    """As sgl-project/sglang-omni#258: the id is right, the picture is not."""
    other = s.server.earlier_picture(s.question)
    if other is not None:
        s.answer.text, s.answer.finish = other.text, other.finish


def cut_once(s: Spoiled) -> None:
    first, now = s.server.first_limit(s.question), s.question.max_tokens
    if s.attempt == 1 or (first is not None and now is not None and now <= first):
        cut_off(s)


def cut_off(s: Spoiled) -> None:
    text = s.answer.text or ""
    s.answer.text, s.answer.finish = text[: (len(text) + 1) // 2], "length"
    if isinstance(s.answer.usage, dict) and s.question.max_tokens is not None:
        s.answer.usage["completion_tokens"] = s.question.max_tokens
        s.answer.usage["total_tokens"] = s.answer.usage["prompt_tokens"] + s.question.max_tokens


def refuse(s: Spoiled) -> None:
    s.answer.text, s.answer.refusal = None, "I'm sorry, but I cannot help with that request."


def filter_content(s: Spoiled) -> None:
    s.answer.text, s.answer.finish = "", "content_filter"


def only_reason(s: Spoiled) -> None:
    s.answer.reasoning = f"The user wants an answer. I would say: {s.answer.text}"
    s.answer.text = None
    if isinstance(s.answer.usage, dict):
        tokens = {"reasoning_tokens": count_tokens(s.answer.reasoning)}
        s.answer.usage["completion_tokens_details"] = tokens


def ignore_format(s: Spoiled) -> None:
    s.answer.text = s.free_text(s.question)


def add_prose(s: Spoiled) -> None:
    s.answer.text = f"Sure! Here is the JSON:\n\n{s.answer.text}\n\nAnything else?"


def add_fence(s: Spoiled) -> None:
    s.answer.text = f"```json\n{s.answer.text}\n```"


def add_comma(s: Spoiled) -> None:
    text = s.answer.text or ""
    s.answer.text = f"{text[:-1]},{text[-1]}" if text[-1:] in ("}", "]") else f"{text},"


def change_value(s: Spoiled, change: Callable[[Any], Any]) -> None:
    """The answer with another JSON value."""
    s.answer.text = json.dumps(change(json.loads(s.answer.text or "null")), ensure_ascii=False)


def first_replaced(value: Any, new: object) -> Any:
    """An object with another first value; `new` in place of anything else."""
    if isinstance(value, dict) and value:
        return value | {next(iter(value)): new}
    return new


def put_nan(s: Spoiled) -> None:
    change_value(s, lambda value: first_replaced(value, float("nan")))


def put_wrong_type(s: Spoiled) -> None:
    change_value(s, lambda value: first_replaced(value, {"of": ["a", "wrong", "type"]}))


def drop_key(s: Spoiled) -> None:
    needed = (s.question.schema or {}).get("required") or [""]

    def drop(value: Any) -> Any:
        if not isinstance(value, dict):
            return {}
        return {k: v for k, v in value.items() if k != needed[0]}

    change_value(s, drop)


def add_key(s: Spoiled) -> None:
    change_value(s, lambda value: (value if isinstance(value, dict) else {}) | {"stub_extra": 1})


def drop_items(s: Spoiled) -> None:
    """As GD4AI/obsidian-llm-wiki#524: guided decoding closes its lists early."""
    change_value(s, lambda value: shorten(value, s.question.schema or {}))


def shorten(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value with lists of a fifth of their items, and no fewer than the schema asks for."""
    if isinstance(value, dict):
        inner = schema.get("properties") or {}
        return {k: shorten(v, inner.get(k) or {}) for k, v in value.items()}
    if isinstance(value, list):
        kept = max(len(value) // 5, schema.get("minItems", 0), min(1, len(value)))
        items = schema.get("items")
        return [shorten(v, items if isinstance(items, dict) else {}) for v in value[:kept]]
    return value


def leave_out_usage(s: Spoiled) -> None:
    s.answer.with_usage = False


def null_usage(s: Spoiled) -> None:
    s.answer.usage = None


def put_odd_usage(s: Spoiled) -> None:
    s.answer.usage = {
        "prompt_tokens": "12",
        "completion_tokens": -3,
        "total_tokens": None,
        "prompt_tokens_details": {"cached_tokens": None},
        "cost": {"usd": 0.5},
    }
