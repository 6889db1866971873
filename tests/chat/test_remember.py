"""Nothing is asked twice, nothing is lost, every question gets its own reply."""

import itertools
import json
import multiprocessing
import os
import random
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.chat import pictures
from skulens.chat.bulk import flow, remember
from skulens.chat.bulk.remember import CANARY_FROM, Remembered
from skulens.chat.key import make_key
from skulens.chat.pictures import PicturePolicy, SentImage, fit_picture
from skulens.chat.replies import picture_memo
from skulens.chat.replies.store import ReplyStore
from skulens.errors import BudgetReached, ChatError, DataError, StoreError
from skulens.protocols import Ask, Reply
from skulens.records import Image
from tests.chat.engines import Engine, answer, ask_about


@pytest.fixture
def store(tmp_path):
    with ReplyStore(tmp_path / "store") as made:
        yield made


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """path of picture number n, made when it is asked for."""
    monkeypatch.setattr(picture_memo, "SETTLED_S", -1.0)  # new files are remembered too

    def make(number, size=(40, 30)):
        path = tmp_path / f"{number}.jpg"
        if not path.exists():
            pixels = np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), np.uint8)
            PIL.Image.fromarray(pixels).save(path)
        return Image(path=str(path))

    return make


def texts(engine, store, numbers, **more):
    """text by item of these questions."""
    found = Remembered(engine, store, **more).ask(ask_about(n) for n in numbers)
    return {reply.id: reply.text for reply in found}


def right(numbers):
    return {f"item{n}": answer(ask_about(n)).text for n in numbers}


def show(image, number=0, **more):
    """A question about a picture."""
    return Ask(f"item{number}", (image, f"what is {number}?"), "look", stage="test", **more)


# ----- the plain case ---------------------------------------------------------------------------


def test_each_question_gets_its_reply_and_none_is_asked_twice(store):
    engine = Engine()
    assert texts(engine, store, range(700)) == right(range(700))
    assert len(engine.asked) == len(store) == 700
    second = Engine()
    assert texts(second, store, range(700)) == right(range(700)) and second.asked == []
    third = Engine()
    assert texts(third, store, range(7, 707)) == right(range(7, 707)) and len(third.asked) == 7
    assert store.last_entry() == 707


def test_fresh_replies_are_told_from_stored_ones(store):
    [first] = Remembered(Engine(), store, run="r").ask([ask_about(1)])
    [again] = Remembered(Engine(), store).ask([replace(ask_about(1), id="other")])
    assert not first.cached and again.cached
    assert first.id == "item1" and again.id == "other" and first.system == "engine"
    assert replace(again, id="item1", cached=False) == first
    assert store.read("select run, stage, item, model from spent") == [
        ("r", "test", "item1", "fake:model")
    ]


def test_no_questions_no_engine(store):
    engine = Engine()
    assert list(Remembered(engine, store).ask([])) == [] and engine.closed == 0


def test_one_key_is_asked_once_and_answers_all(store):
    engine = Engine(ahead=8)
    asks = [replace(ask_about(n % 5), id=f"q{n}") for n in range(400)]
    found = list(Remembered(engine, store).ask(asks))
    assert sorted(r.id for r in found) == sorted(a.id for a in asks)
    for reply in found:
        number = int(reply.id[1:]) % 5
        assert reply.text == answer(ask_about(number)).text
    assert len(engine.asked) == 5 and sum(not r.cached for r in found) == 5


def test_an_id_may_repeat(store):
    asks = [replace(ask_about(n), id="same") for n in range(30)]
    found = list(Remembered(Engine(), store).ask(asks))
    assert {r.id for r in found} == {"same"}
    assert sorted(r.text for r in found) == sorted(right(range(30)).values())


def test_other_engines_have_other_answers(store):
    texts(Engine(), store, range(3))
    other = Engine(identity="other")
    texts(other, store, range(3))
    assert len(other.asked) == 3 and len(store) == 6


def test_replies_are_committed_before_they_are_given_out(store):
    with ReplyStore(store.folder) as other:
        for reply in Remembered(Engine(), store).ask(ask_about(n) for n in range(100)):
            [(count,)] = other.read("select count(*) from replies where item = ?", (reply.id,))
            assert count == 1


