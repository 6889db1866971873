"""Drinks and snacks: ingredients, allergens, nutrition, claims, dates."""

from skulens.world.label.draft import Draft
from skulens.world.label.ingredients import (
    WHOLE,
    Nutrition,
    Recipe,
    allergens,
    ingredient,
    nutrition,
)
from skulens.world.label.makers import add_maker, add_origin, origin
from skulens.world.label.recipes import recipe_of
from skulens.world.label.words import words

SHELF_DAYS = {
    "shelf stable": (270, 400),
    "keep refrigerated": (30, 75),
    "long lasting": (540, 730),
    "": (180, 540),
}
"""Value of "shelf life" -> days between making and best before; drinks have none."""
CLAIMED = ("sugar content", "organic", "allergen information", "specialty diet")
"""Keys whose values are promises."""
SNACK_G = {
    "jar": (150, 200, 250, 300, 400),
    "tub": (150, 200, 250, 300),
    "can": (100, 120, 150, 180),
    "box": (120, 150, 180, 200, 250),
}
BAG_G = (30, 40, 50, 60, 75, 85, 100, 120, 150, 200)
PACKS_G = (20, 25, 30, 35, 40)
PACKAGING = {
    "bottle": "recycle-plastic-1",
    "tub": "recycle-plastic-5",
    "pouch": "recycle-plastic-5",
    "jug": "recycle-plastic-5",
    "bag": "recycle-plastic-5",
}
CAFFEINE_MG = 30
"""Milligrams in 100 ml of an energy drink, the 0.03 % of its recipe."""


def write(draft: Draft) -> None:
    values, kind = draft.values, draft.variant.kind
    recipe = recipe_of(draft)
    name = draft.word("phrases", "flavoured").format(
        flavour=draft.word("flavours", values["flavor"]),
        thing=draft.word("products", values["product type"]),
    )
    draft.add(
        "product name", name[:1].upper() + name[1:], f"{values['flavor']} {values['product type']}"
    )
    draft.claim(*(values[k] for k in CLAIMED if k in values))
    add_net_content(draft)
    add_ingredients(draft, recipe)
    add_nutrition(draft, nutrition(recipe), "100 ml" if kind == "drink" else "100 g")
    if "caffeine" in recipe or "guarana extract" in recipe:
        draft.add(
            "warning.precaution",
            draft.word("statements", "caffeine").format(CAFFEINE_MG),
            f"high caffeine {CAFFEINE_MG} mg/100 ml",
        )
    if "cocoa powder" in recipe:
        draft.prop65("food")
    add_storage(draft)
    draft.dates(
        SHELF_DAYS[values.get("shelf life", "")], "" if draft.language == "en" else "manufactured"
    )
    country = origin(draft, "food")
    add_origin(draft, country, "product of")
    add_maker(draft, "food", country)
    draft.mark(*marks(draft, recipe))


def add_net_content(draft: Draft) -> None:
    values = draft.values
    if "volume" in values:
        draft.add("net content", *draft.volume(millilitres(values["volume"])), "net content")
        return
    stream = draft.stream("net content")
    if values["container type"] in ("box", "bag") and draft.chance("packs", 0.4):
        draft.add(
            "net content",
            *draft.packs(stream.choice((4, 5, 6, 8, 10)), stream.choice(PACKS_G)),
            "net weight",
        )
    else:
        draft.add(
            "net content",
            *draft.mass(stream.choice(SNACK_G.get(values["container type"], BAG_G))),
            "net weight",
        )


def millilitres(volume: str) -> int:
    """Of "500ml" or "1l"."""
    return (
        int(volume.removesuffix("ml"))
        if volume.endswith("ml")
        else 1000 * int(volume.removesuffix("l"))
    )


def add_ingredients(draft: Draft, recipe: Recipe) -> None:
    """The list in descending order, shares of the flavouring fruit,
    allergens in capitals in Britain; then what it contains.
    """
    names = []
    for name, share in recipe.items():
        text = ingredient_name(draft.words, name)
        if draft.market == "GB" and ingredient(name).allergens:
            text = text.upper()
        form = name.partition(":")[0]
        names.append(
            f"{text} ({draft.number(percent(share))}%)"
            if form in ("juice", "puree", "dried", "milk")
            else text
        )
    plain = words("GB")
    draft.add(
        "ingredients",
        draft.sentence(", ".join(names)),
        ", ".join(ingredient_name(plain, name) for name in recipe),
        "ingredients",
    )
    if found := allergens(recipe):
        text = ", ".join(draft.word("allergens", a) for a in found)
        draft.add("allergens", text[:1].upper() + text[1:], ", ".join(found), "allergens")


def ingredient_name(said: dict[str, dict[str, str]], name: str) -> str:
    form, _, flavour = name.partition(":")
    return (
        said["forms"][form].format(said["flavours"][flavour])
        if flavour
        else said["ingredients"][name]
    )


def percent(share: int) -> str:
    """A share in percent: whole from 10 on, else with one decimal, if it is not 0."""
    hundred = WHOLE // 100
    return (
        str(round(share / hundred))
        if share >= 10 * hundred
        else f"{share / hundred:.1f}".removesuffix(".0")
    )


def add_nutrition(draft: Draft, found: Nutrition, basis: str) -> None:
    draft.add("nutrition.basis", draft.word("phrases", f"per {basis}"), basis, "nutrition")
    kj, kcal = draft.quantity(str(found.kj), "kJ"), draft.quantity(str(found.kcal), "kcal")
    draft.add(
        "nutrition.energy",
        f"{kcal} ({kj})" if draft.market == "US" else f"{kj} / {kcal}",
        f"{found.kj} kJ",
        "energy",
    )
    for field in ("fat", "saturates", "carbohydrate", "sugars", "protein"):
        grams = f"{getattr(found, field) / 10:.1f}"
        draft.add(f"nutrition.{field}", draft.quantity(grams, "g"), f"{grams} g", field)
    if draft.market == "GB":
        grams = f"{found.salt / 100:.2f}"
        draft.add("nutrition.salt", draft.quantity(grams, "g"), f"{grams} g", "salt")
    else:
        mg = str(found.salt * 4)  # 2.5 g of salt hold 1 g of sodium
        draft.add("nutrition.sodium", draft.quantity(mg, "mg"), f"{mg} mg", "sodium")


def add_storage(draft: Draft) -> None:
    life = draft.values.get("shelf life", "")
    key = {"keep refrigerated": "store cold", "": "store opened"}.get(life, "store stable")
    draft.add("storage", draft.word("statements", key), key.removeprefix("store "), "storage")


def marks(draft: Draft, recipe: Recipe) -> list[str]:
    said = set(draft.values.values())
    found = [
        mark
        for mark, claim in (
            ("organic leaf", "certified organic"),
            ("vegan", "vegan"),
            ("gluten free", "gluten free"),
        )
        if claim in said
    ]
    if draft.market in ("ID", "MY") and draft.chance("halal", 0.8):
        found.append("halal")
    container = draft.values["container type"]
    found.append(PACKAGING.get(container, "recycle"))
    if draft.market in ("GB", "US") and draft.chance("tidyman", 0.6):
        found.append("tidyman")
    if container in ("jar", "tub", "jug"):
        found.append("food safe")
    return found
