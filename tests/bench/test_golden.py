"""Numbers that are written down: a store of an earlier version, and runs on real data."""

import csv
import json
import math
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens.analysis.boards import published_board
from skulens.analysis.ranks import rank_board
from skulens.bench.run import run_suite
from skulens.bench.store import ResultStore, read_run
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.cli import skulens
from skulens.encode.batching import Batching
from tests.analysis.boards import real_openmpr
from tests.catalog.conftest import real_data

DATA = Path(__file__).parent / "data"
STORE = DATA / "format1"
"""Written by the version before results had a format number: one small shop, four runs."""


def read(name: str) -> dict:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def agree(found, expected, tolerance: float = 1e-12) -> bool:
    """Equal, numbers to the last digits but two or three."""
    if isinstance(expected, dict):
        return set(found) == set(expected) and all(
            agree(found[k], v, tolerance) for k, v in expected.items()
        )
    if isinstance(expected, list):
        pairs = zip(found, expected, strict=True)
        return all(agree(a, b, tolerance) for a, b in pairs)
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance)
    return found == expected


@pytest.fixture(scope="module")
def golden() -> dict:
    return read("format1.json")


def say(*words: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(skulens, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def ask(*words: str) -> dict:
    return json.loads(say(*words, "--json"))


def among(found: dict, expected: dict) -> dict:
    """The part of `found` that `expected` has too."""
    return {name: found[name] for name in expected}


def test_an_earlier_store_is_read_with_the_same_numbers(golden):
    results = {r.folder.name: r for r in ResultStore(STORE).results() if r.folder}
    assert set(results) == {r["folder"] for r in golden["records"]}
    for expected in golden["records"]:
        result = results[expected["folder"]]
        assert {m: i.as_dict() for m, i in result.metrics.items()} == expected["metrics"]
        assert (result.suite, result.name, result.data.name, result.data.fingerprint) == tuple(
            expected[k] for k in ("suite", "encoder", "data", "data_hash")
        )
        assert result.cost == expected["speed"] and result.variant["gallery"] == expected["gallery"]
        assert among(result.counts, expected["counts"]) == expected["counts"]
        assert (result.counts["units"], result.counts["gallery"]) == (12, 12)
        assert not {"resamples", "seed"} & set(result.settings), "they decide no number any more"
        assert read_run(result).order.shape == (12, 12)


def test_an_earlier_store_is_shown_and_exported_as_before(golden, tmp_path, monkeypatch):
    """With the ends of intervals that were stored; boards work theirs out anew."""
    monkeypatch.setenv("COLUMNS", "200")
    table = say("results", "show", "--results", str(STORE))
    assert "image of 12 SKUs, shots single" in table, "what is no longer the default is said"
    assert table.count("mini") >= 2 and "0.833 [0.577, 1.000]" in table
    shown = {
        Path(r["folder"]).name: r
        for r in ask("results", "show", "--results", str(STORE))["results"]
    }
    for expected in golden["records"]:
        record = {k: v for k, v in expected.items() if k not in ("folder", "counts")}
        assert among(shown[expected["folder"]], record) == record
    for kind in ("csv", "json"):
        out = str(tmp_path / f"all.{kind}")
        say("results", "export", "--results", str(STORE), "--format", kind, "--out", out)
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    old = list(golden["csv"][0])
    cut = [{name: row[name] for name in old} for row in rows]
    assert sorted(map(str, cut)) == sorted(map(str, golden["csv"]))
    written = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["results"]
    by_folder = {Path(r["folder"]).name: r["metrics"] for r in written}
    assert by_folder == {r["folder"]: r["metrics"] for r in golden["records"]}


def test_an_earlier_store_is_ranked_as_before(golden):
    found = ask("leaderboard", str(STORE))
    boards = {b["name"]: b for b in (found["board"], *found["other_boards"])}
    for expected in golden["boards"]:
        name = expected["name"]
        if "image of" in name:  # one picture of each, which is no longer the default
            name = name.replace(" SKUs,", " SKUs, shots single,")
        board = boards.pop(name)
        for key in ("adjacent_pairs", "adjacent_separable"):
            assert board[key] == expected[key]
        for entry, old in zip(board["entries"], expected["entries"], strict=True):
            old = old | {
                "memory_mb": None
            }  # was measured beside other encoders, so it says nothing
            assert agree(among(entry, old), old), old["name"]
    assert not boards


def test_an_earlier_store_is_compared_as_before(golden):
    found = ask("compare", "mini", "groceries", "--gallery", "text", "--results", str(STORE))
    for comparison, expected in zip(found["comparisons"], golden["compare"], strict=True):
        for key in ("difference", "needed", "gaps"):
            assert agree(comparison[key], expected[key]), key
        skus = [among(s, old) for s, old in zip(comparison["skus"], expected["skus"], strict=True)]
        assert skus == expected["skus"]
        for key in set(expected) - {"difference", "needed", "gaps", "skus"}:
            assert comparison[key] == expected[key], key


def test_an_earlier_store_is_chosen_from_and_looked_into_as_before(golden):
    found = ask("choose", "--on", str(STORE), "--gallery", "text")
    for choice, expected in zip(found["choices"], golden["choose"], strict=True):
        assert choice["best"] == expected["best"]
        for option, old in zip(choice["candidates"], expected["candidates"], strict=True):
            assert agree(among(option, old), old), old["name"]
    words = ("confusion", "mini", "--gallery", "image", "--results", str(STORE), "--no-angles")
    confusion = ask(*words)
    assert (confusion["probes"], confusion["errors"]) == (12, golden["confusion"]["errors"])
    pairs = [[p["right"], p["found"], p["probes"], p["of"]] for p in confusion["pairs"]]
    assert pairs == golden["confusion"]["pairs"]


def test_the_published_leaderboard_to_twelve_digits():
    expected = read("openmpr.json")
    standings = rank_board(published_board("openmpr", real_openmpr()))
    assert (standings.metric, standings.adjacent, standings.separable) == (
        expected["metric"],
        expected["adjacent_pairs"],
        expected["adjacent_separable"],
    )
    for standing, values in zip(standings.rows, expected["entries"], strict=True):
        old = dict(zip(expected["columns"], values, strict=True))
        found = {name: getattr(standing, name) for name in old if name not in ("name", "phi")}
        found |= {"name": standing.entry.name, "phi": standing.entry.metrics["phi"]}
        assert agree(found, old), old["name"]


@pytest.fixture(scope="module")
def groceries(tmp_path_factory) -> dict:
    """(encoder, gallery) -> result, every vector computed anew: about a minute on one core."""
    folder = real_data("groceries")
    weights = folder.parents[1] / "weights/mobilenet_v1_embedding"
    encoders = ["groceries", "mini"] + ([f"onnx:{weights}"] if weights.is_dir() else [])
    if not all(find_spec(package) for package in ("open_clip", "onnxruntime")):
        pytest.skip("the encoders need skulens[clip,onnx]")
    tools = Tools(batching=Batching(threads=1, progress=False), time_probes=False)
    measured = run_suite(
        "mpr", open_catalog(str(folder)), encoders, {}, data="groceries", tools=tools
    )
    assert not measured.failed
    return {(r.name.partition("/")[0], r.variant["gallery"]): r for r in measured.results}


RUNS = read("groceries.json")["runs"]


def test_real_photos_give_the_numbers_they_gave(groceries):
    """One test, so that one worker computes the vectors once."""
    measured = 0
    for run in RUNS:
        family = "onnx:" if run["encoder"].startswith("onnx") else run["encoder"]
        if (family, run["gallery"]) not in groceries:
            continue  # the weights of MobileNet are not beside the data
        result, name = groceries[family, run["gallery"]], f"{family} {run['gallery']}"
        assert result.counts["units"] == run["n_queries"], name
        assert result.data.fingerprint == run["data_hash"], name
        found = {m: [i.value, i.low, i.high] for m, i in result.metrics.items()}
        assert set(found) == set(run["metrics"]), name
        for metric, numbers in run["metrics"].items():
            assert agree(found[metric], numbers, 1e-11), (name, metric)
        measured += 1
    assert measured >= 4
