"""CIRR and FashionIQ: a photo and what is to change, in the layout of their repositories."""

import json

import pytest

from skulens.catalog.open import open_catalog
from skulens.errors import DataError, MissingFile
from skulens.records import Condition

from .conftest import cirr_entries, jpeg, make_cirr, make_fashioniq, put


def test_a_cirr_query_is_a_photo_and_a_sentence(tmp_path):
    catalog = open_catalog(str(make_cirr(tmp_path / "c")))
    assert [p.id for p in catalog.products()] == ["a", "b", "c", "d"]
    first, second = catalog.queries("val")
    photo, caption = first.item.parts
    assert photo.sha256() == catalog.photos("val")["a"].sha256() and caption == "shows b"
    assert (first.id, first.relevant, first.references) == ("val-7", {"b": 1}, ("a",))
    assert first.conditions == (Condition("change", "shows b", 0, "a", relation="different"),)
    assert first.hard_negatives == ("c", "d"), "its set without reference and target"
    assert first.tags["subset"] == "3" and first.group == second.group == "set 3"


def test_cirr_tests_have_no_target_and_so_no_answer(tmp_path):
    folder = make_cirr(tmp_path / "c")
    hidden = [{k: v for k, v in e.items() if not k.startswith("target")} for e in cirr_entries()]
    put(folder / "captions/cap.rc2.test1.json", json.dumps(hidden))
    put(folder / "image_splits/split.rc2.test1.json", json.dumps({"a": "./dev/a.png"}))
    catalog = open_catalog(str(folder))
    assert catalog.info.splits == ("train", "val", "test1") and catalog.pool == "val"
    assert [q.relevant for q in catalog.queries("test1")] == [{}, {}]
    assert [p.id for p in catalog.for_split("test1").products()] == ["a"]
    assert catalog.for_split("val") is catalog


def test_cirr_without_photos_says_which_are_missing(tmp_path):
    folder = make_cirr(tmp_path / "c")
    (folder / "img_raw/dev/d.png").unlink()
    catalog = open_catalog(str(folder))
    assert [len(p.images) for p in catalog.products()] == [1, 1, 1, 0]
    assert [r.item for r in catalog.rejects] == ["d"]
    (folder / "img_raw/dev/a.png").unlink()
    assert list(catalog.queries("val")) == []
    reasons = [r.reason for r in catalog.rejects if r.source.startswith("captions")]
    assert reasons == ["there is no photo of its reference 'a'"] * 2


def test_cirr_entries_that_are_no_queries_are_rejected(tmp_path):
    folder = make_cirr(tmp_path / "c")
    good = cirr_entries()[0]
    bad = [
        "x",
        good | {"target_hard": "z"},
        good | {"caption": " "},
        {k: v for k, v in good.items() if k != "img_set"},
        good | {"img_set": []},
    ]
    put(folder / "captions/cap.rc2.val.json", json.dumps([*bad, good, good]))
    catalog = open_catalog(str(folder))
    assert len(list(catalog.queries("val"))) == 1
    assert [r.source.rpartition("#")[2] for r in catalog.rejects] == list("123457")
    said = (
        "not an object",
        "'z' is not in the gallery",
        "no caption",
        "lacks the key 'img_set'",
        "",
        "occurred before",
    )
    assert all(part in r.reason for part, r in zip(said, catalog.rejects, strict=True))
    put(folder / "captions/cap.rc2.val.json", "{")
    with pytest.raises(DataError, match="is not JSON"):
        list(catalog.queries("val"))
    (folder / "image_splits/split.rc2.val.json").unlink()
    with pytest.raises(MissingFile, match="put that file of the dataset there"):
        list(catalog.products())


def test_a_photo_outside_the_folder_is_not_read(tmp_path):
    folder = make_cirr(tmp_path / "c")
    put(tmp_path / "secret.png", jpeg(1))
    put(folder / "image_splits/split.rc2.val.json", json.dumps({"a": "../../secret.png"}))
    catalog = open_catalog(str(folder))
    assert [p.images for p in catalog.products()] == [()]
    assert "lies outside the folder" in catalog.rejects[0].reason


def test_a_fashioniq_query_joins_its_sentences_and_keeps_each_as_condition(tmp_path):
    catalog = open_catalog(str(make_fashioniq(tmp_path / "f")))
    products = {p.id: p.category for p in catalog.products()}
    assert len(products) == 7 and products["BOTH"] == ("dress",) and products["B10"] == ("shirt",)
    dress, shirt = catalog.queries("val")
    assert dress.item.parts[1] == "is red and is longer" and dress.relevant == {"B01": 1}
    assert [(c.key, c.value, c.part) for c in dress.conditions] == [
        ("change", "is red", 0),
        ("change", "is longer", 0),
    ]
    assert dress.tags["class"] == "dress" and shirt.references == ("B10",)
    shirts = open_catalog(str(tmp_path / "f"), kind="shirt")
    assert [p.id for p in shirts.products()] == ["B10", "B11", "B12", "BOTH"]
    assert [p.id for p in shirts.for_split("train").products()][:1] == ["B10"]
    assert [q.id for q in shirts.queries("train")] == ["shirt-train-1"]
    with pytest.raises(DataError, match="no kind 'hat'"):
        open_catalog(str(tmp_path / "f"), kind="hat")
    with pytest.raises(DataError, match="no pool 'test1'"):
        open_catalog(str(tmp_path / "f"), pool="test1")


def test_fashioniq_entries_that_are_no_queries_are_rejected(tmp_path):
    folder = make_fashioniq(tmp_path / "f")
    good = {"candidate": "B00", "captions": ["is red", ""]}
    bad = [good | {"candidate": "B99"}, good | {"captions": []}, good | {"target": "B99"}, {}]
    put(folder / "captions/cap.dress.val.json", json.dumps([*bad, good]))
    catalog = open_catalog(str(folder), kind="dress")
    [query] = catalog.queries("val")
    assert query.item.parts[1] == "is red" and query.relevant == {}
    assert [r.item for r in catalog.rejects] == [f"dress-val-{n}" for n in (1, 2, 3, 4)]
