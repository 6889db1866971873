"""What the index of a store costs: the same queries with every vector compared."""

from collections.abc import Sequence

import numpy as np

from skulens.bench.candidates import SystemSearch, find_candidates
from skulens.bench.result import Result
from skulens.bench.retrievers import Indexed
from skulens.bench.task import Task
from skulens.evaluate.compare import Difference, compare
from skulens.evaluate.ranking import hit_rate_at_k, judge, name_hit_rate
from skulens.records import Qrels, Query, Run

OVERLAP = "index_overlap"
FIRST = 10
"""Candidates whose overlap is measured."""
EXACT = "exact_"
"""Begins the name of a metric of the exact scan."""


def measure_index(
    search: SystemSearch, queries: Sequence[Query], run: Run, task: Task
) -> dict[str, np.ndarray]:
    """`OVERLAP`, and the first hit rate of an exact scan, of each query; nothing of a system
    without an index.

    Args:
        queries: those of `run`, in its order.
    """
    if not isinstance(search.system, Indexed):
        return {}
    exact, k = run, min(task.ks)
    if search.system.used_index:
        scan = SystemSearch(search.gallery, search.system.without_index())
        products = search.gallery.products
        [exact] = find_candidates(scan, queries, products, [task.exclude], run.depth)
    hits = hit_rate_at_k(judge(exact, Qrels.of(queries)), k)
    return {OVERLAP: overlap(run, exact), EXACT + name_hit_rate(k): hits}


def overlap(run: Run, exact: Run, first: int = FIRST) -> np.ndarray:
    """(queries,) share of an exact run's first candidates that a run has among its own as many; NaN
    where there are none. Both have the same products, and the queries in the same order."""
    found, best = run.order[:, :first], exact.order[:, :first]
    there = (best[:, :, None] == found[:, None, :]).any(axis=2) & (best >= 0)
    known = (best >= 0).sum(axis=1)
    return np.divide(there.sum(axis=1), known, out=np.full(len(known), np.nan), where=known > 0)


def compare_with_exact(result: Result) -> tuple[str, Difference]:
    """(hit rate, its paired difference: with the index minus without it) of a measured store."""
    [exact] = [name for name in result.metrics if name.startswith(EXACT)]
    metric, scores = exact.removeprefix(EXACT), result.scores
    return metric, compare(scores.values(metric), scores.values(exact), scores.numbers)
