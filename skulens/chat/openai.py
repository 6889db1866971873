"""Any server that speaks OpenAI's chat completions: vLLM, SGLang, llama.cpp, hosted models.

The official client carries the requests; waiting and asking again is done here, so that every
attempt is counted, paid once and bounded by the question's deadline.

A server that goes away on the way does not turn the questions left into failures: once GONE
questions in a row, whatever caller's, ended without anybody answering (no connection, cut, timed
out, or 502, 503 or 504 of a gateway) after all their attempts, `ask` stops with a ChatError. These
questions get no reply, so that the next run asks them again. Where an answer comes before that,
their failures are given out as replies.
"""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import tenacity

from skulens.chat.failures import Failure
from skulens.chat.http.door import check_door, read_address, read_key, say_denied
from skulens.chat.http.exchange import Background, Exchange
from skulens.chat.http.inquiry import Inquiry, Learned, UnsendablePicture
from skulens.chat.http.pace import Pace
from skulens.chat.http.redaction import Redactor
from skulens.chat.http.sender import Sender
from skulens.chat.http.wire import RESERVED, Answer
from skulens.chat.key import canonical
from skulens.chat.pictures import PicturePolicy
from skulens.errors import ChatError, DataError
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo

GONE = 8
"""Questions in a row that nobody answered, after which the server counts as gone."""
LONGEST_WAIT_S = 60.0
"""Between two attempts, unless the server asks for more."""


