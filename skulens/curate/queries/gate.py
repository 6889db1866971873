"""Is a set of composed queries hard enough to measure anything? Asked before any encoder is.

Systems that look at no picture answer every query: some know conditions exactly (`compose.oracle`),
some match words. A set passes where knowing all conditions is enough, knowing all but one is not,
and neither chance nor the words of titles find the answers.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from skulens.compose.oracle import Oracle, Sought, expected_hit, ties_of
from skulens.compose.pool import make_pool
from skulens.errors import DataError
from skulens.index.bm25 import WordIndex, split_words, text_of
from skulens.protocols import Catalog
from skulens.records import Query

CUTS = (1, 10)
RANDOM, CLASS_ONLY, SIBLINGS = "random", "class", "sibling"
TITLES, VALUES = "bm25 of titles", "bm25 of values"
MOST_ONE_MISSING, MOST_CHANCE, MOST_WORDS = 30.0, 0.5, 10.0
"""Percent: hit@1, hit@10, hit@10."""
ROUNDING = 1e-9
Progress = Callable[[Sequence[Query]], Iterable[Query]]


@dataclass(frozen=True)
class Slice:
    """Queries of one number of conditions.

    Attributes:
        sibling: whether their first reference is a sibling of an answer: those are found by likeness.
        hits: (system, k) -> expected hit rate at k, percent.
    """

    conditions: int
    sibling: bool
    queries: int
    hits: Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Finding:
    """One rule on one slice: the hit rate at k of a system, and its limit, percent.

    Attributes:
        least: the limit is the least; otherwise the most.
    """

    rule: str
    conditions: int
    sibling: bool
    k: int
    percent: float
    limit: float
    least: bool = False

    @property
    def passed(self) -> bool:
        if self.least:
            return self.percent >= self.limit - ROUNDING
        return self.percent <= self.limit + ROUNDING


@dataclass(frozen=True)
class Gate:
    """What systems without eyes found.

    Attributes:
        left_out: ids of queries without an answer in the gallery or a condition with a value.
    """

    slices: tuple[Slice, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if not f.passed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "passed": not self.failed,
            "slices": [
                {
                    "n_conditions": s.conditions,
                    "sibling": s.sibling,
                    "queries": s.queries,
                    "percent": {f"{system} @{k}": v for (system, k), v in s.hits.items()},
                }
                for s in self.slices
            ],
            "rules": [asdict(f) | {"passed": f.passed} for f in self.findings],
            "left_out": list(self.left_out),
        }


def measure_difficulty(
    catalog: Catalog, splits: Sequence[str] = (), progress: Progress = lambda queries: queries
) -> Gate:
    """Hit rates of all systems by number of conditions, and whether they pass.

    Args:
        splits: whose queries; all by default.
        progress: wraps the loop over the queries.
    Raises:
        DataError: no product, or no query that states conditions.
    """
    products = list(catalog.products())
    pool, _ = make_pool(products)
    oracle = Oracle(pool)
    queries = list(read_queries(catalog, splits))
    if not queries:
        raise DataError(f"no query of {catalog.info.name} states conditions; compose some first")
    titles = {p.id: p.title for p in products}
    words = WordIndex([split_words(titles[name]) for name in pool.ids])
    found: dict[tuple[int, bool], list[dict[tuple[str, int], float]]] = defaultdict(list)
    left_out = []
    for query in progress(queries):
        sought = oracle.read(query)
        if len(sought.answers) and sought.pairs:
            sibling = bool(np.isin(sought.answers, oracle.siblings(sought)).any())
            found[len(sought.pairs), sibling].append(dict(answer(oracle, words, query, sought)))
        else:
            left_out.append(query.id)
    slices = tuple(
        Slice(*place, len(rows), {s: 100 * float(np.mean([r[s] for r in rows])) for s in rows[0]})
        for place, rows in sorted(found.items())
    )
    return Gate(slices, tuple(f for s in slices for f in judge(s)), tuple(left_out))


def read_queries(catalog: Catalog, splits: Sequence[str]) -> Iterator[Query]:
    """Queries that state conditions, each once."""
    seen: set[str] = set()
    for split in splits or catalog.info.splits:
        for query in catalog.queries(split):
            if query.conditions and query.id not in seen:
                seen.add(query.id)
                yield query


def answer(
    oracle: Oracle, words: WordIndex, query: Query, sought: Sought
) -> Iterator[tuple[tuple[str, int], float]]:
    """(system, k) -> probability of a hit, for all systems."""
    ranked = {
        RANDOM: [oracle.ties(sought, np.empty(0, np.int64))],
        CLASS_ONLY: list(oracle.know(sought, 0)),
        SIBLINGS: [oracle.ties(sought, oracle.siblings(sought))],
    }
    for count in range(1, len(sought.pairs) + 1):
        ranked[knows(count)] = list(oracle.know(sought, count))
    for system, choices in ranked.items():
        for k in CUTS:
            yield (system, k), float(np.mean([expected_hit(ties, k) for ties in choices]))
    values = " ".join(c.value for c in query.conditions if c.value)
    for system, text in ((TITLES, text_of(query.item)), (VALUES, values)):
        scores = words.score(Counter(split_words(text)))
        scores[sought.references] = -np.inf
        for k in CUTS:
            yield (system, k), expected_hit(ties_of(scores, sought.answers, k), k)


def knows(count: int) -> str:
    """Name of the oracle that knows so many conditions beside the class."""
    return f"knows {count}"


def judge(found: Slice) -> Iterator[Finding]:
    """Every rule on one slice."""

    def finding(rule: str, system: str, k: int, limit: float, least: bool = False) -> Finding:
        percent = found.hits[system, k]
        return Finding(rule, found.conditions, found.sibling, k, percent, limit, least)

    fewer = knows(found.conditions - 1) if found.conditions > 1 else CLASS_ONLY
    yield finding("all conditions known", knows(found.conditions), 1, 100.0, least=True)
    yield finding("all but one known", fewer, 1, MOST_ONE_MISSING)
    yield finding(RANDOM, RANDOM, 10, MOST_CHANCE)
    if not found.sibling:
        yield finding(TITLES, TITLES, 10, MOST_WORDS)
