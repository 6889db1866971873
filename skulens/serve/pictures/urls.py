"""Pictures behind addresses that strangers give: fetched from hosts that were named before, never
from this machine or its network, within seconds and bytes.

Off unless hosts are named. The name is looked up once, every address it has must be public, and the
connection goes to an address that was looked at: a name that means something else a moment later
(DNS rebinding) leads nowhere. Each redirect is looked at as the first address was.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from skulens import __version__
from skulens.catalog.fetch.web import Pace, PacedResponse
from skulens.errors import PictureError

SCHEMES = {"http": 80, "https": 443}
REDIRECTS = 3
REDIRECTED = (301, 302, 303, 307, 308)
SECONDS = 10.0
"""From the look-up to the last byte."""
BYTES = 15_000_000
CHUNK = 65_536
NAME = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
)
EMBEDDED = tuple(
    (ipaddress.ip_network(network), bits)
    for network, bits in (
        ("::ffff:0:0/96", 0),  # mapped
        ("::ffff:0:0:0/96", 0),  # translated
        ("::/96", 0),  # compatible
        ("64:ff9b::/96", 0),  # NAT64
        ("2002::/16", 80),  # 6to4
    )
)
"""Networks of IPv6 that lead to an IPv4 address, and how many bits from the right it lies."""
OURS = (ipaddress.ip_address("168.63.129.16"),)
"""Public by number, yet answered by the cloud that a server runs in."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class Refused(PictureError):
    """An address that is not fetched, or an answer that is not a picture; says why."""


def resolve(host: str, port: int) -> list[str]:
    """IP addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Fetcher:
    """Fetches pictures from some hosts.

    Args:
        hosts: names, and "*.example.com" for all below one.
    """

    hosts: tuple[str, ...]
    seconds: float = SECONDS
    most: int = BYTES
    resolve: Resolve = resolve
    public: Callable[[Address], bool] = field(default=lambda address: is_public(address))

    def fetch(self, url: str) -> bytes:
        """The bytes behind an address. Raises Refused."""
        pace, asked = Pace(self.seconds), url
        for _ in range(REDIRECTS + 1):
            found = self._ask(asked, pace)
            if isinstance(found, bytes):
                return found
            asked = urllib.parse.urljoin(asked, found)
        raise Refused(f"the address redirects more than {REDIRECTS} times")

    def _ask(self, url: str, pace: Pace) -> bytes | str:
        """The bytes, or where else to ask."""
        scheme, host, port, target = split(url)
        self._check_host(host, port, port == SCHEMES[scheme])
        address = self._look_up(host, port)
        try:
            return self._read(scheme, host, port, target, address, pace)
        except Refused:
            raise
        except TimeoutError:
            raise Refused(f"{host} did not send the picture within {self.seconds:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as e:
            raise Refused(f"{host} cannot be read: {type(e).__name__}") from e

    def _check_host(self, host: str, port: int, usual: bool) -> None:
        """Raise Refused unless the host was named, with its port where that is an unusual one."""
        for one in self.hosts:
            name, _, named = one.lower().partition(":")
            fits = name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:]))
            if fits and (named == str(port) or (usual and not named)):
                return
        shown = host if usual else f"{host}:{port}"
        raise Refused(f"pictures are not fetched from {shown!r:.80}; send the picture itself")

    def _look_up(self, host: str, port: int) -> str:
        """An address of a host, all of which are public."""
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise Refused(f"there is no host {host!r:.80}") from None
        if not found:
            raise Refused(f"there is no host {host!r:.80}")
        for one in found:
            if not self.public(ipaddress.ip_address(one.partition("%")[0])):
                raise Refused(f"{host!r:.80} is not a public host; send the picture itself")
        return found[0]

    def _read(
        self, scheme: str, host: str, port: int, target: str, address: str, pace: Pace
    ) -> bytes | str:
        with connect(address, port, host if scheme == "https" else "", pace) as sock:
            shown = f"[{host}]" if ":" in host else host
            named = shown if port == SCHEMES[scheme] else f"{shown}:{port}"
            sock.sendall(
                f"GET {target} HTTP/1.1\r\nHost: {named}\r\nUser-Agent: skulens/{__version__}\r\n"
                "Accept: image/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
            )
            answer = PacedResponse(sock, pace=pace)
            answer.begin()
            if answer.status in REDIRECTED:
                return self._led(answer, host)
            self._check(answer, host)
            return self._collect(answer, host)

    def _led(self, answer: http.client.HTTPResponse, host: str) -> str:
        to = answer.headers.get("Location")
        if not to:
            raise Refused(f"{host} redirects to no address")
        return to

    def _check(self, answer: http.client.HTTPResponse, host: str) -> None:
        """Raise Refused from the headers."""
        if answer.status != 200:
            raise Refused(f"{host} answers with status {answer.status}")
        coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise Refused(f"{host} sends the picture in {coding!r:.40}, which is not unpacked")
        if (answer.length or 0) > self.most:
            raise self._too_large(host)

    def _collect(self, answer: http.client.HTTPResponse, host: str) -> bytes:
        said, body = answer.length, bytearray()
        while chunk := answer.read(min(CHUNK, self.most + 1 - len(body))):
            body += chunk
            if len(body) > self.most:
                raise self._too_large(host)
        if said is not None and len(body) != said:
            raise Refused(f"{host} sent {len(body):,} of {said:,} bytes")
        return bytes(body)

    def _too_large(self, host: str) -> Refused:
        return Refused(
            f"the picture of {host} has more than {self.most:,} bytes; send a smaller one"
        )


def split(url: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, path and query). Raises Refused for anything unusual."""
    if any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in url) or len(url) > 2048:
        raise Refused("the address of a picture has no spaces, and at most 2,048 characters")
    try:
        parts = urllib.parse.urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".").lower()
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError:
        raise Refused(f"{url[:80]!r} is no address") from None
    if parts.scheme not in SCHEMES:
        raise Refused(f"pictures are fetched by http and https, not by {parts.scheme!r:.20}")
    if "@" in parts.netloc:
        raise Refused("the address of a picture has no name and password")
    if "%" in host or not (NAME.fullmatch(host) or is_ip(host)):
        raise Refused(f"{host!r:.80} is no host")
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return parts.scheme, host, port or SCHEMES[parts.scheme], path + ("?" + query if query else "")


def is_ip(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address is reached from anywhere, and is nobody's own machine or network."""
    for network, bits in EMBEDDED:
        if address.version == 6 and address in network:
            return is_public(ipaddress.IPv4Address(int(address) >> bits & 0xFFFF_FFFF))
    unusual = (
        address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    )
    return address.is_global and not unusual and address not in OURS


def connect(address: str, port: int, name: str, pace: Pace) -> socket.socket:
    """A connection to an address.

    Args:
        name: that its certificate must have; "": no TLS.
    """
    sock = socket.create_connection((address, port), timeout=pace.left())
    try:
        if name:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=name)
        sock.settimeout(pace.left())
    except BaseException:
        sock.close()
        raise
    return sock
