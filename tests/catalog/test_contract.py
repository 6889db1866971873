"""What every reader of the registry must do, on a small dataset of its format."""

import pickle
from pathlib import Path
from typing import get_args

import pytest

from skulens.catalog.open import has_sign, open_catalog, recognise
from skulens.claims import Gold, Legibility
from skulens.errors import DataError
from skulens.pictures import load
from skulens.protocols import Catalog, TrueCatalog
from skulens.records import Image, Qrels
from skulens.registry import DATASETS

from .conftest import MAKE

YOURS = ("own", "class-folders", "photo-folder", "imagefolder", "hub-parquet")
"""Readers of what users bring, whose licence nobody knows."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Reader -> the folder of its small dataset, written once."""
    folders = {}

    def folder(name):
        if name not in folders:
            assert name in MAKE, (
                f"reader {name!r} has no small dataset in tests/catalog/conftest.py"
            )
            folders[name] = MAKE[name](tmp_path_factory.mktemp(name) / name)
        return folders[name]

    return folder


@pytest.fixture(params=sorted(DATASETS))
def name(request):
    return request.param


def is_packed(name):
    """Whether a dataset comes with the package: there is no folder to recognise."""
    return DATASETS[name].generates and not DATASETS[name].signs


@pytest.fixture
def catalog(name, made):
    return open_catalog(name if is_packed(name) else str(made(name)))


def parts(items):
    return [part for item in items for part in item.parts if isinstance(part, Image)]


def test_the_folder_is_recognised_and_answers_to_its_name(name, made, monkeypatch):
    if is_packed(name):
        assert open_catalog(name).info.name == name
        return
    assert recognise(made(name)) == name
    monkeypatch.setenv("SKULENS_DATA", str(made(name).parent))
    if name != "world":  # which makes its own
        opened = open_catalog(name)
        assert type(opened).__name__ == DATASETS[name].target.partition(":")[2]


def test_no_other_reader_claims_the_folder(name, made):
    """But for those that read any table or photos, which are asked last."""
    if is_packed(name):
        pytest.skip(f"{name} comes with the package")
    claim = [other for other, row in DATASETS.items() if row.signs and has_sign(other, made(name))]
    assert name in claim and {*claim} - {*YOURS} <= {name}


def test_is_a_catalog_with_its_papers(name, catalog):
    assert isinstance(catalog, Catalog)
    info = catalog.info
    assert info.name == name and info.title and info.source
    if name != "photo-folder":
        assert info.splits or isinstance(catalog, TrueCatalog), "neither queries nor gold"
    if name not in YOURS:
        assert info.licence != "unknown"
    if name not in (*YOURS, "world"):
        assert info.revision and info.citation


def test_products_have_unique_string_ids_and_come_again(catalog):
    first = list(catalog.products())
    assert first and not catalog.rejects
    assert all(isinstance(p.id, str) and p.id for p in first)
    assert len({p.id for p in first}) == len(first)
    assert list(catalog.products()) == first
    assert not any(image.data for p in first for image in p.images), (
        "pictures are read when asked for, not before"
    )
    assert all(any(p.text(role) for role in catalog.info.gallery_text) or p.images for p in first)


def test_queries_are_judged_against_the_products(catalog):
    known = {p.id for p in catalog.products()}
    for split in catalog.info.splits:
        queries = list(catalog.queries(split))
        assert queries and not catalog.rejects, split
        Qrels.of(queries)  # raises on equal ids
        assert all(q.relevant and set(q.relevant) <= known and q.group for q in queries)
        assert list(catalog.queries(split)) == queries


def test_every_picture_can_be_read(catalog):
    images = [image for p in catalog.products() for image in p.images]
    images += parts(q.item for split in catalog.info.splits for q in catalog.queries(split))
    assert images
    for image in images:
        assert min(load(image).size) >= 32
        assert pickle.loads(pickle.dumps(image)).sha256() == image.sha256()


def test_an_unknown_split_stops_at_the_door(name, catalog):
    splits = "its splits: .*" + (*catalog.info.splits, "none")[0]
    with pytest.raises(DataError, match="each" if name == "photo-folder" else splits):
        catalog.queries("nonsense")


def test_gold_is_of_the_products_and_shows_its_pictures(catalog, name):
    if not isinstance(catalog, TrueCatalog):
        pytest.skip(f"{name} offers no gold")
    products = {p.id: p for p in catalog.products()}
    gold = list(catalog.gold())
    assert gold and not catalog.rejects
    assert list(catalog.gold()) == gold
    assert all(isinstance(g, Gold) and g.item in products for g in gold)
    assert {g.legible for g in gold} <= set(get_args(Legibility))
    for g in gold:
        room, _, key = g.field.partition(".")
        assert room in ("identifiers", "attributes", "free") and key and g.group
        assert isinstance(g.values, tuple) and all(isinstance(v, str) and v for v in g.values)
        assert len(set(g.values)) == len(g.values)
        shown = {Path(i.path).relative_to(catalog.root).as_posix() for i in products[g.item].images}
        hashes = {i.sha256() for i in products[g.item].images}
        assert set(g.images) <= shown | hashes
    assert len(set(gold)) == len(gold), "a row twice"
    for split in catalog.info.splits:
        assert set(catalog.gold(split)) <= set(gold)
    with pytest.raises(DataError, match="nonsense"):
        catalog.gold("nonsense")


def test_an_unknown_option_stops_at_the_door(name, made):
    with pytest.raises(DataError, match="nonsense"):
        open_catalog(name if is_packed(name) else str(made(name)), nonsense=1)
