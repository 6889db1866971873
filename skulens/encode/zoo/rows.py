"""The published pairs of open_clip as rows of data, read without torch.

`zoo.csv` is made by `python tools/make_zoo.py` from the installed open_clip.
"""

import csv
import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from skulens.encode.zoo.warnings import split_code, warn
from skulens.records import Warning_

ZOO = Path(__file__).parent / "zoo.csv"


@dataclass(frozen=True, slots=True)
class ZooRow:
    """One (architecture, tag) pair of open_clip."""

    arch: str
    tag: str
    family: str
    """One of the 14 of OpenMPR's Table 10."""
    hub: str
    """Repository "owner/name" that open_clip loads from."""
    hub_file: str
    """The file it names there; empty for its default name."""
    url: str
    """Where the weights were first published, often as pickle; never loaded by skulens."""
    revision: str
    """Pinned commit; open_clip carries none, so empty until somebody pins it."""
    licence: str
    commercial: str
    """Whether commercial use is allowed: yes, no or unknown."""
    image_px: int | None
    context_length: int | None
    """Tokens, special ones included."""
    resize_mode: str
    interpolation: str
    dim: int | None
    params: int | None
    """Of everything, as OpenMPR's phi counts."""
    params_image: int | None
    params_text: int | None
    """Also holds what belongs to neither tower: scale, bias, caption decoder."""
    gflops_image: float | None
    """Multiply-adds x 2 of one picture, in 10^9."""
    gflops_text: float | None
    """Of one text that fills the context."""
    quick_gelu_tag: bool
    """The weights were trained with QuickGELU."""
    quick_gelu_arch: bool
    """open_clip's architecture of that name builds QuickGELU."""
    lint: tuple[str, ...]
    """Codes of skulens.encode.zoo.warnings, "code" or "code=argument"."""

    @property
    def name(self) -> str:
        return f"{self.arch}/{self.tag}"

    @property
    def warnings(self) -> tuple[Warning_, ...]:
        facts: dict[str, Any] = asdict(self) | {
            "tag_activation": activation(self.quick_gelu_tag),
            "arch_activation": activation(self.quick_gelu_arch),
        }
        return tuple(warn(*split_code(text), **facts) for text in self.lint)

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The pretraining data that the tag names; empty where it names none."""
        tag = self.tag.removeprefix("frozen_").removeprefix("mscoco_finetuned_")
        named = next((data for start, data in TAG_DATA if tag.startswith(start)), None)
        also = ("mscoco",) if self.tag.startswith("mscoco_finetuned_") else ()
        return (*([named] if named else []), *also)


TAG_DATA = (
    ("laion400m", "laion400m"),
    ("laion2b", "laion2b"),
    ("laion5b", "laion5b"),
    ("laion_aesthetic", "laion-aesthetic"),
    ("laiona", "laion-aesthetic"),
    ("datacomp", "datacomp"),
    ("commonpool", "commonpool"),
    ("metaclip", "metaclip"),
    ("dfn", "dfn"),
    ("yfcc15m", "yfcc15m"),
    ("cc12m", "cc12m"),
    ("webli", "webli"),
    ("merged2b", "merged2b"),
)
"""How a tag begins -> the data it names."""


def activation(quick_gelu: bool) -> str:
    return "QuickGELU" if quick_gelu else "GELU"


def distinct_weights(rows: Iterable[ZooRow]) -> int:
    """How many different sets of weights stand behind rows, as far as their codes tell."""
    twins = {"duplicate-weights", "same-results"}
    return sum(twins.isdisjoint(split_code(text)[0] for text in row.lint) for row in rows)


@functools.cache
def list_rows() -> tuple[ZooRow, ...]:
    """Every pair, in open_clip's order."""
    with ZOO.open(encoding="utf-8", newline="") as f:
        return tuple(read_row(cells) for cells in csv.DictReader(f))


@functools.cache
def _by_name() -> dict[str, ZooRow]:
    return {row.name: row for row in list_rows()}


def find_row(arch: str, tag: str) -> ZooRow | None:
    """The row of a pair; None for one that a newer open_clip brought."""
    return _by_name().get(f"{arch}/{tag}")


def read_row(cells: dict[str, str]) -> ZooRow:
    """A row from CSV cells; empty cells are None where a number is expected."""
    return ZooRow(
        **{name: read_cell(kind, cells[name]) for name, kind in get_type_hints(ZooRow).items()}
    )


def read_cell(kind: type, cell: str):
    if kind is str:
        return cell
    if kind is bool:
        return cell == "yes"
    if kind == tuple[str, ...]:
        return tuple(cell.split())
    if not cell:
        return None
    return int(cell) if kind == int | None else float(cell)


def write_rows(rows: Iterable[ZooRow], path: Path = ZOO) -> None:
    """The inverse of list_rows."""
    with path.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(field.name for field in fields(ZooRow))
        writer.writerows([write_cell(value) for value in asdict(row).values()] for row in rows)


def write_cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)
