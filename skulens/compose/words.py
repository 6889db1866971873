"""A composed query as a shopper types it, with its judgements: numbers of a pool -> `Query`.

The instruction has MERIT's form: "Find a chair with the same color as <Product 1> ", photo,
"\\n{title} </Product 1> and the same shape as <Product 2> ", photo ... Titles are in the language
of the product, the frame around them is English, as in the paper's examples. Joined with "<image>"
for every photo it is the text of a MERIT file, which gives the same parts again when read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from skulens.compose.pool import MODALITIES, Pool
from skulens.compose.proposals import WHOLE, Composed
from skulens.records import Condition, Image, Item, Part, Product, Query

STYLE = "product style"
"""What MERIT's whole-product condition is called."""
CLASS = "class"
"""Key of the condition that the named class is."""
THINGS = {
    "cloth": "clothing", "diamond": "diamond jewelry", "fruit": "fruit", "gold": "gold jewelry",
    "headphone": "a pair of headphones", "pants": "a pair of pants", "shoes": "a pair of shoes",
}  # fmt: skip
"""Classes of MERIT's cards whose name takes no article."""
TAG = re.compile(r"<(?=/?Product \d|image>)")
"""What in a title would read as a mark of the instruction."""


@dataclass(frozen=True)
class Template:
    """How an instruction begins and joins its conditions; {thing} is "a chair", {keys} "the same
    color and the same shape" or "its color".
    """

    head: str
    condition: str
    key: str
    end: str


TEMPLATES = (
    Template("Find {thing} with ", "{keys} as ", "the same {key}", ""),
    Template("I am looking for {thing} that has ", "{keys} as ", "the same {key}", "."),
    Template("Show me {thing} which shares ", "{keys} with ", "its {key}", "."),
)
"""A query takes the one that its number says."""


def ask(
    pool: Pool, composed: Composed, products: Mapping[str, Product], photos: Mapping[str, Image]
) -> Query:
    """The query with all its judgements.

    A product shown for two conditions is shown once.

    Args:
        products: id -> product, at least the references.
        photos: id -> the picture that shows a reference.
    """
    template = TEMPLATES[composed.id % len(TEMPLATES)]
    kind = pool.kind.names[composed.kind] if composed.kind >= 0 else None
    parts: list[Part] = []
    conditions: list[Condition] = []
    before = template.head.format(thing=say_thing(kind))
    for number, (place, pairs) in enumerate(by_product(composed).items(), 1):
        product = products[pool.ids[place]]
        told = [(STYLE, None) if pair == WHOLE else pool.pairs[pair] for pair in pairs]
        keys = " and ".join(template.key.format(key=say_key(key)) for key, _ in told)
        parts.append(f"{before}{template.condition.format(keys=keys)}<Product {number}> ")
        parts.append(photos[product.id])
        before = f"\n{clean_title(product.title)} </Product {number}> and "
        for pair, (key, value) in zip(pairs, told, strict=True):
            conditions.append(
                Condition(
                    key,
                    value,
                    len(parts) - 1,
                    product.id,
                    relation="whole" if pair == WHOLE else "same",
                    modality=modality_of(pool, composed, pair),
                )
            )
    parts.append(before.removesuffix(" and ") + template.end)
    if kind:
        conditions.append(Condition(CLASS, kind, modality="both"))
    answers = [pool.ids[int(i)] for i in composed.answers]
    near = [pool.ids[int(i)] for i in composed.near]
    wrong = near if composed.near_verified else ()
    first = composed.target if composed.target >= 0 else int(composed.answers[0])
    return Query(
        name_of(composed),
        Item(name_of(composed), tuple(parts)),
        relevant=dict.fromkeys(wrong, 0) | dict.fromkeys(answers, 1),
        conditions=tuple(conditions),
        references=tuple(pool.ids[place] for place in by_product(composed)),
        hard_negatives=tuple(near),
        tags=tags_of(pool, composed, first),
        group=pool.spu.of(first) or pool.ids[first],
    )


def by_product(composed: Composed) -> dict[int, list[int]]:
    """Product shown -> pairs it is shown for, in the order of the instruction."""
    found: dict[int, list[int]] = defaultdict(list)
    for place, pair in composed.shown:
        found[place].append(pair)
    return dict(found)


def say_thing(kind: str | None) -> str:
    """ "a chair", "an umbrella", "a pair of shoes", "glasses"; "a product" where none is named."""
    name = kind or "product"
    if name in THINGS:
        return THINGS[name]
    if re.search(r"[^su]s$", name):
        return name
    return f"{'an' if re.match('[aeio]|um|un(?!i)', name.lower()) else 'a'} {name}"


def say_key(key: str) -> str:
    """ "pattern/print" -> "pattern or print"."""
    return " or ".join(word.strip() for word in key.split("/"))


def clean_title(title: str) -> str:
    """A title on one line in which nothing reads as a mark of the instruction."""
    return TAG.sub("\u2039", " ".join(title.split()))


def tags_of(pool: Pool, composed: Composed, answer: int) -> dict[str, str]:
    """What results are sliced by; the language only where all references have it."""
    languages = {pool.language.of(place) for place, _ in composed.shown}
    tags = {
        "language": languages.pop() if len(languages) == 1 else None,
        "class": pool.kind.of(answer),
        "method": composed.method,
        "n_conditions": str(len(composed.shown)),
        **composed.tags,
    }
    return {key: value for key, value in tags.items() if value}


def name_of(composed: Composed) -> str:
    """ "target-first-2-000017": method, conditions, number of the proposal."""
    return f"{composed.method}-{len(composed.shown)}-{composed.id & (1 << 48) - 1:06d}"


def modality_of(pool: Pool, composed: Composed, pair: int):
    """Whether a picture or a text of the reference tells the value."""
    if pair == WHOLE:
        return "visual"
    kind = int(pool.kind.codes[composed.answers[0]])
    return MODALITIES[int(pool.modality[kind, pool.key_of[pair]])] if kind >= 0 else "unknown"
