"""Servers that are killed while products are upserted over HTTP, and what must be there afterwards.

A client outside notes each call in a ledger, a file of its own that is synced line by line, before it
is made and once it is acknowledged; the server is killed at random and started again on its store.
The client then repeats the call that was open, under its old key, and once more those that were
acknowledged last. Everything about a product follows from its number and the call that wrote it last.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from skulens.files import append_line, read_lines
from skulens.index.stores import open_store
from tests.serve.kept import colour_of, picture, uri

BATCH = 12
"""Products of a call: half of them new, the others written before."""
REPEATED = 3
"""Acknowledged calls that are made again after each kill."""
START_S = 120.0


@dataclass
class Findings:
    """What kills have cost; all but the first four are to be 0."""

    kills: int = 0
    acknowledged: int = 0
    """Calls."""
    open_and_there: int = 0
    """Calls that were open when the server was killed, and had been written."""
    repeated: int = 0
    """Acknowledged calls that were made again."""
    lost: int = 0
    """Products of acknowledged calls that are not there, or are older."""
    torn: int = 0
    """Calls of which only a part is there."""
    duplicates: int = 0
    other_answers: int = 0
    """Repeated calls that got another answer, or changed the store."""
    wrong_vectors: int = 0
    restart_s: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (
            self.lost + self.torn + self.duplicates + self.other_answers + self.wrong_vectors
        )


def numbers_of(call: int, seed: int) -> list[int]:
    """Products that a call writes."""
    half = BATCH // 2
    new = list(range(call * half, call * half + half))
    old = random.Random(seed * 1_000_003 + call).sample(range(call * half), min(half, call * half))
    return new + old


def body_of(call: int, seed: int) -> dict[str, Any]:
    return {
        "products": [
            {
                "id": f"p{number}",
                "title": f"thing {number} of call {call}",
                "images": [uri(picture(colour_of(number + call)))],
                "extras": {"call": call},
            }
            for number in numbers_of(call, seed)
        ]
    }


# ----- the server and its client ----------------------------------------------------------------


@contextlib.contextmanager
def running(place: Path, log: Path) -> Iterator[tuple[str, int]]:
    """(address, process id) of a server; killed at the end, if not before."""
    with log.open("a") as err:
        command = [sys.executable, "-m", "skulens.cli", "serve", str(place), "--port=0", "--json"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            assert line, log.read_text()[-2000:]
            url = json.loads(line)["url"]
            wait_until_ready(url, child, log)
            yield url, child.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            child.communicate()


def wait_until_ready(url: str, child: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        time.sleep(0.02)
    raise AssertionError(f"the server is not ready: {log.read_text()[-2000:]}")


def call_once(client: httpx.Client, ledger: Path, call: int, seed: int) -> dict[str, Any]:
    """Make a call, and note it before and after. Raises httpx.TransportError where it is killed."""
    append_line(ledger, {"what": "begin", "call": call})
    answer = client.post(
        "/v1/products:batchUpsert",
        json=body_of(call, seed),
        headers={"Idempotency-Key": f"call-{call}"},
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    append_line(ledger, {"what": "acknowledged", "call": call, "answer": told})
    return told


def calls_of(ledger: Path, what: str) -> dict[int, Any]:
    """Call -> its answer; the calls that were begun, or acknowledged."""
    return {e["call"]: e.get("answer") for e in read_lines(ledger) if e["what"] == what}


def kill_once(
    place: Path, folder: Path, seed: int, rng: random.Random, found: Findings, most_s: float
) -> None:
    """Start a server, repeat what was open, go on, and kill it at a random time."""
    ledger = folder / "ledger"
    start = time.perf_counter()
    with (
        running(place, folder / "server.log") as (url, pid),
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        found.restart_s.append(time.perf_counter() - start)
        repeat_acknowledged(client, place, ledger, seed, rng, found)
        done, begun = calls_of(ledger, "acknowledged"), calls_of(ledger, "begin")
        call = max(begun, default=-1) + 1 if begun.keys() <= done.keys() else max(begun)
        call_once(client, ledger, call, seed)  # the encoder is loaded; the open call is made again
        timer = threading.Timer(rng.uniform(0, most_s), os.kill, (pid, signal.SIGKILL))
        timer.start()
        try:
            with contextlib.suppress(httpx.TransportError):
                while True:
                    call += 1
                    call_once(client, ledger, call, seed)
        finally:
            timer.join()
    found.kills += 1


def repeat_acknowledged(
    client: httpx.Client, place: Path, ledger: Path, seed: int, rng: random.Random, found: Findings
) -> None:
    """Make acknowledged calls again: the answer is that of the first time, and nothing changes."""
    done = calls_of(ledger, "acknowledged")
    before = open_store(str(place)).digests()
    for call in rng.sample(sorted(done), min(REPEATED, len(done))):
        answer = client.post(
            "/v1/products:batchUpsert",
            json=body_of(call, seed),
            headers={"Idempotency-Key": f"call-{call}"},
        )
        found.repeated += 1
        found.other_answers += answer.json() != done[call]
    found.other_answers += open_store(str(place)).digests() != before


# ----- the judge --------------------------------------------------------------------------------


def judge(place: Path, ledger: Path, seed: int, found: Findings) -> None:
    """Compare the store with the ledger; adds to the findings."""
    store = open_store(str(place))
    try:
        ids = sorted(store.digests())
        rows = store.fetch(ids, ["extras.call", "title"])
        told = {int(i[1:]): int(row["extras.call"]) for i, row in zip(ids, rows, strict=True)}
        found.duplicates += store.count() - len(ids)
        found.wrong_vectors += sum(
            f"thing {n} of call {call}" != row["title"]
            for (n, call), row in zip(told.items(), rows, strict=True)
        )
        found.wrong_vectors += int(np.isnan(store.vectors("picture", ids)).any(axis=1).sum())
    finally:
        store.close()
    done, begun = calls_of(ledger, "acknowledged"), calls_of(ledger, "begin")
    found.acknowledged = len(done)
    for number, call in {n: c for c in sorted(done) for n in numbers_of(c, seed)}.items():
        found.lost += told.get(number, -1) < call
    for call in begun.keys() - done.keys():
        seen = [told.get(n, -1) >= call for n in numbers_of(call, seed)]
        found.torn += any(seen) and not all(seen)
        found.open_and_there += all(seen)
    assert set(told.values()) <= set(begun), "the store holds what nobody wrote"


def kill_rounds(place: Path, folder: Path, rounds: int, seed: int, most_s: float = 0.6) -> Findings:
    """Kill servers on a store again and again, and judge after each time.

    Args:
        most_s: longest that a client goes on before the server is killed.
    """
    found, rng = Findings(), random.Random(seed)
    for _ in range(rounds):
        kill_once(place, folder, seed, rng, found, most_s)
        judge(place, folder / "ledger", seed, found)
    return found


def describe(found: Findings) -> str:
    return json.dumps(found.__dict__)
