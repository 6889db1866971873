"""One printed fact, and a label made of them."""

from dataclasses import dataclass

FIELDS = (
    "brand", "product name", "claim", "net content", "ingredients", "allergens", "nutrition.basis",
    "nutrition.energy", "nutrition.fat",
    "nutrition.saturates", "nutrition.carbohydrate", "nutrition.sugars", "nutrition.protein",
    "nutrition.salt", "nutrition.sodium",
    "gtin", "lot", "best before", "packed on", "manufactured", "storage", "country of origin",
    "manufacturer.name", "manufacturer.address", "manufacturer.phone", "manufacturer.email",
    "manufacturer.url",
    "warning.signal", "warning.hazard", "warning.precaution", "warning.prop65", "mark", "approval",
    "model", "serial", "rating", "battery", "configuration", "material composition", "care", "size",
    "width", "capacity",
    "purity", "metal", "stone", "carat", "clarity", "cut", "certificate", "maximum load", "seats",
    "assembly",
)  # fmt: skip
"""Everything that a label can say."""


@dataclass(frozen=True)
class Fact:
    """Something a label says."""

    field: str
    """Dotted path in small letters, one of FIELDS."""
    text: str
    """As printed, in the label's language, without the heading;
    the name of a mark, the digits under the bars.
    """
    value: str
    """The same for every language and format:
    "500 ml", "2027-03-14", "TH", GTIN-14, "H315", "1850 kJ" ...
    """
    heading: str = ""
    """Printed before it in bold; empty where there is none."""


@dataclass(frozen=True)
class Label:
    """Everything printed on the label of one SKU, in printing order."""

    kind: str
    """"food", "hazard" (cleaners), "plate" (electronics),
    "textile" (things with a care tag) or "tag" (everything else).
    """
    language: str
    """Of the market: en, id, ms, vi or th."""
    country: str
    """The market: US, GB, ID, MY, VN or TH."""
    symbology: str
    """"EAN-13" or "UPC-A\""""
    gtin: str
    """The 13 or 12 digits under the bars."""
    facts: tuple[Fact, ...]

    def all(self, field: str) -> tuple[Fact, ...]:
        return tuple(f for f in self.facts if f.field == field)

    def one(self, field: str) -> Fact | None:
        """The first fact of the field."""
        return next((f for f in self.facts if f.field == field), None)
