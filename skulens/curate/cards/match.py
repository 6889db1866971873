"""Given attributes -> what a class's card says of them: exact but for case, punctuation, synonyms.

Nothing is matched fuzzily: what is not on the card is said to be so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from skulens.curate.cards.card import Card, CardIndex, CardKey
from skulens.curate.cards.words import is_no_answer, write_form
from skulens.records import Attribute, Product

Fate = Literal[
    "on the card", "no card", "no answer", "key not on the card", "value not on the card"
]


@dataclass(frozen=True, slots=True)
class Match:
    """One attribute against the card: as it stands there, or as given, written in small letters."""

    attribute: Attribute
    fate: Fate


class Matcher:
    """Holds the cards of all classes, ready to be asked."""

    def __init__(self, cards: Mapping[str, Card]):
        self._cards = {kind: CardIndex(card) for kind, card in cards.items()}

    def match(self, product: Product) -> list[Match]:
        """Of every attribute of a product, in their order."""
        index = self._cards.get(class_of(product) or "")
        return [match_attribute(attribute, index) for attribute in product.attributes]


def class_of(product: Product) -> str | None:
    """The first step of its category path, as `compose` takes it."""
    return product.category[0] if product.category else None


def match_attribute(given: Attribute, index: CardIndex | None) -> Match:
    """A value that stands on the card is an answer there, even "none"."""
    key = index.key(given.key) if index is not None else None
    value = index.value(key, given.value) if index is not None and key is not None else None
    if key is not None and value is not None:
        return Match(on_card(given, key, value), "on the card")
    plain = replace(given, key=write_form(given.key), value=write_form(given.value))
    if is_no_answer(given.value):
        return Match(plain, "no answer")
    if key is not None:
        return Match(on_card(given, key, plain.value), "value not on the card")
    return Match(plain, "no card" if index is None else "key not on the card")


def on_card(given: Attribute, key: CardKey, value: str) -> Attribute:
    """The attribute under the card's names; modality of the card where it says one."""
    modality = given.modality if key.modality == "unknown" else key.modality
    return Attribute(key.name, value, modality, given.source)


def apply_cards(products: Iterable[Product], cards: Mapping[str, Card]) -> Iterator[Product]:
    """The products with those attributes alone that are on their class's card, as they stand there.

    A product keeps its place without any attribute: it is still searched. Of pairs that become
    equal one stays.
    """
    matcher = Matcher(cards)
    for product in products:
        kept = (m.attribute for m in matcher.match(product) if m.fate == "on the card")
        yield replace(product, attributes=unique_pairs(kept))


def unique_pairs(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """The first attribute of each (key, value), in their order."""
    first: dict[tuple[str, str], Attribute] = {}
    for attribute in attributes:
        first.setdefault((attribute.key, attribute.value), attribute)
    return tuple(first.values())
