"""Filled review sheets -> pass rates with exact intervals, and how far two passes agree.

"100 % of 250 passed" says that with 95 % confidence at least 98.5 % would: an interval of a share of
independent captions (Clopper and Pearson 1934). The sample was drawn without replacement from so
many captions, so that of these the number that passes has an exact interval, too (Buonaccorsi 1987).
Agreement beyond chance is Cohen's kappa with its large-sample error (Fleiss, Cohen and Everitt 1969).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from skulens.curate.captions.sheets import ASKED, Sheet
from skulens.errors import DataError

LEVEL = 0.05
"""Chance to be wrong: intervals are 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its exact 95 % interval; NaN without any answer."""

    name: str
    passed: int
    n: int
    """Captions with an answer that applies."""
    low: float
    high: float
    population: int | None = None
    """Captions that the sample was drawn from, where that is known."""
    least: int | None = None
    """Of these, fewest and most that pass (95 %)."""
    most: int | None = None

    @property
    def value(self) -> float:
        return self.passed / self.n if self.n else math.nan


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two passes say the same of the captions that both answered."""

    name: str
    n: int
    same: int
    kappa: float
    """1: always the same, 0: as often as by chance; NaN where neither differs between captions."""
    low: float
    high: float
    disagreements: tuple[str, ...]
    """Products, in the order of the first sheet."""


