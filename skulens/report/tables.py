"""Results as tables for a terminal."""

from collections.abc import Sequence

from skulens.analysis.boards import unit_words
from skulens.analysis.ranks import headline
from skulens.bench.result import Result
from skulens.evaluate.compare import Difference
from skulens.evaluate.metric import find_metric
from skulens.papers.openmpr.causes import Explained
from skulens.report.console import show
from skulens.report.gallery import describe_gallery, describe_unanswerable
from skulens.report.grid import Grid
from skulens.report.index_loss import describe_index
from skulens.report.marks import (
    EARLIER,
    explain_earlier,
    explain_exposures,
    exposure_of,
    was_earlier,
)
from skulens.report.names import label, noun_of, shared_variant, shorten
from skulens.report.paper_mode import bounds_of, describe_change
from skulens.report.slices import VALUES, SliceTable, slice_tables
from skulens.report.words import write_interval

NARROW = 4
"""Headline metrics that fit a terminal; the page and --json have all."""
DROP_METRICS, DROP_COSTS = 2, 9
"""What is left out first where a table is too wide: costs, then the later metrics."""


def plain_headline(result: Result) -> list[str]:
    """Headline metrics that are measured, not worked out from others."""
    found = ((m, find_metric(m)) for m in headline(result))
    return [name for name, metric in found if not (metric.derive or metric.ends)]


def print_results(results: Sequence[Result]) -> None:
    """A table for each set of units: one row per result, quality with 95 % intervals, then what it
    costs; then a table for each slice."""
    same: dict[tuple, list[Result]] = {}
    for r in results:
        same.setdefault((r.suite, r.data.name, *_asked(r)), []).append(r)
    for mine in same.values():
        print_group(mine)


def _asked(result: Result) -> tuple[str, str]:
    return result.data.fingerprint, result.variant.get("gallery", "")


def print_group(results: Sequence[Result]) -> None:
    """Results that answered the same units."""
    first, (_, groups) = results[0], unit_words(results[0])
    marks = explain_exposures(results)
    caption = f"[95 % interval over {groups}]" + (f"\n{marks}" if marks else "")
    lost = dict.fromkeys(filter(None, map(describe_unanswerable, results)))
    rated = any("images_per_s" in r.cost or "latency_ms_p50" in r.cost for r in results)
    earlier = [explain_earlier(results)] if rated else []
    table = Grid(title_of(results), "\n".join(filter(None, [caption, *lost, *earlier])))
    table.add_column(noun_of(results), "name")
    shown = [m for m in plain_headline(first) if any(m in r.metrics for r in results)][:NARROW]
    for drop, column in enumerate(shown):
        table.add_column(column, "number", drop=drop and DROP_METRICS + drop)
    for column in ("images/s", "p50 / p95 ms") if rated else ():
        table.add_column(column, "number", drop=DROP_COSTS)
    for result in results:
        numbers = [write_interval(result.metrics.get(m)) for m in shown]
        if numbers and (seen := exposure_of(result)):
            numbers[0] += f" {seen.mark}"
        costs = write_costs(result) if rated else ()
        table.add_row(label(result, results), *numbers, *costs)
    show(table)
    for found in slice_tables([(label(r, results), r) for r in results]):
        print_slice(found, results)


def title_of(results: Sequence[Result]) -> str:
    """mpr: groceries, 1988 probes -> text of 81 SKUs; aspect: shop, 1200 claims of 300 items"""
    result = results[0]
    units, groups = unit_words(result)
    shared = "".join(f", {k} {v}" for k, v in shared_variant(results).items())
    n, gallery = result.counts.get("units", 0), result.variant.get("gallery", "")
    asked = f"{result.suite}: {result.data.short}, {n} {units}"
    if gallery:
        return f"{asked} -> {describe_gallery(result)}{shared}"
    return f"{asked} of {result.counts.get('groups', 0)} {groups}{shared}"


