"""What two splits have in common: products, SPUs and pictures, by what they are to a query.

A split by SPU of the target keeps targets apart and nothing else: references, further answers and
hard negatives of a test query may occur in training. That is no error (a shop has one stock), but a
number to know. Pictures are the same where their paths are: equal bytes under two names are not
noticed, unless the folder names pictures by their content (`write_catalog` with "copy").
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from skulens.records import Image, Product, Query

Kind = Literal["product", "SPU", "picture"]
Role = Literal["reference", "answer", "hard negative", "any"]
KINDS: tuple[Kind, ...] = ("product", "SPU", "picture")
ROLES: tuple[Role, ...] = ("reference", "answer", "hard negative", "any")
Place = tuple[Kind, Role]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Things of one role in split `one` that occur in another role in split `other`."""

    one: str
    other: str
    kind: Kind
    role: Role
    """In `one`."""
    other_role: Role
    both: int
    of: int
    """Different things of that role in `other`."""
    queries: int
    """Queries of `other` that have such a thing."""

    @property
    def share(self) -> float:
        """Of the things in `other`; 0 where there are none."""
        return self.both / self.of if self.of else 0.0


def find_overlap(
    one: str, other: str, splits: Mapping[str, Sequence[Query]], products: Mapping[str, Product]
) -> list[Overlap]:
    """One row for each kind of thing and pair of roles, "any" last."""
    places = [(kind, role) for kind in KINDS for role in ROLES]
    mine: dict[Place, set[str]] = {place: set() for place in places}
    for query in splits[one]:
        for place, names in things_of(query, products).items():
            mine[place] |= names
    theirs: dict[Place, set[str]] = {place: set() for place in places}
    hit = dict.fromkeys(((kind, a, b) for kind, a in places for b in ROLES), 0)
    for query in splits[other]:
        for (kind, other_role), names in things_of(query, products).items():
            theirs[kind, other_role] |= names
            for role in ROLES:
                hit[kind, role, other_role] += not mine[kind, role].isdisjoint(names)
    return [
        Overlap(one, other, kind, role, other_role, both, len(theirs[kind, other_role]), queries)
        for (kind, role, other_role), queries in hit.items()
        for both in [len(mine[kind, role] & theirs[kind, other_role])]
    ]


def things_of(query: Query, products: Mapping[str, Product]) -> dict[Place, set[str]]:
    """What a query names, by kind and role."""
    found: dict[Place, set[str]] = {(kind, "any"): set() for kind in KINDS}
    for role, ids in roles_of(query):
        for kind, names in zip(KINDS, names_of(query, role, ids, products), strict=True):
            found[kind, role] = names
            found[kind, "any"] |= names
    return found


def roles_of(query: Query) -> Iterator[tuple[Role, tuple[str, ...]]]:
    """Products of a query by role; one that is judged relevant is no hard negative."""
    yield "reference", query.references
    yield "answer", query.answers
    yield "hard negative", tuple(p for p in query.hard_negatives if query.relevant.get(p, 0) <= 0)


def names_of(
    query: Query, role: Role, ids: Iterable[str], products: Mapping[str, Product]
) -> tuple[set[str], set[str], set[str]]:
    """(products, SPUs, pictures); a reference's pictures are those that the query shows."""
    known = [products[p] for p in ids if p in products]
    images = (
        [part for part in query.item.parts if isinstance(part, Image)]
        if role == "reference"
        else [image for product in known for image in product.images]
    )
    return (
        set(ids),
        {product.spu or product.id for product in known},
        {image.path or image.sha256() for image in images},
    )
