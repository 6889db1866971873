"""What holds for every query of the small shop."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.documents import Hits
from skulens.filters import parse_filter
from skulens.search.fuse import fuse_legs, terms_of
from skulens.search.vectors import add_up
from tests.search.small_shop import COLOURS, ids, make_shop, photo

SOME = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
pytestmark = pytest.mark.usefixtures("encoders")
colours = st.sampled_from(sorted(COLOURS))
weights = st.floats(0.1, 3).map(lambda w: round(w, 2))
terms = st.lists(st.tuples(colours, weights), min_size=1, max_size=3, unique_by=lambda t: t[0])
FILTERS = (
    "price < 16",
    "spu = 'hat' or attributes.colour = 'red'",
    "not exists attributes.collar",
    "extras.sold > 10",
    "price > 1000",
    "gtin != '4006381333931' and price <= 20",
)
shop = make_shop()


@SOME
@given(terms, st.sampled_from([0.01, 7, 300]))
def test_scaling_all_weights_of_parts_changes_nothing(asked, scale):
    plain = shop.search(photo=[(photo(c), w) for c, w in asked], k=10)
    scaled = shop.search(photo=[(photo(c), w * scale) for c, w in asked], k=10)
    assert [h.score for h in scaled.hits] == pytest.approx([h.score for h in plain.hits], abs=1e-6)


@SOME
@given(weights, weights, st.sampled_from([0.01, 7, 300]), st.sampled_from(["ranks", "scores"]))
def test_scaling_all_weights_of_legs_changes_nothing(picture, words, scale, by):
    def ask(factor):
        legs = {"picture": picture * factor, "words": words * factor}
        return shop.search("red coat", photo("blue"), weights=legs, by=by, k=10)

    plain, scaled = ask(1), ask(scale)
    assert [h.score for h in scaled.hits] == pytest.approx([h.score for h in plain.hits])


@SOME
@given(colours, colours, st.floats(-0.8, -0.1))
def test_a_negative_weight_moves_away(wanted, unwanted, weight):
    if wanted == unwanted:
        return
    found = shop.search(photo=photo(wanted), k=10, give_vectors=True)
    away = shop.search(photo=[photo(wanted), (photo(unwanted), weight)], k=10, give_vectors=True)
    other = shop.embedder.embed([away.request])[0]["picture"].each[1]
    assert away.vectors["picture"] @ other < found.vectors["picture"] @ other


@SOME
@given(terms, st.sampled_from(FILTERS))
def test_collapse_keeps_the_order_and_loses_nobody(asked, where):
    given_photos = [(photo(c), w) for c, w in asked]
    plain = shop.search("red shirt", given_photos, where=where, k=10)
    found = shop.search("red shirt", given_photos, where=where, k=10, collapse="spu")
    order = {product: rank for rank, product in enumerate(ids(plain))}
    shown = [order[i] for i in ids(found)]
    assert shown == sorted(shown)
    groups = [(h.id, *h.others) for h in found.hits]
    assert sorted(i for group in groups for i in group) == sorted(order)
    spu = {h.id: h.fields["spu"] for h in plain.hits}
    for group in groups:
        assert len({spu[i] for i in group}) == 1
        assert [order[i] for i in group] == sorted(order[i] for i in group)
    assert len({spu[i] for i in ids(found)}) == len(found.hits)


@SOME
@given(terms, st.sampled_from(["spu", "-spu", "price", "-price", "extras.sold", "-extras.sold"]))
def test_sorting_is_stable_and_puts_missing_values_last(asked, sort):
    given_photos = [(photo(c), w) for c, w in asked]
    plain = ids(shop.search(photo=given_photos, k=10))
    found = shop.search(photo=given_photos, k=10, sort=sort, among=10)
    assert sorted(ids(found)) == sorted(plain)
    rows = [(h.fields.get(sort.removeprefix("-")), plain.index(h.id)) for h in found.hits]
    have = [row for row in rows if row[0] is not None]
    assert rows[: len(have)] == have
    sign = -1 if sort.startswith("-") else 1
    keys = sorted({value for value, _ in have})
    assert have == sorted(have, key=lambda row: (sign * keys.index(row[0]), row[1]))


@SOME
@given(terms)
def test_one_leg_is_that_leg(asked):
    given_photos = [(photo(c), w) for c, w in asked]
    answer = shop.search(photo=given_photos, k=10, give_vectors=True)
    from skulens.documents import Probe

    column = shop.store.schema.vectors[0]
    hits = shop.store.search(Probe(answer.vectors["picture"], column.name, column.maker, k=10))
    assert tuple(ids(answer)) == hits.ids
    assert [h.score for h in answer.hits] == hits.scores.tolist()


@pytest.mark.parametrize("where", FILTERS)
def test_facets_count_the_matches_of_the_filter(where):
    answer = shop.search(photo=photo("red"), where=where, facets=("spu", "price"), k=10)
    assert sum(answer.facets["spu"].values()) == shop.store.count(parse_filter(where))
    assert len(answer.hits) == shop.store.count(parse_filter(where))
    for value, count in answer.facets["spu"].items():
        assert count == sum(h.fields["spu"] == value for h in answer.hits)


scores = st.lists(st.sampled_from([0.9, 0.7, 0.5, 0.5, 0.1, -0.2]), min_size=1, max_size=6)


@SOME
@given(scores, scores, st.sampled_from(["ranks", "scores"]), st.randoms())
def test_fusion_is_the_sum_of_what_each_leg_says(one, two, by, random):
    found = {}
    for leg, given_scores in (("a", one), ("b", two)):
        names = random.sample("uvwxyz", len(given_scores))
        rows = sorted(zip(given_scores, names, strict=True), reverse=True)
        found[leg] = Hits(tuple(i for _, i in rows), np.array([s for s, _ in rows], np.float32))
    made = terms_of(found, {"a": 2.0, "b": 1.0}, by)
    fused = fuse_legs(found, made)
    for product, score in fused:
        said = [
            float(made[leg][hits.ids.index(product)])
            for leg, hits in found.items()
            if product in hits.ids
        ]
        assert score == pytest.approx(sum(said))
    assert fused == sorted(fused, key=lambda pair: (pair[1], pair[0]), reverse=True)
    assert {i for i, _ in fused} == {i for hits in found.values() for i in hits.ids}
    for leg, hits in found.items():  # equal scores say the same, higher ones no less
        said = made[leg].tolist()
        assert all(
            (a == b) if s == t else a > b
            for (a, s), (b, t) in zip(
                list(zip(said, hits.scores, strict=True)),
                list(zip(said, hits.scores, strict=True))[1:],
                strict=False,
            )
        )


@pytest.mark.parametrize("by", ["ranks", "scores"])
def test_of_equal_fused_scores_the_larger_id_comes_first(by):
    found = {leg: Hits((i,), np.ones(1, np.float32)) for leg, i in (("a", "u"), ("b", "z"))}
    fused = fuse_legs(found, terms_of(found, {"a": 1.0, "b": 1.0}, by))
    assert [i for i, _ in fused] == ["z", "u"]


@SOME
@given(st.lists(st.floats(-2, 2), min_size=2, max_size=5), st.integers(0, 1000))
def test_a_weighted_sum_points_where_its_definition_says(given_weights, seed):
    each = np.random.default_rng(seed).normal(size=(len(given_weights), 8)).astype(np.float32)
    each *= np.arange(1, len(each) + 1, dtype=np.float32)[:, None]  # lengths do not matter
    wanted = sum(w * v / np.linalg.norm(v) for w, v in zip(given_weights, each, strict=True))
    if np.linalg.norm(wanted) < 1e-3:
        return
    found = add_up(each, np.array(given_weights), "picture")
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted), atol=1e-5)
