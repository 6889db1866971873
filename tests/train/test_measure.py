"""What a run says of itself: hit rates on held-out photos, and their intervals."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from skulens.errors import DataError
from skulens.evaluate.intervals import Grouped, intervals
from skulens.records import DatasetInfo, Image
from skulens.train.measure import Evaluator, HeldOutPhotos, format_metric
from tests.train.conftest import Squares


@dataclass
class Fixed:
    """A model whose vectors are given: pictures are vectors already, token i is text i."""

    texts: torch.Tensor

    def encode_image(self, x):
        return x

    def encode_text(self, tokens):
        return self.texts[tokens[:, 0]]


def evaluator_of(photos, owners, products, iconic=None) -> Evaluator:
    """Photos are vectors; `iconic` gives a product's picture as a vector, None for none."""
    vectors = [np.asarray(v, np.float32) for v in photos]
    shown = [v for v in iconic or () if v is not None]
    blanks = [Image(data=b"x") for _ in photos]
    pictures = [
        Image(data=b"y") if v is not None else None for v in iconic or [None] * len(products)
    ]
    held_out = HeldOutPhotos(
        blanks, np.array(owners), list(products), [""] * len(products), pictures
    )

    def prepare(images):
        rows = vectors if images and images[0].data == b"x" else shown
        return np.stack(rows)[:, None].astype(np.float32)

    return Evaluator(held_out, prepare, torch.arange(len(products))[:, None])


def test_a_tie_goes_to_the_larger_id():
    """As skulens.records.Run orders: of "b" and "c" with equal scores, "c" comes first."""
    photos = [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.5, 0.5, 0.0]]
    model = Fixed(torch.eye(3))
    first = evaluator_of(photos, [0, 2, 0], "cba").quick(model)
    assert first == {"val_hit_rate@1": pytest.approx(2 / 3), "val_hit_rate@5": 1.0}
    assert evaluator_of(photos, [1, 2, 1], "cba").quick(model)["val_hit_rate@1"] == 0


def test_hit_rates_are_those_of_sorting_all_scores():
    rng = np.random.default_rng(0)
    texts, owners = rng.normal(size=(30, 8)), rng.integers(0, 30, 200)
    photos = texts[owners] + rng.normal(size=(200, 8))
    products = [f"p{i:02}" for i in range(30)]
    cosines = (photos @ texts.T) / np.linalg.norm(texts, axis=1)
    ranks = (cosines > cosines[np.arange(200), owners][:, None]).sum(1) + 1
    evaluator, model = evaluator_of(photos, owners, products), Fixed(torch.from_numpy(texts))
    found = evaluator.full(model)["text"]
    assert (found["n_queries"], found["n_gallery"]) == (200, 30)
    for k in (1, 5):
        expected = pytest.approx((ranks <= k).mean())
        assert found["metrics"][f"hit_rate@{k}"]["value"] == expected
        assert evaluator.quick(model)[f"val_hit_rate@{k}"] == expected


def test_intervals_resample_whole_products():
    """One product always found, one never: the interval is [0, 1], however many photos."""
    evaluator = evaluator_of([[1.0, 0.0]] * 200, [0] * 100 + [1] * 100, "ab")
    found = evaluator.full(Fixed(torch.eye(2)))["text"]["metrics"]["hit_rate@1"]
    assert (found["value"], found["low"], found["high"]) == (0.5, 0.0, 1.0)
    assert found["n"] == 200 and format_metric(found) == "0.500 (0.000 to 1.000)"


def test_one_product_has_no_interval():
    evaluator = evaluator_of([[1.0, 0.0], [0.0, 1.0]], [0, 0], "ab")
    found = evaluator.full(Fixed(torch.eye(2)))["text"]["metrics"]["hit_rate@1"]
    assert format_metric(found) == "0.500 (interval unknown: one product)"


def test_the_gallery_of_pictures_holds_products_with_a_picture():
    """Of three products "b" has none: its photo is not asked, the others find their own picture."""
    photos, iconic = [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]], [[1.0, 0, 0], None, [0, 0.1, 1.0]]
    found = evaluator_of(photos, [0, 1, 2], "abc", iconic).full(Fixed(torch.eye(3)))
    assert found["text"]["n_queries"] == found["text"]["n_gallery"] == 3
    assert found["image"]["n_queries"] == found["image"]["n_gallery"] == 2
    assert found["image"]["metrics"]["hit_rate@1"]["value"] == 1


def test_a_photo_stays_with_its_product_where_an_earlier_one_has_no_picture():
    """ "a" has none; the 3 photos of "b" find it, the 2 of "c" show "b": one SKU right, one wrong."""
    photos, iconic = [[1.0, 0, 0], *[[0, 1.0, 0]] * 5], [None, [0, 1.0, 0], [0, 0, 1.0]]
    evaluator = evaluator_of(photos, [0, 1, 1, 1, 2, 2], "abc", iconic)
    found = evaluator.full(Fixed(torch.eye(3)))["image"]["metrics"]["hit_rate@1"]
    [expected] = intervals(Grouped(np.array([[3.0], [0.0]]), np.array([[3.0], [2.0]])).micro())
    assert found == expected.as_dict() and (found["value"], found["groups"]) == (0.6, 2)


def test_a_model_that_diverged_has_no_hit_rate():
    """NaN compares as neither larger nor smaller, and would rank every product first."""
    evaluator = evaluator_of([[1.0, 0.0]], [0], "ab")
    with pytest.raises(DataError, match="training has diverged"):
        evaluator.quick(Fixed(torch.full((2, 2), float("nan"))))


def test_photos_of_a_split_look_for_the_gallery_text():
    held_out = HeldOutPhotos.of(Squares(), "val")
    assert len(held_out.photos) == 16 and held_out.texts[0] == "a red thing"
    assert [held_out.products[o] for o in held_out.owners[:4]] == ["red"] * 4
    assert all(image.view == "iconic" for image in held_out.iconic)


def test_without_splits_the_catalogue_pictures_are_the_photos():
    shop = Squares()
    shop.info = DatasetInfo("squares", "Squares")
    held_out = HeldOutPhotos.of(shop, "test")
    assert len(held_out.photos) == 4 and held_out.iconic == [None] * 4


def test_no_photos_is_said():
    with pytest.raises(DataError, match="no photos in split 'val'"):
        HeldOutPhotos.of(Squares(photos=0), "val")
