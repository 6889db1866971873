"""GTINs: of decoded bars, and of printed digits with a right check digit.

One number in ten passes the check digit, and labels hold many numbers (telephones, batches, orders).
So printed digits are a GTIN only beside bars, behind a cue ("EAN"), or, of twelve digits and more
that stand alone, where two engines read them.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from skulens.claims import Code, Evidence, Line
from skulens.errors import SkulensError
from skulens.values.gtin import Gtin, parse_gtin
from skulens.values.text import ascii_digits, fold
from skulens.verify.bars.symbols import MODULES
from skulens.verify.facts.found import Found, Witness, lowest
from skulens.verify.layout import Box, Print, frame

FIELD = "identifiers.gtin"
RETAIL = tuple(MODULES)
LONG = 12
"""Digits from which a number may do without bars and cue."""
GAP = 3.0
"""Most space between two groups of digits of one number, in heights of a line."""
NEAR = 0.6
"""How far from bars their digits may stand, as a share of the longer side of the bars."""
GUARDS = " \"'‘’“”|<>.·-–"
"""What engines make of the long guard bars between digits, and the light mark at the end."""
DIGITS = re.compile(r"\d(?:[\d" + re.escape(GUARDS) + r"]*\d)?")

REUSED = ("02", "04", "05", "2", "981", "982", "983", "984", "99")
"""First digits of a GTIN-13 within a company, a shop, or of a coupon (GS1 General Specifications
1.4); of a GTIN-8 it is 0 and 2."""

GROUP = re.compile(r"(?<!\d)\d+")
CUE_END = re.compile(r"(?:[\s:.#№=-]+(?:no|nr|number|code|1[234]|8)?(?![^\W_]))*$")
"""What may stand between a cue and its number: "EAN-13 no.: "."""

FEW_LOOKS = "too few views agree"
SHOP_NUMBER = "a number that shops and companies give to other products, too"
SEVERAL = "bars of several products in the picture"
OTHER_BARS = "the bars beside it say another number"


@dataclass(frozen=True, slots=True)
class Number:
    """Digits printed in one row."""

    digits: str
    lines: tuple[Line, ...]
    cue: bool
    """Whether a word that announces a GTIN stands before them, or "(01)"."""
    alone: bool
    """Whether nothing but digits and guards stands on the lines."""


def find(page: Print) -> Iterator[Found]:
    """Codes first, then printed digits."""
    printed = list(_printed(page))
    for code in page.codes:
        if code.gtin:
            evidence = (Evidence(page.image, "bars", code.text, code.quad),)
            doubt = _doubt(code, page.codes, printed)
            witness: Witness = "" if doubt else "bars"
            yield Found(FIELD, code.text, evidence=evidence, witness=witness, doubt=doubt)
    for number, gtin in printed:
        yield from _judge(page, number, gtin)


# ----- bars -----------------------------------------------------------------------------------


def _doubt(code: Code, codes: Sequence[Code], printed: Sequence[tuple[Number, Gtin]]) -> str:
    """Why a decoded number is not proven to be the product's; "" where it is."""
    if is_reused(code.gtin):
        return SHOP_NUMBER
    if not code.sure and all(gtin.digits != code.gtin for _, gtin in printed):
        return FEW_LOOKS
    others = {o.gtin for o in codes if o.symbology in RETAIL and o.gtin and o.looks > 1}
    return SEVERAL if code.symbology in RETAIL and others - {code.gtin} else ""


def is_beside(number: Number, code: Code) -> bool:
    """Whether digits stand where those of bars do: close to them."""
    bars = frame(code.quad)
    reach = NEAR * max(bars.width, bars.height)
    around = Box(bars.left - reach, bars.top - reach, bars.right + reach, bars.bottom + reach)
    middles = [frame(line.quad).middle for line in number.lines]
    return all(
        around.left <= x <= around.right and around.top <= y <= around.bottom for x, y in middles
    )


def is_reused(gtin: str) -> bool:
    """Whether companies and shops give a number of 14 digits to products as they like.

    As `Gtin.restricted`, but without being told how the number was written.
    """
    if gtin.startswith("000000"):
        return gtin[6] in "02"
    return gtin[1:].startswith(REUSED)


# ----- print ----------------------------------------------------------------------------------


