"""Products as columns with an inverted index: what every sampler draws from and judges with.

A pair is one (key, value) that occurs, numbered. `held` lists the pairs of each product in the order
of its attributes; `posted` lists the products of each pair in ascending order. Everything else is
one number per product. Ten million products of eight attributes are some 1 GB.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.errors import DataError
from skulens.records import Product, Reject

MODALITIES = ("unknown", "visual", "text", "both")
NO_SPU = -1


@dataclass(frozen=True)
class Names:
    """A column of few different strings: their codes and what these mean."""

    codes: np.ndarray  # (products,) int32, -1 where a product has none
    names: tuple[str, ...]

    def of(self, product: int) -> str | None:
        code = int(self.codes[product])
        return self.names[code] if code >= 0 else None


@dataclass(frozen=True)
class Pool:
    """Products and their attributes; products, pairs and keys are numbered from 0.

    Attributes:
        pairs: number -> (key, value).
        keys: number -> key; `key_of[pair]` is the number of a pair's key.
        starts, held: pairs of product p are held[starts[p] : starts[p + 1]].
        edges, posted: products with pair q are posted[edges[q] : edges[q + 1]], ascending.
        modality: (classes, keys) positions in MODALITIES.
        pictured: whether a picture can show the product.
    """

    ids: Sequence[str]
    pairs: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    key_of: np.ndarray  # (pairs,) int32
    starts: np.ndarray  # (products + 1,) int64
    held: np.ndarray  # (entries,) int32
    edges: np.ndarray  # (pairs + 1,) int64
    posted: np.ndarray  # (entries,) int32
    spu: Names
    kind: Names
    """Class."""
    language: Names
    country: Names
    modality: np.ndarray  # (classes, keys) int8
    pictured: np.ndarray  # (products,) bool

    def __len__(self) -> int:
        return len(self.ids)

    def pairs_of(self, product: int) -> np.ndarray:
        """Pairs of a product, in the order of its attributes."""
        return self.held[self.starts[product] : self.starts[product + 1]]

    def posting(self, pair: int) -> np.ndarray:
        """Products that have a pair, ascending."""
        return self.posted[self.edges[pair] : self.edges[pair + 1]]

    def sizes(self) -> np.ndarray:
        """(pairs,) products of each pair."""
        return np.diff(self.edges)

    def answers(self, pairs: Sequence[int], kind: int = -1) -> np.ndarray:
        """Products that have all the pairs, of one class unless `kind` is -1, ascending."""
        by_size = sorted(pairs, key=lambda q: int(self.edges[q + 1] - self.edges[q]))
        found = self.posting(by_size[0])
        if kind >= 0:
            found = found[self.kind.codes[found] == kind]
        for pair in by_size[1:]:
            found = found[contained(found, self.posting(pair))]
        return found


def contained(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Which of `few` are in `many`; both ascending. (few,) bool."""
    if not len(many):
        return np.zeros(len(few), bool)
    places = np.searchsorted(many, few)
    return (places < len(many)) & (many[np.minimum(places, len(many) - 1)] == few)


def make_pool(products: Iterable[Product]) -> tuple[Pool, list[Reject]]:
    """The pool of a catalogue's products; what cannot be used is rejected, never lost.

    Attributes with an empty key or value and products of an id that occurred are rejects. A product
    without attributes stays: it may still be an answer to nothing, but it counts in the pool.

    Raises:
        DataError: no product at all.
    """
    table = _Table()
    for product in products:
        table.add(product)
    if not table.ids:
        raise DataError("a pool needs at least one product, got none")
    return table.pool(), table.rejects


class _Codes:
    """Strings numbered in the order of their first appearance."""

    def __init__(self) -> None:
        self.known: dict = {}

    def __call__(self, name) -> int:
        return self.known.setdefault(name, len(self.known))

    def names(self) -> tuple:
        return tuple(self.known)


class _Table:
    """Columns that grow product by product."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.seen: set[str] = set()
        self.rejects: list[Reject] = []
        self.pairs, self.keys = _Codes(), _Codes()
        self.held: list[int] = []
        self.starts: list[int] = [0]
        self.columns: dict[str, tuple[_Codes, list[int]]] = {
            name: (_Codes(), []) for name in ("spu", "kind", "language", "country")
        }
        self.told: dict[tuple[int, int], int] = {}
        self.pictured: list[bool] = []

    def add(self, product: Product) -> None:
        if product.id in self.seen:
            reason, todo = "the id occurred before", "give each product its own id"
            self.rejects.append(Reject("products", product.id, reason, todo))
            return
        self.seen.add(product.id)
        self.ids.append(product.id)
        kind = product.category[0] if product.category else None
        values = (product.spu, kind, product.language, product.country)
        for (codes, column), value in zip(self.columns.values(), values, strict=True):
            column.append(codes(value) if value else -1)
        self.pictured.append(bool(product.images))
        mine: set[int] = set()
        for attribute in product.attributes:
            if not attribute.key or not attribute.value:
                reason = f"attribute {attribute.key!r} has no value"
                self.rejects.append(Reject("products", product.id, reason, "leave it out"))
                continue
            pair = self.pairs((attribute.key, attribute.value))
            if pair not in mine:
                mine.add(pair)
                self.held.append(pair)
                place = (self.columns["kind"][1][-1], self.keys(attribute.key))
                self.told.setdefault(place, MODALITIES.index(attribute.modality))
        self.starts.append(len(self.held))

    def pool(self) -> Pool:
        pairs, keys = self.pairs.names(), self.keys.names()
        number = {key: i for i, key in enumerate(keys)}
        names = {
            name: Names(np.array(column, np.int32), codes.names())
            for name, (codes, column) in self.columns.items()
        }
        modality = np.zeros((max(1, len(names["kind"].names)), max(1, len(keys))), np.int8)
        for (kind, key), told in self.told.items():
            modality[kind, key] = told
        held, starts = np.array(self.held, np.int32), np.array(self.starts, np.int64)
        edges, posted = invert(starts, held, len(pairs))
        return Pool(
            ids=self.ids,
            pairs=pairs,
            keys=keys,
            key_of=np.array([number[key] for key, _ in pairs], np.int32),
            starts=starts,
            held=held,
            edges=edges,
            posted=posted,
            modality=modality,
            pictured=np.array(self.pictured, bool),
            **names,
        )


def invert(starts: np.ndarray, held: np.ndarray, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """(edges, posted) of (starts, held): products of each pair, ascending."""
    owners = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    order = np.argsort(held, kind="stable")
    edges = np.zeros(pairs + 1, np.int64)
    np.cumsum(np.bincount(held, minlength=pairs), out=edges[1:])
    return edges, owners[order]


def classes_of(pool: Pool) -> Mapping[str, int]:
    """Class -> its number."""
    return {name: i for i, name in enumerate(pool.kind.names)}
