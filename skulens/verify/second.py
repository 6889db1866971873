"""A second witness: boxes that values stand on, read once more by the other engine.

    seen = looker.reread(seen, boxes_to_reread(readings_of(seen)))   # fills Line.second
    found = confirm(find_all(prints_of(seen)), seen)                 # compares, reads nothing

Two engines with other networks and other training rarely make the same mistake, so a value that
both read is right far more often than one that a single engine is sure of. They do share mistakes
where the letters themselves are alike; see `is_confirmed` for what is therefore not accepted.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import PIL.Image
from rapidfuzz import fuzz

from skulens.claims import Line, Quad, Seen
from skulens.errors import MissingDependency, MissingFile
from skulens.protocols import TextReader
from skulens.values.fields import find_field
from skulens.verify.facts.found import Found, is_trusted
from skulens.verify.text import open_text_reader

VERSION = "second/1"
OTHER = {"rapidocr": "tesseract", "tesseract": "rapidocr"}
"""Engine of a line -> the one that reads it again."""
SAME_LINE = 60.0
"""Similarity of two readings (0 to 100) below which they are not of the same print."""
TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[<>≤≥±%°]")
"""A number with its separators, a word, or a sign that changes what a number says."""
NUMERIC = ("quantity", "dimensions", "number", "date")
"""Types of values that their numbers identify; an address or an ingredient is more than its."""
SIGNS = frozenset("<>≤≥±")
GRAMS_READ_AS_NINE = re.compile(r"\d[.,]\d*9$")
"""A number that both engines read so where "4.7g" is printed."""


# ----- reading again --------------------------------------------------------------------------


class SecondReader:
    """Reads lines again, each with the engine that did not read it.

    Args:
        reader: who read them; its own engines are used where it has both.
    """

    def __init__(self, reader: TextReader):
        engines: Mapping[str, TextReader | None] = getattr(reader, "engines", {})
        self._engines = {name: engine for name, engine in engines.items() if engine}
        self._engines.setdefault(reader.info.name, reader)
        for name in OTHER:
            self._open(name)
        there = [self._engines[name].info.identity for name in OTHER if name in self._engines]
        self.identity = " + ".join([VERSION, *there])

    def _open(self, name: str) -> None:
        if name in self._engines:
            return
        try:
            self._engines[name] = open_text_reader(name)
        except (MissingDependency, MissingFile) as e:
            warnings.warn(f"readings have no second witness: {e}", stacklevel=4)

    def read(
        self, picture: PIL.Image.Image, lines: Sequence[Line], languages: Sequence[str] = ()
    ) -> list[str]:
        """The lines as the other engine reads them, same order; "" where it reads nothing or is
        not installed. One process per engine at most."""
        told = [""] * len(lines)
        for first, other in OTHER.items():
            mine = [i for i, line in enumerate(lines) if line.reader == first]
            if mine and other in self._engines:
                quads = [lines[i].quad for i in mine]
                texts = self._engines[other].read_boxes(picture, quads, _few(languages))
                for i, (text, _) in zip(mine, texts, strict=True):
                    told[i] = text
        return told


def _few(languages: Sequence[str]) -> list[str]:
    """The first two languages and English: each more makes tesseract slower and less sure."""
    return list(dict.fromkeys([*languages[:2], "en"])) if languages else []


def boxes_to_reread(found: Iterable[Found]) -> dict[str, list[Quad]]:
    """sha256 of a picture -> boxes of printed values that are not trusted yet, and could be."""
    boxes: dict[str, dict[Quad, None]] = {}
    for one in found:
        if one.witness or one.doubt or is_trusted(one):
            continue
        for evidence in one.evidence:
            if evidence.source == "ocr" and evidence.quad:
                boxes.setdefault(evidence.image, {})[evidence.quad] = None
    return {image: list(quads) for image, quads in boxes.items()}


# ----- comparing ------------------------------------------------------------------------------


def confirm(found: Iterable[Found], seen: Seen) -> Iterator[Found]:
    """The values, in order; a witness is added where the second readings of their lines agree."""
    lines = {(sha, line.quad): line for sha, read in seen.lines.items() for line in read}
    for one in found:
        if one.witness or one.doubt or not one.evidence:
            yield one
            continue
        on = [lines.get((e.image, e.quad)) for e in one.evidence if e.quad and e.source == "ocr"]
        known = [line for line in on if line]
        if len(known) == len(one.evidence) and is_confirmed(one, known):
            yield replace(one, witness="second reader")
        else:
            yield one


def is_confirmed(found: Found, lines: Sequence[Line]) -> bool:
    """Whether the other engine's reading of the lines holds the same value.

    Either it reads every line alike (case and spaces aside; of identifiers, in every character), or
    the value itself stands in it: all its tokens, in order, side by side, numbers digit by digit
    with their separators, words but for case; of identifiers every character in its own case, with
    neither letter nor digit before and after it. Both readings must be of the same print
    (SAME_LINE). Where one engine does not know the script, only the numbers are compared, which is
    enough for amounts and dates alone, and there has to be one of two digits or more. Not accepted: a number before which the other engine reads "<" or the like; a
    number of grams that ends in 9 without its unit, for both engines read "4.7g" as "4.79".
    """
    pairs = [(line.text, line.second) for line in lines if line.second]
    other_script = any(_cyrillic(a) != _cyrillic(b) for a, b in pairs)
    alike = all(fuzz.ratio(_fold(a), _fold(b)) >= SAME_LINE for a, b in pairs)
    if not pairs or not (alike or other_script):
        return False
    if found.unit == "g" and GRAMS_READ_AS_NINE.search(found.value):
        return False
    second = " ".join(text for _, text in pairs)
    if found.field.startswith("identifiers."):
        return alike and holds_identifier(second, found.value)
    if other_script:
        return find_field(found.field).type in NUMERIC and holds_numbers(second, found.value)
    whole = len(pairs) == len(lines) and all(_fold(a) == _fold(b) for a, b in pairs)
    return whole or holds_value(second, found.value)


def holds_identifier(text: str, value: str) -> bool:
    """Whether an identifier stands in a text: every character, case kept, spaces aside."""
    letters = [re.escape(c) for c in unicodedata.normalize("NFKC", value) if not c.isspace()]
    if not letters:
        return False
    pattern = r"(?<![^\W_])" + r"\s*".join(letters) + r"(?![^\W_])"
    return re.search(pattern, unicodedata.normalize("NFKC", text)) is not None


def holds_value(text: str, value: str) -> bool:
    """Whether all tokens of a value stand side by side in a text."""
    wanted, there = tokens(value), tokens(text)
    if not any(token[0].isalnum() for token in wanted):
        return False
    for start in range(len(there) - len(wanted) + 1):
        if there[start : start + len(wanted)] == wanted:
            signed = start > 0 and there[start - 1] in SIGNS
            if not signed:
                return True
    return False


def holds_numbers(text: str, value: str) -> bool:
    """Whether the numbers of a value, of two digits or more in all, stand in a text in this order."""
    wanted, there = (
        [token for token in tokens(given) if token[0].isdigit()] for given in (value, text)
    )
    if sum(c.isdigit() for token in wanted for c in token) < 2:
        return False
    return any(
        there[start : start + len(wanted)] == wanted
        for start in range(len(there) - len(wanted) + 1)
    )


def tokens(text: str) -> list[str]:
    """Numbers, words and signs, case-folded."""
    return TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _cyrillic(text: str) -> bool:
    return any("\u0400" <= c <= "\u04ff" for c in text)
