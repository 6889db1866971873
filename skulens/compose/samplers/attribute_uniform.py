"""Attribute uniform sampling (MERIT, appendix A.3.2): random keys, a product for each.

The released code, `generate_query_from_attr_pool`, and here: different keys uniformly from all keys
of the pool, for each the first product of a random order that has it, whose value is asked for. The
paper says that a value is drawn uniformly; the code, followed here, draws values as often as they
occur. In the code a product drawn for two keys loses the first of its conditions; here it is shown
twice, which the rule "references-distinct" refuses.
"""

import numpy as np

from skulens.compose.chance import pick, pick_distinct, stream_of, uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.compose.ragged import Ragged
from skulens.compose.samplers.laws import blank, count_conditions


class AttributeUniform:
    """See the module; a sampler (`proposals.Sampler`)."""

    name = "attribute-uniform"
    counts = (2, 3, 4)

    def __init__(self, pool: Pool):
        self.pool = pool

    def draw(self, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """Proposals of these ids; they fail where the pool has fewer keys than conditions."""
        n, pool = len(ids), self.pool
        chance = uniforms(seed, ids, 1 + 2 * MOST, stream=stream_of(self.name))
        counts = count_conditions(chance[:, 0], conditions)
        failed = counts > len(pool.keys)
        asked = (np.arange(MOST) < counts[:, None]) & ~failed[:, None]
        keys = pick_distinct(chance[:, 1 : 1 + MOST], len(pool.keys))[asked]
        first, last = pool.key_edges[keys], pool.key_edges[keys + 1]
        places = first + pick(chance[:, 1 + MOST :][asked], last - first)
        products, pairs = blank(n), blank(n)
        products[asked] = pool.posted[places]
        pairs[asked] = np.searchsorted(pool.edges, places, side="right") - 1
        return Proposals(
            ids=np.asarray(ids, np.uint64),
            method=self.name,
            products=products,
            pairs=pairs,
            kind=np.full(n, NONE, np.int32),
            target=np.full(n, NONE, np.int32),
            failed=failed,
        )

    def weigh(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """NaN: its queries are not weighted back to uniform sampling."""
        return np.full(len(proposals), np.nan)
