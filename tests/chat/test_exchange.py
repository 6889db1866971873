"""Between an ordinary iterator and tasks on a loop."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from skulens.chat.http.exchange import Background, Exchange

ROOT = Path(__file__).parents[2]


async def nothing(kit: object) -> None:
    pass


def background(log: list[str]) -> Background[str]:
    async def close(kit: str) -> None:
        log.append(f"close {kit}")

    def make() -> str:
        log.append("make")
        return "kit"

    return Background("exchange-test", make, close)


def threads() -> int:
    return sum("exchange-test" in t.name for t in threading.enumerate())


def test_the_loop_lives_while_it_is_used():
    log: list[str] = []
    back = background(log)
    with back.use() as (first, kit):
        assert kit == "kit" and threads() == 1
        with back.use() as (second, _):
            assert second is first
        assert threads() == 1 and not first.is_closed()
    assert threads() == 0 and first.is_closed() and log == ["make", "close kit"]
    with back.use() as (third, _):
        assert third is not first
    assert log == ["make", "close kit"] * 2


def test_a_kit_that_cannot_be_made_leaves_no_thread():
    def fail() -> str:
        raise ValueError("no")

    back = Background("exchange-test", fail, nothing)
    for _ in range(2):
        with pytest.raises(ValueError), back.use():
            pass
    assert threads() == 0


def test_replies_come_before_the_error_of_an_answer():
    async def answer(i: int) -> list[int]:
        if i == 3:
            await asyncio.sleep(0)
            raise KeyError("third")
        return [i]

    back = background([])
    got = []
    with back.use() as (loop, _):
        exchange = Exchange(loop, answer, 4)
        with pytest.raises(KeyError, match="third"):
            for i in exchange.trade(range(100)):
                got.append(i)
        exchange.stop()
    assert set(range(3)) <= set(got) and 3 not in got


def test_nothing_begins_after_an_answer_failed_though_the_caller_is_busy():
    begun: list[int] = []
    failed = threading.Event()

    async def answer(i: int) -> list[int]:
        async with one_at_a_time:
            await asyncio.sleep(0)
            begun.append(i)
            if i == 1:
                asyncio.get_running_loop().call_later(0.02, failed.set)
                raise KeyError("first")
            return [i]

    one_at_a_time = asyncio.Semaphore(1)
    back = background([])
    with back.use() as (loop, _):
        exchange = Exchange(loop, answer, 50)
        with pytest.raises(KeyError):
            for _ in exchange.trade(range(100)):
                failed.wait(10)
        exchange.stop()
    assert 1 in begun and len(begun) <= 5


def test_an_iterator_that_is_dropped_on_the_loop_does_not_wait_for_itself():
    async def answer(i: int) -> list[int]:
        await asyncio.sleep(3600 if i else 0)
        return [i]

    log: list[str] = []
    back = background(log)

    def trade():
        with back.use() as (loop, _):
            exchange = Exchange(loop, answer, 4)
            try:
                yield from exchange.trade(range(10))
            finally:
                exchange.stop()

    box = [trade()]
    assert next(box[0]) == 0
    thread = back._thread
    back._loop.call_soon_threadsafe(box.clear)
    thread.join(20)
    assert not thread.is_alive() and log == ["make", "close kit"]


def test_answers_may_be_none_or_many():
    async def answer(i: int) -> list[int]:
        return [i] * (i % 3)

    back = background([])
    with back.use() as (loop, _):
        got = sorted(Exchange(loop, answer, 2).trade(range(7)))
    assert got == [1, 2, 2, 4, 5, 5]


@pytest.mark.parametrize("window", [1, 2, 50])
def test_nothing_is_drawn_beyond_the_window(window):
    drawn, given_out = [0], [0]

    def draw():
        for i in range(200):
            drawn[0] += 1
            assert drawn[0] - given_out[0] <= window + 1  # one was given out and is not back yet
            yield i

    async def answer(i: int) -> list[int]:
        await asyncio.sleep(0)
        return [i]

    back = background([])
    with back.use() as (loop, _):
        for _ in Exchange(loop, answer, window).trade(draw()):
            given_out[0] += 1
    assert drawn[0] == given_out[0] == 200


def test_stopping_cancels_and_waits():
    ended: list[int] = []
    second = threading.Event()

    async def answer(i: int) -> list[int]:
        try:
            if i:
                second.set()
                await asyncio.sleep(3600)
            while not second.is_set():  # the first answer comes once another is under way
                await asyncio.sleep(0.001)
        finally:
            ended.append(i)
        return [i]

    back = background([])
    with back.use() as (loop, _):
        exchange = Exchange(loop, answer, 5)
        assert next(exchange.trade(range(100))) == 0
        exchange.stop()
        assert sorted(ended) == list(range(len(ended))) and len(ended) >= 2
    exchange.stop()  # once more, after the end


LEAVE = """
import asyncio, sys
from skulens.chat.http.exchange import Background, Exchange

async def answer(i):
    await asyncio.sleep(0 if i == 0 else 3600)
    return [i]

async def close(kit):
    print("closed")

def trade():
    with Background("b", lambda: None, close).use() as (loop, _):
        exchange = Exchange(loop, answer, 8)
        try:
            yield from exchange.trade(range(100))
        finally:
            exchange.stop()

replies = trade()
print(next(replies))
if sys.argv[1] == "raise":
    raise SystemExit(3)
if sys.argv[1] == "collect":
    box = [replies]
    box.append(box)
    del box, replies
"""


@pytest.mark.parametrize(("how", "code"), [("end", 0), ("raise", 3), ("collect", 0)])
def test_a_program_that_leaves_in_the_middle_ends_quietly(how, code):
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", LEAVE, how],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.split(), done.stderr) == (code, ["0", "closed"], "")
