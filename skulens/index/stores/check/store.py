"""All that is checked of a store."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from skulens.errors import PictureError
from skulens.index.stores.check.keeping import Kept, keep_share
from skulens.index.stores.check.recall import LEAST, RecallCase, RecallCheck, check_recall
from skulens.index.stores.check.sample import BATCH, Sample, Watch, draw_sample
from skulens.index.stores.probes import LENGTH
from skulens.pictures import decode
from skulens.protocols import Store

SHARES = (0.1, 0.01, 0.001)
"""Of the products, kept by the filters."""


@dataclass(frozen=True, slots=True)
class VectorCheck:
    """Vectors of one column among the sampled products."""

    column: str
    products: int
    missing: int
    """Products without a vector, which is allowed."""
    damaged: int
    """Vectors with NaN or infinity."""
    wrong_length: int
    """Vectors whose length is not 1."""

    @property
    def ok(self) -> bool:
        return not self.damaged and not self.wrong_length


@dataclass(frozen=True, slots=True)
class PictureCheck:
    """Thumbnails of the sampled products."""

    products: int
    present: int
    dangling: int
    """Products with a vector of their pictures but without a thumbnail; 0 where the store has none."""
    undecodable: tuple[str, ...]
    """Ids of the products whose thumbnail is not a picture."""

    @property
    def ok(self) -> bool:
        return not self.dangling and not self.undecodable


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """All that was checked."""

    products: int
    seed: int
    extra: int
    """Rows beyond one per id."""
    repeated: tuple[str, ...]
    """Ids that occur more than once."""
    vectors: tuple[VectorCheck, ...]
    recalls: tuple[RecallCheck, ...]
    thumbnails: PictureCheck
    least: float = LEAST

    @property
    def ok(self) -> bool:
        unique = not self.extra and not self.repeated
        found = all(r.ok for r in self.recalls)
        return unique and found and all(v.ok for v in self.vectors) and self.thumbnails.ok


@runtime_checkable
class HasFiles(Protocol):
    """A store that knows whether its files are still what was written."""

    def check_files(self) -> None:
        """Raise StoreError for a file that has changed."""


def plain(things: Iterable, _what: str) -> Iterable:
    """Shows nothing."""
    return things


def check_store(
    store: Store, queries: int = 100, sample: int = 10_000, seed: int = 0, watch: Watch = plain
) -> StoreCheck:
    """Check ids of all products, vectors and thumbnails of a sample, recall@10 of queries.

    Args:
        queries: per column and filter.
        sample: products drawn; fewer where the store has fewer.
        seed: of what is drawn: products, noise, ids in filters.
        watch: called with things to do and what they are; shows progress.
    Raises:
        StoreError: a file has changed since it was written, where the engine knows.
    """
    if isinstance(store, HasFiles):
        store.check_files()
    rng = np.random.default_rng(seed)
    ids, rows = sorted(store.digests()), store.count()
    drawn = draw_sample(store, ids, sample, rng, watch)
    filters = [(1.0, Kept(None, len(ids)))]
    filters += [(share, keep_share(store, ids, drawn.fields, share, rng)) for share in SHARES]
    return StoreCheck(
        products=len(ids),
        seed=seed,
        extra=rows - len(ids),
        repeated=find_repeated(store, rows) if rows != len(ids) else (),
        vectors=tuple(check_vectors(name, held) for name, held in drawn.vectors.items()),
        recalls=tuple(
            check_recall(store, drawn, RecallCase(column, share, kept, queries), rng, watch)
            for column in store.schema.vectors
            for share, kept in filters
        ),
        thumbnails=check_thumbnails(store, drawn, watch),
    )


def find_repeated(store: Store, rows: int) -> tuple[str, ...]:
    """Ids that a list of all rows names more than once."""
    counts = Counter(store.select(k=max(rows, 1)))
    return tuple(sorted(i for i, count in counts.items() if count > 1))


def check_vectors(column: str, vectors: np.ndarray) -> VectorCheck:
    """Vectors (products, dim); a row of NaN is none."""
    missing = np.isnan(vectors).all(axis=1)
    damaged = ~missing & ~np.isfinite(vectors).all(axis=1)
    whole = vectors[~missing & ~damaged].astype(np.float64)
    wrong = np.abs(np.linalg.norm(whole, axis=1) - 1) > LENGTH
    return VectorCheck(
        column, len(vectors), int(missing.sum()), int(damaged.sum()), int(wrong.sum())
    )


def check_thumbnails(store: Store, drawn: Sample, watch: Watch) -> PictureCheck:
    """Decode the thumbnails of a sample."""
    present = np.zeros(len(drawn.ids), bool)
    undecodable = []
    for start in watch(range(0, len(drawn.ids), BATCH), "thumbnails"):
        part = drawn.ids[start : start + BATCH]
        for place, held in enumerate(store.fetch(part, ["thumbnail"]), start):
            data = held.get("thumbnail") or b""
            present[place] = bool(data)
            if data and not can_decode(data):
                undecodable.append(drawn.ids[place])
    pictured = np.zeros(len(drawn.ids), bool)
    for column in store.schema.vectors:
        if column.made_from == "image":
            pictured[drawn.good(column.name)] = True
    dangling = int((pictured & ~present).sum()) if present.any() else 0
    return PictureCheck(len(drawn.ids), int(present.sum()), dangling, tuple(sorted(undecodable)))


def can_decode(data: bytes) -> bool:
    try:
        decode(data)
    except PictureError:
        return False
    return True
