"""High-similarity product prioritisation (MERIT, appendix A.3.3): a sibling, changed in one thing.

The released code, `generate_query_spu_first`, and here: an SPU of which two SKUs share a key; two of
its SKUs, the first to be shown, the second to be found; a key in which they differ (a colour in 0.8
of the cases only) and one in which they agree, or the style of the product as a whole where there
is none; and a product of another SPU that has the differing value of the second. The paper takes
pairs that people marked as similar; the code, followed here, siblings. Always two conditions.
"""

import numpy as np

from skulens.compose.chance import pick, pick_distinct, stream_of, uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import NONE, WHOLE, Proposals
from skulens.compose.ragged import Ragged, ranges
from skulens.compose.samplers.laws import SPARED, blank, choose_entries, common_pairs

CHUNK = 1 << 18
"""SPUs looked through at a time."""


class HighSimilarity:
    """See the module; a sampler (`proposals.Sampler`)."""

    name = "high-similarity"
    counts = (2,)

    def __init__(self, pool: Pool):
        self.pool, self.common = pool, common_pairs(pool)
        self.relatives = find_relatives(pool)

    def draw(self, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """Proposals of these ids; they fail where siblings do not differ, where no other SPU has
        the value, and where more than two conditions are asked for."""
        n, pool = len(ids), self.pool
        products, pairs, target = blank(n), blank(n), np.full(n, NONE, np.int32)
        if len(self.relatives) and conditions in (0, 2):
            chance = uniforms(seed, ids, 7, stream=stream_of(self.name))
            shown, target = self.choose_siblings(chance[:, :3])
            same, other = self.choose_keys(shown, target, chance[:, 3:6])
            products[:, 0], pairs[:, 0] = shown, same
            products[:, 1] = choose_partner(pool, pool.spu.codes[target], other, chance[:, 6])
            pairs[:, 1] = other
        return Proposals(
            ids=np.asarray(ids, np.uint64),
            method=self.name,
            products=products,
            pairs=pairs,
            kind=pool.kind.codes[target] if n else np.empty(0, np.int32),
            target=target,
            failed=products[:, 1] == NONE,
        )

    def choose_siblings(self, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two SKUs of one SPU: every SPU equally likely, then every ordered pair. (n,) each."""
        edges, members = self.relatives.edges, self.relatives.members
        family = pick(chance[:, 0], len(self.relatives))
        two = pick_distinct(chance[:, 1:], np.diff(edges)[family])
        shown, target = members[edges[family][:, None] + two].T
        return shown, target

    def choose_keys(
        self, shown: np.ndarray, target: np.ndarray, chance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(pair that both have, else WHOLE; pair of the target in whose key they differ, else
        NONE)."""
        pool, keys = self.pool, max(1, len(self.pool.keys))
        rows, places = ranges(pool.starts[target], pool.starts[target + 1])
        mine = pool.held[places]
        shown_rows, shown_places = ranges(pool.starts[shown], pool.starts[shown + 1])
        shown_keys = shown_rows * keys + pool.key_of[pool.held[shown_places]]
        shared = pool.has(shown[rows], mine)
        differs = ~shared & np.isin(rows * keys + pool.key_of[mine], shown_keys)
        differs &= ~self.common[mine] | (chance[:, 0] < SPARED)[rows]
        same, other = (
            choose_entries(rows, good, chance[:, i]) for i, good in ((1, shared), (2, differs))
        )
        return np.where(same >= 0, mine[same], WHOLE), np.where(other >= 0, mine[other], NONE)

    def weigh(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """NaN: its queries are not weighted back to uniform sampling."""
        return np.full(len(proposals), np.nan)


def find_relatives(pool: Pool) -> Ragged:
    """SPUs with a key that two of their SKUs have: for each, its SKUs that have such a key."""
    edges, members = pool.families
    found = [
        relatives_of(pool, Ragged(edges[first : first + CHUNK + 1] - edges[first], part))
        for first in range(0, len(edges) - 1, CHUNK)
        for part in [members[edges[first] : edges[min(first + CHUNK, len(edges) - 1)]]]
    ]
    counts = np.concatenate([f.counts() for f in found]) if found else np.empty(0, np.int64)
    together = np.concatenate([f.members for f in found]) if found else np.empty(0, np.int32)
    return Ragged.of_rows(np.repeat(np.arange(len(counts)), counts), together, len(counts)).take(
        counts > 0
    )


def relatives_of(pool: Pool, families: Ragged) -> Ragged:
    """Of each family the SKUs that share a key with another one."""
    of_member, places = ranges(pool.starts[families.members], pool.starts[families.members + 1])
    key = families.rows()[of_member] * len(pool.keys) + pool.key_of[pool.held[places]]
    order = np.argsort(key, kind="stable")
    key, of_member = key[order], of_member[order]
    new = np.append(True, key[1:] != key[:-1])[: len(key)]
    group = np.cumsum(new) - 1
    other = np.append(False, (of_member[1:] != of_member[:-1]) & ~new[1:])[: len(key)]
    shared = np.bincount(group[other], minlength=len(key)) > 0  # by group
    good = np.zeros(len(families.members), bool)
    good[of_member[shared[group]]] = True
    return families.keep(good)


def choose_partner(
    pool: Pool, family: np.ndarray, pairs: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """A product that has the pair and is of another SPU, each equally likely; NONE if none is."""
    asked = pairs >= 0
    safe = np.where(asked, pairs, 0)
    edges, members = pool.families
    rows, places = ranges(edges[family], edges[family + 1])
    kin = members[places]
    has = pool.has(kin, safe[rows])
    rows, kin = rows[has], kin[has]
    skipped = np.bincount(rows, minlength=len(pairs))
    left = np.where(asked, pool.sizes()[safe] - skipped, 0)
    chosen = pool.edges[safe] + pick(chance, left)
    taken = pool.places(safe[rows], kin)  # ascending within a row
    turn = np.arange(len(rows)) - (np.cumsum(skipped) - skipped)[rows]
    for step in range(int(skipped.max(initial=0))):
        now = turn == step
        chosen[rows[now]] += chosen[rows[now]] >= taken[now]
    return np.where(left > 0, pool.posted[np.minimum(chosen, len(pool.posted) - 1)], NONE)
