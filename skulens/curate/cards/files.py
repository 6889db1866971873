"""Attribute cards on disk: one YAML file per class, made to be edited by hand.

    # Attribute card of backpack: 2 keys, 3 values, counted over 96 products.
    class: backpack
    keys:
      color:  # 95 products
        modality: visual
        synonyms: [colour]
        values:
          burgundy: [wine red]  # 12
          white: []  # 31
      ...

Counts are comments. Every scalar is read as a text, so that a value `no` or `5` needs no quotes.
The JSON cards of MERIT (`v2_CLASS_dict.json`: key -> list of values) are read too.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import yaml

from skulens.curate.cards.card import MODALITIES, Card, CardKey, CardValue, Modality
from skulens.errors import DataError, MissingFile
from skulens.files import write_whole
from skulens.records import Reject

Refuse = Callable[[str, str, str], object]
"""Takes where ("shoes.yaml:pattern"), the reason, and what to do."""
MERIT = re.compile(r"v2_(?P<kind>.+)_dict\.json")
UNSAFE = re.compile(r"[^\w-]+")
"""What a file name does not take from a class."""
MOST_BYTES = 5_000_000
"""Of a card; 100 keys of 100 values are some 400 kB."""
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
NO_VALUES = ("the list of values is empty", "add values, or delete the key")


# ----- writing --------------------------------------------------------------------------------


def write_cards(folder: Path, cards: Iterable[Card]) -> list[Path]:
    """Write each card to CLASS.yaml; the files, in the order of the cards.

    Raises:
        DataError: two classes whose names give one file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[Path, str] = {}
    for card in cards:
        path = folder / f"{UNSAFE.sub('_', card.kind)}.yaml"
        if path in paths:
            raise DataError(f"the classes {paths[path]!r} and {card.kind!r} both need {path.name}")
        paths[path] = card.kind
        write_text(path, card_text(card))
    return list(paths)


def card_text(card: Card) -> str:
    """A card as YAML."""
    counted = f", counted over {card.products:,} products" if card.products else ""
    lines = [
        f"# Attribute card: {len(card.keys)} keys, {card.count_values()} values{counted}.",
        "# modality: visual, text, both or unknown. Behind a value stand its synonyms.",
        f"class: {scalar(card.kind)}",
        "keys:" if card.keys else "keys: {}",
    ]
    for key in card.keys:
        lines += [
            f"  {scalar(key.name)}:{comment(key.products, ' products')}",
            f"    modality: {key.modality}",
            f"    synonyms: {flow(key.synonyms)}",
            "    values:" if key.values else "    values: {}",
        ]
        lines += [
            f"      {scalar(v.text)}: {flow(v.synonyms)}{comment(v.products)}" for v in key.values
        ]
    return "\n".join(lines) + "\n"


def comment(count: int, unit: str = "") -> str:
    return f"  # {count:,}{unit}" if count else ""


def flow(texts: Iterable[str]) -> str:
    """Texts as a YAML list on one line, quoted where YAML needs it."""
    return yaml.safe_dump(
        list(texts), default_flow_style=True, allow_unicode=True, width=float("inf")
    ).strip()


def scalar(text: str) -> str:
    return flow([text])[1:-1]


# ----- reading --------------------------------------------------------------------------------


def read_cards(folder: Path) -> tuple[dict[str, Card], list[Reject]]:
    """Class -> card of a folder, as they stand there, and what cannot be used.

    A key without values is rejected, a card without keys, and a second card of a class.

    Raises:
        MissingFile: no such folder.
        DataError: the folder holds no card that can be used; says what is wrong with the first.
    """
    rejects: list[Reject] = []

    def refuse(where: str, reason: str, todo: str) -> None:
        rejects.append(Reject(where, "", reason, todo))

    cards: dict[str, Card] = {}
    for path in card_files(folder):
        card = read_card(path, refuse)
        if card is None:
            continue
        if card.kind in cards:
            first = cards[card.kind].file
            refuse(path.name, f"{first} is a card of {card.kind!r} too", "join the two files")
            continue
        cards[card.kind] = card
    if not cards:
        why = f": {rejects[0].source}: {rejects[0].reason}" if rejects else ""
        raise DataError(
            f"{folder} holds no attribute card that can be used{why}; expected CLASS.yaml as "
            "`skulens curate cards` writes it, or v2_CLASS_dict.json as MERIT publishes it"
        )
    return cards, rejects


def card_files(folder: Path) -> list[Path]:
    """Raises MissingFile where there is no such folder."""
    if not folder.is_dir():
        raise MissingFile(f"there is no folder {folder}; expected one with attribute cards")
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in (".yaml", ".yml") or MERIT.fullmatch(path.name)
    )


