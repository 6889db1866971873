"""When to trust the first answer: a threshold of confidence for a target precision.

A checkout without a cashier may answer or abstain. The threshold is chosen on the SKUs of a
calibration split and evaluated once on held-out SKUs, with a lower bound of the precision there.
Photos of one SKU fail together, so SKUs, not photos, are split, resampled and counted.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import RESAMPLES, Grouped, Interval, intervals
from skulens.evaluate.risk_coverage import Answers, choose_confidence

BOUND_LEVEL = 0.95
"""Confidence level of the lower bound over all attempts on the same data: in at most 5 of 100
catalogues is any of them too high."""
STRICT_BOUND_LEVEL = 0.99
"""The level preferred on the calibration split, so that the held-out split can confirm it: in
simulated shops it then does so a third more often than with `BOUND_LEVEL`, for a tenth less
coverage."""
SHARE = 0.25
"""Of the SKUs in the calibration split: confirming needs more of them than choosing does."""
MOST_ATTEMPTS = 50
_CANDIDATES = 200  # thresholds tried
_BEYOND = 20  # resamples that lie beyond the quantile taken, at least
_WEIGHTS = 1 << 22  # weights held at a time: 32 MB


def attempt_level(attempt: int) -> float:
    """Confidence level of the nth attempt on the same data.

    Four of the five percent go to the first attempt, the fifth to all later ones, in shares that
    fall as 1 / (n - 1)^2 (a Bonferroni correction with unequal shares). So whoever tries seeds,
    splits or targets until one is confirmed is still wrong in at most 5 of 100 catalogues, however
    often they tried and whatever made them stop.

    Raises:
        DataError: more than `MOST_ATTEMPTS`.
    """
    if not 1 <= attempt <= MOST_ATTEMPTS:
        raise DataError(
            f"attempt {attempt} on the same queries, and at most {MOST_ATTEMPTS} are counted: "
            "what is confirmed after so many says little; measure new queries"
        )
    if attempt == 1:
        return 1 - 0.8 * (1 - BOUND_LEVEL)
    return 1 - 0.2 * (1 - BOUND_LEVEL) * 6 / (math.pi * (attempt - 1)) ** 2


def precision_bound(
    answered: np.ndarray,
    wrong: np.ndarray,
    level: float = BOUND_LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    size: float = 1.0,
) -> np.ndarray:
    """One-sided lower bound of precision, from the answers of each SKU.

    One pseudo-observation is added, a SKU that is always wrong, then the SKUs are weighted at
    random (Bayesian bootstrap, Rubin 1981): the bound of Learned-Miller and Thomas 2019 for a mean,
    here for a ratio. Where SKUs are equally large and right or wrong as a whole it is exactly that
    of Clopper and Pearson 1934; without a wrong answer, (1 - level)^(1 / SKUs). Resampling the SKUs
    alone would give 1 there.

    The bound holds where SKUs that are always wrong are at most as large as the pseudo-observation,
    which has `size` times as many answers as the SKU of a typical answer (sum a^2 / sum a).

    Args:
        answered, wrong: (skus, thresholds) or (skus,) answers and wrong ones of each SKU.
        resamples: at least; more where the level needs them.
        size: see `relative_size`.
    Returns:
        (thresholds,) bounds; 0 where nothing is answered.
    """
    answered, wrong = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (answered, wrong))
    pseudo = size * _typical(answered)
    answered, wrong = np.vstack([answered, pseudo]), np.vstack([wrong, pseudo])
    rng = np.random.default_rng(seed)
    left, risks = max(resamples, math.ceil(_BEYOND / (1 - level))), []
    step = max(1, _WEIGHTS // len(answered))
    while left > 0:
        weights = rng.exponential(size=(min(step, left), len(answered)))
        risks.append((weights @ wrong) / np.maximum(weights @ answered, np.finfo(float).tiny))
        left -= step
    bound = 1 - np.quantile(np.concatenate(risks), level, axis=0)
    return np.where(answered[:-1].any(axis=0), bound, 0.0)


def relative_size(photos: np.ndarray) -> float:
    """How many times as large as the SKU of a typical photo the largest is; photos are (skus,)."""
    return float(photos.max() / _typical(photos[:, None].astype(np.float64))[0])


def _typical(sizes: np.ndarray) -> np.ndarray:
    """(columns,) size of the SKU of a typical photo: sum n^2 / sum n; 0 over nothing."""
    total = sizes.sum(axis=0)
    return np.divide((sizes**2).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)


def least_skus(precision: float, level: float) -> int:
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
    """One-sided lower bound of the precision."""
    level: float
    """Its confidence level."""


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
    attempt: int = 1
    """How many times this data was tried, this time included; decides the bound's level."""


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on the calibration split, before the held-out split is looked at."""

    confidence: str
    target: float
    threshold: float
    reached: bool
    """Whether its precision reaches the target there."""
    calibration: OperatingPoint
    held_out: Answers
    size: float
    """Of the bound; see `precision_bound`."""


def choose(
    answers: Answers,
    target: float,
    confidence: str = "auto",
    *,
    share: float = SHARE,
    unseen: Literal["largest", "typical"] = "largest",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Choice:
    """The threshold with the most coverage that should reach a precision.

    On the calibration split the lowest threshold is taken whose bound reaches the target, at
    `STRICT_BOUND_LEVEL` or else `BOUND_LEVEL`; failing that the one with the best bound of those
    whose precision does.

    Args:
        confidence: of `CONFIDENCES`; "auto": that with the smaller area under its risk-coverage
            curve on the calibration split.
        share: of the SKUs in the calibration split.
        unseen: how large a SKU that is always wrong may be, of which the held-out split shows none:
            as the largest of either split, or, which supposes that wrong SKUs are no larger than
            others, as that of a typical answer. No bound can know of SKUs larger than all seen.
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
    size = relative_size(np.bincount(answers.groups)) if unseen == "largest" else 1.0
    threshold, reached = choose_threshold(choosing, kind, target, resamples, seed, size=size)
    point = evaluate_threshold(choosing, kind, threshold, size=size, resamples=resamples, seed=seed)
    return Choice(kind, target, threshold, reached, point, held_out, size)


