"""Sizes of clothes and shoes, and sizes in words, behind a cue."""

from collections.abc import Iterator
from functools import cache

from skulens.values.sizes import parse_size
from skulens.verify.cues import Cues, load_cues, what_follows
from skulens.verify.facts.found import Found, lowest
from skulens.verify.layout import Print

FIELD = "attributes.size"
MOST = 24
"""Characters of a size; what is longer is a sentence."""


@cache
def cues() -> Cues:
    return load_cues(__file__)


def find(page: Print) -> Iterator[Found]:
    """The value behind each cue that begins a line; "one size" and "pack size" have none there."""
    for line in page.lines:
        cue = cues().first(line.text)
        if cue is None or line.text[: cue.start].strip():
            continue
        for following in what_follows(page, line, cue.end):
            value = following.text.strip(" .,;:")
            if not value or len(value) > MOST:
                continue
            said = line.text[cue.end :].lstrip()
            if parse_size(value) or said.startswith(":"):
                yield Found(
                    FIELD, value, language=cue.language(page.languages),
                    evidence=page.evidence(following.lines), confidence=lowest(following.lines),
                )  # fmt: skip
                break
