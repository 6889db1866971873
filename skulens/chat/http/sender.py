"""Requests over the official client, and what becomes of them."""

import asyncio
import re
import ssl
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import openai

from skulens.chat.failures import Failure
from skulens.chat.http.door import PLACEHOLDER, Address, describe_connection
from skulens.chat.http.errors import judge_status
from skulens.chat.http.inquiry import Inquiry
from skulens.chat.http.pace import Gate, Pace
from skulens.chat.http.redaction import Redactor, clean_logs
from skulens.chat.http.wire import Answer, another_question, read_answer

CONNECT_S = 10.0
POOL = 16
"""Connections of one client: it looks at all of them for every request, so that 128 in one client
take a quarter of its time."""
OUR_ID = re.compile(r"skulens-([0-9a-f]{16})-")
"""In a request's id, which vLLM sends back as a header and in the id of the answer."""


class Sender:
    """A server as seen from one event loop: its clients and the gate before them.

    Args:
        key: "" for a server that needs none.
        most: requests that are ever under way at once.
        timeout_s: for one request, from the connection to the last byte.
    """

    def __init__(
        self,
        address: Address,
        key: str,
        redactor: Redactor,
        most: int,
        timeout_s: float,
        pace: Pace,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ):
        self._address, self._key, self._redactor = address, key, redactor
        self._timeout_s, self._pace, self._clock = timeout_s, pace, clock
        clean_logs(redactor)
        self.gate = Gate(pace, clock, sleep)
        self.door = asyncio.Lock()
        self._clients: dict[int, openai.AsyncOpenAI] = {}
        # Places are used from 0 up, so that few requests at a time keep to few connections.
        self._places = list(range(most - 1, -1, -1))

    def client(self, pool: int = 0) -> openai.AsyncOpenAI:
        """One of the clients, made when it is first needed."""
        if pool not in self._clients:
            self._clients[pool] = self._make_client()
        return self._clients[pool]

    def _make_client(self) -> openai.AsyncOpenAI:
        # No redirects: a key must not follow one. Over http:// there are no certificates to look
        # up, which takes 25 ms: with none to trust, TLS would fail.
        options: dict[str, Any] = {"follow_redirects": False}
        if self._address.url.startswith("http://"):
            options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
            max_connections=POOL + 1, max_keepalive_connections=POOL + 1
        )
        timeout = openai.Timeout(self._timeout_s, connect=min(CONNECT_S, self._timeout_s))
        return openai.AsyncOpenAI(
            api_key=self._key or PLACEHOLDER,
            base_url=self._address.url,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(limits=limits, timeout=timeout, **options),
        )

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def send(self, inquiry: Inquiry, left_s: float, era: int) -> Answer:
        """One request, from within the gate.

        Args:
            left_s: until the question's deadline.
            era: as the gate gave it.
        """
        begun = self._clock()
        response, failure = await self._post(inquiry, min(self._timeout_s, left_s))
        if failure is None:
            self._pace.succeed(era, self._clock() - begun, self.gate.active)
            return self._read(inquiry, response)
        if failure.congested:
            self._pace.congest(era)
        return Answer(failure=failure)

    async def _post(self, inquiry: Inquiry, left_s: float) -> tuple[Any, Failure | None]:
        """(response of a 200, None) or (None, failure)."""
        place = self._places.pop()
        id_ = f"skulens-{inquiry.mark}-{uuid.uuid4().hex[:8]}"
        try:
            # A limit of our own: the client's is on each read, which a server that sends a byte
            # now and then never meets.
            async with asyncio.timeout(left_s):
                # By extra_body, for the client would copy typed messages, pictures included.
                calls = self.client(place // POOL).chat.completions.with_raw_response
                raw = await calls.create(
                    model=inquiry.body["model"],
                    messages=[],
                    extra_body=inquiry.body,
                    extra_headers={"X-Request-Id": id_},
                )
                return raw.http_response, None
        except (TimeoutError, openai.APITimeoutError):
            reason = f"no whole answer within {left_s:.3g} s"
            return None, Failure("transport", reason, "often", congested=True, unreachable=True)
        except openai.APIConnectionError as e:
            reason = describe_connection(e, self._address)
            return None, Failure("transport", reason, "often", unreachable=True)
        except openai.APIStatusError as e:
            data = self._redactor.clean_bytes(e.response.content)
            seen = bool(inquiry.pictures)
            return None, judge_status(e.status_code, data, dict(e.response.headers), seen)
        finally:
            self._places.append(place)

    def _read(self, inquiry: Inquiry, response: Any) -> Answer:
        """The answer of a 200, if it is this question's."""
        data = self._redactor.clean_bytes(response.content)
        answer = read_answer(data, inquiry.schema, inquiry.nonce, self._redactor.mask)
        for carried in (response.headers.get("x-request-id", ""), answer.id):
            found = OUR_ID.search(carried)
            if found and found[1] != inquiry.mark:
                failure = another_question(f"its id is {carried[:80]!r}")
                return Answer(raw_usage=answer.raw_usage, failure=failure)
        return answer
