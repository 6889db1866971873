"""The one console on which tables are printed: how wide it is, and whether it has colours."""

import os
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from skulens.report.grid import Grid, Layout, Styled, blocks, lay_out, wrap_cell, wrap_heading
from skulens.report.wrapping import wrap_words

WIDTH = 120
"""Characters where the output is not a terminal and COLUMNS is not set."""
LEAST = 20
"""Characters of the narrowest line; a terminal that says less is not believed."""


def find_width() -> int:
    """Characters of a line: COLUMNS where it is set, else the terminal's width, else WIDTH."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return max(int(said), LEAST)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, LEAST)
    except (OSError, ValueError, AttributeError):
        return WIDTH


def console() -> Console:
    """As wide as `find_width` says; no escape codes in a file, a pipe or where NO_COLOR is set."""
    width = find_width()
    if os.environ.get("NO_COLOR"):
        return Console(width=width, color_system=None, highlight=False)
    return Console(width=width)


def show(grid: Grid) -> None:
    """Print a table, with what had to be left out below it."""
    out = console()
    layout = lay_out(grid, out.width)
    _print_lines(out, grid.title, "italic")
    if layout.widths:
        out.print(as_table(grid, layout), no_wrap=True, crop=False)
    else:
        _print_blocks(out, grid)
    _print_lines(out, grid.caption, "dim italic")
    if layout.dropped:
        names = ", ".join(grid.columns[i].heading.replace("\n", " ") for i in layout.dropped)
        _print_lines(
            out, f"left out at {out.width} columns, in --json and in a wider window: {names}", "dim"
        )


def as_table(grid: Grid, layout: Layout) -> Table:
    """The columns of a layout, every cell wrapped to its width."""
    table = Table(show_lines=grid.lines)
    columns = [grid.columns[i] for i in layout.shown]
    for column, width in zip(columns, layout.widths, strict=True):
        table.add_column(
            Text("\n".join(wrap_heading(column, width)), no_wrap=True),
            justify="right" if column.kind == "number" else "left",
            width=width,
            no_wrap=True,
        )
    for row, style in zip(grid.rows, grid.styles, strict=True):
        cells = (
            _text(wrap_cell(column, row[i], width))
            for column, i, width in zip(columns, layout.shown, layout.widths, strict=True)
        )
        table.add_row(*cells, style=style or None)
    return table


def _text(lines: list[Styled]) -> Text:
    return Text("\n", no_wrap=True).join([Text(line.text, line.style) for line in lines])


def _print_blocks(out: Console, grid: Grid) -> None:
    for lines, style in zip(blocks(grid, out.width), grid.styles, strict=True):
        for line in lines:
            out.print(Text(line.text, f"{style} {line.style}".strip()), crop=False)


def _print_lines(out: Console, text: str, style: str) -> None:
    """A title or a caption, broken at words."""
    for line in wrap_words(text, out.width) if text else ():
        out.print(Text(line, style), crop=False)
