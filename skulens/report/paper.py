"""A paper's printed cells and claims against its files, for a terminal and for a page."""

from collections import Counter
from collections.abc import Sequence

from skulens.papers.openmpr.cells import Checked, Family
from skulens.papers.openmpr.check import PaperCheck
from skulens.papers.openmpr.claims import VERDICTS, Statement, read_comparisons
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.html import PageTable

CELL_COLUMNS = ("table", "row", "column", "printed", "from the files", "likely reason")
FAMILY_COLUMNS = ("family", "column", "printed", "by the file's column", "by the paper's grouping")
SHORT = 20
"""Longest cell of a column that is no sentence."""
CLAIM_COLUMNS = ("where", "the paper says", "verdict", "what the files say")


def cells_sentence(check: PaperCheck) -> str:
    """How many printed cells agree, and what the two readings of Table 10 make of that."""
    column, paper = (
        sum(getattr(f, side) for f in check.families)
        for side in ("agrees_by_column", "agrees_by_paper")
    )
    return (
        f"{check.agree} of {len(check.cells)} printed cells of tables 1-11 agree with the "
        "published files. Counts of Table 10 are those of the file's own column of families, its "
        "maxima the phi of the backbone printed beside them. Read by that column throughout, "
        f"{column} of the {len(check.families)} counts and maxima agree; by the grouping that the "
        f"paper counted by, {paper}."
    )


def claims_sentence(claims: Sequence[Statement]) -> str:
    """How many claims have which verdict, and what intervals and p-values mean."""
    seen = Counter(c.verdict for c in claims)
    counts = ", ".join(f"{seen[v]} {v}" for v in VERDICTS if seen[v])
    tests = len({(c.model, c.against) for c in read_comparisons()})
    return (
        f"{len(claims)} claims: {counts}. Verdicts are judged by hand, numbers computed. Points of "
        "Recall@1 with 95 % intervals, paired over SKUs; p corrected (Holm) for all "
        f"{tests} comparisons."
    )


def cell_rows(cells: Sequence[Checked]) -> list[tuple[str, ...]]:
    """The cells that disagree."""
    return [
        (
            str(c.cell.table),
            c.cell.row,
            c.cell.column,
            c.cell.printed,
            write_found(c),
            c.likely_reason,
        )
        for c in cells
        if not c.agrees
    ]


def write_found(checked: Checked) -> str:
    """What the files say, with two digits more than the paper prints."""
    if isinstance(checked.computed, str):
        return checked.computed
    return f"{checked.computed:.{checked.cell.places + 2}f}".rstrip("0").rstrip(".")


def family_rows(families: Sequence[Family]) -> list[tuple[str, ...]]:
    """The counts and maxima that the two groupings tell apart."""
    return [
        (f.cell.row, f.cell.column, f.cell.printed, f"{f.by_column:.3g}", f"{f.by_paper:.3g}")
        for f in families
        if f.by_column != f.by_paper
    ]


def claim_rows(claims: Sequence[Statement]) -> list[tuple[str, ...]]:
    """What does not hold first."""
    ordered = sorted(claims, key=lambda c: VERDICTS.index(c.verdict))
    return [(c.section, f"“{c.quote}”", c.verdict, c.reason) for c in ordered]


def finding_rows(findings: Sequence[Statement]) -> list[tuple[str, ...]]:
    return [(f.section, f.reason) for f in findings]


def paper_tables(check: PaperCheck) -> list[PageTable]:
    """Cells that do not agree, the readings of Table 10, claims and findings."""
    return [
        PageTable(
            "The paper's tables", cells_sentence(check), CELL_COLUMNS, cell_rows(check.cells)
        ),
        PageTable(
            "Table 10 by two groupings",
            "Where the two differ.",
            FAMILY_COLUMNS,
            family_rows(check.families),
        ),
        PageTable(
            "The paper's claims",
            claims_sentence(check.claims),
            CLAIM_COLUMNS,
            claim_rows(check.claims),
        ),
        PageTable(
            "Findings of ours",
            "Not in the paper.",
            ("concerns", "what the files say"),
            finding_rows(check.findings),
        ),
    ]


def print_paper(check: PaperCheck) -> None:
    """The same for a terminal."""
    show_rows(cells_sentence(check), CELL_COLUMNS, cell_rows(check.cells))
    show_rows("Table 10 by two groupings:", FAMILY_COLUMNS, family_rows(check.families))
    table = Grid(claims_sentence(check.claims), lines=True)
    for column, least in zip(CLAIM_COLUMNS, (12, 20, 13, 20), strict=True):
        table.add_column(column, least=least)
    for row in claim_rows(check.claims):
        table.add_row(*row)
    show(table)
    for where, said in finding_rows(check.findings):
        print(f"Not in the paper ({where}): {said}.")


def show_rows(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    table = Grid(title)
    for i, column in enumerate(columns):
        longest = max((len(row[i]) for row in rows), default=0)
        table.add_column(column, "words" if longest > SHORT else "name")
    for row in rows:
        table.add_row(*row)
    show(table)
