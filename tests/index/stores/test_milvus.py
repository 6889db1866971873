"""The adapter of Milvus: what it refuses, and that no text ends its expressions."""

import subprocess
import sys

import numpy as np
import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.index.stores import open_store
from skulens.records import Filter

pytest.importorskip("milvus_lite")

SCHEMA = Schema((VectorColumn("picture", 2, "p/1"),), (FieldColumn("title", "text"),))
VECTOR = np.array([1, 0], np.float32)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    store = open_store(f"milvus:{tmp_path_factory.mktemp('lite') / 'shop.db'}", SCHEMA)
    yield store
    store.close()


@pytest.mark.parametrize(
    "title",
    ['"', "'", "\\", '\\"', '" or point != "', "a\nb", "\t\r", "%_*", "\x01", "{a}", "สี 🧦", '"]'],
)
def test_no_text_is_more_than_a_text(shop, title):
    shop.delete(list(shop.digests()))
    shop.upsert(
        [
            Document("same", {"picture": VECTOR}, {"title": title}, "shoe"),
            Document("other", {"picture": VECTOR}, {"title": "x"}, "shoe"),
        ]
    )
    for op, value, found in (
        ("=", title, ("same",)),
        ("!=", title, ("other",)),
        ("in", (title, "y"), ("same",)),
        ("in", (), ()),
    ):
        assert shop.select(Filter(op, "title", value)) == found
    probe = Probe(VECTOR, "picture", "p/1", where=Filter("=", "title", title))
    assert shop.search(probe).ids == ("same",)


def test_what_milvus_does_not_hold_is_refused_by_name(shop):
    for document, said in (
        (Document("x", {}, {"title": "t" * 70_000}), "fields of"),
        (Document("x", {}, {}, "w" * 70_000), "words of"),
        (Document("x", {}, {}, "", b"\xff" * 50_000), "thumbnail of"),
    ):
        with pytest.raises(StoreError, match=f"x: {said} .* holds up to 65,535"):
            shop.upsert([document])
    with pytest.raises(StoreError, match="16,384"):
        shop.search(Probe(VECTOR, "picture", "p/1", k=16_385))


def test_nothing_is_made_by_asking(tmp_path):
    for place in (f"milvus:{tmp_path / 'shop.db'}", f"qdrant:{tmp_path / 'here' / 'shop'}"):
        with pytest.raises(StoreError, match="skulens index build DATA"):
            open_store(place)
    assert list(tmp_path.iterdir()) == []


def ask_elsewhere(place):
    """What another process says that asks for the products of a store."""
    code = f"""
from skulens.index.stores import open_store
print(*open_store("milvus:{place}").digests())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return ran.stdout or ran.stderr


def test_the_last_to_close_stops_the_server(tmp_path):
    """Its threads outlived a store, and its lock kept other processes out."""
    from milvus_lite.server_manager import server_manager_instance as manager

    place = tmp_path / "shop.db"
    (tmp_path / "sub").mkdir()
    first = open_store(f"milvus:{place}", SCHEMA)
    second = open_store(f"milvus:{tmp_path / 'sub' / '..' / 'shop.db'}")
    second.upsert([Document("a", {"picture": VECTOR}, {"title": "t"}, "shoe")])
    second.close()
    second.close()
    assert set(first.digests()) == {"a"} and str(place) in manager._servers
    assert "StoreBusy: " in (said := ask_elsewhere(place)) and "end the other" in said
    first.close()
    assert str(place) not in manager._servers
    with pytest.raises(StoreError):
        first.digests()
    assert ask_elsewhere(place) == "a\n"


def test_a_collection_of_others_is_left_alone(tmp_path):
    from pymilvus import MilvusClient

    place = tmp_path / "shop.db"
    client = MilvusClient(str(place))
    client.create_collection("products", dimension=2)
    client.close()
    with pytest.raises(StoreError, match="is no store of skulens"):
        open_store(f"milvus:{place}", SCHEMA)
