"""A catalogue in, a folder with its queries out; what a kill leaves, what cannot be used."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from skulens.catalog.folder import MANIFEST
from skulens.catalog.own import OwnCatalog
from skulens.compose.balanced import Balanced, unwatched
from skulens.compose.lists import read_list
from skulens.compose.pool import make_pool
from skulens.compose.profiles import SOUND
from skulens.compose.quotas import Quota
from skulens.compose.words import ask
from skulens.curate.queries.make import (
    LOCK,
    RECORD,
    REJECTS,
    SPLIT,
    TABLE,
    Plan,
    compose_by,
    compose_catalog,
    digest_products,
    digest_queries,
    photos_of,
    read_rules,
)
from skulens.errors import DataError, StoreError, UnknownName
from skulens.files import locked
from skulens.records import DatasetInfo, Image, Item, Product, Query, Reject
from skulens.world.config import VERSION, WorldConfig
from skulens.world.truth.products import variants
from skulens.world.truth.texts import texts
from tests.compose.pools import random_products

ROOT = Path(__file__).parents[3]
PLAN = Plan(SOUND, {2: 20, 3: 5})


class Shop:
    """A catalogue in memory whose pictures are files."""

    def __init__(self, products, queries=()):
        self.listed, self.asked = products, queries
        self.info = DatasetInfo("shop", "shop", splits=("probes",) if queries else ())
        self.rejects = [Reject("table:7", "x", "no id", "give it one")]

    def products(self):
        return iter(self.listed)

    def queries(self, split):
        return iter(self.asked)


@pytest.fixture
def products(tmp_path):
    picture = tmp_path / "p.png"
    picture.write_bytes(b"x")
    shown = (Image(path=str(picture)),)
    return [replace(p, images=shown if p.images else (), title=p.id) for p in random_products(300)]


def test_a_folder_with_products_queries_and_how_they_came_about(products, tmp_path):
    made = compose_catalog(Shop(products), PLAN, tmp_path / "out")
    read = OwnCatalog(made.folder, allow_outside=True)
    assert len(list(read.products())) == made.products == 300
    queries = list(read.queries(SPLIT))
    assert Counter(q.tags["n_conditions"] for q in queries) == {"2": 20, "3": 5}
    assert len(queries) == made.queries and digest_queries(queries) == made.digest
    record = json.loads((made.folder / RECORD).read_text())
    assert record["queries_sha256"] == made.digest and record["quotas"]["n_conditions=3"] == 5
    assert record["products_sha256"] == digest_products(read.products())
    assert record["profile"]["name"] == "sound" and record["funnel"] and not record["missing"]
    rows = pq.read_table(made.folder / TABLE).to_pylist()
    assert [r["query_id"] for r in rows] == [q.id for q in queries]
    assert [r["answers"] for r in rows] == [len(q.answers) for q in queries]
    [reject] = pq.read_table(made.folder / REJECTS).to_pylist()
    assert reject["reason"] == "no id" and len(made.rejects) == 1
    assert not (made.folder / LOCK).exists()


def test_a_duplicated_id_is_a_reject_and_the_first_one_stays(products, tmp_path):
    twice = [*products, replace(products[0], title="again")]
    made = compose_catalog(Shop(twice), PLAN, tmp_path / "out")
    assert made.products == 300 and any(r.item == products[0].id for r in made.rejects)
    titles = {p.id: p.title for p in OwnCatalog(made.folder, allow_outside=True).products()}
    assert titles[products[0].id] == products[0].id


def test_a_quota_that_cannot_be_filled_keeps_what_is_done(products, tmp_path):
    plan = Plan(SOUND, (Quota(10, 2), Quota(5, 2, language="xx")), limit=2000)
    made = compose_catalog(Shop(products), plan, tmp_path / "out")
    assert made.queries == 10
    assert made.as_dict()["missing"] == {"n_conditions=2 language=xx": 5}


def test_an_unfinished_folder_is_begun_anew_and_ends_the_same(products, tmp_path):
    whole = compose_catalog(Shop(products), PLAN, tmp_path / "whole")
    killed = compose_catalog(Shop(products), PLAN, tmp_path / "killed").folder
    (killed / MANIFEST).unlink()
    (killed / LOCK).touch()
    (killed / "queries.parquet").write_bytes(b"half")
    again = compose_catalog(Shop(products), PLAN, killed)
    assert again.digest == whole.digest and (killed / MANIFEST).exists()


def test_a_catalogue_is_never_overwritten(products, tmp_path):
    compose_catalog(Shop(products), PLAN, tmp_path / "out")
    with pytest.raises(StoreError, match="holds a catalogue already"):
        compose_catalog(Shop(products), PLAN, tmp_path / "out")
    own = tmp_path / "own"
    own.mkdir()
    (own / "products.parquet").write_bytes(b"mine")
    with pytest.raises(StoreError, match="holds a catalogue already"):
        compose_catalog(Shop(products), PLAN, own)
    assert (own / "products.parquet").read_bytes() == b"mine"


def test_two_processes_do_not_write_one_folder(products, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with locked(out / LOCK, "busy"), pytest.raises(StoreError, match="another process composes"):
        compose_catalog(Shop(products), PLAN, out)


def test_workers_and_pictures_do_not_change_the_queries(products, tmp_path):
    other = tmp_path / "q.png"
    other.write_bytes(b"y")
    moved = [replace(p, images=(Image(path=str(other)),) if p.images else ()) for p in products]
    one = compose_catalog(Shop(products), PLAN, tmp_path / "one")
    two = compose_catalog(Shop(moved), replace(PLAN, workers=2), tmp_path / "two")
    assert one.digest == two.digest
    assert (
        compose_catalog(Shop(products), replace(PLAN, seed=1), tmp_path / "s").digest != one.digest
    )


def test_a_reference_is_shown_by_its_probe_photo(products, tmp_path):
    photo, second = (Image(path=str(tmp_path / f"{n}.png")) for n in "ab")
    probes = [
        Query(f"probe {n}", Item("q", (image,)), {products[0].id: 1})
        for n, image in enumerate((photo, second))
    ]
    shown = photos_of(Shop(products, probes), {p.id: p for p in products})
    assert shown[products[0].id] == photo and shown[products[1].id] == products[1].images[0]


def test_proposals_are_listed_with_decisions(products, tmp_path):
    listed = tmp_path / "proposals.jsonl"
    plan = Plan(read_rules("sound", "target-first"), {2: 3}, limit=50, proposals=listed)
    compose_catalog(Shop(products), plan, tmp_path / "out")
    found, rejects = read_list(listed)
    assert len(found) == 50 and not rejects and {p.method for p in found} == {"target-first"}


def test_rules_by_name(tmp_path):
    assert read_rules("balanced") == Balanced() and read_rules("sound") is SOUND
    assert read_rules("sound", "target-first").methods == (("target-first", 1.0),)
    with pytest.raises(UnknownName, match="balanced"):
        read_rules("balancd")
    with pytest.raises(DataError, match="own way"):
        read_rules("balanced", "target-first")
    with pytest.raises(UnknownName):
        read_rules("sound", "nobody")


@pytest.mark.parametrize(
    "quotas, proposals", [((Quota(5, 2, "th"),), None), ((Quota(5, 0),), None), ({2: 5}, True)]
)
def test_what_the_balanced_design_cannot_have(quotas, proposals):
    with pytest.raises(DataError, match="balanced benchmark"):
        Plan(Balanced(), quotas, proposals=proposals)


def test_the_balanced_benchmark_of_a_small_shop_is_always_the_same():
    """Golden: the recipe's digest rests on the generator, the draws and the words."""
    photo = (Image(data=b"x"),)
    sold = {
        v.id: Product(
            v.id, texts(v)["title"], spu=v.spu, category=(v.kind,), images=photo,
            attributes=v.attributes, language="en",
        )
        for v in variants(WorldConfig(skus=1200, seed=7, classes=("shoes", "chair")))
    }  # fmt: skip
    pool, _ = make_pool(sold.values())
    plan = Plan(Balanced(near=4), {2: 12, 3: 12, 4: 12}, seed=7)
    made = compose_by(plan, pool, sold, unwatched)
    assert not made.missing
    photos = {name: p.images[0] for name, p in sold.items()}
    queries = [ask(pool, c, sold, photos) for c in made.queries]
    assert digest_queries(queries)[:16] == "cae18e917512ba81"


def test_the_published_recipe_is_of_these_rules_and_this_generator():
    recipe = yaml.safe_load((ROOT / "recipes" / "merit" / "balanced.yaml").read_text())
    rules = asdict(read_rules(recipe["profile"])) | {"bands": [[1, 2], [3, 5], [6, 10]]}
    assert {"name": recipe["profile"], **recipe["rules"]} == rules
    assert recipe["shop"] == {"skus": 35000, "seed": 7, "generator": VERSION, "language": "market"}
    assert sum(recipe["quotas"].values()) == recipe["queries"] == 3000
    assert Plan(read_rules(recipe["profile"]), recipe["quotas"], recipe["seed"]).as_dict()
    assert all(len(recipe[name]) == 64 for name in ("products_sha256", "queries_sha256"))
