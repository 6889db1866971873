"""Cards with one key of a name and one value of a text, in the form that cards are written in."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from skulens.curate.cards.card import Card, CardKey, CardValue
from skulens.curate.cards.words import compare_form, write_form


def tidy(card: Card) -> Card:
    """The card in small letters, duplicates joined; the first place and writing of equals stay."""
    keys = (
        replace(
            key,
            name=write_form(key.name),
            values=join_values(replace(v, text=write_form(v.text)) for v in key.values),
        )
        for key in card.keys
    )
    return replace(card, keys=tuple(join_keys(keys)))


def join_keys(keys: Iterable[CardKey]) -> Iterator[CardKey]:
    """Keys of one name as one, with all their values and synonyms."""
    by_name: dict[str, list[CardKey]] = {}
    for key in keys:
        by_name.setdefault(compare_form(key.name), []).append(key)
    for same in by_name.values():
        synonyms = dict.fromkeys(s for key in same for s in key.synonyms)
        synonyms.pop(same[0].name, None)
        yield replace(
            same[0],
            values=join_values(v for key in same for v in key.values),
            synonyms=tuple(synonyms),
            products=max(key.products for key in same),
        )


def join_values(values: Iterable[CardValue]) -> tuple[CardValue, ...]:
    """Values of one text as one, their counts added up."""
    found: dict[str, CardValue] = {}
    for value in values:
        form = compare_form(value.text)
        first = found.get(form)
        found[form] = value if first is None else replace(
            first,
            synonyms=tuple(dict.fromkeys((*first.synonyms, *value.synonyms))),
            products=first.products + value.products,
        )  # fmt: skip
    return tuple(found.values())
