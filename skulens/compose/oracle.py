"""What a system finds that knows some conditions of a query exactly and nothing else.

Such a system cannot tell the products apart that satisfy what it knows, so its hit rates are
expectations over their random order, in closed form and not simulated: a query whose answers are
found by knowing one condition less does not measure whether a system sees all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from skulens.compose.pool import Pool
from skulens.compose.proposals import NONE
from skulens.compose.words import CLASS
from skulens.records import Query

Ties = Sequence[tuple[int, int]]
"""(products, answers among them) of equal score, best first; references left out."""


def expected_hit(ties: Ties, k: int) -> float:
    """P(an answer among the first k), equal scores in random order.

    One minus the hypergeometric probability that the places left to the group at rank k take none
    of its answers.
    """
    for size, answers in ties:
        if size > k:
            misses = (size - answers - np.arange(k)) / (size - np.arange(k))
            return 1.0 - float(np.clip(misses, 0.0, None).prod())
        if answers:
            return 1.0
        k -= size
    return 0.0


def ties_of(scores: np.ndarray, answers: np.ndarray, k: int) -> Ties:
    """The ties that decide hit@k of a ranking.

    Args:
        scores: (products,), -inf of those that may not be found.
        answers: their numbers.
    """
    edge = np.partition(scores, -k)[-k] if k < len(scores) else scores.min()
    return [
        (int(group.sum()), int(group[answers].sum())) for group in (scores > edge, scores == edge)
    ]


@dataclass(frozen=True)
class Sought:
    """A query in numbers of the pool.

    Attributes:
        kind: the class that it names, NONE for none.
        pairs: what its conditions ask for; a pair that no product has is NONE.
    """

    kind: int
    pairs: tuple[int, ...]
    answers: np.ndarray
    references: np.ndarray
    """In the order of the query."""


class Oracle:
    """Finds what satisfies some conditions of a query, by the attributes of the products.

    Conditions without a value (the style of a product as a whole) are known to nobody and left out.
    """

    def __init__(self, pool: Pool):
        self.pool = pool
        self.places = {name: i for i, name in enumerate(pool.ids)}
        self.pairs = {pair: i for i, pair in enumerate(pool.pairs)}
        self.kinds = {name: i for i, name in enumerate(pool.kind.names)}

    def read(self, query: Query) -> Sought:
        """What a query asks for; products that the pool lacks are left out."""
        named = [c for c in query.conditions if c.key == CLASS and c.product is None]
        told = [c for c in query.conditions if c.relation == "same" and c not in named]
        return Sought(
            self.kinds.get(named[0].value or "", NONE) if named else NONE,
            tuple(self.pairs.get((c.key, c.value), NONE) for c in told if c.value is not None),
            self.number(query.answers),
            self.number(query.references),
        )

    def number(self, ids: Sequence[str]) -> np.ndarray:
        """Numbers of products in their order, unknown ids left out: (known,) int64."""
        return np.array([self.places[name] for name in ids if name in self.places], np.int64)

    def find(self, sought: Sought, pairs: Sequence[int]) -> np.ndarray:
        """Products with some of the pairs and of the class named, references left out; ascending."""
        if NONE in pairs:
            return np.empty(0, np.int64)
        if pairs:
            found = self.pool.answers(pairs, sought.kind)
        elif sought.kind >= 0:
            found = np.flatnonzero(self.pool.kind.codes == sought.kind)
        else:
            found = np.arange(len(self.pool))
        return found[~np.isin(found, sought.references)]

    def ties(self, sought: Sought, found: np.ndarray) -> Ties:
        """Ties of a ranking that puts the products found before all others."""
        first = len(found), int(np.isin(sought.answers, found).sum())
        others = len(self.pool) - len(sought.references)
        return [first, (others - first[0], len(sought.answers) - first[1])]

    def know(self, sought: Sought, count: int) -> Iterator[Ties]:
        """Ties of a ranking for every choice of `count` conditions; the class is always known."""
        for pairs in combinations(sought.pairs, count):
            yield self.ties(sought, self.find(sought, pairs))

    def siblings(self, sought: Sought) -> np.ndarray:
        """Products of the SPU of the first reference, references left out; ascending."""
        codes = self.pool.spu.codes
        if not len(sought.references) or codes[sought.references[0]] < 0:
            return np.empty(0, np.int64)
        found = np.flatnonzero(codes == codes[sought.references[0]])
        return found[~np.isin(found, sought.references)]
