"""Random changes to whole batches of pictures, a few tensor operations each.

One affine resampling does crop, stretch, flip and rotation, one 3 x 3 matrix per picture does
brightness, saturation and hue: 5 % of a training step at 112 px, where the usual per-picture
transforms cost more than the network.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from skulens.train.config import Augment

GREY = torch.tensor([0.299, 0.587, 0.114])
"""Luma weights of Rec. 601."""


def uniform(n: int, low: float, high: float, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng) * (high - low) + low


def augment(pictures: Tensor, px: int, how: Augment, rng: Generator) -> Tensor:
    """Randomly changed pictures.

    Args:
        pictures: (batch, side, side, 3) uint8.
        px: side of the result.
    Returns:
        (batch, 3, px, px) float32 in [0, 1], channels last in memory.
    """
    x = pictures.permute(0, 3, 1, 2).float().div_(255)  # (batch, 3, side, side), channels last
    x = F.grid_sample(x, grid(len(x), px, how, rng), padding_mode="reflection", align_corners=False)
    x = recolour(x, how, rng)
    return erase(x, how.erase, rng) if how.erase else x


def grid(n: int, px: int, how: Augment, rng: Generator) -> Tensor:
    """Source of each pixel of n random crops: (n, px, px, 2), -1..1 across the picture."""
    area = uniform(n, how.crop, 1, rng)
    stretch = torch.exp(uniform(n, -1, 1, rng) * math.log(how.aspect) / 2)
    half = torch.stack([area.sqrt() * stretch, area.sqrt() / stretch], 1)  # (n, 2) x, y
    half.clamp_(max=1)
    centre = (1 - half) * (torch.rand(n, 2, generator=rng) * 2 - 1)
    turn = uniform(n, -1, 1, rng) * math.radians(how.rotate)
    sign = torch.where(torch.rand(n, generator=rng) < how.flip, -1.0, 1.0)
    cos, sin = turn.cos(), turn.sin()
    theta = torch.stack(
        [
            torch.stack([half[:, 0] * cos * sign, -half[:, 0] * sin, centre[:, 0]], 1),
            torch.stack([half[:, 1] * sin * sign, half[:, 1] * cos, centre[:, 1]], 1),
        ],
        1,
    )
    return F.affine_grid(theta, [n, 3, px, px], align_corners=False)


def recolour(x: Tensor, how: Augment, rng: Generator) -> Tensor:
    """Brightness, saturation and hue as one matrix per picture, then contrast about the mean."""
    n = len(x)
    bright = 1 + uniform(n, -how.brightness, how.brightness, rng)
    contrast = 1 + uniform(n, -how.contrast, how.contrast, rng)
    colour = (1 + uniform(n, -how.saturation, how.saturation, rng))[:, None, None]
    grey = GREY.expand(3, 3)
    matrix = (colour * torch.eye(3) + (1 - colour) * grey) @ hue_turn(
        uniform(n, -how.hue, how.hue, rng)
    )
    matrix = matrix * (bright * contrast)[:, None, None]
    pixels = x.permute(0, 2, 3, 1).reshape(n, -1, 3)  # a view: channels are last in memory
    mean = pixels.mean(1) @ GREY * bright * (1 - contrast)
    y = torch.baddbmm(mean[:, None, None].expand(n, 1, 3), pixels, matrix.transpose(1, 2)).clamp_(
        0, 1
    )
    return y.view(n, *x.shape[2:], 3).permute(0, 3, 1, 2)


def hue_turn(turn: Tensor) -> Tensor:
    """Rotations of RGB space about the grey axis: (n, 3, 3); `turn` in full turns."""
    angle = turn * 2 * math.pi
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    axis = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return cos * torch.eye(3) + sin * cross + (1 - cos) * axis


def rectangle(px: int, area: float, rng: Generator) -> tuple[slice, slice]:
    """Rows and columns of a random square of `area` (share of the picture), cut at the border."""
    side = int(px * math.sqrt(area))
    y, x = torch.randint(px, (2,), generator=rng).tolist()
    low = max(y - side // 2, 0), max(x - side // 2, 0)
    return slice(low[0], min(y + (side + 1) // 2, px)), slice(low[1], min(x + (side + 1) // 2, px))


def erase(x: Tensor, probability: float, rng: Generator) -> Tensor:
    """Grey rectangles of 2 to 25 % of some pictures, in place."""
    for i in torch.nonzero(torch.rand(len(x), generator=rng) < probability).flatten().tolist():
        rows, columns = rectangle(x.shape[-1], float(uniform(1, 0.02, 0.25, rng)), rng)
        x[i, :, rows, columns] = 0.5
    return x


def mix(x: Tensor, targets: Tensor, how: Augment, rng: Generator) -> tuple[Tensor, Tensor]:
    """Cutmix (Yun et al. 2019) or mixup (Zhang et al. 2018) of a batch with a shuffle of itself.

    One share lambda ~ Beta(1, 1) per batch (cutmix) or Beta(0.4, 0.4) (mixup).

    Returns:
        Pictures and targets, the targets mixed by area or weight.
    """
    draw = float(torch.rand(1, generator=rng))
    if draw >= how.cutmix + how.mixup:
        return x, targets
    order = torch.randperm(len(x), generator=rng)
    if draw < how.cutmix:
        rows, columns = rectangle(x.shape[-1], float(torch.rand(1, generator=rng)), rng)
        share = (rows.stop - rows.start) * (columns.stop - columns.start) / x.shape[-1] ** 2
        patch = x[order][:, :, rows, columns]
        x[:, :, rows, columns] = patch
    else:
        share = beta(0.4, rng)
        x = x.lerp(x[order], share)
    return x, targets.lerp(targets[order], share)


def beta(a: float, rng: Generator) -> float:
    """Draw from Beta(a, a), a <= 1, by Johnk's method; our own generator makes runs repeat."""
    while True:
        u, v = (torch.rand(2, generator=rng, dtype=torch.float64) ** (1 / a)).tolist()
        if 0 < u + v <= 1:
            return u / (u + v)
