"""Scores: shapes, sums, slices and macro means against what a hand works out."""

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.scores import Scores, slice_scores, summarise

UNITS = ("a1", "a2", "b1", "c1", "c2", "c3")
GROUPS = ("a", "a", "b", "c", "c", "c")


def queries() -> Scores:
    """Hits of six queries of three SKUs in two languages; one of them says nothing."""
    values = {
        "hit_rate@1": np.array([1, 0, 1, np.nan, 1, 0.0]),
        "mrr": np.array([1, 0.5, 1, np.nan, 1, 0.25]),
    }
    languages = np.array(["en", "th", "en", "en", "th", "th"])
    return Scores.of_means(UNITS, GROUPS, values, {"language": languages})


def claims() -> Scores:
    """Claims of four items of two fields: TP, FP and FN are known by hand.

    brand: TP 3, FP 1, FN 0. origin: TP 1, FP 0, FN 3. All: TP 4, FP 1, FN 3.
    """
    tp, fp, fn = (
        np.array(x, float)
        for x in ([1, 1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 2])
    )
    fields = np.array(["brand"] * 4 + ["origin"] * 3)
    units = tuple(f"claim{i}" for i in range(7))
    return Scores(
        units,
        ("i1", "i2", "i3", "i4", "i1", "i2", "i3"),
        {"precision": tp, "recall": tp, "f1": 2 * tp},
        {"precision": tp + fp, "recall": tp + fn, "f1": 2 * tp + fp + fn},
        {"field": fields},
        unit="claim",
    )


def same(a: Scores, b: Scores) -> None:
    """Both hold the same, arrays to the last bit."""
    assert (a.units, a.groups, a.unit, a.metrics) == (b.units, b.groups, b.unit, b.metrics)
    assert (a.size == b.size).all()
    for name in a.metrics:
        assert (a.top[name] == b.top[name]).all() and (a.bottom[name] == b.bottom[name]).all()
        assert (a.count(name) == b.count(name)).all()
    assert {k: v.tolist() for k, v in a.slices.items()} == {
        k: v.tolist() for k, v in b.slices.items()
    }


def test_lengths_and_metrics_must_fit():
    one = np.ones(2)
    for units, groups, top, bottom in (
        (("x",), ("g", "g"), {"m": one}, {"m": one}),
        (("x", "y"), ("g", "g"), {"m": np.ones(3)}, {"m": one}),
        (("x", "y"), ("g", "g"), {"m": one}, {"other": one}),
    ):
        with pytest.raises(DataError, match="one group, top, bottom"):
            Scores(units, groups, top, bottom)
    with pytest.raises(DataError, match=r"got lengths \[1, 2\]"):
        Scores(("x", "y"), ("g", "g"), {"m": one}, {"m": one}, {"language": np.array(["en"])})


def test_means_leave_out_what_says_nothing():
    s = queries()
    assert s.top["mrr"].tolist() == [1, 0.5, 1, 0, 1, 0.25]
    assert s.bottom["mrr"].tolist() == [1, 1, 1, 0, 1, 1]
    assert np.array_equal(s.values("mrr"), [1, 0.5, 1, np.nan, 1, 0.25], equal_nan=True)
    assert s.known.tolist() == [True] * 3 + [False] + [True] * 2
    assert s.group_names == ("a", "b", "c") and s.numbers.tolist() == [0, 0, 1, 2, 2, 2]
    assert s.fine and s.size.tolist() == [1] * 6
    with pytest.raises(DataError, match="no 'ndcg@5' for each query; there are hit_rate@1, mrr"):
        s.values("ndcg@5")


def test_sums_by_group_and_in_another_order():
    s = queries().by_group()
    assert (s.units, s.groups, s.fine) == (("a", "b", "c"), ("a", "b", "c"), False)
    assert s.top["hit_rate@1"].tolist() == [1, 1, 1]
    assert s.bottom["hit_rate@1"].tolist() == [2, 1, 2]
    assert s.count("hit_rate@1").tolist() == [2, 1, 2] and s.size.tolist() == [2, 1, 3]
    turned = queries().by_group(("c", "a", "b", "nobody"))
    assert turned.bottom["hit_rate@1"].tolist() == [2, 2, 1, 0]
    assert np.isnan(turned.values("hit_rate@1")[3]) and turned.known.tolist() == [True] * 3 + [
        False
    ]
    some = queries().by_group(("c",))
    assert some.units == ("c",) and some.top["mrr"].tolist() == [1.25]
    same(s.by_group(("a", "b", "c")), s)


def test_units_are_taken_by_place_or_mask():
    s = queries()
    picked, masked = s.take(np.array([4, 0])), s.take(np.array([1, 0, 0, 0, 1, 0], bool))
    assert (picked.units, picked.groups) == (("c2", "a1"), ("c", "a"))
    assert picked.top["mrr"].tolist() == [1, 1]
    assert picked.slices["language"].tolist() == ["th", "en"]
    assert masked.units == ("a1", "c2") and masked.group_names == ("a", "c")
    groups = s.by_group().take(np.array([2]))
    assert groups.size.tolist() == [3] and groups.count("mrr").tolist() == [2]


@pytest.mark.parametrize("scores", [queries(), queries().by_group(), claims(), claims().by_group()])
def test_tables_hold_everything(scores):
    again = Scores.from_arrow(scores.to_arrow())
    same(again, scores)
    same(Scores.from_arrow(again.to_arrow()), scores)


