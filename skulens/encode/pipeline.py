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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import PIL.Image

from skulens import pictures
from skulens.encode.parts import Content, Loaded
from skulens.errors import EncoderError, PictureError
from skulens.protocols import Encoder, Modality, Role, TokenEncoder
from skulens.records import chunks

Look = Callable[[str, PIL.Image.Image], None]
"""Is shown the sha256 and the pixels of a picture."""
LAST = 8
"""Parts of the last batches on a CPU. One core takes as long for each part as with 32, down to 4, and
gives the same bits (mini, ViT-B-32)."""
Rows = np.ndarray | list[np.ndarray]
"""(parts, dim) vectors, or for each part the (tokens, dim) vectors of its tokens; float32."""


class Work:
    """What one encoder still has to compute of one modality, and where the results go."""

    def __init__(
        self,
        encoder: Encoder,
        names: set[str],
        role: Role,
        *,
        take: Callable[[list[str], Rows], None],
        fail: Callable[[str, str], None],
        tokens: bool = False,
    ):
        """Work on the contents called `names`; `tokens` asks for all token vectors of a part."""
        self.encoder, self.names, self.role, self.tokens = encoder, names, role, tokens
        self.take, self.fail = take, fail
        self.prepare_s = self.forward_s = 0.0
        """Thread-seconds spent so far."""
        self.lock = threading.Lock()

    def prepare(
        self, modality: Modality, loaded: Mapping[str, Loaded]
    ) -> tuple[list[str], list[Any]]:
        """Prepared parts of those loaded contents that this encoder misses."""
        start = time.perf_counter()
        prepares: dict[str, Callable[[Any, Role], Any]] = {
            "text": self.encoder.prepare_text,
            "image": self.encoder.prepare_image,
            "item": self.encoder.prepare_item,
        }
        names, batch = [], []
        for name in loaded:
            if name not in self.names:
                continue
            try:
                batch.append(prepares[modality](loaded[name], self.role))
                names.append(name)
            except PictureError as e:  # readable, but not for this encoder
                self.fail(name, str(e))
        with self.lock:
            self.prepare_s += time.perf_counter() - start
        return names, batch

    def forward(self, modality: Modality, names: list[str], batch: list[Any]) -> None:
        if not names:
            return
        start = time.perf_counter()
        rows = self._rows(modality, batch)
        finite = [bool(np.isfinite(row).all()) for row in rows]
        with self.lock:
            self.forward_s += time.perf_counter() - start
            good = [i for i, ok in enumerate(finite) if ok]
            kept = rows[good] if isinstance(rows, np.ndarray) else [rows[i] for i in good]
            self.take([names[i] for i in good], kept)
        for name, ok in zip(names, finite, strict=True):
            if not ok:
                self.fail(name, "the encoder returned NaN or infinity")

    def _rows(self, modality: Modality, batch: list[Any]) -> Rows:
        """What the encoder answers, its shape checked."""
        info = self.encoder.info
        if self.tokens:
            assert isinstance(self.encoder, TokenEncoder)  # the Embedder has checked it
            rows = self.encoder.encode_tokens(modality, batch)
            shapes = [row.shape for row in rows]
            if len(rows) == len(batch) and all(s[1:] == (info.dim,) for s in shapes):
                return rows
            raise EncoderError(f"{info.name} returned {shapes}, expected (tokens, {info.dim})")
        vectors = np.asarray(self.encoder.encode_batch(modality, batch), np.float32)
        expected = (len(batch), info.dim)
        if vectors.shape != expected:
            raise EncoderError(f"{info.name} returned {vectors.shape}, expected {expected}")
        return vectors


class Pipeline:
    """Runs batches of one modality through several encoders; each part is loaded once for all."""

    def __init__(
        self,
        works: Sequence[Work],
        modality: Modality,
        *,
        batch: int,
        threads: int,
        upright: bool,
        look: Look | None = None,
    ):
        self.works, self.modality, self.look = works, modality, look
        self.batch, self.threads, self.upright = batch, threads, upright
        self.load_s = 0.0
        """Thread-seconds spent reading and decoding."""
        self.lock = threading.Lock()

    def run(self, contents: dict[str, Content], done: Callable[[int], None]) -> None:
        """Compute everything; `done(n)` is called after each batch, from any thread."""
        order = sorted(contents, key=lambda name: contents[name].size)  # like lengths pad least
        on_cpu = all(work.encoder.device == "cpu" for work in self.works)
        parts = cut_end(order, self.batch, self.threads) if on_cpu else chunks(order, self.batch)
        batches = [{key: contents[key] for key in part} for part in parts]
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

        def job(batch: dict[str, Content]) -> int:
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

    def _load(self, batch: dict[str, Content]) -> list[tuple[list[str], list[Any]]]:
        """Decode each part once and prepare it for every encoder that misses it.

        A thread holds one decoded part at a time, and one thread at a time a big picture.
        """
        prepared: list[tuple[list[str], list[Any]]] = [([], []) for _ in self.works]
        for key, content in batch.items():
            with pictures.one_big_at_a_time():
                self._load_part(key, content, prepared)
        return prepared

    def _load_part(
        self, key: str, content: Content, prepared: list[tuple[list[str], list[Any]]]
    ) -> None:
        start = time.perf_counter()
        try:
            loaded = {key: (part := content.load(self.upright))}
            if self.look is not None and isinstance(part, PIL.Image.Image):
                self.look(content.sha256, part)
        except PictureError as e:
            loaded = {}
            for work in self.works:
                work.fail(key, str(e))
        with self.lock:
            self.load_s += time.perf_counter() - start
        for work, (names, parts) in zip(self.works, prepared, strict=True):
            found = work.prepare(self.modality, loaded)
            names += found[0]
            parts += found[1]

    def _forward(self, prepared: list) -> None:
        for work, (keys, batch) in zip(self.works, prepared, strict=True):
            work.forward(self.modality, keys, batch)

    def seconds(self, work: Work) -> float:
        """Wall seconds this encoder would take alone on these threads."""
        if work.encoder.device == "cpu":
            return (self.load_s + work.prepare_s + work.forward_s) / self.threads
        return max((self.load_s + work.prepare_s) / self.threads, work.forward_s)


def cut_end(order: Sequence[str], batch: int, threads: int) -> Iterator[Sequence[str]]:
    """Batches, of which the last two for each thread are cut smaller.

    So the threads end together: with batches of 32, those that end first wait for the last one a
    quarter as long.
    """
    whole = max(0, len(order) // batch - 2 * threads) * batch
    yield from chunks(order[:whole], batch)
    yield from chunks(order[whole:], min(batch, LAST))


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