def confirm(
    choice: Choice, attempt: int = 1, *, resamples: int = RESAMPLES, seed: int = 0
) -> Calibration:
    """Hold a chosen threshold against the held-out split.

    Only this one threshold meets it, so that the bound there needs no correction for the choice
    (the split of Learn then Test, Angelopoulos et al. 2021, with one hypothesis), only for earlier
    attempts on the same data: all bounds together are too high in at most 5 of 100 catalogues.

    Args:
        attempt: the how-manieth this is; see `attempt_level`.
    """
    c = choice
    if not c.reached:
        return Calibration(
            c.confidence, c.target, Outcome.OUT_OF_REACH, None, c.calibration, None, attempt
        )
    found = evaluate_threshold(
        c.held_out,
        c.confidence,
        c.threshold,
        level=attempt_level(attempt),
        size=c.size,
        resamples=resamples,
        seed=seed,
    )
    outcome = Outcome.CONFIRMED if found.at_least >= c.target else Outcome.NOT_CONFIRMED
    if found.precision.value < c.target:
        outcome = Outcome.MISSED
    return Calibration(c.confidence, c.target, outcome, c.threshold, c.calibration, found, attempt)


def calibrate(
    answers: Answers,
    target: float,
    confidence: str = "auto",
    *,
    share: float = SHARE,
    unseen: Literal["largest", "typical"] = "largest",
    attempt: int = 1,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Calibration:
    """`choose` a threshold on a share of the SKUs, and `confirm` it on the others."""
    choice = choose(
        answers, target, confidence, share=share, unseen=unseen, resamples=resamples, seed=seed
    )
    return confirm(choice, attempt, resamples=resamples, seed=seed)


def split_groups(answers: Answers, share: float = SHARE, seed: int = 0) -> tuple[Answers, Answers]:
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
    answers: Answers,
    kind: str,
    threshold: float,
    *,
    level: float = BOUND_LEVEL,
    size: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> OperatingPoint:
    """Answer where the confidence reaches the threshold, abstain elsewhere.

    Args:
        level, size: of the bound; see `precision_bound`.
    """
    taken = answers.confidence(kind) >= threshold
    values = np.stack([taken, np.where(taken, answers.right, np.nan)], axis=1).astype(np.float64)
    grouped = Grouped.of(values, answers.groups)
    coverage, precision = intervals(grouped.micro())
    answered = grouped.counts[:, 1]
    wrong = answered - grouped.sums[:, 1]
    bound = precision_bound(answered, wrong, level, resamples, seed, size=size)
    skus_answered = int((answered > 0).sum())
    return OperatingPoint(len(answered), skus_answered, coverage, precision, float(bound[0]), level)


def choose_threshold(
    answers: Answers,
    kind: str,
    target: float,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    size: float = 1.0,
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
        bounds = precision_bound(answered, wrong, level, resamples, seed, size=size)
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