def _judge(page: Print, number: Number, gtin: Gtin) -> Iterator[Found]:
    """The number as a value, where something says that it is a GTIN at all."""
    linear = [code for code in page.codes if code.symbology in RETAIL]
    beside = [code for code in linear if is_beside(number, code)]
    confirmed = any(code.gtin == gtin.digits for code in page.codes)
    if not confirmed and any(number.digits in digits_of(code) for code in beside):
        return  # a part of the number below the bars, whose first digit stands apart
    twice = all(_digits(line.second) == _digits(line.text) for line in number.lines)
    alone = number.alone and twice and len(number.digits) >= LONG
    if not (confirmed or beside or number.cue or alone):
        return
    doubt = SHOP_NUMBER if is_reused(gtin.digits) else ""
    if beside and not confirmed:
        doubt = OTHER_BARS
    witness: Witness = "bars" if confirmed else "second reader" if twice else "check digit"
    yield Found(
        FIELD, number.digits, evidence=page.evidence(number.lines),
        confidence=lowest(number.lines), witness="" if doubt else witness, doubt=doubt,
    )  # fmt: skip


def digits_of(code: Code) -> str:
    """All that is printed below bars: of UPC-E the 8 digits, else the 13 of its GTIN."""
    return code.text if code.symbology in ("UPC-E", "EAN-8") else code.gtin[1:]


def _printed(page: Print) -> Iterator[tuple[Number, Gtin]]:
    """Numbers with a right check digit, each row's longest first; no digits are used twice."""
    for row in page.rows:
        taken: set[int] = set()
        for start, end in _spans(len(row)):
            if taken & set(range(start, end)) or not _is_close(row[start:end]):
                continue
            number = _number(row[start:end], page)
            gtin = number and _parse(number.digits)
            if number and gtin:
                taken.update(range(start, end))
                yield number, gtin


def _spans(count: int) -> Iterator[tuple[int, int]]:
    """(start, end) of neighbours, at most four ("0", "49000", "02891", "3"), longest first."""
    for length in range(min(4, count), 0, -1):
        for start in range(count - length + 1):
            yield start, start + length


def _is_close(lines: Sequence[Line]) -> bool:
    boxes = [frame(line.quad) for line in lines]
    return all(
        right.left - left.right <= GAP * max(left.height, right.height)
        for left, right in zip(boxes, boxes[1:], strict=False)
    )


def _number(lines: Sequence[Line], page: Print) -> Number | None:
    """The digits of lines that hold nothing else, or of one line behind a cue."""
    texts = [ascii_digits(line.text).strip(GUARDS) for line in lines]
    if all(DIGITS.fullmatch(text) for text in texts):
        digits = "".join(_digits(text) for text in texts)
        return Number(digits, tuple(lines), _ends_with_cue(_before(page, lines[0])), True)
    if len(lines) > 1:
        return None
    for match in DIGITS.finditer(texts[0]):
        for group in GROUP.finditer(texts[0], match.start(), match.end()):
            digits = _digits(texts[0][group.start() : match.end()])
            if _parse(digits) and _ends_with_cue(texts[0][: group.start()]):
                return Number(digits, tuple(lines), True, False)
    return None


def _before(page: Print, line: Line) -> str:
    """Text of the line to the left on the same row."""
    row = next(row for row in page.rows if any(one is line for one in row))
    at = next(i for i, one in enumerate(row) if one is line)
    return row[at - 1].text if at and _is_close(row[at - 1 : at + 1]) else ""


def _ends_with_cue(text: str) -> bool:
    """Whether the last words are a cue: "EAN:", "GTIN-13 no.", "(01)"."""
    folded = " ".join(fold(text).split())
    if folded.endswith("(01)"):
        return True
    folded = CUE_END.sub("", folded)
    return any(re.search(rf"(?<![^\W_]){re.escape(cue)}$", folded) for cue in cues())


@cache
def cues() -> tuple[str, ...]:
    """Words that announce a GTIN, folded."""
    text = resources.files(__package__).joinpath("gtins.json").read_text(encoding="utf-8")
    return tuple(fold(cue) for cue in json.loads(text)["cues"])


def _digits(text: str) -> str:
    return "".join(c for c in ascii_digits(text) if c.isascii() and c.isdigit())


def _parse(digits: str) -> Gtin | None:
    try:
        return parse_gtin(digits)
    except SkulensError:
        return None
