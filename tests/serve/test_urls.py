"""Addresses of strangers: where they may lead, how long they may take, how much they may say."""

import gzip
import ipaddress
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from skulens.serve.pictures.urls import Fetcher, Refused, is_public, resolve

PUBLIC = "93.184.215.14"

PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.0.2:80/",
    "http://0.0.0.0/",
    "http://0/",
    "http://localhost/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://3232235777/",
    "http://0xa9fea9fe/",
    "https://127.0.0.1/",
    "http://[::1]:80/",
]
ODD = [
    "file:///etc/passwd",
    "gopher://example.com/",
    "ftp://example.com/a.jpg",
    "dict://127.0.0.1:11211/",
    "javascript:1",
    "data:text/plain,a",
    "//example.com/a.jpg",
    "example.com/a.jpg",
    "http:///a.jpg",
    "http://user:word@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com:99999/",
    "http://example.com:22/",
    "http://[::1",
    "http://exa\\mple.com/",
    "http://example.com\\@127.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://exam_ple..com/",
    "http://[fe80::1%25eth0]/",
    "HTTP+UNIX://a/",
    "http://a.b.c.d.e%00.com/",
    "http://-a.com/",
] + ["http://example.com/a b.jpg", "http://example.com/\r\nX: y", "http://example.com/\t", ""]


class Never:
    """Fails the test when somebody connects."""

    def __init__(self, monkeypatch):
        def refuse(*given, **_):
            raise AssertionError(f"connected to {given}")

        monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.mark.parametrize("url", PRIVATE)
def test_no_private_address_is_asked(url, monkeypatch):
    Never(monkeypatch)
    with pytest.raises(Refused):
        Fetcher(("*",)).fetch(url)


@pytest.mark.parametrize("url", ODD)
def test_no_odd_address_is_asked(url, monkeypatch):
    Never(monkeypatch)
    with pytest.raises(Refused):
        Fetcher(("*",), resolve=lambda *_: [PUBLIC]).fetch(url)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2606:4700::1", "::ffff:8.8.8.8"])
def test_public_addresses(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        ((), "http://a.example/", False),
        (("a.example",), "http://a.example/", True),
        (("A.Example",), "http://a.eXample./", True),
        (("a.example",), "http://b.a.example/", False),
        (("*.a.example",), "http://b.a.example/", True),
        (("*.a.example",), "http://a.example/", False),
        (("*.a.example",), "http://ba.example/", False),
        (("a.example",), "http://a.example.evil/", False),
        (("a.example",), "http://a.example:8080/", False),
        (("a.example:8080",), "http://a.example:8080/", True),
        (("a.example:8080",), "http://a.example/", False),
        (("a.example",), f"http://{PUBLIC}/", False),
    ],
)
def test_only_hosts_that_were_named(hosts, url, allowed, monkeypatch):
    reached = []

    def connect(address, timeout):
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Refused, match="cannot be read" if allowed else "not fetched"):
        Fetcher(hosts, resolve=lambda *_: [PUBLIC]).fetch(url)
    assert [ip for ip, _ in reached] == ([PUBLIC] if allowed else [])


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    Never(monkeypatch)
    with pytest.raises(Refused, match="not a public host"):
        Fetcher(("*",), resolve=lambda *_: [PUBLIC, "10.0.0.1"]).fetch("http://a.example/")


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    """A name that means something else at the second look-up is not looked up twice."""
    answers, reached = iter([[PUBLIC], ["127.0.0.1"]]), []

    def connect(address, timeout):
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Refused):
        Fetcher(("*",), resolve=lambda *_: next(answers)).fetch("http://rebind.example/")
    assert reached == [PUBLIC]


@contextmanager
def saying(*answers):
    """A server that gives each connection one of the answers: bytes, or what is called with the
    socket. (port, requests that it got.)"""
    got = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk():
            for answer in answers:
                sock, _ = listening.accept()
                with sock:
                    sock.settimeout(20)
                    got.append(sock.recv(65536))
                    with suppress(OSError):
                        answer(sock) if callable(answer) else sock.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listening.getsockname()[1], got
        finally:
            while thread.is_alive():  # answers that nobody asked for
                with (
                    suppress(OSError),
                    socket.create_connection(listening.getsockname(), 1) as sock,
                ):
                    sock.sendall(b"end")
                thread.join(0.01)
            got[:] = [one for one in got if one != b"end"]


