"""One printed fact, and a label made of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """Something a label says."""

    field: str
    """dotted path in small letters, one of FIELDS"""
    text: str
    """as printed, in the label's language, without the heading; the name of a mark, the digits under the bars"""
    value: str
    """the same for every language and format: "500 ml", "2027-03-14", "TH", GTIN-14, "H315", "1850 kJ" ..."""
    heading: str = ""
    """printed before it in bold; empty where there is none"""


@dataclass(frozen=True)
class Label:
    """Everything printed on the label of one SKU, in printing order."""

    kind: str
    """"food", "hazard" (cleaners), "plate" (electronics), "textile" (things with a care tag) or "tag" (everything else)"""
    language: str
    """of the market: en, id, ms, vi or th"""
    country: str
    """the market: US, GB, ID, MY, VN or TH"""
    symbology: str
    """"EAN-13" or "UPC-A\""""
    gtin: str
    """the 13 or 12 digits under the bars"""
    facts: tuple[Fact, ...]

    def all(self, field: str) -> tuple[Fact, ...]:
        return tuple(f for f in self.facts if f.field == field)

    def one(self, field: str) -> Fact | None:
        """The first fact of the field."""
        return next((f for f in self.facts if f.field == field), None)
