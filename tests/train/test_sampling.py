"""Batches and texts: complete, balanced, and drawn from (seed, epoch) alone."""

import numpy as np
import pytest
import torch

from skulens.train.config import RecipeError
from skulens.train.sampling import TextBank, batches, distinct, generator, leave_out

OWNERS = np.array([0] * 40 + [1] * 5 + [2] * 5)


def test_every_picture_once_when_nothing_is_balanced():
    drawn = np.concatenate(list(batches(OWNERS, 10, 0.0, generator(0, 1))))
    assert sorted(drawn) == list(range(50))


def test_a_rest_is_left_out_and_a_small_set_is_one_batch():
    assert [len(b) for b in batches(OWNERS, 20, 0.0, generator(0))] == [20, 20]
    assert [len(b) for b in batches(OWNERS, 500, 0.0, generator(0))] == [50]


def test_balanced_products_are_shown_equally_often():
    drawn = np.concatenate([b for e in range(60) for b in batches(OWNERS, 10, 1.0, generator(0, e))])
    share = np.bincount(OWNERS[drawn]) / len(drawn)
    assert share == pytest.approx([1 / 3] * 3, abs=0.04)


def test_generators_differ_by_seed_and_epoch_only():
    keys = [(0, 1), (0, 2), (1, 1), (1, 2)]
    draws = {k: tuple(torch.rand(3, generator=generator(*k)).tolist()) for k in keys}
    assert len(set(draws.values())) == 4
    assert draws[0, 1] == tuple(torch.rand(3, generator=generator(0, 1)).tolist())


def test_distinct_products_and_extra_negatives():
    products, position = distinct(np.array([7, 2, 7, 4]), 10, 3, generator(0))
    assert products[:3].tolist() == [2, 4, 7] and position.tolist() == [2, 0, 2, 1]
    assert len(set(products.tolist())) == 6
    assert len(distinct(np.array([0, 1]), 3, 99, generator(0))[0]) == 3


def bank(roles, texts=None):
    texts = texts or [{"title": "a", "description": "b"}, {"title": "c"}]
    return TextBank.of(texts, roles, lambda chosen: np.array([[ord(t), 999] for t in chosen]))


def test_texts_are_drawn_by_weight():
    drawn = [
        bank({"title": 1.0, "description": 3.0}).draw(np.array([0]), 0, generator(s))[0, 0].item()
        for s in range(400)
    ]
    assert drawn.count(ord("b")) / 400 == pytest.approx(0.75, abs=0.07)


def test_a_product_without_the_role_gives_what_it_has():
    assert bank({"description": 1.0}).draw(np.array([0, 1]), 0, generator(0))[:, 0].tolist() == [
        ord("b"),
        ord("c"),
    ]


def test_roles_nobody_has_are_refused():
    with pytest.raises(RecipeError, match="no product has one; they have description, title"):
        bank({"caption": 1.0})


def test_left_out_tokens_keep_order_and_the_end():
    tokens = torch.tensor([[5, 6, 7, 8, 999, 0], [5, 999, 0, 0, 0, 0]])
    seen = set()
    for seed in range(50):
        out = leave_out(tokens, 0.5, generator(seed))
        for before, after in zip(tokens, out, strict=True):
            kept = after[after != 0].tolist()
            assert kept[-1] == 999 and kept[:-1] == sorted(kept[:-1]) and set(kept) <= set(before.tolist())
            assert (after[len(kept) :] == 0).all()
        seen.add(int((out[0] != 0).sum()))
    assert seen == {1, 2, 3, 4, 5}
