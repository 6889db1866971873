"""A paper's printed cells and claims against its files, as tables for a page."""

from collections.abc import Sequence

from skulens.papers.openmpr.cells import Checked
from skulens.papers.openmpr.claims import Statement
from skulens.report.html import PageTable


def paper_tables(cells: Sequence[Checked], claims: Sequence[Statement]) -> list[PageTable]:
    """The printed cells that do not agree, and what the files say to the claims."""
    wrong = [c.as_dict() for c in cells if not c.agrees]
    rows = [
        tuple(str(c[name]) for name in ("table", "row", "column", "printed", "computed", "reason"))
        for c in wrong
    ]
    said = [
        (c.where, c.says, "supported" if c.supported else "not supported", c.found) for c in claims
    ]
    agree = (
        f"{len(cells) - len(wrong)} of {len(cells)} printed cells of tables 1-11 agree with the "
        "published files; these do not."
    )
    held = (
        f"{sum(c.supported for c in claims)} of {len(claims)} are supported by the published files."
    )
    return [
        PageTable(
            "The paper's tables",
            agree,
            ("table", "row", "column", "printed", "from the files", "likely reason"),
            rows,
        ),
        PageTable(
            "The paper's claims", held, ("where", "claim", "verdict", "what the files say"), said
        ),
    ]
