"""The values of one field in memory, and which products satisfy a comparison with them.

A text is the rank of its value among the column's different texts, so that texts are compared as
whole numbers, in the order of their characters' codes; a number is a float64, a truth value an
int8. A column with several values per product, or with few products that have one, holds the
product of each value.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from operator import ge, gt, le, lt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skulens.documents import FieldKind, Value
from skulens.records import Filter

ORDERS = {"<": lt, "<=": le, ">": gt, ">=": ge}
SPARSE = 4
"""A column in which fewer than one in so many products has a value holds those products only."""
FEW = 8
"""So many values of an `in` are compared one by one."""


@dataclass(eq=False)
class HeldColumn:
    """Values of one field, of one kind."""

    kind: FieldKind
    size: int
    """Products, with and without a value."""
    values: np.ndarray
    """Ranks in `texts` (-1: none), float64 (NaN: none) or int8 (-1: none); one per product, or with
    `owners` one per value."""
    owners: np.ndarray | None = None
    """(values,) int32, ascending: the product that has each value; none is missing then."""
    texts: pa.Array | None = None
    """The different texts, ascending."""

    @property
    def present(self) -> np.ndarray:
        """(values,) bool."""
        return self.values == self.values if self.kind == "number" else self.values >= 0

    # ----- filters ----------------------------------------------------------------------------

    def holds(self, where: Filter) -> np.ndarray:
        """(size,) bool: does a comparison, or "exists", hold for any value of a product?"""
        if self.owners is None:
            return self.present if where.op == "exists" else self._compare(where)
        found = np.zeros(self.size, bool)
        found[self.owners if where.op == "exists" else self.owners[self._compare(where)]] = True
        return found

    def _compare(self, where: Filter) -> np.ndarray:
        """(values,) bool: which values satisfy a comparison?"""
        if where.op in ("=", "in"):
            wanted = where.value if isinstance(where.value, tuple) else (where.value,)
            return self._is_any(wanted)
        if self.texts is None:
            return ORDERS[where.op](self.values, where.value)  # NaN satisfies none
        edge = edge_in(self.texts, where.value, right=where.op in ("<=", ">"))
        if where.op in (">", ">="):
            return self.values >= edge
        return (self.values < edge) & (self.values >= 0)

    def _is_any(self, wanted: tuple) -> np.ndarray:
        if self.texts is not None:
            wanted = tuple(r for v in wanted if (r := rank_in(self.texts, v)) is not None)
        if len(wanted) <= FEW:
            found = np.zeros(len(self.values), bool)
            for value in wanted:
                found |= self.values == value
            return found
        if self.texts is None:
            return np.isin(self.values, np.array(wanted, self.values.dtype))
        table = np.zeros(len(self.texts) + 1, bool)  # its last place is that of -1
        table[list(wanted)] = True
        return table.take(self.values, mode="wrap")

    # ----- order and counts -------------------------------------------------------------------

    def sort_keys(self, descending: bool) -> np.ndarray:
        """(size,) float64 whose ascending order is the one asked for, infinity without a value.

        Of several values the least counts, or the largest where descending.
        """
        keys = self.values.astype(np.float64)
        if descending:
            np.negative(keys, out=keys)
        if self.owners is None:
            keys[~self.present] = np.inf
            return keys
        found = np.full(self.size, np.inf)
        np.minimum.at(found, self.owners, keys)
        return found

    def counts(self, mask: np.ndarray | None, most: int) -> dict[Value, int]:
        """Value -> products of a mask that have it, the most frequent first, then by value."""
        codes, different = self._codes
        if self.owners is not None:
            chosen = self._first if mask is None else self._first & mask[self.owners]
            codes = codes[chosen]
        elif mask is not None:
            codes = codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(different))
        used = np.flatnonzero(counts)
        if len(used) > most:  # sort only what can be among them
            used = used[counts[used] >= np.partition(counts[used], -most)[-most]]
        used = used[np.lexsort((used, -counts[used]))][:most]
        return {different[code].as_py(): int(counts[code]) for code in used.tolist()}

    @cached_property
    def _codes(self) -> tuple[np.ndarray, pa.Array]:
        """(values,) ranks among the different values, -1 for none; and those, ascending."""
        if self.texts is not None:
            return self.values, self.texts
        if self.kind == "truth":
            return self.values, pa.array([False, True])
        numbers, codes = np.unique(self.values[self.present], return_inverse=True)
        ranks: np.ndarray = np.full(len(self.values), -1, smallest(len(numbers)))
        ranks[self.present] = codes
        return ranks, pa.array(numbers)

    @cached_property
    def _first(self) -> np.ndarray:
        """(values,) bool: false where the product has the same value before."""
        assert self.owners is not None
        codes, _ = self._codes
        order = np.lexsort((codes, self.owners))  # stable: the first of equal ones leads
        again = (np.diff(self.owners[order]) == 0) & (np.diff(codes[order]) == 0)
        found = np.ones(len(order), bool)
        found[order[1:][again]] = False
        return found


# ----- arrow -> values ------------------------------------------------------------------------


def hold_column(kind: FieldKind, given: pa.Array) -> HeldColumn:
    """The values of an arrow column, `list<>` where it holds several; nulls and NaN are none."""
    size, owners = len(given), None
    if many := pa.types.is_list(given.type) or pa.types.is_large_list(given.type):
        owners = pc.list_parent_indices(given).to_numpy().astype(np.int32)
        given = pc.list_flatten(given)
    texts = None
    if kind == "text":
        values, texts = rank_texts(given)
    elif kind == "number":
        values = pc.cast(given, pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    else:
        values = pc.cast(given, pa.int8()).fill_null(-1).to_numpy(zero_copy_only=False)
    found = HeldColumn(kind, size, values, owners, texts)
    present = np.flatnonzero(found.present)
    if many or SPARSE * len(present) < size:
        found.values = values[present]
        found.owners = present.astype(np.int32) if owners is None else owners[present]
    return found


def rank_texts(given: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """(rank of each among the different texts, -1 for null; those texts, ascending)."""
    coded = given if pa.types.is_dictionary(given.type) else given.dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    texts = coded.dictionary.take(order)
    ranks: np.ndarray = np.empty(len(texts) + 1, smallest(len(texts)))
    ranks[order.to_numpy()] = np.arange(len(texts))
    ranks[-1] = -1  # of null
    codes = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return ranks[codes], texts


def smallest(count: int) -> type:
    """The smallest integer that holds so many ranks, and -1."""
    return next((t for t in (np.int8, np.int16) if count <= np.iinfo(t).max), np.int32)


def edge_in(texts: pa.Array, wanted: Any, right: bool = False) -> int:
    """How many of ascending texts are less than one, or with `right` at most it."""
    side = bisect_right if right else bisect_left
    return side(range(len(texts)), wanted, key=lambda place: texts[place].as_py())


def rank_in(texts: pa.Array, wanted: object) -> int | None:
    """The place of a text among ascending ones; None where it is not among them."""
    edge = edge_in(texts, wanted)
    return edge if edge < len(texts) and texts[edge].as_py() == wanted else None
