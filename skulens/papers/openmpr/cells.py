"""The printed cells of OpenMPR's Tables 1-11 against its published files.

`cells.csv` holds the cells as printed: every number in a cell or beside a row's name, and
the checkpoints that Tables 3 and 7 call leaders; a "Max phi" of Table 10 is right where the
backbone beside it reaches it. `names.csv` says which rows of benchmark_summary.csv the
paper's short names mean. A cell agrees where the number of the files is within half a unit of its
last printed digit.

Maminta and Atienza, "What Matters for Grocery Product Retrieval with Open Source Vision Language
Models", ICPR 2026.
"""

import csv
import functools
import math
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
    reason: str = ""
    """Why it differs, where it does."""

    def as_dict(self) -> dict[str, object]:
        c = self.cell
        computed = self.computed if isinstance(self.computed, str) else round(self.computed, 6)
        return {
            "table": c.table,
            "row": c.row,
            "column": c.column,
            "printed": c.printed,
            "computed": computed,
            "reason": self.reason,
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
    "pixels": lambda base, a, b: (float(a) / float(b)) ** 2,
}
"""Numbers of one or two rows; `pixels` is what the caption of Table 2 calls quadratic growth."""


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
        return check_count(cell, rows)
    if cell.quantity == "max_phi":
        return check_max_phi(cell, rows)

    def base(quantity: str, name: str) -> float:
        row = named[read_names()[name]]
        return row["nparams"] / 1e6 if quantity == "params_m" else row[RECALLS[quantity]]

    computed = FORMULAS[cell.quantity](base, *cell.of)
    agrees = close(computed, cell)
    return Checked(cell, computed, agrees, "" if agrees else why(cell, computed, base))


def close(value: float, cell: Cell) -> bool:
    """Within half a unit of the last printed digit, both ends included."""
    return abs(value - cell.number) <= 0.5 * 10**-cell.places + 1e-9


def why(cell: Cell, computed: float, base: Base) -> str:
    """What would have made the printed number: printed cells of the same row, or digits cut off."""
    printed = {
        (quantity_of(c), c.of): c.number * (1000 if c.quantity == "params_b" else 1)
        for c in read_cells()
        if (c.table, c.row) == (cell.table, cell.row)
        and c.quantity in (*RECALLS, "params_m", "params_b")
    }
    again = FORMULAS[cell.quantity](
        lambda q, name: printed.get((q, (name,)), base(q, name)), *cell.of
    )
    kind = "difference" if cell.quantity in ("gain", "gap") else "ratio"
    if cell.quantity not in (*RECALLS, "params_m", "params_b", "pixels"):
        if close(again, cell):
            return f"{kind} of rounded cells"
        if close(cut(again, cell.places), cell):
            return f"{kind} of rounded cells, then truncated"
    return "truncated, not rounded" if close(cut(computed, cell.places), cell) else "unexplained"


def quantity_of(cell: Cell) -> str:
    return "params_m" if cell.quantity == "params_b" else cell.quantity


def cut(value: float, places: int) -> float:
    """The value with its further digits cut off."""
    return math.trunc(value * 10**places) / 10**places


def check_count(cell: Cell, rows: Sequence[Mapping]) -> Checked:
    """Rows of a family, by the file's own column."""
    [family] = cell.of
    computed = sum(r["architecture_family"] == family for r in rows)
    if computed == cell.number:
        return Checked(cell, computed, True)
    moved = [
        r
        for r in rows
        if family in (r["architecture_family"], paper_family(r))
        and r["architecture_family"] != paper_family(r)
    ]
    right = sum(paper_family(r) == family for r in rows) == cell.number
    reason = (
        f"{len(moved)} NLLB-SigLIP rows are filed under {moved[0]['architecture_family']}, "
        f"the paper counts them as {paper_family(moved[0])}"
    )
    return Checked(cell, computed, False, reason if right else "unexplained")


def check_max_phi(cell: Cell, rows: Sequence[Mapping]) -> Checked:
    """The largest phi of a family as the paper counts it, and the backbone beside it."""
    name, family = cell.of
    phis = {
        model_name(r): float(density.phi(r["micro_cmc@1"], r["nparams"]))
        for r in rows
        if paper_family(r) == family
    }
    best = max(phis, key=phis.__getitem__)
    agrees = close(phis[best], cell) and best == read_names()[name]
    return Checked(cell, phis[best], agrees, "" if agrees else f"{best} has {phis[best]:.2f}")


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
    names = [model_name(r) for r in ranked]
    claimed = names.index(read_names()[name])
    if not claimed:
        return Checked(cell, names[0], True)
    reason = (
        f"not the leader: {claimed} of {len(names)} are better, "
        f"{names[0]} has {ranked[0]['micro_cmc@1']:.3f}"
    )
    return Checked(cell, names[0], False, reason)


def paper_family(row: Mapping) -> str:
    """The family as Table 10 counts: every NLLB model is NLLB-CLIP, whatever its image tower."""
    return (
        "NLLB-CLIP" if row["vision_model"].startswith("nllb-clip") else row["architecture_family"]
    )
