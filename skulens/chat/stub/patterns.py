"""Regular expression -> a text that it matches, as guided decoding finds one."""

import random
import re._parser as parser
from collections.abc import Callable
from typing import Any

LETTERS = "".join(map(chr, range(32, 127)))
"""What is drawn where many letters would do."""
MOST_REPEATS = 4
"""Beyond the least, of `*` and `+`."""
CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda c: not c.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda c: not c.isspace(),
    "CATEGORY_WORD": lambda c: c.isalnum() or c == "_",
    "CATEGORY_NOT_WORD": lambda c: not (c.isalnum() or c == "_"),
}


def draw_match(pattern: str, draw: random.Random) -> str:
    """A text that a pattern matches; looking around is not understood and taken as true.

    Raises:
        re.error: it is no regular expression.
    """
    return draw_sequence(parser.parse(pattern), draw, {})


def draw_sequence(steps: Any, draw: random.Random, groups: dict[int, str]) -> str:
    return "".join(draw_step(str(op), given, draw, groups) for op, given in steps)


def draw_step(op: str, given: Any, draw: random.Random, groups: dict[int, str]) -> str:
    """The text of one step of a parsed pattern; "" for anchors and the like."""
    if op == "LITERAL":
        return chr(given)
    if op in ("NOT_LITERAL", "ANY", "IN"):
        members = {"NOT_LITERAL": [("NEGATE", None), ("LITERAL", given)], "ANY": [("NEGATE", None)]}
        return draw_letter(members.get(op, given), draw)
    if op == "BRANCH":
        return draw_sequence(draw.choice(given[1]), draw, groups)
    if op == "SUBPATTERN":
        text = draw_sequence(given[-1], draw, groups)
        if given[0] is not None:
            groups[given[0]] = text
        return text
    if op.endswith("_REPEAT"):
        least, most, inner = given
        most = min(int(most), least + MOST_REPEATS)
        return "".join(draw_sequence(inner, draw, groups) for _ in range(draw.randint(least, most)))
    if op == "ATOMIC_GROUP":
        return draw_sequence(given, draw, groups)
    return groups.get(given, "") if op == "GROUPREF" else ""


def draw_letter(members: Any, draw: random.Random) -> str:
    """A letter of a class such as [a-z\\d] or [^,]."""
    named = [(str(op), given) for op, given in members]
    negated = named[0][0] == "NEGATE"

    def holds(letter: str) -> bool:
        code = ord(letter)
        return any(
            (op == "LITERAL" and code == given)
            or (op == "RANGE" and given[0] <= code <= given[1])
            or (op == "CATEGORY" and CATEGORIES[str(given)](letter))
            for op, given in named
        )

    found = [letter for letter in LETTERS if holds(letter) != negated]
    if not found:  # none of ASCII
        found = [chr(given if op == "LITERAL" else given[0]) for op, given in named if given]
    return draw.choice(found)
