"""The registry of fields: what may be claimed of a product, and how its values are compared.

The paths follow the four groups of item intelligence (eBay, arXiv 2602.11733, appendix A.4):
identifiers, attributes, origin and regulatory safety. Everything after the identifiers stands
under "attributes."; "free." holds keys that nobody planned. Schemas are made from here
(`skulens.values.schema`), never written beside it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from skulens.errors import UnknownName, unknown
from skulens.values.normalise import VERSION, Type, normalise
from skulens.values.text import fold


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a product."""

    path: str
    """"identifiers.gtin", "attributes.net_content", "free.neckline"."""
    type: Type = "text"
    unit: str = ""
    """Of a number without one: canonical, as `values.units` writes it; empty: none is assumed."""
    many: bool = False
    """Whether a product may have several values at once."""
    about: str = ""
    """What it holds, for readers and for the schema of a model's answer."""
    aliases: tuple[str, ...] = ()
    """Other keys of sellers and labels, folded."""
    normaliser: str = VERSION
    weight: float = 1.0
    """In the business-weighted F1: identifiers and safety weigh more."""

    def normalise(self, value: str | None, unit: str = "", language: str = "") -> str:
        """The value in norm-v1; its own unit wins over `unit`, and that over the field's."""
        return normalise(value, self.type, unit=unit or self.unit, language=language)


def _row(path: str, type_: Type, about: str, aliases: str = "", **more) -> Field:
    return Field(path, type_, about=about, aliases=tuple(filter(None, aliases.split("|"))), **more)


_NUTRITION = (
    ("energy", "kJ", "energy"), ("fat", "g", "fat|total fat"),
    ("saturates", "g", "saturates|saturated fat"),
    ("carbohydrate", "g", "carbohydrate|carbohydrates"),
    ("sugars", "g", "sugars|sugar"), ("fibre", "g", "fibre|fiber"), ("protein", "g", "protein"),
    ("salt", "g", "salt"), ("sodium", "g", "sodium"),
)  # fmt: skip
SAFETY = 3.0
"""Weight of identifiers and safety fields."""
FIELDS: tuple[Field, ...] = (
    _row("identifiers.gtin", "gtin", "GTIN, EAN or UPC below or inside the bars",
        "gtin|ean|upc|barcode|ean-13|isbn", many=True, weight=SAFETY),
    _row("identifiers.model", "code", "model or part number",
        "model|model number|mpn|part number|reference", weight=SAFETY),
    _row("identifiers.serial", "code", "serial number", "serial|serial number|s/n", weight=SAFETY),
    _row("identifiers.lot", "code", "lot or batch", "lot|batch|lot number|batch number",
        weight=SAFETY),
    _row("identifiers.sku", "code", "the seller's own number", "sku|article number", weight=SAFETY),
    _row("identifiers.certificate", "code", "number of a grading report or certificate",
        "certificate number|report number"),
    _row("attributes.brand", "name", "brand",
        "brand|brand name|merek|jenama|thương hiệu|ยี่ห้อ|marca"),
    _row("attributes.name", "text", "name or title of the product",
        "name|title|product name|product title"),
    _row("attributes.category", "text", "category", "category|product category|department"),
    _row("attributes.product_type", "text", "kind of product", "product type|type"),
    _row("attributes.net_content", "quantity", "net weight, volume or count",
        "net content|net contents|net weight|net volume|weight net|net quantity"),
    _row("attributes.ingredients", "text", "ingredients, one value each",
        "ingredients|ingredient|composition of food", many=True),
    _row("attributes.allergens", "text", "allergens declared, one value each",
        "allergens|allergen|contains", many=True, weight=SAFETY),
    _row("attributes.nutrition.basis", "quantity", "amount that the nutrition table is for",
        "nutrition basis|serving size|per|nutrition.basis"),
    *(_row(f"attributes.nutrition.{n}", "quantity", f"{n} of the nutrition table",
            f"{a}|nutrition.{n}", unit=u) for n, u, a in _NUTRITION),
    _row("attributes.origin", "country", "country of origin",
        "origin|country of origin|made in|country"),
    _row("attributes.manufacturer", "name", "name of the maker",
        "manufacturer|maker|producer|manufacturer.name|manufactured by"),
    _row("attributes.manufacturer_address", "text", "postal address of the maker",
        "manufacturer.address"),
    _row("attributes.manufacturer_contact", "contact",
        "telephone, e-mail or web address of the maker",
        "manufacturer.phone|manufacturer.email|manufacturer.url|contact", many=True),
    _row("attributes.importer", "name", "name of the importer or distributor",
        "importer|distributor|imported by"),
    _row("attributes.responsible_person", "text",
        "responsible person in the EU (Regulation 2023/988)",
        "eu responsible person|responsible person"),
    _row("attributes.expiry_date", "date", "last day of use or of best quality",
        "best before|expiry date|expiry|expiration date|use by", weight=SAFETY),
    _row("attributes.production_date", "date", "day of making or packing",
        "manufactured|packed on|production date|date of manufacture"),
    _row("attributes.storage", "text", "how to store", "storage|storage instructions"),
    _row("attributes.warnings", "text", "warning and hazard statements, one value each",
        "warning|warnings|warning.signal|warning.precaution|warning.prop65|hazard statements",
        many=True, weight=SAFETY),
    _row("attributes.hazard_codes", "code", "codes of GHS statements",
        "warning.hazard|hazard codes|h statements", many=True, weight=SAFETY),
    _row("attributes.certifications", "text", "certification marks and approvals",
        "certifications|certification|mark|marks|approval|certificate|certification marks",
        many=True, weight=SAFETY),
    _row("attributes.claims", "text", "claims such as \"sugar free\"", "claim|claims", many=True),
    _row("attributes.colour", "colour", "colour",
        "colour|color|colours|colors|warna|màu|màu sắc|สี"),
    _row("attributes.material", "material", "material, with shares where printed",
        "material|material composition|fabric|bahan|chất liệu|วัสดุ"),
    _row("attributes.material_composition", "material",
        "materials with their shares, one value per part", many=True),
    _row("attributes.size", "size", "size of clothes or shoes", "size|ukuran|saiz|kích thước|ขนาด"),
    _row("attributes.carat", "quantity", "weight of a stone", "carat|carat weight", unit="ct"),
    _row("attributes.purity", "text", "purity of a precious metal", "purity|fineness"),
    _row("attributes.pattern", "text", "pattern", "pattern|pattern print|pattern/print"),
    _row("attributes.dimensions", "dimensions", "length x width x height",
        "dimensions|product dimensions|measurements", unit="cm"),
    _row("attributes.weight", "quantity", "weight of the product itself",
        "weight|item weight|gross weight"),
    _row("attributes.capacity", "quantity", "capacity, running times", "capacity", many=True),
    _row("attributes.battery", "quantity", "charge of the battery", "battery", unit="mAh"),
    _row("attributes.voltage", "quantity", "rated voltage", "voltage|input voltage", unit="V",
        weight=SAFETY),
    _row("attributes.power", "quantity", "rated power", "power|wattage", unit="W"),
    _row("attributes.current", "quantity", "rated current", "current|input current", unit="A"),
    _row("attributes.frequency", "quantity", "rated frequency", "frequency", unit="Hz"),
    _row("attributes.rating", "text", "electrical rating as printed", "rating"),
    _row("attributes.screen_size", "quantity", "diagonal of the screen", "screen size"),
    _row("attributes.maximum_load", "quantity", "maximum load", "maximum load"),
    _row("attributes.flavour", "text", "flavour", "flavour|flavor"),
    _row("attributes.care", "text", "care instructions", "care|care instructions", many=True),
    _row("attributes.price", "number", "price, with its currency as the unit",
        "price|selling price"),
    _row("attributes.currency", "text", "currency as printed", "currency"),
    _row("attributes.unit_price", "text", "price per kg, l or piece", "unit price"),
    _row("attributes.age_group", "text", "age that it is for or not for", "age|age group|age grade",
        weight=SAFETY),
)  # fmt: skip
"""Every planned field, in the order of schemas."""
DEFAULTS = ("attributes.", "free.")
"""Paths that may be made up: text, one value."""