def test_progress_is_told_of_each_reply(store):
    seen = []
    texts(Engine(), store, range(5))
    given_out = list(
        Remembered(Engine(), store, progress=seen.append).ask(ask_about(n) for n in range(9))
    )
    assert seen == given_out and len(seen) == 9


@pytest.mark.parametrize("known", [False, True])
def test_memory_does_not_grow_with_the_questions(store, known):
    """No more questions are drawn than may wait, be asked, or be given out."""
    count, drawn, most = 6000, 0, 0
    if known:
        rows = [(ask_about(n), answer(ask_about(n))) for n in range(count)]
        store.put([(make_key(a, "engine", ()), a, r) for a, r in rows])

    def source():
        nonlocal drawn
        for drawn in range(1, count + 1):
            yield ask_about(drawn - 1)

    engine = Engine(ahead=8)
    for number, _ in enumerate(Remembered(engine, store).ask(source())):
        most = max(most, drawn - number)
    assert most <= remember.READY + remember.QUEUE + 2 * remember.WINDOW + 2 * flow.BACKLOG
    assert drawn == count and len(engine.asked) == count * (not known)


def test_an_engine_faster_than_the_disk_is_slowed_down(store, monkeypatch):
    monkeypatch.setattr(flow, "BACKLOG", 8)
    engine, put, ahead = Engine(ahead=2), store.put, []

    def slowly(answered, *args):
        time.sleep(0.01)
        ahead.append(len(engine.asked) - len(store) - len(answered))
        return put(answered, *args)

    monkeypatch.setattr(store, "put", slowly)
    assert texts(engine, store, range(300)) == right(range(300))
    assert max(ahead) <= flow.BACKLOG + engine.ahead + 1


class Slow(Engine):
    """Answers when `ahead` questions are there, or no more come."""

    def ask(self, questions):
        source = iter(questions)
        while group := list(itertools.islice(source, self.ahead)):
            self.asked += group
            yield from map(self.reply, group)


@pytest.mark.parametrize("ahead", [1, 500, 3000])
def test_an_engine_that_draws_far_ahead_is_fed(store, ahead):
    """One that collects a batch must get it, however few questions may wait."""
    assert texts(Slow(ahead=ahead), store, range(2000)) == right(range(2000))


def test_one_that_waits_for_a_batch_gets_past_repeated_questions(store):
    asks = [replace(ask_about(0), id=f"q{n}") for n in range(3000)] + [ask_about(n) for n in (1, 2)]
    assert len(list(Remembered(Slow(ahead=3), store).ask(asks))) == 3002


def test_the_engine_has_work_while_replies_are_read_slowly(store):
    """It is not kept waiting for whoever reads, nor for the disk."""
    engine = Engine(ahead=1)
    replies = Remembered(engine, store).ask(ask_about(n) for n in range(200))
    next(replies)
    until = time.monotonic() + 20
    while len(engine.asked) < 200 and time.monotonic() < until:
        time.sleep(0.001)
    assert len(engine.asked) == 200
    assert len(list(replies)) == 199


def test_the_engine_draws_from_any_thread(store):
    class Elsewhere(Engine):
        def ask(self, questions):
            found = []
            thread = threading.Thread(target=lambda: found.extend(questions))
            thread.start()
            thread.join()
            yield from map(self.reply, found)

    assert texts(Elsewhere(), store, range(900)) == right(range(900))


def test_questions_are_drawn_in_the_callers_thread(store):
    seen = set()

    def source():
        for n in range(300):
            seen.add(threading.current_thread())
            yield ask_about(n)

    list(Remembered(Engine(), store).ask(source()))
    assert seen == {threading.current_thread()}


# ----- failures ---------------------------------------------------------------------------------


def faulty(ask):
    return Reply(ask.id, "half", error="truncated", reason="cut", usage={"output_tokens": 9})


