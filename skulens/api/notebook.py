"""Answers as tables: of text, of HTML for a notebook, of pandas.

The HTML is self-contained: no script, nothing fetched, what comes from data escaped, pictures as
small JPEGs inside it up to a budget.
"""

import base64
import html
import io
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skulens.errors import MissingDependency, PictureError
from skulens.records import Image
from skulens.search.notebook import cut

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
"""Characters of a line where there is no terminal."""
CHARACTERS = 200
"""Of a cell at most."""
THUMBNAIL_PX = 96
BUDGET = 600_000
"""Bytes of the pictures in one table, before base64 adds a third."""
STYLE = (
    "<style scoped>.skulens-t{border-collapse:collapse}.skulens-t td,.skulens-t th{"
    "text-align:left;vertical-align:top;padding:.3em .6em;min-width:4.5em;"
    "overflow-wrap:anywhere}"
    ".skulens-t .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".skulens-t tr+tr>td{border-top:1px solid rgba(128,128,128,.35)}"
    ".skulens-b{overflow-x:auto;max-width:100%}"
    ".skulens-f{display:inline-block;vertical-align:top;"
    "width:clamp(4.8em,18vw,6.8em);margin:0 .4em .4em 0;"
    "font-size:.9em;line-height:1.25;overflow-wrap:anywhere}"
    ".skulens-f img{display:block;max-width:100%;max-height:96px;margin-bottom:.2em}"
    ".skulens-f b{font-variant-numeric:tabular-nums}</style>"
)


def plain_table(rows: Sequence[Mapping[str, object]], numbers: Sequence[str] = ()) -> str:
    """A table of text, as wide as the terminal.

    Args:
        rows: all of the same columns.
        numbers: columns that stand to the right.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return "nothing"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in rows[0]:
        table.add_column(
            Text(name), justify="right" if name in numbers else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cut(str(value), CHARACTERS)) for value in row.values()))
    out = io.StringIO()
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    Console(file=out, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def html_rows(
    rows: Sequence[Mapping[str, object]],
    head: str = "",
    notes: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> str:
    """A table of HTML with a line above and lines below."""
    kinds = {name: ' class="n"' if name in numbers else "" for row in rows[:1] for name in row}
    titles = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in kinds.items())
    body = "".join(
        "<tr>"
        + "".join(f"<td{kinds[name]}>{escape(value)}</td>" for name, value in row.items())
        + "</tr>"
        for row in rows
    )
    table = (
        f'<table class="skulens-t"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
    )
    return html_frame(table, head, notes)


def html_frame(body: str, head: str = "", notes: Sequence[str] = ()) -> str:
    """HTML that scrolls by itself where it is wider than the page."""
    above = f"<p>{escape(head)}</p>" if head else ""
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f'{STYLE}{above}<div class="skulens-b">{body}</div>{below}'


def escape(value: object) -> str:
    """A value as text of HTML, without what turns the direction of writing."""
    return html.escape(cut(str(value), CHARACTERS))


class Thumbnails:
    """Small pictures for one table; past the budget there are none, and `left` counts them."""

    def __init__(self, budget: int = BUDGET):
        self.budget, self.left = budget, 0
        self._tags: dict[object, str] = {}

    def tag(self, picture: Image | None, alt: str) -> str:
        """An <img> with the picture inside it; empty where there is none that can be shown."""
        if picture is None:
            return ""
        key = picture.path or id(picture)
        if key not in self._tags:
            self._tags[key] = self._encode(picture)
        data = self._tags[key]
        if len(data) * 3 // 4 > self.budget:
            self.left += 1
            return ""
        self.budget -= len(data) * 3 // 4
        return f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}">' if data else ""

    def _encode(self, picture: Image) -> str:
        from skulens.pictures import load
        from skulens.thumbnails import make_thumbnail

        if self.budget <= 0:
            return ""
        try:
            return base64.b64encode(make_thumbnail(load(picture), THUMBNAIL_PX)).decode()
        except (PictureError, OSError):
            return ""  # it is among the rejects


def figure(tag: str, bold: str, text: str) -> str:
    """A picture with a number and words below it."""
    strong = f"<b>{escape(bold)}</b> " if bold else ""
    return f'<div class="skulens-f">{tag}{strong}{escape(text)}</div>'


def frame(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows as a data frame. Raises MissingDependency without pandas."""
    try:
        import pandas as pd
    except ModuleNotFoundError as e:
        raise MissingDependency(
            "to_pandas needs pandas: pip install pandas; .rows() does without"
        ) from e
    return pd.DataFrame(list(rows))
