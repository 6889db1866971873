"""Tables 1-4 and 6-12 of the MERIT paper, as printed.

Chow et al., "MERIT: Multilingual Semantic Retrieval with Interleaved Multi-Condition Query",
arXiv 2506.03144. `table_NN.csv` holds one table, a row per printed row, numbers as strings with the
digits that the paper prints (percent where it prints percent), without thousands separators,
citation marks and the underlines of second bests; group names are repeated in each row. Table 5 is
an index of figures. Every cell was read twice against the text; none was damaged.

"R@k" of the paper is a hit rate (`hit_rate@k`) and "MRR" is `mrr@10`: `calculate_mrr` of the
authors' code takes the rank of the first positive, and -1 beyond 10.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skulens.errors import DataError

HERE = Path(__file__).parent
TABLES = (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12)
CAPTIONS = {
    1: "Summary of multi-modal query retrieval datasets",
    2: "Comparative study of retrieval performance on MERIT",
    3: "Ablation results of existing methods and CORAL on MERIT using Qwen2.5-VL",
    4: "Product categories and countings in MERIT",
    6: "Comparison with other method across 8 retrieval tasks",
    7: "Out-of-distribution test results for Qwen2.5-VL trained on in-domain data",
    8: "Out-of-distribution test results for zero-shot Qwen2.5-VL",
    9: "Out-of-distribution test results for Qwen2.5-VL trained on the whole train set of queries",
    10: "Comparison with other method across 8 retrieval tasks",
    11: "Human preference study on MERIT",
    12: "Model performance comparison",
}
"""As printed. That of Table 6 is wrong: it holds languages, not tasks (see contradictions.csv)."""
METRICS = {"R@1": "hit_rate@1", "R@5": "hit_rate@5", "R@10": "hit_rate@10", "MRR": "mrr@10"}
"""The paper's metric -> ours."""
ALIASES = (
    "MERIT's R@k is hit_rate@k (any positive among the first k) and its MRR is mrr@10. Intervals are "
    "those that a share of so many independent queries implies; MRR implies none. Which query was "
    "found is not printed, so no two of these systems can be tested against each other."
)
"""For whoever reads the board."""
QUERIES = 10_000
"""Test queries (section 3.1)."""


@dataclass(frozen=True, slots=True)
class Table:
    """One printed table."""

    number: int
    caption: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    """Column -> what is printed; "" where the cell is empty."""

    def pick(self, **wanted: str) -> Mapping[str, str]:
        """The one row with these cells. Raises DataError for none or several."""
        found = [r for r in self.rows if all(r[k] == v for k, v in wanted.items())]
        if len(found) != 1:
            raise DataError(f"{len(found)} rows of Table {self.number} have {wanted}, expected one")
        return found[0]


def read_table(number: int) -> Table:
    """A table of the paper. Raises DataError for one that is not held."""
    if number not in TABLES:
        raise DataError(f"Table {number} of MERIT is not held; expected one of {TABLES}")
    with (HERE / f"table_{number:02}.csv").open(encoding="utf-8", newline="") as f:
        reader = csv.DictReader(f)
        rows = tuple(reader)
    return Table(number, CAPTIONS[number], tuple(reader.fieldnames or ()), rows)


def number_of(printed: str) -> float:
    """A printed number. Raises ValueError for a cell that is none."""
    return float(printed)


def hits_of(printed: str, queries: int) -> int | None:
    """How many of so many queries a printed percentage means; None: no whole number prints so."""
    hits = round(number_of(printed) * queries / 100)
    places = len(printed.partition(".")[2])
    off = abs(100 * hits / queries - number_of(printed))
    return hits if off <= 0.5 * 10**-places + 1e-9 else None
