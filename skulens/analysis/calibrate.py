"""From which confidence on may a system answer by itself? A stored run against a precision."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skulens.analysis.attempts import Attempts, count_attempt
from skulens.bench.result import Result
from skulens.bench.store import read_qrels, read_run
from skulens.evaluate.calibration import SHARE, Calibration, choose, confirm
from skulens.evaluate.intervals import RESAMPLES
from skulens.evaluate.risk_coverage import Answers, RiskCoverage, first_answers, risk_coverage


@dataclass(frozen=True)
class CalibratedResult:
    """A result with its risk-coverage curves and a threshold for a target precision."""

    result: Result
    answers: Answers
    calibration: Calibration
    curves: tuple[RiskCoverage, ...]
    """Of the score and, where every query has a second candidate, of the margin."""
    attempts: Attempts = Attempts(1, 0)
    left_out: bool = False
    """Whether queries without a relevant product were left out, instead of counted as wrong."""
    unseen: str = "largest"
    """See `evaluate.calibration.choose`."""

    @property
    def curve(self) -> RiskCoverage:
        """That of the confidence in use."""
        return next(c for c in self.curves if c.confidence == self.calibration.confidence)


@dataclass(frozen=True, slots=True)
class AreaDifference:
    """Which of two confidences has the smaller area under its curve, paired by resample."""

    smaller: str
    difference: float
    """Second minus first."""
    low: float
    high: float
    """95 % interval."""

    @property
    def significant(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def calibrate_result(
    result: Result,
    target: float,
    *,
    confidence: str = "auto",
    share: float = SHARE,
    unseen: Literal["largest", "typical"] = "largest",
    without_relevant: Literal["wrong", "leave out"] = "wrong",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> CalibratedResult:
    """Calibrate a stored run; arguments as of `evaluate.calibration.calibrate`.

    Where a query has no second candidate there is no margin, and "auto" takes the score. What is
    held against the held-out queries is counted beside the result, see `analysis.attempts`.

    Raises:
        DataError: as `calibrate`; or a margin is asked for and there is none.
        StoreError: the run or its judgements cannot be read, or the attempt cannot be counted.
    """
    answers = first_answers(read_run(result), read_qrels(result), without_relevant)
    kinds = tuple(dict.fromkeys((*answers.confidences, *({confidence} - {"auto"}))))
    how = {"target": target, "confidence": confidence, "share": share, "seed": seed}
    how |= {"unseen": unseen, "without_relevant": without_relevant, "resamples": resamples}
    choice = choose(
        answers, target, confidence, share=share, unseen=unseen, resamples=resamples, seed=seed
    )
    attempts = count_attempt(result, how) if choice.reached else Attempts(1, 0)
    found = confirm(choice, attempts.number, resamples=resamples, seed=seed)
    curves = tuple(risk_coverage(answers, k, resamples=resamples, seed=seed) for k in kinds)
    return CalibratedResult(
        result, answers, found, curves, attempts, without_relevant == "leave out", unseen
    )


def compare_areas(first: RiskCoverage, second: RiskCoverage) -> AreaDifference:
    """The paired difference of the areas under two curves of the same answers."""
    difference = second.aurc.value - first.aurc.value
    low, high = np.quantile(second.areas - first.areas, [0.025, 0.975])
    smaller = second if difference < 0 else first
    return AreaDifference(smaller.confidence, difference, float(low), float(high))
