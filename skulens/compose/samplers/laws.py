"""What the samplers of MERIT share: the number of conditions and how a product's pair is chosen."""

import numpy as np

from skulens.compose.chance import pick
from skulens.compose.pool import Pool
from skulens.compose.proposals import MOST, NONE
from skulens.compose.ragged import ranges

MIXTURE = ((2, 0.55), (3, 0.20), (4, 0.25))
"""Conditions and their shares of proposals in the released code (paper A.3.1: 75, 10, 15)."""
COMMON = ("color",)
"""Keys that are suppressed because they occur everywhere."""
SPARED = 0.8
"""Share of choices in which a common key counts like any other (code; the paper names none)."""


def count_conditions(chance: np.ndarray, conditions: int) -> np.ndarray:
    """(n,) conditions of each query, by MIXTURE unless they are given."""
    if conditions:
        return np.full(len(chance), conditions)
    edges = np.cumsum([share for _, share in MIXTURE])[:-1]
    return np.array([n for n, _ in MIXTURE])[np.searchsorted(edges, chance, side="right")]


def common_pairs(pool: Pool) -> np.ndarray:
    """(pairs,) bool, of a key in COMMON."""
    return np.isin(pool.key_of, [i for i, key in enumerate(pool.keys) if key in COMMON])


def choose_entries(
    rows: np.ndarray, good: np.ndarray, chance: np.ndarray, none: int = NONE
) -> np.ndarray:
    """One of each row's good entries, each equally likely.

    Args:
        rows: (entries,) the row of each entry, ascending.
        good: (entries,) bool.
        chance: (n,), one number for each row.
    Returns:
        (n,) positions among the entries, `none` where a row has no good one.
    """
    places = np.flatnonzero(good)
    counts = np.bincount(rows[places], minlength=len(chance))
    if not len(places):
        return np.full(len(chance), none)
    first = np.cumsum(counts) - counts
    chosen = np.minimum(first + pick(chance, counts), len(places) - 1)
    return np.where(counts > 0, places[chosen], none)


def choose_pairs(
    pool: Pool, common: np.ndarray, products: np.ndarray, coin: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """A pair of each product by the law of the code: common keys in SPARED of the choices only.

    Args:
        common: `common_pairs`.
        products, coin, chance: (n,) each.
    Returns:
        (n,) int32; NONE where the product has no pair, or only common ones and they are left out.
    """
    rows, places = ranges(pool.starts[products], pool.starts[products + 1])
    pairs = pool.held[places]
    good = ~common[pairs] | (coin <= SPARED)[rows]
    chosen = choose_entries(rows, good, chance)
    if not len(pairs):
        return np.full(len(products), NONE, np.int32)
    return np.where(chosen >= 0, pairs[chosen], NONE).astype(np.int32)


def log_chance_of_pairs(
    pool: Pool, common: np.ndarray, products: np.ndarray, pairs: np.ndarray
) -> np.ndarray:
    """Log probability that `choose_pairs` takes `pairs` from `products`. (n,) float64."""
    held = np.diff(pool.starts)[products]
    sums = np.concatenate([[0], np.cumsum(common[pool.held])])
    plain = held - (sums[pool.starts[products + 1]] - sums[pool.starts[products]])
    only = np.where(common[pairs], 0.0, (1 - SPARED) / np.maximum(plain, 1))
    return np.log(SPARED / held + only)


def blank(n: int) -> np.ndarray:
    """(n, MOST) int32 of NONE."""
    return np.full((n, MOST), NONE, np.int32)
