"""Whether guided decoding costs recall: the same lists asked for as JSON and as free text.

Under a schema a model has returned 4 or 5 items where its free text named 17 to 30, valid and with
a normal finish reason (GD4AI/obsidian-llm-wiki#524). Nothing but counting shows it. The documents
are made here, so that the items in them are known: every second one is running text, the others are lists with amounts.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from skulens.chat.parse import strip_reasoning
from skulens.protocols import Ask, Chat, Reply

ITEMS = 24
"""Known items in a document."""
LEAST_FREE = 0.5
"""Recall of free text below which a document says nothing of guided decoding."""
LONGEST = 5
"""Words of a line that still counts as naming an item."""
MAX_TOKENS = 600
INGREDIENTS = """
almonds anise apricots artichokes asparagus barley basil beetroot blackberries blueberries broccoli
buckwheat butter capers caramel cardamom carrots cashews cauliflower celery chestnuts chickpeas
chicory chives cinnamon cloves cocoa coconut coriander cranberries cucumber cumin currants dates
dill eggplant fennel figs garlic gelatine ginger grapefruit guava hazelnuts hibiscus honey
horseradish jalapeno juniper kale kohlrabi lavender leek lemongrass lentils licorice lychee malt
mango marjoram millet mint molasses mushrooms mustard nectarines nutmeg oats okra olives onions
oregano papaya paprika parsley parsnips peanuts pears pecans peppermint pineapple pistachios
pomegranate quinces quinoa radish raisins raspberries rhubarb rosemary rye saffron sage sesame
shallots spelt spinach sumac tahini tamarind tarragon thyme tofu turmeric turnips vanilla walnuts
yeast yoghurt zucchini
"""
"""Words of which none is a part of another entry."""
SENTENCES = (
    "The base is made of {}.",
    "Then {} are added slowly.",
    "A second layer brings {}.",
    "Its taste owes a lot to {}.",
    "Before packing we stir in {}.",
    "On top you will find {}.",
    "A little {} rounds it off.",
    "The filling holds {}.",
)
SYSTEM = "List every ingredient that the text names, all of them, in the text's own words. "
FREE = "Write one ingredient per line and nothing else."
GUIDED = 'Answer in JSON: {"items": ["first ingredient", "second ingredient", ...]}'
SCHEMA = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"type": "string"}, "maxItems": 3 * ITEMS}},
    "required": ["items"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A text and the items that it names."""

    text: str
    items: frozenset[str]


@dataclass
class Recalls:
    """Recall per document, both ways, in the same order."""

    guided: list[float] = field(default_factory=list)
    free: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    """Items of the guided answers."""
    unusable: int = 0
    """Guided answers cut off or invalid: recall 0."""
    too_hard: int = 0
    """Documents of whose items free text names less than LEAST_FREE; left out."""
    failed: int = 0
    """Documents without an answer to one of the two questions; left out."""

    @property
    def drop(self) -> float:
        """Mean recall of free text less that of guided answers."""
        return mean(self.free) - mean(self.guided)


def compare_guided(
    chat: Chat, documents: int = 20, seed: int = 0, watch: Callable | None = None
) -> Recalls:
    """Ask for the items of each document both ways.

    Raises:
        ChatError: the server died on the way.
    """
    made = [make_document(seed, i) for i in range(documents)]
    replies: dict[str, Reply] = {}
    asked = chat.ask(make_asks(made))
    for reply in watch(asked, "guided beside free", 2 * documents) if watch else asked:
        replies[reply.id] = reply
    found = Recalls()
    for i, document in enumerate(made):
        guided, free = replies.get(f"guided-{i}"), replies.get(f"free-{i}")
        if guided is None or free is None or not (usable(guided) and usable(free)):
            found.failed += 1
            continue
        recall = recall_of(split_list(strip_reasoning(free.text)), document.items)
        if recall < LEAST_FREE:
            found.too_hard += 1
            continue
        items = guided.value.get("items", []) if isinstance(guided.value, dict) else []
        found.unusable += bool(guided.error)
        found.counts.append(len(items))
        found.guided.append(recall_of(items, document.items))
        found.free.append(recall)
    return found


def make_asks(documents: Sequence[Document]) -> Iterator[Ask]:
    sampling = {"temperature": 0.0, "max_tokens": MAX_TOKENS}
    for i, document in enumerate(documents):
        parts = (document.text,)
        yield Ask(f"free-{i}", parts, SYSTEM + FREE, None, sampling, stage="check")
        yield Ask(f"guided-{i}", parts, SYSTEM + GUIDED, SCHEMA, sampling, stage="check")


def usable(reply: Reply) -> bool:
    """Whether the model answered at all; an answer cut off or invalid counts as it stands."""
    return reply.error in ("", "truncated", "invalid_json", "schema_violation")


def make_document(seed: int, i: int, items: int = ITEMS) -> Document:
    """A text of so many different items: a few to a sentence, or one to a line."""
    rng = random.Random(f"guided {seed} {i}")
    chosen = rng.sample(INGREDIENTS.split(), items)
    if i % 2:
        lines = "".join(f"\n- {item}, {rng.randint(1, 40)} g" for item in chosen)
        return Document(f"What goes into a batch of number {i}:{lines}", frozenset(chosen))
    said: list[str] = []
    rest = list(chosen)
    while rest:
        some = [rest.pop() for _ in range(min(len(rest), rng.randint(1, 4)))]
        listed = f"{', '.join(some[:-1])} and {some[-1]}" if len(some) > 1 else some[0]
        said.append(SENTENCES[len(said) % len(SENTENCES)].format(listed))
    return Document(" ".join(said), frozenset(chosen))


def split_list(text: str) -> list[str]:
    """The entries of a list in free text: one per line, or separated by commas."""
    return re.split(r"[\n,;]|\band\b", text)


def recall_of(entries: Sequence[str], items: frozenset[str]) -> float:
    """Share of the items that an entry names; long entries are sentences, not items."""
    named: set[str] = set()
    for entry in entries:
        words = re.findall(r"\w+", str(entry).lower())
        if len(words) <= LONGEST:
            named |= items & set(words)
    return len(named) / len(items)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
