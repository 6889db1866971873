"""A catalogue and its cards -> the same catalogue with closed-set attributes (MERIT A.2.2).

Without a model the attributes that products have, or that a reader claims of them, are looked up on
the card of their class. With one, the model chooses a value for each key of the card
(`cards.model`). Either way the filters follow, and what they leave is written:

    products.parquet, queries.parquet ...   the catalogue, in the format skulens/1
    annotation.json    settings, cards and the funnel
    funnel.html        the funnel as a page
    rejects.jsonl      what could not be used, with the reason
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from skulens.catalog.folder import write_catalog
from skulens.curate.captions.files import write_lines
from skulens.curate.cards.card import Card
from skulens.curate.cards.filters import Filters, apply_filters, make_columns
from skulens.curate.cards.funnel import Funnel
from skulens.curate.cards.match import Match, Matcher, class_of
from skulens.errors import StoreError
from skulens.files import write_record
from skulens.protocols import Catalog
from skulens.records import Attribute, Product, Query, Reject

RECORD, REJECTS = "annotation.json", "rejects.jsonl"


@dataclass(frozen=True)
class Annotated:
    """Products with the attributes that are left."""

    products: Sequence[Product]
    funnel: Funnel
    empty: int
    """Products without any; they are among `products` unless the filters drop them."""


def annotate(products: Iterable[Product], cards: Mapping[str, Card], filters: Filters) -> Annotated:
    """Products with those attributes that are on the cards and pass the filters, in their order."""
    matcher = Matcher(cards)
    listed = list(products)
    matches = [
        (number, class_of(product) or "", match)
        for number, product in enumerate(listed)
        for match in unique_matches(matcher.match(product))
    ]
    left, funnel = apply_filters(make_columns(matches), filters)
    kept: list[list[Attribute]] = [[] for _ in listed]
    for row in left.row:
        number, _, match = matches[row]
        kept[number].append(match.attribute)
    made = [replace(p, attributes=tuple(a)) for p, a in zip(listed, kept, strict=True)]
    empty = sum(not p.attributes for p in made)
    if filters.drop_empty:
        made = [p for p in made if p.attributes]
    return Annotated(made, funnel, empty)


def unique_matches(matches: Iterable[Match]) -> Iterator[Match]:
    """The first of each (key, value)."""
    seen: set[tuple[str, str]] = set()
    for match in matches:
        pair = (match.attribute.key, match.attribute.value)
        if pair not in seen:
            seen.add(pair)
            yield match


def check_folder(out: Path) -> None:
    if (out / "products.parquet").exists():
        raise StoreError(f"{out} holds a catalogue already; delete it or name another folder")


def write_annotated(
    out: Path,
    catalog: Catalog,
    done: Annotated,
    settings: Mapping[str, Any],
    rejects: Sequence[Reject],
) -> dict[str, Any]:
    """Write the catalogue with its queries, and how its attributes came about.

    Returns:
        What annotation.json says.
    Raises:
        StoreError: `out` holds a catalogue.
    """
    check_folder(out)
    there = {p.id for p in done.products}
    queries = {
        split: [q for q in catalog.queries(split) if not q.answers or there & set(q.answers)]
        for split in catalog.info.splits
    }
    info = replace(catalog.info, title=f"{catalog.info.title}, attributes on cards")
    write_catalog(out, done.products, queries or None, info, pictures="refer")
    write_lines(out / REJECTS, (asdict(r) for r in rejects))
    record = {
        "format": "skulens-annotation/1",
        "settings": dict(settings),
        "products": len(done.products),
        "without_attributes": done.empty,
        "funnel": done.funnel.as_dict(),
        "queries": count_queries(queries),
        "rejects": len(rejects),
    }
    write_record(out / RECORD, record)
    return record


def count_queries(queries: Mapping[str, Sequence[Query]]) -> dict[str, int]:
    return {split: len(found) for split, found in queries.items()}
