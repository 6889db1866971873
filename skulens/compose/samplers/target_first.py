"""Target-first: draw an answer, then conditions from its own attributes; never an empty query.

A law of our own beside MERIT's three, for three and four conditions where rejection is hopeless.
It favours targets with many attributes and conditions with few answers; `log_importance` says by
how much, so that a sample can be weighted back.
"""

import numpy as np

from skulens.compose.chance import uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE, Proposals

MIXTURE = ((2, 0.55), (3, 0.20), (4, 0.25))
"""Conditions and their shares where none are asked for: those of MERIT's released code."""


class TargetFirst:
    """See the module; a sampler (`proposals.Sampler`)."""

    name = "target-first"

    def draw(self, pool: Pool, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """Proposals of these ids.

        Args:
            conditions: of each query, 2 to MOST; 0: drawn by MIXTURE.
        """
        width = max(1, int(np.diff(pool.starts).max()))
        chance = uniforms(seed, ids, 2 + MOST + width)
        target = (chance[:, 0] * len(pool)).astype(np.int32)
        counts = count_of(chance[:, 1]) if not conditions else np.full(len(ids), conditions)
        pairs = choose_pairs(pool, target, chance[:, 2 + MOST :], counts)
        sizes = pool.sizes()[np.maximum(pairs, 0)]
        places = pool.edges[np.maximum(pairs, 0)] + (chance[:, 2 : 2 + MOST] * sizes).astype(int)
        products = np.where(pairs == NONE, NONE, pool.posted[places]).astype(np.int32)
        return Proposals(
            ids=np.asarray(ids, np.uint64),
            method=self.name,
            products=products,
            pairs=pairs,
            kind=pool.kind.codes[target],
            target=target,
            failed=(pairs != NONE).sum(axis=1) < counts,
            log_importance=np.zeros(len(ids)),
        )


def count_of(chance: np.ndarray) -> np.ndarray:
    """Conditions for uniform numbers, by MIXTURE."""
    edges = np.cumsum([share for _, share in MIXTURE])
    return np.array([n for n, _ in MIXTURE])[np.minimum(np.searchsorted(edges, chance), 2)]


def choose_pairs(
    pool: Pool, target: np.ndarray, chance: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """`counts` different pairs of each target in random order: (n, MOST) int32, NONE past them."""
    held = np.diff(pool.starts)[target]
    order = np.where(np.arange(chance.shape[1]) < held[:, None], chance, np.inf).argsort(axis=1)
    chosen = order[:, :MOST]
    if chosen.shape[1] < MOST:
        chosen = np.pad(chosen, ((0, 0), (0, MOST - chosen.shape[1])), constant_values=10**6)
    good = (np.arange(MOST) < counts[:, None]) & (chosen < held[:, None])
    places = pool.starts[target][:, None] + np.where(good, chosen, 0)
    return np.where(good, pool.held[np.minimum(places, len(pool.held) - 1)], NONE).astype(np.int32)
