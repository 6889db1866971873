"""Bytes, time, clients that go: over sockets, against a real server."""

import json
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from skulens.serve.settings import Settings
from tests.serve.fakes import make_shop, opened, slow_shop
from tests.serve.talking import connected, post, read_answer, served

SMALL = Settings(workers=2, body_bytes=50_000, read_s=0.5, head_s=0.5)


@pytest.fixture(scope="module")
def small():
    from tests.search import small_shop

    with pytest.MonkeyPatch.context() as patch:
        small_shop.register(patch)
        with served(make_shop(), SMALL) as (client, app):
            yield client, app


def wait_until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.002)


def test_a_search_by_words(small):
    client, _ = small
    found = client.post("/v1/search", json={"item": [{"text": "red"}]})
    assert found.status_code == 200 and found.json()["hits"][0]["id"][0] == "r"


def test_a_large_body_is_refused_from_its_length(small):
    client, _ = small
    with connected(client) as sock:
        sock.sendall(post(length=50_001, body=b""))  # nothing of the body is sent
        status, headers, body = read_answer(sock)
    assert status == 413 and headers["connection"] == "close"
    assert json.loads(body)["code"] == "too-large" and "50,000" in json.loads(body)["detail"]


def test_a_body_without_a_length_is_counted_as_it_comes(small):
    client, app = small

    def pieces():
        for _ in range(100):
            yield b" " * 1000

    found = client.post("/v1/search", content=pieces())
    assert found.status_code == 413 and found.headers["content-type"] == "application/problem+json"
    assert client.get("/livez").status_code == 200


def test_a_client_that_sends_first_and_reads_then_learns_why(small):
    client, _ = small
    found = client.post("/v1/search", content=b" " * 300_000)
    assert found.status_code == 413


def test_a_body_of_the_size_allowed_passes(small):
    client, _ = small
    body = json.dumps({"item": [{"text": "red"}]}).encode()
    assert client.post(
        "/v1/search", content=body.ljust(50_000), headers={"Content-Type": "application/json"}
    ).is_success


def test_a_body_that_drips_is_given_up(small):
    client, _ = small
    with connected(client) as sock:
        sock.sendall(post(length=1000, body=b"{"))
        status, _, body = read_answer(sock)
    assert status == 408 and json.loads(body)["code"] == "too-slow"


def test_headers_that_drip_are_given_up(small):
    client, _ = small
    with connected(client) as sock:
        sock.sendall(b"POST /v1/search HTTP/1.1\r\nHost: a\r\nX-")
        with suppress(ConnectionResetError):
            assert sock.recv(1000) == b""


def test_a_silent_connection_is_closed(small):
    client, _ = small
    with connected(client) as sock, suppress(ConnectionResetError):
        assert sock.recv(1000) == b""


def test_headers_that_never_end_are_refused(small):
    client, _ = small
    with connected(client) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        got = b""
        try:
            for _ in range(200):
                sock.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")
                time.sleep(0.0005)
            got = sock.recv(1000)
        except OSError:
            got = got or b"HTTP/1.1 431 (the connection was closed while we sent)"
    assert got.startswith(b"HTTP/1.1 4")


def test_no_answer_within_the_deadline(small):
    with served(slow_shop(), Settings(deadline_s=0.5)) as (client, app):
        shop = app.state.service.shop
        with opened(shop.gate):
            shop.gate.close()
            found = client.post("/v1/search", json={"item": [{"text": "red"}]})
            assert (found.status_code, found.json()["code"]) == (503, "deadline")
            assert int(found.headers["Retry-After"]) >= 1
            assert app.state.service._inside == 0


def test_more_than_may_wait_are_refused_and_told_when_to_come_back():
    settings = Settings(workers=1, waiting=1)
    with served(slow_shop(), settings) as (client, app):
        service = app.state.service
        with opened(service.shop.gate):
            service.shop.gate.close()
            body, found = {"item": [{"text": "red"}]}, []
            threads = [
                threading.Thread(
                    target=lambda: found.append(client.post("/v1/search", json=body).status_code)
                )
                for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            wait_until(lambda: service.full)
            refused = client.post("/v1/search", json=body)
            assert client.get("/livez").is_success and client.get("/readyz").is_success
            service.shop.gate.open()
            for thread in threads:
                thread.join()
    assert refused.status_code == 429 and refused.json()["code"] == "busy"
    assert int(refused.headers["Retry-After"]) >= 1 and found == [200, 200]


def test_bodies_held_at_once_are_bounded():
    settings = Settings(workers=1, bodies_bytes=30_000)
    with served(make_shop(), settings) as (client, app), connected(client) as sock:
        sock.sendall(post(length=25_000, body=b" " * 20_000))
        wait_until(lambda: held(app) >= 20_000)
        refused = client.post("/v1/search", content=b" " * 15_000)
        sock.close()
        wait_until(lambda: held(app) == 0)
        later = client.post("/v1/search", content=b" " * 15_000)
    assert refused.status_code == 429 and later.status_code == 422


def held(app):
    """Bytes of bodies that the server holds."""
    layer = app.door
    while not hasattr(layer, "_held"):
        layer = layer.app
    return layer._held


def test_a_client_that_goes_is_forgotten():
    """1,000 clients ask and go at once: nothing of what they wanted is done, no thread stays."""
    with served(slow_shop(), Settings(workers=2, waiting=100)) as (client, app):
        service = app.state.service
        shop, before = service.shop, threading.active_count()
        with opened(shop.embedder.gate):
            shop.embedder.gate.close()
            first = threading.Thread(
                target=lambda: client.post("/v1/search", json={"item": [{"text": "red"}]})
            )
            first.start()
            shop.embedder.gate.wait_for_one()
            body = json.dumps({"item": [{"text": "blue"}]}).encode()
            for _ in range(20):
                with ExitStack() as group:
                    for _ in range(50):
                        group.enter_context(connected(client)).sendall(post(body=body))
                    wait_until(lambda: service._inside == 51)
                wait_until(lambda: service._inside == 1)
            shop.embedder.gate.open()
            first.join()
        wait_until(lambda: service._inside == 0)
        assert shop.embedder.groups == [["red"]]
        assert threading.active_count() <= before + 3
        counted = 'skulens_requests_total{method="POST",route="/v1/search",status="499"} 1000.0'
        assert counted in client.get("/metrics").text


def test_waiting_work_is_cancelled_soon_after_its_client_went():
    with served(slow_shop(), Settings(workers=1)) as (client, app):
        service = app.state.service
        shop = service.shop
        with opened(shop.embedder.gate):
            shop.embedder.gate.close()
            with connected(client) as first, connected(client) as second:
                first.sendall(post(body=b'{"item": [{"text": "red"}]}'))
                shop.embedder.gate.wait_for_one()
                second.sendall(post(body=b'{"item": [{"text": "blue"}]}'))
                wait_until(lambda: service._inside == 2)
                second.close()
                began = time.monotonic()
                wait_until(lambda: service._inside == 1)
                took_s = time.monotonic() - began
                shop.embedder.gate.open()
                assert read_answer(first)[0] == 200
    assert took_s < 5  # 0.2 s on a machine with nothing else to do; it is an event, not a poll


def test_an_error_nobody_thought_of_is_a_problem_and_keeps_its_secrets(caplog):
    with served(make_shop()) as (client, app):

        def fail(*_):
            raise ZeroDivisionError("secret")

        app.state.service.shop.store.fetch = fail
        found = client.get("/v1/products/r1")
    assert found.status_code == 500 and found.json()["code"] == "internal"
    assert "secret" not in found.text and "ZeroDivisionError" in caplog.text
