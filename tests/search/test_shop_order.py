"""Filters, relevance, order, variants and modifiers in searches of a small shop."""

import pytest

from skulens.errors import DataError
from skulens.filters import FilterError
from tests.search.small_shop import codes_of, ids, make_shop, photo

pytestmark = pytest.mark.usefixtures("encoders")


def test_filters_facets_and_counts_go_together():
    shop = make_shop()
    answer = shop.search(
        photo=photo("red"), where="price < 16", facets=("attributes.Colour", "spu")
    )
    assert set(ids(answer)) == {"r2", "o1", "o2", "g2", "b2"}
    assert answer.facets["spu"] == {"hat": 3, "shirt": 2}
    assert sum(answer.facets["attributes.colour"].values()) == 5


@pytest.mark.parametrize("option", [{"where": "extras.sodl < 3"}, {"facets": "prize"}, {"sort": "prize"},
                                    {"collapse": "prize"},
                                    {"boosts": {"if": "extras.sodl < 3", "weight": 1}}])  # fmt: skip
def test_unknown_fields_name_the_nearest(option):
    with pytest.raises(FilterError, match="did you mean (price|extras.sold)"):
        make_shop().search("red", **option)


def test_variants_collapse_behind_the_best():
    shop = make_shop()
    answer = shop.search(photo=photo("red"), collapse="spu")
    assert [(h.id, h.others) for h in answer.hits] == [
        ("r3", ("b1", "n1")),
        ("r2", ("r1", "o1", "g1")),
        ("o2", ("g2", "b2")),
    ]
    assert answer.candidates == 3


def test_products_without_the_field_stand_alone():
    assert len(make_shop().search(photo=photo("red"), collapse="gtin", k=10).hits) == 10


def test_collapse_looks_deeper_where_variants_take_the_places(monkeypatch):
    from skulens.search import legs

    monkeypatch.setattr(legs, "DEPTHS", (3, 6, 20))
    answer = make_shop().search(photo=photo("red"), collapse="spu", k=3)
    assert ids(answer) == ["r3", "r2", "o2"]


def test_only_relevant_hits_are_sorted():
    shop = make_shop()
    answer = shop.search(photo=photo("red"), sort="price", among=4)
    assert ids(answer) == ["o2", "r2", "r1", "r3"]
    assert ids(shop.search(photo=photo("red"), sort="-price", among=4)) == ids(answer)[::-1]
    assert codes_of(answer) == []
    blind = shop.search(photo=photo("red"), sort="price", k=1)
    assert (ids(blind), codes_of(blind)) == (["g2"], ["sorted-first"])


def test_relevance_cut_offs():
    shop = make_shop()
    assert ids(shop.search(photo=photo("red"), least=0.99)) == ["r3", "r2", "r1"]
    assert ids(shop.search(photo=photo("red"), within=0.9)) == [
        "r3",
        "r2",
        "r1",
        "o2",
        "o1",
    ] or set(ids(shop.search(photo=photo("red"), within=0.9))) == {"r1", "r2", "r3", "o1", "o2"}
    assert ids(shop.search(photo=photo("red"), among=2)) == ["r3", "r2"]
    assert ids(shop.search(photo=photo("red"), least=2)) == []
    both = {"picture": 0.99, "words": 0.3}
    found = shop.search("hat", photo("red"), least=both, weights={"picture": 1, "words": 1})
    assert set(ids(found)) >= {"o2", "g2", "b2"}
    with pytest.raises(DataError, match="of which leg. There are picture, words"):
        shop.search("hat", photo("red"), least=0.5)


def test_a_least_score_of_a_leg_that_was_not_searched_says_nothing():
    shop = make_shop()
    assert len(shop.search(photo=photo("red"), least={"words": 3}, k=10).hits) == 10
    some = shop.search(photo=photo("red"), least={"words": 3, "picture": 0.99}, k=10)
    assert ids(some) == ["r3", "r2", "r1"]


def test_every_leg_is_asked_alike(monkeypatch):
    shop, asked = make_shop(), []
    search = shop.store.search
    monkeypatch.setattr(shop.store, "search", lambda p: asked.append(p) or search(p))
    shop.search("red", photo("red"), exclude=("r1", "r2"), exact=True, where="price < 50", k=3)
    assert [p.exclude for p in asked] == [("r1", "r2")] * 2
    assert [p.where.field for p in asked] == ["price"] * 2
    assert [bool(p.exact) for p in asked] == [True, False]
    assert [p.k for p in asked] == [100, 100]
    shop.search(photo=photo("red"), k=3, offset=4)
    assert asked[-1].k == 7  # one leg alone gives its first hits


def test_modifiers_change_the_order_and_are_explained():
    shop = make_shop()
    boosts = [{"if": "attributes.colour = 'green'", "weight": 9}]
    answer = shop.search(photo=photo("red"), boosts=boosts, k=2)
    assert ids(answer) == ["g2", "g1"]
    [boosted] = answer.hits[0].why.boosts
    assert (boosted.value, boosted.factor) == (True, 10)
    assert answer.hits[0].score == pytest.approx(10 * answer.hits[0].why.relevance)
