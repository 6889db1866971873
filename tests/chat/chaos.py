"""Bulk asking under a server that fails, in a process that is killed; and what is left on disk.

Right: every question ends with exactly one row, an answer or an error, and the table is that of a
run that nobody disturbed.
"""

import functools
import http.client
import io
import json
import multiprocessing
import os
import random
import signal
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import PIL.Image

from skulens.chat.bulk.remember import Remembered
from skulens.chat.openai import OpenAIChat
from skulens.chat.replies.store import ReplyStore
from skulens.errors import ChatError
from skulens.protocols import Ask
from skulens.records import Image

SCHEMA = {
    "type": "object",
    "properties": {
        "evidence": {"type": "string", "maxLength": 60},
        "colour": {"type": ["string", "null"], "enum": ["red", "green", "blue", None]},
        "price": {"type": "number", "minimum": 0, "maximum": 500},
        "materials": {"type": "array", "items": {"type": "string"}, "maxItems": 6},
    },
    "required": ["evidence", "colour", "price", "materials"],
    "additionalProperties": False,
}
SYSTEM = "You describe products of a shop in one short sentence. Say only what the text says. "
SAMPLES = 50
"""How often a run notes its memory."""


@dataclass(frozen=True)
class Plan:
    """What is asked, and how."""

    questions: int
    pictures_every: int = 0
    """Every how many questions one has a picture; 0: none."""
    changed_every: int = 0
    """Every how many questions one is another than in a plan with 0: a day's delta."""
    concurrency: int = 16
    timeout_s: float = 30.0
    wait_s: float = 0.01


def make_questions(plan: Plan) -> Iterator[Ask]:
    """Two of three with a schema; the same for the same plan."""
    for i in range(plan.questions):
        changed = " (new)" if plan.changed_every and i % plan.changed_every == 0 else ""
        text = f"SKU {i:06d}{changed}: cotton shirt, size {i % 9}, pack of {1 + i % 4}, brand Kova."
        shown = [draw_picture(i)] if plan.pictures_every and i % plan.pictures_every == 0 else []
        yield Ask(
            f"item-{i:06d}", (*shown, text), SYSTEM, SCHEMA if i % 3 else None,
            {"max_tokens": 200, "temperature": 0.0}, stage="chaos",
        )  # fmt: skip


def draw_picture(i: int) -> Image:
    picture = PIL.Image.new("RGB", (40, 40), (i % 256, i // 256 % 256, 90))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Image(data=out.getvalue())


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


GONE = 3
"""Exit code of a run whose server is gone."""


def ask_all(url: str, folder: Path, plan: Plan, out: Path | None = None) -> None:
    """Ask every question of the plan; what happened is written to `out` as JSON."""
    begun = time.perf_counter()
    # A byte per question: what counts must not be what grows.
    seen = bytearray(plan.questions)
    given, fresh, step = 0, 0, max(1, plan.questions // SAMPLES)
    memory = []
    with ReplyStore(folder) as store:
        chat = OpenAIChat(
            "stub", url, server="chaos", concurrency=plan.concurrency,
            timeout_s=plan.timeout_s, wait_s=plan.wait_s,
        )  # fmt: skip
        replies = Remembered(chat, store, "chaos").ask(make_questions(plan))
        try:
            for number, reply in enumerate(replies):
                given += 1
                seen[int(reply.id.removeprefix("item-"))] = 1
                fresh += not reply.cached
                if number % step == 0:
                    memory.append(resident_mb())
        except ChatError:
            raise SystemExit(GONE) from None
        memory.append(resident_mb())
    told = {
        "seconds": round(time.perf_counter() - begun, 2),
        "replies": given,
        "items": sum(seen),
        "fresh": fresh,
        "memory_mb": memory,
    }
    if out is not None:
        out.write_text(json.dumps(told))


def start(url: str, folder: Path, plan: Plan, out: Path | None = None):
    """`ask_all` in a process of its own, which is there in milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chat.chaos"])
    process = context.Process(target=ask_all, args=(url, folder, plan, out))
    process.start()
    return process


def run(url: str, folder: Path, plan: Plan) -> dict:
    """A run to its end: what `ask_all` tells, and the calls it made."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "told.json"
    before = requests_of(url)
    process = start(url, folder, plan, out)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the run ended with exit code {process.exitcode}")
    return json.loads(out.read_text()) | {"calls": requests_of(url) - before}


def run_killed(url: str, folder: Path, plan: Plan, kills: int, calls: int, seed: int) -> dict:
    """`run`, killed so often on the way.

    Args:
        calls: of a run that is not disturbed; the kills come at random moments of it, the first
            quarter of them while a process starts.
    """
    draw = random.Random(seed)
    before, done = requests_of(url), 0
    moments = sorted(draw.uniform(0.01, 0.8) for _ in range(kills))
    for number, moment in enumerate(moments):
        process = start(url, folder, plan)
        if number >= kills / 4:
            while process.is_alive() and requests_of(url) - before < moment * calls:
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.02))
        else:
            time.sleep(draw.uniform(0, 0.2))
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        done += process.exitcode == -signal.SIGKILL
    told = run(url, folder, plan)
    return told | {"kills": done, "calls": requests_of(url) - before}


def requests_of(url: str) -> int:
    return int(stats_of(url)["requests"])


def stats_of(url: str) -> dict:
    """What the stub was asked."""
    place = urllib.parse.urlparse(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    try:
        connection.request("GET", "/stats")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def read_table(folder: Path) -> list[tuple]:
    """(key, item, text, value, finish, error) of every row, by key."""
    with ReplyStore(folder) as store:
        return [
            (s.row["key"], r.id, r.text, json.dumps(r.value), r.finish, r.error)
            for part in store.rows()
            for s in part
            for r in [s.reply]
        ]


@functools.cache
def ids_of(plan: Plan) -> frozenset[str]:
    return frozenset(ask.id for ask in make_questions(plan))
