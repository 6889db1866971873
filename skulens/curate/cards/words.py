"""The two forms of a key or value: as it is written on a card, and as it is compared.

Both are composed (NFC), case-folded and single-spaced. The form for comparison also has no
punctuation: it becomes a space, so that "pattern/print" is "pattern print", "v-neck" is "v neck", and
nothing is joined. What stands in a number stays ("5.8", "10:30", "1/2", "100%", "3+"), and a
sign before a number becomes a word, so that "<5 mm", ">5 mm" and "5 mm" stay apart. Only characters
of the categories P and S are punctuation; Thai vowels and tone marks are marks (M) and stay.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from skulens.values.numbers import rewrite_numbers
from skulens.values.text import (
    ascii_digits,
    clean_characters,
    drop_punctuation,
    fold,
    is_abstention,
)

SIGNS = {"<": "under", ">": "over", "≤": "at most", "≥": "at least", "-": "minus"}
SIGNED = re.compile(r"(?<![\w)])([<>≤≥-])\s*(?=\d)")
"""A sign that belongs to the number behind it; "1-2 inches" has none."""
SKIPPED = frozenset(("skip", "skipped", "not specified", "unspecified", "undetermined"))
"""What answers say in place of a value, beside `values.text.ABSTENTIONS`."""


def settle(step: Callable[[str], str], text: str) -> str:
    """`step` until it changes nothing: "&amp;amp;" and doubled marks need more than one pass."""
    while (after := step(text)) != text:
        text = after
    return text


@lru_cache(maxsize=65536)
def write_form(text: str) -> str:
    """As it is written on a card: "V-Neck " is "v-neck". Idempotent."""
    return settle(lambda t: " ".join(fold(ascii_digits(clean_characters(t))).split()), text)


@lru_cache(maxsize=65536)
def compare_form(text: str) -> str:
    """Equal for what means the same but for case and punctuation; "" without letter or digit.

    Idempotent, and the same for a text and for its `write_form`.
    """
    return settle(lambda t: write_form(without_punctuation(t)), write_form(text))


def without_punctuation(text: str) -> str:
    spelled = SIGNED.sub(lambda found: f" {SIGNS[found[1]]} ", text)
    return drop_punctuation(rewrite_numbers(spelled, ""))


def is_no_answer(text: str) -> bool:
    """Whether a value says that there is none: "none", "skip", "not visible", "ไม่มี"."""
    form = compare_form(text)
    return is_abstention(write_form(text)) or form in SKIPPED or is_abstention(form)
