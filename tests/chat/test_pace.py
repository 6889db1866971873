"""How many requests are under way: the state machine, and the gate in front of it."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.chat.http.pace import FALL, HELPED, SLOWER, START, WINDOW, Gate, Pace


def answer(pace: Pace, n: int, latency_s: float = 1.0) -> None:
    for _ in range(n):
        pace.succeed(pace.begin(), latency_s, pace.limit)


def test_it_starts_low_and_doubles_per_round_trip():
    pace = Pace(100)
    seen = [pace.limit]
    for _ in range(5):
        answer(pace, pace.limit)
        seen.append(pace.limit)
    assert seen == [START, 2 * START, 4 * START, 8 * START, 100, 100]


def test_a_small_concurrency_is_used_at_once():
    assert Pace(3).limit == 3 and Pace(1).limit == 1


def test_congestion_takes_three_tenths_and_growth_is_one_per_round_trip_from_then_on():
    pace = Pace(100)
    answer(pace, 32)
    high = pace.limit
    pace.congest(pace.begin())
    low = pace.limit
    assert low == int(FALL * high) and not pace.doubling
    for more in range(1, 4):
        answer(pace, low + more)
        assert low + more - 1 <= pace.limit <= low + more
    assert pace.limit > low


def test_requests_under_way_together_count_as_one_congestion():
    pace = Pace(64)
    answer(pace, 56)
    eras = [pace.begin() for _ in range(30)]
    for era in eras:
        pace.congest(era)
    assert pace.limit == int(FALL * 64)
    answer_late = pace.limit
    for era in eras:
        pace.succeed(era, 1.0, 30)  # of before the fall: says nothing about now
    assert pace.limit == answer_late
    pace.congest(pace.begin())
    assert pace.limit == int(FALL * FALL * 64)


def test_a_limit_that_is_not_used_does_not_grow():
    pace = Pace(100)
    for _ in range(50):
        pace.succeed(pace.begin(), 1.0, 2)
    assert pace.limit == START
    answer(pace, 1)
    assert pace.limit == START + 1


def test_answers_many_times_slower_than_the_best_are_congestion():
    pace = Pace(START)
    answer(pace, WINDOW, 1.0)
    answer(pace, WINDOW, SLOWER)
    assert pace.limit == START
    answer(pace, WINDOW, SLOWER + 0.1)
    assert pace.limit == int(FALL * START)


def test_one_slow_answer_in_many_is_none():
    pace = Pace(START)
    answer(pace, WINDOW, 1.0)
    for _ in range(20):
        answer(pace, WINDOW - 1, 1.0)
        answer(pace, 1, 1000.0)
        assert pace.limit == START and pace.doubling


def test_a_fall_that_does_not_help_makes_the_slow_answers_normal():
    pace = Pace(100)
    answer(pace, 200, 1.0)
    limits = []
    for _ in range(30):  # the questions have become longer
        answer(pace, 200, 20.0)
        limits.append(pace.limit)
    assert min(limits) >= int(FALL * 100) and limits[-1] > limits[0]
    helped = Pace(100)
    answer(helped, 200, 1.0)
    answer(helped, 100, 20.0)
    first = helped.limit
    answer(helped, 200, 20.0 * HELPED - 1)  # it helped, and is still too slow
    assert helped.limit < first


def test_pauses_do_not_shorten_each_other():
    pace = Pace(4)
    assert pace.pause_left(0.0) == 0.0
    pace.pause(10.0, 30.0)
    pace.pause(11.0, 5.0)
    assert pace.pause_left(12.0) == 28.0 and pace.pause_left(40.0) == 0.0


@given(
    st.integers(1, 200),
    st.lists(
        st.tuples(
            st.sampled_from(["succeed", "congest", "old"]),
            st.floats(0, 1e6),
            st.integers(1, 300),
        ),
        max_size=300,
    ),
)
def test_the_limit_stays_within_its_bounds(most, events):
    pace = Pace(most)
    old = pace.begin()
    for what, latency_s, active in events:
        if what == "congest":
            before = pace.limit
            pace.congest(pace.begin())
            assert pace.limit <= before
        else:
            pace.succeed(pace.begin() if what == "succeed" else old, latency_s, active)
        assert 1 <= pace.limit <= most
        assert math.isfinite(pace._limit)


# ----- the gate -------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def make_gate(most: int) -> tuple[Gate, Clock]:
    clock = Clock()
    return Gate(Pace(most), lambda: clock.now, clock.sleep), clock


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_as_many_as_the_limit_come_in_and_the_others_in_order():
    async def main() -> None:
        gate, _ = make_gate(2)
        entered: list[int] = []

        async def come(i: int) -> None:
            await gate.enter()
            entered.append(i)

        tasks = [asyncio.create_task(come(i)) for i in range(6)]
        await settle()
        assert entered == [0, 1] and gate.active == 2
        gate.leave()
        late = asyncio.create_task(come(6))  # does not push in
        await settle()
        assert entered == [0, 1, 2]
        for _ in range(5):
            gate.leave()
            await settle()
        assert entered == [0, 1, 2, 3, 4, 5, 6]
        await asyncio.gather(*tasks, late)
        gate.leave()
        assert gate.active == 0

    asyncio.run(main())


def test_a_limit_that_grew_lets_in_more_than_left():
    async def main() -> None:
        gate, _ = make_gate(100)
        tasks = [asyncio.create_task(gate.enter()) for _ in range(30)]
        await settle()
        assert gate.active == START
        for _ in range(START):
            gate.pace.succeed(gate.pace.begin(), 1.0, START)
        gate.leave()
        await settle()
        assert gate.active == 2 * START
        for task in tasks:
            task.cancel()

    asyncio.run(main())


def test_nobody_pushes_in_where_the_limit_has_just_grown():
    async def main() -> None:
        gate, _ = make_gate(100)
        entered: list[int] = []

        async def come(i: int) -> None:
            await gate.enter()
            entered.append(i)

        tasks = [asyncio.create_task(come(i)) for i in range(START + 1)]
        await settle()
        answer(gate.pace, 1)
        tasks.append(asyncio.create_task(come(99)))
        await settle()
        gate.leave()
        await settle()
        assert entered == [*range(START + 1), 99]

    asyncio.run(main())


def test_a_limit_that_fell_lets_nobody_in_until_enough_left():
    async def main() -> None:
        gate, _ = make_gate(4)
        for _ in range(4):
            await gate.enter()
        gate.pace.congest(gate.pace.begin())
        assert gate.pace.limit == 2
        task = asyncio.create_task(gate.enter())
        for left in (3, 2):
            gate.leave()
            await settle()
            assert gate.active == left and not task.done()
        gate.leave()
        await settle()
        assert task.done() and gate.active == 2

    asyncio.run(main())


@pytest.mark.parametrize("handed_over", [False, True])
def test_whoever_is_cancelled_while_waiting_takes_no_place(handed_over):
    async def main() -> None:
        gate, _ = make_gate(1)
        await gate.enter()
        first, second = (asyncio.create_task(gate.enter()) for _ in range(2))
        await settle()
        if handed_over:
            gate.leave()  # the place is first's, and it is cancelled before it can take it
            first.cancel()
        else:
            first.cancel()
            await settle()
            gate.leave()
        await settle()
        assert second.done() and not second.cancelled() and gate.active == 1

    asyncio.run(main())


def test_nobody_begins_during_a_pause_and_cancelling_gives_the_place_back():
    async def main() -> None:
        gate, clock = make_gate(2)
        gate.pace.pause(0.0, 30.0)
        await gate.enter()
        assert clock.now == 30.0

        async def never(seconds: float) -> None:
            await asyncio.get_running_loop().create_future()

        gate._sleep = never
        gate.pace.pause(30.0, 30.0)
        task = asyncio.create_task(gate.enter())
        await settle()
        assert gate.active == 2
        task.cancel()
        await settle()
        assert gate.active == 1

    asyncio.run(main())
