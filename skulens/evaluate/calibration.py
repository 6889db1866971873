"""When to trust the first answer: a threshold of confidence for a target precision.

A checkout without a cashier may answer or abstain. The threshold is chosen on the SKUs of a
calibration split and evaluated once on held-out SKUs, with a lower bound of the precision there.
Photos of one SKU fail together, so SKUs, not photos, are split, resampled and counted.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import RESAMPLES, Grouped, Interval, intervals
from skulens.evaluate.risk_coverage import Answers, choose_confidence

BOUND_LEVEL = 0.95
"""Confidence level of the lower bound: it may be too high in 5 of 100 catalogues."""
STRICT_BOUND_LEVEL = 0.99
"""The level preferred on the calibration split, so that the held-out split can confirm it: in
simulated shops it then does so a third more often than with `BOUND_LEVEL`, for a tenth less
coverage."""
_CANDIDATES = 200  # thresholds tried


def precision_bound(
    answered: np.ndarray,
    wrong: np.ndarray,
    level: float = BOUND_LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """One-sided lower bound of precision, from the answers of each SKU.

    One pseudo-observation is added, a SKU that is always wrong and as large as the SKU of a typical
    answer (sum a^2 / sum a), then the SKUs are weighted at random (Bayesian bootstrap, Rubin 1981):
    the bound of Learned-Miller and Thomas 2019 for a mean, here for a ratio. Where SKUs are equally
    large and right or wrong as a whole it is exactly that of Clopper and Pearson 1934; without a
    wrong answer, (1 - level)^(1 / SKUs). Resampling the SKUs alone would give 1 there.

    Args:
        answered, wrong: (skus, thresholds) or (skus,) answers and wrong ones of each SKU.
    Returns:
        (thresholds,) bounds; 0 where nothing is answered.
    """
    answered, wrong = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (answered, wrong))
    total = answered.sum(axis=0)
    pseudo = np.divide((answered**2).sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    weights = np.random.default_rng(seed).exponential(size=(resamples, len(answered) + 1))
    risk = (weights @ np.vstack([wrong, pseudo])) / (weights @ np.vstack([answered, pseudo]))
    return 1 - np.quantile(risk, level, axis=0)


def least_skus(precision: float, level: float = BOUND_LEVEL) -> int:
    """SKUs that must be answered without a single error to confirm a precision below 1."""
    return int(np.ceil(np.log(1 - level) / np.log(precision)))


@dataclass(frozen=True)
class OperatingPoint:
    """What answering from a threshold upward does on one split of the SKUs."""

    skus: int
    skus_answered: int
    coverage: Interval
    precision: Interval
    """Of the answers; `n` counts them, `groups` their SKUs."""
    at_least: float
    """One-sided bound: precision is at least this, at the confidence level `BOUND_LEVEL`."""


class Outcome(Enum):
    """What the held-out split says of a target precision."""

    CONFIRMED = "shown"
    """The lower bound reaches the target."""
    NOT_CONFIRMED = "not shown"
    """The precision reaches the target, its lower bound does not."""
    MISSED = "missed"
    """The precision is below the target."""
    OUT_OF_REACH = "out of reach"
    """No threshold reached the target on the calibration split, so nothing was held against it."""


@dataclass(frozen=True)
class Calibration:
    """A threshold for a target precision, chosen on a calibration split."""

    confidence: str
    target: float
    """The precision wanted."""
    outcome: Outcome
    threshold: float | None
    """None when out of reach."""
    calibration: OperatingPoint
    """On the SKUs that the threshold was chosen on: optimistic, as it was chosen there."""
    held_out: OperatingPoint | None
    """On the held-out SKUs; None when out of reach."""


def calibrate(
    answers: Answers,
    target: float,
    confidence: str = "auto",
    *,
    share: float = 0.5,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Calibration:
    """The threshold with the most coverage that should reach a precision, and whether it does.

    On the calibration split the lowest threshold is taken whose bound reaches the target, at
    `STRICT_BOUND_LEVEL` or else `BOUND_LEVEL`; failing that the one with the best bound of those
    whose precision does. Only this one threshold meets the held-out split, so that its bound there
    needs no correction for the choice (the split of Learn then Test, Angelopoulos et al. 2021, with
    one hypothesis): it is too high in at most 5 of 100 catalogues.

    Args:
        confidence: of `CONFIDENCES`; "auto": that with the smaller area under its risk-coverage
            curve on the calibration split.
        share: of the SKUs in the calibration split.
    Raises:
        DataError: a target that is not between 0 and 1, too few SKUs, or no such confidence.
    """
    if not 0 < target < 1:
        raise DataError(
            f"expected a precision between 0 and 1, such as 0.99, got {target:g}; no number of "
            "SKUs can confirm 1"
        )
    choosing, held_out = split_groups(answers, share, seed)
    kind = confidence
    if confidence == "auto":  # of those that the held-out queries have, too
        kind = choose_confidence(choosing, answers.confidences)
    threshold, reached = choose_threshold(choosing, kind, target, resamples, seed)
    chosen = evaluate_threshold(choosing, kind, threshold, resamples=resamples, seed=seed)
    if not reached:
        return Calibration(kind, target, Outcome.OUT_OF_REACH, None, chosen, None)
    found = evaluate_threshold(held_out, kind, threshold, resamples=resamples, seed=seed)
    outcome = Outcome.CONFIRMED if found.at_least >= target else Outcome.NOT_CONFIRMED
    if found.precision.value < target:
        outcome = Outcome.MISSED
    return Calibration(kind, target, outcome, threshold, chosen, found)


def split_groups(answers: Answers, share: float = 0.5, seed: int = 0) -> tuple[Answers, Answers]:
    """The answers of a share of the SKUs, drawn by seed, and of the others.

    Raises:
        DataError: fewer than two SKUs would be in a split.
    """
    groups = int(answers.groups.max(initial=-1)) + 1
    here = round(groups * share)
    if min(here, groups - here) < 2:
        raise DataError(
            f"the calibration split and the held-out split need at least two SKUs each: {groups} "
            f"SKUs and a share of {share:g} leave {here} and {groups - here}; measure more SKUs or "
            "give another share"
        )
    drawn = np.random.default_rng(seed).permutation(groups) < here
    mine = drawn[answers.groups]
    return answers.take(mine), answers.take(~mine)


def evaluate_threshold(
    answers: Answers, kind: str, threshold: float, *, resamples: int = RESAMPLES, seed: int = 0
) -> OperatingPoint:
    """Answer where the confidence reaches the threshold, abstain elsewhere."""
    taken = answers.confidence(kind) >= threshold
    values = np.stack([taken, np.where(taken, answers.right, np.nan)], axis=1).astype(np.float64)
    grouped = Grouped.of(values, answers.groups)
    coverage, precision = intervals(grouped.micro(), resamples, seed)
    answered = grouped.counts[:, 1]
    bound = precision_bound(answered, answered - grouped.sums[:, 1], resamples=resamples, seed=seed)
    skus_answered = int((answered > 0).sum())
    return OperatingPoint(len(answered), skus_answered, coverage, precision, float(bound[0]))


def choose_threshold(
    answers: Answers, kind: str, target: float, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, bool]:
    """(threshold, whether its precision reaches the target); if none does, the most precise one.

    Raises:
        DataError: no query has a candidate.
    """
    confidence = answers.confidence(kind)
    levels = np.unique(confidence[np.isfinite(confidence)])[::-1]  # falling: strict to loose
    if not len(levels):
        raise DataError("no query has a candidate: there is nothing to answer")
    levels = levels[np.unique(np.linspace(0, len(levels) - 1, _CANDIDATES).round().astype(int))]
    answered, wrong = (
        sum_by_threshold(confidence, values, answers.groups, levels)
        for values in (np.ones(len(answers)), ~answers.right)
    )
    precision = 1 - wrong.sum(axis=0) / answered.sum(axis=0)
    for level in (STRICT_BOUND_LEVEL, BOUND_LEVEL):
        bounds = precision_bound(answered, wrong, level, resamples, seed)
        if (confirmed := np.flatnonzero(bounds >= target)).size:
            return float(levels[confirmed[-1]]), True
    reached = precision >= target
    best = np.where(reached, bounds, -1) if reached.any() else precision
    return float(levels[np.flatnonzero(best == best.max())[-1]]), bool(reached.any())


def sum_by_threshold(
    confidence: np.ndarray, values: np.ndarray, groups: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """(groups, levels) sums of values (queries,) where the confidence reaches falling levels."""
    first = np.searchsorted(-levels, -confidence)  # the strictest level that it reaches
    sums = np.zeros((int(groups.max()) + 1, len(levels) + 1))
    np.add.at(sums, (groups, first), values)
    return sums[:, :-1].cumsum(axis=1)