def test_failures_are_rows_and_asked_again_only_on_demand(store):
    assert set(texts(Engine(faulty), store, range(5)).values()) == {"half"}
    engine = Engine()
    texts(engine, store, range(5), retry=["transport"])
    assert engine.asked == []
    engine = Engine(faulty)
    texts(engine, store, range(5), retry=["truncated"])
    assert len(engine.asked) == 5
    assert texts(Engine(), store, range(5), retry=["truncated"]) == right(range(5))
    assert len(store) == 5 and store.last_entry() == 15


def test_retried_once_a_run(store):
    """Questions with one key that come far apart, too."""
    texts(Engine(faulty), store, range(1))
    engine = Engine(faulty)
    numbers = [0, *range(1, 2000), 0]
    texts(engine, store, numbers, retry=["truncated"])
    assert len(engine.asked) == 2000 and len(store) == 2000


class Broken(Engine):
    """Gives `before` replies, then does something."""

    def __init__(self, then, before=30, **more):
        super().__init__(**more)
        self.then, self.before = then, before

    def ask(self, questions):
        for number, reply in enumerate(super().ask(questions)):
            if number == self.before:
                yield from self.then(reply)
            yield reply


def dies(reply):
    raise ChatError("the server died")
    yield


def unknown_reply(reply):
    yield replace(reply, id="nobody asked this")


def twice(reply):
    yield reply


def crashes(reply):
    yield 1 / 0


@pytest.mark.parametrize(
    ("then", "error", "words"),
    [
        (dies, ChatError, "the server died"),
        (unknown_reply, ChatError, "nobody asked this.*not asked"),
        (twice, ChatError, "twice|not asked"),
        (crashes, ZeroDivisionError, "zero"),
    ],
)
def test_what_arrived_is_kept_when_an_engine_ends_badly(store, then, error, words):
    engine, found = Broken(then), []
    with pytest.raises(error, match=words):
        for reply in Remembered(engine, store).ask(ask_about(n) for n in range(500)):
            found.append(reply)
    assert len(found) == len(store) == store.last_entry() in (30, 31)
    rest = Engine()
    assert texts(rest, store, range(500)) == right(range(500))
    assert len(rest.asked) == 500 - len(found)


class Forgets(Engine):
    def ask(self, questions):
        for number, reply in enumerate(super().ask(questions)):
            if number != 7:
                yield reply


def test_a_question_without_a_reply_is_named(store):
    found = []
    with pytest.raises(ChatError, match=r"without a reply to 1 questions, such as .*item\d+"):
        for reply in Remembered(Forgets(), store).ask(ask_about(n) for n in range(50)):
            found.append(reply)
    assert len(store) == len(found) == 49
    assert texts(Engine(), store, range(50)) == right(range(50))


def test_an_engine_that_stops_early_is_named(store):
    class Stops(Engine):
        def ask(self, questions):
            return super().ask(itertools.islice(questions, 10))

    with pytest.raises(ChatError, match="before it had taken all"):
        texts(Stops(), store, range(50))
    assert len(store) == 10


def test_an_engine_that_cannot_be_asked_is_an_error_at_once(store):
    class Gone(Engine):
        def ask(self, questions):
            raise ChatError("no server at http://localhost:1")

    with pytest.raises(ChatError, match="no server"):
        texts(Gone(), store, range(50))


def test_an_error_of_the_questions_comes_after_the_replies(store):
    def source():
        yield from (ask_about(n) for n in range(20))
        raise KeyError("no such column")

    found = []
    with pytest.raises(KeyError, match="no such column"):
        for reply in Remembered(Engine(ahead=1), store).ask(source()):
            found.append(reply)
    assert len(found) == len(store)


def test_a_full_disk_ends_the_run(store):
    texts(Engine(), store, range(10))
    [(pages,)] = store._writer.execute("pragma page_count").fetchall()
    store._writer.execute(f"pragma max_page_count={pages + 20}")
    found = []
    with pytest.raises(StoreError, match="disk is full"):
        for reply in Remembered(Engine(), store).ask(ask_about(n) for n in range(5000)):
            found.append(reply)
    assert len(found) == len(store) < 5000


# ----- ending early -----------------------------------------------------------------------------


