"""Cleaners: composition, and the label elements of the Globally Harmonised System (GHS)."""

from typing import NamedTuple

from skulens.world.label.draft import Draft
from skulens.world.label.food import millilitres
from skulens.world.label.makers import add_maker, add_origin, origin
from skulens.world.label.words import words

EYES, PERSIST = "P305+P351+P338", "P337+P313"
CORROSION, EXCLAMATION, FLAME, ENVIRONMENT = (
    "ghs corrosion",
    "ghs exclamation mark",
    "ghs flame",
    "ghs environment",
)


class Hazard(NamedTuple):
    """What the law asks a product to say."""

    signal: str
    hazards: tuple[str, ...]
    precautions: tuple[str, ...]
    pictograms: tuple[str, ...]


HAZARDS = {
    "glass cleaner": Hazard(
        "warning", ("H226", "H319"), ("P210", EYES, PERSIST, "P501"), (FLAME, EXCLAMATION)
    ),
    "floor cleaner": Hazard("", ("EUH208", "EUH210"), (), ()),
    "dish soap": Hazard("warning", ("H319",), (EYES, PERSIST), (EXCLAMATION,)),
    "laundry detergent": Hazard("danger", ("H318", "H412"), ("P280", EYES, "P310"), (CORROSION,)),
    "limescale remover": Hazard(
        "warning", ("H315", "H319"), ("P264", "P302+P352", EYES, PERSIST), (EXCLAMATION,)
    ),
    "drain opener": Hazard(
        "danger",
        ("H290", "H314"),
        ("P234", "P280", "P301+P330+P331", EYES, "P310", "P501"),
        (CORROSION,),
    ),
}
BLEACH = Hazard(
    "danger",
    ("H290", "H314", "H400", "EUH031"),
    (*HAZARDS["drain opener"].precautions[:-1], "P273", "P391", "P501"),
    (CORROSION, ENVIRONMENT),
)
"""A drain opener with hypochlorite."""
PARTS = {
    "glass cleaner": (("5-15%", "ethanol"), ("< 5%", "anionic surfactants")),
    "floor cleaner": (("< 5%", "non-ionic surfactants"), ("< 5%", "soap")),
    "dish soap": (("15-30%", "anionic surfactants"), ("< 5%", "amphoteric surfactants")),
    "laundry detergent": (
        ("15-30%", "anionic surfactants"),
        ("5-15%", "non-ionic surfactants"),
        ("< 5%", "phosphonates"),
        ("", "enzymes"),
    ),
    "limescale remover": (
        ("5-15%", "citric acid"),
        ("< 5%", "sulphamic acid"),
        ("< 5%", "non-ionic surfactants"),
    ),
    "drain opener": (("5-15%", "sodium hydroxide"), ("< 5%", "anionic surfactants")),
}
CITRUS = ("lemon", "orange", "lime")


def write(draft: Draft) -> None:
    values = draft.values
    kind = values["product type"]
    bleach = kind == "drain opener" and draft.chance("hypochlorite", 0.4)
    hazard = BLEACH if bleach else HAZARDS[kind]
    scented = draft.word("phrases", "scented").format(
        flavour=draft.word("flavours", values["scent"]), thing=draft.word("products", kind)
    )
    draft.add("product name", scented[:1].upper() + scented[1:], f"{values['scent']} {kind}")
    draft.claim(values["formula"], values["skin information"])
    draft.add("net content", *draft.volume(millilitres(values["volume"])), "net content")
    allergen = "limonene" if values["scent"] in CITRUS else "linalool"
    add_composition(draft, kind, bleach, allergen)
    add_hazard(draft, hazard, allergen)
    if bleach:
        draft.prop65()
    draft.add("storage", draft.word("statements", "store upright"), "upright", "storage")
    made = draft.made()
    draft.add_date("manufactured", made, "manufactured")
    draft.add_lot(made)
    country = origin(draft, "hazard")
    add_origin(draft, country, "made in")
    add_maker(draft, "hazard", country)
    draft.mark(
        *hazard.pictograms, "recycle" if values["container type"] == "box" else "recycle-plastic-1"
    )


def add_composition(draft: Draft, kind: str, bleach: bool, allergen: str) -> None:
    """As Regulation (EC) 648/2004 asks: surfactants in ranges, then enzymes,
    perfume and what may cause allergies.
    """
    parts = (
        list(PARTS[kind])
        + [("< 5%", "sodium hypochlorite")] * bleach
        + [("", "perfume"), ("", allergen)]
    )
    parts += (
        [("", "preservative")]
        if kind in ("floor cleaner", "dish soap", "laundry detergent")
        else []
    )
    parts += [("", "colourant")] if draft.values["skin information"] != "no dyes" else []
    text, plain = (
        ", ".join(f"{share} {said['components'][name]}".strip() for share, name in parts)
        for said in (draft.words, words("GB"))
    )
    draft.add("ingredients", draft.sentence(text), plain, "composition")


def add_hazard(draft: Draft, hazard: Hazard, allergen: str) -> None:
    """Signal word, hazard and precautionary statements;
    some makers print the codes before the words.
    """
    if hazard.signal:
        draft.add("warning.signal", draft.word("signals", hazard.signal), hazard.signal)
    coded = draft.chance("codes", 0.35)
    for code in hazard.hazards:
        text = draft.word("hazards", code).format(draft.word("components", allergen))
        draft.add("warning.hazard", f"{code} {text}" if coded else text, code)
    precautions = ["P101"] * draft.chance("advice", 0.5) + ["P102", *hazard.precautions]
    if draft.values["skin information"] == "wear gloves" and "P280" not in precautions:
        precautions.insert(precautions.index("P102") + 1, "P280")
    for code in precautions:
        text = draft.word("precautions", code)
        draft.add("warning.precaution", f"{code} {text}" if coded else text, code)
