"""Answers that people read from photos -> gold: what three folders of photos share.

An answer file has, per photo or product, the fields that a person can read; its keys become paths
of the registry of fields by one table, KEYS. How an answer becomes `Gold`:

- a value: that value, legible as the file says, "yes" where it says nothing;
- several values that hold at once (ingredients, allergens, warnings ...): one row each;
- null: not visible, so no values and legible "not pictured": every claim of it is invented;
- null with legible "no": printed and unreadable; with "partly": neither demanded nor penalised.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skulens.catalog.reader import TrueReader
from skulens.claims import Gold, Legibility
from skulens.errors import DataError, MissingFile
from skulens.records import Product
from skulens.values.lists import split_list

ANSWERS = "answers.json"
KEYS = {
    "brand": "attributes.brand",
    "product": "attributes.name",
    "net_content": "attributes.net_content",
    "net_weight": "attributes.net_content",
    "quantity": "attributes.net_content",
    "ingredients_text": "attributes.ingredients",
    "allergens": "attributes.allergens",
    "allergens_bold": "attributes.allergens",
    "best_before": "attributes.expiry_date",
    "production_date": "attributes.production_date",
    "lot": "identifiers.lot",
    "model": "identifiers.model",
    "serial": "identifiers.serial",
    "gtin": "identifiers.gtin",
    "origin": "attributes.origin",
    "manufacturer": "attributes.manufacturer",
    "address": "attributes.manufacturer_address",
    "contact": "attributes.manufacturer_contact",
    "importer": "attributes.importer",
    "warnings": "attributes.warnings",
    "hazard_codes": "attributes.hazard_codes",
    "marks": "attributes.certifications",
    "size": "attributes.size",
    "material": "attributes.material",
    "care": "attributes.care",
    "price": "attributes.price",
    "currency": "attributes.currency",
    "unit_price": "attributes.unit_price",
}
"""Key of an answer -> path of the field; any other key is free.KEY."""
RATING = {
    "voltage": "attributes.voltage",
    "current": "attributes.current",
    "power": "attributes.power",
    "frequency": "attributes.frequency",
}
"""Likewise for the keys of a `rating`."""
NUTRITION = "attributes.nutrition"
AMOUNT = re.compile(r"(.+)_(kj|kcal|g|mg|mcg)")
"""Key of a nutrition table: nutrient and unit."""
UNITS = {"kj": "kJ", "mcg": "µg"}
TABLES = ("nutrition_per_100g", "nutrition_per_serving")
NUTRIENTS = (
    "energy",
    "fat",
    "saturates",
    "carbohydrate",
    "sugars",
    "fibre",
    "protein",
    "salt",
)
"""Of which a photo without a table shows none."""


@dataclass(frozen=True)
class Answer:
    """What is known of one product or photo."""

    item: str
    images: tuple[str, ...]
    """Paths within the folder."""
    fields: Mapping[str, Any]
    legible: Mapping[str, Legibility] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    group: str = ""
    """The object shown; "": the item itself."""
    lines: tuple[str, ...] = ()
    """Lines of text that a person reads without doubt; not all there are."""
    products: tuple[Mapping[str, Any], ...] = ()
    """Fields of each product where several are pictured; a null in `fields` then says nothing."""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Path -> further values of which any is right."""
    extras: Mapping[str, object] = field(default_factory=dict)


class AnsweredPhotos(TrueReader):
    """Photos with answers; a subclass says how its answer file reads.

    Products hold the pictures and no answer, so that a reader of products sees nothing of the gold.
    """

    def __init__(self, root: Path):
        super().__init__(root)
        self.answers = self._answers(read_answers(self.root / ANSWERS))

    def _answers(self, found: dict[str, Any]) -> list[Answer]:
        raise NotImplementedError

    def _products(self) -> Iterator[Product]:
        for answer in self.answers:
            images = [self.picture(self.root / p, ANSWERS, answer.item) for p in answer.images]
            yield Product(
                id=answer.item,
                images=tuple(image for image in images if image),
                spu=answer.group or None,
                language=answer.languages[0] if answer.languages else None,
                extras={"languages": list(answer.languages), **answer.extras},
            )

    def _gold(self, split: str) -> Iterator[Gold]:
        for answer in self.answers:
            yield from gold_of(answer)

    def lines(self) -> dict[str, tuple[str, ...]]:
        """Item -> lines that a person reads without doubt: for recall, never for precision."""
        return {answer.item: answer.lines for answer in self.answers if answer.lines}


def read_answers(path: Path) -> dict[str, Any]:
    """The object in an answer file. Raises MissingFile or DataError."""
    if not path.is_file():
        raise MissingFile(f"there is no {path}; give the folder of the dataset that holds it")
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as e:
        raise DataError(f"{path} is not JSON: {e}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path} holds a JSON {type(found).__name__}, expected an object")
    return found


