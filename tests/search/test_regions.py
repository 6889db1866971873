"""Where a part of the query is met in a picture: boxes, what is left out, and what is compared."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from skulens.documents import Schema, VectorColumn
from skulens.errors import EncoderError
from skulens.records import EncoderInfo
from skulens.search.regions import (
    Heat,
    crop_padding,
    divide_by_length,
    find_regions,
    make_square,
    map_heats,
    region_of,
)
from tests.search.small_answers import make_answer

WHOLE = (0.0, 0.0, 1.0, 1.0)


class Colours:
    """A patch's vector is its mean colour; the grid is 4 x 4."""

    info = EncoderInfo(
        name="colours", family="test", identity="colours/1", dim=3, modalities=("image", "text")
    )
    device = "cpu"
    named = {"red": (1, 0, 0), "blue": (0, 0, 1)}

    def prepare_image(self, picture, role="query"):
        return np.asarray(picture.resize((64, 64)), np.float32)

    def prepare_text(self, text, role="query"):
        return next(np.array(v) for word, v in self.named.items() if word in text)

    def prepare_item(self, parts, role="query"):
        raise EncoderError("reads no items")

    def count_tokens(self, text):
        return len(text.split())

    def encode_batch(self, modality, batch):
        if modality == "text":
            return np.array(batch, np.float32)
        return np.stack([pixels.mean((0, 1)) for pixels in batch])

    def encode_tokens(self, modality, batch):
        return [p.reshape(4, 16, 4, 16, 3).mean((1, 3)).reshape(16, 3) for p in batch]

    def grid(self, picture):
        return 4, 4


class Blind(Colours):
    def encode_tokens(self, modality, batch):
        raise EncoderError("shows no patch vectors")


def heat(rows, frame=WHOLE) -> Heat:
    return Heat(np.array(rows, np.float32), frame)


def shop_of(encoder, made_from="image"):
    column = VectorColumn("picture", 3, "colours/1", "colours", ("image", "text"), made_from)
    store = SimpleNamespace(schema=Schema((column,)))
    return SimpleNamespace(store=store, embedder=SimpleNamespace(encoder=lambda _: encoder))


def test_the_box_holds_the_patches_about_the_best_one():
    rows = np.zeros((4, 4))
    rows[1, 2], rows[1, 3], rows[3, 0] = 1.0, 0.8, 0.9
    assert region_of(heat(rows)) == (0.5, 0.25, 1.0, 0.5), "what is not connected is another place"
    rows[2, 2] = 0.7
    assert region_of(heat(rows)) == (0.5, 0.25, 1.0, 0.75)


def test_a_box_that_says_nothing_is_left_out():
    assert region_of(heat(np.ones((4, 4)))) is None
    rows = np.ones((4, 4))
    rows[:, 0] = 0
    assert region_of(heat(rows)) is None, "three quarters of the picture"
    rows[:, 1] = 0
    assert region_of(heat(rows)) == (0.5, 0.0, 1.0, 1.0)


def test_padding_is_no_part_of_the_picture():
    wide = crop_padding(np.arange(16.0).reshape(4, 4), (200, 100))
    assert wide.values.tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]] and wide.frame == WHOLE
    tall = crop_padding(np.arange(16.0).reshape(4, 4), (100, 150))
    assert tall.values.shape == (4, 4), "cells that touch the picture count"
    assert tall.frame == pytest.approx((-0.25, 0.0, 1.25, 1.0))
    rows = np.zeros((4, 4))
    rows[0, 0] = 1
    left, top, right, bottom = region_of(Heat(rows, tall.frame))
    assert (left, top) == (0, 0) and right == pytest.approx(0.125) and bottom == 0.25


def test_squares_keep_the_picture_in_the_middle():
    square = make_square(PIL.Image.new("RGB", (60, 20), "red"))
    assert square.size == (60, 60)
    assert square.getpixel((30, 30)) == (255, 0, 0) and square.getpixel((30, 5)) == (255,) * 3


@pytest.mark.parametrize("size", [(64, 64), (128, 64), (64, 128)])
def test_a_patch_of_the_colour_asked_for_is_found(size):
    picture = PIL.Image.new("RGB", size, "blue")
    quarter = (size[0] // 2, size[1] // 2)
    picture.paste(PIL.Image.new("RGB", quarter, "red"), quarter)
    vectors = np.array([[1, 0, 0], [0, 0, 1]], np.float32)
    [[red, blue]] = map_heats(Colours(), [picture], vectors)
    assert region_of(red) == pytest.approx((0.5, 0.5, 1.0, 1.0))
    assert region_of(blue) is None, "three quarters are blue"


def test_hits_get_the_regions_of_whole_parts():
    picture = PIL.Image.new("RGB", (64, 64), "blue")
    picture.paste(PIL.Image.new("RGB", (32, 32), "red"), (0, 32))
    out = io.BytesIO()
    picture.save(out, "PNG")
    answer = make_answer()
    hits = tuple(replace(hit, load=lambda _: out.getvalue()) for hit in answer)
    found = find_regions(shop_of(Colours()), replace(answer, hits=hits))
    for hit in found:
        assert {r.part for r in hit.why.regions} == {0, 1}, (
            "the text and the photo; not the photo to keep away from, the key and its photo"
        )
        for region in hit.why.regions:
            assert region.box == pytest.approx((0.0, 0.5, 0.5, 1.0))
            assert region.score > region.lead > 0
    assert found.notes == answer.notes


def test_who_shows_no_patches_says_so():
    for shop in (shop_of(Blind()), shop_of(Colours(), "text"), shop_of(object())):
        found = find_regions(shop, make_answer())
        assert len(found.hits) == 2
        assert found.notes[-1].code == "no-regions"
    assert (
        "shows no patch vectors" in find_regions(shop_of(Blind()), make_answer()).notes[-1].sentence
    )


def test_hits_without_a_thumbnail_stay_as_they_are():
    answer = make_answer()
    found = find_regions(shop_of(Colours()), answer)
    assert found.hits[1] is answer.hits[1] and found.hits[0].why.legs == answer.hits[0].why.legs


def test_the_shipped_encoder_tells_two_things_in_one_picture_apart():
    pytest.importorskip("torch", reason="mini needs torch: pip install 'skulens[torch]'")
    from skulens.encode import open_encoder

    encoder = open_encoder("mini")
    sheet = PIL.Image.new("RGB", (128, 128), "white")
    sheet.paste(PIL.Image.new("RGB", (48, 48), "red"), (8, 8))
    sheet.paste(PIL.Image.new("RGB", (48, 48), "blue"), (72, 72))
    alone = PIL.Image.new("RGB", (128, 128), "white")
    alone.paste(PIL.Image.new("RGB", (96, 96), "blue"), (16, 16))
    vector = encoder.encode_batch("image", [encoder.prepare_image(alone)])
    [[found]] = map_heats(encoder, [sheet], divide_by_length(vector))
    assert found.values.shape == encoder.grid(sheet)
    row, column = np.unravel_index(found.values.argmax(), found.values.shape)
    assert row >= 2 and column >= 2
