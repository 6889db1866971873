"""Ranking metrics: what a run found of what was judged, in one number per query.

`judge` looks a run up in its judgements once; every metric is a pure function of the result and
answers in the order of `qrels.queries`, in [0, 1], NaN where a query has no relevant product.
Definitions are trec_eval's, and so is its option -c: a judged query that the run does not hold
scores 0. Averages and intervals live in `summaries` and `intervals`.

The order of the run is taken as it is. A Run breaks ties by larger product id, as trec_eval does;
one made otherwise (a paper's own scoring) is measured otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.errors import QrelsError, unknown
from skulens.evaluate.metric import cutoff_of
from skulens.records import Qrels, Run

_COMPARISONS = 1 << 24  # bytes of a comparison matrix


@dataclass(frozen=True)
class Judged:
    """The relevant products of every judged query, and where a run has them.

    Relevant means a grade above 0. `hit_*` are parallel arrays, one entry per relevant product
    found, sorted by query, then rank.
    """

    queries: tuple[str, ...]
    groups: tuple[str, ...]
    depth: int
    """Candidates per query in the run; ranks beyond it are unknown."""
    gallery: int
    """Products that could have been found."""
    full: bool
    """Every list reaches the depth, as after a search for a fixed number of candidates."""
    n_relevant: np.ndarray  # (queries,) int64
    hit_query: np.ndarray  # (hits,) int64, position in `queries`
    hit_rank: np.ndarray  # (hits,) int64, from 1
    hit_grade: np.ndarray  # (hits,) int64
    ideal_query: np.ndarray  # (relevant,) int64, position in `queries`
    ideal_rank: np.ndarray  # (relevant,) int64, from 1: grades in the best order there is
    ideal_grade: np.ndarray  # (relevant,) int64
    ties: np.ndarray
    """(queries,) bool: a relevant product has the score of a candidate of another grade, so
    that the order between them says nothing about the encoder. Ties past the depth are unseen."""

    def __len__(self) -> int:
        return len(self.queries)

    def per_query(self, of_hits: np.ndarray) -> np.ndarray:
        """Sums of a value per hit, (hits,) -> (queries,); NaN where nothing is relevant."""
        sums = np.bincount(self.hit_query, of_hits, minlength=len(self))
        return np.where(self.n_relevant > 0, sums, np.nan)

    def hits_within(self, k: int) -> np.ndarray:
        """(queries,) relevant products among the first k."""
        return self.per_query((self.hit_rank <= k).astype(np.float64))

    def first_rank(self) -> np.ndarray:
        """(queries,) float: rank of the best relevant product, inf where none was found."""
        ranks = np.full(len(self), np.inf)
        np.minimum.at(ranks, self.hit_query, self.hit_rank)
        return np.where(self.n_relevant > 0, ranks, np.nan)


def judge(run: Run, qrels: Qrels) -> Judged:
    """Look up every relevant product in the run.

    Raises:
        QrelsError: a query of the run was never judged, or is there twice; names the first three.
    """
    rows = _rows(run, qrels)
    query, product, grade = _relevant(run, qrels)
    ideal = np.lexsort((-grade, query))
    found = np.concatenate([np.zeros(0, np.int64), *_ranks(run, rows[query], product)])
    hit = np.flatnonzero(found)
    hit = hit[np.lexsort((found[hit], query[hit]))]
    hits = query[hit], found[hit], grade[hit]
    return Judged(
        qrels.queries,
        qrels.groups,
        run.depth,
        len(run.products),
        bool((run.order[:, -1:] >= 0).all()),
        np.bincount(query, minlength=len(qrels)),
        *hits,
        query[ideal],
        _count_up(query[ideal]),
        grade[ideal],
        _tied(run, rows, *hits),
    )


def join_judged(parts: Sequence[Judged]) -> Judged:
    """Judgements of blocks of queries, ranked alike, as one; at least one block."""
    first = parts[0]
    if len(parts) == 1:
        return first
    starts = np.cumsum([0, *(len(part) for part in parts[:-1])])

    def joined(name: str, shifts: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        shifts = [0] * len(parts) if shifts is None else shifts
        held = [getattr(part, name) for part in parts]
        return np.concatenate([x + s if s else x for x, s in zip(held, shifts, strict=True)])

    return Judged(
        tuple(q for part in parts for q in part.queries),
        tuple(g for part in parts for g in part.groups),
        first.depth,
        first.gallery,
        all(part.full for part in parts),
        joined("n_relevant"),
        joined("hit_query", starts),
        joined("hit_rank"),
        joined("hit_grade"),
        joined("ideal_query", starts),
        joined("ideal_rank"),
        joined("ideal_grade"),
        joined("ties"),
    )


def name_hit_rate(k: int) -> str:
    """ "hit_rate@5", as every result calls it."""
    return f"hit_rate@{k}"


def hit_rate_at_k(judged: Judged, k: int) -> np.ndarray:
    """1 where any relevant product is among the first k, else 0: (queries,).

    Metric-learning papers and OpenMPR print its mean as Recall@K; trec_eval calls it success_k.
    """
    return np.minimum(judged.hits_within(_cut(k)), 1.0)


def recall_at_k(judged: Judged, k: int) -> np.ndarray:
    """Share of the relevant products that are among the first k: (queries,).

    |top_k & relevant| / |relevant|; Manning et al. 2008, eq. 8.2.
    """
    return _divide(judged.hits_within(_cut(k)), judged.n_relevant)


def precision_at_k(judged: Judged, k: int) -> np.ndarray:
    """Share of the first k that is relevant; a shorter list still divides by k: (queries,)."""
    return judged.hits_within(_cut(k)) / k


def reciprocal_rank(judged: Judged, k: int | None = None) -> np.ndarray:
    """1 / rank of the best relevant product, 0 where none is among the first k: (queries,)."""
    ranks = judged.first_rank()
    return np.where(ranks > _cut(k, judged.depth), 0.0, 1.0 / ranks)


def average_precision(judged: Judged, k: int | None = None) -> np.ndarray:
    """Mean, over all relevant products, of the precision at their ranks: (queries,).

    A relevant product that is not among the first k counts 0; trec_eval's map and map_cut.
    """
    nth = _count_up(judged.hit_query)  # relevant products up to and with this one
    precision = np.where(judged.hit_rank <= _cut(k, judged.depth), nth / judged.hit_rank, 0.0)
    return _divide(judged.per_query(precision), judged.n_relevant)


def ndcg_at_k(judged: Judged, k: int | None = None) -> np.ndarray:
    """Normalised discounted cumulative gain of the first k: (queries,).

    Gain is the grade itself (linear, as trec_eval's ndcg_cut; not 2**grade - 1), the discount
    log2(rank + 1) (Jarvelin and Kekalainen 2002, in the form of Burges et al. 2005); the ideal
    takes all judged products, found or not.
    """
    k = _cut(k, max(judged.depth, int(judged.n_relevant.max(initial=0))))
    gain = judged.per_query(_gain(judged.hit_rank, judged.hit_grade, k))
    ideal = np.bincount(
        judged.ideal_query, _gain(judged.ideal_rank, judged.ideal_grade, k), minlength=len(judged)
    )
    return _divide(gain, ideal)


FAMILIES: dict[str, Callable[[Judged, int], np.ndarray]] = {
    "hit_rate": hit_rate_at_k,
    "recall": recall_at_k,
    "precision": precision_at_k,
    "ndcg": ndcg_at_k,
    "mrr": reciprocal_rank,
    "map": average_precision,
}
"""Metrics with a cut-off."""


def measure_by_name(judged: Judged, name: str) -> np.ndarray:
    """The metric of a name such as "mrr@10": (queries,).

    Raises:
        DataError: no such metric, or a cut-off that is not a positive whole number.
    """
    base, k = name.partition("@")[0], cutoff_of(name)
    if base not in FAMILIES or not k:
        raise unknown("metric", name, [f"{family}@K" for family in FAMILIES], "docs/metrics.md")
    return FAMILIES[base](judged, k)


def cmc(judged: Judged, ranks: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative match characteristic: mean hit rate at each rank.

    The mean is over queries with a relevant product.

    Returns:
        ranks: the ranks asked for, or all of 1..depth.
        rates: hit rate at each, ascending; NaN where no query has a relevant product.
    """
    ranks = np.arange(1, judged.depth + 1) if ranks is None else np.asarray(ranks)
    first = judged.first_rank()
    first = first[~np.isnan(first)]
    within = np.searchsorted(np.sort(first), ranks, side="right")
    return ranks, within / len(first) if len(first) else np.full(len(ranks), np.nan)


def _cut(k: int | None, default: int = 0) -> int:
    if k is None:
        return default
    if k < 1:
        raise QrelsError(f"a metric's cut-off must be at least 1, got {k}")
    return k


def _gain(ranks: np.ndarray, grades: np.ndarray, k: int) -> np.ndarray:
    return np.where(ranks <= k, grades / np.log2(ranks + 1.0), 0.0)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)


