"""What a finder gives: a value of a field, as a picture shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from skulens.claims import Evidence, Line

Witness = Literal["", "bars", "check digit", "arithmetic", "second reader", "seen twice"]
"""What says, besides the one reading, that a value is right."""
CLEAR = 0.95
"""Confidence of a line that needs no witness, unless its field holds identifiers."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value of a field as printed. One reading does not prove itself: see `is_trusted`."""

    field: str
    """Path of `skulens.values.fields`."""
    value: str
    """As printed, or for countries, marks and codes their usual form."""
    unit: str = ""
    language: str = ""
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    """The lowest of the lines that it stands on."""
    witness: Witness = ""
    doubt: str = ""
    """What speaks against it: "kJ and kcal disagree". A value in doubt is never confirmed."""


def is_trusted(found: Found) -> bool:
    """Whether the picture proves a value that was read from it.

    A claim of somebody else is supported by any reading that agrees with it, for errors of reading
    do not agree with claims by chance. A claim that the same reading made is not: it needs a
    witness or a clear line, and identifiers, in which one wrong letter is another product, always
    need a witness.
    """
    if found.doubt:
        return False
    if found.field.startswith("identifiers."):
        return bool(found.witness)
    return bool(found.witness) or found.confidence >= CLEAR


def lowest(lines: Iterable[Line]) -> float:
    """Confidence of a value that stands on several lines."""
    return min((line.confidence for line in lines), default=0.0)
