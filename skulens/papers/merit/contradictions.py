"""Where the MERIT paper disagrees with itself, its data or its released code and checkpoint.

`contradictions.csv` gives for each the two places with what stands there, and what follows for
whoever compares with the paper; written by hand. Those that are arithmetic are checked by tests.
"""

import csv
from dataclasses import dataclass

from skulens.papers.merit.tables import HERE


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements that cannot both describe one experiment."""

    id: str
    where: str
    printed: str
    elsewhere: str
    against: str
    follows: str


def list_contradictions() -> list[Contradiction]:
    """All of them, in the order of the table."""
    with (HERE / "contradictions.csv").open(encoding="utf-8", newline="") as f:
        return [Contradiction(**row) for row in csv.DictReader(f)]
