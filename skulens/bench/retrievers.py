"""Systems that rank by themselves: encoders made so for a fusion, and queries left unanswered."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from skulens.bench.task import Task, Tools, is_encoder, parts_of
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
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
        index = ExactIndex(ids, shown.vectors[columns], task.shots, self.info.identity)
        good = [query.id for query, read in zip(queries, rows, strict=True) if read]
        return index.run(good, asked.vectors[rows], min(k, len(index)), self.info.identity)


@runtime_checkable
class Informed(Protocol):
    """A baseline that is told what is true of the products, which no system is."""

    def inform(self, products: Sequence[Product]) -> Retriever:
        """The same, ready to rank."""


def as_retriever(task: Task, system: Encoder | Retriever, tools: Tools) -> Retriever:
    """The system itself; of a fusion the same one with its encoders wrapped."""
    if isinstance(system, RankFusion):
        return system.over([as_retriever(task, part, tools) for part in parts_of(system)])
    if is_encoder(system):
        return Nearest(task, system, tools)
    assert isinstance(system, Retriever)
    return system.inform(task.products) if isinstance(system, Informed) else system


def list_unanswered(
    queries: Sequence[Query], run: Run, rejects: Sequence[Reject]
) -> tuple[Reject, ...]:
    """What a system could not read, and every other query that its run lacks."""
    known = {*run.queries, *(reject.item for reject in rejects)}
    todo = "measure without it, or ask the system's maker"
    lost = [q.id for q in queries if q.id not in known]
    return (*rejects, *(Reject(q, q, "the system gave no answer to it", todo) for q in lost))
