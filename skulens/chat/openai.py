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
import json
import re
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import openai
import tenacity

from skulens.chat.door import (
    PLACEHOLDER,
    check_door,
    describe_connection,
    read_address,
    read_key,
    say_denied,
)
from skulens.chat.exchange import Background, Exchange
from skulens.chat.failures import Failure, judge_picture
from skulens.chat.http_errors import judge_status, spare
from skulens.chat.key import canonical
from skulens.chat.pace import Gate, Pace
from skulens.chat.pictures import PicturePolicy, Sent, fit_picture
from skulens.chat.redaction import Redactor, clean_logs
from skulens.chat.wire import (
    LIMITS,
    RESERVED,
    Answer,
    add_nonce,
    another_question,
    can_echo,
    fingerprint,
    make_body,
    read_answer,
    sum_usage,
)
from skulens.errors import ChatError, DataError, PictureError
from skulens.protocols import Ask, Reply
from skulens.records import Image, SystemInfo

GONE = 8
"""Questions in a row that nobody answered, after which the server counts as gone."""
LONGEST_WAIT_S = 60.0
"""Between two attempts, unless the server asks for more."""
CONNECT_S = 10.0
OUR_ID = re.compile(r"skulens-([0-9a-f]{16})-")
"""In a request's id, which vLLM sends back as a header and in the id of the answer."""


@dataclass
class Inquiry:
    """A question on its way: what is sent and what became of it so far."""

    ask: Ask
    body: dict[str, Any] = field(default_factory=dict)
    mark: str = ""
    """What an answer has to carry back, where it carries anything back."""
    nonce: str = ""
    started: float = 0.0
    attempts: int = 0
    tries: int = 0
    """Attempts that count against the most allowed."""
    spent_once: bool = False
    """It was asked again after an answer that was paid for."""
    cut: Answer | None = None
    """An answer that reached the token limit; kept in case the second attempt gives none."""
    usages: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def has_pictures(self) -> bool:
        return any(isinstance(p, Image) for p in self.ask.parts)

    @property
    def schema(self) -> Mapping[str, object] | None:
        """As it is sent."""
        sent = self.body.get("response_format")
        return sent["json_schema"]["schema"] if sent else None

    def double_limit(self) -> bool:
        """Allow twice the tokens; False where the question sets no limit."""
        for name in LIMITS:
            if isinstance(limit := self.body.get(name), int):
                self.body[name] = 2 * limit
                return True
        return False


