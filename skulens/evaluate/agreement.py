"""How far people who judged the same things agree, beyond what chance would give.

Every coefficient is (observed - expected) / (1 - expected) and differs in what it expects: Cohen's
kappa from each annotator's own shares of the labels (Cohen 1960; with weights, Cohen 1968),
Krippendorff's alpha from the shares of all annotators together, with missing answers too
(Krippendorff 2019, chapter 12), Gwet's AC1 and AC2 from how hard labels are to tell apart, so that
they do not collapse where one label is rare (Gwet 2008; with weights and missing answers, Gwet
2014, chapters 4 and 5).

Answers on things of one group (an SPU) are not independent: intervals are the percentiles of
resamples of whole groups (Davison and Hinkley 1997, section 3.8). They have no width where nobody
ever disagrees; the interval of the share of agreement, that of `intervals`, has one there, too.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import (
    LEVEL,
    RESAMPLES,
    Grouped,
    Interval,
    intervals,
    resample_weights,
)

NONE = -1
"""In place of a label: this annotator did not judge this unit."""
Weights = Literal["identity", "linear", "quadratic"]
Metric = Literal["nominal", "ordinal", "interval"]
MOST_UNDEFINED = 0.5
"""Share of resamples without a value (one label in all of them) from which on no ends are given."""


@dataclass(frozen=True)
class Ratings:
    """Who gave which label to what.

    Attributes:
        units: what was judged.
        raters: who judged.
        labels: all that could be given, in their order for weighted coefficients.
        codes: (units, raters) positions in `labels`, NONE where nobody judged.
        groups: (units,) numbers of the groups that are resampled, from 0.
    """

    units: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    codes: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(
        cls,
        answers: Iterable[tuple[str, str, str]],
        labels: Sequence[str],
        groups: Mapping[str, str] | None = None,
    ) -> "Ratings":
        """From (unit, rater, label), units and raters sorted by name.

        Args:
            groups: unit -> its group; one that is missing is a group of its own.
        Raises:
            DataError: a label that is not listed, or a rater who judged a unit twice.
        """
        place = {label: i for i, label in enumerate(labels)}
        found: dict[tuple[str, str], int] = {}
        for unit, rater, label in answers:
            if label not in place:
                raise DataError(f"the label {label!r} is none of {', '.join(labels)}")
            if (unit, rater) in found:
                raise DataError(f"{rater!r} judged {unit!r} twice; give one answer of each")
            found[unit, rater] = place[label]
        units, raters = (tuple(sorted({key[i] for key in found})) for i in (0, 1))
        codes = np.full((len(units), len(raters)), NONE, np.int64)
        row, column = ({name: i for i, name in enumerate(names)} for names in (units, raters))
        for (unit, rater), code in found.items():
            codes[row[unit], column[rater]] = code
        numbers: dict[str, int] = {}
        of = [numbers.setdefault((groups or {}).get(u, f"\0{u}"), len(numbers)) for u in units]
        return cls(units, raters, tuple(labels), codes, np.array(of, np.int64))

    def counts(self) -> np.ndarray:
        """(units, labels) float64: annotators who gave each label to each unit."""
        return np.stack([(self.codes == k).sum(axis=1) for k in range(len(self.labels))], 1) * 1.0


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement with its 95 % interval; NaN where it is not defined."""

    name: str
    value: float
    low: float
    high: float
    n: int
    """Units that two annotators or more judged."""
    groups: int


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label: how often it was given, and how often another annotator gave it, too."""

    label: str
    given: int
    """Answers with this label, of units that two or more judged."""
    agreement: float
    """Chance that another annotator of the same unit gave it, too; NaN where it was never given."""


# ----- coefficients ---------------------------------------------------------------------------


def percent_agreement(ratings: Ratings) -> Interval:
    """Share of pairs of annotators who gave one unit the same label, as a mean over units.

    Sum over labels of r (r - 1) / (m (m - 1)) for each unit, r of its m annotators having given the
    label (Fleiss 1971, equation 2); with two annotators the share of units on which they agree.

    Raises:
        DataError: no unit was judged by two.
    """
    counts = overlapping(ratings)
    m = ratings.counts().sum(axis=1)
    kept = m > 1
    same = (counts * (counts - 1)).sum(axis=1) / (m[kept] * (m[kept] - 1))
    return intervals(Grouped.of(same[:, None], ratings.groups[kept]).micro())[0]


def cohen_kappa(
    ratings: Ratings,
    pair: tuple[str, str] | None = None,
    weights: Weights = "identity",
    seed: int = 0,
) -> Coefficient:
    """Cohen's kappa of two annotators, from the units that both judged (Cohen 1960; 1968).

    With weights w the agreement observed is the sum of w[k, l] p[k, l] and the one expected the sum
    of w[k, l] p[k, .] p[., l]. NaN where the one expected is 1: both gave one label throughout.

    Args:
        pair: names of the two; by default there are no others.
    Raises:
        DataError: not two annotators, or no unit that both judged.
    """
    first, second = choose_pair(ratings, pair)
    a, b = ratings.codes[:, first], ratings.codes[:, second]
    both = (a != NONE) & (b != NONE)
    if not both.any():
        raise DataError(
            f"{ratings.raters[first]!r} and {ratings.raters[second]!r} judged no unit in common"
        )
    q = len(ratings.labels)
    cells = np.zeros((int(both.sum()), q * q))
    cells[np.arange(len(cells)), a[both] * q + b[both]] = 1.0
    w = weight_matrix(weights, q)

    def value(sums: np.ndarray) -> np.ndarray:
        p = sums.reshape(-1, q, q) / sums.sum(axis=1)[:, None, None]
        expected = np.einsum("rk,rl,kl->r", p.sum(axis=2), p.sum(axis=1), w)
        return beyond_chance((p * w).sum(axis=(1, 2)), expected)

    name = "Cohen's kappa" if weights == "identity" else f"Cohen's kappa, {weights} weights"
    return estimate(name, value, cells, ratings.groups[both], seed)


def krippendorff_alpha(
    ratings: Ratings,
    metric: Metric = "nominal",
    values: Sequence[float] | None = None,
    seed: int = 0,
) -> Coefficient:
    """Krippendorff's alpha of any number of annotators, who need not have judged all.

    1 - D_o / D_e over the coincidences of each unit's m answers, weighted 1 / (m - 1)
    (Krippendorff 2019, equation 12.5). Squared differences: nominal 0 or 1; interval (c - k)^2;
    ordinal (sum of n_g for g from c to k, less (n_c + n_k) / 2)^2. NaN where one label was given
    throughout.

    Args:
        values: of the labels for "interval"; their positions by default.
    Raises:
        DataError: no unit was judged by two, or not one value per label.
    """
    counts, q = overlapping(ratings), len(ratings.labels)
    numbers = np.arange(q, dtype=float) if values is None else np.asarray(values, float)
    if numbers.shape != (q,):
        raise DataError(f"got {numbers.size} values of {q} labels; expected one of each")
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(q)
    m = counts.sum(axis=1)
    coincidences = (pairs / (m - 1)[:, None, None]).reshape(len(counts), q * q)

    def value(sums: np.ndarray) -> np.ndarray:
        o = sums.reshape(-1, q, q)
        n_c = o.sum(axis=2)  # (resamples, labels)
        n = n_c.sum(axis=1)
        delta = squared_differences(metric, n_c, numbers)
        observed = (o * delta).sum(axis=(1, 2))
        expected = np.einsum("rk,rl,rkl->r", n_c, n_c, delta) / np.maximum(n - 1, 1)
        return 1 - divide(observed, expected)

    name = f"Krippendorff's alpha, {metric}"
    return estimate(name, value, coincidences, ratings.groups[kept_rows(ratings)], seed)


def gwet_ac(ratings: Ratings, weights: Weights = "identity", seed: int = 0) -> Coefficient:
    """Gwet's AC1; with other weights than "identity" his AC2.

    The agreement expected is T / (q (q - 1)) times the sum over labels of pi (1 - pi), T the sum of
    all weights and pi the mean over units of a label's share of their answers (Gwet 2014, equations
    5.3.3 and 5.3.4). Units judged once count in pi only. NaN where there is one label to give.

    Raises:
        DataError: no unit was judged by two.
    """
    overlapping(ratings)
    counts, q = ratings.counts(), len(ratings.labels)
    m = counts.sum(axis=1)
    w = weight_matrix(weights, q)
    agreeing = (counts * (counts @ w - 1)).sum(axis=1)
    observed = np.where(m > 1, agreeing / np.maximum(m * (m - 1), 1), 0.0)
    rows = np.column_stack([observed, m > 1, np.ones(len(m)), counts / m[:, None]])

    def value(sums: np.ndarray) -> np.ndarray:
        pi = sums[:, 3:] / sums[:, 2:3]
        scale = w.sum() / (q * (q - 1)) if q > 1 else np.nan
        return beyond_chance(divide(sums[:, 0], sums[:, 1]), scale * (pi * (1 - pi)).sum(axis=1))

    name = "Gwet's AC1" if weights == "identity" else f"Gwet's AC2, {weights} weights"
    found = estimate(name, value, rows, ratings.groups, seed)
    return Coefficient(name, found.value, found.low, found.high, int((m > 1).sum()), found.groups)


def agreement_by_label(ratings: Ratings) -> tuple[LabelAgreement, ...]:
    """Each label's specific agreement: of the pairs of answers in which one gives it, the share in
    which the other does, too (Cicchetti and Feinstein 1990, for two annotators; each unit's pairs
    weighted 1 / (m - 1) for more).

    Raises:
        DataError: no unit was judged by two.
    """
    counts = overlapping(ratings)
    m = counts.sum(axis=1)
    both = (counts * (counts - 1) / (m - 1)[:, None]).sum(axis=0)
    given = counts.sum(axis=0)
    shares = divide(both, given)
    rows = zip(ratings.labels, given, shares, strict=True)
    return tuple(LabelAgreement(label, int(n), float(share)) for label, n, share in rows)


def pairs_of_raters(ratings: Ratings) -> list[tuple[str, str]]:
    """Pairs of annotators who judged a unit in common."""
    judged = ratings.codes != NONE
    return [
        (ratings.raters[i], ratings.raters[j])
        for i, j in combinations(range(len(ratings.raters)), 2)
        if (judged[:, i] & judged[:, j]).any()
    ]


# ----- parts ----------------------------------------------------------------------------------


def choose_pair(ratings: Ratings, pair: tuple[str, str] | None) -> tuple[int, int]:
    """Columns of two annotators; raises DataError as `cohen_kappa`."""
    names = pair or ratings.raters
    if len(names) != 2 or not set(names) <= set(ratings.raters):
        raise DataError(
            f"Cohen's kappa is of two annotators; got {', '.join(map(repr, names)) or 'none'} of "
            f"{', '.join(map(repr, ratings.raters)) or 'none'}"
        )
    return ratings.raters.index(names[0]), ratings.raters.index(names[1])


def kept_rows(ratings: Ratings) -> np.ndarray:
    """(units,) bool: judged by two or more."""
    return (ratings.codes != NONE).sum(axis=1) > 1


def overlapping(ratings: Ratings) -> np.ndarray:
    """(units judged by two or more, labels) `Ratings.counts`. Raises DataError of no such unit."""
    kept = kept_rows(ratings)
    if not kept.any():
        raise DataError(
            f"no unit was judged by two annotators: {len(ratings.raters)} judged "
            f"{len(ratings.units)} units, none in common; agreement needs an overlap"
        )
    return ratings.counts()[kept]


def weight_matrix(weights: Weights, q: int) -> np.ndarray:
    """(labels, labels) 1 on the diagonal; elsewhere 0, or 1 less the (squared) distance of the
    positions as a share of the largest."""
    apart = np.abs(np.subtract.outer(np.arange(q), np.arange(q))) / max(q - 1, 1)
    if weights == "identity":
        return np.eye(q)
    return 1 - (apart if weights == "linear" else apart**2)


def squared_differences(metric: Metric, n_c: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(resamples, labels, labels) of `krippendorff_alpha`; `n_c` (resamples, labels)."""
    q = len(numbers)
    if metric == "nominal":
        return np.broadcast_to(1 - np.eye(q), (len(n_c), q, q))
    if metric == "interval":
        return np.broadcast_to(np.subtract.outer(numbers, numbers) ** 2, (len(n_c), q, q))
    middle = (
        np.cumsum(n_c, axis=1) - n_c / 2
    )  # sum from c to k less halves is a difference of these
    return (middle[:, :, None] - middle[:, None, :]) ** 2


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, NaN where the bottom is 0."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 1e-12)


def beyond_chance(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return divide(observed - expected, 1 - expected)


def estimate(
    name: str,
    value: Callable[[np.ndarray], np.ndarray],
    rows: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> Coefficient:
    """A function of sums over units, with the percentiles of resamples of whole groups.

    Args:
        value: (resamples, columns) sums -> (resamples,).
        rows: (units, columns).
        groups: (units,) numbers; need not be consecutive.
    """
    _, at = np.unique(groups, return_inverse=True)
    n = int(at.max()) + 1
    sums = np.zeros((n, rows.shape[1]))
    np.add.at(sums, at, rows)
    found = float(value(sums.sum(axis=0)[None])[0])
    low = high = math.nan
    if n > 1 and not math.isnan(found):
        drawn = np.concatenate([value(w @ sums) for w in resample_weights(n, RESAMPLES, seed)])
        if np.isnan(drawn).mean() < MOST_UNDEFINED:
            low, high = np.nanquantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    return Coefficient(name, found, float(low), float(high), len(rows), n)
