"""Attribute cards as nouns: per class its keys, per key the values that a product may have.

A card is what its file says, duplicates and all, so that the linter sees them; `CardIndex` is how
given keys and values are found on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from skulens.curate.cards.words import compare_form

Modality = Literal["visual", "text", "both", "unknown"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CardValue:
    """One value of a key."""

    text: str
    synonyms: tuple[str, ...] = ()
    products: int = field(default=0, compare=False)
    """That have it, where it was counted."""


@dataclass(frozen=True, slots=True)
class CardKey:
    """One key of a class."""

    name: str
    values: tuple[CardValue, ...] = ()
    synonyms: tuple[str, ...] = ()
    modality: Modality = "unknown"
    """Whether pictures or texts tell it; unknown: nobody said."""
    products: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Card:
    """The attribute card of a class."""

    kind: str
    """The class."""
    keys: tuple[CardKey, ...]
    file: str = field(default="", compare=False)
    """Name of its file, for messages."""
    products: int = field(default=0, compare=False)
    """Of the class, where they were counted."""

    def count_values(self) -> int:
        return sum(len(key.values) for key in self.keys)


class CardIndex:
    """Finds keys and values on a card, by name or synonym, in the form for comparison.

    Names win over synonyms. A synonym of two keys, or of two values of a key, finds neither:
    nothing is guessed.
    """

    def __init__(self, card: Card):
        self.card = card
        self._keys: dict[str, CardKey] = look_up((k.name, k.synonyms, k) for k in card.keys)
        self._values = {
            key.name: look_up((v.text, v.synonyms, v.text) for v in values_of(card, key.name))
            for key in card.keys
        }

    def key(self, name: str) -> CardKey | None:
        return self._keys.get(compare_form(name))

    def value(self, key: CardKey, text: str) -> str | None:
        """The value as it stands on the card."""
        return self._values[key.name].get(compare_form(text))


def values_of(card: Card, name: str) -> Iterable[CardValue]:
    """Values of a key, also where it is listed twice."""
    return (value for key in card.keys if key.name == name for value in key.values)


def look_up(named: Iterable[tuple[str, tuple[str, ...], T]]) -> dict[str, T]:
    """Form for comparison -> what has this name or, alone, this synonym; of equals the first."""
    found: dict[str, T] = {}
    listed = list(named)
    for name, _, thing in listed:
        found.setdefault(compare_form(name), thing)
    also: dict[str, list[T]] = {}
    for _, synonyms, thing in listed:
        for form in dict.fromkeys(map(compare_form, synonyms)):
            also.setdefault(form, []).append(thing)
    for form, things in also.items():
        if form not in found and all(thing == things[0] for thing in things):
            found[form] = things[0]
    found.pop("", None)
    return found
