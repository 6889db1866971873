"""Before the first question: is the address one, is there a key, a server, the model?

Whatever would fail every question is a ChatError here, so that no run of 90,000 starts in vain.
"""

import fnmatch
import ipaddress
import json
import os
import socket
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai

from skulens.chat.http.errors import judge_status
from skulens.chat.http.redaction import Redactor
from skulens.errors import ChatError, nearest

HOSTED = "https://api.openai.com/v1"
PLACEHOLDER = "none"
"""Sent in place of a key to servers that need none; the client insists on one."""
ANSWER_S = 30.0
"""How long the list of models may take."""
TAILS = ("/chat/completions", "/completions", "/models", "/responses", "/embeddings")


@dataclass(frozen=True)
class Address:
    """Where a server is."""

    url: str
    """Base, such as "http://localhost:8000/v1": no slash at the end, no credentials."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def is_hosted(self) -> bool:
        return self.host == urlsplit(HOSTED).hostname

    @property
    def is_private(self) -> bool:
        """Of this machine or its network, as far as its name tells."""
        try:
            found = ipaddress.ip_address(self.host)
        except ValueError:
            local = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
            return "." not in self.host or self.host.endswith(local)
        return found.is_private or found.is_loopback or found.is_link_local


def read_address(url: str = "") -> Address:
    """The address given, else $OPENAI_BASE_URL, else the hosted one.

    Raises:
        ChatError: it is no address; says what to write.
    """
    given = (url or os.environ.get("OPENAI_BASE_URL", "") or HOSTED).strip()
    shown = Redactor().clean(given)
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as e:
        raise ChatError(f"{shown!r} is no address of a server: {e}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ChatError(
            f"{shown!r} is no address of a server: expected one such as "
            "http://localhost:8000/v1, http:// or https:// included"
        )
    if parts.username is not None or parts.password is not None:
        raise ChatError(
            f"the address {shown!r} holds a user name or password, which would end up in logs and "
            "results: take them out, and give the key by an environment variable (key_env)"
        )
    if parts.query or parts.fragment:
        raise ChatError(f"{shown!r} has a part behind its path: give the address up to /v1")
    path = parts.path.rstrip("/")
    for tail in TAILS:
        if path.endswith(tail):
            better = f"{parts.scheme}://{parts.netloc}{path.removesuffix(tail)}"
            raise ChatError(f"{shown!r} is the address of one call: give its base, {better}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}")


def read_key(address: Address, key_env: str) -> str:
    """The key in an environment variable; "" where there is none and none may be needed.

    Raises:
        ChatError: the hosted server needs one, or what is there cannot be one.
    """
    key = os.environ.get(key_env, "").strip() if key_env else ""
    if not key and address.is_hosted:
        raise ChatError(
            f"{address.url} needs a key and ${key_env or 'OPENAI_API_KEY'} is not set: set it, or "
            "give the address of a server of your own (url, $OPENAI_BASE_URL)"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ChatError(
            f"what is in ${key_env} is no key: it holds spaces, line breaks or letters beyond "
            "ASCII; set it anew"
        )
    if key and address.url.startswith("http://") and not address.is_private:
        warnings.warn(
            f"the key in ${key_env} goes to {address.url} unencrypted; use https://", stacklevel=3
        )
    return key


async def check_door(
    client: openai.AsyncOpenAI, address: Address, model: str, key_env: str, redactor: Redactor
) -> None:
    """Ask for the list of models.

    Raises:
        ChatError: nobody answers, the key is refused, or the model is not among those served.
    """
    status, headers, data = await get_models(client, address, redactor)
    if status == 200:
        served = read_models(data)
        if served is None:
            raise ChatError(await say_not_an_api(client, address, redactor))
        if served and not is_served(model, served):
            raise ChatError(say_unknown_model(model, served, address))
    elif status in (401, 403, 407):
        raise ChatError(say_denied(status, address, key_env))
    elif status < 400:
        raise ChatError(
            f"{address.url}/models: {redactor.clean(judge_status(status, data, headers).reason)}"
        )
    elif status == 404 and (better := await find_base(client, address, redactor)):
        raise ChatError(f"{address.url} has no /models: the server answers at {better}, use that")
    # Any other server has no such list, or not now: the first answer decides.


async def get_models(
    client: openai.AsyncOpenAI, address: Address, redactor: Redactor
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of GET models. Raises ChatError where nobody answers."""
    problem = ""
    try:
        got = await client.models.with_raw_response.list(timeout=ANSWER_S)
        raw = got.http_response
        return raw.status_code, dict(raw.headers), redactor.clean_bytes(raw.content)
    except openai.APIStatusError as e:
        raw = e.response
        return raw.status_code, dict(raw.headers), redactor.clean_bytes(raw.content)
    except openai.APIConnectionError as e:
        problem = redactor.clean(describe_connection(e, address))
    # Raised out here, so that no exception that holds the request hangs on to this one.
    raise ChatError(problem)


