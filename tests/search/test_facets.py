"""Counts beside an answer, against counting by hand; and what an empty answer says instead."""

import random
from collections import Counter

import pytest

from skulens.filters import matches, parse_filter
from skulens.filters.text import format_filter
from skulens.records import Filter
from skulens.search.facets import clauses_of, count_facets, join_clauses, without_field
from tests.search.small_shop import PRODUCTS, ids, make_shop, photo

pytestmark = pytest.mark.usefixtures("encoders")
CLAUSES = (
    'attributes.colour = "red"', 'attributes.Colour in ("red", "navy")', "price < 20", "price > 8",
    'spu = "hat" or spu = "coat"', 'not attributes.collar = "fur"', "exists extras.sold",
    'spu = "coat" or price < 10', 'attributes.collar = "polo" or not exists attributes.collar',
)  # fmt: skip
FIELDS = ("attributes.colour", "spu", "attributes.collar")
VALUES = {
    "spu": lambda p: [p.spu],
    "attributes.colour": lambda p: [a.value for a in p.attributes if a.key == "Colour"],
    "attributes.collar": lambda p: [a.value for a in p.attributes if a.key == "collar"],
}


def fields_in(text: str) -> set[str]:
    return {f for f in ("colour", "price", "spu", "collar", "sold") if f in text.casefold()}


@pytest.mark.parametrize("seed", range(12))
def test_a_facet_ignores_the_clauses_about_its_own_field_alone(seed):
    chosen = random.Random(seed).sample(CLAUSES, 1 + seed % 4)
    where = parse_filter(" and ".join(f"({text})" for text in chosen))
    found = count_facets(make_shop().store, FIELDS, where, disjunctive=True)
    plain = count_facets(make_shop().store, FIELDS, where)
    for name in FIELDS:
        own = name.split(".")[-1]
        kept = [parse_filter(text) for text in chosen if fields_in(text) != {own}]
        those = [p for p in PRODUCTS if all(matches(f, p) for f in kept)]
        assert found[name] == Counter(v for p in those for v in VALUES[name](p))
        all_ = [p for p in PRODUCTS if matches(where, p)]
        assert plain[name] == Counter(v for p in all_ for v in VALUES[name](p))


def test_clauses_are_taken_apart_and_joined():
    where = parse_filter("price < 3 and (price > 1 and spu = 'a') and (spu = 'b' or price = 2)")
    clauses = clauses_of(where)
    assert [format_filter(c) for c in clauses] == [
        "price < 3", "price > 1", 'spu = "a"', 'spu = "b" or price = 2',
    ]  # fmt: skip
    assert clauses_of(join_clauses(clauses)) == clauses
    assert (clauses_of(None), join_clauses([])) == ([], None)
    assert join_clauses(clauses[:1]) == clauses[0]


def test_a_filter_without_the_field_stays_as_it_is():
    schema = make_shop().store.schema
    where = parse_filter("price < 3 and (spu = 'a' or price > 9)")
    assert without_field(where, "attributes.colour", schema) is where
    assert without_field(parse_filter("price < 3"), "price", schema) is None
    kept = without_field(where, "price", schema)
    assert kept == Filter("or", of=(parse_filter("spu = 'a'"), parse_filter("price > 9")))


# ----- an empty answer ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_what_is_promised_is_found(seed):
    """Each relaxation, applied, finds as many products as it says; and none is forgotten."""
    rng = random.Random(seed)
    chosen = [*rng.sample(CLAUSES, 2), "price > 80", "price < 80"]
    where = parse_filter(" and ".join(f"({text})" for text in chosen))
    shop = make_shop()
    given = [{"photo": photo("red")}, {"text": "navy coat", "weights": {"picture": 0}}, {}][
        seed % 3
    ]
    answer = shop.search(**given, where=where, without=True, k=10)
    assert not answer.hits
    told = {one.text: one for one in answer.without}
    for clause in clauses_of(where):
        rest = join_clauses([c for c in clauses_of(where) if c is not clause])
        found = shop.search(**given, where=rest, k=100)
        if found.hits:
            one = told.pop(format_filter(clause))
            assert (one.kind, one.products, one.where) == ("filter", len(found.hits), rest)
    assert not told or {one.where for one in told.values()} == {None}


def test_facts_and_filters_are_left_out_one_by_one():
    asked = {"like": {"collar": "sku:r1", "colour": "sku:b1"}, "facts": "require", "without": True}
    answer = make_shop().search(**asked)
    told = {(w.kind, w.text, w.condition, w.products) for w in answer.without}
    assert told == {("fact", "collar: Polo", 0, 2), ("fact", "colour: blue", 1, 3)}
    assert not make_shop().search(**asked | {"without": False}).without


def test_nothing_is_said_of_a_page_past_the_last():
    answer = make_shop().search(photo=photo("red"), offset=50, without=True)
    assert (answer.hits, answer.without, answer.candidates) == ((), (), 10)


def test_eight_are_told():
    where = " and ".join(f'not id = "{p.id}"' for p in PRODUCTS)
    told = make_shop().search(where=where, without=True).without
    assert [one.products for one in told] == [1] * 8


def test_a_filter_is_left_out_as_a_whole_where_no_clause_is_enough():
    [one] = make_shop().search(where='price > 90 and spu = "x"', without=True).without
    assert (one.text, one.where, one.products) == ('price > 90 and spu = "x"', None, 10)


# ----- lists ----------------------------------------------------------------------------------


def test_lists_in_pages_are_the_whole():
    shop = make_shop()
    for sort in ("", "price", "-price", "spu"):
        whole = ids(shop.search(where="price > 1", sort=sort, k=10))
        pages = [shop.search(where="price > 1", sort=sort, k=3, offset=o) for o in (0, 3, 6, 9)]
        assert [i for page in pages for i in ids(page)] == whole and len(whole) == 10
        assert {page.candidates for page in pages} == {10}
    by_price = sorted(PRODUCTS, key=lambda p: p.price)
    assert ids(shop.search(sort="price", k=10)) == [p.id for p in by_price]


def test_variants_of_a_list_collapse():
    answer = make_shop().search(sort="price", collapse="spu", k=2)
    assert [(h.id, h.others) for h in answer.hits][0] == ("g2", ("b2", "o2"))
    assert len(make_shop().search(sort="price", collapse="spu", k=10).hits) == 3
