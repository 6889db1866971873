"""What is LanceDB's own in the folder of a store and in writing; `test_conformance` has the rest."""

import json
import threading

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Document, FieldColumn, Probe, Schema  # noqa: E402
from skulens.errors import StoreError  # noqa: E402
from skulens.index.stores.engines.lance import layout, store, upkeep  # noqa: E402
from skulens.index.stores.engines.lance.journal import Journal  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402
from tests.index.stores.lance.small_lance import DIM, SCHEMA, fill, make_document, picture  # noqa: E402

# ----- folder ---------------------------------------------------------------------------------


def test_nothing_there_names_the_command_that_makes_a_store(folder):
    with pytest.raises(StoreError, match="no store at .*skulens index build"):
        Lance(str(folder))
    assert not folder.exists()


def test_a_file_is_no_store(folder):
    folder.write_text("text")
    with pytest.raises(StoreError, match=r"shop\.store"):
        Lance(str(folder), SCHEMA)


def change_record(folder, change):
    path = folder / "store.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


def test_a_store_of_a_newer_version_says_so(folder, shop):
    shop.close()
    change_record(folder, lambda told: told["schema"].update(version=99))
    with pytest.raises(StoreError, match="version 99"):
        Lance(str(folder))


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / "store.json").write_text('{"schema":'),
        lambda f: (f / "store.json").write_text("[]"),
        lambda f: (f / "store.json").unlink(),
        lambda f: change_record(f, lambda told: told.pop("columns")),
        lambda f: change_record(f, lambda told: told["columns"]["fields"].pop("price")),
    ],
    ids=["cut", "another", "missing", "no names", "a name missing"],
)
def test_a_damaged_record_is_named(folder, shop, damage):
    shop.close()
    damage(folder)
    with pytest.raises(StoreError, match=r"shop\.store is damaged .*store\.json"):
        Lance(str(folder), SCHEMA)


def test_a_store_that_was_never_finished_is_made_anew(folder, monkeypatch):
    def stop(table):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "index_words", stop)
        with pytest.raises(KeyboardInterrupt):
            Lance(str(folder), SCHEMA)
    with pytest.raises(StoreError, match="never finished"):
        Lance(str(folder))
    made = fill(Lance(str(folder), SCHEMA), 3)
    assert made.count() == 3
    made.close()


def test_names_in_the_table_are_plain_and_all_different():
    odd = ["extras.a b", "extras.a_b", "extras.A-B", "extras.ราคา", "extras.สี", "extras.words"]
    made = layout.make_layout(Schema(fields=tuple(FieldColumn(f, "text") for f in odd)))
    names = list(made.fields.values())
    assert len(set(names)) == len(odd)
    assert all(name.isascii() and name.replace("_", "a").isalnum() for name in names)


def test_fields_with_odd_names_come_back(folder):
    odd = ("extras.a b", "extras.a_b", "extras.A-B", "extras.ราคา", 'extras.quo"te', "extras.x.y")
    made = Lance(str(folder), Schema(fields=tuple(FieldColumn(f, "text") for f in odd)))
    made.upsert([Document("p", {}, {f: f"value of {f}" for f in odd})])
    made.close()
    [held] = Lance(str(folder)).fetch(["p"])
    assert held == {"id": "p"} | {f: f"value of {f}" for f in odd}


def test_the_key_comes_first_and_is_declared_unique(shop):
    key = shop._table().schema.field(0)
    assert key.name == "id" and not key.nullable
    assert key.metadata == {b"lance-schema:unenforced-primary-key": b"true"}


# ----- writing --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [2, 100])
def test_of_equal_ids_in_one_call_the_last_stays(shop, monkeypatch, rows):
    monkeypatch.setattr(store, "CHUNK_ROWS", rows)
    shop.upsert([make_document(1, "first"), make_document(2), make_document(1, "last")])
    shop.upsert([make_document(2, "first"), make_document(3), make_document(2, "last")])
    assert [h["words"] for h in shop.fetch(["p0001", "p0002"], ["words"])] == ["last", "last"]
    assert shop.count() == 3


def test_chunks_are_acknowledged_one_by_one(shop, monkeypatch):
    monkeypatch.setattr(store, "CHUNK_ROWS", 10)

    def documents():
        yield from map(make_document, range(25))
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        shop.upsert(documents())
    assert shop.count() == 20


