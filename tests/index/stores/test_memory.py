"""The store in memory: what is searched follows what is written."""

import numpy as np
import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.filters import parse_filter
from skulens.index.stores import open_store

SCHEMA = Schema(
    (VectorColumn("picture", 4, "maker"),),
    (
        FieldColumn("id", "text"),
        FieldColumn("price", "number"),
        FieldColumn("category", "text", True),
    ),
)


def make_document(name: str, **options) -> Document:
    axis = np.zeros(4, np.float32)
    axis[ord(name[0]) % 4] = 1
    return Document(name, {"picture": axis} | options.pop("vectors", {}), **options)


@pytest.fixture
def store():
    made = open_store("memory:", SCHEMA)
    made.upsert(
        [
            make_document("a", fields={"id": "a", "price": 1.0}, words="red shoe"),
            make_document("b", fields={"id": "b", "category": ("x", "y")}, words="blue shoe"),
            make_document("e", fields={"id": "e", "price": 3.0}, words="red hat"),
        ]
    )
    return made


def ask(store, **options):
    return store.search(Probe(**options)).ids


NEAR_A = {"vector": np.array([0, 2, 0, 0]), "column": "picture", "maker": "maker"}


def test_a_search_after_each_change(store):
    assert ask(store, **NEAR_A) == ("e", "a", "b")
    assert ask(store, words="red") == ("e", "a") or ask(store, words="red") == ("a", "e")
    store.delete(["e", "nobody"])
    assert ask(store, **NEAR_A) == ("a", "b") and ask(store, words="red") == ("a",)
    store.upsert([make_document("i", words="red sock"), make_document("a", words="green")])
    assert ask(store, **NEAR_A) == ("i", "a", "b") and ask(store, words="red") == ("i",)
    assert store.count(parse_filter("exists price")) == 0


def test_filters_and_exclusions_hold_for_both_legs(store):
    where = parse_filter("price < 9")
    for leg in (NEAR_A, {"words": "shoe hat"}):
        assert set(ask(store, **leg, where=where)) == {"a", "e"}
        assert ask(store, **leg, where=where, exclude=("e",)) == ("a",)
    assert ask(store, **NEAR_A, where=parse_filter("category = 'y'")) == ("b",)


def test_a_batch_that_breaks_keeps_what_came_before(store):
    ask(store, **NEAR_A)
    with pytest.raises(StoreError):
        store.upsert([make_document("i"), make_document("m", fields={"none": 1.0})])
    assert ask(store, **NEAR_A) == ("i", "e", "a", "b")


def test_a_column_that_comes_later(store):
    ask(store, **NEAR_A)
    store.widen(Schema((VectorColumn("text", 2, "words"),), (FieldColumn("spu", "text"),)))
    probe = {"vector": np.array([1, 0]), "column": "text", "maker": "words"}
    assert ask(store, **probe) == ()
    assert store.facets(["spu"]) == {"spu": {}}
    store.upsert([make_document("a", vectors={"text": np.array([0, 1])}, fields={"spu": "s"})])
    assert ask(store, **probe) == ("a",)
    assert store.facets(["spu"]) == {"spu": {"s": 1}}


def test_a_rollback_is_searched(store):
    store.snapshot("three")
    store.delete(["a", "b"])
    assert ask(store, **NEAR_A) == ("e",)
    store.rollback("three")
    assert ask(store, **NEAR_A) == ("e", "a", "b") and store.select(by="price") == ("a", "e", "b")