def print_slice(found: SliceTable, results: Sequence[Result]) -> None:
    """One slice: a row for each value; of one system its metrics, of several the first metric of
    each."""
    units, _ = unit_words(results[0])
    plain = plain_headline(results[0])
    shown = [i for i, m in enumerate(found.metrics) if m in plain][:NARROW]
    systems = list(dict.fromkeys(row.system for row in found.rows))
    if not shown:
        return
    main, many = found.metrics[shown[0]], len(systems) > 1
    sizes = {v: max(row.n for row in found.rows if row.value == v) for v in found.values}
    kept = sorted(sizes, key=lambda v: -sizes[v])[:VALUES]
    rest = len(sizes) - len(kept)
    more = f"{rest} more values with fewer {units} are on the page and in --json" if rest else ""
    table = Grid(f"{main} by {found.title}" if many else f"by {found.title}", more)
    table.add_column(found.title, "name")
    for column in (units, *([found.beside] if found.beside else [])):
        table.add_column(column, "number")
    columns = systems if many else [found.metrics[i] for i in shown]
    for drop, column in enumerate(columns):
        table.add_column(column, "number", drop=0 if many else drop, named=many)
    for value in (v for v in sizes if v in kept):
        mine = {row.system: row for row in found.rows if row.value == value}
        numbers = [mine[s].metrics[shown[0]] if s in mine else None for s in systems]
        if not many:
            numbers = [mine[systems[0]].metrics[i] for i in shown]
        size = f"{sizes[value]:,}"
        if value in found.totals:
            size += f" of {found.totals[value]:,}"
        if found.beside:
            numbers = [found.level.get(value), *numbers]
        table.add_row(value, size, *(write_interval(x) for x in numbers))
    show(table)


def print_ties(results: Sequence[Result]) -> None:
    """What the order of ties decides: the hit rates that other orders would give, where known."""
    known = [r for r in results if bounds_of(r)]
    if not known:
        return
    names = list(dict.fromkeys(m for r in known for m in bounds_of(r)))
    units, _ = unit_words(known[0])
    caption = "worst / expected / best over every order of equal scores; the intervals above do not hold this"
    table = Grid("order of ties", caption)
    table.add_column(noun_of(known), "name")
    for column in (f"tied {units}", *names):
        table.add_column(column, "number")
    for r in known:
        tied = f"{r.counts.get('tied_queries', 0):,} of {r.counts.get('units', 0):,}"
        table.add_row(label(r, results), tied, *(bounds_of(r).get(m, "-") for m in names))
    show(table)


def print_index(results: Sequence[Result]) -> None:
    """What the index of a store overlooks, of those results that are of one."""
    for r in results:
        if said := describe_index(r):
            print(f"{label(r, results)}: {said}")


def print_causes(explained: Sequence[Explained]) -> None:
    """Paper mode against sound mode, one change at a time."""
    for found in explained:
        paper, units = found.paper, unit_words(found.paper)[0]
        where = ", ".join(filter(None, (shorten(paper.name), paper.variant.get("gallery", ""))))
        total, tied = found.total, paper.counts.get("tied_queries", 0)
        caption = (
            f"paper - sound: {found.metric} {write_difference(total)}, p = {total.p:.3g}; "
            f"{tied} {units} tied in paper mode"
        )
        if tied and found.metric in bounds_of(paper):
            caption += f": by their order alone {bounds_of(paper)[found.metric]}"
        table = Grid(f"{where}: from sound mode to paper mode, one change at a time", caption)
        table.add_column("change")
        for column in (found.metric, "difference [95 %]", "p (Holm)"):
            table.add_column(column, "number")
        table.add_row("sound mode", f"{found.causes[0].before:.3f}", "", "")
        for cause in found.causes:
            said = (write_difference(cause.difference), f"{cause.p_holm:.3g}")
            row = said if cause.applies else ("nothing to change", "")
            table.add_row(describe_change(cause.change), f"{cause.after:.3f}", *row)
        show(table)


def write_difference(found: Difference) -> str:
    """-0.019 [-0.043, 0.006]"""
    return f"{found.value:+.3f} [{found.low:.3f}, {found.high:.3f}]"


def write_costs(result: Result) -> tuple[str, str]:
    """Pictures per second; median and 95th percentile of the latency, ms. EARLIER beside numbers of
    an earlier run."""
    names = ("images_per_s", "latency_ms_p50", "latency_ms_p95")
    rate, p50, p95 = (result.cost.get(name) for name in names)
    marks = [f" {EARLIER}" * was_earlier(result, what) for what in ("rates", "latency")]
    return (
        f"{rate:.1f}{marks[0]}" if isinstance(rate, int | float) and rate else "-",
        f"{p50:.1f} / {p95:.1f}{marks[1]}"
        if isinstance(p50, int | float) and isinstance(p95, int | float) and p50
        else "-",
    )
