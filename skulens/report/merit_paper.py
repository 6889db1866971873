"""What to know beside the MERIT paper's numbers, for a terminal and for a page."""

from collections.abc import Sequence

from skulens.papers.merit.contradictions import Contradiction
from skulens.papers.merit.tables import ALIASES
from skulens.report.html import PageTable
from skulens.report.paper import show_rows

COLUMNS = ("where", "printed", "elsewhere", "there", "what follows")


def contradiction_rows(found: Sequence[Contradiction]) -> list[tuple[str, ...]]:
    return [(c.where, c.printed, c.elsewhere, c.against, c.follows) for c in found]


def contradictions_sentence(found: Sequence[Contradiction]) -> str:
    return f"{len(found)} contradictions of the MERIT paper with itself, its data or its release"


def merit_tables(found: Sequence[Contradiction]) -> list[PageTable]:
    """For a page."""
    title = contradictions_sentence(found)
    return [PageTable(title, ALIASES, COLUMNS, contradiction_rows(found))]


def print_merit(found: Sequence[Contradiction]) -> None:
    """The same for a terminal."""
    show_rows(contradictions_sentence(found), COLUMNS, contradiction_rows(found))
    print(ALIASES)
