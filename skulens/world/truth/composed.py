"""Queries that need a picture and words: a photo of one SKU, and what is different about the one looked for.

The photo tells which product, the words which of its variants. Each is too little alone: words such
as "in navy, zipper closure" fit products of many SPUs, and the photo is nearest to the SKU it shows,
which is not an answer and is left out of the candidates.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from skulens.records import Image, Item, Product, Query
from skulens.world.config import Stream
from skulens.world.truth.texts import PATTERNS, sight

LEAST_SKUS = 3
"""of an SPU: with two, leaving out the one in the photo would give the answer away"""


def composed(
    products: Iterable[Product],
    photos: Mapping[str, Sequence[Image]],
    per_sku: int = 2,
    seed: int = 0,
) -> Iterator[Query]:
    """Photo and change -> the siblings with exactly this change.

    Args:
        products: of a shop; `spu` and attributes with modality are read.
        photos: product id -> its probe photos; a product without any asks nothing.
        per_sku: queries of each SKU at most, to different siblings.
    Yields:
        Queries of two parts, photo and words. `conditions` are the changed (key, value), `filters`
        {"without": id} names the SKU in the photo, which is no candidate; `group` is the SPU.
    """
    for siblings in families(products):
        for product in siblings:
            others = [p for p in siblings if p.id != product.id]
            stream = Stream("composed", seed, product.id)
            if not photos.get(product.id):
                continue
            for other in stream.sample(others, per_sku):
                change = changes(product, other)
                photo = stream.choice(photos[product.id])
                wanted = seen(product) | change
                relevant = {p.id: 1 for p in others if seen(p) == wanted}
                name = f"{product.id}>{other.id}"
                item = Item(name, (photo, words(change)))
                yield Query(
                    name,
                    item,
                    relevant,
                    tuple(change.items()),
                    {"without": product.id},
                    product.spu,
                )


def families(products: Iterable[Product]) -> list[list[Product]]:
    """SPUs of at least LEAST_SKUS products, in the order of the shop."""
    found: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        found[product.spu or product.id].append(product)
    return [siblings for siblings in found.values() if len(siblings) >= LEAST_SKUS]


def seen(product: Product) -> dict[str, str]:
    """What a picture of it shows: key -> value."""
    return {a.key: a.value for a in product.attributes if a.modality in ("visual", "both")}


def changes(product: Product, other: Product) -> dict[str, str]:
    """What is to be seen of `other` and not of `product`."""
    before = seen(product)
    return {key: value for key, value in seen(other).items() if before.get(key) != value}


def words(change: Mapping[str, str]) -> str:
    """A change as a shopper says it, in English: "in navy, striped pattern, zipper closure"."""
    return ", ".join(said(key, value) for key, value in change.items())


def said(key: str, value: str) -> str:
    if key == "color":
        return f"in {value}"
    if key in PATTERNS:
        return f"{value} pattern"
    return sight(key, value)
