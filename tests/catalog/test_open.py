"""Names and paths -> readers."""

import os
import subprocess
import sys

import pytest

from skulens.catalog.open import open_catalog
from skulens.catalog.own import OwnCatalog
from skulens.errors import DataError, MissingFile, UnknownName

from .conftest import make_groceries, make_own, put


def test_a_name_is_looked_for_in_every_folder_then_in_the_cache(tmp_path, monkeypatch):
    make_groceries(tmp_path / "b" / "groceries")
    (tmp_path / "a" / "groceries").mkdir(parents=True)  # there, but without the data
    monkeypatch.setenv(
        "SKULENS_DATA",
        os.pathsep.join([str(tmp_path / "none"), str(tmp_path / "a"), str(tmp_path / "b")]),
    )
    assert open_catalog("groceries").root == tmp_path / "b" / "groceries"
    monkeypatch.delenv("SKULENS_DATA")
    make_groceries(tmp_path / "cache" / "data" / "groceries")
    assert open_catalog("groceries").root == tmp_path / "cache" / "data" / "groceries"


def test_a_folder_of_ones_own_answers_to_its_name(tmp_path, monkeypatch):
    make_own(tmp_path / "teas")
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path))
    catalog = open_catalog("teas")
    assert isinstance(catalog, OwnCatalog) and catalog.info.name == "teas"


def test_a_folder_of_photos_below_a_data_folder_answers_to_its_name(tmp_path, monkeypatch):
    for name in ("A/1.jpg", "A/2.jpg", "B/1.jpg"):
        put(tmp_path / "shots" / name, b"x")
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path))
    assert [p.id for p in open_catalog("shots").products()] == ["A", "B"]


def test_a_table_below_a_data_folder_answers_to_its_path(tmp_path, monkeypatch):
    make_own(tmp_path / "teas")
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path))
    assert open_catalog("teas/products.csv").path == tmp_path / "teas" / "products.csv"
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "teas"))
    with pytest.raises(MissingFile):
        open_catalog("../teas/products.csv")


def test_upstream_checkout_of_groceries_has_one_folder_more(tmp_path):
    make_groceries(tmp_path / "GroceryStoreDataset" / "dataset")
    assert len(list(open_catalog(str(tmp_path / "GroceryStoreDataset")).products())) == 2


def test_reader_and_path_together(tmp_path):
    folder = make_own(tmp_path / "teas")
    assert isinstance(open_catalog(f"own:{folder}"), OwnCatalog)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ("grocerie", UnknownName, "did you mean 'groceries'"),
        ("no/such/table.csv", MissingFile, "there is no file or folder"),
        ("table.jsonl", MissingFile, "current folder"),
        ("clothing", MissingFile, "has no download; put its files into"),
        ("groceries", MissingFile, r"GroceryStoreDataset-fc80ba9.tar.gz.*and put it at .*cache"),
        ("merit", MissingFile, r"queries-\*.json .*put them into .*merit"),
    ],
)
def test_what_is_not_there_says_what_to_do(data, error, says, monkeypatch):
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    with pytest.raises(error, match=says):
        open_catalog(data)


def test_a_folder_or_file_of_no_known_kind(tmp_path):
    put(tmp_path / "notes.txt", b"x")
    with pytest.raises(DataError, match=r"holds \['notes.txt'\].*products.parquet"):
        open_catalog(str(tmp_path))
    with pytest.raises(DataError, match=r"tables we read: \.csv"):
        open_catalog(str(tmp_path / "notes.txt"))


def test_the_door_is_light():
    code = (
        "import sys, skulens.catalog.open; "
        "print([m for m in ('PIL', 'pyarrow', 'torch', 'rapidfuzz') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
