"""What engines leave to be done outside: order of texts and of equal scores, facets of numbers,
reading and deleting piece by piece."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from skulens.documents import Value
from skulens.index.stores.columns import point_id
from skulens.index.stores.fields import as_tuple
from skulens.records import batches

Row = TypeVar("Row")
PAGE = 1000
"""Products read in one call."""
TIES = 8
"""Times k: how far equal scores are followed where not every product counts."""


def first_rows(
    rows: Iterable[tuple[str, Any]], k: int, descending: bool = False
) -> tuple[str, ...]:
    """Ids of the first k, by value and then by id; those without a value last.

    Args:
        rows: (id, value, values, or None), in any order. Of several values the best counts.
    """
    ordered = sorted(rows, key=lambda row: row[0])
    best = max if descending else min
    have = [(best(values), i) for i, held in ordered if (values := as_tuple(held))]
    have.sort(key=lambda row: row[0], reverse=descending)  # stable: equal values stay by id
    lack = (i for i, held in ordered if not as_tuple(held))
    return tuple([i for _, i in have] + list(lack))[:k]


def count_values(rows: Iterable[Any], most: int) -> dict[Value, int]:
    """Value -> products that have it; the most frequent first, then by value.

    Args:
        rows: value, values, or None of each product.
    """
    counts = Counter(value for held in rows for value in dict.fromkeys(as_tuple(held)))
    return dict(sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:most])


def follow_equal(
    ask: Callable[[int], list[tuple[str, float]]], k: int, most: int
) -> list[tuple[str, float]]:
    """(product, score), best first, with those whose score equals that of the k-th, up to `most` in
    all: an engine orders them as it likes, we by id.

    Args:
        ask: for so many, or as many as there are.
    """
    limit = min(k + 1, most)
    while True:
        found = ask(limit)
        if len(found) < limit or found[-1][1] < found[k - 1][1] or limit >= most:
            return found
        limit = min(2 * limit, most)


def batch_points(ids: Iterable[str]) -> Iterator[list[str]]:
    """The points of products, each once, PAGE at a time."""
    return batches(dict.fromkeys(map(point_id, ids)), PAGE)


def delete_points(
    ids: Iterable[str],
    find: Callable[[list[str]], list[str]],
    remove: Callable[[list[str]], None],
) -> int:
    """Remove the points of products; how many there were.

    Args:
        find: those of some points that the engine has.
    """
    count = 0
    for group in batch_points(ids):
        if have := find(group):
            remove(have)
        count += len(have)
    return count


def stack_vectors(vectors: Sequence[np.ndarray | None], dim: int) -> np.ndarray:
    """(vectors, dim) float32; a row of NaN for None."""
    found = np.full((len(vectors), dim), np.nan, np.float32)
    for row, vector in enumerate(vectors):
        if vector is not None:
            found[row] = vector
    return found


def pages(read: Callable[[Any], tuple[Iterable[Row], Any]]) -> Iterator[Row]:
    """Rows page by page, until `read(offset) -> (rows, next offset)` has no next."""
    offset = None
    while True:
        found, offset = read(offset)
        yield from found
        if offset is None:
            return
