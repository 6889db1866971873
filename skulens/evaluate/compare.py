"""Is A better than B, and which models can be told apart: paired tests over groups.

Two models answer the same photos, and photos of one SKU succeed or fail together, so what is
compared is one difference per SKU. Under the null hypothesis that A and B are interchangeable, the
sign of each SKU's difference is a coin toss (Fisher 1935, section 21; for retrieval, Smucker,
Allan and Carterette 2007): the p-value is the share of sign patterns that give a difference at
least as far from 0 as the one seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import RESAMPLES, Grouped, bootstrap, intervals

LEVEL = 0.05
EXACT = 12
"""Up to this many groups all 2^groups sign patterns are tried; with more, a sample of them."""
_CELLS = 1 << 22  # entries of a matrix of signs held at a time: 32 MB
_ROUND = 12  # decimals to which equal means are equal, whatever the order of a sum


@dataclass(frozen=True, slots=True)
class Difference:
    """mean(A) - mean(B) with its 95 % cluster-bootstrap interval and the p of the paired test."""

    value: float
    low: float
    high: float
    p: float
    n: int
    """Queries that both answer."""
    groups: int
    """Units that were resampled, and whose signs were flipped."""


def compare(
    a: np.ndarray,
    b: np.ndarray,
    groups: np.ndarray,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    macro: bool = False,
) -> Difference:
    """Paired difference of two runs on the same queries.

    Args:
        a, b: values per query, (queries,); NaN = unanswerable. Queries that either lacks are left out.
        groups: group number of each query, (queries,), from 0.
        macro: mean over groups of the mean within each, instead of the mean over queries.
    Raises:
        DataError: the three are not equally long.
    """
    a, b, groups = np.asarray(a, float), np.asarray(b, float), np.asarray(groups)
    if not a.shape == b.shape == groups.shape or a.ndim != 1:
        raise DataError(f"compare needs one value of each run and one group per query, got {a.shape}, {b.shape} "
                        f"and {groups.shape}; give both runs the same queries in the same order")
    grouped = Grouped.of((a - b)[:, None], groups)
    ratio = grouped.macro() if macro else grouped.micro()
    [found] = intervals(ratio, bootstrap(ratio, resamples, seed))
    [p] = sign_flip_test(ratio.top, resamples, seed)
    return Difference(found.value, found.low, found.high, float(p), found.n, found.groups)


def sign_flip_test(differences: np.ndarray, resamples: int = 10_000, seed: int = 0) -> np.ndarray:
    """Two-sided p-values (comparisons,) of per-group differences (groups, comparisons).

    Exact for up to 12 groups; else (1 + as far) / (1 + resamples), which holds its level at any
    number of resamples (Phipson and Smyth 2010, eq. 2). Groups without a difference change nothing.
    """
    differences = differences[differences.any(axis=1)]
    seen = np.round(np.abs(differences.sum(axis=0)), _ROUND)
    exact = len(differences) <= EXACT
    far, tried = np.full(len(seen), 0 if exact else 1), 0 if exact else 1
    for signs in _all_signs(len(differences)) if exact else _some_signs(len(differences), resamples, seed):
        far = far + (np.round(np.abs(signs @ differences), _ROUND) >= seen).sum(axis=0)
        tried += len(signs)
    return far / tried


def _all_signs(groups: int):
    """One block (2^groups, groups) of every pattern of -1 and 1."""
    yield 2.0 * (np.arange(1 << groups)[:, None] >> np.arange(groups) & 1) - 1


def _some_signs(groups: int, resamples: int, seed: int):
    """Blocks (patterns, groups) of random -1 and 1."""
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // groups)
    for start in range(0, resamples, step):
        yield 2.0 * rng.integers(0, 2, (min(step, resamples - start), groups)) - 1


def holm(p: Sequence[float]) -> np.ndarray:
    """Adjusted p-values, in the order given; Holm 1979, step-down. Rejecting those below a level
    keeps the chance of any false rejection in the family below it, however they depend."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


@dataclass(frozen=True)
class Ranking:
    """Models ordered by mean hit rate, with how far that order can be trusted.

    All arrays are (models,) in the order the models were given, except `order`.
    """

    order: np.ndarray
    """Positions of the models, best first; equal means in the order given."""
    value: np.ndarray
    low: np.ndarray
    """Ends of the 95 % interval of each mean."""
    high: np.ndarray
    rank_low: np.ndarray
    """Best rank, from 1, that a model's 95 % rank interval holds."""
    rank_high: np.ndarray
    best: np.ndarray
    """bool: cannot be told apart from the first (Holm over the comparisons with it, 5 %)."""
    tier: np.ndarray
    """From 1: tier 1 is `best`; each next tier holds what cannot be told apart from the first of the rest."""
    letters: tuple[str, ...]
    """Models that share a letter cannot be told apart."""


def rank_models(
    hits: np.ndarray, photos: np.ndarray, *, resamples: int = 10_000, seed: int = 0, macro: bool = False
) -> Ranking:
    """Rank models that answered the same photos.

    Args:
        hits: sums of a metric over the photos of each SKU, (skus, models).
        photos: photos of each SKU, (skus,).
        macro: every SKU counts the same, instead of every photo.
    Raises:
        DataError: the shapes do not fit.
    """
    hits, photos = np.asarray(hits, float), np.asarray(photos, float)
    if hits.ndim != 2 or photos.shape != hits.shape[:1]:
        raise DataError(f"rank_models needs hits (skus, models) and photos (skus,), got {hits.shape} and {photos.shape}")
    grouped = Grouped(hits, np.repeat(photos[:, None], hits.shape[1], axis=1))
    ratio = grouped.macro() if macro else grouped.micro()
    resampled = bootstrap(ratio, resamples, seed)
    found = intervals(ratio, resampled)
    value, low, high = np.array([(i.value, i.low, i.high) for i in found]).T
    order = np.argsort(-np.round(value, _ROUND), kind="stable")
    ranks = ranks_of(resampled)
    rank_low, rank_high = np.quantile(ranks, [0.025, 0.975], axis=0)
    tier = tiers(ratio.top, order, resamples, seed)
    return Ranking(order, value, low, high, np.floor(rank_low).astype(int), np.ceil(rank_high).astype(int),
                   tier == 1, tier, tuple(chr(96 + t) if t < 27 else str(t) for t in tier))


def ranks_of(means: np.ndarray) -> np.ndarray:
    """Ranks from 1, larger mean first, of each row of (resamples, models)."""
    ranks = np.empty(means.shape, np.int32)
    np.put_along_axis(ranks, np.argsort(-means, axis=1), np.arange(1, means.shape[1] + 1, dtype=np.int32)[None], axis=1)
    return ranks


def tiers(top: np.ndarray, order: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """(models,) tier of each, from sums per SKU (skus, models)."""
    tier, left, number = np.zeros(len(order), int), order, 0
    while len(left):
        number += 1
        p = holm(sign_flip_test(top[:, left[:1]] - top[:, left[1:]], resamples, seed))
        alike = np.r_[True, p > LEVEL]
        tier[left[alike]] = number
        left = left[~alike]
    return tier
