"""Systems that rank by themselves: encoders made so for a fusion, stores with products of their own,
and queries left unanswered."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from skulens.bench.candidates import rule_for
from skulens.bench.task import Task, Tools, is_encoder, parts_of
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.gallery import SINGLE, Gallery
from skulens.index.exact import ExactIndex
from skulens.protocols import Encoder, Retriever
from skulens.records import Item, Product, Query, Reject, Run
from skulens.search.fuse import RankFusion


class Nearest:
    """Ranks products by the cosines of an encoder's vectors; see `protocols.Retriever`."""

    def __init__(self, task: Task, encoder: Encoder, tools: Tools):
        self.info, self.task = encoder.info, task
        self.name = getattr(encoder, "name", encoder.info.name)
        cache = VectorCache(tools.cache, encoder.info) if tools.cache else None
        self.embedder = Embedder([encoder], [cache], tools.memo, tools.batching)
        self.rejects: list[Reject] = []
        """What the latest `rank` left out, each with its query's or product's id."""

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query; queries without a vector are not in the run."""
        task, items = self.task, [Item(q.id, q.item.parts) for q in queries]
        [asked] = self.embedder.embed_items(items, "query", task.fusion)
        [shown] = self.embedder.embed_items(gallery, "document", task.fusion)
        self.rejects = [*asked.encoded.rejects, *shown.encoded.rejects]
        rows, columns = (~np.isnan(side.vectors).any(axis=1) for side in (asked, shown))
        ids = [item.id for item, good in zip(gallery, columns, strict=True) if good]
        rule = rule_for(ids, task.shots)
        index = ExactIndex(ids, shown.vectors[columns], rule, self.info.identity)
        good = [query.id for query, read in zip(queries, rows, strict=True) if read]
        return index.run(good, asked.vectors[rows], min(k, len(index)), self.info.identity)


@runtime_checkable
class Informed(Protocol):
    """A baseline that is told what is true of the products, which no system is."""

    def inform(self, products: Sequence[Product]) -> Retriever:
        """The same, ready to rank."""


@runtime_checkable
class Fusing(Protocol):
    """A system that makes one query of several parts by itself."""

    def with_fusion(self, fusion: str) -> Retriever:
        """The same, with the parts fused so."""


@runtime_checkable
class Indexed(Protocol):
    """A system that looks through an index, which may overlook products."""

    used_index: bool
    """Whether it did in the latest `rank`."""

    def without_index(self) -> Retriever:
        """The same, with every product compared."""


@runtime_checkable
class Holding(Protocol):
    """A system that compares with pictures of its own, whatever a gallery shows."""

    def pictures_of(self, products: Sequence[str]) -> Sequence[tuple[str, ...]]:
        """sha256 of those of each product."""


def as_retriever(task: Task, system: Encoder | Retriever, tools: Tools) -> Retriever:
    """The system itself; of a fusion the same one with its encoders wrapped."""
    if isinstance(system, RankFusion):
        return system.over([as_retriever(task, part, tools) for part in parts_of(system)])
    if is_encoder(system):
        return Nearest(task, system, tools)
    assert isinstance(system, Retriever)
    if isinstance(system, Fusing):
        return system.with_fusion(task.fusion)
    return system.inform(task.products) if isinstance(system, Informed) else system


def pictures_shown(
    system: Retriever, gallery: Gallery, shown: Sequence[tuple]
) -> list[tuple[str | None, ...]]:
    """Hashes of what each item of a gallery was compared by: its own parts, `shown`, and the
    pictures of its product that the system holds."""
    found = [tuple(hashes) for hashes in shown]
    for part in parts_of(system):
        if isinstance(part, Holding):
            held = part.pictures_of(gallery.products)
            found = [(*have, *held[at]) for have, at in zip(found, gallery.owners, strict=True)]
    return found


def keep_held(
    system: Retriever, gallery: Gallery, shown: Sequence[tuple]
) -> tuple[Gallery, list[tuple]]:
    """(the gallery without pictures that a store among the parts of a system does not hold, the
    hashes of its items); of a product without any that it holds the first item stays.

    Args:
        shown: hashes of the parts of each item.
    """
    held: dict[str, set[str]] = {}
    for part in parts_of(system):
        if isinstance(part, Holding):
            found = part.pictures_of(gallery.products)
            for product, hashes in zip(gallery.products, found, strict=True):
                held.setdefault(product, set()).update(hashes)
    of_product: dict[int, list[int]] = {}
    for n, owner in enumerate(gallery.owners):
        of_product.setdefault(int(owner), []).append(n)
    kept: list[int] = []
    for owner, mine in of_product.items():
        pictures = held.get(gallery.products[owner], set())
        fit = [n for n in mine if not pictures.isdisjoint(shown[n])]
        kept += fit or (mine[:1] if pictures else mine)
    if len(kept) == len(gallery.items):
        return gallery, list(shown)
    one_each = len(kept) == len(gallery.products)
    fewer = replace(
        gallery,
        items=tuple(gallery.items[n] for n in kept),
        owners=gallery.owners[kept],
        shots=SINGLE if one_each else gallery.shots,
        usual=False,
        unused=gallery.pictures - len(kept),
    )
    return fewer, [shown[n] for n in kept]


def list_unanswered(
    queries: Sequence[Query], run: Run, rejects: Sequence[Reject]
) -> tuple[Reject, ...]:
    """What a system could not read, and every other query that its run lacks."""
    known = {*run.queries, *(reject.item for reject in rejects)}
    todo = "measure without it, or ask the system's maker"
    lost = [q.id for q in queries if q.id not in known]
    return (*rejects, *(Reject(q, q, "the system gave no answer to it", todo) for q in lost))
