"""What strangers send to a server: torn HTTP, odd paths, bodies that are no search, bombs.

Right: an answer below 500, a problem where it is an error, or a closed connection; and the server
answers whoever asks next. Hand-made: every kind once; then random pairs of a kind and a place.
"""

import base64
import functools
import io
import json
import re
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from skulens.errors import DataError
from tests.hostile.field import Case

LENGTH = re.compile(rb"\ncontent-length: (\d+)", re.I)
SMALL = 80
LARGE = 1_000
TEXTS = (
    "", " ", "\x00", "\ud800", "a" * 20_000, "%s%n{0}{{7*7}}", "' or 1=1 --", "../../etc/passwd",
    "\u202e\u0000\uffff", "(" * 5_000, "not " * 5_000, "price < " + "9" * 5_000, "\\" * 999,
    "<script>alert(1)</script>", "sku:", "file:///etc/passwd", "http://169.254.169.254/", "🤷" * 3_000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf"), "", "x", [], {}, [[]], [None],
    {"a": {"b": 1}}, [1] * 10_000, "9" * 5_000, -0.0, [[[[[[1]]]]]], {"": ""},
)  # fmt: skip
FIELDS = (
    "item", "conditions", "where", "k", "offset", "fusion", "weights", "by", "least", "within",
    "sort", "among", "collapse", "boosts", "facets", "facts", "codes", "exact", "exclude",
    "references", "details", "vectors", "counts", "disjunctive", "__proto__", "constructor",
)  # fmt: skip
PATHS = (
    "/..%2f..%2fetc/passwd", "/page/..%2f..%2fservice.py", "/page/%2e%2e/service.py", "/page/", "//",
    "/v1/products/", "/v1/products/%00", "/v1/products/%ff%fe", "/v1/products/..%2f..", "/%",
    "/v1/thumbnails/" + "a" * 5_000, "/v1/products?k=-1", "/v1/products?k=" + "9" * 400,
    "/v1/products?where=%00", "/v1/suggest?q=" + "%F0%9F%A4%B7" * 500, "/v1/pictures/x?view=-1",
    "/v1/suggest?q=a&k=0", "/v1/products/a?b=%zz", "/v1/search", "/metrics?x=" + "a" * 9_000,
)  # fmt: skip
RAW = (
    b"", b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT evil:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-,0-,0-,0-\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 200,
)  # fmt: skip


def cases(count: int, seed: int) -> Iterator[Case]:
    """Each kind once, then random ones."""
    made = [(f"raw {n}", raw) for n, raw in enumerate(RAW)]
    made += [(f"path {path[:40]!r}", ask("GET", path)) for path in PATHS]
    made += [(f"picture {name}", search(item=[{"image": uri}])) for name, uri in pictures()]
    made += [(f"body {n}", post(body)) for n, body in enumerate(BODIES)]
    draw = np.random.default_rng(seed)
    for i in range(count):
        name, sent = made[i] if i < len(made) else random_request(draw, made)
        yield Case(f"{name} #{i}", functools.partial(send, sent))


BODIES = (
    b"", b"{", b"null", b"[]", b'"x"', b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe\x00", b"{}" * 1000,
    b'{"item": [' + b'{"text": "a"},' * 20_000 + b'{"text": "a"}]}', b'{"k": 1e999}', b'{"k": NaN}',
    b'{"item": [], "item": [{"text": "a"}]}', json.dumps({"where": {"op": "and", "of": []}}).encode(),
    zlib.compress(b" " * 10_000_000),
)  # fmt: skip


