"""The three principles of MERIT's automatic filter (A.4.1), as far as the catalogue decides them.

- Non-omission: what the query asks for is given. A picture gives what it shows; what only a text
  can tell has to stand in the text that the query shows beside the picture.
- Vision-centric: what only a picture should tell (modality "visual") is not written out in the
  query. A condition told in words on purpose, without a picture, is not meant.
- Accuracy: every answer has exactly the values asked for, and so has each reference the value that
  it stands for.

Where the catalogue does not know (no attribute, a value nobody knows, a text in another language
than the values) the verdict is "unknown", and a model may be asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from skulens.compose.words import CLASS
from skulens.curate.asked.checks import names_class, number_of, said_of
from skulens.curate.asked.saying import CATALOGUE_LANGUAGE, contains, says
from skulens.curate.asked.tagged import Tagged
from skulens.records import Condition, Product, Query

Verdict = Literal["holds", "fails", "unknown"]
Principle = Literal["non_omission", "vision_centric", "accuracy"]
PRINCIPLES: tuple[Principle, ...] = ("non_omission", "vision_centric", "accuracy")
SHOWN = 3
"""Products that a reason names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its reason; empty where it holds."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """What the catalogue knows.

    Args:
        language: of the attributes' values.
    """

    products: Mapping[str, Product]
    language: str = CATALOGUE_LANGUAGE

    def values(self, product: str, key: str) -> frozenset[str]:
        """Values of a key; empty where unknown. The class counts as one."""
        held = self.products.get(product)
        if held is None:
            return frozenset()
        found = {a.value for a in held.attributes if a.key == key}
        return frozenset(found or ({held.category[0]} if key == CLASS and held.category else ()))

    def language_of(self, product: str | None) -> str | None:
        held = self.products.get(product or "")
        return held.language if held else None


def judge_query(query: Query, text: Tagged, facts: Facts) -> dict[Principle, Finding]:
    """What the catalogue says of a query."""
    return {
        "non_omission": combine(judge_given(query, text, facts)),
        "vision_centric": combine(judge_unwritten(query, text, facts)),
        "accuracy": combine(judge_accurate(query, facts)),
    }


def combine(findings: Iterator[Finding]) -> Finding:
    """Of all conditions: fails where one fails, else unknown where one is."""
    found = list(findings)
    for verdict in ("fails", "unknown"):
        reasons = dict.fromkeys(f.reason for f in found if f.verdict == verdict)
        if reasons:
            return Finding(verdict, "; ".join(reasons))
    return Finding("holds")


# ----- non-omission -------------------------------------------------------------------------------


def judge_given(query: Query, text: Tagged, facts: Facts) -> Iterator[Finding]:
    for condition in query.conditions:
        if condition.part is not None and (
            condition.relation == "whole" or condition.modality in ("visual", "both")
        ):
            yield Finding("holds")  # the picture shows it
        elif condition.value is None:
            yield Finding("unknown", f"nobody knows which {condition.key} is meant")
        elif condition.key == CLASS and names_class(said_of(text), condition.value):
            yield Finding("holds")
        else:
            yield judge_told(condition, condition.value, query, text, facts)


def judge_told(
    condition: Condition, value: str, query: Query, text: Tagged, facts: Facts
) -> Finding:
    """Whether the text beside the picture, or the query's words, tell a value."""
    number = number_of(condition, query, text)
    beside = text.products[number - 1].words if number else said_of(text)
    where = f"the text of product {number}" if number else "the query"
    said = says(beside, value, facts.language_of(condition.product), facts.language)
    if said:
        return Finding("holds")
    about = f"{condition.key} {value!r}"
    if said is None:
        return Finding("unknown", f"{where} may tell {about} in another language")
    if condition.modality == "unknown" and condition.part is not None:
        return Finding("unknown", f"{where} does not tell {about}; the picture may")
    return Finding("fails", f"{where} does not tell {about}")


# ----- vision-centric -----------------------------------------------------------------------------


def judge_unwritten(query: Query, text: Tagged, facts: Facts) -> Iterator[Finding]:
    for condition in query.conditions:
        number = number_of(condition, query, text) if condition.part is not None else None
        if number is None or condition.value is None or condition.modality in ("text", "both"):
            yield Finding("holds")
            continue
        about = f"{condition.key} {condition.value!r}"
        framed = writes_out(query, text, condition)
        beside = says(
            text.products[number - 1].words,
            condition.value,
            facts.language_of(condition.product),
            facts.language,
        )
        where = "the query" if framed else f"the text of product {number}"
        if framed or beside:
            verdict: Verdict = "fails" if condition.modality == "visual" else "unknown"
            yield Finding(verdict, f"{where} writes out {about}")
        elif beside is None:
            yield Finding("unknown", f"{where} may write out {about} in another language")
        else:
            yield Finding("holds")


def writes_out(query: Query, text: Tagged, condition: Condition) -> bool:
    """Whether the query's own words give a value away; not where the class or an attribute is
    called so ("gold" of the class gold)."""
    value = condition.value or ""
    named = [c.value or "" if c.key == CLASS else c.key for c in query.conditions]
    return contains(said_of(text), value) and not any(contains(name, value) for name in named)


# ----- accuracy -----------------------------------------------------------------------------------


def judge_accurate(query: Query, facts: Facts) -> Iterator[Finding]:
    if not query.answers:
        yield Finding("fails", "the query has no answer")
    for condition in query.conditions:
        if condition.relation == "whole" or condition.value is None:
            yield Finding("unknown", f"no value says what the same {condition.key} is")
            continue
        if condition.product is not None:
            yield has_value(condition, condition.value, (condition.product,), "reference", facts)
        yield has_value(condition, condition.value, query.answers, "answer", facts, away(condition))


def has_value(
    condition: Condition,
    value: str,
    products: Sequence[str],
    role: str,
    facts: Facts,
    lacks: bool = False,
) -> Finding:
    """Whether products have the value of a condition, or lack it."""
    known = {p: facts.values(p, condition.key) for p in products}
    wrong = [p for p, values in known.items() if values and (value in values) == lacks]
    silent = [p for p, values in known.items() if not values]
    if wrong:
        has = ", ".join(sorted(known[wrong[0]]))
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        wanted = f"other than {value}" if lacks else value
        about = f"{condition.key} {has}, expected {wanted}"
        return Finding("fails", f"{role} {wrong[0]!r}{more}: {about}")
    if silent:
        names = ", ".join(map(repr, silent[:SHOWN]))
        return Finding("unknown", f"the catalogue has no {condition.key} of {role} {names}")
    return Finding("holds")


def away(condition: Condition) -> bool:
    """Whether the value is what the shopper does not want."""
    return condition.relation == "different" or condition.weight < 0
