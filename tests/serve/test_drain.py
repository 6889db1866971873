"""`skulens serve` as a process: it starts, says so, serves, and ends in good order."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

pytest.importorskip("lancedb", reason="pip install 'skulens[search]'")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store of the small shop on disk."""
    from skulens.documents import Schema
    from skulens.index.stores import open_store
    from skulens.index.stores.fields import infer
    from tests.search import small_shop

    address = str(tmp_path_factory.mktemp("drain") / "small.store")
    columns = (small_shop.column("picture"),)
    schema = Schema(columns, infer(small_shop.PRODUCTS))
    made = open_store(address, schema)
    made.upsert(small_shop.make_document(p, columns, schema) for p in small_shop.PRODUCTS)
    made.close()
    return address


START = """
import sys, time
from tests.search import small_shop
from skulens import registry
from skulens.registry import Row
registry.ENCODERS["colours"] = Row("tests.search.small_shop:Colours", "a test's")
import skulens.search.shop as shop
find = shop.Shop.find
def slowly(self, *given, **more):
    time.sleep(SLOW)
    return find(self, *given, **more)
shop.Shop.find = slowly
from skulens.cli import main
sys.argv = ["skulens", *sys.argv[1:]]
main()
"""


class Running:
    def __init__(self, store, *words, slow_s=0.0):
        code = START.replace("SLOW", repr(slow_s))
        command = [sys.executable, "-c", code, "serve", store, "--port", "0", "--json", *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip

    def __enter__(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.said = json.loads(line)
        self.url = self.said["url"]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()
        self.process.stderr.close()


def test_none_of_the_requests_begun_is_dropped(store):
    """Many clients ask without a pause; told to end in the middle of it, the server says at once
    that it is not ready, and answers all that it took."""
    statuses, failures, begun, stop = [], [], threading.Event(), threading.Event()

    def ask(url):
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while not stop.is_set():
                try:
                    found = client.post("/v1/search", json={"item": [{"text": "red"}]})
                except httpx.ConnectError:  # it listens no longer
                    return
                except httpx.HTTPError as e:
                    failures.append(repr(e))
                    return
                statuses.append(found.status_code)
                if len(statuses) >= 50:
                    begun.set()

    with Running(store, slow_s=0.01) as server:
        threads = [threading.Thread(target=ask, args=(server.url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        ready = httpx.get(server.url + "/readyz", timeout=10, trust_env=False)
        assert ready.status_code == 503 and "draining" in ready.text
        assert server.process.wait(20) == 0
        took_s = time.monotonic() - began
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == [] and set(statuses) == {200} and len(statuses) > 50
    assert took_s < 20


def test_a_port_that_is_taken_is_an_error(store):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "skulens.cli", "serve", store, "--port", str(port)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.returncode == 2 and "Traceback" not in found.stderr
    assert re.search(rf"cannot listen on 127.0.0.1:{port}: .*--port", found.stderr)


def test_no_store_and_a_store_of_an_unknown_encoder_are_errors(store, tmp_path):
    for place, said in ((str(tmp_path / "none.store"), "no store"), (store, "colours")):
        command = [sys.executable, "-m", "skulens.cli", "serve", place, "--port", "0"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert found.returncode == 2 and "Traceback" not in found.stderr, found.stderr
        assert found.stderr.splitlines()[-1].startswith("error: ") and said in found.stderr


def test_products_are_counted_and_requests_logged(store, tmp_path):
    log = tmp_path / "access.log"
    with Running(store, "--log", str(log)) as server:
        assert server.said["products"] == 10
        httpx.get(server.url + "/readyz?token=secret", timeout=10, trust_env=False)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
    [line] = log.read_text().splitlines()
    assert json.loads(line)["route"] == "/readyz" and "secret" not in line
