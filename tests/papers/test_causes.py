"""From sound mode to paper mode, one change at a time, on tiny random models."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
import skulens.torch_shim  # noqa: E402, F401

open_clip = pytest.importorskip("open_clip")

from skulens.bench.run import Opening, run_suite  # noqa: E402
from skulens.bench.suites.mpr import Mpr, MprSettings  # noqa: E402
from skulens.bench.task import Tools  # noqa: E402
from skulens.catalog.open import open_catalog  # noqa: E402
from skulens.cli import skulens  # noqa: E402
from skulens.encode import open_encoder  # noqa: E402
from skulens.encode.batching import Batching  # noqa: E402
from skulens.errors import DataError  # noqa: E402
from skulens.papers.openmpr.causes import Change, explain, pair_modes  # noqa: E402
from skulens.protocols import Numerics  # noqa: E402
from tests.papers.upstream import ARCHS, make_shots, make_tiny, use_weights  # noqa: E402


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    (tmp_path / "photos").mkdir()
    return tmp_path


def both(place, monkeypatch, kind="softmax", turned=True, **published):
    """(catalogue, tools, sound, paper) of a tiny model; `published` changes its tag's entry."""
    shots = make_shots(place / "photos", turned=turned)
    checkpoint = make_tiny(kind, place, shots, monkeypatch)
    open_clip.pretrained._PRETRAINED[ARCHS[kind]]["made_up"].update(published)
    use_weights(monkeypatch, [checkpoint])
    tools = Tools(place, batching=Batching(threads=1, progress=False), time_probes=False)
    catalog = open_catalog(str(shots.write_table()))
    settings = {"mode": "both", "gallery": "text"}
    found = run_suite("mpr", catalog, [checkpoint.encoder], settings, tools=tools).results
    [(sound, paper)] = pair_modes(found)
    return catalog, tools, sound, paper


def test_every_change_is_measured_and_they_add_up(place, monkeypatch):
    catalog, tools, sound, paper = both(place, monkeypatch, "sigmoid", quick_gelu=True)
    found = explain(catalog, sound, paper, tools=tools, metric="hit_rate@3")
    assert [c.change for c in found.causes] == list(Change)
    assert all(c.applies for c in found.causes)
    rates = [found.causes[0].before, *(c.after for c in found.causes)]
    assert rates[0] == sound.metrics["hit_rate@3"].value
    assert rates[-1] == pytest.approx(paper.metrics["hit_rate@3"].value)
    assert rates[-2] == pytest.approx(paper.metrics["expected_hit_rate@3"].value)
    steps = [c.difference.value for c in found.causes]
    assert steps == pytest.approx(np.diff(rates)) and sum(steps) == pytest.approx(found.total.value)
    assert found.total.low <= found.total.value <= found.total.high
    assert len(set(np.round(rates, 6))) >= 4, "the changes change something here"


def test_a_step_is_what_sound_mode_gives_with_that_change_alone(place, monkeypatch):
    catalog, tools, sound, paper = both(place, monkeypatch, quick_gelu=True)
    found = explain(catalog, sound, paper, tools=tools, metric="hit_rate@3")
    published = open_encoder(sound.name, numerics=Numerics(as_published=True))
    rates = []
    for upright in (True, False):
        batching = Batching(threads=1, upright=upright, progress=False)
        task = Mpr(
            catalog, MprSettings(gallery="text"), tools=Tools(batching=batching, time_probes=False)
        )
        [result] = task.run([published])
        rates.append(result.metrics["hit_rate@3"].value)
    assert [c.after for c in found.causes[:2]] == pytest.approx(rates)
    assert len({sound.metrics["hit_rate@3"].value, *rates}) == 3


