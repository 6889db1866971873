"""Does the lower bound of a calibrated precision hold, and what does it cost in coverage?

Simulated shops in which some SKUs are always confused with another. `before` is the bound whose
pseudo-observation (a SKU that is always wrong) has the size of a typical answer's SKU, at a level of
95 % for each attempt; `now` has the size of the largest SKU seen and the level of the attempt.

    python -m benchmarks.calibration --save
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from benchmarks.common import report
from skulens.evaluate import calibration
from skulens.evaluate.calibration import Outcome, calibrate, precision_bound, relative_size
from skulens.evaluate.risk_coverage import Answers

Shop = tuple[np.ndarray, np.ndarray, np.ndarray]  # score, whether right, SKU of each photo


def photos_of(rng: np.random.Generator, skus: int, photos: str) -> np.ndarray:
    if photos == "12":
        return np.full(skus, 12)
    if photos == "1 to 50":
        return rng.integers(1, 51, skus)
    return np.clip(rng.lognormal(2, 0.8, skus).astype(int) + 1, 1, 80)


def twins(rng: np.random.Generator, skus: int, photos: str, confused: float) -> Shop:
    """A score that mostly tells right from wrong; confused SKUs are wrong with full confidence."""
    groups = np.repeat(np.arange(skus), photos_of(rng, skus, photos))
    score = rng.normal(0, 1, skus)[groups] + rng.normal(0, 1, len(groups))
    right = rng.random(len(groups)) < 1 / (1 + np.exp(-2.5 - 2.5 * score))
    twin = (rng.random(skus) < confused)[groups]
    return score, np.where(twin, rng.random(len(groups)) < 0.05, right), groups


def unsorted(rng: np.random.Generator, skus: int, precision: float) -> Shop:
    """A score that says nothing; SKUs of unlike precision (intra-SKU correlation 0.2)."""
    groups = np.repeat(np.arange(skus), 12)
    chance = rng.beta(4 * precision, 4 * (1 - precision), skus)
    return rng.random(len(groups)), rng.random(len(groups)) < chance[groups], groups


def answers(shop: Shop) -> Answers:
    score, right, groups = shop
    return Answers(score, score, right, groups, 0)


def typical_bound(answered, wrong, level=0.95, resamples=400, seed=0, *, size=1.0):
    """The bound before: the pseudo-observation has the size of a typical answer's SKU, sum a^2 / sum a."""
    answered, wrong = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (answered, wrong))
    total = answered.sum(axis=0)
    size = np.divide((answered**2).sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    weights = np.random.default_rng(seed).exponential(size=(resamples, len(answered) + 1))
    risk = (weights @ np.vstack([wrong, size])) / (weights @ np.vstack([answered, size]))
    return 1 - np.quantile(risk, level, axis=0)


@contextmanager
def as_before() -> Iterator[None]:
    """Calibration with the bound and the levels it had."""
    bound, level = calibration.precision_bound, calibration.attempt_level
    calibration.precision_bound, calibration.attempt_level = typical_bound, lambda attempt: 0.95
    try:
        yield
    finally:
        calibration.precision_bound, calibration.attempt_level = bound, level


class Truth:
    """Precision from a threshold upward, of a shop so large that it is known."""

    def __init__(self, score: np.ndarray, right: np.ndarray):
        order = np.argsort(-score)
        self.falling = -score[order]
        self.share = right[order].cumsum() / np.arange(1, len(order) + 1)

    def at(self, threshold: float) -> float:
        return float(self.share[np.searchsorted(self.falling, -threshold, side="right") - 1])


def promises(args, skus: int, photos: str, confused: float, target: float) -> Iterator[dict]:
    """Rows: before, and now with either split, on the same shops."""
    score, right, _ = twins(np.random.default_rng(99), 100_000, photos, confused)
    truth = Truth(score, right)
    shops = [
        answers(twins(np.random.default_rng([args.seed, i]), skus, photos, confused))
        for i in range(args.shops)
    ]
    ways = ("before", 0.5), ("before", 0.25), ("now", 0.25), ("now, --unseen typical", 0.25)
    for name, share in ways:
        unseen: Literal["largest", "typical"] = "typical" if "typical" in name else "largest"
        tested = high = shown = wrongly = 0
        covered = 0.0
        for i, shop in enumerate(shops):
            with as_before() if name == "before" else _as_now():
                found = calibrate(
                    shop,
                    target,
                    "score",
                    share=share,
                    unseen=unseen,
                    resamples=args.resamples,
                    seed=i,
                )
            if found.held_out is None or not found.held_out.skus_answered:
                continue
            real = truth.at(found.threshold)
            tested += 1
            high += found.held_out.at_least > real
            if found.outcome is Outcome.CONFIRMED:
                shown += 1
                wrongly += real < target
                covered += found.held_out.coverage.value
        yield {
            "shop": f"{skus} SKUs, {photos} photos, {confused:.0%} confused, target {target:g}",
            "method": f"{name}, chosen on {share:.0%}",
            "bound above the truth": share_text(high, tested),
            "confirmed": share_text(shown, len(shops)),
            "wrongly": f"{wrongly} of {shown}",
            "coverage": round(covered / len(shops), 3),
        }


@contextmanager
def _as_now() -> Iterator[None]:
    yield


def large_bad_skus(args, skus: int, bad: float, small: str, large: int) -> dict:
    """Everything is answered; bad SKUs are large and always wrong, the others always right."""
    sizes = np.arange(1, 51) if small == "1 to 50" else np.array([int(small)])
    truth = (1 - bad) * sizes.mean() / ((1 - bad) * sizes.mean() + bad * large)
    high, seen, high_seen = {"before": 0, "now": 0}, 0, 0
    for i in range(args.shops * 4):
        rng = np.random.default_rng([args.seed, i])
        is_bad = rng.random(skus) < bad
        answered = np.where(is_bad, large, rng.choice(sizes, skus)).astype(float)
        wrong = np.where(is_bad, answered, 0)
        before = typical_bound(answered, wrong, 0.95, args.resamples, i)[0]
        size = relative_size(answered)
        now = precision_bound(answered, wrong, 0.95, args.resamples, i, size=size)[0]
        high["before"] += before > truth
        high["now"] += now > truth
        if answered.max() >= large:
            seen, high_seen = seen + 1, high_seen + (now > truth)
    n = args.shops * 4
    return {
        "shop": f"{skus} SKUs of {small} photos, {bad:.0%} always wrong with {large}",
        "bound above the truth, before": share_text(high["before"], n),
        "now": share_text(high["now"], n),
        "now, where one so large was seen": share_text(high_seen, seen),
    }


def attempts(args, tries: int = 10, target: float = 0.902) -> Iterator[dict]:
    """A target just above the truth, tried with one seed after another until one is confirmed."""
    for name in ("before", "now"):
        first = ever = 0
        for i in range(args.shops):
            shop = answers(unsorted(np.random.default_rng([args.seed, i]), 400, 0.9))
            share = 0.5 if name == "before" else 0.25
            with as_before() if name == "before" else _as_now():
                for n in range(1, tries + 1):
                    found = calibrate(
                        shop,
                        target,
                        "score",
                        share=share,
                        attempt=n,
                        resamples=args.resamples,
                        seed=1000 * i + n,
                    )
                    if found.outcome is Outcome.CONFIRMED:
                        first += n == 1
                        ever += 1
                        break
        yield {
            "shop": f"400 SKUs of 12 photos, precision 0.900, target {target:g}",
            "method": name,
            "wrongly confirmed at the first attempt": share_text(first, args.shops),
            f"within {tries}": share_text(ever, args.shops),
        }


def share_text(part: int, whole: int) -> str:
    return f"{part / whole:.1%} of {whole}" if whole else "-"


WORLDS = (
    (160, "12", 0.01, 0.90),
    (160, "12", 0.03, 0.90),
    (160, "1 to 80", 0.01, 0.90),
    (400, "12", 0.01, 0.95),
    (400, "1 to 50", 0.03, 0.92),
    (400, "1 to 80", 0.01, 0.95),
)
LARGE = (
    (40, 0.03, "5", 50),
    (80, 0.03, "5", 50),
    (300, 0.03, "5", 50),
    (40, 0.01, "5", 200),
    (80, 0.01, "5", 200),
    (300, 0.01, "5", 200),
    (40, 0.03, "1 to 50", 50),
    (80, 0.03, "1 to 50", 50),
    (300, 0.03, "1 to 50", 50),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=250, help="per row")
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    settings = {"shops": args.shops, "resamples": args.resamples, "seed": args.seed}
    found = [row for world in WORLDS for row in promises(args, *world)]
    report("calibration", found, settings, args.save)
    large = [large_bad_skus(args, *world) for world in LARGE]
    report("calibration_large", large, settings, args.save)
    report("calibration_attempts", list(attempts(args)), settings, args.save)


if __name__ == "__main__":
    main()
