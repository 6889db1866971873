"""The printed cells of OpenMPR's Tables 1-11 against its published files.

`cells.csv` holds the cells that the files can answer, as printed: every number in a cell or beside
a row's name, and the checkpoints that Tables 3 and 7 call leaders. The compute cost of Table 2 is
not among them: the files hold no FLOPs. `names.csv` says which rows of benchmark_summary.csv the
paper's short names mean. A cell agrees where the number of the files is within half a unit of its
last printed digit; for one that does not, the last column says by hand what the likely reason is.

Table 10 can be read in two ways, by the file's column of families and by the grouping that the
paper counted by; `read_families` sets both beside each other. As a cell, a count is the file's own
column, and a "Max phi" the phi of the backbone printed beside it.

Maminta and Atienza, "What Matters for Grocery Product Retrieval with Open Source Vision Language
Models", ICPR 2026.
"""

import csv
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skulens.errors import DataError
from skulens.evaluate import density
from skulens.papers.openmpr.summary_csv import model_name

CELLS = Path(__file__).parent / "cells.csv"
NAMES = Path(__file__).parent / "names.csv"
RECALLS = {f"recall@{k}": f"micro_cmc@{k}" for k in (1, 3, 5)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell."""

    table: int
    row: str
    column: str
    printed: str
    quantity: str
    """What it says, a key of FORMULAS or one of count, max_phi, leader."""
    of: tuple[str, ...]
    """Short names of the paper, or what else the quantity is of."""
    files: str = ""
    """What the published files say, where that is something else."""
    likely_reason: str = ""
    """Why that is so: a judgement, not a computation."""

    @property
    def number(self) -> float:
        """The printed number: "+16.6%" -> 16.6, "1.8B" -> 1.8."""
        return float(re.sub(r"[^\d.-]", "", self.printed))

    @property
    def places(self) -> int:
        """Printed digits after the point."""
        return len(re.sub(r"[^\d.]", "", self.printed).partition(".")[2])


@dataclass(frozen=True, slots=True)
class Checked:
    """A cell with what the files say."""

    cell: Cell
    computed: float | str
    agrees: bool

    @property
    def likely_reason(self) -> str:
        """Why it differs; "unexplained" where the files are not those that were judged."""
        if self.agrees:
            return ""
        written = write_like(self.computed, self.cell.files)
        return self.cell.likely_reason if written == self.cell.files else "unexplained"

    def as_dict(self) -> dict[str, object]:
        c = self.cell
        computed = self.computed if isinstance(self.computed, str) else round(self.computed, 6)
        return {
            "table": c.table,
            "row": c.row,
            "column": c.column,
            "printed": c.printed,
            "computed": computed,
            "likely_reason": self.likely_reason,
        }


def write_like(value: float | str, example: str) -> str:
    """A value with as many decimals as an example has."""
    if isinstance(value, str):
        return value
    return f"{value:.{len(example.partition('.')[2])}f}"


@dataclass(frozen=True, slots=True)
class Family:
    """A count or a maximum of Table 10 by both groupings."""

    cell: Cell
    by_column: float
    """By the column architecture_family of the file."""
    by_paper: float
    """By the grouping that gives the paper's counts."""
    agrees_by_column: bool
    agrees_by_paper: bool

    def as_dict(self) -> dict[str, object]:
        return {
            "row": self.cell.row,
            "column": self.cell.column,
            "printed": self.cell.printed,
            "by_column": round(self.by_column, 6),
            "by_paper": round(self.by_paper, 6),
            "agrees_by_column": self.agrees_by_column,
            "agrees_by_paper": self.agrees_by_paper,
        }


Base = Callable[[str, str], float]
"""(quantity of one row, recall@K or millions of parameters, the row's short name) -> value."""

FORMULAS: dict[str, Callable[..., float]] = {
    "recall@1": lambda base, a: base("recall@1", a),
    "recall@3": lambda base, a: base("recall@3", a),
    "recall@5": lambda base, a: base("recall@5", a),
    "params_m": lambda base, a: base("params_m", a),
    "params_b": lambda base, a: base("params_m", a) / 1e3,
    "gap": lambda base, a: base("recall@5", a) - base("recall@1", a),
    "gain": lambda base, a, b: (base("recall@1", a) - base("recall@1", b)) * 100,
    "change": lambda base, a, b: (base("recall@1", a) / base("recall@1", b) - 1) * 100,
    "phi": lambda base, a: float(density.phi(base("recall@1", a), base("params_m", a) * 1e6)),
    "m1": lambda base, a: float(density.m1(base("recall@1", a), base("params_m", a) * 1e6)),
    "m2": lambda base, a: float(density.m2(base("recall@1", a), base("params_m", a) * 1e6)),
}
"""Numbers of one or two rows."""


@functools.cache
def read_cells() -> tuple[Cell, ...]:
    """All printed cells, in the order of the paper."""
    with CELLS.open(encoding="utf-8", newline="") as f:
        return tuple(
            Cell(
                int(r["table"]),
                r["row"],
                r["column"],
                r["printed"],
                r["quantity"],
                tuple(r["of"].split(" | ")),
                r["files"],
                r["likely_reason"],
            )
            for r in csv.DictReader(f)
        )


@functools.cache
def read_names() -> dict[str, str]:
    """Short name of the paper -> "architecture/tag"."""
    with NAMES.open(encoding="utf-8", newline="") as f:
        return {r["name"]: model_name(r) for r in csv.DictReader(f)}


def check_cells(rows: Sequence[Mapping]) -> list[Checked]:
    """Every cell against the rows of benchmark_summary.csv, as `summary_csv.read_csv` gives them.

    Raises:
        DataError: a row that the paper names is missing; then these are other results.
    """
    named = {model_name(r): r for r in rows}
    missing = [f"{name} ({model})" for name, model in read_names().items() if model not in named]
    if missing:
        raise DataError(
            f"{len(missing)} of the {len(read_names())} checkpoints that the paper's tables name "
            f"are not among these {len(rows)} rows, such as {missing[0]}; "
            "expected OpenMPR's benchmark_summary.csv"
        )
    return [check_cell(cell, rows, named) for cell in read_cells()]


def check_cell(cell: Cell, rows: Sequence[Mapping], named: Mapping[str, Mapping]) -> Checked:
    if cell.quantity == "leader":
        return check_leader(cell, rows)
    if cell.quantity == "count":
        count = float(sum(file_family(r) == cell.of[0] for r in rows))
        return Checked(cell, count, count == cell.number)

    def base(quantity: str, name: str) -> float:
        row = named[read_names()[name]]
        return row["nparams"] / 1e6 if quantity == "params_m" else row[RECALLS[quantity]]

    quantity, of = ("phi", cell.of[:1]) if cell.quantity == "max_phi" else (cell.quantity, cell.of)
    computed = FORMULAS[quantity](base, *of)
    return Checked(cell, computed, close(computed, cell))


def close(value: float, cell: Cell) -> bool:
    """Within half a unit of the last printed digit, both ends included."""
    return abs(value - cell.number) <= 0.5 * 10**-cell.places + 1e-9


def read_families(rows: Sequence[Mapping]) -> list[Family]:
    """The 14 counts and 14 maxima of Table 10, by the file's column and by the paper's grouping."""
    return [
        Family(cell, column, paper, agrees_by_column, agrees_by_paper)
        for cell in read_cells()
        if cell.quantity in ("count", "max_phi")
        for (column, agrees_by_column), (paper, agrees_by_paper) in [
            (read_family(cell, rows, file_family), read_family(cell, rows, paper_family))
        ]
    ]


def read_family(
    cell: Cell, rows: Sequence[Mapping], family_of: Callable[[Mapping], str]
) -> tuple[float, bool]:
    """(value, agrees) of a count, or of a maximum that the backbone beside it must reach."""
    mine = [r for r in rows if family_of(r) == cell.of[-1]]
    if cell.quantity == "count":
        return float(len(mine)), len(mine) == cell.number
    if not mine:
        return 0.0, False
    phis = {model_name(r): float(density.phi(r["micro_cmc@1"], r["nparams"])) for r in mine}
    best = max(phis, key=phis.__getitem__)
    return phis[best], close(phis[best], cell) and best == read_names()[cell.of[0]]


def check_leader(cell: Cell, rows: Sequence[Mapping]) -> Checked:
    """The best Recall@1 of a group: "params LOW HIGH" in millions, or "tag" with parts of it."""
    name, group = cell.of
    kind, *words = group.split()
    if kind == "params":
        low, high = (float(w) * 1e6 for w in words)
        mine = [r for r in rows if low <= r["nparams"] < high]
    else:
        mine = [r for r in rows if any(w in r["pretrained_on"] for w in words)]
    ranked = sorted(mine, key=lambda r: -r["micro_cmc@1"])
    leader = model_name(ranked[0])
    return Checked(cell, leader, leader == read_names()[name])


def file_family(row: Mapping) -> str:
    """The family that the file's own column names."""
    return (row.get("architecture_family") or "").strip()


def paper_family(row: Mapping) -> str:
    """The family as Table 10 counts: every NLLB model is NLLB-CLIP, whatever its image tower."""
    return "NLLB-CLIP" if row["vision_model"].startswith("nllb-clip") else file_family(row)
