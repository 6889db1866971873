"""Answers of a checkout, made by hand or simulated."""

import numpy as np

from skulens.evaluate.risk_coverage import Answers


def answers_of(score, right, groups=None, margin=None) -> Answers:
    score = np.asarray(score, float)
    groups = np.arange(len(score)) if groups is None else np.asarray(groups)
    return Answers(
        score,
        score if margin is None else np.asarray(margin, float),
        np.asarray(right, bool),
        groups,
        0,
    )


def simulate(rng, skus, sizes="even", twins=0.01):
    """Score, whether right, and SKU of photos; a few SKUs are confused with full confidence."""
    photos = (
        np.full(skus, 12)
        if sizes == "even"
        else np.clip(rng.lognormal(2, 0.8, skus).astype(int) + 1, 1, 80)
    )
    groups = np.repeat(np.arange(skus), photos)
    easy = rng.normal(0, 1, skus)[groups]
    score = easy + rng.normal(0, 1, len(groups))
    right = rng.random(len(groups)) < 1 / (1 + np.exp(-2.5 - 2.5 * score))
    twin = (rng.random(skus) < twins)[groups]
    return score, np.where(twin, rng.random(len(groups)) < 0.05, right), groups
