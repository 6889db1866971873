"""Servers on this machine that cut, lie, stall, redirect, and never stop.

Each behaviour answers raw bytes for a request; what a download then leaves is compared with the one
true file. Waits are shortened in here, so that a stalled server costs a second.
"""

import contextlib
import functools
import hashlib
import json
import os
import random
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from skulens.catalog.fetch import download as d
from skulens.catalog.fetch import sources
from skulens.errors import MissingFile, SkulensError

from .field import Case

SMALL = 24
LARGE = 600

BODY = random.Random(0).randbytes(200_000)
OTHER = random.Random(1).randbytes(200_000)
SHA = hashlib.sha256(BODY).hexdigest()
COMMIT = "c0ffee" * 6 + "c0de"
MOST = 1 << 20
"""Bytes that an endless answer may leave on disk."""
SHORT_S = 0.6
"""Waits of the client in here, seconds."""
TRICKLE = 400
"""Bytes that a slow server would send, one each 0.1 s."""


class Request:
    """One request, and the ways to answer it."""

    def __init__(self, server: "Server", connection: socket.socket, text: str):
        self.server, self.connection = server, connection
        self.path = text.split(" ", 2)[1]
        found = re.search(r"(?im)^range: *bytes=(\d+)-", text)
        self.start = int(found[1]) if found else 0
        self.ranged = bool(found)
        given = re.search(r"(?im)^if-range: *(.+?)\r", text)
        self.if_range = given[1] if given else ""
        self.number = server.requests = server.requests + 1

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, body: bytes = b"", status: str = "200 OK", **headers: object) -> None:
        lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        self.send(f"HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n".encode() + body)

    def endless(self, piece: bytes, wait_s: float = 0.0, most: int = 64 << 20) -> None:
        """Send a piece again and again, until the server ends (or 64 MiB are sent)."""
        for _ in range(0, most, len(piece)):
            if self.server.ended.wait(wait_s) if wait_s else self.server.ended.is_set():
                return
            self.send(piece)


class Server:
    """A loopback server that answers by `behave`; all its threads end with it."""

    def __init__(self, behave: Callable[[Request], None]):
        self.behave, self.requests, self.ended = behave, 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self) -> None:
        while not self.ended.is_set():
            if select.select([self.listener], [], [], 0.05)[0]:
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection, contextlib.suppress(OSError):
            text = b""
            while b"\r\n\r\n" not in text and (more := connection.recv(1 << 16)):
                text += more
            if text:
                self.behave(Request(self, connection, text.decode("latin-1")))

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.threads[0].join(5)
        self.listener.close()
        for thread in self.threads:
            thread.join(6)


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """Short waits, and a network that is not switched off; whatever names the code has for them."""
    from importlib import import_module

    with contextlib.ExitStack() as stack:
        proxies = {n: "" for n in os.environ if n.lower().endswith("_proxy")}
        switches = {"SKULENS_OFFLINE": "0", "HF_HUB_OFFLINE": "0"}
        stack.enter_context(mock.patch.dict(os.environ, proxies | switches))
        for name in ("download", "web", "sources", "hub"):
            with contextlib.suppress(ImportError):
                module = import_module(f"skulens.catalog.fetch.{name}")
                for wait in ("TIMEOUT_S", "ANSWER_S", "WINDOW_S"):
                    if hasattr(module, wait):
                        stack.enter_context(mock.patch.object(module, wait, SHORT_S))
        yield


def remote(url: str, **known: object) -> d.RemoteFile:
    """A file at an address; bounded where the code knows of bounds."""
    bound = {"most": MOST} if "most" in d.RemoteFile.__dataclass_fields__ else {}
    return d.RemoteFile("f.bin", url, **bound, **known)


def fetch(behave: Callable[[Request], None], known: dict, folder: Path) -> bool:
    """Download once. Right: the true bytes, or a refusal that leaves no file."""
    return fetch_in(behave, known, folder, lambda _: None)