def test_closing_cancels_and_keeps(store):
    engine = Engine()
    others = set(threading.enumerate())  # of tests before this one
    replies = Remembered(engine, store).ask(ask_about(n) for n in itertools.count())
    found = list(itertools.islice(replies, 10))
    replies.close()
    assert engine.closed == 1 and len(store) >= 10
    assert {r.id for r in found} <= {row.row["item"] for rows in store.rows() for row in rows}
    before = len(store)
    assert len(engine.asked) - before <= engine.ahead  # those in flight
    assert len(set(threading.enumerate()) - others) < 20


def test_an_interrupt_cancels_and_keeps(store):
    engine = Engine()

    def source():
        for n in itertools.count():
            if n == 300:
                raise KeyboardInterrupt
            yield ask_about(n)

    found = []
    with pytest.raises(KeyboardInterrupt):
        for reply in Remembered(engine, store).ask(source()):
            found.append(reply)
    assert engine.closed == 1 and len(store) >= len(found)


def test_an_engine_that_hangs_does_not_keep_an_interrupted_run(store, monkeypatch):
    monkeypatch.setattr(flow, "LEAVE_S", 0.05)
    free = threading.Event()

    def hang(ask):
        if ask.parts[0] == "what is 9?":
            free.wait(30)
        return answer(ask)

    engine = Engine(hang, ahead=1)
    replies = Remembered(engine, store).ask(ask_about(n) for n in range(20))
    found = list(itertools.islice(replies, 9))
    replies.close()
    assert len(found) == len(store) == 9
    free.set()
    for thread in threading.enumerate():
        if thread.name == "engine":
            thread.join(10)
    assert len(store) == 9  # a reply that came too late is not heard


# ----- budget -----------------------------------------------------------------------------------


class Purse:
    def __init__(self, replies):
        self.replies, self.noted = replies, []

    def note(self, reply):
        self.noted.append(reply)

    def left(self):
        return len(self.noted) < self.replies


def test_a_budget_ends_the_run_when_a_question_would_cost(store):
    engine, purse, found = Engine(ahead=4), Purse(50), []
    with pytest.raises(BudgetReached, match="larger one"):
        for reply in Remembered(engine, store, budget=purse).ask(ask_about(n) for n in range(500)):
            found.append(reply)
    assert 50 <= len(engine.asked) <= 53  # those in flight are finished
    assert len(found) == len(store) == len(purse.noted) == len(engine.asked)
    assert texts(Engine(), store, range(500)) == right(range(500))


def test_stored_replies_cost_nothing(store):
    texts(Engine(), store, range(300))
    purse = Purse(0)
    assert texts(Engine(), store, range(300), budget=purse) == right(range(300))
    assert purse.noted == []
    engine, found = Engine(), []
    with pytest.raises(BudgetReached):
        for reply in Remembered(engine, store, budget=purse).ask(ask_about(n) for n in range(301)):
            found.append(reply)
    assert len(found) == 300 and engine.asked == []


def test_a_budget_that_is_just_enough_is_enough(store):
    assert texts(Engine(), store, range(40), budget=Purse(40)) == right(range(40))


class Careful(Purse):
    """Reserves ten times what a question costs until its reply is there."""

    out = 0

    def started(self):
        self.out += 1

    def note(self, reply):
        super().note(reply)
        self.out -= 1

    def left(self):
        return len(self.noted) + 10 * self.out < self.replies

    def about(self):
        return f"{len(self.noted)} of {self.replies}"


def test_what_was_reserved_and_not_spent_is_spent(store):
    engine, purse, found = Engine(ahead=8), Careful(100), []
    with pytest.raises(BudgetReached, match="spent: 100 of 100, and"):
        for reply in Remembered(engine, store, budget=purse).ask(ask_about(n) for n in range(500)):
            found.append(reply)
    assert len(found) == len(engine.asked) == 100 and purse.out == 0
    engine = Engine(ahead=8)
    assert texts(engine, store, range(200), budget=Careful(100)) == right(range(200))
    assert len(engine.asked) == 100


def test_a_budget_and_a_canary(store, shop):
    """The engine is let finish, however often that takes, before it is checked."""
    engine, seen = Engine(ahead=8), []

    def canary(chat):
        seen.append((len(engine.asked), len(store)))

    asks = [ask_about(n) for n in range(1000, 1060)] + [show(shop(n), n) for n in range(30)]
    found = Remembered(engine, store, budget=Careful(200), canary=canary).ask(asks)
    assert len(list(found)) == 90 and seen == [(60, 60)]


