"""Composed queries: several conditions, told by pictures and words, with complete judgements.

Two methods, each exact because the shop knows every attribute:

- change: a photo of one SKU and what is different about the one looked for. The photo tells which
  product, the words which of its variants. Each is too little alone: words such as "in navy, zipper
  closure" fit products of many SPUs, and the photo is nearest to the SKU it shows, which is not an
  answer (`Query.references`).
- reference: "Find a backpack with the same color as [photo] and the same closure type as [photo]",
  composed by `skulens.compose` from what photos show. Every photo shows another product, of any
  class, which satisfies its own condition and none of the others; every SKU of the class that
  satisfies all conditions is relevant.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from skulens.compose.chance import stream_of, uniforms
from skulens.compose.constraints import repeats
from skulens.compose.judge import judge
from skulens.compose.pool import Pool, make_pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import MOST, NONE, Composed
from skulens.compose.samplers.target_first import TargetFirst
from skulens.compose.words import ask
from skulens.records import Attribute, Condition, Image, Item, Product, Query
from skulens.world.config import Stream
from skulens.world.truth.texts import PATTERNS, sight

LEAST_SKUS = 3
"""SKUs of an SPU: with two, leaving out the one in the photo would give the answer away."""
COUNTS = (2, 3, 4)
"""Conditions of a query by reference, equally often where the shop has the references."""
TURNS = 8
"""Rounds before a product gets one condition less; round k tries 2^k choices of conditions and
references for it, so that it had 255."""
AT_ONCE = 1 << 20
"""Choices judged together, unless there are more products than that."""
RULES = Profile(
    name="shop",
    constraints=(
        "references-distinct",
        "distinct-keys",
        "references-pictured",
        "no-reference-satisfies-another",
        "answers-of-other-spus",
    ),
    near=0,
)
Photos = Mapping[str, Sequence[Image]]
"""Product id -> its probe photos."""


def compose_queries(products: Iterable[Product], photos: Photos, seed: int = 0) -> Iterator[Query]:
    """Queries of both methods over a whole shop, which is their gallery."""
    products = list(products)
    yield from compose_changes(products, photos, seed=seed)
    yield from compose_references(products, photos, seed=seed)


def tags_of(product: Product, method: str, conditions: int) -> dict[str, str]:
    """What results are sliced by."""
    tags = {
        "language": "en",
        "class": class_of(product),
        "method": method,
        "n_conditions": str(conditions),
    }
    fold = product.extras.get("fold")
    return tags | ({"fold": str(fold)} if fold else {})


# Change.


def compose_changes(
    products: Iterable[Product], photos: Photos, per_sku: int = 2, seed: int = 0
) -> Iterator[Query]:
    """Photo and change -> the siblings with exactly this change.

    Args:
        products: of a shop; `spu` and attributes with modality are read.
        photos: a product without any asks nothing.
        per_sku: queries of each SKU at most, to different siblings.
    Yields:
        Queries of two parts, photo and words. The first condition is the whole product in the
        photo, the others the changed values; `references` is the SKU in the photo, `group` the SPU.
    """
    for siblings in families(products):
        for product in siblings:
            others = [p for p in siblings if p.id != product.id]
            stream = Stream("composed", seed, product.id)
            if not photos.get(product.id):
                continue
            for other in stream.sample(others, per_sku):
                yield ask_change(product, other, others, stream.choice(photos[product.id]))


def ask_change(product: Product, other: Product, others: list[Product], photo: Image) -> Query:
    """`product` in the photo, what differs about `other` in words;
    `others`: all siblings but `product`.
    """
    change = changes(product, other)
    wanted = visible_values(product) | change
    name = f"{product.id}>{other.id}"
    whole = Condition("product", part=0, product=product.id, relation="whole", modality="visual")
    told = [
        Condition(a.key, a.value, modality=a.modality) for a in other.attributes if a.key in change
    ]
    return Query(
        name,
        Item(name, (photo, words(change))),
        relevant={p.id: 1 for p in others if visible_values(p) == wanted},
        conditions=(whole, *told),
        references=(product.id,),
        tags=tags_of(product, "change", 1 + len(told)),
        group=product.spu,
    )


def families(products: Iterable[Product]) -> list[list[Product]]:
    """SPUs of at least LEAST_SKUS products, in the order of the shop."""
    found: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        found[product.spu or product.id].append(product)
    return [siblings for siblings in found.values() if len(siblings) >= LEAST_SKUS]


def visible_values(product: Product) -> dict[str, str]:
    """What a picture of it shows: key -> value."""
    return {a.key: a.value for a in visible(product)}


def visible(product: Product) -> list[Attribute]:
    return [a for a in product.attributes if a.modality in ("visual", "both")]


def changes(product: Product, other: Product) -> dict[str, str]:
    """What is to be seen of `other` and not of `product`."""
    before = visible_values(product)
    return {key: value for key, value in visible_values(other).items() if before.get(key) != value}


def words(change: Mapping[str, str]) -> str:
    """A change as a shopper says it, in English: "in navy, striped pattern, zipper closure"."""
    return ", ".join(say(key, value) for key, value in change.items())


def say(key: str, value: str) -> str:
    if key == "color":
        return f"in {value}"
    if key in PATTERNS:
        return f"{value} pattern"
    return sight(key, value)


# Reference.


def compose_references(
    products: Sequence[Product], photos: Photos, seed: int = 0
) -> Iterator[Query]:
    """For each product one query that it satisfies, of 2, 3 or 4 conditions,
    each told by a photo of another product.

    Where the shop lacks references there are fewer conditions, and with fewer than two no query.
    References are of any class, of the fold and the language of the product looked for, and of
    other SPUs, one each. Unlike the changes of an SPU, these queries depend on the rest of the
    shop.

    Yields:
        Queries in the words of `compose.words`; `relevant` is every SKU of the class that satisfies
        all conditions. In the order of the products.
    """
    known = {p.id: p for p in products}
    pool, _ = make_pool(seen_alone(p, photos) for p in products)
    found = {pool.ids[query.target]: query for query in draw_references(pool, seed)}
    for target in products:
        if query := found.get(target.id):
            yield say_reference(pool, query, known, photos, seed)


def seen_alone(product: Product, photos: Photos) -> Product:
    """What a photo of it tells; `language` says with which products it may share a query."""
    side = f"{product.language or 'en'} {product.extras.get('fold', '')}"
    shown = tuple(photos.get(product.id, ()))
    return replace(product, attributes=tuple(visible(product)), images=shown, language=side)


def draw_references(pool: Pool, seed: int) -> Iterator[Composed]:
    """At most one query of each product, with as many conditions as it finds references for."""
    sampler, places, tried = TargetFirst(pool), np.arange(len(pool)), 0
    names = (Stream("references", seed, name) for name in pool.ids)
    counts = np.array([stream.choice(COUNTS) for stream in names])
    for turn in range(TURNS * len(COUNTS)):
        if turn and turn % TURNS == 0:
            counts[places] -= 1
            places = places[counts[places] >= COUNTS[0]]
        tries = max(1, min(1 << turn % TURNS, AT_ONCE // max(1, len(places))))
        targets = np.repeat(places, tries)
        ids = targets + np.tile(np.arange(tried, tried + tries), len(places)) * len(pool)
        tried += tries
        chance = uniforms(seed, ids, 2 * MOST, stream=stream_of("references"))
        drawn = sampler.propose(ids, targets, counts[targets], chance)
        drawn = drawn.take(~repeats(family_of(pool, drawn.products)))
        judged = judge(pool, drawn, RULES, seed)
        done, rows = np.unique(judged.accepted.target, return_index=True)
        yield from (judged.composed(int(row), 0.0, True) for row in rows)
        places = np.setdiff1d(places, done)


def family_of(pool: Pool, products: np.ndarray) -> np.ndarray:
    """SPU of each product, NONE where there is none."""
    return np.where(products == NONE, NONE, pool.spu.codes[products])


def say_reference(
    pool: Pool, composed: Composed, known: Mapping[str, Product], photos: Photos, seed: int
) -> Query:
    """The query in words, each reference shown by one of its photos."""
    target, shown = known[pool.ids[composed.target]], [pool.ids[p] for p, _ in composed.shown]
    stream = Stream("photos of references", seed, target.id)
    query = ask(pool, composed, known, {name: stream.choice(photos[name]) for name in shown})
    name = f"{target.id}={'+'.join(shown)}"
    tags = tags_of(target, "reference", len(shown)) | {"language": target.language or "en"}
    return replace(query, id=name, item=Item(name, query.item.parts), tags=tags)


def class_of(product: Product) -> str:
    return product.category[0] if product.category else ""
