"""Ingredients: one, or a whole list, aligned in order with a list on the label.

Never wrong: a list that is read in part, or in another language, contradicts nothing.
"""

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from skulens.claims import Claim, Evidence, Seen, Verdict
from skulens.verify.checks.judge import is_own, judge, same_value
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.cues import plain
from skulens.verify.facts.found import Found
from skulens.verify.facts.ingredients import split_ingredients

NAME = "ingredients/1"
RATIO = 90
"""Least similarity, of 100, of lists aligned in order."""
CONFUSED = str.maketrans("1i|058", "lllosb")
"""Characters that readers take for one another."""


class IngredientsVerifier:
    """attributes.ingredients."""

    fields = ("attributes.ingredients",)

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, readings_of_field(seen, claim.field)) for claim in claims]

    def _verify(self, claim: Claim, found: Sequence[Found]) -> Verdict:
        verdict = judge(claim, found, NAME, agree=is_ingredient)
        if verdict.label == "VC" or len(split_ingredients(claim.value or "")) < 2:
            return verdict
        if evidence := align(claim, found):
            return Verdict(claim.id, "VC", "ocr", NAME, True, evidence)
        return verdict


def fold(text: str) -> str:
    """Words and numbers in small letters without accents, one space between them."""
    return " ".join(re.findall(r"\w+", plain(text)))


def is_near(first: str, second: str) -> bool:
    """Whether two folded lists are alike and have the same numbers in the same order."""
    same = re.findall(r"\d+", first) == re.findall(r"\d+", second)
    return bool(first) and same and fuzz.ratio(first, second) >= RATIO


def letters_of(text: str) -> str:
    """Letters and digits alone, those that readers confuse as one."""
    return re.sub(r"[\W_]", "", plain(text)).translate(CONFUSED).replace("rn", "m")


def is_ingredient(claim: Claim, found: Found) -> bool:
    """Whether a claim is an ingredient of the list, or one of those in its brackets.

    One letter makes another substance (linoleic and linolenic acid, ethyl- and methylparaben), so
    a name may differ by spaces and confused letters only.
    """
    if same_value(claim, found):
        return True
    claimed = letters_of(claim.value or "")
    return bool(claimed) and any(claimed == letters_of(part) for part in parts_of(found.value))


def parts_of(text: str) -> Iterator[str]:
    """An ingredient, its name before brackets, and what it is made of."""
    yield text
    yield re.sub(r"[(\[{].*", "", text)
    yield from re.split(r"[()\[\]{},;:]", text)


def align(claim: Claim, found: Sequence[Found]) -> tuple[Evidence, ...]:
    """Where a list of several ingredients stands, in its order; () where it does not.

    Readings of one picture and language are one text, in the order of the label. Those that the
    claim was made from prove nothing.
    """
    claimed = fold(claim.value or "")
    for group in _lists(found):
        if any(is_own(claim, one) for one in group):
            continue
        texts = [fold(one.value) for one in group]
        whole = " ".join(texts)
        if len(claimed) > len(whole) * 100 / RATIO:
            continue
        match = fuzz.partial_ratio_alignment(claimed, whole)
        if match is None or match.score < RATIO:
            continue
        if not is_near(claimed, whole[match.dest_start : match.dest_end].strip()):
            continue
        return tuple(_evidence(group, texts, match.dest_start, match.dest_end))
    return ()


def _lists(found: Sequence[Found]) -> Iterator[list[Found]]:
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        image = one.evidence[0].image if one.evidence else ""
        groups.setdefault((image, one.language), []).append(one)
    yield from groups.values()


def _evidence(
    group: Sequence[Found], texts: Sequence[str], start: int, end: int
) -> Iterator[Evidence]:
    """Each line once that ingredients between two places of the joined texts stand on."""
    at, given = 0, set()
    for one, text in zip(group, texts, strict=True):
        if at < end and at + len(text) > start:
            for evidence in one.evidence:
                if evidence not in given:
                    given.add(evidence)
                    yield evidence
        at += len(text) + 1
