"""A question on its way: what is sent, what came of it so far, whether to ask it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skulens.chat.failures import Failure, Subject, judge_picture
from skulens.chat.http.errors import spare
from skulens.chat.http.redaction import Redactor
from skulens.chat.http.wire import (
    LIMITS,
    Answer,
    add_nonce,
    can_echo,
    fingerprint,
    make_body,
    sum_usage,
)
from skulens.chat.pictures import PicturePolicy, Sent, fit_picture
from skulens.errors import PictureError
from skulens.protocols import Ask, Reply
from skulens.records import Image


class UnsendablePicture(Exception):
    """A picture of a question cannot be sent."""

    def __init__(self, failure: Failure):
        super().__init__(failure.reason)
        self.failure = failure


@dataclass
class Learned:
    """What a server has shown of itself; shared by all questions of an engine."""

    limit_name: str = "max_tokens"
    """How it calls the limit on tokens."""
    taken: set[tuple[Subject, str]] = field(default_factory=set)
    """What it has answered questions with: a subject and what of it."""


@dataclass
class Inquiry:
    """A question, its request and its attempts."""

    ask: Ask
    learned: Learned
    most: int
    """Attempts that may be made."""
    body: dict[str, Any] = field(default_factory=dict)
    """Of the request; {} before `prepare`."""
    mark: str = ""
    """What an answer has to carry back, where it carries anything back."""
    nonce: str = ""
    """What an answer has to say, where it can say anything."""
    started: float = 0.0
    """When the first attempt began."""
    attempts: int = 0
    tries: int = 0
    """Attempts that count against the most allowed."""
    cut: Answer | None = None
    """The answer that reached the limit on tokens, until one does not."""
    last: Answer | None = None
    _paid_again: bool = False
    _usages: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def pictures(self) -> list[Image]:
        return [p for p in self.ask.parts if isinstance(p, Image)]

    @property
    def schema(self) -> Mapping[str, object] | None:
        """As it is sent."""
        sent = self.body.get("response_format")
        return sent["json_schema"]["schema"] if sent else None

    def prepare(
        self,
        model: str,
        policy: PicturePolicy,
        sampling: Mapping[str, object],
        echo_ids: bool,
    ) -> None:
        """Make the request; decodes the pictures, so better in a thread where there are any.

        Raises:
            UnsendablePicture: one cannot be read or decoded.
        """
        sent = fit_pictures(self.pictures, policy)
        body = make_body(self.ask, model, sampling, sent)
        if self.learned.limit_name != "max_tokens" and "max_tokens" in body:
            body[self.learned.limit_name] = body.pop("max_tokens")
        self.mark = fingerprint(self.ask, model, sent)
        if echo_ids and can_echo(self.ask.schema):
            self.nonce = self.mark
            told = body["response_format"]["json_schema"]
            told["schema"] = add_nonce(told["schema"], self.nonce)
        self.body = body

    def may_pass(self, answer: Answer) -> bool:
        """Whether to ask once more; changes the request where that helps."""
        failure = answer.failure
        if failure is None or failure.hopeless:
            return False
        if failure.rename_limit and self._rename_limit():
            return True
        if self.tries >= self.most or failure.again == "no":
            return False
        if failure.error == "truncated":
            again, self.cut = self.cut is None and self._double_limit(), answer
            return again
        if failure.again == "once":
            again, self._paid_again = not self._paid_again, True
            return again
        return True

    def _rename_limit(self) -> bool:
        """Use the other name of the limit from now on; False where the question does already."""
        if "max_tokens" not in self.body:
            return False
        self.learned.limit_name = "max_completion_tokens"
        self.body[self.learned.limit_name] = self.body.pop("max_tokens")
        self.tries -= 1
        return True

    def _double_limit(self) -> bool:
        """Allow twice the tokens; False where the question sets no limit."""
        for name in LIMITS:
            if isinstance(limit := self.body.get(name), int):
                self.body[name] = 2 * limit
                return True
        return False

    # ----- what the server takes ------------------------------------------------------------

    def marks(self) -> dict[Subject, tuple[Subject, str]]:
        """What of each subject the question has."""
        marks: dict[Subject, tuple[Subject, str]] = {"sampling": ("sampling", "")}
        if self.pictures:
            marks["pictures"] = ("pictures", "")
        if self.ask.schema is not None:
            marks["schema"] = ("schema", repr(self.ask.schema))
        return marks

    def note_taken(self) -> None:
        """The server answered the question: it takes what it has."""
        self.learned.taken.update(self.marks().values())

    def weigh(self, failure: Failure) -> Failure:
        """The failure, of this question alone where the server took its like before."""
        if failure.about and self.marks().get(failure.about) in self.learned.taken:
            return spare(failure)
        return failure

    # ----- the end --------------------------------------------------------------------------

    def note(self, answer: Answer) -> None:
        """An attempt gave this."""
        self.last = answer
        if answer.raw_usage is not None:
            self._usages.append(answer.raw_usage)

    def reply(self, answer: Answer, now: float, identity: str, redactor: Redactor) -> Reply:
        """What the caller gets; an answer that was cut, where asking again gave none."""
        if answer.failure is not None and not answer.text and self.cut is not None:
            answer = self.cut
        failure = answer.failure
        reason = redactor.clean(failure.reason) if failure else ""
        if failure and failure.again == "often" and self.tries < self.most:
            reason += f"; given up at the deadline, after {now - self.started:.1f} s"
        return Reply(
            id=self.ask.id,
            text=answer.text,
            value=answer.value,
            finish=answer.finish,
            error=failure.error if failure else "",
            reason=reason,
            usage=sum_usage(self._usages),
            raw_usage=tuple(self._usages),
            latency_s=now - self.started if self.attempts else 0.0,
            attempts=self.attempts,
            system=identity,
        )


def fit_pictures(pictures: list[Image], policy: PicturePolicy) -> list[Sent]:
    """The pictures of a question as they are sent.

    Raises:
        UnsendablePicture: there are too many, or one cannot be read or decoded.
    """
    if len(pictures) > policy.most:
        reason = f"{len(pictures)} pictures, and the policy sends at most {policy.most}"
        raise UnsendablePicture(Failure("too_many_images", reason))
    sent = []
    for picture in pictures:
        try:
            sent.append(fit_picture(picture, policy))
        except PictureError as e:
            raise UnsendablePicture(judge_picture(picture, e)) from e
    return sent
