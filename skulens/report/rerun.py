"""A rerun beside the published rows, for a terminal."""

from skulens.papers.openmpr.published import KS
from skulens.papers.openmpr.rerun import Check, Rerun
from skulens.report.console import show
from skulens.report.grid import Grid


def print_check(check: Check) -> None:
    """One row per result: pass or fail, hits at 1, 3 and 5, micro and macro."""
    table = Grid(
        f"Reruns against the published rows, tolerance {check.tolerance:g}",
        "hits: published -> rerun, in brackets the SKUs with another number of hits. micro, macro: "
        "largest difference of Recall@1, @3 and @5.",
    )
    table.add_column("encoder", "name")
    table.add_column("result", "name")
    for column in (*(f"hits@{k}" for k in KS), "micro", "macro"):
        table.add_column(column, "number", drop=column != "hits@1")
    table.add_column("why")
    for r in check.reruns:
        style = "bold" if r.status == "fail" else ""
        table.add_row(r.name, r.status, *cells_of(r), r.reason, style=style)
    show(table)
    print(f"{check.compared} of {len(check.reruns)} compared; {check.failures} failed")


def cells_of(r: Rerun) -> list[str]:
    hits = [f"{r.hits[k][0]} -> {r.hits[k][1]} ({r.skus[k]})" if k in r.hits else "-" for k in KS]
    return [*hits, *(largest(r, kind) for kind in ("micro", "macro"))]


def largest(r: Rerun, kind: str) -> str:
    """The largest difference of three recalls, with its sign."""
    gaps = [mine - theirs for n, (theirs, mine) in r.recalls.items() if n.startswith(kind)]
    return f"{max(gaps, key=abs):+.4f}" if gaps else "-"
