"""Which products a query of the balanced benchmark shows, and which hard negatives it lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE

DRAWS = 4 + 2 * MOST
"""Uniform numbers of a cell: its turn, first hard negative, target, sibling; then a reference and
a place in the instruction for each condition."""
Shown = tuple[tuple[int, int], ...]
"""(reference, pair) of each condition, in the order of the instruction."""


@dataclass(frozen=True)
class Asked:
    """A cell with its products, before references are chosen.

    Attributes:
        answers: products with all pairs.
        near: of each pair the products that fail it alone.
    """

    id: int
    kind: int
    pairs: tuple[int, ...]
    answers: np.ndarray
    near: tuple[np.ndarray, ...]
    chance: np.ndarray  # (DRAWS,)


def has_sibling(pool: Pool, answers: np.ndarray, near: Sequence[np.ndarray]) -> bool:
    """Whether an answer has a sibling among the near misses."""
    families = pool.spu.codes[answers]
    return any(np.isin(pool.spu.codes[n], families[families >= 0]).any() for n in near)


def choose(options: np.ndarray, chance: float) -> int:
    return int(options[int(chance * len(options))])


def choose_references(pool: Pool, asked: Asked, language: int, sibling: bool) -> Shown:
    """A product for each condition, in the order of the instruction; () where there is none.

    All are of one language and of different SPUs, which are no answer's but for a sibling in
    front. Each has the value it is shown for and no other that is asked for.
    """
    order = np.argsort(asked.chance[DRAWS - MOST :][: len(asked.pairs)])
    families = set(pool.spu.codes[asked.answers].tolist()) - {NONE}
    shown: list[tuple[int, int]] = []
    if sibling:
        first = choose_sibling(pool, asked, language, families)
        if first is None:
            return ()
        shown.append(first)
    for number in order:
        pair = asked.pairs[number]
        if pair in (q for _, q in shown):
            continue
        taken = families | {int(pool.spu.codes[p]) for p, _ in shown} - {NONE}
        others = [q for q in asked.pairs if q != pair]
        fitting = showing(pool, pool.posting(pair), others, language)
        fitting = fitting[~np.isin(pool.spu.codes[fitting], list(taken))]
        if not len(fitting):
            return ()
        shown.append((choose(fitting, asked.chance[4 + number]), pair))
    return tuple(shown)


def choose_sibling(
    pool: Pool, asked: Asked, language: int, families: set[int]
) -> tuple[int, int] | None:
    """A sibling of an answer that fails one of two conditions, and the one that it shows."""
    found = [
        (int(product), asked.pairs[1 - failed])
        for failed in (0, 1)
        for product in showing(pool, asked.near[failed], (), language)
        if int(pool.spu.codes[product]) in families
    ]
    return found[int(asked.chance[3] * len(found))] if found else None


def showing(pool: Pool, products: np.ndarray, others: Sequence[int], language: int) -> np.ndarray:
    """Those of a language that a picture can show and that have none of the other pairs."""
    kept = products[(pool.language.codes[products] == language) & pool.pictured[products]]
    for pair in others:
        kept = kept[~pool.has(kept, np.full(len(kept), pair))]
    return kept


def spread(pool: Pool, asked: Asked, near: Sequence[np.ndarray], most: int) -> np.ndarray:
    """At most so many near misses, the conditions in turn; of each, siblings of answers first."""
    families = pool.spu.codes[asked.answers]
    ordered = []
    for mine in near:
        turned = np.roll(mine, -int(asked.chance[1] * len(mine)))
        kin = np.isin(pool.spu.codes[turned], families[families >= 0])
        ordered.append(np.concatenate([turned[kin], turned[~kin]]))
    turns = [int(n[i]) for i in range(most) for n in ordered if i < len(n)]
    return np.array(turns[:most], np.int32)
