"""Hand-written pictures: lines of text below each other, without any reader."""

from skulens.claims import Claim, Code, Evidence, Line, Seen
from skulens.records import Image
from skulens.verify.chain import verify_claims
from skulens.verify.facts.found import Found
from skulens.verify.layout import Print, prints_of

STEP, HEIGHT = 28, 20
"""Pixels from line to line, and of a line."""
SIZE = (2000, 2000)
"""Of a picture, in pixels."""


def line(text, row=0, confidence=0.99, second="", height=HEIGHT, x=100):
    """A line of a sheet; letters are half as wide as high."""
    y, width = row * STEP, len(text) * height / 2
    quad = (x, y, x + width, y, x + width, y + height, x, y + height)
    return Line(text, quad, confidence, "test", second)


def lines(*texts, **more):
    """Texts (or lines) below each other."""
    return tuple(t if isinstance(t, Line) else line(t, i, **more) for i, t in enumerate(texts))


def page(*texts, codes=(), languages=(), **more):
    return Print("sha", lines(*texts, **more), tuple(codes), SIZE, tuple(languages))


def code(text, symbology="Code 128", sure=True):
    return Code(text, symbology, (0, 900, 99, 900, 99, 950, 0, 950), sure=sure)


def seen(*texts, codes=(), **more):
    """An item with one picture."""
    read = {"sha": lines(*texts, **more)}
    return Seen("item", (Image(b"x"),), {"sha": tuple(codes)}, read, {"sha": SIZE})


def values(found, field):
    """Values of one field, in the order found."""
    return [one.value for one in found if one.field == field]


def only(found, field) -> Found:
    """The one finding of a field."""
    (one,) = [one for one in found if one.field == field]
    return one


def claim(field, value, unit=""):
    """Of somebody else: a model or a seller."""
    return Claim("item", field, value, unit, evidence=(Evidence("", "vlm"),))


def own_claim(found: Found):
    """What our own reader claims of a finding."""
    return Claim("item", found.field, found.value, found.unit, evidence=found.evidence)


def verdict(field, value, item, unit=""):
    """(label, sub-label) of somebody else's claim."""
    (one,) = verify_claims([claim(field, value, unit)], item)
    return one.label, one.sub


def own_verdict(found: Found, item):
    """Label of our own claim of a finding."""
    (one,) = verify_claims([own_claim(found)], item)
    return one.label


def print_of(item):
    (one,) = prints_of(item)
    return one
