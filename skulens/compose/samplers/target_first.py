"""Target-first: draw an answer, then conditions from its own attributes; never an empty query.

A law of our own beside MERIT's three, for three and four conditions, where rejection is hopeless.
A target is uniform over the pool, its pairs uniform without replacement, and each is shown by a
product of the target's language, uniform among those that have it. This favours targets of many
attributes and queries of many answers and few possible references; `weigh` says exactly by how
much, so that a sample can be weighted back to conventional uniform sampling.
"""

from collections.abc import Iterator

import numpy as np

from skulens.compose.answers import find_answers, without_references
from skulens.compose.chance import pick, pick_distinct, stream_of, uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.compose.ragged import Ragged
from skulens.compose.samplers.laws import (
    blank,
    common_pairs,
    count_conditions,
    log_chance_of_pairs,
)

PART = 1 << 23
"""Entries of postings sorted at a time."""


class TargetFirst:
    """See the module; a sampler (`proposals.Sampler`)."""

    name = "target-first"
    counts = (2, 3, 4)

    def __init__(self, pool: Pool):
        self.pool, self.common = pool, common_pairs(pool)
        self.speakers = Speakers(pool)

    def draw(self, seed: int, ids: np.ndarray, conditions: int = 0) -> Proposals:
        """Proposals of these ids; they fail where the target has too few attributes."""
        chance = uniforms(seed, ids, 2 + 2 * MOST, stream=stream_of(self.name))
        target = pick(chance[:, 0], len(self.pool))
        return self.propose(ids, target, count_conditions(chance[:, 1], conditions), chance[:, 2:])

    def propose(
        self, ids: np.ndarray, target: np.ndarray, counts: np.ndarray, chance: np.ndarray
    ) -> Proposals:
        """Proposals that these targets satisfy.

        Args:
            counts: (n,) conditions of each.
            chance: (n, 2 * MOST) uniform numbers: for the pairs, then for the references.
        """
        n, pool = len(ids), self.pool
        held = np.diff(pool.starts)[target]
        failed = held < counts
        asked = (np.arange(MOST) < counts[:, None]) & ~failed[:, None]
        chosen = pick_distinct(chance[:, :MOST], held)
        products, pairs = blank(n), blank(n)
        pairs[asked] = pool.held[(pool.starts[target][:, None] + chosen)[asked]]
        language = np.repeat(pool.language.codes[target][:, None], MOST, axis=1)[asked]
        products[asked] = self.speakers.choose(pairs[asked], language, chance[:, MOST:][asked])
        return Proposals(
            ids=np.asarray(ids, np.uint64),
            method=self.name,
            products=products,
            pairs=pairs,
            kind=pool.kind.codes[target],
            target=target.astype(np.int32),
            failed=failed,
        )

    def weigh(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """log P_uniform - log P_target of each query, (n,) float64, given its conditions' number.

        P_uniform = 1 / (N)_c x prod_i P(pair_i | product_i) x share of the query's class among all
        products that satisfy its conditions: a uniform query names the class of one of them.
        Where no class is named, the share is 1.
        P_target = sum over answers t in the references' language of
        1 / N x 1 / (m_t)_c x prod_i 1 / |products that show pair_i in that language|.
        (x)_c is x (x - 1) ... (x - c + 1), m_t the pairs that t has.
        """
        pool, counts = self.pool, proposals.counts()
        asked = proposals.pairs >= 0
        shown, pairs = proposals.products[asked], proposals.pairs[asked]
        rows = np.nonzero(asked)[0]
        language = pool.language.codes[proposals.products[:, 0]]
        told = log_chance_of_pairs(pool, self.common, shown, pairs)
        told += np.log(self.speakers.count(pairs, language[rows]))
        logs = np.bincount(rows, told, minlength=len(proposals))
        log_uniform = logs - log_falling(np.full(len(counts), len(pool)), counts)
        log_uniform += self.log_share_of_class(proposals, answers)
        of = answers.rows()
        speaks = pool.language.codes[answers.members] == language[of]
        held = np.diff(pool.starts)[answers.members]
        each = np.where(speaks, np.exp(-log_falling(held, counts[of])), 0.0)
        with np.errstate(divide="ignore"):
            log_target = np.log(np.bincount(of, each, minlength=len(proposals)) / len(pool))
        return log_uniform - log_target

    def log_share_of_class(self, proposals: Proposals, answers: Ragged) -> np.ndarray:
        """Log share that the class named has of all products that satisfy the conditions."""
        nothing = np.full(len(proposals), NONE)
        everything = find_answers(self.pool, proposals.pairs, nothing)
        everything = without_references(everything, proposals)
        named = proposals.kind >= 0
        return np.where(named, np.log(answers.counts() / everything.counts()), 0.0)


class Speakers:
    """The products that show a pair, language by language."""

    def __init__(self, pool: Pool):
        self.pool = pool
        self.width = len(pool.language.names) + 1  # products of no language last
        self.shown = np.empty_like(pool.posted)
        counts = np.zeros(len(pool.pairs) * self.width, np.int64)
        for first, last in parts_of(pool.edges):  # so that the largest pools fit
            part = slice(pool.edges[first], pool.edges[last])
            group = np.repeat(np.arange(last - first), pool.sizes()[first:last]) * self.width
            group += pool.language.codes[pool.posted[part]] % self.width
            self.shown[part] = pool.posted[part][np.argsort(group, kind="stable")]
            mine = slice(first * self.width, last * self.width)
            counts[mine] = np.bincount(group, minlength=(last - first) * self.width)
        self.edges = np.concatenate([[0], np.cumsum(counts)])

    def count(self, pairs: np.ndarray, language: np.ndarray) -> np.ndarray:
        """(n,) products that show each pair in the language beside it."""
        group = pairs * np.int64(self.width) + language % self.width
        return self.edges[group + 1] - self.edges[group]

    def choose(self, pairs: np.ndarray, language: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """(n,) one of them, each equally likely. There is one: the target itself."""
        group = pairs * np.int64(self.width) + language % self.width
        return self.shown[self.edges[group] + pick(chance, self.count(pairs, language))]


def parts_of(edges: np.ndarray) -> Iterator[tuple[int, int]]:
    """Runs of postings, of at most PART entries unless a single one is longer."""
    first = 0
    while first < len(edges) - 1:
        last = int(np.searchsorted(edges, edges[first] + PART, side="right")) - 1
        yield first, (last := max(last, first + 1))
        first = last


def log_falling(numbers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """log of x (x - 1) ... (x - c + 1) for each number x and count c; x >= c. (n,) float64."""
    factors = numbers[:, None] - np.arange(MOST)
    return np.log(np.where(np.arange(MOST) < counts[:, None], factors, 1)).sum(axis=1)
