"""What a rewritten query may say: all that it asked for, nothing that its pictures show."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from skulens.compose.words import CLASS, say_thing
from skulens.curate.asked.saying import contains, plain
from skulens.curate.asked.tagged import IMAGE, Tagged, places_of, read_answer
from skulens.records import Condition, Product, Query

LONGEST = 2.5
"""Words of a rewritten frame, over those of the templated one; and LONGEST_ADD on top."""
LONGEST_ADD = 8
SMALL = frozenset(["of", "and", "the", "for", "in", "on", "with", "a", "an", "to", "or", "type"])
"""Words of an attribute's name that say nothing by themselves."""
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class Vocabulary:
    """Values that products of a class may have: a rewritten query may not give one away."""

    values: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """Class ("": all) -> key -> values."""

    @classmethod
    def of(cls, products: Iterable[Product]) -> "Vocabulary":
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for product in products:
            for attribute in product.attributes:
                for kind in {"", product.category[0] if product.category else ""}:
                    found[kind][attribute.key].add(attribute.value)
        return cls({k: {key: frozenset(v) for key, v in keys.items()} for k, keys in found.items()})

    def of_class(self, kind: str) -> Mapping[str, frozenset[str]]:
        return self.values.get(kind, self.values.get("", {}))


def check_rewritten(
    said: str, before: Tagged, query: Query, vocabulary: Vocabulary, added: str = ""
) -> tuple[Tagged | None, list[str]]:
    """A model's answer as a text of the query; (None, what is wrong with it, for the model).

    Checked are the tags (`read_answer`), the length, that the class and every attribute are still
    named where they belong, and that no value which products of the class have was added: one of a
    condition's gives the answer away, another would be one more condition, so that the judgements
    of the query would be wrong.

    Args:
        added: a trait that was asked for on purpose; it has to stand in the answer, and its words
            may.
    """
    tagged, problems = read_answer(said, before)
    if tagged is None:
        return None, problems
    problems += check_length(tagged, before)
    problems += check_named(tagged, query)
    problems += check_added(tagged, before, query, vocabulary, added)
    return (None, problems) if problems else (tagged, [])


def check_length(after: Tagged, before: Tagged) -> list[str]:
    """Prose around the query, or an answer in a loop."""
    words, most = len(said_of(after).split()), LONGEST * len(said_of(before).split()) + LONGEST_ADD
    if words > most:
        return [f"the query has {words} words, expected at most {most:.0f}"]
    if ":" in said_of(after) and ":" not in said_of(before):
        return ["the answer has to be the query alone, without an introduction or a colon"]
    return []


def check_named(after: Tagged, query: Query) -> list[str]:
    """Whether class and attributes are named: an attribute between the products before and after
    the one it is taken from."""
    found = []
    for condition in query.conditions:
        if condition.key == CLASS and condition.value:
            if not names_class(said_of(after), condition.value):
                found.append(f"the kind of product, {condition.value!r}, has to be named")
            continue
        number = number_of(condition, query, after)
        if number is None or condition.relation != "same":
            continue
        near = f"{after.frame[number - 1]} {IMAGE} {after.frame[number]}"
        if not names(near, condition.key):
            found.append(
                f"the attribute {condition.key!r} has to be named beside <Product {number}>"
            )
    return found


def names_class(text: str, kind: str) -> bool:
    """Whether a text names a class, as it is called or as `compose.words` calls it: "clothing" for
    cloth."""
    return names(text, kind) or contains(text, say_thing(kind))


def number_of(condition: Condition, query: Query, tagged: Tagged) -> int | None:
    """Which product, from 1, a condition is taken from; None for what only words say."""
    if condition.part is not None:
        rank = places_of(query.item.parts).index(condition.part)
        pictured = (n for n, b in enumerate(tagged.products, 1) for _ in places_of(b.parts))
        return next(islice(pictured, rank, None), None)
    told = f"{condition.key}: {condition.value}"
    return next(
        (n for n, b in enumerate(tagged.products, 1) if not b.pictured and told in b.words), None
    )


def names(text: str, name: str) -> bool:
    """Whether a text says each word of a name that matters, in singular or plural."""
    said = plain(text).split()
    wanted = [w for w in plain(name).split() if w not in SMALL] or plain(name).split()
    return all(any(same_word(word.strip(".,;:!?'\"’"), w) for word in said) for w in wanted)


def same_word(one: str, other: str) -> bool:
    """Equal but for a plural or possessive ending."""
    one, other = (re.sub(r"['’]s?$", "", word) for word in (one, other))
    return other in plurals(one) or one in plurals(other)


def plurals(word: str) -> set[str]:
    """A word and how its plural may be written."""
    return {word, f"{word}s", f"{word}es", f"{word.removesuffix('y')}ies"}


def check_added(
    after: Tagged, before: Tagged, query: Query, vocabulary: Vocabulary, added: str = ""
) -> list[str]:
    """Values that the text says and did not say before."""
    text, old = said_of(after), f"{said_of(before)} {added}"
    if added and not contains(text, added):
        return [f"the added trait {added!r} has to stand in the query, word for word"]
    kind = next((c.value for c in query.conditions if c.key == CLASS and c.value), "")
    asked = {c.key: {c.value} for c in query.conditions if c.key != CLASS}
    found = []
    for key, values in vocabulary.of_class(kind or "").items():
        for value in sorted(values | {v for v in asked.get(key, ()) if v}):
            if contains(text, value) and not contains(old, value) and not contains(key, value):
                found.append(
                    f"the query must not say {value!r}: "
                    + (f"the picture shows the {key}" if key in asked else f"no {key} is asked for")
                )
    return found


def said_of(tagged: Tagged) -> str:
    """The frame alone."""
    return " ".join(" ".join(tagged.frame).split())


def new_words(after: Tagged, before: Tagged) -> list[str]:
    """Words of four letters and more that the templated query does not have, for people to see."""
    old = {w.casefold() for w in _WORD.findall(said_of(before))}
    return [w for w in dict.fromkeys(_WORD.findall(said_of(after))) if w.casefold() not in old]