@cache
def _by_path() -> dict[str, Field]:
    return {field.path: field for field in FIELDS}


@cache
def _by_alias() -> dict[str, str]:
    return {alias: field.path for field in FIELDS for alias in field.aliases}


def find_field(path: str) -> Field:
    """The field of a path; a text field for any other "attributes.X" or "free.X".

    Raises:
        UnknownName: another path; names the nearest.
    """
    if known := _by_path().get(path):
        return known
    if any(path.startswith(d) and len(path) > len(d) for d in DEFAULTS):
        return Field(path)
    raise UnknownName(
        f"{unknown('field', path, _by_path(), 'skulens/values/fields.py')}; "
        f"paths of your own begin with {' or '.join(DEFAULTS)}"
    )


def find_path(key: str) -> str:
    """Path of a seller's or label's key ("Colour", "best before"): an alias, or attributes.KEY.

    Other keys are folded and their words joined: "Sleeve Length" is "attributes.sleeve_length". A
    path stays as it is. Raises UnknownName for a key without letters or digits.
    """
    folded = " ".join(fold(key).replace("_", " ").split())
    if key in _by_path() or any(
        key.startswith(d) for d in ("free.", "attributes.", "identifiers.")
    ):
        return find_field(key).path
    if known := _by_alias().get(folded):
        return known
    words = re.findall(r"[^\s/.,:;()\[\]-]+", folded)
    return find_field("attributes." + "_".join(words)).path


def is_asked(path: str, asked: Iterable[str]) -> bool:
    """Whether a path is among those asked for: itself, or a prefix that ends in "."."""
    return any(path == a or (a.endswith(".") and path.startswith(a)) for a in asked)
