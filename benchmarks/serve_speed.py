"""What does HTTP cost over a search in process, how many searches a second does a server answer, and
what happens when it is asked for three times as many?

What limits it: an exact scan reads every vector once (milliseconds at 200,000 products), and one
process of Python has one interpreter lock, so parsing and writing JSON, filters and explanations of
all requests share one core. Client and server run on the same cores here; a client elsewhere would
leave the server more. The client is a few lines over sockets, so that little is taken by it.

- overhead: the same vectors, in process and over HTTP in turn; their medians and the difference.
- photo: a JPEG of 640 x 480 px in, ten hits out, one after the other.
- capacity: closed loop, 16 connections.
- load: open loop at 70 % of the capacity; latency from the moment a request was due.
- overload: open loop at 300 %; what is refused and how soon, what is still answered, any answer of
  5xx; then how long until ten searches in a row are answered.
- memory: of the server, before and after searches.

    python -m benchmarks.serve_speed --rows 5000 --seconds 3 --searches 500      # a minute
    python -m benchmarks.serve_speed --rows 200000 --work DIR --save
"""

import argparse
import asyncio
import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks.common import named, report
from benchmarks.search_speed_data import Catalogue
from skulens.documents import Schema
from skulens.encode import open_encoder
from skulens.index.stores import open_store
from skulens.machine import count_cores
from skulens.search.indexing.columns import describe_column
from skulens.search.request import make_request
from skulens.search.shop import Shop

CONNECTIONS = 16
TARGETS = {"overhead ms": 2.5, "capacity per s": 250, "load p99 ms": 60, "recovery s": 5}
QUERIES = 500


