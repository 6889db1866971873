"""The difficulty gate of composed queries on a terminal: what systems without eyes find."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skulens.curate.queries.gate import Finding, Gate


def print_gate(gate: "Gate") -> None:
    """Hit rates by system and number of conditions, then one line: passed, or what failed."""
    from rich.console import Console
    from rich.table import Table

    widest = max(gate.slices, key=lambda s: len(s.hits))
    systems = dict.fromkeys(system for system, _ in widest.hits)
    table = Table("expected hit@1 and @10, %", title="systems that look at no picture")
    for s in gate.slices:
        siblings = ", sibling first" if s.sibling else ""
        table.add_column(f"{s.conditions} conditions{siblings} ({s.queries:,})", justify="right")
    for system in systems:
        cells = [
            f"{s.hits[system, 1]:.2f}  {s.hits[system, 10]:.2f}" if (system, 1) in s.hits else ""
            for s in gate.slices
        ]
        table.add_row(system, *cells)
    console = Console()
    console.print(table)
    if gate.left_out:
        names = ", ".join(gate.left_out[:3])
        console.print(f"{len(gate.left_out):,} queries left out, which no product answers: {names}")
    for finding in gate.failed:
        console.print(f"failed: {say_finding(finding)}")
    passed = len(gate.findings) - len(gate.failed)
    outcome = "failed" if gate.failed else "passed"
    console.print(f"{outcome}: {passed} of {len(gate.findings)} rules hold")


def say_finding(finding: "Finding") -> str:
    """ "3 conditions: bm25 of titles, hit@10 is 12.1 %, at most 10 % allowed"."""
    siblings = ", sibling first" if finding.sibling else ""
    side = "at least" if finding.least else "at most"
    return (
        f"{finding.conditions} conditions{siblings}: {finding.rule}, hit@{finding.k} is "
        f"{finding.percent:.2f} %, {side} {finding.limit:g} % expected"
    )
