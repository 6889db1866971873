"""Hit rates of the model in training: on a validation split as it trains, on a test split once.

Photos are ranked by the exact index and judged by the metrics of every benchmark: a tie goes to
the larger product id, scores do not depend on the batch, and intervals are over products.
(Earlier versions ranked by float32 products of torch; numbers differ only where scores are equal
to within their rounding.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from skulens.errors import DataError
from skulens.evaluate import evaluate
from skulens.evaluate.ranking import hit_rate_at_k, judge, name_hit_rate
from skulens.index.exact import ExactIndex
from skulens.protocols import Catalog
from skulens.records import Image, Product, Qrels, Run
from skulens.train.pairs import ResizeMode, decode_all, product_texts
from skulens.train.towers import normalise

if TYPE_CHECKING:
    import open_clip

KS = (1, 5)
"""Cut-offs of the hit rates."""

Prepare = Callable[[list[Image]], np.ndarray]
"""Pictures -> input of `embed_images`: (pictures, px, px, 3) uint8, or frozen vectors
(pictures, 1, dim)."""


@dataclass
class HeldOutPhotos:
    """Photos with their product, and the gallery they are ranked against."""

    photos: list[Image]
    owners: np.ndarray
    """(photos,) position of each photo's product in the gallery."""
    products: list[str]
    texts: list[str]
    """(products,) the text that stands for each."""
    iconic: list[Image | None]
    """(products,) the first catalogue picture of each."""

    @classmethod
    def of(cls, catalog: Catalog, split: str) -> "HeldOutPhotos":
        """Photos of a split against every product with a text of the catalogue's gallery roles.

        Without such a split the catalogue's own pictures are the queries (what a model of a
        procedural shop is held to); they are then no gallery.

        Raises:
            DataError: there are no photos.
        """
        products: list[Product] = []
        texts: list[str] = []
        for product in catalog.products():
            if text := gallery_text(product, catalog.info.gallery_text):
                products.append(product)
                texts.append(text)
        position = {p.id: i for i, p in enumerate(products)}
        iconic: list[Image | None] = [None] * len(products)
        if split in catalog.info.splits:
            pairs = [
                (part, position[product])
                for query in catalog.queries(split)
                for product in query.relevant
                if product in position
                for part in query.item.parts
                if isinstance(part, Image)
            ]
            iconic = [p.images[0] if p.images else None for p in products]
        else:
            pairs = [(image, position[p.id]) for p in products for image in p.images]
        if not pairs:
            raise DataError(f"{catalog.info.name}: no photos in split {split!r} to measure with")
        photos, owners = zip(*pairs, strict=True)
        return cls(list(photos), np.array(owners), [p.id for p in products], texts, iconic)


def gallery_text(product: Product, roles: Sequence[str]) -> str | None:
    """The text that stands for a product: of the first role that it has, else any."""
    texts = product_texts(product)
    return next((texts[r] for r in roles if r in texts), None) or next(iter(texts.values()), None)


