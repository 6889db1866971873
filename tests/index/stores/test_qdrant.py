"""The adapter of Qdrant where the server fails, and what it never does."""

import traceback

import numpy as np
import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.index.stores import open_store

pytest.importorskip("qdrant_client")

from skulens.index.stores.engines import calls  # noqa: E402
from tests.index.stores.qdrant_double import Double, run_double  # noqa: E402

SCHEMA = Schema(
    (VectorColumn("picture", 2, "p/1"),),
    (FieldColumn("id", "text"), FieldColumn("price", "number")),
)
VECTOR = np.array([1, 0], np.float32)


def documents(count: int) -> list[Document]:
    return [
        Document(f"p{n}", {"picture": VECTOR}, {"id": f"p{n}", "price": float(n)}, "shoe")
        for n in range(count)
    ]


@pytest.fixture
def double(monkeypatch):
    monkeypatch.setattr(calls, "WAIT_S", 0.001)
    monkeypatch.delenv("QDRANT_API_KEY", raising=False)
    with run_double() as running:
        yield running


def open_shop(double: Double, schema: Schema | None = SCHEMA):
    return open_store(f"qdrant:{double.url}/shop", schema)


def test_what_may_be_done_twice_is_repeated(double):
    shop = open_shop(double)
    for failures in ([503], [500, 429, 502]):
        double.failures[:] = failures
        assert shop.upsert(documents(3)) == 3
        double.failures[:] = failures
        assert shop.search(Probe(VECTOR, "picture", "p/1", k=2)).ids == ("p2", "p1")
    double.failures[:] = [503] * calls.ATTEMPTS
    with pytest.raises(StoreError, match="answered 503"):
        shop.count()
    assert shop.count() == 3


def test_creating_a_collection_is_not_repeated(double):
    create = double.create

    def create_late(name, asked):
        create(name, asked)
        double.failures.append(503)
        raise TimeoutError  # the answer is lost: a second attempt would find the collection there

    double.create = create_late
    with pytest.raises(StoreError, match="no answer"):
        open_shop(double)
    assert double.requests.count("PUT /collections/shop") == 1


def test_a_wrong_request_is_not_repeated(double):
    shop = open_shop(double)
    double.requests.clear()
    double.failures[:] = [400]
    with pytest.raises(StoreError, match="answered 400"):
        shop.count()
    assert len(double.requests) == 1


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(calls, "WAIT_S", 0.001)
    with pytest.raises(
        StoreError, match="no answer of Qdrant at http://127.0.0.1:9 .*is it running"
    ):
        open_store("qdrant:http://127.0.0.1:9/shop")


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_the_key_comes_from_the_environment_and_is_never_shown(double, monkeypatch):
    double.key = "secret-of-the-shop"
    with pytest.raises(StoreError, match=r"wants a key from \$QDRANT_API_KEY; it is not set"):
        open_shop(double)
    monkeypatch.setenv("QDRANT_API_KEY", "wrong-secret")
    with pytest.raises(StoreError, match="is not accepted") as caught:
        open_shop(double)
    assert "wrong-secret" not in "".join(traceback.format_exception(caught.value))
    monkeypatch.setenv("QDRANT_API_KEY", double.key)
    shop = open_shop(double)
    assert shop.upsert(documents(2)) == 2
    held = str(double.client.get_collection("shop")) + str(double.client.scroll("shop"))
    assert double.key not in held + str(shop.info())
    with pytest.raises(StoreError, match="environment"):
        open_store("qdrant:http://user:pass@host:6333/shop")


def test_what_is_not_there_or_not_ours_is_refused(double):
    with pytest.raises(StoreError, match="skulens index build DATA"):
        open_shop(double, None)
    double.client.create_collection("shop", {})
    with pytest.raises(StoreError, match="is no store of skulens"):
        open_shop(double)
    assert double.client.collection_exists("shop")
    for place in ("qdrant:http://host:6333", "qdrant:http://host:6333/", "qdrant:shop"):
        with pytest.raises(StoreError, match="collection"):
            open_store(place)
    with pytest.raises(StoreError, match="cannot be called"):
        open_store("qdrant:http://host:6333/..")


def test_a_request_that_is_too_large_is_divided(double):
    shop = open_shop(double)
    double.largest = 2000
    assert shop.upsert(documents(40)) == 40
    assert shop.count() == 40
    with pytest.raises(StoreError, match="answered 413"):
        shop.upsert([Document("x", {}, {"id": "x"}, "shoe " * 1000)])


def test_a_collection_has_every_index_even_where_its_making_was_interrupted(double):
    for _ in range(2):
        double.requests.clear()
        shop = open_shop(double)
        assert double.requests.count("PUT /collections/shop/index") == len(SCHEMA.fields)
        shop.close()


def test_an_interrupted_snapshot_is_none(double):
    shop = open_shop(double)
    shop.upsert(documents(3))
    collection = shop._collection
    collection.beside("shop--snapshot--monday").create(SCHEMA)
    assert list(shop.snapshots()) == []
    shop.snapshot("monday")
    shop.upsert(documents(5))
    shop.rollback("monday")
    assert shop.count() == 3 and list(shop.snapshots()) == ["monday"]


def test_words_cut_otherwise_are_refused(double, monkeypatch):
    from skulens.index.stores.engines import sparse

    open_shop(double).upsert(documents(2))
    monkeypatch.setattr(sparse, "tokeniser", lambda: "another/9")
    shop = open_shop(double)
    assert shop.search(Probe(VECTOR, "picture", "p/1", k=1)).ids == ("p1",)
    with pytest.raises(StoreError, match="another/9"):
        shop.search(Probe(words="shoe"))
    with pytest.raises(StoreError, match="another/9"):
        shop.upsert(documents(1))


def test_a_short_answer_of_the_index_is_completed(double, monkeypatch):
    shop = open_shop(double)
    shop.upsert(documents(20))
    whole = type(shop._collection).nearest

    def lossy(self, ask, limit):
        found = whole(self, ask, limit)
        return found[:3] if ask.ef else found

    monkeypatch.setattr(type(shop._collection), "nearest", lossy)
    found = shop.search(Probe(VECTOR, "picture", "p/1", k=10))
    assert len(found.ids) == 10 and found.how == "exact"
