"""Rating plates of electronics, care tags of clothing and bags, hang tags of jewellery, furniture and fruit."""

import re

from skulens.world.label.codes import model, serial
from skulens.world.label.draft import Draft
from skulens.world.label.makers import add_maker, add_origin, origin
from skulens.world.label.words import words


def add_name(draft: Draft, key: str, value: str = "") -> None:
    """The name of the product, a key of "products"; `value` where that says more than its English words."""
    text = draft.word("products", key)
    draft.add("product name", text[:1].upper() + text[1:], value or key)


def add_maker_and_origin(
    draft: Draft, trade: str, source: str = "", phrase: str = "made in"
) -> None:
    country = origin(draft, source or trade)
    add_origin(draft, country, phrase)
    add_maker(draft, trade, country)


# Rating plates.

RATINGS = {
    "phone": ("5 V = 2 A, 10 W", "9 V = 2 A, 18 W", "5 V = 3 A, 15 W", "9 V = 3 A, 27 W"),
    "laptop": (
        "20 V = 2.25 A, 45 W",
        "20 V = 3.25 A, 65 W",
        "20 V = 4.5 A, 90 W",
        "19 V = 3.42 A, 65 W",
        "19.5 V = 3.34 A, 65 W",
    ),
    "headphone": ("5 V = 0.5 A, 2.5 W", "5 V = 1 A, 5 W"),
}
"""Direct current; the sign for it is in no shipped font, so that plates write "=" as many do."""
CELLS = {
    "phone": (3850, None),
    "laptop": (11400, (3600, 4400, 5000, 6000)),
    "headphone": (3700, (300, 400, 500, 600)),
}
"""Class -> (millivolts, choices of mAh; the phone's is an attribute)."""
APPROVALS = {
    "US": "Complies with part 15 of the FCC Rules.", "ID": "{:05d}/SDPPI/2027", "MY": "MCMC HIDF27{:06d}", "VN": "QCVN 101:2020/BTTTT", "TH": "มอก. 1561-2556",
}  # fmt: skip
"""Market -> the approval that plates print in words, in its form, with invented numbers."""


def plate(draft: Draft) -> None:
    """Marks by market: CE, UKCA and the crossed-out bin in Britain, FCC in the US, elsewhere an approval in words."""
    values, kind = draft.values, draft.variant.kind
    wired = values.get("connectivity technology") == "wired"
    add_name(
        draft, kind if kind != "headphone" else f"{'wired' if wired else 'wireless'} headphones"
    )
    number = model(draft.stream("model"), draft.variant.brand)
    draft.add("model", number, number, "model")
    if "ram" in values:
        text = f"{spaced(values['ram'])} RAM, {spaced(values['storage capacity'])}"
        draft.add("configuration", text, text, "configuration")
    if not wired:
        rating = draft.pick("rating", RATINGS[kind])
        draft.add("rating", rating, rating.replace(" =", ","), "rating")
        add_battery(draft, kind)
    number = serial(draft.stream("serial"))
    draft.add("serial", number, number, "serial")
    made = draft.made()
    draft.add(
        "manufactured",
        f"{made.month:02d}/{made.year}",
        f"{made.year}-{made.month:02d}",
        "manufactured",
    )
    warning = "loud sound" if kind == "headphone" else "battery"
    draft.add("warning.precaution", draft.word("statements", warning), warning)
    if kind == "headphone":
        draft.prop65()
    if draft.market in APPROVALS:
        text = APPROVALS[draft.market].format(draft.stream("approval").integer(10_000, 99_999))
        draft.add("approval", text, text)
    add_maker_and_origin(draft, "plate")
    draft.mark(
        *{"GB": ("ce", "ukca", "weee"), "US": ("fcc", "recycle")}.get(draft.market, ("weee",))
    )
    if kind == "laptop":
        draft.mark("double insulation")


def spaced(capacity: str) -> str:
    """ "8gb" as "8 GB", "512GB SSD" as "512 GB SSD"."""
    return re.sub(r"^(\d+)([A-Za-z]+)", lambda m: f"{m[1]} {m[2].upper()}", capacity)


def add_battery(draft: Draft, kind: str) -> None:
    millivolts, choices = CELLS[kind]
    mah = (
        draft.pick("battery", choices)
        if choices
        else int(draft.values["battery capacity"].removesuffix("mah"))
    )
    volts, wh = f"{millivolts / 1000:g}", f"{(millivolts * mah + 5000) // 10_000 / 100:.2f}"
    draft.add("battery", f"Li-ion {volts} V, {mah} mAh, {wh} Wh", f"{mah} mAh", "battery")


