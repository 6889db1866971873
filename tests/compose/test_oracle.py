"""Exact hit rates of systems that know some conditions."""

from itertools import permutations

import numpy as np
import pytest

from skulens.compose.oracle import Oracle, expected_hit, ties_of
from skulens.compose.pool import make_pool
from skulens.compose.words import CLASS
from skulens.records import Condition, Item, Query
from tests.compose.pools import make_product


def count_hits(ties, k):
    """The same by every order of every group."""
    lists = [[1] * answers + [0] * (size - answers) for size, answers in ties]
    ranked = [[]]
    for group in lists:
        ranked = [head + list(tail) for head in ranked for tail in permutations(group)]
    return np.mean([any(order[:k]) for order in ranked])


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
@pytest.mark.parametrize(
    "ties",
    [[(4, 1)], [(2, 0), (3, 2)], [(0, 0), (5, 2)], [(3, 3), (2, 0)], [(2, 0), (2, 0), (2, 1)]],
)
def test_expectation_is_the_share_of_all_orders(ties, k):
    assert expected_hit(ties, k) == pytest.approx(count_hits(ties, k))


@pytest.mark.parametrize("k", [1, 2, 4, 6, 10])
def test_ties_of_scores_decide_like_the_whole_ranking(k):
    rng = np.random.default_rng(k)
    for _ in range(20):
        scores = rng.integers(0, 3, 6).astype(float)
        answers = rng.choice(6, 2, replace=False)
        whole = [
            (int((scores == s).sum()), int((scores[answers] == s).sum()))
            for s in sorted(set(scores), reverse=True)
        ]
        found = expected_hit(ties_of(scores, answers, k), k)
        assert found == pytest.approx(expected_hit(whole, k))


@pytest.fixture
def oracle():
    products = [
        make_product("ref", {"color": "red"}, "s0", "bag"),
        make_product("hit", {"color": "red", "size": "l"}, "s1", "bag"),
        make_product("near", {"color": "red", "size": "m"}, "s1", "bag"),
        make_product("other", {"color": "red", "size": "l"}, "s2", "hat"),
        make_product("kin", {"color": "blue"}, "s0", "bag"),
    ]
    return Oracle(make_pool(products)[0])


def query(*conditions, references=("ref",)):
    named = (*conditions, Condition(CLASS, "bag"))
    return Query("q", Item("q", ("x",)), {"hit": 1, "gone": 1}, named, references=references)


def names(oracle, places):
    return {oracle.pool.ids[i] for i in places}


def test_it_finds_what_it_knows_in_the_class_named(oracle):
    sought = oracle.read(query(Condition("color", "red"), Condition("size", "l")))
    color, size = sought.pairs
    assert names(oracle, oracle.find(sought, ())) == {"hit", "near", "kin"}
    assert names(oracle, oracle.find(sought, (color,))) == {"hit", "near"}
    assert names(oracle, oracle.find(sought, (color, size))) == {"hit"}
    assert names(oracle, oracle.siblings(sought)) == {"kin"}
    assert [expected_hit(t, 1) for t in oracle.know(sought, 1)] == [0.5, 1.0]
    assert [expected_hit(t, 1) for t in oracle.know(sought, 2)] == [1.0]


def test_unknown_values_products_and_styles_are_known_to_nobody(oracle):
    style = Condition("product style", relation="whole", product="ref")
    sought = oracle.read(query(style, Condition("color", "pink"), references=("gone", "ref")))
    assert len(sought.pairs) == 1 and not len(oracle.find(sought, sought.pairs))
    assert names(oracle, sought.references) == {"ref"} and names(oracle, sought.answers) == {"hit"}
    [ties] = oracle.know(sought, 1)
    assert ties == [(0, 0), (4, 1)]


def test_an_attribute_called_class_is_no_named_class():
    products = [make_product("a", {CLASS: "one"}, kind="bag"), make_product("b", {}, kind="bag")]
    oracle = Oracle(make_pool(products)[0])
    shown = Condition(CLASS, "one", 1, "b")
    sought = oracle.read(Query("q", Item("q", ("x",)), {"a": 1}, (shown,)))
    assert sought.kind == -1 and names(oracle, oracle.find(sought, sought.pairs)) == {"a"}
