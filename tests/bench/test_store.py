"""Stored results: damaged, newer or written twice at once; other systems; what a table holds."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skulens.bench.result import FORMAT, GROUPS
from skulens.bench.store import ResultStore, find_results, read_qrels, read_result, read_run
from skulens.errors import StoreError
from skulens.records import Reject, SystemInfo, Warning_
from tests.bench.test_mpr import Shop, run


@pytest.fixture
def result():
    [measured] = run(gallery="text")
    return measured


@pytest.fixture
def place(tmp_path, result):
    return ResultStore(tmp_path).add(result)[0]


def test_what_is_read_is_what_was_measured(place, result):
    again = read_result(place)
    assert again.metrics == result.metrics and again.key == result.key == place.name
    for name in ("suite", "name", "data", "variant", "counts", "cost", "rejects", "system"):
        assert getattr(again, name) == getattr(result, name), name
    assert {k: tuple(v) if isinstance(v, list) else v for k, v in again.settings.items()} == dict(
        result.settings
    )
    one, other = read_run(again), read_run(result)
    for i, query in enumerate(other.queries):
        at = one.queries.index(query)
        assert list(one.candidates(at)) == list(other.candidates(i))
    assert read_qrels(again).grades == read_qrels(result).grades
    assert set(again.tables) == {"per_query", "run", "qrels", GROUPS}
    assert np.array_equal(again.scores.values("mrr"), result.scores.values("mrr"))
    stored, made = again.sums, result.scores.by_group()
    assert stored.units == made.units
    assert stored.values("hit_rate@1") == pytest.approx(made.values("hit_rate@1"))
    assert again.provenance["packages"]["numpy"] and again.provenance["measured_at"]


@pytest.mark.parametrize("table", ["per_query", "run", "qrels", GROUPS])
def test_a_table_that_was_changed_is_refused_by_name(place, table):
    path = place / f"{table}.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    stored = read_result(place)
    with pytest.raises(StoreError, match=rf"{table}\.parquet cannot be read \(its bytes are not"):
        stored.tables[table]
    others = [name for name in stored.tables if name != table]
    assert [stored.tables[name].num_rows > 0 for name in others] == [True] * 3


def test_a_table_of_another_result_is_refused(tmp_path, place):
    [other] = run(Shop(wrong=0), gallery="text")
    beside, _ = ResultStore(tmp_path).add(other)
    (place / "per_query.parquet").write_bytes((beside / "per_query.parquet").read_bytes())
    with pytest.raises(StoreError, match=r"per_query\.parquet"):
        _ = read_result(place).scores


def test_a_table_that_is_gone_is_not_there(place):
    (place / "run.parquet").unlink()
    stored = read_result(place)
    assert "run" not in stored.tables
    with pytest.raises(StoreError, match=r"run\.parquet cannot be read"):
        stored.tables["run"]


def test_a_newer_format_is_refused_with_what_to_do(tmp_path, place):
    record = json.loads((place / "result.json").read_text())
    assert record["format"] == FORMAT
    (place / "result.json").write_text(json.dumps(record | {"format": FORMAT + 1}))
    for look in (lambda: read_result(place), lambda: find_results("colour", tmp_path)):
        with pytest.raises(StoreError, match=f"format {FORMAT + 1}.*upgrade skulens") as e:
            look()
        assert place.name in str(e.value)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"suite": 3}', ""])
def test_what_is_no_result_says_so(place, text):
    (place / "result.json").write_text(text)
    with pytest.raises(StoreError, match="remove the folder and measure again"):
        read_result(place)


SCRIPT = """
import sys, time
from pathlib import Path
from skulens.bench.store import ResultStore
from tests.bench.test_mpr import run

[result] = run(gallery="text")
store = ResultStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
place, status = store.add(result)
print(place.name, status)
"""


def test_two_processes_store_the_same_result_once(tmp_path, result):
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for _ in range(2)
    ]
    assert [p.stdout.readline() for p in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [p.communicate(timeout=60)[0].split() for p in both]
    assert [p.returncode for p in both] == [0, 0] and {name for name, _ in said} == {result.key}
    assert [p.name for p in tmp_path.iterdir()] == [result.key], "nothing half-written is left"
    [stored] = ResultStore(tmp_path).results()
    assert stored.metrics == result.metrics and stored.scores.values("mrr").shape == (12,)


def test_the_slower_of_two_writers_leaves_the_first_one_as_it_is(tmp_path, result, monkeypatch):
    store, first = ResultStore(tmp_path), []

    def look():
        """Another process stores the result while this one is writing."""
        first.append(ResultStore(tmp_path).add(replace(result, look=None))[0])
        return {}

    place, _ = store.add(replace(result, look=look))
    assert first == [place] and [p.name for p in tmp_path.iterdir()] == [place.name]
    assert not (place / "examples.json").exists()


def test_any_system_and_what_it_consists_of_are_kept(tmp_path, result):
    note = Warning_("short-context", "77", "note", "short context", "cuts texts")
    part = SystemInfo(name="part", kind="reranker", identity="p", about={"k": 5})
    whole = SystemInfo(
        name="both", kind="pipeline", identity="w", parts=(part,), trained_on=("groceries",)
    )
    reject = Reject("a.csv, row 3", "x", "empty", "correct it")
    mixed = replace(
        result,
        system=whole,
        name="both",
        rejects=(reject,),
        variant={"gallery": "text", "prompt": "v2"},
        slices={"language": {"en": dict(result.metrics)}},
    )
    place, _ = ResultStore(tmp_path).add(mixed)
    again = read_result(place)
    assert (again.system, again.rejects) == (whole, (reject,))
    assert again.slices["language"]["en"] == dict(result.metrics)
    assert again.variants() == "text, prompt v2" and note.severity == "note"
    assert again.record()["encoder_info"] == {}


def test_a_result_of_means_alone_has_no_scores(result):
    bare = replace(result, tables={})
    assert bare.sums is None
    with pytest.raises(Exception, match="neither units nor groups are known"):
        _ = bare.scores
