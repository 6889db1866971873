"""How EAN and UPC codes are drawn: digits as seven modules, guards between them (ISO/IEC 15420)."""

from dataclasses import dataclass

L = ("0001101", "0011001", "0010011", "0111101", "0100011",
     "0110001", "0101111", "0111011", "0110111", "0001011")  # fmt: skip
"""Left digits of odd parity: 0 is a light module, 1 a dark one."""
R = tuple(row.translate(str.maketrans("01", "10")) for row in L)
G = tuple(row[::-1] for row in R)
TABLES = {"L": L, "G": G, "R": R}
PARITIES = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG",
            "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")  # fmt: skip
"""Of the left half of EAN-13, by its first digit."""
PARITIES_UPC_E = ("GGGLLL", "GGLGLL", "GGLLGL", "GGLLLG", "GLGGLL",
                  "GLLGGL", "GLLLGG", "GLGLGL", "GLGLLG", "GLLGLG")  # fmt: skip
"""By the check digit, of number system 0; number system 1 has the opposite."""
GUARD, CENTRE, END_UPC_E = "101", "01010", "010101"
MODULES = {"EAN-13": 95, "UPC-A": 95, "EAN-8": 67, "UPC-E": 51}
"""Symbology -> width from the first to the last bar, in modules."""
DIGIT = 7
"""Modules of a digit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A digit or a guard."""

    pattern: str
    """Its modules, "1" dark."""
    digit: bool
    tables: str = ""
    """Of a digit: the tables whose patterns could stand in its place."""


def pieces_of(text: str, symbology: str) -> tuple[Piece, ...]:
    """The pieces of a code from left to right.

    Args:
        text: 13, 12 or 8 digits, of UPC-E the 8 printed ones.
        symbology: "EAN-13", "UPC-A", "EAN-8" or "UPC-E".
    """
    guard = Piece(GUARD, False)
    if symbology == "UPC-E":
        parity = PARITIES_UPC_E[int(text[7])]
        if text[0] == "1":
            parity = parity.translate(str.maketrans("LG", "GL"))
        return (guard, *_digits(text[1:7], parity, "LG"), Piece(END_UPC_E, False))
    if symbology == "EAN-8":
        left, right, parity, tables = text[:4], text[4:], "LLLL", "L"
    else:
        text = text.rjust(13, "0")
        left, right, parity, tables = text[1:7], text[7:], PARITIES[int(text[0])], "LG"
    return (
        guard,
        *_digits(left, parity, tables),
        Piece(CENTRE, False),
        *_digits(right, "R" * len(right), "R"),
        guard,
    )


def _digits(digits: str, parity: str, tables: str) -> list[Piece]:
    return [
        Piece(TABLES[table][int(digit)], True, tables)
        for digit, table in zip(digits, parity, strict=True)
    ]
