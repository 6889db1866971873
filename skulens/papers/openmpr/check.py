"""The OpenMPR paper against its published files: printed cells, families, claims, findings."""

from dataclasses import asdict, dataclass
from pathlib import Path

from skulens.analysis.boards import published_board
from skulens.papers.openmpr.cells import Checked, Family, check_cells, read_families
from skulens.papers.openmpr.claims import (
    Files,
    Statement,
    check_claims,
    list_findings,
    read_skipped,
)
from skulens.papers.openmpr.published import SKIPPED, SUMMARY, openmpr_folder
from skulens.papers.openmpr.summary_csv import read_csv


@dataclass(frozen=True)
class PaperCheck:
    """What the published files say to the paper."""

    cells: list[Checked]
    families: list[Family]
    claims: list[Statement]
    findings: list[Statement]

    @property
    def agree(self) -> int:
        """Printed cells that agree."""
        return sum(c.agrees for c in self.cells)

    def as_dict(self) -> dict[str, object]:
        return {
            "cells_checked": len(self.cells),
            "cells_agree": self.agree,
            "disagree": [c.as_dict() for c in self.cells if not c.agrees],
            "table_10": [f.as_dict() for f in self.families],
            "claims": [asdict(c) for c in self.claims],
            "findings": [asdict(f) for f in self.findings],
        }


def check_paper(folder: Path | None = None) -> PaperCheck:
    """Check the paper against the files in a folder; None finds or fetches them.

    Raises:
        DataError: these are not the paper's results.
    """
    folder = folder or openmpr_folder()
    rows, _ = read_csv(folder / SUMMARY)
    cells = check_cells(rows)
    files = Files(rows, published_board("openmpr", folder), read_skipped(folder / SKIPPED))
    return PaperCheck(cells, read_families(rows), check_claims(files), list_findings(files))
