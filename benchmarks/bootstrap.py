"""How long intervals, rank intervals, tiers and letters of many models take.

What limits: matrix products of counts (resamples x SKUs) with sums (SKUs x models), and for the
family of all pairs resamples x models^2 / 2 elementwise steps. The loop beside it draws SKUs, adds
up their rows and sorts, one resample after the other; it gives means and ranks only.

    python -m benchmarks.bootstrap --skus 409 --models 190 --resamples 10000
"""

import argparse

import numpy as np

from benchmarks.common import report, spread, time_call
from skulens.evaluate.intervals import Grouped, bootstrap, intervals
from skulens.evaluate.panel import rank_models


def simulate_hits(skus: int, models: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Hits (skus, models), photos (skus,): SKUs are easy or hard for all models, as published."""
    rng = np.random.default_rng(seed)
    photos = rng.integers(10, 105, skus)
    chance = np.clip(
        rng.beta(0.4, 0.25, (skus, 1)) * np.linspace(1, 0.2, models)
        + rng.normal(0, 0.1, (skus, models)),
        0,
        1,
    )
    return rng.binomial(photos[:, None], chance).astype(float), photos.astype(float)


def loop(hits: np.ndarray, photos: np.ndarray, resamples: int) -> np.ndarray:
    """Ranks (resamples, models), one resample at a time."""
    rng, ranks = np.random.default_rng(0), []
    for _ in range(resamples):
        drawn = rng.integers(0, len(photos), len(photos))
        means = hits[drawn].sum(axis=0) / photos[drawn].sum()
        ranks.append(np.argsort(np.argsort(-means)))
    return np.array(ranks)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skus", type=int, default=409)
    parser.add_argument("--models", type=int, default=190)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    hits, photos = simulate_hits(args.skus, args.models)
    ratio = Grouped(hits, np.repeat(photos[:, None], args.models, axis=1)).micro()
    work = {
        "resampled means": lambda: bootstrap(ratio, args.resamples),
        "means with intervals": lambda: intervals(ratio, args.resamples),
        "rank_models: ranks, tiers, all pairs": lambda: rank_models(
            hits, photos, resamples=args.resamples
        ),
        "rank_models and letters": lambda: (
            rank_models(hits, photos, resamples=args.resamples).letters
        ),
        "a loop: means and ranks only": lambda: loop(hits, photos, args.resamples),
    }
    rank_models(hits, photos, resamples=100)  # warm up
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(args.repeats):
        for name, call in work.items():
            took[name].append(time_call(call))
    report(
        "bootstrap",
        [{"what": name, "seconds": spread(seconds)} for name, seconds in took.items()],
        vars(args),
        args.save,
    )


if __name__ == "__main__":
    main()
