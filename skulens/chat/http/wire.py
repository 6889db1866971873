"""Questions as the JSON of OpenAI's chat completions, and that of an answer as text or a failure.

Pure: what is sent to a server at once and what goes into a batch file are made here alike.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skulens.chat.failures import Failure
from skulens.chat.http.errors import judge_status, read_complaint
from skulens.chat.money.ledger import normalise_usage
from skulens.chat.parse import parse_text
from skulens.chat.pictures import Sent
from skulens.errors import DataError
from skulens.protocols import Ask
from skulens.records import escape_surrogates

RESERVED = frozenset({"messages", "model", "stream", "response_format", "n"})
"""Names in a request that no sampling setting may have."""
LIMITS = ("max_tokens", "max_completion_tokens")
NONCE = "question_id"
"""The first property of a schema whose answer says which question it is of."""
CUT = frozenset({"length", "max_tokens", "model_length"})
FILTERED = frozenset({"content_filter", "safety", "recitation", "prohibited_content", "blocklist"})
BROKEN = frozenset({"error", "abort", "aborted", "cancelled"})


def make_body(
    ask: Ask, model: str, sampling: Mapping[str, object], pictures: Sequence[Sent]
) -> dict[str, Any]:
    """The body of a request: instructions, then the parts of the question in their order.

    Args:
        sampling: the engine's own; `ask.sampling` goes before it.
        pictures: of `ask.parts`, as they are sent, in order.
    Raises:
        DataError: a sampling setting has the name of another part of the request.
    """
    settings = {**sampling, **ask.sampling}
    if taken := sorted(RESERVED & settings.keys()):
        raise DataError(
            f"sampling has {taken[0]!r}, which is no setting of sampling; "
            "it takes max_tokens, temperature, top_p, seed, stop and what else the server knows"
        )
    messages: list[dict[str, Any]] = []
    if ask.system:
        messages.append({"role": "system", "content": escape_surrogates(ask.system)})
    messages.append({"role": "user", "content": make_content(ask, pictures)})
    body: dict[str, Any] = {"model": model, "messages": messages}
    if ask.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": name_of(ask.schema), "strict": True, "schema": ask.schema},
        }
    return body | settings


def make_content(ask: Ask, pictures: Sequence[Sent]) -> str | list[dict[str, Any]]:
    """The user's turn; a lone text stays a string, which every server takes."""
    if not ask.parts:
        return ""
    if len(ask.parts) == 1 and isinstance(ask.parts[0], str):
        return escape_surrogates(ask.parts[0])
    waiting = iter(pictures)
    return [
        {"type": "text", "text": escape_surrogates(part)}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": data_uri(next(waiting))}}
        for part in ask.parts
    ]


def data_uri(picture: Sent) -> str:
    return f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode('ascii')}"


def name_of(schema: Mapping[str, object]) -> str:
    """What a schema is called in a request: its title in the letters that are allowed."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", str(schema.get("title") or "answer"))[:64]


def fingerprint(ask: Ask, model: str, pictures: Sequence[Sent]) -> str:
    """16 letters that tell one question from others: equal for equal requests."""
    digest = hashlib.blake2b(digest_size=8)
    for word in (model, ask.system, repr(ask.schema), repr(sorted(ask.sampling.items()))):
        digest.update(word.encode("utf-8", "surrogatepass") + b"\0")
    for part in ask.parts:
        digest.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else b"\1")
        digest.update(b"\0")
    for picture in pictures:
        digest.update(picture.sha256.encode())
    return digest.hexdigest()


# ----- an answer that names its question ------------------------------------------------------


def can_echo(schema: Mapping[str, Any] | None) -> bool:
    """Whether a property can be put before those of a schema."""
    return (
        schema is not None
        and isinstance(schema.get("properties"), Mapping)
        and NONCE not in schema["properties"]
    )


def add_nonce(schema: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The schema with a first property that has to hold `nonce`."""
    first = {NONCE: {"type": "string", "enum": [nonce]}}
    return {
        **schema,
        "properties": {**first, **schema["properties"]},
        "required": [NONCE, *schema.get("required", ())],
    }


# ----- answers ----------------------------------------------------------------------------


@dataclass
class Answer:
    """What one attempt gave: an answer, or a failure with whatever text came with it."""

    text: str = ""
    value: object = None
    finish: str = ""
    raw_usage: Mapping[str, object] | None = None
    failure: Failure | None = None
    id: str = field(default="", repr=False)
    """What the server calls the answer."""


