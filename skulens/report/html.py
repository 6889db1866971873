"""The one writer of pages: a template beside this file -> one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from skulens import __version__

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PageTable:
    """A table of words."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def write_html(
    template: str, out: Path, values: Mapping[str, object], functions: Mapping[str, object]
) -> Path:
    """Render a template with the page's style, aside, then rename it to `out`.

    Args:
        values: what the template shows.
        functions: what it and its macros may call.
    Returns:
        `out`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(functions)
    style = Markup(read_part("page.css"))
    page = environment.get_template(template).render(values, style=style, version=__version__)
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.tmp")
    aside.write_text(page, encoding="utf-8")
    aside.replace(out)
    return out


def read_part(name: str) -> str:
    """A style sheet or script that is put into pages."""
    return (HERE / name).read_text(encoding="utf-8")
