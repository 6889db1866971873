"""Nutrition tables as cells: which amount stands in the row of which nutrient, and where.

A table is read row by row, a declaration in running text paragraph by paragraph; in both an
amount belongs to the nutrient named last before it.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz, process

from skulens.claims import Line
from skulens.values.numbers import parse_number
from skulens.verify.cues import Cue, Cues, cyrillic_units, plain
from skulens.verify.layout import Place, Print, follows, offset

Basis = Literal["100", "serving", "reference"]
"""What amounts of a column are for: 100 g or ml, a serving, or the daily intake of an adult."""
ENERGY = ("kJ", "kcal")
SIMILAR = 85
"""Least similarity, of 100, of a misread row name of at least LETTERS letters to a known one."""
LETTERS = 5
ASIDE = 30
"""Most letters between a nutrient and its amount in a row of a table."""
RUNNING = 3
"""Likewise in running text."""
LEAST = 3
"""Nutrients with amounts that make a table; fewer are claims such as "10 g protein"."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something in a row: the name of a nutrient, an amount, or a header."""

    kind: Literal["name", "amount", "header"]
    line: Line
    place: Place
    start: int
    end: int
    nutrient: str = ""
    language: str = ""
    basis: Basis | None = None
    number: str = ""
    """As printed, "<" included."""
    unit: str = ""
    """"kJ", "kcal", "g", "mg", "µg", "%", or "" where none is printed."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The amount of a nutrient."""

    nutrient: str
    amount: Piece
    name: Piece
    basis: Basis | None = None

    @property
    def value(self) -> Decimal | None:
        return parse_number(self.amount.number.lstrip("<≤ "))

    @property
    def half(self) -> Decimal:
        """Half a unit of the last digit: how much rounding may have changed the value."""
        whole, _, decimals = self.amount.number.replace(",", ".").partition(".")
        return Decimal(1).scaleb(-len(decimals)) / 2

    @property
    def grams(self) -> Decimal | None:
        """The value in g, energies in kJ or kcal as they are."""
        if self.value is None:
            return None
        factor = {"mg": Decimal("0.001"), "µg": Decimal("0.000001")}.get(
            self.amount.unit, Decimal(1)
        )
        return self.value * factor

    @property
    def lines(self) -> tuple[Line, ...]:
        return (self.name.line,) + (
            () if self.amount.line is self.name.line else (self.amount.line,)
        )


@cache
def tables() -> dict:
    return json.loads(Path(__file__).with_name("nutrition.json").read_text("utf-8"))


@cache
def name_cues() -> Cues:
    return Cues(tables()["nutrients"])


@cache
def header_cues() -> Cues:
    return Cues(tables()["headers"])


