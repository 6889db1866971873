"""A frozen image encoder: vectors computed once; only projection and text tower learn."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from skulens.errors import EncoderError
from skulens.pictures import decode
from skulens.records import EncoderInfo
from skulens.train import contrastive, frozen
from skulens.train.config import from_dict
from skulens.train.pairs import gather
from tests.train.conftest import TINY, Squares


class MeanColour:
    """Mean and spread of each channel: (6,); counts how many pictures it was asked for."""

    info = EncoderInfo(name="mean", family="fake", identity="mean-1", dim=6, modalities=("image",))

    def __init__(self):
        self.seen = 0

    def prepare_image(self, picture, role="query"):
        pixels = np.asarray(picture, np.float32).reshape(-1, 3) / 255
        return np.concatenate([pixels.mean(0), pixels.std(0)])

    def encode_batch(self, modality, batch):
        assert modality == "image"
        self.seen += len(batch)
        return np.stack(batch)


@pytest.fixture
def encoder(monkeypatch):
    made = MeanColour()
    monkeypatch.setattr(frozen, "open_encoder", lambda name: made)
    return made


def config(**changes):
    settings = TINY | {
        "frozen_image": "mean",
        "frozen_views": 3,
        "frozen_drop": 0.0,
        "epochs": 30,
        "lr": 0.02,
    }
    return from_dict(settings | changes)


def test_the_first_view_is_the_plain_picture_and_the_others_are_changed(encoder, tmp_path):
    images = gather([Squares()]).pictures
    vectors = frozen.view_vectors(encoder, images, config(), tmp_path / "v.npy")
    plain = np.stack([encoder.prepare_image(decode(i.read())) for i in images])
    assert vectors.shape == (20, 3, 6)
    np.testing.assert_allclose(vectors[:, 0], plain)
    assert not np.allclose(vectors[:, 1], plain, atol=0.01) and not np.allclose(
        vectors[:, 1], vectors[:, 2]
    )


def test_vectors_are_computed_once(encoder, tmp_path):
    images = gather([Squares()]).pictures
    first = frozen.view_vectors(encoder, images, config(), tmp_path / "v.npy")
    asked = encoder.seen
    assert asked == 60
    np.testing.assert_array_equal(
        frozen.view_vectors(encoder, images, config(seed=5), tmp_path / "v.npy"), first
    )
    assert encoder.seen == asked
    frozen.view_vectors(encoder, images, config(frozen_views=2), tmp_path / "v.npy")
    assert encoder.seen == asked + 40


def test_it_learns_and_writes_a_reference_but_no_encoder(encoder, tmp_path):
    found = contrastive.train_contrastive([Squares()], config(), tmp_path, test="test")
    assert found.measured["text"]["metrics"]["hit_rate@1"]["value"] >= 0.9
    assert not (tmp_path / "open_clip_config.json").exists()
    weights = safetensors.numpy.load_file(tmp_path / "frozen_reference.safetensors")
    assert weights["visual.linear.weight"].shape == (16, 6)
    assert "on frozen vectors of mean" in (tmp_path / "README.md").read_text()


def test_mixup_of_frozen_vectors(encoder, tmp_path):
    mixed = config(epochs=2)
    mixed = replace(mixed, augment=replace(mixed.augment, mixup=1.0))
    assert contrastive.train_contrastive([Squares()], mixed, tmp_path).n_pictures == 20


def test_an_encoder_of_texts_is_refused(monkeypatch):
    texts = MeanColour()
    texts.info = replace(MeanColour.info, modalities=("text",))
    monkeypatch.setattr(frozen, "open_encoder", lambda name: texts)
    with pytest.raises(EncoderError, match="'words' reads text, expected pictures"):
        frozen.open_frozen("words")
