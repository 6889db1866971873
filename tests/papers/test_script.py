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

from skulens.bench.reopen import find_vectors, reopen_catalog  # noqa: E402
from skulens.bench.store import read_result, read_run  # noqa: E402
from skulens.cli import skulens  # noqa: E402
from skulens.encode import open_encoder  # noqa: E402
from skulens.encode.batching import Batching  # noqa: E402
from skulens.encode.cache import VectorCache  # noqa: E402
from skulens.encode.embed import Embedder  # noqa: E402
from skulens.encode.numerics import SCRIPT  # noqa: E402
from skulens.errors import EncoderError  # noqa: E402
from skulens.papers.openmpr.procedure import OpenMPR  # noqa: E402
from skulens.protocols import Numerics  # noqa: E402
from skulens.records import Item  # noqa: E402
from tests.encode.fake import FakeEncoder  # noqa: E402
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
    words += ["--no-cost"]
    words += ["--encoder", encoder, "--results", str(place / "results"), *options]
    done = CliRunner().invoke(skulens, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def lists_of(record, shots):
    """The ranked captions of every photo, as positions, in the script's order of photos."""
    result = read_result(Path(record["folder"]))
    run, place = read_run(result), {p: i for i, p in enumerate(shots.captions)}
    ranked = zip(run.queries, run.order, strict=True)
    rows = {Path(q).name: [place[run.products[i]] for i in order] for q, order in ranked}
    return [rows[f.name] for _, f in shots.photos]


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


def test_captions_go_in_one_batch_equal_ones_too_and_are_cached_as_one(tmp_path):
    encoder = FakeEncoder()
    texts = ["long caption of tea", "tea", "tea", "oats"]
    items = [Item(f"p{i}", (text,)) for i, text in enumerate(texts)]

    def embed(some):
        before = len(encoder.batches)
        caches = [VectorCache(tmp_path, encoder.info)]
        embedder = Embedder([encoder], caches, None, Batching(progress=False))
        [found] = OpenMPR().embed(embedder, some, "avg")
        return found, encoder.batches[before:]

    first, batches = embed(items)
    assert batches == [("text", 4)]
    prepared = [encoder.prepare_text(text, "document") for text in texts]
    assert np.array_equal(first.encoded.vectors, encoder.encode_batch("text", prepared))
    again, batches = embed(items)
    assert batches == [] and np.array_equal(again.encoded.vectors, first.encoded.vectors)
    assert embed(items[::-1])[1] == [("text", 4)], "another order is another batch"
    assert embed(items[:3])[1] == [("text", 3)]


def test_angles_are_those_of_the_captions_that_were_ranked(tmp_path, shots, monkeypatch):
    """They lie in the cache as one batch; embedded one by one they would be other vectors."""
    from skulens.encode.towers import Towers

    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    checkpoint = make_tiny("softmax", tmp_path, shots, monkeypatch)
    use_weights(monkeypatch, [checkpoint])
    [record] = bench(tmp_path, shots, checkpoint.encoder, "--mode", "paper")["results"]
    result, forward, seen = read_result(Path(record["folder"])), Towers.encode_batch, []

    def watch(self, modality, batch):
        seen.append(modality)
        return forward(self, modality, batch)

    monkeypatch.setattr(Towers, "encode_batch", watch)
    found = find_vectors(result, reopen_catalog([result]), set(shots.captions))
    assert found.why_not == "" and set(found.gallery) == set(shots.captions)
    assert len(found.probes) == len(shots.photos) and "text" not in seen


def test_a_caption_without_a_vector_is_a_reject_and_is_not_cached(tmp_path):
    class Broken(FakeEncoder):
        def encode_batch(self, modality, batch):
            vectors = super().encode_batch(modality, batch)
            vectors[1] = np.nan
            return vectors

    for _ in range(2):
        encoder = Broken()
        embedder = Embedder([encoder], [VectorCache(tmp_path, encoder.info)])
        [found] = OpenMPR().embed(embedder, [Item(n, (n,)) for n in ("oats", "tea")], "avg")
        assert encoder.forwards == 2
        assert [r.item for r in found.encoded.rejects] == ["'tea'"]
        assert np.isnan(found.vectors).any(axis=1).tolist() == [False, True]


def test_captions_that_do_not_fit_into_memory_say_what_to_do():
    class Full(FakeEncoder):
        def encode_batch(self, modality, batch):
            raise RuntimeError("out of memory")

    with pytest.raises(EncoderError, match="fewer products or --mode sound"):
        OpenMPR().embed(Embedder([Full()]), [Item("a", ("tea",))], "avg")


def test_only_coca_normalises_and_only_in_a_script(tmp_path, shots, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    for kind, normalised in (("softmax", False), ("coca", True)):
        checkpoint = make_tiny(kind, tmp_path, shots, monkeypatch)
        use_weights(monkeypatch, [checkpoint])
        for numerics, expected in ((SCRIPT, normalised), (Numerics(), False)):
            encoder = open_encoder(checkpoint.encoder, numerics=numerics)
            vectors = encoder.encode_batch("text", [encoder.prepare_text("tea")])
            assert (abs(np.linalg.norm(vectors) - 1) < 0.01) == expected
