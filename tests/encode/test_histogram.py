"""Colour histograms against colours worked out by hand."""

import numpy as np
import PIL.Image
import pytest

from skulens.encode import open_encoder
from skulens.encode.histogram import Histogram, lab_of
from skulens.errors import EncoderError, SkulensError
from skulens.protocols import Encoder


def plain(*colours: tuple[int, int, int]) -> PIL.Image.Image:
    """Vertical stripes of equal width."""
    row = np.repeat(np.array(colours, np.uint8), 64 // len(colours), axis=0)
    return PIL.Image.fromarray(np.tile(row, (64, 1, 1)))


def test_lab_is_that_of_the_tables():
    rgb = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]], float)
    expected = [
        [100, 0, 0],
        [0, 0, 0],
        [53.24, 80.09, 67.20],
        [87.73, -86.18, 83.18],
        [32.30, 79.19, -107.86],
        [53.39, 0, 0],
    ]
    assert lab_of(rgb) == pytest.approx(np.array(expected), abs=0.02)


def test_an_inner_product_is_the_shared_colour():
    """Bhattacharyya: sum of sqrt(p q); of half red and half blue with red, sqrt(1/2)."""
    encoder = Histogram()
    red, blue, both = (
        encoder.prepare_image(plain(*c)) for c in ([(255, 0, 0)], [(0, 0, 255)], [(255, 0, 0), (0, 0, 255)])
    )  # fmt: skip
    vectors = encoder.encode_batch("image", [red, blue, both])
    assert vectors.shape == (3, 512) and vectors.dtype == np.float32
    expected = [[1, 0, 0.5**0.5], [0, 1, 0.5**0.5], [0.5**0.5, 0.5**0.5, 1]]
    assert vectors @ vectors.T == pytest.approx(np.array(expected), abs=1e-6)


def test_where_a_colour_stands_does_not_matter_and_size_neither():
    encoder = Histogram("4")
    one, other = plain((250, 250, 250), (10, 90, 30)), plain((10, 90, 30), (250, 250, 250))
    large = other.resize((320, 128), PIL.Image.Resampling.NEAREST)
    found = [encoder.prepare_image(picture) for picture in (one, other, large)]
    assert len(found[0]) == encoder.info.dim == 64
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2])


def test_it_is_an_encoder_of_pictures_opened_by_name():
    encoder = open_encoder("histogram:5")
    assert isinstance(encoder.model, Encoder)
    assert (encoder.info.name, encoder.info.dim) == ("histogram:5", 125)
    assert encoder.info.modalities == ("image",)
    assert encoder.info.identity != open_encoder("histogram").info.identity
    with pytest.raises(EncoderError, match="reads no texts"):
        encoder.prepare_text("red")
    for wrong in ("1", "33", "many"):
        with pytest.raises(SkulensError, match="expected 2 to 32 bins"):
            open_encoder(f"histogram:{wrong}").info  # noqa: B018
