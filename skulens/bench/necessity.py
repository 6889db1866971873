"""Are pictures and titles needed: queries and gallery with captions in place of pictures, or
without titles (the visual-necessity test of MERIT, arXiv 2506.03144, section 3.3 and Fig. 6a).

Both sides change alike. A caption is the catalogue's own text of the role "caption" for the product
shown: it describes the whole product, in its language, and does not know which of its traits the
query asks for, as in the paper. A query shows titles behind its pictures; there alone they are
taken out, so that an instruction which happens to hold the same words stays whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from skulens.bench.result import Result
from skulens.encode.gallery import Gallery
from skulens.errors import DataError
from skulens.evaluate.compare import Difference, compare, holm
from skulens.evaluate.intervals import Interval
from skulens.evaluate.scores import number_groups
from skulens.records import Image, Item, Part, Product, Query

CAPTION = "caption"
"""Role of the text that stands for a picture."""


class Missing(ValueError):
    """A query cannot be asked so; says why."""


@dataclass(frozen=True)
class Removal:
    """What queries and products lose."""

    query: Callable[[Query], Query]
    """Raises Missing."""
    item: Callable[[Item], Item | None]
    """Of a gallery; None: nothing is left of it."""


def remove(what: str, products: Sequence[Product]) -> Removal:
    """The removal of "images", "titles" or "nothing"."""
    if what == "images":
        captions = {p.id: text for p in products if (text := p.text(CAPTION))}
        return Removal(
            lambda query: caption_query(query, captions), lambda item: caption_item(item, captions)
        )
    if what == "titles":
        titles = {p.id: p.title for p in products if p.title}
        return Removal(
            lambda query: untitle_query(query, titles), lambda item: untitle(item, titles)
        )
    return Removal(lambda query: query, lambda item: item)


def shown_products(query: Query) -> dict[int, str]:
    """Position of each picture of a query -> the product that it shows, as far as that is known."""
    pictures = [i for i, part in enumerate(query.item.parts) if isinstance(part, Image)]
    found = dict(zip(pictures, query.references, strict=False))
    known = {c.part: c.product for c in query.conditions if c.part is not None and c.product}
    return (found if len(pictures) == len(query.references) else {}) | known


def caption_query(query: Query, captions: Mapping[str, str]) -> Query:
    """Raises Missing where the product shown has no caption."""
    shown, parts = shown_products(query), list(query.item.parts)
    for i, part in enumerate(parts):
        if isinstance(part, Image):
            product = shown.get(i, "")
            if product not in captions:
                raise Missing(f"its picture {i} shows {product or 'nobody knows what'}: no caption")
            parts[i] = captions[product]
    return replace(query, item=Item(query.item.id, tuple(parts)))


def caption_item(item: Item, captions: Mapping[str, str]) -> Item | None:
    """The texts, and the caption once in place of the pictures."""
    texts: list[Part] = [part for part in item.parts if isinstance(part, str)]
    if len(texts) < len(item.parts):
        if item.id not in captions:
            return None
        texts.append(captions[item.id])
    return Item(item.id, tuple(dict.fromkeys(texts)))


def untitle_query(query: Query, titles: Mapping[str, str]) -> Query:
    parts = list(query.item.parts)
    for i, product in shown_products(query).items():
        title, behind = titles.get(product), parts[i + 1] if i + 1 < len(parts) else None
        if title and isinstance(behind, str):
            parts[i + 1] = behind.replace(title, "", 1)
    return replace(query, item=Item(query.item.id, tuple(parts)))


def untitle(item: Item, titles: Mapping[str, str]) -> Item | None:
    parts = tuple(part for part in item.parts if part != titles.get(item.id))
    return Item(item.id, parts) if parts else None


def change_gallery(gallery: Gallery, removal: Removal) -> Gallery:
    """The gallery after a removal; products of which nothing is left are missing.

    Raises:
        DataError: nothing is left of any.
    """
    changed = [removal.item(item) for item in gallery.items]
    if changed == list(gallery.items):
        return gallery
    kept = {item.id for item in changed if item}
    products = tuple(p for p in gallery.products if p in kept)
    if not products:
        raise DataError(
            f"nothing is left of the {gallery.kind} gallery without its pictures or titles; "
            "take --gallery both, or products with a caption"
        )
    place = {p: i for i, p in enumerate(products)}
    items = tuple(item for item in changed if item)
    missing = (*gallery.missing, *(p for p in gallery.products if p not in kept))
    owners = np.array([place[item.id] for item in items])
    return replace(
        gallery,
        items=items,
        owners=owners,
        products=products,
        missing=missing,
        pictures=0,
        unused=0,
    )


@dataclass(frozen=True)
class Loss:
    """A system without something, against the same system with all, on the same queries."""

    without: str
    system: str
    gallery: str
    metric: str
    whole: Interval
    less: Interval
    difference: Difference
    """less - whole."""
    p_holm: float
    """p after Holm's correction over all losses of the table."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        ends = {"whole": self.whole.as_dict(), "less": self.less.as_dict()}
        return asdict(self) | ends


def compare_losses(results: Iterable[Result], metric: str) -> list[Loss]:
    """Every result without something against that with all; empty where there are none."""
    whole: dict[tuple, Result] = {}
    less: list[tuple[tuple, Result]] = []
    for result in results:
        variant = {k: v for k, v in result.variant.items() if k != "without"}
        key = (result.name, result.data.split, *sorted(variant.items()))
        if "without" in result.variant:
            less.append((key, result))
        else:
            whole[key] = result
    pairs = [(whole[key], result) for key, result in less if key in whole]
    found = [(a, b, compare_queries(a, b, metric)) for a, b in pairs]
    adjusted = holm([difference.p for *_, difference in found])
    return [
        Loss(
            b.variant["without"],
            b.name,
            b.variant.get("gallery", ""),
            metric,
            a.metrics[metric],
            b.metrics[metric],
            difference,
            float(p),
        )
        for (a, b, difference), p in zip(found, adjusted, strict=True)
    ]


def compare_queries(a: Result, b: Result, metric: str) -> Difference:
    """b - a on the queries that both were asked."""
    before = dict(zip(a.scores.units, a.scores.values(metric), strict=True))
    rows = [
        (value, before[unit], group)
        for unit, value, group in zip(
            b.scores.units, b.scores.values(metric), b.scores.groups, strict=True
        )
        if unit in before
    ]
    after, was, groups = zip(*rows, strict=True) if rows else ((), (), ())
    return compare(np.array(after, float), np.array(was, float), number_groups(groups))
