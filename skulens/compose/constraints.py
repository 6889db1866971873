"""What a proposal must satisfy before its answers are looked up: small predicates, each counted."""

from collections.abc import Callable

import numpy as np

from skulens.compose.pool import Pool
from skulens.compose.proposals import NONE, Proposals

Constraint = Callable[[Pool, Proposals], np.ndarray]
"""(n,) bool: which proposals it refuses."""


def distinct_references(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A product shown twice, or the target shown."""
    products, refused = proposals.products, np.zeros(len(proposals), bool)
    for i in range(products.shape[1]):
        refused |= (products[:, i] == proposals.target) & (products[:, i] != NONE)
        for j in range(i):
            refused |= (products[:, i] == products[:, j]) & (products[:, i] != NONE)
    return refused


def distinct_keys(pool: Pool, proposals: Proposals) -> np.ndarray:
    """Two conditions on one key."""
    used = np.where(proposals.pairs >= 0, pool.key_of[np.maximum(proposals.pairs, 0)], NONE)
    refused = np.zeros(len(proposals), bool)
    for i in range(used.shape[1]):
        for j in range(i):
            refused |= (used[:, i] == used[:, j]) & (used[:, i] != NONE)
    return refused


def references_pictured(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A reference that no picture can show."""
    asked = proposals.products != NONE
    return (asked & ~pool.pictured[np.maximum(proposals.products, 0)]).any(axis=1)


def no_reference_satisfies_another(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A reference that has the value another one is shown for."""
    refused = np.zeros(len(proposals), bool)
    for row in range(len(proposals)):
        shown = [
            (p, q)
            for p, q in zip(proposals.products[row], proposals.pairs[row], strict=True)
            if q >= 0
        ]
        refused[row] = any(q in pool.pairs_of(p) for p, own in shown for _, q in shown if q != own)
    return refused


CONSTRAINTS: dict[str, Constraint] = {
    f.__name__.replace("_", "-"): f
    for f in (
        distinct_references,
        distinct_keys,
        references_pictured,
        no_reference_satisfies_another,
    )
}
"""By the name under which a profile lists them and refusals are counted."""
