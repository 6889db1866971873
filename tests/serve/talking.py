"""A server of this process, and clients that behave as no library does."""

import json
import socket
from contextlib import contextmanager

import httpx

from skulens.serve.app import make_app
from skulens.serve.running import serving
from skulens.serve.settings import Settings


@contextmanager
def served(shop, settings=None, **options):
    """(client, application) of a shop behind a port of its own."""
    app = make_app(shop, settings or Settings(workers=2), **options)
    with serving(app) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        yield client, app


@contextmanager
def connected(client, timeout=30):
    """A plain connection to where a client asks."""
    address = client.base_url.host, client.base_url.port
    with socket.create_connection(address, timeout=timeout) as sock:
        yield sock


def post(path="/v1/search", body=b"{}", length=None, more=""):
    """A request, byte by byte."""
    size = len(body) if length is None else length
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
    return (head + f"Content-Length: {size}\r\n\r\n").encode() + body


def read_answer(sock):
    """(status, headers, body) as far as they come before the connection ends or is idle."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = sock.recv(65536)
        if not piece:
            return None, {}, got
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    return int(first.split()[1]), headers, body


def problem(body):
    return json.loads(body)
