"""Conditions as facts: "the same collar as this photo", held against what is known of products.

What a condition asks for is known where its photo is of a product of the store (its sha256 is among
the product's pictures), where it names a product, or where somebody reads attributes off photos.
Values are compared in their normal form (norm-v1), so that "Navy" is "navy". What a composer of
test queries knows of them, `Condition.value`, is never looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from skulens.documents import Schema, Value
from skulens.errors import UnknownName
from skulens.index.stores.fields import PICTURES, as_tuple, format_plain
from skulens.protocols import Store
from skulens.records import Filter, Image
from skulens.search.answers import FactCheck
from skulens.search.request import Request
from skulens.values.fields import Field, find_field, find_path

MOST_VALUES = 10_000
"""Different values of a field among which those are looked for that equal a wanted one."""
ReadAttributes = Callable[[Image], Mapping[str, Sequence[str]]]
"""Photo -> key -> values: whoever reads attributes off photos that no product has."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A condition with what is known of it."""

    key: str
    relation: Literal["same", "different"]
    column: str
    """Of the store: "attributes.collar"; empty: it has none of that name."""
    wanted: tuple[str, ...] = ()
    """Values asked for, as they are written; empty: nobody knows them."""
    part: int | None = None

    def normal(self, values: Sequence[str]) -> set[str]:
        """Values in their normal form; those that say nothing are left out."""
        field = field_of(self.key)
        return {field.normalise(value) for value in values} - {""}

    def check(self, fields: Mapping[str, Any]) -> FactCheck:
        """Held against the fields of a hit."""
        has = texts_of(fields.get(self.column))
        holds = None
        if self.wanted and has:
            shared = bool(self.normal(self.wanted) & self.normal(has))
            holds = shared == (self.relation == "same")
        return FactCheck(self.key, self.relation, self.wanted, has, holds, self.part, self.column)


def find_facts(
    request: Request, store: Store, reader: ReadAttributes | None = None
) -> tuple[Fact, ...]:
    """The conditions of a request with what is known of them, in order; whole products left out."""
    told = enumerate(request.query.conditions)
    conditions = [(n, c) for n, c in told if c.relation != "whole"]
    if not conditions:
        return ()
    parts = request.query.item.parts
    photos = {c.part for _, c in conditions if c.part is not None and c.part < len(parts)}
    shown = recognise({i: p for i in photos if isinstance(p := parts[i], Image)}, store)
    facts, products = [], []
    for n, c in conditions:
        column = column_of(c.key, store.schema)
        relation: Literal["same", "different"] = (
            "different" if c.relation == "different" else "same"
        )
        facts.append(Fact(c.key, relation, column, part=c.part))
        if n in request.named:
            products.append(c.product)
        else:
            products.append(None if c.part is None else shown.get(c.part))
    known = iter(store.fetch([p for p in products if p], sorted({f.column for f in facts} - {""})))
    found = []
    for fact, product in zip(facts, products, strict=True):
        if product:
            fact = replace(fact, wanted=texts_of(next(known).get(fact.column)))
        elif reader is not None and fact.part is not None and isinstance(parts[fact.part], Image):
            fact = replace(fact, wanted=read_wanted(reader, parts[fact.part], fact.key))
        found.append(fact)
    return tuple(found)


def read_wanted(reader: ReadAttributes, photo: Any, key: str) -> tuple[str, ...]:
    """Values of a key that a reader sees in a photo."""
    values = reader(photo)
    return next((tuple(v) for k, v in values.items() if k.casefold() == key.casefold()), ())


def recognise(photos: Mapping[int, Image], store: Store) -> dict[int, str]:
    """Part -> the product of the store that has this very picture."""
    if not photos or store.schema.field(PICTURES.field) is None:
        return {}
    hashes = {}
    for part, photo in photos.items():
        try:
            hashes[part] = photo.sha256()
        except OSError:
            continue  # the encoder that has to read it says so
    where = Filter("in", PICTURES.field, tuple(dict.fromkeys(hashes.values())))
    ids = store.select(where, k=10 * len(hashes)) if hashes else ()
    owners: dict[str, str] = {}
    for product, held in zip(ids, store.fetch(ids, [PICTURES.field]), strict=True):
        owners.update(dict.fromkeys(texts_of(held.get(PICTURES.field)), product))
    return {part: owners[sha] for part, sha in hashes.items() if sha in owners}


def required(facts: Sequence[Fact], store: Store) -> Filter | None:
    """What facts ask of a product, as a filter; None where nothing is known of any.

    A product satisfies it where it has one of the wanted values ("same"), or none of them.
    """
    found = []
    for fact in facts:
        if not (fact.column and fact.wanted):
            continue
        wanted = fact.normal(fact.wanted)
        there = store.facets([fact.column], None, MOST_VALUES)[fact.column]
        equal = tuple(v for v in there if fact.normal([text_of(v)]) & wanted)
        same = Filter("in", fact.column, equal)
        found.append(same if fact.relation == "same" else Filter("not", of=(same,)))
    if not found:
        return None
    return found[0] if len(found) == 1 else Filter("and", of=tuple(found))


def column_of(key: str, schema: Schema) -> str:
    """The field that a condition's key means: an attribute, else a field of that name, else an
    attribute that is another word for it ("colour", "color"); empty: there is none."""
    names = [f"attributes.{key.casefold()}", key, key.casefold()]
    if known := next((name for name in names if schema.field(name) is not None), ""):
        return known
    path = field_of(key).path
    keys = [c.field for c in schema.fields if c.field.startswith("attributes.")]
    return next((f for f in keys if field_of(f.removeprefix("attributes.")).path == path), "")


@lru_cache(maxsize=4096)
def field_of(key: str) -> Field:
    """How values of a key are compared: as the field of that name, else as texts."""
    try:
        return find_field(find_path(key))
    except UnknownName:  # no letters in it
        return Field(key)


def texts_of(value: Any) -> tuple[str, ...]:
    """Values of a field as texts."""
    return tuple(map(text_of, as_tuple(value)))


def text_of(value: Value) -> str:
    return value if isinstance(value, str) else format_plain(value)


def holding(facts: Sequence[Fact], fields: Mapping[str, Any]) -> int:
    """How many facts hold for a product."""
    return sum(fact.check(fields).holds is True for fact in facts)
