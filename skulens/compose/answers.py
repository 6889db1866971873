"""All answers of many queries at once: postings are intersected, the shortest one first.

A batch of queries is one pass: the members of each query's shortest posting stand one after
another, and each further condition keeps those that a bitmap, or a search in its posting, has.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.compose.ragged import Ragged, ranges

CANDIDATES = 1 << 18
"""Candidates held at a time; they and their bits then stay in the cache of a core."""


def find_answers(pool: Pool, pairs: np.ndarray, kind: np.ndarray) -> Ragged:
    """Products with all pairs of a row, of one class where one is named; references are not left
    out here.

    Args:
        pairs: (n, width) int32; negative ones are no condition. A row without any has no answer.
        kind: (n,) class, or NONE.
    """
    first, last = slices(pool, pairs, kind)
    sizes = np.where(pairs >= 0, last - first, np.iinfo(np.int64).max)
    order = np.argsort(sizes, axis=1, kind="stable")
    pairs, first, last = (np.take_along_axis(a, order, axis=1) for a in (pairs, first, last))
    shortest = np.where(may_meet(pool, pairs, kind), last[:, 0] - first[:, 0], 0)
    total = np.cumsum(shortest)
    rows, members = [], []
    start = 0
    while start < len(pairs):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + CANDIDATES, side="right")))
        part = slice(start, stop)
        row, places = ranges(first[part, 0], first[part, 0] + shortest[part])
        found = pool.posted[places]
        for pair in pairs[part, 1:].T:
            if (pair >= 0).any() and len(found):
                good = has_where_asked(pool, found, pair[row])
                row, found = row[good], found[good]
        rows.append(row + start)
        members.append(found)
        start = stop
    if not rows:
        return Ragged(np.zeros(1, np.int64), np.empty(0, np.int32))
    return Ragged.of_rows(np.concatenate(rows), np.concatenate(members), len(pairs))


def slices(pool: Pool, pairs: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, last) of the part of each posting that is of the class named; empty where no pair."""
    asked = pairs >= 0
    safe = np.where(asked, pairs, 0)
    first, last = pool.edges[safe], pool.edges[np.minimum(safe + 1, len(pool.pairs))]
    rows, columns = np.nonzero(asked & (kind >= 0)[:, None])
    if len(rows):
        sought, named = pairs[rows, columns], kind[rows]
        first[rows, columns] = pool.places(sought, pool.class_edges[named])
        last[rows, columns] = pool.places(sought, pool.class_edges[named + 1])
    return first, np.where(asked, last, first)


def may_meet(pool: Pool, pairs: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """(n,) bool, False only where no class has all pairs: most proposals end here."""
    shared = np.full(len(pairs), ~np.uint64(0))
    for pair in pairs.T:
        shared &= np.where(pair >= 0, pool.class_masks[pair], ~np.uint64(0))
    return shared != 0


def has_where_asked(pool: Pool, products: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """`Pool.has`, and True where the pair is none."""
    asked = pairs >= 0
    if asked.all():
        return pool.has(products, pairs)
    good = ~asked
    good[asked] = pool.has(products[asked], pairs[asked])
    return good


def without_references(answers: Ragged, proposals: Proposals) -> Ragged:
    """Answers that the query does not show."""
    rows, good = answers.rows(), np.ones(len(answers.members), bool)
    for product in proposals.products.T:
        good &= answers.members != product[rows]
    return answers if good.all() else answers.keep(good)


def find_near_misses(pool: Pool, proposals: Proposals) -> Ragged:
    """What each query would find without one of its conditions, and does not.

    Returns:
        n x MOST rows; row i * MOST + j: products that fail condition j of query i and no other,
        references left out. Empty for conditions that are none, or that no attribute decides.
    """
    n, width = proposals.pairs.shape
    pairs = np.repeat(proposals.pairs, width, axis=0)
    own = np.arange(n * width)
    dropped = pairs[own, own % width].copy()
    pairs[own, own % width] = NONE
    pairs[dropped < 0] = NONE
    found = find_answers(pool, pairs, np.repeat(proposals.kind, width))
    rows = found.rows()
    missing = ~has_where_asked(pool, found.members, dropped[rows])
    for product in proposals.products.T:
        missing &= found.members != product[rows // width]
    return found.keep(missing)


@dataclass
class Answered:
    """Proposals with their answers, references left out, and what nearly is one."""

    pool: Pool
    proposals: Proposals
    answers: Ragged

    @cached_property
    def misses(self) -> Ragged:
        """`find_near_misses`; they cost more than answers do, so only when asked for."""
        return find_near_misses(self.pool, self.proposals)

    def __len__(self) -> int:
        return len(self.proposals)

    def take(self, good: np.ndarray) -> "Answered":
        """The rows that are `good`, (n,) bool."""
        taken = Answered(self.pool, self.proposals.take(good), self.answers.take(good))
        if "misses" in self.__dict__:
            taken.misses = self.misses.take(np.repeat(good, MOST))
        return taken
