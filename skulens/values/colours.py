"""Colour names in five languages -> a base palette of sixteen, the shade kept."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from skulens.values.text import fold

_BETWEEN = re.compile(r"\s*(?:[/,;&+|]|\band\b|\bwith\b|\bdan\b|\bvà\b|และ|กับ)\s*")


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour."""

    base: str
    """Of the palette in colours.json: "blue"."""
    shade: str = ""
    """"navy", "light", "dark" ...; empty for the plain colour."""

    def __str__(self) -> str:
        return f"{self.base} {self.shade}".rstrip()


def parse_colour(text: str) -> Colour | None:
    """One colour by name; None for several, for "xanh" (blue or green) and for unknown names."""
    words = _known().get(_bare(text))
    if words:
        return words
    bare = _bare(text)
    for shade, names in (("light", _table()["light"]), ("dark", _table()["dark"])):
        for name in names:
            rest = _without(bare, name)
            base = _known().get(rest) if rest != bare else None
            if base is not None:
                return Colour(base.base, " ".join(filter(None, (base.shade, shade))))
    return None


def parse_colours(text: str) -> tuple[Colour, ...] | None:
    """Colours joined by "/", "and", commas ...: each once, by name; None where one is unknown."""
    if (one := parse_colour(text)) is not None:
        return (one,)
    found = [parse_colour(part) for part in _BETWEEN.split(fold(text)) if part]
    known = {c for c in found if c is not None}
    return tuple(sorted(known, key=str)) if found and None not in found else None


def _bare(text: str) -> str:
    bare = " ".join(fold(text).replace("-", " ").split()).strip(" .")
    for word in _table()["filler"]:
        bare = _without(bare, word)
    return bare


def _without(text: str, word: str) -> str:
    """Without one word at either end; Thai writes no space between words."""
    space = "" if word[0] >= "\u0e00" else " "
    for rest in (text.removeprefix(word + space), text.removesuffix(space + word)):
        if rest != text and rest:
            return rest.strip()
    return text


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def _known() -> dict[str, Colour]:
    table = _table()
    known: dict[str, Colour] = {}
    for name, names in (table["base"] | table["shades"]).items():
        base, _, shade = name.partition(" ")
        known |= {other.replace("-", " "): Colour(base, shade) for other in names}
        known.setdefault(name, Colour(base, shade))
    return known
