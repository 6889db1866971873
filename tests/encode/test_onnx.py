"""What an ONNX file must say of itself, and the refusals when it does not."""

import json
import shutil

import numpy as np
import pytest

from skulens.encode.onnx import KNOWN, OnnxImage, threads
from skulens.errors import EncoderError, MissingFile


@pytest.fixture
def folder(onnx_folder, tmp_path):
    """A copy to spoil."""
    shutil.copytree(onnx_folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_texts_are_refused_by_name(onnx_folder):
    encoder = OnnxImage(onnx_folder)
    for call in (
        encoder.prepare_text,
        encoder.count_tokens,
        lambda text: encoder.encode_batch("text", [text]),
    ):
        with pytest.raises(EncoderError, match="tiny is an image-only model"):
            call("tea")


def test_without_a_sidecar_an_unknown_file_is_refused_with_an_example(folder):
    (folder / "preprocess.json").unlink()
    with pytest.raises(EncoderError, match=r'preprocess\.json, for example \{"size": 224'):
        OnnxImage(folder)


def test_a_known_file_needs_no_sidecar():
    known = KNOWN["mobilenet_v1_embedding"].preprocess
    import PIL.Image

    grey = PIL.Image.new("RGB", (300, 250), (192, 128, 0))
    np.testing.assert_allclose(known(grey)[:, 0, 0], [0.5, 0.0, -1.0], atol=1e-6)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", "not JSON"),
        ('{"size": 32, "mean": 0.5}', "lacks or misspells"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "crop": true}', "crop unknown"),
        ('{"size": 64, "mean": 0.5, "std": 0.5}', "fix one of them"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "interpolation": "cubic"}', "bicubic"),
        ('{"size": 32, "mean": 0.5, "std": 0}', "zero std"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "layout": "hwc"}', "fix one of them"),
    ],
)
def test_a_wrong_sidecar_is_told_what_is_wrong(folder, written, said):
    (folder / "preprocess.json").write_text(written)
    with pytest.raises(EncoderError, match=said):
        OnnxImage(folder)


def test_files_that_are_no_single_image_encoder(folder, tmp_path):
    with pytest.raises(MissingFile):
        OnnxImage(tmp_path / "nothing.onnx")
    shutil.copy(folder / "tiny.onnx", folder / "second.onnx")
    with pytest.raises(
        EncoderError, match=r"exactly one \.onnx file, found second.onnx, tiny.onnx"
    ):
        OnnxImage(folder)
    (folder / "second.onnx").write_bytes(b"not onnx")
    with pytest.raises(EncoderError, match="cannot open"):
        OnnxImage(folder / "second.onnx")


def test_a_file_for_one_picture_at_a_time_gives_the_same_vectors(onnx_folder, folder, pictures):
    import onnx

    model = onnx.load(folder / "tiny.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, folder / "tiny.onnx")
    free, fixed = OnnxImage(onnx_folder), OnnxImage(folder)
    batch = [free.prepare_image(p) for p in pictures]
    np.testing.assert_allclose(
        fixed.encode_batch("image", batch), free.encode_batch("image", batch), rtol=1e-5
    )
    assert fixed.info.identity != free.info.identity


def test_identity_follows_the_sidecar(folder):
    before = OnnxImage(folder).info.identity
    written = json.loads((folder / "preprocess.json").read_text())
    (folder / "preprocess.json").write_text(json.dumps(written | {"resize_mode": "squash"}))
    assert OnnxImage(folder).info.identity != before


def test_threads_follow_the_environment(monkeypatch):
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() == torch.get_num_threads()
