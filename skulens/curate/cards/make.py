"""A catalogue -> attribute cards that people edit (MERIT A.2.1).

CLASS.yaml       the card of a class (`cards.files`)
counts.parquet   class, key, value, products: what the cards were made from
made.json        how: settings, counts, keys that were refused with the reason
rejects.jsonl    products and claims that could not be used, with the reason
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from skulens.catalog.folder import write_table
from skulens.curate.captions.files import write_lines
from skulens.curate.cards.card import Card, CardKey, CardValue
from skulens.curate.cards.count import Occurrences, OpenSet, RankBy
from skulens.curate.cards.files import card_files, write_cards
from skulens.curate.cards.implausible import is_sentence, why_implausible
from skulens.curate.cards.match import class_of
from skulens.errors import DataError, StoreError
from skulens.files import write_record
from skulens.records import Product, Reject

COUNTS, RECORD, REJECTS = "counts.parquet", "made.json", "rejects.jsonl"
COLUMNS = pa.schema(
    {"class": pa.string(), "key": pa.string(), "value": pa.string(), "products": pa.int64()}
)


@dataclass(frozen=True)
class CardPlan:
    """What decides the cards beside the data; the defaults are the paper's first cut."""

    rank_by: RankBy = "frequency"
    keys: int = 100
    """Most keys of a card."""
    values: int = 100
    """Most values of a key, the most frequent first."""
    least: int = 1
    """Products that have a value, at least."""

    def __post_init__(self):
        if self.rank_by not in get_args(RankBy):
            raise DataError(
                f"rank_by is {self.rank_by!r}, expected one of {', '.join(get_args(RankBy))}"
            )
        if min(self.keys, self.values, self.least) < 1:
            raise DataError("a card needs at least 1 key, 1 value of it and 1 product that has it")


@dataclass(frozen=True, slots=True)
class Refused:
    """A key that is on no card."""

    kind: str
    key: str
    products: int
    reason: str


@dataclass(frozen=True)
class CardSet:
    """The cards of a catalogue, with what was left out."""

    cards: Sequence[Card]
    refused: Sequence[Refused] = ()
    rejects: Sequence[Reject] = field(default=())


def count_catalog(
    products: Iterable[Product], reject: Callable[[Reject], object], default: str = ""
) -> OpenSet:
    """Count the attributes of products per class.

    Args:
        reject: takes products without a class, where `default` names none for them.
    """
    occurrences = Occurrences()
    for product in products:
        kind = class_of(product) or default
        if kind:
            occurrences.add(product, kind)
        else:
            todo = "give it a category, or name a class for such products by --class"
            reject(Reject("products", product.id, "it has no class", todo))
    return occurrences.count()


def draw_up(found: OpenSet, plan: CardPlan) -> CardSet:
    """Cards of the plausible keys of each class, best first, with their most frequent values."""
    cards, refused = [], []
    for kind, products in found.products.items():
        keys: list[CardKey] = []
        for counts in found.rank(kind, plan.rank_by):
            values = list_values(found.values.get((kind, counts.form), ()), plan)
            reason = why_implausible(counts) or ("" if values else "no product has a single value")
            if reason:
                refused.append(Refused(kind, counts.name, counts.products, reason))
            elif len(keys) < plan.keys:
                modality = found.modality[kind, counts.form]
                keys.append(CardKey(counts.name, values, (), modality, counts.products))
        if keys:
            cards.append(Card(kind, tuple(keys), products=products))
    return CardSet(cards, refused, found.rejects)


def list_values(counted: Iterable[tuple[str, int]], plan: CardPlan) -> tuple[CardValue, ...]:
    usable = (
        CardValue(text, (), n) for text, n in counted if n >= plan.least and not is_sentence(text)
    )
    return tuple(value for value, _ in zip(usable, range(plan.values), strict=False))


def check_folder(out: Path) -> None:
    """Raise StoreError for a folder with cards, which people may have edited."""
    if out.is_dir() and card_files(out):
        raise StoreError(f"{out} holds attribute cards already; name another folder")


def write_made(
    out: Path,
    made: CardSet,
    rejects: Sequence[Reject],
    settings: Mapping[str, Any],
    found: OpenSet,
) -> None:
    """Write cards, counts, record and rejects.

    Raises:
        DataError: no card.
        StoreError: as `check_folder`.
    """
    check_folder(out)
    if not made.cards:
        raise DataError(
            "no class has a key that could be on a card; a product needs a category and "
            "attributes, see `skulens audit` and --claims"
        )
    write_cards(out, made.cards)
    write_table(out / COUNTS, COLUMNS, count_rows(made.cards))
    write_lines(out / REJECTS, (asdict(r) for r in rejects))
    record = {
        "format": "skulens-cards/1",
        "settings": dict(settings),
        "products": sum(found.products.values()),
        "pairs": found.pairs,
        "values_that_say_nothing": found.unanswered,
        "cards": {c.kind: {"keys": len(c.keys), "values": c.count_values()} for c in made.cards},
        "refused": [asdict(r) for r in made.refused],
        "rejects": len(rejects),
    }
    write_record(out / RECORD, record)


def count_rows(cards: Iterable[Card]) -> Iterator[dict[str, Any]]:
    for card in cards:
        for key in card.keys:
            for value in key.values:
                yield {"class": card.kind, "key": key.name, "value": value.text,
                       "products": value.products}  # fmt: skip


def read_made(out: Path) -> dict[str, Any]:
    """What made.json says."""
    return json.loads((out / RECORD).read_text(encoding="utf-8"))
