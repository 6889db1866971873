"""Conditions as facts: "the collar of this photo", held against attributes."""

import pytest

from skulens.records import Condition, Item, Query
from skulens.search.request import Request
from tests.search.small_shop import PRODUCTS, codes_of, ids, make_shop, photo

pytestmark = pytest.mark.usefixtures("encoders")


def test_conditions_are_held_against_attributes():
    answer = make_shop().search(like={"collar": "sku:r1", "Colour": PRODUCTS[7].images[0]}, k=10)
    facts = {h.id: h.why.facts for h in answer.hits}
    assert [f.holds for f in facts["r2"]] == [True, False]  # "polo " is "Polo"
    assert [f.holds for f in facts["b1"]] == [False, True]
    assert [f.holds for f in facts["b2"]] == [None, True]
    [collar, colour] = facts["r2"]
    assert (collar.wanted, collar.has, collar.field) == (("Polo",), ("polo ",), "attributes.collar")
    assert (colour.part, colour.wanted) == (2, ("blue",))


def test_a_condition_unlike_something_holds_for_another_value():
    answer = make_shop().search(photo=photo("red"), like=[("collar", "sku:r1", -0.1)], k=10)
    holds = {h.id: h.why.facts[0].holds for h in answer.hits}
    assert (holds["r2"], holds["r3"], holds["b2"]) == (False, True, None)


def test_another_word_for_the_key():
    answer = make_shop().search(like={"color": "sku:r1"}, k=1)
    assert answer.hits[0].why.facts[0].field == "attributes.colour"


def test_facts_that_nobody_knows():
    answer = make_shop().search(like={"collar": photo("red", 99), "sleeve": "sku:r1"}, k=1)
    assert [(f.holds, f.wanted) for f in answer.hits[0].why.facts] == [(None, ()), (None, ())]


def test_somebody_who_reads_attributes_may_be_given():
    shop = make_shop(attributes=lambda image: {"Collar": ["FUR"]})
    answer = shop.search(like={"collar": photo("red")}, facts="require")
    assert sorted(ids(answer)) == ["b1", "r3"]


def test_required_facts_are_a_filter():
    shop = make_shop()
    required = shop.search(like={"collar": "sku:r1"}, facts="require")
    assert ids(required) == ["r2", "o1"]
    both = shop.search(like={"collar": "sku:r1", "colour": "sku:o1"}, facts="require")
    assert ids(both) == [] and both.candidates == 0
    unlike = shop.search(photo=photo("red"), like=[("collar", "sku:r1", -0.1)], facts="require")
    assert set(ids(unlike)) == {p.id for p in PRODUCTS} - {"r1", "r2", "o1"}


def test_a_required_fact_that_nobody_knows_decides_nothing():
    answer = make_shop().search(like={"collar": photo("red")}, facts="require", k=10)
    assert len(answer.hits) == 10
    assert "fact-unknown" in codes_of(answer)


def test_preferred_facts_come_first_and_lose_nobody():
    shop = make_shop()
    plain = shop.search(photo=photo("green"), like={"collar": "sku:r1"}, k=10)
    answer = shop.search(photo=photo("green"), like={"collar": "sku:r1"}, facts="prefer", k=10)
    assert set(ids(answer)[:2]) == {"r2", "o1"}
    assert ids(answer)[2:] == [i for i in ids(plain) if i not in ("r2", "o1")]


def test_what_the_composer_of_a_query_knows_is_not_looked_at():
    query = Query(
        "q",
        Item("q", (photo("red", 77),)),
        conditions=(
            Condition("collar", "polo", part=0, product="r1"),
            Condition("colour", "red", product="r1"),
        ),
    )
    answer = make_shop().answer(Request(query, k=10, facts="require"))
    assert len(answer.hits) == 10
    assert [f.wanted for f in answer.hits[0].why.facts] == [(), ()]
    assert answer.legs["picture"].parts == (0,)