def test_a_table_reads_as_people_do():
    table = queries().to_arrow()
    assert table.column_names == ["query", "group", "slice:language", "hit_rate@1", "mrr"]
    assert table["mrr"].to_pylist() == [1, 0.5, 1, None, 1, 0.25]
    rows = claims().to_arrow()
    assert {"claim", "precision", "f1", "f1/bottom", "f1/n"} <= set(rows.column_names)
    wider = table.append_column("first_rank", [[1, 2, 1, 9, 1, 4]])
    same(Scores.from_arrow(wider, skip=("first_rank",)), queries())


def test_summary_has_values_by_hand_and_macro_means_in_their_place():
    found = summarise(queries())
    assert list(found) == ["hit_rate@1", "macro_hit_rate@1", "mrr"]
    assert found["hit_rate@1"].value == 3 / 5
    assert found["macro_hit_rate@1"].value == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert found["mrr"].value == pytest.approx(3.75 / 5)
    for interval in found.values():
        assert interval.low <= interval.value <= interval.high
        assert (interval.n, interval.groups) == (5, 3)
    both = {m: np.ones(2) for m in ("hit_rate@1", "hit_rate@5", "recall@5", "hit_rate@9")}
    order = list(summarise(Scores.of_means(("x", "y"), ("x", "y"), both)))
    macro = ["macro_hit_rate@1", "macro_hit_rate@5"]
    last = ["recall@5", "hit_rate@9", "macro_hit_rate@9"]
    assert order == ["hit_rate@1", "hit_rate@5", *macro, *last]


def test_f1_micro_and_macro_by_hand():
    found = summarise(claims())
    assert list(found) == [
        "precision",
        "recall",
        "f1",
        "macro_precision",
        "macro_recall",
        "macro_f1",
    ]
    assert found["precision"].value == pytest.approx(4 / 5)
    assert found["recall"].value == pytest.approx(4 / 7)
    assert found["f1"].value == pytest.approx(2 * 4 / (2 * 4 + 1 + 3))
    assert found["macro_precision"].value == pytest.approx((3 / 4 + 1) / 2)
    assert found["macro_recall"].value == pytest.approx((1 + 1 / 4) / 2)
    f1 = 2 * 3 / (2 * 3 + 1), 2 * 1 / (2 * 1 + 3)
    assert found["macro_f1"].value == pytest.approx(sum(f1) / 2)
    assert found["macro_f1"].low < found["macro_f1"].value < found["macro_f1"].high


def test_macro_f1_needs_the_slice_it_is_averaged_over():
    s = claims()
    bare = Scores(s.units, s.groups, s.top, s.bottom, unit="claim")
    assert "macro_f1" not in summarise(bare)
    with pytest.raises(DataError, match="macro_f1 is a mean over field"):
        bare.measure("macro_f1")


def test_slices_have_the_values_of_their_units():
    found = slice_scores(queries())
    assert list(found) == ["language"] and list(found["language"]) == ["en", "th"]
    english, thai = (found["language"][v]["hit_rate@1"] for v in ("en", "th"))
    assert (english.value, english.n, thai.value, thai.n) == (1.0, 2, pytest.approx(1 / 3), 3)
    assert english.groups == 2 and thai.groups == 2, "only groups that say something count"
    macro = found["language"]["th"]["macro_hit_rate@1"]
    assert macro.value == pytest.approx((0 + 1 / 2) / 2)


def test_a_slice_has_the_interval_of_its_units_alone():
    draw = np.random.default_rng(0)
    n = 300
    groups = tuple(f"g{i}" for i in draw.integers(0, 30, n))
    values = {"recall@5": draw.random(n)}
    side = np.array(["left", "right"])[np.arange(n) % 2]
    whole = Scores.of_means(tuple(map(str, range(n))), groups, values, {"side": side})
    doubled = Scores.of_means(whole.units, groups, values, {"side": np.full(n, "all")})
    assert slice_scores(doubled)["side"]["all"] == summarise(whole)
    found = slice_scores(whole)["side"]
    for name in ("left", "right"):
        alone = summarise(whole.take(side == name))["recall@5"]
        assert found[name]["recall@5"].low == pytest.approx(alone.low, rel=1e-12)
        assert found[name]["recall@5"].high == pytest.approx(alone.high, rel=1e-12)


def test_measures_of_all_kinds():
    s = claims()
    plain, macro = s.measure("f1"), s.measure("macro_f1")
    assert plain.top.shape == (4, 1) and macro.top.shape == (4, 2)
    assert plain.value() == pytest.approx(2 / 3) and plain.present.all()
    fewer = s.measure("precision", ("i4", "i3", "i2", "i1", "i9"))
    assert fewer.bottom[:, 0].tolist() == [1, 1, 1, 2, 0]
    assert fewer.present.tolist() == [True] * 4 + [False]
    hits = queries().measure("macro_hit_rate@1")
    assert hits.value() == pytest.approx(2 / 3)
    assert hits.top[:, 0] == pytest.approx([1 / 2, 1, 1 / 2]) and (hits.bottom == 1).all()


def test_what_has_no_upper_end_keeps_an_interval_around_its_value():
    counts = np.array([3, 5, 4, 9, 2, 7.0])
    s = Scores(UNITS, GROUPS, {"claims_per_item": counts}, {"claims_per_item": np.ones(6)})
    found = summarise(s)["claims_per_item"]
    assert found.value == 5 and found.low < 5 < found.high
