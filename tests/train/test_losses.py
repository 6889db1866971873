"""The losses against open_clip's and against loops that spell out the sums."""

import math

import pytest
import torch
import torch.nn.functional as F
from open_clip.loss import ClipLoss, SigLipLoss

from skulens.train.losses import infonce, pair_targets, siglip


def unit(*shape, seed=0):
    return F.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


SCALE, BIAS = torch.tensor(14.0), torch.tensor(-10.0)


def test_infonce_of_distinct_products_is_the_published_loss():
    images, texts = unit(9, 16), unit(9, 16, seed=1)
    ours = infonce(images, texts, torch.eye(9), SCALE)
    torch.testing.assert_close(ours, ClipLoss()(images, texts, SCALE))


def test_siglip_of_distinct_products_is_the_published_loss():
    images, texts = unit(9, 16), unit(9, 16, seed=1)
    ours = siglip(images, texts, torch.eye(9), SCALE, BIAS)
    torch.testing.assert_close(ours, SigLipLoss()(images, texts, SCALE, BIAS))


def test_gradients_match_the_published_loss():
    texts = unit(6, 8, seed=1)
    a, b = (unit(6, 8).requires_grad_() for _ in range(2))
    infonce(a, texts, torch.eye(6), SCALE).backward()
    ClipLoss()(b, texts, SCALE).backward()
    torch.testing.assert_close(a.grad, b.grad)


def test_infonce_with_several_photos_of_a_product_by_hand():
    images, texts = unit(4, 8), unit(3, 8, seed=1)
    owner = [0, 0, 1, 1]  # product 2 has no photo: only a negative
    z = (SCALE * images @ texts.T).tolist()
    forward = (
        -sum(z[i][o] - math.log(sum(math.exp(v) for v in z[i])) for i, o in enumerate(owner)) / 4
    )
    back = 0.0
    for text in (0, 1):
        total = math.log(sum(math.exp(z[i][text]) for i in range(4)))
        own = [z[i][text] - total for i, o in enumerate(owner) if o == text]
        back -= sum(own) / len(own) / 2
    ours = infonce(images, texts, pair_targets(torch.tensor(owner), 3), SCALE)
    assert float(ours) == pytest.approx((forward + back) / 2, rel=1e-5)


def test_second_photo_of_a_product_is_no_negative():
    """Aligned: log 2 / 4 is left, as two photos share a target; repeated texts cost 2/3 log 2."""
    texts = torch.eye(2, 8)
    images = texts[[0, 0, 1]]
    loss = infonce(images, texts, pair_targets(torch.tensor([0, 0, 1]), 2), torch.tensor(100.0))
    repeated = ClipLoss()(images, images, torch.tensor(100.0))
    assert float(loss) == pytest.approx(math.log(2) / 4, abs=1e-4)
    assert float(repeated) == pytest.approx(2 / 3 * math.log(2), abs=1e-4)


def test_siglip_with_several_photos_by_hand():
    images, texts, owner = unit(3, 8), unit(2, 8, seed=1), [0, 0, 1]
    z = (SCALE * images @ texts.T + BIAS).tolist()
    total = sum(
        math.log1p(math.exp(-v if o == t else v))
        for o, row in zip(owner, z, strict=True)
        for t, v in enumerate(row)
    )
    ours = siglip(images, texts, pair_targets(torch.tensor(owner), 2), SCALE, BIAS)
    assert float(ours) == pytest.approx(total / 3, rel=1e-5)


def test_mixed_targets_weigh_both_products():
    """Cross-entropy is linear in the target, so a mixed row is the mean of its two parts."""
    images, texts = unit(1, 8), unit(2, 8, seed=1)
    z = (SCALE * images @ texts.T)[0]
    mixed = F.cross_entropy(z[None], torch.tensor([[0.3, 0.7]]))
    parts = 0.3 * F.cross_entropy(z[None], torch.tensor([0])) + 0.7 * F.cross_entropy(
        z[None], torch.tensor([1])
    )
    torch.testing.assert_close(mixed, parts)
    ours = infonce(images, texts, torch.tensor([[0.3, 0.7]]), SCALE)
    torch.testing.assert_close(ours, parts / 2)  # one picture: the way back costs nothing
