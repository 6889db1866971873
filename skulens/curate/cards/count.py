"""Open-set attributes of a catalogue, counted per class in columns.

Each occurrence is (class, product, key, value) as numbers; texts are normalised once each, whatever
the number of products, and pyarrow groups and counts.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

from skulens.curate.cards.card import MODALITIES, Modality
from skulens.curate.cards.implausible import KeyCounts
from skulens.curate.cards.words import compare_form, is_no_answer, write_form
from skulens.records import Product, Reject

RankBy = Literal["frequency", "distinct", "tfidf"]
"""Products that have the key (MERIT's text); different values (MERIT's code, which favours keys
like ISBN); products weighted down where every class has the key."""


class Texts:
    """Texts as they are given, numbered, and the words that stand for each."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))

    def forms(self, times: np.ndarray) -> tuple[np.ndarray, list[str], list[str]]:
        """(number of the form of each text, forms, the usual writing of each form).

        Args:
            times: (texts,) how often each text occurs; the most frequent writing is usual, the
                first in the alphabet of equals.
        """
        found: dict[str, int] = {}
        codes = np.array([found.setdefault(compare_form(t), len(found)) for t in self.known], int)
        writings: list[Counter[str]] = [Counter() for _ in found]
        for text, code, count in zip(self.known, codes, times, strict=True):
            writings[code][write_form(text)] += int(count)
        return codes, list(found), [most_common(w) for w in writings]


def most_common(writings: Counter[str]) -> str:
    """The first in the alphabet of equally frequent ones."""
    return min(writings, key=lambda text: (-writings[text], text))


@dataclass(frozen=True)
class OpenSet:
    """Counts of keys and values per class.

    Attributes:
        keys: class -> its keys, most frequent first.
        values: (class, form of a key) -> values with the products that have it as their only value,
            most frequent first.
        modality: (class, form of a key) -> what most attributes say of it.
        products: class -> products.
        unanswered: occurrences whose value says that there is none.
    """

    keys: Mapping[str, Sequence[KeyCounts]]
    values: Mapping[tuple[str, str], Sequence[tuple[str, int]]]
    modality: Mapping[tuple[str, str], Modality]
    products: Mapping[str, int]
    pairs: int
    unanswered: int
    rejects: Sequence[Reject] = field(default=())

    def rank(self, kind: str, by: RankBy) -> list[KeyCounts]:
        """Keys of a class, best first; equal ones by name."""
        classes = len(self.products)
        weigh = {
            "frequency": lambda k: k.products,
            "distinct": lambda k: k.values,
            "tfidf": lambda k: k.products * (1 + math.log(classes / k.in_classes)),
        }[by]
        return sorted(self.keys.get(kind, ()), key=lambda k: (-weigh(k), k.name))


class Occurrences:
    """Attributes as columns that grow product by product."""

    def __init__(self) -> None:
        self.keys, self.texts, self.kinds = Texts(), Texts(), Texts()
        self.columns = {
            name: array("q") for name in ("kind", "product", "key", "value", "modality")
        }
        self.sizes: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.rejects: list[Reject] = []

    def add(self, product: Product, kind: str) -> None:
        """Count a product's attributes under a class; an id that occurred before is rejected."""
        if product.id in self.seen:
            todo = "give each product its own id"
            self.rejects.append(Reject("products", product.id, "the id occurred before", todo))
            return
        number = len(self.seen)
        self.seen.add(product.id)
        self.sizes[kind] += 1
        for attribute in product.attributes:
            if not compare_form(attribute.key) or not compare_form(attribute.value):
                reason = f"attribute {attribute.key!r}: {attribute.value!r} has no letter or digit"
                self.rejects.append(Reject("products", product.id, reason, "correct or delete it"))
                continue
            row = (
                self.kinds.number(kind), number, self.keys.number(attribute.key),
                self.texts.number(attribute.value), MODALITIES.index(attribute.modality),
            )  # fmt: skip
            for column, cell in zip(self.columns.values(), row, strict=True):
                column.append(cell)

    def count(self) -> OpenSet:
        """What was added, normalised and counted."""
        raw = {name: np.array(column, np.int64) for name, column in self.columns.items()}
        times = {n: np.bincount(raw[n], minlength=1) for n in ("key", "value")}
        key_codes, key_forms, key_names = self.keys.forms(times["key"][: len(self.keys.known)])
        codes, _, texts = self.texts.forms(times["value"][: len(self.texts.known)])
        silent = np.array([is_no_answer(t) for t in texts], bool)
        table = pa.table(raw)
        if len(table):
            table = table.set_column(2, "key", pa.array(key_codes[raw["key"]]))
            table = table.set_column(3, "value", pa.array(codes[raw["value"]]))
            said = ~silent[codes[raw["value"]]]
            table = table.filter(pa.array(said))
        counts = _Counts(table, tuple(self.kinds.known), key_forms, key_names, texts)
        return OpenSet(
            keys=counts.keys(),
            values=counts.values(),
            modality=counts.modality(),
            products=dict(self.sizes),
            pairs=len(table),
            unanswered=len(raw["key"]) - len(table),
            rejects=tuple(self.rejects),
        )


