"""What can be known of a server before any question: does it answer, to which key, with what.

It goes through the door of the engine, so that addresses, keys and messages are treated alike.
"""

import asyncio
import time

import openai

from skulens.chat.checks.verdict import Check
from skulens.chat.http.door import (
    ANSWER_S,
    PLACEHOLDER,
    Address,
    get_models,
    read_address,
    read_key,
    read_models,
    say_denied,
)
from skulens.chat.http.redaction import Redactor, clean_logs
from skulens.errors import ChatError


def look_up_server(url: str, key_env: str) -> tuple[list[Check], list[str]]:
    """(checks, models served) of a server before any question; no check holds the key."""
    try:
        address = read_address(url)
        key = read_key(address, key_env)
        redactor = Redactor(key)
        clean_logs(redactor)
        started = time.monotonic()
        status, data = ask_models(address, key, redactor)
        seconds = time.monotonic() - started
        without = ask_models(address, "", redactor)[0] if key and status == 200 else 0
    except ChatError as e:
        return [Check("reachable", "fail", str(e))], []
    reached = Check("reachable", "pass", f"{1000 * seconds:.0f} ms", facts={"seconds": seconds})
    if status in (401, 403, 407):
        return [reached, Check("key", "fail", say_denied(status, address, key_env))], []
    models = sorted(read_models(data) or []) if status == 200 else []
    return [reached, describe_models(status, models), describe_key(key, without)], models


def ask_models(address: Address, key: str, redactor: Redactor) -> tuple[int, bytes]:
    """(status, body) of the list of models. Raises ChatError where nobody answers."""

    async def ask() -> tuple[int, bytes]:
        # No redirects: a key must not follow one.
        http = openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=ANSWER_S)
        async with openai.AsyncOpenAI(
            api_key=key or PLACEHOLDER, base_url=address.url, max_retries=0, http_client=http
        ) as client:
            status, _, data = await get_models(client, address, redactor)
            return status, data

    return asyncio.run(ask())


def describe_models(status: int, models: list[str]) -> Check:
    facts = {"models": models}
    if not models:
        said = f"no list of them ({status}): name one by --engine-model"
        return Check("models served", "unjudged", said, "", facts)
    more = f" and {len(models) - 3} more" if len(models) > 3 else ""
    return Check("models served", "pass", ", ".join(models[:3]) + more, "", facts)


def describe_key(key: str, without: int) -> Check:
    """Of interest only, as the server took the key or none.

    Args:
        without: the status of the same request without a key.
    """
    if not key:
        return Check("key", "pass", "none given, none needed", "")
    if without in (401, 403, 407):
        return Check("key", "pass", "accepted, and needed", "")
    return Check("key", "pass", "accepted, though the server answers without it, too", "")
