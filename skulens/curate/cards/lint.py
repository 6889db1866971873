"""What is wrong with attribute cards: within a key, within a card, across cards.

MERIT's own sixteen cards are the example: values in mixed case, the ten values that `pattern` of
shoes lists twice, and `pattern`, `pattern print` and `pattern/print` side by side, so that no query
joins their classes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skulens.curate.cards.card import Card, CardKey
from skulens.curate.cards.files import card_files, read_cards
from skulens.curate.cards.words import compare_form, is_no_answer, write_form
from skulens.errors import DataError
from skulens.records import Reject

Level = Literal["error", "warning", "note"]
MOST_KEYS = 20
MOST_VALUES = 20
LEAST_VALUES = 2
SHARED = 0.5
"""Share of the smaller list of values from which two keys of a card are said to overlap."""
LEAST_SHARED = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend."""

    rule: str
    level: Level
    place: str
    """ "shoes.yaml:pattern" """
    said: str


def lint_folder(folder: Path) -> list[Problem]:
    """All problems of a folder's cards, by file.

    Raises:
        MissingFile: no such folder.
        DataError: it has no file that could be a card.
    """
    if not card_files(folder):
        raise DataError(
            f"{folder} holds no attribute card; expected CLASS.yaml or MERIT's v2_CLASS_dict.json"
        )
    rejects: Sequence[Reject]
    try:
        cards, rejects = read_cards(folder)
    except DataError as e:
        return [Problem("unusable", "error", str(folder), str(e))]
    unusable = (Problem("unusable", "error", r.source, f"{r.reason}; {r.todo}") for r in rejects)
    return [*unusable, *lint_cards(cards)]


def lint_cards(cards: Mapping[str, Card]) -> list[Problem]:
    """Problems of each card, then those between cards."""
    return [
        *(problem for card in cards.values() for problem in lint_card(card)),
        *keys_across(cards.values()),
    ]


def lint_card(card: Card) -> Iterator[Problem]:
    for rule in (repeated_keys, clashes, alike_keys, overlaps, key_count):
        yield from rule(card)
    for key in card.keys:
        for check in (writing, repeated_values, silent_values, value_count, no_modality):
            yield from check(card, key)


def place_of(card: Card, key: CardKey) -> str:
    return f"{card.file or card.kind}:{key.name}"


# ----- within a key ---------------------------------------------------------------------------


def writing(card: Card, key: CardKey) -> Iterator[Problem]:
    """Capitals, stray blanks and decomposed letters."""
    for text in (key.name, *(v.text for v in key.values)):
        if (plain := write_form(text)) == text:
            continue
        rule = "case" if text.casefold() == plain else "writing"
        yield Problem(rule, "warning", place_of(card, key), f"{text!r}, expected {plain!r}")


def repeated_values(card: Card, key: CardKey) -> Iterator[Problem]:
    """Values and synonyms that are equal in the form for comparison."""
    for texts in by_form(v.text for v in key.values).values():
        if len(texts) > 1:
            rule = "duplicate-value" if len(set(texts)) < len(texts) else "same-value"
            said = f"{', '.join(map(repr, texts))} are one value"
            yield Problem(rule, "error", place_of(card, key), said)
    names = {compare_form(v.text) for v in key.values}
    owners: dict[str, list[str]] = defaultdict(list)
    for value in key.values:
        for synonym in dict.fromkeys(map(compare_form, value.synonyms)):
            owners[synonym].append(value.text)
            if synonym in names - {compare_form(value.text)}:
                said = f"{synonym!r}, a synonym of {value.text!r}, is a value itself"
                yield Problem("clash", "error", place_of(card, key), said)
    for synonym, values in owners.items():
        if len(values) > 1:
            said = (
                f"{synonym!r} is a synonym of {' and '.join(map(repr, values))}: it finds neither"
            )
            yield Problem("clash", "error", place_of(card, key), said)


def silent_values(card: Card, key: CardKey) -> Iterator[Problem]:
    for value in key.values:
        if is_no_answer(value.text):
            said = f"the value {value.text!r} says nothing, unless it is meant as a value"
            yield Problem("no-answer", "note", place_of(card, key), said)


def value_count(card: Card, key: CardKey) -> Iterator[Problem]:
    n = len({compare_form(v.text) for v in key.values})
    if not LEAST_VALUES <= n <= MOST_VALUES:
        said = f"{n} values, expected {LEAST_VALUES} to {MOST_VALUES}"
        yield Problem("size", "note", place_of(card, key), said)


