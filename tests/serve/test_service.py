"""Threads, queue and groups of the service, without HTTP."""

import asyncio
import threading

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.search.request import make_request
from skulens.serve.problems import Problem
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service
from skulens.serve.work.slots import Slots, Stage
from tests.serve.fakes import Gate, make_shop, opened, photo, slow_shop


def ids(answer):
    return [hit.id for hit in answer.hits]


async def until(true):
    """Wait for something that the test has brought about."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.001)


def run(service, work):
    """What a coroutine function returns, the service closed afterwards."""

    async def both():
        try:
            return await asyncio.wait_for(work(), 60)
        finally:
            await asyncio.to_thread(service.close)

    return asyncio.run(both())


def test_answers_equal_those_of_the_shop():
    shop = make_shop()
    requests = [
        make_request("red"),
        make_request(photo=photo("navy")),
        make_request("green", photo("blue"), where="price < 30"),
        make_request(photo="sku:r1"),
        make_request(vectors={"picture": [1.0, 0, 0, 0]}),
    ]
    expected = [ids(shop.answer(request)) for request in requests]
    service = Service(shop, Settings(workers=2))

    async def search():
        found = [service.search(lambda r=request: r) for request in requests]
        return [ids(answer) for answer in await asyncio.gather(*found)]

    assert run(service, search) == expected
    assert len({tuple(one) for one in expected}) > 2


def test_requests_that_wait_are_embedded_together_and_a_lone_one_at_once():
    shop = slow_shop()
    embedder = shop.embedder
    service = Service(shop, Settings(workers=2, batch=3))

    async def search():
        with opened(embedder.gate):
            embedder.gate.close()
            first = asyncio.create_task(service.search(lambda: make_request("red")))
            await asyncio.to_thread(embedder.gate.wait_for_one)  # alone, and nobody was waited for
            words = ["blue", "green", "navy", "orange"]
            rest = [
                asyncio.create_task(service.search(lambda w=word: make_request(w)))
                for word in words
            ]
            await until(lambda: len(service._together._waiting) == 4)
            embedder.gate.open()
            return await asyncio.gather(first, *rest)

    answers = run(service, search)
    assert [sorted(group) for group in embedder.groups] == [
        ["red"],
        ["blue", "green", "navy"],
        ["orange"],
    ]
    assert [answer[0].id[0] for answer in answers] == ["r", "b", "g", "n", "o"]


def test_a_request_that_makes_no_sense_fails_alone():
    shop = slow_shop()
    embedder = shop.embedder
    service = Service(shop, Settings(workers=2))
    good = make_request("red")
    cancelled = make_request([("blue", 1.0), ("blue", -1.0)])
    unreadable = make_request(photo=b"no picture")

    async def search():
        with opened(embedder.gate):
            embedder.gate.close()
            first = asyncio.create_task(service.search(lambda: good))
            await asyncio.to_thread(embedder.gate.wait_for_one)
            group = [
                asyncio.create_task(service.search(lambda r=r: r))
                for r in (cancelled, good, unreadable)
            ]
            await until(lambda: len(service._together._waiting) == 3)
            embedder.gate.open()
            return await asyncio.gather(first, *group, return_exceptions=True)

    first, bad, fine, torn = run(service, search)
    assert len(embedder.groups[1]) == 3
    assert ids(fine) == ids(first)
    assert isinstance(bad, DataError) and "cancel out" in str(bad)
    assert isinstance(torn, DataError) and "cannot be searched with" in str(torn)


def test_vectors_skip_the_encoders():
    shop = slow_shop()
    service = Service(shop, Settings(workers=1))
    request = make_request(vectors={"picture": np.array([1.0, 0, 0, 0])})
    found = run(service, lambda: service.search(lambda: request))
    assert ids(found)[0][0] == "r" and shop.embedder.groups == [[""]]  # nothing to read was read


def test_other_encoders_are_not_waited_for():
    shop = slow_shop(*two_columns())
    service = Service(shop, Settings(workers=2))

    async def search():
        with opened(shop.embedder.gate):
            shop.embedder.gate.close()
            pictures = asyncio.create_task(service.search(lambda: make_request(photo=photo("red"))))
            await asyncio.to_thread(shop.embedder.gate.wait_for_one)
            words = asyncio.create_task(service.search(lambda: make_request("red")))
            await asyncio.to_thread(shop.embedder.gate.wait_for_one)  # while the first one is at it
            shop.embedder.gate.open()
            await asyncio.gather(pictures, words)

    run(service, search)
    assert [len(group) for group in shop.embedder.groups] == [1, 1]


def test_a_group_waits_for_its_own_encoders_only():
    shop = slow_shop(*two_columns())
    service = Service(shop, Settings(workers=3))

    async def search():
        with opened(shop.embedder.gate):
            shop.embedder.gate.close()
            first = asyncio.create_task(service.search(lambda: make_request("red")))
            await asyncio.to_thread(shop.embedder.gate.wait_for_one)
            words = asyncio.create_task(service.search(lambda: make_request("blue")))
            await until(lambda: len(service._together._waiting) == 1)
            picture = asyncio.create_task(service.search(lambda: make_request(photo=photo("red"))))
            await asyncio.to_thread(shop.embedder.gate.wait_for_one)
            shop.embedder.gate.open()
            await asyncio.gather(first, words, picture)

    run(service, search)
    assert shop.embedder.groups == [["red"], [""], ["blue"]]  # the photo overtook, and alone


def two_columns():
    from tests.search.small_shop import column

    return column("picture", "pictures"), column("text", "texts")


def test_too_many_are_refused_and_room_comes_back():
    gate = Gate(open=False)
    service = Service(make_shop(), Settings(workers=1, waiting=2))

    async def work():
        with opened(gate):
            held = [asyncio.create_task(service.run(gate.pass_through)) for _ in range(3)]
            await asyncio.to_thread(gate.wait_for_one)
            with pytest.raises(Problem) as refused:
                await service.run(lambda: None)
            gate.open()
            await asyncio.gather(*held)
            return refused.value, await service.run(lambda: "there")

    refused, there = run(service, work)
    assert refused.status == 429 and int(refused.headers["Retry-After"]) >= 1
    assert there == "there"


def test_cancelled_work_never_begins_and_takes_no_room():
    gate, begun = Gate(open=False), []
    service = Service(make_shop(), Settings(workers=1, waiting=2))

    async def work():
        with opened(gate):
            first = asyncio.create_task(service.run(gate.pass_through))
            await asyncio.to_thread(gate.wait_for_one)
            for n in range(1000):
                waiting = asyncio.create_task(service.run(lambda n=n: begun.append(n)))
                await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            assert not service.full
            gate.open()
            await first
            return await service.run(threading.active_count)

    threads = run(service, work)
    assert begun == []
    assert threads <= threading.active_count() + 3


def test_cancelled_searches_leave_their_group():
    shop = slow_shop()
    service = Service(shop, Settings(workers=2))

    async def search():
        with opened(shop.embedder.gate):
            shop.embedder.gate.close()
            first = asyncio.create_task(service.search(lambda: make_request("red")))
            await asyncio.to_thread(shop.embedder.gate.wait_for_one)
            gone = asyncio.create_task(service.search(lambda: make_request("blue")))
            stays = asyncio.create_task(service.search(lambda: make_request("green")))
            await until(lambda: len(service._together._waiting) == 2)
            gone.cancel()
            shop.embedder.gate.open()
            await asyncio.gather(first, stays)

    run(service, search)
    assert shop.embedder.groups == [["red"], ["green"]]


def test_who_is_furthest_goes_first():
    slots, order, gate = Slots(1, "test"), [], Gate(open=False)

    async def work():
        with opened(gate):
            held = asyncio.create_task(slots.run(gate.pass_through))
            await asyncio.to_thread(gate.wait_for_one)
            rest = [
                asyncio.create_task(slots.run(lambda s=stage: order.append(s), stage))
                for stage in (Stage.READ, Stage.FIND, Stage.EMBED, Stage.FIND)
            ]
            await asyncio.sleep(0)
            gate.open()
            await asyncio.gather(held, *rest)

    asyncio.run(work())
    slots.close()
    assert order == [Stage.FIND, Stage.FIND, Stage.EMBED, Stage.READ]


def test_a_turn_nobody_wants_any_more_goes_to_the_next():
    slots = Slots(1, "test")

    async def work():
        await slots.take(Stage.FIND)
        first = asyncio.create_task(slots.take(Stage.FIND))
        second = asyncio.create_task(slots.take(Stage.FIND))
        await asyncio.sleep(0)
        slots.give_back()  # to the first, which is cancelled before it notices
        first.cancel()
        await asyncio.wait_for(second, 10)
        slots.give_back()
        return await asyncio.wait_for(slots.run(lambda: "free"), 10)

    assert asyncio.run(work()) == "free"
    slots.close()


def test_writes_are_one_at_a_time_and_searches_go_on():
    gate, log = Gate(open=False), []
    service = Service(make_shop(), Settings(workers=1))

    async def work():
        with opened(gate):
            first = asyncio.create_task(service.write(lambda: (gate.pass_through(), log.append(1))))
            await asyncio.to_thread(gate.wait_for_one)
            second = asyncio.create_task(service.write(lambda: log.append(2)))
            found = await service.search(lambda: make_request("red"))
            assert log == []
            gate.open()
            await asyncio.gather(first, second)
            return found

    assert run(service, work).hits and log == [1, 2]


def test_a_shop_that_loads_is_said_to():
    gate = Gate(open=False)

    def open_shop():
        gate.pass_through()
        return make_shop()

    service = Service(open_shop, Settings(workers=1))

    async def work():
        with opened(gate):
            loading = asyncio.create_task(service.start())
            await asyncio.to_thread(gate.wait_for_one)
            with pytest.raises(Problem) as refused:
                await service.search(lambda: make_request("red"))
            gate.open()
            await loading
            return refused.value, await service.search(lambda: make_request("red"))

    refused, found = run(service, work)
    assert (refused.status, refused.code) == (503, "loading") and refused.headers["Retry-After"]
    assert found.hits
