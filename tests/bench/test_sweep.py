"""Many encoders under one name: the plan, one after the other, failures, a second start."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.bench.plan import (
    Speed,
    fit_speed,
    given_speed,
    measured_speed,
    plan_encoders,
    row_of,
)
from skulens.bench.run import Measured
from skulens.bench.store import ResultStore
from skulens.bench.sweep import expand, known_sizes, stored_names, sweep
from skulens.cli import skulens
from skulens.errors import DataError
from skulens.papers.openmpr.group import PublishedEncoders, published_rows
from skulens.report.plan import sentences
from tests.bench.test_mpr import COLOURS, ColourEncoder, png, run

RN50, B32 = "open_clip:RN50/openai", "open_clip:ViT-B-32/openai"
TWIN = "open_clip:RN50-quickgelu/openai"


class Some:
    """A collection with one encoder that does not exist and one that breaks."""

    sizes = {"known": (1000, 10)}

    @staticmethod
    def names():
        return ("colour", "nosuch", "breaks", "colour:again")


class Breaking(ColourEncoder):
    def __init__(self, *_, **__):
        raise RuntimeError("CUDA out of memory")


class Named(ColourEncoder):
    """As the command line opens it."""

    opened: list[str] = []

    def __init__(self, argument="", **_):
        super().__init__()
        self.opened.append(argument)


@pytest.fixture
def some(monkeypatch):
    Named.opened = []
    rows = {"colour": Named, "breaks": Breaking}
    for name, kind in rows.items():
        row = registry.Row(f"tests.bench.test_sweep:{kind.__name__}", "a test")
        monkeypatch.setitem(registry.ENCODERS, name, row)
    row = registry.Row("tests.bench.test_sweep:Some", "four encoders, two of which work")
    monkeypatch.setitem(registry.COLLECTIONS, "some", row)


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["id,title,image,split"]
    for name, rgb in COLOURS.items():
        for split, light in (("gallery", 0), ("test", 9)):
            file = f"{name}-{split}.png"
            (folder / file).write_bytes(png(np.clip(np.array(rgb) + light, 0, 255)))
            lines.append(f"{name},a {name} box,{file},{split}")
    (folder / "products.csv").write_text("\n".join(lines))
    return folder


def test_the_papers_collection_is_its_190_rows():
    names = PublishedEncoders.names()
    assert len(names) == len(set(names)) == 190 and all(row_of(n) for n in names)
    assert not any("MobileCLIP2" in n for n in names)
    assert "open_clip:ViT-gopt-16-SigLIP2-384/webli" in names
    assert all(row.gflops_image and row.params for row in published_rows())
    assert known_sizes(["mini", "openmpr-all"], "openmpr") == (20_565, 409)
    assert known_sizes(["openmpr-all"], "shop") is known_sizes(["mini"], "openmpr") is None


def test_a_collection_stands_for_its_names_each_once(some):
    assert expand(["mini", "some", "colour"]) == [
        "mini",
        "colour",
        "nosuch",
        "breaks",
        "colour:again",
    ]


def test_shared_weights_are_fetched_once_and_stored_encoders_take_nothing():
    size = row_of(RN50).params * 4 / 1e9
    plan = plan_encoders([RN50, TWIN, B32, "mini"], 100, 10)
    assert [p.download_gb for p in plan.encoders] == [
        size,
        0,
        row_of(B32).params * 4 / 1e9,
        None,
    ]
    assert plan.download_gb == pytest.approx(size + row_of(B32).params * 4 / 1e9)
    assert plan.hours is None and "hours: not known" in sentences(plan)[-1]
    left = plan_encoders([RN50, TWIN, B32], 100, 10, stored={RN50, B32})
    assert [p.name for p in left.left] == [TWIN] and left.download_gb == pytest.approx(size)
    assert "2 are stored already and are skipped" in sentences(left)[0]
    assert left.as_dict()["left"] == 1 and left.as_dict()["encoders"][0]["stored"] is True


def test_hours_are_photos_and_texts_times_the_work():
    row = row_of(RN50)
    plan = plan_encoders([RN50], 1000, 10, speed=Speed(0.01, 0.002, (RN50,)))
    seconds = 1000 * (0.01 + 0.002 * row.gflops_image) + 10 * 0.002 * row.gflops_text
    assert plan.hours == pytest.approx(seconds / 3600)


def test_a_speed_is_fitted_to_what_was_measured():
    two = fit_speed({"a": (10, 0.01 + 10 * 0.003), "b": (100, 0.01 + 100 * 0.003)})
    assert (two.fixed, two.per_gflop, two.of) == (
        pytest.approx(0.01),
        pytest.approx(0.003),
        ("a", "b"),
    )
    one = fit_speed({"a": (10, 0.05)})
    assert (one.fixed, one.per_gflop) == (0, pytest.approx(0.005))
    same = fit_speed({"a": (10, 0.04), "b": (10, 0.04)})
    assert (same.fixed, same.per_gflop) == (0, pytest.approx(0.004))
    flat = fit_speed({"a": (10, 0.05), "b": (100, 0.04)})
    assert flat.per_gflop == 0 and 0.04 < flat.fixed < 0.05, "larger, yet faster"
    steep = fit_speed({"a": (10, 0.01), "b": (100, 1.0)})
    assert steep.fixed == 0 and 0.001 < steep.per_gflop < 0.01, "no time below 0"
    assert given_speed({RN50: 20}).per_gflop == pytest.approx(0.05 / row_of(RN50).gflops_image)
    for name, rate, said in (("mini", 5, "are not known"), (RN50, 0, "above 0"), (RN50, -1, "abo")):
        with pytest.raises(DataError, match=said):
            given_speed({name: rate})


def test_the_speed_comes_from_results_of_this_machine(tmp_path):
    from dataclasses import replace

    [made] = run(gallery="text")
    made = replace(made, cost={"gflops_image": 10.0, "images_per_s": 50.0})
    ResultStore(tmp_path).add(made)
    [stored] = ResultStore(tmp_path).results()
    assert measured_speed([stored]).per_gflop == pytest.approx(0.002)
    other = {**stored.provenance, "machine": {**stored.machine, "cpu": "another"}}
    assert measured_speed([replace(stored, provenance=other)]) is None
    assert measured_speed([replace(stored, cost={"gflops_image": 10.0})]) is None


def test_a_failure_of_any_kind_stops_none_and_each_is_stored_before_the_next(tmp_path):
    seen = []

    def measure(name):
        seen.append((name, len(ResultStore(tmp_path).results())))
        if name == "a":
            raise DataError("no such thing")
        if name == "b":
            raise MemoryError
        if name == "stop":
            raise KeyboardInterrupt
        return Measured(results=run(gallery="text", encoder=ColourEncoder()))

    told = []
    whole = sweep(
        ["a", "c", "b", "d"], measure, tmp_path, lambda n, error: told.append((n, bool(error)))
    )
    assert seen == [("a", 0), ("c", 0), ("b", 1), ("d", 1)] and told == [
        ("a", True),
        ("c", False),
        ("b", True),
        ("d", False),
    ]
    assert [f["encoder"] for f in whole.failed] == ["a", "b"] and len(whole.records) == 2
    assert whole.failed[1]["error"].startswith("MemoryError")
    with pytest.raises(KeyboardInterrupt):
        sweep(["stop"], measure, tmp_path)


def test_stored_is_what_has_all_galleries_and_modes_under_these_settings(tmp_path):
    text, image = (run(gallery=g)[0] for g in ("text", "image"))
    settings = {"gallery": "text"}

    def named(results, **more):
        return stored_names(results, "mpr", text.data.name, settings | more)

    assert named([text, image]) == {text.name}
    assert named([text], limit=5) == named([text], gallery="both") == set()
    assert stored_names([text], "mpr", "other", settings) == set()
    assert named([text], mode="both") == set(), "paper mode was not measured"


def test_all_galleries_of_auto_must_be_stored():
    from dataclasses import replace

    [made] = run(gallery="text")
    auto = {**made.settings, "gallery": "auto"}
    a = [replace(made, name="a", settings=auto, variant={"gallery": g}) for g in ("text", "image")]
    b = [replace(made, name="b", settings=auto, variant={"gallery": "text"})]
    names = stored_names([*a, *b], "mpr", made.data.name, {})
    assert names == {"a"}, "b was stopped between its galleries"


def test_the_command_measures_what_works_and_starts_again_where_it_stopped(some, shop, tmp_path):
    words = ["bench", "mpr", str(shop), "-e", "some", "--gallery", "text", "--text", "title"]
    words += ["--no-cache", "--results", str(tmp_path / "r"), "--json"]
    first = CliRunner().invoke(skulens, words)
    assert first.exit_code == 1, first.output
    body = json.loads(first.stdout)
    assert [f["encoder"] for f in body["failed"]] == ["nosuch", "breaks"]
    assert "RuntimeError: CUDA out of memory" in body["failed"][1]["error"]
    assert len(body["results"]) == 2 and "4 of 4: colour:again: stored" in first.stderr
    opened = len(Named.opened)
    again = CliRunner().invoke(skulens, words)
    body = json.loads(again.stdout)
    assert "4 encoders, 2 stored already" in again.stderr and body["results"] == []
    assert again.exit_code == 1 and len(body["failed"]) == 2 and len(Named.opened) == opened
    assert len(ResultStore(tmp_path / "r").results()) == 2
    said = CliRunner().invoke(skulens, words[:-1]).output
    assert "0 of 2 measured, 2 failed" in said


def test_a_plan_measures_and_fetches_nothing(some, shop, tmp_path):
    run_ = CliRunner().invoke
    words = ["bench", "mpr", str(shop), "-e", "some", "--plan", "--results", str(tmp_path / "r")]
    body = json.loads(run_(skulens, [*words, "--json"]).stdout)
    assert (body["photos"], body["texts"], body["left"]) == (4, 4, 4)
    assert not (tmp_path / "r").exists() and Named.opened == []
    known = ["bench", "mpr", "known", "-e", "some", "--plan", "--limit", "7"]
    body = json.loads(run_(skulens, [*known, "--results", str(tmp_path / "r"), "--json"]).stdout)
    assert (body["photos"], body["texts"]) == (7, 10), "without having the data"
    done = run_(skulens, ["bench", "mpr", "openmpr", "-e", "openmpr-all", "--plan",
                          "--results", str(tmp_path / "r"), "--speed", f"{RN50}=15.6"])  # fmt: skip
    said = " ".join(done.output.split())
    assert "190 encoders; 20,565 photos and 409 texts for each" in said, done.output
    assert "download: about 419 GB" in said and "hours: about" in said
    for wrong in ("RN50", "RN50=fast"):
        done = run_(skulens, [*words, "--speed", wrong])
        assert done.exit_code == 2 and "expected ENCODER=PHOTOS_PER_S" in done.output
