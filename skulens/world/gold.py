"""What is true of each product, field by field, and whether its pictures show it: a shop's gold.

`gold_paths.csv` says where each field of the shop goes in the schema of claims. A row is an
attribute key, a field of the labels or a mark; its classes are those that could have it; without a
path it is left out on purpose, and the note says why. Several rows may feed one path: the label's
"purity" and the attribute "purity" are one fact said twice. Paths are those of the
registry of fields (`skulens.values.fields`) where it has one for the field.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, cast

from skulens.claims import Gold, Legibility
from skulens.world.config import CLASSES
from skulens.world.label.makers import REGIONS
from skulens.world.tables import BySku

ORDER: tuple[Legibility, ...] = ("yes", "partly", "no", "not pictured")
"""Best first."""
Row = dict
"""A row of a table."""


@dataclass(frozen=True)
class Rule:
    """A row of `gold_paths.csv`."""

    source: str
    """"attribute", "label" or "mark\""""
    field: str
    """Key, field of a label, or name of a mark."""
    classes: frozenset[str]
    """Classes that could have it."""
    path: str
    """Path in the schema of claims; empty: left out."""
    many: Literal["", "yes", "list"]
    """Whether it holds several values at once, and whether one list prints them."""
    printed: str
    """Of an attribute: the field of the label that prints its value on some products."""


@cache
def rules() -> tuple[Rule, ...]:
    """All rows, in the order of the file."""
    with Path(__file__).with_name("gold_paths.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Rule(
                row["source"],
                row["field"],
                frozenset(CLASSES if row["classes"] == "all" else row["classes"].split()),
                row["path"],
                cast(Literal["", "yes", "list"], row["many"]),
                row["printed"],
            )
            for row in csv.DictReader(file)
        )


@cache
def rule_of(source: str, name: str, kind: str) -> Rule:
    """Raises KeyError for a field that the file does not name for this class."""
    for rule in rules():
        if (rule.source, rule.field) == (source, name) and kind in rule.classes:
            return rule
    raise KeyError(f"gold_paths.csv has no {source} {name!r} for {kind}")


@cache
def possible(kind: str) -> tuple[str, ...]:
    """Every path that a product of a class could have, in the order of the file."""
    return tuple(dict.fromkeys(r.path for r in rules() if r.path and kind in r.classes))


@dataclass
class Fact:
    """One value of a product while it is collected."""

    values: list[str]
    """Alternatives, any of which is right."""
    legible: Legibility = "not pictured"
    images: set[str] = field(default_factory=set)

    def show(self, legible: Legibility, images: Iterable[str]) -> None:
        """One more place where it can be seen."""
        self.legible = min(self.legible, legible, key=ORDER.index)
        if legible == "yes":
            self.images.update(images)


@dataclass(frozen=True)
class Sku:
    """What the tables say about a product."""

    id: str
    spu: str
    kind: str
    front: str | None
    """Path of its front view within the shop."""
    attributes: list[Row]
    labels: list[Row]
    legibility: list[Row]
    """As many as `labels`, in the same order."""
    regions: list[Row]


def gold_of(sku: Sku) -> Iterator[Gold]:
    """The gold of one product, by path;
    a path that its class could have and it lacks has no values.
    """
    found: dict[str, list[Fact]] = {}
    for row in sku.attributes:
        add(found, rule_of("attribute", row["key"], sku.kind), attribute_fact(sku, row))
    for row, seen in zip(sku.labels, sku.legibility, strict=True):
        mark = row["field"] == "mark"
        rule = (
            rule_of("mark", row["value"], sku.kind)
            if mark
            else rule_of("label", row["field"], sku.kind)
        )
        for said in part_list(row) if rule.many == "list" else [[row["value"], row["text"]]]:
            fact = Fact(said)
            fact.show(seen["legible"], seen["images"])
            add(found, rule, fact)
    for path in possible(sku.kind):
        for fact in found.get(path, [Fact([])]):
            values = tuple(dict.fromkeys(fact.values))
            images = tuple(sorted(fact.images))
            yield Gold(sku.id, path, values, fact.legible, images, sku.spu)


def add(found: dict[str, list[Fact]], rule: Rule, fact: Fact) -> None:
    """Another value of a field of many, or another way to say and to see the only one."""
    if not rule.path:
        return
    known = found.setdefault(rule.path, [])
    if rule.many or not known:
        known.append(fact)
        return
    known[0].values += fact.values
    known[0].show(fact.legible, fact.images)


def part_list(row: Row) -> list[list[str]]:
    """The entries of a printed list, each normalised and as printed."""
    printed = row["text"].removesuffix(".").split(", ")
    return [list(pair) for pair in zip(row["value"].split(", "), printed, strict=True)]


def attribute_fact(sku: Sku, row: Row) -> Fact:
    """An attribute: to be seen on the front, printed on the product or its label,
    or only told in texts.
    """
    key, value = row["key"], row["value"]
    fact = Fact([value])
    if key == "region of origin":
        fact.values.append(REGIONS[value.lower()])
    drawn = [region for region in sku.regions if region["field"] == key]
    for region in drawn:
        fact.show(region["legible"], [region["image"]])
    if row["modality"] in ("visual", "both") and key != "brand" and not drawn and sku.front:
        fact.show("yes", [sku.front])
    printed = rule_of("attribute", key, sku.kind).printed
    for label, seen in zip(sku.labels, sku.legibility, strict=True):
        if label["field"] == printed and any(says(label["value"], v) for v in fact.values):
            fact.show(seen["legible"], seen["images"])
    return fact


def says(text: str, value: str) -> bool:
    """Does a normalised text of a label hold the value of an attribute, as whole words?"""
    return re.search(rf"(?<!\w){re.escape(plain(value))}(?!\w)", plain(text)) is not None


@cache
def plain(words: str) -> str:
    """Small letters, no space between a number and its unit:
    "8 GB" and "8gb", "18 in" and "18 inches".
    """
    return re.sub(r"(?<=\d) +(?=[a-z])", "", words.casefold()).replace("inches", "in")


def read_gold(folder: Path, fold: str = "") -> Iterator[Gold]:
    """The gold of every product of a shop, or of a fold, in the order of the shop;
    tables are streamed.
    """
    labels, legibility, regions = (
        BySku(folder / f"{name}.parquet") for name in ("labels", "legibility", "regions")
    )
    pictures = BySku(folder / "products.parquet", columns=("id", "image", "view"))
    for id, rows in BySku(folder / "attributes.parquet"):
        if fold in ("", rows[0]["fold"]):
            views = {row.get("view"): row.get("image") for row in pictures.take(id)}
            first, printed, legible = rows[0], labels.take(id), legibility.take(id)
            yield from gold_of(
                Sku(
                    id,
                    first["spu"],
                    first["kind"],
                    views.get("front"),
                    rows,
                    printed,
                    legible,
                    regions.take(id),
                )
            )
