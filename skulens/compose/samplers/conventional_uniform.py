"""Conventional uniform sampling (MERIT, appendix A.3.1): random products, one pair of each.

The released code, `generate_query_from_items`, and here: different products uniformly from the
whole pool, of any class; from each a pair, in 0.2 of the choices one that is no colour, otherwise
any. The paper draws two products; the code, followed here, as many as there are conditions.
"""

import numpy as np

from skulens.compose.chance import pick_distinct, stream_of, uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.compose.ragged import Ragged
from skulens.compose.samplers.laws import blank, choose_pairs, common_pairs, count_conditions


class ConventionalUniform:
    """See the module; a sampler (`proposals.Sampler`)."""

    name = "conventional-uniform"
    counts = (2, 3, 4)

    def __init__(self, pool: Pool):
        self.pool, self.common = pool, common_pairs(pool)

    def draw(self, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """Proposals of these ids; a product without a fitting pair fails its proposal."""
        n = len(ids)
        chance = uniforms(seed, ids, 1 + 3 * MOST, stream=stream_of(self.name))
        counts = count_conditions(chance[:, 0], conditions)
        asked = np.arange(MOST) < counts[:, None]
        drawn = pick_distinct(chance[:, 1 : 1 + MOST], len(self.pool))
        asked &= (len(self.pool) >= counts)[:, None]
        products, pairs = blank(n), blank(n)
        products[asked] = drawn[asked]
        coin, taken = chance[:, 1 + MOST : 1 + 2 * MOST], chance[:, 1 + 2 * MOST :]
        pairs[asked] = choose_pairs(
            self.pool, self.common, products[asked], coin[asked], taken[asked]
        )
        return Proposals(
            ids=np.asarray(ids, np.uint64),
            method=self.name,
            products=products,
            pairs=pairs,
            kind=np.full(n, NONE, np.int32),
            target=np.full(n, NONE, np.int32),
            failed=(pairs != NONE).sum(axis=1) < counts,
        )

    def weigh(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """Zeros: this is the law that the others are weighed against."""
        return np.zeros(len(proposals))