def read_card(path: Path, refuse: Refuse) -> Card | None:
    """The card in a file; None, with a reason given to `refuse`, where there is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES // 10**6} MB")
        text = path.read_text(encoding="utf-8-sig")
        if merit := MERIT.fullmatch(path.name):
            found = json.loads(text, object_pairs_hook=list)
            return use_keys(Card(merit["kind"], tuple(keys_of_merit(found)), path.name), refuse)
        node = yaml.compose(text, Loader=LOADER)
        return card_of(node, path.name, refuse)
    except RecursionError:
        refuse(path.name, "it is nested too deeply", "write it as `skulens curate cards` does")
    except (OSError, UnicodeDecodeError) as e:
        refuse(path.name, f"it cannot be read: {e}", "save it as UTF-8")
    except (yaml.YAMLError, ValueError) as e:
        refuse(path.name, " ".join(str(e).split()), "write it as `skulens curate cards` does")
    return None


def use_keys(card: Card, refuse: Refuse) -> Card | None:
    """The card without keys that have no values; None where no key is left."""
    for key in card.keys:
        if not key.values:
            refuse(f"{card.file}:{key.name}", *NO_VALUES)
    kept = tuple(key for key in card.keys if key.values)
    if not kept:
        refuse(card.file, "no key of the card has values", "add values, or delete the file")
        return None
    return Card(card.kind, kept, card.file)


def keys_of_merit(found: object) -> Iterator[CardKey]:
    """Keys of MERIT's JSON object, read as pairs so that a key listed twice is seen twice."""
    if not (isinstance(found, list) and all(isinstance(pair, tuple) for pair in found)):
        raise ValueError("expected a JSON object of keys with lists of values")
    for name, values in found:
        if not (isinstance(values, list) and all(isinstance(v, str) for v in values)):
            raise ValueError(f"expected a list of texts for {name!r}, got {str(values)[:60]}")
        yield CardKey(name, tuple(CardValue(v) for v in values))


def card_of(node: yaml.Node | None, file: str, refuse: Refuse) -> Card | None:
    """A card from YAML's nodes, which keep duplicates and know their lines."""
    fields = dict(pairs(node, "a card")) if node is not None else {}
    if strange := sorted(fields.keys() - {"class", "keys"}):
        refuse(f"{file}:{strange[0]}", f"unknown field {strange[0]!r}", "take `class` and `keys`")
    if "class" not in fields or "keys" not in fields:
        raise ValueError(
            f"expected the fields `class` and `keys`, got {', '.join(fields) or 'none'}"
        )
    keys = []
    for name, body in pairs(fields["keys"], "`keys`"):
        try:
            keys.append(key_of(name, body))
        except ValueError as e:
            refuse(f"{file}:{name}", str(e), "write it as `skulens curate cards` does")
    kind = text_of(fields["class"], "`class`")
    if not kind:
        raise ValueError("`class` is empty")
    return use_keys(Card(kind, tuple(keys), file), refuse)


def key_of(name: str, node: yaml.Node) -> CardKey:
    """Raises ValueError, with the line, for what is no key."""
    fields = dict(pairs(node, f"key {name!r}"))
    if strange := sorted(fields.keys() - {"modality", "synonyms", "values"}):
        raise ValueError(f"unknown field {strange[0]!r}; a key has modality, synonyms and values")
    said = text_of(fields["modality"], "`modality`") if "modality" in fields else "unknown"
    if said not in MODALITIES:
        raise ValueError(f"modality is {said!r}, expected one of {', '.join(MODALITIES)}")
    modality: Modality = next(m for m in MODALITIES if m == said)
    synonyms = texts_of(fields["synonyms"], "`synonyms`") if "synonyms" in fields else ()
    values = tuple(read_values(fields["values"])) if "values" in fields else ()
    return CardKey(name, values, synonyms, modality)


def read_values(node: yaml.Node) -> Iterator[CardValue]:
    """From a mapping of values to their synonyms, or a plain list of values."""
    if isinstance(node, yaml.SequenceNode):
        yield from (CardValue(text) for text in texts_of(node, "`values`"))
        return
    for text, synonyms in pairs(node, "`values`"):
        yield CardValue(text, texts_of(synonyms, f"synonyms of {text!r}"))


def pairs(node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node]]:
    """Of a mapping, in its order, duplicates too; nothing of an empty scalar."""
    if isinstance(node, yaml.ScalarNode) and not node.value:
        return
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{line_of(node)}: {what} has to be a mapping")
    for key, value in node.value:
        yield text_of(key, what), value


def texts_of(node: yaml.Node, what: str) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        return (node.value,) if node.value else ()
    if not isinstance(node, yaml.SequenceNode):
        raise ValueError(f"{line_of(node)}: {what} has to be a list of texts")
    return tuple(text_of(item, what) for item in node.value)


def text_of(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"{line_of(node)}: {what}: expected a text")
    return " ".join(node.value.split())


def line_of(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


def write_text(path: Path, text: str) -> None:
    write_whole(path, lambda file: file.write(text.encode()))