@dataclass
class Ask:
    """A server, and requests for it."""

    port: int
    pid: int
    vectors: list[bytes]
    """Bodies of requests by a vector."""
    photos: list[bytes]


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> int:
    """Status of the answer to a search, its body read."""
    writer.write(
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(size)
    return int(head[9:12])


async def ask_in_turn(ask: Ask, bodies: list[bytes], count: int) -> list[float]:
    """Seconds of each of `count` requests, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ask.port)
    seconds = []
    for n in range(count):
        began = time.perf_counter()
        status = await talk(reader, writer, bodies[n % len(bodies)])
        assert status == 200, status
        seconds.append(time.perf_counter() - began)
    writer.close()
    return seconds


async def ask_closed(ask: Ask, seconds: float) -> float:
    """Answers a second, CONNECTIONS clients asking without a pause."""
    end, done = time.perf_counter() + seconds, 0

    async def client(first: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", ask.port)
        n = first
        while time.perf_counter() < end:
            assert await talk(reader, writer, ask.vectors[n % len(ask.vectors)]) == 200
            done, n = done + 1, n + 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(31 * n) for n in range(CONNECTIONS)))
    return done / (time.perf_counter() - began)


async def ask_open(ask: Ask, rate: float, seconds: float) -> list[tuple[int, float]]:
    """(status, seconds since it was due) of requests that come at random at a mean rate."""
    draw = np.random.default_rng(1)
    due = np.cumsum(draw.exponential(1 / rate, int(rate * seconds)))
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    found: list[tuple[int, float]] = []
    began = time.perf_counter()

    async def one(n: int, at: float) -> None:
        pair = free.pop() if free else await asyncio.open_connection("127.0.0.1", ask.port)
        try:
            status = await talk(*pair, ask.vectors[n % len(ask.vectors)])
            free.append(pair)
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        found.append((status, time.perf_counter() - began - at))

    tasks = []
    for n, at in enumerate(due):
        late = at - (time.perf_counter() - began)
        if late > 0:
            await asyncio.sleep(late)
        tasks.append(asyncio.create_task(one(n, at)))
    await asyncio.gather(*tasks)
    for _, writer in free:
        writer.close()
    return found


async def recover(ask: Ask) -> float:
    """Seconds until ten searches in a row are answered."""
    began = time.perf_counter()
    while True:
        try:
            await ask_in_turn(ask, ask.vectors, 10)
            return time.perf_counter() - began
        except (AssertionError, OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.05)


def measure_overhead(ask: Ask, shop: Shop, args: argparse.Namespace) -> list[dict]:
    """Milliseconds of the processor tell more than the clock where others use the machine."""
    cpu_here, cpu_there, mark = 0.0, 0.0, 0.0
    bodies = [json.loads(body) for body in ask.vectors]
    here: list[float] = []
    there: list[float] = []
    for start in range(0, args.searches, 50):  # in turn, so that both see the same machine
        mark = time.process_time()
        for n in range(start, start + 50):
            began = time.perf_counter()
            shop.answer(make_request(k=10, vectors=bodies[n % len(bodies)]["vectors"]))
            here.append(time.perf_counter() - began)
        cpu_here += time.process_time() - mark
        mark = cpu_seconds(ask.pid)
        there += asyncio.run(ask_in_turn(ask, ask.vectors, 50))
        cpu_there += cpu_seconds(ask.pid) - mark
    rows = [row("in process, p50 ms", here, 0.5), row("over HTTP, p50 ms", there, 0.5)]
    more = rows[1]["value"] - rows[0]["value"]
    cpu = {"in process, CPU ms": cpu_here, "server, CPU ms": cpu_there}
    rows += [{"measure": k, "value": round(1000 * v / len(here), 3)} for k, v in cpu.items()]
    return [*rows, {"measure": "overhead ms", "value": round(more, 3)}]


def measure_photo(ask: Ask, _: Shop, args: argparse.Namespace) -> list[dict]:
    found = asyncio.run(ask_in_turn(ask, ask.photos, max(20, args.searches // 10)))
    return [row("photo in, ten hits out, p50 ms", found, 0.5), row("photo, p95 ms", found, 0.95)]


def measure_capacity(ask: Ask, _: Shop, args: argparse.Namespace) -> list[dict]:
    args.capacity = asyncio.run(ask_closed(ask, args.seconds))
    return [{"measure": "capacity per s", "value": round(args.capacity, 1)}]


def measure_load(ask: Ask, _: Shop, args: argparse.Namespace) -> list[dict]:
    found = asyncio.run(ask_open(ask, 0.7 * capacity_of(ask, args), args.seconds))
    good = [s for status, s in found if status == 200]
    return [
        row("load p50 ms", good, 0.5),
        row("load p99 ms", good, 0.99),
        {"measure": "load, not answered", "value": len(found) - len(good)},
    ]


def measure_overload(ask: Ask, _: Shop, args: argparse.Namespace) -> list[dict]:
    capacity = capacity_of(ask, args)
    began = time.perf_counter()
    found = asyncio.run(ask_open(ask, 3 * capacity, args.seconds))
    took = time.perf_counter() - began
    recovery = asyncio.run(recover(ask))
    counts = Counter(status for status, _ in found)
    good = [s for status, s in found if status == 200]
    refused = [s for status, s in found if status == 429]
    return [
        {"measure": "overload, 200", "value": counts[200]},
        {"measure": "overload, 429", "value": counts[429]},
        {"measure": "overload, 5xx", "value": sum(n for s, n in counts.items() if s >= 500)},
        {"measure": "overload, connections lost", "value": counts[0]},
        {"measure": "overload, answered per s", "value": round(len(good) / took, 1)},
        row("overload, answered, p99 ms", good, 0.99),
        row("overload, refused, p99 ms", refused, 0.99),
        {"measure": "recovery s", "value": round(recovery, 2)},
    ]


def measure_memory(ask: Ask, _: Shop, args: argparse.Namespace) -> list[dict]:
    asyncio.run(ask_in_turn(ask, ask.vectors, 50))
    before = resident_mb(ask.pid)
    asyncio.run(ask_in_turn(ask, ask.vectors, args.searches * 10))
    return [
        {"measure": "memory before, MB", "value": round(before, 1)},
        {"measure": f"memory after {args.searches * 10:,} searches, MB", "value": round(resident_mb(ask.pid), 1)},
    ]  # fmt: skip


MEASURES: dict[str, Callable[[Ask, Shop, argparse.Namespace], list[dict]]] = {
    "overhead": measure_overhead,
    "photo": measure_photo,
    "capacity": measure_capacity,
    "load": measure_load,
    "overload": measure_overload,
    "memory": measure_memory,
}


def capacity_of(ask: Ask, args: argparse.Namespace) -> float:
    """Answers a second, measured once."""
    if not args.capacity:
        args.capacity = asyncio.run(ask_closed(ask, args.seconds))
    return args.capacity


def row(measure: str, seconds: list[float], q: float) -> dict:
    """A quantile in ms."""
    value = float(np.quantile(seconds, q)) * 1000 if seconds else float("nan")
    return {"measure": measure, "value": round(value, 3)}


def cpu_seconds(pid: int) -> float:
    """Of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def make_store(args: argparse.Namespace, folder: Path) -> str:
    """The address of a store whose vectors are random, and whose encoder is real."""
    encoder = open_encoder(args.encoder)
    column = describe_column("picture", encoder, "image")
    address = str(folder / f"serve-{args.encoder.replace(':', '-')}-{args.rows}.store")
    if Path(address).exists():
        return address
    catalogue = Catalogue(args.rows, column.dim)
    store = open_store(address, Schema((column,), catalogue.schema.fields, "serve_speed"))
    store.upsert(
        replace(d, vectors={"picture": d.vectors["picture"]}) for d in catalogue.documents()
    )
    store.optimise()
    store.close()
    return address


def make_bodies(dim: int) -> tuple[list[bytes], list[bytes]]:
    draw = np.random.default_rng(0)
    vectors = draw.standard_normal((QUERIES, dim)).round(4).tolist()
    asked = [json.dumps({"vectors": {"picture": v}, "k": 10}).encode() for v in vectors]
    return asked, [
        json.dumps({"item": [{"image": photo(draw)}], "k": 10}).encode() for _ in range(20)
    ]


def photo(draw: np.random.Generator) -> str:
    """A JPEG as a data: address."""
    small = PIL.Image.fromarray(draw.integers(0, 256, (12, 16, 3), np.uint8))
    out = io.BytesIO()
    small.resize((640, 480), PIL.Image.Resampling.BICUBIC).save(out, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


@contextmanager
def running(address: str, words: list[str]) -> Iterator[tuple[int, int]]:
    """(port, pid) of `skulens serve`."""
    command = [sys.executable, "-m", "skulens.cli", "serve", address, "--port", "0", "--json"]
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            said = json.loads(process.stdout.readline())
            yield int(said["url"].rpartition(":")[2]), process.pid
        finally:
            process.terminate()
            process.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--encoder", default="mini", help="embeds photos")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each loop")
    parser.add_argument(
        "--searches", type=int, default=1_000, help="timed; ten times as many for memory"
    )
    parser.add_argument("--threads", type=int, default=0, help="of the server")
    parser.add_argument("--measures", nargs="+", choices=tuple(MEASURES), default=tuple(MEASURES))
    parser.add_argument("--work", type=Path, help="folder of stores, used again")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    args.capacity = 0.0
    settings = named({k: v for k, v in vars(args).items() if k in ("rows", "encoder", "seconds", "searches", "threads")})  # fmt: skip
    with tempfile.TemporaryDirectory() as spare:
        folder = args.work or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        address = make_store(args, folder)
        rows: list[dict] = []
        shop = Shop(open_store(address))
        with shop, running(address, ["--threads", str(args.threads)]) as (port, pid):
            ask = Ask(port, pid, *make_bodies(shop.store.schema.vectors[0].dim))
            asyncio.run(ask_in_turn(ask, ask.vectors[:20] + ask.photos[:5], 50))
            for _ in range(20):  # the store here has its copies in memory too
                shop.answer(make_request(k=10, vectors=json.loads(ask.vectors[0])["vectors"]))
            for name in args.measures:
                for one in MEASURES[name](ask, shop, args):
                    one["target"] = TARGETS.get(one["measure"], "")
                    rows.append(one)
                    print(f"{one['measure']}: {one['value']}", flush=True)
    settings["cores of client and server together"] = count_cores()
    report("serve_speed", rows, settings, args.save)


if __name__ == "__main__":
    main()
