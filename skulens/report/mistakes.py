"""What a page shows of single mistakes: confusable products, and a sample of misses and hits."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from skulens.bench import stored_files
from skulens.errors import StoreError
from skulens.report.names import cut_at_word
from skulens.report.views import Row, View

DETAILED = 8
"""Systems whose mistakes and settings are shown in full; result.json has those of all."""
PAIRS = 8
"""Confusions shown of each."""
PICTURE_BYTES = 1_400_000
"""Of all thumbnails together, each counted once; what comes later is left out, which the page
says."""
TITLE = 80
"""Characters of a product's name."""
PICTURE = re.compile(r"data:image/(?:jpeg|png|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")
"""What a stored example may show: a picture of its own, never an address."""


class Budget:
    """Lets pictures that are in the page itself through until so many bytes are spent."""

    def __init__(self, size: int):
        self.left = size
        self.refused = 0
        """Addresses and whatever else is not a picture."""

    def take(self, picture: str | None) -> str | None:
        if not picture:
            return None
        if not isinstance(picture, str) or not PICTURE.fullmatch(picture):
            self.refused += 1
            return None
        if len(picture) > self.left:
            return None
        self.left -= len(picture)
        return picture


class Sheet(Budget):
    """The same of a page that holds each picture once, in its style sheet, however often it is
    shown."""

    def __init__(self, size: int):
        super().__init__(size)
        self.classes: dict[str, str] = {}
        """Picture -> the class of the style sheet that shows it."""
        self.dropped: set[str] = set()
        """Pictures that were left out for the size of the page."""

    def take(self, picture: str | None) -> str | None:
        if isinstance(picture, str) and picture in self.classes:
            return picture
        taken, before = super().take(picture), self.refused
        if taken:
            self.classes[taken] = f"p{len(self.classes)}"
        elif isinstance(picture, str) and PICTURE.fullmatch(picture) and before == self.refused:
            self.dropped.add(picture)
        return taken

    def write_style(self) -> Markup:
        """A rule for each picture; what passed `PICTURE` cannot end the rule."""
        rules = (
            f'.{name}{{background-image:url("{data}")}}' for data, name in self.classes.items()
        )
        return Markup("\n".join(rules))


def list_mistakes(view: View, pictures: Budget) -> list[dict]:
    """Confusable pairs and examples of the first systems that have them.

    Raises:
        StoreError: they are not as skulens writes them.
    """
    try:
        return _list_mistakes(view, pictures)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        stored = [str(row.result.folder) for row in view.rows if row.result.folder]
        raise StoreError(
            f"{stored_files.EXAMPLES} of one of {', '.join(stored[:DETAILED])} is not as skulens writes it "
            f"({type(e).__name__}: {str(e)[:100]}); remove the file, or measure again"
        ) from e


def _list_mistakes(view: View, pictures: Budget) -> list[dict]:
    looked_at = ((row, read_examples(row)) for row in view.rows if view.stored)
    kept = [(row, seen) for row, seen in looked_at if seen][:DETAILED]
    known = {
        p: data
        for _, seen in reversed(kept)
        for e in seen["examples"]
        for p, data in e["pictures"].items()
    }
    known |= {p: data for _, seen in kept for p, data in seen.get("pictures", {}).items()}
    words = {
        p: text
        for _, seen in kept
        for e in (*seen["examples"], seen)
        for p, text in e.get("words", {}).items()
    }
    found: list[dict] = [
        {
            "name": row.name,
            "pairs": [_pair(c, known, words, pictures) for c in seen["confusions"][:PAIRS]],
            "misses": sum(not e["hit"] for e in seen["examples"]),
            "examples": list(seen["examples"]),
        }
        for row, seen in kept
    ]
    # pairs of all systems first, then examples in turn, while pictures last
    turns = max((len(mine["examples"]) for mine in found), default=0)
    for n in range(turns):
        for mine in found:
            if n < len(mine["examples"]):
                mine["examples"][n] = _example(mine["examples"][n], words, pictures)
    return found


def _example(example: dict, words: Mapping[str, str], pictures: Budget) -> dict:
    """An example with as many pictures as the budget has left."""
    parts = example.get("parts", ())  # earlier versions kept none
    probe = None if parts else pictures.take(example["probe"])
    top, right = example["candidates"][0]["product"], example["right"]
    named = {right, *(c["product"] for c in example["candidates"])}
    return example | {
        "probe": probe,
        "parts": [_part(part, pictures) for part in parts],
        "answers": example.get("answers", [right]),
        "pictures": {p: pictures.take(example["pictures"].get(p)) for p in (top, right)},
        "missing": {
            p: "left out" if example["pictures"].get(p) else "no picture" for p in (top, right)
        },
        "words": {p: _name(p, words) for p in named},
    }


def _part(part: Mapping, pictures: Budget) -> dict:
    """A part of an interleaved query: its text, or its picture as far as the budget goes."""
    if "text" in part:
        return {"text": str(part["text"])}
    return {"picture": pictures.take(part["picture"])}


def _pair(
    confusion: Mapping, known: Mapping[str, str], words: Mapping[str, str], pictures: Budget
) -> dict:
    """A confusion with both products' pictures and texts, as far as they were kept."""
    sides = [
        {
            "id": confusion[kind],
            "kind": kind,
            "picture": pictures.take(known.get(confusion[kind])),
            "missing": "left out" if known.get(confusion[kind]) else "no picture",
            "words": _name(confusion[kind], words),
        }
        for kind in ("right", "found")
    ]
    return {"sides": sides, "probes": confusion["probes"], "of": confusion["of"]}


def _name(product: str, words: Mapping[str, str]) -> str:
    """What a product is called beside its id; empty where that is its id."""
    name = cut_at_word(" ".join(str(words.get(product, "")).split()), TITLE)
    return "" if name == product else name


def read_examples(row: Row) -> dict | None:
    """Examples and confusions beside a stored result, where they were kept."""
    found = stored_files.read_examples(row.result)
    return found if {"examples", "confusions"} <= set(found) else None


def list_audits(views: Sequence[View]) -> list[dict]:
    """Findings of `skulens audit ... --out DIR/audit.json` that lie in the stores of the
    results."""
    folders = dict.fromkeys(
        row.result.folder.parent for view in views for row in view.rows if row.result.folder
    )
    found = [read_json(file) for folder in folders for file in sorted(folder.glob("audit*.json"))]
    return [audit for audit in found if {"data", "products", "pictures", "findings"} <= set(audit)]


def read_json(file: Path) -> dict:
    """An object; empty where the file holds something else.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        raise StoreError(f"{file} cannot be read ({e}); remove it, or make it again") from e
    return found if isinstance(found, dict) else {}