# Care tags.

FIBRES = {
    "cotton blend": ("cotton", "polyester"), "fleece": ("polyester",), "canvas": ("cotton",), "denim": ("cotton",), "corduroy": ("cotton",),
    "PU leather": ("polyurethane",), "faux leather": ("polyurethane",), "vegan leather": ("polyurethane",),
}  # fmt: skip
"""Value of "material" or "fabric" -> what it consists of; others are their own fibre."""
ELASTANE = {
    "slight stretch": (2, 3),
    "medium stretch": (4, 6),
    "high stretch": (8, 12),
    "super stretch": (8, 12),
}
"""Value of "stretch" -> percent of elastane, from and to."""
LININGS = {"lined": "polyester", "fleece lined": "polyester", "cotton lined": "cotton"}
WASHED = ("wash 30", "do not bleach", "iron low", "do not tumble dry")
CARE = {
    "wool": ("dry clean p", "do not bleach", "iron low"), "polyester": ("wash 30", "do not bleach", "do not tumble dry"),
    "fleece": ("wash 30", "do not bleach", "do not tumble dry"),
}  # fmt: skip
"""Material -> care marks, WASHED for the others."""
SIZES = {
    "women": ("XS", "S", "M", "L", "XL"),
    "elder": ("S", "M", "L", "XL"),
    "teens": ("146", "152", "158", "164"),
    "infant": ("62", "68", "74", "80"),
}
"""Letters, or the height of the child in cm."""
WAISTS, LEGS, EU_SIZES = (28, 30, 31, 32, 33, 34, 36), (30, 32, 34), tuple(range(36, 47))


def textile(draft: Draft) -> None:
    values, kind = draft.values, draft.variant.kind
    add_name(
        draft,
        {"cloth": "top", "shoes": values.get("shoe type"), "handbag": values.get("bag type")}.get(
            kind
        )
        or kind,
    )
    number = model(draft.stream("model"), draft.variant.brand)
    draft.add("model", number, number, "item")
    if "capacity" in values:
        litres = values["capacity"].removesuffix("L")
        draft.add("capacity", draft.quantity(litres, "l"), f"{litres} l", "capacity")
    add_size(draft, kind)
    if kind == "shoes":
        shoe(draft)
    else:
        garment(draft, kind)
    if kind == "handbag":
        draft.prop65()
    if kind in ("backpack", "suitcase"):
        draft.add("warning.precaution", draft.word("statements", "suffocation"), "suffocation")
    add_maker_and_origin(draft, "textile")


def add_size(draft: Draft, kind: str) -> None:
    values, stream = draft.values, draft.stream("size")
    if "size" in values:
        draft.add("size", draft.word("claims", values["size"]), values["size"], "size")
    elif kind == "shoes":
        eu = stream.choice(EU_SIZES)
        draft.add("size", f"EU {eu} / UK {eu - 34} / US {eu - 33}", f"EU {eu}", "size")
        draft.add(
            "width", draft.word("claims", values["shoe width"]), values["shoe width"], "width"
        )
    elif kind == "pants":
        text = f"W{stream.choice(WAISTS)} L{stream.choice(LEGS)}"
        draft.add("size", text, text, "size")
    elif kind == "cloth":
        size = stream.choice(SIZES[values["target demographic"]])
        text, value = (
            (draft.quantity(size, "cm"), f"{size} cm") if size.isdecimal() else (size, size)
        )
        draft.add("size", text, value, "size")


def garment(draft: Draft, kind: str) -> None:
    """Shell, lining and care."""
    values = draft.values
    material = values.get("fabric") or values["material"]
    add_composition(draft, shares(draft, material), "material composition")
    lining = LININGS.get(values.get("lining details", "")) or (
        "polyester" if kind in ("suitcase", "handbag", "backpack") else ""
    )
    if lining:
        add_composition(draft, [(100, lining)], "lining")
    if kind in ("cloth", "pants"):
        for mark in CARE.get(material, WASHED):
            draft.add("care", draft.word("statements", mark), mark)
            draft.mark(mark)
    else:
        draft.add("care", draft.word("statements", "wipe clean"), "wipe clean", "care")
    if material == "organic cotton":
        draft.mark("organic leaf")
    if material == "vegan leather":
        draft.mark("vegan")


