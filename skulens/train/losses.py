"""Contrastive losses over pictures and the distinct texts of a batch.

A batch may hold several photos of one product. Its texts are therefore kept once each, and
who belongs to whom is a target matrix (pictures, texts) whose rows sum to one: one-hot as a
rule, mixed after cutmix or mixup. Were the texts repeated per photo instead, every second
photo of a product would count its own text as a negative. With one photo per product both
losses are exactly the published ones.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def infonce(
    images: Tensor, texts: Tensor, targets: Tensor, scale: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Symmetric InfoNCE, OpenMPR Eq. 1-3: mean cross-entropy of both directions.

    Args:
        images: (pictures, dim), unit length.
        texts: (texts, dim), unit length, one row per distinct product.
        targets: (pictures, texts), rows sum to 1. A text without a picture (all zero column) is a
            negative of every picture and has no text-to-picture term.
        scale: 1 / tau.
        smoothing: share of each target spread evenly.
    Returns:
        Scalar, nats.
    """
    logits = scale * images @ texts.T  # (pictures, texts)
    paired = targets.sum(0) > 0
    back = logits.T[paired]
    # Each text's pictures share one unit of target.
    owners = F.normalize(targets.T[paired], p=1, dim=1)
    forward = F.cross_entropy(logits, targets, label_smoothing=smoothing)
    return (forward + F.cross_entropy(back, owners, label_smoothing=smoothing)) / 2


def siglip(
    images: Tensor,
    texts: Tensor,
    targets: Tensor,
    scale: Tensor,
    bias: Tensor,
    smoothing: float = 0.0,
) -> Tensor:
    """Pairwise sigmoid loss, Zhai et al. 2023, Alg. 1: every (picture, text) is a yes/no question.

    A mixed target t in (0, 1) weighs both answers. Arguments as `infonce`; `bias` is the learnable
    offset of the logits. Sum over texts, mean over pictures.
    """
    logits = scale * images @ texts.T + bias
    soft = targets * (1 - smoothing)
    loss = F.binary_cross_entropy_with_logits(logits, soft, reduction="sum")
    return loss / len(images)


def pair_targets(owner: Tensor, n_texts: int) -> Tensor:
    """One-hot targets (pictures, n_texts) from each picture's text position."""
    return F.one_hot(owner, n_texts).to(torch.float32)
