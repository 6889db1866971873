"""Country of origin: a country behind a cue ("Made in"); one in an address is not the origin."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.countries import Country, parse_country
from skulens.values.text import fold
from skulens.verify.cues import Cue
from skulens.verify.facts.found import Found, lowest
from skulens.verify.facts.passages import SEPARATORS, Piece, cued_lines, find_cues, value_after
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print

FIELD = "attributes.origin"
WORDS = 6
"""Longest name of a country on labels."""
SUFFIX = re.compile(r"[’'`](?:de|da|te|ta)$")
"""The Turkish locative of names: "Türkiye'de üretilmiştir"."""
ANOTHER = re.compile(r"^\W*(?:or|and|ou|oder|und|o|y|и|или|та|або|atau|hoặc|หรือ|&|/|,)\W*", re.I)
AFTERWARDS = re.compile(
    r"(\w+)[’'`](?:de|da|te|ta)\s+(?:üretil|imal\s+edil)|中国(?:制|製)造|(?:Made|MADE)\s+(?:In|in|IN)\s*$"
)
"""Cues that follow the country."""


def find(page: Print) -> Iterator[Found]:
    """Countries in their usual English form, each with the line that names it."""
    for line, cue in cued_lines(page, "origin"):
        if piece := value_after(page, line, cue):
            yield from _of_piece(page, line, cue, piece)
    for line in page.lines:
        for match in AFTERWARDS.finditer(line.text):
            country = parse_country(match[1] or "") or (
                parse_country("CN") if match.group().startswith("中国") else None
            )
            if country:
                yield Found(
                    FIELD, country.name, evidence=page.evidence([line], match.group()),
                    confidence=line.confidence,
                )  # fmt: skip


def _of_piece(page: Print, line: Line, cue: Cue, piece: Piece) -> Iterator[Found]:
    later = next(iter(find_cues(piece.text, "origin", "maker", "importer", "end")), None)
    text = piece.text[: later.start] if later and later.start else piece.text
    country, rest = leading_country(text)
    if country is None:
        return
    again, _ = leading_country(ANOTHER.sub("", rest)) if ANOTHER.match(rest) else (None, "")
    several = again is not None and again != country
    lines = dict.fromkeys((line, piece.line))
    named = text[: len(text) - len(rest)].strip(SEPARATORS)
    quote = f"{line.text[cue.start : cue.end]} {named}".strip()
    yield Found(
        FIELD, country.name, evidence=page.evidence(lines, quote),
        confidence=lowest(lines),
        witness="second reader" if is_read_twice(piece.line, named) else "",
        doubt="several countries" if several else "",
    )  # fmt: skip


def leading_country(text: str) -> tuple[Country | None, str]:
    """(the country that a text begins with, what follows it); the longest name wins."""
    words = list(re.finditer(r"\S+", text))[:WORDS]
    for n in range(len(words), 0, -1):
        head = text[: words[n - 1].end()]
        if country := parse_any(head):
            return country, text[words[n - 1].end() :]
    return None, text


def parse_any(text: str) -> Country | None:
    """A country by a name of `values.countries`, or in the case that a cue asks for."""
    bare = SUFFIX.sub("", text.strip(SEPARATORS))
    if not bare or (len(bare) == 2 and not bare.isupper()):
        return None
    code = _inflected().get(fold(bare))
    return parse_country(code or bare)


def mentioned_countries(text: str) -> tuple[str, ...]:
    """Codes of the countries that a text names anywhere, in the order of first mention."""
    found: dict[str, None] = {}
    words = re.findall(r"[^\W\d_][\w'’.-]*", text)
    for n in range(len(words)):
        for last in (n + 1, n + 2):
            name = " ".join(words[n:last])
            if len(name) > 3 and name[0].isupper() and (country := parse_any(name)):
                found[country.alpha_2] = None
    return tuple(found)


@cache
def _inflected() -> dict[str, str]:
    """Folded forms of names after "in" -> code ("германии" -> "DE")."""
    table = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))["forms"]
    return {form: code for code, forms in table.items() for form in forms}