def random_request(draw: np.random.Generator, made: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """A field with a value it should not have, a part that is none, or a request with bytes torn."""
    kind = int(draw.integers(3))
    field = FIELDS[draw.integers(len(FIELDS))]
    value = VALUES[draw.integers(len(VALUES))]
    text = TEXTS[draw.integers(len(TEXTS))]
    if kind == 0:
        return f"{field} = {value!r:.20}", search(**{"item": [{"text": "red"}], field: value})
    if kind == 1:
        part = ("text", "image", "product", "region", "maker", "vector")[draw.integers(6)]
        given = text if draw.integers(2) else value
        return f"part {part} = {given!r:.20}", search(item=[{part: given}], where=text or None)
    name, sent = made[draw.integers(len(made))]
    torn = bytearray(sent[:50_000] or b"\0")
    for place in draw.integers(len(torn), size=4):
        torn[place] = draw.integers(256)
    return f"torn {name}", bytes(torn)


def pictures() -> Iterator[tuple[str, str]]:
    def uri(data: bytes, kind: str = "png") -> str:
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

    out = io.BytesIO()
    PIL.Image.new("RGB", (40, 40), "red").save(out, "PNG")
    good = out.getvalue()
    yield "none", "data:image/png;base64,"
    yield "no base64", "data:image/png;base64,****"
    yield "cut", uri(good[:40])
    yield "svg", uri(b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "svg+xml")
    yield "html", uri(b"<html>", "html")
    yield "wide", uri(claim(good, 50_000, 50_000))
    yield "thin", uri(claim(good, 30_000, 1))
    yield "zip", uri(b"PK\x03\x04" + b"\0" * 1000)
    yield "address", "http://127.0.0.1:22/"
    yield "file", "file:///etc/passwd"
    yield "path", "/etc/passwd"
    huge = io.BytesIO()
    PIL.Image.new("1", (9_000, 9_000)).save(huge, "PNG")
    yield "bomb", uri(huge.getvalue())


def claim(png: bytes, width: int, height: int) -> bytes:
    """The same file, with another size in its header."""
    head = png[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + png[24:29]
    return png[:12] + head + zlib.crc32(head).to_bytes(4, "big") + png[33:]


def search(**body: Any) -> bytes:
    return post(json.dumps(body).encode())


def post(body: bytes) -> bytes:
    return ask("POST", "/v1/search", body)


def ask(method: str, path: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def send(sent: bytes, _: Path) -> bool:
    """Whether the server refuses or answers it, and then answers somebody else."""
    answer = talk(sent)
    right = not answer or is_sound(answer)
    return right and talk(ask("GET", "/livez")).startswith(b"HTTP/1.1 200")


def is_sound(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400 and b"application/problem+json" in head and b"Traceback" not in body:
        return status < 500 and json.loads(body.partition(b"\nHTTP")[0])["status"] == status
    return status < 500


def talk(sent: bytes) -> bytes:
    """The beginning of the answer; nothing where the connection is closed without one."""
    got = b""
    with socket.create_connection(("127.0.0.1", port()), timeout=15) as sock:
        try:
            sock.sendall(sent)
            while len(got) < whole(got) and (piece := sock.recv(65_536)):
                got += piece
        except TimeoutError:
            raise DataError("") from None  # an error without a word counts as lost
        except OSError:
            pass
    return got


def whole(got: bytes) -> int:
    """Bytes of the first answer, as far as is known."""
    head, end, _ = got.partition(b"\r\n\r\n")
    found = LENGTH.search(head)
    return len(head) + len(end) + int(found[1]) if end and found else len(got) + 1


running: list[tuple[Any, threading.Thread]] = []


@functools.cache
def port() -> int:
    """Of a server that lives until `end_server`."""
    import pytest

    from skulens.serve.app import make_app
    from skulens.serve.running import make_server, open_socket
    from skulens.serve.settings import Settings
    from tests.search import small_shop

    with pytest.MonkeyPatch.context() as patch:  # the registry is other tests' too
        small_shop.register(patch)
        shop = small_shop.make_shop()
        shop.search(text="red", k=1)  # opens the encoder
    settings = Settings(workers=2, head_s=1, read_s=1, deadline_s=10)
    sock = open_socket("127.0.0.1", 0)
    server = make_server(make_app(shop, settings), settings)
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    running.append((server, thread))
    return sock.getsockname()[1]


def end_server() -> None:
    while running:
        server, thread = running.pop()
        server.should_exit = True
        thread.join(30)
    port.cache_clear()
