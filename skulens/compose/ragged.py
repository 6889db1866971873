"""Lists of different lengths in one array, row after row; every step is one pass of numpy.

Row i of (edges, members) is members[edges[i] : edges[i + 1]].
"""

from dataclasses import dataclass

import numpy as np

CHUNK = 1 << 20
"""Rows moved at a time, so that the largest pools need no second copy of everything."""


@dataclass(frozen=True)
class Ragged:
    """One ascending list of product numbers for each row of a batch."""

    edges: np.ndarray  # (rows + 1,) int64
    members: np.ndarray  # (total,) int32

    @classmethod
    def of_rows(cls, rows: np.ndarray, members: np.ndarray, count: int) -> "Ragged":
        """From (row, member) entries, ordered by row."""
        edges = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=count), out=edges[1:])
        return cls(edges, members)

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        return self.members[self.edges[row] : self.edges[row + 1]]

    def counts(self) -> np.ndarray:
        """(rows,) members of each row."""
        return np.diff(self.edges)

    def rows(self) -> np.ndarray:
        """(total,) the row of each member."""
        return np.repeat(np.arange(len(self)), self.counts())

    def keep(self, good: np.ndarray) -> "Ragged":
        """The members that are `good`, (total,) bool, in the same rows."""
        return Ragged.of_rows(self.rows()[good], self.members[good], len(self))

    def take(self, rows: np.ndarray) -> "Ragged":
        """Some rows, in the order given (positions or bool)."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        new, places = ranges(self.edges[rows], self.edges[rows + 1])
        return Ragged.of_rows(new, self.members[places], len(rows))


def ranges(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows, places): the numbers first[i] to last[i] - 1 of every row i, one after another."""
    lengths = last - first
    rows = np.repeat(np.arange(len(first)), lengths)
    shift = first - (np.cumsum(lengths) - lengths)
    return rows, np.arange(len(rows)) + shift[rows]


def take_rows(
    starts: np.ndarray, held: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(starts, held) of the products in `order`, a chunk at a time."""
    lengths = np.diff(starts)[order]
    found = np.zeros(len(order) + 1, np.int64)
    np.cumsum(lengths, out=found[1:])
    taken = np.empty(found[-1], np.int32)
    for first in range(0, len(order), CHUNK):
        part = slice(first, first + CHUNK)
        _, places = ranges(starts[order[part]], starts[order[part]] + lengths[part])
        begin = found[first]
        taken[begin : begin + len(places)] = held[places]
    return found, taken


def invert(starts: np.ndarray, held: np.ndarray, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """(edges, posted) of (starts, held): products of each pair, ascending; a chunk at a time."""
    edges = np.zeros(pairs + 1, np.int64)
    np.cumsum(np.bincount(held, minlength=pairs), out=edges[1:])
    posted = np.empty(len(held), np.int32)
    free = edges[:-1].copy()
    narrow = np.uint16 if pairs <= 1 << 16 else np.int32  # numpy sorts 16 bits by radix
    for first in range(0, len(starts) - 1, CHUNK):
        last = min(first + CHUNK, len(starts) - 1)
        mine = held[starts[first] : starts[last]]
        owners = np.repeat(
            np.arange(first, last, dtype=np.int32), np.diff(starts[first : last + 1])
        )
        order = np.argsort(mine.astype(narrow), kind="stable")
        counts = np.bincount(mine, minlength=pairs)
        _, places = ranges(free, free + counts)
        posted[places] = owners[order]
        free += counts
    return edges, posted