def test_a_budget_that_raises_ends_the_run_after_the_replies(store):
    class Strict(Purse):
        def note(self, reply):
            super().note(reply)
            if len(self.noted) == 5:
                raise BudgetReached("that was all")

    found = []
    with pytest.raises(BudgetReached, match="that was all"):
        for reply in Remembered(Engine(), store, budget=Strict(99)).ask(map(ask_about, range(50))):
            found.append(reply)
    assert len(found) == len(store) == 5


# ----- pictures ---------------------------------------------------------------------------------


def test_the_engine_gets_pictures_as_they_are_sent(store, shop):
    policy = PicturePolicy(side_px=32)
    engine = Engine(policy=policy)
    asks = [show(shop(n), n) for n in range(6)]
    found = {r.id: r for r in Remembered(engine, store).ask(asks)}
    for ask in asks:
        sent = fit_picture(ask.parts[0], policy)
        assert (
            found[ask.id].text
            == answer(replace(ask, parts=(Image(data=sent.data), *ask.parts[1:]))).text
        )
    assert all(isinstance(a.parts[0], SentImage) for a in engine.asked)
    [rows] = store.rows()
    told = {json.loads(row.row["parts"])[0]["image"] for row in rows}
    assert told == {fit_picture(a.parts[0], policy).sha256 for a in asks}


@pytest.mark.parametrize("in_memory", [False, True])
def test_a_second_run_looks_at_no_picture(store, shop, monkeypatch, in_memory):
    def asks():
        for n in range(9):
            image = shop(n)
            yield show(Image(data=image.read()) if in_memory else image, n)

    first = {r.id: r.text for r in Remembered(Engine(), store).ask(asks())}
    monkeypatch.setattr("skulens.chat.bulk.preparing.fit_bytes", None)
    if not in_memory:
        monkeypatch.setattr("skulens.chat.bulk.preparing.read_bytes", None)
    engine = Engine()
    assert {r.id: r.text for r in Remembered(engine, store).ask(asks())} == first
    assert engine.asked == []


def test_another_question_about_a_known_picture(store, shop):
    list(Remembered(Engine(), store).ask([show(shop(1), 1)]))
    engine = Engine()
    [reply] = Remembered(engine, store).ask([show(shop(1), 2)])
    sent = Image(data=fit_picture(shop(1), PicturePolicy()).data)
    assert reply.text == answer(show(sent, 2)).text and len(engine.asked) == 1


def test_a_picture_that_changed_is_asked_about_anew(store, shop):
    list(Remembered(Engine(), store).ask([show(shop(1))]))
    other = shop(2).read()
    image = shop(1)
    Path(image.path).write_bytes(other)
    engine = Engine()
    [reply] = Remembered(engine, store).ask([show(image)])
    assert not reply.cached and len(engine.asked) == 1
    assert reply.text == answer(show(Image(data=fit_picture(shop(2), PicturePolicy()).data))).text


def test_the_same_picture_elsewhere_is_the_same(store, shop, tmp_path):
    list(Remembered(Engine(), store).ask([show(shop(1))]))
    (tmp_path / "copy.jpg").write_bytes(shop(1).read())
    engine = Engine()
    [reply] = Remembered(engine, store).ask([show(Image(path=str(tmp_path / "copy.jpg")))])
    assert reply.cached and engine.asked == []


def test_a_wrong_memo_asks_once_more_at_most(store, shop):
    """What another Pillow made of the picture, say: the key is that of what is sent."""
    list(Remembered(Engine(), store).ask([show(shop(1))]))
    with store._writer as db:
        db.execute("update pictures set sha256 = 'from elsewhere'")
    for _ in range(2):
        engine = Engine()
        [reply] = Remembered(engine, store).ask([show(shop(1))])
        assert reply.cached and engine.asked == [] and len(store) == 1
    # it stays: older replies may stand under it
    assert store.read("select sha256 from pictures") == [("from elsewhere",)]


