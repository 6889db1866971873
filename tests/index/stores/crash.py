"""Writers that are killed, and what must be there afterwards.

A worker process writes batches and notes each acknowledged one in a ledger, a file of its own that
is synced line by line; the parent kills it at random, opens the store and compares. Everything about
a product follows from its number and the batch that wrote it last.

    python -m tests.index.stores.crash ingest ADDRESS LEDGER SEED
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.files import append_line, read_lines
from skulens.index.stores import open_store
from skulens.protocols import Store

DIM, MAKER = 16, "crash/1"
SCHEMA = Schema(
    (VectorColumn("picture", DIM, MAKER),),
    (FieldColumn("id", "text"), FieldColumn("extras.batch", "number")),
    "crash",
)
BATCH = 100
"""Products of a batch: half of them new, the others written before."""
WRITERS, SHARED = 4, 1000
"""Processes that write at once, and the products that each of them writes."""
SAMPLE = 50
"""Products whose vectors are compared after each kill."""


def make_document(number: int, batch: int) -> Document:
    return Document(
        f"p{number:06}",
        {"picture": vector_of(number, batch)},
        {"id": f"p{number:06}", "extras.batch": float(batch)},
        f"product number {number} of batch {batch}",
        b"",
        f"{number} {batch}",
    )


def vector_of(number: int, batch: int) -> np.ndarray:
    found = np.random.default_rng([number, batch]).normal(size=DIM)
    return (found / np.linalg.norm(found)).astype(np.float32)


def numbers_of(batch: int, seed: int) -> list[int]:
    """Products that a batch writes."""
    half = BATCH // 2
    new = list(range(batch * half, batch * half + half))
    old = random.Random(seed * 1_000_003 + batch).sample(
        range(batch * half), min(half, batch * half)
    )
    return new + old


# ----- the worker -----------------------------------------------------------------------------


def ingest(address: str, ledger: Path, seed: int, optimise: bool = False) -> None:
    """Write batches, from the one after the last begun, until killed.

    Args:
        optimise: do so after every fifth batch.
    """
    begun = [e["batch"] for e in read_lines(ledger) if e["what"] == "begin"]
    batch = max(begun, default=-1) + 1
    store = open_store(address, SCHEMA)
    while True:
        append_line(ledger, {"what": "begin", "batch": batch})
        store.upsert(make_document(n, batch) for n in numbers_of(batch, seed))
        append_line(ledger, {"what": "acknowledged", "batch": batch})
        if optimise and batch % 5 == 4:
            append_line(ledger, {"what": "optimise", "batch": batch})
            store.optimise()
        batch += 1


def share(address: str, writer: int) -> None:
    """Write the shared products once, batch by batch; where another is at work, wait and go on."""
    refused, start = 0, 0
    while start < SHARED:
        try:
            store = open_store(address, SCHEMA)
            try:
                while start < SHARED:
                    numbers = range(start, start + BATCH)
                    store.upsert(make_document(n, writer) for n in numbers)
                    start += BATCH
                    if start % (3 * BATCH) == 0:  # let others in
                        break
            finally:
                store.close()
        except StoreError as e:
            if "another" not in str(e):
                raise
            refused += 1
            time.sleep(random.uniform(0.01, 0.1))
    print(refused)


def prepare_lance() -> None:
    """Let LanceDB index vectors of small tables, too."""
    from skulens.index.stores.engines.lance import find

    find.EXACT_ROWS, find.FEW = 500, 100


# ----- the judge ------------------------------------------------------------------------------


@dataclass
class Findings:
    """What kills have cost; all but the first three are to be 0."""

    kills: int = 0
    acknowledged: int = 0
    """Batches."""
    unacknowledged_but_there: int = 0
    """Batches; allowed."""
    lost: int = 0
    """Products of acknowledged batches that are not there, or are older."""
    torn: int = 0
    """Batches of which only a part is there."""
    duplicates: int = 0
    wrong_vectors: int = 0
    reopen_s: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost + self.torn + self.duplicates + self.wrong_vectors)


def run_worker(what: str, address: str, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.index.stores.crash", what, address, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def count_lines(ledger: Path, what: str) -> int:
    return sum(e["what"] == what for e in read_lines(ledger))


def kill_once(what: str, address: str, ledger: Path, seed: int, rng: random.Random) -> None:
    """Start a worker, wait until it is at work, and kill it at a random time."""
    awaited = "begin" if what == "ingest" else "optimise"
    before = count_lines(ledger, awaited)
    worker = run_worker(what, address, str(ledger), str(seed))
    try:
        deadline = time.monotonic() + 120
        while count_lines(ledger, awaited) == before:
            if worker.poll() is not None or time.monotonic() > deadline:
                worker.kill()
                raise AssertionError(f"the worker did not start: {worker.communicate()[1][-2000:]}")
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 1.0 if what == "ingest" else 0.4))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        worker.communicate()


def expected_of(ledger: Path, seed: int) -> tuple[dict[int, int], int]:
    """(product -> last acknowledged batch that wrote it, the batch begun and not acknowledged)."""
    done = [e["batch"] for e in read_lines(ledger) if e["what"] == "acknowledged"]
    begun = [e["batch"] for e in read_lines(ledger) if e["what"] == "begin"]
    expected = {n: batch for batch in sorted(done) for n in numbers_of(batch, seed)}
    return expected, -1 if max(begun) in done else max(begun)


def judge(store: Store, ledger: Path, seed: int, found: Findings, rng: random.Random) -> None:
    """Compare a store with its ledger; adds to the findings."""
    told = {int(i[1:]): int(d.split()[1]) for i, d in store.digests().items()}
    found.duplicates += store.count() - len(told)
    expected, open_batch = expected_of(ledger, seed)
    begun = {e["batch"] for e in read_lines(ledger) if e["what"] == "begin"}
    found.acknowledged = count_lines(ledger, "acknowledged")
    for number, batch in expected.items():
        found.lost += told.get(number, -1) < batch
    seen = (
        [told.get(n, -1) == open_batch for n in numbers_of(open_batch, seed)]
        if open_batch >= 0
        else []
    )
    found.torn += any(seen) and not all(seen)
    found.unacknowledged_but_there += bool(seen) and all(seen)
    assert set(told.values()) <= begun, "the store holds what nobody wrote"
    sample = rng.sample(sorted(told), min(SAMPLE, len(told)))
    vectors = store.vectors("picture", [f"p{n:06}" for n in sample])
    for number, vector in zip(sample, vectors, strict=True):
        found.wrong_vectors += not np.allclose(vector, vector_of(number, told[number]), atol=1e-6)


def kill_rounds(
    what: str, address: str, ledger: Path, rounds: int, seed: int, found: Findings
) -> Iterator[Store]:
    """Kill a worker again and again; after each time the open store.

    Args:
        what: "ingest", or "optimise": while indexes are brought up to date.
        found: what each time has shown is added to it.
    """
    rng = random.Random(seed)
    for _ in range(rounds):
        kill_once(what, address, ledger, seed, rng)
        found.kills += 1
        start = time.perf_counter()
        store = open_store(address)
        store.count()
        found.reopen_s.append(time.perf_counter() - start)
        try:
            judge(store, ledger, seed, found, rng)
            yield store
        finally:
            store.close()


def recall_of(store: Store, rng: random.Random, queries: int = 20, k: int = 10) -> float:
    """Of the store's search against comparing all."""
    shares = []
    for _ in range(queries):
        vector = vector_of(rng.randrange(10**9), 0)
        asked = [Probe(vector, "picture", MAKER, k=k, exact=exact) for exact in (False, True)]
        near, exact = (set(store.search(probe).ids) for probe in asked)
        shares.append(len(near & exact) / max(len(exact), 1))
    return sum(shares) / len(shares)


def write_at_once(address: str, writers: int = WRITERS) -> tuple[int, int, int]:
    """(products, different ones, refusals) after several processes wrote the same products."""
    workers = [run_worker("share", address, str(writer)) for writer in range(writers)]
    said = [w.communicate(timeout=300) for w in workers]
    failed = [err for w, (_, err) in zip(workers, said, strict=True) if w.returncode]
    assert not failed, failed[0][-2000:]
    store = open_store(address)
    try:
        return store.count(), len(store.digests()), sum(int(out.split()[-1]) for out, _ in said)
    finally:
        store.close()


def main(what: str, address: str, *words: str) -> None:
    prepare_lance()
    if what == "share":
        share(address, int(words[0]))
    else:
        ingest(address, Path(words[0]), int(words[1]), optimise=what == "optimise")


if __name__ == "__main__":
    main(*sys.argv[1:])
