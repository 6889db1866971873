"""What samplers hand to the constraints, and what is left of it: arrays, one row per query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from skulens.compose.pool import Pool

MOST = 4
"""Conditions of a query."""
NONE = -1
"""Past the last condition; no class named, no target."""
WHOLE = -2
"""In place of a pair: the style of the product as a whole (MERIT's "product style")."""


@dataclass(frozen=True)
class Proposals:
    """Conditions drawn and not yet judged.

    Attributes:
        ids: (n,) uint64; with the seed they decide every draw.
        method: name of the sampler.
        products: (n, MOST) int32 reference product of each condition, NONE past the last.
        pairs: (n, MOST) int32 pair taken from it, WHOLE or NONE.
        kind: (n,) int32 class named in the instruction, or NONE.
        target: (n,) int32 the answer that the sampler began with, or NONE.
        failed: (n,) bool, the sampler found nothing to propose; counted, never judged.
        log_importance: (n,) float64, log of the law of uniform sampling over this sampler's, up
            to a constant; 0 where they are the same.
    """

    ids: np.ndarray
    method: str
    products: np.ndarray
    pairs: np.ndarray
    kind: np.ndarray
    target: np.ndarray
    failed: np.ndarray
    log_importance: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: np.ndarray) -> "Proposals":
        """Some rows, in the order given (positions or bool)."""
        return Proposals(
            self.ids[rows],
            self.method,
            self.products[rows],
            self.pairs[rows],
            self.kind[rows],
            self.target[rows],
            self.failed[rows],
            self.log_importance[rows],
        )

    def counts(self) -> np.ndarray:
        """(n,) conditions of each proposal."""
        return (self.pairs != NONE).sum(axis=1)


class Sampler(Protocol):
    """Draws proposals; one file in `compose/samplers` and one row of the registry each."""

    name: str

    def draw(self, pool: Pool, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """The proposals of these ids: (n,) uint64 -> n rows, the same for any batching.

        Args:
            conditions: of each query, 2 to MOST; 0: drawn by the law of the paper's code.
        """


@dataclass(frozen=True)
class Composed:
    """One accepted query, in numbers of the pool.

    Attributes:
        shown: (product, pair) of each condition, in the order of the instruction.
        kind: class that the instruction names, or NONE.
        answers: every product of the pool that satisfies all conditions, references left out.
        near: verified hard negatives: each fails at least one condition.
    """

    id: int
    method: str
    shown: tuple[tuple[int, int], ...]
    kind: int
    target: int
    answers: np.ndarray
    near: np.ndarray
    log_importance: float
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Composition:
    """Accepted queries and what became of every proposal.

    Attributes:
        funnel: (method, step) -> proposals that stopped there; "accepted" is a step.
        missing: quota -> queries that could not be made.
    """

    queries: Sequence[Composed]
    funnel: Mapping[tuple[str, str], int]
    missing: Mapping[str, int]
