"""Queries -> candidates: how deep, without which products, and among which part of a gallery."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from skulens.bench.result import RUN_DEPTH
from skulens.encode.gallery import Gallery
from skulens.evaluate.ranking import Judged, join_judged, judge
from skulens.index.exact import ExactIndex
from skulens.index.shots import How
from skulens.protocols import Retriever
from skulens.records import Qrels, Query, Run, chunks

FULL_RANKING = 200_000_000
"""Scores (queries x products) up to which the whole gallery is ranked for each query."""
BLOCK_SCORES = 4_000_000
"""Scores of the queries that are ranked at a time: 0.2 GB, however many queries there are."""
CUT_RANKING = 1000
"""Candidates of each query where it is not."""
SHALLOW_FULL, SHALLOW_CUT = 20_000_000, 100
"""The same of suites whose metrics end among the first candidates: as many candidates as a stored
result keeps. Of 10,000 queries x 51,177 products a cut of 1,000 takes 2.7 times as long."""

Exclude = Callable[[Query], Iterable[str]]
"""Query -> the products that it may not be answered with."""


class Search(Protocol):
    """What ranks: a system on one gallery."""

    in_blocks: ClassVar[bool]
    """Whether queries may be asked a few at a time."""

    @property
    def gallery(self) -> Gallery: ...

    def find(self, queries: Sequence[Query], products: Sequence[str], k: int) -> Run:
        """The first k of these products for each query that the system can answer."""


@dataclass(frozen=True)
class VectorSearch:
    """Exact float32 cosines of vectors of queries and gallery items; NaN rows are left out."""

    in_blocks: ClassVar[bool] = True
    gallery: Gallery
    asked: dict[str, np.ndarray]
    """Query id -> (dim,)."""
    shown: np.ndarray  # (items, dim)
    shots: How
    maker: str
    _ready: list[tuple[Sequence[str], ExactIndex]] = field(default_factory=list, repr=False)
    """The latest index and the products in it."""

    def find(self, queries: Sequence[Query], products: Sequence[str], k: int) -> Run:
        if not self._ready or self._ready[0][0] is not products:
            self._ready[:] = [(products, self._index(products))]
        vectors = np.stack([self.asked[q.id] for q in queries])
        return self._ready[0][1].run([q.id for q in queries], vectors, k, self.maker)

    def _index(self, products: Sequence[str]) -> ExactIndex:
        known = ~np.isnan(self.shown).any(axis=1)
        if len(products) < len(self.gallery.products):
            wanted = set(products)
            known &= np.array([p in wanted for p in self.gallery.products])[self.gallery.owners]
        owners = [self.gallery.products[i] for i in self.gallery.owners[known]]
        rows = self.shown if known.all() else self.shown[known]
        return ExactIndex(owners, rows, rule_for(owners, self.shots), self.maker)


def rule_for(owners: Sequence[str], shots: How) -> How:
    """The rule for several vectors of a product; "single", which changes none, where none has."""
    return shots if len(set(owners)) < len(owners) else "single"


@dataclass(frozen=True)
class SystemSearch:
    """A system that ranks by itself."""

    in_blocks: ClassVar[bool] = False
    gallery: Gallery
    system: Retriever

    def find(self, queries: Sequence[Query], products: Sequence[str], k: int) -> Run:
        items = self.gallery.items
        if len(products) < len(self.gallery.products):
            wanted = set(products)
            items = tuple(item for item in items if item.id in wanted)
        return over_gallery(self.system.rank(queries, items, k), products, k)


@dataclass(frozen=True)
class Found:
    """What came of queries under a rule."""

    run: Run
    """The first RUN_DEPTH candidates."""
    judged: Judged
    """Every right product with its rank, however deep."""

    @classmethod
    def of(cls, run: Run, queries: Sequence[Query]) -> "Found":
        """Judge a whole ranking and let go of what lies below the candidates that are kept."""
        cut = run.cut(RUN_DEPTH)
        kept = Run(cut.queries, cut.products, cut.order.copy(), cut.scores.copy())
        return cls(kept, judge(run, Qrels.of(queries)))


def find_and_judge(
    search: Search,
    queries: Sequence[Query],
    products: Sequence[str],
    rules: Sequence[Exclude | None],
    depth: int,
) -> list[Found]:
    """`find_candidates` and judge them, some queries at a time where the search allows that."""
    rows = max(1, BLOCK_SCORES // max(depth, 1)) if search.in_blocks else max(1, len(queries))
    found: list[list[Found]] = [[] for _ in rules]
    for block in chunks(queries, rows):
        runs = find_candidates(search, block, products, rules, depth)
        for mine, run in zip(found, runs, strict=True):
            mine.append(Found.of(run, block))
        del runs, run  # or they would stand beside those of the next block
    return [join_found(mine) for mine in found]


def join_found(parts: Sequence[Found]) -> Found:
    """Blocks of queries as one."""
    order, scores = (
        np.concatenate([getattr(part.run, name) for part in parts]) for name in ("order", "scores")
    )
    queries = tuple(q for part in parts for q in part.run.queries)
    run = Run(queries, parts[0].run.products, order, scores)
    return Found(run, join_judged([part.judged for part in parts]))


def find_candidates(
    search: Search,
    queries: Sequence[Query],
    products: Sequence[str],
    rules: Sequence[Exclude | None],
    depth: int,
) -> list[Run]:
    """So many candidates of queries among some products of a gallery under each rule; one search.

    Queries that the system does not answer are not in the runs.
    """
    out = [{q.id: frozenset(rule(q)) for q in queries} if rule else {} for rule in rules]
    most = max((len(gone) for each in out for gone in each.values()), default=0)
    found = search.find(queries, products, min(depth + most, len(products)))
    runs = [
        drop_excluded(found, [each[q] for q in found.queries]) if each else found for each in out
    ]
    return [run.cut(depth) for run in runs]


def depth_of(queries: int, products: int, shallow: bool = False) -> int:
    """Candidates to rank for each query: all, unless that is too much to hold."""
    full, cut = (SHALLOW_FULL, SHALLOW_CUT) if shallow else (FULL_RANKING, CUT_RANKING)
    return products if queries * products <= full else min(cut, products)


def over_gallery(run: Run, products: Sequence[str], depth: int) -> Run:
    """The run with these as its products and this depth: what a list lacks was not found."""
    place = {p: i for i, p in enumerate(products)}
    places = np.array([*(place[p] for p in run.products), -1], np.int32)  # -1 stays -1
    width = min(run.depth, depth)
    order = np.full((len(run.queries), depth), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    order[:, :width] = places[run.order[:, :width]]
    scores[:, :width] = run.scores[:, :width]
    return Run(run.queries, tuple(products), order, scores)


def drop_excluded(run: Run, out: Sequence[Iterable[str]]) -> Run:
    """The run with each query's excluded products taken out and the rest moved up."""
    place = {p: i for i, p in enumerate(run.products)}
    gone = [[place[p] for p in ids if p in place] for ids in out]
    dropped = np.zeros(run.order.shape, bool)
    for nth in range(max(map(len, gone), default=0)):
        column = np.array([mine[nth] if nth < len(mine) else -2 for mine in gone], np.int32)
        dropped |= run.order == column[:, None]
    rows = np.flatnonzero(dropped.any(axis=1))
    order, scores = run.order.copy(), run.scores.copy()
    moved = np.argsort(dropped[rows], axis=1, kind="stable")  # kept ones first, in their order
    order[rows] = np.take_along_axis(np.where(dropped[rows], -1, order[rows]), moved, axis=1)
    scores[rows] = np.take_along_axis(np.where(dropped[rows], -np.inf, scores[rows]), moved, axis=1)
    return Run(run.queries, run.products, order, scores)
