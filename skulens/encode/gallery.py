"""Products -> what a probe is ranked against: their texts, their pictures, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skulens.errors import DataError
from skulens.records import DatasetInfo, Image, Item, Product

GALLERIES = ("text", "image", "both")
AUTO: Literal["auto"] = "auto"
"""Shots: all pictures of a product, with one text."""
SINGLE: Literal["single"] = "single"
"""Shots: the first picture of a product, with one text."""
JOINED: Literal["max"] = "max"
"""The rule by which "auto" joins pictures; benchmarks/shots.py compares it with the others."""


@dataclass(frozen=True)
class Gallery:
    """Items that stand for products; with several shots a product owns several items."""

    kind: str
    items: tuple[Item, ...]
    owners: np.ndarray  # (items,) position in `products`
    products: tuple[str, ...]
    missing: tuple[str, ...]
    """Products without what this gallery is made of."""
    shots: str = SINGLE
    """What was asked for; SINGLE where each product has one item anyway."""
    usual: bool = True
    """Whether it is the gallery that AUTO makes."""
    pictures: int = 0
    """Pictures that the products have; 0 in a gallery of texts."""
    unused: int = 0
    """Those of them that are in no item."""


def build_gallery(
    products: Sequence[Product],
    kind: str,
    info: DatasetInfo,
    *,
    texts: Sequence[str] = (),
    shots: str = SINGLE,
) -> Gallery:
    """The gallery of a kind; products that lack its text or picture are left out and named.

    Args:
        texts: text roles; see `shots`.
        shots: SINGLE: the first picture and the first text that a product has; AUTO: all its
            pictures and that text; any other: all pictures and texts.
    Raises:
        DataError: no product has what is asked for.
    """
    roles = tuple(texts) or info.gallery_text
    items: list[Item] = []
    owners: list[int] = []
    kept: list[Product] = []
    missing: list[str] = []
    for product in products:
        found = shots_of(product, kind, roles, shots)
        if not found:
            missing.append(product.id)
            continue
        items += [Item(product.id, parts) for parts in found]
        owners += [len(kept)] * len(found)
        kept.append(product)
    if not items:
        raise DataError(nothing(kind, roles, products))
    said, usual = name_shots(kept, kind, roles, shots)
    pictures = sum(len(p.images) for p in kept) if kind != "text" else 0
    return Gallery(
        kind,
        tuple(items),
        np.array(owners),
        tuple(p.id for p in kept),
        tuple(missing),
        said,
        usual,
        pictures,
        pictures - len(kept) if pictures and shots == SINGLE else 0,
    )


def name_shots(
    products: Sequence[Product], kind: str, roles: Sequence[str], shots: str
) -> tuple[str, bool]:
    """(the shots of a gallery under one name, whether they are those of AUTO).

    Galleries of the same items with the same scores have the same name: SINGLE where products have
    one item each whatever is asked for, the rule of AUTO where it joins all that there is.
    """

    def same(a: str, b: str) -> bool:
        return all(shots_of(p, kind, roles, a) == shots_of(p, kind, roles, b) for p in products)

    if same(shots, SINGLE) and same(shots, AUTO):
        return SINGLE, True
    if shots in (AUTO, JOINED) and same(AUTO, JOINED):
        return JOINED, True
    return shots, shots == AUTO


def shots_of(product: Product, kind: str, roles: Sequence[str], shots: str) -> list[tuple]:
    """The parts of each item that stands for a product; empty where it lacks them."""
    texts = [text for role in roles if (text := product.text(role))]
    images = list(product.images)
    if shots in (SINGLE, AUTO):
        texts = texts[:1]
    if shots == SINGLE:
        images = images[:1]
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
    return any(shots_of(product, kind, info.gallery_text, SINGLE) for product in products)


def pictures_of(items: Sequence[Item]) -> list[Image]:
    return [part for item in items for part in item.parts if isinstance(part, Image)]
