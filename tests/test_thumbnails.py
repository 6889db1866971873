"""Thumbnails: small, bounded, of any shape."""

import io

import numpy as np
import PIL.Image
import pytest

from skulens.thumbnails import MOST_BYTES, make_thumbnail, shrink


@pytest.mark.parametrize(
    "size, expected",
    [
        ((500, 400), (256, 205)),
        ((400, 500), (205, 256)),
        ((640, 480), (214, 160)),
        ((513, 300), (171, 100)),
        ((100, 50), (100, 50)),
        ((4000, 20), (250, 2)),
        ((300, 1), (256, 1)),
    ],
)
def test_the_longer_side_is_reduced_to_256_or_by_whole_factors_to_no_less_than_171(size, expected):
    made = PIL.Image.open(io.BytesIO(make_thumbnail(PIL.Image.new("RGB", size, "red"))))
    assert (made.format, made.size) == ("JPEG", expected)


def test_noise_is_bounded_too():
    draw = np.random.default_rng(0)
    noise = PIL.Image.fromarray(draw.integers(0, 256, (1500, 1500, 3), np.uint8))
    assert len(make_thumbnail(noise)) <= MOST_BYTES
    assert len(make_thumbnail(noise.resize((256, 256), PIL.Image.Resampling.NEAREST))) <= MOST_BYTES


def test_a_small_picture_is_left_alone():
    picture = PIL.Image.new("RGB", (20, 10))
    assert shrink(picture, 20) is picture
