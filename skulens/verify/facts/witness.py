"""What else on a label says that a reading is right: a second engine, or decoded bars."""

import re

from skulens.claims import Line
from skulens.verify.facts.found import Witness
from skulens.verify.layout import Print, frame

LEAST = 4
"""Characters of a value that bars may confirm; shorter ones stand in them by chance."""


ONE_ENGINE = "only the second engine reads it"
"""Doubt of a value that stands in `Line.second` alone, which must not confirm itself there."""

CUT = "may be cut off at the edge of the picture"
EDGE = 0.005
"""How near to the edge print may be cut, as a share of the picture's width; at least two pixels."""


def cut_off(page: Print, line: Line, value: str) -> str:
    """CUT where a value stands at an end of a line that touches the edge of the picture; else "".

    No witness helps there: every reader reads the same part of the word.
    """
    if not page.size[0]:
        return ""
    box, text = frame(line.quad), line.text.strip()
    near = max(EDGE * page.size[0], 2.0)
    left = text.startswith(value) and box.left <= near
    right = text.endswith(value) and box.right >= page.size[0] - near
    return CUT if left or right else ""


def witness_of(page: Print, line: Line, value: str) -> Witness:
    """Bars that hold exactly this value, else the line's second reading; "" for neither."""
    if len(value) >= LEAST and any(squeeze(code.text) == squeeze(value) for code in page.codes):
        return "bars"
    return "second reader" if is_read_twice(line, value) else ""


def is_read_twice(line: Line, value: str) -> bool:
    """Whether both engines read the value, character by character, as whole words."""
    pattern = r"(?<![^\W_])" + re.escape(value) + r"(?![^\W_])"
    return bool(value) and re.search(pattern, line.second) is not None


def squeeze(text: str) -> str:
    """Without spaces; capitals and punctuation mean something in codes."""
    return "".join(text.split())
