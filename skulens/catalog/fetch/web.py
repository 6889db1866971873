"""An address opened with care: where it may lead, how long it may take, how much it may say."""

import fnmatch
import http.client
import io
import ipaddress
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from typing import Any

from skulens import __version__
from skulens.errors import DataError

TIMEOUT_S = 30
"""Longest wait for the next bytes."""
ANSWER_S = 60
"""Longest wait for the headers of an answer, and for a whole listing."""
WINDOW_S, WINDOW_BYTES = 60, 60 * 1024
"""At least so many bytes of a file in so many seconds: 1 KiB/s, slower than any line in use."""
REDIRECTS = 5
REPLY_BYTES = 32 << 20
"""A listing may have that many."""
REDIRECTED = (301, 302, 303, 307, 308)


class TooSlow(TimeoutError):
    """Bytes come, but so few that the transfer would never end."""


class Pace:
    """A deadline, which moves on while the bytes of a file come fast enough."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.late = f"no whole answer came in {seconds:g} s"
        self.got = 0

    def start_body(self) -> None:
        self.deadline, self.got = time.monotonic() + WINDOW_S, 0
        self.late = f"fewer than {WINDOW_BYTES:,} bytes came in {WINDOW_S:g} s"

    def count(self, n: int) -> None:
        self.got += n
        if self.got >= WINDOW_BYTES:
            self.start_body()

    def left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TooSlow(self.late)
        return left


class PacedSocket(io.RawIOBase):
    """What a server sends, read no later than its pace allows."""

    def __init__(self, sock: socket.socket, pace: Pace):
        self.sock, self.pace = sock, pace
        self.bytes = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:
        self.sock.settimeout(min(TIMEOUT_S, self.pace.left()))
        try:
            return self.bytes.readinto(buffer)
        except TimeoutError:
            self.pace.left()  # which has a better name for it, where it is over
            raise

    def close(self) -> None:
        self.bytes.close()
        super().close()


class PacedResponse(http.client.HTTPResponse):
    """An answer whose headers, chunks and body are all read through `PacedSocket`."""

    def __init__(self, sock, *args, pace: Pace, **options):
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(PacedSocket(sock, pace))


class Paced(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens http and https; certificates are checked as urllib does."""

    def __init__(self, pace: Pace):
        super().__init__()
        self.pace = pace

    def connect(self, kind, host: str, **options):
        connection = kind(host, timeout=options["timeout"])
        connection.response_class = partial(PacedResponse, pace=self.pace)
        return connection

    def http_open(self, req):
        return self.do_open(partial(self.connect, http.client.HTTPConnection), req)

    def https_open(self, req):
        return self.do_open(partial(self.connect, http.client.HTTPSConnection), req)


def open_address(
    url: str, hosts: tuple[str, ...], pace: Pace, headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    """The answer of an address, after redirects within its host or to `hosts`.

    Args:
        hosts: patterns of other hosts that a redirect may lead to.

    Raises:
        DataError: an address, or a redirect, that we do not follow; says why.
        urllib.error.HTTPError, OSError, http.client.HTTPException: as urllib does.
    """
    check_address(url)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        Paced(pace),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    asked = url
    own = {"User-Agent": f"skulens/{__version__}", "Accept-Encoding": "identity"}
    for _ in range(REDIRECTS + 1):
        try:
            request = urllib.request.Request(asked, headers=own | (headers or {}))
            return opener.open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as e:
            e.close()
            if e.code not in REDIRECTED:
                raise
            asked = follow(url, asked, e.headers.get("Location"), hosts)
    raise DataError(f"{url} redirects more than {REDIRECTS} times")


def follow(first: str, asked: str, location: str | None, hosts: tuple[str, ...]) -> str:
    """The address that a redirect leads to. Raises DataError for one that we do not follow."""
    if not location:
        raise DataError(f"{asked} redirects to no address")
    try:
        led = quote(urllib.parse.urljoin(asked, location))
    except ValueError as e:
        raise DataError(f"{asked} redirects to {location!r}, which is no address: {e}") from None
    old, new = split(first), split(led)
    local = old.scheme == "http" and is_loopback(old.hostname)  # given by the user, see below
    if new.scheme != "https" and not (local and new.scheme == "http" and is_loopback(new.hostname)):
        raise DataError(f"{first} redirects to {led}; only https is followed")
    same = (old.hostname, old.port) == (new.hostname, new.port) and not new.username
    known = not new.username and any(fnmatch.fnmatch(new.netloc.lower(), p) for p in hosts)
    if not same and not known:
        raise DataError(
            f"{first} redirects to another host, {new.netloc}. If that is right, name the host "
            f'behind the address: SKULENS_URL_NAME="{first} {new.netloc}"'
        )
    return led


def check_address(url: str) -> None:
    """Raise DataError unless it is https, or http of this machine (which only a user gives)."""
    parts = split(url)
    local = parts.scheme == "http" and is_loopback(parts.hostname)
    if not parts.hostname or parts.username or not (parts.scheme == "https" or local):
        raise DataError(f"{url} is not an address that we fetch; expected https://...")


def split(url: str) -> urllib.parse.SplitResult:
    """Parts of an address. Raises DataError where it has none."""
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError as e:
        raise DataError(f"{url!r} is not an address: {e}") from None
    return parts


def quote(url: str) -> str:
    """An address with what urllib would refuse written as %XX."""
    return urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def read_listing(url: str, hosts: tuple[str, ...]) -> tuple[Any, str | None]:
    """(JSON, address of the next page) of a hub's API; the next page is of the same host.

    Raises:
        ValueError: not JSON, too long, or a next page elsewhere.
        DataError, OSError, http.client.HTTPException: see `open_address`.
    """
    with open_address(url, hosts, Pace(ANSWER_S)) as reply:
        body = reply.read(REPLY_BYTES + 1)
        link = reply.headers.get("Link") or ""
    if len(body) > REPLY_BYTES:
        raise ValueError(f"{url} answers with more than {REPLY_BYTES:,} bytes")
    following = link[link.find("<") + 1 : link.find(">")] if 'rel="next"' in link else None
    if following is not None:
        following = urllib.parse.urljoin(url, following)
        if split(following)[:2] != split(url)[:2]:
            raise ValueError(f"{url} names a next page on another host, {following}")
    try:
        return json.loads(body), following
    except RecursionError:
        raise ValueError(f"{url} answers with JSON nested too deeply") from None
