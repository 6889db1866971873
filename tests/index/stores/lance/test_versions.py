"""Columns that are added, snapshots and rollbacks of a store of LanceDB."""

import shutil

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn  # noqa: E402
from skulens.errors import StoreError  # noqa: E402
from skulens.filters import parse_filter  # noqa: E402
from skulens.index.stores.engines.lance import store, upkeep  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402
from tests.index.stores.lance.small_lance import SCHEMA, everything, fill, make_document, picture  # noqa: E402


def test_a_widened_store_takes_new_fields_and_vectors(folder, shop):
    fill(shop, 3)
    wider = Schema((VectorColumn("text", 3, "texts/1"),), (FieldColumn("extras.new", "number"),))
    reader = Lance(str(folder))
    shop.widen(wider)
    axis = np.array([1, 0, 0], np.float32)
    shop.upsert([Document("p0001", {"text": axis}, {"extras.new": 5.0})])
    assert reader.fetch(["p0000", "p0001"], ["extras.new"]) == [
        {"id": "p0000"},
        {"id": "p0001", "extras.new": 5.0},
    ]
    assert reader.search(Probe(axis, "text", "texts/1")).ids == ("p0001",)
    assert reader.search(picture()).ids == shop.search(picture()).ids
    assert len(reader.search(picture()).ids) == 2, "p0001 was replaced by one without a picture"


def test_widening_by_what_is_there_makes_no_version(shop):
    before = shop.info()["version"]
    shop.widen(SCHEMA)
    assert shop.info()["version"] == before


def test_a_widening_that_was_cut_short_is_done_again(folder, shop, monkeypatch):
    fill(shop, 3)
    wider = Schema((), (FieldColumn("extras.new", "number"),))
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_store", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.widen(wider)
    shop.close()
    again = Lance(str(folder))
    assert again.schema == SCHEMA
    again.widen(wider)
    again.upsert([Document("p9", {}, {"extras.new": 1.0})])
    assert again.count(parse_filter("extras.new = 1")) == 1
    again.close()


def test_a_bad_import_is_rolled_back_to_the_byte(shop):
    shop.upsert(make_document(n, f"red shoe number{n} กางเกงขายาว") for n in range(300))
    shop.optimise()
    before = everything(shop)
    shop.snapshot("before")
    shop.widen(Schema((VectorColumn("text", 3, "t/1"),), (FieldColumn("extras.bad", "text"),)))
    shop.upsert(make_document(n, "wrong shoe", price=-1.0) for n in range(100, 2000))
    shop.delete(["p0001", "p0150"])
    shop.optimise()
    assert everything(shop) != before
    shop.rollback("before")
    assert everything(shop) == before
    shop.widen(Schema((VectorColumn("text", 5, "another/1"),), ()))  # not the one rolled back
    assert everything(shop)[:-3] == before[:-3]


def test_a_rollback_that_was_cut_short_leaves_a_whole_store(folder, shop, monkeypatch):
    fill(shop, 5).snapshot("before")
    shop.widen(Schema((), (FieldColumn("extras.new", "number"),)))
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_store", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.rollback("before")
    shop.close()
    again = Lance(str(folder))
    assert again.schema == SCHEMA and again.count() == 5


def test_snapshots_survive_the_dropping_of_versions(shop, monkeypatch):
    monkeypatch.setattr(upkeep, "KEEP", upkeep.timedelta(milliseconds=1))
    fill(shop, 5).snapshot("five")
    before = everything(shop)
    fill(shop, 50, 2)
    shop.delete(["p0000"])
    shop.optimise()
    assert shop.info()["versions"] <= 3
    shop.rollback("five")
    assert everything(shop) == before


def test_a_snapshot_keeps_deletions_and_indexes(large, monkeypatch):
    large.delete([f"p{n:04}" for n in range(0, 1500, 3)])
    fill(large, 20, 2000)
    assert large.search(picture()).how == "hnsw ef 128"
    before = everything(large)
    large.snapshot("kept")
    monkeypatch.setattr(upkeep, "KEEP", upkeep.timedelta(milliseconds=1))
    fill(large, 1500)
    large.optimise()
    kept = {p.name for p in (large.folder / "snapshots/kept/data").iterdir()}
    assert not kept & {p.name for p in (large.folder / "products.lance/data").iterdir()}
    for kind in ("_deletions", "_indices"):  # which a later clean-up drops
        shutil.rmtree(large.folder / "products.lance" / kind, ignore_errors=True)
    large.rollback("kept")
    large.close()
    assert everything(Lance(str(large.folder))) == before  # with nothing remembered


def test_a_snapshot_takes_no_space(shop):
    before = fill(shop, 500).info()["bytes"]
    shop.snapshot("one")
    assert shop.info()["bytes"] < before + 5_000


@pytest.mark.parametrize("name", ["", "a b", "../a", "ü", "a/b", ".a", "x" * 65])
def test_a_snapshot_needs_a_plain_name(shop, name):
    with pytest.raises(StoreError, match="cannot be called"):
        shop.snapshot(name)
    assert shop.snapshots() == []


def test_a_snapshot_cut_short_can_be_taken_again(shop, monkeypatch):
    fill(shop, 3)
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_store", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.snapshot("three")
    assert shop.snapshots() == []
    fill(shop, 4)
    shop.snapshot("three")
    fill(shop, 9).rollback("three")
    assert shop.count() == 4
