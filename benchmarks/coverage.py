"""How often 95 % intervals hold the truth, in worlds of few and of many SKUs.

Each SKU has a chance of its own, beta(mean * alike, (1 - mean) * alike): `alike` 0.65 is how far
the published SKUs are apart (they are nearly always or nearly never found), 2 is milder. Photos per
SKU are 10 to 104 as published, or log-normal from a few to hundreds. B shares the chance of A for
six SKUs in ten. Beside our intervals stand the plain percentiles of the same bootstrap and the
interval that takes photos as independent. Nothing limits speed: worlds are columns of one
bootstrap.

    python -m benchmarks.coverage --worlds 500
"""

import argparse
import itertools

import numpy as np

from benchmarks.common import report
from skulens.evaluate.intervals import Grouped, Ratio, bootstrap, difference_intervals, intervals

ALIKE = (0.65, 2.0)
SIZES = ("10 to 104", "log-normal")
APART = 0.1
SHARED = 0.6


def photos_of(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Photos of each SKU, (skus, worlds)."""
    if kind == "10 to 104":
        return rng.integers(10, 105, shape)
    return np.maximum(1, np.exp(rng.normal(np.log(20), 0.8, shape)).round()).astype(int)


def share_held(found: list, truth: float) -> float:
    return float(np.mean([i.low <= truth <= i.high for i in found]))


def percentiles(ratio: Ratio, truth: float, resamples: int, seed: int) -> float:
    low, high = np.quantile(bootstrap(ratio, resamples, seed), [0.025, 0.975], axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


def cell(
    skus: int, mean: float, alike: float, kind: str, worlds: int, resamples: int, seed: int
) -> dict:
    """One row: the share of worlds whose interval holds the truth."""
    rng = np.random.default_rng(
        [seed, skus, round(mean * 100), round(alike * 100), SIZES.index(kind)]
    )
    photos = photos_of(rng, kind, (skus, worlds))
    a = rng.beta(mean * alike, (1 - mean) * alike, photos.shape)
    fresh = rng.beta((mean - APART) * alike, (1 - mean + APART) * alike, photos.shape)
    b = np.where(rng.random(photos.shape) < SHARED, a, fresh)
    hits, others = rng.binomial(photos, a).astype(float), rng.binomial(photos, b)
    grouped, steps = (
        Grouped(hits, photos.astype(float)),
        Grouped(hits - others, photos.astype(float)),
    )
    rate = hits.sum(axis=0) / photos.sum(axis=0)
    naive = np.abs(rate - mean) <= 1.96 * np.sqrt(rate * (1 - rate) / photos.sum(axis=0))
    apart = (1 - SHARED) * APART
    return {
        "skus": skus,
        "mean": mean,
        "alike": alike,
        "photos": kind,
        "micro": share_held(intervals(grouped.micro(), resamples, seed), mean),
        "macro": share_held(intervals(grouped.macro(), resamples, seed), mean),
        "difference": share_held(difference_intervals(steps.micro(), resamples, seed), apart),
        "percentiles": percentiles(grouped.micro(), mean, resamples, seed),
        "percentiles of difference": percentiles(steps.micro(), apart, resamples, seed),
        "photos independent": float(naive.mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skus", type=int, nargs="+", default=[5, 10, 20, 80, 400])
    parser.add_argument("--means", type=float, nargs="+", default=[0.3, 0.6, 0.9])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    cells = itertools.product(args.skus, args.means, ALIKE, SIZES)
    rows = [cell(*c, args.worlds, args.resamples, args.seed) for c in cells]
    report("coverage", rows, vars(args), args.save)


if __name__ == "__main__":
    main()
