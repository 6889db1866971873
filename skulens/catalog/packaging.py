"""Photos of the sides of food packages, with what a person reads in them."""

from typing import Any

from stdnum import ean

from skulens.catalog.answers import Answer, AnsweredPhotos, gtin_forms
from skulens.claims import Legibility
from skulens.records import DatasetInfo

HARD = "images/maryland_ingredients_small.jpg"
"""A small picture of which a good reader gets most: neither demanded nor penalised."""
SEEN_IN_HARD = ("ingredients_text", "allergens_bold")


class Packaging(AnsweredPhotos):
    """Two products, one of them in three photos, and three photos too small to read.

    The small photos are products of their own in the group of the large ones. Of two the right
    answer is to abstain: all fields that the large photos show are legible "no" there. Of the third
    the ingredients are legible "partly", the rest is not pictured.
    """

    info = DatasetInfo(
        name="packaging",
        title="Sides of food packages",
        source="https://github.com/openfoodfacts/openfoodfacts-dart",
        revision="04e4b97",
        licence="Apache-2.0 (repository); credit Open Food Facts and its contributors",
        citation="Open Food Facts: openfoodfacts-dart, test assets; answers read by eye.",
    )

    def _answers(self, found: dict[str, Any]) -> list[Answer]:
        whole = [read_product(entry) for entry in found["products"]]
        small = [self._small(path, whole) for path in found.get("unreadable", ())]
        if (self.root / HARD).is_file():
            small.append(self._small(HARD, whole))
        return [*whole, *small]

    def _small(self, path: str, whole: list[Answer]) -> Answer:
        """The answer of a small photo: that of the product whose large photo it repeats."""
        large = path.replace("_small", "")
        full = next((a for a in whole if large in a.images), whole[0])
        item = path.rpartition("/")[2].rpartition(".")[0]
        legible: dict[str, Legibility] = {}
        fields: dict[str, Any] = {}
        for key, value in full.fields.items():
            kept = path == HARD and key in SEEN_IN_HARD
            fields[key] = value if kept else None
            seen: Legibility = "not pictured" if path == HARD or value is None else "no"
            legible[key] = "partly" if kept else seen
        return Answer(item, (path,), fields, legible, full.languages, full.item)


def read_product(entry: dict[str, Any]) -> Answer:
    """One entry of the answer file."""
    about = ("id", "images", "language", "barcode", "warnings", "legal_name")
    fields = {k: v for k, v in entry.items() if k not in about}
    legible: dict[str, Legibility] = {}
    texts = [w["text"] or w["heading"] for w in entry.get("warnings", ())]
    fields["warnings"] = texts or None
    if any(w["text"] is None for w in entry.get("warnings", ())):
        legible["warnings"] = "partly"
    fields["gtin"] = None
    alternatives = {}
    if code := entry.get("barcode"):
        digits = code["printed_digits_visible"]
        if not code["complete"]:
            digits, legible["gtin"] = digits + ean.calc_check_digit(digits), "partly"
        fields["gtin"] = digits
        alternatives["identifiers.gtin"] = gtin_forms(digits)
    if name := entry.get("product"):
        variant = entry.get("variant")
        names = [f"{variant} {name}", f"{name} {variant}"] if variant else []
        names += [entry["legal_name"]] if entry.get("legal_name") else []
        alternatives["attributes.name"] = tuple(names)
    return Answer(
        item=entry["id"],
        images=tuple(entry["images"]),
        fields=fields,
        legible=legible,
        languages=(entry["language"],),
        alternatives=alternatives,
    )
