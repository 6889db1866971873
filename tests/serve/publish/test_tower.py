"""What is shipped for browsers computes what torch computes."""

import numpy as np
import pytest

from skulens.encode import open_encoder, split_name
from skulens.serve.publish.encoder import SHIPPED, WEIGHTS, shipped_preprocess
from tests.serve.publish.shop import draw

pytest.importorskip("torch", reason="pip install 'skulens[clip]'")
ort = pytest.importorskip("onnxruntime", reason="pip install 'skulens[onnx]'")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_tower_gives_the_vectors_of_the_torch_encoder(name):
    encoder = open_encoder(name, device="cpu")
    batch = [encoder.prepare_image(draw(n, 60 + 20 * n, 140)) for n in range(6)]
    expected = encoder.encode_batch("image", batch)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    session = ort.InferenceSession(
        WEIGHTS / name / "encoder.onnx", providers=["CPUExecutionProvider"]
    )
    [found] = session.run(None, {session.get_inputs()[0].name: np.stack(batch)})
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", SHIPPED)
def test_preprocessing_is_read_without_torch(name):
    encoder = open_encoder(name, device="cpu")
    assert shipped_preprocess(WEIGHTS / name) == encoder.model.preprocess.describe()


def test_a_folder_of_weights_is_opened_by_its_weights_though_its_tower_lies_there_as_onnx():
    folder = str(WEIGHTS / "mini")
    assert split_name(folder) == ("local", folder)


def test_another_tower_of_open_clip_is_exported(tmp_path):
    from skulens.serve.publish.tower import write_tower

    encoder = open_encoder(f"local:{WEIGHTS / 'groceries'}", device="cpu")
    write_tower(encoder.model, tmp_path / "tower.onnx")
    same = (WEIGHTS / "groceries" / "encoder.onnx").read_bytes()
    pixels = np.stack([encoder.prepare_image(draw(3))])
    found = [
        ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(
            None, {"pixels": pixels}
        )[0]
        for data in (same, (tmp_path / "tower.onnx").read_bytes())
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
