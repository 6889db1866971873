"""When to trust the first answer: risk against coverage, and a threshold that keeps a promise.

A checkout without a cashier may answer or abstain. It answers where a confidence (`CONFIDENCES`)
reaches a threshold; coverage is the share of queries answered, risk the share of wrong ones
among them (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017), precision one minus risk.
Photos of one SKU fail together, so SKUs, not photos, are resampled, split and counted.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import (
    IMAGINARY,
    RESAMPLES,
    Grouped,
    Interval,
    intervals,
    resample_weights,
)
from skulens.evaluate.scores import number_groups
from skulens.records import Qrels, Run

CONFIDENCES = {
    "score": "the score of the first candidate",
    "margin": "the score of the first candidate minus that of the second",
}
SURE = 0.95
"""How sure a promise is: it may fail in 5 of 100 catalogues."""
CAUTIOUS = 0.99
"""How sure the choosing part should be, so that the other part can confirm it: in simulated shops it then
does so a third more often than with `SURE`, for a tenth less coverage."""
GRID = np.arange(1, 101) / 100
"""Coverages at which a curve is given."""
_CANDIDATES = 200  # thresholds tried
_STEPS = 1000  # of a resampled curve


@dataclass(frozen=True)
class Answers:
    """The first candidate of every query, as arrays (queries,)."""

    score: np.ndarray
    """float64; -inf where nothing was found."""
    margin: np.ndarray
    """float64, 0 where two products share the first place; NaN where there is no second candidate."""
    right: np.ndarray
    """bool: the first candidate is relevant, ties broken as in every metric (larger id)."""
    groups: np.ndarray
    """int64, numbered from 0: the SKU of the query."""
    unanswerable: int
    """Queries without any relevant product: left out, or counted as wrong."""

    def __len__(self) -> int:
        return len(self.right)

    @property
    def tied(self) -> int:
        """Queries in which two products share the first place."""
        return int((self.margin == 0).sum())

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
                f"{int(np.isnan(found).sum())} of {len(self)} queries have no {kind}: a margin needs two candidates for "
                "each query and every score must be a number; use the score, or search a larger gallery"
            )
        return found

    def of(self, chosen: np.ndarray) -> "Answers":
        """Those of some queries, (queries,) bool; groups are numbered anew."""
        groups = np.unique(self.groups[chosen], return_inverse=True)[1]
        return Answers(
            self.score[chosen], self.margin[chosen], self.right[chosen], groups, self.unanswerable
        )


def first_answers(
    run: Run, qrels: Qrels, unanswerable: Literal["leave out", "wrong"] = "leave out"
) -> Answers:
    """What a checkout would answer for each judged query, and whether that is right.

    Args:
        unanswerable: queries without a relevant product have no right answer. "leave out": as every
            metric does. "wrong": whatever is answered is wrong, as for a product that is not sold here.
    """
    rows = {q: i for i, q in enumerate(run.queries)}
    relevant = [{p for p, grade in grades.items() if grade > 0} for grades in qrels.grades.values()]
    asked = [i for i, found in enumerate(relevant) if found or unanswerable == "wrong"]
    score, margin, right = (
        np.full(len(asked), -np.inf),
        np.full(len(asked), -np.inf),
        np.zeros(len(asked), bool),
    )
    for n, i in enumerate(asked):
        row = rows.get(qrels.queries[i])
        first = (
            [] if row is None else [c for c, _ in zip(run.candidates(row), range(2), strict=False)]
        )
        if first:
            score[n] = first[0][1]
            margin[n] = first[0][1] - first[1][1] if len(first) > 1 else np.nan
            right[n] = first[0][0] in relevant[i]
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
    """That area minus the one of a confidence that puts every right answer before every wrong one."""
    areas: np.ndarray
    """(resamples,) the area in each, for differences of two confidences of the same answers."""


def risk_coverage(
    answers: Answers, kind: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> RiskCoverage:
    """The curve of one confidence; Geifman and El-Yaniv 2017, and 2019 (with Uziel) for the excess.

    Queries of equal confidence cannot be told apart by a threshold; between them the curve is that of a
    random order on average.

    Raises:
        DataError: no queries, or no such confidence.
    """
    if not len(answers):
        raise DataError(
            "no query has a relevant product in the judgements: there is nothing to calibrate on"
        )
    steps = Steps.of(answers.confidence(kind), ~answers.right)
    mass, wrong = steps.totals(np.ones((1, len(answers))))
    area, best, risk = area_under(mass, wrong), least_area(mass, wrong), risk_at(mass, wrong, GRID)
    resampled = [
        (area_under(m, w), least_area(m, w), risk_at(m, w, GRID))
        for m, w in steps.resampled(answers.groups, resamples, seed)
    ]
    areas, bests, risks = (np.concatenate(part) for part in zip(*resampled, strict=True))
    known = len(np.unique(answers.groups)) > 1
    band = np.quantile(risks, [0.025, 0.975], axis=0) if known else np.full((2, len(GRID)), np.nan)
    at = np.minimum(
        np.searchsorted(mass[0], GRID * len(answers) * (1 - 1e-12)), len(steps.confidence)
    )
    return RiskCoverage(
        kind,
        GRID,
        steps.confidence[at - 1],
        risk[0],
        *band,
        spread(area[0], areas, answers),
        spread(area[0] - best[0], areas - bests, answers),
        areas,
    )


def spread(value: float, resampled: np.ndarray, answers: Answers) -> Interval:
    """A number of all answers with the 95 % percentile interval of its resamples."""
    groups = len(np.unique(answers.groups))
    low, high = np.quantile(resampled, [0.025, 0.975]) if groups > 1 else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high), len(answers), groups)


@dataclass(frozen=True)
class Steps:
    """Queries by falling confidence; those of equal confidence make one step."""

    order: np.ndarray  # (queries,) position of each
    starts: np.ndarray  # (steps,) where each begins in `order`
    confidence: np.ndarray  # (steps,) falling
    wrong: np.ndarray  # (queries,) float64, in `order`

    @classmethod
    def of(cls, confidence: np.ndarray, wrong: np.ndarray) -> "Steps":
        order = np.argsort(-confidence, kind="stable")
        falling = confidence[order]
        starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
        return cls(order, starts, falling[starts], wrong[order].astype(np.float64))

    def totals(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Answered and wrong up to the end of each step, from 0: (rows, steps + 1) each; weights (rows, queries)."""
        weights = weights[:, self.order]
        answered, wrong = (
            from_zero(np.add.reduceat(w, self.starts, axis=1))
            for w in (weights, weights * self.wrong)
        )
        return answered, wrong

    def resampled(
        self, groups: np.ndarray, resamples: int, seed: int, imaginary: float = IMAGINARY
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`totals` of resamples of groups, in blocks.

        Two imaginary groups are drawn with them, one always right and one always wrong, as in every
        interval of a rate (`intervals`). Up to each step they are `imaginary` times as large as the mean of
        the groups that were answered so far: the strictest answers come from few groups, and are unsure.
        """
        step = np.arange(len(self.starts))
        if len(step) > _STEPS:  # a resample need not tell neighbours apart
            step = np.unique(self.starts * _STEPS // len(self.order), return_inverse=True)[1]
        lasts = np.flatnonzero(np.diff(step, append=step[-1] + 1))
        size = imaginary * np.append(0.0, self._mean_group(groups)[lasts])
        place = groups[self.order], np.repeat(step, np.diff(self.starts, append=len(self.order)))
        sums = np.zeros((2, int(groups.max()) + 1, len(lasts)))
        np.add.at(sums[0], place, 1)
        np.add.at(sums[1], place, self.wrong)
        for weights in resample_weights(sums.shape[1] + 2, resamples, seed):
            right, wrong = weights[:, -2, None] * size, weights[:, -1, None] * size
            answered, missed = (from_zero(weights[:, :-2] @ part) for part in sums)
            yield answered + right + wrong, missed + wrong

    def _mean_group(self, groups: np.ndarray) -> np.ndarray:
        """(steps,) answers per group among those answered up to the end of each step; never falling."""
        first = np.zeros(len(groups))
        first[np.unique(groups[self.order], return_index=True)[1]] = 1
        seen = np.add.reduceat(first, self.starts).cumsum()
        return np.maximum.accumulate(np.append(self.starts[1:], len(groups)) / seen)


def from_zero(sums: np.ndarray) -> np.ndarray:
    """(rows, steps) -> (rows, steps + 1): running totals, 0 first."""
    return np.hstack([np.zeros((len(sums), 1)), sums.cumsum(axis=1)])


def area_under(mass: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """(rows,) mean of wrong(c) / c over coverage c in (0, 1], from `Steps.totals`.

    Within a step wrong answers come evenly, so that the integral is exact: with slope s = wrong / answered
    of the step from W to W', the integral of (E + s (w - W)) / w is (E - s W) ln(W' / W) + s (W' - W). The
    sum over queries that the paper prints is the same up to 1 / n.
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


def precision_bound(
    answered: np.ndarray,
    wrong: np.ndarray,
    level: float = SURE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """One-sided lower bound of precision, from the answers of each SKU.

    One SKU more is added that is always wrong and as large as the SKU of a typical answer (sum a^2 / sum a),
    then the SKUs are weighed at random (Bayesian bootstrap, Rubin 1981): the bound of Learned-Miller and
    Thomas 2019 for a mean, here for a ratio. Where SKUs are equally large and right or wrong as a whole it is
    exactly that of Clopper and Pearson 1934; without a wrong answer, (1 - level)^(1 / SKUs). Resampling
    the SKUs alone would promise 1 there.

    Args:
        answered, wrong: (skus, thresholds) or (skus,) answers and wrong ones of each SKU.
    Returns:
        (thresholds,) bounds; 0 where nothing is answered.
    """
    answered, wrong = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (answered, wrong))
    total = answered.sum(axis=0)
    phantom = np.divide((answered**2).sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    weights = np.random.default_rng(seed).exponential(size=(resamples, len(answered) + 1))
    risk = (weights @ np.vstack([wrong, phantom])) / (weights @ np.vstack([answered, phantom]))
    return 1 - np.quantile(risk, level, axis=0)


def skus_needed(precision: float, level: float = SURE) -> int:
    """SKUs that must be answered without a single mistake to show a precision below 1."""
    return int(np.ceil(np.log(1 - level) / np.log(precision)))


@dataclass(frozen=True)
class Operation:
    """What answering from a threshold upward does on one part of the queries."""

    skus: int
    skus_answered: int
    coverage: Interval
    precision: Interval
    """Of the answers; `n` counts them, `groups` their SKUs."""
    at_least: float
    """One-sided bound: precision is at least this, `SURE` sure."""

    def as_dict(self) -> dict:
        known = {"coverage": self.coverage.as_dict(), "precision": self.precision.as_dict()}
        return {**asdict(self), **known}


Verdict = Literal["shown", "not shown", "missed", "out of reach"]


@dataclass(frozen=True)
class Promise:
    """A threshold for a wanted precision: chosen on some SKUs, tested on others."""

    confidence: str
    wanted: float
    verdict: Verdict
    """shown: the bound of the tested part holds what was wanted. not shown: its precision does, its bound
    does not. missed: its precision is lower. out of reach: no threshold gave it on the choosing part."""
    threshold: float | None
    chosen: Operation
    """On the SKUs that the threshold was chosen on: flattered by the choice."""
    tested: Operation | None
    """On the SKUs it had never seen; None when out of reach."""

    def as_dict(self) -> dict:
        return {
            **asdict(self),
            "chosen": self.chosen.as_dict(),
            "tested": self.tested and self.tested.as_dict(),
        }

    def said(self) -> str:
        """The verdict in words."""
        wanted = f"{self.wanted:.1%}"
        if self.tested is None:
            best = self.chosen.precision
            return (
                f"A precision of {wanted} is out of reach: the most precise threshold on the choosing SKUs gives {best.value:.1%} "
                f"at a coverage of {self.chosen.coverage.value:.1%}."
            )
        held, sure = self.tested, f"at least {self.tested.at_least:.1%} ({SURE:.0%} sure)"
        if self.verdict == "shown":
            return f"A precision of {wanted} is shown: on {held.skus} SKUs never seen before it is {sure}."
        if not held.skus_answered:
            return f"A precision of {wanted} cannot be tested: the threshold answers none of the {held.skus} SKUs never seen before."
        if self.verdict == "missed":
            chance = (
                "; chance may have lowered it: measure more SKUs or choose by a higher precision"
                if held.precision.high >= self.wanted
                else ""
            )
            return f"A precision of {wanted} is not kept: on {held.skus} SKUs never seen before it is {held.precision.value:.1%}, {sure}{chance}."
        need = skus_needed(self.wanted)
        reason = (
            f"{need} answered SKUs without a mistake are the least that could, and here are {held.skus_answered}"
            if held.skus_answered < need
            else "more SKUs, or a higher wanted precision to choose by, would tell"
        )
        return f"A precision of {wanted} cannot be shown with this many SKUs: it is {held.precision.value:.1%} on the unseen ones, but only {sure}; {reason}."


def operate(
    answers: Answers, kind: str, threshold: float, *, resamples: int = RESAMPLES, seed: int = 0
) -> Operation:
    """Answer where the confidence reaches the threshold, abstain elsewhere."""
    taken = answers.confidence(kind) >= threshold
    values = np.stack([taken, np.where(taken, answers.right, np.nan)], axis=1).astype(np.float64)
    grouped = Grouped.of(values, answers.groups)
    coverage, precision = intervals(grouped.micro(), resamples, seed)
    answered = grouped.counts[:, 1]
    bound = precision_bound(answered, answered - grouped.sums[:, 1], resamples=resamples, seed=seed)
    return Operation(len(answered), int((answered > 0).sum()), coverage, precision, float(bound[0]))


def split_groups(answers: Answers, share: float = 0.5, seed: int = 0) -> tuple[Answers, Answers]:
    """The answers of a share of the SKUs, drawn by seed, and of the others.

    Raises:
        DataError: fewer than two SKUs would be on a side.
    """
    groups = int(answers.groups.max(initial=-1)) + 1
    here = round(groups * share)
    if min(here, groups - here) < 2:
        raise DataError(
            f"a threshold is chosen on some SKUs and tested on others, at least two each: {groups} SKUs and a share of "
            f"{share:g} leave {here} and {groups - here}; measure more SKUs or give another share"
        )
    drawn = np.random.default_rng(seed).permutation(groups) < here
    mine = drawn[answers.groups]
    return answers.of(mine), answers.of(~mine)


def promise(
    answers: Answers,
    wanted: float,
    kind: str = "auto",
    *,
    share: float = 0.5,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Promise:
    """The threshold with the most coverage that should keep a precision, and whether it does on other SKUs.

    The choosing part takes the lowest threshold whose bound holds the precision, `CAUTIOUS` or else `SURE`;
    failing that the one with the best bound of those whose precision is high enough. Only one threshold then
    meets the other SKUs, so that its bound there needs no correction for the choice (the split of Learn then
    Test, Angelopoulos et al. 2021, with one hypothesis): it is too high in at most 5 of 100 catalogues.

    Args:
        kind: of `CONFIDENCES`; "auto": that with the smaller area under its curve on the choosing part.
        share: of the SKUs to choose on.
    Raises:
        DataError: a precision that is not between 0 and 1, too few SKUs, or no such confidence.
    """
    if not 0 < wanted < 1:
        raise DataError(
            f"expected a precision between 0 and 1, such as 0.99, got {wanted:g}; no number of SKUs can show 1"
        )
    choosing, testing = split_groups(answers, share, seed)
    kind = better(choosing) if kind == "auto" else kind
    threshold, reached = choose(choosing, kind, wanted, resamples, seed)
    chosen = operate(choosing, kind, threshold, resamples=resamples, seed=seed)
    if not reached:
        return Promise(kind, wanted, "out of reach", None, chosen, None)
    tested = operate(testing, kind, threshold, resamples=resamples, seed=seed)
    verdict: Verdict = (
        "missed"
        if tested.precision.value < wanted
        else "shown"
        if tested.at_least >= wanted
        else "not shown"
    )
    return Promise(kind, wanted, verdict, threshold, chosen, tested)


def better(answers: Answers) -> str:
    """The confidence with the smaller area under its curve; the score where they are equal or there is no margin."""
    areas = {
        kind: area_under(
            *Steps.of(answers.confidence(kind), ~answers.right).totals(np.ones((1, len(answers))))
        )[0]
        for kind in CONFIDENCES
        if not np.isnan(getattr(answers, kind)).any()
    }
    return min(areas or {"score": 0}, key=(areas or {"score": 0}).get)


def choose(
    answers: Answers, kind: str, wanted: float, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, bool]:
    """(threshold, whether its precision is what was wanted); where none reaches it, that of the best precision."""
    confidence = answers.confidence(kind)
    levels = np.unique(confidence[np.isfinite(confidence)])[::-1]  # falling: strict to loose
    if not len(levels):
        raise DataError("no query has a candidate: there is nothing to answer")
    levels = levels[np.unique(np.linspace(0, len(levels) - 1, _CANDIDATES).round().astype(int))]
    answered, wrong = (
        by_threshold(confidence, values, answers.groups, levels)
        for values in (np.ones(len(answers)), ~answers.right)
    )
    precision = 1 - wrong.sum(axis=0) / answered.sum(axis=0)
    for level in (CAUTIOUS, SURE):
        bounds = precision_bound(answered, wrong, level, resamples, seed)
        if (shown := np.flatnonzero(bounds >= wanted)).size:
            return float(levels[shown[-1]]), True
    reached = precision >= wanted
    best = np.where(reached, bounds, -1) if reached.any() else precision
    return float(levels[np.flatnonzero(best == best.max())[-1]]), bool(reached.any())


def by_threshold(
    confidence: np.ndarray, values: np.ndarray, groups: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """(groups, levels) sums of values (queries,) where the confidence reaches each of the falling levels."""
    first = np.searchsorted(-levels, -confidence)  # the strictest level that it reaches
    sums = np.zeros((int(groups.max()) + 1, len(levels) + 1))
    np.add.at(sums, (groups, first), values)
    return sums[:, :-1].cumsum(axis=1)
