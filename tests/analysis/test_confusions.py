"""Confused pairs by hand, chance against counting, planes against scores, causes against the
shop's truth."""

import itertools

import numpy as np
import pyarrow.parquet as pq
import pytest

from skulens.analysis.collapse import angle_deg, collapse, project_onto_plane
from skulens.analysis.confusions import analyse_errors
from skulens.analysis.mistakes import (
    KINDS,
    Answers,
    Neighbours,
    Traits,
    confused_pairs,
    find_causes,
    kind_of,
    list_unnamed,
)
from skulens.bench.reopen import Vectors
from skulens.records import Attribute, Product
from tests.bench.stores import stored

FOUND = {"cola": ["lime", "lime", "tea", "cola"], "lime": ["cola", "lime"], "tea": ["tea", "tea"]}


def test_pairs_are_counted_in_both_directions(tmp_path):
    pairs = confused_pairs(Answers.of(stored(tmp_path, "a", FOUND)))
    assert [(p.right, p.found, p.probes, p.of, p.back, p.back_of) for p in pairs] == [
        ("cola", "lime", 2, 4, 1, 2),
        ("lime", "cola", 1, 2, 2, 4),
        ("cola", "tea", 1, 4, 0, 2),
    ]
    assert pairs[0].examples == ("cola/0", "cola/1")
    assert pairs[0].as_dict()["share"] == 0.5 and pairs[0].as_dict()["back_share"] == 0.5


def test_a_run_without_a_catalogue_has_counts_and_says_what_is_missing(tmp_path):
    found = analyse_errors(stored(tmp_path, "a", FOUND), notes=["no catalogue"])
    assert (found.probes, found.errors, found.n_pairs, found.causes, found.collapse) == (
        8,
        4,
        3,
        (),
        {},
    )
    assert found.notes == ("no catalogue",)


def test_first_likeness_that_holds_names_the_kind():
    base = Traits("spu", "acme", "tea")
    assert kind_of(base, Traits("spu", "other", "cup")) == "same SPU"
    assert kind_of(base, Traits("x", "acme", "tea")) == "same brand"
    assert kind_of(base, Traits(None, None, "tea")) == "same class"
    assert kind_of(Traits(None, None, None), Traits(None, None, None)) == "other"


def test_traits_read_the_brand_under_its_usual_names_whatever_the_case():
    product = Product(
        "1", attributes=(Attribute("Manufacturer", " ACME "),), category=("Food", "Tea"), spu="s"
    )
    assert Traits.of(product) == Traits("s", "acme", "food / tea")
    assert Traits.of(Product("1", attributes=(Attribute("brand", ""),))) == Traits(None, None, None)
    assert list_unnamed({"1": Traits("s", None, None)}) == ["brand", "class"]


def test_chance_is_what_counting_all_other_products_gives():
    draw = np.random.default_rng(0)
    some = [None, "a", "b", "c"]
    gallery = [Traits(*(some[i] for i in draw.integers(0, 4, 3))) for _ in range(60)]
    counted = Neighbours(gallery)
    for i, traits in enumerate(gallery):
        others = [kind_of(traits, other) for j, other in enumerate(gallery) if j != i]
        assert counted.shares(traits) == pytest.approx(
            {k: others.count(k) / len(others) for k in KINDS}
        )


def test_causes_share_out_all_errors(tmp_path):
    traits = {
        "cola": Traits("soda", "acme", "drink"),
        "lime": Traits("soda", "acme", "drink"),
        "tea": Traits("t", "leaf", "drink"),
    }
    found = find_causes(
        confused_pairs(Answers.of(stored(tmp_path, "a", FOUND))), traits, list(traits)
    )
    assert [(c.kind, c.errors, c.share) for c in found] == [
        ("same SPU", 3, 0.75),
        ("same brand", 0, 0),
        ("same class", 1, 0.25),
        ("other", 0, 0),
    ]
    assert [c.expected for c in found] == pytest.approx([0.5, 0, 0.5, 0])
    assert find_causes([], traits, list(traits)) == []


def test_angles_stay_exact_where_they_are_small():
    for degrees in (0.0, 1e-5, 4.0, 90.0, 180.0):
        other = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        assert angle_deg(np.array([1.0, 0.0]), other) == pytest.approx(degrees, rel=1e-6)
    assert angle_deg(None, np.ones(2)) is None


def test_the_plane_of_a_pair_keeps_the_decision():
    draw = np.random.default_rng(1)
    right, found, *probes = (v / np.linalg.norm(v) for v in draw.normal(size=(52, 16)))
    places = project_onto_plane(right, found, np.stack(probes))
    margin = np.stack(probes) @ right - np.stack(probes) @ found
    half = np.radians(angle_deg(right, found)) / 2
    assert 2 * np.sin(half) * places[:, 1] == pytest.approx(margin)
    assert project_onto_plane(right, found, np.stack([right, found])) == pytest.approx(
        np.array([[np.cos(half), np.sin(half)], [np.cos(half), -np.sin(half)]])
    )
    assert project_onto_plane(right, right, np.stack(probes)) is None


def test_collapse_holds_every_probe_of_both_products(tmp_path):
    run = Answers.of(stored(tmp_path, "a", FOUND))
    draw = np.random.default_rng(2)

    def unit():
        v = draw.normal(size=8)
        return (v / np.linalg.norm(v)).astype(np.float32)

    vectors = Vectors(
        gallery={p: unit() for p in ("cola", "lime", "tea", "milk")},
        probes={q: unit() for q in run.relevant},
    )
    figure = collapse(run, confused_pairs(run), vectors, most=1)
    assert [(p["right"], p["found"], len(p["probes"])) for p in figure["pairs"]] == [
        ("cola", "lime", 6)
    ]
    assert [(n["product"], n["probes"], n["hit_rate"]) for n in figure["nearest"]] == [
        ("cola", 4, 0.25),
        ("lime", 2, 0.5),
        ("tea", 2, 1.0),
        ("milk", 0, None),
    ]
    for row in figure["nearest"]:
        others = {
            o: angle_deg(vectors.gallery[row["product"]], v)
            for o, v in vectors.gallery.items()
            if o != row["product"]
        }
        assert row["angle_deg"] == pytest.approx(min(others.values())) and others[
            row["nearest"]
        ] == min(others.values())
    assert set(figure["angles"]) == {"confused", "nearest", "random"}
    assert collapse(run, confused_pairs(run), Vectors())["pairs"] == []


def test_kinds_agree_with_the_truth_of_the_shop(tmp_path):
    pytest.importorskip(
        "resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'"
    )
    from skulens.catalog.open import open_catalog
    from skulens.world.config import WorldConfig
    from skulens.world.make import make

    make(tmp_path / "shop", WorldConfig(skus=48, seed=11, views=(), photos=0), 1)
    traits = {p.id: Traits.of(p) for p in open_catalog(str(tmp_path / "shop")).products()}
    truth = pq.read_table(tmp_path / "shop" / "attributes.parquet").to_pylist()
    spu, kind = ({row["id"]: row[key] for row in truth} for key in ("spu", "kind"))
    brand = {row["id"]: row["value"] for row in truth if row["key"] == "brand"}
    seen = set()
    for a, b in itertools.combinations(traits, 2):
        expected = next(
            (name for name, of in zip(KINDS, (spu, brand, kind), strict=False) if of[a] == of[b]),
            "other",
        )
        assert kind_of(traits[a], traits[b]) == expected
        seen.add(expected)
    assert seen == set(KINDS)