class Evaluator:
    """Measures a model on held-out photos; pictures and tokens are prepared once."""

    def __init__(self, held_out: HeldOutPhotos, prepare: Prepare, tokens: Tensor):
        self.held_out, self.tokens = held_out, tokens
        self.photos = prepare(held_out.photos)
        shown = [(i, image) for i, image in enumerate(held_out.iconic) if image is not None]
        self.shown = np.array([i for i, _ in shown], np.int64)  # (pictures,) products with one
        self.iconic = prepare([image for _, image in shown]) if shown else None

    def quick(self, model: "open_clip.CLIP") -> dict[str, float]:
        """For the log: hit rate at 1 and 5 against the texts."""
        run, qrels = self._rank_texts(model, embed_images(model, self.photos))
        judged = judge(run, qrels)
        return {f"val_{name_hit_rate(k)}": float(np.nanmean(hit_rate_at_k(judged, k))) for k in KS}

    def full(self, model: "open_clip.CLIP") -> dict[str, dict]:
        """Per gallery: n, hit_rate@1, @5 and their 95 % intervals over products.

        The gallery "image" holds the products with a catalogue picture, and is asked for these
        only.
        """
        found = {}
        for gallery, run, qrels in self._rank_all(model):
            metrics = evaluate(run, qrels, KS).metrics
            found[gallery] = {
                "n_queries": len(qrels),
                "n_gallery": len(run.products),
                "metrics": {n: metrics[n].as_dict() for n in map(name_hit_rate, KS)},
            }
        return found

    def _rank_all(self, model: "open_clip.CLIP") -> Iterator[tuple[str, Run, Qrels]]:
        """(gallery, run, judgements): texts, then iconic pictures where there are any."""
        photos = embed_images(model, self.photos)
        yield "text", *self._rank_texts(model, photos)
        asked = np.isin(self.held_out.owners, self.shown)
        if self.iconic is not None and asked.any():
            ids = [self.held_out.products[i] for i in self.shown]
            vectors = embed_images(model, self.iconic)
            yield "image", *self._rank(photos[asked], self.held_out.owners[asked], vectors, ids)

    def _rank_texts(self, model: "open_clip.CLIP", photos: np.ndarray) -> tuple[Run, Qrels]:
        vectors = embed_texts(model, self.tokens)
        return self._rank(photos, self.held_out.owners, vectors, self.held_out.products)

    def _rank(
        self, photos: np.ndarray, owners: np.ndarray, gallery: np.ndarray, ids: Sequence[str]
    ) -> tuple[Run, Qrels]:
        """The first candidates of each photo, whose product is the relevant one and its group."""
        product = {str(i): self.held_out.products[o] for i, o in enumerate(owners)}
        qrels = Qrels({query: {p: 1} for query, p in product.items()}, product)
        return ExactIndex(ids, gallery).run(qrels.queries, photos, max(KS)), qrels


def format_metric(metric: dict[str, float | int | None]) -> str:
    """ "0.581 (0.530 to 0.630)" """
    if metric["low"] is None:
        return f"{metric['value']:.3f} (interval unknown: one product)"
    return f"{metric['value']:.3f} ({metric['low']:.3f} to {metric['high']:.3f})"


@torch.no_grad()
def embed_images(model: "open_clip.CLIP", prepared: np.ndarray, batch: int = 64) -> np.ndarray:
    """Unit vectors, (pictures, dim) float32.

    Args:
        prepared: (pictures, px, px, 3) uint8 pictures or (pictures, 1, dim) frozen vectors.
    Raises:
        DataError: the model gives NaN or infinity.
    """
    rows = []
    for start in range(0, len(prepared), batch):
        x = torch.from_numpy(np.ascontiguousarray(prepared[start : start + batch]))
        x = normalise(x.permute(0, 3, 1, 2).float() / 255) if x.ndim == 4 else x[:, 0]
        rows.append(F.normalize(model.encode_image(x).float(), dim=-1))
    return _finite(torch.cat(rows))


@torch.no_grad()
def embed_texts(model: "open_clip.CLIP", tokens: Tensor, batch: int = 64) -> np.ndarray:
    """Unit vectors, (texts, dim) float32. Raises DataError as `embed_images`."""
    rows = [F.normalize(model.encode_text(part).float(), dim=-1) for part in tokens.split(batch)]
    return _finite(torch.cat(rows))


def _finite(vectors: Tensor) -> np.ndarray:
    if not torch.isfinite(vectors).all():
        raise DataError(
            "the model gives vectors with NaN or infinity: training has diverged; take a smaller "
            "lr or a longer warmup"
        )
    return vectors.numpy()


def prepare_pixels(px: int, resize_mode: ResizeMode) -> Prepare:
    """Framed uint8 pictures for a vision tower; unreadable ones are blank and so miss."""
    return lambda images: decode_all(images, px, resize_mode, label="decode probes")[0]
