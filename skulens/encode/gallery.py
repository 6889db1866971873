"""Products -> what a probe is ranked against: their texts, their pictures, or both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skulens.errors import DataError
from skulens.records import DatasetInfo, Image, Item, Product

GALLERIES = ("text", "image", "both")


@dataclass(frozen=True)
class Gallery:
    """Items that stand for products; with several shots a product owns several items."""

    kind: str
    items: tuple[Item, ...]
    owners: np.ndarray  # (items,) position in `products`
    products: tuple[str, ...]
    missing: tuple[str, ...]
    """Products without what this gallery is made of."""


def build_gallery(
    products: Sequence[Product],
    kind: str,
    info: DatasetInfo,
    *,
    texts: Sequence[str] = (),
    shots: str = "single",
) -> Gallery:
    """The gallery of a kind; products that lack its text or picture are left out and named.

    Args:
        texts: text roles; the first that a product has stands for it (single), or all (multi-shot).
    Raises:
        DataError: no product has what is asked for.
    """
    roles = tuple(texts) or info.gallery_text
    items: list[Item] = []
    owners: list[int] = []
    kept: list[str] = []
    missing: list[str] = []
    for product in products:
        found = shots_of(product, kind, roles, shots == "single")
        if not found:
            missing.append(product.id)
            continue
        items += [Item(product.id, parts) for parts in found]
        owners += [len(kept)] * len(found)
        kept.append(product.id)
    if not items:
        raise DataError(nothing(kind, roles, products))
    return Gallery(kind, tuple(items), np.array(owners), tuple(kept), tuple(missing))


def shots_of(product: Product, kind: str, roles: Sequence[str], single: bool) -> list[tuple]:
    """The parts of each item that stands for a product; empty where it lacks them."""
    texts = [text for role in roles if (text := product.text(role))]
    images = list(product.images)
    if single:
        texts, images = texts[:1], images[:1]
    if kind == "text":
        return [(text,) for text in texts]
    if kind == "image":
        return [(image,) for image in images]
    return [(text, image) for text in texts for image in images]


def nothing(kind: str, roles: Sequence[str], products: Sequence[Product]) -> str:
    if not products:
        return (
            "the catalogue has no products: check the file, or see its rejects with `skulens audit`"
        )
    held = sorted(
        {role for p in products[:1000] for role in [*p.texts, *(["title"] if p.title else [])]}
    )
    wanted = f"a text called {' or '.join(roles)}" if kind == "text" else "a gallery picture"
    if kind == "both":
        wanted = f"both a gallery picture and a text called {' or '.join(roles)}"
    return (
        f"no product has {wanted}; texts there are: {', '.join(held) or 'none'}. "
        "Choose with --text or --gallery"
    )


def has(products: Sequence[Product], kind: str, info: DatasetInfo) -> bool:
    """Could a gallery of this kind be built of the dataset's own texts and pictures?"""
    return any(shots_of(product, kind, info.gallery_text, True) for product in products)


def pictures_of(items: Sequence[Item]) -> list[Image]:
    return [part for item in items for part in item.parts if isinstance(part, Image)]