def _count_up(groups: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... within each run of equal values."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(1, len(groups) + 1) - np.repeat(starts, np.diff(starts, append=len(groups)))


def _rows(run: Run, qrels: Qrels) -> np.ndarray:
    """(queries of qrels,) row in the run, -1 where absent."""
    row = {q: i for i, q in enumerate(run.queries)}
    if len(row) < len(run.queries):
        twice = [q for i, q in enumerate(run.queries) if row[q] != i]
        raise QrelsError(f"{_first_three(twice)} occur twice in the run; query ids must be unique")
    unjudged = [q for q in run.queries if q not in qrels.grades]
    if unjudged:
        raise QrelsError(
            f"{len(unjudged)} of {len(run.queries)} queries of the run were never judged: "
            f"{_first_three(unjudged)}; give qrels of the same split, or leave these queries out"
        )
    return np.fromiter((row.get(q, -1) for q in qrels.queries), np.int64, len(qrels))


def _first_three(names: list[str]) -> str:
    return ", ".join(repr(n) for n in names[:3]) + (" ..." if len(names) > 3 else "")


def _relevant(run: Run, qrels: Qrels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(query, product, grade) of every relevant pair; product -1 where the run never names it."""
    position = {p: i for i, p in enumerate(run.products)}
    pairs = [
        (i, position.get(product, -1), grade)
        for i, grades in enumerate(qrels.grades.values())
        for product, grade in grades.items()
        if grade > 0
    ]
    query, product, grade = np.array(pairs, np.int64).reshape(-1, 3).T
    return query, product, grade


def _ranks(run: Run, rows: np.ndarray, products: np.ndarray) -> Iterator[np.ndarray]:
    """Rank from 1 of each (row, product) pair, 0 where it was not found; in chunks of pairs."""
    step = max(1, _COMPARISONS // max(run.depth, 1))
    for start in range(0, len(rows) if run.depth else 0, step):
        r, p = rows[start : start + step], products[start : start + step]
        if not len(run.queries):
            yield np.zeros(len(r), np.int64)
            continue
        same = run.order[r] == p[:, None]  # (pairs, depth)
        same[(r < 0) | (p < 0)] = False
        rank = same.argmax(axis=1)
        yield np.where(same[np.arange(len(r)), rank], rank + 1, 0)
    if not run.depth:
        yield np.zeros(len(rows), np.int64)


def _tied(
    run: Run, rows: np.ndarray, query: np.ndarray, rank: np.ndarray, grade: np.ndarray
) -> np.ndarray:
    """(queries,) bool; see `Judged.ties`."""
    tied = np.zeros(len(rows), bool)
    if not len(query):
        return tied
    score = run.scores[rows[query], rank - 1] + np.float32(0)  # -0 becomes 0
    step = max(1, _COMPARISONS // run.depth)
    alike = np.empty(len(query), np.int64)  # candidates of that score, itself included
    for start in range(0, len(query), step):
        part = slice(start, start + step)
        row = rows[query[part]]
        same = (run.scores[row] == score[part, None]) & (run.order[row] >= 0)
        alike[part] = same.sum(axis=1)
    _, kind, counts = np.unique(
        np.stack([query, score.view(np.int32), grade], axis=1),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    np.logical_or.at(tied, query, alike > counts[kind.ravel()])
    return tied
