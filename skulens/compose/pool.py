"""Products as columns with an inverted index: what every sampler draws from and judges with.

A pair is one (key, value) that occurs. `held` lists the pairs of each product in the order of its
attributes; `posted` lists the products of each pair in ascending order. Everything else is one
number per product. Ten million products of eight attributes are some 1 GB.

Pairs are numbered key by key and products class by class, so that the entries of a key, and the
part of a posting that is of one class, are slices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skulens.compose.ragged import CHUNK, invert, take_rows
from skulens.errors import DataError
from skulens.records import Attribute, Product, Reject, escape_surrogates

MODALITIES = ("unknown", "visual", "text", "both")
MOST_ATTRIBUTES = 256
"""Of one product; more are no product's, and every draw would pay for them."""
DENSE = 64
"""A pair that at least one in so many products has gets a bitmap, ..."""
BITMAPS_MB = 256
"""... and every pair does where all bitmaps together take no more than this."""


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
        keys: number -> key; `key_of[pair]` is the number of a pair's key, ascending.
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
    """Class; the codes ascend."""
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
            first, last = np.searchsorted(found, self.class_edges[kind : kind + 2])
            found = found[first:last]
        for pair in by_size[1:]:
            found = found[self.has(found, np.full(len(found), pair))]
        return found

    @cached_property
    def class_edges(self) -> np.ndarray:
        """(classes + 1,): products of class c are those from [c] to below [c + 1]."""
        return np.searchsorted(self.kind.codes, np.arange(len(self.kind.names) + 1))

    @cached_property
    def key_edges(self) -> np.ndarray:
        """(keys + 1,): entries of `posted` that belong to key k are from [k] to below [k + 1]."""
        return self.edges[np.searchsorted(self.key_of, np.arange(len(self.keys) + 1))]

    @cached_property
    def class_masks(self) -> np.ndarray:
        """(pairs,) uint64, a bit for each class that has the pair; 64 classes apart share a bit."""
        seen = np.zeros((len(self.pairs), 64), bool)
        bit = (self.kind.codes % 64).astype(np.uint8)
        for pair in range(len(self.pairs)):
            seen[pair, bit[self.posting(pair)]] = True
        return np.packbits(seen, axis=1, bitorder="little").view("<u8").reshape(-1)

    @cached_property
    def families(self) -> tuple[np.ndarray, np.ndarray]:
        """SPU -> its products: those of SPU s are members[edges[s] : edges[s + 1]], ascending."""
        edges = np.zeros(len(self.spu.names) + 1, np.int64)
        known = self.spu.codes >= 0
        np.cumsum(np.bincount(self.spu.codes[known], minlength=len(edges) - 1), out=edges[1:])
        members = np.argsort(self.spu.codes, kind="stable")[np.count_nonzero(~known) :]
        return edges, members.astype(np.int32)

    @cached_property
    def bitmaps(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows, bits): bit p of bits[rows[q]] says whether product p has pair q; row -1: none."""
        width = len(self) // 8 + 1
        everything = len(self.pairs) * width <= BITMAPS_MB << 20
        dense = np.flatnonzero(self.sizes() >= (0 if everything else len(self) / DENSE))
        rows = np.full(len(self.pairs), -1, np.int32)
        rows[dense] = np.arange(len(dense))
        bits = np.zeros((len(dense), width), np.uint8)
        for row, pair in enumerate(dense.tolist()):
            told = np.zeros(width * 8, bool)
            told[self.posting(pair)] = True
            bits[row] = np.packbits(told, bitorder="little")
        return rows, bits

    def has(self, products: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        """Whether each product has the pair beside it. (n,) bool."""
        rows, bits = self.bitmaps
        row = rows[pairs]
        if row.size and row.min() >= 0:
            place = row * np.int64(bits.shape[1]) + (products >> 3)
            return (bits.reshape(-1)[place] >> (products & 7).astype(np.uint8) & 1).view(bool)
        found = np.zeros(len(products), bool)
        dense = row >= 0
        if dense.any():
            found[dense] = self.has(products[dense], pairs[dense])
        few, sought = pairs[~dense], products[~dense]
        place = self.places(few, sought)
        inside = place < self.edges[few + 1]
        found[~dense] = inside & (self.posted[np.where(inside, place, 0)] == sought)
        return found

    def places(self, pairs: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Where in `posted` each product stands, or would, in the posting of its pair. (n,)"""
        low, high = self.edges[pairs], self.edges[pairs + 1]
        while (open_ := low < high).any():
            middle = (low + high) >> 1
            before = open_ & (self.posted[np.where(open_, middle, 0)] < products)
            low = np.where(before, middle + 1, low)
            high = np.where(open_ & ~before, middle, high)
        return low


