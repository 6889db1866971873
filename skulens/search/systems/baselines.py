"""What results are held against: a system that knows nothing, and one that is told the truth.

    skulens bench merit shop --system random --system oracle --system oracle:1

`random` is the floor, `oracle` the ceiling: it knows every condition of a query exactly, by the
attributes of the products. `oracle:k` knows k of them, chosen by chance for each query, and the class
where the query names one; products that satisfy these are in random order, before all others.
Everything is drawn from the seed and the id of the query alone, so that a query finds the same in
any company.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from skulens.compose.oracle import Oracle
from skulens.compose.pool import make_pool
from skulens.errors import DataError
from skulens.protocols import Retriever
from skulens.records import Item, Product, Query, Run, SystemInfo

VERSION = "1"


class Random:
    """Ranks products by chance; see `protocols.Retriever`.

    Args:
        seed: as typed after the colon, "random:7"; empty: 0.
    Raises:
        DataError: one that is not a whole number.
    """

    def __init__(self, seed: str = ""):
        self.seed = read_count(seed, "random", 0)
        self.name = f"random:{seed}" if seed else "random"
        self.info = describe(self.name, f"random/{VERSION} {self.seed}")

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """k products of each query, in random order."""
        ids = products_of(gallery)
        return run_of(
            queries, ids, k, lambda query: generator(self.seed, query.id).permutation(len(ids))
        )


class KnowingSystem:
    """Ranks products by true attributes; `inform` must tell it the products before.

    Args:
        known: how many conditions of each query it knows, as typed after the colon; empty: all.
    Raises:
        DataError: a number that is not whole.
    """

    def __init__(self, known: str = ""):
        self.argument = known
        self.known = read_count(known, "oracle", 0) if known else None
        self.name = f"oracle:{known}" if known else "oracle"
        self.info = describe(self.name, f"oracle/{VERSION} {known}")
        self._oracle: Oracle | None = None

    def inform(self, products: Sequence[Product]) -> Retriever:
        """The same, with what is true of the products.

        Raises:
            DataError: no product has an attribute.
        """
        if not any(product.attributes for product in products):
            raise DataError(
                f"{self.name} ranks by true attributes, and no product has any; leave it out"
            )
        told = KnowingSystem(self.argument)
        told._oracle = Oracle(make_pool(products)[0])
        return told

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """k products of each query: those that satisfy what it knows, then the others.

        Raises:
            DataError: it was never told the products.
        """
        if self._oracle is None:
            raise DataError(f"{self.name} has to be told what is true of the products first")
        ids = products_of(gallery)
        place = {product: i for i, product in enumerate(ids)}
        held = np.array([place.get(p, -1) for p in self._oracle.pool.ids])  # (pool,) place or -1

        def order(query: Query) -> np.ndarray:
            rng = generator(0, query.id)
            found = held[self._find(query, rng)]
            first = np.zeros(len(ids), bool)
            first[found[found >= 0]] = True
            drawn = rng.permutation(len(ids))
            return np.concatenate([drawn[first[drawn]], drawn[~first[drawn]]])

        return run_of(queries, ids, k, order)

    def _find(self, query: Query, rng: np.random.Generator) -> np.ndarray:
        """Numbers in the pool of what satisfies the conditions known, references among them."""
        assert self._oracle is not None
        sought = self._oracle.read(query)
        pairs, count = sought.pairs, len(sought.pairs)
        if self.known is not None and self.known < count:
            chosen = rng.choice(count, self.known, replace=False)
            pairs = tuple(pairs[int(i)] for i in sorted(chosen))
        everyone = replace(sought, references=np.empty(0, np.int64))
        return self._oracle.find(everyone, pairs)


def read_count(text: str, name: str, usual: int) -> int:
    """The number after the colon. Raises DataError for anything but a whole number from 0."""
    if text and not text.isdecimal():
        raise DataError(f"{name}:{text}: expected a whole number after the colon, such as {name}:1")
    return int(text) if text else usual


def describe(name: str, identity: str) -> SystemInfo:
    """Neither reads anything of an item, so that any gallery will do."""
    return SystemInfo(
        name=name,
        kind="baseline",
        identity=identity,
        family="baseline",
        licence="Apache-2.0",
        params=0,
        trained_spus={},
        about={"modalities": ["text", "image"]},
    )


def generator(seed: int, query: str) -> np.random.Generator:
    """Random numbers of a query; the same whatever else is asked."""
    digest = hashlib.sha256(f"{seed} {query}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def products_of(gallery: Sequence[Item]) -> tuple[str, ...]:
    """Distinct ids, sorted: the order of a gallery decides nothing."""
    return tuple(sorted({item.id for item in gallery}))


def run_of(
    queries: Sequence[Query], ids: tuple[str, ...], k: int, order: Callable[[Query], np.ndarray]
) -> Run:
    """A run of the first k of each query's order (products,); scores fall by 1."""
    depth = min(k, len(ids))
    found = np.empty((len(queries), depth), np.int32)
    for row, query in enumerate(queries):
        found[row] = order(query)[:depth]
    falling = np.arange(len(ids), len(ids) - depth, -1, dtype=np.float32)
    scores = np.broadcast_to(falling, found.shape)
    return Run(tuple(q.id for q in queries), ids, found, scores.copy())
