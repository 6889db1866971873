"""A composed query as a shopper types it, with its judgements: numbers of a pool -> `Query`.

The instruction has MERIT's form: "Find a chair with the same color as <Product 1> ", photo,
"\\n{title} </Product 1> and the same shape as <Product 2> ", photo ... Titles are in the language
of the product, the frame around them is English, as in the paper's examples.
"""

from collections.abc import Mapping

from skulens.compose.pool import MODALITIES, Pool
from skulens.compose.proposals import WHOLE, Composed
from skulens.records import Condition, Image, Item, Part, Product, Query

STYLE = "product style"
"""What MERIT's whole-product condition is called."""
CLASS = "class"
"""Key of the condition that the named class is."""


def ask(
    pool: Pool, composed: Composed, products: Mapping[str, Product], photos: Mapping[str, Image]
) -> Query:
    """The query with all its judgements.

    Args:
        products: id -> product, at least the references.
        photos: id -> the picture that shows a reference.
    """
    parts: list[Part] = []
    conditions: list[Condition] = []
    kind = pool.kind.names[composed.kind] if composed.kind >= 0 else None
    head = f"Find a {kind}" if kind else "Find a product"
    before = f"{head} with "
    for number, (place, pair) in enumerate(composed.shown, 1):
        product = products[pool.ids[place]]
        key, value = (STYLE, None) if pair == WHOLE else pool.pairs[pair]
        parts += [f"{before}the same {key} as <Product {number}> ", photos[product.id]]
        after = f"\n{product.title} </Product {number}>"
        before = f"{after} and " if number < len(composed.shown) else after
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
    parts.append(before)
    if kind:
        conditions.append(Condition(CLASS, kind, modality="both"))
    references = tuple(pool.ids[place] for place, _ in composed.shown)
    answers = [pool.ids[int(i)] for i in composed.answers]
    near = [pool.ids[int(i)] for i in composed.near]
    first = composed.target if composed.target >= 0 else int(composed.answers[0])
    tags = {
        "language": pool.language.of(composed.shown[0][0]) or "",
        "class": pool.kind.of(first) or "",
        "method": composed.method,
        "n_conditions": str(len(composed.shown)),
        **composed.tags,
    }
    return Query(
        name_of(composed),
        Item(name_of(composed), tuple(parts)),
        relevant=dict.fromkeys(answers, 1) | dict.fromkeys(near, 0),
        conditions=tuple(conditions),
        references=references,
        hard_negatives=tuple(near),
        tags={key: value for key, value in tags.items() if value},
        group=pool.spu.of(first) or pool.ids[first],
    )


def name_of(composed: Composed) -> str:
    """ "target-first-2-000017": method, conditions, number of the proposal."""
    return f"{composed.method}-{len(composed.shown)}-{composed.id & (1 << 48) - 1:06d}"


def modality_of(pool: Pool, composed: Composed, pair: int):
    """Whether a picture or a text of the reference tells the value."""
    if pair == WHOLE:
        return "visual"
    kind = int(pool.kind.codes[composed.answers[0]])
    return MODALITIES[int(pool.modality[kind, pool.key_of[pair]])] if kind >= 0 else "unknown"
