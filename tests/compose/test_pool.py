"""The pool answers as a look at every product does, and loses nothing silently."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.compose import pool as pool_module
from skulens.compose.answers import Answered, find_answers, find_near_misses
from skulens.compose.pool import MOST_ATTRIBUTES, make_pool
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.errors import DataError
from skulens.records import Attribute, Product
from skulens.registry import resolve
from tests.compose.pools import (
    PRODUCTS,
    brute_answers,
    make_product,
    pool_of,
    random_products,
)


def names_of(pool, places) -> set[str]:
    return {pool.ids[int(i)] for i in places}


@settings(deadline=None, max_examples=60)
@given(PRODUCTS, st.data())
def test_answers_are_those_of_a_look_at_every_product(products, data):
    pool = pool_of(*products)
    if not pool.pairs:
        return
    pair = st.integers(0, len(pool.pairs) - 1)
    kinds = st.sampled_from([NONE, *range(len(pool.kind.names))])
    rows = data.draw(
        st.lists(st.tuples(st.lists(pair, min_size=1, max_size=MOST), kinds), max_size=8)
    )
    pairs = np.full((len(rows), MOST), NONE, np.int32)
    for row, (some, _) in enumerate(rows):
        pairs[row, : len(some)] = some
    kind = np.array([k for _, k in rows], np.int32)
    found = find_answers(pool, pairs, kind)
    for row, (some, k) in enumerate(rows):
        conditions = [pool.pairs[q] for q in some]
        expected = brute_answers(products, conditions, pool.kind.names[k] if k >= 0 else None)
        assert names_of(pool, found[row]) == expected
        assert (np.diff(found[row]) > 0).all()
        assert pool.answers(some, k).tolist() == found[row].tolist()


@pytest.mark.parametrize("bitmaps_mb", [0, 256], ids=["searched", "bitmaps"])
def test_membership_by_bitmap_and_by_search(bitmaps_mb, monkeypatch):
    monkeypatch.setattr(pool_module, "BITMAPS_MB", bitmaps_mb)
    monkeypatch.setattr(pool_module, "DENSE", 3 if not bitmaps_mb else 64)
    products = random_products(200)
    pool = pool_of(*products)
    rows, _ = pool.bitmaps
    assert (rows >= 0).all() == bool(bitmaps_mb) and (rows >= 0).any()
    for place in range(len(pool)):
        has = pool.has(np.full(len(pool.pairs), place), np.arange(len(pool.pairs)))
        assert np.flatnonzero(has).tolist() == sorted(pool.pairs_of(place))


def test_a_search_past_the_end_of_a_posting_finds_nothing(monkeypatch):
    monkeypatch.setattr(pool_module, "BITMAPS_MB", 0)
    monkeypatch.setattr(pool_module, "DENSE", 0.5)
    classless = make_product("b", {"color": "red"})  # numbered first
    pool = pool_of(make_product("a", {"size": "s"}, kind="bag"), classless)
    assert (pool.bitmaps[0] < 0).all() and pool.posted.tolist() == [1, 0]
    found = [pool.has(np.arange(2), np.full(2, pair)).tolist() for pair in (0, 1)]
    assert found == [[False, True], [True, False]]


def test_batches_of_answers_are_cut_and_put_together(monkeypatch):
    pool = pool_of(*random_products(120))
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, len(pool.pairs), (300, MOST)).astype(np.int32)
    pairs[rng.random(pairs.shape) < 0.5] = NONE
    kind = rng.integers(-1, 3, 300).astype(np.int32)
    whole = find_answers(pool, pairs, kind)
    monkeypatch.setattr("skulens.compose.answers.CANDIDATES", 7)
    cut = find_answers(pool, pairs, kind)
    assert (whole.edges == cut.edges).all() and (whole.members == cut.members).all()
    assert whole.counts().max() > 7 and (whole.counts() == 0).any()


def test_more_than_64_classes_share_bits_and_lose_no_answer():
    products = [
        make_product(f"{kind}.{i}", {"color": "red", "size": f"v{i}"}, kind=f"kind {kind}")
        for kind in range(130)
        for i in range(2)
    ]
    pool = pool_of(*products)
    pairs = [pool.pairs.index(("color", "red")), pool.pairs.index(("size", "v1"))]
    asked = np.array([[*pairs, NONE, NONE]] * 131, np.int32)
    found = find_answers(pool, asked, np.arange(-1, 130))
    assert found.counts().tolist() == [130, *[1] * 130]


@settings(deadline=None, max_examples=40)
@given(PRODUCTS, st.data())
def test_near_misses_fail_one_condition_alone(products, data):
    pool = pool_of(*products)
    if len(pool.pairs) < 2:
        return
    pairs = data.draw(st.lists(st.integers(0, len(pool.pairs) - 1), min_size=2, max_size=MOST))
    shown = data.draw(
        st.lists(st.integers(0, len(pool) - 1), min_size=len(pairs), max_size=len(pairs))
    )
    blank = np.full((1, MOST), NONE, np.int32)
    asked, references = blank.copy(), blank.copy()
    asked[0, : len(pairs)], references[0, : len(shown)] = pairs, shown
    no = np.full(1, NONE, np.int32)
    proposals = Proposals(np.zeros(1, np.uint64), "x", references, asked, no, no, no > 0)
    found = find_near_misses(pool, proposals)
    ids = [pool.ids[i] for i in shown]
    for i in range(MOST):
        if i >= len(pairs):
            assert not len(found[i])
            continue
        others = [pool.pairs[q] for j, q in enumerate(pairs) if j != i]
        expected = brute_answers(products, others, shown=ids)
        expected -= brute_answers(products, [pool.pairs[pairs[i]]])
        assert names_of(pool, found[i]) == expected


def test_near_misses_stay_with_their_queries():
    pool = pool_of(*random_products(90))
    drawn = resolve("sampler", "target-first")(pool).draw(0, np.arange(200, dtype=np.uint64))
    drawn = drawn.take(~drawn.failed)
    whole = Answered(pool, drawn, find_answers(pool, drawn.pairs, drawn.kind))
    assert len(whole.misses.members) > 500
    good = np.random.default_rng(0).random(len(drawn)) < 0.4
    found, expected = whole.take(good).misses, find_near_misses(pool, drawn.take(good))
    assert found.edges.tolist() == expected.edges.tolist()
    assert found.members.tolist() == expected.members.tolist()


def test_products_are_numbered_class_by_class_and_pairs_key_by_key():
    products = random_products(60)
    pool = pool_of(*products)
    assert (np.diff(pool.kind.codes) >= 0).all() and (np.diff(pool.key_of) >= 0).all()
    by_id = {p.id: p for p in products}
    for place, id_ in enumerate(pool.ids):
        held = [pool.pairs[q] for q in pool.pairs_of(place)]
        assert held == [(a.key, a.value) for a in by_id[id_].attributes]
        assert pool.kind.of(place) == by_id[id_].category[0]
        assert pool.spu.of(place) == by_id[id_].spu
        assert pool.pictured[place] == bool(by_id[id_].images)
    for k in range(len(pool.kind.names)):
        mine = range(*pool.class_edges[k : k + 2])
        assert {pool.kind.codes[p] for p in mine} == {k}
    edges, members = pool.families
    for s, spu in enumerate(pool.spu.names):
        kin = {pool.ids[p] for p in members[edges[s] : edges[s + 1]]}
        assert kin == {p.id for p in products if p.spu == spu}


def test_inversion_in_chunks(monkeypatch):
    products = random_products(100)
    whole = pool_of(*products)
    for module in ("pool", "ragged"):
        monkeypatch.setattr(f"skulens.compose.{module}.CHUNK", 7)
    cut = pool_of(*products)
    assert (whole.posted == cut.posted).all() and (whole.edges == cut.edges).all()
    assert (whole.held == cut.held).all() and (whole.starts == cut.starts).all()


def test_what_cannot_be_used_is_named_and_counted():
    many = [(f"key {i}", "v") for i in range(MOST_ATTRIBUTES + 3)]
    products = [
        make_product("a", {"color": "red", "size": "s"}),
        make_product("a", {"color": "blue"}),
        make_product("b", [("color", "red"), ("color", ""), (" ", "x"), ("size", "\ud800")]),
        make_product("c"),
        make_product("\ud800", {"color": "red"}),
        make_product("", {"color": "red"}),
        make_product("d", many),
        Product("e", category=("\udfff",), attributes=(Attribute("color", "red"),)),
    ]
    pool, rejects = make_pool(products)
    assert sorted(pool.ids) == ["a", "b", "c", "d", "e"]
    reasons = [(r.item, r.reason) for r in rejects]
    assert ("a", "the id occurred before") in reasons
    assert ("b", "attribute 'color' has an empty value") in reasons
    assert ("b", "attribute ' ' has an empty key") in reasons
    assert ("b", "attribute 'size' has a value that is no valid text") in reasons
    assert ("c", "no attribute can be used") in reasons
    assert ("\\ud800", "the id is empty or no valid text") in reasons
    assert ("", "the id is empty or no valid text") in reasons
    assert any(i == "d" and "over 256" in reason for i, reason in reasons)
    assert len(rejects) == 8
    assert len(pool.pairs_of(list(pool.ids).index("d"))) == MOST_ATTRIBUTES
    assert pool.kind.names == ("\\udfff",)
    assert pool.pairs.count(("color", "red")) == 1


def test_a_pair_that_every_product_has_is_named():
    products = [make_product(i, {"color": "red", "size": f"v{i}"}) for i in range(4)]
    pool, rejects = make_pool(products)
    [reject] = rejects
    assert reject.item == "color=red" and "each of the 4 products" in reject.reason
    assert ("color", "red") in pool.pairs
    assert not make_pool(products[:1])[1]


def test_the_same_attribute_twice_counts_once():
    pool = pool_of(make_product("a", [("k", "v"), ("k", "w"), ("k", "v")]))
    assert [pool.pairs[q] for q in pool.pairs_of(0)] == [("k", "v"), ("k", "w")]
    assert pool.sizes().tolist() == [1, 1]


def test_modality_is_that_of_the_class():
    def attributes(modality):
        return (Attribute("material", "oak", modality),)

    products = [
        Product("a", category=("table",), attributes=attributes("visual")),
        Product("b", category=("drink",), attributes=attributes("text")),
        Product("c", attributes=attributes("both")),
    ]
    pool = pool_of(*products)
    told = {
        name: pool_module.MODALITIES[pool.modality[k, 0]] for k, name in enumerate(pool.kind.names)
    }
    assert told == {"table": "visual", "drink": "text"}


def test_a_pool_needs_a_product():
    with pytest.raises(DataError, match="at least one product"):
        make_pool([])
