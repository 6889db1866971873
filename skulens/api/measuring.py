"""Systems measured on a catalogue, as `skulens bench` does, and their results as a table."""

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens.api.equipment import Dtype, equip, numerics_of
from skulens.api.finding import as_catalog
from skulens.api.notebook import frame, html_rows
from skulens.bench.naming import find_results, pick
from skulens.bench.result import Result
from skulens.bench.run import Opening, run_suite
from skulens.bench.store import ResultStore
from skulens.errors import DataError
from skulens.protocols import Catalog, Encoder, Retriever
from skulens.report.gallery import describe_unanswerable
from skulens.report.marks import explain_exposures, exposure_of
from skulens.report.names import shorten
from skulens.report.tables import plain_headline, print_results
from skulens.report.words import write_interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results(Sequence):
    """Results of one or several systems, in the order measured: `results[0].metrics`."""

    results: tuple[Result, ...]
    failed: tuple[Mapping[str, str], ...] = ()
    """{"encoder": name, "error": why} of systems that could not be measured."""

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, place):
        """The result at a place; of a slice, Results."""
        if isinstance(place, slice):
            return Results(self.results[place], self.failed)
        return self.results[place]

    def of(self, name: str) -> "Results":
        """The results that a name means: "mini", "mini@image", "mini@image,shots=max".

        Raises:
            UnknownName: none is called so; names the nearest.
        """
        return Results(tuple(pick(name, self.results, "here", "the printed results")))

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per result, all with the same keys.

        "system", "suite", "data"; what tells it apart ("gallery" ...); per headline metric its value
        in [0, 1] and the ends of its 95 % interval ("mrr", "mrr_low", "mrr_high"), NaN where they
        are unknown; "units" and "groups" it was measured on; "images_per_s", "latency_ms_p50".
        """
        apart = list(dict.fromkeys(name for r in self.results for name in r.variant))
        named = list(dict.fromkeys(m for r in self.results for m in plain_headline(r)))
        return [
            {"system": r.name, "suite": r.suite, "data": r.data.short}
            | {name: r.variant.get(name, "") for name in apart}
            | {key: value for m in named for key, value in interval_columns(r, m)}
            | {"units": r.counts.get("units", 0), "groups": r.counts.get("groups", 0)}
            | {c: r.cost.get(c, np.nan) for c in ("images_per_s", "latency_ms_p50")}
            for r in self.results
        ]

    def to_pandas(self) -> "pd.DataFrame":
        """`rows` as a data frame. Raises MissingDependency without pandas."""
        return frame(self.rows())

    def __str__(self) -> str:
        """The table that `skulens bench` prints."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            print_results(self.results)
        lines = [line.rstrip() for line in out.getvalue().rstrip().splitlines()]
        return "\n".join([*lines, *self._notes()]) or "no results"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        apart = list(dict.fromkeys(name for r in self.results for name in r.variant))
        named = list(dict.fromkeys(m for r in self.results for m in plain_headline(r)))
        rows = [
            {"system": shorten(r.name), "data": r.data.short}
            | {name: r.variant.get(name, "") for name in apart}
            | {m: write_interval(r.metrics.get(m)) for m in named}
            for r in self.results
        ]
        for row, result in zip(rows, self.results, strict=True):
            if named and (seen := exposure_of(result)):
                row[named[0]] += f" {seen.mark}"
        marks = explain_exposures(self.results).splitlines()
        lost = dict.fromkeys(filter(None, map(describe_unanswerable, self.results)))
        notes = ["[95 % interval]", *marks, *lost, *self._notes()]
        return html_rows(rows, notes=notes, numbers=named)

    def _notes(self) -> list[str]:
        rejects = len({reject for r in self.results for reject in r.rejects})
        said = [f"{rejects} rejects: .rejects of a result has all"] if rejects else []
        return said + [f"failed: {f['encoder']}: {f['error']}" for f in self.failed]


