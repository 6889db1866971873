"""What a run says of itself: ranks, intervals, probes."""

import numpy as np
import pytest
import torch

from skulens.errors import DataError
from skulens.records import DatasetInfo
from skulens.train.measure import Probes, interval, ranks_of, shown
from tests.train.conftest import Squares


def test_ranks_by_hand_and_a_tie_goes_to_the_larger_id():
    """As skulens.records.Run orders: of "b" and "c" with equal scores, "c" comes first."""
    gallery, ids = torch.eye(3), ["c", "b", "a"]
    queries = torch.tensor([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.5, 0.5, 0.0]])
    assert ranks_of(queries, gallery, np.array([0, 2, 0]), ids).tolist() == [1, 3, 1]
    assert ranks_of(queries, gallery, np.array([1, 2, 1]), ids).tolist() == [2, 3, 2]


def test_intervals_resample_whole_products():
    """Two products, one always found, one never: the interval is everything, however many photos."""
    hits = np.array([True] * 100 + [False] * 100)
    found = interval(hits, np.repeat([7, 9], 100))
    assert (found["value"], found["low"], found["high"]) == (0.5, 0.0, 1.0)
    assert shown(found) == "0.500 (0.000 to 1.000)"


def test_one_product_has_no_interval():
    assert (
        shown(interval(np.array([True, False]), np.array([3, 3])))
        == "0.500 (interval unknown: one product)"
    )


def test_probes_of_a_split_look_for_the_gallery_text():
    probes = Probes.of(Squares(), "val")
    assert len(probes.photos) == 16 and probes.texts[0] == "a red thing"
    assert [probes.products[o] for o in probes.owners[:4]] == ["red"] * 4
    assert all(image.view == "iconic" for image in probes.iconic)


def test_without_splits_the_catalogue_pictures_are_the_probes():
    shop = Squares()
    shop.info = DatasetInfo("squares", "Squares")
    probes = Probes.of(shop, "test")
    assert len(probes.photos) == 4 and probes.iconic == [None] * 4


def test_no_photos_is_said():
    with pytest.raises(DataError, match="no photos in split 'val'"):
        Probes.of(Squares(photos=0), "val")
