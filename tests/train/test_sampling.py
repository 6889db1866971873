"""Batches and texts: complete, balanced, and drawn from (seed, epoch) alone."""

import numpy as np
import pytest
import torch

from skulens.train.config import RecipeError
from skulens.train.sampling import Mixture, TextBank, batches, generator, leave_out, pick_products

OWNERS = np.array([0] * 40 + [1] * 5 + [2] * 5)


def test_every_picture_once_when_nothing_is_balanced():
    drawn = np.concatenate(list(batches(OWNERS, 10, 0.0, generator(0, 1))))
    assert sorted(drawn) == list(range(50))


def test_a_rest_is_left_out_and_a_small_set_is_one_batch():
    assert [len(b) for b in batches(OWNERS, 20, 0.0, generator(0))] == [20, 20]
    assert [len(b) for b in batches(OWNERS, 500, 0.0, generator(0))] == [50]


def test_balanced_products_are_shown_equally_often():
    drawn = np.concatenate(
        [b for e in range(60) for b in batches(OWNERS, 10, 1.0, generator(0, e))]
    )
    share = np.bincount(OWNERS[drawn]) / len(drawn)
    assert share == pytest.approx([1 / 3] * 3, abs=0.04)


def test_generators_differ_by_seed_and_epoch_only():
    keys = [(0, 1), (0, 2), (1, 1), (1, 2)]
    draws = {k: tuple(torch.rand(3, generator=generator(*k)).tolist()) for k in keys}
    assert len(set(draws.values())) == 4
    assert draws[0, 1] == tuple(torch.rand(3, generator=generator(0, 1)).tolist())


def test_distinct_products_and_extra_negatives():
    products, position = pick_products(np.array([7, 2, 7, 4]), 10, 3, generator(0))
    assert products[:3].tolist() == [2, 4, 7] and position.tolist() == [2, 0, 2, 1]
    assert len(set(products.tolist())) == 6
    assert len(pick_products(np.array([0, 1]), 3, 99, generator(0))[0]) == 3


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
            assert (
                kept[-1] == 999
                and kept[:-1] == sorted(kept[:-1])
                and set(kept) <= set(before.tolist())
            )
            assert (after[len(kept) :] == 0).all()
        seen.add(int((out[0] != 0).sum()))
    assert seen == {1, 2, 3, 4, 5}


# Several sources.

SOURCES = ["shop"] * 2 + ["photos"] * 3
"""Of five products; the shop's two have 40 pictures, the other three 4 each."""
BY_TWO = np.repeat(np.arange(5), [20, 20, 4, 4, 4])


def test_without_weights_several_sources_are_drawn_as_one():
    """The order is the one that a run of one catalogue always had."""
    one = list(batches(BY_TWO, 10, 0.0, generator(0, 1)))
    several = list(batches(BY_TWO, 10, 0.0, generator(0, 1), Mixture.of(SOURCES, BY_TWO, {})))
    assert np.array_equal(one, several)
    plain = torch.randperm(52, generator=generator(0, 1)).numpy()[:50].reshape(5, 10)
    assert np.array_equal(one, plain)


def test_every_batch_holds_the_shares():
    mixture = Mixture.of(SOURCES, BY_TWO, {"photos": 2, "shop": 1})
    drawn = list(batches(BY_TWO, 10, 0.0, generator(0, 1), mixture))
    assert len(drawn) == 5 and all((BY_TWO[b] >= 2).sum() == 7 for b in drawn)
    photos = np.concatenate([b[BY_TWO[b] >= 2] for b in drawn])
    assert set(np.bincount(photos)[40:]) == {
        2,
        3,
    }  # 35 draws of 12: each twice before any a third time
    shop = np.concatenate([b[BY_TWO[b] < 2] for b in drawn])
    assert len(set(shop)) == len(shop) == 15


def test_shares_are_whole_numbers_that_add_up():
    mixture = Mixture([], [], np.array([0.5, 0.3, 0.2]))
    assert (
        mixture.counts(10) == [5, 3, 2]
        and mixture.counts(7) == [4, 2, 1]
        and mixture.counts(0) == [0, 0, 0]
    )


def test_balance_holds_within_a_source():
    owners = np.repeat(np.arange(3), [50, 5, 45])
    mixture = Mixture.of(["a", "a", "b"], owners, {"a": 1, "b": 1})
    drawn = np.concatenate(
        [b for e in range(40) for b in batches(owners, 20, 1.0, generator(0, e), mixture)]
    )
    assert np.bincount(owners[drawn]) / len(drawn) == pytest.approx([0.25, 0.25, 0.5], abs=0.03)


def test_extra_texts_come_from_every_source():
    mixture = Mixture.of(SOURCES, BY_TWO, {"shop": 1, "photos": 1})
    products, _ = pick_products(np.array([0, 2]), 5, 2, generator(0), mixture)
    assert products[:2].tolist() == [0, 2] and products[2] == 1 and products[3] in (3, 4)


def test_a_recipe_of_two_sources_serves_each_alone_and_an_unknown_one_is_refused():
    alone = Mixture.of(["shop"] * 2, BY_TWO[:40], {"shop": 1, "photos": 3})
    assert alone.shares.tolist() == [1.0] and len(alone.pictures[0]) == 40
    with pytest.raises(RecipeError, match="weights to shop, and none to 'photos'"):
        Mixture.of(SOURCES, BY_TWO, {"shop": 1})


def test_joined_roles_are_one_text_where_a_product_has_both():
    texts = [{"title": "Mug.", "caption": "a red mug."}, {"title": "Cup"}]
    seen = []
    TextBank.of(
        texts,
        {"caption+title": 1.0, "title": 1.0},
        lambda chosen: seen.extend(chosen) or np.zeros((len(chosen), 2)),
    )
    assert seen == ["Mug.", "a red mug. Mug", "Cup"]
