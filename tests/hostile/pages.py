"""Pages, exports and folder names made from results that others wrote."""

import csv
import html.parser
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.field import Case

SMALL = 30
LARGE = 150
MARKS = (
    "<img src=x onerror=alert(1)>",
    "</script><script>document.title='run'</script>",
    "{{7*7}}{% for x in y %}",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style><style>*{display:none}",
    "<!--",
    "]]>",
    "\u202egpj.exe",
    "&lt;b&gt;",
    "=cmd|'/c calc'!A1",
    "-2+3",
    "@SUM(1)",
    "+1",
    "../../../etc/passwd",
    "/etc/cron.d/x",
    "a\nb\tc",
    "\\S \\1 \\g<0>",
    "$\\frac{1$",
    "\x01\x7f",
)
ADDRESSES = (
    "http://127.0.0.1:9/tracker.gif",
    "https://example.org/a.jpg",
    "//example.org/a.jpg",
    "file:///etc/passwd",
    "data:text/html;base64,PGI+",
    "data:image/svg+xml;base64,PHN2Zy8+",
    'data:image/png;base64,AAAA" onerror="alert(1)',
    "x",
    5,
    {"a": 1},
    [],
)
SHAPES: dict[str, Any] = {
    "a list": [],
    "examples a text": {"examples": "x", "confusions": []},
    "examples of numbers": {"examples": [1], "confusions": []},
    "an empty example": {"examples": [{}], "confusions": []},
    "confusions a number": {"examples": [], "confusions": 5},
    "an empty confusion": {"examples": [], "confusions": [{}]},
}


@dataclass(frozen=True)
class Words:
    """What stands in the text fields of a stored result."""

    text: str
    picture: object = None


def cases(count: int, seed: int) -> Iterator[Case]:
    """Every mark and address, wrong shapes, then random mixtures of marks."""
    for _, (name, run) in zip(range(count), attacks(seed), strict=False):
        yield Case(name, run)


def attacks(seed: int) -> Iterator[tuple[str, Callable[[Path], bool]]]:
    for mark in MARKS:
        yield f"words {mark!r}", lambda folder, w=Words(mark): write_everything(w, folder)
    for address in ADDRESSES:
        yield f"picture {address!r}", lambda f, w=Words("cup", address): write_everything(w, f)
    for name, shape in SHAPES.items():
        yield f"examples.json: {name}", lambda f, s=shape: write_everything(Words("cup"), f, s)
    draw = np.random.default_rng(seed)
    number = 0
    while True:
        number += 1
        text = "".join(draw.choice(MARKS, 3)) + bytes(draw.integers(32, 127, 9).tolist()).decode()
        address = ADDRESSES[int(draw.integers(len(ADDRESSES)))]
        yield f"{number} mixed", lambda f, w=Words(text, address): write_everything(w, f)


def write_everything(words: Words, folder: Path, examples: Any = None) -> bool:
    """Whether page and table made of a result with these words are as harmless as without."""
    from skulens.report.export import export_results
    from skulens.report.page import write_page

    result = hostile_result(words, folder, examples)
    page = write_page([result], folder / "page.html").read_text(encoding="utf-8")
    export_results([result], "csv", folder / "table.csv")
    plain = re.fullmatch(r"[\w.-]{1,100}", result.key) and not result.key.startswith(".")
    return bool(plain) and is_harmless(page, words) and is_plain(folder / "table.csv")


def hostile_result(words: Words, folder: Path, examples: Any):
    from tests.report.boards import stored

    place = folder / "results" / "one"
    place.mkdir(parents=True)
    text = words.text
    found = examples or {
        "examples": [
            {
                "query": text,
                "probe": words.picture,
                "right": text,
                "hit": False,
                "candidates": [{"product": text, "score": 0.5}],
                "pictures": {text: words.picture},
                "words": {text: text},
            }
        ],
        "confusions": [{"right": text, "found": "b", "probes": 1, "of": 2}],
        "pictures": {text: words.picture},
        "words": {"b": text},
    }
    (place / "examples.json").write_text(json.dumps(found), encoding="utf-8")
    finding = {
        "check": text,
        "level": text,
        "what": text,
        "count": 1,
        "of": 2,
        "examples": [text],
        "todo": text,
    }
    audit = {"data": text, "products": 1, "pictures": {text: 1}, "findings": [finding]}
    (place.parent / "audit.json").write_text(json.dumps(audit), encoding="utf-8")
    result = stored("one", 0.5, folder=place.parent)
    system = replace(result.system, name=text, licence=text, family=text, revision=text)
    data = replace(result.data, name=text, dataset=text)
    return replace(result, system=system, data=data, name=text, folder=place)


class Seen(html.parser.HTMLParser):
    """What a page would run or load."""

    def __init__(self):
        super().__init__()
        self.scripts = self.policies = 0
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        given = dict(attrs)
        self.policies += given.get("http-equiv") == "Content-Security-Policy"
        self.bad += [f"{tag} {k}" for k, _ in attrs if k.startswith("on")]
        if tag in ("iframe", "object", "embed", "base", "video", "audio"):
            self.bad.append(tag)
        for name in ("src", "href", "action", "srcset"):
            value = given.get(name) or "#"
            if not value.startswith(("#", "data:,", "data:image/")) or "svg+xml" in value:
                self.bad.append(f"{tag} {name}={value}")


def is_harmless(page: str, words: Words) -> bool:
    seen = Seen()
    seen.feed(page)
    named = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    strict = named is not None and "default-src &#39;none&#39;" in named[1]
    computed = "{{7*7}}" in words.text and "{{7*7}}" not in page
    return seen.scripts <= 1 and seen.policies == 1 and strict and not (seen.bad or computed)


def is_plain(table: Path) -> bool:
    """Whether no cell is a formula."""
    with table.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    return not any(c.startswith(("=", "+", "@", "\t", "\r")) or c.startswith("-2") for c in cells)
