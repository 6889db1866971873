"""The page of a site: the page that the server has, told to search on its own."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from skulens.serve.front.files import BACK_END, FOLDER
from skulens.serve.publish.squeeze import squeeze_script, squeeze_style

WORKER = "sw.js"
INDEX = "index.html"
SERVER_ONLY = (BACK_END,)
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:"
)
"""What the page may load: its own folder's host, nothing else."""
PRELOADED = ("local.js", "columns.js", "files.js", "filter.js", "intent.js")
"""Modules of the export that the page begins with, to be fetched while it is read."""


def page_files() -> dict[str, bytes]:
    """Path in the site -> content, but for the service worker, which names the others' hashes."""
    found = {
        f"page/{path.name}": squeeze(path)
        for path in sorted(FOLDER.iterdir())
        if path.is_file() and path.name not in (INDEX, WORKER, *SERVER_ONLY)
    }
    return {INDEX: make_index((FOLDER / INDEX).read_text("utf-8")).encode(), **found}


def squeeze(path: Path) -> bytes:
    """A file of the page without comments and indentation, where it is a script or a style sheet."""
    if path.suffix == ".js":
        return squeeze_script(path.read_text("utf-8")).encode()
    return (
        squeeze_style(path.read_text("utf-8")).encode()
        if path.suffix == ".css"
        else path.read_bytes()
    )


def make_index(html: str) -> str:
    """The server's page with its back end and its policy."""
    html = re.sub(r"<html\b", '<html data-backend="local"', html, count=1, flags=re.I)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    hints = "".join(f'\n<link rel="modulepreload" href="page/{name}">' for name in PRELOADED)
    charset = re.search(r"<meta\s+charset[^>]*>", html, re.I) or re.search(r"<head[^>]*>", html)
    at = charset.end() if charset else html.index(">", html.index("<html")) + 1
    return f"{html[:at]}\n{policy}{hints}{html[at:]}"


def make_worker(hashes: Mapping[str, str], later: Collection[str], seen: str) -> bytes:
    """The service worker of a site.

    Args:
        hashes: path -> sha256 of each file.
        later: those of them that are kept when they are first asked for.
        seen: a hash of all else, which is kept when it is seen.
    """
    files = [[path, sha[:16], path not in later] for path, sha in sorted(hashes.items())]
    head = f"const SEEN = {json.dumps(seen[:16])};\nconst FILES = {json.dumps(files)};\n"
    return head.encode() + squeeze(FOLDER / WORKER)