def test_another_policy_is_another_question(store, shop):
    for side in (30, 36):
        engine = Engine(policy=PicturePolicy(side_px=side), identity=f"at {side}")
        [reply] = Remembered(engine, store).ask([show(shop(1))])
        assert not reply.cached
    assert len(store) == 2 and store.read("select count(*) from pictures") == [(2,)]


BAD = ("missing", "corrupt", "empty", "folder", "many")


def bad_question(kind, shop, tmp_path, number=0):
    path = tmp_path / f"{kind}.jpg"
    if kind == "corrupt":
        path.write_bytes(shop(90).read()[:300])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir(exist_ok=True)
    elif kind == "many":
        return Ask(f"item{number}", (shop(1),) * 11, "look")
    return Ask(f"item{number}", (shop(1), Image(path=str(path))), "look")


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("missing", "image_missing", "no such file"),
        ("folder", "image_missing", "a folder"),
        ("corrupt", "image_corrupt", "truncated|decoded"),
        ("empty", "image_corrupt", "0 bytes"),
        ("many", "too_many_images", "11 pictures"),
    ],
)
def test_bad_pictures_are_rows_and_stop_nothing(store, shop, tmp_path, kind, error, words):
    asks = [show(shop(1), 1), bad_question(kind, shop, tmp_path), show(shop(2), 2)]
    for run in range(3):
        engine = Engine()
        found = {r.id: r for r in Remembered(engine, store).ask(asks)}
        assert len(found) == 3 and len(engine.asked) == (0 if run else 2)
        bad = found["item0"]
        assert bad.error == error and re.search(words, bad.reason) and not bad.text
        assert bad.cached == (run > 0) and not found["item1"].error
    assert len(store) == 3 and store.last_entry() == 3


def test_a_picture_that_was_missing_is_asked_about_when_it_comes(store, shop, tmp_path):
    ask = bad_question("missing", shop, tmp_path)
    list(Remembered(Engine(), store).ask([ask]))
    (tmp_path / "missing.jpg").write_bytes(shop(3).read())
    [reply] = Remembered(Engine(), store).ask([ask])
    assert not reply.error


def test_a_corrupt_picture_is_looked_at_again_on_demand(store, shop, tmp_path, monkeypatch):
    ask = bad_question("corrupt", shop, tmp_path)
    list(Remembered(Engine(), store).ask([ask]))
    sent = fit_picture(shop(5), PicturePolicy())
    monkeypatch.setattr(
        "skulens.chat.bulk.preparing.fit_bytes", lambda *_: sent
    )  # a better decoder
    [reply] = Remembered(Engine(), store).ask([ask])
    assert reply.error
    for retry in (["image_corrupt"], []):
        [reply] = Remembered(Engine(), store, retry=retry).ask([ask])
        assert not reply.error


def test_want_of_memory_is_not_remembered(store, shop, monkeypatch):
    whole = pictures.decode

    def decode(*args, **more):
        raise MemoryError

    monkeypatch.setattr("skulens.pictures.PIL.Image.open", decode)
    monkeypatch.setattr(pictures, "strip_metadata", lambda data: None)
    [reply] = Remembered(Engine(), store).ask([show(shop(1))])
    assert reply.error == "image_corrupt" and "memory" in reply.reason
    monkeypatch.undo()
    assert whole is pictures.decode
    assert store.read("select count(*) from pictures") == [(0,)]


def test_pictures_are_prepared_a_few_at_a_time(store, shop, monkeypatch):
    """Those that the engine has not drawn are few, since each holds its bytes."""
    engine, most = Engine(), 0

    def source():
        nonlocal most
        for number in range(300):
            most = max(most, number - len(engine.asked))
            yield show(shop(number, (8, 8)), number)

    monkeypatch.setattr(remember, "QUEUE", 16)
    assert len(list(Remembered(engine, store).ask(source()))) == 300
    assert most <= 16 + 2 * remember.PREPARING_PICTURES + remember.PREPARING_PICTURES


# ----- the canary -------------------------------------------------------------------------------


