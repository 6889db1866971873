"""Hit rates of the model being trained: on a validation split while it trains, on a test split once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from skulens.errors import DataError
from skulens.evaluate.intervals import Grouped, intervals
from skulens.protocols import Catalog
from skulens.records import Image, chunks
from skulens.train.pairs import decode_all, product_texts
from skulens.train.towers import normalise


@dataclass
class Probes:
    """Photos with their product, and the gallery they look for it in."""

    photos: list[Image]
    owners: np.ndarray
    """(photos,) position of each photo's product in the gallery."""
    products: list[str]
    texts: list[str]
    """(products,) the text that stands for each."""
    iconic: list[Image | None]
    """(products,) the first catalogue picture of each."""

    @classmethod
    def of(cls, catalog: Catalog, split: str) -> "Probes":
        """Photos of a split against every product with a text of the catalogue's gallery roles.

        Without such a split the catalogue's own pictures are the probes (what a model of a
        procedural shop is held to); they are then no gallery.
        """
        products = [(p, gallery_text(p, catalog.info.gallery_text)) for p in catalog.products()]
        products = [(p, text) for p, text in products if text]
        position = {p.id: i for i, (p, _) in enumerate(products)}
        if split in catalog.info.splits:
            pairs = [
                (part, position[product])
                for query in catalog.queries(split)
                for product in query.relevant
                if product in position
                for part in query.item.parts
                if isinstance(part, Image)
            ]
            iconic = [p.images[0] if p.images else None for p, _ in products]
        else:
            pairs = [(image, position[p.id]) for p, _ in products for image in p.images]
            iconic = [None] * len(products)
        if not pairs:
            raise DataError(f"{catalog.info.name}: no photos in split {split!r} to measure with")
        photos, owners = zip(*pairs, strict=True)
        return cls(
            list(photos),
            np.array(owners),
            [p.id for p, _ in products],
            [t for _, t in products],
            iconic,
        )


def gallery_text(product, roles: Sequence[str]) -> str | None:
    """The text that stands for a product: of the first role that it has, else any."""
    texts = product_texts(product)
    return next((texts[r] for r in roles if r in texts), None) or next(iter(texts.values()), None)


class Gauge:
    """Measures a model on probes; pictures and tokens are prepared once."""

    def __init__(self, probes: Probes, see: Callable[[list[Image]], np.ndarray], tokens: Tensor):
        """`see` prepares pictures for `embed_images`: uint8 pixels, or frozen vectors."""
        self.probes, self.tokens = probes, tokens
        self.photos = see(probes.photos)
        self.shown = [i for i, image in enumerate(probes.iconic) if image is not None]
        self.iconic = see([probes.iconic[i] for i in self.shown]) if self.shown else None

    def ranks(self, model: torch.nn.Module) -> dict[str, np.ndarray]:
        """For each gallery, the rank from 1 of every photo's product."""
        photos = embed_images(model, self.photos)
        found = {
            "text": ranks_of(
                photos, embed_texts(model, self.tokens), self.probes.owners, self.probes.products
            )
        }
        if self.iconic is not None:
            place = {product: i for i, product in enumerate(self.shown)}
            seen = np.array([o in place for o in self.probes.owners])
            owners = np.array([place[o] for o in self.probes.owners[seen]])
            ids = [self.probes.products[i] for i in self.shown]
            found["image"] = ranks_of(photos[seen], embed_images(model, self.iconic), owners, ids)
        return found

    def quick(self, model: torch.nn.Module) -> dict[str, float]:
        """For the log: hit rate at 1 and 5 against the texts."""
        ranks = self.ranks(model)["text"]
        return {
            "val_hit_rate@1": float((ranks == 1).mean()),
            "val_hit_rate@5": float((ranks <= 5).mean()),
        }

    def full(self, model: torch.nn.Module, seed: int = 0) -> dict[str, dict]:
        """Per gallery: n, hit_rate@1, @5 and their 95 % intervals from a bootstrap over products."""
        found = {}
        for gallery, ranks in self.ranks(model).items():
            owners = self.probes.owners
            if gallery == "image":
                owners = owners[np.isin(owners, self.shown)]
            metrics = {f"hit_rate@{k}": interval(ranks <= k, owners, seed) for k in (1, 5)}
            found[gallery] = {
                "n_queries": len(ranks),
                "n_gallery": len(self.probes.products),
                "metrics": metrics,
            }
        return found


def interval(hits: np.ndarray, groups: np.ndarray, seed: int = 0) -> dict[str, float | int | None]:
    """Mean of `hits` with its 95 % interval, bootstrap over `groups`; None where there is only one."""
    _, position = np.unique(groups, return_inverse=True)
    ratio = Grouped.of(hits[:, None].astype(np.float64), position).micro()
    return intervals(ratio, seed=seed)[0].as_dict()


def shown(metric: dict[str, float | int | None]) -> str:
    """ "0.581 (0.530 to 0.630)" """
    if metric["low"] is None:
        return f"{metric['value']:.3f} (interval unknown: one product)"
    return f"{metric['value']:.3f} ({metric['low']:.3f} to {metric['high']:.3f})"


def ranks_of(
    queries: Tensor, gallery: Tensor, owners: np.ndarray, ids: Sequence[str]
) -> np.ndarray:
    """Rank from 1 of each query's own gallery row by inner product; a tie goes to the larger id, as in a Run."""
    scores = queries @ gallery.T  # (queries, gallery)
    owner = torch.from_numpy(owners)
    own = scores[torch.arange(len(owners)), owner][:, None]
    place = torch.from_numpy(np.argsort(np.argsort(np.array(ids))))
    before = (scores > own) | ((scores == own) & (place > place[owner][:, None]))
    return before.sum(1).numpy() + 1


@torch.no_grad()
def embed_images(model: torch.nn.Module, prepared: np.ndarray, batch: int = 64) -> Tensor:
    """Unit vectors (pictures, dim).

    Args:
        prepared: uint8 pictures (pictures, px, px, 3) or frozen vectors (pictures, 1, dim).
    """
    rows = []
    for part in chunks(prepared, batch):
        x = torch.from_numpy(np.ascontiguousarray(part))
        x = normalise(x.permute(0, 3, 1, 2).float() / 255) if x.ndim == 4 else x[:, 0]
        rows.append(F.normalize(model.encode_image(x).float(), dim=-1))
    return torch.cat(rows)


@torch.no_grad()
def embed_texts(model: torch.nn.Module, tokens: Tensor, batch: int = 64) -> Tensor:
    """Unit vectors (texts, dim)."""
    return torch.cat([F.normalize(model.encode_text(part), dim=-1) for part in tokens.split(batch)])


def pixels(px: int, resize_mode: str) -> Callable[[list[Image]], np.ndarray]:
    """`see` of a Gauge for a vision tower: framed uint8 pictures; unreadable ones are blank and so miss."""
    return lambda images: decode_all(images, px, resize_mode, label="decode probes")[0]