def fetch_in(behave, known: dict, folder: Path, prepare: Callable[[Path], object]) -> bool:
    prepare(folder)
    target = folder / "f.bin"
    before = target.read_bytes() if target.is_file() else None
    tries = mock.patch.object(d, "TRIES", 2 if behave in SLOW else d.TRIES)
    with impatient(), tries, Server(behave) as server:
        try:
            d.download(remote(f"{server.url}/f.bin", **known), folder, wait_s=0)
        except SkulensError:
            there = target.read_bytes() if target.is_file() else None
            sizes = [p.stat().st_size for p in folder.iterdir() if p.is_file()]
            if there != before or max(sizes, default=0) > 2 * MOST:
                return False
            raise
    return is_true(folder, target.read_bytes())


def is_true(folder: Path, found: bytes) -> bool:
    """The whole of one version; or the head of one that is on record as perhaps not whole."""
    if found in (BODY, OTHER):
        return True
    record = json.loads((folder / "downloads.json").read_text())["f.bin"]
    unsure = str(record.get("end", "")).startswith("cannot be known")
    return unsure and (BODY.startswith(found) or OTHER.startswith(found))


def honest(r: Request, body: bytes = BODY, cut: int | None = None, etag: str = '"one"') -> None:
    """Right in all it says; may cut the first answers."""
    last = len(body) - 1
    if r.ranged and r.if_range in ("", etag):
        said = {"Content_Range": f"bytes {r.start}-{last}/{len(body)}", "ETag": etag}
        rest = body[r.start :]
        r.answer(rest[:cut], "206 Partial", Content_Length=len(rest), **said)
    else:
        r.answer(body[:cut], Content_Length=len(body), ETag=etag)


def cut_then(after: Callable[[Request], None], **headers: object) -> Callable[[Request], None]:
    """The first answer ends after 120,000 bytes; `after` answers the next."""

    def behave(r: Request) -> None:
        if r.number == 1:
            r.answer(BODY[:120_000], Content_Length=len(BODY), **headers)
        else:
            after(r)

    return behave


def ranged(r: Request, said: str, body: bytes, **headers: object) -> None:
    if r.ranged:
        r.answer(body, "206 Partial", Content_Range=said, Content_Length=len(body), **headers)
    else:
        honest(r)


def chunked(r: Request, *chunks: bytes, end: bytes = b"0\r\n\r\n") -> None:
    body = b"".join(b"%x\r\n" % len(c) + c + b"\r\n" for c in chunks)
    r.answer(body + end, Transfer_Encoding="chunked")


def redirect(to: str) -> Callable[[Request], None]:
    def behave(r: Request) -> None:
        place = to.format(port=r.server.port)
        if r.path == "/f.bin":
            r.answer(status="302 Found", Location=place, Content_Length=0)
        else:
            honest(r)

    return behave


def slow_headers(r: Request) -> None:
    r.send(b"HTTP/1.1 200 OK\r\n")
    r.endless(b"X", 0.1, TRICKLE)


def slow_body(r: Request) -> None:
    r.answer(Content_Length=len(BODY), ETag='"one"')
    r.endless(b"x", 0.1, TRICKLE)


def endless_redirect(r: Request) -> None:
    r.answer(status="302 Found", Location="/other")
    r.endless(b"x" * 1000, 0.05, TRICKLE * 1000)


def endless_continue(r: Request) -> None:
    r.endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, TRICKLE * 25)


def endless_trailers(r: Request) -> None:
    chunked(r, BODY, end=b"0\r\n")
    r.endless(b"X: y\r\n", 0.05, TRICKLE * 6)


def endless_headers(r: Request) -> None:
    r.send(b"HTTP/1.1 200 OK\r\n")
    r.endless(b"X: y\r\n")


def endless_body(r: Request) -> None:
    r.answer()
    r.endless(b"x" * 65_536)


