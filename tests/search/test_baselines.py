"""What knows nothing, and what knows the truth."""

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.records import Attribute, Condition, Item, Product, Query
from skulens.search.systems.baselines import KnowingSystem, Random

COLORS, SHAPES = ("red", "blue"), ("round", "square")
PRODUCTS = [
    Product(
        f"p{i:02d}", category=("cup",), attributes=(Attribute("color", c), Attribute("shape", s))
    )
    for i, (c, s) in enumerate((c, s) for _ in range(5) for c in COLORS for s in SHAPES)
]
GALLERY = [Item(p.id, ()) for p in PRODUCTS]
RED_ROUND = {p.id for p in PRODUCTS if [a.value for a in p.attributes] == ["red", "round"]}


def ask(name: str, *pairs: tuple[str, str]) -> Query:
    return Query(name, Item(name, ()), conditions=tuple(Condition(k, v) for k, v in pairs))


BOTH = [ask(f"q{i}", ("color", "red"), ("shape", "round")) for i in range(200)]


def firsts(run, k: int) -> list[set[str]]:
    return [{p for p, _ in list(run.candidates(i))[:k]} for i in range(len(run.queries))]


def test_random_is_even_and_a_matter_of_the_query_alone():
    run = Random().rank(BOTH, GALLERY, 20)
    assert all(sorted(row) == list(range(20)) for row in run.order.tolist())
    counts = np.bincount(run.order[:, 0], minlength=20)
    assert counts.max() <= 25, "200 queries over 20 products: 10 on average"
    alone = list(Random().rank(BOTH[7:8], GALLERY[::-1], 20).candidates(0))
    assert alone == list(run.candidates(7)), "whatever the company and the order of the gallery"
    assert list(Random("1").rank(BOTH[7:8], GALLERY, 20).candidates(0)) != alone
    with pytest.raises(DataError, match="random:x: expected a whole number"):
        Random("x")


def test_who_knows_all_puts_the_answers_first_in_random_order():
    run = KnowingSystem().inform(PRODUCTS).rank(BOTH, GALLERY, 8)
    assert all(first == RED_ROUND for first in firsts(run, 5)) and run.depth == 8
    assert len({tuple(row[:5]) for row in run.order.tolist()}) > 50


def test_who_knows_one_of_two_is_right_half_the_time():
    run = KnowingSystem("1").inform(PRODUCTS).rank(BOTH, GALLERY, 20)
    right = [first <= RED_ROUND for first in firsts(run, 1)]
    assert 70 < sum(right) < 130, "ten products satisfy either condition, five of them both"
    known = [{PRODUCTS[i].attributes[0].value for i in row[:10]} for row in run.order.tolist()]
    shapes = [{PRODUCTS[i].attributes[1].value for i in row[:10]} for row in run.order.tolist()]
    assert all(len(c) == 1 or len(s) == 1 for c, s in zip(known, shapes, strict=True))
    assert any(len(c) == 1 for c in known) and any(len(s) == 1 for s in shapes)


def test_who_knows_none_knows_the_class():
    other = Product("x", category=("vase",), attributes=(Attribute("color", "red"),))
    named = ask("q", ("color", "red"), ("class", "vase"))
    run = KnowingSystem("0").inform([*PRODUCTS, other]).rank([named], [*GALLERY, Item("x", ())], 3)
    assert firsts(run, 1) == [{"x"}]


def test_a_part_of_the_gallery_is_ranked_alone():
    few = GALLERY[:6]
    run = KnowingSystem().inform(PRODUCTS).rank(BOTH[:3], few, 20)
    assert all(row == {p.id for p in few} for row in firsts(run, 20))
    assert all(first == {"p00", "p04"} for first in firsts(run, 2))


def test_what_nobody_told_is_said():
    with pytest.raises(DataError, match="oracle:1 has to be told"):
        KnowingSystem("1").rank(BOTH, GALLERY, 3)
    with pytest.raises(DataError, match="no product has any"):
        KnowingSystem().inform([Product("bare")])
    with pytest.raises(DataError, match="oracle:-1: expected a whole number"):
        KnowingSystem("-1")
