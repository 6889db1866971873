"""What is printed on the label of a SKU: decided by its attributes, its market and named streams, never by a drawing."""

from datetime import date, timedelta

from skulens.catalog.world.config import Stream
from skulens.catalog.world.label.codes import gtin, lot
from skulens.catalog.world.label.record import Fact, Label
from skulens.catalog.world.products import Variant

__all__ = ["KINDS", "Fact", "Label", "label_of"]

KINDS = {
    "drink": "food", "snack": "food", "cleaner": "hazard", "phone": "plate", "laptop": "plate", "headphone": "plate",
    "cloth": "textile", "pants": "textile", "shoes": "textile", "backpack": "textile", "handbag": "textile", "suitcase": "textile",
    "gold": "tag", "diamond": "tag", "fruit": "tag", "chair": "tag", "table": "tag",
}  # fmt: skip
MARKETS = {"US": "en", "GB": "en", "ID": "id", "MY": "ms", "VN": "vi", "TH": "th"}


def label_of(variant: Variant) -> Label:
    """The label of one SKU; the same for any size of the shop."""
    market = Stream("market", variant.spu).choice(tuple(MARKETS))
    seed = int(variant.id[1:].rpartition("-")[0])
    symbology, digits = gtin(seed, variant.index, market)
    stream = Stream("label", variant.id)
    made = date(2027, 1, 1) + timedelta(stream.integer(0, 300))
    best = made + timedelta(stream.integer(90, 360))
    slug = "".join(c for c in variant.brand.lower() if c.isalpha())
    facts = [
        Fact("brand", variant.brand, variant.brand),
        Fact("product name", f"{variant.value('product type') or variant.kind}".capitalize(), variant.value("product type") or variant.kind),
        Fact("gtin", digits, digits.rjust(14, "0")),
        Fact("lot", lot(stream, made.timetuple().tm_yday), "", "Lot:"),
        Fact("manufactured", made.strftime("%d/%m/%Y"), made.isoformat(), "Manufactured:"),
        Fact("best before", best.strftime("%d/%m/%Y"), best.isoformat(), "Best before:"),
        Fact("country of origin", "Made in Thailand", "TH"),
        Fact("manufacturer.name", f"{variant.brand} Ltd.", f"{variant.brand} Ltd.", "Manufactured by:"),
        Fact("manufacturer.address", "14 Larkfield Road, Ashmere, XH4 7VD", "14 Larkfield Road, Ashmere, XH4 7VD"),
        Fact("manufacturer.email", f"care@{slug}.example", f"care@{slug}.example"),
        Fact("manufacturer.url", f"www.{slug}.example", f"www.{slug}.example"),
    ]
    return Label(KINDS[variant.kind], "en", market, symbology, digits, tuple(facts))
