"""Similar pairs, and candidates for annotators, against plain loops."""

import numpy as np
import pytest

from skulens.compose.pool import make_pool
from skulens.curate.asked.candidates import Limits, rank_candidates
from skulens.curate.asked.pictures import Pictures, Window, embed_pictures, similar_pairs
from skulens.records import Condition, Image, Item, Query
from tests.curate.asked.engine import Vectors, product


def pictures(n=40, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Pictures(tuple(map(str, range(n))), vectors, tuple(map(str, range(n))), ())


def plain_pairs(found, kinds, spus, window):
    n, cosines = len(kinds), found.vectors @ found.vectors.T

    def near(a):
        others = [
            b
            for b in range(n)
            if b != a
            and kinds[a] == kinds[b] >= 0
            and found.hashes[a] != found.hashes[b]
            and window.least <= cosines[a, b] <= window.most
            and (window.siblings or spus[a] < 0 or spus[a] != spus[b])
        ]
        return sorted(others, key=lambda b: (-cosines[a, b], b))[: window.neighbours]

    return {(a, b) for a in range(n) for b in near(a) if not window.mutual or a in near(b)}


@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("siblings", [True, False])
def test_pairs_equal_those_of_a_plain_loop(mutual, siblings):
    found = pictures()
    rng = np.random.default_rng(1)
    kinds, spus = rng.integers(-1, 3, 40), rng.integers(-1, 8, 40)
    window = Window(3, mutual, -0.2, 0.9, siblings)
    pairs = similar_pairs(found, kinds, spus, window)
    assert {(p.shown, p.target) for p in pairs} == plain_pairs(found, kinds, spus, window)
    assert pairs and [p.cosine for p in pairs] == sorted((p.cosine for p in pairs), reverse=True)


def test_identical_and_unreadable_pictures_are_in_no_pair():
    shop = Vectors({b"a": (1, 0, 0), b"b": (1, 0, 0), b"c": (1, 0.1, 0)})
    images = {n: Image(data=d) for n, d in {"a": b"a", "a2": b"a", "c": b"c", "x": b"x"}.items()}
    found = embed_pictures(images, shop)
    assert found.readable.tolist() == [True, True, True, False]
    pairs = similar_pairs(found, [0] * 4, [-1] * 4, Window(most=1.0, mutual=False))
    assert {(p.shown, p.target) for p in pairs} == {(0, 2), (1, 2), (2, 0), (2, 1)}


SHOP = [
    product("r1", color="red", shape="round", spu="R"),
    product("r2", color="red", shape="square"),
    product("r3", color="red", shape="round"),
    product("r4", color="red", shape="round"),
    product("b1", color="blue", shape="round"),
    product("t1", kind="table", color="red", shape="round"),
]
VECTORS = Vectors(
    {b"r1": (1, 0, 0), b"r3": (1, 1, 0), b"r4": (0, 1, 0.2), b"b1": (0, 0, 1), b"r2": (1, 0, 1),
     b"t1": (1, 0, 0.1), b"photo": (1, 0.1, 0), b"other": (0, 1, 0)}
)  # fmt: skip


def ask(*conditions, photos=(b"photo",), references=()):
    parts = [part for data in photos for part in ("like ", Image(data=data))]
    return Query("q", Item("q", tuple(parts)), {}, conditions, references=references)


RED, ROUND = Condition("color", "red"), Condition("shape", "round")
CHAIR = Condition("class", "chair")


def ranked(query, **limits):
    return [c.product for c in rank_candidates([query], SHOP, VECTORS, Limits(**limits))["q"]]


def test_candidates_satisfy_all_conditions_and_stand_by_mean_cosine():
    assert ranked(ask(RED, ROUND, CHAIR)) == ["r1", "r3", "r4"]
    assert ranked(ask(RED, ROUND)) == ["r1", "t1", "r3", "r4"]
    assert ranked(ask(RED, ROUND, CHAIR, photos=(b"photo", b"other"))) == ["r3", "r4", "r1"]
    assert ranked(ask(RED, ROUND, CHAIR, references=("r1",))) == ["r3", "r4"]
    assert ranked(ask(RED, Condition("style"), CHAIR)) == ["r1", "r3", "r2", "r4"]
    [best, *_] = rank_candidates([ask(RED, CHAIR, photos=(b"photo", b"other"))], SHOP, VECTORS)["q"]
    a, b = np.array([1, 0.1, 0]) / np.hypot(1, 0.1), np.array([0, 1, 0])
    r3 = np.array([1, 1, 0]) / np.sqrt(2)
    assert best.product == "r3" and best.score == pytest.approx((a @ r3 + b @ r3) / 2)


def test_a_picture_that_cannot_be_read_is_left_out_of_the_mean():
    both = ask(RED, ROUND, CHAIR, photos=(b"photo", b"cannot be read"))
    assert ranked(both) == ranked(ask(RED, ROUND, CHAIR)) != []


def test_limits_cut_the_list():
    assert ranked(ask(RED, ROUND, CHAIR), most=2) == ["r1", "r3"]
    both = ask(RED, ROUND, CHAIR, photos=(b"photo", b"other"))
    assert ranked(both, per_reference=1) == ["r4", "r1"]
    drawn = {tuple(ranked(ask(RED, ROUND, CHAIR), sample=2, seed=s)) for s in range(20)}
    assert all(len(d) == 2 for d in drawn) and len(drawn) == 3
    assert ranked(ask(RED, ROUND, CHAIR), sample=2, seed=3) == ranked(
        ask(RED, ROUND, CHAIR), sample=2, seed=3
    )


@pytest.mark.parametrize(
    "query",
    [
        ask(Condition("color", "plaid")),
        ask(Condition("color", "red"), Condition("class", "boat")),
        ask(Condition("style")),
        ask(RED, photos=(b"cannot be read",)),
        ask(RED, photos=()),
    ],
)
def test_nothing_is_recalled_by_unknown_values_or_ranked_without_a_picture(query):
    assert ranked(query) == []


def test_recall_equals_the_answers_of_composed_queries():
    """All candidates of a query composed over a pool are its answers."""
    pool, _ = make_pool(SHOP)
    pairs = {pair: i for i, pair in enumerate(pool.pairs)}
    wanted = [pairs["color", "red"], pairs["shape", "round"]]
    answers = {pool.ids[i] for i in pool.answers(wanted, pool.kind.names.index("chair"))}
    assert set(ranked(ask(RED, ROUND, CHAIR), most=0)) == answers