# ----- answer -> gold -------------------------------------------------------------------------


def gold_of(answer: Answer) -> Iterator[Gold]:
    """All rows of an answer."""
    found: dict[str, None] = {}
    for path, alternatives, legible in facts_of(answer.fields, answer.legible):
        if not alternatives and answer.products:
            continue
        found[path] = None
        more = answer.alternatives.get(path, ())
        yield row(answer, path, (*alternatives, *more) if alternatives else (), legible)
    for product in answer.products:
        legible = product.get("legible", "yes")
        given = {k: v for k, v in product.items() if k != "legible" and v is not None}
        for path, alternatives, _ in facts_of(given, {}):
            if path not in found:
                yield row(answer, path, alternatives, legible)


def row(answer: Answer, path: str, values: Iterable[str], legible: Legibility) -> Gold:
    unique = tuple(dict.fromkeys(values))
    return Gold(answer.item, path, unique, legible, answer.images, answer.group or answer.item)


Fact = tuple[str, tuple[str, ...], Legibility]
"""Path, values of which any is right, legibility."""


def facts_of(fields: Mapping[str, Any], legible: Mapping[str, Legibility]) -> Iterator[Fact]:
    """The facts behind the keys of an answer."""
    for key, value in fields.items():
        given = legible.get(key)
        if key in TABLES:
            tables = [fields.get(k) for k in TABLES]
            if value is not None:
                yield from nutrition_facts(key, value, given or "yes", None not in tables)
            elif key == TABLES[0] and tables == [None, None]:
                for nutrient in NUTRIENTS:
                    yield f"{NUTRITION}.{nutrient}", (), given or "not pictured"
        elif key == "rating":
            yield from rating_facts(value, given)
        else:
            path = KEYS.get(key, f"free.{key}")
            values = list(values_of(key, value))
            if not values:
                yield path, (), given or "not pictured"
            for one in values:
                yield path, (one,), given or "yes"


def values_of(key: str, value: Any) -> Iterator[str]:
    """The values that hold at once behind a key, as printed."""
    if value is None:
        return
    if isinstance(value, list):
        for one in value:
            yield from values_of(key, one)
    elif key == "ingredients_text":
        yield from split_ingredients(str(value))
    elif key == "contact":
        yield from (part.strip() for part in str(value).split(", "))
    else:
        yield str(value)


def split_ingredients(text: str) -> tuple[str, ...]:
    """The ingredients of a list, each with what stands in brackets behind it; no heading."""
    text = re.sub(r"^Ingr[eé]dient\w*\s*:\s*", "", text.strip(), flags=re.IGNORECASE)
    parts = split_list(text)
    return split_list(text.replace(" - ", "; ")) if len(parts) == 1 else parts


def nutrition_facts(
    key: str, table: Mapping[str, Any], legible: Legibility, both: bool
) -> Iterator[Fact]:
    """A nutrition table: amounts with units, energy in kJ or kcal, and what they are for.

    Where there are `both`, the fields of the table per serving are free ones.
    """
    prefix = f"free.{key}" if both and key == TABLES[1] else NUTRITION
    basis = "100 g" if key == TABLES[0] else table.get("serving")
    if basis is not None:
        yield f"{prefix}.basis", (str(basis),), legible
    amounts: dict[str, list[str]] = {}
    for name, value in table.items():
        if value is None or name == "serving":
            continue
        if match := AMOUNT.fullmatch(name):
            nutrient, unit = match.groups()
            amounts.setdefault(nutrient, []).append(f"{value} {UNITS.get(unit, unit)}")
        else:
            yield f"free.{name}", (str(value),), legible
    for nutrient, values in amounts.items():
        yield f"{prefix}.{nutrient}", tuple(values), legible


def rating_facts(rating: Mapping[str, Any] | None, legible: Legibility | None) -> Iterator[Fact]:
    """An electrical rating: voltage and power are fields of their own, the rest is free."""
    for name in {**dict.fromkeys(RATING), **(rating or {})}:
        value = (rating or {}).get(name)
        path = RATING.get(name, f"free.{name}")
        if value is None:
            yield path, (), "not pictured" if rating else legible or "not pictured"
        else:
            yield path, (str(value),), legible or "yes"


# ----- codes ----------------------------------------------------------------------------------


def gtin_forms(digits: str) -> tuple[str, ...]:
    """The ways in which a decoder may write a code: UPC-A also with a leading 0."""
    return (digits, f"0{digits}") if len(digits) == 12 else (digits,)


def connect(labels: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Item -> one name for all items that share a label, directly or through others."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    items = []
    for item, names in labels:
        items.append(item)
        root(item)
        for name in names:
            one, other = root(item), root(f"~{name}")
            # Items are sorted before "~", and so give names.
            parent[max(one, other)] = min(one, other)
    return {item: root(item) for item in items}
