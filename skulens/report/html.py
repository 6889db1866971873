"""The one writer of pages: a template beside this file -> one self-contained HTML file.

What a page shows comes from files that others may have written: text is escaped, a policy in the
page lets the browser run our script alone and load nothing, and only pictures in the page itself
are shown. Folders of the machine on which it was made are left out.
"""

import base64
import hashlib
import re
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
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=hide_folders,
    )
    environment.globals.update(functions)
    style = Markup(read_part("page.css"))
    page = environment.get_template(template).render(
        values, style=style, version=__version__, policy=policy(values.get("script"))
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.tmp")
    aside.write_text(page, encoding="utf-8")
    aside.replace(out)
    return out


def policy(script: object) -> str:
    """The page's Content-Security-Policy: nothing from anywhere, our own script by its hash.

    Bars are drawn by style attributes, which no hash can name.
    """
    ours = "'none'"
    if script:
        digest = base64.b64encode(hashlib.sha256(str(script).encode()).digest()).decode()
        ours = f"'sha256-{digest}'"
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {ours}; "
        "base-uri 'none'; form-action 'none'"
    )


FAMILY = r"(?:[\w-]+:)?"
WHOLE_PATH = re.compile(rf"({FAMILY})(?:[/~]|[A-Za-z]:[\\/])(?![/ ]).*[\\/]([^\\/]+)", re.S)
"""A value that is a path and nothing else, such as a system's name."""
FOLDERS = re.compile(r"(?<![\w:/.,;~\\-])(?:~|[A-Za-z]:)?[\\/](?:[^\s\\/:\"'<>|]+[\\/])+")
"""The folders of an absolute path in a sentence."""


def hide_folders(value: object) -> object:
    """A value as a page shows it: of absolute paths only the last part."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.startswith("data:"):
        return value
    if "\n" not in value and (whole := WHOLE_PATH.fullmatch(value)):
        return whole[1] + whole[2]
    return FOLDERS.sub("", value)


def read_part(name: str) -> str:
    """A style sheet or script that is put into pages."""
    return (HERE / name).read_text(encoding="utf-8")
