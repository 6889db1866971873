"""The words of the shop: brands, and per class the keys with modality, level and values."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

Modality = Literal["visual", "text", "both", "unknown"]
LANGUAGES = ("en", "id", "ms", "vi", "th")
"""English, Indonesian, Malay, Vietnamese, Thai."""


@cache
def vocabulary() -> dict:
    """`vocabulary.json`: {"brands": [...], "classes": {class: {"group", "keys", "forbidden"}}}.

    A key has a modality (visual, text or both), a level (spu: shared by variants; sku: varies) and
    values, one listed twice being drawn twice as often; "only" names what a product must be for the
    key to belong to it. A forbidden rule names a condition ("if") and the values it rules out
    ("not").
    """
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def modality(kind: str, key: str) -> Modality:
    """ "visual", "text", "both", or "unknown" for a key the class does not have."""
    if key == "brand":
        return "both"
    return (
        vocabulary()["classes"]
        .get(kind, {"keys": {}})["keys"]
        .get(key, {})
        .get("modality", "unknown")
    )


@cache
def lexicon() -> dict:
    """`lexicon.json`: kind -> English -> {"id", "ms", "vi", "th"}.

    Kinds: "nouns", "counted" (one of a thing, with its classifier), "colours", "patterns",
    "phrases" with a {} for one of "values", and "expressions", which are said otherwise than their
    words one by one.
    """
    return json.loads(Path(__file__).with_name("lexicon.json").read_text("utf-8"))


def translate(kind: str, words: str, language: str) -> str:
    """`words` of a kind; as they are in English or without an entry."""
    return lexicon()[kind].get(words, {}).get(language, words)
