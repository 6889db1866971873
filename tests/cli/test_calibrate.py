"""`skulens calibrate` on stored runs whose answers are known."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from skulens.analysis.calibrate import calibrate_result
from skulens.bench.result import Data, Result
from skulens.bench.store import ResultStore, read_qrels, read_result, read_run
from skulens.cli import skulens
from skulens.evaluate import evaluate
from skulens.records import EncoderInfo, Qrels, Run


def store(
    folder, name="mini", skus=80, photos=5, wrong=0.1, gallery="text", lonely=False, outside=0
):
    """A result of `photos` probes of each SKU; wrong answers have small margins, the same score."""
    rng = np.random.default_rng(0)
    products = [f"sku{i:03}" for i in range(skus)]
    found, grades, groups = {}, {}, {}
    for i, product in enumerate(products):
        for n in range(photos):
            query, other = f"{product}/{n}", products[i - 1]
            missed, score = rng.random() < wrong, 0.8 + rng.random() / 10
            first, second = (other, product) if missed else (product, other)
            found[query] = (
                {first: score}
                if lonely
                else {first: score, second: score - (0.01 if missed else 0.1) * (1 + rng.random())}
            )
            sold = i * photos + n < skus * photos - outside
            grades[query], groups[query] = {product: int(sold)}, product
    run, qrels = Run.of(found), Qrels(grades, groups)
    measured = evaluate(run, qrels, ks=(1,))
    info = EncoderInfo(
        name=name,
        family="fake",
        identity=f"identity of {name}",
        dim=4,
        modalities=("image", "text"),
    )
    result = Result(
        suite="mpr",
        data=Data("shop", f"data of {skus}", "test"),
        system=info,
        name=name,
        variant={"gallery": gallery},
        settings={"split": "test", "mode": "sound"},
        metrics=measured.metrics,
        tables={
            "per_query": measured.per_query,
            "run": run.to_arrow(),
            "qrels": qrels.to_arrow(),
        },
        counts={"units": len(found), "gallery": skus, "unanswerable_queries": outside},
    )
    return ResultStore(folder).add(result)[0], run, qrels


def calibrate(*words):
    return CliRunner().invoke(skulens, ["calibrate", *map(str, words)])


def test_a_stored_run_is_read_as_it_was_ranked(tmp_path):
    place, run, qrels = store(tmp_path, skus=6)
    result = read_result(place)
    again = read_run(result)
    assert again.queries == run.queries and [list(again.candidates(i)) for i in range(30)] == [
        list(run.candidates(i)) for i in range(30)
    ]
    judged = read_qrels(result)
    assert judged.grades == qrels.grades and judged.groups == qrels.groups


def test_margin_is_found_to_be_better_and_its_precision_confirmed(tmp_path):
    store(tmp_path)
    done = calibrate("mini", "--results", tmp_path, "--precision", "0.9", "--resamples", "300")
    assert done.exit_code == 0, done.output
    assert (
        "400 probes of 80 SKUs -> text; confidence: margin" in done.stdout
        and "margin is the better confidence" in done.stdout
    )
    assert done.stdout.splitlines()[-1].startswith(
        "A precision of 90.0% is confirmed: on 60 held-out SKUs"
    )


def test_json_and_csv_agree(tmp_path):
    place, _, qrels = store(tmp_path)
    done = calibrate(
        "--results",
        tmp_path,
        "--encoder",
        "mini",
        "--json",
        "--out",
        tmp_path / "sub" / "c.csv",
        "--resamples",
        "100",
    )
    answer = json.loads(done.stdout)
    assert answer["result"] == str(place) and answer["probes"] == len(qrels)
    assert [c["confidence"] for c in answer["curves"]] == ["score", "margin"]
    kept = answer["promise"]
    assert (
        kept["verdict"] == "not shown"
        and kept["wanted"] == 0.99
        and "321 answered SKUs" in answer["said"]
    )
    assert set(kept["tested"]) == {
        *("skus", "skus_answered", "coverage", "precision", "at_least", "level")
    }
    assert kept["attempt"] == 1 and kept["tested"]["level"] == 0.96
    with (tmp_path / "sub" / "c.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 200
    assert [float(r["risk"]) for r in rows[100:]] == pytest.approx(answer["curves"][1]["risk"])


def test_attempts_on_the_same_probes_are_counted(tmp_path):
    for name, gallery in (("mini", "text"), ("other", "text")):
        store(tmp_path, name, gallery=gallery)
    words = ("--results", tmp_path, "--resamples", "50", "--precision", "0.9")

    def attempt(*more):
        answer = json.loads(calibrate(*more, *words, "--json").stdout)["promise"]
        return answer["attempt"], answer["attempts_of_others"], answer["tested"]["level"]

    assert attempt("mini") == (1, 0, 0.96)
    assert attempt("mini", "--seed", "1")[:2] == (2, 0)
    assert attempt("mini", "--choose-on", "0.5") == (3, 0, pytest.approx(0.99848, abs=1e-5))
    assert attempt("mini") == (1, 0, 0.96)  # the same again is no new attempt
    assert attempt("mini", "--unseen", "typical")[0] == 4
    assert attempt("other")[:2] == (1, 4)
    said = calibrate("mini", "--seed", "1", *words).stdout
    assert "attempt 2 on these probes: the bound is at 99.39%" in said
    assert "not corrected for attempts of other systems or galleries on these probes (1)" in said


def test_what_the_bound_supposes_is_said(tmp_path):
    store(tmp_path)
    words = ("mini", "--results", tmp_path, "--resamples", "50", "--precision", "0.9")
    assert "always wrong" not in calibrate(*words).stdout
    said = calibrate(*words, "--unseen", "typical").stdout
    assert "the bound supposes that SKUs that are always wrong are no larger than others" in said


def test_attempts_that_cannot_be_counted_are_refused(tmp_path, monkeypatch):
    store(tmp_path, skus=20)

    def full(path, entry):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skulens.analysis.attempts.append_line", full)
    done = calibrate("mini", "--results", tmp_path, "--precision", "0.5", "--resamples", "50")
    assert done.exit_code and "cannot note this attempt (No space left" in str(done.exception)


def test_what_is_out_of_reach_is_no_attempt(tmp_path):
    store(tmp_path, wrong=1.0)
    done = calibrate("mini", "--results", tmp_path, "--resamples", "50", "--json")
    assert json.loads(done.stdout)["promise"]["verdict"] == "out of reach"
    assert not (tmp_path / "calibrations.jsonl").exists()


def test_probes_of_products_that_are_not_sold_count_by_default(tmp_path):
    store(tmp_path, outside=20)
    words = ("mini", "--results", tmp_path, "--resamples", "50", "--precision", "0.5")
    kept = json.loads(calibrate(*words, "--json").stdout)
    assert (kept["probes"], kept["unanswerable"]) == (400, 20)
    assert "20 probes show products outside the gallery: every answer to them is wrong" in (
        calibrate(*words).stdout
    )
    [place] = tmp_path.glob("mpr-*")
    assert len(calibrate_result(read_result(place), 0.5, resamples=50).answers) == 400
    left_out = calibrate(*words, "--unanswerable", "leave out").stdout
    assert "380 probes of 76 SKUs" in left_out
    assert "20 probes of products outside the gallery are left out: the precision is" in left_out


def test_without_a_second_candidate_the_score_is_taken(tmp_path):
    store(tmp_path, lonely=True)
    done = calibrate("mini", "--results", tmp_path, "--resamples", "50")
    assert (
        done.exit_code == 0 and "confidence: score" in done.stdout and "margin:" not in done.stdout
    )
    refused = calibrate("mini", "--results", tmp_path, "--confidence", "margin")
    assert "have no margin" in str(refused.exception)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "expected either RESULT or --encoder NAME"),
        (("mini", "--precision", "99"), "not in the range 0<=x<=1"),
        (("mini", "--choose-on", "0.99"), "at least two SKUs each"),
        (("minni",), "did you mean 'mini'"),
        (("mini", "--gallery", "image"), "never measured with --gallery image"),
    ],
)
def test_bad_arguments_say_what_to_do(tmp_path, words, says):
    store(tmp_path, skus=8)
    done = calibrate(*words, "--results", tmp_path)
    assert done.exit_code and says in (done.output + str(done.exception))


def test_a_damaged_result_is_named(tmp_path):
    place, _, _ = store(tmp_path, skus=8)
    (place / "run.parquet").write_bytes(b"gone")
    done = calibrate("mini", "--results", tmp_path)
    assert done.exit_code and "run.parquet cannot be read" in str(done.exception)
