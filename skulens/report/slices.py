"""Numbers of parts of the data: for each slice, such as the language, a table of its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skulens.analysis.ranks import headline
from skulens.bench.result import Result
from skulens.evaluate.intervals import Interval
from skulens.registry import resolve
from skulens.registry import rows as registered

VALUES = 12
"""Values of a slice that are shown at once: a terminal prints those with most units, a page folds
them."""


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One system on the units that share a value."""

    value: str
    system: str
    n: int
    """Units that count for the first metric."""
    metrics: tuple[Interval | None, ...]


@dataclass(frozen=True, slots=True)
class SliceTable:
    """One slice: every value, and under it every system."""

    name: str
    metrics: tuple[str, ...]
    """Columns."""
    rows: tuple[SliceRow, ...]
    beside: str = ""
    """A metric of the units themselves, the same whoever answers; empty: none."""
    level: Mapping[str, Interval] = field(default_factory=dict)
    """Value -> that metric."""
    totals: Mapping[str, int] = field(default_factory=dict)
    """Value -> units of which only a part counts; empty: all of them do."""

    @property
    def title(self) -> str:
        """n_conditions -> number of conditions"""
        words = self.name.replace("_", " ")
        return "number of " + words[2:] if words.startswith("n ") else words

    @property
    def values(self) -> list[str]:
        """In the order of the rows."""
        return list(dict.fromkeys(row.value for row in self.rows))


def slice_tables(named: Sequence[tuple[str, Result]]) -> list[SliceTable]:
    """A table per slice of any of the results, in the order in which slices appear.

    A slice of a single value is left out: it is the whole.

    Args:
        named: (what the system is called, its result), in the order of the rows of each value.
    """
    slices = dict.fromkeys(s for _, result in named for s in result.slices)
    tables = [_table(name, [(n, r) for n, r in named if name in r.slices]) for name in slices]
    return [table for table in tables if len(table.values) > 1]


def _table(name: str, named: Sequence[tuple[str, Result]]) -> SliceTable:
    known = {m for _, r in named for values in r.slices[name].values() for m in values}
    metrics = tuple(
        m for m in dict.fromkeys(m for _, r in named for m in headline(r)) if m in known
    )
    values = {v for _, r in named for v in r.slices[name]}
    rows = []
    for value in sorted(values, key=_natural):
        for system, result in named:
            found = result.slices[name].get(value)
            if found:
                numbers = tuple(found.get(m) for m in metrics)
                n = next((i.n for i in numbers if i is not None), 0)
                rows.append(SliceRow(value, system, n, numbers))
    first = named[0][1]
    beside, whole = (of_suite(first, said).get(name, "") for said in ("beside", "part_of"))
    level = {v: i for v, ms in first.slices[name].items() if (i := ms.get(beside))}
    main = metrics[:1]
    totals = {v: ms[m].n for v, ms in first.slices.get(whole, {}).items() for m in main if m in ms}
    return SliceTable(name, metrics, tuple(rows), beside if level else "", level, totals)


def of_suite(result: Result, said: str) -> Mapping[str, str]:
    """What the suite of a result says of slices: "beside" or "part_of"; empty: nothing."""
    known = result.suite in registered("suite")
    return getattr(resolve("suite", result.suite), said, {}) if known else {}


def _natural(value: str) -> tuple[int, int, str]:
    """Numbers by size, before words."""
    return (0, int(value), value) if value.isdigit() else (1, 0, value)
