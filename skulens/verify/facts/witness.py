"""What else on a label says that a reading is right: a second engine, or decoded bars."""

import re

from skulens.claims import Line
from skulens.verify.facts.found import Witness
from skulens.verify.layout import Print

LEAST = 4
"""Characters of a value that bars may confirm; shorter ones stand in them by chance."""


ONE_ENGINE = "only the second engine reads it"
"""Doubt of a value that stands in `Line.second` alone, which must not confirm itself there."""


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