class OpenAIChat:
    """openai:MODEL

    Args:
        model: as the server calls it.
        url: base address up to /v1; default $OPENAI_BASE_URL, else the hosted one.
        key_env: environment variable with the key; servers without keys need none.
        revision: of the model, where the server does not say; part of the identity.
        server: what stands for the address in the identity, for a server that moves.
        policy: how pictures are sent.
        sampling: settings of every question that does not set them itself.
        concurrency: most requests under way; fewer where the server bears fewer (`chat.http.pace`).
        timeout_s: for one attempt.
        deadline_s: for one question, waits included, from its first attempt.
        attempts: most of one question.
        echo_ids: let every JSON answer name its question, and check that. Servers compile a
            grammar per schema, so this costs time there.
        check: ask for the list of models before the first question.
        wait_s: before the second attempt; doubles from then on, with jitter.
    Raises:
        ChatError: `url` is no address.
        DataError: a number is out of range, or a sampling setting is none.
    """

    def __init__(
        self,
        model: str,
        url: str = "",
        key_env: str = "OPENAI_API_KEY",
        revision: str = "",
        server: str = "",
        policy: PicturePolicy | None = None,
        sampling: Mapping[str, object] | None = None,
        concurrency: int = 16,
        timeout_s: float = 120.0,
        deadline_s: float = 600.0,
        attempts: int = 5,
        echo_ids: bool = False,
        check: bool = True,
        wait_s: float = 0.5,
    ):
        check_numbers(concurrency, timeout_s, deadline_s, attempts, wait_s)
        if taken := sorted(RESERVED & set(sampling or {})):
            raise DataError(f"{taken[0]!r} is no setting of sampling")
        self.model, self.revision, self.key_env = model, revision, key_env
        self.address = read_address(url)
        self.policy = policy or PicturePolicy()
        self.sampling = dict(sampling or {})
        self.concurrency, self.timeout_s, self.deadline_s = concurrency, timeout_s, deadline_s
        self.attempts, self.echo_ids, self.wait_s = attempts, echo_ids, wait_s
        self.info = self._describe(server)
        self.pace = Pace(concurrency)
        self._clock: Callable[[], float] = time.monotonic
        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._redactor = Redactor()
        self._checks = self._unchecked = check
        self._learned = Learned()
        self._unreached = 0
        self._background = Background("skulens-chat", self._open, Sender.close)

    def __repr__(self) -> str:
        return f"OpenAIChat({self.model!r}, url={self.address.url!r})"

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        """As `Chat.ask`. Questions are drawn in the calling thread, at most twice the concurrency
        ahead of the replies given out; without questions nobody is called."""
        waiting = iter(questions)
        first = list(itertools.islice(waiting, 1))
        if not first:
            return
        held: list[Reply] = []
        with self._background.use() as (loop, sender):
            asyncio.run_coroutine_threadsafe(self._check(sender), loop).result()
            exchange: Exchange[Ask, Reply] = Exchange(
                loop, partial(self._answer, sender, held), max(8, 2 * self.concurrency)
            )
            try:
                yield from exchange.trade(itertools.chain(first, waiting))
                yield from held
            finally:
                exchange.stop()

    # ----- once ---------------------------------------------------------------------------

    def _describe(self, server: str) -> SystemInfo:
        told = {
            "version": 1,
            "engine": "openai",
            "server": server or self.address.url,
            "model": self.model,
            "revision": self.revision,
            "policy": self.policy.record(),
            "sampling": self.sampling,
        } | ({"echo_ids": True} if self.echo_ids else {})
        return SystemInfo(
            name=f"openai:{self.model}",
            kind="chat",
            identity=hashlib.sha256(canonical(told).encode()).hexdigest()[:16],
            family="openai",
            revision=self.revision,
            about={**told, "url": self.address.url},
        )

    def _open(self) -> Sender:
        key = read_key(self.address, self.key_env)
        self._redactor = Redactor(key)
        return Sender(
            self.address,
            key,
            self._redactor,
            self.concurrency,
            self.timeout_s,
            self.pace,
            self._clock,
            self._sleep,
        )

    async def _check(self, sender: Sender) -> None:
        """Once per engine, whoever comes first; again after it failed."""
        async with sender.door:
            if self._unchecked:
                await check_door(
                    sender.client(), self.address, self.model, self.key_env, self._redactor
                )
                self._unchecked = False

    # ----- one question -------------------------------------------------------------------

    async def _answer(self, sender: Sender, held: list[Reply], ask: Ask) -> list[Reply]:
        """The reply of a question, with those held back before it; none where it is held back
        itself."""
        inquiry = Inquiry(ask, self._learned, self.attempts)
        answer = await self._ask_again(sender, inquiry)
        if answer.failure is not None and answer.failure.hopeless:
            raise ChatError(self._say_hopeless(answer.failure))
        reply = inquiry.reply(answer, self._clock(), self.info.identity, self._redactor)
        if not (answer.failure and answer.failure.unreachable):
            if inquiry.attempts:
                self._unreached = 0
            given, held[:] = [*held, reply], []
            return given
        self._unreached += 1
        held.append(reply)
        if self._unreached >= GONE:
            self._unreached, self._unchecked = 0, self._checks
            raise ChatError(
                f"{self.address.url} is gone: {GONE} questions in a row got no answer "
                f"({reply.reason}). They are left open: run again when it is back"
            )
        return []

    async def _ask_again(self, sender: Sender, inquiry: Inquiry) -> Answer:
        """Attempts until there is an answer, a failure that stays, or no time left."""
        backoff = tenacity.wait_exponential(
            multiplier=self.wait_s, max=LONGEST_WAIT_S
        ) + tenacity.wait_random(0, self.wait_s)

        def wait(state: tenacity.RetryCallState) -> float:
            failure = outcome_of(state).failure
            if failure is None or failure.again == "once":
                return 0.0
            return max(backoff(state), failure.wait_s or 0.0)

        def is_late(state: tenacity.RetryCallState) -> bool:
            return self._clock() + state.upcoming_sleep >= inquiry.started + self.deadline_s

        return await tenacity.AsyncRetrying(
            sleep=self._sleep,
            retry=tenacity.retry_if_result(inquiry.may_pass),
            wait=wait,
            stop=is_late,
            retry_error_callback=outcome_of,
        )(self._attempt, sender, inquiry)

    async def _attempt(self, sender: Sender, inquiry: Inquiry) -> Answer:
        era = await sender.gate.enter()
        try:
            if not inquiry.body:
                prepare = partial(
                    inquiry.prepare, self.model, self.policy, self.sampling, self.echo_ids
                )
                if inquiry.pictures:
                    await asyncio.get_running_loop().run_in_executor(None, prepare)
                else:
                    prepare()
            if not inquiry.attempts:
                inquiry.started = self._clock()
            left_s = inquiry.started + self.deadline_s - self._clock()
            if left_s <= 0 and inquiry.last is not None:  # others were let in before
                return inquiry.last
            inquiry.attempts += 1
            inquiry.tries += 1
            answer = await sender.send(inquiry, left_s, era)
        except UnsendablePicture as e:
            return Answer(failure=e.failure)
        finally:
            sender.gate.leave()
        inquiry.note(answer)
        if answer.failure is None:
            inquiry.note_taken()
        else:
            answer.failure = self._heed(inquiry.weigh(answer.failure))
        return answer

    def _heed(self, failure: Failure) -> Failure:
        """Leave the server alone as long as it asks for; longer than a question may take: stop."""
        wait_s = failure.wait_s or 0.0
        if wait_s >= self.deadline_s:
            reason = (
                f"{failure.reason}; it asks to wait {wait_s:.0f} s, and a question may take "
                f"{self.deadline_s:g} s (deadline_s): run again later"
            )
            return replace(failure, reason=reason, hopeless=True)
        if wait_s and failure.congested:
            self.pace.pause(self._clock(), wait_s)
        return failure

    def _say_hopeless(self, failure: Failure) -> str:
        if failure.status in (401, 403, 407):
            return say_denied(failure.status, self.address, self.key_env)
        reason = self._redactor.clean(failure.reason)
        return f"{self.address.url}, model {self.model!r}: {reason}"


def outcome_of(state: tenacity.RetryCallState) -> Answer:
    """The answer of the latest attempt."""
    assert state.outcome is not None
    return state.outcome.result()


def check_numbers(
    concurrency: int, timeout_s: float, deadline_s: float, attempts: int, wait_s: float
) -> None:
    """Raise DataError for a number that makes no sense."""
    for name, value, least in (
        ("concurrency", concurrency, 1),
        ("attempts", attempts, 1),
        ("timeout_s", timeout_s, 0.001),
        ("deadline_s", deadline_s, 0.001),
        ("wait_s", wait_s, 0),
    ):
        if not value >= least:
            raise DataError(f"{name} is {value}, expected at least {least}")
