"""What can go wrong with a checkpoint without any error: every code and all its words, once.

A warning is written "code" or "code=argument" in zoo.csv and in results of earlier versions;
`read_warning` and `write_warning` convert. Neither torch nor the zoo is needed here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from skulens.records import Warning_


@dataclass(frozen=True, slots=True)
class Kind:
    """The words of one code; empty where a place does not mention it."""

    severity: Literal["serious", "note"]
    """serious: may change the numbers or forbid their use, and gets a line in every report."""
    mark: str
    """The mark in a narrow table."""
    legend: str
    """What the mark means."""
    short: str
    """A few words for a page; with `{argument}` where it belongs there."""
    sentence: str
    """Placeholders are fields of the zoo's row, `argument`, or what the caller of `warn` gives."""


KINDS = {
    "activation-mismatch": Kind(
        "serious",
        "activation",
        "measured with another activation than the weights were trained with",
        "run with the wrong activation",
        "open_clip's architecture says {arch_activation}, the weights were trained with "
        "{tag_activation}; sound mode runs the trained one, paper mode the mismatch as published",
    ),
    "activation-doubtful": Kind(
        "note",
        "activation?",
        "open_clip disagrees with itself about the activation",
        "",
        "open_clip's tag says {tag_activation} and its only architecture {arch_activation}; "
        "the tag probably lacks the field, so the architecture is believed",
    ),
    "image-size": Kind(
        "serious",
        "px",
        "measured at another picture size than its name says",
        "run at another picture size than its name says",
        "open_clip's configuration says {image_px} px where the name says {argument}; sound mode "
        "runs the name's, paper mode the configuration's as published",
    ),
    "duplicate-weights": Kind(
        "serious",
        "twin",
        "the same weights as another row",
        "same weights as {argument}",
        "the same weights as {argument}; do not count both as evidence",
    ),
    "same-results": Kind(
        "serious",
        "twin?",
        "hit for hit the results of another row",
        "same results as {argument}",
        "published results are identical, hit for hit, with those of {argument}: "
        "probably the same weights",
    ),
    "non-commercial": Kind(
        "serious",
        "nc",
        "the licence forbids commercial use",
        "",
        "the licence ({licence}) forbids commercial use",
    ),
    "licence-unknown": Kind(
        "note", "", "", "", "no licence known to us; ask the authors before you deploy it"
    ),
    "licence-terms": Kind(
        "note",
        "",
        "",
        "",
        "{licence} is not an open-source licence; read its terms before you deploy it",
    ),
    "card-scope": Kind(
        "note", "", "", "", "the code is MIT, but the model card calls any deployment out of scope"
    ),
    "canonical-text": Kind(
        "note",
        "",
        "",
        "",
        "texts are lower-cased and lose their punctuation before they are tokenised",
    ),
    "short-context": Kind(
        "note",
        "cut",
        "reads 32 tokens or fewer: longer captions are cut",
        "reads short texts only",
        "reads {context_length} tokens only; `skulens audit` counts how many of your texts are cut",
    ),
    "one-language": Kind(
        "note",
        "",
        "",
        "",
        "the tokenizer marks every text as English unless it is told another language",
    ),
    "pickled-upstream": Kind(
        "note",
        "",
        "",
        "",
        "open_clip names a pickled file; skulens takes a safetensors file of the repository or "
        "refuses",
    ),
    "revision-unpinned": Kind(
        "note",
        "",
        "",
        "",
        "revision not pinned: the hub repository may change; results carry the weights' sha256",
    ),
    "random-weights": Kind(
        "serious",
        "random",
        "random weights",
        "random weights",
        "vectors mean nothing; for speed and tests only",
    ),
    "unused-prompts": Kind(
        "note",
        "",
        "",
        "",
        "the model names prompts that belong to neither queries nor documents and are not used: "
        "{argument}",
    ),
    "recipe-unknown": Kind(
        "note",
        "",
        "",
        "",
        "nothing says how this model was trained to embed; it is run with {argument}",
    ),
}
"""Code -> its words. The one table: reports read marks and words from here."""

SERIOUS = tuple(code for code, kind in KINDS.items() if kind.severity == "serious")


def warn(code: str, argument: str = "", **facts: object) -> Warning_:
    """A warning with its words filled in.

    Raises:
        KeyError: no such code, or a sentence lacks a fact; both are ours to fix.
    """
    kind, facts = KINDS[code], {**facts, "argument": argument}
    short, sentence = kind.short.format(**facts), kind.sentence.format(**facts)
    return Warning_(code, argument, kind.severity, short, sentence)


def split_code(text: str) -> tuple[str, str]:
    """(code, argument) of "code" or "code=argument"."""
    code, _, argument = text.partition("=")
    return code, argument


def write_warning(warning: Warning_) -> str:
    """ "code" or "code=argument", as zoo.csv and boards have it."""
    return f"{warning.code}={warning.argument}" if warning.argument else warning.code


def read_warning(text: str) -> Warning_:
    """A warning from "code", "code=argument", or the line "code: sentence" of an earlier version.

    A code without all its facts keeps its severity and has no sentence; text without a known
    code becomes a note without a code, the text as its sentence.
    """
    line = re.match(r"([a-z-]+): (.+)", text)
    code, argument = (line[1], "") if line else split_code(text)
    if code not in KINDS:
        return Warning_("", "", "note", "", text)
    kind = KINDS[code]
    if line and "{argument}" in kind.short:
        found = re.match(re.escape(kind.sentence).replace(r"\{argument\}", r"(\S+?)"), line[2])
        argument = found[1] if found else ""
    sentence = line[2] if line else ""
    short = kind.short.format(argument=argument)
    return Warning_(code, argument, kind.severity, short, sentence)


def line_of(warning: Warning_) -> str:
    """The code and its sentence on one line."""
    return f"{warning.code}: {warning.sentence}" if warning.code else warning.sentence


def warnings_of(info: Mapping) -> tuple[Warning_, ...]:
    """Warnings of a stored EncoderInfo (JSON) of any version: "warnings", or lines of "lint"."""
    if "warnings" in info:
        return tuple(Warning_(**written) for written in info["warnings"])
    return tuple(read_warning(line) for line in info.get("lint", ()))


def warn_of_card(licence: str, canonical_text: bool = False) -> tuple[Warning_, ...]:
    """Warnings for a model outside the zoo, from what its card says."""
    found = []
    if "-nc" in licence.lower() or "noncommercial" in licence.lower().replace("-", ""):
        found.append(warn("non-commercial", licence=licence))
    if canonical_text:
        found.append(warn("canonical-text"))
    return tuple(found)


def mark_of(codes: Iterable[str]) -> list[str]:
    """Marks of written codes for a narrow table, those without one left out."""
    known = (KINDS.get(split_code(text)[0]) for text in codes)
    return [kind.mark for kind in known if kind and kind.mark]
