"""Care tags of clothing, shoes and bags."""

from skulens.world.label.codes import model
from skulens.world.label.draft import Draft
from skulens.world.label.makers import add_maker_and_origin
from skulens.world.label.words import words

FIBRES = {
    "cotton blend": ("cotton", "polyester"), "fleece": ("polyester",), "canvas": ("cotton",),
    "denim": ("cotton",), "corduroy": ("cotton",),
    "PU leather": ("polyurethane",), "faux leather": ("polyurethane",),
    "vegan leather": ("polyurethane",),
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
    "wool": ("dry clean p", "do not bleach", "iron low"),
    "polyester": ("wash 30", "do not bleach", "do not tumble dry"),
    "fleece": ("wash 30", "do not bleach", "do not tumble dry"),
}  # fmt: skip
"""Material -> care marks, WASHED for the others."""
SIZES = {
    "women": ("XS", "S", "M", "L", "XL"),
    "elder": ("S", "M", "L", "XL"),
    "teens": ("146", "152", "158", "164"),
}
"""Letters, or the height of the child in cm."""
WAISTS, LEGS, EU_SIZES = (28, 30, 31, 32, 33, 34, 36), (30, 32, 34), tuple(range(36, 47))


def textile(draft: Draft) -> None:
    values, kind = draft.values, draft.variant.kind
    draft.add_name(
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
