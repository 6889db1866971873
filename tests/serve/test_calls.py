"""Calls of the client: again where a server is busy, as it says, and never for ever."""

import email.utils
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

pytest.importorskip("httpx")

from skulens.errors import DataError, MissingFile, SkulensError, StoreError
from skulens.serve.remote import calls as http
from skulens.serve.remote.calls import Calls, retry_after


class Script(BaseHTTPRequestHandler):
    """Answers as it is told to, one line after the other; the last one again and again."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.heard.append(dict(self.headers))
        told = self.server.lines
        status, headers, body = told.pop(0) if len(told) > 1 else told[0]
        if status == 0:  # hangs up
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def script(monkeypatch):
    """A server, its lines, what it heard, and how long the client waited."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    server.lines, server.heard, server.waits = [], [], []
    monkeypatch.setattr(http, "time", SimpleNamespace(time=time.time, sleep=server.waits.append))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


OK = (200, {}, b'{"fine": true}')


def ask(script, *lines, token=None, **given):
    script.lines[:] = lines
    calls = Calls(script.url, token, 5)
    try:
        return calls.json("GET", "/v1/about", **given)
    finally:
        calls.close()


@pytest.mark.parametrize("status", http.AGAIN)
def test_a_busy_server_is_asked_again(script, status):
    assert ask(script, (status, {}, b""), (status, {}, b""), OK) == {"fine": True}
    assert len(script.waits) == 2 and 0 < script.waits[0] < 2 * http.FIRST_WAIT_S


def test_the_client_waits_as_long_as_it_is_asked_to(script):
    ask(script, (429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "3"}, b""), OK)
    assert 7 <= script.waits[0] < 8 and 3 <= script.waits[1] < 4


def test_waits_grow(script):
    with pytest.raises(StoreError, match="429"):
        ask(script, (429, {}, b""))
    assert len(script.waits) == http.TRIES - 1 == len(script.heard) - 1
    for place, wait in enumerate(script.waits):
        assert 0.5 <= wait / (http.FIRST_WAIT_S * 2**place) <= 1.5


def test_nobody_waits_an_hour(script):
    with pytest.raises(StoreError):
        ask(script, (429, {"Retry-After": "3600"}, b""), OK)
    assert script.waits == []


def test_a_lost_connection_is_tried_again(script):
    assert ask(script, (0, {}, b""), OK) == {"fine": True}
    assert len(script.waits) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 501, 302, 204])
def test_other_answers_are_final(script, status):
    with pytest.raises(SkulensError):
        ask(script, (status, {"Location": "http://127.0.0.1:9/"}, b""), OK)
    assert len(script.heard) == 1 and script.waits == []


def test_what_waiting_does_not_change_is_final(script):
    with pytest.raises(MissingFile, match="gone"):
        ask(script, (503, {}, b'{"code": "missing-file", "detail": "gone"}'), OK)
    assert len(script.heard) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"\xff", b'"text"', b'{"code": ["writer"]}', b'{"detail": 3}']
)
def test_any_answer_is_an_error_of_the_house(script, body):
    with pytest.raises(DataError):
        ask(script, (422, {}, body))
    if body[:1] not in (b'"', b"{"):
        with pytest.raises(StoreError, match="right address"):
            ask(script, (200, {}, body))


def test_a_token_is_sent_and_never_shown(script):
    with pytest.raises(SkulensError) as told:
        ask(script, (401, {}, b""), token="secret-token")
    assert script.heard[0]["Authorization"] == "Bearer secret-token"
    assert "secret-token" not in str(told.value)


def test_retry_after_is_seconds_or_a_date():
    later = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < retry_after(later) <= 30
    assert (retry_after("2.5"), retry_after("-3"), retry_after("")) == (2.5, 0.0, None)
    assert retry_after("soon") is None
