"""Text in lines of a width: at words, and names at their own seams."""

import re

from rich.cells import cell_len, chop_cells

NAME_LINES = 3
"""Most lines of a name: it is wrapped at most twice."""
SEAMS = re.compile(r"[^\s/:_,.=+-]*(?:[/:_,.=+-]+\s*|\s+|$)")
"""A piece of a name with what ends it."""


def wrap_words(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces; a word that is longer is broken at its
    seams (behind / - _ ...), and only then inside."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _fill([f"{word} " for word in paragraph.split(" ")], width)
    return lines


def wrap_name(text: str, width: int) -> list[str]:
    """Lines of a name, broken behind / - : _ or a space."""
    return [line for part in text.split("\n") for line in _fill(pieces_of(part), width)]


def wrap_number(text: str, width: int) -> list[str]:
    """Lines of a number: an interval or a bracket behind it may stand below it, all else stays."""
    lines: list[str] = []
    for part in text.split("\n"):
        lines += _fill([f"{piece} " for piece in re.split(r" (?=[\[(])", part)], width)
    return lines


def pieces_of(name: str) -> list[str]:
    """What a name may be broken into; together they are the name."""
    return [piece for piece in SEAMS.findall(name) if piece]


def least_of_name(name: str) -> int:
    """The narrowest column in which a name has at most NAME_LINES lines."""
    width = max((cell_len(p.rstrip()) for p in pieces_of(name)), default=1)
    while len(wrap_name(name, width)) > NAME_LINES:
        width += 1
    return width


def least_of_number(text: str) -> int:
    return max(cell_len(p) for p in re.split(r" (?=[\[(])|\n", text))


def least_of_words(text: str) -> int:
    """The longest word."""
    return max(cell_len(w) for w in re.split(r"[ \n]", text))


def _fill(pieces: list[str], width: int) -> list[str]:
    """Pieces, each with the space that ends it, put together into lines."""
    lines, line = [], ""
    for piece in pieces:
        if cell_len((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        *whole, line = _break(piece, width)
        lines += whole
    return [*lines, line.rstrip()]


def _break(piece: str, width: int) -> list[str]:
    """A piece that may be longer than a line."""
    if cell_len(piece.rstrip()) <= width:
        return [piece]
    seams = pieces_of(piece)
    if len(seams) > 1:
        return _fill(seams[:-1] + [seams[-1] + " "], width)[:-1] + [_last(seams, width)]
    return chop_cells(piece.rstrip(), width)[:-1] + [chop_cells(piece.rstrip(), width)[-1] + " "]


def _last(seams: list[str], width: int) -> str:
    """The last line of a broken piece, with the space that ends it."""
    return _fill(seams, width)[-1] + " "
