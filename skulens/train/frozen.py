"""Training onto a frozen image encoder: its vectors of a few views per picture, computed once.

The vision tower is then one linear projection of those vectors, so that a run takes minutes;
it shows how far a pretrained picture encoder and a small text tower go. The views are what the
augmentation would have shown; the first one is the plain picture, the only one used to measure.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import torch

from skulens.encode import OpenedEncoder, open_encoder
from skulens.errors import EncoderError
from skulens.progress import Bar
from skulens.records import Image, chunks
from skulens.train.augment import augment
from skulens.train.config import Contrastive
from skulens.train.pairs import decode_all
from skulens.train.sampling import generator

if TYPE_CHECKING:
    import open_clip

SIDE_PX = 256
"""Side of the square pictures from which random views are cut, pixels."""


class Projection(torch.nn.Module):
    """The vision tower of a frozen run: centred, scaled vectors, dropout, one linear map."""

    def __init__(self, dim: int, embed_dim: int, drop: float):
        super().__init__()
        self.mean: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("spread", torch.ones(dim))
        self.drop = torch.nn.Dropout(drop)
        self.linear = torch.nn.Linear(dim, embed_dim)

    def centre(self, vectors: np.ndarray) -> None:
        """Take mean and spread from training vectors (pictures, views, dim)."""
        flat = vectors.reshape(-1, vectors.shape[-1])
        self.mean.copy_(torch.from_numpy(flat.mean(0)))
        self.spread.copy_(torch.from_numpy(flat.std(0) + 1e-6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(self.drop((x - self.mean) / self.spread))


def attach(model: "open_clip.CLIP", vectors: np.ndarray, config: Contrastive) -> None:
    """Replace the vision tower by a projection of frozen vectors (pictures, views, dim)."""
    projection = Projection(vectors.shape[-1], config.towers.embed_dim, config.frozen_drop)
    projection.centre(vectors)
    model.visual = projection


def open_frozen(name: str) -> OpenedEncoder:
    """The frozen encoder. Raises EncoderError where it does not read pictures."""
    encoder = open_encoder(name)
    if "image" not in encoder.info.modalities:
        raise EncoderError(
            f"frozen_image {name!r} reads {', '.join(encoder.info.modalities)}, expected pictures"
        )
    return encoder


def plain_vectors(encoder: OpenedEncoder) -> Callable[[Sequence[Image]], np.ndarray]:
    """Make an Evaluator's `prepare`: pictures -> (pictures, 1, dim) vectors of the plain view."""
    from skulens.pictures import load

    def prepare(images: Sequence[Image]) -> np.ndarray:
        rows = []
        for part in Bar(
            list(chunks(list(images), 32)), desc="frozen vectors", unit=" batches", delay=2
        ):
            batch = [encoder.prepare_image(load(image)) for image in part]
            rows.append(encoder.encode_batch("image", batch))
        return np.concatenate(rows)[:, None].astype(np.float32)

    return prepare


def view_vectors(
    encoder: OpenedEncoder, images: Sequence[Image], config: Contrastive, where: Path
) -> np.ndarray:
    """(pictures, frozen_views, dim) float32; kept in `where` beside the run and found again.

    The views do not depend on the run's seed, so that runs may share the file.

    Raises:
        PictureError, OSError: a picture that `decode_all` let pass has changed since.
    """
    key = f"{encoder.info.identity} {config.frozen_views} {len(images)} {config.augment}"
    named = where.with_suffix(".key")
    if where.is_file() and named.is_file() and named.read_text("utf-8") == key:
        return np.load(where, allow_pickle=False)
    views = [plain_vectors(encoder)(images)]
    stored, _, _ = decode_all(images, SIDE_PX, "shortest")
    for view in range(1, config.frozen_views):
        views.append(changed_vectors(encoder, stored, config, generator(view)))
    vectors = np.concatenate(views, 1)  # (pictures, views, dim)
    np.save(where, vectors, allow_pickle=False)
    named.write_text(key, "utf-8")
    return vectors


def changed_vectors(
    encoder: OpenedEncoder, stored: np.ndarray, config: Contrastive, rng: torch.Generator
) -> np.ndarray:
    """Vectors of one random view of each stored picture: (pictures, 1, dim)."""
    rows = []
    for start in Bar(range(0, len(stored), 32), desc="frozen view", unit=" batches", delay=2):
        seen = augment(
            torch.from_numpy(np.ascontiguousarray(stored[start : start + 32])),
            SIDE_PX,
            config.augment,
            rng,
        )
        pixels = (seen.permute(0, 2, 3, 1) * 255).round().byte().numpy()
        batch = [encoder.prepare_image(PIL.Image.fromarray(p)) for p in pixels]
        rows.append(encoder.encode_batch("image", batch))
    return np.concatenate(rows)[:, None].astype(np.float32)