def test_chunks_are_cut_by_their_size_too(monkeypatch):
    monkeypatch.setattr(store, "CHUNK_BYTES", 5 * 4 * DIM)
    chunks = store.cut_chunks(map(make_document, range(20)), SCHEMA)
    assert max(map(len, chunks)) <= 5


def test_new_products_of_later_calls_are_appended_too(shop, monkeypatch):
    fill(shop, 3)

    def refuse(*_, **__):
        raise AssertionError("merged")

    with monkeypatch.context() as patch:
        patch.setattr("lancedb.merge.LanceMergeInsertBuilder.execute", refuse)
        fill(shop, 3, start=3)
        shop.delete(["p0001"])
        fill(shop, 3, start=6)
    shop.upsert([make_document(n, "last") for n in (1, 4, 9)])
    assert sorted(shop.select(k=20)) == [f"p{n:04}" for n in range(10)]
    assert [h["words"] for h in shop.fetch(["p0004"], ["words"])] == ["last"]


def test_what_an_error_left_behind_is_not_appended_again(shop, monkeypatch):
    fill(shop, 2)

    def fail(*_):
        raise StoreError("no space left")

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="no space"):
        patch.setattr(Journal, "acknowledge", fail)
        fill(shop, 2, start=2)
    fill(shop, 2, start=2)
    assert sorted(shop.select(k=20)) == [f"p{n:04}" for n in range(4)]


def test_what_a_rollback_brings_back_is_not_appended_again(folder, shop):
    fill(shop, 3).snapshot("before")
    shop.delete([f"p{n:04}" for n in range(3)])
    shop.close()
    fill(shop, 1, start=5).rollback("before")
    fill(shop, 3)
    assert sorted(shop.select(k=20)) == [f"p{n:04}" for n in range(3)]


def test_a_write_that_loses_rows_is_an_error(shop, monkeypatch):
    fill(shop, 2)

    class Result:
        num_updated_rows, num_inserted_rows = 0, 1

    monkeypatch.setattr("lancedb.merge.LanceMergeInsertBuilder.execute", lambda *a, **k: Result)
    with pytest.raises(StoreError, match="wrote 1 products of 2"):
        fill(shop, 2)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Document("p1", {"picture": np.full(DIM, np.nan, np.float32)}), "p1.*length nan"),
        (Document("p1", {}, {"price": "many"}), "p1.*many"),
        (Document("p1", {}, {"attributes.closure type": ("\ud800",)}), "p1"),
        (Document("\ud800"), "ud800"),
    ],
    ids=["NaN", "a text as a number", "half a character", "half a character as an id"],
)
def test_what_cannot_be_stored_names_the_product(shop, document, said):
    fill(shop, 1)
    with pytest.raises(StoreError, match=said):
        shop.upsert([document])
    assert shop.count() == 1


def test_odd_ids_are_deleted_and_nothing_else(shop):
    odd = ["it's", "a\\", "' OR 1=1 --", 'quo"te', "ü", "กา"]
    shop.upsert([Document(i) for i in odd] + [make_document(1)])
    for count, one in enumerate(odd, 1):
        assert shop.delete([one, one, "not there"]) == 1
        assert shop.count() == len(odd) + 1 - count
    assert shop.select() == ("p0001",)


def test_a_second_writer_is_refused_and_readers_are_not(folder, shop):
    fill(shop, 3)
    with pytest.raises(StoreError, match="another program writes to"):
        Lance(str(folder)).upsert([make_document(9)])
    reader = Lance(str(folder))
    assert reader.count() == 3
    fill(shop, 2, 3)
    assert reader.count() == 5
    shop.close()
    assert reader.upsert([make_document(9)]) == 1
    reader.close()


def test_a_store_reads_and_writes_again_after_close(shop):
    fill(shop, 3).close()
    shop.close()
    assert shop.count() == 3
    assert fill(shop, 4).count() == 4


def test_searches_go_on_while_another_thread_writes(shop):
    fill(shop, 50)
    problems, stop = [], threading.Event()

    def search():
        while not stop.is_set():
            hits = shop.search(picture(k=5))
            words = shop.search(Probe(words="shoe", k=5))
            held = shop.fetch(hits.ids, ["price", "digest"])
            if len(hits.ids) != 5 or len(words.ids) != 5 or not all("price" in h for h in held):
                problems.append((hits, words, held))

    reader = threading.Thread(target=search)
    reader.start()
    try:
        for round_ in range(6):
            fill(shop, 30, 10 * round_)
        shop.optimise()
    finally:
        stop.set()
        reader.join()
    assert not problems and shop.count() == 80
