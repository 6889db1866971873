"""The steps of MERIT A.2 that a model takes: check, choose, annotate.

Every answer is compared with what was asked: a key or value that was not given is a reject, never a
guess. A card about which the model fails stays as it is, and the failure is a reject too.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from skulens.chat.parse import strip_fence, strip_reasoning
from skulens.curate.cards.card import Card, CardIndex, CardKey, CardValue
from skulens.curate.cards.make import CardSet, Refused
from skulens.curate.cards.match import class_of, on_card
from skulens.curate.cards.tidy import join_keys
from skulens.curate.cards.words import compare_form, is_no_answer, write_form
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Chat, Reply
from skulens.records import Attribute, Product, Reject

CHECK, CHOOSE_KEYS, CHOOSE_VALUES = (
    "merit_check_attributes", "merit_select_attributes.v2", "merit_select_values",
)  # fmt: skip
OPEN, ANNOTATE = "merit_open_attributes", "merit_annotate"
EXAMPLES = 5
"""Values of a key that the model is shown when it checks the key."""


@dataclass
class Answers:
    """What asking a model about many things gave."""

    rejects: list[Reject] = field(default_factory=list)
    open: int = 0
    """Questions without a reply: those that were written into batch files."""

    def reject(self, item: str, reason: str, todo: str) -> None:
        self.rejects.append(Reject("model", item, reason, todo))

    def failed(self, reply: Reply) -> None:
        self.reject(reply.id, f"{reply.error}: {reply.reason}", f"--ask-again {reply.error}")


# ----- cards ----------------------------------------------------------------------------------

Question = Callable[[Card], Ask]
Use = Callable[[Card, Any, Answers], Card]


def ask_about(
    cards: Sequence[Card], chat: Chat, question: Question, use: Use, answers: Answers
) -> list[Card]:
    """Each card as its answer leaves it, in their order; cards without an answer as they are."""
    done = {card.kind: card for card in cards}
    waiting = set(done)
    for reply in chat.ask([question(card) for card in cards if card.keys]):
        waiting.discard(reply.id)
        if reply.error:
            answers.failed(reply)
        else:
            done[reply.id] = use(done[reply.id], reply.value, answers)
    answers.open += len(waiting & {c.kind for c in cards if c.keys})
    return [done[card.kind] for card in cards]


def check_keys(made: CardSet, chat: Chat, answers: Answers) -> CardSet:
    """Keys that the model finds implausible go, the others get its standard names; keys that get
    one name become one key."""
    prompt = load_prompt(CHECK)
    refused: list[Refused] = []

    def question(card: Card) -> Ask:
        shown = {k.name: [v.text for v in k.values[:EXAMPLES]] for k in card.keys}
        return prompt.ask(card.kind, stage="check", category=card.kind, attributes=shown)

    def use(card: Card, value: Any, answers: Answers) -> Card:
        said = said_of_keys(card, value["attributes"], answers)
        keys: list[CardKey] = []
        for key in card.keys:
            answer = said.get(key.name)
            if answer is not None and not answer["keep"]:
                reason = f"model: {answer['reason']}"
                refused.append(Refused(card.kind, key.name, key.products, reason))
            else:
                keys.append(rename(key, answer["name"]) if answer else key)
        return replace(card, keys=tuple(join_keys(keys)))

    cards = ask_about(made.cards, chat, question, use, answers)
    kept = [card for card in cards if card.keys]
    return CardSet(kept, [*made.refused, *refused], made.rejects)


def choose_keys(made: CardSet, chat: Chat, most: int, answers: Answers) -> CardSet:
    """The keys that the model chooses, at most `most`, in its order and under its names."""
    prompt = load_prompt(CHOOSE_KEYS)

    def question(card: Card) -> Ask:
        names = [key.name for key in card.keys]
        return prompt.ask(
            card.kind, stage="choose", category=card.kind, most=most, attributes=names
        )

    def use(card: Card, value: Any, answers: Answers) -> Card:
        said = said_of_keys(card, value["attributes"], answers)
        keys = {key.name: key for key in card.keys}
        chosen = [rename(keys[name], answer["name"]) for name, answer in said.items()]
        if not chosen:
            answers.reject(card.kind, "the model chose no key", "choose by hand")
            return card
        return replace(card, keys=tuple(join_keys(chosen[:most])))

    return replace(made, cards=ask_about(made.cards, chat, question, use, answers))


def choose_values(made: CardSet, chat: Chat, most: int, answers: Answers) -> CardSet:
    """Of each key the values that the model chooses, at most `most`; one that it words anew is a
    reject, since nobody knows which of the given ones it stands for."""
    prompt = load_prompt(CHOOSE_VALUES)

    def question(card: Card) -> Ask:
        given = {key.name: [v.text for v in key.values] for key in card.keys}
        schema = values_schema(given, most)
        return prompt.ask(card.kind, stage="choose", schema=schema, values=given)

    def use(card: Card, value: Any, answers: Answers) -> Card:
        index = CardIndex(card)
        keys = [replace(k, values=chosen(k, value[k.name], index, card, answers)[:most])
                for k in card.keys]  # fmt: skip
        return replace(card, keys=tuple(keys))

    return replace(made, cards=ask_about(made.cards, chat, question, use, answers))


def values_schema(given: Mapping[str, Sequence[str]], most: int) -> dict[str, Any]:
    texts = {"type": "array", "maxItems": most, "items": {"type": "string"}}
    return {
        "type": "object",
        "properties": dict.fromkeys(given, texts),
        "required": list(given),
        "additionalProperties": False,
    }


def chosen(
    key: CardKey, said: Sequence[str], index: CardIndex, card: Card, answers: Answers
) -> tuple[CardValue, ...]:
    """The values named, once each; all of the key where none of those named is one."""
    known = {value.text: value for value in key.values}
    found: dict[str, CardValue] = {}
    for text in said:
        value = index.value(key, text)
        if value is None:
            place = f"{card.kind}:{key.name}"
            answers.reject(place, f"{text!r} is none of the values", "add it as a synonym by hand")
        else:
            found[value] = known[value]
    return tuple(found.values()) or key.values


def said_of_keys(card: Card, listed: Sequence[Any], answers: Answers) -> dict[str, Any]:
    """Name of a key on the card -> the first thing said of it, in the order of the answer."""
    index = CardIndex(card)
    found: dict[str, Any] = {}
    for answer in listed:
        key = index.key(answer["given"])
        if key is None:
            reason = f"{answer['given']!r} is none of the keys"
            answers.reject(card.kind, reason, "look at the answer; nothing was changed")
        else:
            found.setdefault(key.name, answer)
    return found


def rename(key: CardKey, name: str) -> CardKey:
    """The key under a new name, its old one a synonym; as it is where the name says nothing."""
    new = write_form(name)
    if not compare_form(new) or compare_form(new) == compare_form(key.name):
        return key
    return replace(key, name=new, synonyms=(*key.synonyms, key.name))


# ----- products -------------------------------------------------------------------------------


def unlike(products: Iterable[Product], answers: Answers) -> Iterator[Product]:
    """Products of different ids: answers about two of one id could not be told apart."""
    seen: set[str] = set()
    for product in products:
        if product.id in seen:
            answers.reject(product.id, "the id occurred before", "give each product its own id")
        else:
            seen.add(product.id)
            yield product


def open_attributes(products: Iterable[Product], chat: Chat, answers: Answers) -> Iterator[Product]:
    """Products with the attributes that the model finds in pictures and texts, of any name; in the
    order of the answers. One without pictures is a reject, as is one without an answer."""
    prompt, known = load_prompt(OPEN), {}

    def questions() -> Iterator[Ask]:
        for product in unlike(products, answers):
            if not product.images:
                answers.reject(product.id, "it has no picture", "add one")
                continue
            known[product.id] = product
            yield prompt.ask(
                product.id,
                product.images,
                stage="extract",
                title=product.title,
                description=product.text("description"),
            )

    for reply in chat.ask(questions()):
        product = known.pop(reply.id)
        if reply.error:
            answers.failed(reply)
            continue
        value: Any = reply.value
        found = (
            Attribute(said["name"], text, source=chat.info.name)
            for said in value["attributes"]
            for text in said["values"]
        )
        yield replace(product, attributes=tuple(found))
    answers.open += len(known)


def annotate_by_model(
    products: Iterable[Product], cards: Mapping[str, Card], chat: Chat, answers: Answers
) -> Iterator[Product]:
    """Products with the values that the model chooses from the card of their class, in the order of
    the answers; None where it cannot tell. What is not on the card is a reject, the rest of such an
    answer stands."""
    prompt = load_prompt(ANNOTATE)
    known: dict[str, tuple[Product, Card]] = {}

    def questions() -> Iterator[Ask]:
        for product in unlike(products, answers):
            card = cards.get(class_of(product) or "")
            if card is None or not product.images:
                lacks = "class has no card" if card is None else "product has no picture"
                answers.reject(product.id, f"its {lacks}", "add one")
                continue
            known[product.id] = (product, card)
            yield question_about(product, card, prompt)

    for reply in chat.ask(questions()):
        product, card = known.pop(reply.id)
        value = reply.value if not reply.error else salvage(reply)
        if not isinstance(value, dict):
            answers.failed(reply)
            continue
        found = read_choices(product.id, value, card, chat.info.name, answers)
        yield replace(product, attributes=tuple(found))
    answers.open += len(known)


def question_about(product: Product, card: Card, prompt: Prompt) -> Ask:
    """Its first picture, its own attributes and description, and the card."""
    own: dict[str, list[str]] = {}
    for attribute in product.attributes:
        own.setdefault(attribute.key, []).append(attribute.value)
    return prompt.ask(
        product.id,
        product.images[:1],
        stage="annotate",
        card={key.name: [v.text for v in key.values] for key in card.keys},
        properties=own,
        description=product.text("description") or product.title,
    )


def salvage(reply: Reply) -> object:
    """The JSON of an answer that breaks its schema, as a model writes it that picks a value of its
    own; None of any other failure."""
    if reply.error != "schema_violation":
        return None
    try:
        return json.loads(strip_fence(strip_reasoning(reply.text)))
    except (ValueError, RecursionError):
        return None


def read_choices(
    item: str, value: Mapping[str, Any], card: Card, source: str, answers: Answers
) -> Iterator[Attribute]:
    """The choices that are on the card; the others are rejects."""
    index = CardIndex(card)
    for name, text in value.items():
        key = index.key(name)
        found = index.value(key, text) if key is not None and isinstance(text, str) else None
        if key is not None and found is not None:
            yield on_card(Attribute(name, found, source=source), key, found)
        elif text is not None and not (isinstance(text, str) and is_no_answer(text)):
            what = f"the key {name!r}" if key is None else f"the value {text!r} of {name!r}"
            answers.reject(item, f"{what} is not on the card of {card.kind!r}", "mend the card")
