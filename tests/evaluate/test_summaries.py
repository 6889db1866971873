"""One call from a run to every headline number."""

import json
import subprocess
import sys

import numpy as np
import pytest

from skulens.errors import QrelsError
from skulens.evaluate import evaluate
from skulens.evaluate import ranking as m
from skulens.records import Qrels, Run


def world(depth=30, queries=60, products=30, seed=0):
    rng = np.random.default_rng(seed)
    run = Run.of(
        {
            f"q{i}": {
                f"p{j:02}": float(rng.random() + 0.3 * (i % 20 == j)) for j in range(products)
            }
            for i in range(queries)
        }
    )
    qrels = Qrels(
        {f"q{i}": {f"p{i % 20:02}": 1} for i in range(queries)},
        {f"q{i}": f"sku{i % 20}" for i in range(queries)},
    )
    return run.cut(depth), qrels


def test_names_and_values():
    run, qrels = world()
    evaluation, judged = evaluate(run, qrels), m.judge(run, qrels)
    expected = [
        f"{name}@{k}" for name in ("hit_rate", "macro_hit_rate", "recall") for k in (1, 3, 5, 10)
    ]
    expected += ["mrr", "map", *(f"ndcg@{k}" for k in (1, 3, 5, 10)), "gap"]
    assert list(evaluation.metrics) == expected
    assert evaluation.metrics["hit_rate@3"].value == pytest.approx(
        m.hit_rate_at_k(judged, 3).mean()
    )
    assert evaluation.metrics["map"].value == pytest.approx(m.average_precision(judged).mean())
    gap = evaluation.metrics["hit_rate@5"].value - evaluation.metrics["hit_rate@1"].value
    assert evaluation.metrics["gap"].value == pytest.approx(gap)
    for found in evaluation.metrics.values():
        assert found.low <= found.value <= found.high
        assert (found.n, found.groups) == (60, 20)
    assert (evaluation.n_queries, evaluation.n_groups, evaluation.n_gallery) == (60, 20, 30)


def test_cmc_band_follows_the_curve():
    run, qrels = world()
    cmc = evaluate(run, qrels).cmc
    ranks, rates = m.cmc(m.judge(run, qrels), np.array(cmc["k"]))
    assert cmc["k"] == [*range(1, 21), *cmc["k"][20:]] and cmc["k"][-1] == 30
    assert np.allclose(cmc["value"], rates) and rates[-1] == 1
    assert all(
        low <= value <= high
        for low, value, high in zip(cmc["low"], cmc["value"], cmc["high"], strict=True)
    )


def test_cmc_band_is_the_interval_of_the_hit_rate_over_skus():
    """One number, one interval: three photos of a SKU are one group in the band, too."""
    run, qrels = world()
    evaluation = evaluate(run, qrels)
    cmc = evaluation.cmc
    for k in (1, 3, 5, 10):
        at, found = cmc["k"].index(k), evaluation.metrics[f"hit_rate@{k}"]
        ends = cmc["value"][at], cmc["low"][at], cmc["high"][at]
        assert ends == pytest.approx((found.value, found.low, found.high), rel=1e-12)
    by_photo = evaluate(run, Qrels(qrels.grades)).cmc
    assert by_photo["value"] == cmc["value"] and by_photo["low"] != cmc["low"]


def test_a_cut_run_says_so_in_the_names():
    run, qrels = world(depth=10)
    assert {"mrr@10", "map@10"} <= evaluate(run, qrels).metrics.keys()
    assert not {"mrr", "map"} & evaluate(run, qrels).metrics.keys()
    shallow = evaluate(world(depth=3)[0], qrels, ks=(1, 3))
    assert "gap" not in shallow.metrics  # hit_rate@5 is unknown


def test_a_run_too_shallow_for_k_is_refused():
    run, qrels = world(depth=5)
    with pytest.raises(QrelsError, match=r"hit_rate@10 was asked of a run of 5 .* ks=\[1, 3, 5\]"):
        evaluate(run, qrels)
    short = Run.of({"q0": {"p00": 1.0, "p01": 0.5}, "q1": {"p02": 1.0}})  # what a filter left
    assert evaluate(short, qrels).metrics["hit_rate@10"].value == pytest.approx(1 / 60)


def test_per_query_table_keeps_the_order_and_the_unknown():
    qrels = Qrels(
        {"b": {"x": 1}, "none": {}, "a": {"y": 1}, "lost": {"z": 1}}, {"b": "s", "a": "s"}
    )
    table = evaluate(
        Run.of({"a": {"x": 2, "y": 1}, "b": {"x": 1, "y": 1}}), qrels, ks=(1, 2)
    ).per_query
    rows = table.to_pydict()
    assert rows["query"] == ["b", "none", "a", "lost"] and rows["group"] == [
        "s",
        "none",
        "s",
        "lost",
    ]
    assert rows["first_rank"] == [2, None, 2, None]
    assert rows["hit_rate@1"] == [0, None, 0, 0] and rows["mrr"] == [0.5, None, 0.5, 0]
    assert rows["tied"] == [True, False, False, False] and rows["relevant"] == [1, 0, 1, 1]


def test_json_has_no_nan():
    empty = evaluate(Run.of({}), Qrels({"q": {}}))
    read = json.loads(json.dumps(empty.as_dict(), allow_nan=False))
    assert read["metrics"]["mrr"] == {"value": None, "low": None, "high": None, "n": 0, "groups": 0}
    assert read["unanswered"] == 1 and read["ties"] == 0


def test_evaluate_imports_no_torch_and_no_pyarrow():
    code = (
        "import sys, skulens.evaluate; sys.exit(int(bool({'torch', 'pyarrow', "
        "'pandas'} & set(sys.modules))))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
