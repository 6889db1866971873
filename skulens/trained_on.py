"""Which SKUs a system has seen in training: written by whoever trains, read by whoever measures.

A dataset's SPUs are kept as 8 hex digits of the SHA-256 of each, sorted, and so is the longest text
of each product, by which the same products are recognised under another dataset's name. "w1001-*"
stands for all SPUs whose id begins with "w1001-": a procedural shop puts its seed there.
"""

import hashlib
from collections.abc import Iterable

from skulens.records import Product, SystemInfo

LONG_TEXT = 40
"""Characters from which a text is taken to be of one product alone."""
SAMPLE = "-sample"
"""NAME-sample is a part of the dataset NAME."""
SHOP = "world"
"""Dataset name of every procedural shop."""


def write_spus(dataset: str, products: Iterable[Product], whole: bool = True) -> str:
    """The SPUs and long texts of products seen in training, for `SystemInfo.trained_spus`.

    Args:
        whole: nothing of the dataset was held out; a procedural shop is then named by its seed.
    """
    found: set[str] = set()
    for product in products:
        seed, dash, _ = product.spu_or_id.partition("-")
        if dataset == SHOP and whole and dash:
            found.add(f"{seed}-*")
            continue
        found.add(_digest(product.spu_or_id))
        if text := _long_text(product):
            found.add(_digest(text))
    return " ".join(sorted(found))


def find_trained(
    system: SystemInfo, dataset: str, products: Iterable[Product]
) -> frozenset[str] | None:
    """Ids of the products of a dataset that a system, or a part of it, has seen in training.

    A product counts as seen where its SPU was, or where another dataset had its long text.

    Returns:
        None where the system, or a part of it, does not say what it has seen.
    """
    products = list(products)
    if system.parts:
        each = [find_trained(part, dataset, products) for part in system.parts]
        known = [found for found in each if found is not None]
        return frozenset().union(*known) if len(known) == len(each) else None
    if system.trained_spus is None:
        return None
    names = {dataset, dataset.removesuffix(SAMPLE)}
    here, elsewhere = set[str](), set[str]()
    for name, written in system.trained_spus.items():
        (here if name in names else elsewhere).update(written.split())
    starts = tuple(token[:-1] for token in here if token.endswith("*"))
    return frozenset(
        p.id
        for p in products
        if _digest(p.spu_or_id) in here
        or (starts and p.spu_or_id.startswith(starts))
        or ((text := _long_text(p)) and _digest(text) in elsewhere)
    )


def _long_text(product: Product) -> str:
    """The longest text of a product, spaces and case aside; empty where all are short."""
    texts = [" ".join(text.lower().split()) for text in (product.title, *product.texts.values())]
    longest = max(texts, key=len)
    return longest if len(longest) >= LONG_TEXT else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