def interval_columns(result: Result, metric: str) -> Iterator[tuple[str, float]]:
    """The value of a metric and the ends of its interval, each with the name of its column."""
    found = result.metrics.get(metric)
    values = (found.value, found.low, found.high) if found else (np.nan,) * 3
    yield from zip((metric, f"{metric}_low", f"{metric}_high"), values, strict=True)


def bench(
    data: "str | PathLike | Catalog",
    systems: "str | Encoder | Retriever | Iterable[str | Encoder | Retriever]" = "groceries",
    suite: str = "mpr",
    *,
    results: "str | PathLike | None" = None,
    device: str = "auto",
    dtype: Dtype = "auto",
    batch: int = 32,
    threads: int = 0,
    cache: bool = True,
    progress: bool | None = None,
    costs: bool = True,
    **settings: object,
) -> Results:
    """Measure one or several systems; the numbers are those of `skulens bench SUITE DATA`.

    A system that cannot be measured does not stop the others: `Results.failed` names it.

    Args:
        data: a path, the name of a dataset, or what `open_catalog` returns.
        systems: names, or encoders of `load_encoder`, which keep their own device and dtype.
        suite: mpr, merit, aspect, labels ...: `skulens list suites`.
        results: a folder to keep the results in, for `skulens results` and `compare`; None: none.
        device, dtype: of encoders given by name.
        batch, threads, cache, progress: see `equipment.equip`.
        costs: measure memory and latency of each encoder too, in a process of its own: some
            seconds.
        settings: of the suite, as its command has them (`gallery="text"`, `shots="max"`,
            `ks=(1, 5)`, `limit=100` ...): `skulens bench SUITE --help`.
    Raises:
        UnknownName: no suite, system or setting is called so; names the nearest.
        SkulensError: what the only system asked for raised.
    """
    catalog = as_catalog(data)
    name = fspath(data) if isinstance(data, str | PathLike) else catalog.info.name
    alone = isinstance(systems, str) or not isinstance(systems, Iterable)
    asked = [systems] if alone else list(systems)  # type: ignore[arg-type]
    if not asked:
        raise DataError("bench needs at least one system, such as 'groceries'")
    kept: list[Result] = []
    measured = run_suite(
        suite,
        catalog,
        asked,
        tuples_for_lists(settings),
        data=str(name),
        tools=equip(batch, threads, cache, progress, costs),
        opening=Opening(numerics_of(dtype), device),
        keep=lambda result: kept.append(keep(result, Path(results)) if results else result),
    )
    return Results(tuple(kept), tuple(measured.failed))


def tuples_for_lists(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings as a suite has them: a list is taken for the tuple that it stands for."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}


def keep(result: Result, folder: Path) -> Result:
    """The result with the folder where it is stored now."""
    place, status = ResultStore(folder).add(result)
    if status == "differs":
        warnings.warn(
            f"{result.name}: other numbers than measured before for the same inputs; both are "
            f"kept, the new ones in {place}",
            stacklevel=4,
        )
    return replace(result, folder=place)


def results_of(word: object, among: "Results | str | PathLike", gallery: str) -> list[Result]:
    """The results that a word, or a result itself, means.

    Raises:
        DataError: it is neither a result nor a name; nothing was measured with the gallery.
        UnknownName: no result is called so.
    """
    if isinstance(word, Result):
        return [word]
    if isinstance(word, Results):
        found = list(word)
    elif isinstance(word, str | PathLike):
        inside = isinstance(among, Results)
        found = (
            list(among.of(fspath(word))) if inside else find_results(fspath(word), Path(among))  # type: ignore[union-attr,arg-type]
        )
    else:
        raise DataError(
            f"got {type(word).__name__}, expected a Result, Results, or the name of a system"
        )
    mine = [r for r in found if gallery in ("", r.variant.get("gallery"))]
    if not mine:
        there = ", ".join(sorted({r.variant.get("gallery", "") for r in found}))
        raise DataError(f"nothing was measured with the gallery {gallery!r}; there are: {there}")
    return mine
