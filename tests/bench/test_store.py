"""Stored results: damaged, newer or written twice at once; other systems; what a table holds."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skulens.bench.leakage import fingerprint
from skulens.bench.naming import find_results
from skulens.bench.result import FORMAT, GROUPS, describe_run
from skulens.bench.store import ResultStore, read_qrels, read_result, read_run
from skulens.bench.stored_files import read_examples
from skulens.encode.gallery import Gallery
from skulens.errors import SkulensError, StoreError
from skulens.files import aside_name
from skulens.records import Item, Query, Reject, SystemInfo, Warning_
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


FILES = ["per_query.parquet", "run.parquet", "qrels.parquet", "groups.parquet", "examples.json"]


@pytest.mark.parametrize("damage", ["changed", "gone"])
@pytest.mark.parametrize("name", [*FILES, "result.json"])
def test_a_damaged_result_is_named_and_replaced_by_the_next_measurement(
    tmp_path, place, result, name, damage
):
    whole = {file.name: file.read_bytes() for file in place.iterdir()}
    assert set(whole) == {*FILES, "result.json"}
    if damage == "gone":
        (place / name).unlink()
    else:
        data = bytearray(whole[name])
        at = data.find(b"0.") if name == "result.json" else len(data) // 2
        data[at] ^= 1
        (place / name).write_bytes(data)
    with pytest.warns(UserWarning, match=name) as said:
        assert ResultStore(tmp_path).add(result) == (place, "renewed")
    assert len(said) == 1
    assert [p.name for p in tmp_path.iterdir()] == [place.name]
    assert {p.name: p.read_bytes() for p in place.iterdir() if p.suffix == ".parquet"} == {
        file: data for file, data in whole.items() if file.endswith(".parquet")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ResultStore(tmp_path).add(result) == (place, "unchanged")
    assert read_result(place).metrics == result.metrics


def test_every_number_of_a_record_is_under_its_digest(place):
    text = (place / "result.json").read_text()
    digits = [i for i, letter in enumerate(text) if letter in "0123456789"]
    for at in digits[:: max(1, len(digits) // 60)]:
        changed = text[:at] + ("7" if text[at] != "7" else "3") + text[at + 1 :]
        (place / "result.json").write_text(changed)
        if json.loads(changed) != json.loads(text):  # the last digit of a float may say nothing
            with pytest.raises(StoreError):
                read_result(place)


def test_damaged_examples_are_refused_by_name(place):
    assert {"examples", "confusions"} <= set(read_examples(read_result(place)))
    file = place / "examples.json"
    file.write_text(file.read_text() + " ")
    with pytest.raises(StoreError, match=r"examples\.json cannot be read"):
        read_examples(read_result(place))


def test_a_result_of_a_newer_version_is_not_replaced(tmp_path, place, result):
    record = json.loads((place / "result.json").read_text())
    (place / "result.json").write_text(json.dumps(record | {"format": FORMAT + 1}))
    with pytest.raises(StoreError, match="upgrade skulens"):
        ResultStore(tmp_path).add(result)
    assert json.loads((place / "result.json").read_text())["format"] == FORMAT + 1


def test_a_result_without_digest_is_read_as_before(tmp_path, place, result):
    record = json.loads((place / "result.json").read_text())
    del record["digest"], record["files"]
    (place / "result.json").write_text(json.dumps(record))
    assert read_result(place).metrics == result.metrics
    assert ResultStore(tmp_path).add(result) == (place, "unchanged")


def test_an_unfinished_write_is_no_result_and_goes_after_an_hour(tmp_path, place, result):
    old, new = (tmp_path / aside_name() for _ in range(2))
    kept = tmp_path / ".git"
    for copy in (old, new, kept):
        shutil.copytree(place, copy)
    for left in (old, kept):
        os.utime(left, (1e9, 1e9))
    store = ResultStore(tmp_path)
    assert [r.folder for r in store.results()] == [place]
    assert [r.folder for r in find_results(result.name, tmp_path)] == [place]
    with pytest.raises(SkulensError):
        find_results(str(new), tmp_path)
    store.add(replace(result, settings={**result.settings, "seed": 1}))
    assert not old.exists() and new.exists() and kept.exists() and len(store.results()) == 2


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyError("look"), SystemExit()])
def test_a_write_that_fails_leaves_nothing(tmp_path, result, error):
    def look():
        raise error

    with pytest.raises(StoreError if isinstance(error, OSError) else type(error)):
        ResultStore(tmp_path).add(replace(result, look=look))
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_no_unicode_cannot_break_a_store(tmp_path, result):
    bad = "\ud800 \x00 \udcff"
    reject = Reject(f"{bad}.jsonl", bad, bad, bad)
    hostile = replace(
        result,
        rejects=(reject,),
        data=replace(result.data, name=f"shop {bad}"),
        name=f"encoder {bad}",
        settings={**result.settings, bad: [bad]},
        look=lambda: {"examples": [bad], "confusions": {}},
    )
    place, _ = ResultStore(tmp_path).add(hostile)
    [again] = ResultStore(tmp_path).results()
    assert again.rejects == (reject,) and again.metrics == result.metrics
    shown = json.dumps([again.record(), read_examples(again)], ensure_ascii=False)
    assert r"\\ud800" in shown and shown.encode("utf-8")
    assert ResultStore(tmp_path).add(hostile) == (place, "unchanged")


def test_a_reject_is_always_valid_text():
    reject = Reject("a\udcff.csv", "\ud800", "it is \ud800", 7)  # type: ignore[arg-type]
    assert reject == Reject(r"a\udcff.csv", r"\ud800", r"it is \ud800", "7")
    assert Reject("é", "ชา", "\n", "\x00").item == "ชา"


def test_results_of_other_settings_data_or_weights_have_a_folder_of_their_own(result):
    other = [
        replace(result, settings={**result.settings, "seed": 1}),
        replace(result, data=replace(result.data, fingerprint="other")),
        replace(result, system=replace(result.system, identity="other")),
        replace(result, suite="other"),
    ]
    assert len({r.key for r in (result, *other)}) == 5


def test_the_fingerprint_of_data_covers_the_gallery():
    queries = [Query("q", Item("q", ()), {"a": 1})]
    gallery = Gallery(
        "text", (Item("a", ("tea",)), Item("b", ("milk",))), np.arange(2), ("a", "b"), ()
    )

    def of(items, hashes):
        return fingerprint(queries, [("h",)], replace(gallery, items=items), hashes)

    same = of(gallery.items, [("t",), ("m",)])
    assert of(gallery.items, [("t",), ("m",)]) == same
    assert of(gallery.items, [("t",), ("x",)]) != same, "another content"
    assert of(gallery.items[:1], [("t",)]) != same, "one product less"
    renamed = (Item("a", ("tea",)), Item("c", ("milk",)))
    assert of(renamed, [("t",), ("m",)]) != same, "another product"


def test_a_name_as_typed_wins_over_that_of_the_system(tmp_path, result):
    store = ResultStore(tmp_path)
    plain, _ = store.add(replace(result, name=result.system.name))
    typed, _ = store.add(replace(result, name=f"{result.system.name}:other"))
    for word, place in ((result.system.name, plain), (f"{result.system.name}:other", typed)):
        assert [r.folder for r in find_results(word, tmp_path)] == [place]


def test_a_system_s_own_name_finds_results_under_other_names(tmp_path, result):
    typed, _ = ResultStore(tmp_path).add(replace(result, name="an alias"))
    assert [r.folder for r in find_results(result.system.name, tmp_path)] == [typed]


def test_of_two_runs_in_one_second_the_later_is_newer():
    first, second = describe_run(), describe_run()
    assert first["measured_at"] < second["measured_at"]
