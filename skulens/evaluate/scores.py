"""What every suite hands to the statistics: sums per unit, the group that is resampled, and slices.

A metric of a system is sum(top) / sum(bottom) over units: hit rates, accuracy, precision
(TP over TP + FP), recall, F1 (2 TP over 2 TP + FP + FN), claims per item. Units are queries,
claims or, where nothing finer is known, whole groups: published hits per SKU are Scores too.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from skulens.errors import DataError
from skulens.evaluate.intervals import (
    Grouped,
    Interval,
    Ratio,
    mean_influences,
    mean_interval,
    mean_of_parts,
)
from skulens.evaluate.metric import GROUP, Metric, find_metric, macro_of

if TYPE_CHECKING:
    import pyarrow as pa

SLICE = "slice:"
"""Prefix of a slice's column in a table."""
SIZE = "units"
"""Column of the number of units behind a group."""
BOTTOM, COUNT = "/bottom", "/n"
"""Suffixes of the columns of a metric that is not a mean over units."""


@dataclass(frozen=True)
class Scores:
    """Sums of metrics per unit. All arrays are (units,)."""

    units: tuple[str, ...]
    """Query, claim or group ids."""
    groups: tuple[str, ...]
    """What each unit belongs to and what is resampled: SKU, SPU, item."""
    top: Mapping[str, np.ndarray]
    bottom: Mapping[str, np.ndarray]
    """1 for a mean, 0 where the unit says nothing."""
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    """"language", "class", "field", "n_conditions" -> the value of each unit, str; "": none."""
    counts: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Observations behind each unit; by default 1 where bottom is above 0."""
    sizes: np.ndarray | None = None
    """How many units a row stands for; by default 1."""
    unit: str = "query"
    """What a unit is, in one word; "group" for Scores that are summed by group."""

    def __post_init__(self):
        sizes = {len(self.units), len(self.groups)}
        sizes |= {len(a) for m in (self.top, self.bottom, self.slices) for a in m.values()}
        if len(sizes) > 1 or set(self.top) != set(self.bottom):
            raise DataError(
                "Scores need one group, top, bottom and slice value per unit "
                "and the same metrics in both; "
                f"got lengths {sorted(sizes)}, top {sorted(self.top)}, bottom {sorted(self.bottom)}"
            )

    @classmethod
    def of_means(
        cls,
        units: Sequence[str],
        groups: Sequence[str],
        values: Mapping[str, np.ndarray],
        slices: Mapping[str, np.ndarray] | None = None,
        unit: str = "query",
    ) -> "Scores":
        """Scores of metrics that are means over units, from values (units,); NaN: says nothing."""
        known = {m: ~np.isnan(v) for m, v in values.items()}
        top = {m: np.where(known[m], v, 0.0) for m, v in values.items()}
        bottom = {m: k.astype(float) for m, k in known.items()}
        return cls(tuple(units), tuple(groups), top, bottom, slices or {}, unit=unit)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics whose sums are held."""
        return tuple(self.top)

    @property
    def fine(self) -> bool:
        """Whether units are known, not only sums over groups."""
        return self.unit != "group"

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """Distinct groups in order of appearance."""
        return tuple(dict.fromkeys(self.groups))

    @cached_property
    def numbers(self) -> np.ndarray:
        """(units,) int64 position of each unit's group in `group_names`."""
        return number_groups(self.groups)

    def values(self, metric: str) -> np.ndarray:
        """(units,) the ratio of each unit; NaN where it says nothing.

        Raises:
            DataError: an unknown metric.
        """
        top, bottom = self.sums_of(metric)
        return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)

    def sums_of(self, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """(top, bottom), each (units,).

        Raises:
            DataError: an unknown metric; names those there are.
        """
        if metric not in self.top:
            raise DataError(
                f"no {metric!r} for each {self.unit}; there are {', '.join(self.top) or 'none'}"
            )
        return self.top[metric], self.bottom[metric]

    def count(self, metric: str) -> np.ndarray:
        """(units,) observations behind each unit."""
        return (
            self.counts[metric]
            if metric in self.counts
            else (self.bottom[metric] > 0).astype(float)
        )

    @property
    def size(self) -> np.ndarray:
        """(units,) how many units each row stands for."""
        return np.ones(len(self.units)) if self.sizes is None else self.sizes

    @property
    def known(self) -> np.ndarray:
        """(units,) bool: any metric says something."""
        return np.any([self.count(m) > 0 for m in self.metrics], axis=0)

    def take(self, units: np.ndarray) -> "Scores":
        """Some of the units, by position or mask."""
        at = np.arange(len(self.units))[units]
        cut = {
            name: {m: a[at] for m, a in getattr(self, name).items()}
            for name in ("top", "bottom", "slices", "counts")
        }
        ids, groups = (tuple(np.array(x, object)[at]) for x in (self.units, self.groups))
        return Scores(ids, groups, sizes=self.size[at], unit=self.unit, **cut)

    def by_group(self, names: Sequence[str] | None = None) -> "Scores":
        """The same sums with one unit per group (of `names`, in their order); slices are left out.

        Rows of other groups are left out too, which only a group that says nothing should be.
        """
        names = tuple(names or self.group_names)
        if set(names) < set(self.group_names):
            wanted = set(names)
            return self.take(np.array([g in wanted for g in self.groups])).by_group(names)
        at = self._rows(names)

        def add(values: np.ndarray) -> np.ndarray:
            return np.bincount(at, values, minlength=len(names))

        return Scores(
            names,
            names,
            {m: add(v) for m, v in self.top.items()},
            {m: add(v) for m, v in self.bottom.items()},
            counts={m: add(self.count(m)) for m in self.top},
            sizes=add(self.size),
            unit="group",
        )

    def _rows(self, names: Sequence[str]) -> np.ndarray:
        """(units,) the position of each unit's group in `names`."""
        if names is self.group_names:
            return self.numbers
        place = {n: i for i, n in enumerate(names)}
        return np.array([place[g] for g in self.group_names], np.int64)[self.numbers]

    def measure(self, metric: str, groups: Sequence[str] | None = None) -> "Measure":
        """The sums of a metric by group, ready for intervals and tests.

        Args:
            metric: any metric of `metrics`, its macro mean over groups or over a slice, or one
                that is derived from it (then the sums are of the one it derives from).
            groups: all groups, in the order of the answer's rows; default: those there are.
        Raises:
            DataError: the metric's sums, or the slice it is averaged over, are not known.
        """
        declared = find_metric(metric)
        if metric in self.top:  # held as it is, whatever its name
            declared = replace(declared, of="", over="")
        top, bottom = self.sums_of(declared.plain)
        names = tuple(groups or self.group_names)
        rows = self._rows(names)
        columns, parts = np.zeros(len(top), np.int64), 1
        if declared.over not in ("", GROUP):
            if declared.over not in self.slices:
                raise DataError(
                    f"{metric} is a mean over {declared.over}, "
                    "and these scores are not sliced by it"
                )
            of_unit = self.slices[declared.over]
            top, bottom = np.where(of_unit != "", top, 0.0), np.where(of_unit != "", bottom, 0.0)
            values, columns = np.unique(of_unit, return_inverse=True)
            parts = len(values)

        def add(x: np.ndarray) -> np.ndarray:
            flat = np.bincount(rows * parts + columns, x, minlength=len(names) * parts)
            return flat.reshape(len(names), parts)

        sums = add(top), add(bottom), add(self.count(declared.plain) * (bottom > 0))
        measure = Measure(names, *sums, declared)
        return measure.average_by_group() if declared.over == GROUP else measure

    def to_arrow(self) -> "pa.Table":
        """Columns: the unit (named by `unit`), group, slices, and per metric its mean (null: says
        nothing) or, where bottom is not 0 or 1, its top, NAME/bottom and NAME/n."""
        import pyarrow as pa

        columns: dict[str, object] = {self.unit: list(self.units)}
        if self.fine:
            columns["group"] = list(self.groups)
        else:
            columns[SIZE] = self.size
        columns |= {SLICE + name: [str(v) for v in values] for name, values in self.slices.items()}
        for name, top in self.top.items():
            bottom = self.bottom[name]
            if np.isin(bottom, (0, 1)).all() and name not in self.counts:
                columns[name] = pa.array(top, mask=bottom == 0)
            else:
                columns |= {name: top, name + BOTTOM: bottom, name + COUNT: self.count(name)}
        return pa.table(columns)

    @classmethod
    def from_arrow(cls, table: "pa.Table", skip: Iterable[str] = ()) -> "Scores":
        """The Scores that `to_arrow` wrote. Raises DataError where the table is not one.

        Args:
            skip: columns that hold something else.
        """
        unit, *columns = table.column_names
        names = [
            c
            for c in columns
            if c not in {"group", SIZE, *skip}
            and not c.startswith(SLICE)
            and not c.endswith((BOTTOM, COUNT))
        ]
        known = {c: table[c].to_numpy(zero_copy_only=False).astype(float) for c in names}
        top, bottom, counts = {}, {}, {}
        for name, values in known.items():
            if name + BOTTOM in columns:
                top[name] = values
                bottom[name] = table[name + BOTTOM].to_numpy().astype(float)
                counts[name] = table[name + COUNT].to_numpy().astype(float)
            else:
                there = ~np.isnan(values)
                top[name], bottom[name] = np.where(there, values, 0.0), there.astype(float)
        units = table[unit].to_pylist()
        groups = table["group"].to_pylist() if "group" in columns else units
        slices = {
            c.removeprefix(SLICE): np.array(table[c].to_pylist(), dtype=str)
            for c in columns
            if c.startswith(SLICE)
        }
        sizes = table[SIZE].to_numpy().astype(float) if SIZE in columns else None
        return cls(tuple(units), tuple(groups), top, bottom, slices, counts, sizes, unit)


@dataclass(frozen=True)
class Measure:
    """One metric of one system, added up by group; its value is the mean of its parts' ratios."""

    groups: tuple[str, ...]
    top: np.ndarray  # (groups, parts)
    bottom: np.ndarray  # (groups, parts)
    n: np.ndarray  # (groups, parts)
    metric: Metric

    @property
    def ratio(self) -> Ratio:
        """The parts as metrics side by side."""
        return Ratio(self.top, self.bottom, self.n)

    @property
    def present(self) -> np.ndarray:
        """(groups,) bool: groups that say anything."""
        return np.any(self.n > 0, axis=1)

    def value(self) -> float:
        """NaN where nothing is known."""
        return float(mean_of_parts(self.ratio.value()[None])[0])

    def average_by_group(self) -> "Measure":
        """Every group counts the same, by its own ratio."""
        macro = Grouped(self.top, self.bottom).macro()
        return Measure(self.groups, macro.top, macro.bottom, self.n, self.metric)

    def influences(self) -> np.ndarray:
        """(groups,) what each group adds to the error of the value, to first order."""
        return mean_influences(self.ratio)

    def interval(self) -> Interval:
        """The 95 % interval of the value, within what the metric can be."""
        found = mean_interval(self.ratio, bounded=self.metric.bounded)
        least, most = self.metric.least, self.metric.most
        low = found.low if least is None else max(found.low, least)
        high = found.high if most is None else min(found.high, most)
        return replace(found, low=low, high=high)


def number_groups(groups: Sequence[str]) -> np.ndarray:
    """(units,) int64: groups numbered from 0 in order of appearance."""
    numbers = {g: i for i, g in enumerate(dict.fromkeys(groups))}
    return np.fromiter((numbers[g] for g in groups), np.int64, len(groups))


def summarise(scores: Scores) -> dict[str, Interval]:
    """Every metric with its interval, macro means after the plain ones they belong to."""
    names = list(scores.metrics)
    macros = {n: m for n in names if (m := macro_of(n)) and _can_average(scores, m)}
    return {n: scores.measure(n).interval() for n in _order(names, macros)}


def _can_average(scores: Scores, macro: str) -> bool:
    over = find_metric(macro).over
    return over == GROUP or over in scores.slices


def _order(names: list[str], macros: Mapping[str, str]) -> Iterator[str]:
    """Neighbours that have macro means, then these means, then the next metrics."""
    for averaged, run in itertools.groupby(names, lambda n: n in macros):
        together = list(run)
        yield from together
        if averaged:
            yield from (macros[n] for n in together)


def slice_scores(scores: Scores) -> dict[str, dict[str, dict[str, Interval]]]:
    """Slice -> value -> metric -> interval."""
    found: dict[str, dict[str, dict[str, Interval]]] = {}
    for name, values in scores.slices.items():
        for value in sorted(set(values.tolist()) - {""}):
            mine = _restrict(scores, values == value)
            found.setdefault(name, {})[value] = summarise(mine)
    return found


def _restrict(scores: Scores, kept: np.ndarray) -> Scores:
    """The same units and groups, with sums of the kept ones only."""
    top, bottom, counts = (
        {m: np.where(kept, a, 0.0) for m, a in sums.items()}
        for sums in (scores.top, scores.bottom, scores.counts)
    )
    return Scores(scores.units, scores.groups, top, bottom, counts=counts, unit=scores.unit)
