"""How much of a bare asyncio loop's throughput is left when questions go through the engine?

Both ask the same stub, which answers in a process of its own, with the same official client. The
bare loop is what everybody writes: `AsyncOpenAI`, a semaphore, `gather`; it neither asks again nor
checks nor keeps anything. Beside it stand our engine, the engine under a reply store, and the
stub's own limit by plain sockets. What limits all of them without latency is the CPU of the client
(building and reading requests), so its CPU time per question is given too; with latency it is
concurrency / latency. Kinds take turns within each repeat, as machines are noisy; ratios are taken
within a repeat. The engine begins with 8 requests under way and doubles per round trip, which is
part of what is measured: at 128 and 200 ms it takes 0.8 s.

    python -m benchmarks.chat_throughput
"""

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import openai

from benchmarks.common import report, spread
from skulens.chat.bulk.remember import Remembered
from skulens.chat.openai import OpenAIChat
from skulens.chat.replies.store import ReplyStore
from skulens.protocols import Ask

MODEL = "stub"
SYSTEM = "You write captions of products. " * 20
SERVE = """
import sys
from skulens.chat.stub.app import StubSettings
from skulens.chat.stub.running import running_stub
with running_stub(StubSettings(latency_s=float(sys.argv[1]))) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def serve_stub(latency_s: float) -> Iterator[str]:
    """The URL of a stub in another process."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


def question(i: int) -> str:
    return f"Product {i}: a red cotton T-shirt with a round neck, size M, in a pack of 2."


def make_client(url: str, concurrency: int) -> openai.AsyncOpenAI:
    """As our engine's: as many kept connections as questions at a time (the default keeps 100)."""
    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
        max_connections=concurrency + 2, max_keepalive_connections=concurrency + 2
    )
    return openai.AsyncOpenAI(
        api_key="none",
        base_url=url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(limits=limits),
    )


async def ask_bare(url: str, n: int, concurrency: int) -> int:
    """How many answers a bare loop gets."""
    gate = asyncio.Semaphore(concurrency)

    async with make_client(url, concurrency) as client:

        async def ask(i: int) -> str | None:
            async with gate:
                got = await client.chat.completions.create(
                    model=MODEL,
                    messages=[
                        {"role": "system", "content": SYSTEM},
                        {"role": "user", "content": question(i)},
                    ],
                )
                return got.choices[0].message.content

        return sum(text is not None for text in await asyncio.gather(*map(ask, range(n))))


async def ask_sockets(url: str, n: int, concurrency: int) -> int:
    """How many answers plain sockets get that send a ready request and look for the end of the
    answer: the stub's own limit."""
    at = urlsplit(url)
    waiting = iter(range(n))

    async def work() -> int:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        answered = 0
        for i in waiting:
            messages = [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": question(i)},
            ]
            body = json.dumps({"model": MODEL, "messages": messages}).encode()
            head = (
                f"POST {at.path}/chat/completions HTTP/1.1\r\nHost: {at.netloc}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            told = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(told.split(b"content-length:")[1].split(b"\r\n")[0])
            answered += b'"choices"' in await reader.readexactly(length)
        writer.close()
        return answered

    return sum(await asyncio.gather(*(work() for _ in range(concurrency))))


def questions(n: int, start: int = 0) -> Iterator[Ask]:
    return (Ask(str(i), (question(i),), system=SYSTEM) for i in range(start, start + n))


def ask_engine(url: str, n: int, concurrency: int) -> int:
    engine = OpenAIChat(MODEL, url, concurrency=concurrency, check=False)
    return sum(not r.error for r in engine.ask(questions(n)))


def ask_remembered(url: str, n: int, concurrency: int) -> int:
    engine = OpenAIChat(MODEL, url, concurrency=concurrency, check=False)
    with tempfile.TemporaryDirectory() as folder, ReplyStore(Path(folder)) as store:
        return sum(not r.error for r in Remembered(engine, store).ask(questions(n)))


KINDS: dict[str, Callable[[str, int, int], int]] = {
    "bare": lambda *a: asyncio.run(ask_bare(*a)),
    "engine": ask_engine,
    "with store": ask_remembered,
    "sockets": lambda *a: asyncio.run(ask_sockets(*a)),
}


def measure(kind: str, url: str, n: int, concurrency: int) -> tuple[float, float]:
    """(questions per second, CPU ms per question of this process)."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    answered = KINDS[kind](url, n, concurrency)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if answered != n:
        raise SystemExit(f"{kind}: {answered} of {n} answered")
    return n / wall, 1000 * cpu / n


def compare(
    latency_ms: float, concurrency: int, n: int, repeats: int, kinds: list[str]
) -> dict[str, object]:
    """One row: medians of throughput, ratios to the bare loop of the same repeat."""
    rates: dict[str, list[float]] = {k: [] for k in kinds}
    costs: dict[str, list[float]] = {k: [] for k in kinds}
    with serve_stub(latency_ms / 1000) as url:
        for kind in kinds:  # warm-up
            measure(kind, url, min(n, 2 * concurrency + 8), concurrency)
        for turn in range(repeats):
            for kind in kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]:
                rate, cost = measure(kind, url, n, concurrency)
                rates[kind].append(rate)
                costs[kind].append(cost)
    row: dict[str, object] = {"latency, ms": latency_ms, "at a time": concurrency, "questions": n}
    for kind in kinds:
        row[f"{kind}, /s"] = round(statistics.median(rates[kind]))
    for kind in kinds:
        if kind not in ("bare", "sockets"):
            ratios = [a / b for a, b in zip(rates[kind], rates["bare"], strict=True)]
            row[f"{kind} / bare"] = spread(ratios)
    for kind in kinds:
        row[f"{kind}, CPU ms"] = round(statistics.median(costs[kind]), 3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 20, 200])
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--seconds", type=float, default=6.0, help="of one measurement, about")
    parser.add_argument("--most", type=int, default=5000, help="questions of one measurement")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    rows = []
    for latency_ms in args.latency_ms:
        for concurrency in args.concurrency:
            rate = concurrency / max(latency_ms / 1000, 0.002 * concurrency)
            n = int(min(args.most, max(2 * concurrency, rate * args.seconds)))
            rows.append(compare(latency_ms, concurrency, n, args.repeats, args.kinds))
            print(rows[-1], file=sys.stderr, flush=True)
    report("chat_throughput", rows, vars(args), args.save)


if __name__ == "__main__":
    main()