@dataclass(frozen=True)
class Review:
    """What one or several filled sheets say together."""

    sheets: tuple[str, ...]
    rates: tuple[tuple[Rate, ...], ...]
    """Per sheet: of the whole caption, then of each column."""
    agreements: tuple[Agreement, ...] = ()
    """Of the first two sheets; empty for one."""
    disagreements: tuple[Mapping[str, str], ...] = ()
    unfinished: tuple[int, ...] = ()
    """Per sheet: captions that were not answered in full."""
    unread: tuple[tuple[str, ...], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON; NaN is None."""
        return {
            "sheets": [
                {"sheet": s, "unfinished": u, "unread": list(c),
                 "rates": [_plain(asdict(r) | {"value": r.value}) for r in rates]}
                for s, u, c, rates in zip(
                    self.sheets, self.unfinished, self.unread, self.rates, strict=True
                )
            ],
            "agreements": [_plain(asdict(a)) for a in self.agreements],
            "disagreements": [dict(d) for d in self.disagreements],
        }  # fmt: skip


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {
        k: None
        if isinstance(v, float) and math.isnan(v)
        else list(v)
        if isinstance(v, tuple)
        else v
        for k, v in found.items()
    }


def evaluate_sheets(sheets: Sequence[Sheet]) -> Review:
    """The rates of every sheet, and the agreement of the first two.

    Raises:
        DataError: two sheets are of other captions.
    """
    for other in sheets[1:]:
        check_same(sheets[0], other)
    two = len(sheets) > 1
    return Review(
        sheets=tuple(str(s.path) for s in sheets),
        rates=tuple(rate_sheet(s) for s in sheets),
        agreements=compare_sheets(sheets[0], sheets[1]) if two else (),
        disagreements=list_disagreements(sheets[0], sheets[1]) if two else (),
        unfinished=tuple(sum(r.passes is None for r in s.rows) for s in sheets),
        unread=tuple(s.unread for s in sheets),
    )


def check_same(one: Sheet, other: Sheet) -> None:
    """Raise DataError where two sheets show other captions of one product, or share no product."""
    captions = {r.product: " ".join(r.caption.split()) for r in one.rows}
    both = [r for r in other.rows if r.product in captions]
    if not both:
        raise DataError(f"{one.path} and {other.path} have no product in common")
    for row in both:
        if " ".join(row.caption.split()) != captions[row.product]:
            raise DataError(
                f"{one.path} and {other.path} show other captions of {row.product!r}; give sheets "
                "that were written together"
            )


def rate_sheet(sheet: Sheet) -> tuple[Rate, ...]:
    """The share of captions that pass everything, then of each column."""
    whole = [r.passes for r in sheet.rows]
    rates = [make_rate("everything", whole, sheet.population)]
    for name in ASKED:
        said = [r.answers[name] for r in sheet.rows if name not in r.nothing]
        rates.append(make_rate(name, said, None))
    return tuple(rates)


def make_rate(name: str, said: Sequence[bool | None], population: int | None) -> Rate:
    """Of the answers that are one; the population counts only where it is larger than the sample."""
    known = [s for s in said if s is not None]
    passed, n = sum(known), len(known)
    low, high = binomial_interval(passed, n)
    if population is None or n == 0 or population < n:
        return Rate(name, passed, n, low, high)
    return Rate(name, passed, n, low, high, population, *population_interval(passed, n, population))


# ----- exact intervals ------------------------------------------------------------------------


def binomial_interval(passed: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share: the shares that neither tail (level / 2 each)
    rejects. (NaN, NaN) of no trial.

    Raises:
        DataError: more successes than trials, or fewer than none.
    """
    if not 0 <= passed <= n:
        raise DataError(f"expected 0 to {n} of {n}, got {passed}")
    if n == 0:
        return math.nan, math.nan
    tail = level / 2
    low = 0.0 if passed == 0 else _root(lambda p: 1 - binomial_cdf(passed - 1, n, p) - tail)
    high = 1.0 if passed == n else _root(lambda p: tail - binomial_cdf(passed, n, p))
    return low, high


def _root(rising: Callable[[float], float]) -> float:
    """Where a rising function of [0, 1] is zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(at most k of n)."""
    if k >= n or p <= 0:
        return 1.0
    if p >= 1 or k < 0:
        return 0.0
    logs = (_log_choose(n, i) + i * math.log(p) + (n - i) * math.log1p(-p) for i in range(k + 1))
    return min(1.0, math.fsum(math.exp(x) for x in logs))


def population_interval(passed: int, n: int, of: int, level: float = LEVEL) -> tuple[int, int]:
    """(fewest, most) of a population of `of` that pass, where `passed` of n drawn without
    replacement did: the numbers that neither tail of the hypergeometric distribution rejects."""
    tail = level / 2
    able = range(passed, of - (n - passed) + 1)
    # Both tails are monotone in the number, so the ends are found by bisection.
    fewest = _first(able, lambda k: hypergeometric_tail(passed, n, k, of) >= tail)
    failed = n - passed
    most = _first(able[::-1], lambda k: hypergeometric_tail(failed, n, of - k, of) >= tail)
    return fewest, most


def _first(numbers: Sequence[int], holds: Callable[[int], bool]) -> int:
    """The first of ordered numbers from which on `holds` is true."""
    low, high = 0, len(numbers) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(numbers[middle]) else (middle + 1, high)
    return numbers[low]


def hypergeometric_tail(least: int, n: int, good: int, of: int) -> float:
    """P(at least `least` good ones among n drawn from `of` with `good` good ones)."""
    whole = _log_choose(of, n)
    able = range(max(least, n - (of - good)), min(n, good) + 1)
    logs = (_log_choose(good, i) + _log_choose(of - good, n - i) - whole for i in able)
    return min(1.0, math.fsum(math.exp(x) for x in logs))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


# ----- agreement ------------------------------------------------------------------------------


def compare_sheets(one: Sheet, other: Sheet) -> tuple[Agreement, ...]:
    """Agreement on the whole caption, then on each column."""
    second = {r.product: r for r in other.rows}
    pairs = [(r, second[r.product]) for r in one.rows if r.product in second]
    found = [make_agreement("everything", [(a.product, a.passes, b.passes) for a, b in pairs])]
    for name in ASKED:
        said = [(a.product, a.answers[name], b.answers[name]) for a, b in pairs]
        found.append(make_agreement(name, said))
    return tuple(found)


def make_agreement(name: str, said: Sequence[tuple[str, bool | None, bool | None]]) -> Agreement:
    """Of the captions that both answered."""
    known = [(p, a, b) for p, a, b in said if a is not None and b is not None]
    table = [
        [sum(a is x and b is y for _, a, b in known) for y in (True, False)] for x in (True, False)
    ]
    kappa, low, high = cohen_kappa(table)
    differing = tuple(p for p, a, b in known if a is not b)
    return Agreement(name, len(known), len(known) - len(differing), kappa, low, high, differing)


def cohen_kappa(table: Sequence[Sequence[int]]) -> tuple[float, float, float]:
    """(kappa, low, high) of counts by the first person's answer (rows) and the second's (columns).

    The error is that of large samples (Fleiss, Cohen and Everitt 1969, equation 14); an end beyond
    -1 or 1 is cut. NaN where chance alone agrees always: both gave one answer throughout.
    """
    n = sum(map(sum, table))
    if not n:
        return math.nan, math.nan, math.nan
    size = range(len(table))
    p = [[table[i][j] / n for j in size] for i in size]
    rows = [sum(p[i]) for i in size]
    columns = [sum(p[i][j] for i in size) for j in size]
    observed = sum(p[i][i] for i in size)
    chance = sum(rows[i] * columns[i] for i in size)
    if chance >= 1 - 1e-12:
        return math.nan, math.nan, math.nan
    kappa = (observed - chance) / (1 - chance)
    a = sum(p[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in size)
    b = (1 - kappa) ** 2 * sum(
        p[i][j] * (columns[i] + rows[j]) ** 2 for i in size for j in size if i != j
    )
    c = (kappa - chance * (1 - kappa)) ** 2
    error = math.sqrt(max(0.0, a + b - c) / n) / (1 - chance)
    margin = 1.959963984540054 * error
    return kappa, max(-1.0, kappa - margin), min(1.0, kappa + margin)


def list_disagreements(one: Sheet, other: Sheet) -> tuple[Mapping[str, str], ...]:
    """A row for each caption and column on which two people differ, for a third to decide."""
    second = {r.product: r for r in other.rows}
    words = {True: "yes", False: "no", None: ""}
    found = []
    for row in one.rows:
        theirs = second.get(row.product)
        if theirs is None:
            continue
        for name in ASKED:
            a, b = row.answers[name], theirs.answers[name]
            split = (name in row.nothing) != (name in theirs.nothing)
            if (a is not None and b is not None and a is not b) or (split and a is not b):
                found.append(
                    {
                        "product_id": row.product,
                        "asked": name,
                        "first": words[a] or "n/a",
                        "second": words[b] or "n/a",
                        "caption": row.caption,
                    }
                )
    return tuple(found)