@dataclass
class Kit:
    """What lives as long as the loop."""

    client: openai.AsyncOpenAI
    gate: Gate
    door: asyncio.Lock


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
        concurrency: most requests under way; fewer where the server bears fewer (`chat.pace`).
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
        self._unchecked = check
        self._limit_name = "max_tokens"
        self._unreached = 0
        self._taken: set[str] = set()
        self._background = Background("skulens-chat", self._open, close_kit)

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
        with self._background.use() as (loop, kit):
            asyncio.run_coroutine_threadsafe(self._check(kit), loop).result()
            exchange: Exchange[Ask, Reply] = Exchange(
                loop, partial(self._answer, kit, held), max(8, 2 * self.concurrency)
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

    def _open(self) -> Kit:
        key = read_key(self.address, self.key_env)
        self._redactor = Redactor(key)
        clean_logs(self._redactor)
        # No redirects: a key must not follow one. Over http:// there are no certificates to look
        # up, which would take 25 ms.
        options: dict[str, Any] = {"follow_redirects": False}
        if self.address.url.startswith("http://"):
            options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        most = self.concurrency + 2
        limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
            max_connections=most, max_keepalive_connections=most
        )
        timeout = openai.Timeout(self.timeout_s, connect=min(CONNECT_S, self.timeout_s))
        client = openai.AsyncOpenAI(
            api_key=key or PLACEHOLDER,
            base_url=self.address.url,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(limits=limits, timeout=timeout, **options),
        )
        return Kit(client, Gate(self.pace, self._clock, self._sleep), asyncio.Lock())

    async def _check(self, kit: Kit) -> None:
        """Once per engine, whoever comes first; again after it failed."""
        async with kit.door:
            if self._unchecked:
                await check_door(kit.client, self.address, self.model, self.key_env, self._redactor)
                self._unchecked = False

    # ----- one question -------------------------------------------------------------------

    async def _answer(self, kit: Kit, held: list[Reply], ask: Ask) -> list[Reply]:
        """The reply of a question, with those held back before it; none where it is held back
        itself."""
        inquiry = Inquiry(ask)
        pictures = sum(isinstance(p, Image) for p in ask.parts)
        if pictures > self.policy.most:
            reason = f"{pictures} pictures, and the policy sends at most {self.policy.most}"
            return [Reply(ask.id, error="too_many_images", reason=reason, attempts=0,
                          system=self.info.identity)]  # fmt: skip
        answer = await self._ask_again(kit, inquiry)
        reply = self._reply(inquiry, answer)
        if answer.failure is None or not answer.failure.unreachable:
            self._unreached = 0
            given, held[:] = [*held, reply], []
            return given
        self._unreached += 1
        held.append(reply)
        if self._unreached >= GONE:
            raise ChatError(
                f"{self.address.url} is gone: {self._unreached} questions in a row got no answer "
                f"({reply.reason}). They are left open: run again when it is back"
            )
        return []

    async def _ask_again(self, kit: Kit, inquiry: Inquiry) -> Answer:
        """Attempts until there is an answer, a failure that stays, or no time left."""
        backoff = tenacity.wait_exponential_jitter(self.wait_s, LONGEST_WAIT_S, jitter=self.wait_s)

        def wait(state: tenacity.RetryCallState) -> float:
            failure = state.outcome.result().failure if state.outcome else None
            if failure is None or failure.rename_limit or failure.error == "truncated":
                return 0.0
            return max(backoff(state), failure.wait_s or 0.0)

        def stop(state: tenacity.RetryCallState) -> bool:
            end = inquiry.started + self.deadline_s
            return self._clock() + state.upcoming_sleep >= end

        return await tenacity.AsyncRetrying(
            sleep=self._sleep,
            retry=tenacity.retry_if_result(partial(self._may_pass, inquiry)),
            wait=wait,
            stop=stop,
            retry_error_callback=lambda state: state.outcome.result(),
        )(self._attempt, kit, inquiry)

    def _may_pass(self, inquiry: Inquiry, answer: Answer) -> bool:
        """Whether to ask once more; changes the request where that helps.

        Raises:
            ChatError: every question would fail so.
        """
        failure = answer.failure
        if failure is None:
            self._note_taken(inquiry)
            return False
        if failure.hopeless:
            raise ChatError(self._say_hopeless(failure))
        if failure.rename_limit and self._rename_limit(inquiry):
            return True
        if inquiry.tries >= self.attempts or failure.again == "no":
            return False
        if failure.error == "truncated":
            if inquiry.cut is not None:
                return False
            inquiry.cut = answer
            return inquiry.double_limit()
        if failure.again == "once":
            again, inquiry.spent_once = not inquiry.spent_once, True
            return again
        return True

    async def _attempt(self, kit: Kit, inquiry: Inquiry) -> Answer:
        era = await kit.gate.enter()
        try:
            if not inquiry.body:
                try:
                    await self._prepare(inquiry)
                except UnsendablePicture as e:
                    return Answer(failure=e.failure)
            if not inquiry.attempts:
                inquiry.started = self._clock()
            inquiry.attempts += 1
            inquiry.tries += 1
            answer = await self._send(kit, inquiry, era)
        finally:
            kit.gate.leave()
        if answer.raw_usage is not None:
            inquiry.usages.append(answer.raw_usage)
        return answer

    async def _prepare(self, inquiry: Inquiry) -> None:
        """Make the request. Raises UnsendablePicture."""
        ask, sent = inquiry.ask, []
        if inquiry.has_pictures:
            sent = await asyncio.get_running_loop().run_in_executor(
                None, fit_pictures, ask, self.policy
            )
        body = make_body(ask, self.model, self.sampling, sent)
        if self._limit_name != "max_tokens" and "max_tokens" in body:
            body[self._limit_name] = body.pop("max_tokens")
        inquiry.mark = fingerprint(ask, self.model, sent)
        if self.echo_ids and can_echo(ask.schema):
            inquiry.nonce = inquiry.mark
            told = body["response_format"]["json_schema"]
            told["schema"] = add_nonce(told["schema"], inquiry.nonce)
        inquiry.body = body

    async def _send(self, kit: Kit, inquiry: Inquiry, era: int) -> Answer:
        """One request and what came of it."""
        begun = self._clock()
        left = min(self.timeout_s, inquiry.started + self.deadline_s - begun)
        failure: Failure
        try:
            async with asyncio.timeout(left):
                # By extra_body, for the client would copy typed messages, pictures included.
                raw = await kit.client.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=[],
                    extra_body=inquiry.body,
                    extra_headers={
                        "X-Request-Id": f"skulens-{inquiry.mark}-{uuid.uuid4().hex[:8]}"
                    },
                )
        except (TimeoutError, openai.APITimeoutError):
            failure = Failure(
                "transport", f"no whole answer within {left:.0f} s", "often",
                congested=True, unreachable=True,
            )  # fmt: skip
        except openai.APIConnectionError as e:
            reason = describe_connection(e, self.address)
            failure = Failure("transport", reason, "often", unreachable=True)
        except openai.APIStatusError as e:
            data = self._redactor.clean_bytes(e.response.content)
            failure = judge_status(
                e.status_code, data, dict(e.response.headers), inquiry.has_pictures
            )
        else:
            self.pace.succeed(era, self._clock() - begun, kit.gate.active)
            return self._read(inquiry, raw.http_response)
        return Answer(failure=self._heed(failure, era, inquiry))

    def _read(self, inquiry: Inquiry, response: Any) -> Answer:
        """The answer of a 200, if it is this question's."""
        data = self._redactor.clean_bytes(response.content)
        answer = read_answer(data, inquiry.schema, inquiry.nonce)
        for carried in (response.headers.get("x-request-id", ""), answer.id):
            found = OUR_ID.search(carried)
            if found and found[1] != inquiry.mark:
                failure = another_question(f"its id is {carried[:80]!r}")
                return Answer(raw_usage=answer.raw_usage, failure=failure)
        return answer

    def _heed(self, failure: Failure, era: int, inquiry: Inquiry) -> Failure:
        """Slow down where the server asks for it; say what the failure means in this run."""
        if failure.congested:
            self.pace.congest(era)
            if failure.wait_s:
                self.pace.pause(self._clock(), min(failure.wait_s, self.deadline_s))
        if failure.wait_s and failure.wait_s > self.deadline_s:
            reason = f"{failure.reason}; it asks to wait {failure.wait_s:.0f} s, and a question "
            return replace(
                failure,
                reason=f"{reason}may take {self.deadline_s:.0f} s (deadline_s): run again later",
                hopeless=True,
            )
        if failure.hopeless and failure.about and self._took(failure.about, inquiry):
            return spare(failure)
        return failure

    # ----- what was learned ---------------------------------------------------------------

    def _marks(self, inquiry: Inquiry) -> dict[str, str]:
        """Subject -> what of it the question has."""
        marks = {"sampling": "sampling"}
        if inquiry.has_pictures:
            marks["pictures"] = "pictures"
        if inquiry.ask.schema is not None:
            marks["schema"] = repr(inquiry.ask.schema)
        return marks

    def _note_taken(self, inquiry: Inquiry) -> None:
        self._taken.update(self._marks(inquiry).values())

    def _took(self, about: str, inquiry: Inquiry) -> bool:
        """Whether the server took such a question before."""
        return self._marks(inquiry).get(about) in self._taken

    def _rename_limit(self, inquiry: Inquiry) -> bool:
        """Say "max_completion_tokens" from now on; False where the question does so already."""
        if "max_tokens" not in inquiry.body:
            return False
        self._limit_name = "max_completion_tokens"
        inquiry.body[self._limit_name] = inquiry.body.pop("max_tokens")
        inquiry.tries -= 1
        return True

    def _say_hopeless(self, failure: Failure) -> str:
        if failure.status in (401, 403, 407):
            return say_denied(failure.status, self.address, self.key_env)
        reason = self._redactor.clean(failure.reason)
        return f"{self.address.url}, model {self.model!r}: {reason}"

    def _reply(self, inquiry: Inquiry, answer: Answer) -> Reply:
        failure = answer.failure
        if failure is not None and not answer.text and inquiry.cut is not None:
            answer, failure = inquiry.cut, inquiry.cut.failure
        now = self._clock()
        late = failure is not None and failure.again == "often" and inquiry.tries < self.attempts
        reason = self._redactor.clean(failure.reason) if failure else ""
        return Reply(
            id=inquiry.ask.id,
            text=answer.text,
            value=answer.value,
            finish=answer.finish,
            error=failure.error if failure else "",
            reason=f"{reason}; given up at the deadline of {self.deadline_s:g} s"
            if late
            else reason,
            usage=sum_usage(inquiry.usages),
            raw_usage=tuple(inquiry.usages),
            latency_s=now - inquiry.started if inquiry.attempts else 0.0,
            attempts=inquiry.attempts,
            system=self.info.identity,
        )


class UnsendablePicture(Exception):
    """A picture of a question cannot be sent."""

    def __init__(self, failure: Failure):
        super().__init__(failure.reason)
        self.failure = failure


def fit_pictures(ask: Ask, policy: PicturePolicy) -> list[Sent]:
    """The pictures of a question as they are sent. Raises UnsendablePicture."""
    sent = []
    for part in ask.parts:
        if isinstance(part, Image):
            try:
                sent.append(fit_picture(part, policy))
            except PictureError as e:
                raise UnsendablePicture(judge_picture(part, e)) from e
    return sent


async def close_kit(kit: Kit) -> None:
    await kit.client.close()


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