def fetcher(port, **options):
    """Fetches from the test's server, which is on this machine by its look-up only."""
    given = {"resolve": lambda *_: ["127.0.0.1"], "public": lambda _: True} | options
    return Fetcher((f"a.example:{port}", f"b.example:{port}"), **given)


def answer(body=b"picture", more="", status="200 OK", length=None):
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {size}\r\n\r\n".encode() + body


def redirect(to):
    return answer(b"", f"Location: {to}\r\n", "302 Found")


def test_a_picture_is_fetched():
    with saying(answer()) as (port, got):
        found = fetcher(port).fetch(f"http://a.example:{port}/x y.jpg?a=1".replace(" ", "%20"))
    assert found == b"picture"
    assert got[0].startswith(b"GET /x%20y.jpg?a=1 HTTP/1.1\r\nHost: a.example:")
    assert b"Accept-Encoding: identity" in got[0] and b"Authorization" not in got[0]


def test_each_redirect_is_looked_at():
    looked = []

    def look(host, port):
        looked.append(host)
        return ["127.0.0.1"]

    with saying(redirect("/second"), answer()) as (port, got):
        found = fetcher(port, resolve=look).fetch(f"http://a.example:{port}/first")
    assert found == b"picture" and looked == ["a.example"] * 2
    assert got[1].startswith(b"GET /second ")


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.1/", "http://169.254.169.254/", "file:///etc/passwd", "http://c.example/", ""],
)
def test_a_redirect_to_where_nobody_may_go(to):
    with saying(redirect(to), answer()) as (port, got), pytest.raises(Refused):
        fetcher(port).fetch(f"http://a.example:{port}/")
    assert len(got) == 1


def test_a_redirect_to_a_name_that_leads_inside():
    ways = {"a.example": "127.0.0.1", "b.example": "127.0.0.2"}

    def lead(sock):
        sock.sendall(redirect(f"http://b.example:{sock.getsockname()[1]}/"))

    with saying(lead, answer()) as (port, got):
        asked = fetcher(
            port,
            resolve=lambda host, _: [ways[host]],
            public=lambda address: str(address) == "127.0.0.1",
        )
        with pytest.raises(Refused, match="b.example' is not a public host"):
            asked.fetch(f"http://a.example:{port}/")
    assert len(got) == 1


def test_no_more_than_three_redirects():
    said = [redirect("/again")] * 6
    with saying(*said) as (port, got), pytest.raises(Refused, match="more than 3 times"):
        fetcher(port).fetch(f"http://a.example:{port}/")
    assert len(got) == 4


def endless(sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(b"x" * 65536)


def drip(sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        sock.sendall(b"x")
        time.sleep(0.02)


def drip_headers(sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        sock.sendall(b"X")
        time.sleep(0.02)


def silent(sock):
    sock.recv(1)


ZIPPED = gzip.compress(b"0" * 10_000_000)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(length=2_000_000), "more than 1,000,000 bytes"),
        (answer(b"x" * 1_000_001), "more than 1,000,000 bytes"),
        (answer(length=100), "sent 7 of 100 bytes|cannot be read"),
        (endless, "more than 1,000,000 bytes"),
        (drip, "did not send"),
        (drip_headers, "did not send"),
        (silent, "did not send"),
        (answer(ZIPPED, "Content-Encoding: gzip\r\n"), "not unpacked"),
        (answer(ZIPPED, "Content-Encoding: identity, gzip\r\n"), "not unpacked"),
        (answer(status="404 Not Found"), "status 404"),
        (answer(status="206 Partial Content"), "status 206"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "cannot be read"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=lambda one: one if isinstance(one, str) else getattr(one, "__name__", "bytes"),
)
def test_answers_that_are_no_picture(said, why):
    with saying(said) as (port, _):
        began = time.monotonic()
        with pytest.raises(Refused, match=why):
            fetcher(port, seconds=0.5, most=1_000_000).fetch(f"http://a.example:{port}/")
        assert time.monotonic() - began < 20


def test_names_are_looked_up():
    assert "127.0.0.1" in resolve("localhost", 80) or "::1" in resolve("localhost", 80)
