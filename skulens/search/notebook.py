"""Rows of hits as tables: plain in a terminal, with thumbnails in a notebook, and in Arrow.

A row maps columns to values: "rank", "score", "id", then fields of the product. What products hold
comes from others: it is escaped in HTML, and cut where it is long.
"""

import base64
import html
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skulens.index.stores.fields import PICTURES, as_kind, is_twin

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]

FIRST = ("rank", "score", "id", "title", "price")
"""Columns that stand before the others."""
NUMBERS = ("rank", "score", "price")
"""Columns that stand to the right."""
FIXED = ("id", *NUMBERS)
"""Columns that are as wide as their values; the others share what is left, the title taking most."""
SHARES = {"title": 3}
"""Of what is left; 1 of the others."""
ID_WIDTH = 20
"""Characters of an id on a line; a longer one takes several."""
COMMANDS = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
COLUMNS = 8
"""Columns of a table at most."""
CHARACTERS = 80
"""Of a value in a table at most."""
WIDTH = 100
"""Characters of a line of a plain table."""
THUMBNAIL_PX = 72
STYLE = (
    "<style scoped>table.skulens td,table.skulens th{text-align:left;vertical-align:middle;"
    "max-width:22em;overflow-wrap:anywhere}table.skulens td.n,table.skulens th.n"
    "{text-align:right;font-variant-numeric:tabular-nums}</style>"
)


def product_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a person wants of a product's fields: no hashes of pictures, no text twice."""
    return {n: v for n, v in fields.items() if n != PICTURES.field and not is_twin(n)}


def short_name(field: str) -> str:
    """ "attributes.color" -> "color"."""
    return field.removeprefix("attributes.").removeprefix("extras.")


def format_value(value: object, most: int = CHARACTERS) -> str:
    """A value of a field as one line of at most `most` characters; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        listed = [format_value(v, most) for v in value[:most]]
        return cut(", ".join(listed), most)
    return cut(
        str(as_kind(value, "text")) if isinstance(value, str | int | float) else str(value), most
    )


def cut(text: str, most: int = CHARACTERS) -> str:
    """The first `most` characters on one line, without those that command a terminal or turn the
    direction of writing."""
    begin = text[: 4 * most]
    line = " ".join(COMMANDS.sub("", begin).split())
    if len(line) <= most and len(begin) == len(text):
        return line
    return f"{line[: most - 1].rstrip()}…"


def choose_columns(rows: Sequence[Row], most: int = COLUMNS) -> list[str]:
    """FIRST, then those that most rows have a value in; at most `most`."""
    held = Counter(
        name for row in rows for name, value in row.items() if value not in (None, "", ())
    )
    first = [name for name in FIRST if held[name]]
    others = sorted((n for n in held if n not in FIRST), key=lambda n: (-held[n], n))
    return [*first, *others][:most]


def format_cells(row: Row, columns: Sequence[str]) -> Iterator[str]:
    for name in columns:
        value = row.get(name)
        yield f"{value:.4f}" if name == "score" and value is not None else format_value(value)


def plain_table(rows: Sequence[Row], width: int = WIDTH) -> str:
    """A table of text; no line is wider than `width` columns of a terminal."""
    if not rows:
        return "no hits"
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = choose_columns(rows)
    lines = [list(format_cells(row, columns)) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    for place, name in enumerate(columns):
        number = name in NUMBERS
        table.add_column(
            Text(short_name(name)),
            justify="right" if number else "left",
            overflow="fold" if name == "id" else "ellipsis",
            no_wrap=name != "id",
            min_width=max(len(name), *(len(line[place]) for line in lines)) if number else None,
            max_width=ID_WIDTH if name == "id" else None,
            ratio=SHARES.get(name, 1) if name not in FIXED else None,
        )
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def html_table(rows: Sequence[Row], thumbnails: Sequence[bytes], notes: Sequence[str] = ()) -> str:
    """A table of HTML for a notebook, self-contained.

    Args:
        thumbnails: JPEG bytes of each row; empty: it has none.
        notes: sentences below the table.
    """
    below = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    if not rows:
        return f"<p>no hits</p>{below}"
    columns = choose_columns(rows)
    classes = {name: ' class="n"' if name in NUMBERS else "" for name in columns}
    head = "".join(f"<th{classes[name]}>{html.escape(short_name(name))}</th>" for name in columns)
    body = "".join(
        f"<tr><td>{picture_tag(thumbnail, row)}</td>"
        + "".join(
            f"<td{classes[name]}>{html.escape(cell)}</td>"
            for name, cell in zip(columns, format_cells(row, columns), strict=True)
        )
        + "</tr>"
        for row, thumbnail in zip(rows, thumbnails, strict=True)
    )
    return (
        f'{STYLE}<table class="skulens"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{below}"
    )


def picture_tag(thumbnail: bytes, row: Row) -> str:
    if not thumbnail:
        return ""
    alt = html.escape(cut(str(row.get("title") or row["id"])))
    data = base64.b64encode(thumbnail).decode()
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{alt}" '
        f'style="max-width:{THUMBNAIL_PX}px;max-height:{THUMBNAIL_PX}px">'
    )


def arrow_table(rows: Sequence[Row]) -> "pa.Table":
    """A column per key of any row, in the order of first sight; null where a row lacks it."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [as_list(row.get(name)) for row in rows] for name in names})


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
