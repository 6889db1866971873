"""Batch augmentation: nothing asked, nothing changed; each change is the one it says."""

import math

import pytest
import torch

from skulens.train.augment import augment, beta, hue_turn, mix, recolour
from skulens.train.config import Augment

STILL = Augment(crop=1, aspect=1, flip=0, rotate=0, brightness=0, contrast=0, saturation=0, hue=0)


def with_(**changes):
    from dataclasses import replace

    return replace(STILL, **changes)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=3, side=16):
    return torch.randint(0, 256, (n, side, side, 3), dtype=torch.uint8, generator=rng())


def test_nothing_asked_nothing_changed():
    raw = pictures()
    out = augment(raw, 16, STILL, rng())
    torch.testing.assert_close(out, raw.permute(0, 3, 1, 2).float() / 255, atol=1e-5, rtol=0)


def test_flip_mirrors_left_to_right():
    raw = pictures()
    out = augment(raw, 16, with_(flip=1), rng())
    torch.testing.assert_close(
        out, (raw.permute(0, 3, 1, 2).float() / 255).flip(3), atol=1e-5, rtol=0
    )


def test_a_quarter_turn_is_one():
    how, raw = with_(rotate=90), pictures(1)
    grid_at_the_limit = augment(raw, 16, how, rng(0))
    assert grid_at_the_limit.shape == (1, 3, 16, 16)
    from skulens.train import augment as module

    theta = module.grid(200, 4, with_(rotate=180), rng(1))
    corner = theta[:, 0, 0]  # the top left corner goes around a circle
    radius = corner.norm(dim=-1)
    torch.testing.assert_close(
        radius, torch.full_like(radius, 0.75 * math.sqrt(2)), atol=1e-5, rtol=0
    )


def test_crops_stay_inside_and_have_their_area():
    from skulens.train import augment as module

    grid = module.grid(500, 8, with_(crop=0.3, aspect=1.5), rng())
    assert grid.abs().max() <= 1
    width, height = (
        (grid[:, :, -1, 0] - grid[:, :, 0, 0])[:, 0],
        (grid[:, -1, :, 1] - grid[:, 0, :, 1])[:, 0],
    )
    area = width * height / (1.75**2)
    assert area.min() > 0.24 and area.max() <= 1.0 + 1e-5
    assert area.std() > 0.1


def test_same_generator_same_pictures():
    how = Augment(erase=0.5)
    first, again, other = (augment(pictures(), 12, how, rng(s)) for s in (5, 5, 6))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_hue_turn_by_a_third_swaps_channels():
    turn = hue_turn(torch.tensor([1 / 3]))[0]
    torch.testing.assert_close(
        turn @ torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0]), atol=1e-5, rtol=0
    )


def test_no_saturation_is_grey():
    """The matrix of saturation 0 gives luma in every channel."""
    x = torch.rand(4, 3, 5, 5, generator=rng())
    grey = recolour(x, with_(saturation=0.999), rng(3))
    spread = (grey.amax(1) - grey.amin(1)).mean((1, 2))
    assert spread.min() < (x.amax(1) - x.amin(1)).mean()


@pytest.mark.parametrize("kind", ["cutmix", "mixup"])
def test_mixing_moves_targets_as_much_as_pixels(kind):
    """Pictures are flat, so the mean of a mixed one says how much of the other it got."""
    values = torch.arange(6).float()
    x = values[:, None, None, None].expand(6, 3, 20, 20).clone()
    mixed, targets = mix(x, torch.eye(6), with_(**{kind: 1.0}), rng(2))
    torch.testing.assert_close(targets.sum(1), torch.ones(6))
    torch.testing.assert_close(mixed.mean((1, 2, 3)), targets @ values, atol=1e-4, rtol=1e-4)
    assert not torch.equal(targets, torch.eye(6))


def test_beta_draws_have_the_right_mean_and_spread():
    a, r = 0.4, rng()
    draws = torch.tensor([beta(a, r) for _ in range(3000)])
    assert draws.mean() == pytest.approx(0.5, abs=0.03)
    assert draws.var() == pytest.approx(1 / (4 * (2 * a + 1)), abs=0.01)