def read_models(data: bytes) -> list[str] | None:
    """The ids in a list of models; None where it is none."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    rows = body.get("data", body.get("models")) if isinstance(body, dict) else body
    if not isinstance(rows, list):
        return None
    return [str(r.get("id") or r.get("name")) for r in rows if isinstance(r, dict)]


def is_served(model: str, served: list[str]) -> bool:
    """Whether a model is among the names; gateways list patterns such as "openai/*"."""
    return any(model == s or ("*" in s and fnmatch.fnmatchcase(model, s)) for s in served)


async def find_base(client: openai.AsyncOpenAI, address: Address, redactor: Redactor) -> str:
    """The address with /v1 behind it if a list of models is there, else ""."""
    if address.url.endswith("/v1"):
        return ""
    better = Address(f"{address.url}/v1")
    try:
        status, _, data = await get_models(
            client.with_options(base_url=better.url), better, redactor
        )
    except ChatError:
        return ""
    return better.url if status in (401, 403) or (status == 200 and read_models(data)) else ""


async def say_not_an_api(client: openai.AsyncOpenAI, address: Address, redactor: Redactor) -> str:
    better = await find_base(client, address, redactor)
    hint = f"the server answers at {better}, use that" if better else "is this a web page?"
    return f"{address.url}/models answers with something that is not a list of models: {hint}"


def say_unknown_model(model: str, served: list[str], address: Address) -> str:
    near = nearest(model, served) or sorted(served)[:5]
    return (
        f"{address.url} serves no model {model!r}; "
        f"{'nearest' if nearest(model, served) else 'it serves'}: {', '.join(near)}"
        f"{f' (of {len(served)})' if len(served) > len(near) else ''}. If the server knows the "
        "name all the same, open the engine with check=False"
    )


def say_denied(status: int, address: Address, key_env: str) -> str:
    """Without a word of the server's, which may quote the key."""
    is_set = bool(key_env and os.environ.get(key_env))
    what = f"the key in ${key_env}" if is_set else f"us without a key; set ${key_env}"
    return f"{address.url} refuses {what} ({status})" + (
        ": is it of this server, and still valid?" if is_set else ""
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those behind it, groups opened."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        e = waiting.pop(0)
        if e is None or id(e) in seen:
            continue
        seen.add(id(e))
        yield e
        waiting += [*getattr(e, "exceptions", ()), e.__cause__, e.__context__]


def describe_connection(error: openai.APIConnectionError, address: Address) -> str:
    """Why no connection came about or stayed, and what to do."""
    found = list(causes(error))
    text = " | ".join(str(e) for e in found)
    at = address.url
    if any(isinstance(e, ConnectionRefusedError) for e in found):
        return f"nobody listens at {at}: start the server, or give its address (url)"
    if any(isinstance(e, socket.gaierror) for e in found):
        return f"the host {address.host!r} of {at} is not known: check its spelling, or the network"
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in found):
        return f"the certificate of {at} is not trusted: set $SSL_CERT_FILE to its authority's"
    if any(isinstance(e, ssl.SSLError) for e in found):
        return f"no TLS connection to {at}: does the server speak http:// only?"
    if isinstance(error, openai.APITimeoutError):
        return f"{at} does not answer in time"
    proxy = next((n for n in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY") if os.environ.get(n)), "")
    hint = f"; ${proxy} is set, should {address.host} be in $NO_PROXY?" if proxy else ""
    last = next((str(e) for e in reversed(found) if str(e)), text)
    return f"the connection to {at} failed ({last[:200]}){hint}"