def read_answer(
    data: bytes,
    schema: Mapping[str, object] | None,
    nonce: str = "",
    mask: Callable[[str], str] = str,
) -> Answer:
    """The answer in the body of a 200.

    Args:
        schema: what was sent, the nonce's property included.
        mask: takes our key out of what the model said, should it repeat it.
    """
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as e:
        shown = data[:80].decode("utf-8", "replace")
        return Answer(failure=odd(f"no JSON ({type(e).__name__}): {shown!r}"))
    if not isinstance(body, Mapping):
        return Answer(failure=odd(f"JSON of type {type(body).__name__}"))
    usage = body.get("usage")
    answer = Answer(
        raw_usage=usage if isinstance(usage, Mapping) else None, id=str(body.get("id") or "")
    )
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        answer.failure = judge_no_choice(body)
        return answer
    message = choices[0].get("message")
    if not isinstance(message, Mapping):
        answer.failure = odd("a choice without a message")
        return answer
    answer.finish = str(choices[0].get("finish_reason") or "")
    read_message(answer, message)
    answer.text = mask(answer.text)
    if answer.failure is None and schema is not None:
        parse_answer(answer, schema, nonce)
    return answer


def odd(what: str) -> Failure:
    return Failure("engine", f"the server's answer is no chat completion: {what}", "often")


def judge_no_choice(body: Mapping[str, Any]) -> Failure:
    """A 200 without an answer: gateways put the error of the server behind them into it."""
    if not body.get("error"):
        return odd(f"it has {', '.join(sorted(map(str, body)))[:80] or 'nothing'}, no choices")
    code = read_complaint(body).code
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else 500
    return judge_status(status, body, {}, pictures=True)


def read_message(answer: Answer, message: Mapping[str, Any]) -> None:
    """Fill in the text, or the failure of a message without a whole one."""
    content, finish = message.get("content"), answer.finish.lower()
    if isinstance(content, list):  # parts, as in questions
        texts = [p.get("text") for p in content if isinstance(p, Mapping)]
        content = "".join(t for t in texts if isinstance(t, str))
    answer.text = content if isinstance(content, str) else ""
    thought = message.get("reasoning_content") or message.get("reasoning")
    refusal = message.get("refusal")
    if refusal:
        answer.text = answer.text or str(refusal)
        answer.failure = Failure("refused", f"the model declined: {str(refusal)[:200]}")
    elif finish in FILTERED:
        answer.failure = Failure("refused", f"a content filter cut the answer ({finish})")
    elif finish in CUT:
        spent = "its reasoning" if thought and not answer.text else "the answer"
        answer.failure = Failure(
            "truncated", f"{spent} reached the token limit; give more max_tokens", "once"
        )
    elif finish in BROKEN:
        answer.failure = Failure("engine", f"the server broke off ({finish})", "often")
    elif not answer.text:
        answer.failure = judge_silence(message, bool(thought))


def judge_silence(message: Mapping[str, Any], thought: bool) -> Failure:
    """A message that says nothing."""
    if thought:
        return Failure(
            "engine",
            "the model reasoned and said nothing (reasoning without content): turn its thinking "
            "off, or update the server so that the schema applies after the reasoning",
            "once",
        )
    if message.get("tool_calls") or message.get("function_call"):
        return Failure("engine", "the model called a tool in place of answering", "once")
    return Failure("engine", "the answer is empty", "once")


def parse_answer(answer: Answer, schema: Mapping[str, object], nonce: str) -> None:
    """Fill in the value, or why the text is none."""
    if nonce:
        loose, error, reason = parse_text(answer.text, {})
        if not error and not (isinstance(loose, Mapping) and loose.get(NONCE) == nonce):
            got = loose.get(NONCE) if isinstance(loose, Mapping) else None
            answer.failure = another_question(f"{NONCE} is {got!r}, expected {nonce!r}")
            return
    value, error, reason = parse_text(answer.text, schema)
    if error:
        answer.failure = Failure(error, reason)
    elif nonce and isinstance(value, dict):
        value = {k: v for k, v in value.items() if k != NONCE}
    answer.value = value


def another_question(how: str) -> Failure:
    return Failure("engine", f"the server answers another question: {how}", "often")


# ----- usage ----------------------------------------------------------------------------------


def sum_usage(raws: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """The counts of several attempts together; {} where nothing was reported."""
    total: dict[str, int] = {}
    for raw in raws:
        for name, n in normalise_usage(raw).items():
            total[name] = total.get(name, 0) + n
    return total
