"""OpenMPR's scoring, step by step, with its unsound parts: `paper` mode.

The paper's script (Maminta and Atienza 2026; released evaluation code) holds all features in
bfloat16. Under CUDA autocast it divides them by their float32 norm and rounds, multiplies the
image by 100 and rounds, multiplies with the texts into bfloat16; then, outside autocast, takes
softmax or sigmoid in bfloat16 and `torch.topk`. One image at a time.

What that hides: a bfloat16 logit between 16 and 32 is a multiple of 0.125, so near-ties become
ties; sigmoid is exactly 1 from a logit of 6.25 upward (cosine 0.0625), so that whole catalogues
tie; and topk does not say which of equals comes first. So ties are counted and come back.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from skulens.errors import DataError

Activation = Literal["softmax", "sigmoid"]


@dataclass(frozen=True, slots=True)
class PaperCandidates:
    """What the script would have seen."""

    order: np.ndarray
    """(images, min(k, texts)) int32, positions of texts as torch.topk gave them."""
    scores: np.ndarray
    """Same shape, float32 holding bfloat16 probabilities."""
    ties: np.ndarray
    """(images,) int64: other texts that share the probability of the first candidate."""


def paper_top_k(
    images: np.ndarray, texts: np.ndarray, activation: Activation, k: int
) -> PaperCandidates:
    """Candidates of each image as OpenMPR ranks them, one image at a time.

    Args:
        images: (images, dim) not normalised, bfloat16 values held as float32.
        texts: (texts, dim) likewise.
        activation: "sigmoid" for models whose name holds siglip, else "softmax".
        k: candidates per image.

    Raises:
        DataError: shapes do not fit, or k or the activation is not usable.
    """
    if images.ndim != 2 or texts.ndim != 2 or images.shape[1] != texts.shape[1]:
        raise DataError(
            f"images and texts must be (n, dim) with one dim, got {images.shape} and {texts.shape}"
        )
    if activation not in ("softmax", "sigmoid"):
        raise DataError(f"unknown activation {activation!r}; take 'softmax' or 'sigmoid'")
    if k < 1:
        raise DataError(f"paper_top_k needs k of at least 1, got {k}")
    k = min(k, len(texts))
    parts = []
    with torch.inference_mode():
        columns = _normalise(texts).T  # (dim, texts)
        for rows in torch.split(_normalise(images), 1):
            parts.append(_candidates(_probabilities(rows, columns, activation), k))
    empty = np.empty((0, k), np.int32), np.empty((0, k), np.float32), np.empty(0, np.int64)
    return PaperCandidates(*(np.concatenate(p) for p in zip(empty, *parts, strict=True)))


def _normalise(vectors: np.ndarray) -> torch.Tensor:
    """bfloat16, norm about 1: autocast takes the norm in float32, the in-place division rounds."""
    rounded = torch.from_numpy(np.array(vectors, np.float32)).bfloat16()
    return rounded.div_(rounded.float().norm(dim=-1, keepdim=True))


def _probabilities(
    images: torch.Tensor, texts: torch.Tensor, activation: Activation
) -> torch.Tensor:
    """(images, texts) bfloat16; the image is multiplied by 100 before the product, as there."""
    logits = (100.0 * images) @ texts
    return torch.sigmoid(logits) if activation == "sigmoid" else logits.softmax(dim=-1)


def _candidates(probabilities: torch.Tensor, k: int) -> tuple[np.ndarray, ...]:
    """(order, scores, ties) of a few images."""
    top = torch.topk(probabilities, k=k)
    ties = (probabilities == top.values[:, :1]).sum(dim=1) - 1
    return top.indices.int().numpy(), top.values.float().numpy(), ties.numpy()
