"""What a catalogue knows of two similar products: what they share, where they differ, who shows it.

A chain starts from a pair: a product that is shown and a target. Its first condition is something
that both share; each further one is something of the target that the shown product lacks, told by
another product. Where both have attributes this is looked up and no model is asked.

Of several possibilities the first by this rule is taken: what a picture shows before what only a
text tells; then, of shared values, the one that most products have, so that further conditions
still exclude some, and of differences, the key in which fewest pairs differ (the paper suppresses
frequent difference keys); then the order of the target's attributes. A condition without which the
answers would be the same is passed over.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from skulens.compose.answers import Answered, find_answers, without_references
from skulens.compose.constraints import no_redundant_reference
from skulens.compose.pool import MODALITIES, Pool
from skulens.compose.profiles import SOUND
from skulens.compose.proposals import MOST, NONE, Proposals
from skulens.curate.asked.pictures import mean_cosines, rank

METHOD = "cold-start"
Towards = Literal["target", "references"]
"""What a partner should look like: the target, as in the authors' code, or the references that the
query has so far, as in the paper."""
VISIBLE = ("visual", "both", "unknown")
MOST_PAIRS = 10_000
"""Pairs over which the frequency of differences is counted."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One condition of a chain, in numbers of the pool.

    Attributes:
        pair: what is asked for.
        product: shows it.
        known: whether the catalogue says so of all products concerned, no model.
        candidates: other products that could show it, best first, with their mean cosine.
    """

    pair: int
    product: int
    known: bool
    candidates: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """A pair of similar products and the conditions found so far, in numbers of the pool."""

    number: int
    shown: int
    target: int
    cosine: float
    taken: tuple[Taken, ...] = ()

    def then(self, taken: Taken) -> "Chain":
        return replace(self, taken=(*self.taken, taken))

    @property
    def known(self) -> bool:
        return all(t.known for t in self.taken)

    @property
    def references(self) -> list[int]:
        """Products that the query shows; the target stands for a condition told in words."""
        return [t.product for t in self.taken if t.product != self.target]


@dataclass(frozen=True, slots=True)
class Open:
    """What only a look at the pictures can tell: keys that one of the two lacks."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a chain ends."""

    reason: str


@dataclass(frozen=True)
class Partners:
    """How the product that shows a condition is chosen.

    Args:
        vectors: (products of the pool, dim) of length 1; NaN where there is no readable picture.
        candidates: how many are kept for annotators.
    """

    vectors: np.ndarray
    towards: Towards = "target"
    candidates: int = 30
    in_words: bool = False
    """No product shows it: its value is told in words, as in the paper's cold start."""


