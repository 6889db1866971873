"""The files of the page as they are sent: compressed once, named by what they hold.

All files of a version stand under one address, page/VERSION/, so that a browser keeps them for good
and never mixes two versions: modules name each other by relative addresses.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from skulens.serve.front.bundle import bundle_modules

BACK_END = "http.js"
STYLES = re.compile(r'<link rel="stylesheet" href="page/([\w.]+)">')
FOLDER = Path(__file__).parents[1] / "page"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class PageFile:
    """One file."""

    name: str
    data: bytes

    @property
    def media_type(self) -> str:
        return TYPES[Path(self.name).suffix]

    @cached_property
    def packed(self) -> bytes:
        """gzip; the same bytes each time."""
        return gzip.compress(self.data, 9, mtime=0)

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.data).hexdigest()[:24]}"'


class PageFiles:
    """The files that a browser is sent; the HTML names few of them, since each one is a request.

    The modules that the page always needs are one script, its styles one sheet; its back end stays
    apart, for an export takes another. Modules can be had one by one, too.
    """

    def __init__(self, folder: Path = FOLDER):
        texts = {
            f.name: f.read_text(encoding="utf-8")
            for f in sorted(folder.iterdir())
            if f.suffix in TYPES
        }
        modules = {name.removesuffix(".js"): t for name, t in texts.items() if name.endswith(".js")}
        self._html = texts["index.html"]
        self.named = {
            "page.js": bundle_modules("page", modules),
            "page.css": "".join(texts[name] for name in STYLES.findall(self._html)),
            BACK_END: texts[BACK_END],
        }
        sent = {**texts, **self.named}
        self.files = {name: PageFile(name, text.encode()) for name, text in sent.items()}
        names = "".join(f"{name}{file.etag}" for name, file in self.files.items())
        self.version = hashlib.sha256(names.encode()).hexdigest()[:12]

    @cached_property
    def index(self) -> str:
        """The HTML, with the addresses of this version."""
        lines = [line for line in self._html.splitlines(keepends=True) if self._is_sent(line)]
        back_end = f'<link rel="modulepreload" href="page/{BACK_END}">\n</head>'
        html = "".join(lines).replace("</head>", back_end, 1)
        return html.replace('="page/', f'="page/{self.version}/')

    def _is_sent(self, line: str) -> bool:
        """Whether a line names no file, or one that is sent as such."""
        _, found, rest = line.partition('="page/')
        return not found or rest.partition('"')[0] in self.named
