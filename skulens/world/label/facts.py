"""What is printed on the label of a SKU:
decided by its attributes, its market and named streams, never by a drawing.

The SPU fixes market, maker, origin, recipe and the way dates are written; the SKU varies GTIN,
flavour, net content, lot, dates, model and serial.
"""

from skulens.world.config import Stream
from skulens.world.label import food, hazards, plates, tags, textiles
from skulens.world.label.codes import gtin
from skulens.world.label.draft import Draft
from skulens.world.label.record import Fact, Label
from skulens.world.label.words import MARKETS
from skulens.world.truth.products import Variant

__all__ = ["KINDS", "Fact", "Label", "label_of", "market_of"]

KINDS = {
    "drink": "food", "snack": "food", "cleaner": "hazard", "phone": "plate", "laptop": "plate",
    "headphone": "plate",
    "cloth": "textile", "pants": "textile", "shoes": "textile", "backpack": "textile",
    "handbag": "textile", "suitcase": "textile",
    "gold": "tag", "diamond": "tag", "fruit": "tag", "chair": "tag", "table": "tag",
}  # fmt: skip
"""Class -> kind of label."""
WRITERS = {
    "food": food.write, "hazard": hazards.write, "plate": plates.plate, "textile": textiles.textile,
    "gold": tags.gold, "diamond": tags.diamond, "fruit": tags.fruit, "chair": tags.furniture,
    "table": tags.furniture,
}  # fmt: skip
"""Kind, or class of a tag -> what writes its facts."""


def market_of(spu: str) -> str:
    """The country that a product is made for."""
    return Stream("market", spu).choice(tuple(MARKETS))


def label_of(variant: Variant) -> Label:
    """The label of one SKU; the same for any size of the shop."""
    market, kind = market_of(variant.spu), KINDS[variant.kind]
    seed = int(variant.id[1:].rpartition("-")[0])
    symbology, digits = gtin(seed, variant.index, market)
    draft = Draft(variant, market)
    draft.add("brand", variant.brand, variant.brand)
    WRITERS[variant.kind if kind == "tag" else kind](draft)
    draft.add("gtin", digits, digits.rjust(14, "0"))
    return Label(kind, draft.language, market, symbology, digits, tuple(draft.facts))
