"""The commands as a user or a program sees them, on a shop of twelve products."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    pytest.importorskip(
        "resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'"
    )
    folder = tmp_path_factory.mktemp("cli")
    words = "world make shop --skus 12 --seed 7 --photos 2 --split-all test"
    made = run(folder, *words.split())
    assert made.returncode == 0, made.stderr
    return folder


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess:
    environment = (
        os.environ | {"SKULENS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"} | more
    )
    return forked.run("skulens.cli", words, folder, environment)


@pytest.fixture(scope="module")
def measured(place) -> dict:
    done = run(place, "bench", "mpr", "shop", "--encoder", "mini", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_json_is_one_object_of_the_promised_shape(measured):
    assert [r["gallery"] for r in measured["results"]] == ["text", "image"]
    for result in measured["results"]:
        assert {
            "suite",
            "data",
            "gallery",
            "encoder",
            "n_queries",
            "n_gallery",
            "metrics",
            "speed",
        } <= set(result)
        assert (result["suite"], result["encoder"], result["n_queries"], result["n_gallery"]) == (
            "mpr",
            "mini",
            24,
            12,
        )
        assert set(result["metrics"]["hit_rate@1"]) >= {"value", "low", "high"}
        assert {
            "images_per_s",
            "latency_ms_p50",
            "latency_ms_p95",
            "peak_memory_mb",
            "params_image",
            "gflops_text",
        } <= set(result["speed"])


def test_warm_run_repeats_the_numbers_and_loads_no_model(place, measured):
    script = (
        "import sys; from skulens.cli import skulens\n"
        "try: skulens(['bench', 'mpr', 'shop', '--encoder', 'mini', '--json'])\n"
        "except SystemExit as e: assert not e.code, e.code\n"
        "print(*[m for m in ('torch', 'open_clip', 'transformers') if m in sys.modules], "
        "file=sys.stderr)"
    )
    environment = os.environ | {"SKULENS_CACHE": str(place / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    again = json.loads(done.stdout)
    assert done.stderr.strip() == ""
    assert [r["metrics"] for r in again["results"]] == [r["metrics"] for r in measured["results"]]
    assert [r["counts"]["forwards"] for r in again["results"]] == [0, 0]
    assert [r["folder"] for r in again["results"]] == [r["folder"] for r in measured["results"]]


def test_both_modes_print_their_difference(place, measured):
    done = run(
        place, "bench", "mpr", "shop", "--encoder", "mini", "--mode", "both", "--gallery", "text"
    )
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "paper - sound: hit_rate@1" in said and "probes tied in paper mode" in said
    assert "worst / expected / best" in said


def test_an_encoder_that_cannot_be_opened_does_not_stop_the_others(place):
    done = run(
        place, "bench", "mpr", "shop", "--encoder", "onnx:gone.onnx", "--encoder", "mini", "--json"
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert len(answer["results"]) == 2 and [f["encoder"] for f in answer["failed"]] == [
        "onnx:gone.onnx"
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bench", "mpr", "shop", "--encoder", "minni"), "did you mean 'mini'"),
        (("bench", "mpr", "nowhere.csv"), "no file or folder 'nowhere.csv'"),
        (("bench", "mpr", "shop", "--split", "train2"), "its splits"),
        (("bench", "mpr", "shop", "--text", "poem"), "texts there are"),
        (("bench", "mpr", "shop", "--map", "id"), "expected FIELD=COLUMN"),
        (("results", "show", "--results", "empty"), "no results in empty"),
    ],
)
def test_errors_say_what_to_do_without_a_traceback(place, words, says):
    done = run(place, *words)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_results_are_shown_reported_and_exported(place, measured):
    assert "hit_rate@1" in run(place, "results", "show").stdout
    assert "report.html" in run(place, "results", "report").stdout
    assert "<table" in (place / "report.html").read_text()
    for kind, out in (("trec", "trec"), ("csv", "all.csv"), ("json", "all.json")):
        done = run(place, "results", "export", "--format", kind, "--out", out)
        assert done.returncode == 0 and (place / out).exists(), done.stderr


def test_a_damaged_result_is_named_and_the_others_are_shown(place, measured, tmp_path):
    for result in measured["results"]:  # other tests of this module may have added more
        name = Path(result["folder"]).name
        shutil.copytree(place / "results" / name, tmp_path / "results" / name)
    [gone] = (tmp_path / "results").glob("mpr-shop-image-mini-*")
    (gone / "result.json").write_bytes(b"")
    done = run(tmp_path, "results", "show")
    assert done.returncode == 0 and "text of 12 SKUs" in done.stdout
    assert "image of 12 SKUs" not in done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("warning: left out: ") and gone.name in line
    assert "remove the folder and measure again" in line
    for folder in (tmp_path / "results").iterdir():
        (folder / "result.json").write_bytes(b"{")
    done = run(tmp_path, "results", "show")
    assert done.returncode == 2 and "no results in results that can be read (2 are" in done.stderr


def test_a_full_results_folder_is_named(place, measured):
    (place / "file").write_text("in the way")
    done = run(place, "bench", "mpr", "shop", "--encoder", "mini", "--results", "file/results")
    assert (
        done.returncode == 2
        and "cannot write results" in done.stderr
        and "Traceback" not in done.stderr
    )