def count_attributes(products: Iterable[tuple[Product, str]]) -> OpenSet:
    """Counts over (product, its class)."""
    occurrences = Occurrences()
    for product, kind in products:
        occurrences.add(product, kind)
    return occurrences.count()


@dataclass(frozen=True)
class _Counts:
    """Group-bys over the table of occurrences (kind, product, key, value, modality)."""

    table: pa.Table
    kinds: Sequence[str]
    key_forms: Sequence[str]
    key_names: Sequence[str]
    texts: Sequence[str]

    def pairs(self) -> pa.Table:
        """One row per (kind, product, key) with its different values and one of them."""
        grouped = self.table.group_by(["kind", "product", "key"])
        return grouped.aggregate([("value", "count_distinct"), ("value", "min")])

    def keys(self) -> dict[str, list[KeyCounts]]:
        products = self.pairs().group_by(["kind", "key"]).aggregate([("product", "count")])
        distinct = self.table.group_by(["kind", "key"]).aggregate([("value", "count_distinct")])
        values = {(r["kind"], r["key"]): r["value_count_distinct"] for r in distinct.to_pylist()}
        classes = Counter(key for _, key in values)
        found: dict[str, list[KeyCounts]] = {}
        for row in products.to_pylist():
            kind, key = row["kind"], row["key"]
            counts = KeyCounts(
                self.key_forms[key], self.key_names[key], row["product_count"],
                values[kind, key], classes[key],
            )  # fmt: skip
            found.setdefault(self.kinds[kind], []).append(counts)
        return {k: sorted(v, key=lambda c: (-c.products, c.name)) for k, v in found.items()}

    def values(self) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """Of products with one value of the key: a list of values is no value to search by."""
        pairs = self.pairs()
        single = pairs.filter(pa.array(pairs["value_count_distinct"].to_numpy() == 1))
        counts = single.group_by(["kind", "key", "value_min"]).aggregate([("product", "count")])
        found: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for row in counts.to_pylist():
            place = (self.kinds[row["kind"]], self.key_forms[row["key"]])
            text = self.texts[row["value_min"]]
            found.setdefault(place, []).append((text, row["product_count"]))
        return {k: sorted(v, key=lambda c: (-c[1], c[0])) for k, v in found.items()}

    def modality(self) -> dict[tuple[str, str], Modality]:
        """What most attributes say; "both" where visual and text are equally frequent."""
        votes: dict[tuple[str, str], Counter[Modality]] = {}
        grouped = self.table.group_by(["kind", "key", "modality"]).aggregate([("product", "count")])
        for row in grouped.to_pylist():
            place = (self.kinds[row["kind"]], self.key_forms[row["key"]])
            votes.setdefault(place, Counter())[MODALITIES[row["modality"]]] += row["product_count"]
        return {place: elect(said) for place, said in votes.items()}


def elect(votes: Counter[Modality]) -> Modality:
    known = [m for m in MODALITIES if m != "unknown" and votes[m]]
    if not known:
        return "unknown"
    leading = [m for m in known if votes[m] == max(votes[k] for k in known)]
    return leading[0] if len(leading) == 1 else "both"
