"""Hang tags of jewelry, furniture and fruit."""

from skulens.world.label.codes import model, serial
from skulens.world.label.draft import Draft
from skulens.world.label.makers import add_maker_and_origin

FINENESS = {"24k": "999", "18k": "750", "14k": "585", "10k": "417"}
"""Thousandths of gold, as goldsmiths stamp them."""
COATED = {"gold plated": "18K GP", "gold filled": "1/20 14K GF"}


def gold(draft: Draft) -> None:
    values = draft.values
    draft.add_name(values["product type"])
    purity = values["purity"]
    draft.add("purity", COATED.get(purity) or FINENESS[purity], purity, "purity")
    add_gold_material(draft, purity)
    add_material(draft, "stone", values["stone type"])
    if "chain length" in values:
        inches = int(values["chain length"].removesuffix(" inches"))
        metric = draft.quantity(f"{inches * 2.54:.1f}", "cm")
        draft.add(
            "size",
            f"{inches} in ({metric})" if draft.market == "US" else metric,
            f"{inches} in",
            "length",
        )
    draft.prop65()
    add_maker_and_origin(draft, "jewelry")


def add_gold_material(draft: Draft, purity: str) -> None:
    """Gold throughout, or a base metal and its layer of gold."""
    if purity in COATED:
        material, karat = draft.values["material"], COATED[purity].split()[-2]
        metal = draft.word("materials", material)
        text = draft.word("phrases", "plated").format(
            metal=metal[:1].upper() + metal[1:], gold=karat
        )
        draft.add("material composition", text, f"{material}, {karat} gold", "material")
    else:
        karat = purity.upper()
        draft.add(
            "material composition",
            draft.word("phrases", "solid gold").format(gold=karat),
            f"{karat} gold",
            "material",
        )


def add_material(draft: Draft, field: str, key: str) -> None:
    text = draft.word("materials", key)
    draft.add(
        field,
        text[:1].upper() + text[1:],
        key,
        "material" if field == "material composition" else field,
    )


def diamond(draft: Draft) -> None:
    values, stream = draft.values, draft.stream("diamond")
    key = values["product type"]
    draft.add_name("diamond ring" if key == "ring" else key, f"diamond {key}")
    hundredths = stream.integer(20, 150)
    draft.add(
        "carat",
        draft.quantity(f"{hundredths / 100:.2f}", "ct"),
        f"{hundredths / 100:.2f} ct",
        "carat",
    )
    draft.add("clarity", values["diamond clarity"], values["diamond clarity"], "clarity")
    draft.add("cut", draft.word("claims", values["diamond cut"]), values["diamond cut"], "cut")
    add_material(draft, "metal", values["metal material"])
    draft.add("purity", "750", "18k", "purity")
    number = serial(stream)
    draft.add("certificate", number, number, "certificate")
    add_maker_and_origin(draft, "jewelry")


CHAIR_CM = {
    "dining chair": (45, 52, 90), "office chair": (64, 64, 115), "armchair": (78, 82, 98),
    "bar stool": (42, 45, 96),
    "folding chair": (46, 48, 80), "rocking chair": (66, 88, 104),
}  # fmt: skip
TABLE_CM = {
    "coffee table": (90, 50, 42),
    "side table": (45, 45, 55),
    "console table": (110, 35, 78),
    "dining table": (120, 80, 75),
    "desk": (120, 60, 74),
}
"""Width, depth and height, cm, before the SPU's own."""
LONGER_CM = 15
"""By which a rectangular or oval table is at least longer than wide."""
CM_PER_SEAT = 15
"""By which a dining table is longer with each seat above two."""


def furniture(draft: Draft) -> None:
    values, chair = draft.values, draft.variant.kind == "chair"
    key = values["chair type" if chair else "table type"]
    draft.add_name(key)
    number = model(draft.stream("model"), draft.variant.brand)
    draft.add("model", number, number, "item")
    add_material(draft, "material composition", values["material"])
    width, depth, height = (
        v + draft.pick(f"side {k}", range(-4, 5))
        for k, v in enumerate((CHAIR_CM if chair else TABLE_CM)[key])
    )
    if key == "dining table":
        width += CM_PER_SEAT * (int(values["seating capacity"]) - 2)
    if values.get("shape") in ("round", "square"):
        depth = width
    elif not chair:
        width = max(width, depth + LONGER_CM)
    draft.add("size", *draft.size(width, depth, height), "dimensions")
    if chair:
        draft.add(
            "maximum load",
            *draft.mass(1000 * draft.pick("load", (100, 110, 120, 136, 150))),
            "maximum load",
        )
    else:
        if key == "dining table":
            draft.add("seats", values["seating capacity"], values["seating capacity"], "seats")
        draft.add(
            "assembly",
            draft.word("statements", f"assembly {values['assembly required']}"),
            values["assembly required"],
        )
    draft.prop65("furniture")
    made = draft.made()
    draft.add_date("manufactured", made, "manufactured")
    draft.add_lot(made)
    add_maker_and_origin(draft, "furniture")
    draft.mark("keep dry", "recycle")


FRUIT_G = {
    "apple": 180, "banana": 120, "orange": 200, "strawberry": 20, "grape": 450, "watermelon": 4000,
    "mango": 350, "peach": 150, "pear": 180,
    "plum": 70, "kiwi": 90, "pineapple": 1200, "lemon": 110, "lime": 70, "cherry": 10,
}  # fmt: skip
"""One of medium size; of grapes a bunch."""
SIZE_SHARE = {"small": 80, "medium": 100, "large": 125}
"""Percent of the medium weight."""
FRESH_DAYS = (5, 14)


def fruit(draft: Draft) -> None:
    values = draft.values
    draft.add_name(f"fresh {values['fruit type']}", values["fruit type"])
    draft.claim(values["organic"], values["allergen information"])
    grams = (
        FRUIT_G[values["fruit type"]]
        * SIZE_SHARE[values["size"]]
        * int(values["quantity per pack"])
        // 100
    )
    draft.add("net content", *draft.mass(grams), "net weight")
    draft.add("size", draft.word("claims", values["size"]), values["size"], "size")
    draft.add("storage", draft.word("statements", "store fresh"), "fresh", "storage")
    draft.dates(FRESH_DAYS, "packed on")
    add_maker_and_origin(draft, "fruit", phrase="product of")
    draft.mark(
        *["organic leaf"] * (values["organic"] == "organically grown"),
        *["recycle"] * (values["storage type"] != "fresh"),
    )