def endless_chunks(r: Request) -> None:
    r.answer(Transfer_Encoding="chunked")
    r.endless(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def huge_claim(r: Request) -> None:
    r.answer(Content_Length=1 << 60)
    r.endless(b"x" * 65_536)


def silence(r: Request) -> None:
    r.server.ended.wait(4)


SLOW = (slow_headers, slow_body, endless_redirect, endless_continue, endless_trailers, silence)
KNOWN = {"size": len(BODY)}
FULL = KNOWN | {"sha256": SHA}
BEHAVIOURS: dict[str, tuple[Callable[[Request], None], dict]] = {
    "honest": (honest, {}),
    "honest, size known": (honest, FULL),
    "honest, no length": (lambda r: r.answer(BODY), FULL),
    "honest, chunked": (lambda r: chunked(r, BODY[:7], BODY[7:]), {}),
    "cut, then honest": (cut_then(honest, ETag='"one"'), {}),
    "cut each time": (functools.partial(honest, cut=30_000), {}),
    "endless, size known": (endless_body, KNOWN),
    "endless": (endless_body, {}),
    "endless chunks": (endless_chunks, {}),
    "claims an exabyte": (huge_claim, {}),
    "no length, cut": (lambda r: r.answer(BODY[:777]), {}),
    "no length, cut, size known": (lambda r: r.answer(BODY[:777]), KNOWN),
    "length too large": (lambda r: r.answer(BODY, Content_Length=len(BODY) + 9), {}),
    "length too small": (lambda r: r.answer(BODY, Content_Length=777), KNOWN),
    "length is a word": (lambda r: r.answer(BODY, Content_Length="abc"), {}),
    "length is negative": (lambda r: r.answer(BODY, Content_Length=-5), {}),
    "length is fancy digits": (lambda r: r.answer(BODY, Content_Length="١٢"), {}),
    "two lengths": (lambda r: r.answer(BODY, Content_Length="777\r\nContent-Length: 9"), {}),
    "cut in a chunk": (lambda r: chunked(r, BODY, end=b"fff\r\nabc"), {}),
    "chunk of nonsense": (lambda r: chunked(r, BODY, end=b"zzz\r\nabc"), {}),
    "no last chunk": (lambda r: chunked(r, BODY[:777], end=b""), {}),
    "range from 0": (
        cut_then(lambda r: ranged(r, f"bytes 0-199999/{len(BODY)}", BODY, ETag='"one"'), ETag='"one"'),
        {},
    ),
    "range from elsewhere": (
        cut_then(lambda r: ranged(r, "bytes 9-80008/200000", BODY[9:80_009], ETag='"one"'), ETag='"one"'),
        {},
    ),
    "range of another total": (
        cut_then(lambda r: ranged(r, "bytes 120000-199999/300000", BODY[120_000:], ETag='"one"'), ETag='"one"'),
        {},
    ),
    "range not said": (
        cut_then(lambda r: r.answer(BODY[120_000:], "206 Partial") if r.ranged else honest(r), ETag='"one"'),
        {},
    ),
    "range of parts": (
        cut_then(
            lambda r: r.answer(b"--x\r\n\r\nabc\r\n--x--", "206 Partial", Content_Type="multipart/byteranges; boundary=x")
            if r.ranged
            else honest(r),
            ETag='"one"',
        ),
        {},
    ),
    "a range that nobody asked for": (
        lambda r: r.answer(BODY[9:], "206 Partial", Content_Range="bytes 9-199999/200000"),
        {},
    ),
    "changed, no ETag": (
        cut_then(lambda r: ranged(r, "bytes 120000-199999/200000", OTHER[120_000:])),
        {},
    ),
    "changed, weak ETag": (
        cut_then(lambda r: ranged(r, "bytes 120000-199999/200000", OTHER[120_000:], ETag='W/"one"'), ETag='W/"one"'),
        {},
    ),
    "changed, other ETag, If-Range ignored": (
        cut_then(lambda r: ranged(r, "bytes 120000-199999/200000", OTHER[120_000:], ETag='"two"'), ETag='"one"'),
        {},
    ),
    "changed, other date, If-Range ignored": (
        cut_then(
            lambda r: ranged(r, "bytes 120000-199999/200000", OTHER[120_000:], Last_Modified="Tue, 02 Jan 2024 00:00:00 GMT"),
            Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT",
        ),
        {},
    ),
    "changed, honest": (cut_then(functools.partial(honest, body=OTHER, etag='"two"'), ETag='"one"'), {}),
    "416 for what is left": (
        cut_then(lambda r: r.answer(status="416 No", Content_Range="bytes */120000") if r.ranged else honest(r), ETag='"one"'),
        {},
    ),
    "wrong bytes, sha256 known": (lambda r: r.answer(OTHER, Content_Length=len(OTHER)), FULL),
    "redirect here": (redirect("/other"), {}),
    "redirect to another host": (redirect("http://localhost:{port}/other"), {}),
    "redirect to another port": (redirect("http://127.0.0.1:1/other"), {}),
    "redirect to the network": (redirect("http://192.0.2.1/other"), {}),
    "redirect to ftp": (redirect("ftp://127.0.0.1:{port}/other"), {}),
    "redirect to a file": (redirect("file:///etc/hostname"), {}),
    "redirect in a circle": (redirect("/f.bin"), {}),
    "redirect to nowhere": (lambda r: r.answer(status="302 Found"), {}),
    "redirect to nonsense": (redirect("http://[::1/x"), {}),
    "redirect with an endless body": (endless_redirect, {}),
    "slow headers": (slow_headers, {}),
    "slow body": (slow_body, KNOWN),
    "endless headers": (endless_headers, {}),
    "endless 100 Continue": (endless_continue, {}),
    "endless trailers": (endless_trailers, {}),
    "header of 100 kB": (lambda r: r.answer(BODY, X="y" * 100_000), {}),
    "no HTTP": (lambda r: r.send(b"\0\1\2 hello\r\n\r\n"), {}),
    "silence": (silence, {}),
    "hangs up": (lambda r: None, {}),
    "204": (lambda r: r.answer(status="204 No Content"), {}),
    "404": (lambda r: r.answer(b"<html>", status="404 Not Found", Content_Length=6), {}),
    "503": (lambda r: r.answer(status="503 Busy", Content_Length=0), {}),
}  # fmt: skip


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


THERE: dict[str, tuple[Callable[[Path], object], dict]] = {
    "there, other bytes": (lambda f: put(f, "f.bin", OTHER), FULL),
    "there, other size": (lambda f: put(f, "f.bin", b"x"), KNOWN),
    "record is cut": (lambda f: put(f, "downloads.json", b'{"f.bin": {"url'), FULL),
    "record is a list": (lambda f: put(f, "downloads.json", b"[1]"), FULL),
    "record holds a word": (lambda f: put(f, "downloads.json", b'{"f.bin": "x"}'), FULL),
    "record is no Unicode": (lambda f: put(f, "downloads.json", b"\xff\xfe\0"), FULL),
    "part without its state": (lambda f: put(f, "f.bin.part", OTHER[:9]), FULL),
    "part with a damaged state": (
        lambda f: (put(f, "f.bin.part", OTHER[:9]), put(f, "f.bin.part.json", b'{"url": 5')),
        FULL,
    ),
    "state of another kind": (
        lambda f: (put(f, "f.bin.part", OTHER[:9]), put(f, "f.bin.part.json", b"[]")),
        FULL,
    ),
}
"""What lies in the folder before an honest server is asked."""


def listing(link: str = "", **changed: object) -> Callable[[Request], None]:
    """A hub with one file, whose listing says something wrong."""

    def behave(r: Request) -> None:
        entry = {"type": "file", "path": "queries-a.json", "size": 2, "oid": "x"} | changed
        if "/revision/" in r.path:
            r.answer(json.dumps({"sha": COMMIT}).encode())
        elif "/resolve/" in r.path:
            r.answer(b"{}", Content_Length=2)
        else:
            said = {"Link": f'<{link.format(url=r.server.url)}>; rel="next"'} if link else {}
            r.answer(json.dumps([entry]).encode(), **said)

    return behave


def endless_listing(r: Request) -> None:
    r.answer()
    r.send(b"[")
    r.endless(b" " * 65_536)


HUBS: dict[str, Callable[[Request], None]] = {
    "hub, honest": listing(),
    "hub, next page is a file": listing("file:///etc/hostname"),
    "hub, next page is elsewhere": listing("http://localhost:1/x"),
    "hub, next page is this page": listing("{url}/again"),
    "hub, name above": listing(path="../queries-a.json"),
    "hub, absolute name": listing(path="/queries-a.json"),
    "hub, name is a number": listing(path=5),
    "hub, size is a word": listing(size="two"),
    "hub, size is negative": listing(size=-2),
    "hub, size is another": listing(size=3),
    "hub, sha256 is a list": listing(lfs={"oid": ["x"]}),
    "hub, sha256 is another": listing(lfs={"oid": "0" * 64}),
    "hub, entry is a word": lambda r: r.answer(b'["x"]' if "/tree/" in r.path else b'{"sha": "x"}'),
    "hub, commit is a path": lambda r: r.answer(b'{"sha": "../../x"}'),
    "hub, endless listing": endless_listing,
    "hub, nested listing": lambda r: r.answer(b"[" * 200_000),
    "hub, no JSON": lambda r: r.answer(b"<html>"),
    "hub, no HTTP": lambda r: r.send(b"\0\1\2\r\n\r\n"),
    "hub, slow listing": slow_body,
}


def fetch_hub(behave: Callable[[Request], None], folder: Path) -> bool:
    source = sources.Source("main", hub="a/b", patterns=("*queries-*.json", "5"))
    place = folder / "set"
    with impatient(), Server(behave) as server:
        replaced = mock.patch.dict(sources.SOURCES, {"merit": source})
        with replaced, mock.patch.dict(os.environ, {"HF_ENDPOINT": server.url}):
            sources.fetch("merit", place)
    return (place / "queries-a.json").read_bytes() == b"{}" and not (folder / "queries-a.json").exists()  # fmt: skip


def fetch_twice(rng_seed: str, folder: Path) -> bool:
    """A server that draws lots for each answer; two tries. What is kept is one whole version."""
    rng = random.Random(rng_seed)
    known = rng.choice([{}, {}, KNOWN, FULL])
    versions = [BODY] if known is FULL else [BODY, BODY, OTHER]

    def behave(r: Request) -> None:
        body = rng.choice(versions)
        name = "one" if body is BODY else "two"
        tag = {"ETag": f'"{name}"'} if rng.random() < 0.6 else {}
        cut = rng.randrange(len(body)) if rng.random() < 0.6 else None
        if r.ranged and rng.random() < 0.8:
            start = r.start if rng.random() < 0.7 else rng.randrange(len(body))
            if r.if_range and r.if_range != f'"{name}"' and rng.random() < 0.7:
                start, r.ranged = 0, False
            if r.ranged:
                rest = body[start:]
                said = f"bytes {start}-{len(body) - 1}/{rng.choice([len(body), '*'])}"
                r.answer(rest[:cut], "206 P", Content_Range=said, Content_Length=len(rest), **tag)
                return
        fault = rng.random()
        if fault < 0.1:
            r.answer(status=rng.choice(["503 Busy", "429 Slow", "416 No", "500 Bad"]))
        elif fault < 0.2:
            chunked(r, body[:cut], end=b"0\r\n\r\n" if cut is None else b"")
        elif fault < 0.3 and known:
            r.answer(body[:cut], **tag)
        else:
            r.answer(body[:cut], Content_Length=len(body), **tag)

    with impatient(), Server(behave) as server:
        file = remote(f"{server.url}/f.bin", **known)
        for _ in range(2):
            with contextlib.suppress(MissingFile):
                d.download(file, folder, wait_s=0)
                break
        else:
            d.download(file, folder, wait_s=0)
    return is_true(folder, (folder / "f.bin").read_bytes())


def cases(count: int, seed: int) -> Iterator[Case]:
    """Hand-made ones first, then servers that draw lots."""
    for name, (behave, known) in BEHAVIOURS.items():
        yield Case(name, functools.partial(fetch, behave, known))
    for name, (prepare, known) in THERE.items():
        run = functools.partial(fetch_in, honest, known, prepare=prepare)
        yield Case(name, lambda folder, run=run: run(folder=folder))
    for name, hub in HUBS.items():
        yield Case(name, functools.partial(fetch_hub, hub))
    for n in range(count):
        yield Case(f"lots {n}", functools.partial(fetch_twice, f"downloads {seed} {n}"))
