"""Hand-made pictures of text for tests of finders and verifiers."""

from skulens.claims import Claim, Evidence, Line, Seen
from skulens.verify.layout import Print

PITCH = 30
"""Pixels from line to line."""


def line(text, x=0, y=0, height=20, confidence=0.99):
    """An upright line of ten pixels per letter, its top left corner at x, y."""
    width = 10 * max(len(text), 1)
    quad = (x, y, x + width, y, x + width, y + height, x, y + height)
    return Line(text, tuple(map(float, quad)), confidence)


def stack(*texts, x=0, y=0, confidence=0.99):
    """Lines one below the other."""
    return [line(text, x, y + PITCH * i, confidence=confidence) for i, text in enumerate(texts)]


def table(*rows, columns=(0, 300, 450, 600), confidence=0.99):
    """Cells of rows; an empty text leaves a cell out."""
    return [
        line(text, columns[j], PITCH * i, confidence=confidence)
        for i, row in enumerate(rows)
        for j, text in enumerate(row)
        if text
    ]


def page(lines, languages=()):
    return Print("sha", tuple(lines), languages=tuple(languages))


def seen(lines, languages=()):
    return Seen("item", lines={"sha": tuple(lines)}, languages=tuple(languages))


def claim(field, value, unit="", language=""):
    """A claim of somebody else."""
    return Claim("item", field, value, unit, language)


def own_claim(found):
    """The claim made from a reading."""
    return Claim("item", found.field, found.value, found.unit, found.language, found.evidence)


def seller_claim(field, value):
    return Claim("item", field, value, evidence=(Evidence("", "seller", value),))
