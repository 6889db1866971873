"""A shop whose encoder and engine wait for a word from the test."""

import threading
from contextlib import contextmanager

from tests.search import small_shop

make_shop, photo = small_shop.make_shop, small_shop.photo


class Gate:
    """Something that goes on when it is told to, and knows who waits."""

    def __init__(self, open: bool = True):
        self._open = threading.Event()
        self.reached = threading.Semaphore(0)
        if open:
            self._open.set()

    def close(self):
        self._open.clear()

    def open(self):
        self._open.set()

    def pass_through(self):
        self.reached.release()
        assert self._open.wait(30), "the test never opened the gate"

    def wait_for_one(self):
        assert self.reached.acquire(timeout=30), "nobody came to the gate"


class SlowEmbedder:
    """Embeds at its gate; texts "bad" make no sense."""

    def __init__(self, embedder):
        self.real, self.gate, self.groups = embedder, Gate(), []

    def __getattr__(self, name):
        return getattr(self.real, name)

    def embed(self, requests):
        self.groups.append([request.text for request in requests])
        self.gate.pass_through()
        return self.real.embed(requests)


def slow_shop(*columns, **options):
    """A small shop that embeds at `shop.embedder.gate` and finds at `shop.gate`."""
    shop = make_shop(*columns, **options)
    shop.embedder = SlowEmbedder(shop.embedder)
    shop.gate, find = Gate(), shop.find

    def find_at_gate(request, asked, read_s=0.0):
        shop.gate.pass_through()
        return find(request, asked, read_s)

    shop.find = find_at_gate
    return shop


@contextmanager
def opened(*gates):
    """Open the gates at the end, whatever happened, so that no thread waits for ever."""
    try:
        yield
    finally:
        for gate in gates:
            gate.open()
