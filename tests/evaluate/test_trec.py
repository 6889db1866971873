"""Exported files give the same numbers in trec_eval, and come back as they were."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.errors import DataError
from skulens.evaluate import evaluate, trec
from skulens.evaluate import ranking as m
from skulens.records import Qrels, Run

# Few scores, so that ties are common; ids whose order as text and as numbers differ.
IDS = st.sampled_from([str(i) for i in range(14)] + ["é", "Z", "a-b"])
SCORES = st.one_of(st.sampled_from([0.0, -0.0, 0.5, 0.25, 1.0, -3.0]), st.floats(-9, 9, width=32))
QUERIES = st.sampled_from([f"q{i}" for i in range(7)])
runs = st.dictionaries(QUERIES, st.dictionaries(IDS, SCORES, max_size=14), max_size=7)
judgements = st.dictionaries(IDS, st.integers(0, 4), max_size=6)


@settings(max_examples=200, deadline=None)
@given(run=runs, data=st.data())
def test_trec_eval_agrees_on_exported_files(tmp_path_factory, run, data):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    queries = sorted({*run, *data.draw(st.sets(QUERIES))})
    qrels = Qrels({q: data.draw(judgements) for q in queries})
    run, folder = Run.of(run), tmp_path_factory.mktemp("trec")
    trec.write_trec_run(run, folder / "run")
    trec.write_trec_qrels(qrels, folder / "qrels")
    with (folder / "run").open() as r, (folder / "qrels").open() as q:
        their_run, their_qrels = pytrec_eval.parse_run(r), pytrec_eval.parse_qrel(q)
    measures = {
        "map",
        "recip_rank",
        "map_cut.3",
        "ndcg",
        *(f"{x}.1,3,10" for x in ("success", "recall", "P", "ndcg_cut")),
    }
    theirs = pytrec_eval.RelevanceEvaluator(their_qrels, measures).evaluate(their_run)
    judged = m.judge(run, qrels)
    ours = {"map": m.average_precision(judged), "recip_rank": m.reciprocal_rank(judged)}
    ours |= {"map_cut_3": m.average_precision(judged, 3), "ndcg": m.ndcg_at_k(judged)}
    for k in (1, 3, 10):
        ours |= {
            f"success_{k}": m.hit_rate_at_k(judged, k),
            f"recall_{k}": m.recall_at_k(judged, k),
        }
        ours |= {f"P_{k}": m.precision_at_k(judged, k), f"ndcg_cut_{k}": m.ndcg_at_k(judged, k)}
    for row, query in enumerate(qrels.queries):
        for name, values in ours.items():
            if np.isnan(values[row]):
                assert not any(g > 0 for g in qrels.grades[query].values())
            else:  # not in the run: trec_eval leaves it out, and counts 0 under -c
                assert values[row] == pytest.approx(
                    theirs.get(query, {}).get(name, 0.0), abs=1e-6
                ), (query, name)


def test_ir_measures_agrees(tmp_path):
    ir = pytest.importorskip("ir_measures")
    rng = np.random.default_rng(0)
    run = Run.of(
        {f"q{i}": {f"p{j}": float(rng.integers(0, 9)) for j in range(20)} for i in range(25)}
    )
    qrels = Qrels(
        {
            f"q{i}": {f"p{j}": int(rng.integers(1, 3)) for j in rng.integers(0, 30, 3)}
            for i in range(25)
        }
    )
    trec.write_trec_run(run, tmp_path / "run")
    trec.write_trec_qrels(qrels, tmp_path / "qrels")
    pairs = {
        "ndcg@10": ir.nDCG @ 10,
        "map": ir.AP,
        "mrr": ir.RR,
        "hit_rate@5": ir.Success @ 5,
        "recall@5": ir.R @ 5,
    }
    theirs = ir.calc_aggregate(
        list(pairs.values()),
        list(ir.read_trec_qrels(str(tmp_path / "qrels"))),
        list(ir.read_trec_run(str(tmp_path / "run"))),
    )
    ours = evaluate(run, qrels, ks=(5, 10)).metrics
    assert {n: ours[n].value for n in pairs} == pytest.approx(
        {n: theirs[p] for n, p in pairs.items()}, abs=1e-6
    )


@settings(max_examples=50, deadline=None)
@given(run=runs)
def test_runs_come_back(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("trec") / "run"
    lines = trec.write_trec_run(Run.of(run), path)
    back, kept = (
        trec.read_trec_run(path),
        {q: c for q, c in run.items() if c},
    )  # empty lists leave no line
    assert lines == sum(map(len, run.values())) and back.queries == tuple(kept)
    for row, query in enumerate(back.queries):
        original = Run.of({query: kept[query]})
        assert list(back.candidates(row)) == list(original.candidates(0))


def test_qrels_come_back(tmp_path):
    grades = {"q2": {"a": 2, "b": 0}, "q1": {"a": 1}}
    assert trec.write_trec_qrels(Qrels(grades), tmp_path / "q") == 3
    assert trec.read_trec_qrels(tmp_path / "q").grades == grades


def test_files_that_are_not_trec_are_named(tmp_path):
    (tmp_path / "run").write_text("q Q0 p 1 0.5 tag\n\nq Q0 p 2 high tag\n")
    with pytest.raises(DataError, match="line 3: 'high' is not a number"):
        trec.read_trec_run(tmp_path / "run")
    (tmp_path / "qrels").write_text("q p 1\n")
    with pytest.raises(DataError, match="line 1: expected 4 columns, got 3"):
        trec.read_trec_qrels(tmp_path / "qrels")


@pytest.mark.parametrize("bad", ["two words", "", "tab\there", "line\n", " lead"])
def test_ids_that_trec_cannot_carry_are_refused(tmp_path, bad):
    with pytest.raises(DataError, match="white space"):
        trec.write_trec_run(Run.of({"q": {bad: 1.0}}), tmp_path / "run")
    with pytest.raises(DataError, match="white space"):
        trec.write_trec_qrels(Qrels({bad: {"a": 1}}), tmp_path / "qrels")


def test_json_and_csv_hold_the_numbers(tmp_path):
    qrels = Qrels({"q1": {"a": 1}, "q2": {"b": 1}, "q3": {}})
    evaluation = evaluate(Run.of({"q1": {"a": 1, "b": 0}, "q2": {"a": 1, "b": 0}}), qrels, ks=(1,))
    trec.write_json(evaluation, tmp_path / "e.json")
    read = json.loads((tmp_path / "e.json").read_text())
    assert (
        read["metrics"]["hit_rate@1"]["value"] == 0.5
        and read["n_queries"] == 3
        and read["unanswered"] == 1
    )
    trec.write_csv(evaluation, tmp_path / "e.csv")
    with (tmp_path / "e.csv").open() as file:
        rows = {row["metric"]: row for row in csv.DictReader(file)}
    assert float(rows["mrr"]["value"]) == 0.75 and rows["mrr"]["n"] == "2"
    assert trec.write_per_query_csv(evaluation, tmp_path / "q.csv") == 3
    with (tmp_path / "q.csv").open() as file:
        queries = {row["query"]: row for row in csv.DictReader(file)}
    assert queries["q2"]["first_rank"] == "2" and queries["q3"]["mrr"] == ""