@cache
def size_cues() -> Cues:
    return Cues(tables()["serving_size"])


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Folded name of a row, long enough for a misreading -> (nutrient, language)."""
    return {
        plain(word): (nutrient, language)
        for nutrient, by_language in tables()["nutrients"].items()
        for language, words in by_language.items()
        for word in words
        if len(word) >= LETTERS
    }


@cache
def _unit_of() -> dict[str, str]:
    return {plain(word): unit for unit, words in tables()["units"].items() for word in words}


@cache
def _amount() -> re.Pattern:
    units = "|".join(re.escape(plain(w)) for w in sorted(_unit_of(), key=len, reverse=True))
    return re.compile(
        rf"(?P<number>[<≤]?\s*(?<![\w.,])\d+(?:[.,]\d+)?)(?!\d)\s*(?P<unit>{units})?(?![^\W\d_])"
    )


@cache
def _per() -> str:
    """Pattern of the word or slash before what a column is for."""
    words = "|".join(re.escape(plain(w)) for w in tables()["per"])
    return rf"(?:(?:(?<![^\W\d_])(?:{words})|/)\W{{0,2}})"


@cache
def _hundred() -> re.Pattern:
    return re.compile(rf"{_per()}?(?<![\d.,])100\s*(?P<unit>g|ml|gr|г|мл|กรัม|มล)(?![^\W\d_])")


@cache
def _per_amount() -> re.Pattern:
    return re.compile(rf"{_per()}\d{{1,3}}(?:[.,]\d+)?\s*(?:g|ml|г|мл)(?![^\W\d_])")


# ----- pieces ---------------------------------------------------------------------------------


def pieces_of(page: Print, line: Line) -> list[Piece]:
    """Names, amounts and headers of a line, in the order of its text."""
    text = line.text
    found = _headers(page, line)
    taken = [(p.start, p.end) for p in found]

    def free(start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in taken)

    for cue in name_cues().find(text):
        if free(cue.start, cue.end):
            found.append(_name(page, line, cue))
            taken.append((cue.start, cue.end))
    if not any(p.kind == "name" for p in found) and (guess := _guess_name(page, line)):
        found.append(guess)
    for match in _amount().finditer(plain(cyrillic_units(text))):
        start, end = match.span()
        if free(start, end):
            unit = _unit_of().get(match["unit"] or "", "")
            number = match["number"].replace(" ", "")
            found.append(
                Piece("amount", line, _part(page, line, start, end), start, end, number=number,
                      unit=unit, text=text[start:end].strip())
            )  # fmt: skip
    return sorted(found, key=lambda p: p.start)


def _headers(page: Print, line: Line) -> list[Piece]:
    spans: list[tuple[int, int, Basis]] = []
    folded = plain(line.text)
    for match in _hundred().finditer(folded):
        spans.append((*match.span(), "100"))
    for match in _per_amount().finditer(folded):
        spans.append((*match.span(), "serving"))
    for cue in header_cues().find(line.text):
        spans.append((cue.start, cue.end, cue.kind))  # type: ignore[arg-type]
    found: list[Piece] = []
    for start, end, basis in sorted(spans):
        if not found or start >= found[-1].end:
            place = _part(page, line, start, end)
            found.append(Piece("header", line, place, start, end, basis=basis))
    return found


def _name(page: Print, line: Line, cue: Cue) -> Piece:
    kcal = cue.kind == "calories"
    return Piece(
        "name", line, _part(page, line, cue.start, cue.end), cue.start, cue.end,
        "energy" if kcal else cue.kind, cue.language(page.languages), unit="kcal" if kcal else "",
    )  # fmt: skip


def _guess_name(page: Print, line: Line) -> Piece | None:
    """A row name that is misread in a letter or two: "ugars", "Carbonydrate"."""
    text = re.match(r"[^\d<]*", plain(line.text))[0].strip(" .:-–*")  # type: ignore[index]
    if len(text) < LETTERS:
        return None
    best = process.extractOne(text, _names(), scorer=fuzz.ratio, score_cutoff=SIMILAR)
    best = best or process.extractOne(
        re.sub(r"^(?:of\s*which|dont|davon|di cui|waarvan|varav)\s*", "", text), list(_names()),
        scorer=fuzz.ratio, score_cutoff=SIMILAR,
    )  # fmt: skip
    known = _names().get(best[0] if best else "")
    if known is None:
        return None
    return Piece("name", line, _part(page, line, 0, len(text)), 0, len(text), known[0], known[1])


def _part(page: Print, line: Line, start: int, end: int) -> Place:
    """Where characters of a line stand, all taken to be equally wide."""
    place, size = page.place(line), max(len(line.text), 1)
    shift = ((start + end) / 2 / size - 0.5) * place.width
    return replace(
        place,
        x=place.x + shift * math.cos(place.angle),
        y=place.y + shift * math.sin(place.angle),
        width=place.width * (end - start) / size,
    )


# ----- cells ----------------------------------------------------------------------------------


def read_cells(page: Print) -> tuple[list[Cell], list[Piece]]:
    """All cells with their basis where running text or a slash says it, and all headers."""
    by_line = {id(line): pieces_of(page, line) for line in page.lines}
    cells: list[Cell] = []
    used: set[int] = set()
    for line in page.lines:
        if id(line) not in used and _runs(by_line[id(line)]):
            strips = page.paragraph(line)
            lines = [one for strip in strips for one in strip.lines]
            used |= {id(one) for one in lines}
            cells += _cells_in([p for one in lines for p in by_line[id(one)]], True)
    for row in page.rows:
        lines = [one for one in row if id(one) not in used]
        cells += _cells_in([p for one in lines for p in by_line[id(one)]], False)
    cells += _energy_nearby(page, cells, by_line)
    headers = [p for pieces in by_line.values() for p in pieces if p.kind == "header"]
    return cells, headers


def _runs(pieces: Sequence[Piece]) -> bool:
    """Whether a line declares nutrients one after the other, as running text does."""
    kinds = "".join(p.kind[0] for p in pieces if p.kind != "header")
    return len(re.findall("na", kinds)) >= 2 and kinds.startswith("na")


def _cells_in(pieces: Sequence[Piece], running: bool) -> list[Cell]:
    """Amounts with the name before them. In running text a name has one amount right behind it,
    and a second only of another energy unit, for its next amounts are those of names unread."""
    cells: list[Cell] = []
    name: Piece | None = None
    basis: Basis | None = None
    last: Piece | None = None
    for piece in pieces:
        if piece.kind == "header":
            slash = piece.line.text[piece.start : piece.end].startswith("/")
            if slash and cells and cells[-1].amount.line is piece.line:
                cells[-1] = replace(cells[-1], basis=piece.basis)
            elif running:
                basis = piece.basis
        elif piece.kind == "name":
            name = last = piece
        elif name is not None and last is not None:
            unit = piece.unit or name.unit or _unit_of_row(name)
            near = _adjoins(last, piece, RUNNING if running else ASIDE)
            if _fits(name.nutrient, unit) and near and (unit or not running):
                cells.append(Cell(name.nutrient, replace(piece, unit=unit), name, basis))
            ends = running and not (near and (unit in ENERGY or unit == "%"))
            name, last = (None, None) if ends else (name, piece)
    return cells


def _unit_of_row(name: Piece) -> str:
    """The unit that a row names once, in brackets or behind a comma: "Fat (g)"."""
    match = re.match(r"\s*[(,\[]\s*(\w+)\s*[)\]]?(?!\w)", plain(name.line.text[name.end :]))
    return _unit_of().get(match[1], "") if match else ""


def _adjoins(last: Piece, piece: Piece, most: int) -> bool:
    """Whether at most so many letters stand between two pieces, those of line ends included."""
    if last.line is piece.line:
        between = last.line.text[last.end : piece.start]
    elif most == RUNNING:
        between = last.line.text[last.end :] + piece.line.text[: piece.start]
    else:
        between = ""
    return len(re.sub(r"[\W\d_]", "", between)) <= most


def _fits(nutrient: str, unit: str) -> bool:
    """Whether a unit may be one of a nutrient; shares and bare numbers may."""
    if unit in ("", "%"):
        return True
    return (unit in ENERGY) == (nutrient == "energy")


def _energy_nearby(
    page: Print, cells: Sequence[Cell], by_line: dict[int, list[Piece]]
) -> Iterator[Cell]:
    """Energies right above or below one that has a name: kJ and kcal on lines of their own."""
    named = [c for c in cells if c.nutrient == "energy" and c.amount.unit in ENERGY]
    taken = {(id(c.amount.line), c.amount.start) for c in cells}
    for line in page.lines:
        for piece in by_line[id(line)]:
            if piece.unit not in ENERGY or (id(line), piece.start) in taken:
                continue
            for cell in named:
                pair = (piece.place, cell.amount.place)
                if cell.amount.unit != piece.unit and (follows(*pair) or follows(*pair[::-1])):
                    yield Cell("energy", piece, cell.name)
                    break


# ----- columns --------------------------------------------------------------------------------


def assign_bases(cells: Sequence[Cell], headers: Sequence[Piece]) -> list[Cell]:
    """Cells with what their column is for.

    A share is of the reference intake. An amount takes the header of its column: of the headers
    above it the nearest along the row. With headers of one basis only, the first amount of a row
    takes that, and the others are intakes. None where no header is seen.
    """
    kinds = {h.basis for h in headers} - {"reference"}
    only = next(iter(kinds)) if len(kinds) == 1 else None
    seen: set[tuple[int, str]] = set()
    found = []
    for cell in cells:
        basis = cell.basis
        if cell.amount.unit == "%":
            basis = "reference"
        elif basis is None and only:
            key = (id(cell.name), cell.amount.unit)
            basis = "reference" if key in seen else only
            seen.add(key)
        elif basis is None:
            basis = _basis_above(cell.amount.place, headers)
        found.append(replace(cell, basis=basis))
    return found


def _basis_above(place: Place, headers: Sequence[Piece]) -> Basis | None:
    above = []
    for header in headers:
        seen = offset(header.place, place)
        if seen.down > -place.height / 2:
            above.append((abs(seen.along), header.basis))
    return min(above, key=lambda pair: pair[0])[1] if above else None


def has_table(page: Print) -> bool:
    """Whether a picture shows a nutrition table or declaration."""
    cells, _ = read_cells(page)
    return len({c.nutrient for c in cells if c.amount.unit}) >= LEAST
