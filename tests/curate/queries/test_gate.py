"""The difficulty gate on catalogues whose figures are known."""

import numpy as np
import pytest

from skulens.curate.queries.gate import RANDOM, SIBLINGS, TITLES, VALUES, measure_difficulty
from skulens.errors import DataError
from skulens.records import Attribute, Condition, DatasetInfo, Item, Product, Query


def product(name, kind="bag", title="", spu=None, **values):
    pairs = tuple(Attribute(k, v, "visual") for k, v in values.items())
    return Product(name, title=title, spu=spu, category=(kind,), attributes=pairs)


def query(name, answers, references=(), text="x", method="m", kind="bag", **wanted):
    conditions = [Condition(k, v) for k, v in wanted.items()] + [Condition("class", kind)]
    relevant = dict.fromkeys(answers, 1)
    return Query(
        name, Item(name, (text,)), relevant, tuple(conditions), references=references,
        tags={"method": method},
    )  # fmt: skip


class Shop:
    def __init__(self, products, queries):
        self.listed, self.asked = products, queries
        self.info, self.rejects = DatasetInfo("shop", "shop", splits=("composed", "again")), []

    def products(self):
        return iter(self.listed)

    def queries(self, split):
        return iter(self.asked)


def sell():
    """A thousand bags in ten colours and ten sizes, each pair ten times; hats before and behind
    them, so that the pool's numbers are not the catalogue's.
    """
    bags = [
        product(f"b{i:04}", color=f"c{i % 10}", size=f"s{i // 10 % 10}", title=f"nice{i}")
        for i in range(1000)
    ]
    hats = [product(f"h{i}", "hat", color="c1", title="hat") for i in range(1200)]
    return [*hats[:500], *bags, *hats[500:]]


ANSWERS = tuple(f"b{100 * k + 21:04}" for k in range(10))
"""Bags of colour c1 and size s2."""


def test_exact_figures_of_every_system():
    asked = query("q", ANSWERS, ("b0001",), "bag nice121", color="c1", size="s2")
    gate = measure_difficulty(Shop(sell(), [asked]))
    [found] = gate.slices
    assert (found.conditions, found.sibling, found.queries) == (2, False, 1)
    hits = {system: [found.hits[system, k] for k in (1, 10)] for system, _ in found.hits}
    assert hits["knows 2"] == pytest.approx([100, 100])
    # 99 bags of the colour without the reference, 100 of the size; 10 answers among each.
    assert hits["knows 1"][0] == pytest.approx(100 * np.mean([10 / 99, 10 / 100]))
    assert hits["class"][0] == pytest.approx(100 * 10 / 999)
    assert hits[RANDOM][0] == pytest.approx(100 * 10 / 2199)
    assert hits[TITLES] == [100, 100]  # the query names the title of b0121
    assert hits[VALUES][0] == pytest.approx(hits[RANDOM][0])  # no title has a value
    assert hits[SIBLINGS][0] == pytest.approx(hits[RANDOM][0])  # no SPU
    failed = {f.rule for f in gate.failed}
    assert failed == {TITLES, RANDOM}


def test_a_set_passes_and_each_rule_can_fail():
    good = query("q", ANSWERS[:1], color="c1", size="s2")
    shop = [p for p in sell() if p.id not in ANSWERS[1:]]
    assert not measure_difficulty(Shop(shop, [good])).failed
    incomplete = query("q", ANSWERS[:1], color="c1", size="s2")
    failed = measure_difficulty(Shop(sell(), [incomplete])).failed
    assert [(f.rule, f.least) for f in failed] == [("all conditions known", True)]
    few = [p for p in shop if p.id in ANSWERS or p.id.startswith("h")]
    assert "all but one known" in {f.rule for f in measure_difficulty(Shop(few, [good])).failed}


def test_queries_that_begin_with_a_sibling_stand_apart_and_may_be_found_by_words():
    kin = [product("k1", "cup", "blue cup", "s", color="c1", size="s2"),
           product("k2", "cup", "blue cup", "s", color="c1", size="s3")]  # fmt: skip
    cups = [product(f"x{i}", "cup", "tea", color="c1", size="s1") for i in range(2000)]
    sizes = [product(f"y{i}", "cup", "tea", color="c2", size="s2") for i in range(9)]
    asked = query("q", ("k1",), ("k2",), "blue", kind="cup", color="c1", size="s2")
    other = query("r", ("k1",), ("x1",), "tea", kind="cup", color="c1", size="s2")
    gate = measure_difficulty(Shop([*kin, *cups, *sizes], [asked, other]))
    by = {s.sibling: s for s in gate.slices}
    assert by[True].queries == by[False].queries == 1
    assert by[True].hits[SIBLINGS, 1] == 100 and by[True].hits[TITLES, 10] == 100
    assert by[False].hits[TITLES, 10] == 0
    assert not gate.failed  # words may find siblings


def test_queries_without_answer_or_condition_are_left_out_and_none_is_an_error():
    asked = [
        query("good", ("b0021",), color="c1", size="s2"),
        query("gone", ("nobody",), color="c1", size="s2"),
        query("class alone", ("b0021",)),
        Query("photo", Item("photo", ("x",)), {"b0021": 1}),
    ]
    gate = measure_difficulty(Shop(sell(), asked))
    assert gate.left_out == ("gone", "class alone") and gate.slices[0].queries == 1
    assert gate.as_dict()["left_out"] == ["gone", "class alone"]
    with pytest.raises(DataError, match="states conditions"):
        measure_difficulty(Shop(sell(), asked[-1:]))
