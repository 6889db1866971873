"""The calls that `search_speed` compares: the store, a bare float32 product, LanceDB alone, memory.

Calls that are compared take turns on the same queries, so that what else the machine does slows all
of them alike.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search_speed_data import MAKER
from skulens.documents import Probe

K = 10
WARM = 20
"""Searches before any is timed; the one-byte copy is made in them."""


def make_probe(vector: np.ndarray, exact: bool, where: Any = None) -> Probe:
    return Probe(vector, "picture", MAKER, where=where, k=K, exact=exact)


def bare_scan(vectors: np.ndarray) -> Callable[[np.ndarray], object]:
    """A float32 product of all vectors and the ten best of it."""

    def search(query: np.ndarray) -> np.ndarray:
        scores = vectors @ query
        near = np.argpartition(scores, -K)[-K:]
        return near[np.argsort(-scores[near])]

    return search


def bare_index(place: Path, rows: int) -> Callable[[np.ndarray], object]:
    """LanceDB alone, with the parameters that the store asks it with."""
    import lancedb

    from skulens.index.stores.engines.lance import find, folder, layout

    table = lancedb.connect(place).open_table(folder.TABLE)
    record = folder.read_store(place)
    assert record is not None and isinstance(record.layout, layout.Layout)
    name = record.layout.vectors["picture"]
    parts, ef = find.partitions(rows), max(find.EF, find.EF_PER_HIT * K)

    def search(query: np.ndarray) -> object:
        asked = table.search(query, vector_column_name=name).distance_type("dot")
        asked = asked.nprobes(parts).ef(ef).refine_factor(find.REFINE).limit(K)
        return asked.with_row_id(True).select(["_distance"]).to_arrow()

    return search


def read_gb_s(megabytes: int = 512) -> float:
    """Bandwidth of reading memory, of one core: the best of several dot products."""
    values = np.ones(megabytes << 18, np.float32)
    times = []
    for _ in range(7):
        began = time.perf_counter()
        values @ values
        times.append(time.perf_counter() - began)
    return values.nbytes / min(times) / 1e9


def time_in_turn(calls: dict[str, Callable], queries: Sequence) -> dict[str, list[float]]:
    """Milliseconds of each call on each query, the calls one after the other."""
    for query in queries[:WARM]:
        for call in calls.values():
            call(query)
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for query in queries:
        for name, call in calls.items():
            began = time.perf_counter()
            call(query)
            taken[name].append(1e3 * (time.perf_counter() - began))
    return taken