def test_the_canary_comes_before_the_first_picture_and_alone(store, shop):
    engine, seen = Engine(), []

    def canary(chat):
        assert chat is engine
        seen.append((len(engine.asked), sum(len(a.parts) > 1 for a in engine.asked), engine.closed))

    asks = [ask_about(n) for n in range(1000, 1300)]
    asks += [a for n in range(50) for a in (show(shop(n), n), ask_about(2000 + n))]
    found = list(Remembered(engine, store, canary=canary).ask(asks))
    assert len(found) == 400 and len(engine.asked) == 400
    [(asked, with_pictures, closed)] = seen
    assert with_pictures == 0 and asked >= 300 and closed == 1  # no stream was open


@pytest.mark.parametrize("pictures", [CANARY_FROM - 1, CANARY_FROM])
def test_the_canary_is_for_many_pictures(store, shop, pictures):
    seen = []
    asks = [show(shop(n), n) for n in range(pictures)]
    remembered = Remembered(Engine(), store, canary=seen.append)
    assert len(list(remembered.ask(asks))) == pictures
    assert len(seen) == (pictures == CANARY_FROM)


def test_the_canary_counts_what_has_to_be_asked(store, shop):
    asks = [show(shop(n), n) for n in range(60)]
    list(Remembered(Engine(), store).ask(asks[:50]))
    seen = []
    assert len(list(Remembered(Engine(), store, canary=seen.append).ask(asks))) == 60
    assert seen == []


def test_a_canary_that_passed_counts_for_a_day(store, shop, monkeypatch):
    seen = []

    def passing(chat):
        seen.append(chat)
        return True

    def ask_more(first: int, canary) -> None:
        asks = [show(shop(n), n) for n in range(first, first + 20)]
        list(Remembered(Engine(), store, canary=canary).ask(asks))

    ask_more(0, lambda chat: seen.append(chat))  # it could not be judged
    ask_more(20, passing)
    ask_more(40, passing)
    assert len(seen) == 2
    monkeypatch.setattr(remember, "CANARY_LASTS_S", 0.0)
    ask_more(60, passing)
    assert len(seen) == 3


def test_a_schema_that_is_not_portable_stops_at_its_question(store):
    bad = Ask("bad", ("?",), schema={"type": "object"})
    engine, found = Engine(), []
    with pytest.raises(DataError, match="portable|properties"):
        for reply in Remembered(engine, store).ask([ask_about(1), bad, ask_about(2)]):
            found.append(reply)
    assert found == engine.asked == []


def test_a_canary_that_fails_ends_the_run(store, shop):
    def canary(chat):
        raise ChatError("pictures are mixed up")

    engine, found = Engine(), []
    asks = [ask_about(n) for n in range(5)] + [show(shop(n), n) for n in range(40)]
    with pytest.raises(ChatError, match="mixed up"):
        for reply in Remembered(engine, store, canary=canary).ask(asks):
            found.append(reply)
    assert len(found) == len(engine.asked) == 5


def test_repeated_questions_wait_for_the_canary_with_the_first(store, shop):
    asks = [replace(show(shop(n % 25), n % 25), id=f"q{n}") for n in range(200)]
    engine, seen = Engine(), []
    found = list(Remembered(engine, store, canary=seen.append).ask(asks))
    assert len(found) == 200 and len(engine.asked) == 25 and len(seen) == 1


# ----- anything at all --------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=60),
    st.integers(1, 9),
    st.sets(st.integers(0, 12)),
    st.booleans(),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
def test_any_mix_is_answered_rightly(store, shop, drawn, ahead, known, check):
    """Repeated questions, texts and pictures, some known, whatever the engine's order."""
    for table in ("replies", "spent", "files", "pictures"):
        store._writer.execute(f"delete from {table}")

    def make(number, with_picture):
        return show(shop(number), number) if with_picture else ask_about(number)

    list(Remembered(Engine(), store).ask(make(n, n % 2 == 0) for n in known))
    asks = [replace(make(n, p), id=f"q{i}") for i, (n, p) in enumerate(drawn)]
    engine = Engine(ahead=ahead)
    canary = (lambda chat: None) if check else None
    found = {r.id: r for r in Remembered(engine, store, canary=canary).ask(asks)}
    assert set(found) == {a.id for a in asks}
    for ask in asks:
        parts = tuple(
            p if isinstance(p, str) else Image(data=fit_picture(p, engine.policy).data)
            for p in ask.parts
        )
        assert found[ask.id].text == answer(replace(ask, parts=parts)).text
    new = {(n, p) for n, p in drawn} - {(n, n % 2 == 0) for n in known}
    assert len(engine.asked) == len(new)


