"""Stored results as the page of queries reads them: which belong together, what each system found,
and a sample of their queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from skulens.bench.result import Result
from skulens.bench.store import read_run, relevant_products
from skulens.errors import DataError
from skulens.report.names import label


@dataclass(frozen=True)
class Finder:
    """A system and the first products it found for each query."""

    name: str
    found: Mapping[str, Sequence[str]]
    """Query -> products, best first, as many as are shown."""
    ranks: Mapping[str, int]
    """Query -> rank of the first right product, from 1; absent where the run has none."""
    depth: int
    """Ranks that the stored run goes down to."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Query -> kind of its error, where the suite sorted them."""

    @property
    def first(self) -> int:
        """Queries with a right product first."""
        return sum(rank == 1 for rank in self.ranks.values())


def choose_results(results: Sequence[Result], split: str = "") -> tuple[list[Result], list[str]]:
    """Results on the same queries of several conditions, and the splits of others.

    Of several splits the one that is asked for, else that of most queries; whole queries before
    those without pictures or titles; of several states of the data the one measured last; of
    several runs of one system and settings the last.

    Raises:
        DataError: none has what is needed.
    """
    able = [
        r
        for r in results
        if r.suite == "merit" and {"run", "qrels"} <= set(r.tables) and split in ("", r.data.split)
    ]
    if not able:
        where = f" of split {split!r}" if split else ""
        there = ", ".join(dict.fromkeys(f"{r.suite} on {r.data.split}" for r in results))
        raise DataError(
            f"no result of suite merit{where} with its run is stored there (there are: {there}); "
            "measure with `skulens bench merit DATA --results DIR`"
        )
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in able:
        groups[result.data.split, result.data.queries].append(result)

    def weigh(group: tuple[str, str]) -> tuple[int, bool, int]:
        last = groups[group][-1]
        return last.counts.get("units", 0), "without" not in last.variant, able.index(last)

    best = max(groups, key=weigh)
    latest = {(r.name, str(r.settings)): r for r in groups[best]}
    return list(latest.values()), sorted({s for s, _ in groups} - {best[0]})


def read_finders(results: Sequence[Result], top: int) -> list[Finder]:
    """Systems as the page shows them, best hit rate at 1 first."""
    finders = []
    for result in results:
        run = read_run(result)
        right = relevant_products(result)
        found, ranks = {}, {}
        for row, query in enumerate(run.queries):
            ids = [run.products[p] for p in run.order[row] if p >= 0]
            found[query] = ids[:top]
            rank = next((n for n, p in enumerate(ids, 1) if p in right.get(query, ())), None)
            if rank:
                ranks[query] = rank
        name = name_result(result, results)
        finders.append(Finder(name, found, ranks, run.depth, error_kinds(result)))
    return sorted(finders, key=lambda f: -f.first)


def error_kinds(result: Result) -> dict[str, str]:
    """Query -> why the product put first is wrong; empty where errors were not sorted."""
    if "errors" not in result.tables:
        return {}
    table = result.tables["errors"]
    columns = (table[c].to_pylist() for c in ("query", "kind"))
    return dict(zip(*columns, strict=True))


def name_result(result: Result, among: Sequence[Result]) -> str:
    """A system with its gallery, and what else tells it from the others."""
    gallery = result.variant.get("gallery", "")
    return label(result, among) + (f" \N{MIDDLE DOT} {gallery}" if gallery else "")


def sample_queries(
    kinds: Mapping[str, int], finders: Sequence[Finder], n: int, seed: int
) -> list[str]:
    """Query ids, so many or all, in the order of `kinds`.

    A stratum has the queries of one number of conditions for which one number of systems put a
    right product first; strata are drawn from by turns, each in a seeded order.

    Args:
        kinds: query -> number of its conditions.
    """
    strata: dict[tuple[int, int], list[str]] = defaultdict(list)
    for query, conditions in kinds.items():
        right = sum(f.ranks.get(query) == 1 for f in finders)
        strata[conditions, right].append(query)
    draw = np.random.default_rng(seed)
    queues = [[strata[s][i] for i in draw.permutation(len(strata[s]))] for s in sorted(strata)]
    picked: set[str] = set()
    while len(picked) < min(n, len(kinds)):
        for queue in queues:
            if queue and len(picked) < n:
                picked.add(queue.pop())
    return [query for query in kinds if query in picked]