def no_modality(card: Card, key: CardKey) -> Iterator[Problem]:
    if key.modality == "unknown":
        said = "nobody said whether pictures or texts tell it"
        yield Problem("modality", "note", place_of(card, key), said)


# ----- within a card --------------------------------------------------------------------------


def repeated_keys(card: Card) -> Iterator[Problem]:
    for texts in by_form(k.name for k in card.keys).values():
        if len(texts) > 1:
            said = f"{', '.join(map(repr, texts))} are one key"
            yield Problem("duplicate-key", "error", f"{card.file or card.kind}:{texts[0]}", said)


def clashes(card: Card) -> Iterator[Problem]:
    """Synonyms that name another key, or several."""
    names = {compare_form(k.name): k.name for k in card.keys}
    owners: dict[str, list[CardKey]] = defaultdict(list)
    for key in card.keys:
        for synonym in dict.fromkeys(map(compare_form, key.synonyms)):
            owners[synonym].append(key)
    for synonym, keys in owners.items():
        other = names.get(synonym)
        if other is not None and any(k.name != other for k in keys):
            said = f"its synonym {synonym!r} is the key {other!r}"
            yield Problem("clash", "error", place_of(card, keys[0]), said)
        elif len(keys) > 1:
            both = " and ".join(k.name for k in keys)
            said = f"{synonym!r} is a synonym of {both}: it finds neither"
            yield Problem("clash", "error", place_of(card, keys[0]), said)


def alike_keys(card: Card) -> Iterator[Problem]:
    """Keys of one card of which one has all the words of the other: `type`, `fruit type`."""
    for one, other in pairs_of(card.keys):
        if contains(one.name, other.name):
            said = f"like {other.name!r} of the same card; if they mean the same, join them"
            yield Problem("alike-keys", "note", place_of(card, one), said)


def overlaps(card: Card) -> Iterator[Problem]:
    """Keys of one card that share values: `style` and `shoe type` both list sneakers."""
    forms = {id(k): {compare_form(v.text) for v in k.values} for k in card.keys}
    for one, other in pairs_of(card.keys):
        a, b = forms[id(one)], forms[id(other)]
        shared = a & b
        if len(shared) >= LEAST_SHARED and len(shared) >= SHARED * min(len(a), len(b)):
            some = ", ".join(sorted(shared)[:4])
            said = f"{len(shared)} values are also those of {other.name!r}: {some}"
            yield Problem("overlap", "warning", place_of(card, one), said)


def key_count(card: Card) -> Iterator[Problem]:
    if len(card.keys) > MOST_KEYS:
        said = f"{len(card.keys)} keys, expected at most {MOST_KEYS}"
        yield Problem("size", "note", card.file or card.kind, said)


# ----- across cards ---------------------------------------------------------------------------


def keys_across(cards: Iterable[Card]) -> Iterator[Problem]:
    """Keys of different cards that look like one: no query can join their classes.

    The same words with other punctuation (`pattern/print`, `pattern print`) are a warning; one that
    has all words of the other (`pattern`, `closure type` and `closure`) a note, once per pair of
    names.
    """
    listed = [(card, key) for card in cards for key in card.keys]
    names: dict[str, list[tuple[Card, CardKey]]] = defaultdict(list)
    for card, key in listed:
        names[key.name].append((card, key))
    for one, other in pairs_of(sorted(names)):
        if not any(a.kind != b.kind for a, _ in names[one] for b, _ in names[other]):
            continue
        same = compare_form(one) == compare_form(other)
        if not same and not (contains(one, other) and shares_values(names[one], names[other])):
            continue
        where = ", ".join(f"{card.file or card.kind}:{other}" for card, _ in names[other][:3])
        said = f"{where}: the same key under another name?"
        level: Level = "warning" if same else "note"
        yield Problem("synonym-keys", level, place_of(*names[one][0]), said)


def shares_values(ones: list[tuple[Card, CardKey]], others: list[tuple[Card, CardKey]]) -> bool:
    """Whether keys of two names have any value in common."""
    a = {compare_form(v.text) for _, key in ones for v in key.values}
    return any(compare_form(v.text) in a for _, key in others for v in key.values)


def contains(one: str, other: str) -> bool:
    """Whether one key has all words of the other, and more."""
    a, b = set(compare_form(one).split()), set(compare_form(other).split())
    return bool(a and b) and (a < b or b < a)


def pairs_of(things: Sequence) -> Iterator[tuple]:
    return ((a, b) for i, a in enumerate(things) for b in things[i + 1 :])


def by_form(texts: Iterable[str]) -> dict[str, list[str]]:
    """Form for comparison -> the texts that have it."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        found[compare_form(text)].append(text)
    return found
