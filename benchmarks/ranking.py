"""How long intervals, rank sets, tiers and letters of many models take.

What limits: for the family of all pairs patterns x models^2 / 2 elementwise steps. Intervals are
sums over SKUs; below ten SKUs also a matrix product of draws (10,000 x SKUs) with sums and a sort of
each column.

    python -m benchmarks.ranking --skus 409 --models 190 --patterns 10000
"""

import argparse

import numpy as np

from benchmarks.common import report, spread, time_call
from skulens.evaluate.intervals import FEW, Grouped, intervals
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skus", type=int, default=409)
    parser.add_argument("--models", type=int, default=190)
    parser.add_argument("--patterns", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    hits, photos = simulate_hits(args.skus, args.models)
    ratio = Grouped(hits, np.repeat(photos[:, None], args.models, axis=1)).micro()
    few = Grouped(hits[: FEW - 1], np.repeat(photos[: FEW - 1, None], args.models, axis=1)).micro()
    work = {
        "means with intervals": lambda: intervals(ratio),
        f"the same of {FEW - 1} SKUs": lambda: intervals(few),
        "rank_models: ranks, tiers, all pairs": lambda: rank_models(
            hits, photos, patterns=args.patterns
        ),
        "rank_models and letters": lambda: (
            rank_models(hits, photos, patterns=args.patterns).letters
        ),
    }
    rank_models(hits, photos, patterns=100)  # warm up
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(args.repeats):
        for name, call in work.items():
            took[name].append(time_call(call))
    report(
        "ranking",
        [{"what": name, "seconds": spread(seconds)} for name, seconds in took.items()],
        vars(args),
        args.save,
    )


if __name__ == "__main__":
    main()
