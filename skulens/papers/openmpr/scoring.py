"""OpenMPR's scoring, step by step, with its unsound parts: `paper` mode.

The paper's script (Maminta and Atienza 2026; released evaluation code) holds all features in
bfloat16. Under CUDA autocast it divides them by their float32 norm and rounds, multiplies the
image by 100 and rounds, multiplies with the texts into bfloat16; then, outside autocast, takes
softmax or sigmoid in bfloat16 and `torch.topk` of 5. One image at a time.

What that hides: a bfloat16 logit between 16 and 32 is a multiple of 0.125, so near-ties become
ties; sigmoid is exactly 1 from a logit of 6.25 upward (cosine 0.0625), so that whole catalogues
tie; and topk does not say which of equals comes first: it depends even on the k asked for. So
ties are counted and come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from skulens.errors import DataError
from skulens.papers.openmpr.ties import Ties

Activation = Literal["softmax", "sigmoid"]
DEPTH = 5
"""Candidates that the script asks `torch.topk` for."""


@dataclass(frozen=True, slots=True)
class PaperCandidates:
    """What the script would have seen."""

    order: np.ndarray
    """(images, min(5, texts)) int32, positions of texts as torch.topk gave them."""
    scores: np.ndarray
    """Same shape, float32 holding bfloat16 probabilities."""
    ties: Ties
    """Over all texts, not the first five alone."""


def paper_top_5(
    images: np.ndarray,
    texts: np.ndarray,
    activation: Activation,
    answers: Sequence[Sequence[int]],
) -> PaperCandidates:
    """Candidates of each image as OpenMPR ranks them, one image at a time.

    Args:
        images: (images, dim) as the model gives them: bfloat16 values held as float32, or float32
            where it normalises them itself under CUDA autocast (CoCa).
        texts: (texts, dim) likewise.
        activation: "sigmoid" for models whose name holds siglip, else "softmax".
        answers: positions of each image's right texts; they decide no order, only `ties`.

    Raises:
        DataError: shapes do not fit, or the activation is not usable.
    """
    if images.ndim != 2 or texts.ndim != 2 or images.shape[1] != texts.shape[1]:
        raise DataError(
            f"images and texts must be (n, dim) with one dim, got {images.shape} and {texts.shape}"
        )
    if activation not in ("softmax", "sigmoid"):
        raise DataError(f"unknown activation {activation!r}; take 'softmax' or 'sigmoid'")
    k = min(DEPTH, len(texts))
    order, scores = np.empty((len(images), k), np.int32), np.empty((len(images), k), np.float32)
    standing = np.zeros((len(images), 3), np.int64)
    with torch.inference_mode():
        columns = _normalise(texts).T  # (dim, texts)
        for i, right in enumerate(answers):
            probabilities = _probabilities(_normalise(images[i : i + 1]), columns, activation)
            top = torch.topk(probabilities, k=k)
            order[i], scores[i] = top.indices[0].numpy(), top.values[0].float().numpy()
            standing[i] = _stand(probabilities[0], right)
    return PaperCandidates(order, scores, Ties(*standing.T))


def _normalise(vectors: np.ndarray) -> torch.Tensor:
    """Features of norm about 1: autocast takes the norm in float32, the in-place division rounds
    to what the features are."""
    features = torch.from_numpy(np.array(vectors, np.float32))
    if torch.equal(features.bfloat16().float(), features):
        features = features.bfloat16()
    return features.div_(features.float().norm(dim=-1, keepdim=True))


def _probabilities(
    images: torch.Tensor, texts: torch.Tensor, activation: Activation
) -> torch.Tensor:
    """(images, texts) bfloat16; the image is multiplied by 100 before the product, as there."""
    logits = (100.0 * images).bfloat16() @ texts.bfloat16()  # autocast rounds what it multiplies
    return torch.sigmoid(logits) if activation == "sigmoid" else logits.softmax(dim=-1)


def _stand(probabilities: torch.Tensor, right: Sequence[int]) -> tuple[int, int, int]:
    """(ahead, alike, right) of one image, as `Ties` has them; probabilities are (texts,)."""
    if not len(right):
        return len(probabilities), 0, 0
    own = probabilities[list(right)]
    best = own.max()
    return (
        int((probabilities > best).sum()),
        int((probabilities == best).sum()),
        int((own == best).sum()),
    )
