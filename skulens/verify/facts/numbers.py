"""Lot, model, serial and article numbers: the characters behind a cue, kept exactly.

GS1 writes them with an application identifier: "(10)" a lot, "(21)" a serial number, printed
below the bars or decoded from them. One misread letter is another product, so a value needs a
witness (`found.is_trusted`): bars that hold it, a second reader, or another place that says it.
"""

import re
from collections.abc import Iterator

from stdnum import gs1_128
from stdnum.exceptions import ValidationError

from skulens.claims import Code, Evidence
from skulens.values.countries import parse_country
from skulens.values.dates import parse_date
from skulens.values.units import parse_quantity
from skulens.verify.cues import Cue
from skulens.verify.facts.found import Found, Witness, lowest
from skulens.verify.facts.passages import SEPARATORS, Piece, cued_lines, find_cues, value_after
from skulens.verify.facts.witness import squeeze, witness_of
from skulens.verify.layout import Print

MODEL = "identifiers.model"
PATHS = {
    "lot": "identifiers.lot",
    "serial": "identifiers.serial",
    "model": MODEL,
    "part": MODEL,
    "article": MODEL,
}
"""Kind of cue -> path."""
INSTEAD = ("part", "article")
"""Numbers that stand for the model where no model is named."""
AI = {"10": "identifiers.lot", "21": "identifiers.serial"}
"""GS1 application identifier -> path."""
ELEMENT = re.compile(r"\((\d{2})\)\s?([!-'*-Z_a-z]+)")
"""An application identifier and its value, as printed."""
IDENTIFIERS = {"1P": "identifiers.model", "1T": "identifiers.lot", "S": "identifiers.serial"}
"""Data identifier (ANSI MH10.8.2) -> path; it counts where the rest stands in print."""
IDENTIFIER = re.compile("|".join(IDENTIFIERS))
CODE = re.compile(r"[^\W_](?:[\w./-]*[^\W_])?(?:\([\w-]+\))?")
"""The characters of a number: no spaces, punctuation inside only."""
NUMBER_SIGN = re.compile(
    r"^(?:no\b|nr\b|number|num\b|n[°º]|№|#|code\b|เลขที่)[\s.:#№]*", re.IGNORECASE
)
"""What may stand between a cue and its value."""
BARE_LOT = re.compile(r"L\s?[:.]?\s?(\d[\dA-Z/-]{3,})")
"""A whole line such as "L23145": the mark that Directive 2011/91/EU asks for."""
LEAST = {"lot": 2, "serial": 4, "model": 3, "part": 3, "article": 3}


def find(page: Print) -> Iterator[Found]:
    """Values of print, then of decoded bars."""
    cued = list(_cued(page, "lot", "serial", "model"))
    named = any(found.field == MODEL for found in cued)
    yield from cued
    if not named:
        yield from _cued(page, *INSTEAD)
    yield from _uncued(page)
    for code in page.codes:
        yield from _of_bars(page, code)


def _cued(page: Print, *kinds: str) -> Iterator[Found]:
    for line, cue in cued_lines(page, *kinds):
        piece = value_after(page, line, cue)
        if piece and (value := read_code(piece, cue)):
            lines = tuple(dict.fromkeys((line, piece.line)))
            yield Found(
                PATHS[cue.kind], value, evidence=page.evidence(lines, value),
                confidence=lowest(lines), witness=witness_of(page, piece.line, value),
            )  # fmt: skip


def read_code(piece: Piece, cue: Cue) -> str:
    """The number at the start of what follows a cue; "" where a word, date or amount stands."""
    if (early := find_cues(piece.text, *PATHS)) and early[0].start == 0:
        return ""
    text = NUMBER_SIGN.sub("", piece.text.lstrip(SEPARATORS)).lstrip(SEPARATORS)
    match = CODE.match(text)
    if match is None or is_amount(" ".join(text.split()[:2])):
        return ""
    return match.group() if is_code(match.group(), LEAST[cue.kind]) else ""


def is_code(value: str, least: int) -> bool:
    """Whether a string could be a number of its kind: has a digit, or capitals with a hyphen."""
    if len(value) < least or parse_country(value) or not value.isascii():
        return False
    if not any(c.isdigit() for c in value):
        return least > 2 and "-" in value and value.isupper()
    if value.isdigit():
        return True
    return not is_amount(value) and parse_date(value) is None


def is_amount(text: str) -> bool:
    """Whether a text is a quantity ("500 m"); six digits and a letter are a number ("240512A")."""
    quantity = parse_quantity(text)
    return quantity is not None and quantity.unit != "" and not re.match(r"\d{5}", text)


def _uncued(page: Print) -> Iterator[Found]:
    """Application identifiers in print, and "L" before a lot."""
    for line in page.lines:
        for match in ELEMENT.finditer(line.text):
            if match[1] in AI:
                yield Found(
                    AI[match[1]], match[2], evidence=page.evidence([line], match.group()),
                    confidence=line.confidence, witness=witness_of(page, line, match[2]),
                )  # fmt: skip
        bare = BARE_LOT.fullmatch(line.text.strip())
        if bare and not is_amount(bare[1]):
            yield Found(
                "identifiers.lot", bare.group(), evidence=page.evidence([line]),
                confidence=line.confidence, witness=witness_of(page, line, bare.group()),
            )  # fmt: skip


def _of_bars(page: Print, code: Code) -> Iterator[Found]:
    """Lot and serial number inside a GS1 code, and numbers under a data identifier."""
    place = (Evidence(page.image, "bars", code.text, code.quad),)
    witness: Witness = "bars" if code.sure else ""
    doubt = "" if code.sure else "few views agree"
    for ai, value in elements_of(code.text).items():
        if ai in AI:
            yield Found(AI[ai], value, evidence=place, witness=witness, doubt=doubt)
    identifier = IDENTIFIER.match(code.text)
    if identifier is None or code.gtin:
        return
    for line in page.lines:
        if squeeze(line.text) == squeeze(code.text[identifier.end() :]):
            yield Found(
                IDENTIFIERS[identifier.group()], line.text.strip(),
                evidence=(*place, *page.evidence([line])), witness=witness, doubt=doubt,
            )  # fmt: skip


def elements_of(text: str) -> dict[str, str]:
    """Application identifier -> value of a GS1 code, written with brackets or separators.

    Empty for other codes, and for codes without either: there a lot or serial number of any length
    has no end, and the next element would be read as a part of it.
    """
    if text.startswith("("):
        return {match[1]: match[2] for match in ELEMENT.finditer(text)}
    if "\x1d" not in text:
        return {}
    try:
        found = gs1_128.info(re.sub(r"^(?:\](?:C1|d2))?\x1d?", "", text), separator="\x1d")
    except (ValidationError, ValueError):
        return {}
    return {ai: str(value) for ai, value in found.items()}
