"""Paper mode, as `skulens bench mpr --mode paper` runs it, against OpenMPR's script.

Always against a transcription of its procedure; against the script itself where SKULENS_OPENMPR
names a clone of https://github.com/upeee/openmpr.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
import skulens.torch_shim  # noqa: E402, F401

pytest.importorskip("open_clip")

from skulens.bench.store import read_result, read_run  # noqa: E402
from skulens.cli import skulens  # noqa: E402
from tests.papers.upstream import (  # noqa: E402
    ARCHS,
    execute,
    make_shots,
    make_tiny,
    transcribe,
    use_weights,
)

KINDS = tuple(ARCHS)


@pytest.fixture
def shots(tmp_path):
    (tmp_path / "photos").mkdir()
    return make_shots(tmp_path / "photos")


def bench(place, shots, encoder, *options):
    """The stored results of the command and its standard output."""
    table = shots.write_table()
    words = ["bench", "mpr", str(table), "--gallery", "text", "--threads", "1", "--json"]
    words += ["--encoder", encoder, "--results", str(place / "results"), *options]
    done = CliRunner().invoke(skulens, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def lists_of(record, shots):
    """The ranked captions of every photo, as positions, in the script's order of photos."""
    result = read_result(Path(record["folder"]))
    run, place = read_run(result), {p: i for i, p in enumerate(shots.captions)}
    rows = {q: [place[run.products[i]] for i in order] for q, order in zip(run.queries, run.order)}
    photo = {Path(q).name: q for q in run.queries}
    return [rows[photo.get(f.name, f.name)] for _, f in shots.photos]


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_is_that_of_the_transcribed_procedure(kind, tmp_path, shots, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    checkpoint = make_tiny(kind, tmp_path, shots, monkeypatch)
    use_weights(monkeypatch, [checkpoint])
    expected = transcribe(checkpoint, shots)
    [record] = bench(tmp_path, shots, checkpoint.encoder, "--mode", "paper")["results"]
    assert lists_of(record, shots) == expected


def test_a_sigmoid_that_saturates_is_in_the_test(tmp_path, shots, monkeypatch):
    """Else the order of ties, which is the script's result there, would go untested."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    checkpoint = make_tiny("sigmoid", tmp_path, shots, monkeypatch)
    use_weights(monkeypatch, [checkpoint])
    [record] = bench(tmp_path, shots, checkpoint.encoder, "--mode", "paper")["results"]
    assert record["encoder_info"]["activation"] == "sigmoid"
    assert record["counts"]["tied_queries"] > 10
    values = {m: i["value"] for m, i in record["metrics"].items()}
    for k in (1, 3, 5):
        worst, expected, best = (values[f"{w}_hit_rate@{k}"] for w in ("worst", "expected", "best"))
        assert worst <= values[f"hit_rate@{k}"] <= best and worst < expected < best
    assert "hit_rate@10" not in values and "mrr@5" in values


def test_every_list_and_number_is_that_of_the_script_itself(tmp_path, shots, monkeypatch):
    clone = os.environ.get("SKULENS_OPENMPR", "")
    script = Path(clone) / "src" / "benchmark" / "eval_openclip.py"
    if not script.is_file():
        pytest.skip("set SKULENS_OPENMPR to a clone of github.com/upeee/openmpr to execute it")
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    checkpoints = [make_tiny(kind, tmp_path, shots, monkeypatch) for kind in KINDS]
    use_weights(monkeypatch, checkpoints)
    lists, micro = execute(script, tmp_path / "upstream", shots, monkeypatch)
    n = len(shots.photos)
    for i, checkpoint in enumerate(checkpoints):
        place = tmp_path / checkpoint.arch
        place.mkdir()
        [record] = bench(place, shots, checkpoint.encoder, "--mode", "paper")["results"]
        assert lists_of(record, shots) == lists[i * n : (i + 1) * n]
        assert transcribe(checkpoint, shots) == lists[i * n : (i + 1) * n]
        for k in (1, 3, 5):
            found = record["metrics"][f"hit_rate@{k}"]["value"]
            assert found == pytest.approx(micro[checkpoint.arch][f"@k={k}"], abs=1e-12)