def shares(draft: Draft, material: str) -> list[tuple[int, str]]:
    """(percent, fibre), the largest first; elastane where it stretches."""
    fibres = FIBRES.get(material, (material,))
    stretch = draft.values.get("stretch", "")
    elastic = draft.pick("elastane", ELASTANE[stretch]) if stretch in ELASTANE else 0
    minor = draft.pick("blend", (20, 35, 40)) if len(fibres) > 1 else 0
    found = [(100 - elastic - minor, fibres[0]), (minor, fibres[-1]), (elastic, "elastane")]
    return [(percent, fibre) for percent, fibre in found if percent]


def add_composition(draft: Draft, found: list[tuple[int, str]], heading: str) -> None:
    text, plain = (
        ", ".join(f"{percent}% {said['materials'][fibre]}" for percent, fibre in found)
        for said in (draft.words, words("GB"))
    )
    draft.add("material composition", text, plain, heading)


def shoe(draft: Draft) -> None:
    upper = draft.pick("upper", ("leather", "textile", "polyurethane"))
    for heading, key in (
        ("upper", upper),
        ("outsole", draft.values["outsole material"]),
        ("insole", draft.values["insole material"]),
    ):
        text = draft.word("materials", key)
        draft.add(
            "material composition",
            text[:1].upper() + text[1:],
            words("GB")["materials"][key],
            heading,
        )
    draft.add("care", draft.word("statements", "wipe clean"), "wipe clean", "care")
    if draft.values["water resistance"] in ("waterproof", "water-resistant"):
        draft.claim(draft.values["water resistance"])


# Hang tags.

FINENESS = {"24k": "999", "18k": "750", "14k": "585", "10k": "417"}
"""Thousandths of gold, as goldsmiths stamp them."""
COATED = {"gold plated": "18K GP", "gold filled": "1/20 14K GF"}


def gold(draft: Draft) -> None:
    values = draft.values
    add_name(draft, values["product type"])
    purity, material = values["purity"], values["material"]
    karat = purity.upper()
    if purity in COATED:
        draft.add("purity", COATED[purity], purity, "purity")
    elif material == "24k gold":
        draft.add("purity", FINENESS[purity], purity, "purity")
    else:
        draft.add("purity", karat, purity, "purity")
    add_gold_material(draft, material, karat if purity in FINENESS else COATED[purity].split()[-2])
    add_material(draft, "stone", values["stone type"])
    if values["product type"] in ("necklace", "bracelet"):
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


def add_gold_material(draft: Draft, material: str, karat: str) -> None:
    """Base metal and its layer of gold; nothing where the attributes say both 24k and less."""
    if material != "24k gold":
        metal = draft.word("materials", material)
        text = draft.word("phrases", "plated").format(
            metal=metal[:1].upper() + metal[1:], gold=karat
        )
        draft.add("material composition", text, f"{material}, {karat} gold", "material")
    elif karat == "24K":
        draft.add(
            "material composition",
            draft.word("phrases", "solid gold").format(gold=karat),
            "24K gold",
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
    add_name(draft, "diamond ring" if key == "ring" else key, f"diamond {key}")
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
    "dining chair": (45, 52, 90), "office chair": (64, 64, 115), "armchair": (78, 82, 98), "bar stool": (42, 45, 96),
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
CM_PER_SEAT = 15
"""by which a dining table is longer with each seat above two"""


def furniture(draft: Draft) -> None:
    values, chair = draft.values, draft.variant.kind == "chair"
    key = values["chair type" if chair else "table type"]
    add_name(draft, key)
    number = model(draft.stream("model"), draft.variant.brand)
    draft.add("model", number, number, "item")
    add_material(draft, "material composition", values["material"])
    width, depth, height = (
        v + draft.pick(f"side {k}", range(-4, 5))
        for k, v in enumerate((CHAIR_CM if chair else TABLE_CM)[key])
    )
    if key == "dining table":
        width += CM_PER_SEAT * (int(values["seating capacity"]) - 2)
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
    draft.date("manufactured", made, "manufactured")
    draft.add_lot(made)
    add_maker_and_origin(draft, "furniture")
    draft.mark("keep dry", "recycle")


FRUIT_G = {
    "apple": 180, "banana": 120, "orange": 200, "strawberry": 20, "grape": 450, "watermelon": 4000, "mango": 350, "peach": 150, "pear": 180,
    "plum": 70, "kiwi": 90, "pineapple": 1200, "lemon": 110, "lime": 70, "cherry": 10,
}  # fmt: skip
"""One of medium size; of grapes a bunch."""
SIZE_SHARE = {"small": 80, "medium": 100, "large": 125}
"""percent of the medium weight"""
FRESH_DAYS = (5, 14)


def fruit(draft: Draft) -> None:
    values = draft.values
    add_name(draft, f"fresh {values['fruit type']}", values["fruit type"])
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