@dataclass(frozen=True)
class Known:
    """Look-ups in a pool for chains."""

    pool: Pool
    partners: Partners
    differing: Mapping[str, int] = field(default_factory=dict)
    """Key -> pairs of products that differ in it."""
    options: Mapping[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    """(class, key) -> its values, most frequent first."""

    @classmethod
    def of(cls, pool: Pool, partners: Partners, chains: Sequence[Chain]) -> "Known":
        bare = cls(pool, partners)
        counts: Counter[str] = Counter()
        for chain in chains[:MOST_PAIRS]:
            counts.update({pool.pairs[q][0] for q in bare.differences(chain)})
        return cls(pool, partners, counts, options_of(pool))

    @cached_property
    def numbers(self) -> dict[tuple[str, str], int]:
        """(key, value) -> pair."""
        return {pair: number for number, pair in enumerate(self.pool.pairs)}

    def keys_of(self, product: int) -> set[str]:
        return {self.pool.pairs[q][0] for q in self.pool.pairs_of(product)}

    def differences(self, chain: Chain) -> list[int]:
        """Pairs of the target whose key the shown product has with other values only."""
        mine = set(self.pool.pairs_of(chain.shown).tolist())
        keys = self.keys_of(chain.shown)
        held = self.pool.pairs_of(chain.target).tolist()
        shared = {self.pool.pairs[q][0] for q in held if q in mine}
        return [q for q in held if q not in mine and self.pool.pairs[q][0] in keys - shared]

    def shared(self, chain: Chain) -> list[int]:
        """Pairs that both products have, by the rule of the module."""
        mine = set(self.pool.pairs_of(chain.shown).tolist())
        sizes = self.pool.sizes()
        both = [q for q in self.pool.pairs_of(chain.target).tolist() if q in mine]
        return sorted(both, key=lambda q: (self.hidden(chain.target, q), -int(sizes[q])))

    def hidden(self, product: int, pair: int) -> bool:
        """Whether no picture shows it."""
        kind, key = int(self.pool.kind.codes[product]), int(self.pool.key_of[pair])
        return MODALITIES[int(self.pool.modality[kind, key])] not in VISIBLE

    def unknown_keys(self, chain: Chain) -> tuple[str, ...]:
        """Keys of the class that one of the two lacks and no condition has used, sorted."""
        kind = int(self.pool.kind.codes[chain.target])
        both = self.keys_of(chain.shown) & self.keys_of(chain.target)
        used = {self.pool.pairs[t.pair][0] for t in chain.taken}
        return tuple(sorted({key for k, key in self.options if k == kind} - both - used))

    def share(self, chain: Chain) -> Taken | Open | Refused:
        """The first condition: what both have."""
        if both := self.shared(chain):
            return Taken(both[0], chain.shown, known=True)
        keys = self.unknown_keys(chain)
        return Open(keys) if keys else Refused("nothing in common")

    def differ(self, chain: Chain) -> Taken | Open | Refused:
        """A further condition, on a key that no condition has used."""
        used = {self.pool.pairs[t.pair][0] for t in chain.taken}
        free = [q for q in self.differences(chain) if self.pool.pairs[q][0] not in used]
        for pair in sorted(free, key=lambda q: self._order(chain, q)):
            taken = self.take(chain, pair, known=True)
            if taken is not None and not self.has_redundant(chain.then(taken)):
                return taken
        keys = self.unknown_keys(chain)
        return Open(keys) if keys else Refused("no further difference that a product can show")

    def _order(self, chain: Chain, pair: int) -> tuple[bool, int]:
        key = self.pool.pairs[pair][0]
        return self.hidden(chain.target, pair), self.differing.get(key, 0)

    def take(self, chain: Chain, pair: int, known: bool) -> Taken | None:
        """The condition with the product that shows it; None where no product can."""
        if self.partners.in_words:
            return Taken(pair, chain.target, known)  # which is taken out again: `tell_in_words`
        towards = [chain.target]
        if self.partners.towards == "references":
            towards = chain.references
        able = self.able(chain, pair)
        vectors = self.partners.vectors
        scores = mean_cosines(vectors[able], vectors[towards])
        names = [self.pool.ids[p] for p in able]
        ranked = [(int(able[i]), float(scores[i])) for i in rank(names, scores)]
        if not ranked:
            return None
        return Taken(pair, ranked[0][0], known, tuple(ranked[: self.partners.candidates]))

    def able(self, chain: Chain, pair: int) -> np.ndarray:
        """Products that can show a pair: of other SPUs than all products concerned, of the shown
        product's language, and without what another condition asks for; ascending."""
        pool = self.pool
        shown = chain.references
        if any(pair in pool.pairs_of(p) for p in shown):
            return np.empty(0, np.int32)
        found = pool.posting(pair)
        spus = pool.spu.codes[[*shown, chain.target]]
        found = found[~np.isin(found, [*shown, chain.target])]
        found = found[~np.isin(pool.spu.codes[found], spus[spus >= 0])]
        for taken in chain.taken:
            found = found[~pool.has(found, np.full(len(found), taken.pair))]
        return found[pool.language.codes[found] == pool.language.codes[chain.shown]]

    def has_redundant(self, chain: Chain) -> bool:
        """Whether a condition could be left out without another answer, references left out; no
        statement of chains that a model had a say in."""
        if not chain.known:
            return False
        asked = proposals_of(self.pool, [chain])
        answers = without_references(find_answers(self.pool, asked.pairs, asked.kind), asked)
        return bool(no_redundant_reference(Answered(self.pool, asked, answers), SOUND)[0])


def proposals_of(pool: Pool, chains: Sequence[Chain]) -> Proposals:
    """Chains as what `compose` judges; conditions told in words have no product."""
    products = np.full((len(chains), MOST), NONE, np.int32)
    pairs = np.full((len(chains), MOST), NONE, np.int32)
    for row, chain in enumerate(chains):
        for column, taken in enumerate(chain.taken):
            pairs[row, column] = taken.pair
            if taken.product != chain.target:
                products[row, column] = taken.product
    target = np.array([c.target for c in chains], np.int32)
    return Proposals(
        ids=np.array([c.number for c in chains], np.uint64),
        method=METHOD,
        products=products,
        pairs=pairs,
        kind=pool.kind.codes[target],
        target=target,
        failed=np.zeros(len(chains), bool),
    )


def options_of(pool: Pool) -> dict[tuple[int, str], tuple[str, ...]]:
    """(class, key) -> the values that its products have, most frequent first, then by name."""
    counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for pair, (key, value) in enumerate(pool.pairs):
        kinds, sizes = np.unique(pool.kind.codes[pool.posting(pair)], return_counts=True)
        for kind, size in zip(kinds.tolist(), sizes.tolist(), strict=True):
            counts[kind, key][value] += size
    return {place: by_count(found.items()) for place, found in counts.items()}


def by_count(counts: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(value for value, _ in sorted(counts, key=lambda c: (-c[1], c[0])))
