"""What suite merit says beside its numbers: errors by kind, what removals cost, holdouts."""

from collections.abc import Sequence

from skulens.analysis.boards import unit_words
from skulens.analysis.ranks import headline
from skulens.bench.necessity import Loss
from skulens.bench.result import Result
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.names import label, noun_of, shorten
from skulens.report.tables import write_difference
from skulens.report.words import write_interval


def print_errors(results: Sequence[Result]) -> None:
    """The share of each kind among the wrong answers of each result."""
    known = [r for r in results if r.errors]
    if not known:
        return
    kinds = [k for k in known[0].errors if any(r.errors[k].value for r in known)]
    units, groups = unit_words(known[0])
    caption = f"share of the {units} whose first product is wrong; 95 % interval over {groups}"
    table = Grid("errors by kind", caption)
    table.add_column(noun_of(known), "name")
    for column in (f"wrong {units}", *kinds):
        table.add_column(column, "number")
    for r in known:
        wrong = max(i.n for i in r.errors.values())
        shares = (write_interval(r.errors[k]) for k in kinds)
        table.add_row(name_of(r, results), f"{wrong:,}", *shares)
    show(table)


def print_losses(losses: Sequence[Loss]) -> None:
    """What every system loses without pictures and without titles, on the same queries."""
    if not losses:
        return
    metric = losses[0].metric
    caption = "difference on the same queries; p after Holm's correction over the rows"
    table = Grid(f"visual necessity: {metric}", caption)
    for column in ("system", "gallery", "without"):
        table.add_column(column, "name")
    for column in ("with all", "without it", "difference [95 %]", "queries", "p (Holm)"):
        table.add_column(column, "number", drop=column == "queries")
    for loss in losses:
        table.add_row(
            shorten(loss.system),
            loss.gallery,
            loss.without,
            write_interval(loss.whole),
            write_interval(loss.less),
            write_difference(loss.difference),
            f"{loss.difference.n:,}",
            f"{loss.p_holm:.3g}",
        )
    show(table)


def print_holdouts(pairs: Sequence[tuple[Result, Result]]) -> None:
    """Each result on held-out queries beside that on their control."""
    if not pairs:
        return
    held, control = pairs[0]
    metric = headline(held)[0]
    title = f"{metric} on {held.data.split} beside {control.data.split}"
    table = Grid(title, f"95 % interval over {unit_words(held)[1]}; other queries, not paired")
    table.add_column(noun_of([held]), "name")
    for column in ("held out", "n", "control", "n"):
        table.add_column(column, "number", drop=column == "n")
    for a, b in pairs:
        cells = [(write_interval(r.metrics.get(metric)), str(r.metrics[metric].n)) for r in (a, b)]
        table.add_row(name_of(a, [a]), *(text for cell in cells for text in cell))
    show(table)


def name_of(result: Result, among: Sequence[Result]) -> str:
    """The system with its gallery."""
    return ", ".join(filter(None, (label(result, among), result.variant.get("gallery", ""))))
