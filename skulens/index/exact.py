"""Exact top-k by inner product, streamed: the full score matrix never exists.

The gallery passes by once, in blocks; every query keeps its k best so far. A float32 product
finds the few candidates of a block that could still enter (its error is bounded, so none is
missed), and only those are scored exactly (`fixed_point`). The answer is therefore the same for
any block size, thread count and BLAS, and equal vectors tie, bit for bit.

A candidate is one 64-bit key: score above, tie rank below, best key smallest. Keys are distinct,
so that a plain partition of integers selects and breaks ties at once, and vectorises well.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from skulens.errors import DataError
from skulens.index.fixed_point import (
    Fixed,
    bound_rounding,
    check_finite,
    fix,
    scores_of_all,
    scores_of_pairs,
)
from skulens.index.shots import How, Shots, fold
from skulens.machine import count_cores
from skulens.records import Run

BUDGET_BYTES = 64 << 20
"""Working memory of a search, beside gallery, answer and two copies of the queries."""

_BYTES_PER_SCORE = 48  # peak of all temporaries of the dense path, per (query, vector)
_NOTHING = np.uint64(2**64 - 1)


def top_k(
    queries: np.ndarray,
    gallery: np.ndarray | Iterable[np.ndarray],
    k: int,
    *,
    tie_rank: np.ndarray | None = None,
    shots: Shots | None = None,
    budget_bytes: int = BUDGET_BYTES,
    block_rows: int | None = None,
    query_rows: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k products of highest inner product with each query, best first.

    Args:
        queries: (queries, dim), used as float32.
        gallery: (vectors, dim) array or memory map, read once in order; or blocks of it.
        k: candidates per query; fewer come back where the gallery is smaller.
        tie_rank: (products,) integers, all different; of equal scores the product of smaller
            rank comes first. Default: its position. `ExactIndex` ranks larger ids first.
        shots: for several vectors per product, where each product's vectors start; its score
            is the largest of theirs. Needs `gallery` as an array.
        budget_bytes: working memory; sets the block sizes that are not given.
        block_rows: gallery vectors per block.
        query_rows: queries per block.
        progress: called after each block with its number of vectors, such as a tqdm's `update`.

    Returns:
        order: (queries, min(k, products)) int32, positions of products.
        scores: same shape, float32, equal bits for equal vectors.

    Raises:
        DataError: shapes that do not fit, k < 1, or a vector with NaN or infinity.
    """
    queries = _matrix(queries, "queries")
    if k < 1:
        raise DataError(f"top_k needs k of at least 1, got {k}")
    sizes = np.sqrt(np.einsum("nd,nd->n", queries, queries, dtype=np.float64))
    fixed = fix(queries)
    cores = count_cores()
    elements = max(1, budget_bytes // _BYTES_PER_SCORE // cores)
    block_rows = block_rows or max(1, min(4096, elements))
    best = np.full((len(queries), k), _NOTHING)
    seen = 0
    # Numpy leaves the interpreter to the others; a product on all cores in each would be too many.
    with ThreadPoolExecutor(cores) as pool, threadpool_limits(1, "blas"):
        for block in _blocks(gallery, queries.shape[1], block_rows, shots):
            rows = query_rows or max(1, elements // max(len(block.vectors), 1))
            ranks = _ranks(tie_rank, seen, len(block))

            def merge(start: int, rows=rows, block=block, ranks=ranks, seen=seen) -> None:
                part = slice(start, start + rows)
                tile = _Tile(queries[part], fixed[part], sizes[part], block, ranks)
                _update(best[part], tile, seen)

            first, *rest = range(0, max(len(queries), 1), rows)
            merge(first)  # alone: the others share what it computes of the block
            list(pool.map(merge, rest))
            seen += len(block)
            if progress is not None:
                progress(len(block.vectors))
    if tie_rank is not None and len(tie_rank) != seen:
        raise DataError(f"tie_rank has {len(tie_rank)} entries for a gallery of {seen} products")
    return _unpack(np.sort(best, axis=1)[:, : min(k, seen)], tie_rank)


@dataclass(frozen=True)
class _Block:
    """Consecutive gallery vectors; `starts` where each of its products begins (None: one each)."""

    vectors: np.ndarray
    starts: np.ndarray | None
    largest: float
    """Largest norm in it."""

    def __len__(self) -> int:
        return len(self.vectors) if self.starts is None else len(self.starts)

    @cached_property
    def fixed(self) -> Fixed:
        return fix(self.vectors)

    def per_product(self, scores: np.ndarray) -> np.ndarray:
        """(..., vectors) -> (..., products): best vector of each product."""
        if self.starts is None:
            return scores
        return np.maximum.reduceat(scores, self.starts, axis=-1)

    def vectors_of(self, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions of all vectors of some products, one after the other, and where each begins."""
        if self.starts is None:
            return products, np.arange(len(products))
        counts = np.diff(self.starts, append=len(self.vectors))[products]
        begin = np.cumsum(counts) - counts
        within = np.arange(counts.sum()) - np.repeat(begin, counts)
        return np.repeat(self.starts[products], counts) + within, begin


@dataclass(frozen=True, slots=True)
class _Tile:
    """Some queries against one gallery block."""

    queries: np.ndarray  # (rows, dim) float32
    fixed: Fixed  # the same
    sizes: np.ndarray  # (rows,) norms
    block: _Block
    ranks: np.ndarray  # (products of the block,) uint32

    def margin(self) -> np.ndarray:
        """(rows,) bound on |float32 product - exact score| for every vector of the block."""
        return bound_rounding(self.queries.shape[1], self.sizes, self.block.largest)


def _update(best: np.ndarray, tile: _Tile, seen: int) -> None:
    """Merge a tile's candidates into `best` (rows, k), which has seen that many products so far."""
    k, width = best.shape[1], len(tile.block)
    if 4 * k >= width:  # most of the block would be scored anyway
        _update_all(best, tile, seen)
        return
    products = tile.block.per_product(tile.queries @ tile.block.vectors.T)  # (rows, products)
    hits = np.flatnonzero(products >= _floor(best, products, tile)[:, None])
    if len(hits) > products.size // 32:  # mass ties: one exact product is cheaper
        _update_all(best, tile, seen)
        return
    rows, columns = np.divmod(hits, width)
    keys = _keys(_score(tile, rows, columns), tile.ranks[columns])
    _merge_few(best, rows, keys)


def _floor(best: np.ndarray, products: np.ndarray, tile: _Tile) -> np.ndarray:
    """(rows,) float32: a product of a smaller float32 score cannot be among the k best."""
    k = best.shape[1]
    worst = best.max(axis=1)
    kth, margin = _scores(worst).astype(np.float64), tile.margin()
    if (worst == _NOTHING).any():  # fewer than k seen: take the k-th of this block
        kth = np.partition(products, -k, axis=1)[:, -k] - margin
    return np.nextafter((kth - margin).astype(np.float32), np.float32(-np.inf))


def _score(tile: _Tile, rows: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Exact scores of (query, product) pairs of a tile."""
    if not len(rows):
        return np.empty(0, np.float32)
    vectors, begin = tile.block.vectors_of(products)
    rows = np.repeat(rows, np.diff(begin, append=len(vectors)))
    if 4 * len(vectors) < len(tile.block.vectors):  # a few: do not round the whole block for them
        used, vectors = np.unique(vectors, return_inverse=True)
        found = scores_of_pairs(tile.fixed, fix(tile.block.vectors[used]), rows, vectors)
    else:
        found = scores_of_pairs(tile.fixed, tile.block.fixed, rows, vectors)
    return np.maximum.reduceat(found, begin)


def _update_all(best: np.ndarray, tile: _Tile, seen: int) -> None:
    """Score a whole tile exactly and merge it."""
    scores = tile.block.per_product(scores_of_all(tile.fixed, tile.block.fixed))
    keys = _keys(scores, tile.ranks)
    if seen + keys.shape[1] <= best.shape[1]:  # room for all
        best[:, seen : seen + keys.shape[1]] = keys
        return
    keys = np.concatenate([best, keys], axis=1)
    keys.partition(best.shape[1] - 1, axis=1)
    best[:] = keys[:, : best.shape[1]]


def _merge_few(best: np.ndarray, rows: np.ndarray, keys: np.ndarray) -> None:
    """Merge keys of ascending rows, of different number per row, into `best`."""
    if not len(rows):
        return
    used, first, counts = np.unique(rows, return_index=True, return_counts=True)
    new = np.full((len(used), counts.max()), _NOTHING)
    new[
        np.repeat(np.arange(len(used)), counts), np.arange(len(rows)) - np.repeat(first, counts)
    ] = keys
    both = np.concatenate([best[used], new], axis=1)
    both.partition(best.shape[1] - 1, axis=1)
    best[used] = both[:, : best.shape[1]]


def _keys(scores: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """uint64 whose ascending order is: score descending, then tie rank ascending."""
    bits = scores.view(np.int32)
    # IEEE floats order like integers once negative ones are flipped: score >= 0 becomes
    # ~(bits | sign), score < 0 stays as it is.
    descending = (bits ^ (~(bits >> 31) & 0x7FFFFFFF)).view(np.uint32)
    return (descending.astype(np.uint64) << np.uint64(32)) | ranks


def _scores(keys: np.ndarray) -> np.ndarray:
    """The float32 scores that `_keys` packed; -inf for places not yet filled."""
    bits = (keys >> np.uint64(32)).astype(np.uint32).view(np.int32)
    scores = (bits ^ (~(bits >> 31) & 0x7FFFFFFF)).view(np.float32)
    scores[keys == _NOTHING] = -np.inf
    return scores


def _unpack(keys: np.ndarray, tie_rank: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(order, scores) of sorted keys."""
    order = keys.astype(np.uint32).view(np.int32)  # the lower half
    if tie_rank is not None:
        order = np.argsort(tie_rank).astype(np.int32)[order]
    return order, _scores(keys)


def _ranks(tie_rank: np.ndarray | None, first: int, count: int) -> np.ndarray:
    if tie_rank is None:
        return np.arange(first, first + count, dtype=np.uint32)
    return tie_rank[first : first + count].astype(np.uint32)


def _blocks(
    gallery: np.ndarray | Iterable[np.ndarray], dim: int, rows: int, shots: Shots | None
) -> Iterator[_Block]:
    """The gallery in blocks of at most `rows` vectors; one product's vectors stay together."""
    if shots is not None and not isinstance(gallery, np.ndarray):
        raise DataError(
            "several vectors per product need the gallery as one array or memory map, got blocks"
        )
    position = 0
    for part in [gallery] if isinstance(gallery, np.ndarray) else gallery:
        part = np.asarray(part) if not isinstance(part, np.ndarray) else part
        if part.ndim != 2 or part.shape[1] != dim:
            raise DataError(
                f"gallery vectors must be (n, {dim}) like the queries, got shape {part.shape}"
            )
        for begin, end, starts in _cuts(len(part), rows, shots):
            vectors = _matrix(part[begin:end], "gallery")
            norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
            check_finite(norms, position + begin)
            yield _Block(vectors, starts, float(norms.max(initial=0.0)))
        position += len(part)


def _cuts(
    size: int, rows: int, shots: Shots | None
) -> Iterator[tuple[int, int, np.ndarray | None]]:
    """(begin, end, starts of products within) of each block."""
    if shots is None:
        for begin in range(0, size, rows):
            yield begin, min(begin + rows, size), None
        return
    edges = np.append(shots.starts, size)
    first = 0
    while first < len(shots.starts):
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + rows, side="right")) - 1)
        yield int(edges[first]), int(edges[last]), edges[first:last] - edges[first]
        first = last


def _matrix(vectors: np.ndarray, what: str) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2:
        raise DataError(f"{what} must be (n, dim), got shape {vectors.shape}")
    return vectors


class ExactIndex:
    """Vectors with product ids, searched exactly (`protocols.Index`). Nothing is trained.

    Equal scores: larger product id first, as `records.Run` and trec_eval have it.

    Args:
        ids: the product of each vector. An id may repeat unless `shots` is "single".
        vectors: (len(ids), dim), an array or memory map. Normalise for cosine.
        shots: a product's score where it has several vectors: "max" that of its best vector,
            "mean" the mean of their scores, "prototype" that of the normalised mean of its
            normalised vectors.
        maker: `EncoderInfo.identity` of the encoder that made the vectors; empty: unknown.

    Raises:
        DataError: numbers of ids and vectors differ, or an id occurs twice with "single".
    """

    def __init__(
        self, ids: Sequence[str], vectors: np.ndarray, shots: How = "single", maker: str = ""
    ):
        self.maker = maker
        self.products, self._vectors, self._shots = fold(ids, vectors, shots)
        larger_first = sorted(range(len(self)), key=self.products.__getitem__, reverse=True)
        self._tie_rank = np.empty(len(self), np.int64)
        self._tie_rank[larger_first] = np.arange(len(self))

    def __len__(self) -> int:
        return len(self.products)

    def search(
        self, queries: np.ndarray, k: int, maker: str = "", **options
    ) -> tuple[np.ndarray, np.ndarray]:
        """(order, scores) as in `records.Run`, each (queries, min(k, len(self))).

        Args:
            maker: `EncoderInfo.identity` of the encoder that made the queries; empty: unknown.
            options: of `top_k`.
        Raises:
            DataError: the queries are vectors of another maker than the index's.
        """
        if maker and self.maker and maker != self.maker:
            raise DataError(
                f"this index holds vectors of the encoder {self.maker[:12]}, "
                f"the queries are of {maker[:12]}: embed both with one encoder"
            )
        return top_k(
            queries, self._vectors, k, tie_rank=self._tie_rank, shots=self._shots, **options
        )

    def run(
        self, query_ids: Sequence[str], queries: np.ndarray, k: int | None = None, maker: str = ""
    ) -> Run:
        """Candidates of all queries as a Run; k defaults to the whole gallery."""
        order, scores = self.search(queries, k or max(len(self), 1), maker)
        return Run(tuple(query_ids), self.products, order, scores)
