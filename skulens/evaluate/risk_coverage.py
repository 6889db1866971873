"""Risk against coverage: what a checkout gets wrong when it answers only where it is confident.

A query is answered where a confidence (`CONFIDENCES`) reaches a threshold; coverage is the share
of queries answered, risk the share of wrong answers among them (El-Yaniv and Wiener 2010; Geifman
and El-Yaniv 2017), precision one minus risk. Photos of one SKU fail together, so SKUs, not photos,
are resampled and counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import PSEUDO_GROUP, RESAMPLES, Interval, resample_weights
from skulens.evaluate.scores import number_groups
from skulens.records import Qrels, Run

CONFIDENCES = {
    "score": "the score of the first candidate",
    "margin": "the score of the first candidate minus that of the second",
}
GRID = np.arange(1, 101) / 100
"""Coverages at which a curve is given."""
_STEPS = 1000  # of a resampled curve


@dataclass(frozen=True)
class Answers:
    """The first candidate of every query, as arrays (queries,)."""

    score: np.ndarray
    """float64; -inf where nothing was found."""
    margin: np.ndarray
    """float64, 0 where two products share the first rank; NaN without a second candidate."""
    right: np.ndarray
    """bool: the first candidate is relevant, ties broken as in every metric (larger id)."""
    groups: np.ndarray
    """int64, numbered from 0: the SKU of the query."""
    without_relevant: int
    """Queries without any relevant product: left out, or counted as wrong."""

    def __len__(self) -> int:
        return len(self.right)

    @property
    def tied(self) -> int:
        """Queries in which two products share the first rank."""
        return int((self.margin == 0).sum())

    @property
    def confidences(self) -> tuple[str, ...]:
        """Those of `CONFIDENCES` that every query has."""
        return tuple(k for k in CONFIDENCES if not np.isnan(getattr(self, k)).any())

    def confidence(self, kind: str) -> np.ndarray:
        """(queries,) of `CONFIDENCES`.

        Raises:
            DataError: no such kind, or a query has no second candidate to take a margin from.
        """
        if kind not in CONFIDENCES:
            raise DataError(f"unknown confidence {kind!r}, expected {' or '.join(CONFIDENCES)}")
        found = getattr(self, kind)
        if np.isnan(found).any():
            raise DataError(
                f"{int(np.isnan(found).sum())} of {len(self)} queries have no {kind}: a margin "
                "needs two candidates for each query and every score must be a number; use the "
                "score, or search a larger gallery"
            )
        return found

    def take(self, chosen: np.ndarray) -> "Answers":
        """Those of some queries, (queries,) bool; groups are numbered anew."""
        groups = np.unique(self.groups[chosen], return_inverse=True)[1]
        return Answers(
            self.score[chosen],
            self.margin[chosen],
            self.right[chosen],
            groups,
            self.without_relevant,
        )


def first_answers(
    run: Run, qrels: Qrels, without_relevant: Literal["wrong", "leave out"] = "wrong"
) -> Answers:
    """What a checkout would answer for each judged query, and whether that is right.

    Args:
        without_relevant: queries without a relevant product have no right answer. "wrong": every
            answer to them is wrong, as to a product that is not sold here, which a checkout meets
            too. "leave out": as every metric does.
    """
    rows = {q: i for i, q in enumerate(run.queries)}
    relevant = [{p for p, grade in grades.items() if grade > 0} for grades in qrels.grades.values()]
    asked = [i for i, found in enumerate(relevant) if found or without_relevant == "wrong"]
    score, margin = np.full(len(asked), -np.inf), np.full(len(asked), -np.inf)
    right = np.zeros(len(asked), bool)
    for n, i in enumerate(asked):
        row = rows.get(qrels.queries[i])
        candidates = iter(()) if row is None else run.candidates(row)
        first, second = next(candidates, None), next(candidates, None)
        if first:
            score[n] = first[1]
            margin[n] = first[1] - second[1] if second else np.nan
            right[n] = first[0] in relevant[i]
    groups = number_groups([qrels.groups[i] for i in asked])
    return Answers(score, margin, right, groups, sum(not found for found in relevant))


@dataclass(frozen=True)
class RiskCoverage:
    """Risk against coverage with pointwise 95 % bands; equal-long arrays over `GRID`."""

    confidence: str
    coverage: np.ndarray
    threshold: np.ndarray
    """Answering where the confidence reaches it covers at least this much (more where many tie)."""
    risk: np.ndarray
    low: np.ndarray
    high: np.ndarray
    aurc: Interval
    """Area under the curve, the mean risk over all coverages; lower is better."""
    excess: Interval
    """That area minus the one of a perfect confidence: every right answer before every wrong
    one."""
    areas: np.ndarray
    """(resamples,) the area in each, for differences of two confidences of the same answers."""


def risk_coverage(
    answers: Answers, kind: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> RiskCoverage:
    """The curve of one confidence; Geifman and El-Yaniv 2017, and 2019 (with Uziel) for the excess.

    No threshold separates queries of equal confidence; between them the curve is that of a random
    order on average.

    Raises:
        DataError: no queries, or no such confidence.
    """
    if not len(answers):
        raise DataError(
            "no query has a relevant product in the judgements: there is nothing to calibrate on"
        )
    order = ConfidenceOrder.of(answers.confidence(kind), ~answers.right)
    mass, wrong = order.totals(np.ones((1, len(answers))))
    area, best, risk = area_under(mass, wrong), least_area(mass, wrong), risk_at(mass, wrong, GRID)
    resampled = [
        (area_under(m, w), least_area(m, w), risk_at(m, w, GRID))
        for m, w in order.resample(answers.groups, resamples, seed)
    ]
    areas, bests, risks = (np.concatenate(part) for part in zip(*resampled, strict=True))
    low, high = np.full((2, len(GRID)), np.nan)
    if len(np.unique(answers.groups)) > 1:
        low, high = np.quantile(risks, [0.025, 0.975], axis=0)
    at = np.minimum(
        np.searchsorted(mass[0], GRID * len(answers) * (1 - 1e-12)), len(order.confidence)
    )
    return RiskCoverage(
        confidence=kind,
        coverage=GRID,
        threshold=order.confidence[at - 1],
        risk=risk[0],
        low=low,
        high=high,
        aurc=_percentile_interval(area[0], areas, answers),
        excess=_percentile_interval(area[0] - best[0], areas - bests, answers),
        areas=areas,
    )


def _percentile_interval(value: float, resampled: np.ndarray, answers: Answers) -> Interval:
    """A number of all answers with the 95 % percentile interval of its resamples."""
    groups = len(np.unique(answers.groups))
    low, high = np.quantile(resampled, [0.025, 0.975]) if groups > 1 else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high), len(answers), groups)


def choose_confidence(answers: Answers, kinds: Iterable[str] | None = None) -> str:
    """The confidence with the smallest area under its curve; the score where they are equal.

    Args:
        kinds: of `CONFIDENCES`; default: those that every query has.
    """
    areas = {"score": np.inf}
    for kind in answers.confidences if kinds is None else kinds:
        order = ConfidenceOrder.of(answers.confidence(kind), ~answers.right)
        areas[kind] = float(area_under(*order.totals(np.ones((1, len(answers)))))[0])
    return min(areas, key=lambda kind: areas[kind])


@dataclass(frozen=True)
class ConfidenceOrder:
    """Queries by falling confidence; those of equal confidence make one step."""

    order: np.ndarray  # (queries,) position of each
    starts: np.ndarray  # (steps,) where each begins in `order`
    confidence: np.ndarray  # (steps,) falling
    wrong: np.ndarray  # (queries,) float64, in `order`

    @classmethod
    def of(cls, confidence: np.ndarray, wrong: np.ndarray) -> "ConfidenceOrder":
        order = np.argsort(-confidence, kind="stable")
        falling = confidence[order]
        starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
        return cls(order, starts, falling[starts], wrong[order].astype(np.float64))

    def totals(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Answered and wrong up to the end of each step, from 0: (rows, steps + 1) each.

        Args:
            weights: (rows, queries) how often each query counts.
        """
        weights = weights[:, self.order]
        answered, wrong = (
            _running_totals(np.add.reduceat(w, self.starts, axis=1))
            for w in (weights, weights * self.wrong)
        )
        return answered, wrong

    def resample(
        self, groups: np.ndarray, resamples: int, seed: int, pseudo: float = PSEUDO_GROUP
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`totals` of resamples of groups, in blocks.

        Two pseudo-observations are drawn with them, one group that is always right and one always
        wrong, as in every interval of a rate (`intervals`). Up to each step they are `pseudo` times
        as large as the mean of the groups answered so far: the most confident answers come from few
        groups, and are uncertain.
        """
        step = np.arange(len(self.starts))
        if len(step) > _STEPS:  # a resample need not separate neighbours
            step = np.unique(self.starts * _STEPS // len(self.order), return_inverse=True)[1]
        lasts = np.flatnonzero(np.diff(step, append=step[-1] + 1))
        size = pseudo * np.append(0.0, self._mean_group(groups)[lasts])
        place = groups[self.order], np.repeat(step, np.diff(self.starts, append=len(self.order)))
        sums = np.zeros((2, int(groups.max()) + 1, len(lasts)))
        np.add.at(sums[0], place, 1)
        np.add.at(sums[1], place, self.wrong)
        for weights in resample_weights(sums.shape[1] + 2, resamples, seed):
            right, wrong = weights[:, -2, None] * size, weights[:, -1, None] * size
            answered, missed = (_running_totals(weights[:, :-2] @ part) for part in sums)
            yield answered + right + wrong, missed + wrong

    def _mean_group(self, groups: np.ndarray) -> np.ndarray:
        """(steps,) answers per group among those answered up to each step's end; never falling."""
        first = np.zeros(len(groups))
        first[np.unique(groups[self.order], return_index=True)[1]] = 1
        seen = np.add.reduceat(first, self.starts).cumsum()
        return np.maximum.accumulate(np.append(self.starts[1:], len(groups)) / seen)


def _running_totals(sums: np.ndarray) -> np.ndarray:
    """(rows, steps) -> (rows, steps + 1): running totals, 0 first."""
    return np.hstack([np.zeros((len(sums), 1)), sums.cumsum(axis=1)])


def area_under(mass: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """(rows,) mean of wrong(c) / c over coverage c in (0, 1], from `ConfidenceOrder.totals`.

    Within a step wrong answers come evenly, so that the integral is exact: with slope s = wrong /
    answered of the step from W to W', the integral of (E + s (w - W)) / w is (E - s W) ln(W' / W) +
    s (W' - W). The sum over queries that the paper prints is the same up to 1 / n.
    """
    before, after = mass[:, :-1], mass[:, 1:]
    new, missed = after - before, np.diff(wrong, axis=1)
    slope = np.divide(missed, new, out=np.zeros_like(new), where=new > 0)
    growth = np.log(np.divide(after, before, out=np.ones_like(after), where=before > 0))
    return ((wrong[:, :-1] - slope * before) * growth + missed).sum(axis=1) / mass[:, -1]


def least_area(mass: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """(rows,) the area of a perfect confidence: r + (1 - r) ln(1 - r) at risk r of all answers."""
    r = wrong[:, -1] / mass[:, -1]
    return r + np.where(r < 1, (1 - r) * np.log(np.maximum(1 - r, 1e-300)), 0.0)


def risk_at(mass: np.ndarray, wrong: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """(rows, coverages) risk of the most confident share of the queries."""
    rows = zip(mass, wrong, strict=True)
    return np.stack([np.interp(coverage * m[-1], m, w) / (coverage * m[-1]) for m, w in rows])
