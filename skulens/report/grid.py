"""A table that fits any width: names stay whole, numbers are never cut.

Where it is too wide, names are wrapped at their seams and intervals below their numbers; then the
least important columns are left out, and a line says which; and where even that does not help,
every row becomes a block of lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rich.cells import cell_len

from skulens.report.wrapping import (
    least_of_name,
    least_of_number,
    least_of_words,
    wrap_name,
    wrap_number,
    wrap_words,
)

Kind = Literal["name", "number", "words"]
WRAP = {"name": wrap_name, "number": wrap_number, "words": wrap_words}
GLUE = "\N{NO-BREAK SPACE}"
NARROWEST = 20
"""Characters of a column of sentences, where they are longer."""
BETWEEN = 3
"""Characters between two columns, and one more at the end: the lines of the table."""


class Styled(NamedTuple):
    """Text in a style of rich."""

    text: str
    style: str = ""


Cell = str | Styled | Sequence[Styled]
"""Several `Styled` stand below each other."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        kind: how its cells may be wrapped; numbers stand on the right.
        drop: the highest is left out first where the table is too wide; 0: never.
        named: whether its heading is a name, such as an encoder.
        whole: whether its names are never wrapped, because they are to be copied.
        least: characters that a column of words needs; by default NARROWEST.
    """

    heading: str
    kind: Kind = "words"
    drop: int = 0
    named: bool = False
    whole: bool = False
    least: int = NARROWEST


@dataclass
class Grid:
    """Title, columns, rows and a caption; `report.console.show` prints it."""

    title: str = ""
    caption: str = ""
    columns: list[Column] = field(default_factory=list)
    rows: list[list[tuple[Styled, ...]]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    """Of each row."""
    lines: bool = False
    """A line between rows."""

    def add_column(
        self, heading: str, kind: Kind = "words", drop: int = 0, named: bool = False,
        least: int = NARROWEST, whole: bool = False,
    ) -> None:  # fmt: skip
        self.columns.append(Column(heading, kind, drop, named, whole, least))

    def add_row(self, *cells: Cell, style: str = "") -> None:
        assert len(cells) == len(self.columns), (len(cells), self.columns)
        self.rows.append([parts_of(cell) for cell in cells])
        self.styles.append(style)


def parts_of(cell: Cell) -> tuple[Styled, ...]:
    if isinstance(cell, str):
        return (Styled(cell),)
    return (cell,) if isinstance(cell, Styled) else tuple(cell)


class Layout(NamedTuple):
    """Which columns are shown, and how wide each is; no widths: rows become blocks."""

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    dropped: tuple[int, ...] = ()


def lay_out(grid: Grid, width: int) -> Layout:
    """Make a grid fit into `width` columns of characters."""
    every = range(len(grid.columns))
    best = [best_of(grid, i) for i in every]
    least = [min(least_of(grid, i), best[i]) for i in every]
    shown, dropped = list(every), list[int]()
    while needed(shown, least) > width:
        going = max(shown, key=lambda i: (grid.columns[i].drop, i), default=None)
        if going is None or not grid.columns[going].drop:
            return Layout(tuple(every), ())
        shown.remove(going)
        dropped.append(going)
    widths = widen(grid, shown, least, best, width - needed(shown, least))
    return Layout(tuple(shown), tuple(widths), tuple(sorted(dropped)))


def needed(shown: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[i] + BETWEEN for i in shown) + 1


def widen(
    grid: Grid, shown: Sequence[int], least: Sequence[int], best: Sequence[int], spare: int
) -> list[int]:
    """Spare characters go to names, then to numbers (enough for one line, or none at all), and
    what is left to words, to each alike."""
    found = {i: least[i] for i in shown}
    kinds: dict[str, list[int]] = {"name": [], "number": [], "words": []}
    for i in shown:
        kinds[grid.columns[i].kind].append(i)
    for i in (*kinds["name"], *kinds["number"]):
        more = best[i] - found[i]
        if grid.columns[i].kind == "name":
            more = min(more, spare)
        if more <= spare:
            found[i] += more
            spare -= more
    while spare > 0 and (hungry := [i for i in kinds["words"] if found[i] < best[i]]):
        for i in hungry[:spare]:
            more = min(max(spare // len(hungry), 1), best[i] - found[i])
            found[i] += more
            spare -= more
    return [found[i] for i in shown]


def best_of(grid: Grid, i: int) -> int:
    """The width at which nothing of a column is wrapped."""
    texts = [p.text for row in grid.rows for p in row[i]] + [grid.columns[i].heading]
    return max(cell_len(line) for text in texts for line in text.split("\n"))


def least_of(grid: Grid, i: int) -> int:
    """The width below which a column cannot be read."""
    column = grid.columns[i]
    head = least_of_name(column.heading) if column.named else least_of_words(glue(column.heading))
    texts = {p.text for row in grid.rows for p in row[i]}
    if column.whole:
        return best_of(grid, i)
    if column.kind == "words":
        return max(head, min(column.least, best_of(grid, i)))
    measure = least_of_name if column.kind == "name" else least_of_number
    return max([head, *map(measure, texts)])


def wrap_heading(column: Column, width: int) -> list[str]:
    if column.named:
        return wrap_name(column.heading, width)
    return [line.replace(GLUE, " ") for line in wrap_words(glue(column.heading), width)]


def glue(heading: str) -> str:
    """A heading in which a unit stays on the line of what it is the unit of: "95 %", "p50 ms"."""
    return re.sub(r" (?=(%|ms|MB)(?:\W|$))", GLUE, heading)


def wrap_cell(column: Column, cell: tuple[Styled, ...], width: int) -> list[Styled]:
    """The lines of a cell."""
    wrap = WRAP[column.kind]
    return [Styled(line, part.style) for part in cell for line in wrap(part.text, width)]


def blocks(grid: Grid, width: int) -> list[list[Styled]]:
    """Every row as lines: its first name, then heading and value of all others, one below the
    other."""
    key = next((i for i, c in enumerate(grid.columns) if c.kind == "name"), 0)
    others = [i for i in range(len(grid.columns)) if i != key]
    wide = max((cell_len(grid.columns[i].heading) for i in others), default=0)
    beside = wide + 4 <= width // 2
    found = []
    for row in grid.rows:
        lines = [
            Styled(part.text, part.style or "bold")
            for part in wrap_cell(grid.columns[key], row[key], width)
        ]
        for i in others:
            lines += _entry(grid.columns[i], row[i], wide if beside else 0, width)
        found.append(lines)
    return found


def _entry(column: Column, cell: tuple[Styled, ...], wide: int, width: int) -> list[Styled]:
    """Heading and value of a block: side by side, or the value below its heading."""
    indent = 4 + wide if wide else 4
    parts = wrap_cell(column, cell, max(width - indent, 8))
    if not wide:
        head = [Styled(f"  {line}", "dim") for line in wrap_heading(column, width - 2)]
        return head + [Styled(f"{'':{indent}}{p.text}", p.style) for p in parts]
    pad = " " * (wide - cell_len(column.heading))
    first = Styled(f"  {column.heading}{pad}  {parts[0].text}", parts[0].style)
    return [first, *(Styled(f"{'':{indent}}{p.text}", p.style) for p in parts[1:])]
