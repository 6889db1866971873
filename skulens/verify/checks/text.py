"""Fields without rules of their own: their words stand in print, or nothing is decided."""

from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from skulens.claims import Claim, Line, Seen, Verdict
from skulens.values.fields import find_field
from skulens.values.normalise import Type
from skulens.values.text import drop_punctuation, fold
from skulens.verify.checks.amounts import read_amount
from skulens.verify.checks.judge import is_own, judge
from skulens.verify.checks.readings import readings_of_field
from skulens.verify.layout import Print, prints_of

NAME = "text/1"
WORDED: tuple[Type, ...] = ("text", "name", "material", "colour")
"""Types whose values are words: to be looked for in print where no finder knows the field."""
LEAST = 4
"""Characters of a value that is looked for; "S" or "red" stand anywhere."""
LONG = 12
"""Characters of a value for each slip of the reader that is allowed; chemical names differ by two."""
ELSEWHERE = ("attributes.ingredients", "attributes.allergens")
"""Lists, which their own verifier aligns: a word of one stands in other names ("glycol")."""


class TextVerifier:
    """Every field; the last of the chain. Never contradicts: words may stand on another side."""

    fields = ("identifiers.", "attributes.", "free.")

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""
        return [self._verify(claim, seen) for claim in claims]

    def _verify(self, claim: Claim, seen: Seen) -> Verdict:
        found = readings_of_field(seen, claim.field)
        verdict = judge(claim, found, NAME)
        if verdict.confident or any(is_own(claim, one) for one in found):
            return verdict
        value = claim.value or ""
        worded = find_field(claim.field).type in WORDED and claim.field not in ELSEWHERE
        if not worded or read_amount(value, claim.unit):
            return verdict
        for page in prints_of(seen):
            if lines := find_words(value, page):
                return Verdict(claim.id, "VC", "ocr", NAME, True, page.evidence(lines))
        return verdict


def find_words(value: str, page: Print) -> list[Line]:
    """The lines on which the words of a value stand in their order; empty where they do not.

    A value may run over the end of a line. Whole words only: "men" does not stand in "women".
    """
    words = drop_punctuation(fold(value))
    if len(words.replace(" ", "")) < LEAST:
        return []
    for lines in runs(page, most=1 + len(words) // 15):
        printed = drop_punctuation(fold(" ".join(line.text for line in lines)))
        if f" {words} " in f" {printed} ":
            return list(lines)
        if len(words) >= LONG and similar(words, printed):
            return list(lines)
    return []


def similar(words: str, printed: str) -> bool:
    """Whether the print has a passage of whole words that differs by slips of the reader only.

    At most one letter in LONG; as many words, each with at most one wrong letter; digits are exact.
    """
    wanted, there = words.split(), printed.split()
    for start in range(len(there) - len(wanted) + 1):
        passage = there[start : start + len(wanted)]
        slips = [Levenshtein.distance(a, b) for a, b in zip(wanted, passage, strict=True)]
        if (
            max(slips) <= 1
            and sum(slips) <= len(words) // LONG
            and digits(wanted) == digits(passage)
        ):
            return True
    return False


def digits(words: Sequence[str]) -> list[str]:
    return [c for word in words for c in word if c.isdigit()]


def runs(page: Print, most: int) -> Iterator[tuple[Line, ...]]:
    """Each line alone, then each with up to `most` lines below it."""
    for line in page.lines:
        yield (line,)
    for line in page.lines:
        below = page.below(line, most)
        for n in range(1, len(below) + 1):
            yield (line, *below[:n])
