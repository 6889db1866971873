"""Scores of pictures: what each rises with, odd pictures, and limits judged on known faults."""

import math
import random

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import pytest

from skulens.curate.pictures.calibrate import (
    check_enough,
    choose_limit,
    first_pictures,
    judge,
    score_all,
)
from skulens.curate.pictures.degrade import FAULTS, degrade
from skulens.curate.pictures.scores import (
    Blur,
    Clutter,
    PictureScore,
    Size,
    Text,
    Watermark,
    reduce,
)
from skulens.errors import DataError
from skulens.records import Image, Product
from skulens.registry import rows


def thing(seed: int = 0, side: int = 256, back=(255, 255, 255)) -> PIL.Image.Image:
    """A product: a few plain shapes in the middle of a plain background."""
    chance = random.Random(seed)
    picture = PIL.Image.new("RGB", (side, side), back)
    draw = PIL.ImageDraw.Draw(picture)
    for _ in range(6):
        x, y = (chance.uniform(0.25, 0.55) * side for _ in range(2))
        size = chance.uniform(0.1, 0.2) * side
        draw.rectangle(
            (x, y, x + size, y + size), fill=tuple(chance.randrange(200) for _ in range(3))
        )
    return picture


THINGS = [thing(i) for i in range(24)]


def test_every_registered_score_is_one():
    for name, row in rows("picture_score").items():
        if not row.extra:
            from skulens.registry import resolve

            score = resolve("picture_score", name)()
            assert isinstance(score, PictureScore) and score.name == name
            assert isinstance(score.score(THINGS[0]), float)


@pytest.mark.parametrize(
    "score", [Size(), Blur(), Clutter(), Text(), Watermark()], ids=lambda s: s.name
)
@pytest.mark.parametrize("size", [(2, 2), (3, 200), (200, 3), (9, 9), (2000, 11), (640, 480)])
def test_odd_sizes_and_flat_pictures(score, size):
    """A number or NaN, never an error."""
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    for picture in (PIL.Image.new("RGB", size, "white"), PIL.Image.fromarray(noise)):
        value = score.score(picture)
        assert isinstance(value, float) and (math.isnan(value) or value >= 0)


def test_blur_rises_with_blur():
    for picture in THINGS[:6]:
        values = [
            Blur().score(picture.filter(PIL.ImageFilter.GaussianBlur(r))) for r in (0, 1, 2, 4)
        ]
        assert values == sorted(values) and values[-1] > values[0] + 0.3
    assert math.isnan(Blur().score(PIL.Image.new("RGB", (64, 64), "red"))), "nothing to see"


def test_blur_does_not_depend_on_brightness_or_on_resolution():
    picture = THINGS[0].filter(PIL.ImageFilter.GaussianBlur(2))
    dim = picture.point(lambda level: level // 2)
    assert Blur().score(dim) == pytest.approx(Blur().score(picture), abs=0.03)
    large = picture.resize((1024, 1024), PIL.Image.Resampling.LANCZOS)
    assert Blur().score(large) == pytest.approx(Blur().score(picture), abs=0.02)


def test_clutter_looks_at_the_border_alone():
    busy = thing(1)
    noise = np.random.default_rng(2).integers(0, 256, (160, 160, 3), np.uint8)
    busy.paste(PIL.Image.fromarray(noise), (48, 48))
    assert Clutter().score(busy) == 0.0
    busy.paste(PIL.Image.fromarray(noise[:, :32]), (0, 48))
    assert Clutter().score(busy) > 0.1


def test_text_is_told_from_a_pattern():
    striped = PIL.Image.fromarray(
        np.tile(np.repeat([0, 255], 8).astype(np.uint8), (256, 16))
    ).convert("RGB")
    printed = degrade(THINGS[0], "text", 3, THINGS, 1)
    assert Text().score(striped) < 0.05 < Text().score(printed)


def test_watermark_says_nothing_without_a_plain_background():
    noise = np.random.default_rng(3).integers(0, 256, (200, 200, 3), np.uint8)
    assert math.isnan(Watermark().score(PIL.Image.fromarray(noise)))
    clean = [Watermark().score(t) for t in THINGS]
    marked = [
        Watermark().score(degrade(t, "watermark", i, THINGS, 1)) for i, t in enumerate(THINGS)
    ]
    assert np.nanmedian(marked) > np.nanmedian(clean)


def test_small_pictures_are_not_enlarged():
    assert reduce(thing(side=100), 256).size == (100, 100)
    assert max(reduce(thing(side=1000), 256).size) == 256


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_the_same_for_the_same_seed(fault):
    before = THINGS[2].tobytes()
    one, again = (degrade(THINGS[2], fault, 5, THINGS, 7) for _ in range(2))
    assert one.tobytes() == again.tobytes() and one.size == THINGS[2].size
    assert one.tobytes() != before == THINGS[2].tobytes(), "the picture itself stays"
    others = {degrade(THINGS[2], fault, n, THINGS, seed).tobytes() for n, seed in ((5, 8), (6, 7))}
    assert len(others | {one.tobytes()}) == 3


def test_limits():
    clean = np.array([*np.arange(100) / 100, np.nan])
    assert choose_limit(clean, higher_is_worse=True) == 0.95
    assert (clean > choose_limit(clean, True)).sum() <= 5
    assert (clean < choose_limit(clean, False)).sum() <= 5 and choose_limit(clean, False) == 0.04


def test_judged_on_the_other_half():
    """Counts worked by hand: the limit is that of the tuning half."""
    score = Blur()
    tuning = {("blur", f): np.arange(20.0) / 20 for f in ("", *FAULTS)}
    held_out = dict(tuning) | {
        ("blur", ""): np.array([0.1, 0.96, 0.97, np.nan]),
        ("blur", "blur"): np.array([0.96, 0.99, 0.5, 1.0]),
    }
    judged = {j.fault: j for j in judge(tuning, held_out, [score])}
    found = judged["blur"]
    assert found.limit == 0.95
    assert (found.recall.hits, found.recall.n) == (3, 4)
    assert (found.false_alarms.hits, found.false_alarms.n) == (2, 4)
    assert (found.precision.hits, found.precision.n) == (3, 5)
    low, high = found.recall.interval
    assert low == pytest.approx(0.194, abs=1e-3) and high == pytest.approx(0.994, abs=1e-3)
    assert judged["text"].recall.hits == 0 and str(found.recall).startswith(" 75.0 [19.4, 99.4]")
    assert found.as_dict()["precision"]["n"] == 5


def test_all_scores_of_all_faults():
    found = score_all(THINGS[:3], [Blur(), Size()], seed=1)
    assert set(found) == {(s, f) for s in ("blur", "size") for f in ("", *FAULTS)}
    assert all(len(v) == 3 for v in found.values())
    assert (found["blur", "blur"] > found["blur", ""]).all()


def test_one_picture_of_each_spu():
    import io

    def image(picture):
        data = io.BytesIO()
        picture.save(data, "PNG")
        return Image(data=data.getvalue())

    products = [
        Product("a1", images=(image(THINGS[0]), image(THINGS[1])), spu="a"),
        Product("a2", images=(image(THINGS[2]),), spu="a"),
        Product("b", images=(Image(data=b"no picture"),)), Product("c"),
        Product("d", images=(image(THINGS[3]),)),
    ]  # fmt: skip
    found = first_pictures(products)
    assert [p.tobytes() for p in found] == [THINGS[0].tobytes(), THINGS[3].tobytes()]
    assert len(first_pictures(products, 1)) == 1
    with pytest.raises(DataError, match="2 products with a picture"):
        check_enough(found, "shop")