# ----- two at once, and kill -9 -----------------------------------------------------------------

COUNT = 800
KILLS = 20
AHEAD = 8


def work(folder, log, given_out, pause_s, most=None):
    """Ask all; note each reply that was given out. After `most` the engine hangs."""
    from tests.chat.engines import Engine

    count = itertools.count()

    def slowly(ask):
        time.sleep(pause_s if next(count) != most else 3600)
        return answer(ask)

    engine = Engine(slowly, ahead=AHEAD, log=log)
    with ReplyStore(folder) as store, given_out.open("ab", buffering=0) as file:
        for reply in Remembered(engine, store).ask(ask_about(n) for n in range(COUNT)):
            if not reply.cached:
                file.write(f"{reply.id}\n".encode())


def start(*args):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chat.test_remember"])
    process = context.Process(target=work, args=args)
    process.start()
    return process


def lines(path):
    return path.read_text().split("\n")[:-1] if path.exists() else []


def content(store):
    """The table less what depends on the clock and on which run it was."""
    table = pa.Table.from_batches(store.to_arrow())
    return table.drop_columns(["made"])


def test_killed_twenty_times_and_the_table_is_that_of_an_undisturbed_run(tmp_path):
    draw = random.Random(5)
    folder, log, given_out = tmp_path / "store", tmp_path / "log", tmp_path / "given"
    in_flight = kills = 0
    while kills < KILLS:
        seen = len(lines(log))
        process = start(folder, log, given_out, 0.001, COUNT // KILLS - AHEAD)
        stop_at = seen + draw.randrange(1, 20)
        while process.is_alive() and len(lines(log)) < stop_at:
            time.sleep(0.0005)
        if process.is_alive():
            time.sleep(draw.random() * 0.01)
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL  # it had not finished
        kills += 1
        with ReplyStore(folder) as store:
            stored = {s.row["key"] for rows in store.rows() for s in rows}
            items = {s.row["item"] for rows in store.rows() for s in rows}
        assert set(lines(given_out)) <= items  # nothing that was given out is lost
        called = lines(log)[seen:]
        in_flight += len(set(called) - stored)
    process = start(folder, log, given_out, 0.0)
    process.join()
    assert process.exitcode == 0
    calls = lines(log)
    assert len(set(calls)) == COUNT
    assert len(calls) - COUNT <= in_flight <= KILLS * (AHEAD + 2 * flow.GROUP)
    print(f"{len(calls) - COUNT} calls made twice, {in_flight} in flight at {KILLS} kills")
    with ReplyStore(folder) as store, ReplyStore(tmp_path / "quiet") as quiet:
        assert texts(Engine(), quiet, range(COUNT)) == right(range(COUNT))
        assert content(store).equals(content(quiet)) and len(store) == COUNT
        assert store.last_entry() == COUNT  # nothing was paid for and stored twice


def test_two_processes_at_once_end_with_one_row_per_key(tmp_path):
    folder = tmp_path / "store"
    both = [start(folder, tmp_path / f"log{i}", tmp_path / f"given{i}", 0.0005) for i in (1, 2)]
    for process in both:
        process.join()
    assert [p.exitcode for p in both] == [0, 0]
    with ReplyStore(folder) as store:
        assert len(store) == COUNT
        assert texts(Engine(), store, range(COUNT)) == right(range(COUNT))


def test_where_another_was_faster_its_answer_is_given_out(store):
    """Both paid; what is stored is what is told."""
    key_seen = []

    def meanwhile(ask):
        key_seen.append(ask.id)
        with ReplyStore(store.folder) as other:
            other.put([(ask.id, ask_about(1), Reply("x", "from the other"))])
        return answer(ask)

    [reply] = Remembered(Engine(meanwhile), store).ask([ask_about(1)])
    assert reply.text == "from the other" and reply.id == "item1"
    assert len(store) == 1 and store.last_entry() == 2
