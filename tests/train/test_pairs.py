"""Catalogues become pairs; pictures are decoded once, framed as the encoder frames them."""

import numpy as np
import pytest

from skulens.encode.preprocess import Preprocess
from skulens.errors import DataError
from skulens.pictures import decode
from skulens.train.pairs import decode_all, gather, square
from tests.train.conftest import Squares


def test_photos_and_iconic_pictures_belong_to_their_products(squares):
    pairs = gather([squares])
    assert len(pairs.pictures) == len(pairs.owners) == 4 + 16
    assert np.bincount(pairs.owners).tolist() == [5] * 4
    assert pairs.texts[0] == {"title": "red square", "description": "a red thing"}


def test_views_choose_the_catalogue_pictures(squares):
    assert len(gather([squares], views=("none",)).pictures) == 16
    assert len(gather([squares], split=None, views=("iconic",)).pictures) == 4


def test_two_catalogues_keep_their_products_apart(squares):
    pairs = gather([squares, Squares()])
    assert len(pairs.products) == 8 and np.bincount(pairs.owners).tolist() == [5] * 8


def test_nothing_to_train_on_is_said(squares):
    with pytest.raises(DataError, match="no pictures to train on: 4 products"):
        gather([squares], split="nowhere", views=("none",))


@pytest.mark.parametrize("mode", ["squash", "shortest"])
def test_pictures_are_framed_as_the_encoder_will_frame_them(squares, mode):
    image = gather([squares]).pictures[0]
    ours = square(image, 16, mode).astype(np.float32) / 255
    theirs = Preprocess(16, 16, (0.0,) * 3, (1.0,) * 3, "bicubic", mode)(decode(image.read()))
    np.testing.assert_allclose(ours.transpose(2, 0, 1), theirs, atol=1e-6)


def test_a_broken_picture_becomes_a_reject_and_the_file_is_found_again(tmp_path):
    images = gather([Squares(broken=True)]).pictures
    first = decode_all(images, 16, "squash", tmp_path / "p.u8")
    stamp = (tmp_path / "p.u8").stat().st_mtime_ns
    again = decode_all(images, 16, "squash", tmp_path / "p.u8")
    assert (tmp_path / "p.u8").stat().st_mtime_ns == stamp
    for pixels, good, rejects in (first, again):
        assert [r.reason for r in rejects] == [
            "not a picture: it is a web page, probably an error page saved as a picture"
        ]
        assert np.flatnonzero(~good).tolist() == [1] and pixels[0].any() and not pixels[1].any()


def test_other_pictures_are_decoded_anew(tmp_path, squares):
    images = gather([squares]).pictures
    decode_all(images, 16, "squash", tmp_path / "p.u8")
    pixels, _, _ = decode_all(images[::-1], 16, "squash", tmp_path / "p.u8")
    assert np.array_equal(pixels[0], square(images[-1], 16, "squash"))
