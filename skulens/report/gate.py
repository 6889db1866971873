"""The difficulty gate of composed queries on a terminal: what systems without eyes find."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skulens.curate.queries.gate import Finding, Gate


def print_gate(gate: "Gate") -> None:
    """Hit rates by system and number of conditions, then one line: passed, or what failed."""
    from skulens.report.console import show
    from skulens.report.grid import Grid

    widest = max(gate.slices, key=lambda s: len(s.hits))
    systems = dict.fromkeys(system for system, _ in widest.hits)
    table = Grid("systems that look at no picture: expected hit@1 and @10, %")
    table.add_column("system", "name")
    for s in gate.slices:
        siblings = ", sibling first" if s.sibling else ""
        table.add_column(f"{s.conditions} conditions{siblings} ({s.queries:,})", "number")
    for system in systems:
        cells = [
            f"{s.hits[system, 1]:.2f}  {s.hits[system, 10]:.2f}" if (system, 1) in s.hits else ""
            for s in gate.slices
        ]
        table.add_row(system, *cells)
    show(table)
    if gate.left_out:
        names = ", ".join(gate.left_out[:3])
        print(f"{len(gate.left_out):,} queries left out, which no product answers: {names}")
    for finding in gate.failed:
        print(f"failed: {say_finding(finding)}")
    passed = len(gate.findings) - len(gate.failed)
    outcome = "failed" if gate.failed else "passed"
    print(f"{outcome}: {passed} of {len(gate.findings)} rules hold")


def say_finding(finding: "Finding") -> str:
    """ "3 conditions: bm25 of titles, hit@10 is 12.1 %, at most 10 % allowed"."""
    siblings = ", sibling first" if finding.sibling else ""
    side = "at least" if finding.least else "at most"
    return (
        f"{finding.conditions} conditions{siblings}: {finding.rule}, hit@{finding.k} is "
        f"{finding.percent:.2f} %, {side} {finding.limit:g} % expected"
    )