@dataclass
class Columns:
    """What a pool is made of; products in any order, pairs and keys as they were met.

    Attributes:
        starts, held: as of `Pool`; a product holds no pair twice.
        modality: (classes, keys).
    """

    ids: Sequence[str]
    pairs: Sequence[tuple[str, str]]
    keys: Sequence[str]
    starts: np.ndarray
    held: np.ndarray
    spu: Names
    kind: Names
    language: Names
    country: Names
    modality: np.ndarray
    pictured: np.ndarray


def build_pool(columns: Columns, rows: np.ndarray | None = None) -> Pool:
    """The pool of these columns, renumbered and with its index; pairs of no product are left out.

    Args:
        rows: positions of the products to take, ascending; None: all.
    Raises:
        DataError: no product at all.
    """
    if not len(columns.ids):
        raise DataError("a pool needs at least one product, got none")
    rows = np.arange(len(columns.ids)) if rows is None else rows
    order = rows[np.argsort(columns.kind.codes[rows], kind="stable")]
    starts, held = take_rows(columns.starts, columns.held, order)
    number = {key: i for i, key in enumerate(columns.keys)}
    key_of = np.array([number[key] for key, _ in columns.pairs], np.int32)
    met = np.flatnonzero(np.bincount(held, minlength=len(key_of)))
    met = met[np.argsort(key_of[met], kind="stable")]
    renumbered = np.zeros(len(key_of), np.int32)
    renumbered[met] = np.arange(len(met))
    for first in range(0, len(held), CHUNK):
        held[first : first + CHUNK] = renumbered[held[first : first + CHUNK]]
    keys, key_of_met = np.unique(key_of[met], return_inverse=True)
    edges, posted = invert(starts, held, len(met))
    taken = (columns.spu, columns.kind, columns.language, columns.country)
    spu, kind, language, country = (Names(c.codes[order], c.names) for c in taken)
    return Pool(
        ids=take(columns.ids, order),
        pairs=tuple(columns.pairs[i] for i in met.tolist()),
        keys=tuple(columns.keys[i] for i in keys.tolist()),
        key_of=key_of_met.astype(np.int32),
        starts=starts,
        held=held,
        edges=edges,
        posted=posted,
        spu=spu,
        kind=kind,
        language=language,
        country=country,
        modality=columns.modality[:, keys] if len(keys) else columns.modality,
        pictured=columns.pictured[order],
    )


def take(ids: Sequence[str], order: np.ndarray) -> Sequence[str]:
    """Ids in another order: a list, or whatever an Arrow column makes of itself."""
    return ids.take(order) if hasattr(ids, "take") else [ids[i] for i in order]


def make_pool(products: Iterable[Product]) -> tuple[Pool, list[Reject]]:
    """The pool of a catalogue's products; what cannot be used is rejected, never lost.

    Rejected are products of an id that occurred or is no valid text, attributes whose key or value
    is empty or no valid text, and those beyond MOST_ATTRIBUTES. A product without attributes stays
    and is named: it answers nothing and shows nothing, but it counts in the pool. So does a pair
    that every product has: as a condition it excludes nothing.

    Raises:
        DataError: no product at all.
    """
    table = _Table()
    for product in products:
        table.add(product)
    pool = build_pool(table.columns())
    return pool, table.rejects + idle_pairs(pool)


