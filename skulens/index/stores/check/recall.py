"""What a store's search finds of what an exact scan finds.

A query is a stored vector and noise: a random direction is added, so that its cosine with the
vector is COSINE, like a photo of a product that is not the catalogue's own. Its recall@10 is the
share of the exact scan's first ten (`Probe.exact`) that the store's own search finds; a product
whose score equals the tenth's counts as one of them. The exact scan itself is compared with the
vectors of a sample, read one by one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from skulens.documents import Hits, Probe, VectorColumn
from skulens.index.stores.check.keeping import Kept
from skulens.index.stores.check.sample import Sample, Watch
from skulens.index.stores.probes import unit
from skulens.protocols import Store
from skulens.records import Filter

LEAST = 0.95
"""recall@10 of a store that is sound."""
K = 10
COSINE = 0.9
TIED = 1e-6


@dataclass(frozen=True, slots=True)
class RecallCheck:
    """What the store's search finds of what an exact scan finds."""

    column: str
    share: float
    """Of the products, as wanted; 1: no filter."""
    where: Filter | None
    """None: no filter, or none that leaves such a share."""
    matching: int
    """Products that satisfy the filter."""
    queries: int
    recall: float
    """Mean recall@10; NaN where nothing could be asked."""
    worst: float
    """Least recall@10 of a query."""
    missed: int
    """Sampled products that were nearer than what the exact scan found last, and were not found;
    counted without a filter only."""
    how: str
    """`Hits.how` of the search."""

    @property
    def ok(self) -> bool:
        return not self.missed and not self.recall < LEAST


@dataclass(frozen=True, slots=True)
class RecallCase:
    """A column and a filter that recall is measured for."""

    column: VectorColumn
    share: float
    kept: Kept
    queries: int


def check_recall(
    store: Store, drawn: Sample, case: RecallCase, rng: np.random.Generator, watch: Watch
) -> RecallCheck:
    """Recall@10 of noisy copies of sampled vectors; see the module."""
    column, kept = case.column, case.kept
    places = drawn.good(column.name)
    ids, vectors = [drawn.ids[p] for p in places.tolist()], drawn.vectors[column.name][places]
    sources = vectors[: case.queries] if kept.matching else vectors[:0]
    recalls, missed, how = [], 0, ""
    for vector in watch(add_noise(sources, rng), f"{column.name} {case.share:.1%}"):
        probe = Probe(vector, column.name, column.maker, where=kept.where, k=K)
        exact = store.search(replace(probe, exact=True))
        hits = store.search(probe)
        how = hits.how
        if exact.ids:
            recalls.append(recall_of(store, probe, hits, exact))
        if kept.where is None:
            missed += count_missed(ids, vectors @ unit(vector), exact)
    return RecallCheck(
        column=column.name,
        share=case.share,
        where=kept.where,
        matching=kept.matching,
        queries=len(recalls),
        recall=float(np.mean(recalls)) if recalls else math.nan,
        worst=min(recalls, default=math.nan),
        missed=missed,
        how=how,
    )


def add_noise(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vectors (n, dim) of length 1 whose cosine with the given ones is COSINE."""
    whole = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    noise = rng.standard_normal(vectors.shape)
    noise -= np.einsum("nd,nd->n", noise, whole)[:, None] * whole
    noise /= np.maximum(np.linalg.norm(noise, axis=1, keepdims=True), 1e-12)  # 0 in one dimension
    return (COSINE * whole + math.sqrt(1 - COSINE**2) * noise).astype(np.float32)


def recall_of(store: Store, probe: Probe, hits: Hits, exact: Hits) -> float:
    """Share of the exact hits that were found; one of the last one's score is as good as it."""
    assert probe.vector is not None
    wanted = set(exact.ids)
    found = len(wanted & set(hits.ids))
    others = [i for i in dict.fromkeys(hits.ids) if i not in wanted]
    if others and found < len(wanted):
        scores = store.vectors(probe.column, others) @ unit(probe.vector)
        found += int((np.abs(scores - exact.scores[-1]) <= TIED).sum())
    return min(found, len(wanted)) / len(wanted)


def count_missed(ids: Sequence[str], scores: np.ndarray, exact: Hits) -> int:
    """Products nearer than the last exact hit, or any where hits are few, that were not found.

    Args:
        scores: (ids,) of a sample.
    """
    last = float(exact.scores[-1]) + TIED if len(exact.ids) == K else -math.inf
    found = set(exact.ids)
    return sum(ids[place] not in found for place in np.flatnonzero(scores > last).tolist())
