"""Addresses of stores."""

import pytest

from skulens.documents import Schema, VectorColumn
from skulens.errors import StoreError, UnknownName
from skulens.index.stores import open_store
from skulens.index.stores.open import DEFAULT, folder_of, split_address


@pytest.mark.parametrize(
    "address, found",
    [
        ("shop.store", (DEFAULT, "shop.store")),
        ("/a/b:c", (DEFAULT, "/a/b:c")),
        ("s3://bucket/shop", (DEFAULT, "s3://bucket/shop")),
        ("C:\\shop", (DEFAULT, "C:\\shop")),
        ("memory:", ("memory", "")),
    ],
)
def test_the_engine_of_an_address(address, found):
    assert split_address(address) == found


def test_a_misspelt_engine_is_no_folder():
    with pytest.raises(UnknownName, match="memory"):
        split_address("memori:")


def test_a_folder_with_a_colon_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my:shop").mkdir()
    assert split_address("my:shop") == (DEFAULT, "my:shop")


def test_an_address_without_a_place():
    with pytest.raises(StoreError, match="names no place"):
        split_address("")


def test_the_folder_of_a_store(tmp_path):
    assert folder_of(str(tmp_path)) == tmp_path and folder_of(str(tmp_path / "x")) is None
    assert folder_of("memory:") is None and folder_of("s3://bucket/shop") is None


def test_a_store_that_cannot_be_widened_is_closed(monkeypatch):
    from skulens.index.stores.engines import memory

    closed = []
    monkeypatch.setattr(memory.Memory, "close", lambda self: closed.append(1))

    def refuse(self, schema):
        raise StoreError("no")

    monkeypatch.setattr(memory.Memory, "widen", refuse)
    with pytest.raises(StoreError, match="no"):
        open_store("memory:", Schema((VectorColumn("picture", 3, "m"),)))
    assert closed == [1]
