"""What samplers hand to the constraints, and what is left of it: arrays, one row per query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from skulens.compose.pool import Pool
from skulens.compose.ragged import Ragged

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
    """

    ids: np.ndarray
    method: str
    products: np.ndarray
    pairs: np.ndarray
    kind: np.ndarray
    target: np.ndarray
    failed: np.ndarray

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
        )

    def counts(self) -> np.ndarray:
        """(n,) conditions of each proposal."""
        return (self.pairs != NONE).sum(axis=1)


class Sampler(Protocol):
    """A proposal law over one pool; one file in `compose/samplers` and one registry row each."""

    name: str
    counts: tuple[int, ...]
    """Numbers of conditions that it has queries of."""

    def __init__(self, pool: Pool): ...

    def draw(self, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """The proposals of these ids: (n,) uint64 -> n rows, the same for any batching.

        Args:
            conditions: of each query, 2 to MOST; 0: drawn by the law of the paper's code.
        """

    def weigh(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """Log importance of acceptable proposals: (n,) float64, log P_uniform - log P of this law
        (`Composed.log_importance`).

        Args:
            proposals: with the class that each query names.
            answers: theirs, references left out.
        """


@dataclass(frozen=True)
class Composed:
    """One accepted query, in numbers of the pool.

    Attributes:
        shown: (product, pair) of each condition, in the order of the instruction.
        kind: class that the instruction names, or NONE.
        answers: every product of the pool that satisfies all conditions, references left out;
            under MERIT's rules only the target where the sampler had one.
        near: hard negatives.
        near_verified: each of them fails at least one condition; otherwise some may be answers.
        log_importance: log of the probability that conventional uniform sampling proposes this
            query over that of its own method; NaN where the latter is not known.
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
    near_verified: bool = True


@dataclass(frozen=True)
class Shortfall:
    """A method that stopped before it had made its part of a quota."""

    method: str
    quota: str
    wanted: int
    accepted: int
    proposed: int

    @property
    def accept_rate(self) -> float:
        """Queries made for each proposal."""
        return self.accepted / self.proposed if self.proposed else 0.0


@dataclass(frozen=True)
class Composition:
    """Accepted queries and what became of every proposal.

    Attributes:
        funnel: (method, step) -> proposals that stopped there. "accepted" is a step, and so is
            "quota full"; all steps but "proposed" sum to "proposed".
        missing: quota -> queries that no method could make.
        shortfalls: methods that hit their limit of proposals.
    """

    queries: Sequence[Composed]
    funnel: Mapping[tuple[str, str], int]
    missing: Mapping[str, int]
    shortfalls: Sequence[Shortfall] = ()
