"""What a server said no with -> the class of the error and what to do about it.

Servers agree on the status codes and on little else: below 500 the message decides. The phrases
are those of OpenAI, vLLM, SGLang, llama.cpp, TGI and of common gateways.
"""

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from skulens.chat.failures import Failure
from skulens.protocols import ErrorClass

SHOWN = 300
"""Characters of a server's message that a reason quotes."""
READ = 10_000
"""Characters of it that are looked at."""


@dataclass(frozen=True)
class Complaint:
    """The parts of an error body that mean something."""

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""

    @property
    def words(self) -> str:
        """All of it in lower case, to look for phrases."""
        return f"{self.message} {self.code} {self.kind}".lower()

    @property
    def quoted(self) -> str:
        text = " ".join(self.message.split())
        return text[:SHOWN] + "..." * (len(text) > SHOWN) if text else "(no message)"


def read_complaint(body: object) -> Complaint:
    """From a parsed body or its text: OpenAI's form, vLLM's flat one, FastAPI's, or plain text."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            text = str(body)[:READ]
            return Complaint(re.sub(r"<[^<>]*>", " ", text) if "<" in text[:200] else text)
    if isinstance(body, list) and body:
        body = body[0]  # Google's form
    if not isinstance(body, Mapping):
        return Complaint("" if body is None else str(body)[:READ])
    inner = body.get("error", body)
    if not isinstance(inner, Mapping):
        return Complaint(str(inner)[:READ])
    said = inner.get("message") or inner.get("detail") or inner.get("error") or ""
    text = said if isinstance(said, str) else json.dumps(said)
    return Complaint(
        text[:READ],
        *(
            str(inner[k])[:SHOWN] if inner.get(k) is not None else ""
            for k in ("code", "type", "param")
        ),
    )


QUOTA = re.compile(r"insufficient_quota|billing_hard_limit|billing_not_active|insufficient.balance")
MODEL = re.compile(
    r"model_not_found|model[^.]{0,120}(does not exist|not found|not exist|is not available|unknown)"
    r"|(unknown|no such|invalid) model|model_not_available"
)
LIMIT = re.compile(
    r"max_tokens.{0,80}(not supported|unsupported).{0,80}max_completion_tokens", re.S
)
SAMPLING = re.compile(
    r"unsupported_(parameter|value)|unsupported (parameter|value)|unexpected fields"
    r"|extra_forbidden|unrecognized request argument|unknown parameter|extra inputs are not"
)
TOO_LONG = re.compile(
    r"context_length_exceeded|context.?(length|window|size)|max_model_len|maximum model length"
    r"|(prompt|input|request|question) (is|are) (too long|longer)|too many (input )?tokens"
    r"|max_num_tokens|maximum (number of )?(input )?tokens|inputs?\W{1,3}tokens|exceeds? the .{0,20}token"
)
POLICY = re.compile(
    r"content_filter|content_policy|content management policy|responsibleaipolicy|moderation"
    r"|safety system|flagged|violat\w+ .{0,40}polic|inappropriate|prohibited_content"
)
NO_PICTURES = re.compile(
    r"not a multimodal model|at most 0 image|image_url is only supported|mmproj"
    r"|image input is not supported|does not support (image|vision|multimodal)"
    r"|(images?|image input|vision) (is|are) not supported|unsupported content type.{0,20}image"
    r"|no endpoints found that support image"
)
MANY_PICTURES = re.compile(
    r"at most \d+ image|too many images|limit.mm.per.prompt|(max|maximum|limit)[^.]{0,40}images?\b"
    r"|encoder.?cache|too many (multimodal|mm) items"
)
BAD_PICTURE = re.compile(
    r"cannot identify image|invalid.?image|image.?parse.?error|invalid.?base64"
    r"|unsupported.?image|image.{0,60}(invalid|corrupt|truncated|decod|unsupported|not valid)"
    r"|(fail|unable|could not|cannot|error|problem)\w* (to |in |while |when )?"
    r"(load|process|decod|read|pars|open)\w* .{0,40}(image|picture|multimodal|media)"
    r"|image too (small|large)|image (size|dimension)"
)
SCHEMA = re.compile(
    r"json_?.?schema|response_format|schema|grammar|guided|structured.?output|xgrammar|llguidance"
)
WAIT = re.compile(
    r"(?:try again|retry|wait)[^.\d]{0,20}(?:(\d+)\s*m(?:in\w*)?\s*)?(\d+(?:\.\d+)?)\s*(ms|s)\b",
    re.I,
)


def judge_status(
    status: int,
    body: object,
    headers: Mapping[str, str],
    pictures: bool = False,
    now: float | None = None,
) -> Failure:
    """The failure behind an HTTP status of 300 or more.

    Args:
        body: as it came: bytes, text or parsed JSON.
        pictures: whether the question has any.
        now: Unix time, for a Retry-After that is a date.
    """
    complaint = read_complaint(body)
    wait_s = read_wait(headers, complaint.message, now)
    said = f"the server answers {status}: {complaint.quoted}"
    found = judge_complaint(status, complaint, said, wait_s, pictures)
    if status < 400:
        found = replace(found, reason=f"{said}; it redirects to {headers.get('location', '')!r}")
    return replace(found, status=status)


def judge_complaint(
    status: int, complaint: Complaint, said: str, wait_s: float | None, pictures: bool
) -> Failure:
    """`judge_status` without what every failure gets."""
    if status < 400:
        return Failure("engine", said, hopeless=True)
    if status in (401, 403, 402, 407):
        return judge_denial(status, complaint, said)
    if status in (404, 405, 410):
        return Failure("engine", said, hopeless=True)
    if status == 408:
        return Failure("transport", said, "often", wait_s)
    if status == 429:
        return judge_too_many(complaint, said, wait_s)
    if status in (409, 425):
        return Failure("engine", said, "often", wait_s)
    if status == 413:
        kind: ErrorClass = "too_many_images" if pictures else "truncated"
        return Failure(kind, f"{said}; the question is larger than the server takes")
    if status >= 500:
        return judge_fault(status, complaint, said, wait_s, pictures)
    return judge_request(complaint, said, pictures)


def judge_denial(status: int, complaint: Complaint, said: str) -> Failure:
    if status == 403 and POLICY.search(complaint.words):
        return Failure("refused", said)
    return Failure("engine", said, hopeless=True)


def judge_too_many(complaint: Complaint, said: str, wait_s: float | None) -> Failure:
    """A 429: usually slow down; no money left is another thing. Google says "quota" for both, so
    the code alone counts, or the word where no time to wait is given."""
    broke = QUOTA.search(complaint.words) or (
        wait_s is None and "check your plan and billing" in complaint.words
    )
    if broke:
        return Failure("rate_limit", f"{said}; the account has no credit left", hopeless=True)
    return Failure("rate_limit", said, "often", wait_s, congested=True)


def judge_fault(
    status: int, complaint: Complaint, said: str, wait_s: float | None, pictures: bool
) -> Failure:
    """5xx: passes, unless it is about a picture, which some servers report so."""
    if pictures and status == 500:
        found = judge_pictures(complaint, said)
        if found is not None:
            return found
    gateway = status in (502, 503, 504)
    return Failure(
        "engine", said, "often", wait_s, congested=status in (503, 529), unreachable=gateway
    )


def judge_request(complaint: Complaint, said: str, pictures: bool) -> Failure:
    """400, 422 and their like: the message decides; the first that fits."""
    words = complaint.words
    if LIMIT.search(words):
        return Failure("engine", said, "once", rename_limit=True)
    if MODEL.search(words):
        return Failure("engine", said, hopeless=True)
    if QUOTA.search(words):
        return Failure("rate_limit", f"{said}; the account has no credit left", hopeless=True)
    if POLICY.search(words):
        return Failure("refused", said)
    if pictures and (found := judge_pictures(complaint, said)):
        return found
    if TOO_LONG.search(words):
        return Failure("truncated", f"{said}; the question is too long for the model")
    if SCHEMA.search(words) or "response_format" in complaint.param:
        return Failure(
            "engine",
            f"{said}; it does not take this JSON schema: simplify it, or ask without one",
            hopeless=True,
            about="schema",
        )
    if SAMPLING.search(words):
        return Failure(
            "engine",
            f"{said}; leave this setting out of the sampling",
            hopeless=True,
            about="sampling",
        )
    return Failure("engine", said)


def judge_pictures(complaint: Complaint, said: str) -> Failure | None:
    """The failure of a question with pictures whose message is about them, else None."""
    words = complaint.words
    if NO_PICTURES.search(words):
        return Failure(
            "too_many_images",
            f"{said}; the model takes no pictures: choose one that sees",
            hopeless=True,
            about="pictures",
        )
    if MANY_PICTURES.search(words):
        return Failure(
            "too_many_images", f"{said}; send fewer or smaller ones (PicturePolicy.most, side_px)"
        )
    if BAD_PICTURE.search(words):
        return Failure("image_corrupt", said)
    return None


def read_wait(headers: Mapping[str, str], message: str = "", now: float | None = None) -> (
    float | None
):  # fmt: skip
    """Seconds a server asks to wait: retry-after-ms, Retry-After (seconds or an HTTP date), or
    a sentence such as "Please try again in 1.2s". None: it does not say."""
    lower = {k.lower(): v for k, v in headers.items()}
    if (ms := as_seconds(lower.get("retry-after-ms", ""))) is not None:
        return ms / 1000
    after = lower.get("retry-after", "")
    if (seconds := as_seconds(after)) is not None:
        return seconds
    if after:
        try:
            until = email.utils.parsedate_to_datetime(after).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
        return max(0.0, until - (time.time() if now is None else now))
    if found := WAIT.search(message):
        seconds = float(found[2]) / (1000 if found[3].lower() == "ms" else 1)
        return 60 * float(found[1] or 0) + seconds
    return None


def as_seconds(text: str) -> float | None:
    """A finite number that is not negative, else None."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()):
        return None
    return float(text)


def spare(failure: Failure) -> Failure:
    """The failure of this question alone, of one that would have meant all."""
    return replace(failure, hopeless=False)
