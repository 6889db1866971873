"""Batches of parts through decoding and the forward pass, on whatever cores there are.

Two ways to keep the machine busy, chosen by where the forward pass runs:

- CPU: each core takes whole batches from file to vector with one compute thread. Nothing
  waits for anything else, so the rate is cores / (decode + forward seconds on one core),
  and no OpenMP barrier ever meets a decoding thread.
- accelerator: worker threads decode and prepare ahead, this thread feeds the device.

benchmarks/end_to_end.py measures both against their limit.
"""

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from skulens.encode.parts import Content
from skulens.errors import EncoderError, PictureError
from skulens.protocols import Encoder, Modality
from skulens.records import chunks


class Work:
    """What one encoder still has to compute of one modality, and where the results go."""

    def __init__(
        self, encoder: Encoder, keys: set[bytes], prompt: str, take: Callable, fail: Callable
    ):
        self.encoder, self.keys, self.prompt = encoder, keys, prompt
        self.take, self.fail = take, fail
        self.prepare_s = self.forward_s = 0.0
        """Thread-seconds spent so far."""
        self.lock = threading.Lock()

    def prepare(self, modality: Modality, loaded: dict[bytes, object]) -> tuple[list[bytes], list]:
        """Prepared parts of those loaded keys that this encoder misses."""
        start = time.perf_counter()
        keys = [key for key in loaded if key in self.keys]
        if modality == "text":
            batch = [self.encoder.prepare_text(self.prompt + loaded[key]) for key in keys]
        else:
            batch = [self.encoder.prepare_image(loaded[key]) for key in keys]
        with self.lock:
            self.prepare_s += time.perf_counter() - start
        return keys, batch

    def forward(self, modality: Modality, keys: list[bytes], batch: list) -> None:
        if not keys:
            return
        start = time.perf_counter()
        vectors = np.asarray(self.encoder.encode_batch(modality, batch), np.float32)
        expected = (len(keys), self.encoder.info.dim)
        if vectors.shape != expected:
            raise EncoderError(
                f"{self.encoder.info.name} returned {vectors.shape}, expected {expected}"
            )
        with self.lock:
            self.forward_s += time.perf_counter() - start
            finite = np.isfinite(vectors).all(axis=1)
            self.take([k for k, good in zip(keys, finite, strict=True) if good], vectors[finite])
        for key, good in zip(keys, finite, strict=True):
            if not good:
                self.fail(key, "the encoder returned NaN or infinity")


class Pipeline:
    """Runs batches of one modality through several encoders; each part is loaded once for all."""

    def __init__(
        self, works: Sequence[Work], modality: Modality, *, batch: int, threads: int, upright: bool
    ):
        self.works, self.modality = works, modality
        self.batch, self.threads, self.upright = batch, threads, upright
        self.load_s = 0.0
        """Thread-seconds spent reading and decoding."""
        self.lock = threading.Lock()

    def run(self, contents: dict[bytes, Content], done: Callable[[int], None]) -> None:
        """Compute everything; `done(n)` is called after each batch, from any thread."""
        order = sorted(contents, key=lambda key: contents[key].size)  # like lengths pad least
        batches = [{key: contents[key] for key in part} for part in chunks(order, self.batch)]
        on_cpu = all(work.encoder.device == "cpu" for work in self.works)
        step = self._whole if on_cpu else self._ahead
        with core_pool(self.threads) if on_cpu else ThreadPoolExecutor(self.threads) as pool:
            try:
                step(pool, batches, done)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _whole(
        self, pool: ThreadPoolExecutor, batches: list[dict], done: Callable[[int], None]
    ) -> None:
        """File to vector in one thread per core."""

        def job(batch: dict[bytes, Content]) -> int:
            self._forward(self._load(batch))
            return len(batch)

        for size in in_flight(pool, job, batches, 2 * self.threads):
            done(size)

    def _ahead(
        self, pool: ThreadPoolExecutor, batches: list[dict], done: Callable[[int], None]
    ) -> None:
        """Threads load ahead part by part, so that the first batch does not wait for one thread."""
        one_by_one = [{key: content} for batch in batches for key, content in batch.items()]
        waiting = 0
        ready: list[list] = [[[], []] for _ in self.works]
        for prepared in in_flight(pool, self._load, one_by_one, 3 * self.batch + self.threads):
            waiting += 1
            for pile, (keys, batch) in zip(ready, prepared, strict=True):
                pile[0] += keys
                pile[1] += batch
            if waiting == self.batch:
                self._forward(ready)
                done(waiting)
                waiting, ready = 0, [[[], []] for _ in self.works]
        if waiting:
            self._forward(ready)
            done(waiting)

    def _load(self, batch: dict[bytes, Content]) -> list[tuple[list[bytes], list]]:
        """Decode each part once and prepare it for every encoder that misses it."""
        start = time.perf_counter()
        loaded = {}
        for key, content in batch.items():
            try:
                loaded[key] = content.load(self.upright)
            except PictureError as e:
                for work in self.works:
                    work.fail(key, str(e))
        with self.lock:
            self.load_s += time.perf_counter() - start
        return [work.prepare(self.modality, loaded) for work in self.works]

    def _forward(self, prepared: list) -> None:
        for work, (keys, batch) in zip(self.works, prepared, strict=True):
            work.forward(self.modality, keys, batch)

    def seconds(self, work: Work) -> float:
        """Wall seconds this encoder would take alone on these threads."""
        if work.encoder.device == "cpu":
            return (self.load_s + work.prepare_s + work.forward_s) / self.threads
        return max((self.load_s + work.prepare_s) / self.threads, work.forward_s)


def in_flight(pool: ThreadPoolExecutor, job: Callable, rows: Sequence, most: int) -> Iterator:
    """Results of job(row) in order, with at most `most` submitted and not yet taken."""
    futures: deque[Future] = deque()
    for row in rows:
        if len(futures) >= most:
            yield futures.popleft().result()
        futures.append(pool.submit(job, row))
    while futures:
        yield futures.popleft().result()


@contextlib.contextmanager
def core_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads compute on one core each; torch's own setting is as before afterwards.

    OpenMP keeps the number per thread, MKL for the whole process, so it has to be put back.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        with ThreadPoolExecutor(threads) as pool:
            yield pool
        return
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)
