"""A server that answers anything: broken HTTP, strange completions, errors that quote the key.

Right: the question gets exactly one reply, an answer or an error class with a reason; it is in the
store and in the Parquet file made of it; or a ChatError names the server. The key is in none of
them.
"""

import copy
import functools
import gzip
import json
import logging
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skulens.errors import ChatError
from tests.hostile.field import Case

SMALL = 130
LARGE = 600

KEY = "sk-hostile-5d41402abc4b2a76"
CHECKED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"type": ["integer", "null"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}
RIGHT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": '{"name": "cup", "size": 3}'},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11},
}
JUNK: list[Any] = [
    *(None, True, -1, 10**400, 1.5, "", "x", "\ud800", "a\0b", [], {}, [None], {"a": {}}),
    *("9" * 5000, float("nan"), float("inf"), [[[[]]]], {"message": KEY}),
]


def response(
    body: bytes, status: str = "200 OK", *headers: str, length: int | None = None
) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        "content-type: application/json",
        f"content-length: {len(body) if length is None else length}",
        "connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def completion(**message: object) -> bytes:
    made = copy.deepcopy(RIGHT)
    made["choices"][0]["message"] |= message
    return response(json.dumps(made).encode())


def failing(status: str, body: object, *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response(data, status, *headers)


def quoting(status: str) -> bytes:
    return failing(status, {"error": {"message": f"Incorrect API key: {KEY}", "code": KEY}})


def hand_made() -> Iterator[tuple[str, bytes]]:
    """(name, bytes that are sent)."""
    right = json.dumps(RIGHT).encode()
    yield "right", response(right)
    yield from broken_http(right)
    yield from strange_completions(right)
    yield from errors()


def broken_http(right: bytes) -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "no HTTP", b"\x16\x03\x01\x02\x00\x01 this is TLS"
    yield "HTTP/0.9", right
    yield "body longer than said", response(right, length=10)
    yield "body shorter than said", response(right, length=len(right) + 50)
    yield "negative length", response(right, length=-5)
    yield "two lengths", response(right, "200 OK", "content-length: 3")
    yield "no gzip", response(right, "200 OK", "content-encoding: gzip")
    yield "cut gzip", response(gzip.compress(right)[:-9], "200 OK", "content-encoding: gzip")
    bomb = gzip.compress(b" " * 50_000_000)
    yield "gzip of 50 MB of nothing", response(bomb, "200 OK", "content-encoding: gzip")
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    yield "broken chunk", chunked + b"zz\r\n" + right
    yield "unfinished chunks", chunked + b'5\r\n{"id"\r\n'
    yield "a header of 1 MB", response(right, "200 OK", f"x: {'a' * 1_000_000}")
    yield "10,000 headers", response(right, "200 OK", *(f"x{i}: 1" for i in range(10_000)))
    yield "header of bytes", response(right, "200 OK", "x-request-id: \xff\xfe")
    yield "status 99", response(right, "99 Less")
    yield "status 999", response(right, "999 More")
    yield "204", response(b"", "204 No Content")
    yield "redirect elsewhere", response(b"", "302 Found", "location: http://192.0.2.1/v1")
    yield "redirect without a place", response(b"", "307 Temporary Redirect")
    yield "redirect to a file", response(b"", "308 Permanent Redirect", "location: file:///etc")
    yield "a stream", response(b"data: " + right + b"\n\ndata: [DONE]\n\n")


def strange_completions(right: bytes) -> Iterator[tuple[str, bytes]]:
    yield "empty", response(b"")
    yield "null", response(b"null")
    yield "a list", response(b"[1]")
    yield "a number of 5,000 digits", response(b"9" * 5000)
    yield "no UTF-8", response(right.replace(b"cup", b"\xff\xfe\x00"))
    yield "UTF-16", response(right.decode().encode("utf-16"))
    yield "a BOM", response(b"\xef\xbb\xbf" + right)
    yield "100,000 brackets", response(b"[" * 100_000)
    yield "100,000 objects", response(b'{"a":' * 100_000)
    yield "brackets in the answer", completion(content="[" * 100_000)
    yield "objects in the answer", completion(content='{"name":' * 5000)
    yield "a key twice", completion(content='{"name": "a", "name": "b", "size": 1}')
    yield "a number without end", completion(content='{"name": "a", "size": ' + "9" * 5000 + "}")
    yield "half a character", completion(content='{"name": "\\ud800", "size": 1}')
    yield "half a character as such", completion(content='{"name": "\ud800", "size": 1}')
    yield "NUL", completion(content='{"name": "a\\u0000b", "size": null}')
    yield "NaN", completion(content='{"name": "a", "size": NaN}')
    yield "5 MB", completion(content=json.dumps({"name": "a" * 5_000_000, "size": 1}))
    yield "the key in the answer", completion(content=json.dumps({"name": KEY, "size": 1}))
    yield "the key in a refusal", completion(content=None, refusal=f"I saw {KEY}")
    yield "parts", completion(content=[{"type": "text", "text": '{"name": "a", "size": 1}'}])
    yield "odd parts", completion(content=[None, 3, {"text": None}, {"text": 4}])
    yield "tool calls", completion(content=None, tool_calls=[{"id": "1"}])
    yield "thoughts only", completion(content=None, reasoning_content="hm")
    yield "another's id", response(right.replace(b"cmpl-1", b"cmpl-skulens-0123456789abcdef-1"))
    used = right.replace(b'"prompt_tokens": 5', b'"prompt_tokens": ' + b"9" * 4000)
    yield "tokens without end", response(used)
    yield "tokens beyond SQLite", response(right.replace(b": 5,", b": 99999999999999999999,"))


def errors() -> Iterator[tuple[str, bytes]]:
    for status in ("400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found",
                   "422 Unprocessable", "429 Too Many", "500 Oops"):  # fmt: skip
        yield f"the key in a {status[:3]}", quoting(status)
    for body in (b"", b"<html>", b"\xff", b"[" * 100_000, [], [{"error": {"message": 5}}], "x", None,
                 {"error": None}, {"error": []}, {"error": {"message": ["a"], "code": {}}},
                 {"detail": [{"loc": ["body"], "msg": "no"}]}):  # fmt: skip
        shown = body[:9] if isinstance(body, bytes) else json.dumps(body)[:40]
        yield f"400 with {shown!r}", failing("400 Bad Request", body)
    for wait in ("-1", "soon", "1e999", "9" * 400, "NaN", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999",
                 "\xb2"):  # fmt: skip
        yield f"Retry-After {wait[:30]!r}", failing("429 Too Many", {}, f"retry-after: {wait}")


def mutated(draw: random.Random) -> tuple[str, bytes]:
    """A right completion with junk in one or two places."""
    made = copy.deepcopy(RIGHT)
    said = []
    for _ in range(draw.randint(1, 2)):
        paths = list(places(made))
        path = draw.choice(paths)
        junk = draw.choice(JUNK)
        here: Any = made
        for step in path[:-1]:
            here = here[step]
        if draw.random() < 0.2:
            del here[path[-1]]
            said.append(f"{path} away")
        else:
            here[path[-1]] = junk
            said.append(f"{path} = {repr(junk)[:20]}")
    return ", ".join(said), response(json.dumps(made).encode())


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for step, part in inner:
        yield (*path, step)
        yield from places(part, (*path, step))


def cases(count: int, seed: int) -> Iterator[Case]:
    """Those made by hand, then mutations."""
    for name, sent in hand_made():
        yield Case(name, functools.partial(attack, sent))
    draw = random.Random(seed)
    for i in range(count):
        name, sent = mutated(draw)
        yield Case(f"{name} #{i}", functools.partial(attack, sent))


@contextmanager
def answering(sent: bytes) -> Iterator[str]:
    """A server that gives every question the same bytes, and lists its model as it should."""
    listed = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(64)

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return  # the block is over
                with line:
                    try:
                        head = read_request(line)
                        line.sendall(response(listed) if head.startswith(b"GET") else sent)
                    except OSError:
                        continue  # the client has seen enough

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/v1"
        door.shutdown(socket.SHUT_RDWR)


def read_request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    said = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
    wanted = int(said[0].split(b":")[1]) if said else 0
    while len(body) < wanted:
        more = line.recv(65536)
        if not more:
            break
        body += more
    return head


def attack(sent: bytes, folder: Path) -> bool:
    """Ask that server one question, and look at all that is left of the answer."""
    import os

    import pyarrow.parquet as pq

    from skulens.chat.bulk.remember import Remembered
    from skulens.chat.openai import OpenAIChat
    from skulens.chat.replies.store import ReplyStore
    from skulens.protocols import Ask

    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    before = os.environ.get("HOSTILE_KEY")
    os.environ["HOSTILE_KEY"] = KEY
    ask = Ask("one", ("what?",), "be brief", CHECKED, {"max_tokens": 50})
    try:
        with answering(sent) as url, ReplyStore(folder / "replies") as store:
            chat = OpenAIChat(
                "m", url, key_env="HOSTILE_KEY", attempts=2, wait_s=0.001, timeout_s=5, deadline_s=8
            )
            try:
                replies = list(Remembered(chat, store).ask([ask]))
            except ChatError as e:
                if KEY in f"{e!r} {e.__cause__!r} {e.__context__!r} {heard}":
                    return False
                raise
            table = store.export(folder / "replies.parquet")
        rows = pq.read_table(folder / "replies.parquet").to_pylist()
    finally:
        logging.getLogger().removeHandler(handler)
        os.environ.pop("HOSTILE_KEY")
        if before is not None:
            os.environ["HOSTILE_KEY"] = before
    [reply] = replies
    told = bool(reply.reason) if reply.error else bool(reply.text) and reply.value is not None
    files = b"".join(f.read_bytes() for f in (folder / "replies").iterdir())
    clean = KEY not in f"{reply!r} {heard} {rows}" and KEY.encode() not in files
    return reply.id == "one" and told and clean and table == len(rows) == 1
