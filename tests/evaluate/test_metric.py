"""Metrics are declared once: names, directions, macro means and cut-offs."""

import pytest

from skulens.errors import DataError
from skulens.evaluate.metric import METRICS, at_cutoff, find_metric, macro_of


@pytest.mark.parametrize(
    ("name", "plain", "over", "mean", "whole"),
    [
        ("hit_rate@5", "hit_rate@5", "", True, True),
        ("macro_hit_rate@5", "hit_rate@5", "group", True, True),
        ("recall@10", "recall@10", "", True, False),
        ("mrr", "mrr", "", True, False),
        ("mrr@100", "mrr@100", "", True, False),
        ("macro_mrr", "mrr", "group", True, False),
        ("precision", "precision", "", False, False),
        ("recall", "recall", "", False, False),
        ("macro_f1", "f1", "field", False, False),
        ("phi", "hit_rate@1", "", False, False),
    ],
)
def test_names_are_taken_apart(name, plain, over, mean, whole):
    m = find_metric(name)
    assert (m.name, m.plain, m.over, m.mean, m.whole) == (name, plain, over, mean, whole)
    assert m.direction == "higher" and m.about


def test_bounds_and_derivations():
    assert find_metric("hit_rate@1").bounded and find_metric("macro_f1").bounded
    gap = find_metric("gap")
    assert gap.bounded and gap.ends == ("hit_rate@5", "hit_rate@1"), "never below 0"
    phi = find_metric("phi")
    assert phi.most is None and phi.derive(0.5, 100_000_000) == pytest.approx(1.0, rel=1e-4)
    assert phi.derive(0.75, 100_000_000) == pytest.approx(9.0, rel=1e-4), "odds of 3, squared"


def test_a_name_that_nobody_declared_is_a_fraction():
    m = find_metric("within_one_percent")
    assert (m.plain, m.over, m.mean, m.bounded, m.direction) == (m.name, "", False, True, "higher")
    assert m.about == "within one percent"
    macro = find_metric("macro_within")
    assert (macro.plain, macro.over) == ("within", "group")


@pytest.mark.parametrize(
    "name", ["hit_rate@0", "ndcg@", "recall@1.5", "mrr@-1", "macro_hit_rate@x"]
)
def test_cut_offs_are_positive_whole_numbers(name):
    with pytest.raises(DataError, match="expected a cut-off of at least 1 after @"):
        find_metric(name)


def test_macro_means_and_cut_offs_by_name():
    assert macro_of("hit_rate@1") == "macro_hit_rate@1" and macro_of("f1") == "macro_f1"
    assert [macro_of(n) for n in ("recall@5", "mrr", "gap", "phi", "macro_f1")] == [None] * 5
    assert at_cutoff("hit_rate@1", 5) == "hit_rate@5" and at_cutoff("mrr", 5) == "mrr"
    assert at_cutoff("macro_hit_rate@1", 10) == "macro_hit_rate@10"


def test_every_row_names_itself_and_what_it_comes_from():
    for name, m in METRICS.items():
        assert m.name == name and m.about
        assert m.plain == name or m.plain in METRICS or find_metric(m.plain).mean
