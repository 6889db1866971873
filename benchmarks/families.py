"""How often many models are called different that are not, before and after, and with what power.

Each SKU has an ease of its own and each model another one on it (logit normal), photos are 1 to 50.
Worlds: "tied", all models equally good; "uneven", the same where half of the models find all photos
of a SKU or none; "0.004 apart" and "0.015 apart", a ladder; "half", half tied and half 0.15 worse.

Before: Holm over the comparisons with the model that looks best, and ranks from each paired
interval by itself. After: `Family.behind` in steps ("one step": by the critical |T| of all pairs)
and `rank_sets`.

- wrong: share of worlds in which any model is called worse than one that is not better; for tiers
  of any two tiers, for letters of any two models
- kept: models not called worse than the first
- intervals hold: worlds in which all intervals of the differences from the first do
- rank holds: share of models whose ranks hold the true one (of tied models all the tied ones)
- ranks hold: worlds in which those of all models do; width: places
- too few: worlds in which no two models could have differed significantly

Nothing limits speed but sign patterns x pairs.

    python -m benchmarks.families --worlds 500
"""

import argparse

import numpy as np

from benchmarks.common import report
from skulens.evaluate.compare import LEVEL, holm, p_values, sign_patterns
from skulens.evaluate.families import (
    Family,
    assign_tiers,
    family_of_sums,
    invert_test,
    rank_sets,
)
from skulens.evaluate.intervals import margins

MEAN, SKU_SD, MODEL_SD = 2.0, 1.5, 0.7
CELLS = ((3, 40), (10, 40), (20, 80), (50, 40), (50, 80), (30, 10))
TIED, UNEVEN, NEAR, FAR, HALF = "tied", "uneven", "0.004 apart", "0.015 apart", "half"
WORLDS = (TIED, UNEVEN, NEAR, FAR, HALF)


def ease_of(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """(skus, models) chances to find a photo."""
    ease = MEAN + rng.normal(0, SKU_SD, (shape[0], 1)) + rng.normal(0, MODEL_SD, shape)
    return 1 / (1 + np.exp(-ease))


def shifts_of(world: str, models: int) -> np.ndarray:
    """(models,) how far each is behind the best, in points of the hit rate."""
    step = {NEAR: 0.004, FAR: 0.015}.get(world, 0.0)
    return (np.arange(models) >= models / 2) * 0.15 if world == HALF else step * np.arange(models)


def draw_shop(
    rng: np.random.Generator, world: str, models: int, skus: int, mean: float
) -> tuple[np.ndarray, np.ndarray]:
    """Photos (skus,) and hits (skus, models)."""
    chances = ease_of(rng, (skus, models))
    if world == UNEVEN:
        half = models // 2
        chances[:, :half] = rng.random((skus, half)) < chances[:, :half]
    chances *= 1 - shifts_of(world, models) / mean
    photos = rng.integers(1, 51, skus)
    return photos.astype(float), rng.binomial(photos[:, None], chances).astype(float)


def ranks_before(hits: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """(models, models) bool: the column differs from the row by their own paired interval."""
    gaps = hits[:, None, :] - hits[:, :, None]  # (skus, row, column)
    value = gaps.sum(axis=0) / photos.sum()
    left = gaps - value * photos[:, None, None]
    variance = (left**2).sum(axis=0) / photos.sum() ** 2
    return np.abs(value) > margins(variance, np.array(len(photos))) + 1e-12


def wrong_tiers(order: np.ndarray, tier: np.ndarray, truth: np.ndarray) -> bool:
    """Whether any model stands in a later tier than the first of one that is not better."""
    firsts = [(n, next(i for i in order if tier[i] == n)) for n in range(1, tier.max() + 1)]
    return any((truth[tier > n] >= truth[i]).any() for n, i in firsts)


def hold_all(
    family: Family, hits: np.ndarray, photos: np.ndarray, first: int, truth: np.ndarray
) -> bool:
    """Whether all intervals of the differences from the first hold the true ones."""
    others = np.delete(np.arange(len(truth)), first)
    critical = family.behind(first).critical[others]
    low, high = invert_test(hits[:, [first]] - hits[:, others], photos, critical)
    gaps = truth[first] - truth[others]
    return bool(((low <= gaps + 1e-12) & (gaps <= high + 1e-12)).all())


def judge_shop(hits: np.ndarray, photos: np.ndarray, truth: np.ndarray, patterns: int, seed: int):
    """One world's outcomes by name of the column."""
    flipped = np.concatenate([s @ hits for s in sign_patterns(len(hits), patterns, seed)])
    family, value = family_of_sums(flipped, hits), hits.sum(axis=0)
    order = np.argsort(-value, kind="stable")
    first, others = int(order[0]), order[1:]
    not_better = truth[others] >= truth[first]
    verdicts = {
        "Holm": holm(p_values(flipped[:, [first]] - flipped[:, others])) <= LEVEL,
        "steps": family.behind(first).p[others] <= LEVEL,
        "one step": family.p[first, others] <= LEVEL,
    }
    tier = assign_tiers(order, family)
    wrong_side = (value[:, None] > value) & (truth[:, None] <= truth)
    found = {f"{name} wrong": (worse & not_better).any() for name, worse in verdicts.items()}
    found |= {
        "tiers wrong": wrong_tiers(order, tier, truth),
        "letters wrong": (family.separated & wrong_side).any(),
        "intervals hold": hold_all(family, hits, photos, first, truth),
    }
    found |= {f"{name} kept": (~worse).sum() for name, worse in verdicts.items()}
    true_low = 1 + (truth[None] > truth[:, None]).sum(axis=1)
    true_high = len(truth) - (truth[None] < truth[:, None]).sum(axis=1)
    for name, differs in (
        ("before", ranks_before(hits, photos)),
        ("alone", family.differs_from),
        ("all", family.separated),
    ):
        low, high = rank_sets(value, differs)
        right = (low <= true_low) & (true_high <= high)
        found |= {
            f"{name}: rank holds": right.mean(),
            f"{name}: ranks hold": right.all(),
            f"{name}: width": (high - low + 1).mean(),
        }
    return found | {"too few": family.hopeless}


def cell(world: str, models: int, skus: int, worlds: int, patterns: int, seed: int, mean: float):
    """One row: means over worlds."""
    truth, found = -shifts_of(world, models), []
    for number in range(worlds):
        rng = np.random.default_rng([seed, WORLDS.index(world), models, skus, number])
        photos, hits = draw_shop(rng, world, models, skus, mean)
        found.append(judge_shop(hits, photos, truth, patterns, number))
    means = {name: float(np.mean([f[name] for f in found])) for name in found[0]}
    return {"world": world, "models": models, "skus": skus} | {
        name: round(x, 3) for name, x in means.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", nargs="+", default=[f"{m}x{s}" for m, s in CELLS])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--patterns", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    mean = float(ease_of(np.random.default_rng(0), (2_000_000, 1)).mean())
    rows = []
    for words in args.cells:
        models, skus = map(int, words.split("x"))
        for world in WORLDS:
            rows.append(cell(world, models, skus, args.worlds, args.patterns, args.seed, mean))
    report("families", rows, vars(args), args.save)


if __name__ == "__main__":
    main()