def test_what_changes_nothing_is_said_and_not_computed(place, monkeypatch):
    catalog, tools, sound, paper = both(place, monkeypatch, turned=False)
    opened = []
    monkeypatch.setattr(
        "skulens.papers.openmpr.causes.open_system",
        lambda name, *a: opened.append(Counted(open_encoder(name, numerics=a[0]))) or opened[-1],
    )
    found = explain(catalog, sound, paper, tools=tools)
    assert [c.applies for c in found.causes] == [False, False, True, True, True]
    assert all((c.difference.value, c.difference.p) == (0, 1) for c in found.causes[:2])
    assert sum(e.forwards for e in opened) == 0, "all vectors were in the cache"


class Counted:
    """An encoder that counts what it computes."""

    def __init__(self, encoder):
        self.encoder, self.forwards = encoder, 0

    def __getattr__(self, name):
        return getattr(self.encoder, name)

    def encode_batch(self, modality, batch):
        self.forwards += len(batch)
        return self.encoder.encode_batch(modality, batch)


def test_a_dtype_that_paper_mode_does_not_compute_in_is_refused(place, monkeypatch):
    shots = make_shots(place / "photos")
    checkpoint = make_tiny("softmax", place, shots, monkeypatch)
    catalog = open_catalog(str(shots.write_table()))
    opening = Opening(Numerics("float32"))
    for mode in ("paper", "both"):
        settings = {"mode": mode, "gallery": "text"}
        if mode == "paper":
            with pytest.raises(DataError, match="computes in bfloat16.*got dtype float32.*--dtype"):
                run_suite("mpr", catalog, [checkpoint.encoder], settings, opening=opening)
            continue
        use_weights(monkeypatch, [checkpoint])
        measured = run_suite("mpr", catalog, [checkpoint.encoder], settings, opening=opening)
        assert [r.system.dtype for r in measured.results] == ["float32", "bfloat16"]


@pytest.mark.parametrize("mode", ["paper", "both"])
def test_ranks_that_the_script_does_not_have_are_refused(place, mode):
    catalog = open_catalog(str(make_shots(place / "photos").write_table()))
    settings = {"mode": mode, "ks": (1, 10)}
    with pytest.raises(DataError, match=r"paper mode ends at k = 5.*got k \(1, 10\)"):
        run_suite("mpr", catalog, ["mini"], settings)


def test_the_command_prints_bounds_and_causes_and_keeps_results_as_they_come(place, monkeypatch):
    shots = make_shots(place / "photos")
    checkpoints = [make_tiny(kind, place, shots, monkeypatch) for kind in ("sigmoid", "softmax")]
    use_weights(monkeypatch, checkpoints)
    words = ["bench", "mpr", str(shots.write_table()), "--mode", "both", "--gallery", "text"]
    words += ["--threads", "1", "--together", "1", "--no-cost", "--results", str(place / "results")]
    for checkpoint in checkpoints:
        words += ["--encoder", checkpoint.encoder]

    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(skulens, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    for said in ("order of ties", "nothing to change", "one change at a time", "p (Holm)"):
        assert said in done.stdout
    assert "probes tied in paper mode: by their" in " ".join(done.stdout.split())
    asked = CliRunner().invoke(skulens, [*words, "--json"], catch_exceptions=False)
    answer = json.loads(asked.stdout)
    assert [d["system"] for d in answer["differences"]] == [c.encoder for c in checkpoints]
    assert {c["change"] for c in answer["differences"][0]["causes"]} == {c.value for c in Change}

    stop = [str(place / "broken") if w == str(place / "results") else w for w in words]
    monkeypatch.setattr("skulens.bench.run.open_system", interrupted())
    stopped = CliRunner().invoke(skulens, stop, catch_exceptions=False)
    assert stopped.exit_code == 130 and "goes on where it stopped" in stopped.stderr
    assert len(list((place / "broken").glob("*/result.json"))) == 2, "both modes of the first"


def interrupted():
    """open_system that is interrupted at all but the first encoder."""
    from skulens.bench.run import open_system

    seen = []

    def open_some(asked, *rest):
        seen.append(asked)
        if asked != seen[0]:
            raise KeyboardInterrupt
        return open_system(asked, *rest)

    return open_some
