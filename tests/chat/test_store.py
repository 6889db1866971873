"""A reply that was stored is there, whole, once, for everybody, or an error says why not."""

import itertools
import json
import math
import multiprocessing
import shutil
import sqlite3
import threading
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skulens.chat.failures import CLASSES
from skulens.chat.key import make_key
from skulens.chat.replies import database
from skulens.chat.replies.secrets import hide_secrets
from skulens.chat.replies.store import FILE, ReplyStore
from skulens.errors import StoreError
from skulens.protocols import Ask, Reply
from skulens.records import Image
from tests.chat.engines import answer, ask_about

texts = st.text(st.characters(codec=None), max_size=20)
"""With lone surrogates and NUL."""
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
usages = st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), st.integers(0, 2**40))
replies = st.builds(
    Reply, texts, texts, values, texts, st.sampled_from(["", *CLASSES]), texts, usages,
    st.lists(st.dictionaries(texts, values, max_size=2), max_size=2).map(tuple),
    st.floats(0, 1e6), st.integers(0, 9), st.just(False), texts,
)  # fmt: skip
picture = st.just(Image(path="a.jpg"))
questions = st.builds(
    Ask, texts, st.lists(texts | picture, max_size=3).map(tuple), texts,
    st.none() | st.dictionaries(texts, texts, max_size=2),
    st.dictionaries(texts, st.integers(), max_size=2), texts, texts,
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with ReplyStore(tmp_path / "store") as made:
        yield made


def key_of(number: int) -> str:
    return make_key(ask_about(number), "engine", ())


def put(store, numbers, reply=answer, **more):
    rows = [(key_of(n), ask_about(n), reply(ask_about(n))) for n in numbers]
    return store.put(rows, "fake:model", "run", **more)


def failure(ask):
    return Reply(ask.id, error="transport", reason="cut off", usage={"input_tokens": 5})


def same(one: object, other: object) -> bool:
    """Equality under which NaN is NaN."""
    return repr(one) == repr(other)


LONE = "\ud800"


@given(st.lists(st.tuples(questions, replies), max_size=4))
@example(
    [
        (
            Ask(LONE, (LONE,), LONE, {LONE: LONE}, {LONE: 1}, LONE, LONE),
            Reply(LONE, LONE, {LONE: LONE}, LONE, "", LONE, {}, ({LONE: LONE},), system=LONE),
        )
    ]
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_reply_comes_back(store, rows):
    """In this process and from the disk, whatever its texts hold."""
    store._writer.execute("delete from replies")
    hashes = {str(i): ["p"] * len(ask.parts) for i, (ask, _) in enumerate(rows)}
    store.put([(str(i), a, r) for i, (a, r) in enumerate(rows)], "m", "r", hashes)
    with ReplyStore(store.folder) as other:
        for found in (store.find(hashes), other.find(hashes)):
            assert set(found) == set(hashes)
            for i, (ask, reply) in enumerate(rows):
                expected = replace(reply, id=ask.id, cached=True)
                got = replace(found[str(i)], reason=reply.reason)  # where secrets are hidden
                assert same(got, expected)
    list(store.to_arrow())


def test_nan_comes_back(store):
    ask = ask_about(1)
    store.put([("k", ask, Reply(ask.id, value={"a": math.nan, "b": -math.inf}))])
    value = store.find(["k"])["k"].value
    assert math.isnan(value["a"]) and value["b"] == -math.inf


def test_an_answer_stays_and_a_failure_gives_way(store):
    assert put(store, [1], failure) == set()
    assert store.find([key_of(1)])[key_of(1)].error == "transport"
    assert put(store, [1], lambda a: replace(failure(a), reason="again")) == set()
    assert store.find([key_of(1)])[key_of(1)].reason == "again"
    assert put(store, [1]) == set()
    for late in (failure, lambda a: Reply(a.id, "another")):
        assert put(store, [1], late) == {key_of(1)}
    found = store.find([key_of(1)])[key_of(1)]
    assert found.text == answer(ask_about(1)).text and not found.error and found.cached
    assert len(store) == 1


def test_a_failure_gives_way_only_to_what_is_newer(store):
    put(store, [1], failure, made=1000.0)
    assert put(store, [1], made=999.0) == {key_of(1)}
    assert store.find([key_of(1)])[key_of(1)].error
    assert put(store, [1], made=1001.0) == set()
    put(store, [2], failure, made=4e12)  # a clock that was wrong
    assert put(store, [2]) == set()


def test_within_one_commit_too(store):
    ask, key = ask_about(1), key_of(1)
    good, other = Reply(ask.id, "good"), Reply(ask.id, "other")
    assert store.put([(key, ask, failure(ask)), (key, ask, good)]) == set()
    assert store.put([(key, ask, other)]) == {key}
    assert store.find([key])[key].text == "good" and len(store) == 1
    other_ask, other_key = ask_about(2), key_of(2)
    group = [(other_key, other_ask, r) for r in (good, other, failure(other_ask))]
    assert store.put(group) == {other_key}
    assert store.find([other_key])[other_key].text == "good"


def test_everything_that_was_spent_is_there(store):
    """Each reply that was made, those that were not stored too."""
    put(store, [1, 2], failure)
    put(store, [1])
    put(store, [1])
    rows = store.read("select item, outcome, input_tokens, run, model from spent order by entry")
    assert [r[:3] for r in rows] == [
        *(("item1", "transport", 5), ("item2", "transport", 5)),
        *(("item1", "answered", 7), ("item1", "answered", 7)),
    ]
    assert {r[3:] for r in rows} == {("run", "fake:model")}
    assert store.last_entry() == 4
    columns = [c[1] for c in store.read("pragma table_info(spent)")]
    assert columns == [
        *("entry", "run", "stage", "item", "key", "model", "input_tokens", "cached_tokens"),
        *("output_tokens", "reasoning_tokens", "image_tokens", "seconds", "outcome", "made"),
        *("system", "raw_usage"),
    ]


def test_shared_texts_are_stored_once(store):
    system, schema = "You are careful. " * 500, {"type": "object", "title": "x" * 9000}
    for first in range(0, 300, 30):
        rows = [
            (str(n), Ask(f"i{n}", ("short",), system, schema), Reply(f"i{n}", "yes"))
            for n in range(first, first + 30)
        ]
        store.put(rows)
    assert store.read("select count(*) from texts") == [(2,)]
    store.close()
    assert store.path.stat().st_size < 400_000


def test_many_replies_are_one_commit(store):
    said = []
    store._writer.set_trace_callback(said.append)
    put(store, range(60))
    assert [s for s in said if s in ("commit", "begin immediate")] == ["begin immediate", "commit"]


def test_commits_are_synced(store):
    """What no test of a process can see: a power failure."""
    assert store._writer.execute("pragma synchronous").fetchall() == [(2,)]
    assert store._writer.execute("pragma journal_mode").fetchall() == [("wal",)]


def test_nothing_of_a_group_is_there_before_its_commit(store):
    seen = []

    def rows():
        for n in range(3):
            yield key_of(n), ask_about(n), answer(ask_about(n))

    def look(statement):
        if statement == "commit":
            seen.append(len(store))

    store._writer.set_trace_callback(look)
    store.put(rows())
    assert seen == [0] and len(store) == 3


def test_a_group_that_cannot_be_stored_leaves_nothing(store):
    ask = ask_about(2)
    bad = (key_of(2), ask, Reply(ask.id, value={1, 2}))
    with pytest.raises(StoreError, match=r"question 'item2' cannot be stored"):
        store.put([(key_of(1), ask_about(1), answer(ask_about(1))), bad])
    assert len(store) == 0 and store.last_entry() == 0
    put(store, [1])
    assert len(store) == 1


def test_texts_of_a_group_that_failed_are_stored_by_the_next(store):
    ask = ask_about(1)
    with pytest.raises(StoreError):
        store.put([(key_of(1), ask, Reply(ask.id, value={1}))])
    put(store, [1])
    [batch] = store.to_arrow()
    assert batch["instructions"].to_pylist() == ["be brief"]


def test_find_takes_any_number_of_keys(store):
    put(store, range(1300))
    wanted = [key_of(n) for n in range(1300)] + ["absent"]
    assert set(store.find(iter(wanted * 2))) == set(wanted[:-1])
    assert store.find([]) == {}


# ----- damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column", ["item", "parts", "text", "value", "error", "usage", "attempts", "entry", "seal"]
)
def test_a_damaged_row_counts_as_absent_and_is_replaced(store, column):
    put(store, [1, 2])
    with sqlite3.connect(store.path) as db:
        db.execute(f"update replies set {column} = '{{\"a\":' where key = ?", (key_of(1),))
    assert set(store.find([key_of(1), key_of(2)])) == {key_of(2)}
    with pytest.warns(UserWarning, match="1 damaged row"):
        assert store.export(store.folder / "r.parquet") == 1
    assert put(store, [1, 2]) == {key_of(2)}
    assert set(store.find([key_of(1), key_of(2)])) == {key_of(1), key_of(2)} and len(store) == 2


def test_damaged_accounts_cost_no_answer(store):
    put(store, [1])
    with sqlite3.connect(store.path) as db:
        db.execute("update spent set raw_usage = 'nonsense'")
    assert store.find([key_of(1)])[key_of(1)].raw_usage == ()


def test_a_damaged_file_is_named_and_said_what_to_do_with(tmp_path):
    with ReplyStore(tmp_path) as store:
        put(store, range(300))
    path = tmp_path / FILE
    whole = path.read_bytes()
    for damaged in (
        b"no database at all" * 99,
        whole[: len(whole) // 2],
        whole[:100] + b"\xff" * 9999,
    ):
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match="move it aside") as caught:  # noqa: SIM117
            with ReplyStore(tmp_path) as store:
                put(store, range(300))
                store.find(key_of(n) for n in range(300))
        assert str(path) in str(caught.value)
    path.rename(path.with_suffix(".aside"))
    with ReplyStore(tmp_path) as store:
        assert put(store, [1]) == set()


def test_files_of_others_are_refused(tmp_path):
    with ReplyStore(tmp_path / "new") as store:
        pass
    with sqlite3.connect(store.path) as db:
        db.execute(f"pragma user_version={database.FORMAT + 1}")
    with pytest.raises(StoreError, match="later skulens"):
        ReplyStore(tmp_path / "new")
    (tmp_path / "other").mkdir()
    with sqlite3.connect(tmp_path / "other" / FILE) as db:
        db.execute("create table poems (line text)")
    with pytest.raises(StoreError, match="no reply store"):
        ReplyStore(tmp_path / "other")


def test_an_empty_file_is_a_new_store(tmp_path):
    (tmp_path / FILE).touch()
    with ReplyStore(tmp_path) as store:
        assert len(store) == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file/store"):
        ReplyStore(tmp_path / "file" / "store")


def test_a_full_disk_is_named_and_loses_nothing(store):
    put(store, range(10))
    [(pages,)] = store._writer.execute("pragma page_count").fetchall()
    store._writer.execute(f"pragma max_page_count={pages}")
    with pytest.raises(StoreError, match="disk is full") as caught:
        put(store, range(10, 2000))
    assert str(store.folder) in str(caught.value)
    assert len(store) == 10 and len(store.find(key_of(n) for n in range(2000))) == 10
    store._writer.execute("pragma max_page_count=1000000")
    assert put(store, range(2000)) == {key_of(n) for n in range(10)}


def test_a_file_that_may_not_be_written_is_named(store):
    put(store, [1])
    store._writer.execute("pragma query_only=1")
    with pytest.raises(StoreError, match="may not be written"):
        put(store, [2])


def test_a_lock_that_stays_is_named(store, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_S", 0.01)
    store._writer.execute("pragma busy_timeout=1")
    with sqlite3.connect(store.path) as db:
        db.execute("begin immediate")
        with pytest.raises(StoreError, match="locked by another process"):
            put(store, [1])
    db.close()
    put(store, [1])


def test_a_closed_store_is_named(tmp_path):
    with ReplyStore(tmp_path) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        store.find(["k"])
    with pytest.raises(StoreError, match="closed"):
        put(store, [1])


# ----- several at once --------------------------------------------------------------------------


def test_threads_share_a_store(store):
    def work(first):
        for n in range(first, 200, 4):
            put(store, [n, 0])
            assert store.find([key_of(n)])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store) == 200 and store.last_entry() == 400


def test_a_store_is_closed_under_no_thread(tmp_path):
    """One that an interrupted run left behind may still be at it: it gets an error, no crash."""
    ends = []

    def work(store):
        try:
            for n in itertools.count():
                put(store, [n % 50])
                store.find(key_of(n) for n in range(50))
        except StoreError as e:
            ends.append(str(e))

    for attempt in range(5):
        store = ReplyStore(tmp_path / str(attempt))
        threads = [threading.Thread(target=work, args=(store,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        while not store.last_entry():
            pass
        store.close()
        for thread in threads:
            thread.join()
    assert len(ends) == 15 and all("closed" in said for said in ends)


def put_all(folder, number, start):
    start.wait(30)
    with ReplyStore(folder) as store:
        for n in range(60):
            put(store, [n], lambda a: Reply(a.id, f"from {number}"))


def test_processes_share_a_folder_that_none_had(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chat.test_store"])
    start = context.Event()
    workers = [context.Process(target=put_all, args=(tmp_path / "s", i, start)) for i in range(3)]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join()
    assert [w.exitcode for w in workers] == [0, 0, 0]
    with ReplyStore(tmp_path / "s") as store:
        assert len(store) == 60 and store.last_entry() == 180
        assert len(store.find(key_of(n) for n in range(60))) == 60


def test_a_copy_is_a_store(store, tmp_path):
    put(store, range(5))
    store.close()
    shutil.copytree(store.folder, tmp_path / "copy")
    with ReplyStore(tmp_path / "copy") as copy:
        assert len(copy.find(key_of(n) for n in range(5))) == 5


# ----- as Parquet -------------------------------------------------------------------------------


def test_everything_is_in_the_parquet_file(store, tmp_path):
    ask = Ask(
        "item", (Image(path="a.jpg"), "what?", Image(path="b.jpg")), "be brief", {"z": 1, "a": 2},
        {"seed": 3}, "template", "stage",
    )  # fmt: skip
    reply = Reply(
        "key", "text", {"a": [1, "é"]}, "stop", "", "", {"input_tokens": 5, "image_tokens": 2},
        ({"prompt_tokens": 5},), 0.5, 2, False, "engine",
    )  # fmt: skip
    store.put([("key", ask, reply)], "model", "run", {"key": ["1", "2"]}, made=1.5)
    assert store.export(tmp_path / "deep" / "r.parquet") == 1
    [row] = pq.read_table(tmp_path / "deep" / "r.parquet").to_pylist()
    assert row.pop("made").timestamp() == 1.5
    assert json.loads(row.pop("value")) == {"a": [1, "é"]}
    assert json.loads(row.pop("raw_usage")) == [{"prompt_tokens": 5}]
    assert row == {
        "key": "key", "item": "item", "stage": "stage", "run": "run", "model": "model",
        "system": "engine", "template": "template", "instructions": "be brief",
        "parts": [{"text": None, "image": "1"}, {"text": "what?", "image": None},
                  {"text": None, "image": "2"}],
        "schema": '{"z":1,"a":2}', "sampling": '{"seed":3}', "text": "text", "finish": "stop",
        "error": "", "reason": "", "input_tokens": 5, "cached_tokens": 0, "output_tokens": 0,
        "reasoning_tokens": 0, "image_tokens": 2, "latency_s": 0.5, "attempts": 2,
    }  # fmt: skip


def test_a_question_is_one_json_for_those_who_write_sql(store):
    asks = [
        Ask("a", (Image(path="a.jpg"), "what\ud800?"), "be brief", {"z": 1, "a": "é"}, {"seed": 3}),
        Ask("b", (), "\ud800"),
    ]
    store.put([(a.id, a, answer(replace(a, parts=()))) for a in asks], pictures={"a": ["1"]})
    found = dict(store.read("select item, question from questions"))
    assert json.loads(found["a"]) == {
        "system": "be brief",
        "parts": [{"image": "1"}, {"text": "what\ud800?"}],
        "schema": {"z": 1, "a": "é"},
        "sampling": {"seed": 3},
    }
    assert list(json.loads(found["a"])["schema"]) == ["z", "a"]
    assert json.loads(found["b"]) == {"system": None, "parts": [], "schema": None, "sampling": {}}
    [(value, raw)] = store.read("select value, raw_usage from questions where item = 'a'")
    assert json.loads(value)["said"] and json.loads(raw) == [{"prompt_tokens": 7}]


def test_rows_come_in_one_order_whatever_theirs_was(tmp_path):
    tables = []
    for numbers in (range(50), reversed(range(50))):
        with ReplyStore(tmp_path / str(len(tables))) as store:
            for n in numbers:
                put(store, [n], made=1.0)
            tables.append(pa.Table.from_batches(store.to_arrow(rows=7)))
    assert tables[0].equals(tables[1]) and tables[0].num_rows == 50


def test_texts_without_a_schema_and_no_valid_unicode(store):
    ask = Ask("\ud800", ("\udfff",), "\ud801")
    store.put([("k", ask, Reply("k", "\ud802\0"))])
    [row] = pa.Table.from_batches(store.to_arrow()).to_pylist()
    assert row["item"] == "\\ud800" and row["text"] == "\\ud802\0"
    assert row["instructions"] == "\\ud801" and row["schema"] is None
    assert row["parts"] == [{"text": "\\udfff", "image": None}]


def test_an_empty_store_is_an_empty_table(store, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.export(tmp_path / "r.parquet") == 0
    assert pq.read_table(tmp_path / "r.parquet").num_rows == 0


def test_a_file_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"r\.parquet cannot be written"):
        store.export(tmp_path / "file" / "r.parquet")


# ----- keys and passwords -----------------------------------------------------------------------

SECRET = "hunter2-and-more"


def test_no_key_gets_into_the_file(store, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", SECRET)
    keys = ["sk-proj-abcDEF1234567890", "Bearer abcdef.ghi-jkl", "https://me:pa55word@host/v1"]
    ask = ask_about(1)
    reason = f"401: {SECRET} and {' '.join(keys)} are wrong at https://host:8000/v1"
    store.put(
        [("k", ask, Reply(ask.id, error="engine", reason=reason, raw_usage=({"k": SECRET},)))]
    )
    store.close()
    stored = b"".join(p.read_bytes() for p in store.folder.iterdir())
    for secret in (SECRET, "abcDEF1234567890", "abcdef.ghi", "pa55word"):
        assert secret.encode() not in stored
    assert b"https://host:8000/v1" in stored and b"401" in stored


def test_ordinary_words_are_not_hidden():
    plain = "the key-value-store has no api_version; basic error at http://a.b:80/c?d=e sk-1"
    assert hide_secrets(plain, []) == plain


@pytest.mark.parametrize("after", range(3))
def test_a_store_that_another_process_makes_while_it_is_looked_at(tmp_path, after):
    path = tmp_path / "replies.sqlite"
    mine, other = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
    mine.execute("pragma journal_mode=wal")

    class Slow:
        """A connection; after so many reads, the other one makes the tables."""

        reads = 0
        in_transaction = False

        def execute(self, sql):
            found = mine.execute(sql)
            if sql.startswith(("select", "pragma")):
                rows, self.reads = found.fetchall(), self.reads + 1
                if self.reads == after + 1:
                    with database.transaction(other):
                        database.make_tables(other)
                return SimpleNamespace(fetchone=lambda: rows[0])
            return found

    assert database.is_prepared(Slow(), path) is False
    assert database.is_prepared(mine, path) is True
