"""Whether a text says a value, as far as that can be told without a model."""

import re

from skulens.curate.captions.facts import cleaned, find_colours
from skulens.values.colours import parse_colour
from skulens.values.text import fold

CATALOGUE_LANGUAGE = "en"
"""Language of attribute values where nobody says otherwise."""
_JOINERS = re.compile(r"[\s_/-]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that write no blank between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_SPELLING = {"colour": "color", "colours": "colors", "grey": "gray", "jewellery": "jewelry"}


def plain(text: str) -> str:
    """Folded, American spelling, one blank between words and in place of hyphens and slashes."""
    words = _JOINERS.sub(" ", fold(cleaned(text))).split()
    return " ".join(_SPELLING.get(word, word) for word in words)


def contains(text: str, value: str) -> bool:
    """Whether a value stands in a text, as whole words where its script has words.

    "sporty" does not contain "sport", and "Product 1's" does not contain "s".
    """
    text, value = plain(text), plain(value)
    if not value:
        return False
    if _UNSPACED.search(value):
        return value in text
    return re.search(rf"(?<![\w'’]){re.escape(value)}(?![\w'’])", text) is not None


def says(
    text: str, value: str, language: str | None, values_in: str = CATALOGUE_LANGUAGE
) -> bool | None:
    """Whether a text says a value; None where it may, in words of another language.

    Colours are recognised by their names in the languages of `values.colours`, too.

    Args:
        language: of the text, where known.
        values_in: language of the value.
    """
    if contains(text, value):
        return True
    same = (language or values_in)[:2].casefold() == values_in[:2].casefold()
    colour = parse_colour(value)
    if colour is not None and not same:
        named = {c.said for c in find_colours(text, language or "")}
        if colour in map(parse_colour, named):
            return True
    return False if same else None
