"""Composed queries: several conditions, told by pictures and words, with complete judgements.

Two methods, each exact because the shop knows every attribute:

- change: a photo of one SKU and what is different about the one looked for. The photo tells which
  product, the words which of its variants. Each is too little alone: words such as "in navy, zipper
  closure" fit products of many SPUs, and the photo is nearest to the SKU it shows, which is not an
  answer (`Query.references`).
- reference: "a backpack with the same color as [photo] and the same closure type as [photo]". Every
  photo shows another product, of any class, which satisfies its own condition and none of the
  others; every SKU of the class that satisfies all conditions is relevant.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from skulens.records import Attribute, Condition, Image, Item, Part, Product, Query
from skulens.world.config import Stream
from skulens.world.truth.texts import NOUNS, PATTERNS, sight

LEAST_SKUS = 3
"""SKUs of an SPU: with two, leaving out the one in the photo would give the answer away."""
COUNTS = (2, 3, 4)
"""Conditions of a query by reference, equally often where the shop has the references."""
TRIES = 64
"""Products looked at for one reference."""
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


class Postings:
    """Which products have which visible value."""

    def __init__(self, products: Sequence[Product]):
        self.products = products
        self.values = [visible_values(p) for p in products]
        self.found: dict[tuple[str, str], list[int]] = defaultdict(list)  # (key, value) -> places
        for place, values in enumerate(self.values):
            for pair in values.items():
                self.found[pair].append(place)

    def all(self, kind: str, wanted: Mapping[str, str]) -> list[Product]:
        """Products of a class that have every wanted value, in the order of the shop."""
        rarest = min((self.found[pair] for pair in wanted.items()), key=len)
        fitting = [i for i in rarest if wanted.items() <= self.values[i].items()]
        return [p for p in map(self.products.__getitem__, fitting) if class_of(p) == kind]


def compose_references(
    products: Sequence[Product], photos: Photos, seed: int = 0
) -> Iterator[Query]:
    """For each product one query that it satisfies, of 2, 3 or 4 conditions,
    each told by a photo of another product.

    Where the shop lacks references there are fewer conditions, and with fewer than two no query.
    References are of any class, of the fold of the product looked for, and of other SPUs, one each.
    Unlike the changes of an SPU, these queries depend on the rest of the shop.

    Yields:
        Queries whose parts alternate words and photos; `relevant` is every SKU of the class that
        satisfies all conditions.
    """
    postings = Postings(products)
    for target in products:
        stream = Stream("references", seed, target.id)
        shown = choose_references(postings, photos, target, stream.choice(COUNTS), stream)
        if len(shown) >= COUNTS[0]:
            yield ask_references(postings, photos, target, shown, stream)


Shown = list[tuple[Attribute, Product]]
"""Conditions, each with the product that shows it."""


def choose_references(
    postings: Postings, photos: Photos, target: Product, count: int, stream: Stream
) -> Shown:
    """At most `count` conditions; each reference satisfies its own and none of the others."""
    found: Shown = []
    for own in stream.sample(visible(target), len(target.attributes)):
        if len(found) == count:
            break
        posting = postings.found[own.key, own.value]
        if any(visible_values(reference).get(own.key) == own.value for _, reference in found):
            continue
        start = stream.integer(0, len(posting) - 1)
        turned = (posting[(start + k) % len(posting)] for k in range(min(len(posting), TRIES)))
        for place in turned:
            reference, values = postings.products[place], postings.values[place]
            if photos.get(reference.id) and can_show(reference, values, target, found):
                found.append((own, reference))
                break
    return found


def can_show(reference: Product, values: Mapping[str, str], target: Product, found: Shown) -> bool:
    """Is it of the target's fold and of a new SPU,
    and satisfies none of the conditions found so far?
    """
    return (
        reference.extras.get("fold") == target.extras.get("fold")
        and reference.spu not in {target.spu, *(other.spu for _, other in found)}
        and not any(values.get(a.key) == a.value for a, _ in found)
    )


def ask_references(
    postings: Postings,
    photos: Photos,
    target: Product,
    shown: Shown,
    stream: Stream,
) -> Query:
    wanted = {a.key: a.value for a, _ in shown}
    parts: list[Part] = []
    conditions = []
    for number, (own, reference) in enumerate(shown):
        parts += [
            ask_same(target, own.key, number, len(shown)),
            stream.choice(photos[reference.id]),
        ]
        conditions.append(
            Condition(own.key, own.value, len(parts) - 1, reference.id, modality=own.modality)
        )
    references = tuple(reference.id for _, reference in shown)
    name = f"{target.id}={'+'.join(references)}"
    relevant = postings.all(class_of(target), wanted)
    return Query(
        name,
        Item(name, tuple(parts)),
        relevant={p.id: 1 for p in relevant},
        conditions=tuple(conditions),
        references=references,
        tags=tags_of(target, "reference", len(conditions)),
        group=target.spu,
    )


UNCOUNTED = ("diamond", "fruit", "gold", "headphone", "pants", "shoes")
"""Classes whose noun takes no article."""


def ask_same(target: Product, key: str, number: int, count: int) -> str:
    """The words before photo `number` of `count`:
    "a chair with the same color as", "and the same shape as".
    """
    same = f"the same {'pattern' if key in PATTERNS else key} as"
    if number == 0:
        return f"{thing_of(class_of(target))} with {same}"
    return f"and {same}" if number == count - 1 else same


def thing_of(kind: str) -> str:
    noun = NOUNS.get(kind, kind)
    return noun if kind in UNCOUNTED else f"a {noun}"


def class_of(product: Product) -> str:
    return product.category[0] if product.category else ""