def idle_pairs(pool: Pool) -> list[Reject]:
    """Pairs that every product has, as rejects."""
    full = np.flatnonzero(pool.sizes() == len(pool)) if len(pool) > 1 else ()
    reason = f"each of the {len(pool):,} products has it, so as a condition it excludes none"
    return [
        Reject("pairs", "=".join(pool.pairs[i]), reason, "take the key off the card") for i in full
    ]


class Codes:
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
        self.pairs, self.keys = Codes(), Codes()
        self.held: list[int] = []
        self.starts: list[int] = [0]
        self.named: dict[str, tuple[Codes, list[int]]] = {
            name: (Codes(), []) for name in ("spu", "kind", "language", "country")
        }
        self.told: dict[tuple[int, int], int] = {}
        self.pictured: list[bool] = []

    def add(self, product: Product) -> None:
        if why := self.unusable(product):
            self.reject(product.id, *why)
            return
        self.seen.add(product.id)
        self.ids.append(product.id)
        kind = product.category[0] if product.category else None
        values = (product.spu, kind, product.language, product.country)
        for (codes, column), value in zip(self.named.values(), values, strict=True):
            column.append(codes(escape_surrogates(value)) if value else -1)
        self.pictured.append(bool(product.images))
        self.add_attributes(product)
        if self.starts[-1] == len(self.held):
            self.reject(product.id, "no attribute can be used", "it can only be a distractor")
        self.starts.append(len(self.held))

    def unusable(self, product: Product) -> tuple[str, str] | None:
        """Reason and what to do, if the product cannot be in the pool."""
        if product.id in self.seen:
            return "the id occurred before", "give each product its own id"
        if not product.id or escape_surrogates(product.id) != product.id:
            return "the id is empty or no valid text", "give it an id in UTF-8"
        return None

    def add_attributes(self, product: Product) -> None:
        mine: set[int] = set()
        for attribute in product.attributes:
            if why := reason_against(attribute):
                self.reject(product.id, why, "leave it out")
                continue
            if len(mine) == MOST_ATTRIBUTES:
                reason = f"{len(product.attributes):,} attributes, over {MOST_ATTRIBUTES}"
                self.reject(product.id, reason, "the first ones are used")
                return
            pair = self.pairs((attribute.key, attribute.value))
            if pair not in mine:
                mine.add(pair)
                self.held.append(pair)
                kind, key = self.named["kind"][1][-1], self.keys(attribute.key)
                if kind >= 0:
                    self.told.setdefault((kind, key), MODALITIES.index(attribute.modality))

    def reject(self, item: str, reason: str, todo: str) -> None:
        self.rejects.append(Reject("products", item, reason, todo))

    def columns(self) -> Columns:
        keys = self.keys.names()
        named: Mapping[str, Names] = {
            name: Names(np.array(column, np.int32), codes.names())
            for name, (codes, column) in self.named.items()
        }
        modality = np.zeros((max(1, len(named["kind"].names)), max(1, len(keys))), np.int8)
        for (kind, key), told in self.told.items():
            modality[kind, key] = told
        return Columns(
            ids=self.ids,
            pairs=self.pairs.names(),
            keys=keys,
            starts=np.array(self.starts, np.int64),
            held=np.array(self.held, np.int32),
            modality=modality,
            pictured=np.array(self.pictured, bool),
            **named,
        )


def reason_against(attribute: Attribute) -> str:
    """Why an attribute cannot be a condition; empty if it can."""
    for name, text in (("key", attribute.key), ("value", attribute.value)):
        if not text or not text.strip():
            return f"attribute {attribute.key!r} has an empty {name}"
        if escape_surrogates(text) != text:
            return f"attribute {attribute.key!r} has a {name} that is no valid text"
    return ""
